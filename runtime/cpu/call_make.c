/* Tensors made from nothing: one number, a range, random numbers. */
#include "call.h"

static unsigned run_fill(const struct call *c, void *const *out, const void *const *in,
                         int64_t begin, int64_t end, const struct call_env *env) {
    const struct walk once = {.n = 1, .size = {INT64_MAX}, .stride = {0}};
    const void *from = &c->a;
    double number;
    (void)in, (void)env;
    kernels()->cast[DT_FLOAT64][c->dtype](&number, &from, 1, NULL);
    walk_read(&once, &number, begin, end - begin, c->bytes,
              (char *)out[0] + begin * (int64_t)c->bytes);
    return 0;
}

static unsigned run_range(const struct call *c, void *const *out, const void *const *in,
                          int64_t begin, int64_t end, const struct call_env *env) {
    (void)in, (void)env;
    for (int64_t i = begin; i < end; i++) {
        double x = c->a + c->b * (double)i;
        const void *from = &x;
        if (c->dtype == DT_INT64) {
            ((int64_t *)out[0])[i] = (int64_t)c->a + (int64_t)c->b * i;
        } else {
            kernels()->cast[DT_FLOAT64][c->dtype]((char *)out[0] + i * (int64_t)c->bytes, &from, 1,
                                                  NULL);
        }
    }
    return 0;
}

static enum draw draw_of(enum op op) {
    return op == OP_uniform ? DRAW_UNIFORM : op == OP_normal ? DRAW_NORMAL : DRAW_BERNOULLI;
}

static unsigned run_draw(const struct call *c, void *const *out, const void *const *in,
                         int64_t begin, int64_t end, const struct call_env *env) {
    struct rng_key key = {env->seed, c->stream.stream, env->step};
    (void)in;
    kernels()->draw[draw_of(c->op)][c->dtype]((char *)out[0] + begin * (int64_t)c->bytes, key,
                                              begin, end - begin, c->a);
    return 0;
}

/* How many numbers one result of a reduction folds. */
static double folded_count(const struct call_spec *s) {
    const struct shape *in = &s->in[0]->shape;
    double n = 1;
    for (int i = 0; i < in->n; i++)
        if (s->attrs->axes >> i & 1) n *= (double)in->size[i];
    return n;
}

void call_make(struct call *c, const struct call_spec *s) {
    bool random = s->op == OP_uniform || s->op == OP_normal || s->op == OP_bernoulli;
    c->dtype = s->out->dtype;
    c->bytes = dtype_bytes(c->dtype);
    c->a = s->op == OP_count ? folded_count(s) : s->attrs->a;
    c->b = s->attrs->b;
    c->n_units = shape_product(&s->out->shape, 0, s->out->shape.n);
    c->unit_work = random ? 12 : 1;
    c->run = s->op == OP_range ? run_range : run_fill;
    if (random) c->run = kernels()->draw[draw_of(s->op)][c->dtype] ? run_draw : NULL;
}
