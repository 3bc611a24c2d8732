/* One operation on known shapes, made ready: a kernel with its geometry. The result is cut into
 * units that do not depend on each other (rows, elements), numbered in memory order; any range of
 * units can be computed alone, so the same call serves a lane of a plan, a thread's half of a big
 * array, and a piece between two looks at the stop flag. Private to cpu/. */
#pragma once
#include "kernels.h"

enum { FAULT_STOP = 1 << 16 }; /* beside enum fault: the stop flag was seen */
enum { GROUP_ALIGN = 1024 };   /* pieces of many units are whole tiles */

/* Where one thread works. */
struct call_env {
    void *scratch;            /* call->scratch_bytes bytes, 64-byte aligned */
    const _Atomic bool *stop; /* may be NULL */
    uint64_t seed, step;      /* random ops */
};

struct call;
typedef unsigned (*call_fn)(const struct call *c, void *const *out, const void *const *in,
                            int64_t begin, int64_t end, const struct call_env *env);

/* Axes of a walk: sizes, and how far apart the operand's elements lie. */
struct walk {
    int n;
    int64_t size[MAX_AXES], stride[MAX_AXES];
    int64_t base; /* element at which the walk begins */
};

struct group;

/* Convolutions: x (n, h, w, c), y (n, oh, ow, o), kernel kh x kw; pairs are (down, across). */
struct conv_call {
    int64_t n, h, w, c, oh, ow, o, kh, kw, groups;
    int64_t stride[2], dilation[2], before[2];
    bool bias, relu;
    /* what is read for a range of rows of the result: band_span + band_step * (rows - 1) rows of
     * band_cols columns of band_n numbers */
    int64_t band_cols, band_n, band_span, band_step;
    int64_t together;        /* so many whole images are computed at once */
    size_t taps, room, pack; /* in scratch; pack: of conv_product, or 0 */
    /* few channels in the result: this many positions share a vector (else 1), each kernel row is
     * `spread` vectors of wide_row numbers, and the kernel for all of them lies in scratch
     * (call_beside.c) */
    int64_t beside, spread, wide_row;
    size_t wide;
};

/* Pooling: x (n, h, w, c), y (n, oh, ow, c). */
struct pool_call {
    int64_t n, h, w, c, oh, ow;
    struct sliding window;
};

/* Warps: x (n, h, w, c), y (n, oh, ow, c). */
struct warp_call {
    int64_t h, w, c, oh, ow;
    int fill;
    bool nearest, one_map;
};

/* A product for each head of each example: elements from one to the next. */
struct heads {
    struct gemm g;
    int64_t n, a_example, b_example, c_example, a_head, b_head, c_head;
};

struct call {
    call_fn run;
    int64_t n_units;
    double unit_work; /* about how many elementary operations a unit takes */
    int64_t grain;    /* so many units are best computed together; 0: it makes no difference */
    size_t scratch_bytes;
    enum op op;
    enum dtype dtype;      /* of the operand that decides the kernel */
    size_t bytes;          /* of an element of the result */
    struct rng_key stream; /* random ops: only .stream is set */
    double a, b;
    union {
        struct walk copy; /* expand, transpose, slice: the operand's walk */
        struct {
            struct walk kept, folded; /* of the operand */
            enum fold fold;
            double divisor; /* mean: count, else 1; the sum is rounded first */
            int64_t count;
        } fold;
        struct {
            int64_t outer, n, inner; /* along one axis: operand is (outer, n, inner) */
            int64_t rows;            /* causal softmax: rows of a matrix, else 0 */
        } along;
        struct {
            struct gemm g;                        /* one matrix; pointers are filled at run time */
            int64_t a_matrix, b_matrix, c_matrix; /* elements from one matrix to the next */
            bool blas;
        } matmul;
        struct {
            struct shape out, in;
            int64_t begin[MAX_AXES], step[MAX_AXES];
        } place;
        struct {
            int32_t n_in;
            int64_t inner;         /* elements of a row of the result */
            const int64_t *widths; /* of each operand, in elements; lives with the call's owner */
        } concat;
        struct {
            int64_t rows, row_size, n_positions;
            enum dtype position_type;
        } index;
        struct recur recur;
        struct conv_call conv;
        struct pool_call pool;
        struct warp_call warp;
        struct heads heads;
        struct {
            int64_t n, places, channels, groups;
        } norm;
        struct group *group;
    };
};

/* All operations but leaves, views and elementwise ones (group.h). `in` and `out` have known sizes,
 * after casts and expansion. `memory` of call_memory(n_in) bytes must live as long as the call. */
bool call_init(struct call *c, enum op op, const struct desc *const *in, int n_in,
               const struct desc *out, const struct attrs *attrs, void *memory, struct err *e);
size_t call_memory(int n_in);

/* Units [begin, end), piece by piece, looking at the stop flag in between. */
unsigned call_run(const struct call *c, void *const *out, const void *const *in, int64_t begin,
                  int64_t end, const struct call_env *env);
bool call_stopped(const struct call_env *env);
/* Rows [row, row_end) of a product of two matrices, or of a kernel's derivative, written from `out`
 * on. */
unsigned call_rows(const struct call *c, void *out, const void *const *in, int64_t row,
                   int64_t row_end, const struct call_env *env);
/* What images [image, image_end) add to a kernel's derivative (OP_conv_kernel); without
 * `accumulate` it is zero before. */
unsigned call_kernel_sum(const struct call *c, void *out, const void *const *in, int64_t image,
                         int64_t image_end, bool accumulate, const struct call_env *env);
/* The same of a product that is a sum over examples (OP_matmul of two operands whose terms lie by
 * example; OP_recur_weight): what examples [begin, end) of `n` add. */
void call_product_sum(const struct call *c, void *out, const void *const *in, int64_t n,
                      int64_t begin, int64_t end, bool accumulate, const struct call_env *env);
void call_recur_sum(const struct call *c, void *out, const void *const *in, int64_t begin,
                    int64_t end, bool accumulate, const struct call_env *env);
/* After call_init: the result lies in memory for good, not in a block that is read at once. A large
 * one of a call that computes little then goes past the caches. */
void call_stream(struct call *c);
enum { STREAM_FROM = 24 << 20 }; /* bytes: what is larger than any cache */
/* Say what went wrong. Returns false if anything did. */
bool call_report(unsigned faults, enum op op, struct err *e);

/* ---- the families (one file each); fill in everything but op and stream ---- */

struct call_spec {
    enum op op;
    const struct desc *const *in;
    int n_in;
    const struct desc *out;
    const struct attrs *attrs;
    void *memory;
};

void call_copy(struct call *c, const struct call_spec *s);  /* expand, transpose, slice */
void call_place(struct call *c, const struct call_spec *s); /* place, concat */
void call_concat(struct call *c, const struct call_spec *s);
void call_index(struct call *c, const struct call_spec *s); /* gather, scatter_add, one_hot */
void call_fold(struct call *c, const struct call_spec *s);  /* sum, mean, max, min, any, all */
void call_along(struct call *c, const struct call_spec *s); /* argmax, cumsum, softmax … */
void call_matmul(struct call *c, const struct call_spec *s);
void call_heads(struct call *c, const struct call_spec *s); /* attention */
void call_norm(struct call *c, const struct call_spec *s);
void call_recur(struct call *c, const struct call_spec *s);
void call_make(struct call *c, const struct call_spec *s); /* fill, range, random */
void call_conv(struct call *c, const struct call_spec *s); /* conv, conv_input, conv_kernel */
void call_product_rows(const struct call *c, void *out, const void *const *in, int64_t row,
                       int64_t row_end, const struct call_env *env);
unsigned call_kernel_rows(const struct call *c, void *out, const void *const *in, int64_t row,
                          int64_t row_end, const struct call_env *env);
/* conv_input with few channels in its result: another way to run it (call_windows.c) */
bool call_takes_windows(const struct call *c);
void call_windows(struct call *c);
/* conv, conv_kernel with few channels in the result (call_beside.c): sizes; the kernel made wide
 * and the product of whole groups of positions; the sum of the wide derivative's pieces */
unsigned conv_run_kernel(const struct call *c, void *const *out, const void *const *in,
                         int64_t begin, int64_t end, const struct call_env *env);
struct conv_product;
void conv_beside_set(struct call *c);
void conv_beside_kernel(const struct call *c, const void *kernel, const void *bias, char *wide);
void conv_beside_rows(const struct call *c, const struct conv_product *rows, const char *wide);
void conv_beside_taps(const struct call *c, const struct conv_product *taps, char *wide);
void conv_beside_fold(const struct call *c, const char *wide, char *kernel);
void call_pool(struct call *c, const struct call_spec *s); /* max_pool, mean_pool … */
void call_warp(struct call *c, const struct call_spec *s); /* warp, warp_back */

/* ---- walks ---- */

int64_t shape_product(const struct shape *s, int from, int to); /* of sizes of axes [from, to) */
/* The walk over a result of `out` that reads an operand by expand, transpose or slice. */
struct walk walk_of(const struct call_spec *s);
void walk_merge(struct walk *w); /* joins axes that lie one after the other, drops axes of size 1 */
/* Elements [at, at + n) of the walk, copied; `bytes` is 1, 4 or 8. */
void walk_read(const struct walk *w, const void *from, int64_t at, int64_t n, size_t bytes,
               void *out);
