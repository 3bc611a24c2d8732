/* The derivative of a convolution's input (and the transposed convolution) where the result has few
 * channels, so that vectors along them would be mostly empty: a matrix product gives for each
 * position of the incoming rows everything that it adds to its window, and the windows are added up
 * in the result while they are in the cache. Units are rows of the result. */
#include "call.h"

enum { MOST_CHANNELS = 8, LEAST_TERMS = 4, WINDOW_BYTES = 64 * 1024, PRODUCT_ROWS = 64 };

bool call_takes_windows(const struct call *c) {
    const struct conv_call *v = &c->conv;
    return v->groups == 1 && v->dilation[1] == 1 && v->c <= MOST_CHANNELS && v->o >= LEAST_TERMS;
}

/* Scratch: of the product, the kernel as (o, wide), windows of some rows; kernel_at, made_at: bytes
 * from its beginning. A window's numbers are filled up to whole vectors. */
struct windows {
    char *kernel, *made;
    size_t kernel_at, made_at;
    int64_t window, wide, rows;
};

static struct windows windows_of(const struct call *c) {
    const struct conv_call *v = &c->conv;
    struct windows w = {.window = v->kh * v->kw * v->c};
    int64_t lanes = kernels()->conv[c->dtype].lanes;
    w.wide = (w.window + lanes - 1) / lanes * lanes;
    size_t row = (size_t)(v->ow * w.wide) * c->bytes, kernel = (size_t)(v->o * w.wide);
    w.rows = row > 0 && row < WINDOW_BYTES ? (int64_t)(WINDOW_BYTES / row) : 1;
    if (w.rows > v->oh) w.rows = v->oh;
    w.kernel_at = kernels()->gemm_scratch_bytes;
    w.made_at = w.kernel_at + (kernel * c->bytes + 63) / 64 * 64;
    return w;
}

/* The kernel comes as (kh, kw, o, c). */
static void turn_kernel(const struct call *c, const struct windows *w, const char *kernel) {
    const struct conv_call *v = &c->conv;
    size_t piece = (size_t)v->c * c->bytes;
    if (w->wide > w->window) memset(w->kernel, 0, (size_t)(v->o * w->wide) * c->bytes);
    for (int64_t tap = 0; tap < v->kh * v->kw; tap++)
        for (int64_t o = 0; o < v->o; o++, kernel += piece)
            memcpy(w->kernel + (size_t)(o * w->wide + tap * v->c) * c->bytes, kernel, piece);
}

/* Rows [i, i + n) of `up` times the kernel. */
static void make_windows(const struct call *c, const struct windows *w, const char *up, int64_t n,
                         const struct call_env *env) {
    const struct conv_call *v = &c->conv;
    struct gemm g = {.m = PRODUCT_ROWS, /* of any number of rows: they are added up alike */
                     .n = w->wide,
                     .k = v->o,
                     .a = up,
                     .b = w->kernel,
                     .c = w->made,
                     .a_row = v->o,
                     .a_col = 1,
                     .b_row = w->wide,
                     .b_col = 1,
                     .c_row = w->wide,
                     .scratch = env->scratch};
    kernels()->gemm[c->dtype](&g, 0, n * v->ow);
}

/* The windows of row i are added to rows [row, row_end) of the image. */
static void add_windows(const struct call *c, const struct windows *w, const char *made,
                        char *image, int64_t i, int64_t row, int64_t row_end) {
    const struct conv_call *v = &c->conv;
    int64_t top = i * v->stride[0] - v->before[0], step = v->dilation[0], from = 0, to = v->kh;
    while (from < to && top + from * step < row) from++;
    while (from < to && top + (to - 1) * step >= row_end) to--;
    if (from >= to) return;
    struct conv_windows p = {
        .from = made + (size_t)(from * v->kw * v->c) * c->bytes,
        .to = image + (size_t)((top + from * step) * v->w * v->c) * c->bytes,
        .cols = v->ow,
        .rows = to - from,
        .from_col = w->wide,
        .to_col = v->stride[1] * v->c,
        .to_row = step * v->w * v->c,
        .length = v->kw * v->c,
        .left = -v->before[1] * v->c,
        .size = v->w * v->c,
    };
    kernels()->conv[c->dtype].add_windows(&p);
}

/* Zeros, or the bias at every place. */
static void begin_rows(const struct call *c, char *to, const void *bias, int64_t places) {
    size_t piece = (size_t)c->conv.c * c->bytes;
    if (!bias) {
        memset(to, 0, (size_t)places * piece);
        return;
    }
    for (int64_t i = 0; i < places; i++) memcpy(to + (size_t)i * piece, bias, piece);
}

/* Rows [row, row_end) of one image; `up` is its incoming derivative. */
static void window_rows(const struct call *c, const struct windows *w, char *image, const char *up,
                        const void *bias, int64_t row, int64_t row_end,
                        const struct call_env *env) {
    const struct conv_call *v = &c->conv;
    size_t up_row = (size_t)(v->ow * v->o) * c->bytes;
    size_t made = (size_t)(v->ow * w->wide) * c->bytes;
    int64_t reach = (v->kh - 1) * v->dilation[0], s = v->stride[0];
    int64_t first = row + v->before[0] - reach, last = (row_end - 1 + v->before[0]) / s + 1;
    first = first > 0 ? (first + s - 1) / s : 0;
    if (last > v->oh) last = v->oh;
    char *to = image + (size_t)(row * v->w * v->c) * c->bytes;
    begin_rows(c, to, bias, (row_end - row) * v->w);
    for (int64_t i = first; i < last; i += w->rows) {
        int64_t n = last - i < w->rows ? last - i : w->rows;
        make_windows(c, w, up + (size_t)i * up_row, n, env);
        for (int64_t k = 0; k < n; k++)
            add_windows(c, w, w->made + (size_t)k * made, image, i + k, row, row_end);
    }
    const void *in = to;
    if (v->relu) kernels()->elem[OP_relu][c->dtype](to, &in, (row_end - row) * v->w * v->c, NULL);
}

static unsigned run_windows(const struct call *c, void *const *out, const void *const *in,
                            int64_t begin, int64_t end, const struct call_env *env) {
    const struct conv_call *v = &c->conv;
    struct windows w = windows_of(c);
    w.kernel = (char *)env->scratch + w.kernel_at;
    w.made = (char *)env->scratch + w.made_at;
    turn_kernel(c, &w, in[1]);
    while (begin < end) {
        int64_t image = begin / v->h, row = begin % v->h, n = v->h - row;
        if (n > end - begin) n = end - begin;
        window_rows(c, &w, (char *)out[0] + (size_t)(image * v->h * v->w * v->c) * c->bytes,
                    (const char *)in[0] + (size_t)(image * v->oh * v->ow * v->o) * c->bytes,
                    v->bias ? in[2] : NULL, row, row + n, env);
        begin += n;
    }
    return 0;
}

void call_windows(struct call *c) {
    const struct conv_call *v = &c->conv;
    struct windows w = windows_of(c);
    size_t made = (size_t)(w.rows * v->ow * w.wide) * c->bytes;
    c->scratch_bytes = w.made_at + made;
    c->run = run_windows;
}
