/* The inner loops, one set per instruction set: the same sources compiled three times (plain C,
 * AVX2+FMA, AVX-512), one set chosen at start. A kernel knows pointers and counts, nothing of
 * graphs, shapes or threads. Elementwise kernels, reductions and random numbers give the same bits
 * in every set; matrix products use fused multiply-add where there is one. */
#pragma once
#include "conv.h"
#include "graph.h"
#include "recur.h"
#include "plan.h"
#include "pool.h"
#include "rng.h"
#include "sort_kernels.h"

/* What a kernel may meet; or-ed together. */
enum fault {
    FAULT_OVERFLOW = 1,       /* a whole number beyond 64 bits */
    FAULT_DIVIDE = 2,         /* whole-number division by zero */
    FAULT_NEGATIVE_POWER = 4, /* whole number to a negative power */
    FAULT_INDEX = 8,          /* a position outside an axis */
};

/* What an elementwise kernel may need besides its operands. */
struct elem_arg {
    double a, b;   /* attrs.a, attrs.b */
    int64_t first; /* position of element 0 in the whole tensor */
    void *second;  /* where a kernel with two results (struct elem_pair) puts its second one */
};

/* out[i] = f(in[0][i], …) for i < n; out may be one of the inputs of the same type. */
typedef unsigned (*elem_fn)(void *out, const void *const *in, int64_t n,
                            const struct elem_arg *arg);
/* Two operations on the same operand that share most of their work. */
struct elem_pair {
    enum op first, second;
    elem_fn fn[2]; /* [DT_FLOAT64], [DT_FLOAT32] */
};
enum { ELEM_PAIRS = 1 };

/* out[i] = in[i] * scale + offset, in the result's type. */
typedef void (*convert_fn)(void *out, const void *in, int64_t n, double scale, double offset);
/* Fold a run of n numbers into the accumulator. */
typedef unsigned (*fold_run_fn)(void *acc, const void *x, int64_t n);
/* acc[j] = fold(acc[j], x[r * stride + j]), r < rows, j < cols <= FOLD_COLS. */
typedef unsigned (*fold_rows_fn)(void *acc, const void *x, int64_t rows, int64_t stride,
                                 int64_t cols);

enum { FOLD_COLS = 256 };

/* Reductions. The accumulator is double for float sums, else of the data's type. */
enum fold { FOLD_SUM, FOLD_MAX, FOLD_MIN, FOLD_ANY, FOLD_ALL, FOLD_COUNT };

struct fold_kernels {
    fold_run_fn run;
    fold_rows_fn rows;
};

/* C = A B (+ C), one matrix. Element (i, k) of A is a[i * a_row + k * a_col]; (k, j) of B likewise;
 * C's rows are contiguous. Rows [row, row_end) of C are computed. */
struct gemm {
    int64_t m, n, k;
    const void *a, *b;
    void *c;
    int64_t a_row, a_col, b_row, b_col, c_row;
    int64_t together; /* about how many rows come at a time, 0: all m; decides how sums are made */
    bool accumulate;
    void *scratch; /* gemm_scratch_bytes bytes, one's own per thread */
};

/* One learning step on elements of a block (see struct update). */
struct update_args {
    double rate, beta_1, beta_2, epsilon;
    double correct_1, correct_2; /* adam: 1 / (1 - beta^t) */
    double weight_decay, l1, l2, clip_value;
    double scale; /* gradient factor from clipping by norm */
    bool nesterov;
};
typedef void (*update_fn)(void *w, const void *gradient, void *slot_0, void *slot_1, int64_t n,
                          const struct update_args *u);

/* Rows of n numbers, one after the other; crossentropy gives one number for each. */
struct softmax_kernels {
    void (*softmax)(void *out, const void *x, int64_t n, int64_t rows);
    void (*log_softmax)(void *out, const void *x, int64_t n, int64_t rows);
    void (*crossentropy)(void *out, const void *x, const void *target, int64_t n, int64_t rows);
};

/* One row of n numbers; epsilon is added to the variance. The slope needs room for a row. */
struct norm_kernels {
    void (*norm)(void *out, const void *x, int64_t n, double epsilon);
    void (*slope)(void *out, const void *x, const void *up, int64_t n, double epsilon,
                  void *scratch);
    void (*softmax_slope)(void *out, const void *y, const void *up, int64_t n);
};

struct learn_kernels {
    update_fn update[UPDATE_COUNT]; /* by enum update_rule */
    /* sum of squares of the gradient after penalties and clipping by value */
    double (*squares)(const void *w, const void *gradient, int64_t n, const struct update_args *u);
};

/* Elements [first, first + n) of a random tensor; of DRAW_BITS, the first 64 bits of those blocks.
 */
typedef void (*draw_fn)(void *out, struct rng_key key, int64_t first, int64_t n, double p);
enum draw { DRAW_UNIFORM, DRAW_NORMAL, DRAW_BERNOULLI, DRAW_BITS, DRAW_COUNT };

/* Rows [row, row_end) of the product. */
typedef void (*gemm_fn)(const struct gemm *g, int64_t row, int64_t row_end);

/* Tables of two: [DT_FLOAT64], [DT_FLOAT32]. */
struct kernels {
    const char *name;
    const elem_fn (*elem)[DT_COUNT];             /* [op][type of the operands] */
    const struct elem_pair *elem_pairs;          /* ELEM_PAIRS of them */
    const elem_fn (*cast)[DT_COUNT];             /* [from][to] */
    const convert_fn (*convert)[2];              /* [from][to] */
    const struct fold_kernels (*fold)[DT_COUNT]; /* [enum fold][type] */
    const struct softmax_kernels *softmax;
    const struct learn_kernels *learn;
    const draw_fn (*draw)[DT_COUNT]; /* [enum draw][type] */
    const gemm_fn *gemm;
    const struct recur_kernels *recur;
    const struct norm_kernels *norm;
    size_t gemm_scratch_bytes;
    const struct conv_kernels *conv;
    const struct pool_kernels *pool;
    const struct sort_kernels *sort; /* by enum sort_type; all NULL: none in this set */
    /* a copy that leaves the caches alone; stream_end before anybody reads it */
    void (*stream)(void *to, const void *from, size_t bytes);
    void (*stream_end)(void);
    /* out (cols, rows) = in (rows, cols) transposed, elements of 1, 4 or 8 bytes; the row lengths
     * are in elements */
    void (*transpose)(void *out, int64_t out_row, const void *in, int64_t in_row, int64_t rows,
                      int64_t cols, size_t bytes);
};

/* The set chosen at start. */
const struct kernels *kernels(void);
/* Sets by name, for tests; NULL when this machine lacks the instructions. */
const struct kernels *kernels_named(const char *name);
/* For tests: use this set from now on. */
void kernels_use(const struct kernels *k);

extern const struct kernels kernels_plain, kernels_avx2, kernels_avx512;
