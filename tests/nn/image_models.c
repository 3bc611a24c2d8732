/* Networks on images that tests and benchmarks share. */
#include "sequence_models.h"
#include "base/pool.h"
#include "nn/compose.h"
#include "nn/losses.h"
#include "nn/model_parts.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LAYERS = 256, MOST = 200 };

static struct layer *layers[MOST_LAYERS]; /* of the model that is being built */
static int n_layers, next_layer;
static struct err err;

static void fail(void) {
    fprintf(stderr, "%s\n%s", err.what, err.facts);
    exit(1);
}

static struct layer *new_layer(const char *name, va_list args) {
    struct config *c = config_default(config_find(str_of(name)), &err);
    for (const char *arg; c && (arg = va_arg(args, const char *));) {
        bool ok;
        if (strcmp(arg, "activation") == 0) {
            ok = config_set_activation(c, arg, activation_find(str_of(va_arg(args, const char *))),
                                       &err);
        } else if (strcmp(arg, "padding") == 0) {
            ok = config_set_text(c, arg, va_arg(args, const char *), &err);
        } else {
            ok = config_set_number(c, arg, va_arg(args, double), &err);
        }
        if (!ok) fail();
    }
    struct layer *l = c ? layer_new(c, &err) : NULL;
    config_unref(c);
    if (!l || n_layers == MOST_LAYERS) fail();
    return layers[n_layers++] = l;
}

struct node *lay(struct builder *b, struct node *x, const char *name, ...) {
    va_list args;
    va_start(args, name);
    struct layer *l = b->training ? new_layer(name, args) : layers[next_layer++];
    va_end(args);
    int n;
    struct node *same[] = {x, x, x}; /* attention: to itself */
    bool named = layer_input_names(l, &n) != NULL;
    struct node *y = x ? layer_apply(b, l, same, named ? n : 1, &err) : NULL;
    if (!y) fail();
    return y;
}

static struct model *build(body_fn body, const struct shape *s) {
    struct desc d = {.dtype = DT_FLOAT32, .shape = *s};
    struct model *m = model_new("net", &err);
    n_layers = 0;
    for (int training = 1; m && training >= 0; training--) {
        struct builder b;
        next_layer = 0;
        if (!builder_init(&b, m, training, &err)) fail();
        struct node *x = builder_input(&b, "x", &d, &err);
        if (!x || !builder_output(&b, "y", body(&b, x), &err) || !builder_finish(&b, &err)) fail();
    }
    for (int i = 0; i < n_layers; i++) layer_unref(layers[i]);
    if (!m) fail();
    return m;
}

struct model *image_model(body_fn body, int64_t height, int64_t width, int64_t channels) {
    struct shape s = shape_of(4, (int64_t[]){SIZE_BATCH, height, width, channels});
    return build(body, &s);
}

struct model *sequence_model(body_fn body, int64_t steps, int64_t features) {
    struct shape s = shape_of(3, (int64_t[]){SIZE_BATCH, steps, features});
    return build(body, &s);
}

struct model *vector_model(body_fn body, int64_t n) {
    struct shape s = shape_of(2, (int64_t[]){SIZE_BATCH, n});
    return build(body, &s);
}

static struct node *reshape(struct builder *b, struct node *x, int64_t h, int64_t w, int64_t c) {
    struct shape s = shape_of(4, (int64_t[]){SIZE_BATCH, h, w, c});
    struct node *y = op_reshape(b->graph, x, &s, &err);
    if (!y) fail();
    return y;
}

static struct node *plus(struct builder *b, struct node *x, struct node *y) {
    struct node *z = op2(b->graph, OP_add, x, y, &err);
    if (!z) fail();
    return z;
}

static struct node *relu(struct builder *b, struct node *x) {
    return lay(b, x, "ReLU", NULL);
}

struct node *body_lenet(struct builder *b, struct node *x) {
    x = lay(b, x, "Conv2D", "filters", 6., "kernel_size", 5., "padding", "same", "activation",
            "tanh", NULL);
    x = lay(b, x, "AvgPool2D", NULL);
    x = lay(b, x, "Conv2D", "filters", 16., "kernel_size", 5., "activation", "tanh", NULL);
    x = lay(b, lay(b, x, "AvgPool2D", NULL), "Flatten", NULL);
    x = lay(b, x, "Dense", "units", 120., "activation", "tanh", NULL);
    x = lay(b, x, "Dense", "units", 84., "activation", "tanh", NULL);
    return lay(b, x, "Dense", "units", 10., "activation", "softmax", NULL);
}

struct node *body_cnn(struct builder *b, struct node *x) {
    x = lay(b, x, "Conv2D", "filters", 32., "kernel_size", 3., "activation", "relu", NULL);
    x = lay(b, x, "MaxPool2D", NULL);
    x = lay(b, x, "Conv2D", "filters", 64., "kernel_size", 3., "activation", "relu", NULL);
    x = lay(b, lay(b, x, "MaxPool2D", NULL), "Flatten", NULL);
    return lay(b, x, "Dense", "units", 10., "activation", "softmax", NULL);
}

struct node *body_generator(struct builder *b, struct node *x) {
    x = reshape(b, lay(b, x, "Dense", "units", 7. * 7 * 64, NULL), 7, 7, 64);
    x = relu(b, lay(b, x, "BatchNorm", NULL));
    x = lay(b, x, "Conv2DTranspose", "filters", 32., "kernel_size", 4., "strides", 2., "padding",
            "same", NULL);
    x = relu(b, lay(b, x, "BatchNorm", NULL));
    return lay(b, x, "Conv2DTranspose", "filters", 1., "kernel_size", 4., "strides", 2., "padding",
               "same", "activation", "tanh", NULL);
}

struct node *body_discriminator(struct builder *b, struct node *x) {
    for (double filters = 32; filters <= 64; filters *= 2) {
        x = lay(b, x, "Conv2D", "filters", filters, "kernel_size", 4., "strides", 2., "padding",
                "same", NULL);
        x = lay(b, x, "LeakyReLU", "slope", 0.2, NULL);
    }
    return lay(b, lay(b, x, "Flatten", NULL), "Dense", "units", 1., "activation", "sigmoid", NULL);
}

static struct node *conv_norm(struct builder *b, struct node *x, double filters, double size,
                              double strides) {
    x = lay(b, x, "Conv2D", "filters", filters, "kernel_size", size, "strides", strides, "padding",
            "same", "bias", 0., NULL);
    return lay(b, x, "BatchNorm", NULL);
}

/* Two convolutions beside a short way, which is a 1x1 convolution where the sizes change. */
static struct node *block(struct builder *b, struct node *x, double filters, double strides) {
    struct node *y = relu(b, conv_norm(b, x, filters, 3, strides));
    y = conv_norm(b, y, filters, 3, 1);
    bool same = strides == 1 && (double)x->desc.shape.size[3] == filters;
    return relu(b, plus(b, y, same ? x : conv_norm(b, x, filters, 1, strides)));
}

struct node *body_residual(struct builder *b, struct node *x) {
    x = block(b, block(b, x, 4, 1), 6, 2);
    x = lay(b, x, "GlobalAvgPool2D", NULL);
    return lay(b, x, "Dense", "units", 3., "activation", "softmax", NULL);
}

static struct node *filters(struct builder *b, struct node *x, double n, double size,
                            double strides) {
    return lay(b, x, "Conv2D", "filters", n, "kernel_size", size, "strides", strides, "padding",
               "same", "activation", "relu", NULL);
}

struct node *body_heavy(struct builder *b, struct node *x) {
    x = filters(b, filters(b, filters(b, x, 260, 3, 1), 200, 3, 2), 150, 2, 1);
    return lay(b, lay(b, x, "Flatten", NULL), "Dense", "units", 3., "activation", "softmax", NULL);
}

/* Wider, each channel on its own, narrower again. */
static struct node *inverted(struct builder *b, struct node *x, double wide, double narrow,
                             double size, double strides) {
    struct node *y = relu(b, conv_norm(b, x, wide, 1, 1));
    y = lay(b, y, "DepthwiseConv2D", "kernel_size", size, "strides", strides, "padding", "same",
            "bias", 0., NULL);
    y = conv_norm(b, relu(b, lay(b, y, "BatchNorm", NULL)), narrow, 1, 1);
    bool same = strides == 1 && (double)x->desc.shape.size[3] == narrow;
    return same ? plus(b, x, y) : y;
}

struct node *body_inverted(struct builder *b, struct node *x) {
    x = inverted(b, inverted(b, x, 6, 3, 3, 1), 9, 5, 5, 2);
    x = lay(b, x, "GlobalAvgPool2D", NULL);
    return lay(b, x, "Dense", "units", 3., "activation", "softmax", NULL);
}

struct node *body_resnet18(struct builder *b, struct node *x) {
    x = relu(b, conv_norm(b, x, 64, 7, 2));
    x = lay(b, x, "MaxPool2D", "size", 3., "strides", 2., "padding", "same", NULL);
    for (double filters = 64; filters <= 512; filters *= 2)
        x = block(b, block(b, x, filters, filters == 64 ? 1 : 2), filters, 1);
    x = lay(b, x, "GlobalAvgPool2D", NULL);
    return lay(b, x, "Dense", "units", 10., "activation", "softmax", NULL);
}

struct node *body_mobilenet(struct builder *b, struct node *x) {
    static const double rows[][4] = {{16, 16, 3, 2},  {72, 24, 3, 2},  {88, 24, 3, 1},
                                     {96, 40, 5, 2},  {240, 40, 5, 1}, {120, 48, 5, 1},
                                     {288, 96, 5, 2}, {576, 96, 5, 1}};
    x = relu(b, conv_norm(b, x, 16, 3, 2));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        x = inverted(b, x, rows[i][0], rows[i][1], rows[i][2], rows[i][3]);
    x = relu(b, conv_norm(b, x, 576, 1, 1));
    x = lay(b, x, "GlobalAvgPool2D", NULL);
    return lay(b, x, "Dense", "units", 10., "activation", "softmax", NULL);
}

/* ---- training ---- */

struct node *image_graph(struct graph *g, const struct model *m, bool training, struct node *in,
                         int64_t shift, struct assign *assigns, int *n) {
    const struct graph *from = m->graphs[training];
    struct node **map = pool_zalloc((size_t)graph_n_nodes(from) * sizeof *map);
    map[m->inputs[training][0].node->id] = in;
    if (!graph_copy(g, from, map, &err)) fail();
    for (int i = 0; i < graph_n_nodes(from); i++)
        if (graph_node(from, i)->op == OP_weight) map[i]->offset += shift;
    for (int i = 0; i < m->n_assigns && assigns; i++)
        assigns[(*n)++] =
            (struct assign){map[m->assigns[i].weight->id], map[m->assigns[i].value->id]};
    struct node *out = map[m->outputs[training][0].node->id];
    pool_free(map);
    return out;
}

struct node *image_loss(struct graph *g, const char *name, struct node *y, struct node *yhat) {
    struct config *c = config_default(config_find_in(CONFIG_LOSS, str_of(name)), &err);
    struct node *loss = c ? loss_mean(c, g, y, yhat, NULL, &err) : NULL;
    config_unref(c);
    if (!loss) fail();
    return loss;
}

struct plan *image_plan(struct graph *g, struct node *loss, int64_t batch, int64_t from, int64_t to,
                        const struct assign *assigns, int n_assigns) {
    struct node *weights[MOST], *slopes[MOST];
    struct learn learn[MOST];
    bool moves[MOST];
    int n = 0, m = 0, nodes = graph_n_nodes(g);
    for (int i = 0; i < nodes; i++) {
        struct node *w = graph_node(g, i);
        bool assigned = false;
        for (int k = 0; k < n_assigns; k++) assigned |= assigns[k].weight == w;
        if (w->op == OP_weight && w->offset >= from && w->offset < to && !assigned)
            weights[n++] = w;
    }
    if (!graph_gradient(g, loss, weights, n, slopes, moves, &err)) fail();
    for (int i = 0; i < n; i++)
        if (moves[i]) learn[m++] = (struct learn){.weight = weights[i], .gradient = slopes[i]};
    struct plan_spec spec = {
        .graph = g,
        .batch = batch,
        .outputs = &loss,
        .n_outputs = 1,
        .update = {.rule = UPDATE_ADAM, .beta_1 = .9, .beta_2 = .999, .epsilon = 1e-7},
        .learn = learn,
        .n_learn = m,
        .assign = assigns,
        .n_assign = n_assigns};
    struct plan *p = plan_new(&spec, &err);
    if (!p) fail();
    return p;
}
