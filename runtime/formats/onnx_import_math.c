/* Import of operators that work number by number, and of reductions. */
#include "onnx_read.h"
#include <math.h>
#include <string.h>

/* ---- one input ---- */

/* The result of an elementwise operation lies as its input does. */
static bool give_like(struct onnx_reader *r, const struct onnx_value *v, struct node *n) {
    struct onnx_value *out = onnx_output(r, 0);
    struct onnx_value like = *v;
    TRY(onnx_give_node(r, 0, n, like.turned));
    out->by_time = like.by_time;
    memcpy(out->order, like.order, sizeof out->order);
    out->directions = like.directions;
    out->flat = like.flat;
    return true;
}

/* Input 0 if it depends on the model's inputs; otherwise *known are its numbers. NULL with an
 * error. */
static struct onnx_value *first(struct onnx_reader *r, struct tensor **known) {
    struct onnx_value *v = onnx_input(r, 0);
    *known = onnx_known(r, v);
    return r->e->kind ? NULL : v;
}

static bool need_node(struct onnx_reader *r, struct onnx_value **v) {
    struct tensor *known;
    *v = first(r, &known);
    return *v && (!known || onnx_cannot(r, "an activation of numbers that are stored"));
}

bool onnx_import_unary(struct onnx_reader *r, int code) {
    struct tensor *t;
    struct onnx_value *v = first(r, &t);
    if (!v) return false;
    if (t) return onnx_give_known(r, 0, op_eval((enum op)code, &t, 1, NULL, 0, r->e));
    return give_like(r, v, onnx_apply(r, (enum op)code, v->node, NULL, NULL));
}

static bool as_layer(struct onnx_reader *r, struct config *c) {
    struct onnx_value *v;
    if (!c || !need_node(r, &v)) return config_unref(c), false;
    return give_like(r, v, assemble_use(r->a, c, v->node));
}

bool onnx_import_relu(struct onnx_reader *r, int code) {
    (void)code;
    return as_layer(r, onnx_config(r, LAYER_relu));
}

static struct config *config_with(struct onnx_reader *r, enum layer_kind kind, const char *arg,
                                  double x) {
    struct config *c = onnx_config(r, kind);
    if (!c || config_set_number(c, arg, x, r->e)) return c;
    config_unref(c);
    return NULL;
}

bool onnx_import_leaky(struct onnx_reader *r, int code) {
    (void)code;
    return as_layer(r,
                    config_with(r, LAYER_leaky_relu, "slope", onnx_attr_float(r, "alpha", 0.01)));
}

bool onnx_import_elu(struct onnx_reader *r, int code) {
    (void)code;
    return as_layer(r, config_with(r, LAYER_elu, "alpha", onnx_attr_float(r, "alpha", 1)));
}

bool onnx_import_dropout(struct onnx_reader *r, int code) {
    double rate = onnx_attr_float(r, "ratio", 0.5);
    (void)code;
    if (onnx_has_input(r, 1)) {
        const struct tensor *t = onnx_numbers(r, 1);
        if (!t || t->count != 1) return false;
        rate = tensor_get(t, 0);
    }
    if (!(rate >= 0 && rate < 1)) return onnx_cannot(r, "a dropout of %g", rate);
    return as_layer(r, config_with(r, LAYER_dropout, "rate", rate));
}

bool onnx_import_prelu(struct onnx_reader *r, int code) {
    (void)code;
    struct onnx_value *v;
    struct tensor *slope;
    if (!need_node(r, &v) || !(slope = onnx_numbers(r, 1))) return false;
    bool turned = v->node->desc.shape.n > 2;
    struct node *x = turned ? onnx_turned(r, v) : onnx_plain(r, v);
    if (!x) return false;
    int64_t units = x->desc.shape.size[x->desc.shape.n - 1];
    if (slope->count != 1 && slope->count != units)
        return onnx_cannot(r, "a PRelu with %lld slopes", (long long)slope->count);
    struct shape s = shape_of(1, &units);
    struct tensor *each = units > 0 ? tensor_new(DT_FLOAT32, &s, r->e) : NULL;
    for (int64_t i = 0; each && i < units; i++)
        tensor_set(each, i, tensor_get(slope, slope->count == 1 ? 0 : i));
    struct layer *l = assemble_layer(r->a, onnx_config(r, LAYER_prelu));
    struct node *y = assemble_apply(r->a, l, &x, 1);
    if (!y) return tensor_unref(each), false;
    return assemble_give(r->a, l, 0, each) && onnx_give_node(r, 0, y, turned);
}

/* A limit, as an input or an attribute. */
static double limit(struct onnx_reader *r, int i, const char *name, double fallback) {
    if (!onnx_has_input(r, i)) return onnx_attr_float(r, name, fallback);
    const struct tensor *t = onnx_numbers(r, i);
    return t && t->count == 1 ? tensor_get(t, 0) : fallback;
}

bool onnx_import_clip(struct onnx_reader *r, int code) {
    (void)code;
    struct onnx_value *v;
    if (!need_node(r, &v)) return false;
    double low = limit(r, 1, "min", -INFINITY), high = limit(r, 2, "max", INFINITY);
    struct node *y = v->node;
    if (r->e->kind) return false;
    if (low > -3e38) y = onnx_times(r, OP_maximum, y, low);
    if (high < 3e38) y = onnx_times(r, OP_minimum, y, high);
    return give_like(r, v, y);
}

bool onnx_import_hard_sigmoid(struct onnx_reader *r, int code) {
    struct onnx_value *v;
    if (!need_node(r, &v)) return false;
    double alpha = code ? 1.0 / 6 : onnx_attr_float(r, "alpha", 0.2);
    double beta = code ? 0.5 : onnx_attr_float(r, "beta", 0.5);
    struct node *line = onnx_times(r, OP_add, onnx_times(r, OP_mul, v->node, alpha), beta);
    struct node *y = onnx_times(r, OP_minimum, onnx_times(r, OP_maximum, line, 0), 1);
    return give_like(r, v, code && y ? onnx_apply(r, OP_mul, v->node, y, NULL) : y);
}

bool onnx_import_gelu(struct onnx_reader *r, int code) {
    (void)code;
    struct onnx_value *v;
    if (!need_node(r, &v)) return false;
    struct node *x = v->node;
    if (!onnx_attr_is(r, "approximate", "tanh", "none"))
        return give_like(r, v, onnx_apply(r, OP_gelu, x, NULL, NULL));
    /* x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 */
    struct node *cube = onnx_apply(r, OP_mul, onnx_apply(r, OP_square, x, NULL, NULL), x, NULL);
    struct node *inner = onnx_apply(r, OP_add, onnx_times(r, OP_mul, cube, 0.044715), x, NULL);
    struct node *tanh =
        onnx_apply(r, OP_tanh, onnx_times(r, OP_mul, inner, 0.7978845608028654), NULL, NULL);
    struct node *factor = onnx_times(r, OP_mul, onnx_times(r, OP_add, tanh, 1), 0.5);
    return give_like(r, v, factor ? onnx_apply(r, OP_mul, factor, x, NULL) : NULL);
}

/* gamma x, or gamma alpha (exp(x) - 1) below 0 */
bool onnx_import_selu(struct onnx_reader *r, int code) {
    struct onnx_value *v;
    (void)code;
    if (!need_node(r, &v)) return false;
    double alpha = onnx_attr_float(r, "alpha", 1.67326319217681884765625);
    double gamma = onnx_attr_float(r, "gamma", 1.05070102214813232421875);
    struct node *above = onnx_apply(r, OP_relu, v->node, NULL, NULL);
    struct node *power = onnx_apply(r, OP_exp, onnx_times(r, OP_minimum, v->node, 0), NULL, NULL);
    struct node *below = onnx_times(r, OP_mul, onnx_times(r, OP_sub, power, 1), alpha);
    struct node *both = below ? onnx_apply(r, OP_add, above, below, NULL) : NULL;
    return give_like(r, v, onnx_times(r, OP_mul, both, gamma));
}

/* x sigmoid(alpha x), or x tanh(softplus(x)) */
bool onnx_import_swish(struct onnx_reader *r, int code) {
    struct onnx_value *v;
    if (!need_node(r, &v)) return false;
    double alpha = onnx_attr_float(r, "alpha", 1);
    struct node *x = alpha == 1 || code ? v->node : onnx_times(r, OP_mul, v->node, alpha);
    struct node *gate =
        code ? onnx_apply(r, OP_tanh, onnx_apply(r, OP_softplus, x, NULL, NULL), NULL, NULL)
             : onnx_apply(r, OP_sigmoid, x, NULL, NULL);
    return give_like(r, v, gate ? onnx_apply(r, OP_mul, v->node, gate, NULL) : NULL);
}

/* The axis in the node, and whether it is its last one. */
static bool softmax_axis(struct onnx_reader *r, struct onnx_value *v, int *axis) {
    int64_t given = onnx_attr_int(r, "axis", r->opset >= 13 ? -1 : 1);
    if (v->flat) return *axis = 1, true;
    *axis = onnx_axis_of(r, v, given);
    if (*axis < 0) return false;
    bool last = *axis == v->node->desc.shape.n - 1;
    if (*axis == 0) return onnx_cannot(r, "a softmax over the examples");
    return last || r->opset >= 13 || onnx_cannot(r, "a softmax over several axes");
}

bool onnx_import_softmax(struct onnx_reader *r, int code) {
    struct onnx_value *v;
    int axis;
    if (!need_node(r, &v) || !softmax_axis(r, v, &axis)) return false;
    bool last = axis == v->node->desc.shape.n - 1;
    return as_layer(r, config_with(r, (enum layer_kind)code, "axis", last ? -1 : axis));
}

bool onnx_import_log_softmax(struct onnx_reader *r, int code) {
    struct onnx_value *v;
    int axis;
    (void)code;
    if (!need_node(r, &v) || !softmax_axis(r, v, &axis)) return false;
    const struct attrs a = {.axis = axis};
    return give_like(r, v, onnx_apply(r, OP_log_softmax, v->node, NULL, &a));
}

/* ---- several inputs ---- */

/* Stored numbers as an operand for a node of `axes` axes: as many axes, channels last if the node
 * has them so, then without leading axes of size 1. */
static struct node *stored_operand(struct onnx_reader *r, struct tensor *t, int axes, bool turned) {
    struct shape s = {.n = axes};
    struct attrs a = {0};
    if (t->count == 1) return graph_number(r->a->builder->graph, tensor_get(t, 0), r->e);
    if (t->shape.n > axes)
        return onnx_cannot(r, "stored numbers with more axes than the other"), NULL;
    for (int i = 0; i < axes; i++) {
        int from = i - (axes - t->shape.n);
        s.size[i] = from < 0 ? 1 : t->shape.size[from];
        a.perm[i] = !turned || i == 0 ? i : i == axes - 1 ? 1 : i + 1;
    }
    struct tensor *full = tensor_with_shape(t, &s, r->e);
    struct tensor *laid = full ? op_eval(OP_transpose, &full, 1, &a, 0, r->e) : NULL;
    tensor_unref(full);
    if (!laid) return NULL;
    int skip = 0;
    while (skip + 1 < axes && laid->shape.size[skip] == 1) skip++;
    for (int i = skip + 1; i < axes; i++)
        if (laid->shape.size[i] == 1 && laid->shape.size[skip] != 1) skip = 0; /* repeated inside */
    struct shape few = shape_of(axes - skip, laid->shape.size + skip);
    struct tensor *short_one = tensor_with_shape(laid, &few, r->e);
    struct node *n = short_one ? graph_constant(r->a->builder->graph, short_one, r->e) : NULL;
    tensor_unref(laid);
    tensor_unref(short_one);
    return n;
}

enum { MOST_INPUTS = 16 };

struct operands {
    int n, axes;
    bool turned;
    struct onnx_value *value[MOST_INPUTS];
    struct tensor *known[MOST_INPUTS];
    bool all_known;
};

static bool read_operands(struct onnx_reader *r, struct operands *o) {
    *o = (struct operands){.n = (int)r->now->n_input, .all_known = true};
    if (r->now->n_input > MOST_INPUTS || o->n < 1)
        return onnx_cannot(r, "%zu inputs", r->now->n_input);
    for (int i = 0; i < o->n; i++) {
        TRY(o->value[i] = onnx_input(r, i));
        o->known[i] = onnx_known(r, o->value[i]);
        if (r->e->kind) return false;
        if (o->known[i]) continue;
        o->all_known = false;
        o->turned = o->turned || o->value[i]->turned;
        int axes = o->value[i]->node->desc.shape.n;
        if (axes > o->axes) o->axes = axes;
    }
    return true;
}

static struct node *operand(struct onnx_reader *r, const struct operands *o, int i) {
    if (o->known[i]) return stored_operand(r, o->known[i], o->axes, o->turned);
    int axes = o->value[i]->node->desc.shape.n;
    if (axes == o->axes)
        return o->turned ? onnx_turned(r, o->value[i]) : onnx_plain(r, o->value[i]);
    onnx_cannot(r, "values with %d and %d axes meet", axes, o->axes);
    return NULL;
}

/* Whole numbers are divided as in C there. */
static enum op known_op(const struct operands *o, int code) {
    bool whole = !dtype_is_float(o->known[0]->dtype);
    return code == OP_div && whole ? OP_floordiv : (enum op)code;
}

static bool binary_known(struct onnx_reader *r, const struct operands *o, int code) {
    struct tensor *t = tensor_ref(o->known[0]);
    for (int i = 1; t && i < o->n; i++) {
        struct tensor *in[2] = {t, o->known[i]};
        struct tensor *next = op_eval(known_op(o, code), in, 2, NULL, 0, r->e);
        tensor_unref(t);
        t = next;
    }
    return onnx_give_known(r, 0, t);
}

bool onnx_import_binary(struct onnx_reader *r, int code) {
    struct operands o;
    TRY(read_operands(r, &o));
    if (o.all_known) return binary_known(r, &o, code);
    struct node *y = operand(r, &o, 0);
    for (int i = 1; y && i < o.n; i++) {
        struct node *b = operand(r, &o, i);
        y = b ? onnx_apply(r, (enum op)code, y, b, NULL) : NULL;
    }
    return onnx_give_node(r, 0, y, o.turned);
}

bool onnx_import_where(struct onnx_reader *r, int code) {
    struct operands o;
    struct node *in[3];
    (void)code;
    TRY(read_operands(r, &o));
    if (o.n != 3) return onnx_cannot(r, "%d inputs", o.n);
    if (o.all_known) return onnx_give_known(r, 0, op_eval(OP_where, o.known, 3, NULL, 0, r->e));
    for (int i = 0; i < 3; i++) TRY(in[i] = operand(r, &o, i));
    return onnx_give_node(r, 0, graph_add(r->a->builder->graph, OP_where, in, 3, NULL, r->e),
                          o.turned);
}

/* ---- reductions ---- */

/* The set of axes of the node; 0 with an error. */
static uint32_t axes_of(struct onnx_reader *r, const struct onnx_value *v) {
    int64_t axes[MAX_AXES];
    int n = onnx_wholes(r, 1, "axes", axes, MAX_AXES);
    uint32_t set = 0;
    for (int i = 0; i < n; i++) {
        int at = onnx_axis_of(r, v, axes[i]);
        if (at < 0) return 0;
        set |= 1u << at;
    }
    if (n > 0 && !(set & 1)) return set;
    onnx_cannot(r, "a reduction over the examples");
    return 0;
}

static bool reduce_known(struct onnx_reader *r, struct tensor *t, int code) {
    int64_t axes[MAX_AXES];
    struct attrs a = {.keepdims = onnx_attr_int(r, "keepdims", 1) != 0};
    int n = onnx_wholes(r, 1, "axes", axes, MAX_AXES);
    for (int i = 0; i < n; i++) {
        int64_t at = axes[i] < 0 ? axes[i] + t->shape.n : axes[i];
        if (at < 0 || at >= t->shape.n) return onnx_cannot(r, "there is no such axis");
        a.axes |= 1u << at;
    }
    if (n <= 0) a.axes = (1u << t->shape.n) - 1;
    return onnx_give_known(r, 0, op_eval((enum op)code, &t, 1, &a, 0, r->e));
}

static bool pooled(struct onnx_reader *r, const struct onnx_value *v, int code, bool keep) {
    bool two = v->node->desc.shape.n == 4;
    enum layer_kind mean = two ? LAYER_global_avg_pool2d : LAYER_global_avg_pool1d;
    enum layer_kind max = two ? LAYER_global_max_pool2d : LAYER_global_max_pool1d;
    struct config *c = config_with(r, code == OP_mean ? mean : max, "keepdims", keep);
    return onnx_give_node(r, 0, assemble_use(r->a, c, v->node), keep);
}

bool onnx_import_reduce(struct onnx_reader *r, int code) {
    struct tensor *t;
    struct onnx_value *v = first(r, &t);
    bool keep = onnx_attr_int(r, "keepdims", 1) != 0;
    if (!v) return false;
    if (t) return reduce_known(r, t, code);
    uint32_t axes = axes_of(r, v);
    if (!axes) return false;
    int n = v->node->desc.shape.n;
    bool places = v->turned && (n == 3 || n == 4) && axes == (n == 4 ? 6u : 2u);
    if (places && (code == OP_mean || code == OP_max)) return pooled(r, v, code, keep);
    if (v->turned && !keep && !places) {
        struct onnx_value plain = {.node = onnx_plain(r, v)};
        if (!plain.node || !(axes = axes_of(r, &plain))) return false;
        const struct attrs a = {.axes = axes};
        return onnx_give_node(r, 0, onnx_apply(r, (enum op)code, plain.node, NULL, &a), false);
    }
    if (v->by_time) return onnx_cannot(r, "a reduction of a sequence by time");
    const struct attrs a = {.axes = axes, .keepdims = keep};
    return onnx_give_node(r, 0, onnx_apply(r, (enum op)code, v->node, NULL, &a), v->turned && keep);
}

/* ---- types ---- */

bool onnx_import_cast(struct onnx_reader *r, int code) {
    struct tensor *t;
    struct onnx_value *v = first(r, &t);
    int64_t to = onnx_attr_int(r, "to", 0);
    bool whole =
        to == ONNX__TENSOR_PROTO__DATA_TYPE__INT64 || to == ONNX__TENSOR_PROTO__DATA_TYPE__INT32;
    enum dtype type = whole                                       ? DT_INT64
                      : to == ONNX__TENSOR_PROTO__DATA_TYPE__BOOL ? DT_BOOL
                                                                  : DT_FLOAT32;
    (void)code;
    if (!v) return false;
    if (t) return onnx_give_known(r, 0, tensor_cast(t, type, r->e));
    if (v->node->desc.dtype == type) return onnx_give_same(r, 0, v);
    const struct attrs a = {.dtype = type};
    return give_like(r, v, onnx_apply(r, OP_cast, v->node, NULL, &a));
}

bool onnx_import_same(struct onnx_reader *r, int code) {
    (void)code;
    struct onnx_value *v = onnx_input(r, 0);
    return v && onnx_give_same(r, 0, v);
}
