/* Columns as keys: equal cells get equal codes, codes are in the order of the values. What
 * grouping, joining, sorting by texts, counting and pivoting are made of. This file knows no
 * language. */
#pragma once
#include "table.h"

/* One code for each row: 0 … n_codes-1 in the order of the values (numbers, times by size, texts
 * by their bytes, categories by their levels); missing cells come last, under one code of their
 * own. */
struct keys {
    int32_t *codes; /* n_rows */
    int64_t n_rows;
    int32_t n_codes;
    bool missing; /* the last code stands for missing cells */
};
void keys_clear(struct keys *k);
/* At most 2^31 - 2 rows. */
bool keys_of_column(const struct column *c, int64_t n_rows, struct keys *out, struct err *e);
/* Rows with equal cells in all of several columns; ordered by the first, then the second … */
bool keys_of_columns(const struct table *t, const int *columns, int n, struct keys *out,
                     struct err *e);
/* The same codes for two columns of one kind, a's rows first, b's rows behind them. */
bool keys_of_two(const struct column *a, int64_t na, const struct column *b, int64_t nb,
                 struct keys *out, struct err *e);
/* *a becomes the code of the pair (a, b): of as many rows, ordered by a, then b. */
bool keys_combine(struct keys *a, const struct keys *b, struct err *e);

/* Rows sorted by code, in their old order where codes are equal (counting sort). */
struct row_groups {
    int64_t *rows;   /* n_rows: group after group */
    int64_t *starts; /* n_groups + 1: group i is rows[starts[i]] … rows[starts[i + 1] - 1] */
    const int32_t *of_row; /* the codes; borrowed */
    int64_t n_rows, n_groups;
};
bool row_groups_of(const struct keys *k, struct row_groups *out, struct err *e);
void row_groups_clear(struct row_groups *g);

/* Rows in the order of columns[0], then columns[1] …; stable, missing last either way. */
bool sort_rows(const struct table *t, const int *columns, const bool *descending, int n,
               int64_t *rows, struct err *e);
