/* Numbers in order: keys of 64 bits that compare as the numbers do, their positions in order, and
 * the numbers at given ranks without sorting. */
#pragma once
#include "tensor.h"

/* -0 equals 0; NaN comes last, also when descending. */
uint64_t order_key(double x, bool descending);

/* Keys of x[begin … begin + n). */
void order_keys(const struct tensor *x, int64_t begin, int64_t n, bool descending, uint64_t *keys);
/* at[0 … n) = the positions of the smallest key, the next …; equal keys in their old order. */
bool order_positions(const uint64_t *keys, int64_t n, int64_t *at, struct err *e);

/* The numbers of x in order, as a vector of x's type; -0 before 0. */
struct tensor *order_values(const struct tensor *x, bool descending, struct err *e);
/* The different numbers of x in order, as a vector; NaN once. */
struct tensor *order_once(const struct tensor *x, struct err *e);
/* out[i] = the number that has ranks[i] numbers before it, from smallest to largest; NaN for all if
 * there is a NaN. */
bool order_ranks(const struct tensor *x, const int64_t *ranks, int n, double *out, struct err *e);
