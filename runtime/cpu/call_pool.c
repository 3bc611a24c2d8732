/* Pooling and its derivatives (pool.h). Units are rows of the result where each result is one
 * window's; where windows may overlap in the result, they are whole images. */
#include "call.h"

/* Row i of windows of one image: which of the window's rows lie inside. */
static void window_rows(const struct pool_call *v, int64_t i, struct pool_row *r) {
    int64_t begin = i * v->window.stride[0] - v->window.before[0];
    r->top = begin < 0 ? -begin : 0;
    r->bottom = begin + v->window.size[0] > v->h ? v->h - begin : v->window.size[0];
}

static struct pool_row row_of(const struct pool_call *v) {
    return (struct pool_row){.cols = v->ow,
                             .step = v->window.stride[1],
                             .row = v->w * v->c,
                             .channels = v->c,
                             .width = v->window.size[1],
                             .before = v->window.before[1],
                             .size = v->w,
                             .apart = v->window.stride[0] >= v->window.size[0] &&
                                      v->window.stride[1] >= v->window.size[1]};
}

/* Bytes from an image's beginning to where the first window of row i begins; may be before it. */
static int64_t skip_of(const struct call *c, int64_t image, int64_t i) {
    const struct pool_call *v = &c->pool;
    int64_t row = image * v->h + i * v->window.stride[0] - v->window.before[0];
    return (row * v->w - v->window.before[1]) * v->c * (int64_t)c->bytes;
}

/* A place that may lie outside of the array: it is only added to. */
static void *shifted(const void *p, int64_t bytes) {
    return (void *)((uintptr_t)p + (uintptr_t)bytes);
}

static pool_fn function_of(const struct call *c) {
    const struct pool_kernels *k = &kernels()->pool[c->dtype];
    switch ((int)c->op) {
    case OP_max_pool: return k->max;
    case OP_max_take: return k->take;
    case OP_max_spread: return k->max_spread;
    case OP_mean_pool: return k->mean;
    default: return k->mean_spread;
    }
}

/* max_pool (x), max_take (x, values), mean_pool (x) */
static unsigned run_gather(const struct call *c, void *const *out, const void *const *in,
                           int64_t begin, int64_t end, const struct call_env *env) {
    const struct pool_call *v = &c->pool;
    struct pool_row r = row_of(v);
    pool_fn fn = function_of(c);
    (void)env;
    for (int64_t u = begin; u < end; u++) {
        int64_t skip = skip_of(c, u / v->oh, u % v->oh);
        window_rows(v, u % v->oh, &r);
        r.x = shifted(in[0], skip);
        r.up = c->op == OP_max_take ? shifted(in[1], skip) : NULL;
        r.out = (char *)out[0] + u * v->ow * v->c * (int64_t)c->bytes;
        fn(&r);
    }
    return 0;
}

/* Does every number of the result lie in one window's share, so that none need be zero before? */
static bool fills_all(const struct call *c) {
    const struct pool_call *v = &c->pool;
    const struct sliding *w = &v->window;
    return c->op == OP_mean_spread && w->stride[0] == w->size[0] && w->stride[1] == w->size[1] &&
           w->before[0] == 0 && w->before[1] == 0 && v->oh * w->size[0] >= v->h &&
           v->ow * w->size[1] >= v->w;
}

/* max_spread (x, up), mean_spread (up) */
static unsigned run_spread(const struct call *c, void *const *out, const void *const *in,
                           int64_t begin, int64_t end, const struct call_env *env) {
    const struct pool_call *v = &c->pool;
    struct pool_row r = row_of(v);
    pool_fn fn = function_of(c);
    size_t image = (size_t)(v->h * v->w * v->c) * c->bytes;
    size_t up = (size_t)(v->ow * v->c) * c->bytes;
    (void)env;
    if (!fills_all(c))
        memset((char *)out[0] + (size_t)begin * image, 0, (size_t)(end - begin) * image);
    for (int64_t u = begin * v->oh; u < end * v->oh; u++) {
        int64_t skip = skip_of(c, u / v->oh, u % v->oh);
        window_rows(v, u % v->oh, &r);
        r.x = shifted(in[0], skip);
        r.up = (const char *)in[c->op == OP_max_spread ? 1 : 0] + (size_t)u * up;
        r.out = shifted(out[0], skip);
        fn(&r);
    }
    return 0;
}

void call_pool(struct call *c, const struct call_spec *s) {
    bool spreads = s->op == OP_max_spread || s->op == OP_mean_spread;
    const struct shape *x = spreads ? &s->out->shape : &s->in[0]->shape;
    const struct shape *y = spreads ? &s->in[s->n_in - 1]->shape : &s->out->shape;
    if (!dtype_is_float(s->out->dtype)) return;
    c->dtype = s->out->dtype;
    c->bytes = dtype_bytes(c->dtype);
    c->pool = (struct pool_call){.n = x->size[0],
                                 .h = x->size[1],
                                 .w = x->size[2],
                                 .c = x->size[3],
                                 .oh = y->size[1],
                                 .ow = y->size[2],
                                 .window = s->attrs->window};
    const struct pool_call *v = &c->pool;
    double work = (double)(v->ow * v->c) * v->window.size[0] * v->window.size[1];
    c->n_units = spreads ? v->n : v->n * v->oh;
    c->unit_work = (spreads ? (double)v->oh : 1) * work + 1;
    c->run = spreads ? run_spread : run_gather;
}
