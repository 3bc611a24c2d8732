/* What each kernel is given: one struct by value. Read by the module (C), by nvcc (C++) and by the
 * tests, which run the kernels on the host. Pointers are addresses on the device. */
#pragma once
#include <stdint.h>

enum { WALK_AXES = 8, THREADS = 256 };

/* Types of numbers, as in enum dtype. */
enum { T_F64, T_F32, T_I64, T_I32, T_U8, T_BOOL };

/* What a kernel may meet, as in enum fault. */
enum { MET_OVERFLOW = 1, MET_DIVIDE = 2, MET_NEGATIVE_POWER = 4, MET_INDEX = 8 };

/* backend.h's control block as the device reads it. */
struct control_args {
    uint64_t seed, step;
    double rate, correct_1, correct_2;
    uint64_t slot;
};

/* backend.h's scaler likewise. */
struct scaler_args {
    float scale, inverse;
    uint32_t good, bad, skip, skipped;
    double correct_1, correct_2;
};

/* Result i is element base + sum of digit * stride of the operand; n = -1: element i. */
struct walk_args {
    int32_t n, base;
    uint32_t size[WALK_AXES];
    int32_t stride[WALK_AXES];
};

/* ---- elementwise groups ---- */

struct elem_in {
    const void *at;
    int32_t dtype;
    struct walk_args walk;
};

struct elem_step {
    uint8_t op, from, to, out, in[3], unused;
    double a;
};

struct elem_out {
    void *at;
    int32_t dtype, reg;
};

struct elem_args {
    uint32_t count;
    int32_t n_in, n_steps, n_out;
    uint32_t *faults;
    struct elem_in in[12];
    struct elem_step steps[40];
    struct elem_out out[8];
};

/* ---- moving ---- */

/* Rows of the data into the batch. */
struct feed_args {
    void *out;
    const void *data;
    const int64_t *rows; /* or NULL */
    double scale, offset;
    uint32_t count, row; /* numbers; of one example */
    int32_t from, to;
};

enum { COPIES = 32 };
struct copy_args {
    int32_t n;
    const struct control_args *control; /* NULL: to where it says; else slot * stride behind it */
    uint64_t stride;
    struct {
        void *to;
        const void *from;
        uint64_t bytes;
    } part[COPIES];
};

/* Zeros with x put at begin + i * step. */
struct place_args {
    void *out;
    const void *in;
    uint32_t count;
    int32_t n, bytes;
    uint32_t out_size[WALK_AXES], in_size[WALK_AXES];
    int32_t begin[WALK_AXES], step[WALK_AXES];
};

/* One operand of a concatenation: (outer, width) into (outer, whole). */
struct concat_args {
    void *out;
    const void *in;
    uint32_t count, width, whole, skip;
    int32_t bytes;
};

struct make_args {
    void *out;
    const struct control_args *control;
    uint64_t stream;
    double a, b;
    uint32_t count;
    int32_t kind, dtype; /* 0 range, 1 uniform, 2 normal, 3 bernoulli */
};

/* ---- rows by position ---- */

struct index_args {
    void *out;
    const void *in, *positions;
    uint32_t *faults;
    uint32_t count; /* of the result */
    uint32_t rows, row, n_positions;
    int32_t position_type, dtype, bytes;
};

/* ---- reductions ---- */

enum { FOLD_BY_SUM, FOLD_BY_MAX, FOLD_BY_MIN };

struct fold_args {
    void *out;
    const void *in;
    uint32_t *faults;
    struct walk_args kept, folded;
    uint32_t n_out, count; /* results; numbers folded into each */
    double divisor;
    int32_t fold, dtype;
};

/* (outer, n, inner) along the middle. */
struct along_args {
    void *out;
    const void *a, *b;
    uint32_t *faults;
    uint32_t outer, n, inner, rows; /* rows: of a causal matrix, else 0 */
    int32_t what, dtype, back;
    double epsilon;
};
enum {
    ALONG_ARGMAX,
    ALONG_ARGMIN,
    ALONG_CUMSUM,
    ALONG_SOFTMAX,
    ALONG_LOG_SOFTMAX,
    ALONG_CROSSENTROPY,
    ALONG_SOFTMAX_SLOPE
};

/* ---- matrix products ---- */

/* Element (i, k) of A is a[i * a_row + k * a_col], (k, j) of B likewise; C's rows are contiguous.
 * Product z = (example, head) of `heads` each. Split: partial sums over parts of k go to
 * partial[part][m][n]. */
struct product_args {
    const float *a, *b;
    float *c, *partial;
    uint32_t m, n, k, heads, splits, part; /* part: of k, for each split */
    uint32_t z_first;                      /* the first product of this launch */
    int64_t a_row, a_col, b_row, b_col, c_row;
    int64_t a_example, b_example, c_example, a_head, b_head, c_head;
};

/* out = the sum of `n` blocks of `count` floats, in order; rows of `width` go `row` apart. */
struct sum_parts_args {
    float *out;
    const float *in;
    uint32_t count, n, width;
    int64_t row;
};

/* ---- learning ---- */

/* As in enum update_rule. */
enum { RULE_SGD = 1, RULE_ADAM, RULE_RMSPROP, RULE_ADAGRAD };
enum { LEARNS = 48 };
struct learn_part {
    int64_t offset;
    uint32_t count;
    const float *gradient;
    float l1, l2;
};

struct learn_args {
    float *weights, *slots[2];
    const struct control_args *control;
    struct scaler_args *scaler; /* or NULL: gradients are not scaled */
    double *squares;            /* (LEARNS' blocks) sums for clipping by norm; or NULL */
    uint32_t n_squares;
    int32_t rule, nesterov, n;
    double beta_1, beta_2, epsilon, weight_decay, clip_value, clip_norm;
    struct learn_part part[LEARNS];
};

struct scale_args {
    struct scaler_args *scaler;
    const struct control_args *control;
    double beta_1, beta_2; /* adam's; else 0 */
    uint32_t growth;       /* good steps after which the scale doubles */
};

/* ---- windows ---- */

/* x (n, h, w, c), y (n, oh, ow, o), the kernel kh x kw; pairs are (down, across). m, k: rows of the
 * product, and what is summed. */
struct conv_args {
    float *out, *partial;
    const float *a, *b, *bias; /* bias may be NULL */
    uint32_t h, w, c, oh, ow, o, kh, kw, groups;
    int32_t stride[2], dilation[2], before[2];
    uint32_t m, k, splits, part;
    int32_t relu;
};

enum { POOL_MAX, POOL_TAKE, POOL_MEAN };
struct pool_args {
    float *out;
    const float *x, *up;
    uint32_t count, h, w, c, oh, ow; /* count: numbers of the result */
    int32_t size[2], stride[2], before[2], what;
};

struct warp_args {
    float *out;
    const float *in, *maps;
    uint32_t count, h, w, c, oh, ow; /* count: of the result; spread: images times channels */
    int32_t fill, nearest, one_map;
};

/* Units of n numbers: (places, piece) inside an example, whose rows are `row` apart. */
struct norm_args {
    float *out;
    const float *x, *up;
    uint32_t units, n, groups, piece, row;
    int64_t example;
    double epsilon;
};

/* ---- recurrent layers ---- */

enum { RECUR_UNITS = 1024 };
struct recur_args {
    float *out;
    const float *x, *kernel, *bias, *up;
    uint32_t n, steps, units, gates, kept, biases, count;
    int32_t cell, fn, gate_fn, form, backwards;
};
