/* CSV in. Three passes over the file at most: the first bounds the number of rows, the second
 * fills the columns while it finds their kinds, and a third is needed only if a column of numbers
 * turned out to hold text further down. Bound: memory and the scan of bytes. */
#include "read.h"
#include "csv_scan.h"
#include "csv_value.h"
#include "names.h"
#include "base/hash.h"
#include "base/intern.h"
#include "base/pool.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { RECENT = 1 << 12, RECENT_LENGTH = 40, MOST_COLUMNS = 1 << 20 };

/* What a column has shown so far. LATE: text came after other values; DONE: leave it alone. */
enum state { EMPTY, BOOL, INT, NUMBER, TIME, TEXT, LATE, DONE };

struct csv {
    struct csv_scan scan;
    struct table *table;
    uint8_t *states;     /* enum state of each column */
    int64_t most_rows;   /* room in the columns */
    const char **recent; /* texts stored lately, by hash: most columns repeat few words */
};

/* ---- cells ---- */

static bool bad_text(struct csv *c, int32_t column, struct err *e) {
    err_set(e, ERR_DATA, "Line %llu, column \"%.100s\", holds bytes that are not UTF-8 text.",
            (unsigned long long)c->scan.line, c->table->columns[column].name);
    return err_hint(e, "Save the file again as UTF-8 (Excel calls it \"CSV UTF-8\").");
}

/* One copy serves equal short texts that lie near each other. */
static bool store_text(struct csv *c, int32_t column, int64_t row, struct str s, struct err *e) {
    const char **place = &c->table->columns[column].texts[row];
    *place = NULL;
    if (cell_is_missing(s)) return true;
    const char **seen = &c->recent[hash_bytes(s.p, s.n, 0) & (RECENT - 1)];
    if (*seen && str_is(s, *seen)) {
        *place = *seen;
        return true;
    }
    if (!cell_is_text(s)) return bad_text(c, column, e);
    TRY(table_set_text(c->table, column, row, s, e));
    if (s.n <= RECENT_LENGTH) *seen = *place;
    return true;
}

/* All cells so far were missing: the same memory now holds texts. */
static void become_text(struct column *column, int64_t n) {
    column->kind = COLUMN_TEXT;
    column->texts = column->memory->data;
    if (n) memset(column->texts, 0, (size_t)n * sizeof *column->texts);
    column->numbers = NULL;
}

static enum state joined(enum state old, enum cell cell) {
    static const enum state of_cell[] = {EMPTY, BOOL, INT, NUMBER, TIME, TEXT};
    enum state fresh = of_cell[cell];
    if (cell == CELL_MISSING || old == fresh) return old;
    if (old == EMPTY) return fresh;
    bool numbers = (old == INT || old == NUMBER) && (cell == CELL_INT || cell == CELL_NUMBER);
    return numbers ? NUMBER : LATE;
}

/* The way of most cells: a number straight from the buffer. False: it is something else. */
static bool store_number(struct csv *c, int32_t i, int64_t row, const char *p, const char **end) {
    enum cell kind;
    double x;
    if (c->states[i] >= TIME) return false;
    const char *all = c->scan.buffer + c->scan.n;
    *end = cell_number(p, all, &kind, &x);
    if (!*end || (*end == all && !c->scan.ended) || !c->scan.stops[(unsigned char)**end])
        return false;
    enum state now = joined(c->states[i], kind);
    c->states[i] = (uint8_t)now;
    c->table->columns[i].numbers[row] = x;
    return true;
}

static bool store(struct csv *c, int32_t i, int64_t row, struct str s, struct err *e) {
    struct column *column = &c->table->columns[i];
    enum state old = c->states[i];
    if (old == TEXT) return store_text(c, i, row, s, e);
    if (old >= LATE) return true;
    double x = NAN;
    enum state now = joined(old, cell_read(s, &x));
    c->states[i] = (uint8_t)now;
    if (now == TEXT) {
        become_text(column, row);
        return store_text(c, i, row, s, e);
    }
    column->numbers[row] = x;
    return true;
}

static void store_missing(struct csv *c, int32_t first, int64_t row) {
    for (int32_t i = first; i < c->table->n_columns; i++) {
        struct column *column = &c->table->columns[i];
        if (c->states[i] == TEXT) column->texts[row] = NULL;
        else if (c->states[i] < LATE) column->numbers[row] = NAN;
    }
}

/* ---- records ---- */

enum record { RECORD, CUT, BAD };

static enum record too_long(struct csv *c, const char *p, struct err *e) {
    int64_t n = c->table->n_columns;
    struct str field;
    for (enum csv_found found = CSV_FIELD; found == CSV_FIELD; n++) {
        found = csv_scan_field(&c->scan, p, &field, &p, e);
        if (found == CSV_CUT) return CUT;
        if (found == CSV_BAD) return BAD;
    }
    err_set(e, ERR_DATA, "Line %llu has %lld values, but the first line names %d column%s.",
            (unsigned long long)c->scan.line, (long long)n, c->table->n_columns,
            c->table->n_columns == 1 ? "" : "s");
    err_hint(e,
             "A value that holds the separator \"%c\" must stand in quotes; and every column, "
             "also the first, needs a name in the first line.",
             c->scan.delimiter);
    return BAD;
}

static enum record read_record(struct csv *c, int64_t row, struct err *e) {
    const char *p = c->scan.buffer + c->scan.at;
    struct str field;
    for (int32_t i = 0;; i++) {
        if (i == c->table->n_columns) return too_long(c, p, e);
        const char *q;
        bool stored = store_number(c, i, row, p, &q);
        enum csv_found found =
            stored ? csv_scan_end(&c->scan, q, &p) : csv_scan_field(&c->scan, p, &field, &p, e);
        if (found == CSV_CUT) return CUT;
        if (found == CSV_BAD || (!stored && !store(c, i, row, field, e))) return BAD;
        if (found == CSV_FIELD) continue;
        store_missing(c, i + 1, row);
        csv_scan_advance(&c->scan, p);
        return RECORD;
    }
}

/* All records from here; their number in *n_rows. */
static bool read_records(struct csv *c, int64_t *n_rows, struct err *e) {
    int64_t row = 0;
    for (;;) {
        enum record got = CUT;
        if (csv_scan_skip_blank(&c->scan)) {
            if (row == c->most_rows)
                return err_set(e, ERR_FILE, "The file was changed while it was read.");
            got = read_record(c, row, e);
        }
        if (got == BAD) return false;
        row += got == RECORD;
        if (got == RECORD) continue;
        if (c->scan.ended) break;
        TRY(csv_scan_refill(&c->scan, e));
    }
    *n_rows = row;
    return true;
}

/* ---- the first line ---- */

/* The name without blanks around it; "column_3" if it is empty; with ".1", ".2" … if it was given
 * before. NULL when memory is out. */
static const char *unique_name(struct name_set *names, struct str s, int32_t i) {
    char own[160];
    while (s.n && (*s.p == ' ' || *s.p == '\t')) s.p++, s.n--;
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t')) s.n--;
    if (s.n == 0) s = (struct str){own, (size_t)snprintf(own, sizeof own, "column_%d", i + 1)};
    const char *name = intern(s);
    for (int again = 1; name && !name_set_add(names, name); again++) {
        int n = s.n < 120 ? (int)s.n : 120;
        char numbered[160];
        snprintf(numbered, sizeof numbered, "%.*s.%d", n, s.p, again);
        name = intern_c(numbered);
    }
    return name;
}

/* How many fields the first line has with this delimiter; CUT when it is not all there. */
static enum record count_columns(struct csv *c, char delimiter, int32_t *n, struct err *e) {
    const char *p = c->scan.buffer + c->scan.at;
    struct str field;
    csv_scan_use_delimiter(&c->scan, delimiter);
    for (*n = 1;; ++*n) {
        enum csv_found found = csv_scan_field(&c->scan, p, &field, &p, e);
        if (found == CSV_CUT) return CUT;
        if (found == CSV_BAD) return BAD;
        if (found == CSV_LAST_FIELD) return RECORD;
        if (*n < MOST_COLUMNS) continue;
        err_set(e, ERR_DATA, "The first line names more than %d columns.", MOST_COLUMNS);
        return BAD;
    }
}

static bool no_names(struct csv *c, struct err *e) {
    err_set(e, ERR_DATA,
            c->scan.source->most ? "The file holds empty lines only." : "The file is empty.");
    return err_hint(e, "The first line of a CSV file names its columns.");
}

/* Comma, unless the first line has none and another separator gives several columns. */
static bool find_columns(struct csv *c, int32_t *n, struct err *e) {
    static const char delimiters[] = {',', ';', '\t', ','};
    size_t i = 0;
    for (;;) {
        enum record got = CUT;
        if (csv_scan_skip_blank(&c->scan)) got = count_columns(c, delimiters[i], n, e);
        else if (c->scan.ended) return no_names(c, e);
        if (got == BAD) return false;
        if (got == CUT) TRY(csv_scan_refill(&c->scan, e));
        else if (*n > 1 || ++i == ARRAY_LEN(delimiters)) return true;
    }
}

static bool set_column(struct csv *c, int32_t i, const char *name, struct err *e) {
    if (!name) return err_memory(e, 64);
    return column_make(&c->table->columns[i], name, COLUMN_NUMBER, c->most_rows, e);
}

static bool read_names(struct csv *c, struct name_set *names, struct err *e) {
    const char *p = c->scan.buffer + c->scan.at;
    for (int32_t i = 0; i < c->table->n_columns; i++) {
        struct str field;
        if (csv_scan_field(&c->scan, p, &field, &p, e) == CSV_BAD) return false;
        if (!cell_is_text(field))
            return err_set(e, ERR_DATA, "The name of column %d is not UTF-8 text.", i + 1);
        TRY(set_column(c, i, unique_name(names, field, i), e));
    }
    csv_scan_advance(&c->scan, p);
    return true;
}

static bool make_columns(struct csv *c, struct err *e) {
    int32_t n;
    TRY(find_columns(c, &n, e));
    TRY(memory_holds((uint64_t)n * (uint64_t)c->most_rows * sizeof(double), e));
    c->table = table_new(0, n, e);
    c->states = pool_need((size_t)n, e);
    struct name_set names = {0};
    bool ok =
        c->table && c->states && name_set_init(&names, (size_t)n, e) && read_names(c, &names, e);
    name_set_clear(&names);
    return ok;
}

/* ---- passes ---- */

static bool is_utf16(const struct csv_scan *s) {
    struct str start = {s->buffer, s->n};
    return str_starts(start, "\xff\xfe") || str_starts(start, "\xfe\xff");
}

static bool first_pass(struct csv *c, struct err *e) {
    TRY(csv_scan_restart(&c->scan, e));
    if (is_utf16(&c->scan)) {
        err_set(e, ERR_DATA, "The file is UTF-16 text, not UTF-8.");
        return err_hint(e, "Save it again as UTF-8 (Excel calls it \"CSV UTF-8\").");
    }
    return csv_scan_count(&c->scan, &c->most_rows, e);
}

static bool second_pass(struct csv *c, struct err *e) {
    TRY(csv_scan_restart(&c->scan, e));
    TRY(make_columns(c, e));
    TRY(read_records(c, &c->table->n_rows, e));
    static const enum column_kind kind_of[] = {
        [EMPTY] = COLUMN_NUMBER,  [BOOL] = COLUMN_BOOL, [INT] = COLUMN_INT,
        [NUMBER] = COLUMN_NUMBER, [TIME] = COLUMN_TIME, [TEXT] = COLUMN_TEXT,
        [LATE] = COLUMN_TEXT};
    for (int32_t i = 0; i < c->table->n_columns; i++)
        c->table->columns[i].kind = kind_of[c->states[i]];
    return true;
}

/* Again for the columns that showed text late, from the first row. */
static bool third_pass(struct csv *c, struct err *e) {
    bool needed = false;
    for (int32_t i = 0; i < c->table->n_columns; i++) {
        bool late = c->states[i] == LATE;
        if (late) become_text(&c->table->columns[i], c->table->n_rows);
        c->states[i] = late ? TEXT : DONE;
        needed = needed || late;
    }
    if (!needed) return true;
    int64_t n_rows;
    int32_t n_columns;
    c->most_rows = c->table->n_rows;
    TRY(csv_scan_restart(&c->scan, e));
    TRY(find_columns(c, &n_columns, e));
    const char *p = c->scan.buffer + c->scan.at;
    struct str field;
    while (csv_scan_field(&c->scan, p, &field, &p, e) == CSV_FIELD) {}
    csv_scan_advance(&c->scan, p);
    return read_records(c, &n_rows, e);
}

static struct table *read_table(struct source *s, struct err *e) {
    struct csv c = {0};
    csv_scan_init(&c.scan, s);
    c.recent = pool_need(RECENT * sizeof *c.recent, e);
    bool ok = c.recent && first_pass(&c, e) && second_pass(&c, e) && third_pass(&c, e);
    csv_scan_clear(&c.scan);
    pool_free(c.states);
    pool_free(c.recent);
    if (!ok) table_unref(c.table);
    return ok ? c.table : NULL;
}

struct table *read_csv(const char *path, struct err *e) {
    struct source s;
    struct table *t = source_open(&s, path, e) ? read_table(&s, e) : NULL;
    if (!t) source_blame(&s, e);
    source_close(&s);
    return t;
}

struct table *parse_csv(struct str bytes, struct err *e) {
    struct source s;
    source_of(&s, bytes);
    return read_table(&s, e);
}
