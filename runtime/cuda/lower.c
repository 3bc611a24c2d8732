/* From a program to launches: the table of operations, and the helpers of the families. */
#include "blas.h"
#include "base/arena.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static lower_fn *const families[OP_COUNT] = {
    [OP_range] = lower_make,
    [OP_uniform] = lower_make,
    [OP_normal] = lower_make,
    [OP_bernoulli] = lower_make,
    [OP_place] = lower_place,
    [OP_concat] = lower_concat,
    [OP_gather] = lower_index,
    [OP_scatter_add] = lower_index,
    [OP_one_hot] = lower_index,
    [OP_sum] = lower_fold,
    [OP_mean] = lower_fold,
    [OP_max] = lower_fold,
    [OP_min] = lower_fold,
    [OP_any] = lower_fold,
    [OP_all] = lower_fold,
    [OP_argmax] = lower_along,
    [OP_argmin] = lower_along,
    [OP_cumsum] = lower_along,
    [OP_softmax] = lower_along,
    [OP_log_softmax] = lower_along,
    [OP_softmax_crossentropy] = lower_along,
    [OP_softmax_slope] = lower_along,
    [OP_matmul] = lower_matmul,
    [OP_conv] = lower_conv,
    [OP_conv_input] = lower_conv,
    [OP_conv_kernel] = lower_conv,
    [OP_max_pool] = lower_pool,
    [OP_max_take] = lower_pool,
    [OP_max_spread] = lower_pool,
    [OP_mean_pool] = lower_pool,
    [OP_mean_spread] = lower_pool,
    [OP_warp] = lower_warp,
    [OP_warp_back] = lower_warp,
    [OP_norm] = lower_norm,
    [OP_norm_slope] = lower_norm,
    [OP_heads_scores] = lower_heads,
    [OP_heads_mix] = lower_heads,
    [OP_recur] = lower_recur,
    [OP_recur_states] = lower_recur,
    [OP_recur_slopes] = lower_recur,
    [OP_recur_weight] = lower_recur,
    [OP_recur_bias] = lower_recur,
};

static const char *const names[OP_COUNT] = {
#define OP(name, arity, rule, flags, help) [OP_##name] = #name,
#include "ops.list"
#undef OP
};

/* ---- helpers ---- */

static void fail(struct lowering *l, enum backend_status status) {
    if (l->status == BACKEND_OK) l->status = status;
}

void lower_cannot(struct lowering *l, const char *format, ...) {
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (l->status == BACKEND_OK) fail(l, module_error(BACKEND_CANNOT, "%s", text));
}

static void *room(struct lowering *l, size_t bytes) {
    void *at = arena_alloc(l->plan->memory, bytes);
    if (!at) fail(l, module_error(BACKEND_FAILED, "a plan with too many steps"));
    return at;
}

static const size_t args_bytes[N_KERNELS + 1] = {
#define KERNEL_ROW(name, args, waits) [K_##name] = sizeof(struct args),
#include "kernels.list"
#undef KERNEL_ROW
    [N_KERNELS] = sizeof(struct blas_args),
};

void *launch_add(struct lowering *l, enum kernel kernel, uint64_t x, uint64_t y, uint64_t z) {
    static max_align_t nowhere[256];
    struct backend_plan *p = l->plan;
    void *args = room(l, args_bytes[kernel]);
    if (y > 65535 || z > 65535 || x > INT32_MAX) {
        lower_cannot(l, "a tensor is too large for the GPU's kernels");
        args = NULL;
    }
    if (p->n_launches == p->max_launches && args) {
        struct launch *more = room(l, 2 * (size_t)(p->max_launches + 32) * sizeof *more);
        if (more && p->n_launches) memcpy(more, p->launches, (size_t)p->n_launches * sizeof *more);
        if (!more) args = NULL;
        p->launches = more;
        p->max_launches = 2 * (p->max_launches + 32);
    }
    if (!args || l->status != BACKEND_OK) return memset(nowhere, 0, sizeof nowhere);
    p->launches[p->n_launches++] = (struct launch){
        kernel, {x ? (uint32_t)x : 1, y ? (uint32_t)y : 1, z ? (uint32_t)z : 1}, args};
    return args;
}

void *launch_each(struct lowering *l, enum kernel kernel, uint64_t count) {
    uint64_t blocks = (count + THREADS - 1) / THREADS, most = 16 * (uint64_t)l->plan->device->sms;
    return launch_add(l, kernel, blocks < most ? blocks : most, 1, 1);
}

const struct program_value *value_of(const struct lowering *l, int32_t value) {
    return &l->plan->program->values[value];
}

static void *address(uint64_t at) {
    void *p;
    uintptr_t n = (uintptr_t)at;
    memcpy(&p, &n, sizeof p);
    return p;
}

void *value_at(const struct lowering *l, int32_t value) {
    const struct program_value *v = value_of(l, value);
    uint64_t base = v->space == IN_WEIGHTS     ? l->at->weights
                    : v->space == IN_CONSTANTS ? l->at->constants
                                               : l->at->arena;
    return address(base + v->offset);
}

void *scratch_at(struct lowering *l, uint64_t bytes) {
    uint64_t at = (l->plan->program->arena_bytes + 255) / 256 * 256 + l->scratch_used;
    l->scratch_used += (bytes + 255) / 256 * 256;
    if (l->scratch_used > l->plan->scratch_bytes) l->plan->scratch_bytes = l->scratch_used;
    return address(l->at->arena + at);
}

uint32_t *faults_at(const struct lowering *l) {
    return address(l->at->outputs + l->plan->program->n_results * l->plan->program->output_bytes);
}

const struct control_args *control_at(const struct lowering *l) {
    return address(l->at->control);
}

uint32_t shape_part(const struct shape *s, int from, int to) {
    int64_t n = 1;
    for (int i = from; i < to; i++) n *= s->size[i];
    return (uint32_t)n;
}

/* ---- steps ---- */

static void lower_feed(struct lowering *l, const struct program_step *s) {
    const struct backend_feed *f = &l->at->feeds[s->input];
    const struct program_value *v = value_of(l, s->out[0]);
    const struct shape *shape = &v->shape;
    int64_t rows = shape->n ? shape->size[0] : 1;
    struct feed_args *a = launch_each(l, K_feed_rows, (uint64_t)v->count);
    *a = (struct feed_args){.out = value_at(l, s->out[0]),
                            .data = address(f->data),
                            .scale = f->scale,
                            .offset = f->offset,
                            .count = (uint32_t)v->count,
                            .row = (uint32_t)(v->count / rows),
                            .from = (int32_t)f->dtype,
                            .to = (int32_t)v->dtype};
    a->rows = f->rows ? address(f->rows) : NULL;
}

static void lower_walk(const struct elem_input *in, struct walk_args *w) {
    w->n = in->n;
    w->base = (int32_t)in->base;
    for (int i = 0; i < in->n; i++) {
        w->size[i] = (uint32_t)in->size[i];
        w->stride[i] = (int32_t)in->stride[i];
    }
}

void lower_group(struct lowering *l, const struct program_step *s) {
    const struct elem_group *g = s->group;
    struct elem_args *a = launch_each(l, K_elem_run, (uint64_t)g->count);
    a->count = (uint32_t)g->count;
    a->faults = faults_at(l);
    a->n_in = g->n_inputs;
    a->n_steps = g->n_codes;
    a->n_out = g->n_outputs;
    for (int i = 0; i < g->n_inputs; i++) {
        a->in[i].at = value_at(l, g->inputs[i].value);
        a->in[i].dtype = (int32_t)value_of(l, g->inputs[i].value)->dtype;
        lower_walk(&g->inputs[i], &a->in[i].walk);
    }
    for (int i = 0; i < g->n_codes; i++) {
        const struct elem_code *c = &g->codes[i];
        a->steps[i] = (struct elem_step){
            c->op, c->from, c->to, c->out, {c->in[0], c->in[1], c->in[2]}, 0, c->a};
    }
    for (int i = 0; i < g->n_outputs; i++)
        a->out[i] =
            (struct elem_out){value_at(l, g->outputs[i].value),
                              (int32_t)value_of(l, g->outputs[i].value)->dtype, g->outputs[i].reg};
}

static void lower_step(struct lowering *l, const struct program_step *s) {
    l->scratch_used = 0;
    for (int i = 0; i < s->n_in; i++)
        if (value_of(l, s->in[i])->dtype == DT_FLOAT64) lower_cannot(l, "numbers of type float64");
    switch (s->kind) {
    case RUN_FEED: lower_feed(l, s); break;
    case RUN_GROUP: lower_group(l, s); break;
    case RUN_OP:
        if (families[s->op]) families[s->op](l, s);
        else lower_cannot(l, "the operation `%s`", names[s->op]);
        break;
    }
}

enum backend_status lower_program(struct backend_plan *p, const struct backend_bindings *at) {
    struct lowering l = {.plan = p, .at = at};
    arena_reset(p->memory);
    p->launches = NULL;
    p->n_launches = p->max_launches = 0;
    for (int i = 0; i < p->program->n_steps && l.status == BACKEND_OK; i++)
        lower_step(&l, &p->program->steps[i]);
    l.scratch_used = 0;
    if (l.status == BACKEND_OK) lower_ends(&l);
    return l.status;
}
