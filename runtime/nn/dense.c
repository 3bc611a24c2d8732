/* The fully connected layer. */
#include "layer.h"
#include "base/intern.h"

/* x (batch, …, in) @ kernel (in, units) + bias (units). On a picture it is a convolution of size
 * 1x1: its numbers are channels. */
struct node *layer_build_dense(struct builder *b, struct layer *l, struct node *x, struct err *e) {
    int64_t in = layer_last_size(l, x, e), units = (int64_t)layer_arg(l, 0)->number;
    if (!in) return NULL;
    const struct arg *init = layer_arg(l, 3), *penalty = layer_arg(l, 4);
    struct layer_weight kernel = {.name = "kernel",
                                  .shape = shape_of(2, (int64_t[]){in, units}),
                                  .init = init->config,
                                  .fan_in = in,
                                  .fan_out = units,
                                  .penalty = penalty->config};
    struct layer_weight bias = {.name = "bias", .shape = shape_of(1, &units)};
    struct node *w = layer_weight(b, l, 0, &kernel, e);
    struct node *z = op2(b->graph, OP_matmul, op_float(b->graph, x, e), w, e);
    if (z && layer_arg(l, 2)->number != 0)
        z = op2(b->graph, OP_add, z, layer_weight(b, l, 1, &bias, e), e);
    const struct arg *activation = layer_arg(l, 1);
    if (z && activation->kind == ARG_ACTIVATION)
        z = activation_apply(b->graph, activation->activation, z, e);
    if (z && x->desc.shape.n > 2 && x->desc.shape.axis[x->desc.shape.n - 1] == intern_c("channel"))
        return layer_axis(z, "channel");
    return layer_units(z);
}
