/* Import of operators that are layers here: convolutions, pooling, normalisation, products. */
#include "onnx_read.h"
#include "onnx_window.h"
#include <string.h>

static struct node *use(struct onnx_reader *r, struct config *c, struct node *x,
                        struct layer **layer) {
    *layer = x ? assemble_layer(r->a, c) : NULL;
    if (!x) config_unref(c);
    return assemble_apply(r->a, *layer, &x, 1);
}

static struct tensor *permuted(struct onnx_reader *r, struct tensor *t, const int32_t *perm) {
    struct attrs a = {0};
    memcpy(a.perm, perm, (size_t)t->shape.n * sizeof *perm);
    return op_eval(OP_transpose, &t, 1, &a, 0, r->e);
}

/* The numbers as one axis. */
static struct tensor *flat(struct onnx_reader *r, struct tensor *t) {
    struct shape s = t ? shape_of(1, &t->count) : (struct shape){0};
    return t ? tensor_with_shape(t, &s, r->e) : NULL;
}

/* The bias at input i, as one axis; *has = it is there. False on failure. */
static bool bias_at(struct onnx_reader *r, int i, bool *has, struct tensor **bias) {
    *bias = NULL;
    *has = onnx_has_input(r, i);
    return !*has || (*bias = flat(r, onnx_numbers(r, i)));
}

/* ---- convolutions ---- */

/* (out, in, height, width) -> (height, width, in, out); a depthwise one (height, width, in, out /
 * in). */
static struct tensor *kernel(struct onnx_reader *r, struct tensor *w, int64_t depth) {
    static const int32_t perm[2][4] = {{2, 1, 0}, {2, 3, 1, 0}};
    struct tensor *k = permuted(r, w, perm[w->shape.n == 4]);
    if (!k || !depth) return k;
    struct shape s = k->shape;
    s.size[2] = depth;
    s.size[3] = w->shape.size[0] / depth;
    struct tensor *t = tensor_with_shape(k, &s, r->e);
    tensor_unref(k);
    return t;
}

static struct config *conv_config(struct onnx_reader *r, const struct tensor *w, int axes,
                                  int64_t depth, bool bias) {
    int32_t size[2] = {1, 1}, stride[2], dilation[2];
    for (int i = 0; i < axes; i++) size[2 - axes + i] = (int32_t)w->shape.size[2 + i];
    if (!onnx_attr_pair(r, "strides", axes, 1, stride) ||
        !onnx_attr_pair(r, "dilations", axes, 1, dilation))
        return NULL;
    struct config *c = onnx_config(r, depth       ? LAYER_depthwise_conv2d
                                      : axes == 2 ? LAYER_conv2d
                                                  : LAYER_conv1d);
    bool ok = c && onnx_sizes(c, "kernel_size", size, axes, r->e) &&
              onnx_sizes(c, "strides", stride, axes, r->e) &&
              onnx_sizes(c, "dilation", dilation, axes, r->e) &&
              config_set_number(c, "bias", bias, r->e);
    if (ok && depth)
        ok = config_set_number(c, "multiplier", (double)(w->shape.size[0] / depth), r->e);
    if (ok && !depth)
        ok = config_set_number(c, "filters", (double)w->shape.size[0], r->e) &&
             config_set_number(c, "groups", (double)onnx_attr_int(r, "group", 1), r->e);
    if (ok) return c;
    config_unref(c);
    return NULL;
}

static bool conv_shapes(struct onnx_reader *r, const struct node *x, const struct tensor *w) {
    bool ok = w->shape.n == x->desc.shape.n && (w->shape.n == 3 || w->shape.n == 4);
    for (int i = 0; ok && i < w->shape.n; i++)
        ok = w->shape.size[i] > 0 && w->shape.size[i] < INT32_MAX;
    return ok || onnx_cannot(r, "convolutions on three axes of places are not known");
}

bool onnx_import_conv(struct onnx_reader *r, int code) {
    (void)code;
    struct onnx_value *v = onnx_input(r, 0);
    struct node *x = v ? onnx_turned(r, v) : NULL;
    struct tensor *w = x ? onnx_numbers(r, 1) : NULL, *bias;
    struct onnx_window window;
    bool has;
    if (!w || !conv_shapes(r, x, w)) return false;
    int axes = w->shape.n - 2;
    int64_t channels = x->desc.shape.size[axes + 1], group = onnx_attr_int(r, "group", 1);
    bool deep = axes == 2 && group > 1 && group == channels && w->shape.size[1] == 1 &&
                w->shape.size[0] % channels == 0;
    TRY(onnx_window_read(r, x, w->shape.size + 2, axes, &window));
    TRY(x = onnx_window_pad(r, x, &window, axes));
    TRY(bias_at(r, 2, &has, &bias));
    struct layer *l = NULL;
    struct config *c = conv_config(r, w, axes, deep ? channels : 0, has);
    if (c && window.padding)
        if (!config_set_text(c, "padding", window.padding, r->e)) return false;
    struct node *y = c ? use(r, c, x, &l) : NULL;
    bool ok = y && assemble_give(r->a, l, 0, kernel(r, w, deep ? channels : 0));
    if (ok && has) return assemble_give(r->a, l, 1, bias) && onnx_give_node(r, 0, y, true);
    tensor_unref(bias);
    return ok && onnx_give_node(r, 0, y, true);
}

/* ---- transposed ---- */

struct turned_sizes {
    int32_t stride[2], more[2];
    int64_t cut[4]; /* above, below, left, right of what padding "valid" gives */
    bool same;      /* padding "same" gives just this */
};

static bool turned_sizes(struct onnx_reader *r, const struct node *x, const struct tensor *w,
                         int axes, struct turned_sizes *s) {
    const Onnx__AttributeProto *pads = onnx_attr(r, "pads");
    int32_t dilation[2];
    TRY(onnx_attr_pair(r, "strides", axes, 1, s->stride));
    TRY(onnx_attr_pair(r, "output_padding", axes, 0, s->more));
    TRY(onnx_attr_pair(r, "dilations", axes, 1, dilation));
    if (pads && pads->n_ints && pads->n_ints != 2 * (size_t)axes)
        return onnx_cannot(r, "pads has %zu numbers", pads->n_ints);
    s->same = true;
    for (int i = 0; i < axes; i++) {
        int at = 2 - axes + i;
        int64_t k = w->shape.size[2 + i], stride = s->stride[at];
        int64_t before = pads && pads->n_ints ? pads->ints[i] : 0;
        int64_t after = pads && pads->n_ints ? pads->ints[i + axes] : 0;
        if (dilation[at] != 1 || stride < 1 || before < 0 || after < 0 || before > 1000000 ||
            after > 1000000)
            return onnx_cannot(r, "a transposed convolution with holes or odd padding");
        int64_t reach = k > stride ? k : stride;
        s->cut[2 * at] = before;
        s->cut[2 * at + 1] = after - s->more[at] + (reach - k);
        s->same = s->same && before == (reach - stride) / 2 &&
                  before + s->cut[2 * at + 1] == reach - stride;
        (void)x;
    }
    return true;
}

static bool turned_group(struct onnx_reader *r) {
    return (onnx_attr_int(r, "group", 1) == 1 && !onnx_attr(r, "output_shape") &&
            onnx_attr_is(r, "auto_pad", "NOTSET", "NOTSET")) ||
           onnx_cannot(r, "a transposed convolution in groups, or to a given size");
}

static struct node *cut_edges(struct onnx_reader *r, struct node *y, const int64_t *cut, int axes) {
    struct attrs a = {.shape = y->desc.shape};
    bool any = false;
    for (int i = 0; i < y->desc.shape.n; i++) a.step[i] = 1;
    for (int i = 0; i < axes; i++) {
        const int64_t *c = cut + 2 * (2 - axes + i);
        any = any || c[0] || c[1];
        a.begin[i + 1] = c[0];
        a.shape.size[i + 1] -= c[0] + c[1];
        if (c[1] < 0 || a.shape.size[i + 1] < 1)
            return onnx_cannot(r, "a transposed convolution with an odd size"), NULL;
    }
    return any ? onnx_apply(r, OP_slice, y, NULL, &a) : y;
}

bool onnx_import_conv_transpose(struct onnx_reader *r, int code) {
    (void)code;
    struct onnx_value *v = onnx_input(r, 0);
    struct node *x = v ? onnx_turned(r, v) : NULL;
    struct tensor *w = x ? onnx_numbers(r, 1) : NULL, *bias;
    struct turned_sizes s = {.same = false};
    bool has;
    if (!w || !conv_shapes(r, x, w) || !turned_group(r)) return false;
    int axes = w->shape.n - 2;
    TRY(turned_sizes(r, x, w, axes, &s));
    TRY(bias_at(r, 2, &has, &bias));
    int32_t size[2] = {1, 1};
    for (int i = 0; i < axes; i++) size[2 - axes + i] = (int32_t)w->shape.size[2 + i];
    struct config *c = onnx_config(r, axes == 2 ? LAYER_conv2d_transpose : LAYER_conv1d_transpose);
    bool ok = c && config_set_number(c, "filters", (double)w->shape.size[1], r->e) &&
              onnx_sizes(c, "kernel_size", size, axes, r->e) &&
              onnx_sizes(c, "strides", s.stride, axes, r->e) &&
              config_set_number(c, "bias", has, r->e) &&
              config_set_text(c, "padding", s.same ? "same" : "valid", r->e);
    struct layer *l = NULL;
    struct node *y = ok ? use(r, c, x, &l) : NULL;
    ok = y && assemble_give(r->a, l, 0, kernel(r, w, 0));
    if (ok && has) ok = assemble_give(r->a, l, 1, bias);
    else tensor_unref(bias);
    if (ok && !s.same) y = cut_edges(r, y, s.cut, axes);
    return ok && onnx_give_node(r, 0, y, true);
}

/* ---- pooling ---- */

bool onnx_import_pool(struct onnx_reader *r, int code) {
    struct onnx_value *v = onnx_input(r, 0);
    struct node *x = v ? onnx_turned(r, v) : NULL;
    struct onnx_window w;
    int axes = x ? x->desc.shape.n - 2 : 0;
    if (!x) return false;
    if (axes > 2) return onnx_cannot(r, "pooling over more than two axes");
    if (onnx_output(r, 1)) return onnx_cannot(r, "the positions of the largest numbers are used");
    TRY(onnx_window_read(r, x, NULL, axes, &w));
    bool zeros = code == OP_mean_pool && onnx_attr_int(r, "count_include_pad", 0) && !w.ceil;
    if (zeros) TRY(x = onnx_window_pad(r, x, &w, axes));
    if (!w.padding)
        return onnx_give_node(r, 0, onnx_window_pool(r, (enum op)code, x, &w, axes), true);
    enum layer_kind kind = code == OP_max_pool ? axes == 2 ? LAYER_max_pool2d : LAYER_max_pool1d
                           : axes == 2         ? LAYER_avg_pool2d
                                               : LAYER_avg_pool1d;
    struct config *c = onnx_config(r, kind);
    bool ok = c && onnx_sizes(c, "size", w.size, axes, r->e) &&
              onnx_sizes(c, "strides", w.stride, axes, r->e) &&
              config_set_text(c, "padding", w.padding, r->e);
    return ok && onnx_give_node(r, 0, assemble_use(r->a, c, x), true);
}

bool onnx_import_global_pool(struct onnx_reader *r, int code) {
    static const enum layer_kind kinds[2][2] = {{LAYER_global_avg_pool1d, LAYER_global_avg_pool2d},
                                                {LAYER_global_max_pool1d, LAYER_global_max_pool2d}};
    struct onnx_value *v = onnx_input(r, 0);
    struct node *x = v ? onnx_turned(r, v) : NULL;
    if (!x) return false;
    if (x->desc.shape.n > 4) return onnx_cannot(r, "pooling over more than two axes");
    struct config *c = onnx_config(r, kinds[code][x->desc.shape.n == 4]);
    bool ok = c && config_set_number(c, "keepdims", 1, r->e);
    return ok && onnx_give_node(r, 0, assemble_use(r->a, c, x), true);
}

/* ---- normalisation ---- */

bool onnx_import_batch_norm(struct onnx_reader *r, int code) {
    (void)code;
    struct onnx_value *v = onnx_input(r, 0);
    if (!v || !v->node) return v && onnx_cannot(r, "its input is not computed from the model's");
    bool turned = v->node->desc.shape.n > 2;
    struct node *x = turned ? onnx_turned(r, v) : onnx_plain(r, v);
    struct config *c = x ? onnx_config(r, LAYER_batch_norm) : NULL;
    bool ok = c && config_set_number(c, "epsilon", onnx_attr_float(r, "epsilon", 1e-5), r->e) &&
              config_set_number(c, "momentum", onnx_attr_float(r, "momentum", 0.9), r->e);
    struct layer *l = NULL;
    struct node *y = ok ? use(r, c, x, &l) : NULL;
    for (int i = 0; y && i < 4; i++)
        if (!assemble_give(r->a, l, i, flat(r, onnx_numbers(r, i + 1)))) return false;
    return onnx_give_node(r, 0, y, turned);
}

static struct tensor *zeros_like(struct onnx_reader *r, const struct tensor *t) {
    struct shape s = shape_of(1, &t->count);
    return tensor_zeros(DT_FLOAT32, &s, r->e);
}

bool onnx_import_layer_norm(struct onnx_reader *r, int code) {
    (void)code;
    struct onnx_value *v = onnx_input(r, 0);
    struct node *x = v ? onnx_plain(r, v) : NULL;
    struct tensor *scale = x ? onnx_numbers(r, 1) : NULL;
    if (!scale) return false;
    int64_t axis = onnx_attr_int(r, "axis", -1);
    if (axis != -1 && axis != x->desc.shape.n - 1)
        return onnx_cannot(r, "LayerNormalization over several axes");
    struct config *c = onnx_config(r, LAYER_layer_norm);
    bool ok = c && config_set_number(c, "epsilon", onnx_attr_float(r, "epsilon", 1e-5), r->e);
    struct layer *l = NULL;
    struct node *y = ok ? use(r, c, x, &l) : NULL;
    if (!y || !assemble_give(r->a, l, 0, flat(r, scale))) return false;
    struct tensor *shift =
        onnx_has_input(r, 2) ? flat(r, onnx_numbers(r, 2)) : zeros_like(r, scale);
    return assemble_give(r->a, l, 1, shift) && onnx_give_node(r, 0, y, false);
}

/* Each channel of an image by itself: as many groups as channels. */
bool onnx_import_instance_norm(struct onnx_reader *r, int code) {
    (void)code;
    struct onnx_value *v = onnx_input(r, 0);
    struct node *x = v ? onnx_turned(r, v) : NULL;
    struct tensor *scale = x ? onnx_numbers(r, 1) : NULL,
                  *shift = scale ? onnx_numbers(r, 2) : NULL;
    if (!shift) return false;
    struct config *c = onnx_config(r, LAYER_group_norm);
    bool ok = c && config_set_number(c, "groups", (double)scale->count, r->e) &&
              config_set_number(c, "epsilon", onnx_attr_float(r, "epsilon", 1e-5), r->e);
    struct layer *l = NULL;
    struct node *y = ok ? use(r, c, x, &l) : NULL;
    return y && assemble_give(r->a, l, 0, flat(r, scale)) &&
           assemble_give(r->a, l, 1, flat(r, shift)) && onnx_give_node(r, 0, y, true);
}

/* ---- products ---- */

/* A matrix of (in, units), from (units, in) if `turned`, times a factor; for an image laid out as
 * one axis its rows come in our order: ONNX' row c * places + p is our row p * channels + c. */
static struct tensor *matrix(struct onnx_reader *r, const struct tensor *w, bool turned,
                             double factor, int64_t channels) {
    int64_t in = w->shape.size[turned], units = w->shape.size[!turned];
    struct shape s = shape_of(2, (int64_t[]){in, units});
    struct tensor *t = tensor_new(DT_FLOAT32, &s, r->e);
    int64_t places = channels ? in / channels : 1;
    for (int64_t i = 0; t && i < in; i++) {
        int64_t from = channels ? i % channels * places + i / channels : i;
        for (int64_t k = 0; k < units; k++)
            ((float *)t->data)[i * units + k] =
                (float)(tensor_get(w, turned ? k * in + from : from * units + k) * factor);
    }
    return t;
}

/* One number for each unit, from one for all or [1, units]. */
static struct tensor *bias_vector(struct onnx_reader *r, const struct tensor *b, int64_t units,
                                  double factor) {
    struct shape s = shape_of(1, &units);
    if (b->count != units && b->count != 1)
        return onnx_cannot(r, "a bias of %lld numbers", (long long)b->count), NULL;
    struct tensor *t = tensor_new(DT_FLOAT32, &s, r->e);
    for (int64_t i = 0; t && i < units; i++)
        tensor_set(t, i, tensor_get(b, b->count == 1 ? 0 : i) * factor);
    return t;
}

/* `v` times the matrix w plus the bias b (NULL: none) as a layer. */
static bool dense(struct onnx_reader *r, struct onnx_value *v, const struct tensor *w,
                  bool w_turned, double factor, const struct tensor *b, double bias_factor) {
    int64_t channels = v->flat, units = w->shape.size[!w_turned];
    struct node *x = channels ? v->node : onnx_plain(r, v);
    if (!x) return false;
    const struct shape *s = &x->desc.shape;
    if (s->n < 2 || s->size[s->n - 1] != w->shape.size[w_turned] || units < 1)
        return onnx_cannot(r, "a matrix of another size than its input");
    struct config *c = onnx_config(r, LAYER_dense);
    bool ok = c && config_set_number(c, "units", (double)units, r->e) &&
              config_set_number(c, "bias", b != NULL, r->e);
    struct layer *l = NULL;
    struct node *y = ok ? use(r, c, x, &l) : NULL;
    return y && assemble_give(r->a, l, 0, matrix(r, w, w_turned, factor, channels)) &&
           (!b || assemble_give(r->a, l, 1, bias_vector(r, b, units, bias_factor))) &&
           onnx_give_node(r, 0, y, false);
}

bool onnx_import_gemm(struct onnx_reader *r, int code) {
    (void)code;
    struct onnx_value *v = onnx_input(r, 0);
    struct tensor *w = v ? onnx_numbers(r, 1) : NULL;
    struct tensor *b = w && onnx_has_input(r, 2) ? onnx_numbers(r, 2) : NULL;
    if (!w || r->e->kind) return false;
    if (w->shape.n != 2 || onnx_attr_int(r, "transA", 0) || !v->node)
        return onnx_cannot(r, "a product of another form than x W + b");
    return dense(r, v, w, onnx_attr_int(r, "transB", 0) != 0, onnx_attr_float(r, "alpha", 1), b,
                 onnx_attr_float(r, "beta", 1));
}

/* The bias that a following addition adds, which is then done here. */
static struct tensor *bias_that_follows(struct onnx_reader *r, int64_t units) {
    int32_t at;
    const Onnx__NodeProto *add = onnx_next(r, "Add", &at);
    if (!add || add->n_input != 2) return NULL;
    for (int i = 0; i < 2; i++) {
        struct onnx_value *v = onnx_find(r, add->input[i]);
        struct tensor *t = onnx_known(r, v);
        if (!t || t->count != units || t->shape.n < 1 || t->shape.size[t->shape.n - 1] != units)
            continue;
        r->taken[at] = true;
        return t;
    }
    return NULL;
}

bool onnx_import_matmul(struct onnx_reader *r, int code) {
    (void)code;
    struct onnx_value *a = onnx_input(r, 0), *b = a ? onnx_input(r, 1) : NULL;
    struct tensor *w = b ? onnx_known(r, b) : NULL;
    if (!b || r->e->kind) return false;
    if (!w || w->shape.n != 2 || !a->node) {
        struct node *x = onnx_plain(r, a), *y = x ? onnx_plain(r, b) : NULL;
        return y && onnx_give_node(r, 0, onnx_apply(r, OP_matmul, x, y, NULL), false);
    }
    struct tensor *bias = bias_that_follows(r, w->shape.size[1]);
    TRY(dense(r, a, w, false, 1, bias, 1));
    if (!bias) return true;
    struct onnx_value *done = onnx_find(r, r->graph->node[onnx_output(r, 0)->reader]->output[0]);
    if (!done) return onnx_cannot(r, "an addition gives nothing");
    done->node = onnx_output(r, 0)->node;
    done->turned = done->by_time = false;
    done->order[0] = '\0';
    done->flat = 0;
    return true;
}
