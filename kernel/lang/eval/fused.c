/* Lowering of array expressions to plans (architecture.md 2: the evaluator over symbols). */
#include "fused.h"
#include "eval_parts.h"
#include "builtin.h"
#include "scalar.h"
#include "lang/eval/names/scope.h"
#include "base/room.h"
#include "plan.h"
#include <string.h>

/* Smaller arrays stay in the caches, and a plan costs about as much as a pass over this many. */
enum { FUSED_FROM = 1 << 16 };

/* ---- leaves ---- */

/* Is the function of this call still the built-in that the resolver took it for? */
static bool calls_builtin(struct eval *ev, const struct ast *x) {
    const struct ast *name = x->a;
    struct value f;
    if (name->slot != SLOT_GLOBAL || !global_get(ev, name->name, &f)) return false;
    bool builtin = f.kind == V_BUILTIN;
    value_unref(f);
    return builtin;
}

static bool take_leaves(struct eval *ev, struct fused *f, const struct ast *x);

static bool take_leaf(struct eval *ev, struct fused *f, const struct ast *x) {
    if (f->n == FUSED_LEAVES) return f->full = true;
    if (x->kind == AST_NUMBER || x->kind == AST_TEXT || x->kind == AST_NONE) return true;
    struct value v;
    TRY(eval_short(ev, x, &v));
    f->leaves[f->n].ast = x;
    f->leaves[f->n].node = NULL;
    f->leaves[f->n++].value = v;
    return true;
}

static bool take_parts(struct eval *ev, struct fused *f, const struct ast *x) {
    switch (x->kind) {
    case AST_BINARY: return take_leaves(ev, f, x->a) && take_leaves(ev, f, x->b);
    case AST_UNARY: return take_leaves(ev, f, x->a);
    case AST_COMPARE: return take_leaves(ev, f, x->list[0]) && take_leaves(ev, f, x->list[1]);
    default: break;
    }
    if (x->a->kind == AST_ATTRIBUTE) TRY(take_leaves(ev, f, x->a->a));
    for (int i = 0; i < x->n; i++) TRY(take_leaves(ev, f, x->list[i]->a));
    return true;
}

/* In the order in which the expression reads them. */
static bool take_leaves(struct eval *ev, struct fused *f, const struct ast *x) {
    bool operation = x->n_ops > 0 && !f->full;
    if (operation && x->kind == AST_CALL) operation = calls_builtin(ev, x);
    return operation ? take_parts(ev, f, x) : take_leaf(ev, f, x);
}

bool fused_leaf(struct eval *ev, const struct ast *x, struct value *out) {
    const struct fused *f = ev->fused;
    for (int i = 0; i < f->n; i++) {
        if (f->leaves[i].ast != x) continue;
        bool traced = ev->graph && f->leaves[i].node;
        *out = traced ? value_node(f->leaves[i].node) : value_ref(f->leaves[i].value);
        return true;
    }
    return false;
}

/* ---- the graph and its plan ---- */

static bool is_large(struct value v) {
    return v.kind == V_TENSOR && v.tensor->data && v.tensor->count >= FUSED_FROM;
}

static const struct tensor *largest(const struct fused *f) {
    const struct tensor *t = NULL;
    for (int i = 0; i < f->n; i++) {
        struct value v = f->leaves[i].value;
        if (is_large(v) && (!t || v.tensor->count > t->count)) t = v.tensor;
    }
    return t;
}

/* Whole numbers among whole numbers stay what they are: 2 * d + 1 of an int64 d is int64. */
bool fused_keeps_whole(const struct fused *f) {
    for (int i = 0; f && i < f->n; i++) {
        struct value v = f->leaves[i].value;
        if (v.kind == V_TENSOR && !dtype_is_float(v.tensor->dtype)) return true;
    }
    return false;
}

static bool add_inputs(struct fused *f, struct graph *g, struct feed *feeds, struct err *e) {
    int n = 0;
    for (int i = 0; i < f->n; i++) {
        struct value v = f->leaves[i].value;
        if (!is_large(v)) continue;
        struct desc d = tensor_desc(v.tensor);
        f->leaves[i].node = graph_input(g, NULL, &d, e);
        if (!f->leaves[i].node || f->leaves[i].node->desc.dtype != d.dtype) return false;
        feeds[n++] = (struct feed){.data = v.tensor->data, .dtype = d.dtype, .scale = 1};
    }
    return true;
}

static struct tensor *run_graph(struct eval *ev, struct node *result, const struct feed *feeds,
                                int64_t batch, struct graph *g, struct err *e) {
    struct plan_spec spec = {.graph = g,
                             .batch = batch,
                             .outputs = &result,
                             .n_outputs = 1,
                             .in_place = true,
                             .memory_limit = room_left()};
    struct plan *p = plan_new(&spec, e);
    if (!p) return NULL;
    struct tensor *t = tensor_new(result->desc.dtype, &result->desc.shape, e);
    void *outputs[] = {t ? t->data : NULL};
    struct plan_io io = {
        .inputs = feeds, .outputs = outputs, .seed = engine_seed(ev->engine), .stop = ev->stop};
    bool ok = t && plan_run(p, &io, e);
    plan_free(p);
    if (ok) return t;
    tensor_unref(t);
    return NULL;
}

/* The expression over symbols. An error here is nobody's: step by step it is found again. */
static bool traced(struct eval *ev, struct fused *f, const struct ast *x, struct value *out) {
    const struct tensor *big = largest(f);
    struct feed feeds[FUSED_LEAVES];
    struct err unsaid = {0}, *e = ev->e;
    struct graph *g = graph_new(DT_FLOAT64, &unsaid);
    struct value symbol = value_missing();
    uint64_t draws = ev->draws;
    const char *context = ev->context;
    ev->e = &unsaid;
    ev->graph = g;
    ev->context = "an array expression";
    bool ok = g && add_inputs(f, g, feeds, &unsaid) && eval_operation(ev, x, &symbol);
    ev->graph = NULL;
    ev->context = context;
    struct tensor *t = NULL;
    if (ok && symbol.kind == V_NODE)
        t = run_graph(ev, symbol.node, feeds, big->shape.size[0], g, &unsaid);
    else value_unref(symbol);
    graph_free(g);
    ev->e = e;
    if (t) return *out = value_tensor(t), true;
    ev->draws = draws;
    return false;
}

bool eval_fused(struct eval *ev, const struct ast *x, struct value *out, bool *ok) {
    if (x->n_ops < 2 || ev->graph || ev->fused || ev->domain == DOMAIN_CHECK) return false;
    if (x->kind == AST_CALL && !calls_builtin(ev, x)) return false; /* a leaf, no expression */
    struct fused f;
    f.n = 0;
    f.full = false;
    *ok = take_leaves(ev, &f, x);
    if (*ok) {
        ev->fused = &f;
        const struct tensor *big = f.full ? NULL : largest(&f);
        bool done = big && big->shape.n > 0 && traced(ev, &f, x, out);
        if (!done) *ok = eval_operation(ev, x, out);
        ev->fused = NULL;
    }
    for (int i = 0; i < f.n; i++) value_unref(f.leaves[i].value);
    return true;
}
