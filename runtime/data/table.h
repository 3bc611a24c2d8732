/* A table: named columns of equal length. Immutable once shared, counted. What a column holds lies
 * in memory of its own, counted too: tables made from one another share it, so that picking
 * columns, renaming, adding one and taking a run of rows copy no cells. Write only into columns
 * that table_set_column has just made.
 *
 * A table may also be a description, for checking before anything is computed: its columns have
 * names, kinds and levels but no cells, and n_rows may be an unknown (negative) size. */
#pragma once
#include "../tensor.h"
#include <math.h>

/* All kinds but TEXT keep their cells in `numbers`, missing = NaN. */
enum column_kind {
    COLUMN_NUMBER,
    COLUMN_INT,
    COLUMN_BOOL,
    COLUMN_TEXT,
    COLUMN_TIME,     /* seconds since 1970-01-01 00:00, without a time zone */
    COLUMN_CATEGORY, /* 0, 1, 2 …: positions in `levels` */
    COLUMN_UNKNOWN,  /* of descriptions only: not even the kind is known */
    COLUMN_IMAGE,    /* positions in `images`: pictures that are read when they are used */
    COLUMN_N_KINDS
};

/* The names of a category's levels, counted; never changed. */
struct levels {
    _Atomic int32_t refs;
    int32_t n;
    bool ordered;       /* the student gave the order: levels compare with < and > */
    const char **names; /* n texts, in this block */
};

struct text_store; /* text_store.h */
struct images;     /* images.h */

struct column {
    const char *name; /* interned */
    enum column_kind kind;
    double *numbers;       /* all kinds but TEXT: n_rows; missing = NaN */
    const char **texts;    /* TEXT: n_rows NUL-terminated texts; missing = NULL */
    struct levels *levels; /* CATEGORY: a reference; else NULL */
    struct images *images; /* IMAGE: a reference; else NULL */
    struct tensor *memory; /* whose memory numbers or texts lie in: a reference */
    struct text_store
        *store; /* TEXT: where the texts lie: a reference, or NULL if there are none */
};

struct table {
    _Atomic int32_t refs;
    int64_t n_rows;
    int32_t n_columns;
    struct column *columns;
    struct text_store *store; /* that columns without one begin to fill, or NULL */
    const char *note; /* "interrupted after epoch 3", or NULL; interned; shown under the table */
};

struct table *table_new(int64_t n_rows, int32_t n_columns, struct err *e); /* zeroed columns */
struct table *table_ref(struct table *t);
void table_unref(struct table *t);
/* Name column i and give it cells of its own, all missing. An old array is given back. */
bool table_set_column(struct table *t, int32_t i, const char *name, enum column_kind kind,
                      struct err *e);
/* The same with room for `n_rows` cells, contents undefined: for readers. */
bool column_make(struct column *c, const char *name, enum column_kind kind, int64_t n_rows,
                 struct err *e);
/* *to becomes the same column under another name (NULL: its own). The old one is given back. */
void column_share(struct column *to, const struct column *from, const char *name);
void column_clear(struct column *c);
/* The cells of rows[0 … n) into column `to`, which is not made yet; row -1 is a missing one. */
bool column_pick(struct column *to, const struct column *from, const int64_t *rows, int64_t n,
                 struct err *e);
bool column_is_missing(const struct column *c, int64_t row);
/* Of texts or categories; NULL when missing. */
static inline const char *column_text(const struct column *c, int64_t row) {
    if (c->texts) return c->texts[row];
    return isnan(c->numbers[row]) ? NULL : c->levels->names[(int)c->numbers[row]];
}
int64_t column_n_missing(const struct column *c, int64_t n_rows);
/* TIME: is any time not a midnight? Then it is written with its clock. */
bool column_has_clock(const struct column *c, int64_t n_rows);
/* Copy `s` into the column's memory of texts and store it. */
bool table_set_text(struct table *t, int32_t column, int64_t row, struct str s, struct err *e);
int table_find(const struct table *t, struct str name); /* position or -1 */

struct levels *levels_new(const struct str *names, int32_t n, bool ordered, struct err *e);
struct levels *levels_ref(struct levels *l);
void levels_unref(struct levels *l);
int levels_find(const struct levels *l, struct str name); /* position or -1 */

/* New tables. */
struct table *table_slice(const struct table *t, int64_t begin, int64_t end, struct err *e);
struct table *table_pick_rows(const struct table *t, const int64_t *rows, int64_t n, struct err *e);
struct table *table_pick_columns(const struct table *t, const int *columns, int n, struct err *e);
/* All columns, and room for `more` behind them that are not made yet. */
struct table *table_extend(const struct table *t, int more, struct err *e);
/* The same names and kinds without cells: n_rows may be unknown. */
struct table *table_description(const struct table *t, int64_t n_rows, struct err *e);
struct table *table_round(const struct table *t, int digits, struct err *e);
/* All columns side by side: [row, column] float64; a category gives its numbers. Text and time
 * columns are an error. */
struct tensor *table_to_tensor(const struct table *t, struct err *e);
/* A [n, k] or [n] tensor as columns with these names (NULL: "0", "1", …). */
struct table *table_from_tensor(const struct tensor *x, const char *const *names, struct err *e);
const char *column_kind_words(enum column_kind kind); /* "numbers", "texts", "times" … */
