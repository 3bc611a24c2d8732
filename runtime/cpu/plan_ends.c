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

static int last_phase(const struct plan *p) {
    int phase = 0;
    for (int i = 0; i < p->n_steps; i++)
        if (p->steps[i].phase > phase) phase = p->steps[i].phase;
    return phase;
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

/* ---- a gradient that is a product or a kernel's, and moves its weight at once ---- */

static int count_readers(const struct plan *p, int32_t value) {
    int n = 0;
    for (int i = 0; i < p->n_steps; i++)
        for (int k = 0; k < p->steps[i].n_in; k++) n += p->steps[i].in[k] == value;
    return n;
}

/* The step that makes the gradient, if it can make rows of it. */
static struct step *maker_of(const struct plan *p, int32_t value) {
    for (int i = 0; i < p->n_steps; i++) {
        struct step *s = &p->steps[i];
        if (s->kind != STEP_CALL || s->group || s->out[0] != value) continue;
        bool product = s->call.op == OP_matmul && s->call.n_units == s->call.matmul.g.m;
        if (product || s->call.op == OP_conv_kernel) return s;
    }
    return NULL;
}

/* Instead of writing the whole gradient and reading it again, blocks of its rows are made in
 * scratch memory and used while they are in the cache. */
static void join_product(struct plan *p, struct step *update) {
    struct step *s = maker_of(p, update->in[0]);
    if (!s || count_readers(p, update->in[0]) != 1) return;
    bool kernel = s->call.op == OP_conv_kernel; /* each block copies bands anew */
    s->cols = kernel ? s->call.conv.o : s->call.matmul.g.n;
    size_t row = (size_t)s->cols * s->call.bytes, most = kernel ? LEARN_KERNEL : LEARN_BLOCK;
    s->kind = STEP_LEARN;
    s->phase = update->phase;
    s->index = update->index;
    s->n_out = 0;
    s->block_rows = row ? (int64_t)(most / row) : 1;
    if (s->block_rows < 8) s->block_rows = 8;
    s->block = (s->call.scratch_bytes + 63) / 64 * 64;
    s->call.scratch_bytes = s->block + (size_t)s->block_rows * row;
    update->kind = STEP_GONE;
    update->n_in = 0;
}

static void join_products(struct plan *p) {
    if (p->update.clip_norm > 0) return;
    for (int i = 0; i < p->n_steps; i++)
        if (p->steps[i].kind == STEP_UPDATE) join_product(p, &p->steps[i]);
}

static bool assigning(struct plan *p, int write, struct err *e) {
    for (int i = 0; i < p->n_assign; i++) {
        struct step *s = reader(p, STEP_ASSIGN, i, p->assign[i].value, write, e);
        if (!s) return false;
        /* a weight copied to another: when everything else is done */
        if (p->values[s->in[0]].space == SPACE_WEIGHTS) s->phase = last_phase(p) + 1;
        if (s->phase < p->first_write) p->first_write = s->phase;
    }
    return true;
}

/* About how many nanoseconds the phases that change weights take. */
static double write_work(const struct plan *p) {
    double work = 0;
    for (int i = 0; i < p->n_steps; i++) {
        const struct step *s = &p->steps[i];
        bool computes = s->kind == STEP_CALL || s->kind == STEP_LEARN;
        if (computes && s->phase >= p->first_write)
            work += s->call.unit_work * (double)s->call.n_units;
    }
    return work;
}

bool plan_ends(struct plan *p, struct err *e) {
    for (int i = 0; i < p->n_outputs; i++)
        if (!reader(p, STEP_OUTPUT, i, p->outputs[i], 0, e)) return false;
    int write = first_write_phase(p);
    TRY(learning(p, e));
    TRY(assigning(p, write, e));
    join_products(p);
    p->n_phases = last_phase(p) + 1;
    p->long_write = write_work(p) > 1e7;
    return true;
}
