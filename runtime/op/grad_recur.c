/* Derivatives of the recurrent operations: recur_states has those of its cell, back through time
 * (Werbos, Proc. IEEE 78, 1990). */
#include "grad.h"

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

grad_fn *grad_of_recur(enum op op) {
    if (op == OP_recur_states) return grad_recur_states;
    bool part = op == OP_recur_slopes || op == OP_recur_weight || op == OP_recur_bias;
    return part ? grad_not_yet : NULL;
}
