/* Layers that change images at random in training and pass them on otherwise; resizing. All but
 * brightness and contrast are maps of places: what a pixel of the result shows stands at
 * (m0 y + m1 x + m2, m3 y + m4 x + m5) of the image. */
#include "augment.h"
#include "image.h"
#include "../base/intern.h"
#include "../base/pool.h"
#include "../plan.h"
#include <math.h>
#include <string.h>

/* ---- numbers for each image: (batch, 1) ---- */

static struct shape column_of(const struct node *x) {
    return shape_of(2, (int64_t[]){x->desc.shape.size[0], 1});
}

static struct node *number_column(struct builder *b, const struct node *x, double value,
                                  struct err *e) {
    const struct attrs a = {.shape = column_of(x), .dtype = graph_dtype(b->graph), .a = value};
    return graph_add(b->graph, OP_fill, NULL, 0, &a, e);
}

/* Uniform from low to high. */
static struct node *drawn_column(struct builder *b, const struct node *x, double low, double high,
                                 struct err *e) {
    const struct attrs a = {
        .shape = column_of(x), .dtype = graph_dtype(b->graph), .stream = layer_stream(b)};
    struct node *u = graph_add(b->graph, OP_uniform, NULL, 0, &a, e);
    return op_number(b->graph, OP_add, op_number(b->graph, OP_mul, u, high - low, e), low, e);
}

/* Six columns (batch, 1) as the maps (batch, 6), and the images read through them. */
static struct node *warp(struct builder *b, struct node *x, struct node *const m[6],
                         const struct shape *to, enum warp_fill fill, bool nearest, struct err *e) {
    const struct attrs join = {.axis = 1};
    for (int i = 0; i < 6; i++)
        if (!m[i]) return NULL;
    struct node *maps = graph_add(b->graph, OP_concat, m, 6, &join, e);
    const struct attrs a = {.shape = *to, .axis = (int32_t)fill, .a = nearest};
    return maps ? graph_add2(b->graph, OP_warp, x, maps, &a, e) : NULL;
}

static struct node *sum(struct builder *b, struct node *p, struct node *q, struct err *e) {
    return op2(b->graph, OP_add, p, q, e);
}

static struct node *times(struct builder *b, struct node *p, double k, struct err *e) {
    return op_number(b->graph, OP_mul, p, k, e);
}

/* a * p + k */
static struct node *line(struct builder *b, struct node *p, double a, double k, struct err *e) {
    return op_number(b->graph, OP_add, times(b, p, a, e), k, e);
}

static enum warp_fill fill_of(const struct layer *l, int arg) {
    const char *word = layer_arg(l, arg)->text;
    if (strcmp(word, "edge") == 0) return FILL_EDGE;
    return strcmp(word, "zero") == 0 ? FILL_ZERO : FILL_REFLECT;
}

/* ---- the layers ---- */

struct node *layer_build_random_flip(struct builder *b, struct layer *l, struct node *x,
                                     struct err *e) {
    const char *way = layer_arg(l, 0)->text;
    bool across = strcmp(way, "vertical") != 0, down = strcmp(way, "horizontal") != 0;
    if (!(x = image_open(b, l, x, 2, e)) || !b->training) return x;
    const int64_t *size = x->desc.shape.size;
    struct node *zero = number_column(b, x, 0, e), *m[6] = {0};
    bool turns[2] = {down, across};
    for (int i = 0; i < 2; i++) {
        struct node *coin =
            turns[i] ? op1(b->graph, OP_floor, drawn_column(b, x, 0, 2, e), e) : zero;
        m[3 * i] = m[3 * i + 1] = zero;
        m[3 * i + i] = line(b, coin, -2, 1, e);
        m[3 * i + 2] = times(b, coin, (double)(size[i + 1] - 1), e);
    }
    return image_close(b, warp(b, x, m, &x->desc.shape, FILL_EDGE, true, e), 2, false, e);
}

struct node *layer_build_random_rotation(struct builder *b, struct layer *l, struct node *x,
                                         struct err *e) {
    double most = layer_arg(l, 0)->number * 2 * M_PI;
    if (!(x = image_open(b, l, x, 2, e)) || !b->training) return x;
    double cy = (double)(x->desc.shape.size[1] - 1) / 2,
           cx = (double)(x->desc.shape.size[2] - 1) / 2;
    struct node *angle = drawn_column(b, x, -most, most, e);
    struct node *c = op1(b->graph, OP_cos, angle, e), *s = op1(b->graph, OP_sin, angle, e);
    struct node *m[6] = {c,
                         times(b, s, -1, e),
                         sum(b, line(b, c, -cy, cy, e), times(b, s, cx, e), e),
                         s,
                         c,
                         sum(b, line(b, c, -cx, cx, e), times(b, s, -cy, e), e)};
    return image_close(b, warp(b, x, m, &x->desc.shape, fill_of(l, 1), false, e), 2, false, e);
}

struct node *layer_build_random_zoom(struct builder *b, struct layer *l, struct node *x,
                                     struct err *e) {
    double most = layer_arg(l, 0)->number;
    if (!(x = image_open(b, l, x, 2, e)) || !b->training) return x;
    struct node *z = drawn_column(b, x, 1 - most, 1 + most, e), *zero = number_column(b, x, 0, e);
    double cy = (double)(x->desc.shape.size[1] - 1) / 2,
           cx = (double)(x->desc.shape.size[2] - 1) / 2;
    struct node *m[6] = {z, zero, line(b, z, -cy, cy, e), zero, z, line(b, z, -cx, cx, e)};
    return image_close(b, warp(b, x, m, &x->desc.shape, fill_of(l, 1), false, e), 2, false, e);
}

struct node *layer_build_random_translation(struct builder *b, struct layer *l, struct node *x,
                                            struct err *e) {
    if (!(x = image_open(b, l, x, 2, e)) || !b->training) return x;
    double down = layer_arg(l, 0)->number * (double)x->desc.shape.size[1];
    double across = layer_arg(l, 1)->number * (double)x->desc.shape.size[2];
    struct node *zero = number_column(b, x, 0, e), *one = number_column(b, x, 1, e);
    struct node *m[6] = {one,  zero, drawn_column(b, x, -down, down, e),
                         zero, one,  drawn_column(b, x, -across, across, e)};
    return image_close(b, warp(b, x, m, &x->desc.shape, fill_of(l, 2), false, e), 2, false, e);
}

/* In training somewhere, otherwise the middle. */
struct node *layer_build_random_crop(struct builder *b, struct layer *l, struct node *x,
                                     struct err *e) {
    int32_t size[2];
    if (!(x = image_open(b, l, x, 2, e)) || !image_sizes(l, 0, 2, 1, size, e)) return NULL;
    struct attrs a = {.shape = x->desc.shape, .step = {1, 1, 1, 1}};
    int64_t rest[2];
    for (int i = 0; i < 2; i++) {
        rest[i] = x->desc.shape.size[i + 1] - size[i];
        if (rest[i] < 0) {
            char text[160];
            err_set(e, ERR_SHAPE, "RandomCrop cannot cut %dx%d out of a smaller image.", size[0],
                    size[1]);
            err_fact(e, "image", "%s", shape_print_axes(&x->desc.shape, 1, text, sizeof text));
            return NULL;
        }
        a.shape.size[i + 1] = size[i];
        a.begin[i + 1] = rest[i] / 2;
    }
    if (!b->training) return image_close(b, graph_add1(b->graph, OP_slice, x, &a, e), 2, false, e);
    struct node *zero = number_column(b, x, 0, e), *one = number_column(b, x, 1, e), *at[2];
    for (int i = 0; i < 2; i++)
        at[i] = op1(b->graph, OP_floor, drawn_column(b, x, 0, (double)rest[i] + 1, e), e);
    struct node *m[6] = {one, zero, at[0], zero, one, at[1]};
    return image_close(b, warp(b, x, m, &a.shape, FILL_EDGE, true, e), 2, false, e);
}

/* A number for each image as (batch, 1, 1, 1). */
static struct node *tall(struct builder *b, struct node *column, struct err *e) {
    if (!column) return NULL;
    struct shape s = shape_of(4, (int64_t[]){column->desc.shape.size[0], 1, 1, 1});
    return op_reshape(b->graph, column, &s, e);
}

struct node *layer_build_random_contrast(struct builder *b, struct layer *l, struct node *x,
                                         struct err *e) {
    double most = layer_arg(l, 0)->number;
    if (!(x = image_open(b, l, x, 2, e)) || !b->training) return x;
    struct node *factor = tall(b, drawn_column(b, x, 1 - most, 1 + most, e), e);
    struct node *mean = op_fold(b->graph, OP_mean, x, 6, true, e);
    struct node *away = op2(b->graph, OP_mul, op2(b->graph, OP_sub, x, mean, e), factor, e);
    return image_close(b, sum(b, away, mean, e), 2, false, e);
}

struct node *layer_build_random_brightness(struct builder *b, struct layer *l, struct node *x,
                                           struct err *e) {
    double range = layer_arg(l, 1)->number, most = layer_arg(l, 0)->number * range;
    if (!(x = image_open(b, l, x, 2, e)) || !b->training) return x;
    struct node *y = sum(b, x, tall(b, drawn_column(b, x, -most, most, e), e), e);
    y = op_number(b->graph, OP_maximum, y, 0, e);
    return image_close(b, op_number(b->graph, OP_minimum, y, range, e), 2, false, e);
}

/* ---- outside of models ---- */

bool is_augmentation(const struct config *layer) {
    if (layer->row->group != CONFIG_LAYER) return false;
    switch (layer->row->kind) {
    case LAYER_random_flip:
    case LAYER_random_rotation:
    case LAYER_random_zoom:
    case LAYER_random_translation:
    case LAYER_random_contrast:
    case LAYER_random_brightness:
    case LAYER_gaussian_noise: return true;
    default: return false;
    }
}

bool is_augmentable(const struct desc *x) {
    return x->shape.n == 3 || x->shape.n == 4;
}

struct node *augment_node(struct graph *g, const struct config *const *layers, int n,
                          struct node *x, struct err *e) {
    struct builder b = {.graph = g, .training = true, .stream = UINT64_C(1) << 40};
    struct shape given = x->desc.shape, four = given;
    if (given.n == 3) {
        four.size[3] = 1;
        four.axis[3] = NULL;
        four.n = 4;
        x = op_reshape(g, op_float(g, x, e), &four, e);
    }
    for (int i = 0; i < n && x; i++) {
        struct config *c = (struct config *)(uintptr_t)layers[i];
        struct layer *l = layer_new(c, e);
        x = l ? layer_build(&b, l, x, e) : NULL;
        layer_unref(l);
    }
    return given.n == 3 ? op_reshape(g, x, &given, e) : x;
}

/* The image `count` times over. */
static struct tensor *repeated(struct tensor *image, int64_t count, struct err *e) {
    struct attrs a = {.axes = 1, .shape = {.n = image->shape.n + 1, .size = {count}}};
    for (int i = 0; i < image->shape.n; i++) a.shape.size[i + 1] = image->shape.size[i];
    return op_eval(OP_expand, &image, 1, &a, 0, e);
}

static struct tensor *run_plan(struct graph *g, struct node *out, struct tensor *in, uint64_t seed,
                               struct err *e) {
    struct plan_spec spec = {
        .graph = g, .batch = in->shape.size[0], .outputs = &out, .n_outputs = 1};
    struct plan *p = plan_new(&spec, e);
    struct tensor *y = p ? tensor_new(DT_FLOAT32, &in->shape, e) : NULL;
    struct feed feed = {.data = in->data, .dtype = in->dtype, .scale = 1};
    struct plan_io io = {
        .inputs = &feed, .outputs = y ? (void *const *)&y->data : NULL, .seed = seed};
    bool ok = y && plan_run(p, &io, e);
    plan_free(p);
    if (ok) return y;
    tensor_unref(y);
    return NULL;
}

struct tensor *augment_image(const struct config *const *layers, int n, struct tensor *image,
                             int64_t count, uint64_t seed, struct err *e) {
    struct tensor *in = repeated(image, count, e), *y = NULL, *out = NULL;
    struct graph *g = in ? graph_new(DT_FLOAT32, e) : NULL;
    if (g) {
        struct desc d = tensor_desc(in);
        d.shape.size[0] = SIZE_BATCH;
        d.dtype = DT_FLOAT32;
        struct node *x = graph_input(g, "image", &d, e);
        x = x ? augment_node(g, layers, n, x, e) : NULL;
        y = x ? run_plan(g, x, in, seed, e) : NULL;
    }
    if (y) out = tensor_cast(y, in->dtype == DT_UINT8 ? DT_UINT8 : DT_FLOAT32, e);
    tensor_unref(y);
    tensor_unref(in);
    graph_free(g);
    return out;
}
