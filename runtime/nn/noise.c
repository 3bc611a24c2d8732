/* Layers that are random in training and pass their input on otherwise. */
#include "layer.h"
#include <math.h>

static struct node *mask_of(struct builder *b, const struct shape *s, double rate, struct err *e) {
    struct attrs attrs = {.shape = *s, .dtype = DT_BOOL, .a = 1 - rate, .stream = layer_stream(b)};
    return graph_add(b->graph, OP_bernoulli, NULL, 0, &attrs, e);
}

/* Kept numbers are divided by 1 - rate, so that inference needs no scaling. */
struct node *dropout_apply(struct builder *b, struct node *x, const struct shape *mask, double rate,
                           struct err *e) {
    struct graph *g = b->graph;
    if (!(x = op_float(g, x, e))) return NULL;
    struct node *keep = mask_of(b, mask, rate, e);
    struct node *scaled = op_number(g, OP_mul, x, 1 / (1 - rate), e);
    return op3(g, OP_where, keep, scaled, graph_number(g, 0, e), e);
}

struct node *layer_build_dropout(struct builder *b, struct layer *l, struct node *x,
                                 struct err *e) {
    double rate = layer_arg(l, 0)->number;
    if (!b->training || rate == 0) return x;
    return dropout_apply(b, x, &x->desc.shape, rate, e);
}

/* One decision for each example and feature, the same at all places. */
static struct node *drop_features(struct builder *b, struct layer *l, struct node *x, int axes,
                                  struct err *e) {
    double rate = layer_arg(l, 0)->number;
    struct shape mask = x->desc.shape;
    char text[128];
    if (mask.n != axes) {
        err_set(e, ERR_SHAPE, "%s leaves out whole features of examples with %d axes.",
                l->config->row->name, axes - 1);
        err_fact(e, "what is there", "%s", shape_print(&mask, text, sizeof text));
        return NULL;
    }
    for (int i = 1; i + 1 < axes; i++) mask.size[i] = 1;
    return b->training && rate > 0 ? dropout_apply(b, x, &mask, rate, e) : x;
}

struct node *layer_build_spatial_dropout1d(struct builder *b, struct layer *l, struct node *x,
                                           struct err *e) {
    return drop_features(b, l, x, 3, e);
}

struct node *layer_build_spatial_dropout2d(struct builder *b, struct layer *l, struct node *x,
                                           struct err *e) {
    return drop_features(b, l, x, 4, e);
}

/* What is left out becomes selu's lower limit; then mean 0 and variance 1 are brought back. */
struct node *layer_build_alpha_dropout(struct builder *b, struct layer *l, struct node *x,
                                       struct err *e) {
    const double low = -1.7580993408473766;
    double rate = layer_arg(l, 0)->number;
    struct graph *g = b->graph;
    if (!b->training || rate == 0) return x;
    double scale = 1 / sqrt((1 - rate) * (1 + rate * low * low));
    if (!(x = op_float(g, x, e))) return NULL;
    struct node *keep = mask_of(b, &x->desc.shape, rate, e);
    struct node *y = op3(g, OP_where, keep, x, graph_number(g, low, e), e);
    return op_number(g, OP_add, op_number(g, OP_mul, y, scale, e), -scale * rate * low, e);
}

struct node *layer_build_gaussian_noise(struct builder *b, struct layer *l, struct node *x,
                                        struct err *e) {
    double std = layer_arg(l, 0)->number;
    if (!b->training || std == 0) return x;
    x = op_float(b->graph, x, e);
    struct node *noise = op_random(b->graph, OP_normal, x, 0, layer_stream(b), e);
    return op2(b->graph, OP_add, x, op_number(b->graph, OP_mul, noise, std, e), e);
}
