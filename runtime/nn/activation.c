/* Activations: by name for layers, and as layers of their own; also the linear layer Rescaling. */
#include "layer.h"

#define ACTIVATION(id, help)                                                                       \
    static struct node *activation_##id(struct graph *g, struct node *x, struct err *e);
#include "activations.list"
#undef ACTIVATION

typedef struct node *(*activation_fn)(struct graph *g, struct node *x, struct err *e);

static const activation_fn activations[] = {
#define ACTIVATION(id, help) activation_##id,
#include "activations.list"
#undef ACTIVATION
};

struct node *activation_apply(struct graph *g, int activation, struct node *x, struct err *e) {
    if (activation != ACTIVATION_linear) x = op_float(g, x, e);
    return x ? activations[activation](g, x, e) : NULL;
}

static struct node *activation_linear(struct graph *g, struct node *x, struct err *e) {
    (void)g, (void)e;
    return x;
}

static struct node *activation_relu(struct graph *g, struct node *x, struct err *e) {
    return op1(g, OP_relu, x, e);
}

/* As x times its slope, which the derivative needs again. */
struct node *activation_leaky_relu_slope(struct graph *g, struct node *x, double slope,
                                         struct err *e) {
    struct node *positive = op_number(g, OP_gt, x, 0, e), *one = graph_number(g, 1, e);
    return op2(g, OP_mul, x, op3(g, OP_where, positive, one, graph_number(g, slope, e), e), e);
}

static struct node *activation_leaky_relu(struct graph *g, struct node *x, struct err *e) {
    return activation_leaky_relu_slope(g, x, 0.01, e);
}

/* The exponential sees min(x, 0): in the branch that is not taken it must not overflow, because
 * infinity times the 0 of the other branch's slope would be NaN. */
struct node *activation_elu_alpha(struct graph *g, struct node *x, double alpha, struct err *e) {
    struct node *positive = op_number(g, OP_gt, x, 0, e);
    struct node *power = op1(g, OP_exp, op_number(g, OP_minimum, x, 0, e), e);
    struct node *below = op_number(g, OP_sub, power, 1, e);
    if (alpha != 1) below = op_number(g, OP_mul, below, alpha, e);
    return op3(g, OP_where, positive, x, below, e);
}

static struct node *activation_elu(struct graph *g, struct node *x, struct err *e) {
    return activation_elu_alpha(g, x, 1, e);
}

static struct node *activation_gelu(struct graph *g, struct node *x, struct err *e) {
    return op1(g, OP_gelu, x, e);
}

static struct node *activation_softplus(struct graph *g, struct node *x, struct err *e) {
    return op1(g, OP_softplus, x, e);
}

static struct node *activation_sigmoid(struct graph *g, struct node *x, struct err *e) {
    return op1(g, OP_sigmoid, x, e);
}

static struct node *activation_tanh(struct graph *g, struct node *x, struct err *e) {
    return op1(g, OP_tanh, x, e);
}

static struct node *activation_softmax(struct graph *g, struct node *x, struct err *e) {
    return op_along(g, OP_softmax, x, -1, e);
}

static struct node *activation_silu(struct graph *g, struct node *x, struct err *e) {
    return op2(g, OP_mul, x, op1(g, OP_sigmoid, x, e), e);
}

static struct node *activation_exp(struct graph *g, struct node *x, struct err *e) {
    return op1(g, OP_exp, x, e);
}

static struct node *activation_hard_sigmoid(struct graph *g, struct node *x, struct err *e) {
    struct node *line = op_number(g, OP_add, op_number(g, OP_mul, x, 1.0 / 6, e), 0.5, e);
    struct node *y = op_number(g, OP_minimum, op_number(g, OP_maximum, line, 0, e), 1, e);
    if (y) y->desc.content = CONTENT_PROBABILITY;
    return y;
}

/* ---- as layers ---- */

struct node *layer_build_relu(struct builder *b, struct layer *l, struct node *x, struct err *e) {
    (void)l;
    return activation_apply(b->graph, ACTIVATION_relu, x, e);
}

struct node *layer_build_leaky_relu(struct builder *b, struct layer *l, struct node *x,
                                    struct err *e) {
    x = op_float(b->graph, x, e);
    return activation_leaky_relu_slope(b->graph, x, layer_arg(l, 0)->number, e);
}

struct node *layer_build_elu(struct builder *b, struct layer *l, struct node *x, struct err *e) {
    x = op_float(b->graph, x, e);
    return activation_elu_alpha(b->graph, x, layer_arg(l, 0)->number, e);
}

/* max(x, 0) + alpha min(x, 0), one alpha for each number of the last axis. */
struct node *layer_build_prelu(struct builder *b, struct layer *l, struct node *x, struct err *e) {
    int64_t n = layer_last_size(l, x, e);
    if (!n || !(x = op_float(b->graph, x, e))) return NULL;
    struct layer_weight alpha = {
        .name = "alpha", .shape = shape_of(1, &n), .value = layer_arg(l, 0)->number};
    struct node *slope = layer_weight(b, l, 0, &alpha, e);
    struct node *below = op2(b->graph, OP_mul, op_number(b->graph, OP_minimum, x, 0, e), slope, e);
    return op2(b->graph, OP_add, op1(b->graph, OP_relu, x, e), below, e);
}

struct node *layer_build_softmax(struct builder *b, struct layer *l, struct node *x,
                                 struct err *e) {
    int n = x->desc.shape.n, axis = (int)layer_arg(l, 0)->number;
    int counted = axis < 0 ? n + axis : axis;
    if (counted < 1 || counted >= n) {
        err_set(e, ERR_SHAPE,
                "Softmax along axis %d does not work on %d axes, the first of which "
                "numbers the examples.",
                axis, n);
        return NULL;
    }
    return op_along(b->graph, OP_softmax, op_float(b->graph, x, e), counted, e);
}

struct node *layer_build_rescaling(struct builder *b, struct layer *l, struct node *x,
                                   struct err *e) {
    struct node *y =
        op_number(b->graph, OP_mul, op_float(b->graph, x, e), layer_arg(l, 0)->number, e);
    double offset = layer_arg(l, 1)->number;
    return offset != 0 ? op_number(b->graph, OP_add, y, offset, e) : y;
}
