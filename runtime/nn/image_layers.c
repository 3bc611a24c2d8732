/* Layers that pad, cut and enlarge images. */
#include "image.h"
#include <string.h>

enum { SIDE_MAX = 1000000 };

/* [before, after] for both sides: 1 -> all four, 2x1 -> two above and below, one left and right, or
 * four numbers: above, below, left, right. */
static bool four_sides(const struct layer *l, int64_t out[4], struct err *e) {
    const struct arg *a = layer_arg(l, 0);
    const struct shape *s = &a->shape;
    bool ok = a->kind == ARG_SHAPE && (s->n == 1 || s->n == 2 || s->n == 4);
    for (int i = 0; ok && i < s->n; i++) ok = s->size[i] >= 0 && s->size[i] <= SIDE_MAX;
    for (int i = 0; ok && i < 4; i++) out[i] = s->size[s->n == 1 ? 0 : s->n == 2 ? i / 2 : i];
    if (ok) return true;
    for (int i = 0; a->kind == ARG_SHAPE && i < s->n; i++)
        if (s->size[i] > SIDE_MAX)
            return err_set(e, ERR_VALUE, "%s adds or takes away a million at most, not %lld.",
                           l->config->row->name, (long long)s->size[i]);
    err_set(e, ERR_ARGUMENT, "%s takes one number for all sides, two (height, width), or four.",
            l->config->row->name);
    return err_hint(e,
                    "For example %s(2), %s(1x3), or [above, below, left, right]: %s([1, 0, 2, "
                    "2]).",
                    l->config->row->name, l->config->row->name, l->config->row->name);
}

struct node *layer_build_zero_padding2d(struct builder *b, struct layer *l, struct node *x,
                                        struct err *e) {
    int64_t pad[4];
    if (!(x = image_open(b, l, x, 2, e)) || !four_sides(l, pad, e)) return NULL;
    struct attrs a = {.shape = x->desc.shape, .step = {1, 1, 1, 1}};
    for (int i = 0; i < 2; i++) {
        a.shape.size[i + 1] += pad[2 * i] + pad[2 * i + 1];
        a.begin[i + 1] = pad[2 * i];
    }
    return image_close(b, graph_add1(b->graph, OP_place, x, &a, e), 2, false, e);
}

struct node *layer_build_cropping2d(struct builder *b, struct layer *l, struct node *x,
                                    struct err *e) {
    int64_t cut[4];
    char text[160];
    if (!(x = image_open(b, l, x, 2, e)) || !four_sides(l, cut, e)) return NULL;
    struct attrs a = {.shape = x->desc.shape, .step = {1, 1, 1, 1}};
    for (int i = 0; i < 2; i++) {
        a.shape.size[i + 1] -= cut[2 * i] + cut[2 * i + 1];
        a.begin[i + 1] = cut[2 * i];
        if (a.shape.size[i + 1] > 0) continue;
        err_set(e, ERR_SHAPE, "Cropping2D would leave nothing of the image.");
        err_fact(e, "image", "%s", shape_print_axes(&x->desc.shape, 1, text, sizeof text));
        err_fact(e, "cut off", "%lld above, %lld below, %lld left, %lld right", (long long)cut[0],
                 (long long)cut[1], (long long)cut[2], (long long)cut[3]);
        return NULL;
    }
    return image_close(b, graph_add1(b->graph, OP_slice, x, &a, e), 2, false, e);
}

/* Every pixel as a block of factor x factor: two axes more, repeated, and joined again. */
static struct node *enlarge(struct graph *g, struct node *x, const int32_t *factor, struct err *e) {
    const struct shape *s = &x->desc.shape;
    struct shape six = {
        .n = 6, .size = {s->size[0], s->size[1], factor[0], s->size[2], factor[1], s->size[3]}};
    struct shape four = *s;
    for (int i = 0; i < 2; i++)
        if (__builtin_mul_overflow(s->size[i + 1], (int64_t)factor[i], &four.size[i + 1]))
            return err_memory(e, SIZE_MAX), NULL;
    const struct attrs a = {.shape = six, .axes = 1u << 2 | 1u << 4};
    return op_reshape(g, graph_add1(g, OP_expand, x, &a, e), &four, e);
}

/* ---- resizing ---- */

/* As TensorFlow: pixels are squares, their middles are at half numbers. */
struct node *image_resize(struct builder *b, struct node *x, const int64_t *size, bool nearest,
                          struct err *e) {
    struct shape to = x->desc.shape, six = shape_of(1, (int64_t[]){6});
    struct tensor *map = tensor_zeros(DT_FLOAT64, &six, e);
    if (!map) return NULL;
    for (int i = 0; i < 2; i++) {
        double ratio = (double)x->desc.shape.size[i + 1] / (double)size[i];
        tensor_set(map, 4 * i, ratio);
        /* nearest: on the border between two pixels the next one counts */
        tensor_set(map, 3 * i + 2, (ratio - 1) / 2 + (nearest ? 1e-5 : 0));
        to.size[i + 1] = size[i];
    }
    struct node *m = graph_constant(b->graph, map, e);
    tensor_unref(map);
    const struct attrs a = {.shape = to, .axis = 0, .a = nearest};
    return m ? graph_add2(b->graph, OP_warp, x, m, &a, e) : NULL;
}

/* Else bilinear. */
static bool is_nearest(const struct layer *l, int arg) {
    return strcmp(layer_arg(l, arg)->text, "nearest") == 0;
}

struct node *layer_build_resizing(struct builder *b, struct layer *l, struct node *x,
                                  struct err *e) {
    int32_t size[2];
    if (!(x = image_open(b, l, x, 2, e)) || !image_sizes(l, 0, 2, 1, size, e)) return NULL;
    const int64_t to[2] = {size[0], size[1]};
    return image_close(b, image_resize(b, x, to, is_nearest(l, 1), e), 2, false, e);
}

struct node *layer_build_up_sampling2d(struct builder *b, struct layer *l, struct node *x,
                                       struct err *e) {
    int32_t factor[2];
    if (!(x = image_open(b, l, x, 2, e)) || !image_sizes(l, 0, 2, 1, factor, e)) return NULL;
    const int64_t to[2] = {x->desc.shape.size[1] * factor[0], x->desc.shape.size[2] * factor[1]};
    struct node *y =
        is_nearest(l, 1) ? enlarge(b->graph, x, factor, e) : image_resize(b, x, to, false, e);
    return image_close(b, y, 2, false, e);
}

struct node *layer_build_up_sampling1d(struct builder *b, struct layer *l, struct node *x,
                                       struct err *e) {
    int32_t factor[2];
    if (!(x = image_open(b, l, x, 1, e)) || !image_sizes(l, 0, 1, 1, factor, e)) return NULL;
    return image_close(b, enlarge(b->graph, x, factor, e), 1, false, e);
}
