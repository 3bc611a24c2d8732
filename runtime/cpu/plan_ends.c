/* Third job of building a plan: what happens with the results. Outputs are copied, gradients move
 * weights, assigned values are stored. */
#include "build.h"

static int32_t root_index(const struct plan *p, int32_t v) {
    return p->values[v].root;
}

/* A step that reads value v element by element with the same share per lane. */
static struct step *reader(struct plan *p, enum step_kind kind, int index, int32_t v,
                           int least_phase, struct err *e) {
    const struct value *x = &p->values[root_index(p, v)];
    bool leaf = x->space == SPACE_WEIGHTS || x->space == SPACE_CONSTANT;
    int phase = leaf ? 0 : x->phase;
    struct step *s = plan_add_step(p, kind, phase > least_phase ? phase : least_phase);
    s->index = index;
    s->cut = leaf ? x->count / 2 : x->cut;
    s->in = plan_alloc(p, 1, sizeof *s->in, e);
    if (!s->in) return NULL;
    s->in[s->n_in++] = x->root;
    return s;
}

/* Weights may be written once nobody reads them any more. */
static int first_write_phase(const struct plan *p) {
    int phase = 0;
    for (int i = 0; i < p->n_steps; i++)
        for (int k = 0; k < p->steps[i].n_in; k++)
            if (p->values[p->steps[i].in[k]].space == SPACE_WEIGHTS && p->steps[i].phase >= phase)
                phase = p->steps[i].phase + 1;
    return phase;
}

static bool learning(struct plan *p, struct err *e) {
    int write = first_write_phase(p);
    p->first_write = INT32_MAX;
    if (p->update.rule == UPDATE_NONE) return true;
    for (int i = 0; p->update.clip_norm > 0 && i < p->n_learn; i++) {
        struct step *s = reader(p, STEP_NORM, i, p->learn[i].gradient, 0, e);
        if (!s) return false;
        if (s->phase >= write) write = s->phase + 1;
    }
    for (int i = 0; i < p->n_learn; i++) {
        struct step *s = reader(p, STEP_UPDATE, i, p->learn[i].gradient, write, e);
        if (!s) return false;
        if (s->phase < p->first_write) p->first_write = s->phase;
    }
    return true;
}

static bool assigning(struct plan *p, int write, struct err *e) {
    for (int i = 0; i < p->n_assign; i++) {
        struct step *s = reader(p, STEP_ASSIGN, i, p->assign[i].value, write, e);
        if (!s) return false;
        if (s->phase < p->first_write) p->first_write = s->phase;
    }
    return true;
}

bool plan_ends(struct plan *p, struct err *e) {
    for (int i = 0; i < p->n_outputs; i++)
        if (!reader(p, STEP_OUTPUT, i, p->outputs[i], 0, e)) return false;
    int write = first_write_phase(p);
    TRY(learning(p, e));
    TRY(assigning(p, write, e));
    for (int i = 0; i < p->n_steps; i++)
        if (p->steps[i].phase >= p->n_phases) p->n_phases = p->steps[i].phase + 1;
    return true;
}
