/* Running a plan: two lanes go through the steps, each doing its share, and wait for each other
 * between phases. With one thread the lanes take turns, phase by phase, with the same results. */
#include "build.h"
#include "device/device_plan.h"
#include "workspace.h"
#include <math.h>
#include <stdatomic.h>

/* ---- one step, one lane ---- */

static bool feed_is_direct(const struct value *v, const struct feed *f) {
    return !f->rows && f->dtype == v->node->desc.dtype && f->scale == 1 && f->offset == 0;
}

/* Rows of the data into the batch; both are (rows, …). */
static void run_feed(const struct plan *p, const struct step *s, int lane, int64_t begin,
                     int64_t end) {
    const struct value *v = &p->values[s->out[0]];
    const struct feed *f = &p->io->inputs[s->index];
    const struct shape *shape = &v->node->desc.shape;
    enum dtype to = v->node->desc.dtype;
    if (feed_is_direct(v, f) || v->count == 0) return;
    int64_t rows = shape->n ? shape->size[0] : 1, row = v->count / rows;
    convert_fn convert = dtype_is_float(to) ? kernels()->convert[f->dtype][to] : NULL;
    if (begin == 0 && end == v->count && !f->rows) row = v->count;
    size_t from_bytes = (size_t)row * dtype_bytes(f->dtype), to_bytes = (size_t)row * v->bytes;
    for (int64_t i = begin / row; i < end / row; i++) {
        int64_t at = f->rows ? f->rows[i] : i;
        const void *from = (const char *)f->data + (size_t)at * from_bytes;
        char *out = (char *)s->out_place[lane][0] + i * (int64_t)to_bytes;
        if (convert) {
            convert(out, from, row, f->scale, f->offset);
        } else {
            kernels()->cast[f->dtype][to](out, &from, row, NULL);
        }
    }
}

static void run_output(const struct plan *p, const struct step *s, int64_t begin, int64_t end) {
    const struct value *v = &p->values[s->in[0]];
    char *out = p->io->outputs ? p->io->outputs[s->index] : NULL;
    if (!out || out == p->place[v->root] || begin >= end) return;
    size_t skip = (size_t)begin * v->bytes;
    memcpy(out + skip, (const char *)p->place[v->root] + skip, (size_t)(end - begin) * v->bytes);
}

static void run_norm(const struct plan *p, const struct step *s, int lane, int64_t begin,
                     int64_t end) {
    const struct learn_place *l = &p->learn[s->index];
    const struct value *v = &p->values[s->in[0]];
    struct update_args args = p->args;
    args.l1 = l->l1;
    args.l2 = l->l2;
    args.scale = 1;
    const char *w = (const char *)p->io->weights + (size_t)(l->offset + begin) * v->bytes;
    const char *g = (const char *)p->place[v->root] + (size_t)begin * v->bytes;
    p->norms[s->index * PLAN_LANES + lane] =
        kernels()->learn[p->dtype].squares(w, g, end - begin, &args);
}

/* All gradients together are made at most clip_norm long; the sum is in a fixed order. */
static double norm_scale(const struct plan *p) {
    double squares = 0;
    if (!(p->update.clip_norm > 0)) return 1;
    for (int i = 0; i < p->n_learn * PLAN_LANES; i++) squares += p->norms[i];
    double norm = sqrt(squares);
    return norm > p->update.clip_norm ? p->update.clip_norm / norm : 1;
}

/* Elements [begin, end) of weight s->index; `gradient` is theirs. */
static void move_weights(const struct plan *p, int index, int64_t begin, int64_t end,
                         const void *gradient) {
    const struct learn_place *l = &p->learn[index];
    const struct plan_io *io = p->io;
    struct update_args args = p->args;
    size_t at = (size_t)(l->offset + begin) * dtype_bytes(p->dtype);
    args.l1 = l->l1;
    args.l2 = l->l2;
    args.scale = norm_scale(p);
    kernels()->learn[p->dtype].update[p->update.rule](
        (char *)io->weights + at, gradient, io->slots[0] ? (char *)io->slots[0] + at : NULL,
        io->slots[1] ? (char *)io->slots[1] + at : NULL, end - begin, &args);
}

static void run_update(const struct plan *p, const struct step *s, int64_t begin, int64_t end) {
    const struct value *v = &p->values[s->in[0]];
    move_weights(p, s->index, begin, end,
                 (const char *)p->place[v->root] + (size_t)begin * v->bytes);
}

static struct call_env env_of(const struct plan *p, const struct step *s, int lane) {
    size_t from_end = (size_t)(PLAN_LANES - lane) * p->scratch_bytes;
    bool obeys = s->phase < p->first_write || p->long_write;
    return (struct call_env){.scratch = p->arena + p->arena_bytes - from_end,
                             .stop = obeys ? p->io->stop : NULL,
                             .seed = p->io->seed,
                             .step = p->io->step};
}

/* Rows [begin, end) of a gradient, a block at a time, and their weights. */
static unsigned run_learn(const struct plan *p, const struct step *s, int lane, int64_t begin,
                          int64_t end) {
    struct call_env env = env_of(p, s, lane);
    char *block = (char *)env.scratch + s->block;
    int64_t cols = s->cols, blocks = (end - begin + s->block_rows - 1) / s->block_rows;
    for (int64_t i = 0; i < blocks; i++) {
        int64_t row = begin + (end - begin) * i / blocks;
        int64_t row_end = begin + (end - begin) * (i + 1) / blocks;
        if (call_stopped(&env)) return FAULT_STOP;
        unsigned faults = call_rows(&s->call, block, s->in_place[lane], row, row_end, &env);
        if (faults) return faults;
        move_weights(p, s->index, row * cols, row_end * cols, block);
    }
    return 0;
}

static void run_assign(const struct plan *p, const struct step *s, int64_t begin, int64_t end) {
    const struct value *v = &p->values[s->in[0]];
    size_t skip = (size_t)begin * v->bytes;
    char *to = (char *)p->io->weights + (size_t)p->assign[s->index].offset * v->bytes + skip;
    if (end > begin)
        memcpy(to, (const char *)p->place[v->root] + skip, (size_t)(end - begin) * v->bytes);
}

static unsigned run_call(const struct plan *p, const struct step *s, int lane, int64_t begin,
                         int64_t end) {
    struct call_env env = env_of(p, s, lane);
    return call_run(&s->call, s->out_place[lane], s->in_place[lane], begin, end, &env);
}

/* Sums over rows [begin, end) of (batch, …) are added to the lane's: one sum, or one per column. */
static unsigned run_partial(const struct plan *p, const struct step *s, int lane, int64_t begin,
                            int64_t end) {
    const struct value *v = &p->values[s->in[0]];
    const struct fold_kernels *k = &kernels()->fold[FOLD_SUM][v->node->desc.dtype];
    int64_t row = v->count / p->batch;
    double *sums = (double *)s->sums + lane * s->cols; /* of int64: as many of those */
    const char *from = (const char *)s->in_place[lane][0] + begin * row * (int64_t)v->bytes;
    if (begin == (lane == 0 ? 0 : s->cut)) memset(sums, 0, (size_t)s->cols * sizeof *sums);
    if (s->cols == 1) return k->run(sums, from, (end - begin) * row);
    return k->rows(sums, from, (end - begin) * row / s->cols, s->cols, s->cols);
}

static unsigned run_combine(const struct plan *p, const struct step *s, int64_t begin,
                            int64_t end) {
    const struct value *v = &p->values[s->out[0]];
    const int64_t *whole = s->sums;
    bool bad = false;
    const double *a = s->sums, *b = a + s->cols;
    for (int64_t i = begin; i < end; i++) {
        if (v->node->desc.dtype == DT_FLOAT64) {
            ((double *)p->place[v->root])[i] = a[i] + b[i];
        } else if (v->node->desc.dtype == DT_FLOAT32) {
            ((float *)p->place[v->root])[i] = (float)(a[i] + b[i]);
        } else {
            bad |= __builtin_add_overflow(whole[i], whole[s->cols + i],
                                          (int64_t *)p->place[v->root] + i);
        }
    }
    return bad ? FAULT_OVERFLOW : 0;
}

/* What examples [begin, end) add to the lane's share of a kernel's derivative. */
static unsigned run_kernel_part(const struct plan *p, const struct step *s, int lane, int64_t begin,
                                int64_t end) {
    struct call_env env = env_of(p, s, lane);
    const void *const *in = s->in_place[lane];
    char *sums = (char *)s->sums + (size_t)(lane * s->cols) * s->call.bytes;
    bool goes_on = begin != (lane == 0 ? 0 : s->cut);
    if (s->call.op == OP_conv_kernel)
        return call_kernel_sum(&s->call, sums, in, begin, end, goes_on, &env);
    if (s->call.op == OP_recur_weight)
        call_recur_sum(&s->call, sums, in, begin, end, goes_on, &env);
    else call_product_sum(&s->call, sums, in, p->batch, begin, end, goes_on, &env);
    return 0;
}

static void run_add(const struct plan *p, const struct step *s, int64_t begin, int64_t end) {
    const struct value *v = &p->values[s->out[0]];
    size_t skip = (size_t)begin * v->bytes;
    const void *in[2] = {(char *)s->sums + skip,
                         (char *)s->sums + (size_t)s->cols * v->bytes + skip};
    kernels()->elem[OP_add][v->node->desc.dtype]((char *)p->place[v->root] + skip, in, end - begin,
                                                 NULL);
}

static void run_units(struct plan *p, const struct step *s, int lane, int64_t begin, int64_t end) {
    if (begin >= end && s->kind != STEP_NORM && s->kind != STEP_PARTIAL) return;
    switch (s->kind) {
    case STEP_FEED: run_feed(p, s, lane, begin, end); break;
    case STEP_CALL: p->faults[lane] |= run_call(p, s, lane, begin, end); break;
    case STEP_PARTIAL: p->faults[lane] |= run_partial(p, s, lane, begin, end); break;
    case STEP_COMBINE: p->faults[lane] |= run_combine(p, s, begin, end); break;
    case STEP_KERNEL: p->faults[lane] |= run_kernel_part(p, s, lane, begin, end); break;
    case STEP_ADD: run_add(p, s, begin, end); break;
    case STEP_OUTPUT: run_output(p, s, begin, end); break;
    case STEP_NORM: run_norm(p, s, lane, begin, end); break;
    case STEP_UPDATE: run_update(p, s, begin, end); break;
    case STEP_LEARN: p->faults[lane] |= run_learn(p, s, lane, begin, end); break;
    case STEP_ASSIGN: run_assign(p, s, begin, end); break;
    case STEP_GONE: break;
    }
}

static void run_step(struct plan *p, const struct step *s, int lane) {
    int64_t units = step_units(p, s);
    run_units(p, s, lane, lane == 0 ? 0 : s->cut, lane == 0 ? s->cut : units);
}

/* ---- lanes ---- */

static bool wants_stop(const struct plan *p, int phase) {
    const _Atomic bool *stop = p->io->stop;
    return stop && (phase < p->first_write || p->long_write) &&
           atomic_load_explicit(stop, memory_order_relaxed);
}

/* Did this lane meet a fault, or see the stop flag? Then it lets the other know. */
static bool lane_ends(struct plan *p, int lane, int phase) {
    if (wants_stop(p, phase)) p->faults[lane] |= FAULT_STOP;
    if (!p->faults[lane]) return false;
    atomic_store_explicit(&p->abort, true, memory_order_relaxed);
    return true;
}

/* Row 0 of a blocked value as seen while its lane's block holds rows from `row` on. It lies outside
 * of the block, and is never touched. */
static void *block_place(const struct plan *p, const struct value *v, int lane, int64_t row) {
    size_t skip = (size_t)row * (size_t)(v->count / p->batch) * v->bytes;
    return (void *)((uintptr_t)p->arena + v->offset + (size_t)lane * v->lane_bytes - skip);
}

static bool in_block(const struct plan *p, const struct value *v) {
    if (v->space == SPACE_INPUT && feed_is_direct(v, &p->io->inputs[v->node->index])) return false;
    return v->blocked;
}

static void move_block(const struct plan *p, const struct step *s, int lane, int64_t row) {
    for (int k = 0; k < s->n_in; k++) {
        const struct value *v = &p->values[s->in[k]];
        if (in_block(p, v)) s->in_place[lane][k] = block_place(p, v, lane, row);
    }
    for (int k = 0; k < s->n_out; k++) {
        const struct value *v = &p->values[s->out[k]];
        if (in_block(p, v)) s->out_place[lane][k] = block_place(p, v, lane, row);
    }
}

/* Steps [i, i + run) for a few rows of the lane at a time. A lane without rows still makes its
 * (empty) sums. */
static void run_by_rows(struct plan *p, int lane, int i) {
    const struct step *first = &p->steps[i];
    int64_t row = lane == 0 ? 0 : p->row_cut, end = lane == 0 ? p->row_cut : p->batch;
    do {
        int64_t next = row + first->run_rows < end ? row + first->run_rows : end;
        for (int k = i; k < i + first->run && !lane_ends(p, lane, first->phase); k++) {
            const struct step *s = &p->steps[k];
            int64_t each = step_units(p, s) / p->batch;
            move_block(p, s, lane, row);
            run_units(p, s, lane, row * each, next * each);
        }
        row = next;
    } while (row < end && !p->faults[lane]);
}

/* The steps of one phase; returns the first of the next. A lane that ends early lets the other
 * know; both leave at the phase's end. */
static int run_phase(struct plan *p, int lane, int i) {
    int phase = p->steps[i].phase;
    while (i < p->n_steps && p->steps[i].phase == phase) {
        const struct step *s = &p->steps[i];
        bool ends = lane_ends(p, lane, phase);
        if (!ends && s->run > 0) run_by_rows(p, lane, i);
        if (!ends && s->run == 0) run_step(p, s, lane);
        i += s->run > 0 ? s->run : 1;
    }
    lane_ends(p, lane, phase);
    return i;
}

/* Both lanes in turn, from step i on. */
static void run_both(struct plan *p, int i) {
    while (i < p->n_steps && !atomic_load_explicit(&p->abort, memory_order_relaxed)) {
        int next = i;
        for (int lane = 0; lane < PLAN_LANES; lane++) next = run_phase(p, lane, i);
        i = next;
    }
}

/* How long the other lane is waited for: little beside what it saves. The first phase alone may be
 * over before its thread is awake. */
static double patience_of(const struct plan *p) {
    const double most = 3e-4;
    return fmin(p->seconds / 8, most);
}

static void run_lane(void *user, int lane) {
    struct plan *p = user;
    for (int i = 0; i < p->n_steps;) {
        int next = run_phase(p, lane, i);
        if (i == 0 && lane == 0 && threads_take_back(patience_of(p))) {
            run_phase(p, 1, i);
            run_both(p, next);
            return;
        }
        i = next;
        barrier_wait(&p->barrier);
        if (atomic_load_explicit(&p->abort, memory_order_relaxed)) return;
    }
}

/* Where each value lies in this run. */
static void find_places(struct plan *p, const struct plan_io *io) {
    p->arena = workspace_memory(p->workspace);
    for (int i = 0; i < p->n_values; i++) {
        const struct value *v = &p->values[i];
        const struct node *n = v->node;
        if (v->root != i) continue;
        p->place[i] = p->arena + v->offset;
        if (v->space == SPACE_WEIGHTS) p->place[i] = (char *)io->weights + v->offset;
        if (v->space == SPACE_CONSTANT) memcpy(&p->place[i], &v->constant, sizeof(void *));
        if (v->space == SPACE_OUTPUT) p->place[i] = io->outputs[v->output];
        if (v->space == SPACE_INPUT && feed_is_direct(v, &io->inputs[n->index]))
            memcpy(&p->place[i], &io->inputs[n->index].data, sizeof(void *));
    }
    for (int i = 0; i < p->n_steps; i++)
        for (int lane = 0; lane < PLAN_LANES; lane++) {
            const struct step *s = &p->steps[i];
            for (int k = 0; k < s->n_in; k++) s->in_place[lane][k] = p->place[s->in[k]];
            for (int k = 0; k < s->n_out; k++) s->out_place[lane][k] = p->place[s->out[k]];
        }
}

static void prepare_update(struct plan *p, const struct plan_io *io) {
    const struct update *u = &p->update;
    double t = (double)io->step + 1;
    p->args =
        (struct update_args){.rate = io->rate,
                             .beta_1 = u->beta_1,
                             .beta_2 = u->beta_2,
                             .epsilon = u->epsilon,
                             .correct_1 = u->rule == UPDATE_ADAM ? 1 / (1 - pow(u->beta_1, t)) : 1,
                             .correct_2 = u->rule == UPDATE_ADAM ? 1 / (1 - pow(u->beta_2, t)) : 1,
                             .weight_decay = u->weight_decay,
                             .clip_value = u->clip_value,
                             .scale = 1,
                             .nesterov = u->nesterov};
}

/* What a plan without room for its inputs was promised. */
static bool inputs_lie_right(const struct plan *p, const struct plan_io *io, struct err *e) {
    for (int i = 0; p->in_place && i < p->n_values; i++) {
        const struct value *v = &p->values[i];
        bool input = v->space == SPACE_INPUT && v->count > 0;
        if (input && !feed_is_direct(v, &io->inputs[v->node->index]))
            return err_set(e, ERR_BUG, "An input of a plan does not lie as the plan reads it.");
    }
    return true;
}

bool plan_settle(struct plan *p, struct err *e) {
    return !p->device || device_plan_settle(p->device, e);
}

bool plan_run(struct plan *p, const struct plan_io *io, struct err *e) {
    if (p->device) return device_plan_run(p->device, io, e);
    TRY(inputs_lie_right(p, io, e));
    p->io = io;
    p->faults[0] = p->faults[1] = 0;
    atomic_store(&p->abort, false);
    barrier_init(&p->barrier, PLAN_LANES);
    find_places(p, io);
    prepare_update(p, io);
    double begun = threads_seconds();
    if (!threads_pair(run_lane, p)) run_both(p, 0);
    p->seconds = threads_seconds() - begun;
    return call_report(p->faults[0] | p->faults[1], OP_COUNT, e);
}
