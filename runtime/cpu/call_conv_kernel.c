/* The derivative of a convolution's kernel (OP_conv_kernel). Units are rows of the kernel as a
 * matrix (height * width * channels, out), summed over all images. Plans also sum over some images
 * into a lane's own share. */
#include "conv_band.h"

struct kernel_sum {
    const struct call *c;
    const struct conv_segment *segments; /* rows of the derivative in the band */
    struct conv_band band;
    const char *up; /* the derivative's first row in the band */
    char *out;
    struct conv_part part; /* of the derivative */
    char *wide;            /* whole groups of positions go here (call_beside.c), or NULL */
    void *room;
    bool add; /* to what is there */
};

/* Rows [begin, end) of the kernel as a grid of `rows` x `cols` that begins at kernel row `first`.
 */
static void kernel_grid(const struct kernel_sum *w, struct conv_product *p, int64_t group,
                        int64_t a_skip, int64_t first, int64_t begin, int64_t end) {
    const struct call *c = w->c;
    const struct conv_call *v = &c->conv;
    int64_t cg = v->c / v->groups, og = v->o / v->groups, all = p->rows * p->cols;
    p->first = begin > first ? begin - first : 0;
    p->last = end - first < all ? end - first : all;
    if (p->first >= p->last) return;
    p->a = w->band.at + (a_skip + group * cg) * (int64_t)c->bytes;
    p->b = w->up + group * og * (int64_t)c->bytes;
    p->c = w->out + (size_t)(first * v->o + group * og) * c->bytes;
    p->n = og;
    kernels()->conv[c->dtype].product(p);
}

/* The whole groups of positions. */
static void beside_grid(const struct kernel_sum *w, struct conv_product p) {
    p.a = w->band.at;
    p.b = w->up;
    conv_beside_taps(w->c, &p, w->wide);
}

static void kernel_products(const struct kernel_sum *w, int64_t begin, int64_t end) {
    const struct conv_call *v = &w->c->conv;
    int64_t cg = v->c / v->groups;
    struct conv_product p = {
        .c_col = v->o,
        .segments = w->segments,
        .n_segments = w->part.images * w->part.rows,
        .length = v->ow,
        .a_col = 1,
        .a_step = v->stride[1] * v->c,
        .b_step = v->o,
        .accumulate = w->add,
        .room = w->room,
    };
    if (conv_joins_columns(v)) {
        p.rows = v->kh;
        p.cols = v->kw * v->c;
        p.a_row = v->dilation[0] * w->band.row;
        p.c_row = p.cols * v->o;
        int64_t skip = w->wide ? v->ow - v->ow % v->beside : 0;
        struct kernel_sum rest = *w;
        rest.up += (size_t)(skip * v->o) * w->c->bytes;
        if (w->wide) beside_grid(w, p);
        p.length = v->ow - skip;
        if (p.length > 0) kernel_grid(&rest, &p, 0, skip * p.a_step, 0, begin, end);
        return;
    }
    p.rows = v->kw;
    p.cols = cg;
    p.a_row = v->dilation[1] * v->c;
    p.c_row = cg * v->o;
    for (int64_t g = 0; g < v->groups; g++)
        for (int64_t i = 0; i < v->kh; i++)
            kernel_grid(w, &p, g, i * v->dilation[0] * w->band.row, i * v->kw * cg, begin, end);
}

static void kernel_depthwise(const struct kernel_sum *w, struct conv_segment *s, int64_t begin,
                             int64_t end) {
    const struct conv_call *v = &w->c->conv;
    for (int64_t i = begin; i < end; i++)
        s[i - begin] = (struct conv_segment){
            i / v->kw * v->dilation[0] * w->band.row + i % v->kw * v->dilation[1] * v->c, i * v->c};
    struct conv_product p = {
        .a = w->band.at,
        .b = w->out,
        .rows = w->part.rows,
        .cols = v->ow,
        .a_row = v->stride[0] * w->band.row,
        .a_col = v->stride[1] * v->c,
        .c_row = v->ow * v->c,
        .c_col = v->c,
        .n = v->c,
        .segments = s,
        .n_segments = end - begin,
    };
    memcpy(&p.c, &w->up, sizeof p.c); /* only read */
    kernels()->conv[w->c->dtype].depth_kernel(&p);
}

/* What the part adds to rows [begin, end) of the kernel. */
static void kernel_part(const struct call *c, struct kernel_sum *w, const void *const *in,
                        int64_t begin, int64_t end, const struct call_env *env) {
    const struct conv_call *v = &c->conv;
    const struct conv_part *t = &w->part;
    struct conv_segment *s = conv_segments(env);
    int64_t first = t->image * v->oh + t->row, n = 0;
    w->band = conv_forward_band(c, in[0], t, env);
    w->up = (const char *)in[1] + (size_t)(first * v->ow * v->o) * c->bytes;
    w->room = conv_room(c, env);
    if (conv_is_depthwise(v)) {
        kernel_depthwise(w, s, begin, end);
        return;
    }
    for (int64_t m = 0; m < t->images; m++)
        for (int64_t i = 0; i < t->rows; i++, n++)
            s[n] = (struct conv_segment){m * w->band.image + i * v->stride[0] * w->band.row,
                                         n * v->ow * v->o};
    w->segments = s;
    kernel_products(w, begin, end);
}

/* What images [image, image_end) add to rows [begin, end) of the kernel. */
static unsigned sum_images(const struct call *c, struct kernel_sum *w, const void *const *in,
                           int64_t image, int64_t image_end, int64_t begin, int64_t end,
                           const struct call_env *env) {
    int64_t oh = c->conv.oh;
    for (int64_t at = image * oh; at < image_end * oh; at += w->part.images * w->part.rows) {
        if (call_stopped(env)) return FAULT_STOP;
        w->part = conv_part_at(c, oh, at, image_end * oh);
        kernel_part(c, w, in, begin, end, env);
        w->add = true;
    }
    return 0;
}

/* Rows [begin, end) of the kernel, before `images` are added: zeros, or what the first part writes.
 */
static void begin_sum(struct kernel_sum *w, int64_t images, int64_t begin, int64_t end) {
    const struct conv_call *v = &w->c->conv;
    if (images * v->oh * v->ow > 0 && !conv_is_depthwise(v) && !w->wide) return;
    size_t row = (size_t)v->o * w->c->bytes;
    memset(w->out + (size_t)begin * row, 0, (size_t)(end - begin) * row);
    w->add = true;
}

unsigned call_kernel_sum(const struct call *c, void *out, const void *const *in, int64_t image,
                         int64_t image_end, bool accumulate, const struct call_env *env) {
    const struct conv_call *v = &c->conv;
    struct kernel_sum w = {.c = c, .out = out, .add = accumulate};
    if (v->beside > 1) {
        w.wide = (char *)env->scratch + v->wide;
        memset(w.wide, 0, (size_t)(v->kh * v->spread * v->wide_row) * c->bytes);
    }
    if (!accumulate) begin_sum(&w, image_end - image, 0, c->n_units);
    unsigned faults = sum_images(c, &w, in, image, image_end, 0, c->n_units, env);
    if (w.wide) conv_beside_fold(c, w.wide, out);
    return faults;
}

unsigned call_kernel_rows(const struct call *c, void *out, const void *const *in, int64_t row,
                          int64_t row_end, const struct call_env *env) {
    size_t skip = (size_t)(row * c->conv.o) * c->bytes; /* of row 0, which is never touched */
    struct kernel_sum w = {.c = c, .out = (char *)((uintptr_t)out - skip)};
    begin_sum(&w, c->conv.n, row, row_end);
    return sum_images(c, &w, in, 0, c->conv.n, row, row_end, env);
}

unsigned conv_run_kernel(const struct call *c, void *const *out, const void *const *in,
                         int64_t begin, int64_t end, const struct call_env *env) {
    char *first = (char *)out[0] + (size_t)(begin * c->conv.o) * c->bytes;
    return call_kernel_rows(c, first, in, begin, end, env);
}
