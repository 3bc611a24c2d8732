/* Recurrent layers: forwards and backwards in one launch each; the derivative of the recurrent
 * kernel is a product over all steps of all examples. */
#include "cuda.h"
#include "op/recur.h"

/* in[0] is x for the record itself, otherwise the record. */
static struct recur_args geometry(struct lowering *l, const struct program_step *s) {
    const struct shape *first = &value_of(l, s->in[0])->shape;
    const struct attrs *a = s->attrs;
    int64_t wide = s->op == OP_recur ? recur_gates[a->axis] : recur_kept[a->axis];
    return (struct recur_args){.out = value_at(l, s->out[0]),
                               .x = value_at(l, s->in[0]),
                               .n = (uint32_t)first->size[0],
                               .steps = (uint32_t)first->size[1],
                               .units = (uint32_t)(first->size[2] / wide),
                               .gates = (uint32_t)recur_gates[a->axis],
                               .kept = (uint32_t)recur_kept[a->axis],
                               .biases = (uint32_t)recur_biases[a->axis],
                               .count = (uint32_t)value_of(l, s->out[0])->count,
                               .cell = a->axis,
                               .fn = a->perm[0],
                               .gate_fn = a->perm[1],
                               .form = (int32_t)a->axes,
                               .backwards = a->trans_a};
}

/* The kernel (units, gates) as (gates, units), in scratch memory. */
static float *turned_kernel(struct lowering *l, const struct program_step *s,
                            const struct recur_args *a) {
    uint32_t wide = a->gates * a->units, count = wide * a->units;
    float *to = scratch_at(l, (uint64_t)count * sizeof(float));
    struct elem_args *e = launch_each(l, K_elem_run, count);
    e->count = count;
    e->n_in = e->n_out = 1;
    e->faults = faults_at(l);
    e->in[0] = (struct elem_in){
        value_at(l, s->in[1]), T_F32, {2, 0, {wide, a->units}, {1, (int32_t)wide}}};
    e->out[0] = (struct elem_out){to, T_F32, 0};
    return to;
}

static void weight(struct lowering *l, const struct program_step *s, const struct recur_args *a) {
    int64_t n = a->units, wide = a->gates * n, kept = a->kept * n;
    const float *up = value_at(l, s->in[1]);
    bool gru = a->cell == RECUR_GRU;
    struct product_args p = {.a = a->x,
                             .b = up,
                             .c = a->out,
                             .m = a->units,
                             .n = (uint32_t)(gru ? 2 * n : wide),
                             .k = a->n * a->steps,
                             .heads = 1,
                             .a_row = 1,
                             .a_col = kept,
                             .b_row = wide,
                             .b_col = 1,
                             .c_row = wide};
    lower_product(l, &p, 1);
    if (!gru) return;
    uint64_t count = (uint64_t)p.k * a->units;
    float *candidate = scratch_at(l, count * sizeof(float));
    struct recur_args *c = launch_each(l, K_recur_candidate, count);
    *c = *a;
    c->out = candidate;
    c->up = up;
    c->count = (uint32_t)count;
    p.b = candidate;
    p.c = a->out + 2 * n;
    p.n = a->units;
    p.b_row = n;
    lower_product(l, &p, 1);
}

void lower_recur(struct lowering *l, const struct program_step *s) {
    struct recur_args a = geometry(l, s);
    uint64_t most = 64 * (uint64_t)l->plan->device->sms, blocks = a.n < most ? a.n : most;
    bool loops = s->op == OP_recur || s->op == OP_recur_slopes;
    if (loops && a.units > RECUR_UNITS) {
        lower_cannot(l, "a recurrent layer of %u units (at most %d)", a.units, RECUR_UNITS);
        return;
    }
    if (s->op == OP_recur_weight) {
        weight(l, s, &a);
    } else if (s->op == OP_recur) {
        a.kernel = value_at(l, s->in[1]);
        a.bias = value_at(l, s->in[2]);
        if (a.count) *(struct recur_args *)launch_add(l, K_recur_run, blocks, 1, 1) = a;
    } else if (s->op == OP_recur_slopes) {
        a.kernel = turned_kernel(l, s, &a);
        a.up = value_at(l, s->in[2]);
        if (a.count) *(struct recur_args *)launch_add(l, K_recur_slopes_run, blocks, 1, 1) = a;
    } else {
        a.up = value_at(l, s->in[1]);
        enum kernel kernel = s->op == OP_recur_bias ? K_recur_bias_run : K_recur_states_run;
        *(struct recur_args *)launch_each(l, kernel, a.count) = a;
    }
}
