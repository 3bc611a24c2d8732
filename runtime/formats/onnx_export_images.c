/* Export of what networks on images are made of: convolutions, pooling, normalisation, resizing. */
#include "onnx_write.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- windows ---- */

static void window(struct onnx_writer *x, const struct sliding *w, const int64_t *size,
                   bool dilated) {
    const int64_t stride[] = {w->stride[0], w->stride[1]};
    const int64_t dilation[] = {w->dilation[0], w->dilation[1]};
    const int64_t pads[] = {w->before[0], w->before[1], w->after[0], w->after[1]};
    onnx_ints(x, "kernel_shape", size, 2);
    onnx_ints(x, "strides", stride, 2);
    onnx_ints(x, "pads", pads, 4);
    if (dilated) onnx_ints(x, "dilations", dilation, 2);
}

/* A kernel (height, width, a, b) as (b, a, height, width), or (a, b, …) for transposed ones. */
static const char *kernel(struct onnx_writer *x, const struct node *n, bool transposed) {
    struct attrs turn = {.perm = {3, 2, 0, 1}};
    if (transposed) turn = (struct attrs){.perm = {2, 3, 0, 1}};
    struct tensor *known = x->known[n->id];
    const char *label = n->name;
    for (const struct node *w = n; !label && w->n_in == 1; w = w->in[0]) label = w->in[0]->name;
    if (known) return onnx_tensor(x, op_eval(OP_transpose, &known, 1, &turn, 0, x->e), label);
    const int64_t perm[2][4] = {{3, 2, 0, 1}, {2, 3, 0, 1}};
    const char *name = onnx_op(x, "Transpose", onnx_natural(x, n), NULL, NULL);
    onnx_ints(x, "perm", perm[transposed], 4);
    return name;
}

/* The bias of a fused addition: the operand that is not the convolution. */
static const char *bias_of(struct onnx_writer *x, const struct node *add) {
    const struct node *b = add->in[0] == x->fused[add->id] ? add->in[1] : add->in[0];
    struct tensor *known = b->op == OP_expand ? x->known[b->in[0]->id] : NULL;
    return known ? onnx_tensor(x, tensor_ref(known), b->in[0]->name) : NULL;
}

/* `result`: the node whose value this is, the convolution or the addition of its bias. */
static bool conv(struct onnx_writer *x, const struct node *n, const struct node *result) {
    const struct shape *k = &n->in[1]->desc.shape;
    const char *bias = result == n ? NULL : bias_of(x, result);
    const char *a = onnx_channels(x, n->in[0]), *w = kernel(x, n->in[1], false);
    const char *name = w ? onnx_op(x, "Conv", a, w, bias) : NULL;
    window(x, &n->attrs.window, k->size, true);
    onnx_int(x, "group", n->attrs.window.groups);
    return onnx_set(x, result, name, true);
}

/* The padding at the end grows where ONNX' size would be larger, its "output padding" where it
 * would be smaller. */
static bool conv_input(struct onnx_writer *x, const struct node *n, const struct node *result) {
    const struct shape *k = &n->in[1]->desc.shape, *in = &n->in[0]->desc.shape;
    struct sliding w = n->attrs.window;
    int64_t more[2];
    for (int i = 0; i < 2; i++) {
        int64_t reach = (k->size[i] - 1) * w.dilation[i] + 1;
        int64_t size = (in->size[i + 1] - 1) * w.stride[i] + reach - w.before[i] - w.after[i];
        more[i] = n->desc.shape.size[i + 1] - size;
        if (more[i] < 0) w.after[i] -= (int32_t)more[i];
        if (more[i] < 0) more[i] = 0;
    }
    const char *bias = result == n ? NULL : bias_of(x, result);
    const char *a = onnx_channels(x, n->in[0]), *kernels = kernel(x, n->in[1], true);
    const char *name = kernels ? onnx_op(x, "ConvTranspose", a, kernels, bias) : NULL;
    window(x, &w, k->size, true);
    onnx_ints(x, "output_padding", more, 2);
    onnx_int(x, "group", w.groups);
    return onnx_set(x, result, name, true);
}

bool onnx_export_conv(struct onnx_writer *x, const struct node *n, const char *op) {
    (void)op;
    return conv(x, n, n);
}

bool onnx_export_conv_input(struct onnx_writer *x, const struct node *n, const char *op) {
    (void)op;
    return conv_input(x, n, n);
}

bool onnx_export_add(struct onnx_writer *x, const struct node *n, const char *op) {
    const struct node *c = x->fused[n->id];
    if (!c) return onnx_export_elementwise(x, n, op);
    return c->op == OP_conv ? conv(x, c, n) : conv_input(x, c, n);
}

bool onnx_export_pool(struct onnx_writer *x, const struct node *n, const char *op) {
    const struct sliding *w = &n->attrs.window;
    const int64_t size[] = {w->size[0], w->size[1]};
    const char *name = onnx_op(x, op, onnx_channels(x, n->in[0]), NULL, NULL);
    window(x, w, size, false);
    return onnx_set(x, n, name, true);
}

/* ---- layers that are one operator ---- */

static struct tensor *weight_named(struct onnx_writer *x, const char *layer, const char *name,
                                   const char **full) {
    char wanted[256];
    snprintf(wanted, sizeof wanted, "%s.%s", layer, name);
    for (int i = 0; i < model_n_weights(x->model); i++) {
        const struct weight_info *w = model_weight(x->model, i);
        if (strcmp(w->name, wanted) != 0) continue;
        struct tensor *t = tensor_new(DT_FLOAT32, &w->shape, x->e);
        if (t) memcpy(t->data, x->weights->data + w->offset, (size_t)t->count * sizeof(float));
        *full = w->name;
        return t;
    }
    return err_set(x->e, ERR_BUG, "The layer %s has no weight %s.", layer, name), NULL;
}

static const char *weight(struct onnx_writer *x, const char *layer, const char *name) {
    const char *full = NULL;
    struct tensor *t = weight_named(x, layer, name, &full);
    return t ? onnx_tensor(x, t, full) : NULL;
}

static bool has_weight(const struct model *m, const char *layer, const char *name) {
    char wanted[256];
    snprintf(wanted, sizeof wanted, "%s.%s", layer, name);
    for (int i = 0; i < model_n_weights(m); i++)
        if (strcmp(model_weight(m, i)->name, wanted) == 0) return true;
    return false;
}

bool onnx_is_whole(const struct model *m, const struct layer_use *u) {
    const struct layer_info *l = model_layer(m, u->row);
    const struct desc *in = &u->in[0][0]->desc;
    if (!l->config || in->dtype != DT_FLOAT32 || u->n_in != 1) return false;
    if (l->config->row->kind == LAYER_layer_norm)
        return has_weight(m, l->name, "gamma") && has_weight(m, l->name, "beta");
    bool axes = in->shape.n == 2 || in->shape.n == 4;
    return l->config->row->kind == LAYER_batch_norm && axes && has_weight(m, l->name, "gamma") &&
           has_weight(m, l->name, "beta") && has_weight(m, l->name, "moving_mean") &&
           has_weight(m, l->name, "moving_variance");
}

bool onnx_export_whole(struct onnx_writer *x, const struct layer_use *u, const struct node *out) {
    const struct layer_info *l = model_layer(x->model, u->row);
    const struct node *n = u->in[0][0];
    bool batch = l->config->row->kind == LAYER_batch_norm;
    bool channels = batch && n->desc.shape.n == 4;
    const char *in[5] = {onnx_in_layout(x, n, channels), weight(x, l->name, "gamma"),
                         weight(x, l->name, "beta")};
    if (batch) in[3] = weight(x, l->name, "moving_mean");
    if (batch) in[4] = weight(x, l->name, "moving_variance");
    for (int i = 0; i < (batch ? 5 : 3); i++)
        if (!in[i]) return false;
    const char *op = batch ? "BatchNormalization" : "LayerNormalization";
    const char *name = onnx_op_n(x, op, in, batch ? 5 : 3, 0);
    onnx_float(x, "epsilon", l->config->args[batch].number);
    if (!batch) onnx_int(x, "axis", -1);
    return onnx_set(x, out, name, channels);
}

/* ---- normalisation by itself ---- */

static struct tensor *ones(int64_t n, struct err *e) {
    struct shape s = shape_of(1, &n);
    struct tensor *t = tensor_new(DT_FLOAT32, &s, e);
    for (int64_t i = 0; t && i < n; i++) tensor_set(t, i, 1);
    return t;
}

static const char *mean_of(struct onnx_writer *x, const char *a) {
    const int64_t axes[2] = {1, 3};
    const char *mean = onnx_op(x, "ReduceMean", a, NULL, NULL);
    onnx_ints(x, "axes", axes, 2);
    onnx_int(x, "keepdims", 1);
    return mean;
}

/* (n, …, c) as (n, places, groups, c / groups), normalised over the second and the last. */
static const char *by_groups(struct onnx_writer *x, const struct node *n) {
    const struct shape *s = &n->desc.shape;
    int64_t groups = n->attrs.axis, last = s->size[s->n - 1];
    int64_t sizes[] = {0, -1, groups, last / groups};
    const char *a = onnx_op(x, "Reshape", onnx_natural(x, n->in[0]), onnx_whole(x, sizes, 4), NULL);
    const char *mean = mean_of(x, a);
    const char *centred = onnx_op(x, "Sub", a, mean, NULL);
    const char *variance = mean_of(x, onnx_op(x, "Mul", centred, centred, NULL));
    const char *epsilon = onnx_number(x, n->attrs.a, DT_FLOAT32);
    const char *root = onnx_op(x, "Sqrt", onnx_op(x, "Add", variance, epsilon, NULL), NULL, NULL);
    const char *even = root ? onnx_op(x, "Div", centred, root, NULL) : NULL;
    return onnx_op(x, "Reshape", even, onnx_shape(x, s), NULL);
}

bool onnx_export_norm(struct onnx_writer *x, const struct node *n, const char *op) {
    const struct shape *s = &n->desc.shape;
    if (n->attrs.axis) return onnx_set(x, n, by_groups(x, n), false);
    const char *scale = onnx_tensor(x, ones(s->size[s->n - 1], x->e), NULL);
    const char *name = onnx_op(x, op, onnx_natural(x, n->in[0]), scale, NULL);
    onnx_int(x, "axis", -1);
    onnx_float(x, "epsilon", n->attrs.a);
    return onnx_set(x, n, name, false);
}

/* ---- resizing ---- */

/* Does the map only stretch, so that pixels keep their middles (what ONNX calls half_pixel)? */
static bool is_stretch(const struct node *n, const struct tensor *map) {
    const struct shape *in = &n->in[0]->desc.shape, *out = &n->desc.shape;
    if (!map || map->count != 6 || n->attrs.axis != 0) return false;
    bool ok = tensor_get(map, 1) == 0 && tensor_get(map, 3) == 0;
    for (int i = 0; ok && i < 2; i++) {
        double ratio = (double)in->size[i + 1] / (double)out->size[i + 1];
        ok = fabs(tensor_get(map, 4 * i) - ratio) < 1e-6 * ratio &&
             fabs(tensor_get(map, 3 * i + 2) - (ratio - 1) / 2) < 1e-4;
    }
    return ok;
}

bool onnx_export_warp(struct onnx_writer *x, const struct node *n, const char *op) {
    bool nearest = n->attrs.a != 0;
    if (!is_stretch(n, x->known[n->in[1]->id]))
        return onnx_not_there(x, n, "images turned or moved");
    struct shape turned = n->desc.shape;
    for (int i = 0; i < 4; i++) turned.size[onnx_axis(i, true)] = n->desc.shape.size[i];
    const char *a = onnx_channels(x, n->in[0]), *sizes = onnx_shape(x, &turned);
    const char *in[4] = {a, "", "", sizes};
    const char *name = a && sizes ? onnx_op_n(x, op, in, 4, 0) : NULL;
    onnx_text(x, "mode", nearest ? "nearest" : "linear");
    onnx_text(x, "coordinate_transformation_mode", "half_pixel");
    if (nearest) onnx_text(x, "nearest_mode", "round_prefer_ceil");
    return onnx_set(x, n, name, true);
}
