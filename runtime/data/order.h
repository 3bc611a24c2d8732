/* Numbers in order: keys of 64 bits that compare as the numbers do, stable radix sorts of them, and
 * the numbers at given ranks without sorting. */
#pragma once
#include "tensor.h"

/* -0 equals 0; NaN comes last, also when descending. */
uint64_t order_key(double x, bool descending);

struct order_item {
    uint64_t key;
    int64_t at;
};
/* Stable. Both arrays have room for n; the answer is the one that holds them in order. NULL when
 * memory is out. */
struct order_item *order_items(struct order_item *items, struct order_item *other, int64_t n,
                               struct err *e);
/* Items of x[begin … begin + n): keys, and 0, 1, 2 … */
void order_items_of(const struct tensor *x, int64_t begin, int64_t n, bool descending,
                    struct order_item *items);

/* The numbers of x in order, as a vector of x's type; -0 before 0. */
struct tensor *order_values(const struct tensor *x, bool descending, struct err *e);
/* out[i] = the number that has ranks[i] numbers before it, from smallest to largest; NaN for all if
 * there is a NaN. */
bool order_ranks(const struct tensor *x, const int64_t *ranks, int n, double *out, struct err *e);
