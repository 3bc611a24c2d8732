/* Derivatives of the student's functions: trace them on symbols, differentiate, run. */
#include "eval_parts.h"
#include "plan.h"
#include "base/pool.h"
#include <math.h>
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
    return err_hint(ev->e, "Did you mean the mean of them, f(x).mean(), or their sum, f(x).sum()? "
                           "jacobian(f, x) gives the slopes of each of them.");
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
    struct plan_io io = {
        .inputs = &feed, .seed = engine_seed(ev->engine), .rate = 0, .stop = ev->stop};
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

/* ---- a function that gives several numbers ---- */

/* Of the shape of `y`, 1 at position k and 0 elsewhere. */
static struct tensor *one_at(const struct shape *y, int64_t k, struct err *e) {
    struct shape s = {.n = y->n};
    memcpy(s.size, y->size, sizeof s.size);
    struct tensor *t = tensor_zeros(DT_FLOAT64, &s, e);
    if (t) ((double *)t->data)[k] = 1;
    return t;
}

/* The slopes of sum(y * weights): with weights 1 at one place, those of one number of y. */
static bool slopes_of(struct eval *ev, struct graph *g, struct node *y, struct node *weights,
                      struct node *x, struct span at, struct node **slopes) {
    bool connected = false;
    struct attrs all = {.axes = (1u << y->desc.shape.n) - 1};
    struct node *sum = graph_add2(g, OP_mul, y, weights, NULL, ev->e);
    if (sum && y->desc.shape.n) sum = graph_add1(g, OP_sum, sum, &all, ev->e);
    if (!sum || !graph_gradient(g, sum, &x, 1, slopes, &connected, ev->e)) return false;
    return connected || not_connected(ev, at);
}

/* [outputs…, inputs…]; an axis keeps its name where that says which one is meant. */
static bool jacobian_shape(struct eval *ev, const struct shape *y, const struct shape *x,
                           struct span at, struct shape *out) {
    char text[128];
    if (y->n + x->n > MAX_AXES) {
        fail(ev, at, ERR_SHAPE, "A tensor has at most %d axes, and these slopes need %d.", MAX_AXES,
             y->n + x->n);
        err_fact(ev->e, "the function gives", "%s", shape_print(y, text, sizeof text));
        return err_fact(ev->e, "for", "%s", shape_print(x, text, sizeof text));
    }
    *out = *y;
    for (int i = 0; i < x->n; i++) {
        bool named = x->axis[i] && shape_find_axis(out, x->axis[i]) < 0;
        out->size[out->n] = x->size[i];
        out->axis[out->n] = named ? x->axis[i] : NULL;
        out->weak |= (uint8_t)((named && (x->weak >> i & 1)) << out->n);
        out->n++;
    }
    return true;
}

/* f(x) as a node; NULL while it is not known. */
static bool trace_result(struct eval *ev, struct value f, struct node *x, struct span at,
                         struct node **y) {
    struct value result, ready, arg = value_node(x);
    *y = NULL;
    TRY(call_simple(ev, f, &arg, 1, at, &result));
    bool ok = as_tensorlike(ev, result, &ready);
    value_unref(result);
    TRY(ok);
    struct desc d;
    if (ready.kind == V_NODE) *y = ready.node;
    else if (ready.kind != V_UNKNOWN && !value_describe(ready, &d))
        ok = fail(ev, at, ERR_TYPE, "The function must give numbers, and it gives %s.",
                  value_kind_words(ready.kind));
    else if (ready.kind != V_UNKNOWN) ok = not_connected(ev, at);
    value_unref(ready);
    return ok;
}

/* Inside something that is being traced: the slopes of each number are nodes, joined. */
static bool jacobian_of_nodes(struct eval *ev, struct value f, struct value v, struct span at,
                              struct value *out) {
    enum { MOST = 256 }; /* each is a part of the graph of its own */
    struct node *y, *x = value_to_node(ev, v);
    if (!x) return false;
    struct attrs same = {.shape = x->desc.shape}, whole = {0};
    x = graph_add1(ev->graph, OP_reshape, x, &same, ev->e); /* a node nobody else uses */
    TRY(x && trace_result(ev, f, x, at, &y));
    if (!y || !shape_known(&y->desc.shape)) return *out = value_unknown(), true;
    int64_t n;
    TRY(shape_count(&y->desc.shape, &n, ev->e));
    TRY(jacobian_shape(ev, &y->desc.shape, &x->desc.shape, at, &whole.shape));
    if (n < 1 || n > MOST)
        return fail(ev, at, ERR_VALUE,
                    "Inside another derivative or a model, jacobian is for functions that give 1 "
                    "to %d numbers.",
                    MOST);
    TRY(axes_fit(x->desc.shape.n + 1, ev->e));
    struct value rows[MOST], all = value_missing();
    for (int64_t k = 0; k < n; k++) {
        struct tensor *t = one_at(&y->desc.shape, k, ev->e);
        struct node *weights = t ? graph_constant(ev->graph, t, ev->e) : NULL, *slopes = NULL;
        tensor_unref(t);
        TRY(weights && slopes_of(ev, ev->graph, y, weights, x, at, &slopes));
        struct attrs row = {.shape = shape_of(1, &(int64_t){1})};
        for (int i = 0; i < x->desc.shape.n; i++)
            row.shape.size[row.shape.n++] = x->desc.shape.size[i];
        slopes = graph_add1(ev->graph, OP_reshape, slopes, &row, ev->e);
        if (!slopes) return false;
        rows[k] = value_node(slopes);
    }
    bool ok = concat_values(ev, rows, (int)n, 0, &all) && apply1(ev, OP_reshape, all, &whole, out);
    value_unref(all);
    return ok;
}

/* One run for each number of y. */
static bool run_slopes(struct eval *ev, struct plan *p, const struct tensor *x,
                       const struct shape *y, struct tensor *all) {
    int64_t n;
    TRY(shape_count(y, &n, ev->e));
    size_t width = n ? (size_t)(all->count / n) * dtype_bytes(all->dtype) : 0;
    struct tensor *weights = one_at(y, 0, ev->e);
    bool ok = weights != NULL;
    for (int64_t k = 0; ok && k < n; k++) {
        double *w = weights->data;
        if (k) w[k - 1] = 0;
        w[k] = 1;
        struct feed feeds[] = {{.data = x->data, .dtype = x->dtype, .scale = 1},
                               {.data = w, .dtype = DT_FLOAT64, .scale = 1}};
        struct plan_io io = {.inputs = feeds,
                             .outputs = (void *const[]){(char *)all->data + (size_t)k * width},
                             .seed = engine_seed(ev->engine),
                             .stop = ev->stop};
        ok = plan_run(p, &io, ev->e);
    }
    tensor_unref(weights);
    return ok;
}

static bool has_nan(const struct tensor *t) {
    for (int64_t i = 0; i < t->count; i++)
        if (isnan(tensor_get(t, i))) return true;
    return false;
}

/* Where one number's slope is infinite, that of the others comes out as 0 * inf. A slope is 0, not
 * missing, where it is exactly 0 beside the place. */
static bool mend_slopes(struct eval *ev, struct plan *p, const struct tensor *x,
                        const struct shape *y, struct tensor *all) {
    if (!has_nan(all) || has_nan(x)) return true;
    struct tensor *moved = tensor_zeros(DT_FLOAT64, &x->shape, ev->e);
    struct tensor *slopes = tensor_zeros(all->dtype, &all->shape, ev->e);
    for (int64_t i = 0; moved && i < x->count; i++) {
        double at = tensor_get(x, i);
        tensor_set(moved, i, at + 1e-6 * (fabs(at) + 1));
    }
    bool ok = moved && slopes && run_slopes(ev, p, moved, y, slopes);
    for (int64_t i = 0; ok && i < all->count; i++)
        if (isnan(tensor_get(all, i)) && tensor_get(slopes, i) == 0) tensor_set(all, i, 0);
    tensor_unref(moved);
    tensor_unref(slopes);
    return ok;
}

static bool jacobian_numbers(struct eval *ev, struct graph *g, const struct tensor *x,
                             struct node *y, struct node *slopes, const struct shape *whole,
                             struct value *out) {
    struct plan_spec spec = {.graph = g, .outputs = &slopes, .n_outputs = 1};
    struct tensor *all = tensor_zeros(slopes->desc.dtype, whole, ev->e);
    if (!all) return false;
    struct plan *p = all->count ? plan_new(&spec, ev->e) : NULL;
    bool ok = all->count == 0 || (p && run_slopes(ev, p, x, &y->desc.shape, all) &&
                                  mend_slopes(ev, p, x, &y->desc.shape, all));
    plan_free(p);
    if (ok) *out = value_tensor(all);
    else tensor_unref(all);
    return ok;
}

static bool jacobian_of_numbers(struct eval *ev, struct value f, struct value v, struct span at,
                                struct value *out) {
    struct desc d;
    TRY(float_desc(ev, v, at, &d));
    struct graph *g = graph_new(DT_FLOAT64, ev->e);
    if (!g) return false;
    struct trace t;
    trace_enter(ev, &t, g);
    struct node *x = graph_input(g, NULL, &d, ev->e), *y = NULL, *weights = NULL, *slopes = NULL;
    bool ok = x && trace_result(ev, f, x, at, &y);
    trace_leave(ev, &t);
    struct desc whole = {0};
    if (ok && y) {
        struct desc w = {.dtype = DT_FLOAT64, .shape = y->desc.shape};
        weights = graph_input(g, NULL, &w, ev->e);
        ok = weights && slopes_of(ev, g, y, weights, x, at, &slopes) &&
             jacobian_shape(ev, &y->desc.shape, &d.shape, at, &whole.shape);
        if (ok) whole.dtype = slopes->desc.dtype;
    }
    if (ok && !y) {
        *out = value_unknown();
    } else if (ok && (v.kind == V_DESC || ev->domain == DOMAIN_CHECK)) {
        *out = value_desc(&whole, ev->e);
        ok = out->kind == V_DESC;
    } else if (ok) {
        struct tensor *numbers = value_to_tensor(v, ev->e);
        ok = numbers && jacobian_numbers(ev, g, numbers, y, slopes, &whole.shape, out);
        tensor_unref(numbers);
    }
    graph_free(g);
    return ok;
}

bool eval_jacobian(struct eval *ev, struct value f, struct value x, struct span at,
                   struct value *out) {
    struct value ready;
    TRY(as_tensorlike(ev, x, &ready));
    bool ok = true;
    if (f.kind == V_UNKNOWN || ready.kind == V_UNKNOWN) *out = value_unknown();
    else if (ready.kind == V_NODE) ok = jacobian_of_nodes(ev, f, ready, at, out);
    else ok = jacobian_of_numbers(ev, f, ready, at, out);
    value_unref(ready);
    return ok;
}
