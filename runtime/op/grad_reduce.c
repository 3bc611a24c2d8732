/* Derivatives of reductions, of the matrix product, and of softmax and its relatives. */
#include "grad.h"

static struct node *input(const struct grad *c, int i) {
    return c->n->in[i];
}

/* A single result for each folded group, repeated for the whole group. */
static struct node *unfold(struct grad *c, struct node *a) {
    return grad_unfold(c, a, &input(c, 0)->desc.shape, c->n->attrs.axes);
}

static void grad_of_sum(struct grad *c) {
    c->in[0] = unfold(c, c->up);
}

/* Is n the mean of (x - mean(x))^2 over the same axes? Gives x: the variance of x, where what flows
 * through the inner mean adds up to 0. */
static struct node *varied(const struct grad *c) {
    struct node *square = input(c, 0), *centred = square->in[0];
    if (square->op != OP_square || centred->op != OP_sub) return NULL;
    struct node *x = centred->in[0], *wide = centred->in[1], *mean = wide->in[0];
    if (wide->op != OP_expand || mean->op != OP_mean || mean->in[0] != x) return NULL;
    bool same = mean->attrs.axes == c->n->attrs.axes && mean->attrs.keepdims && wide->n_in == 1 &&
                c->n->attrs.keepdims;
    const bool *w = c->wanted;
    bool between = w[square->id] || w[centred->id] || w[wide->id] || w[mean->id];
    return same && !between ? x : NULL;
}

/* (mean(x) - x) * -2 u / count, written so that the difference is not the one of the variance: that
 * one need not be kept then. */
static void grad_variance(struct grad *c, struct node *x, struct node *count) {
    struct node *wide = input(c, 0)->in[0]->in[1];
    struct node *by = grad_2(c, OP_div, grad_by(c, OP_mul, c->up, -2), count);
    c->in[0] = grad_2(c, OP_mul, grad_2(c, OP_sub, wide, x), unfold(c, by));
    c->beyond = x;
}

static void grad_mean(struct grad *c) {
    struct node *count = grad_1(c, OP_count, input(c, 0), &c->n->attrs);
    struct node *x = varied(c);
    if (x && count) {
        grad_variance(c, x, count);
        return;
    }
    c->in[0] = unfold(c, grad_2(c, OP_div, c->up, count));
}

/* Equal largest numbers share the derivative. */
static void grad_extreme(struct grad *c) {
    struct node *x = input(c, 0);
    const struct attrs as_numbers = {.dtype = x->desc.dtype};
    struct node *mask = grad_1(c, OP_cast, grad_2(c, OP_eq, x, unfold(c, c->n)), &as_numbers);
    struct node *ties = grad_sum(c, mask, c->n->attrs.axes, c->n->attrs.keepdims);
    c->in[0] = grad_2(c, OP_mul, mask, unfold(c, grad_2(c, OP_div, c->up, ties)));
}

static void grad_cumsum(struct grad *c) {
    struct attrs back = c->n->attrs;
    back.a = back.a == 0;
    c->in[0] = grad_1(c, OP_cumsum, c->up, &back);
}

/* ---- matrix product ---- */

/* Only for operands with one axis and their results, so there is room. */
static struct shape insert_axis(struct shape s, int at) {
    if (s.n == MAX_AXES) return s;
    for (int i = s.n; i > at; i--) {
        s.size[i] = s.size[i - 1];
        s.axis[i] = s.axis[i - 1];
    }
    s.size[at] = 1;
    s.axis[at] = NULL;
    s.weak = 0;
    s.n++;
    return s;
}

/* a with its last two axes swapped. */
static struct node *swapped(struct grad *c, struct node *a) {
    int n = a->desc.shape.n;
    struct attrs swap = {0};
    for (int i = 0; i < n; i++) swap.perm[i] = i;
    swap.perm[n - 1] = n - 2;
    swap.perm[n - 2] = n - 1;
    return grad_1(c, OP_transpose, a, &swap);
}

/* One matrix for all: (…, m, k) (k, n). Its slope is summed over the leading axes. */
static void shared_slopes(struct grad *c, struct node *a, struct node *b, struct node *u, bool ta,
                          bool tb) {
    if (c->need[0]) {
        struct node *slope = grad_matmul(c, u, b, false, !tb);
        c->in[0] = ta && slope ? swapped(c, slope) : slope;
    }
    if (!c->need[1]) return;
    const struct attrs fold = {.axes = 1};
    struct node *rows = ta ? swapped(c, a) : a;
    struct node *left = tb ? u : rows, *right = tb ? rows : u;
    if (!left || !right) return;
    c->in[1] = graph_add2(c->g, OP_matmul, left, right, &fold, c->e);
    c->failed = c->failed || !c->in[1];
}

/* Both have the same leading axes. */
static void paired_slopes(struct grad *c, struct node *a, struct node *b, struct node *u, bool ta,
                          bool tb) {
    if (c->need[0]) {
        c->in[0] = ta ? grad_matmul(c, b, u, tb, true) : grad_matmul(c, u, b, false, !tb);
    }
    if (c->need[1]) {
        c->in[1] = tb ? grad_matmul(c, u, a, true, ta) : grad_matmul(c, a, u, !ta, false);
    }
}

/* s[k, n] = sum over … of a[…, k] b[…, n] */
static void fold_slopes(struct grad *c) {
    if (c->need[0]) c->in[0] = grad_matmul(c, input(c, 1), c->up, false, true);
    if (c->need[1]) c->in[1] = grad_matmul(c, input(c, 0), c->up, false, false);
}

static void grad_of_matmul(struct grad *c) {
    struct node *a = input(c, 0), *b = input(c, 1), *u = c->up;
    const struct shape *sa = &a->desc.shape, *sb = &b->desc.shape;
    const struct attrs *attrs = &c->n->attrs;
    if (attrs->axes & 1) {
        fold_slopes(c);
        return;
    }
    bool ta = attrs->trans_a && sa->n > 1, tb = attrs->trans_b && sb->n > 1;
    bool shared = sa->n > 2 && sb->n <= 2;
    struct shape row = insert_axis(*sa, 0), column = insert_axis(*sb, sb->n);
    struct shape full = c->n->desc.shape;
    if (sa->n == 1) full = insert_axis(full, full.n - (sb->n > 1));
    if (sb->n == 1) full = insert_axis(full, full.n);
    if (sa->n == 1 || sb->n == 1) u = grad_reshape(c, u, &full);
    if (sa->n == 1) a = grad_reshape(c, a, &row);
    if (sb->n == 1) b = grad_reshape(c, b, &column);
    if (!a || !b || !u) return;
    (shared ? shared_slopes : paired_slopes)(c, a, b, u, ta, tb);
    for (int i = 0; i < 2; i++) {
        const struct shape *s = &input(c, i)->desc.shape;
        if (s->n == 1 && c->in[i]) c->in[i] = grad_reshape(c, c->in[i], s);
    }
}

/* ---- softmax and relatives ---- */

/* The sum of x along one axis, repeated along it. */
static struct node *axis_total(struct grad *c, struct node *x, int axis) {
    uint32_t axes = 1u << axis;
    struct node *sum = grad_sum(c, x, axes, true);
    return sum ? grad_unfold(c, sum, &x->desc.shape, axes) : NULL;
}

static struct node *softmax_slope(struct grad *c, struct node *y, struct node *u, int axis) {
    const struct attrs along = {.axis = axis};
    struct node *made = y && u ? graph_add2(c->g, OP_softmax_slope, y, u, &along, c->e) : NULL;
    if (!made) c->failed = true;
    return made;
}

/* y (u - sum(u y)) */
static void grad_softmax(struct grad *c) {
    c->in[0] = softmax_slope(c, c->n, c->up, c->n->attrs.axis);
}

/* Of s = y (u - sum(y u)), with w from above: for u again a slope, for y
 * w (u - sum(y u)) - u sum(w y). */
static void grad_softmax_slope(struct grad *c) {
    struct node *y = input(c, 0), *u = input(c, 1), *w = c->up;
    int axis = c->n->attrs.axis;
    if (c->need[1]) c->in[1] = softmax_slope(c, y, w, axis);
    if (!c->need[0]) return;
    struct node *yu = grad_2(c, OP_mul, y, u), *wy = grad_2(c, OP_mul, w, y);
    if (!yu || !wy) return;
    struct node *rest = grad_2(c, OP_sub, u, axis_total(c, yu, axis));
    c->in[0] = grad_2(c, OP_sub, grad_2(c, OP_mul, w, rest),
                      grad_2(c, OP_mul, u, axis_total(c, wy, axis)));
}

/* u - y sum(u), where y is the softmax */
struct node *grad_log_softmax_of(struct grad *c, struct node *y) {
    struct node *total = y ? axis_total(c, c->up, y->attrs.axis) : NULL;
    return grad_2(c, OP_sub, c->up, grad_2(c, OP_mul, y, total));
}

static void grad_log_softmax(struct grad *c) {
    c->in[0] = grad_log_softmax_of(c, grad_1(c, OP_softmax, input(c, 0), &c->n->attrs));
}

/* With target t: logits get u (softmax(x) sum(t) - t), the target -u log_softmax(x). */
static void grad_softmax_crossentropy(struct grad *c) {
    struct node *x = input(c, 0), *t = input(c, 1);
    int last = x->desc.shape.n - 1;
    const struct attrs along = {.axis = last};
    struct node *u = grad_unfold(c, c->up, &x->desc.shape, 1u << last);
    if (c->need[0]) {
        struct node *p = grad_1(c, OP_softmax, x, &along);
        if (t->desc.content != CONTENT_DISTRIBUTION) {
            p = grad_2(c, OP_mul, p, axis_total(c, t, last));
        }
        c->in[0] = grad_2(c, OP_mul, u, grad_2(c, OP_sub, p, t));
    }
    if (c->need[1]) {
        struct node *logs = grad_1(c, OP_log_softmax, x, &along);
        c->in[1] = grad_1(c, OP_neg, grad_2(c, OP_mul, u, logs), NULL);
    }
}

grad_fn *grad_of_reduce(enum op op) {
    static grad_fn *const table[OP_COUNT] = {
        [OP_sum] = grad_of_sum,
        [OP_mean] = grad_mean,
        [OP_max] = grad_extreme,
        [OP_min] = grad_extreme,
        [OP_cumsum] = grad_cumsum,
        [OP_matmul] = grad_of_matmul,
        [OP_softmax] = grad_softmax,
        [OP_softmax_slope] = grad_softmax_slope,
        [OP_log_softmax] = grad_log_softmax,
        [OP_softmax_crossentropy] = grad_softmax_crossentropy,
    };
    return table[op];
}
