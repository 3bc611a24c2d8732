/* What is known of the values of a result: any number, not negative, 0 to 1, or 0 to 1 with sum 1
 * along the last axis. Each of them includes the ones before it, so they can be compared. */
#include "rules.h"

static enum content at_most(enum content c, enum content limit) {
    return c < limit ? c : limit;
}

enum content content_of_number(double x) {
    if (!(x >= 0)) return CONTENT_ANY;
    return x <= 1 ? CONTENT_PROBABILITY : CONTENT_POSITIVE;
}

/* What holds for all operands from `first` on. */
static enum content weakest(const struct rule_call *c, int first) {
    enum content all = CONTENT_DISTRIBUTION;
    for (int i = first; i < c->n_in; i++) {
        enum content one = c->in[i]->dtype == DT_BOOL ? CONTENT_PROBABILITY : c->in[i]->content;
        all = at_most(one, all);
    }
    return all;
}

static enum content strongest(const struct rule_call *c) {
    enum content a = c->in[0]->content, b = c->in[1]->content;
    return a > b ? a : b;
}

/* A distribution stays one while its last axis stays whole and last. */
static bool last_axis_kept(const struct rule_call *c, const struct prepared *p) {
    const struct shape *in = &c->in[0]->shape, *out = &p->out.shape;
    if (in->n == 0 || out->n == 0) return false;
    uint32_t last = 1u << (out->n - 1);
    switch ((int)c->op) {
    case OP_transpose: return c->attrs->perm[in->n - 1] == in->n - 1;
    case OP_expand: return !(c->attrs->axes & last);
    case OP_slice:
        return c->attrs->step[in->n - 1] == 1 || c->attrs->step[in->n - 1] == -1
                   ? in->size[in->n - 1] == out->size[out->n - 1]
                   : false;
    case OP_concat: return c->attrs->axis != out->n - 1;
    case OP_gather: return in->n > 1;
    case OP_place: return false;
    default: return in->size[in->n - 1] == out->size[out->n - 1];
    }
}

static enum content of_reduction(const struct rule_call *c) {
    int last = c->in[0]->shape.n - 1;
    enum content in = c->in[0]->content;
    if (c->op == OP_sum) return at_most(in, CONTENT_POSITIVE);
    bool folds_last = last < 0 || (c->attrs->axes >> last & 1);
    if (c->op == OP_mean && !folds_last) return in;
    return at_most(in, CONTENT_PROBABILITY);
}

enum content content_of(const struct rule_call *c, const struct prepared *p) {
    switch ((int)c->op) {
    case OP_fill: return content_of_number(c->attrs->a);
    case OP_uniform:
    case OP_bernoulli:
    case OP_sigmoid: return CONTENT_PROBABILITY;
    case OP_softmax:
        return c->attrs->axis == p->out.shape.n - 1 ? CONTENT_DISTRIBUTION : CONTENT_PROBABILITY;
    case OP_one_hot: return CONTENT_DISTRIBUTION;
    case OP_abs:
    case OP_exp:
    case OP_softplus:
    case OP_relu:
    case OP_count:
    case OP_sigmoid_bce: return CONTENT_POSITIVE;
    case OP_square:
        return weakest(c, 0) >= CONTENT_PROBABILITY ? CONTENT_PROBABILITY : CONTENT_POSITIVE;
    case OP_sqrt:
    case OP_rsqrt: return CONTENT_POSITIVE;
    case OP_mul: return at_most(weakest(c, 0), CONTENT_PROBABILITY);
    case OP_minimum:
        return at_most(weakest(c, 0) >= CONTENT_POSITIVE ? strongest(c) : CONTENT_ANY,
                       CONTENT_PROBABILITY);
    case OP_add:
    case OP_div:
    case OP_pow:
    case OP_floordiv:
    case OP_mod: return at_most(weakest(c, 0), CONTENT_POSITIVE);
    case OP_maximum:
        return weakest(c, 0) >= CONTENT_PROBABILITY ? CONTENT_PROBABILITY
                                                    : at_most(strongest(c), CONTENT_POSITIVE);
    case OP_where: return at_most(weakest(c, 1), CONTENT_PROBABILITY);
    case OP_cast:
    case OP_stop_gradient: return weakest(c, 0);
    case OP_round:
    case OP_floor:
    case OP_ceil:
    case OP_sign: return at_most(weakest(c, 0), CONTENT_PROBABILITY);
    case OP_reshape:
    case OP_expand:
    case OP_transpose:
    case OP_slice:
    case OP_place:
    case OP_concat:
    case OP_gather:
        return at_most(c->op == OP_gather ? c->in[0]->content : weakest(c, 0),
                       last_axis_kept(c, p) ? CONTENT_DISTRIBUTION : CONTENT_PROBABILITY);
    case OP_sum:
    case OP_mean:
    case OP_max:
    case OP_min: return of_reduction(c);
    case OP_max_pool:
    case OP_mean_pool: return at_most(c->in[0]->content, CONTENT_PROBABILITY);
    case OP_conv:
    case OP_heads_mix:
    case OP_matmul:
    case OP_cumsum: return at_most(weakest(c, 0), CONTENT_POSITIVE);
    default: return CONTENT_ANY;
    }
}
