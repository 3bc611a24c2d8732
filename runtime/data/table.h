/* A table: named columns of equal length. Immutable once shared, counted. Number columns hold
 * float64 (missing = NaN); whole numbers and bools keep their kind for display. */
#pragma once
#include "../tensor.h"

enum column_kind { COLUMN_NUMBER, COLUMN_INT, COLUMN_BOOL, COLUMN_TEXT };

struct column {
    const char *name; /* interned */
    enum column_kind kind;
    double *numbers;    /* NUMBER, INT, BOOL: n_rows; missing = NaN */
    const char **texts; /* TEXT: n_rows interned or store-owned strings; missing = NULL */
};

/* The bytes of text columns: counted, only growing, shared by tables made from one another. */
struct text_store;

struct table {
    _Atomic int32_t refs;
    int64_t n_rows;
    int32_t n_columns;
    struct column *columns;
    struct text_store *store; /* where texts live, or NULL while there are none */
    const char *note;         /* "interrupted after epoch 3", or NULL; shown under the table */
};

struct table *table_new(int64_t n_rows, int32_t n_columns, struct err *e); /* zeroed columns */
struct table *table_ref(struct table *t);
void table_unref(struct table *t);
/* Name column i and allocate its numbers (NaN) or texts (NULL). An old array is given back. */
bool table_set_column(struct table *t, int32_t i, const char *name, enum column_kind kind,
                      struct err *e);
/* Copy `s` into the table's memory and store it. */
bool table_set_text(struct table *t, int32_t column, int64_t row, struct str s, struct err *e);
/* Room for `bytes` bytes of text with the table's lifetime; NULL when there is no memory. */
char *table_text_room(struct table *t, size_t bytes, struct err *e);
int table_find(const struct table *t, struct str name); /* position or -1 */
/* New tables. */
struct table *table_slice(const struct table *t, int64_t begin, int64_t end, struct err *e);
struct table *table_pick_rows(const struct table *t, const int64_t *rows, int64_t n, struct err *e);
struct table *table_pick_columns(const struct table *t, const int *columns, int n, struct err *e);
struct table *table_round(const struct table *t, int digits, struct err *e);
/* All number columns side by side: [row, column] float64. Text columns are an error. */
struct tensor *table_to_tensor(const struct table *t, struct err *e);
/* A [n, k] or [n] tensor as columns with these names (NULL: "0", "1", …). */
struct table *table_from_tensor(const struct tensor *x, const char *const *names, struct err *e);
