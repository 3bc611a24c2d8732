/* Making and freeing plans: the passes are run, then the four jobs of build.h. Everything a plan
 * owns lives in one arena, besides the memory in which it computes. */
#include "build.h"
#include "workspace.h"
#include "base/arena.h"
#include "base/pool.h"
#include "device/device_plan.h"
#include "op/passes.h"

void *plan_alloc(struct plan *p, size_t n, size_t size, struct err *e) {
    size_t bytes;
    void *at = NULL;
    if (!__builtin_mul_overflow(n ? n : 1, size, &bytes)) at = arena_alloc(p->memory, bytes);
    if (!at) err_memory(e, n * size);
    return at;
}

struct step *plan_add_step(struct plan *p, enum step_kind kind, int phase) {
    struct step *s = &p->steps[p->n_steps++];
    *s = (struct step){.kind = kind, .phase = phase};
    return s;
}

/* ---- the graph that is run ---- */

static int n_roots_of(const struct plan_spec *spec) {
    return spec->n_outputs + spec->n_learn + spec->n_assign;
}

static void gather_roots(const struct plan_spec *spec, struct node **roots) {
    int n = 0;
    for (int i = 0; i < spec->n_outputs; i++) roots[n++] = spec->outputs[i];
    for (int i = 0; i < spec->n_learn; i++) roots[n++] = spec->learn[i].gradient;
    for (int i = 0; i < spec->n_assign; i++) roots[n++] = spec->assign[i].value;
}

static bool make_graph(struct plan *p, const struct plan_spec *spec, struct node **roots,
                       struct err *e) {
    int n = n_roots_of(spec);
    struct graph *sized = pass_sizes(spec->graph, roots, n, spec->batch, spec->batch, e);
    if (!sized) return false;
    struct graph *short_graph = pass_all(sized, roots, n, e);
    graph_free(sized);
    if (!short_graph) return false;
    p->graph = pass_conv(short_graph, roots, n, e);
    graph_free(short_graph);
    return p->graph != NULL;
}

/* ---- what the plan remembers of its specification ---- */

static int64_t node_count(const struct node *n) {
    return shape_product(&n->desc.shape, 0, n->desc.shape.n);
}

static bool remember(struct plan *p, const struct plan_spec *spec, struct node **roots,
                     struct err *e) {
    p->outputs = plan_alloc(p, (size_t)spec->n_outputs, sizeof *p->outputs, e);
    p->learn = plan_alloc(p, (size_t)spec->n_learn, sizeof *p->learn, e);
    p->assign = plan_alloc(p, (size_t)spec->n_assign, sizeof *p->assign, e);
    p->norms = plan_alloc(p, (size_t)spec->n_learn * PLAN_LANES, sizeof *p->norms, e);
    if (!p->outputs || !p->learn || !p->assign || !p->norms) return false;
    for (int i = 0; i < spec->n_outputs; i++) p->outputs[p->n_outputs++] = (*roots++)->id;
    for (int i = 0; i < spec->n_learn; i++) {
        const struct learn *l = &spec->learn[i];
        p->learn[p->n_learn++] = (struct learn_place){.offset = l->weight->offset,
                                                      .count = node_count(l->weight),
                                                      .gradient = (*roots++)->id,
                                                      .l1 = l->l1,
                                                      .l2 = l->l2};
    }
    for (int i = 0; i < spec->n_assign; i++) {
        const struct node *w = spec->assign[i].weight;
        p->assign[p->n_assign++] = (struct assign_place){w->offset, node_count(w), (*roots++)->id};
    }
    for (int i = 0; i < p->n_learn; i++)
        if (p->values[p->learn[i].gradient].count != p->learn[i].count)
            return err_set(e, ERR_BUG, "A gradient does not have the shape of its weight.");
    for (int i = 0; i < p->n_assign; i++)
        if (p->values[p->assign[i].value].count != p->assign[i].count)
            return err_set(e, ERR_BUG, "An assigned value does not have the shape of its weight.");
    return true;
}

static bool build(struct plan *p, const struct plan_spec *spec, struct err *e) {
    int n = n_roots_of(spec);
    struct node **roots = plan_alloc(p, (size_t)n, sizeof *roots, e);
    if (!roots) return false;
    gather_roots(spec, roots);
    TRY(make_graph(p, spec, roots, e));
    p->dtype = graph_dtype(p->graph);
    p->update = spec->update;
    p->in_place = spec->in_place;
    p->batch = spec->batch;
    p->row_cut = (spec->batch + 1) / 2;
    TRY(plan_roots(p, e));
    for (int i = 0; i < n; i++) plan_need(p, roots[i]);
    TRY(remember(p, spec, roots, e));
    p->max_steps = 2 * p->n_values + n + 2 * spec->n_learn + 8;
    p->steps = plan_alloc(p, (size_t)p->max_steps, sizeof *p->steps, e);
    p->place = plan_alloc(p, (size_t)p->n_values, sizeof *p->place, e);
    if (!p->steps || !p->place) return false;
    TRY(plan_values(p, e));
    TRY(plan_steps(p, e));
    TRY(plan_ends(p, e));
    return plan_layout(p, spec->memory_limit, e);
}

/* Address space for the steps of one plan; pages are taken as they are used. */
static const size_t reserve_bytes = (size_t)256 << 20;

/* The workspace is on a device. */
static struct plan *plan_on_device(struct plan *p, const struct plan_spec *spec, struct err *e) {
    p->workspace = workspace_ref(spec->workspace);
    p->device = device_plan_new(spec, workspace_device_memory(spec->workspace), e);
    if (p->device) return p;
    plan_free(p);
    return NULL;
}

struct plan *plan_new(const struct plan_spec *spec, struct err *e) {
    struct plan *p = pool_need(sizeof *p, e);
    if (!p) return NULL;
    if (spec->workspace && workspace_device_memory(spec->workspace))
        return plan_on_device(p, spec, e);
    p->memory = arena_new(reserve_bytes);
    if (!p->memory) {
        err_memory(e, reserve_bytes);
        plan_free(p);
        return NULL;
    }
    bool ok = build(p, spec, e);
    if (ok) p->workspace = spec->workspace ? workspace_ref(spec->workspace) : workspace_new(e);
    if (ok && p->workspace && workspace_reserve(p->workspace, p->arena_bytes + 64, e)) return p;
    plan_free(p);
    return NULL;
}

void plan_free(struct plan *p) {
    if (!p) return;
    device_plan_free(p->device);
    if (p->graph) graph_free(p->graph);
    arena_free(p->memory);
    workspace_unref(p->workspace);
    pool_free(p);
}

size_t plan_arena_bytes(const struct plan *p) {
    return p->device ? device_plan_arena_bytes(p->device) : p->arena_bytes;
}

int plan_n_steps(const struct plan *p) {
    return p->device ? device_plan_n_steps(p->device) : p->n_steps;
}
