/* Convolutions and the derivative of their input as products (conv.h): the grids and segments of
 * each part (conv_band.h).
 *
 *   conv         units are rows of the result, in all images one after the other
 *   conv_input   likewise. With strides (s, t) the result has s * t kinds of positions, each with
 *                its own few elements of the kernel: each kind is a product of its own */
#include "conv_band.h"

static void run_groups(const struct call *c, struct conv_product *p, int64_t a_group,
                       int64_t b_group, int64_t c_group) {
    const struct conv_call *v = &c->conv;
    const struct conv_kernels *k = &kernels()->conv[c->dtype];
    if (conv_is_depthwise(v)) {
        p->n = v->c;
        k->depth(p);
        return;
    }
    const char *a = p->a, *b = p->b, *bias = p->bias;
    char *to = p->c;
    for (int64_t g = 0; g < v->groups; g++) {
        p->a = a + (size_t)(g * a_group) * c->bytes;
        p->b = b + (size_t)(g * b_group) * c->bytes;
        p->c = to + (size_t)(g * c_group) * c->bytes;
        p->bias = bias ? bias + (size_t)(g * c_group) * c->bytes : NULL;
        k->product(p);
    }
}

/* ---- forward ---- */

static int64_t forward_segments(const struct conv_call *v, int64_t row, struct conv_segment *s) {
    bool joined = conv_joins_columns(v);
    int64_t n = 0, taps = joined ? 1 : v->kw, cg = v->c / v->groups;
    for (int64_t i = 0; i < v->kh; i++)
        for (int64_t j = 0; j < taps; j++)
            s[n++] = (struct conv_segment){
                i * v->dilation[0] * row + j * v->dilation[1] * v->c,
                (i * v->kw + j) * cg * v->o,
            };
    return n;
}

/* The positions behind the last whole group of v->beside. */
static void rest_rows(const struct call *c, struct conv_product p) {
    const struct conv_call *v = &c->conv;
    int64_t rest = v->ow % v->beside, skip = v->ow - rest;
    if (rest == 0) return;
    p.a = (const char *)p.a + skip * p.a_col * (int64_t)c->bytes;
    p.c = (char *)p.c + skip * p.c_col * (int64_t)c->bytes;
    p.cols = rest;
    p.last = p.rows * rest;
    kernels()->conv[c->dtype].product(&p);
}

static void forward_part(const struct call *c, void *const *out, const void *const *in,
                         const struct conv_part *t, const struct call_env *env) {
    const struct conv_call *v = &c->conv;
    struct conv_band b = conv_forward_band(c, in[0], t, env);
    int64_t cg = v->c / v->groups, og = v->o / v->groups;
    struct conv_product p = {
        .a = b.at,
        .b = in[1],
        .c = (char *)out[0] + (size_t)((t->image * v->oh + t->row) * v->ow * v->o) * c->bytes,
        .rows = t->rows,
        .cols = v->ow,
        .last = t->images * t->rows * v->ow,
        .a_image = b.image,
        .a_row = v->stride[0] * b.row,
        .a_col = v->stride[1] * v->c,
        .c_image = v->oh * v->ow * v->o,
        .c_row = v->ow * v->o,
        .c_col = v->o,
        .n = og,
        .segments = conv_segments(env),
        .n_segments = forward_segments(v, b.row, conv_segments(env)),
        .length = conv_joins_columns(v) ? v->kw * v->c : cg,
        .a_step = 1,
        .b_step = v->o,
        .bias = v->bias ? in[2] : NULL,
        .relu = v->relu,
        .room = conv_room(c, env),
    };
    if (v->beside > 1) {
        rest_rows(c, p);
        conv_beside_rows(c, &p, (const char *)env->scratch + v->wide);
    } else {
        run_groups(c, &p, cg, og, og);
    }
}

static unsigned run_forward(const struct call *c, void *const *out, const void *const *in,
                            int64_t begin, int64_t end, const struct call_env *env) {
    const struct conv_call *v = &c->conv;
    if (v->beside > 1)
        conv_beside_kernel(c, in[1], v->bias ? in[2] : NULL, (char *)env->scratch + v->wide);
    while (begin < end) {
        struct conv_part t = conv_part_at(c, v->oh, begin, end);
        forward_part(c, out, in, &t, env);
        begin += t.images * t.rows;
    }
    return 0;
}

/* ---- the derivative of the input ---- */

static int64_t taps_of(const struct conv_call *v, int axis, int64_t kind, struct conv_tap *taps) {
    int64_t size = axis == 0 ? v->kh : v->kw, n = 0;
    for (int64_t k = 0; k < size; k++) {
        int64_t rest = kind - k * v->dilation[axis];
        if (rest % v->stride[axis] == 0) taps[n++] = (struct conv_tap){k, rest / v->stride[axis]};
    }
    return n;
}

/* Positions [from, to) of a kind along one axis: the first, and how many. */
static int64_t of_kind(const struct conv_call *v, int axis, int64_t kind, int64_t from, int64_t to,
                       int64_t *first) {
    int64_t s = v->stride[axis], shift = (kind - from - v->before[axis]) % s;
    *first = from + (shift < 0 ? shift + s : shift);
    return *first < to ? (to - *first + s - 1) / s : 0;
}

struct backward {
    const struct call *c;
    const void *kernel, *bias;
    char *image; /* of the result, the first */
    struct conv_band band;
    const struct conv_part *part; /* of the result */
    struct conv_segment *segments;
    void *room;
    struct conv_tap *taps[2];
};

static void backward_kind(const struct backward *w, int64_t ky, int64_t kx, int64_t n_y,
                          int64_t n_x) {
    const struct call *c = w->c;
    const struct conv_call *v = &c->conv;
    int64_t row = w->part->row, y, x, rows = of_kind(v, 0, ky, row, row + w->part->rows, &y);
    int64_t cols = of_kind(v, 1, kx, 0, v->w, &x), n = 0, og = v->o / v->groups;
    if (rows == 0 || cols == 0) return;
    int64_t top = (y + v->before[0] - ky) / v->stride[0] - w->band.top;
    int64_t left = (x + v->before[1] - kx) / v->stride[1] - w->band.left;
    for (int64_t i = 0; i < n_y; i++)
        for (int64_t j = 0; j < n_x; j++)
            w->segments[n++] = (struct conv_segment){
                w->taps[0][i].offset * w->band.row + w->taps[1][j].offset * v->o,
                (w->taps[0][i].k * v->kw + w->taps[1][j].k) * og * v->c,
            };
    struct conv_product p = {
        .a = w->band.at + (top * w->band.row + left * v->o) * (int64_t)c->bytes,
        .b = w->kernel,
        .c = w->image + (size_t)((y * v->w + x) * v->c) * c->bytes,
        .rows = rows,
        .cols = cols,
        .last = w->part->images * rows * cols,
        .a_image = w->band.image,
        .a_row = w->band.row,
        .a_col = v->o,
        .c_image = v->h * v->w * v->c,
        .c_row = v->stride[0] * v->w * v->c,
        .c_col = v->stride[1] * v->c,
        .n = v->c / v->groups,
        .segments = w->segments,
        .n_segments = n,
        .length = og,
        .a_step = 1,
        .b_step = v->c,
        .bias = w->bias,
        .relu = v->relu,
        .room = w->room,
    };
    run_groups(c, &p, og, v->c / v->groups, v->c / v->groups);
}

static void backward_part(const struct call *c, void *const *out, const void *const *in,
                          const struct conv_part *t, const struct call_env *env) {
    const struct conv_call *v = &c->conv;
    struct backward w = {.c = c, .kernel = in[1], .bias = v->bias ? in[2] : NULL, .part = t};
    w.image = (char *)out[0] + (size_t)(t->image * v->h * v->w * v->c) * c->bytes;
    w.room = conv_room(c, env);
    w.segments = conv_segments(env);
    w.taps[0] = conv_taps(c, env);
    w.taps[1] = w.taps[0] + v->kh;
    w.band = conv_backward_band(c, in[0], t, env);
    for (int64_t ky = 0; ky < v->stride[0]; ky++)
        for (int64_t kx = 0; kx < v->stride[1]; kx++)
            backward_kind(&w, ky, kx, taps_of(v, 0, ky, w.taps[0]), taps_of(v, 1, kx, w.taps[1]));
}

static unsigned run_backward(const struct call *c, void *const *out, const void *const *in,
                             int64_t begin, int64_t end, const struct call_env *env) {
    const struct conv_call *v = &c->conv;
    while (begin < end) {
        struct conv_part t = conv_part_at(c, v->h, begin, end);
        backward_part(c, out, in, &t, env);
        begin += t.images * t.rows;
    }
    return 0;
}

/* ---- the call ---- */

/* x is (n, h, w, c), y (n, oh, ow, o), the kernel (kh, kw, …, …). */
static void set_sizes(struct conv_call *v, const struct shape *x, const struct shape *kernel,
                      const struct shape *y, const struct sliding *w) {
    *v = (struct conv_call){.n = x->size[0],
                            .h = x->size[1],
                            .w = x->size[2],
                            .c = x->size[3],
                            .oh = y->size[1],
                            .ow = y->size[2],
                            .o = y->size[3],
                            .kh = kernel->size[0],
                            .kw = kernel->size[1],
                            .groups = w->groups};
    for (int i = 0; i < 2; i++) {
        v->stride[i] = w->stride[i];
        v->dilation[i] = w->dilation[i];
        v->before[i] = w->before[i];
    }
}

void call_conv(struct call *c, const struct call_spec *s) {
    const struct shape *a = &s->in[0]->shape, *b = &s->in[1]->shape, *out = &s->out->shape;
    if (!dtype_is_float(s->out->dtype)) return;
    c->dtype = s->out->dtype;
    c->bytes = dtype_bytes(c->dtype);
    if (s->op == OP_conv) set_sizes(&c->conv, a, b, out, &s->attrs->window);
    if (s->op == OP_conv_input) set_sizes(&c->conv, out, b, a, &s->attrs->window);
    if (s->op == OP_conv_kernel) set_sizes(&c->conv, a, out, b, &s->attrs->window);
    struct conv_call *v = &c->conv;
    v->bias = s->n_in > 2;
    v->relu = s->attrs->a != 0;
    conv_band_set(c, s->op == OP_conv_input);
    if (s->op != OP_conv_input) conv_beside_set(c);
    double terms = (double)(v->kh * v->kw) * (double)(v->c / v->groups) * (double)v->o;
    if (s->op == OP_conv) {
        c->n_units = v->n * v->oh;
        c->unit_work = 0.05 * (double)v->ow * terms + 1;
        c->run = run_forward;
    } else if (s->op == OP_conv_input) {
        c->n_units = v->n * v->h;
        c->unit_work = 0.05 * (double)v->oh * (double)v->ow * terms / (double)(v->h + 1) + 1;
        c->run = run_backward;
        if (call_takes_windows(c)) call_windows(c);
    } else {
        c->n_units = out->size[0] * out->size[1] * out->size[2];
        c->unit_work = 0.05 * (double)(v->n * v->oh) * (double)(v->ow * v->o) + 1;
        c->run = conv_run_kernel;
    }
    bool empty = v->n == 0 || v->ow == 0 || v->oh == 0 || v->h == 0 || v->w == 0;
    if (empty && s->op != OP_conv_kernel) c->n_units = 0;
}
