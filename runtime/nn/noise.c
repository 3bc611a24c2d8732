/* Layers that are random in training and pass their input on otherwise. */
#include "layer.h"

/* Inverted dropout: kept numbers are divided by 1 - rate, so that inference needs no scaling. */
struct node *layer_build_dropout(struct builder *b, struct layer *l, struct node *x,
                                 struct err *e) {
    double rate = layer_arg(l, 0)->number;
    struct graph *g = b->graph;
    if (!b->training || rate == 0) return x;
    x = op_float(g, x, e);
    struct node *keep = op_random(g, OP_bernoulli, x, 1 - rate, layer_stream(b), e);
    struct node *scaled = op_number(g, OP_mul, x, 1 / (1 - rate), e);
    return op3(g, OP_where, keep, scaled, graph_number(g, 0, e), e);
}

struct node *layer_build_gaussian_noise(struct builder *b, struct layer *l, struct node *x,
                                        struct err *e) {
    double std = layer_arg(l, 0)->number;
    if (!b->training || std == 0) return x;
    x = op_float(b->graph, x, e);
    struct node *noise = op_random(b->graph, OP_normal, x, 0, layer_stream(b), e);
    return op2(b->graph, OP_add, x, op_number(b->graph, OP_mul, noise, std, e), e);
}
