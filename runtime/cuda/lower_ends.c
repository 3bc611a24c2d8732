/* What happens with the results: outputs go to their block, averages and gradients to the weights.
 */
#include "cuda.h"
#include <string.h>

/* Copies, as many in a launch as fit. */
struct copies {
    struct lowering *l;
    struct copy_args *args;
    bool results; /* to the place that the control block says */
};

static void copy(struct copies *c, void *to, const void *from, uint64_t bytes) {
    if (!c->args || c->args->n == COPIES) c->args = launch_add(c->l, K_copy_parts, 8, 1, 1);
    struct copy_args *a = c->args;
    if (c->results) a->control = control_at(c->l);
    a->stride = c->l->plan->program->output_bytes;
    a->part[a->n].to = to;
    a->part[a->n].from = from;
    a->part[a->n++].bytes = bytes;
    struct backend_plan *p = c->l->plan;
    if (c->l->status == BACKEND_OK) p->launches[p->n_launches - 1].grid[1] = (uint32_t)a->n;
}

static void *at_offset(uint64_t base, uint64_t bytes) {
    void *p;
    uintptr_t n = (uintptr_t)(base + bytes);
    memcpy(&p, &n, sizeof p);
    return p;
}

static void lower_outputs(struct lowering *l) {
    const struct program *p = l->plan->program;
    struct copies c = {l, NULL, true};
    uint64_t at = 0;
    for (int i = 0; i < p->n_outputs; i++) {
        const struct program_value *v = value_of(l, p->outputs[i]);
        uint64_t bytes = (uint64_t)v->count * (v->dtype == DT_FLOAT32 || v->dtype == DT_INT32 ? 4
                                               : v->dtype == DT_INT64                         ? 8
                                                                                              : 1);
        if (bytes) copy(&c, at_offset(l->at->outputs, at), value_at(l, p->outputs[i]), bytes);
        at += (bytes + 63) / 64 * 64;
    }
}

static void lower_assigns(struct lowering *l) {
    const struct program *p = l->plan->program;
    struct copies c = {l, NULL, false};
    for (int i = 0; i < p->n_assign; i++)
        copy(&c, at_offset(l->at->weights, (uint64_t)p->assign[i].offset * 4),
             value_at(l, p->assign[i].value), (uint64_t)p->assign[i].count * 4);
}

enum { NORM_BLOCKS = 32 };

static void fill_learn(struct lowering *l, struct learn_args *a, int first) {
    const struct program *p = l->plan->program;
    const struct update *u = &p->update;
    a->weights = at_offset(l->at->weights, 0);
    for (int i = 0; i < 2; i++) a->slots[i] = at_offset(l->at->slots[i], 0);
    a->control = control_at(l);
    a->scaler = p->scaled ? at_offset(l->at->scaler, 0) : NULL;
    a->rule = (int32_t)u->rule;
    a->nesterov = u->nesterov;
    a->beta_1 = u->beta_1;
    a->beta_2 = u->beta_2;
    a->epsilon = u->epsilon;
    a->weight_decay = u->weight_decay;
    a->clip_value = u->clip_value;
    a->clip_norm = u->clip_norm;
    a->n = p->n_learn - first < LEARNS ? p->n_learn - first : LEARNS;
    for (int i = 0; i < a->n; i++) {
        const struct program_learn *w = &p->learn[first + i];
        a->part[i] = (struct learn_part){.offset = w->offset,
                                         .count = (uint32_t)w->count,
                                         .gradient = value_at(l, w->gradient),
                                         .l1 = (float)w->l1,
                                         .l2 = (float)w->l2};
    }
}

static uint64_t blocks_for(const struct program *p, int first, uint64_t most) {
    uint64_t largest = 1;
    for (int i = first; i < p->n_learn && i < first + LEARNS; i++)
        if ((uint64_t)p->learn[i].count > largest) largest = (uint64_t)p->learn[i].count;
    uint64_t blocks = (largest + THREADS - 1) / THREADS;
    return blocks < most ? blocks : most;
}

/* Gradients of a scaled loss: are they finite, and what follows. */
static void lower_scale(struct lowering *l) {
    const struct program *p = l->plan->program;
    bool adam = (int)p->update.rule == RULE_ADAM;
    if (!p->scaled || p->n_learn == 0) return;
    for (int i = 0; i < p->n_learn; i += LEARNS) {
        uint64_t n = (uint64_t)(p->n_learn - i < LEARNS ? p->n_learn - i : LEARNS);
        fill_learn(l, launch_add(l, K_scale_check, NORM_BLOCKS, n, 1), i);
    }
    *(struct scale_args *)launch_add(l, K_scale_decide, 1, 1, 1) =
        (struct scale_args){.scaler = at_offset(l->at->scaler, 0),
                            .control = control_at(l),
                            .beta_1 = adam ? p->update.beta_1 : 0,
                            .beta_2 = adam ? p->update.beta_2 : 0,
                            .growth = SCALE_GROWTH};
}

static void lower_learning(struct lowering *l) {
    const struct program *p = l->plan->program;
    bool clips = p->update.clip_norm > 0;
    if (p->n_learn > 0 && (int)p->update.rule > RULE_ADAGRAD) {
        lower_cannot(l, "this optimizer");
        return;
    }
    uint32_t n_squares = (uint32_t)p->n_learn * NORM_BLOCKS;
    double *squares = clips ? scratch_at(l, n_squares * sizeof(double)) : NULL;
    for (int i = 0; clips && i < p->n_learn; i += LEARNS) {
        uint64_t n = (uint64_t)(p->n_learn - i < LEARNS ? p->n_learn - i : LEARNS);
        struct learn_args *a = launch_add(l, K_learn_squares, NORM_BLOCKS, n, 1);
        fill_learn(l, a, i);
        a->squares = squares + i * NORM_BLOCKS;
    }
    for (int i = 0; i < p->n_learn; i += LEARNS) {
        uint64_t n = (uint64_t)(p->n_learn - i < LEARNS ? p->n_learn - i : LEARNS);
        uint64_t blocks = blocks_for(p, i, 4 * (uint64_t)l->plan->device->sms);
        struct learn_args *a = launch_add(l, K_learn_run, blocks, n, 1);
        fill_learn(l, a, i);
        a->squares = squares;
        a->n_squares = n_squares;
    }
}

void lower_ends(struct lowering *l) {
    lower_outputs(l);
    lower_assigns(l);
    lower_scale(l);
    lower_learning(l);
}
