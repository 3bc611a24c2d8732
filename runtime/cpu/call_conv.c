/* Convolutions and their derivatives as products (conv.h): finding the grids and segments of each
 * image, with zeros copied around it where the window reaches over the edge.
 *
 *   conv         units are rows of the result, in all images one after the other
 *   conv_input   likewise. With strides (s, t) the result has s * t kinds of positions, each with
 * its own few elements of the kernel: each kind is a product of its own conv_kernel  units are rows
 * of the kernel as a matrix (height * width * channels, out): summed over all images. Plans also
 * sum over some images into a lane's own share */
#include "call.h"

enum { BAND_BYTES = 192 * 1024, MAX_KC = 512 };

/* Some rows and columns of an image, perhaps beyond its edges, as they are read. */
struct band {
    const char *at;    /* element (top, left) */
    int64_t top, left; /* where it begins in the image */
    int64_t rows, cols;
    int64_t row; /* elements from one row to the next */
};

/* Band [top, top + rows) x [left, left + cols) of an image of (height, width, n) elements: where it
 * lies, or copied into `room` with zeros around. */
static void read_band(struct band *b, const char *image, int64_t height, int64_t width, int64_t n,
                      size_t bytes, char *room) {
    size_t pixel = (size_t)n * bytes;
    bool inside =
        b->top >= 0 && b->left >= 0 && b->top + b->rows <= height && b->left + b->cols <= width;
    if (inside) {
        b->row = width * n;
        b->at = image + (size_t)(b->top * width + b->left) * pixel;
        return;
    }
    b->row = b->cols * n;
    b->at = room;
    int64_t from = b->left < 0 ? -b->left : 0;
    int64_t to = b->left + b->cols > width ? width - b->left : b->cols;
    for (int64_t i = 0; i < b->rows; i++, room += (size_t)b->cols * pixel) {
        int64_t y = b->top + i;
        if (y < 0 || y >= height || from >= to) {
            memset(room, 0, (size_t)b->cols * pixel);
            continue;
        }
        memset(room, 0, (size_t)from * pixel);
        memcpy(room + (size_t)from * pixel, image + (size_t)(y * width + b->left + from) * pixel,
               (size_t)(to - from) * pixel);
        memset(room + (size_t)to * pixel, 0, (size_t)(b->cols - to) * pixel);
    }
}

static int64_t floor_div(int64_t a, int64_t b) {
    return a >= 0 ? a / b : -((b - 1 - a) / b);
}

static bool is_depthwise(const struct conv_call *v) {
    return v->groups > 1 && v->groups == v->c && v->o == v->c;
}

/* May the kernel's columns and channels be run through as one? */
static bool joins_columns(const struct conv_call *v) {
    return v->groups == 1 && v->dilation[1] == 1 && v->kw * v->c <= MAX_KC;
}

/* ---- scratch: segments, taps along both axes, a band ---- */

static struct conv_segment *segments_of(const struct call_env *env) {
    return env->scratch;
}

static char *room_of(const struct call *c, const struct call_env *env) {
    return (char *)env->scratch + c->conv.room;
}

static void run_groups(const struct call *c, struct conv_product *p, int64_t a_group,
                       int64_t b_group, int64_t c_group) {
    const struct conv_call *v = &c->conv;
    const struct conv_kernels *k = &kernels()->conv[c->dtype];
    if (is_depthwise(v)) {
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

/* Rows of results made from one band. */
static int64_t band_rows(const struct conv_call *v, int64_t rows, size_t bytes) {
    size_t row = (size_t)(v->band_cols * v->band_n) * bytes;
    int64_t fit = row ? (int64_t)(BAND_BYTES / row) : rows;
    int64_t span = v->band_span, step = v->band_step;
    int64_t n = fit > span ? (fit - span) / step + 1 : 1;
    return n < rows ? n : rows;
}

static int64_t forward_segments(const struct conv_call *v, int64_t row, struct conv_segment *s) {
    bool joined = joins_columns(v);
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

/* Rows [row, row + n) of the result of one image. */
static void forward_rows(const struct call *c, void *const *out, const void *const *in,
                         int64_t image, int64_t row, int64_t n, const struct call_env *env) {
    const struct conv_call *v = &c->conv;
    struct band b = {.top = row * v->stride[0] - v->before[0],
                     .left = -v->before[1],
                     .rows = (n - 1) * v->stride[0] + (v->kh - 1) * v->dilation[0] + 1,
                     .cols = v->band_cols};
    read_band(&b, (const char *)in[0] + (size_t)(image * v->h * v->w * v->c) * c->bytes, v->h, v->w,
              v->c, c->bytes, room_of(c, env));
    int64_t cg = v->c / v->groups, og = v->o / v->groups;
    struct conv_product p = {
        .a = b.at,
        .b = in[1],
        .c = (char *)out[0] + (size_t)((image * v->oh + row) * v->ow * v->o) * c->bytes,
        .rows = n,
        .cols = v->ow,
        .last = n * v->ow,
        .a_row = v->stride[0] * b.row,
        .a_col = v->stride[1] * v->c,
        .c_row = v->ow * v->o,
        .c_col = v->o,
        .n = og,
        .segments = segments_of(env),
        .n_segments = forward_segments(v, b.row, segments_of(env)),
        .length = joins_columns(v) ? v->kw * v->c : cg,
        .a_step = 1,
        .b_step = v->o,
        .bias = v->bias ? in[2] : NULL,
        .relu = v->relu,
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
        int64_t image = begin / v->oh, row = begin % v->oh, n = v->oh - row;
        if (n > end - begin) n = end - begin;
        n = band_rows(v, n, c->bytes);
        forward_rows(c, out, in, image, row, n, env);
        begin += n;
    }
    return 0;
}

/* ---- the derivative of the input ---- */

/* Along one axis: position i + before = stride * t + kind reads elements t + offset of the incoming
 * derivative, one for each element k of the kernel that meets it. */
struct tap {
    int64_t k, offset;
};

static int64_t taps_of(const struct conv_call *v, int axis, int64_t kind, struct tap *taps) {
    int64_t size = axis == 0 ? v->kh : v->kw, n = 0;
    for (int64_t k = 0; k < size; k++) {
        int64_t rest = kind - k * v->dilation[axis];
        if (rest % v->stride[axis] == 0) taps[n++] = (struct tap){k, rest / v->stride[axis]};
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
    char *image; /* of the result */
    struct band band;
    int64_t row, row_end; /* of the result */
    struct conv_segment *segments;
    struct tap *taps[2];
};

static void backward_kind(const struct backward *w, int64_t ky, int64_t kx, int64_t n_y,
                          int64_t n_x) {
    const struct call *c = w->c;
    const struct conv_call *v = &c->conv;
    int64_t y, x, rows = of_kind(v, 0, ky, w->row, w->row_end, &y);
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
        .last = rows * cols,
        .a_row = w->band.row,
        .a_col = v->o,
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
    };
    run_groups(c, &p, og, v->c / v->groups, v->c / v->groups);
}

/* Rows [row, row + n) of the derivative of one image. */
static void backward_rows(const struct call *c, void *const *out, const void *const *in,
                          int64_t image, int64_t row, int64_t n, const struct call_env *env) {
    const struct conv_call *v = &c->conv;
    struct backward w = {.c = c, .kernel = in[1], .bias = v->bias ? in[2] : NULL};
    w.image = (char *)out[0] + (size_t)(image * v->h * v->w * v->c) * c->bytes;
    w.row = row;
    w.row_end = row + n;
    w.segments = segments_of(env);
    w.taps[0] = (struct tap *)(void *)((char *)env->scratch + v->taps);
    w.taps[1] = w.taps[0] + v->kh;
    int64_t reach = (v->kh - 1) * v->dilation[0], reach_x = (v->kw - 1) * v->dilation[1];
    w.band.top = floor_div(row + v->before[0] - reach, v->stride[0]);
    w.band.left = floor_div(v->before[1] - reach_x, v->stride[1]);
    w.band.rows = floor_div(row + n - 1 + v->before[0], v->stride[0]) + 1 - w.band.top;
    w.band.cols = v->band_cols;
    read_band(&w.band, (const char *)in[0] + (size_t)(image * v->oh * v->ow * v->o) * c->bytes,
              v->oh, v->ow, v->o, c->bytes, room_of(c, env));
    for (int64_t ky = 0; ky < v->stride[0]; ky++)
        for (int64_t kx = 0; kx < v->stride[1]; kx++)
            backward_kind(&w, ky, kx, taps_of(v, 0, ky, w.taps[0]), taps_of(v, 1, kx, w.taps[1]));
}

static unsigned run_backward(const struct call *c, void *const *out, const void *const *in,
                             int64_t begin, int64_t end, const struct call_env *env) {
    const struct conv_call *v = &c->conv;
    while (begin < end) {
        int64_t image = begin / v->h, row = begin % v->h, n = v->h - row;
        if (n > end - begin) n = end - begin;
        n = band_rows(v, n, c->bytes);
        backward_rows(c, out, in, image, row, n, env);
        begin += n;
    }
    return 0;
}

/* ---- the derivative of the kernel ---- */

struct kernel_sum {
    const struct call *c;
    const struct conv_segment *segments; /* rows of the derivative in the band */
    struct band band;
    const char *up; /* the derivative's first row in the band */
    char *out;
    int64_t rows; /* of the derivative, in the band */
    char *wide;   /* whole groups of positions go here (call_beside.c), or NULL */
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
        .n_segments = w->rows,
        .length = v->ow,
        .a_col = 1,
        .a_step = v->stride[1] * v->c,
        .b_step = v->o,
        .accumulate = true,
    };
    if (joins_columns(v)) {
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
        .rows = w->rows,
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

/* What one band of one image adds to rows [begin, end) of the kernel. */
static void kernel_band(const struct call *c, struct kernel_sum *w, const void *const *in,
                        int64_t image, int64_t row, int64_t begin, int64_t end,
                        const struct call_env *env) {
    const struct conv_call *v = &c->conv;
    struct conv_segment *s = segments_of(env);
    w->band = (struct band){.top = row * v->stride[0] - v->before[0],
                            .left = -v->before[1],
                            .rows = (w->rows - 1) * v->stride[0] + (v->kh - 1) * v->dilation[0] + 1,
                            .cols = v->band_cols};
    read_band(&w->band, (const char *)in[0] + (size_t)(image * v->h * v->w * v->c) * c->bytes, v->h,
              v->w, v->c, c->bytes, room_of(c, env));
    w->up = (const char *)in[1] + (size_t)((image * v->oh + row) * v->ow * v->o) * c->bytes;
    if (is_depthwise(v)) {
        kernel_depthwise(w, s, begin, end);
        return;
    }
    for (int64_t i = 0; i < w->rows; i++)
        s[i] = (struct conv_segment){i * v->stride[0] * w->band.row, i * v->ow * v->o};
    w->segments = s;
    kernel_products(w, begin, end);
}

/* What images [image, image_end) add to rows [begin, end) of the kernel. */
static unsigned sum_images(const struct call *c, struct kernel_sum *w, const void *const *in,
                           int64_t image, int64_t image_end, int64_t begin, int64_t end,
                           const struct call_env *env) {
    const struct conv_call *v = &c->conv;
    for (; image < image_end; image++)
        for (int64_t row = 0; row < v->oh; row += w->rows) {
            if (call_stopped(env)) return FAULT_STOP;
            w->rows = band_rows(v, v->oh - row, c->bytes);
            kernel_band(c, w, in, image, row, begin, end, env);
        }
    return 0;
}

unsigned call_kernel_sum(const struct call *c, void *out, const void *const *in, int64_t image,
                         int64_t image_end, bool accumulate, const struct call_env *env) {
    const struct conv_call *v = &c->conv;
    struct kernel_sum w = {.c = c, .out = out};
    if (!accumulate) memset(out, 0, (size_t)(c->n_units * v->o) * c->bytes);
    if (v->beside > 1) {
        w.wide = (char *)env->scratch + v->wide;
        memset(w.wide, 0, (size_t)(v->kh * v->spread * v->wide_row) * c->bytes);
    }
    unsigned faults = sum_images(c, &w, in, image, image_end, 0, c->n_units, env);
    if (w.wide) conv_beside_fold(c, w.wide, out);
    return faults;
}

static unsigned run_kernel(const struct call *c, void *const *out, const void *const *in,
                           int64_t begin, int64_t end, const struct call_env *env) {
    const struct conv_call *v = &c->conv;
    struct kernel_sum w = {.c = c, .out = out[0]};
    memset((char *)out[0] + (size_t)(begin * v->o) * c->bytes, 0,
           (size_t)((end - begin) * v->o) * c->bytes);
    return sum_images(c, &w, in, 0, v->n, begin, end, env);
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

/* The band that a range of rows of the result reads: a columns, and rows = span + step * (n - 1).
 */
static void set_band(struct call *c, bool backward) {
    struct conv_call *v = &c->conv;
    int64_t reach = (v->kh - 1) * v->dilation[0], reach_x = (v->kw - 1) * v->dilation[1];
    v->band_n = backward ? v->o : v->c;
    if (backward) {
        int64_t left = floor_div(v->before[1] - reach_x, v->stride[1]);
        v->band_cols = floor_div(v->w - 1 + v->before[1], v->stride[1]) + 1 - left;
        v->band_span = reach / v->stride[0] + 2;
        v->band_step = 1;
    } else {
        v->band_cols = (v->ow - 1) * v->stride[1] + reach_x + 1;
        v->band_span = reach + 1;
        v->band_step = v->stride[0];
    }
    int64_t rows = backward ? v->h : v->oh;
    rows = rows > 0 ? band_rows(v, rows, c->bytes) : 0;
    int64_t segments = v->kh * v->kw > v->oh ? v->kh * v->kw : v->oh;
    size_t align = 63;
    v->taps = ((size_t)segments * sizeof(struct conv_segment) + align) & ~align;
    v->room = (v->taps + (size_t)(v->kh + v->kw) * sizeof(struct tap) + align) & ~align;
    int64_t high = v->band_span + v->band_step * (rows > 0 ? rows - 1 : 0);
    c->scratch_bytes = v->room + (size_t)(high * v->band_cols * v->band_n) * c->bytes;
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
    set_band(c, s->op == OP_conv_input);
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
        c->run = run_kernel;
    }
    bool empty = v->n == 0 || v->ow == 0 || v->oh == 0 || v->h == 0 || v->w == 0;
    if (empty && s->op != OP_conv_kernel) c->n_units = 0;
}
