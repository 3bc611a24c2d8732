/* Pooling layers: the largest or the mean of a window, or of all places. */
#include "image.h"
#include "../base/intern.h"

/* size, strides, padding */
static struct node *pool(struct builder *b, struct layer *l, struct node *x, enum op op, int axes,
                         struct err *e) {
    struct attrs a = {.window = {.dilation = {1, 1}, .groups = 1}};
    struct sliding *w = &a.window;
    if (!(x = image_open(b, l, x, axes, e)) || !image_sizes(l, 0, axes, 1, w->size, e) ||
        !image_sizes_or(l, 1, axes, w->size, w->stride, e) ||
        !image_padding(b, l, x, 2, axes, w, e))
        return NULL;
    return image_close(b, graph_add1(b->graph, op, x, &a, e), axes, false, e);
}

struct node *layer_build_max_pool1d(struct builder *b, struct layer *l, struct node *x,
                                    struct err *e) {
    return pool(b, l, x, OP_max_pool, 1, e);
}

struct node *layer_build_max_pool2d(struct builder *b, struct layer *l, struct node *x,
                                    struct err *e) {
    return pool(b, l, x, OP_max_pool, 2, e);
}

struct node *layer_build_avg_pool1d(struct builder *b, struct layer *l, struct node *x,
                                    struct err *e) {
    return pool(b, l, x, OP_mean_pool, 1, e);
}

struct node *layer_build_avg_pool2d(struct builder *b, struct layer *l, struct node *x,
                                    struct err *e) {
    return pool(b, l, x, OP_mean_pool, 2, e);
}

/* One number for each channel; the places stay as axes of size 1 if `keepdims`. */
static struct node *global(struct builder *b, struct layer *l, struct node *x, enum op op, int axes,
                           struct err *e) {
    if (!(x = image_open(b, l, x, axes, e))) return NULL;
    if (x->desc.shape.size[1] < 1 || x->desc.shape.size[2] < 1) {
        err_set(e, ERR_SHAPE, "There are no places here over which %s could go.",
                l->config->row->name);
        return NULL;
    }
    bool keep = layer_arg(l, 0)->number != 0;
    struct node *y = op_fold(b->graph, op, x, 6, keep, e);
    if (keep || !y) return image_close(b, y, axes, false, e);
    struct shape s = y->desc.shape;
    if (s.axis[1]) return y;
    s.axis[1] = intern_c("channel");
    s.weak |= 2;
    return op_reshape(b->graph, y, &s, e);
}

struct node *layer_build_global_avg_pool1d(struct builder *b, struct layer *l, struct node *x,
                                           struct err *e) {
    return global(b, l, x, OP_mean, 1, e);
}

struct node *layer_build_global_avg_pool2d(struct builder *b, struct layer *l, struct node *x,
                                           struct err *e) {
    return global(b, l, x, OP_mean, 2, e);
}

struct node *layer_build_global_max_pool1d(struct builder *b, struct layer *l, struct node *x,
                                           struct err *e) {
    return global(b, l, x, OP_max, 1, e);
}

struct node *layer_build_global_max_pool2d(struct builder *b, struct layer *l, struct node *x,
                                           struct err *e) {
    return global(b, l, x, OP_max, 2, e);
}
