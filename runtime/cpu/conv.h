/* What the convolution kernels compute: one product for the forward pass and both derivatives.
 *
 * The result is a grid of `rows` x `cols` positions with `n` numbers each, for each of some images.
 * For position (i, j) of image m
 *
 *     c[m c_image + i c_row + j c_col + :] (+)= sum over segments s, terms t < length of
 *         a[m a_image + i a_row + j a_col + segment[s].a + t a_step]
 *         * b[segment[s].b + t b_step + :]
 *
 * so nothing is unrolled into columns first: where a convolution reads (kernel row by kernel row,
 * each a run of neighbouring numbers) stands in the list of segments. This is the indirect
 * convolution of M. Dukhan (arXiv 1907.02129) with offsets in place of pointers. Strides, dilation
 * and groups are strides and segments; padding is a copy of the image with zeros around. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct conv_segment {
    int64_t a, b;
};

struct conv_product {
    const void *a, *b;
    void *c;
    int64_t rows, cols; /* of the grid of an image */
    int64_t first,
        last; /* positions that are computed, image by image, row by row: [first, last) */
    int64_t a_image, c_image; /* elements between images; not read when there is one */
    int64_t a_row, a_col;     /* elements between positions */
    int64_t c_row, c_col;
    int64_t n;
    const struct conv_segment *segments;
    int64_t n_segments, length;
    int64_t a_step, b_step;
    const void *bias; /* n numbers, or NULL */
    bool relu;
    bool accumulate;
    void *room; /* CONV_ROOM bytes, or NULL: where rows of `b` that lie badly are copied */
};

enum { CONV_ROOM = 128 * 1024 };

/* The same with one number of `b` for each of the n channels instead of a matrix (depthwise):
 * c[… + k] (+)= sum over s of a[… + segment[s].a + k] * b[segment[s].b + k]. length, a_step and
 * b_step are not used. */
typedef void (*conv_product_fn)(const struct conv_product *p);

/* The other way round, for results of few channels: each position of the incoming grid has computed
 * what it adds to its window, and the windows are added where they lie. Row i of window j, `length`
 * numbers, goes from from[j from_col + i length] to to[i to_row + left + j to_col]; what would
 * lie before 0 or behind `size` in a row of the result is left out. */
struct conv_windows {
    const void *from;
    void *to;
    int64_t cols, rows; /* windows; rows of each */
    int64_t from_col, to_col, to_row, length;
    int64_t left, size; /* where window 0 begins in a row of `size` numbers; may be negative */
};
typedef void (*conv_windows_fn)(const struct conv_windows *w);

/* Depthwise, the derivative of the kernel: for each segment s and channel k
 *     b[segment[s].b + k] += sum over positions of a[… + segment[s].a + k] * c[… + k]. */
struct conv_kernels {
    conv_product_fn product, depth, depth_kernel;
    conv_windows_fn add_windows;
    int lanes; /* numbers of a vector */
};
