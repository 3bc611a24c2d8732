/* Windows: explicit padding on every side in ONNX, "valid" or "same" (or layers around) here. */
#include "onnx_window.h"
#include <string.h>

enum { MOST_PADDING = 1000000 };

static int64_t reach_of(const struct onnx_window *w, int i) {
    return ((int64_t)w->size[i] - 1) * w->dilation[i] + 1;
}

/* What Keras' "same" pads along an axis. */
static int64_t same_padding(const struct onnx_window *w, int i, int64_t in) {
    int64_t out = (in + w->stride[i] - 1) / w->stride[i];
    int64_t all = (out - 1) * w->stride[i] + reach_of(w, i) - in;
    return all > 0 ? all : 0;
}

static bool read_pads(struct onnx_reader *r, const struct node *x, int axes,
                      struct onnx_window *w) {
    const Onnx__AttributeProto *pads = onnx_attr(r, "pads");
    bool upper = onnx_attr_is(r, "auto_pad", "SAME_UPPER", "NOTSET");
    bool lower = onnx_attr_is(r, "auto_pad", "SAME_LOWER", "NOTSET");
    bool given =
        pads && pads->n_ints && !upper && !lower && !onnx_attr_is(r, "auto_pad", "VALID", "NOTSET");
    if (given && pads->n_ints != 2 * (size_t)axes)
        return onnx_cannot(r, "pads has %zu numbers", pads->n_ints);
    for (int i = 0; i < axes; i++) {
        int at = 2 - axes + i;
        int64_t all = same_padding(w, at, x->desc.shape.size[i + 1]);
        w->before[at] = given ? pads->ints[i] : upper ? all / 2 : lower ? all - all / 2 : 0;
        w->after[at] = given ? pads->ints[i + axes] : upper || lower ? all - w->before[at] : 0;
        if (w->before[at] < 0 || w->after[at] < 0 || w->before[at] > MOST_PADDING ||
            w->after[at] > MOST_PADDING)
            return onnx_cannot(r, "negative or very large padding");
    }
    return true;
}

/* The last window may reach over the end, if it begins before it. */
static void fill_last(const struct node *x, int axes, struct onnx_window *w) {
    for (int i = 0; i < axes; i++) {
        int at = 2 - axes + i;
        int64_t in = x->desc.shape.size[i + 1], stride = w->stride[at];
        int64_t left = in + w->before[at] + w->after[at] - reach_of(w, at);
        int64_t windows = (left + stride - 1) / stride + 1;
        if ((windows - 1) * stride >= in + w->before[at]) windows--;
        int64_t more = (windows - 1) * stride - left;
        if (more > 0) w->after[at] += more;
    }
}

static void name_padding(const struct node *x, int axes, struct onnx_window *w) {
    bool valid = true, same = true;
    for (int i = 0; i < axes; i++) {
        int at = 2 - axes + i;
        int64_t all = same_padding(w, at, x->desc.shape.size[i + 1]);
        valid = valid && w->before[at] == 0 && w->after[at] == 0;
        same = same && w->before[at] == all / 2 && w->after[at] == all - all / 2;
    }
    w->padding = valid ? "valid" : same ? "same" : NULL;
}

bool onnx_window_read(struct onnx_reader *r, const struct node *x, const int64_t *size, int axes,
                      struct onnx_window *w) {
    *w = (struct onnx_window){.size = {1, 1}};
    TRY(onnx_attr_pair(r, "strides", axes, 1, w->stride));
    TRY(onnx_attr_pair(r, "dilations", axes, 1, w->dilation));
    if (!size) TRY(onnx_attr_pair(r, "kernel_shape", axes, 0, w->size));
    for (int i = 2 - axes; i < 2; i++) {
        if (size) w->size[i] = (int32_t)size[i - (2 - axes)];
        if (w->size[i] < 1 || w->stride[i] < 1 || w->dilation[i] < 1 ||
            (!size && w->dilation[i] != 1))
            return onnx_cannot(r, "a window without a size, or pooling with holes");
    }
    for (int i = 0; i < axes; i++)
        if (x->desc.shape.size[i + 1] < 1) return onnx_cannot(r, "images of unknown size");
    TRY(read_pads(r, x, axes, w));
    w->ceil = onnx_attr_int(r, "ceil_mode", 0) != 0;
    if (w->ceil) fill_last(x, axes, w);
    name_padding(x, axes, w);
    return true;
}

struct node *onnx_pad_places(struct onnx_reader *r, struct node *x, const int64_t *before,
                             const int64_t *after, int axes) {
    if (axes == 2) {
        struct config *c = onnx_config(r, LAYER_zero_padding2d);
        struct shape four = {.n = 4, .size = {before[0], after[0], before[1], after[1]}};
        bool ok = c && config_set_shape(c, "pad", &four, r->e);
        return ok ? assemble_use(r->a, c, x) : NULL;
    }
    struct attrs a = {.shape = x->desc.shape, .begin = {0, before[1], 0}, .step = {1, 1, 1}};
    a.shape.size[1] += before[1] + after[1];
    return onnx_apply(r, OP_place, x, NULL, &a);
}

struct node *onnx_window_pad(struct onnx_reader *r, struct node *x, struct onnx_window *w,
                             int axes) {
    if (w->padding && strcmp(w->padding, "valid") == 0) return x;
    if (w->padding && !onnx_attr_int(r, "count_include_pad", 0)) return x;
    x = onnx_pad_places(r, x, w->before, w->after, axes);
    w->padding = "valid";
    return x;
}

struct node *onnx_window_pool(struct onnx_reader *r, enum op op, struct node *x,
                              const struct onnx_window *w, int axes) {
    struct attrs a = {.window = {.dilation = {1, 1}, .groups = 1}};
    struct shape s = x->desc.shape;
    for (int i = 0; i < 2; i++) {
        a.window.size[i] = w->size[i];
        a.window.stride[i] = w->stride[i] ? w->stride[i] : 1;
        a.window.before[i] = (int32_t)w->before[i];
        a.window.after[i] = (int32_t)w->after[i];
    }
    if (axes == 2) return onnx_apply(r, op, x, NULL, &a);
    struct attrs four = {.shape = {.n = 4, .size = {s.size[0], 1, s.size[1], s.size[2]}}};
    struct node *y = onnx_apply(r, op, onnx_apply(r, OP_reshape, x, NULL, &four), NULL, &a);
    if (!y) return NULL;
    struct attrs three = {.shape = s};
    three.shape.size[1] = y->desc.shape.size[2];
    return onnx_apply(r, OP_reshape, y, NULL, &three);
}
