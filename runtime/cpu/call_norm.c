/* Normalisation within an example, and its derivative. Units are rows of the last axis, or, with
 * groups, examples: a group's numbers are brought together first. */
#include "call.h"

static unsigned run_rows(const struct call *c, void *const *out, const void *const *in,
                         int64_t begin, int64_t end, const struct call_env *env) {
    const struct norm_kernels *k = &kernels()->norm[c->dtype];
    int64_t n = c->norm.n;
    for (int64_t u = begin; u < end; u++) {
        size_t at = (size_t)(u * n) * c->bytes;
        const char *x = (const char *)in[0] + at;
        char *o = (char *)out[0] + at;
        if (c->op == OP_norm) k->norm(o, x, n, c->a);
        else k->slope(o, x, (const char *)in[1] + at, n, c->a, env->scratch);
    }
    return 0;
}

/* Between (places, channels) and the numbers of one group, one after the other. */
static void move_group(const struct call *c, char *example, char *group, int64_t index, bool back) {
    size_t piece = (size_t)(c->norm.channels / c->norm.groups) * c->bytes;
    size_t row = (size_t)c->norm.channels * c->bytes;
    char *from = example + (size_t)index * piece;
    for (int64_t p = 0; p < c->norm.places; p++, from += row, group += piece)
        memcpy(back ? from : group, back ? group : from, piece);
}

static unsigned run_groups(const struct call *c, void *const *out, const void *const *in,
                           int64_t begin, int64_t end, const struct call_env *env) {
    const struct norm_kernels *k = &kernels()->norm[c->dtype];
    int64_t n = c->norm.places * c->norm.channels / c->norm.groups;
    size_t bytes = (size_t)n * c->bytes, example = bytes * (size_t)c->norm.groups;
    char *x = env->scratch, *u = x + bytes, *o = u + bytes;
    for (int64_t i = begin; i < end; i++)
        for (int64_t g = 0; g < c->norm.groups; g++) {
            move_group(c, (char *)(uintptr_t)in[0] + (size_t)i * example, x, g, false);
            if (c->op == OP_norm) {
                k->norm(o, x, n, c->a);
            } else {
                move_group(c, (char *)(uintptr_t)in[1] + (size_t)i * example, u, g, false);
                k->slope(o, x, u, n, c->a, o + bytes);
            }
            move_group(c, (char *)out[0] + (size_t)i * example, o, g, true);
        }
    return 0;
}

void call_norm(struct call *c, const struct call_spec *s) {
    const struct shape *x = &s->in[0]->shape;
    if (!dtype_is_float(s->out->dtype)) return;
    c->dtype = s->out->dtype;
    c->bytes = dtype_bytes(c->dtype);
    c->a = s->attrs->a;
    c->norm.groups = s->attrs->axis;
    c->norm.n = c->norm.channels = x->size[x->n - 1];
    c->norm.places = shape_product(x, 1, x->n - 1);
    bool rows = c->norm.groups == 0;
    c->n_units = shape_product(x, 0, rows ? x->n - 1 : 1);
    int64_t each = rows ? c->norm.n : c->norm.places * c->norm.channels;
    if (each == 0) c->n_units = 0;
    size_t piece = (size_t)(rows ? each : each / c->norm.groups) * c->bytes;
    c->scratch_bytes = rows ? piece : 4 * piece;
    c->unit_work = 3.0 * (double)each + 20;
    c->run = rows ? run_rows : run_groups;
}
