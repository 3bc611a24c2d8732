/* Derivatives of the operations that only move numbers: each is undone by another one. */
#include "grad.h"

static const struct shape *input_shape(const struct grad *c) {
    return &c->n->in[0]->desc.shape;
}

static void grad_of_reshape(struct grad *c) {
    c->in[0] = grad_reshape(c, c->up, input_shape(c));
}

static void grad_expand(struct grad *c) {
    bool ones = input_shape(c)->n == c->n->desc.shape.n;
    c->in[0] = grad_sum(c, c->up, c->n->attrs.axes, ones);
}

static void grad_transpose(struct grad *c) {
    struct attrs back = {0};
    for (int i = 0; i < c->n->desc.shape.n; i++) back.perm[c->n->attrs.perm[i]] = i;
    c->in[0] = grad_1(c, OP_transpose, c->up, &back);
}

static void grad_slice(struct grad *c) {
    struct attrs back = c->n->attrs;
    back.shape = *input_shape(c);
    c->in[0] = grad_1(c, OP_place, c->up, &back);
}

static void grad_place(struct grad *c) {
    struct attrs back = c->n->attrs;
    back.shape = *input_shape(c);
    c->in[0] = grad_1(c, OP_slice, c->up, &back);
}

static struct node *part_of(struct grad *c, int i, int axis, int64_t begin) {
    struct attrs part = {.shape = c->n->in[i]->desc.shape};
    for (int k = 0; k < part.shape.n; k++) part.step[k] = 1;
    part.begin[axis] = begin;
    return grad_1(c, OP_slice, c->up, &part);
}

static void grad_concat(struct grad *c) {
    int axis = c->n->attrs.axis;
    int64_t begin = 0;
    for (int i = 0; i < c->n->n_in; i++) {
        int64_t size = c->n->in[i]->desc.shape.size[axis];
        if (size < 0) {
            err_set(c->e, ERR_NOT_YET,
                    "There is no derivative yet of joining along an axis whose "
                    "size is not known, such as the batch.");
            c->failed = true;
            return;
        }
        if (c->need[i]) c->in[i] = part_of(c, i, axis, begin);
        begin += size;
    }
}

static void grad_gather(struct grad *c) {
    const struct attrs back = {.shape = *input_shape(c)};
    c->in[0] = graph_add2(c->g, OP_scatter_add, c->up, c->n->in[1], &back, c->e);
    c->failed = c->failed || !c->in[0];
}

static void grad_scatter_add(struct grad *c) {
    c->in[0] = graph_add2(c->g, OP_gather, c->up, c->n->in[1], NULL, c->e);
    c->failed = c->failed || !c->in[0];
}

grad_fn *grad_of_shape(enum op op) {
    static grad_fn *const table[OP_COUNT] = {
        [OP_reshape] = grad_of_reshape,  [OP_expand] = grad_expand,
        [OP_transpose] = grad_transpose, [OP_slice] = grad_slice,
        [OP_place] = grad_place,         [OP_concat] = grad_concat,
        [OP_gather] = grad_gather,       [OP_scatter_add] = grad_scatter_add,
    };
    return table[op];
}
