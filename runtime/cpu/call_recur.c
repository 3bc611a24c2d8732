/* Recurrent operations: finding the cell's geometry. Units are examples; rows of the result for the
 * derivative of the recurrent kernel. */
#include "call.h"

static unsigned run_record(const struct call *c, void *const *out, const void *const *in,
                           int64_t begin, int64_t end, const struct call_env *env) {
    kernels()->recur[c->dtype].run(&c->recur, out[0], in[0], in[1], in[2], begin, end,
                                   env->scratch);
    return 0;
}

static unsigned run_states(const struct call *c, void *const *out, const void *const *in,
                           int64_t begin, int64_t end, const struct call_env *env) {
    (void)env;
    kernels()->recur[c->dtype].states(&c->recur, out[0], in[0], begin, end);
    return 0;
}

static unsigned run_slopes(const struct call *c, void *const *out, const void *const *in,
                           int64_t begin, int64_t end, const struct call_env *env) {
    kernels()->recur[c->dtype].slopes(&c->recur, out[0], in[0], in[1], in[2], begin, end,
                                      env->scratch);
    return 0;
}

static unsigned run_weight(const struct call *c, void *const *out, const void *const *in,
                           int64_t begin, int64_t end, const struct call_env *env) {
    kernels()->recur[c->dtype].weight(&c->recur, out[0], in[0], in[1], begin, end, env->scratch);
    return 0;
}

void call_recur_sum(const struct call *c, void *out, const void *const *in, int64_t begin,
                    int64_t end, bool accumulate, const struct call_env *env) {
    struct recur r = c->recur;
    size_t skip = (size_t)(begin * r.steps * r.units) * c->bytes;
    const char *record = in[0], *slope = in[1];
    r.n = end - begin;
    r.accumulate = accumulate;
    kernels()->recur[c->dtype].weight(&r, out, record + skip * (size_t)recur_kept[r.cell],
                                      slope + skip * (size_t)recur_gates[r.cell], 0, r.units,
                                      env->scratch);
}

static unsigned run_bias(const struct call *c, void *const *out, const void *const *in,
                         int64_t begin, int64_t end, const struct call_env *env) {
    (void)env;
    kernels()->recur[c->dtype].bias(&c->recur, out[0], in[0], in[1], begin, end);
    return 0;
}

/* in[0] is x for the record itself, otherwise the record. */
static struct recur geometry(const struct call_spec *s) {
    const struct shape *first = &s->in[0]->shape;
    const struct attrs *a = s->attrs;
    int64_t wide = s->op == OP_recur ? recur_gates[a->axis] : recur_kept[a->axis];
    return (struct recur){.cell = (enum recur_cell)a->axis,
                          .fn = (enum recur_fn)a->perm[0],
                          .gate_fn = (enum recur_fn)a->perm[1],
                          .form = (enum recur_form)a->axes,
                          .backwards = a->trans_a,
                          .steps = first->size[1],
                          .units = first->size[2] / wide,
                          .n = first->size[0]};
}

void call_recur(struct call *c, const struct call_spec *s) {
    struct recur r = geometry(s);
    double gates = (double)(r.units * recur_gates[r.cell]), steps = (double)r.steps;
    if (!dtype_is_float(s->out->dtype)) return;
    c->dtype = s->out->dtype;
    c->bytes = dtype_bytes(c->dtype);
    c->recur = r;
    c->scratch_bytes = kernels()->recur[c->dtype].scratch_bytes(&r);
    c->n_units = s->op == OP_recur_weight ? r.units : r.n;
    c->unit_work = steps * gates * (2 + 0.06 * (double)r.units) + 1;
    switch ((int)s->op) {
    case OP_recur: c->run = run_record; break;
    case OP_recur_slopes: c->run = run_slopes; break;
    case OP_recur_weight:
        c->run = run_weight;
        c->unit_work = 0.06 * (double)r.n * steps * gates + 1;
        break;
    default:
        c->run = s->op == OP_recur_bias ? run_bias : run_states;
        c->unit_work = 0.2 * steps * gates + 1;
        c->scratch_bytes = 0;
    }
}
