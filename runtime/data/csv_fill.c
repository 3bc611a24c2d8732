/* The inner loop of reading CSV files: one record after the other, one cell after the other. Kinds
 * are found on the way. Bound: the scan of bytes, and memory. */
#include "csv_fill.h"
#include "csv_value.h"
#include "base/pool.h"
#include <math.h>
#include <string.h>

enum { RECENT_LENGTH = 40, LUCK = 512 };

/* ---- texts ---- */

static bool bad_text(struct csv_fill *f, int32_t column, struct err *e) {
    err_set(e, ERR_DATA, "Line %llu, column \"%.100s\", holds bytes that are not UTF-8 text.",
            (unsigned long long)f->scan.line, f->table->columns[column].name);
    return err_hint(e, "Save the file again as UTF-8 (Excel calls it \"CSV UTF-8\").");
}

/* Into *copy; NULL stands for a missing value. */
static bool fresh_text(struct csv_fill *f, int32_t column, struct str s, const char **copy,
                       struct err *e) {
    *copy = NULL;
    if (cell_is_missing(s)) return true;
    if (!csv_scan_is_plain(&f->scan) && !cell_is_text(s)) return bad_text(f, column, e);
    return (*copy = csv_text_copy(&f->texts, s, e)) != NULL;
}

/* One copy serves equal short texts that lie near each other. A column where that does not help is
 * left alone. */
static inline bool store_text(struct csv_fill *f, int32_t i, struct str s, struct err *e) {
    struct csv_column *c = &f->columns[i];
    const char **place = &c->texts[f->row];
    if (c->luck < 0 || s.n > RECENT_LENGTH) return fresh_text(f, i, s, place, e);
    struct csv_text x = csv_text_of(&f->texts, s);
    if (csv_text_is_recent(&x)) {
        c->luck = (int16_t)(c->luck + (c->luck < LUCK));
        *place = x.place->p;
        return true;
    }
    c->luck--;
    TRY(fresh_text(f, i, s, place, e));
    if (*place || s.n <= CSV_TEXT_SHORT) *x.place = (struct csv_recent){x.a, x.b, s.n, *place};
    return true;
}

/* ---- kinds ---- */

static enum csv_state joined(enum csv_state old, enum csv_state fresh) {
    if (old == fresh || fresh == CSV_EMPTY) return old;
    if (old == CSV_EMPTY) return fresh;
    bool numbers =
        (old == CSV_INT || old == CSV_NUMBER) && (fresh == CSV_INT || fresh == CSV_NUMBER);
    return numbers ? CSV_NUMBER : CSV_LATE;
}

enum csv_state csv_state_joined(enum csv_state a, enum csv_state b) {
    return joined(a, b);
}

static const enum csv_state state_of[] = {
    [CELL_MISSING] = CSV_EMPTY, [CELL_BOOL] = CSV_BOOL, [CELL_INT] = CSV_INT,
    [CELL_NUMBER] = CSV_NUMBER, [CELL_TIME] = CSV_TIME, [CELL_TEXT] = CSV_TEXT};

/* The way of most cells: a number straight from the buffer. NULL: it is something else. */
static const char *store_number(struct csv_fill *f, struct csv_column *c, const char *p) {
    enum cell kind;
    double x;
    const char *all = f->scan.buffer + f->scan.n, *end = cell_number(p, all, &kind, &x);
    if (!end || (end == all && !f->scan.ended) || !f->scan.stops[(unsigned char)*end]) return NULL;
    if (c->state != state_of[kind]) c->state = (uint8_t)joined(c->state, state_of[kind]);
    c->numbers[f->row] = x;
    return end;
}

/* All cells so far were missing: the same memory now holds texts. */
static void become_text(struct csv_fill *f, struct csv_column *c) {
    for (int64_t row = f->first; row < f->row; row++) c->texts[row] = NULL;
}

static bool store(struct csv_fill *f, int32_t i, struct str s, struct err *e) {
    struct csv_column *c = &f->columns[i];
    if (c->state == CSV_TEXT) return store_text(f, i, s, e);
    if (c->state >= CSV_LATE) return true;
    double x = NAN;
    enum cell kind = f->comma ? cell_read_comma(s, &x) : cell_read(s, &x);
    c->state = (uint8_t)joined(c->state, state_of[kind]);
    if (c->state == CSV_TEXT) {
        become_text(f, c);
        return store_text(f, i, s, e);
    }
    c->numbers[f->row] = x;
    return true;
}

static void store_missing(struct csv_fill *f, int32_t first) {
    for (int32_t i = first; i < f->table->n_columns; i++) {
        struct csv_column *c = &f->columns[i];
        if (c->state == CSV_TEXT) c->texts[f->row] = NULL;
        else if (c->state < CSV_LATE) c->numbers[f->row] = NAN;
    }
}

/* ---- records ---- */

enum record { RECORD, CUT, BAD };

static enum record too_long(struct csv_fill *f, const char *p, struct err *e) {
    int64_t n = f->table->n_columns;
    struct str field;
    for (enum csv_found found = CSV_FIELD; found == CSV_FIELD; n++) {
        found = csv_scan_field(&f->scan, p, &field, &p, e);
        if (found == CSV_CUT) return CUT;
        if (found == CSV_BAD) return BAD;
    }
    err_set(e, ERR_DATA, "Line %llu has %lld values, but the first line names %d column%s.",
            (unsigned long long)f->scan.line, (long long)n, f->table->n_columns,
            f->table->n_columns == 1 ? "" : "s");
    err_hint(e,
             "A value that holds the separator \"%c\" must stand in quotes; and every column, "
             "also the first, needs a name in the first line.",
             f->scan.delimiter);
    return BAD;
}

static enum record read_record(struct csv_fill *f, struct err *e) {
    const char *p = f->scan.buffer + f->scan.at;
    struct str field;
    for (int32_t i = 0;; i++) {
        if (i == f->table->n_columns) return too_long(f, p, e);
        struct csv_column *c = &f->columns[i];
        const char *q = c->state < CSV_TIME && !f->comma ? store_number(f, c, p) : NULL;
        enum csv_found found =
            q ? csv_scan_end(&f->scan, q, &p) : csv_scan_field(&f->scan, p, &field, &p, e);
        if (found == CSV_CUT) return CUT;
        if (found == CSV_BAD || (!q && !store(f, i, field, e))) return BAD;
        if (found == CSV_FIELD) continue;
        if (i + 1 < f->table->n_columns) store_missing(f, i + 1);
        csv_scan_advance(&f->scan, p);
        return RECORD;
    }
}

/* Half as much room again, column by column, so that only one is there twice. */
static bool grow(struct csv_fill *f, struct err *e) {
    if (!f->grows) return err_set(e, ERR_FILE, "The file was changed while it was read.");
    int64_t room = f->end + f->end / 2 + 16;
    for (int32_t i = 0; i < f->table->n_columns; i++) {
        struct column *to = &f->table->columns[i], longer = {0};
        TRY(column_make(&longer, to->name, to->kind, room, e));
        memcpy(longer.numbers, f->columns[i].numbers, (size_t)f->row * sizeof(double));
        column_clear(to);
        *to = longer;
        f->columns[i].numbers = longer.numbers;
    }
    f->end = room;
    return true;
}

bool csv_fill_run(struct csv_fill *f, struct err *e) {
    f->row = f->first;
    for (;;) {
        enum record got = CUT;
        if (csv_scan_skip_blank(&f->scan)) {
            if (f->row == f->end) TRY(grow(f, e));
            got = read_record(f, e);
        }
        if (got == BAD) return false;
        f->row += got == RECORD;
        if (got == RECORD) continue;
        if (f->scan.ended) return true;
        TRY(csv_scan_refill(&f->scan, e));
    }
}

bool csv_fill_init(struct csv_fill *f, struct source *s, char delimiter, struct table *t,
                   int64_t first, int64_t end, struct err *e) {
    *f = (struct csv_fill){.table = t, .first = first, .row = first, .end = end};
    csv_scan_init(&f->scan, s);
    csv_scan_use_delimiter(&f->scan, delimiter);
    TRY(csv_texts_init(&f->texts, e));
    f->columns = pool_need((size_t)t->n_columns * sizeof *f->columns + 1, e);
    if (!f->columns) return false;
    for (int32_t i = 0; i < t->n_columns; i++)
        f->columns[i] = (struct csv_column){.numbers = t->columns[i].numbers, .luck = LUCK};
    return true;
}

void csv_fill_clear(struct csv_fill *f) {
    csv_scan_clear(&f->scan);
    csv_texts_clear(&f->texts);
    pool_free(f->columns);
    *f = (struct csv_fill){0};
}
