/* Layers that normalise: over the batch, and over the numbers of an example. */
#include "layer.h"

/* The assignment that this weight has already, because its layer is used twice; or a new one. */
static int assign_of(struct builder *b, const struct node *average) {
    int i = 0;
    while (i < b->n_assigns && b->assigns[i].weight != average) i++;
    return i;
}

/* Moving average of a batch statistic: the weight that holds it and what it becomes after a step,
 * momentum * old + (1 - momentum) * batch. A second use goes on from the first one's value. */
static bool keep_average(struct builder *b, struct layer *l, int slot, struct node *average,
                         struct node *batch, struct err *e) {
    double momentum = layer_arg(l, 0)->number;
    struct model *m = b->model;
    int at = assign_of(b, average);
    if (at == (int)ARRAY_LEN(b->assigns) || m->n_statistics == (int)ARRAY_LEN(m->statistics))
        return err_set(e, ERR_NOT_YET, "A model can use BatchNorm at most %d times yet.",
                       (int)ARRAY_LEN(b->assigns) / 2);
    struct node *old = at < b->n_assigns ? b->assigns[at].value : average;
    struct node *flat = op_reshape(b->graph, batch, &average->desc.shape, e);
    struct node *value = op2(b->graph, OP_add, op_number(b->graph, OP_mul, old, momentum, e),
                             op_number(b->graph, OP_mul, flat, 1 - momentum, e), e);
    if (!value) return false;
    b->assigns[at].weight = average;
    b->assigns[at].value = value;
    if (at == b->n_assigns) b->n_assigns++;
    m->statistics[m->n_statistics++] = (struct statistic){batch, l->weights[slot]};
    return true;
}

/* The first two weights of every norm: gamma, from 1, and *beta, from 0, for each of n units. */
static struct node *scale_and_shift(struct builder *b, struct layer *l, int64_t n,
                                    struct node **beta, struct err *e) {
    struct shape s = shape_of(1, &n);
    struct node *gamma =
        layer_weight(b, l, 0, &(struct layer_weight){.name = "gamma", .shape = s, .value = 1}, e);
    *beta = layer_weight(b, l, 1, &(struct layer_weight){.name = "beta", .shape = s}, e);
    return gamma;
}

static struct node *scaled(struct graph *g, struct node *z, struct node *gamma, struct node *beta,
                           struct err *e) {
    return op2(g, OP_add, op2(g, OP_mul, z, gamma, e), beta, e);
}

/* Mean and biased variance over a set of axes, which stay with size 1. */
static struct node *moments(struct graph *g, struct node *x, uint32_t axes, struct node **variance,
                            struct err *e) {
    struct node *mean = op_fold(g, OP_mean, x, axes, true, e);
    struct node *centred = op2(g, OP_sub, x, mean, e);
    *variance = op_fold(g, OP_mean, op1(g, OP_square, centred, e), axes, true, e);
    return mean;
}

/* Numbers of each unit as one axis, whatever axes of size 1 stand before it. */
static struct node *flat(struct graph *g, struct node *units, const struct shape *s,
                         struct err *e) {
    return units && units->desc.shape.n > 1 ? op_reshape(g, units, s, e) : units;
}

/* The same as x * scale + shift with two numbers for each unit: the large tensor is touched twice,
 * not four times. */
static struct node *normalise_units(struct graph *g, struct node *x, struct node *mean,
                                    struct node *variance, double epsilon, struct node *gamma,
                                    struct node *beta, struct err *e) {
    const struct shape *s = &gamma->desc.shape;
    struct node *root = op_number(g, OP_add, flat(g, variance, s, e), epsilon, e);
    struct node *scale = op2(g, OP_mul, gamma, op1(g, OP_rsqrt, root, e), e);
    struct node *shift = op2(g, OP_sub, beta, op2(g, OP_mul, flat(g, mean, s, e), scale, e), e);
    return op2(g, OP_add, op2(g, OP_mul, x, scale, e), shift, e);
}

struct node *layer_build_batch_norm(struct builder *b, struct layer *l, struct node *x,
                                    struct err *e) {
    int64_t n = layer_last_size(l, x, e);
    if (!n || !(x = op_float(b->graph, x, e))) return NULL;
    struct shape s = shape_of(1, &n);
    struct node *beta, *gamma = scale_and_shift(b, l, n, &beta, e);
    struct node *mean = layer_weight(
        b, l, 2, &(struct layer_weight){.name = "moving_mean", .shape = s, .fixed = true}, e);
    struct node *variance = layer_weight(
        b, l, 3,
        &(struct layer_weight){.name = "moving_variance", .shape = s, .value = 1, .fixed = true},
        e);
    if (!gamma || !beta || !mean || !variance) return NULL;
    if (b->training) {
        struct node *batch_variance;
        struct node *batch_mean = moments(b->graph, x, axes_but_last(x), &batch_variance, e);
        if (!batch_mean || !batch_variance || !keep_average(b, l, 2, mean, batch_mean, e) ||
            !keep_average(b, l, 3, variance, batch_variance, e))
            return NULL;
        mean = batch_mean;
        variance = batch_variance;
    }
    return normalise_units(b->graph, x, mean, variance, layer_arg(l, 1)->number, gamma, beta, e);
}

struct node *layer_build_layer_norm(struct builder *b, struct layer *l, struct node *x,
                                    struct err *e) {
    int64_t n = layer_last_size(l, x, e);
    if (!n || !(x = op_float(b->graph, x, e))) return NULL;
    struct node *beta, *gamma = scale_and_shift(b, l, n, &beta, e);
    const struct attrs attrs = {.a = layer_arg(l, 0)->number};
    return scaled(b->graph, graph_add1(b->graph, OP_norm, x, &attrs, e), gamma, beta, e);
}

struct node *layer_build_group_norm(struct builder *b, struct layer *l, struct node *x,
                                    struct err *e) {
    int64_t n = layer_last_size(l, x, e), groups = (int64_t)layer_arg(l, 0)->number;
    if (!n || !(x = op_float(b->graph, x, e))) return NULL;
    if (groups > n || n % groups) {
        err_set(e, ERR_VALUE,
                "The last axis has %lld numbers, which cannot be put into %lld groups "
                "of the same size.",
                (long long)n, (long long)groups);
        err_label(e, "%lld groups of %lld", (long long)groups, (long long)n);
        err_hint(e, "Choose a number of groups that divides %lld.", (long long)n);
        return NULL;
    }
    struct node *beta, *gamma = scale_and_shift(b, l, n, &beta, e);
    const struct attrs attrs = {.axis = (int32_t)groups, .a = layer_arg(l, 1)->number};
    return scaled(b->graph, graph_add1(b->graph, OP_norm, x, &attrs, e), gamma, beta, e);
}
