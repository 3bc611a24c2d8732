/* CSV in. The first line names the columns; then the records fill them while their kinds are found.
 * A large plain file is read in two pieces at once, each of them a run of whole records: which
 * pieces does not depend on how many threads there are. A second look at the file is needed only if
 * a column of numbers turned out to hold text further down. */
#include "read.h"
#include "csv_fill.h"
#include "csv_value.h"
#include "names.h"
#include "text_store.h"
#include "cpu/threads.h"
#include "base/intern.h"
#include "base/pool.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_COLUMNS = 1 << 20, PIECES = 2, WORTH_PIECES = 1 << 20 };

struct csv {
    struct source *source;
    struct csv_scan scan; /* of the first line */
    uint64_t start;       /* of the records, in bytes of the source */
    struct table *table;
    struct source pieces[PIECES];
    struct csv_fill fills[PIECES];
    int64_t lines[PIECES], quotes[PIECES];
    bool ok[PIECES];
    struct err errors[PIECES];
    int n;      /* pieces */
    bool comma; /* decimals stand behind a comma */
};

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
static enum csv_found count_columns(struct csv_scan *s, char delimiter, int32_t *n, struct err *e) {
    const char *p = s->buffer + s->at;
    struct str field;
    csv_scan_use_delimiter(s, delimiter);
    for (*n = 1;; ++*n) {
        enum csv_found found = csv_scan_field(s, p, &field, &p, e);
        if (found != CSV_FIELD) return found;
        if (*n < MOST_COLUMNS) continue;
        err_set(e, ERR_DATA, "The first line names more than %d columns.", MOST_COLUMNS);
        return CSV_BAD;
    }
}

static bool no_names(struct csv_scan *s, struct err *e) {
    err_set(e, ERR_DATA,
            s->source->most ? "The file holds empty lines only." : "The file is empty.");
    return err_hint(e, "The first line of a CSV file names its columns.");
}

/* Comma, unless the first line has none and another separator gives several columns; where decimals
 * stand behind a comma, the others go first. */
static bool find_columns(const struct csv *c, struct csv_scan *s, int32_t *n, struct err *e) {
    static const char all[] = {',', ';', '\t', ','};
    const char *delimiters = all + c->comma;
    size_t i = 0;
    for (;;) {
        enum csv_found got = CSV_CUT;
        if (csv_scan_skip_blank(s)) got = count_columns(s, delimiters[i], n, e);
        else if (s->ended) return no_names(s, e);
        if (got == CSV_BAD) return false;
        if (got == CSV_CUT) TRY(csv_scan_refill(s, e));
        else if (*n > 1 || ++i == ARRAY_LEN(all) - c->comma) return true;
    }
}

static bool read_names(struct csv *c, struct name_set *names, struct err *e) {
    const char *p = c->scan.buffer + c->scan.at;
    for (int32_t i = 0; i < c->table->n_columns; i++) {
        struct str field;
        if (csv_scan_field(&c->scan, p, &field, &p, e) == CSV_BAD) return false;
        if (!cell_is_text(field))
            return err_set(e, ERR_DATA, "The name of column %d is not UTF-8 text.", i + 1);
        c->table->columns[i].name = unique_name(names, field, i);
        if (!c->table->columns[i].name) return err_memory(e, 64);
    }
    csv_scan_advance(&c->scan, p);
    c->start = c->source->at - (c->scan.n - c->scan.at);
    return true;
}

static bool is_utf16(const struct csv_scan *s) {
    struct str start = {s->buffer, s->n};
    return str_starts(start, "\xff\xfe") || str_starts(start, "\xfe\xff");
}

/* To the first line, behind a byte order mark. */
static bool begin(struct csv *c, struct err *e) {
    TRY(csv_scan_restart(&c->scan, e));
    csv_scan_skip_mark(&c->scan);
    return true;
}

static bool read_first_line(struct csv *c, struct err *e) {
    int32_t n;
    TRY(begin(c, e));
    if (is_utf16(&c->scan)) {
        err_set(e, ERR_DATA, "The file is UTF-16 text, not UTF-8.");
        return err_hint(e, "Save it again as UTF-8 (Excel calls it \"CSV UTF-8\").");
    }
    TRY(find_columns(c, &c->scan, &n, e));
    struct name_set names = {0};
    c->table = table_new(0, n, e);
    bool ok = c->table && name_set_init(&names, (size_t)n, e) && read_names(c, &names, e);
    name_set_clear(&names);
    return ok;
}

/* ---- pieces ---- */

/* The next line end behind byte `at`, or the end of the file. `inside`: that byte lies inside
 * quotes, and the line end must not. */
static bool next_line(const struct csv *c, uint64_t *at, bool inside, struct err *e) {
    struct source rest;
    bool quoted = inside;
    char bytes[1 << 12];
    source_cut(&rest, c->source, *at, c->source->most);
    for (size_t n = 1; n;) {
        TRY(source_read(&rest, bytes, sizeof bytes, &n, e));
        for (size_t i = 0; i < n; i++) {
            if (inside && bytes[i] == '"') quoted = !quoted;
            if (bytes[i] == '\n' && !quoted) return *at += i + 1, true;
        }
        *at += n;
    }
    return true;
}

static void count_piece(void *user, int i) {
    struct csv *c = user;
    struct csv_scan s;
    csv_scan_init(&s, &c->pieces[i]);
    c->errors[i] = (struct err){0};
    c->ok[i] = csv_scan_restart(&s, &c->errors[i]) &&
               csv_scan_count(&s, &c->lines[i], &c->quotes[i], &c->errors[i]);
    csv_scan_clear(&s);
}

/* Lines and quotes of two pieces that meet at byte `at`. */
static bool count_pieces(struct csv *c, uint64_t at) {
    source_cut(&c->pieces[0], c->source, c->start, at);
    source_cut(&c->pieces[1], c->source, at, c->source->most);
    threads_run(count_piece, c, PIECES);
    return c->ok[0] && c->ok[1];
}

/* Two pieces that meet near the middle, where a record ends as far as quotes tell; the reading of
 * the first piece will show whether that is true. False: this file is read as a whole. */
static bool cut_in_pieces(struct csv *c, struct err *e) {
    uint64_t all = c->source->most, at = c->start + (all - c->start) / 2;
    c->n = 1;
    if (c->source->packed || all - c->start < WORTH_PIECES) return false;
    if (!next_line(c, &at, false, e) || !count_pieces(c, at)) return false;
    if (c->quotes[0] % 2 && (!next_line(c, &at, true, e) || !count_pieces(c, at))) return false;
    c->n = PIECES;
    return true;
}

/* Lines of the first buffer tell how many rows to make room for. */
static int64_t expected_rows(const struct csv *c) {
    double lines = (double)csv_scan_lines(&c->scan) + 1, n = (double)(c->scan.n - c->scan.at);
    if (c->scan.ended || n == 0) return (int64_t)lines;
    return (int64_t)(lines * (double)source_promises(c->source) / n * 1.01) + 16;
}

static bool make_columns(struct csv *c, int64_t rows, struct err *e) {
    struct table *t = c->table;
    TRY(memory_holds((uint64_t)t->n_columns * (uint64_t)rows * sizeof(double), e));
    for (int32_t i = 0; i < t->n_columns; i++)
        TRY(column_make(&t->columns[i], t->columns[i].name, COLUMN_NUMBER, rows, e));
    return true;
}

static void fill_piece(void *user, int i) {
    struct csv *c = user;
    struct err *e = &c->errors[i];
    c->ok[i] = csv_scan_restart(&c->fills[i].scan, e) && csv_fill_run(&c->fills[i], e);
}

static bool set_fill(struct csv *c, int i, int64_t first, int64_t end, struct err *e) {
    struct source *s = c->n == 1 ? c->source : &c->pieces[i];
    TRY(csv_fill_init(&c->fills[i], s, c->scan.delimiter, c->table, first, end, e));
    c->fills[i].comma = c->comma;
    return true;
}

/* Both pieces, or all of the source from its first record. */
static bool fill(struct csv *c, struct err *e) {
    for (int i = 0; i < PIECES; i++) c->errors[i] = (struct err){0};
    if (c->n > 1) {
        threads_run(fill_piece, c, PIECES);
        return c->ok[0] && c->ok[1];
    }
    struct csv_scan *s = &c->fills[0].scan;
    int32_t n;
    TRY(csv_scan_restart(s, e));
    csv_scan_skip_mark(s);
    TRY(find_columns(c, s, &n, e));
    struct str field;
    const char *p = s->buffer + s->at;
    while (csv_scan_field(s, p, &field, &p, e) == CSV_FIELD) {}
    csv_scan_advance(s, p);
    return csv_fill_run(&c->fills[0], e);
}

static void clear_fills(struct csv *c) {
    for (int i = 0; i < PIECES; i++) csv_fill_clear(&c->fills[i]);
}

/* A file whose quotes do not tell its records, or with an error, is read again as a whole: that
 * gives the right lines, too. */
static bool fill_in_pieces(struct csv *c, struct err *e) {
    int64_t first = c->lines[0], all = first + c->lines[1] + 1;
    TRY(make_columns(c, all, e));
    TRY(set_fill(c, 0, 0, first, e) && set_fill(c, 1, first, all, e));
    if (fill(c, e)) return true;
    for (int i = 0; i < PIECES; i++) {
        bool final = !c->ok[i] && c->errors[i].kind != ERR_DATA;
        if (final) return *e = c->errors[i], false;
    }
    clear_fills(c);
    c->n = 1;
    return true;
}

static bool fill_whole(struct csv *c, struct err *e) {
    int64_t rows = expected_rows(c);
    TRY(make_columns(c, rows, e) && set_fill(c, 0, 0, rows, e));
    c->fills[0].grows = true;
    return fill(c, e);
}

static bool read_records(struct csv *c, struct err *e) {
    struct err ignored = {0};
    if (cut_in_pieces(c, &ignored)) TRY(fill_in_pieces(c, e));
    return c->n > 1 || fill_whole(c, e);
}

/* ---- what the pieces found ---- */

static void set_missing(struct csv_fill *f, int32_t i) {
    for (int64_t row = f->first; row < f->row; row++) f->columns[i].texts[row] = NULL;
}

/* Rows of the second piece move up to those of the first, and the states become one. */
static void join_pieces(struct csv *c) {
    struct csv_fill *a = &c->fills[0], *b = &c->fills[c->n - 1];
    int64_t n = b->row - b->first;
    for (int32_t i = 0; i < c->table->n_columns && a != b; i++) {
        enum csv_state both = csv_state_joined(a->columns[i].state, b->columns[i].state);
        if (both == CSV_TEXT && a->columns[i].state == CSV_EMPTY) set_missing(a, i);
        if (both == CSV_TEXT && b->columns[i].state == CSV_EMPTY) set_missing(b, i);
        a->columns[i].state = b->columns[i].state = (uint8_t)both;
        double *cells = a->columns[i].numbers;
        if (b->first > a->row) memmove(cells + a->row, cells + b->first, (size_t)n * sizeof *cells);
    }
    c->table->n_rows = a == b ? a->row : a->row + n;
    if (a == b) return;
    a->end = b->first = a->row;
    b->end = c->table->n_rows;
}

static void set_kinds(struct csv *c) {
    static const enum column_kind kind_of[] = {
        [CSV_EMPTY] = COLUMN_NUMBER,  [CSV_BOOL] = COLUMN_BOOL, [CSV_INT] = COLUMN_INT,
        [CSV_NUMBER] = COLUMN_NUMBER, [CSV_TIME] = COLUMN_TIME, [CSV_TEXT] = COLUMN_TEXT,
        [CSV_LATE] = COLUMN_TEXT};
    for (int32_t i = 0; i < c->table->n_columns; i++) {
        struct column *column = &c->table->columns[i];
        column->kind = kind_of[c->fills[0].columns[i].state];
        if (column->kind != COLUMN_TEXT) continue;
        column->texts = column->memory->data;
        column->numbers = NULL;
    }
}

/* Again for the columns that showed text late, from the first row. */
static bool read_late_texts(struct csv *c, struct err *e) {
    bool needed = false;
    for (int i = 0; i < c->n; i++) {
        for (int32_t k = 0; k < c->table->n_columns; k++) {
            struct csv_column *column = &c->fills[i].columns[k];
            bool late = column->state == CSV_LATE;
            column->state = late ? CSV_TEXT : CSV_DONE;
            needed = needed || late;
        }
        c->fills[i].grows = false;
    }
    if (!needed || fill(c, e)) return true;
    for (int i = 0; i < c->n && e->kind == ERR_NONE; i++)
        if (!c->ok[i]) *e = c->errors[i];
    return false;
}

/* All texts into one store, which the columns of texts share. */
static void take_texts(struct csv *c) {
    struct text_store *store = c->fills[0].texts.store;
    if (c->n > 1) text_store_join(store, c->fills[1].texts.store);
    c->fills[0].texts.store = c->fills[PIECES - 1].texts.store = NULL;
    for (int32_t i = 0; i < c->table->n_columns; i++) {
        struct column *column = &c->table->columns[i];
        if (column->kind == COLUMN_TEXT) column->store = text_store_ref(store);
    }
    text_store_unref(store);
}

static bool finish(struct csv *c, struct err *e) {
    join_pieces(c);
    set_kinds(c);
    return read_late_texts(c, e);
}

/* An error among late texts of a piece: again as a whole, to find its line. */
static bool read_columns(struct csv *c, struct err *e) {
    TRY(read_first_line(c, e) && read_records(c, e));
    bool ok = finish(c, e);
    if (!ok && c->n > 1 && e->kind == ERR_DATA) {
        *e = (struct err){0};
        clear_fills(c);
        c->n = 1;
        ok = fill_whole(c, e) && finish(c, e);
    }
    if (ok) take_texts(c);
    return ok;
}

static struct table *read_table(struct source *s, bool comma, struct err *e) {
    struct csv c = {.source = s, .comma = comma};
    csv_scan_init(&c.scan, s);
    bool ok = read_columns(&c, e);
    csv_scan_clear(&c.scan);
    clear_fills(&c);
    if (!ok) table_unref(c.table);
    return ok ? c.table : NULL;
}

struct table *read_csv(const char *path, bool comma, struct err *e) {
    struct source s;
    bool open = source_open(&s, path, e);
    s.n_rounds = 2;
    struct table *t = open ? read_table(&s, comma, e) : NULL;
    if (!t) source_blame(&s, e);
    source_close(&s);
    return t;
}

struct table *parse_csv(struct str bytes, struct err *e) {
    struct source s;
    source_of(&s, bytes);
    return read_table(&s, false, e);
}
