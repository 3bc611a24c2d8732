/* Plans on a device: built from a program, bound to addresses when those change, and launched. Each
 * run sends one small block (seed, step, rate, the rows' numbers) and gets the outputs back, at
 * once or, where the caller does not need them yet, with those of other runs. */
#include "device_plan.h"
#include "base/pool.h"
#include "memory.h"
#include "program.h"
#include <math.h>
#include <stdatomic.h>
#include <string.h>

struct device_plan {
    struct device_memory *memory;
    struct built built;
    struct backend_plan *plan;
    uint64_t constants, control, outputs; /* on the device */
    size_t control_bytes;
    char *sent, *received;           /* control block, outputs and faults, here */
    uint64_t batches[BACKEND_FEEDS]; /* room on the device for inputs that are not kept there */
    size_t batch_bytes[BACKEND_FEEDS];
    size_t weight_bytes; /* as far as this plan knows the block */
    uint64_t arena_bytes;
    void **later;     /* where the outputs of runs that were not waited for go: n_outputs each */
    uint32_t n_later; /* such runs */
    struct backend_bindings bound;
    bool is_bound;
};

static const struct backend_api *api_of(const struct device_plan *p) {
    return p->memory->device->api;
}

static struct backend_device *handle_of(const struct device_plan *p) {
    return p->memory->device->handle;
}

static bool report(const struct device_plan *p, enum backend_status s, struct err *e) {
    return device_report(p->memory->device, s, e);
}

/* ---- making ---- */

static bool make_constants(struct device_plan *p, struct err *e) {
    const struct program *g = &p->built.program;
    if (p->built.constant_bytes == 0) return true;
    TRY(device_alloc(p->memory->device, p->built.constant_bytes, "A plan's constants",
                     &p->constants, e));
    for (int i = 0; i < g->n_values; i++) {
        const struct program_value *v = &g->values[i];
        if (v->space != IN_CONSTANTS) continue;
        const struct tensor *t = graph_node(p->built.graph, i)->constant;
        TRY(report(p,
                   api_of(p)->upload(handle_of(p), p->constants + v->offset, t->data,
                                     (size_t)v->count * dtype_bytes(v->dtype)),
                   e));
    }
    return true;
}

static void find_weight_bytes(struct device_plan *p) {
    const struct program *g = &p->built.program;
    size_t most = 0;
    for (int i = 0; i < g->n_values; i++) {
        const struct program_value *v = &g->values[i];
        size_t end = v->offset + (size_t)v->count * dtype_bytes(v->dtype);
        if (v->space == IN_WEIGHTS && end > most) most = end;
    }
    for (int i = 0; i < g->n_learn; i++) {
        size_t end = (size_t)(g->learn[i].offset + g->learn[i].count) * sizeof(float);
        if (end > most) most = end;
    }
    for (int i = 0; i < g->n_assign; i++) {
        size_t end = (size_t)(g->assign[i].offset + g->assign[i].count) * sizeof(float);
        if (end > most) most = end;
    }
    p->weight_bytes = most;
}

/* Small outputs of steps that learn may wait for each other on the device. */
static uint32_t results_of(const struct program *g) {
    enum { MOST = 32, SMALL = 4096 };
    return g->n_learn > 0 && g->output_bytes <= SMALL ? MOST : 1;
}

static size_t received_bytes(const struct program *g) {
    return g->n_results * g->output_bytes + sizeof(uint32_t);
}

static bool make_blocks(struct device_plan *p, struct err *e) {
    const struct program *g = &p->built.program;
    struct device *d = p->memory->device;
    size_t rows = (size_t)(p->built.batch > 0 ? p->built.batch : 1) * sizeof(int64_t);
    size_t received = received_bytes(g), waiting = g->n_results * (size_t)g->n_outputs;
    p->control_bytes = sizeof(struct backend_control) + (size_t)g->n_inputs * rows;
    TRY(p->sent = pool_need(p->control_bytes, e));
    TRY(p->received = pool_need(received, e));
    TRY(p->later = pool_need((waiting + 1) * sizeof *p->later, e));
    TRY(device_alloc(d, p->control_bytes, "A plan", &p->control, e));
    TRY(device_alloc(d, received, "A plan's results", &p->outputs, e));
    return report(p, d->api->zero(d->handle, p->outputs, received), e);
}

static bool make(struct device_plan *p, const struct plan_spec *spec, struct err *e) {
    uint64_t scratch = 0;
    TRY(program_build(spec, &p->built, e));
    p->built.program.n_results = results_of(&p->built.program);
    p->built.program.products = p->memory->products;
    p->built.program.scaled = p->memory->products == PRODUCTS_HALF && p->built.program.n_learn > 0;
    if (p->built.program.n_inputs > BACKEND_FEEDS)
        return err_set(e, ERR_DEVICE, "At most %d inputs can be given to the GPU.", BACKEND_FEEDS);
    TRY(report(p, api_of(p)->plan_build(handle_of(p), &p->built.program, &scratch, &p->plan), e));
    p->arena_bytes = p->built.program.arena_bytes + scratch + 512;
    find_weight_bytes(p);
    return make_constants(p, e) && make_blocks(p, e) &&
           device_memory_reserve(p->memory, p->arena_bytes, e);
}

struct device_plan *device_plan_new(const struct plan_spec *spec, struct device_memory *m,
                                    struct err *e) {
    struct device_plan *p = pool_need(sizeof *p, e);
    if (!p) return NULL;
    p->memory = m;
    if (make(p, spec, e)) return p;
    device_plan_free(p);
    return NULL;
}

void device_plan_free(struct device_plan *p) {
    if (!p) return;
    const struct backend_api *api = api_of(p);
    if (p->plan) api->plan_free(p->plan);
    api->release(handle_of(p), p->constants);
    api->release(handle_of(p), p->control);
    api->release(handle_of(p), p->outputs);
    for (int i = 0; i < BACKEND_FEEDS; i++) api->release(handle_of(p), p->batches[i]);
    program_clear(&p->built);
    pool_free(p->sent);
    pool_free(p->received);
    pool_free(p->later);
    pool_free(p);
}

/* ---- inputs ---- */

/* Numbers of one example of input i, and how many examples a run reads. */
static int64_t example_count(const struct device_plan *p, int input, int64_t *examples) {
    const struct program *g = &p->built.program;
    *examples = 0;
    for (int i = 0; i < g->n_steps; i++) {
        if (g->steps[i].kind != RUN_FEED || g->steps[i].input != input) continue;
        const struct program_value *v = &g->values[g->steps[i].out[0]];
        *examples = v->shape.n ? v->shape.size[0] : 1;
        return v->count / *examples;
    }
    return 0;
}

/* Kept on the device: the rows' numbers are sent. */
static bool bind_whole(struct device_plan *p, int input, const struct feed *f, int64_t row,
                       int64_t n, struct backend_feed *out, struct err *e) {
    size_t row_bytes = (size_t)row * dtype_bytes(f->dtype);
    struct mirror *x =
        device_mirror(p->memory, f->whole, (size_t)f->n_rows * row_bytes, "The data set", e);
    if (!x) return false;
    size_t skip = sizeof(struct backend_control) +
                  (size_t)input * (size_t)(p->built.batch > 0 ? p->built.batch : 1) * 8;
    int64_t first =
        f->rows ? 0 : ((const char *)f->data - (const char *)f->whole) / (int64_t)row_bytes;
    for (int64_t i = 0; i < n; i++) {
        int64_t at = f->rows ? f->rows[i] : first + i;
        memcpy(p->sent + skip + (size_t)i * 8, &at, sizeof at);
    }
    out->data = x->at;
    out->rows = p->control + skip;
    return true;
}

static bool send_rows(struct device_plan *p, int input, const struct feed *f, size_t row_bytes,
                      int64_t n, struct err *e) {
    char *rows = pool_need((size_t)n * row_bytes, e);
    if (!rows) return false;
    for (int64_t i = 0; i < n; i++)
        memcpy(rows + (size_t)i * row_bytes, (const char *)f->data + (size_t)f->rows[i] * row_bytes,
               row_bytes);
    bool ok = report(
        p, api_of(p)->upload(handle_of(p), p->batches[input], rows, (size_t)n * row_bytes), e);
    ok = ok && report(p, api_of(p)->sync(handle_of(p)), e);
    pool_free(rows);
    return ok;
}

/* Not kept: the batch is sent. */
static bool bind_batch(struct device_plan *p, int input, const struct feed *f, int64_t row,
                       int64_t n, struct backend_feed *out, struct err *e) {
    size_t row_bytes = (size_t)row * dtype_bytes(f->dtype), bytes = (size_t)n * row_bytes;
    if (p->batch_bytes[input] < bytes) {
        api_of(p)->release(handle_of(p), p->batches[input]);
        p->batches[input] = p->batch_bytes[input] = 0;
        TRY(device_alloc(p->memory->device, bytes, "A batch", &p->batches[input], e));
        p->batch_bytes[input] = bytes;
    }
    out->data = p->batches[input];
    out->rows = 0;
    if (f->rows) return send_rows(p, input, f, row_bytes, n, e);
    return report(p, api_of(p)->upload(handle_of(p), out->data, f->data, bytes), e);
}

/* What is kept leaves at least half of the free memory to everything else. */
static bool keeps(const struct device_plan *p, const struct feed *f, int64_t row) {
    uint64_t unused = 0, all = 0;
    if (!f->whole || f->n_rows <= 0 || p->built.batch <= 0) return false;
    if (device_mirror_find(p->memory, f->whole)) return true;
    api_of(p)->memory(handle_of(p), &unused, &all);
    return (uint64_t)f->n_rows * (uint64_t)row * dtype_bytes(f->dtype) <= unused / 2;
}

/* The loss's scale is the scaler's first number. */
static bool bind_scale(const struct device_plan *p, struct backend_feed *to, struct err *e) {
    *to = (struct backend_feed){.dtype = DT_FLOAT32, .scale = 1};
    return device_scaler(p->memory, &to->data, e);
}

static bool bind_feeds(struct device_plan *p, const struct plan_io *io, struct backend_bindings *b,
                       struct err *e) {
    for (int i = 0; i < p->built.program.n_inputs; i++) {
        const struct feed *f = &io->inputs[i];
        int64_t n, row = example_count(p, i, &n);
        struct backend_feed *to = &b->feeds[i];
        if (row == 0) continue;
        to->dtype = f->dtype;
        to->scale = f->scale;
        to->offset = f->offset;
        if (!f->data && !f->whole) {
            TRY(bind_scale(p, to, e));
            continue;
        }
        TRY(keeps(p, f, row) ? bind_whole(p, i, f, row, n, to, e)
                             : bind_batch(p, i, f, row, n, to, e));
    }
    return true;
}

/* ---- running ---- */

static bool bind_weights(struct device_plan *p, const struct plan_io *io,
                         struct backend_bindings *b, struct err *e) {
    bool writes = p->built.program.n_learn > 0 || p->built.program.n_assign > 0;
    if (!io->weights || p->weight_bytes == 0) return true;
    struct mirror *w = device_mirror(p->memory, io->weights, p->weight_bytes, "The weights", e);
    if (!w) return false;
    w->ahead |= writes;
    b->weights = w->at;
    for (int i = 0; i < 2; i++) {
        if (!io->slots[i] || p->built.program.n_learn == 0) continue;
        struct mirror *s =
            device_mirror(p->memory, io->slots[i], p->weight_bytes, "The optimizer", e);
        if (!s) return false;
        s->ahead = true;
        b->slots[i] = s->at;
    }
    return true;
}

static void fill_control(const struct device_plan *p, const struct plan_io *io) {
    const struct update *u = &p->built.program.update;
    double t = (double)io->step + 1;
    struct backend_control c = {
        .seed = io->seed, .step = io->step, .rate = io->rate, .correct_1 = 1, .correct_2 = 1};
    c.slot = p->n_later;
    if (u->rule == UPDATE_ADAM) {
        c.correct_1 = 1 / (1 - pow(u->beta_1, t));
        c.correct_2 = 1 / (1 - pow(u->beta_2, t));
    }
    memcpy(p->sent, &c, sizeof c);
}

static bool bind(struct device_plan *p, const struct plan_io *io, struct err *e) {
    struct backend_bindings b = {0};
    b.constants = p->constants;
    b.control = p->control;
    b.outputs = p->outputs;
    if (p->built.program.scaled) TRY(device_scaler(p->memory, &b.scaler, e));
    TRY(bind_weights(p, io, &b, e));
    TRY(bind_feeds(p, io, &b, e));
    TRY(device_memory_reserve(p->memory, p->arena_bytes, e));
    b.arena = p->memory->arena;
    if (p->is_bound && memcmp(&b, &p->bound, sizeof b) == 0) return true;
    p->is_bound = false;
    TRY(report(p, api_of(p)->plan_bind(p->plan, &b), e));
    p->bound = b;
    p->is_bound = true;
    return true;
}

/* As cpu/call.c says it. */
static bool report_faults(struct device_plan *p, uint32_t faults, struct err *e) {
    enum { OVERFLOW = 1, DIVIDE = 2, NEGATIVE_POWER = 4, INDEX = 8 };
    if (!faults) return true;
    uint64_t at = p->outputs + received_bytes(&p->built.program) - sizeof faults;
    api_of(p)->zero(handle_of(p), at, sizeof faults);
    if (faults & INDEX) {
        err_set(e, ERR_INDEX, "{1} holds a position outside the range.");
        return err_hint(e, "Embedding(size, units) takes whole numbers from 0 to size - 1.");
    }
    if (faults & DIVIDE) return err_set(e, ERR_NUMBER, "A whole number is divided by zero.");
    if (faults & NEGATIVE_POWER)
        return err_set(e, ERR_NUMBER, "A whole number to a negative power is not a whole number.");
    return err_set(e, ERR_NUMBER, "The result does not fit into a 64-bit whole number.");
}

/* Outputs of one run, to where it wanted them. */
static void deliver(const struct device_plan *p, const char *from, void *const *to) {
    const struct program *g = &p->built.program;
    for (int i = 0; i < g->n_outputs; i++) {
        const struct program_value *v = &g->values[g->outputs[i]];
        size_t bytes = (size_t)v->count * dtype_bytes(v->dtype);
        if (to[i]) memcpy(to[i], from, bytes);
        from += (bytes + 63) / 64 * 64;
    }
}

bool device_plan_settle(struct device_plan *p, struct err *e) {
    const struct program *g = &p->built.program;
    uint32_t faults, n = p->n_later;
    size_t bytes = received_bytes(g);
    if (n == 0) return true;
    p->n_later = 0;
    TRY(report(p, api_of(p)->download(handle_of(p), p->received, p->outputs, bytes), e));
    memcpy(&faults, p->received + bytes - sizeof faults, sizeof faults);
    TRY(report_faults(p, faults, e));
    for (uint32_t i = 0; i < n; i++)
        deliver(p, p->received + i * g->output_bytes, p->later + i * (uint32_t)g->n_outputs);
    return true;
}

bool device_plan_run(struct device_plan *p, const struct plan_io *io, struct err *e) {
    if (io->stop && atomic_load_explicit(io->stop, memory_order_relaxed))
        return err_set(e, ERR_INTERRUPT, "Stopped.");
    if (p->memory->device->broken)
        return err_set(e, ERR_DEVICE, "The GPU reported an error before.");
    if (p->n_later == p->built.program.n_results) TRY(device_plan_settle(p, e));
    TRY(bind(p, io, e));
    fill_control(p, io);
    TRY(report(p, api_of(p)->upload(handle_of(p), p->control, p->sent, p->control_bytes), e));
    TRY(report(p, api_of(p)->plan_launch(p->plan), e));
    void **to = p->later + p->n_later++ * (uint32_t)p->built.program.n_outputs;
    for (int i = 0; i < p->built.program.n_outputs; i++)
        to[i] = io->outputs ? io->outputs[i] : NULL;
    return io->later || device_plan_settle(p, e);
}

/* ---- looking ---- */

size_t device_plan_arena_bytes(const struct device_plan *p) {
    return p->arena_bytes;
}

int device_plan_n_steps(const struct device_plan *p) {
    return p->built.program.n_steps;
}

void device_plan_print(const struct device_plan *p, struct text *out) {
    program_print(&p->built.program, out);
}
