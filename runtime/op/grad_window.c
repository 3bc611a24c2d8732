/* Derivatives of convolutions and pooling. The three convolutions are linear in each operand, and
 * the derivative of one is another; pooling is undone by spreading. */
#include "grad.h"

static struct node *input(const struct grad *c, int i) {
    return c->n->in[i];
}

static struct node *conv_2(struct grad *c, enum op op, struct node *a, struct node *b,
                           const struct shape *shape) {
    struct attrs attrs = {.window = c->n->attrs.window};
    if (!a || !b) return NULL;
    if (shape) attrs.shape = *shape;
    struct node *made = graph_add2(c->g, op, a, b, &attrs, c->e);
    c->failed = c->failed || !made;
    return made;
}

/* A kernel (h, w, in / groups, out) as (h, w, out / groups, in): per group the last two axes
 * swapped. */
static struct node *turned(struct grad *c, struct node *k) {
    if (!k) return NULL;
    const struct shape *s = &k->desc.shape;
    int64_t groups = c->n->attrs.window.groups, in = s->size[2], out = s->size[3] / groups;
    struct shape split = {.n = 5, .size = {s->size[0], s->size[1], in, groups, out}};
    struct shape joined = {.n = 4, .size = {s->size[0], s->size[1], out, groups * in}};
    const struct attrs swap = {.perm = {0, 1, 4, 3, 2}}, last = {.perm = {0, 1, 3, 2}};
    if (groups == 1) return grad_1(c, OP_transpose, k, &last);
    return grad_reshape(c, grad_1(c, OP_transpose, grad_reshape(c, k, &split), &swap), &joined);
}

/* The shape of a kernel turned. */
static struct shape turned_shape(const struct grad *c, const struct shape *s) {
    int64_t groups = c->n->attrs.window.groups;
    return (struct shape){
        .n = 4, .size = {s->size[0], s->size[1], s->size[3] / groups, s->size[2] * groups}};
}

static void grad_conv(struct grad *c) {
    struct node *x = input(c, 0), *k = input(c, 1);
    if (c->need[0]) c->in[0] = conv_2(c, OP_conv_input, c->up, turned(c, k), &x->desc.shape);
    if (c->need[1]) c->in[1] = conv_2(c, OP_conv_kernel, x, c->up, &k->desc.shape);
}

static void grad_conv_input(struct grad *c) {
    struct node *y = input(c, 0), *k = input(c, 1);
    if (c->need[0]) c->in[0] = conv_2(c, OP_conv, c->up, turned(c, k), NULL);
    if (!c->need[1]) return;
    struct shape s = turned_shape(c, &k->desc.shape);
    c->in[1] = turned(c, conv_2(c, OP_conv_kernel, c->up, y, &s));
}

static void grad_conv_kernel(struct grad *c) {
    struct node *x = input(c, 0), *y = input(c, 1);
    if (c->need[0]) c->in[0] = conv_2(c, OP_conv_input, y, turned(c, c->up), &x->desc.shape);
    if (c->need[1]) c->in[1] = conv_2(c, OP_conv, x, c->up, NULL);
}

static void grad_max_pool(struct grad *c) {
    c->in[0] = conv_2(c, OP_max_spread, input(c, 0), c->up, NULL);
}

/* Where the largest is does not move with small changes: nothing flows into the first operand. */
static void grad_max_take(struct grad *c) {
    if (c->need[1]) c->in[1] = conv_2(c, OP_max_spread, input(c, 0), c->up, NULL);
}

static void grad_max_spread(struct grad *c) {
    if (c->need[1]) c->in[1] = conv_2(c, OP_max_take, input(c, 0), c->up, NULL);
}

static void grad_mean_pool(struct grad *c) {
    const struct attrs attrs = {.window = c->n->attrs.window, .shape = input(c, 0)->desc.shape};
    c->in[0] = grad_1(c, OP_mean_spread, c->up, &attrs);
}

static void grad_mean_spread(struct grad *c) {
    const struct attrs attrs = {.window = c->n->attrs.window};
    c->in[0] = grad_1(c, OP_mean_pool, c->up, &attrs);
}

grad_fn *grad_of_window(enum op op) {
    static grad_fn *const table[OP_COUNT] = {
        [OP_conv] = grad_conv,
        [OP_conv_input] = grad_conv_input,
        [OP_conv_kernel] = grad_conv_kernel,
        [OP_max_pool] = grad_max_pool,
        [OP_max_take] = grad_max_take,
        [OP_max_spread] = grad_max_spread,
        [OP_mean_pool] = grad_mean_pool,
        [OP_mean_spread] = grad_mean_spread,
    };
    return table[op];
}
