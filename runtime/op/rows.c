/* Which operations keep the rows of their operands apart. */
#include "rows.h"

static bool same_axis_0(const struct node *n, int i) {
    const struct shape *in = &n->in[i]->desc.shape, *out = &n->desc.shape;
    return in->n > 0 && out->n > 0 && in->size[0] == out->size[0];
}

bool rows_match(const struct node *n, int i) {
    const struct attrs *a = &n->attrs;
    if (!same_axis_0(n, i)) return false;
    switch (n->op) {
    case OP_expand: return !(a->axes & 1);
    case OP_transpose: return a->perm[0] == 0;
    case OP_slice:
    case OP_place: return a->begin[0] == 0 && a->step[0] == 1;
    case OP_gather: return i == 1;
    case OP_scatter_add:
    case OP_recur_weight:
    case OP_conv_kernel: return false;
    case OP_recur:
    case OP_conv:
    case OP_conv_input: return i == 0;
    case OP_recur_states: return i <= 1;
    case OP_recur_slopes: return i != 1;
    case OP_sum:
    case OP_mean:
    case OP_max:
    case OP_min:
    case OP_any:
    case OP_all: return !(a->axes & 1);
    case OP_matmul:
        if (a->axes & 1) return false;
        if (i == 1) return n->in[1]->desc.shape.n > 2;
        return n->in[0]->desc.shape.n > 2 || !a->trans_a;
    default: break;
    }
    if (op_flags(n->op) & OP_ELEMENTWISE) return n->in[i]->desc.shape.n == n->desc.shape.n;
    return true;
}

bool rows_free(const struct node *n) {
    switch (n->op) {
    case OP_scatter_add:
    case OP_recur_weight:
    case OP_conv_kernel: return false;
    case OP_argmax:
    case OP_argmin:
    case OP_cumsum:
    case OP_softmax:
    case OP_log_softmax:
    case OP_softmax_slope:
    case OP_concat: return n->attrs.axis != 0;
    case OP_matmul: return n->in[0]->desc.shape.n > 1 || n->in[1]->desc.shape.n > 2;
    default: return true;
    }
}
