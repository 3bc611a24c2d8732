/* Recurrent cells over all steps of some examples (op/recur.h has the formulas). Operands lie as
 * the graph has them, contiguous: x and its derivative (n, time, gates), states (n, time, units) or
 * (n, units), recurrent kernel (units, gates), and the record (n, time, kept), where a step keeps,
 * one after the other, each `units` numbers:
 *
 *   simple  h before, h          gru  h before, z, r, a, h U + c
 *   lstm    h before, c before, i, f, a, o, f(c)
 *
 * With `backwards` the steps are taken from the last to the first; everything lies where its time
 * is. The way: examples in chunks of RECUR_ROWS, their states packed together, the kernel copied
 * once into panels as wide as the product's tile; then, step by step, one product and one pass over
 * the gates (Appleyard et al., arXiv 1604.01946). Bound: the products for many units, the gates'
 * exponentials for few. */
#pragma once
#include "op/recur.h"
#include <stdbool.h>
#include <stddef.h>

enum { RECUR_ROWS = 64 };

struct recur {
    enum recur_cell cell;
    enum recur_fn fn, gate_fn;
    enum recur_form form;
    bool backwards;
    int64_t steps, units;
    int64_t n;       /* recur_weight: examples */
    bool accumulate; /* recur_weight: onto what is there */
};

/* Examples [begin, end); scratch of recur_scratch bytes. */
struct recur_kernels {
    void (*run)(const struct recur *r, void *record, const void *x, const void *kernel,
                const void *bias, int64_t begin, int64_t end, void *scratch);
    void (*states)(const struct recur *r, void *states, const void *record, int64_t begin,
                   int64_t end);
    void (*slopes)(const struct recur *r, void *x_slope, const void *record, const void *kernel,
                   const void *states_slope, int64_t begin, int64_t end, void *scratch);
    void (*bias)(const struct recur *r, void *bias_slope, const void *record, const void *x_slope,
                 int64_t begin, int64_t end);
    /* rows [row, row_end) of the kernel's derivative, summed over all examples and steps */
    void (*weight)(const struct recur *r, void *kernel_slope, const void *record,
                   const void *x_slope, int64_t row, int64_t row_end, void *scratch);
    size_t (*scratch_bytes)(const struct recur *r);
};
