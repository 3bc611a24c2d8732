/* What the pooling kernels compute: one row of windows over an image of `channels` numbers each.
 * Padding never counts: each window has its rows [top, bottom) and columns [left, right) inside the
 * image. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct pool_row {
    const void *x;  /* where the first window begins (maybe outside the image) */
    const void *up; /* take: what is picked, like x; spread: one number for each result */
    void *out;      /* results, or, when spreading, like x */
    int64_t cols;   /* results in the row */
    int64_t step;   /* columns of the image from one window to the next */
    int64_t row;    /* elements from one row of the image to the next */
    int64_t channels;
    int64_t top, bottom;  /* of all windows of this row */
    int64_t width;        /* of a window */
    int64_t before, size; /* column of the image where the first window begins is -before; image's
                             columns */
    bool apart;           /* mean_spread: no two windows overlap */
};

typedef void (*pool_fn)(const struct pool_row *r);

/* The largest; what stands in `up` where the largest is; `up` added where the largest is (the first
 * of several); the average; its share of `up` added to each. */
struct pool_kernels {
    pool_fn max, take, max_spread, mean, mean_spread;
};
