/* Formulas that lose all digits for large inputs, replaced by the same ones in a stable form:
 *
 *     log(softmax(x))                       log_softmax(x)
 *     sum(t log_softmax(x), last axis)      -softmax_crossentropy(x, t)
 *     log(sigmoid(x))                       -softplus(-x)
 *     log(1 - sigmoid(x))                   -softplus(x)
 *     y log(p) + (1 - y) log(1 - p)         -sigmoid_bce(x, y), where p = sigmoid(x)
 *     log(exp(x))                           x
 *
 * The nodes looked at are those of the new graph, so that one replacement can lead to the next. */
#include "passes.h"
#include "rewrite.h"

/* An elementwise operation on operands that have its shape already. */
static struct node *same_shape(struct rewrite *r, enum op op, struct node *a, struct node *b,
                               const struct desc *like) {
    if (!a || (!b && op_arity(op) == 2)) return NULL;
    struct node *in[2] = {a, b};
    struct desc d = {.dtype = like->dtype, .shape = like->shape};
    return graph_push(r->g, op, in, op_arity(op), NULL, &d, r->e);
}

static struct node *negative(struct rewrite *r, struct node *a, const struct desc *like) {
    return same_shape(r, OP_neg, a, NULL, like);
}

static bool is_number(const struct node *n, double value) {
    double x;
    return node_number(n, &x) && x == value;
}

static bool is_one_minus(const struct node *n) {
    return n->op == OP_sub && is_number(n->in[0], 1);
}

static struct node *stable_log(struct rewrite *r, const struct node *old, struct node *x) {
    if (x->op == OP_softmax && x->attrs.axes == 0) {
        return graph_push(r->g, OP_log_softmax, x->in, 1, &x->attrs, &old->desc, r->e);
    }
    if (x->op == OP_exp) return x->in[0];
    if (x->op == OP_sigmoid) {
        struct node *minus = negative(r, x->in[0], &old->desc);
        return negative(r, same_shape(r, OP_softplus, minus, NULL, &old->desc), &old->desc);
    }
    if (is_one_minus(x) && x->in[1]->op == OP_sigmoid) {
        struct node *raw = x->in[1]->in[0];
        return negative(r, same_shape(r, OP_softplus, raw, NULL, &old->desc), &old->desc);
    }
    return rewrite_copy(r, old, &x);
}

/* The factor of a product that is a log_softmax along the last axis: 0, 1, or -1. */
static int log_factor(const struct node *product) {
    for (int i = 0; i < 2 && product->op == OP_mul; i++) {
        const struct node *f = product->in[i];
        if (f->op == OP_log_softmax && f->attrs.axis == f->desc.shape.n - 1) return i;
    }
    return -1;
}

static struct node *stable_sum(struct rewrite *r, const struct node *old, struct node *x) {
    bool minus = x->op == OP_neg;
    struct node *product = minus ? x->in[0] : x;
    int i = log_factor(product), last = product->desc.shape.n - 1;
    if (i < 0 || old->attrs.keepdims || old->attrs.axes != 1u << last) {
        return rewrite_copy(r, old, &x);
    }
    struct node *pair[2] = {product->in[i]->in[0], product->in[1 - i]};
    struct node *loss = graph_push(r->g, OP_softmax_crossentropy, pair, 2, NULL, &old->desc, r->e);
    return minus ? loss : negative(r, loss, &old->desc);
}

/* -softplus(z) as a factor of a product; gives z and the other factor. */
static bool is_weighted_softplus(const struct node *product, struct node **z,
                                 struct node **weight) {
    for (int i = 0; i < 2 && product->op == OP_mul; i++) {
        const struct node *f = product->in[i];
        if (f->op != OP_neg || f->in[0]->op != OP_softplus) continue;
        *z = f->in[0]->in[0];
        *weight = product->in[1 - i];
        return true;
    }
    return false;
}

/* y (-softplus(-x)) + (1 - y) (-softplus(x)) */
static bool is_bce(struct node *const *in, struct node **x, struct node **y) {
    for (int i = 0; i < 2; i++) {
        struct node *minus_x, *rest;
        if (!is_weighted_softplus(in[i], &minus_x, y)) continue;
        if (!is_weighted_softplus(in[1 - i], x, &rest)) continue;
        bool opposite = minus_x->op == OP_neg && minus_x->in[0] == *x;
        if (opposite && is_one_minus(rest) && rest->in[1] == *y) return true;
    }
    return false;
}

static struct node *stable_add(struct rewrite *r, const struct node *old, struct node *const *in) {
    struct node *x, *y;
    if (!is_bce(in, &x, &y)) return rewrite_copy(r, old, in);
    return negative(r, same_shape(r, OP_sigmoid_bce, x, y, &old->desc), &old->desc);
}

static struct node *stable_node(struct rewrite *r, const struct node *old, struct node *const *in) {
    switch ((int)old->op) {
    case OP_log: return stable_log(r, old, in[0]);
    case OP_sum: return stable_sum(r, old, in[0]);
    case OP_add: return stable_add(r, old, in);
    default: return rewrite_copy(r, old, in);
    }
}

struct graph *pass_stable(const struct graph *g, struct node **roots, int n_roots, struct err *e) {
    return graph_rewrite(g, roots, n_roots, stable_node, NULL, e);
}
