/* Recognising a logistic function or a softmax in the quotient that it is written as. */
#include "written.h"

/* Looks through what changes no number. */
static struct node *plain(struct node *n) {
    while (n->op == OP_expand || n->op == OP_cast) n = n->in[0];
    return n;
}

static const struct node *plain_const(const struct node *n) {
    while (n->op == OP_expand || n->op == OP_cast) n = n->in[0];
    return n;
}

static bool is_number(const struct node *n, double x) {
    return n->op == OP_constant && n->constant->count == 1 && tensor_get(n->constant, 0) == x;
}

/* One node, one number, or the exponential function of one node. */
static bool same_values(const struct node *a, const struct node *b) {
    if (a == b) return true;
    bool number = a->op == OP_constant && a->constant->count == 1;
    if (number) return is_number(b, tensor_get(a->constant, 0));
    return a->op == OP_exp && b->op == OP_exp && plain_const(a->in[0]) == plain_const(b->in[0]);
}

static bool same_sizes(const struct node *a, const struct node *b) {
    return shape_same_sizes(&a->desc.shape, &b->desc.shape);
}

static bool folds_last(const struct node *sum) {
    return sum->op == OP_sum && sum->attrs.keepdims &&
           sum->attrs.axes == 1u << (sum->desc.shape.n - 1);
}

enum content written_content(const struct node *above, const struct node *below) {
    const struct node *a = plain_const(above), *b = plain_const(below);
    bool positive = a->desc.content >= CONTENT_POSITIVE && b->desc.content >= CONTENT_POSITIVE;
    if (positive && b->op == OP_add) {
        const struct node *p = plain_const(b->in[0]), *q = plain_const(b->in[1]);
        bool both = p->desc.content >= CONTENT_POSITIVE && q->desc.content >= CONTENT_POSITIVE;
        return both && (same_values(a, p) || same_values(a, q)) ? CONTENT_PROBABILITY : CONTENT_ANY;
    }
    if (!positive || b->op != OP_sum || !b->attrs.keepdims ||
        !same_values(a, plain_const(b->in[0])))
        return CONTENT_ANY;
    return folds_last(b) ? CONTENT_DISTRIBUTION : CONTENT_PROBABILITY;
}

struct node *written_sigmoid_input(struct graph *g, struct node *p, struct err *e) {
    if (p->op != OP_div) return NULL;
    struct node *a = plain(p->in[0]), *b = plain(p->in[1]);
    if (b->op != OP_add) return NULL;
    struct node *one = plain(b->in[0]), *power = plain(b->in[1]);
    if (power->op != OP_exp) {
        struct node *first = one;
        one = power;
        power = first;
    }
    if (power->op != OP_exp || !is_number(one, 1) || !same_sizes(power, p)) return NULL;
    if (same_values(a, power)) return power->in[0];
    if (!is_number(a, 1)) return NULL;
    struct node *inner = power->in[0];
    return inner->op == OP_neg ? inner->in[0] : graph_add1(g, OP_neg, inner, NULL, e);
}

struct node *written_softmax_input(struct node *p) {
    if (p->op != OP_div) return NULL;
    struct node *a = plain(p->in[0]), *b = plain(p->in[1]);
    bool softmax =
        a->op == OP_exp && folds_last(b) && same_values(a, plain(b->in[0])) && same_sizes(a, p);
    return softmax ? a->in[0] : NULL;
}
