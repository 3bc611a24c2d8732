/* Derivatives of the operations of sequence models: recur_states has those of its cell, back
 * through time (Werbos, Proc. IEEE 78, 1990); attention over heads; normalisation. */
#include "grad.h"
#include "size.h"

static struct node *back(struct grad *c, enum op op, struct node *const *in, int n_in) {
    for (int i = 0; i < n_in; i++)
        if (!in[i]) return NULL;
    struct node *made = graph_add(c->g, op, in, n_in, &c->n->attrs, c->e);
    if (!made) c->failed = true;
    return made;
}

/* in: record, x, recurrent kernel, bias. The record is nothing that depends on its own. */
static void grad_recur_states(struct grad *c) {
    struct node *record = c->n->in[0], *kernel = c->n->in[2], *bias = c->n->in[3];
    struct node *x = back(c, OP_recur_slopes, (struct node *[]){record, kernel, c->up}, 3);
    struct node *with_x[] = {record, x};
    if (c->need[1]) c->in[1] = x;
    if (c->need[2]) c->in[2] = back(c, OP_recur_weight, with_x, 2);
    if (!c->need[3]) return;
    struct node *each = back(c, OP_recur_bias, with_x, 2);
    struct node *sum = each ? grad_sum(c, each, 1, false) : NULL;
    c->in[3] = sum ? grad_reshape(c, sum, &bias->desc.shape) : NULL;
}

static void grad_not_yet(struct grad *c) {
    err_set(c->e, ERR_NOT_YET, "There is no second derivative yet of recurrent layers.");
    c->failed = true;
}

/* ---- attention, normalisation ---- */

static struct node *heads(struct grad *c, enum op op, struct node *a, struct node *b, bool trans) {
    const struct attrs attrs = {.axis = c->n->attrs.axis, .trans_a = trans};
    struct node *made = graph_add2(c->g, op, a, b, &attrs, c->e);
    if (!made) c->failed = true;
    return made;
}

static void grad_heads_scores(struct grad *c) {
    struct node *q = c->n->in[0], *k = c->n->in[1];
    if (c->need[0]) c->in[0] = heads(c, OP_heads_mix, c->up, k, false);
    if (c->need[1]) c->in[1] = heads(c, OP_heads_mix, c->up, q, true);
}

static void grad_heads_mix(struct grad *c) {
    struct node *p = c->n->in[0], *v = c->n->in[1];
    bool trans = c->n->attrs.trans_a;
    if (c->need[0])
        c->in[0] = heads(c, OP_heads_scores, trans ? v : c->up, trans ? c->up : v, false);
    if (c->need[1]) c->in[1] = heads(c, OP_heads_mix, p, c->up, !trans);
}

static void grad_norm(struct grad *c) {
    c->in[0] = back(c, OP_norm_slope, (struct node *[]){c->n->in[0], c->up}, 2);
}

/* x as (n, places, groups, channels of a group), or as it is; *axes: those that are folded. */
static struct node *in_groups(struct grad *c, struct node *x, uint32_t *axes) {
    const struct shape *s = &x->desc.shape;
    int32_t groups = c->n->attrs.axis;
    *axes = groups ? 10 : 1u << (s->n - 1);
    if (!groups) return x;
    int64_t places = 1;
    for (int i = 1; i + 1 < s->n; i++) places = size_times(places, s->size[i]);
    struct shape four = shape_of(
        4, (int64_t[]){s->size[0], places, groups, size_divide(s->size[s->n - 1], groups)});
    return grad_reshape(c, x, &four);
}

/* The mean of each group, repeated for all of it. */
static struct node *group_mean(struct grad *c, struct node *x, uint32_t axes) {
    const struct attrs fold = {.axes = axes, .keepdims = true};
    struct node *mean = grad_1(c, OP_mean, x, &fold);
    return mean ? grad_unfold(c, mean, &x->desc.shape, axes) : NULL;
}

/* norm_slope written in plain operations, whose derivatives are taken. */
static void grad_norm_slope(struct grad *c) {
    uint32_t axes;
    struct node *x = in_groups(c, c->n->in[0], &axes), *u = in_groups(c, c->n->in[1], &axes);
    struct node *w = in_groups(c, c->up, &axes), *slope[2];
    if (!x || !u || !w) return;
    struct node *centred = grad_2(c, OP_sub, x, group_mean(c, x, axes));
    struct node *square = centred ? grad_1(c, OP_square, centred, NULL) : NULL;
    struct node *variance = square ? group_mean(c, square, axes) : NULL;
    struct node *scale = grad_1(c, OP_rsqrt, grad_by(c, OP_add, variance, c->n->attrs.a), NULL);
    struct node *y = grad_2(c, OP_mul, centred, scale), *uy = grad_2(c, OP_mul, u, y);
    struct node *rest = grad_2(c, OP_sub, u, group_mean(c, u, axes));
    struct node *along = uy ? grad_2(c, OP_mul, y, group_mean(c, uy, axes)) : NULL;
    struct node *result = grad_2(c, OP_mul, grad_2(c, OP_sub, rest, along), scale);
    struct node *product = grad_2(c, OP_mul, result, w);
    struct node *sum =
        product ? grad_sum(c, product, (1u << product->desc.shape.n) - 1, false) : NULL;
    struct node *wrt[2] = {c->n->in[0], c->n->in[1]};
    if (!sum || !graph_gradient(c->g, sum, wrt, 2, slope, NULL, c->e)) {
        c->failed = true;
        return;
    }
    for (int i = 0; i < 2; i++)
        if (c->need[i]) c->in[i] = slope[i];
}

grad_fn *grad_of_recur(enum op op) {
    if (op == OP_heads_scores) return grad_heads_scores;
    if (op == OP_heads_mix) return grad_heads_mix;
    if (op == OP_norm) return grad_norm;
    if (op == OP_norm_slope) return grad_norm_slope;
    if (op == OP_recur_states) return grad_recur_states;
    bool part = op == OP_recur_slopes || op == OP_recur_weight || op == OP_recur_bias;
    return part ? grad_not_yet : NULL;
}
