/* Derivatives by reverse mode: walk the operations backwards and add up what flows into each node
 * (Griewank & Walther, Evaluating Derivatives, ch. 3). */
#include "base/pool.h"
#include "grad.h"
#include <string.h>

static grad_fn *grad_of(enum op op) {
    grad_fn *f = grad_of_elementwise(op);
    if (!f) f = grad_of_shape(op);
    if (!f) f = grad_of_reduce(op);
    if (!f) f = grad_of_window(op);
    if (!f) f = grad_of_warps(op);
    return f ? f : grad_of_recur(op);
}

/* ---- helpers of the rules ---- */

static struct node *note(struct grad *c, struct node *n) {
    if (!n) c->failed = true;
    return n;
}

struct node *grad_1(struct grad *c, enum op op, struct node *a, const struct attrs *attrs) {
    return a ? note(c, graph_add1(c->g, op, a, attrs, c->e)) : NULL;
}

struct node *grad_number(struct grad *c, double x) {
    return note(c, graph_number(c->g, x, c->e));
}

/* A single number in the shape of `like`. */
static struct node *spread(struct grad *c, struct node *a, const struct shape *s) {
    if (!a || a->desc.shape.n == s->n) return a;
    return grad_unfold(c, a, s, (1u << s->n) - 1);
}

static struct node *with_type(struct grad *c, struct node *a, enum dtype t) {
    const struct attrs attrs = {.dtype = t};
    return a && a->desc.dtype != t ? grad_1(c, OP_cast, a, &attrs) : a;
}

static struct node *push(struct grad *c, enum op op, struct node *const *in, int n_in,
                         const struct desc *d) {
    for (int i = 0; i < n_in; i++) {
        if (!in[i]) return NULL;
    }
    return note(c, graph_push(c->g, op, in, n_in, NULL, d, c->e));
}

struct node *grad_2(struct grad *c, enum op op, struct node *a, struct node *b) {
    if (!a || !b) return NULL;
    const struct shape *s = a->desc.shape.n ? &a->desc.shape : &b->desc.shape;
    /* A number takes the type of the tensor it meets. */
    enum dtype t = a->desc.shape.n || !b->desc.shape.n ? a->desc.dtype : b->desc.dtype;
    struct node *in[2] = {spread(c, with_type(c, a, t), s), spread(c, with_type(c, b, t), s)};
    const struct desc d = {.dtype = op_flags(op) & OP_WHOLE_NUMBERS ? DT_BOOL : t, .shape = *s};
    return push(c, op, in, 2, &d);
}

struct node *grad_by(struct grad *c, enum op op, struct node *a, double b) {
    return a ? grad_2(c, op, a, grad_number(c, b)) : NULL;
}

struct node *grad_where(struct grad *c, struct node *condition, struct node *a, struct node *b) {
    if (!condition || !a || !b) return NULL;
    enum dtype t = a->desc.shape.n || !b->desc.shape.n ? a->desc.dtype : b->desc.dtype;
    const struct desc d = {.dtype = t, .shape = condition->desc.shape};
    struct node *in[3] = {condition, spread(c, with_type(c, a, t), &d.shape),
                          spread(c, with_type(c, b, t), &d.shape)};
    return push(c, OP_where, in, 3, &d);
}

struct node *grad_matmul(struct grad *c, struct node *a, struct node *b, bool trans_a,
                         bool trans_b) {
    const struct attrs attrs = {.trans_a = trans_a, .trans_b = trans_b};
    return a && b ? note(c, graph_add2(c->g, OP_matmul, a, b, &attrs, c->e)) : NULL;
}

struct node *grad_reshape(struct grad *c, struct node *a, const struct shape *s) {
    const struct attrs attrs = {.shape = *s};
    return grad_1(c, OP_reshape, a, &attrs);
}

struct node *grad_unfold(struct grad *c, struct node *a, const struct shape *s, uint32_t axes) {
    const struct attrs attrs = {.shape = *s, .axes = axes};
    return axes ? grad_1(c, OP_expand, a, &attrs) : a;
}

struct node *grad_sum(struct grad *c, struct node *a, uint32_t axes, bool keepdims) {
    const struct attrs attrs = {.axes = axes, .keepdims = keepdims};
    return axes ? grad_1(c, OP_sum, a, &attrs) : a;
}

/* ---- the walk ---- */

/* Does anything flow from one of the `wrt` into each node? */
static void find_active(const struct graph *g, int n_nodes, bool *active) {
    for (int id = 0; id < n_nodes; id++) {
        const struct node *n = graph_node(g, id);
        if (active[id] || !dtype_is_float(n->desc.dtype) || !grad_of(n->op)) continue;
        for (int i = 0; i < n->n_in; i++) active[id] = active[id] || active[n->in[i]->id];
    }
}

/* Adjoints, one per node of the graph as it was before the gradient. */
struct walk {
    bool *active;
    bool *wanted;
    struct node **adjoint;
    struct node **flow; /* room for the derivatives of one operation's inputs */
    bool *need;
};

/* What has come in for a node, with its type and its names. */
static struct node *settle(struct grad *c, struct node *a, const struct desc *d) {
    a = with_type(c, a, d->dtype);
    if (!a) return NULL;
    const struct shape *s = &a->desc.shape;
    bool same = shape_same_sizes(s, &d->shape) && s->weak == d->shape.weak &&
                memcmp(s->axis, d->shape.axis, sizeof(char *) * (size_t)s->n) == 0;
    return same ? a : grad_reshape(c, a, &d->shape);
}

static bool flow_into(struct walk *w, struct grad *c, struct node *input, struct node *more) {
    struct node **sum = &w->adjoint[input->id];
    more = settle(c, more, &input->desc);
    *sum = *sum ? grad_2(c, OP_add, *sum, more) : more;
    return !c->failed;
}

static bool step_back(struct graph *g, struct walk *w, struct node *n, struct err *e) {
    bool any = false;
    for (int i = 0; i < n->n_in; i++) {
        w->need[i] = w->active[n->in[i]->id] && dtype_is_float(n->in[i]->desc.dtype);
        w->flow[i] = NULL;
        any = any || w->need[i];
    }
    grad_fn *f = grad_of(n->op);
    if (!any || !f) return true;
    struct grad c = {.g = g,
                     .n = n,
                     .e = e,
                     .up = w->adjoint[n->id],
                     .need = w->need,
                     .in = w->flow,
                     .wanted = w->wanted};
    f(&c);
    for (int i = 0; i < n->n_in && !c.failed; i++) {
        struct node *to = c.beyond ? c.beyond : n->in[i];
        if (w->need[i] && w->flow[i] && w->active[to->id]) flow_into(w, &c, to, w->flow[i]);
    }
    return !c.failed;
}

static bool check_result(const struct node *of, struct err *e) {
    if (of->desc.shape.n) {
        char text[256];
        err_set(e, ERR_SHAPE, "Only a single number has a slope, and this result has the shape %s.",
                shape_print(&of->desc.shape, text, sizeof text));
        return err_hint(e, "Did you mean its mean? Write .mean() at the end.");
    }
    if (dtype_is_float(of->desc.dtype)) return true;
    err_set(e, ERR_TYPE, "A result of type %s moves in jumps and has no slope.",
            dtype_name(of->desc.dtype));
    return err_hint(e, "Rounding, counting and comparing break the way from the input to the "
                       "result.");
}

static struct node *zeros_like(struct graph *g, const struct node *x, struct err *e) {
    const struct attrs attrs = {.shape = x->desc.shape, .dtype = x->desc.dtype};
    return graph_add(g, OP_fill, NULL, 0, &attrs, e);
}

static bool walk_back(struct graph *g, struct walk *w, struct node *of, struct node *const *wrt,
                      int n, struct node **out, bool *connected, struct err *e) {
    for (int i = 0; i < n; i++) {
        w->active[wrt[i]->id] = dtype_is_float(wrt[i]->desc.dtype);
        w->wanted[wrt[i]->id] = true;
    }
    find_active(g, of->id + 1, w->active);
    if (w->active[of->id]) TRY(w->adjoint[of->id] = graph_number(g, 1, e));
    for (int id = of->id; id >= 0; id--) {
        struct node *node = graph_node(g, id);
        if (w->active[id] && w->adjoint[id]) TRY(step_back(g, w, node, e));
    }
    for (int i = 0; i < n; i++) {
        struct node *found = w->active[wrt[i]->id] ? w->adjoint[wrt[i]->id] : NULL;
        if (connected) connected[i] = found != NULL;
        out[i] = found ? found : zeros_like(g, wrt[i], e);
        TRY(out[i]);
    }
    return true;
}

bool graph_gradient(struct graph *g, struct node *of, struct node *const *wrt, int n,
                    struct node **out, bool *connected, struct err *e) {
    TRY(check_result(of, e));
    int n_nodes = graph_n_nodes(g), most_in = 1;
    for (int i = 0; i < n_nodes; i++) {
        int n_in = graph_node(g, i)->n_in;
        if (n_in > most_in) most_in = n_in;
    }
    struct walk w = {0};
    struct span span = graph_span(g);
    bool ok =
        (w.active = pool_need((size_t)n_nodes, e)) && (w.wanted = pool_need((size_t)n_nodes, e)) &&
        (w.adjoint = pool_need((size_t)n_nodes * sizeof *w.adjoint, e)) &&
        (w.flow = pool_need((size_t)most_in * sizeof *w.flow, e)) &&
        (w.need = pool_need((size_t)most_in, e)) && walk_back(g, &w, of, wrt, n, out, connected, e);
    graph_set_span(g, span);
    pool_free(w.active);
    pool_free(w.wanted);
    pool_free(w.adjoint);
    pool_free(w.flow);
    pool_free(w.need);
    return ok;
}
