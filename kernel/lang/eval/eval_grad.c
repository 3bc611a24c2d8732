/* Derivatives of the student's functions: trace them on symbols, differentiate, run. */
#include "eval_parts.h"
#include "plan.h"
#include "base/pool.h"
#include <string.h>

enum { GRAD_MAX_ARGS = 8 };

/* Tracing in progress: the graph, and what was there before. */
struct trace {
    struct graph *outer_graph;
    struct builder *outer_builder;
    const char *outer_context;
    struct graph *graph;
};

static void trace_enter(struct eval *ev, struct trace *t, struct graph *g) {
    *t = (struct trace){ev->graph, ev->builder, ev->context, g};
    ev->graph = g;
    ev->builder = NULL;
    ev->context = "a function that grad differentiates";
}

static void trace_leave(struct eval *ev, const struct trace *t) {
    ev->graph = t->outer_graph;
    ev->builder = t->outer_builder;
    ev->context = t->outer_context;
}

static bool float_desc(struct eval *ev, struct value v, struct span at, struct desc *d) {
    if (!value_describe(v, d))
        return fail(ev, at, ERR_TYPE,
                    "A derivative is taken with respect to numbers, and this is %s.",
                    value_kind_words(v.kind));
    d->dtype = DT_FLOAT64;
    d->content = CONTENT_ANY;
    return true;
}

static bool not_one_number(struct eval *ev, struct value y, struct span at) {
    char shape[128];
    struct desc d;
    if (!value_describe(y, &d))
        return fail(ev, at, ERR_TYPE, "The function must give one number, and it gives %s.",
                    value_kind_words(y.kind));
    fail(ev, at, ERR_SHAPE, "A slope belongs to a function that gives one number.");
    err_fact(ev->e, "the function gives", "%s", shape_print(&d.shape, shape, sizeof shape));
    return err_hint(ev->e, "Did you mean the mean of them, f(x).mean(), or their sum, f(x).sum()?");
}

static bool not_connected(struct eval *ev, struct span at) {
    fail(ev, at, ERR_VALUE, "The slope would be 0 everywhere.");
    return err_hint(ev->e,
                    "There is no smooth way from the number to the result: round, floor, "
                    "argmax, comparisons and random draws have no slope. Or the function does "
                    "not use its argument at all.");
}

/* y = f(args) with args[wrt] as a node of its own; its gradient. */
static bool trace_gradient(struct eval *ev, struct value f, struct value *args, int n, int wrt,
                           struct span at, struct node **y, struct node **slope) {
    struct value result;
    TRY(call_simple(ev, f, args, n, at, &result));
    struct desc d;
    if (result.kind == V_UNKNOWN) return *y = *slope = NULL, true;
    bool ok = value_describe(result, &d) && d.shape.n == 0;
    if (!ok) not_one_number(ev, result, at);
    else if (result.kind != V_NODE) ok = not_connected(ev, at);
    bool connected = false;
    if (ok) {
        *y = result.node;
        ok = graph_gradient(ev->graph, *y, &args[wrt].node, 1, slope, &connected, ev->e);
        if (ok && !connected) ok = not_connected(ev, at);
    }
    value_unref(result);
    return ok;
}

/* grad inside something that is being traced already: more nodes of the same graph. */
static bool grad_of_nodes(struct eval *ev, struct value f, const struct value *args, int n, int wrt,
                          struct span at, struct value *value, struct value *slope) {
    struct value inner[GRAD_MAX_ARGS];
    memcpy(inner, args, (size_t)n * sizeof *inner);
    struct node *x = value_to_node(ev, args[wrt]);
    if (!x) return false;
    struct attrs same = {.shape = x->desc.shape};
    x = graph_add1(ev->graph, OP_reshape, x, &same, ev->e); /* a node nobody else uses */
    if (!x) return false;
    inner[wrt] = value_node(x);
    struct node *y = NULL, *dy = NULL;
    TRY(trace_gradient(ev, f, inner, n, wrt, at, &y, &dy));
    if (!y) return *value = *slope = value_unknown(), true;
    *value = value_node(y);
    *slope = value_node(dy);
    return true;
}

static bool run_gradient(struct eval *ev, struct graph *g, struct tensor *x, struct node *y,
                         struct node *dy, struct value *value, struct value *slope) {
    struct node *outputs[] = {y, dy};
    struct plan_spec spec = {.graph = g, .outputs = outputs, .n_outputs = 2};
    struct plan *p = plan_new(&spec, ev->e);
    if (!p) return false;
    struct shape none = {0};
    struct tensor *v = tensor_new(y->desc.dtype, &none, ev->e); /* through a model: float32 */
    struct tensor *s = tensor_new(dy->desc.dtype, &dy->desc.shape, ev->e);
    struct feed feed = {.data = x->data, .dtype = x->dtype, .scale = 1};
    struct plan_io io = {.inputs = &feed,
                         .seed = engine_seed(ev->engine),
                         .rate = 0,
                         .stop = engine_stop_flag(ev->engine)};
    bool ok = v && s;
    if (ok) {
        io.outputs = (void *const[]){v->data, s->data};
        ok = plan_run(p, &io, ev->e);
    }
    plan_free(p);
    if (!ok) {
        tensor_unref(v);
        tensor_unref(s);
        return false;
    }
    *value = value_tensor(v);
    *slope = value_tensor(s);
    return true;
}

static bool describe_gradient(struct eval *ev, struct node *y, struct node *dy, struct value *value,
                              struct value *slope) {
    struct desc dv = y->desc, ds = dy->desc;
    *value = value_desc(&dv, ev->e);
    *slope = value_desc(&ds, ev->e);
    if (value->kind == V_DESC && slope->kind == V_DESC) return true;
    value_unref(*value);
    value_unref(*slope);
    return false;
}

static bool grad_of_numbers(struct eval *ev, struct value f, const struct value *args, int n,
                            int wrt, struct span at, struct value *value, struct value *slope) {
    struct desc d;
    TRY(float_desc(ev, args[wrt], at, &d));
    struct graph *g = graph_new(DT_FLOAT64, ev->e);
    if (!g) return false;
    struct trace t;
    trace_enter(ev, &t, g);
    struct value inner[GRAD_MAX_ARGS];
    memcpy(inner, args, (size_t)n * sizeof *inner);
    struct node *x = graph_input(g, NULL, &d, ev->e), *y = NULL, *dy = NULL;
    inner[wrt] = value_node(x);
    bool ok = x && trace_gradient(ev, f, inner, n, wrt, at, &y, &dy);
    trace_leave(ev, &t);
    if (ok && !y) {
        *value = *slope = value_unknown();
    } else if (ok && (args[wrt].kind == V_DESC || ev->domain == DOMAIN_CHECK)) {
        ok = describe_gradient(ev, y, dy, value, slope);
    } else if (ok) {
        struct tensor *numbers = value_to_tensor(args[wrt], ev->e);
        ok = numbers && run_gradient(ev, g, numbers, y, dy, value, slope);
        tensor_unref(numbers);
    }
    graph_free(g);
    return ok;
}

bool eval_grad(struct eval *ev, struct value f, const struct value *args, int n, int wrt,
               struct span at, struct value *value, struct value *slope) {
    if (n > GRAD_MAX_ARGS)
        return fail(ev, at, ERR_ARGUMENT, "grad passes on at most %d arguments.", GRAD_MAX_ARGS);
    struct value ready[GRAD_MAX_ARGS] = {0};
    bool unknown = f.kind == V_UNKNOWN, nodes = false, ok = true;
    int made = 0;
    for (; ok && made < n; made++) {
        ok = as_tensorlike(ev, args[made], &ready[made]);
        unknown = unknown || (ok && ready[made].kind == V_UNKNOWN);
        nodes = nodes || (ok && ready[made].kind == V_NODE);
    }
    if (ok && unknown) *value = *slope = value_unknown();
    else if (ok && nodes) ok = grad_of_nodes(ev, f, ready, n, wrt, at, value, slope);
    else if (ok) ok = grad_of_numbers(ev, f, ready, n, wrt, at, value, slope);
    for (int i = 0; i < made; i++) value_unref(ready[i]);
    return ok;
}
