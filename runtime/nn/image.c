/* What layers on images and sequences share: sizes, padding, axes, and the words for what does not
 * fit. */
#include "image.h"
#include "../base/intern.h"
#include <stdio.h>
#include <string.h>

/* ---- sizes ---- */

/* The name of argument `i`, from a signature such as "size: size = 2, strides: size = None". */
static struct str argument_name(const char *signature, int i) {
    while (i-- > 0 && strchr(signature, ',')) signature = strchr(signature, ',') + 2;
    return (struct str){signature, strcspn(signature, ":")};
}

bool image_sizes(const struct layer *l, int arg, int axes, int64_t low, int32_t out[2],
                 struct err *e) {
    const struct arg *a = layer_arg(l, arg);
    const struct shape *s = &a->shape;
    const char *name = l->config->row->name;
    if (a->kind != ARG_SHAPE || s->n < 1 || s->n > axes)
        return err_set(e, ERR_ARGUMENT,
                       axes == 1 ? "A size of %s is one number."
                                 : "A size of %s is one number, or two: 3x3.",
                       name);
    for (int i = 0; i < s->n; i++) {
        if (s->size[i] >= low && s->size[i] <= 1000000) continue;
        struct str own = argument_name(l->config->row->signature, arg);
        err_set(e, ERR_VALUE,
                "The argument `%.*s` of %s is %lld, but it has to be a whole number from %lld to a "
                "million.",
                (int)own.n, own.p, name, (long long)s->size[i], (long long)low);
        return err_label(e, "%lld is none", (long long)s->size[i]);
    }
    out[1] = (int32_t)s->size[s->n - 1];
    out[0] = axes == 1 ? 1 : (int32_t)s->size[0];
    return true;
}

bool image_sizes_or(const struct layer *l, int arg, int axes, const int32_t *fallback,
                    int32_t out[2], struct err *e) {
    if (layer_arg(l, arg)->kind == ARG_SHAPE) return image_sizes(l, arg, axes, 1, out, e);
    memcpy(out, fallback, 2 * sizeof *out);
    return true;
}

/* ---- axes ---- */

static bool wrong_axes(const struct layer *l, const struct node *x, int axes, struct err *e) {
    const struct shape *s = &x->desc.shape;
    const char *name = l->config->row->name;
    char text[160];
    err_set(e, ERR_SHAPE, "%s reads %s, and this has %d ax%s for each example.", name,
            axes == 2 ? "images: height, width and channel" : "sequences: time and channel",
            s->n - 1, s->n == 2 ? "is" : "es");
    err_fact(e, "each example", "%s", shape_print_axes(s, 1, text, sizeof text));
    err_fact(e, "needed", axes == 2 ? "height  width  channel" : "time  channel");
    if (s->n == axes + 1 && axes == 2)
        return err_hint(e,
                        "Grey images without a channel axis get one with Reshape: "
                        "x.Reshape(height=%lld, width=%lld, channel=1).%s(…)",
                        (long long)s->size[1], (long long)s->size[2], name);
    if (s->n == axes + 1)
        return err_hint(e,
                        "Series of single numbers get a channel axis with Reshape: "
                        "x.Reshape(time=-1, channel=1).%s(…)",
                        name);
    if (s->n < axes + 1)
        return err_hint(e,
                        "Lay the numbers out with Reshape first, such as %s. After Flatten the "
                        "places of the numbers are gone: flatten later.",
                        axes == 2 ? "Reshape(height=28, width=28, channel=1)"
                                  : "Reshape(time=24, channel=4)");
    return err_hint(e, "Give it %s.",
                    axes == 2 ? "one image for each example" : "one sequence for each example");
}

struct node *image_open(struct builder *b, const struct layer *l, struct node *x, int axes,
                        struct err *e) {
    const struct shape *s = &x->desc.shape;
    if (s->n != axes + 2) return wrong_axes(l, x, axes, e), NULL;
    for (int i = 1; i < s->n; i++)
        if (s->size[i] < 0) return layer_last_size(l, x, e), NULL;
    if (s->size[s->n - 1] < 1 && !layer_last_size(l, x, e)) return NULL;
    x = op_float(b->graph, x, e);
    if (!x || axes == 2) return x;
    struct shape four = {.n = 4, .size = {s->size[0], 1, s->size[1], s->size[2]}};
    four.axis[0] = s->axis[0];
    four.axis[2] = s->axis[1];
    four.axis[3] = s->axis[2];
    four.weak = (uint8_t)((s->weak & 1) | (s->weak & 6) << 1);
    return op_reshape(b->graph, x, &four, e);
}

static void name_axis(struct shape *s, int i, const char *name, bool always) {
    if (s->axis[i] && !always) return;
    s->axis[i] = intern_c(name);
    s->weak |= (uint8_t)(1u << i);
}

struct node *image_close(struct builder *b, struct node *y, int axes, bool fresh, struct err *e) {
    if (!y) return NULL;
    struct shape s = y->desc.shape;
    if (axes == 1) {
        s = (struct shape){.n = 3, .size = {s.size[0], s.size[2], s.size[3]}};
        s.axis[0] = y->desc.shape.axis[0];
        s.axis[1] = y->desc.shape.axis[2];
        s.axis[2] = y->desc.shape.axis[3];
        s.weak = (uint8_t)((y->desc.shape.weak & 1) | (y->desc.shape.weak >> 1 & 6));
        name_axis(&s, 1, "time", false);
        name_axis(&s, 2, "channel", fresh);
        return op_reshape(b->graph, y, &s, e);
    }
    name_axis(&y->desc.shape, 1, "height", false);
    name_axis(&y->desc.shape, 2, "width", false);
    name_axis(&y->desc.shape, 3, "channel", fresh);
    return y;
}

/* ---- padding ---- */

static int64_t reach_of(const struct sliding *w, int i) {
    return (int64_t)(w->size[i] - 1) * w->dilation[i] + 1;
}

/* As TensorFlow pads: ceil(size / stride) results, the odd one behind. */
static void pad_same(struct sliding *w, int i, int64_t size) {
    int64_t count = (size + w->stride[i] - 1) / w->stride[i];
    int64_t total = (count - 1) * w->stride[i] + reach_of(w, i) - size;
    if (total < 0) total = 0;
    w->before[i] = (int32_t)(total / 2);
    w->after[i] = (int32_t)(total - total / 2);
}

/* The way from the input to x: what each layer gave, oldest first. */
static void way_as_facts(const struct builder *b, const struct node *x, struct err *e) {
    enum { MOST = 7 };
    const struct node *at[MOST];
    int layer[MOST], n = 0;
    char text[160];
    for (const struct node *p = x; p; p = p->n_in ? p->in[0] : NULL) {
        int found = -1;
        for (int i = 0; i < b->model->n_layers; i++)
            if (b->model->layer_ends[i] == p) found = i;
        if (found < 0 && p->op != OP_input) continue;
        if (n == MOST) n--; /* the input stays */
        at[n] = p;
        layer[n++] = found;
    }
    while (n-- > 0) {
        shape_print_axes(&at[n]->desc.shape, 1, text, sizeof text);
        const char *left = layer[n] < 0 ? at[n]->name : b->model->layers[layer[n]].text;
        err_fact(e, left ? left : "input", "%s", text);
    }
}

static bool too_small(const struct builder *b, const struct layer *l, const struct node *x,
                      int axes, const struct sliding *w, struct err *e) {
    const char *name = l->config->row->name,
               *kind = strstr(name, "Pool") ? "pooling window" : "kernel";
    char need[96];
    if (axes == 2)
        snprintf(need, sizeof need, "height=%lld, width=%lld", (long long)reach_of(w, 0),
                 (long long)reach_of(w, 1));
    else snprintf(need, sizeof need, "time=%lld", (long long)reach_of(w, 1));
    err_set(e, ERR_SHAPE, "The %s has become smaller than the %s.",
            axes == 2 ? "image" : "sequence", kind);
    way_as_facts(b, x, e);
    err_fact(e, name, "needs at least %s", need);
    long long side = (long long)reach_of(w, 1);
    if (axes == 2 && strstr(name, "Pool") && side > 2)
        return err_hint(e,
                        "Every 3x3 convolution without padding takes 2 pixels off each side "
                        "length, and every %lldx%lld pooling divides it by %lld. Use a smaller "
                        "window, such as 2x2, or padding=\"same\".",
                        (long long)reach_of(w, 0), side, side);
    if (axes == 1)
        return err_hint(e,
                        "Every convolution over 3 steps without padding makes a sequence 2 steps "
                        "shorter, and every pooling of 2 halves it. Use a smaller window, fewer "
                        "of them, or padding=\"same\".");
    return err_hint(e, "Every 3x3 convolution without padding takes 2 pixels off each side length, "
                       "and every 2x2 pooling halves it. Use a smaller window, fewer of them, or "
                       "padding=\"same\".");
}

bool image_padding(struct builder *b, const struct layer *l, const struct node *x, int arg,
                   int axes, struct sliding *w, struct err *e) {
    const char *text = arg < 0 ? "valid" : layer_arg(l, arg)->text;
    bool same = strcmp(text, "same") == 0, causal = strcmp(text, "causal") == 0;
    for (int i = 2 - axes; i < 2; i++) {
        int64_t size = x->desc.shape.size[i + 1];
        if (reach_of(w, i) > 1 << 28)
            return err_set(e, ERR_VALUE, "The window of %s would reach over %lld pixels.",
                           l->config->row->name, (long long)reach_of(w, i));
        if (same) pad_same(w, i, size);
        if (causal) w->before[i] = (int32_t)(reach_of(w, i) - 1);
        if (size + w->before[i] + w->after[i] < reach_of(w, i))
            return too_small(b, l, x, axes, w, e);
    }
    return true;
}

struct node *image_finish(struct builder *b, struct layer *l, struct node *z, int bias, int slot,
                          int activation, struct err *e) {
    if (!z) return NULL;
    int64_t n = z->desc.shape.size[z->desc.shape.n - 1];
    struct layer_weight w = {.name = "bias", .shape = shape_of(1, &n)};
    if (bias < 0 || layer_arg(l, bias)->number != 0)
        z = op2(b->graph, OP_add, z, layer_weight(b, l, slot, &w, e), e);
    const struct arg *a = activation < 0 ? NULL : layer_arg(l, activation);
    if (z && a && a->kind == ARG_ACTIVATION) z = activation_apply(b->graph, a->activation, z, e);
    return z;
}
