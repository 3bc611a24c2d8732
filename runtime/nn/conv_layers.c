/* Convolution layers: plain, transposed, depthwise and separable, on images and sequences. */
#include "image.h"
#include <string.h>

enum { FILTERS, KERNEL_SIZE, ACTIVATION, STRIDES, PADDING }; /* places in most signatures */

static struct node *four_axis_kernel(struct builder *b, struct node *kernel, int axes,
                                     struct err *e) {
    if (!kernel || axes == 2) return kernel;
    const struct shape *s = &kernel->desc.shape;
    struct shape four = {.n = 4, .size = {1, s->size[0], s->size[1], s->size[2]}};
    return op_reshape(b->graph, kernel, &four, e);
}

/* A kernel of (height, width, a, b), or (width, a, b) for sequences, with Keras' numbers of inputs
 * and outputs for its first values. */
static struct node *kernel_weight(struct builder *b, struct layer *l, int slot, const char *name,
                                  const struct sliding *w, int axes, int64_t in, int64_t out,
                                  int init, int penalty, struct err *e) {
    int64_t field = (int64_t)w->size[0] * w->size[1];
    struct layer_weight kernel = {.name = name,
                                  .init = layer_arg(l, init)->config,
                                  .fan_in = field * in,
                                  .fan_out = field * out,
                                  .penalty = penalty < 0 ? NULL : layer_arg(l, penalty)->config};
    if (field * in > INT32_MAX || field * out > INT32_MAX) {
        err_set(e, ERR_MEMORY, "A kernel of %s would have %.3g numbers.", l->config->row->name,
                (double)field * (double)in * (double)out);
        return NULL;
    }
    if (axes == 2) kernel.shape = shape_of(4, (int64_t[]){w->size[0], w->size[1], in, out});
    else kernel.shape = shape_of(3, (int64_t[]){w->size[1], in, out});
    return four_axis_kernel(b, layer_weight(b, l, slot, &kernel, e), axes, e);
}

static struct node *convolve(struct graph *g, enum op op, struct node *x, struct node *kernel,
                             const struct attrs *a, struct err *e) {
    return x && kernel ? graph_add2(g, op, x, kernel, a, e) : NULL;
}

/* Sizes that a window has by default: one step, no holes, one group. */
static struct sliding plain_window(void) {
    return (struct sliding){.size = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}, .groups = 1};
}

static bool divides(const struct layer *l, int64_t groups, int64_t n, const char *what,
                    struct err *e) {
    if (groups >= 1 && n % groups == 0) return true;
    err_set(e, ERR_VALUE, "%s cannot be divided into %lld groups.", what, (long long)groups);
    return err_fact(e, l->config->row->name, "%lld %s", (long long)n, what);
}

/* filters, kernel_size, activation, strides, padding, dilation, groups, bias, init, penalty */
static struct node *conv(struct builder *b, struct layer *l, struct node *x, int axes,
                         struct err *e) {
    enum { DILATION = 5, GROUPS, BIAS, INIT, PENALTY };
    struct attrs a = {.window = plain_window()};
    struct sliding *w = &a.window;
    int64_t filters = (int64_t)layer_arg(l, FILTERS)->number;
    int64_t groups = (int64_t)layer_arg(l, GROUPS)->number;
    if (!(x = image_open(b, l, x, axes, e)) || !image_sizes(l, KERNEL_SIZE, axes, 1, w->size, e) ||
        !image_sizes(l, STRIDES, axes, 1, w->stride, e) ||
        !image_sizes(l, DILATION, axes, 1, w->dilation, e) ||
        !image_padding(b, l, x, PADDING, axes, w, e))
        return NULL;
    int64_t in = x->desc.shape.size[3];
    if (!divides(l, groups, in, "channels", e) || !divides(l, groups, filters, "filters", e))
        return NULL;
    w->groups = (int32_t)groups;
    struct node *kernel =
        kernel_weight(b, l, 0, "kernel", w, axes, in / groups, filters, INIT, PENALTY, e);
    struct node *z = convolve(b->graph, OP_conv, x, kernel, &a, e);
    z = image_finish(b, l, z, BIAS, 1, ACTIVATION, e);
    return image_close(b, z, axes, true, e);
}

struct node *layer_build_conv1d(struct builder *b, struct layer *l, struct node *x, struct err *e) {
    return conv(b, l, x, 1, e);
}

struct node *layer_build_conv2d(struct builder *b, struct layer *l, struct node *x, struct err *e) {
    return conv(b, l, x, 2, e);
}

/* ---- transposed: the derivative of a convolution by its input ---- */

/* Sizes of the result as Keras has them, and the padding that the convolution from there to x has.
 */
static bool transposed_sizes(const struct layer *l, const struct node *x, int axes,
                             const char *padding, struct attrs *a, struct err *e) {
    struct sliding *w = &a->window;
    bool same = strcmp(padding, "same") == 0;
    a->shape = x->desc.shape;
    for (int i = 2 - axes; i < 2; i++) {
        int64_t in = x->desc.shape.size[i + 1], more = w->size[i] - w->stride[i];
        if (more < 0) more = 0;
        a->shape.size[i + 1] = in * w->stride[i] + (same ? 0 : more);
        if (in < 1) return err_set(e, ERR_SHAPE, "%s needs an image.", l->config->row->name);
        w->before[i] = same ? (int32_t)(more / 2) : 0;
        w->after[i] = same ? (int32_t)(more - more / 2) : 0;
    }
    return true;
}

/* filters, kernel_size, strides, padding, activation, bias, init, penalty */
static struct node *transposed(struct builder *b, struct layer *l, struct node *x, int axes,
                               struct err *e) {
    enum { T_STRIDES = 2, T_PADDING, T_ACTIVATION, BIAS, INIT, PENALTY };
    struct attrs a = {.window = plain_window()};
    struct sliding *w = &a.window;
    int64_t filters = (int64_t)layer_arg(l, FILTERS)->number;
    if (!(x = image_open(b, l, x, axes, e)) || !image_sizes(l, KERNEL_SIZE, axes, 1, w->size, e) ||
        !image_sizes(l, T_STRIDES, axes, 1, w->stride, e) ||
        !transposed_sizes(l, x, axes, layer_arg(l, T_PADDING)->text, &a, e))
        return NULL;
    a.shape.size[3] = filters;
    struct node *kernel =
        kernel_weight(b, l, 0, "kernel", w, axes, filters, x->desc.shape.size[3], INIT, PENALTY, e);
    const struct attrs turn = {.perm = {0, 1, 3, 2}};
    if (kernel) kernel = graph_add1(b->graph, OP_transpose, kernel, &turn, e);
    struct node *z = convolve(b->graph, OP_conv_input, x, kernel, &a, e);
    z = image_finish(b, l, z, BIAS, 1, T_ACTIVATION, e);
    return image_close(b, z, axes, true, e);
}

struct node *layer_build_conv1d_transpose(struct builder *b, struct layer *l, struct node *x,
                                          struct err *e) {
    return transposed(b, l, x, 1, e);
}

struct node *layer_build_conv2d_transpose(struct builder *b, struct layer *l, struct node *x,
                                          struct err *e) {
    return transposed(b, l, x, 2, e);
}

/* ---- depthwise and separable ---- */

/* Each channel with `multiplier` kernels of its own; the weight is (height, width, channels,
 * multiplier) as in Keras. */
static struct node *depthwise(struct builder *b, struct layer *l, struct node *x, const char *name,
                              int64_t multiplier, int axes, struct sliding *w, int init,
                              struct err *e) {
    int64_t in = x->desc.shape.size[3];
    struct node *kernel = kernel_weight(b, l, 0, name, w, axes, in, multiplier, init, -1, e);
    struct shape grouped = {.n = 4, .size = {w->size[0], w->size[1], 1, in * multiplier}};
    struct attrs a = {.window = *w};
    a.window.groups = (int32_t)in;
    return convolve(b->graph, OP_conv, x, op_reshape(b->graph, kernel, &grouped, e), &a, e);
}

/* kernel_size, strides, padding, multiplier, activation, dilation, bias, init */
struct node *layer_build_depthwise_conv2d(struct builder *b, struct layer *l, struct node *x,
                                          struct err *e) {
    enum { D_SIZE, D_STRIDES, D_PADDING, MULTIPLIER, D_ACTIVATION, D_DILATION, BIAS, INIT };
    struct sliding w = plain_window();
    if (!(x = image_open(b, l, x, 2, e)) || !image_sizes(l, D_SIZE, 2, 1, w.size, e) ||
        !image_sizes(l, D_STRIDES, 2, 1, w.stride, e) ||
        !image_sizes(l, D_DILATION, 2, 1, w.dilation, e) ||
        !image_padding(b, l, x, D_PADDING, 2, &w, e))
        return NULL;
    int64_t multiplier = (int64_t)layer_arg(l, MULTIPLIER)->number;
    struct node *z = depthwise(b, l, x, "kernel", multiplier, 2, &w, INIT, e);
    z = image_finish(b, l, z, BIAS, 1, D_ACTIVATION, e);
    return image_close(b, z, 2, true, e);
}

/* filters, kernel_size, activation, strides, padding, multiplier, bias, init */
static struct node *separable(struct builder *b, struct layer *l, struct node *x, int axes,
                              struct err *e) {
    enum { MULTIPLIER = 5, BIAS, INIT };
    struct sliding w = plain_window(), one = plain_window();
    if (!(x = image_open(b, l, x, axes, e)) || !image_sizes(l, KERNEL_SIZE, axes, 1, w.size, e) ||
        !image_sizes(l, STRIDES, axes, 1, w.stride, e) ||
        !image_padding(b, l, x, PADDING, axes, &w, e))
        return NULL;
    int64_t multiplier = (int64_t)layer_arg(l, MULTIPLIER)->number;
    struct node *z = depthwise(b, l, x, "depthwise_kernel", multiplier, axes, &w, INIT, e);
    if (!z) return NULL;
    struct node *points =
        kernel_weight(b, l, 1, "pointwise_kernel", &one, axes, z->desc.shape.size[3],
                      (int64_t)layer_arg(l, FILTERS)->number, INIT, -1, e);
    const struct attrs a = {.window = one};
    z = convolve(b->graph, OP_conv, z, points, &a, e);
    z = image_finish(b, l, z, BIAS, 2, ACTIVATION, e);
    return image_close(b, z, axes, true, e);
}

struct node *layer_build_separable_conv1d(struct builder *b, struct layer *l, struct node *x,
                                          struct err *e) {
    return separable(b, l, x, 1, e);
}

struct node *layer_build_separable_conv2d(struct builder *b, struct layer *l, struct node *x,
                                          struct err *e) {
    return separable(b, l, x, 2, e);
}
