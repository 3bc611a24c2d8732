/* Convolution and pooling of plain arrays: images with or without batch and channel axes. */
#include "fn.h"
#include <string.h>

/* An operand as images (batch, height, width, channel): which of these axes it had itself. */
struct images {
    struct value v; /* four axes; owned */
    struct shape s;
    bool batch, channels;
    const char *names[4];
};

static bool reshaped(struct call *c, struct value v, const struct shape *s, struct value *out) {
    const struct attrs a = {.shape = *s};
    return apply1(c->ev, OP_reshape, v, &a, out);
}

/* Three axes are height, width and channel, or grey images one after the other if `grey`. */
static bool open_images(struct call *c, struct value v, const struct desc *d, bool grey,
                        struct images *m) {
    int n = d->shape.n;
    if (n < 2 || n > 4) {
        char text[160];
        call_fail(c, 0, ERR_SHAPE,
                  "%s reads an image: [height, width], [height, width, channel] "
                  "or [image, height, width, channel].",
                  c->row->name);
        return err_label(c->ev->e, "is %s", shape_print(&d->shape, text, sizeof text));
    }
    m->batch = n == 4 || (n == 3 && grey);
    m->channels = n == 4 || (n == 3 && !grey);
    m->s = (struct shape){.n = 4, .size = {1, 0, 0, 1}};
    for (int i = 0, k = m->batch ? 0 : 1; i < n; i++, k++) {
        m->s.size[k] = d->shape.size[i];
        m->s.axis[k] = d->shape.axis[i];
        m->s.weak |= (uint8_t)((d->shape.weak >> i & 1) << k);
    }
    return reshaped(c, v, &m->s, &m->v);
}

/* The result with the axes that the operand had; `channels`: the last axis stays. */
static bool close_images(struct call *c, const struct images *m, struct value y, bool channels,
                         struct value *out) {
    struct desc d;
    struct shape s = {0};
    if (!value_describe(y, &d)) return *out = value_ref(y), true;
    for (int k = m->batch ? 0 : 1; k < (channels ? 4 : 3); k++) {
        s.size[s.n] = d.shape.size[k];
        s.axis[s.n] = d.shape.axis[k];
        s.weak |= (uint8_t)((d.shape.weak >> k & 1) << s.n);
        s.n++;
    }
    if (channels && !s.axis[s.n - 1]) {
        s.axis[s.n - 1] = intern_c("channel");
        s.weak |= (uint8_t)(1u << (s.n - 1));
    }
    TRY(reshaped(c, y, &s, out));
    if (out->kind == V_TENSOR) out->tensor->is_image = false;
    return true;
}

/* One number for both sides, or two (3x3); *more takes a third, for channels. */
static bool sides(struct call *c, int i, const int32_t *fallback, int32_t out[2], int64_t *more) {
    memcpy(out, fallback, 2 * sizeof *out);
    if (!call_has(c, i)) return true;
    struct value v = c->args[i];
    bool list = v.kind == V_TENSOR && v.tensor->shape.n == 1 && v.tensor->count >= 2 &&
                v.tensor->count <= (more ? 3 : 2) && !dtype_is_float(v.tensor->dtype);
    if (v.kind != V_INT && !list)
        return call_fail(c, i, ERR_ARGUMENT, "A size is one whole number, or two such as 3x3.");
    for (int k = 0; k < 3; k++) {
        if (k == 2 && (!list || v.tensor->count < 3)) break;
        int64_t x = list ? (int64_t)tensor_get(v.tensor, k) : v.integer;
        if (x < 1 || x > 1000000)
            return call_fail(c, i, ERR_VALUE,
                             "A size lies between 1 and a million, and this is "
                             "%lld.",
                             (long long)x);
        if (k < 2) out[k] = (int32_t)x;
        else *more = x;
    }
    return true;
}

/* Is something here that is not known yet? Sizes and strides of a check may be. */
static bool not_known(struct call *c, int from, int to) {
    for (int i = from; i < to; i++)
        if (c->args[i].kind == V_UNKNOWN || c->args[i].kind == V_DESC) return true;
    return false;
}

/* "valid", or "same" as TensorFlow pads: ceil(size / stride) results, the odd zero behind. */
static bool padding(struct call *c, int i, const struct shape *x, const int64_t *reach,
                    struct sliding *w) {
    int same;
    TRY(call_choice(c, i, &same));
    for (int k = 0; same && k < 2; k++) {
        int64_t size = x->size[k + 1], step = w->stride[k], total = reach[k] - 1;
        if (size >= 0) total = ((size + step - 1) / step - 1) * step + reach[k] - size;
        if (total < 0) total = 0;
        w->before[k] = (int32_t)(total / 2);
        w->after[k] = (int32_t)(total - total / 2);
    }
    return true;
}

/* ---- conv2d ---- */

/* The kernel with four axes (height, width, in, out). A kernel of two axes goes over every channel
 * by itself. */
static bool open_kernel(struct call *c, struct value v, const struct desc *d,
                        const struct images *m, struct attrs *a, struct value *out) {
    struct shape s = {.n = 4, .size = {d->shape.size[0], d->shape.size[1], 1, 1}};
    if (d->shape.n < 2 || d->shape.n > 4) {
        char text[160];
        call_fail(c, 1, ERR_SHAPE,
                  "A kernel is [height, width], [height, width, channel] or "
                  "[height, width, channel, filter].");
        return err_label(c->ev->e, "is %s", shape_print(&d->shape, text, sizeof text));
    }
    if (d->shape.n > 2) s.size[2] = d->shape.size[2];
    if (d->shape.n > 3) s.size[3] = d->shape.size[3];
    if (d->shape.n == 4) s.axis[3] = d->shape.axis[3];
    TRY(reshaped(c, v, &s, out));
    int64_t channels = m->s.size[3];
    if (d->shape.n > 2 || channels == 1 || channels < 1 || channels > 4096) return true;
    struct attrs wide = {.shape = s, .axes = 8};
    wide.shape.size[3] = channels;
    struct value all;
    if (!apply1(c->ev, OP_expand, *out, &wide, &all)) return value_unref(*out), false;
    value_unref(*out);
    *out = all;
    a->window.groups = (int32_t)channels;
    return true;
}

static bool is_colour(const struct shape *s) {
    const char *name = s->axis[s->n - 1];
    return s->size[s->n - 1] <= 4 || (name && strcmp(name, "channel") == 0);
}

bool fn_conv2d(struct call *c, struct value *out) {
    static const int32_t one[2] = {1, 1};
    struct attrs a = {.window = {.dilation = {1, 1}, .groups = 1}};
    struct value x, k, y;
    struct desc dx, dk;
    struct images m = {0};
    TRY(fn_operand(c, 0, &x) && fn_operand(c, 1, &k));
    if (!value_describe(x, &dx) || !value_describe(k, &dk) || not_known(c, 2, 4))
        return *out = value_unknown(), true;
    TRY(sides(c, 2, one, a.window.stride, NULL));
    bool grey = dx.shape.n == 3 && dk.shape.n == 2 && !is_colour(&dx.shape);
    TRY(open_images(c, x, &dx, grey, &m));
    struct value kernel = value_missing();
    bool ok = open_kernel(c, k, &dk, &m, &a, &kernel);
    const int64_t reach[2] = {dk.shape.size[0] > 0 ? dk.shape.size[0] : 1,
                              dk.shape.n > 1 && dk.shape.size[1] > 0 ? dk.shape.size[1] : 1};
    ok = ok && padding(c, 3, &m.s, reach, &a.window) &&
         apply_op(c->ev, OP_conv, (struct value[]){m.v, kernel}, 2, &a, &y);
    value_unref(m.v);
    value_unref(kernel);
    if (!ok && c->ev->e->kind == ERR_SHAPE) err_at(c->ev->e, c->spans[1]);
    if (!ok) return false;
    bool channels = dk.shape.n == 4 || (m.channels && dk.shape.n == 2);
    ok = close_images(c, &m, y, channels, out);
    value_unref(y);
    return ok;
}

/* ---- pooling ---- */

/* Windows over the channels, too: groups of `depth` neighbours become one. */
static bool pool_depth(struct call *c, enum op op, int64_t depth, const struct shape *s,
                       struct value *y) {
    struct desc d;
    if (depth == 1 || !value_describe(*y, &d)) return true;
    if (d.shape.size[3] >= 0 && d.shape.size[3] % depth)
        return call_fail(c, 1, ERR_SHAPE, "%lld channels cannot be divided into groups of %lld.",
                         (long long)s->size[3], (long long)depth);
    struct shape five = d.shape;
    five.n = 5;
    five.size[3] = d.shape.size[3] / depth;
    five.size[4] = depth;
    const struct attrs fold = {.axes = 1u << 4};
    struct value split, made;
    TRY(reshaped(c, *y, &five, &split));
    bool ok = apply1(c->ev, op == OP_max_pool ? OP_max : OP_mean, split, &fold, &made);
    value_unref(split);
    if (!ok) return false;
    value_unref(*y);
    *y = made;
    return true;
}

static bool pool(struct call *c, enum op op, struct value *out) {
    static const int32_t two[2] = {2, 2};
    struct attrs a = {.window = {.dilation = {1, 1}, .groups = 1}};
    struct value x, y;
    struct desc d;
    struct images m = {0};
    int64_t depth = 1;
    TRY(fn_operand(c, 0, &x));
    if (!value_describe(x, &d) || not_known(c, 1, 4)) return *out = value_unknown(), true;
    TRY(sides(c, 1, two, a.window.size, &depth));
    TRY(sides(c, 2, a.window.size, a.window.stride, NULL));
    bool grey = d.shape.n == 3 && !is_colour(&d.shape) && depth == 1;
    TRY(open_images(c, x, &d, grey, &m));
    const int64_t reach[2] = {a.window.size[0], a.window.size[1]};
    bool ok = padding(c, 3, &m.s, reach, &a.window) && apply1(c->ev, op, m.v, &a, &y);
    value_unref(m.v);
    if (!ok) return false;
    ok = pool_depth(c, op, depth, &m.s, &y) && close_images(c, &m, y, m.channels, out);
    value_unref(y);
    return ok;
}

bool fn_max_pool2d(struct call *c, struct value *out) {
    return pool(c, OP_max_pool, out);
}

bool fn_avg_pool2d(struct call *c, struct value *out) {
    return pool(c, OP_mean_pool, out);
}
