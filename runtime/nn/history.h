/* The history of a training run: named columns of numbers, one row per finished epoch. Private to
 * nn/. */
#pragma once
#include "../data/table.h"

enum { HISTORY_MAX_COLUMNS = 48 };

struct history {
    int n_columns;
    const char *names[HISTORY_MAX_COLUMNS]; /* interned */
    int directions[HISTORY_MAX_COLUMNS];    /* -1 lower is better, 1 higher, 0 nearest to zero */
    int64_t n_rows, cap_rows;
    double *rows; /* (n_rows, n_columns) */
};

/* A new column: its number, or -1. */
int epoch_log_add(struct history *h, const char *prefix, const char *name, int direction,
                  struct err *e);
/* The same when rows are there already: they have no value in it (NaN). */
int epoch_log_widen(struct history *h, const char *name, struct err *e);
int epoch_log_find(const struct history *h, const char *name);
bool epoch_log_append(struct history *h, const double *row, struct err *e);
void epoch_log_clear(struct history *h);
/* Is `a` better than `b` by more than `delta`? */
bool epoch_log_better(int direction, double a, double b, double delta);
/* All rows as a table; whole columns as whole numbers. note: interned, or NULL. */
struct table *epoch_log_table(const struct history *h, const char *note, struct err *e);
