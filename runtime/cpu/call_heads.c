/* Attention over heads: products of matrices whose rows are pieces of longer rows, read and written
 * where they lie. Units are examples. */
#include "call.h"

/* One head's product of example i. */
static void head_product(const struct call *c, struct gemm *g, void *const *out,
                         const void *const *in, int64_t i, int64_t head) {
    const struct heads *h = &c->heads;
    size_t a = (size_t)(i * h->a_example + head * h->a_head) * c->bytes;
    size_t b = (size_t)(i * h->b_example + head * h->b_head) * c->bytes;
    size_t o = (size_t)(i * h->c_example + head * h->c_head) * c->bytes;
    g->a = (const char *)in[0] + a;
    g->b = (const char *)in[1] + b;
    g->c = (char *)out[0] + o;
    kernels()->gemm[c->dtype](g, 0, g->m);
}

static unsigned run_heads(const struct call *c, void *const *out, const void *const *in,
                          int64_t begin, int64_t end, const struct call_env *env) {
    struct gemm g = c->heads.g;
    g.scratch = env->scratch;
    for (int64_t i = begin; i < end; i++)
        for (int64_t head = 0; head < c->heads.n; head++) head_product(c, &g, out, in, i, head);
    return 0;
}

/* (rows, d) (columns, d)^T of each head */
static void scores(struct heads *h, const struct shape *q, const struct shape *k, int64_t heads) {
    int64_t wide = q->size[2], d = wide / heads, rows = q->size[1], columns = k->size[1];
    h->g = (struct gemm){.m = rows,
                         .n = columns,
                         .k = d,
                         .a_row = wide,
                         .a_col = 1,
                         .b_row = 1,
                         .b_col = wide,
                         .c_row = columns};
    h->a_example = rows * wide;
    h->b_example = columns * wide;
    h->c_example = heads * rows * columns;
    h->a_head = h->b_head = d;
    h->c_head = rows * columns;
}

/* (rows, columns) (columns, d), or the transposed (columns, rows) (rows, d) */
static void mix(struct heads *h, const struct shape *p, const struct shape *v, int64_t heads,
                bool trans) {
    int64_t wide = v->size[2], d = wide / heads, rows = p->size[2], columns = p->size[3];
    h->g = (struct gemm){.m = trans ? columns : rows,
                         .n = d,
                         .k = trans ? rows : columns,
                         .a_row = trans ? 1 : columns,
                         .a_col = trans ? columns : 1,
                         .b_row = wide,
                         .b_col = 1,
                         .c_row = wide};
    h->a_example = heads * rows * columns;
    h->b_example = h->g.k * wide;
    h->c_example = h->g.m * wide;
    h->a_head = rows * columns;
    h->b_head = h->c_head = d;
}

void call_heads(struct call *c, const struct call_spec *s) {
    const struct shape *a = &s->in[0]->shape, *b = &s->in[1]->shape;
    if (!dtype_is_float(s->out->dtype)) return;
    c->dtype = s->out->dtype;
    c->bytes = dtype_bytes(c->dtype);
    c->heads.n = s->attrs->axis;
    if (s->op == OP_heads_scores) scores(&c->heads, a, b, c->heads.n);
    else mix(&c->heads, a, b, c->heads.n, s->attrs->trans_a);
    const struct gemm *g = &c->heads.g;
    c->n_units = g->m && g->n ? a->size[0] : 0;
    c->unit_work = (double)c->heads.n * (0.06 * (double)g->m * (double)g->n * (double)g->k + 20);
    c->scratch_bytes = kernels()->gemm_scratch_bytes;
    c->run = run_heads;
}
