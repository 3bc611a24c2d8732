/* Matrix products: finding m, n, k and strides of each form, and choosing between our own kernel
 * (small sizes) and OpenBLAS (large ones). The choice depends on the whole product, never on the
 * part a thread computes. */
#include "blas.h"
#include "call.h"
#include "matrix.h"

static CBLAS_TRANSPOSE order_of(int64_t row, int64_t col, int64_t *stride) {
    *stride = col == 1 ? row : col;
    return col == 1 ? CblasNoTrans : CblasTrans;
}

static void blas_product(const struct call *c, const struct gemm *g, int64_t row, int64_t row_end) {
    int64_t lda, ldb, rows = row_end - row;
    CBLAS_TRANSPOSE ta = order_of(g->a_row, g->a_col, &lda),
                    tb = order_of(g->b_row, g->b_col, &ldb);
    size_t skip_a = (size_t)(row * g->a_row) * c->bytes,
           skip_c = (size_t)(row * g->c_row) * c->bytes;
    const void *a = (const char *)g->a + skip_a;
    void *to = (char *)g->c + skip_c;
    blasint m = (blasint)rows, n = (blasint)g->n, k = (blasint)g->k;
    blasint sa = (blasint)lda, sb = (blasint)ldb, sc = (blasint)g->c_row;
    if (c->dtype == DT_FLOAT32) {
        blas()->sgemm(CblasRowMajor, ta, tb, m, n, k, 1.0f, a, sa, g->b, sb, 0.0f, to, sc);
    } else {
        blas()->dgemm(CblasRowMajor, ta, tb, m, n, k, 1.0, a, sa, g->b, sb, 0.0, to, sc);
    }
}

/* Units are rows of all matrices, one after the other. */
static unsigned run_matmul(const struct call *c, void *const *out, const void *const *in,
                           int64_t begin, int64_t end, const struct call_env *env) {
    struct gemm g = c->matmul.g;
    g.scratch = env->scratch;
    while (begin < end) {
        int64_t matrix = begin / g.m, row = begin % g.m, row_end = end - matrix * g.m;
        if (row_end > g.m) row_end = g.m;
        g.a = (const char *)in[0] + (size_t)(matrix * c->matmul.a_matrix) * c->bytes;
        g.b = (const char *)in[1] + (size_t)(matrix * c->matmul.b_matrix) * c->bytes;
        g.c = (char *)out[0] + (size_t)(matrix * c->matmul.c_matrix) * c->bytes;
        if (c->matmul.blas) {
            blas_product(c, &g, row, row_end);
        } else {
            kernels()->gemm[c->dtype](&g, row, row_end);
        }
        begin += row_end - row;
    }
    return 0;
}

void call_product_rows(const struct call *c, void *out, const void *const *in, int64_t row,
                       int64_t row_end, const struct call_env *env) {
    struct gemm g = c->matmul.g;
    g.scratch = env->scratch;
    g.a = (const char *)in[0] + (size_t)(row * g.a_row) * c->bytes;
    g.b = in[1];
    g.c = out;
    if (c->matmul.blas) {
        blas_product(c, &g, 0, row_end - row);
    } else {
        kernels()->gemm[c->dtype](&g, 0, row_end - row);
    }
}

void call_product_sum(const struct call *c, void *out, const void *const *in, int64_t n,
                      int64_t begin, int64_t end, bool accumulate, const struct call_env *env) {
    struct gemm g = c->matmul.g;
    int64_t each = g.k / n;
    g.scratch = env->scratch;
    g.a = (const char *)in[0] + (size_t)(begin * each * g.a_col) * c->bytes;
    g.b = (const char *)in[1] + (size_t)(begin * each * g.b_row) * c->bytes;
    g.c = out;
    g.k = (end - begin) * each;
    g.accumulate = accumulate;
    kernels()->gemm[c->dtype](&g, 0, g.m);
}

/* ---- every element of a column times every one of a row ---- */

enum { OUTER_TILE = 1024 };

/* Elements [at, at + n) of the result, row by row, to `tile`. */
static void outer_tile(const struct call *c, const void *const *in, int64_t at, int64_t n,
                       char *tile, const struct call_env *env) {
    struct gemm g = c->matmul.g;
    int64_t row = at / c->matmul.g.n, col = at % c->matmul.g.n;
    g.scratch = env->scratch;
    for (; n > 0; n -= g.n, row++, col = 0) {
        g.n = c->matmul.g.n - col < n ? c->matmul.g.n - col : n;
        g.a = (const char *)in[0] + (size_t)(row * g.a_row) * c->bytes;
        g.b = (const char *)in[1] + (size_t)(col * g.b_col) * c->bytes;
        g.c = tile;
        kernels()->gemm[c->dtype](&g, 0, 1);
        tile += (size_t)g.n * c->bytes;
    }
}

/* The first tile ends where a line of the cache does, as stream wants it. */
static unsigned run_outer(const struct call *c, void *const *out, const void *const *in,
                          int64_t begin, int64_t end, const struct call_env *env) {
    int64_t at = begin * c->matmul.g.n, last = end * c->matmul.g.n, n;
    char *tile = (char *)env->scratch + kernels()->gemm_scratch_bytes;
    for (; at < last; at += n) {
        n = OUTER_TILE - at % OUTER_TILE < last - at ? OUTER_TILE - at % OUTER_TILE : last - at;
        outer_tile(c, in, at, n, tile, env);
        kernels()->stream((char *)out[0] + (size_t)at * c->bytes, tile, (size_t)n * c->bytes);
    }
    kernels()->stream_end();
    return 0;
}

void call_stream(struct call *c) {
    const struct gemm *g = &c->matmul.g;
    bool outer = c->op == OP_matmul && g->k == 1 && c->n_units == g->m && g->n >= OUTER_TILE / 8;
    if (!outer || (size_t)(g->m * g->n) * c->bytes < STREAM_FROM) return;
    c->matmul.g.together = 1;
    c->matmul.blas = false;
    c->scratch_bytes = kernels()->gemm_scratch_bytes + OUTER_TILE * c->bytes;
    c->run = run_outer;
}

/* Where OpenBLAS's packing pays; measured by tests/bench/bench_gemm. */
static bool prefers_blas(const struct gemm *g) {
    double work = (double)g->m * (double)g->n * (double)g->k;
    if (g->n == 0 || g->m == 0 || g->k == 0) return false;
    if (g->m > INT32_MAX || g->n > INT32_MAX || g->k > INT32_MAX) return false;
    return work > 1.5e8 && blas() && blas()->sgemm;
}

void call_matmul(struct call *c, const struct call_spec *s) {
    const struct shape *x = &s->in[0]->shape, *y = &s->in[1]->shape;
    struct matrices m = matrices_of(x, y, s->attrs);
    struct matrix a = m.a, b = m.b;
    if (!dtype_is_float(s->out->dtype)) return;
    c->dtype = s->out->dtype;
    c->bytes = dtype_bytes(c->dtype);
    c->matmul.g = (struct gemm){.m = a.rows,
                                .n = b.cols,
                                .k = a.cols,
                                .a_row = a.row,
                                .a_col = a.col,
                                .b_row = b.row,
                                .b_col = b.col,
                                .c_row = b.cols};
    c->matmul.a_matrix = m.a_next;
    c->matmul.b_matrix = m.b_next;
    c->matmul.c_matrix = m.c_next;
    c->matmul.blas = prefers_blas(&c->matmul.g);
    c->scratch_bytes = kernels()->gemm_scratch_bytes;
    c->n_units = b.cols ? m.n * a.rows : 0;
    c->unit_work = 0.05 * (double)b.cols * (double)a.cols + 1;
    c->run = run_matmul;
}
