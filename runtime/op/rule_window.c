/* Rules of convolutions and pooling: windows over (batch, height, width, channel). */
#include "rules.h"
#include "size.h"

static const char *const sides[2] = {"height", "width"};

static bool four_axes(const struct rule_call *c, int i, const char *what, struct err *e) {
    char text[256];
    if (c->in[i]->shape.n == 4) return true;
    err_set(e, ERR_SHAPE, "`%s` needs %s, and {%d} has the shape %s.", op_name(c->op), what, i,
            shape_print(&c->in[i]->shape, text, sizeof text));
    return false;
}

static const char *const images = "images [batch, height, width, channel]";
static const char *const kernels = "a kernel [height, width, channels in, channels out]";

static bool window_is_sound(const struct sliding *w, struct err *e) {
    for (int i = 0; i < 2; i++)
        if (w->stride[i] < 1 || w->dilation[i] < 1 || w->before[i] < 0 || w->after[i] < 0 ||
            w->groups < 1)
            return err_set(e, ERR_BUG, "This window cannot move.");
    return true;
}

static bool too_small(const struct rule_call *c, const struct shape *x, const int64_t *reach,
                      struct err *e) {
    char text[256];
    const struct shape s = {.n = 2, .size = {x->size[1], x->size[2]}};
    err_set(e, ERR_SHAPE, "The window is larger than the image.");
    err_fact(e, "image", "%s", shape_print(&s, text, sizeof text));
    if (c->attrs->window.before[0] || c->attrs->window.after[0])
        err_fact(e, "padding", "%d above, %d below", c->attrs->window.before[0],
                 c->attrs->window.after[0]);
    err_fact(e, "window", "[%lld, %lld]", (long long)reach[0], (long long)reach[1]);
    return err_hint(e, "Use a smaller window, or padding=\"same\".");
}

/* Sizes of the results: one window every stride. */
static bool count_windows(const struct rule_call *c, const struct shape *x, const int64_t *size,
                          int64_t *count, struct err *e) {
    const struct sliding *w = &c->attrs->window;
    int64_t reach[2];
    bool fits = true;
    TRY(window_is_sound(w, e));
    for (int i = 0; i < 2; i++) {
        reach[i] = size[i] > 0 ? (size[i] - 1) * w->dilation[i] + 1 : 1;
        count[i] = x->size[i + 1] == 0
                       ? 0
                       : size_windows(x->size[i + 1], reach[i], (int64_t)w->before[i] + w->after[i],
                                      w->stride[i]);
        fits = fits && (count[i] != 0 || x->size[i + 1] == 0);
    }
    return fits || too_small(c, x, reach, e);
}

static void take_axis(struct shape *out, int to, const struct shape *from, int i, int64_t size) {
    out->size[to] = size;
    out->axis[to] = from->axis[i];
    out->weak |= (uint8_t)((from->weak >> i & 1) << to);
}

static void set_types(const struct rule_call *c, struct prepared *p) {
    enum dtype t = type_float(type_common(c->in, c->n_in, c->real), c->real);
    for (int i = 0; i < c->n_in; i++) p->cast[i] = t;
    p->out.dtype = t;
}

static bool channels_fit(const struct rule_call *c, int64_t x, int64_t kernel, int64_t out,
                         struct err *e) {
    int64_t groups = c->attrs->window.groups;
    if (!size_conflict(x, size_times(kernel, groups)) && (out < 0 || out % groups == 0))
        return true;
    err_set(e, ERR_SHAPE, "The kernel is made for other images: its channels do not fit.");
    char text[256];
    err_fact(e, "{0}", "%s", shape_print(&c->in[0]->shape, text, sizeof text));
    err_fact(e, "{1}", "%s", shape_print(&c->in[1]->shape, text, sizeof text));
    if (groups > 1) err_fact(e, "groups", "%lld", (long long)groups);
    return err_hint(e, "The third axis of a kernel [height, width, channels in, channels out] is "
                       "as long as the image's last one.");
}

bool rule_conv(const struct rule_call *c, struct prepared *p, struct err *e) {
    TRY(four_axes(c, 0, images, e) && four_axes(c, 1, kernels, e));
    const struct shape *x = &c->in[0]->shape, *k = &c->in[1]->shape;
    int64_t count[2];
    TRY(count_windows(c, x, k->size, count, e));
    TRY(channels_fit(c, x->size[3], k->size[2], k->size[3], e));
    set_types(c, p);
    p->out.shape.n = 4;
    take_axis(&p->out.shape, 0, x, 0, x->size[0]);
    for (int i = 0; i < 2; i++) take_axis(&p->out.shape, i + 1, x, i + 1, count[i]);
    take_axis(&p->out.shape, 3, k, 3, k->size[3]);
    return true;
}

/* Do windows over `x` give as many results as y has? */
static bool same_counts(const struct rule_call *c, const struct shape *x, const struct shape *y,
                        const int64_t *size, struct err *e) {
    int64_t count[2];
    TRY(count_windows(c, x, size, count, e));
    for (int i = 0; i < 2; i++)
        if (size_conflict(count[i], y->size[i + 1]))
            return err_set(e, ERR_SHAPE,
                           "A window over %lld numbers of %s gives %lld results, not %lld.",
                           (long long)x->size[i + 1], sides[i], (long long)count[i],
                           (long long)y->size[i + 1]);
    return true;
}

bool rule_conv_input(const struct rule_call *c, struct prepared *p, struct err *e) {
    TRY(four_axes(c, 0, images, e) && four_axes(c, 1, kernels, e));
    const struct shape *y = &c->in[0]->shape, *k = &c->in[1]->shape, *x = &c->attrs->shape;
    if (x->n != 4) return err_set(e, ERR_BUG, "conv_input gives images.");
    TRY(same_counts(c, x, y, k->size, e));
    TRY(channels_fit(c, y->size[3], k->size[2], k->size[3], e));
    set_types(c, p);
    p->out.shape = *x;
    p->out.shape.size[0] = y->size[0];
    if (size_conflict(x->size[3], k->size[3]))
        return err_set(e, ERR_BUG, "conv_input: channels of the result and the kernel differ.");
    return true;
}

bool rule_conv_kernel(const struct rule_call *c, struct prepared *p, struct err *e) {
    TRY(four_axes(c, 0, images, e) && four_axes(c, 1, images, e));
    const struct shape *x = &c->in[0]->shape, *y = &c->in[1]->shape, *k = &c->attrs->shape;
    if (k->n != 4 || size_conflict(k->size[3], y->size[3]) ||
        size_conflict(x->size[3], size_times(k->size[2], c->attrs->window.groups)))
        return err_set(e, ERR_BUG, "conv_kernel: the kernel's channels are not those of x and y.");
    TRY(same_counts(c, x, y, k->size, e));
    set_types(c, p);
    p->out.shape = *k;
    return true;
}

/* Every window has to touch the image. */
static bool padding_is_small(const struct sliding *w, struct err *e) {
    for (int i = 0; i < 2; i++)
        if (w->size[i] < 1 || w->before[i] >= w->size[i] || w->after[i] >= w->size[i])
            return err_set(e, ERR_VALUE, "The padding of a pooling window is smaller than it.");
    return true;
}

bool rule_pool(const struct rule_call *c, struct prepared *p, struct err *e) {
    const struct sliding *w = &c->attrs->window;
    const int64_t size[2] = {w->size[0], w->size[1]};
    int64_t count[2];
    TRY(four_axes(c, 0, images, e) && padding_is_small(w, e));
    const struct shape *x = &c->in[0]->shape;
    if (c->n_in > 1 && !shape_same_sizes(x, &c->in[1]->shape))
        return err_set(e, ERR_BUG, "`%s` takes two equal shapes.", op_name(c->op));
    TRY(count_windows(c, x, size, count, e));
    set_types(c, p);
    p->out.shape = *x;
    for (int i = 0; i < 2; i++) p->out.shape.size[i + 1] = count[i];
    return true;
}

bool rule_spread(const struct rule_call *c, struct prepared *p, struct err *e) {
    const struct sliding *w = &c->attrs->window;
    const int64_t size[2] = {w->size[0], w->size[1]};
    bool two = c->n_in > 1;
    const struct shape *x = two ? &c->in[0]->shape : &c->attrs->shape;
    const struct shape *y = &c->in[two ? 1 : 0]->shape;
    if (x->n != 4 || y->n != 4) return err_set(e, ERR_BUG, "`%s` gives images.", op_name(c->op));
    TRY(padding_is_small(w, e) && same_counts(c, x, y, size, e));
    set_types(c, p);
    p->out.shape = *x;
    p->out.shape.size[0] = y->size[0];
    return true;
}
