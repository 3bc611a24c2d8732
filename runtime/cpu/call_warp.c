/* Images read through an affine map of places (warp), and the transpose of that (warp_back). Units
 * are rows of the result; of warp_back, whole images. Coordinates are computed in double: every
 * machine picks the same pixels. Bound: memory; the pixels are few where this is used. */
#include "call.h"
#include <math.h>

/* Four neighbours and their shares; a place outside of the image has share 0. */
struct spot {
    int64_t at[4]; /* pixels from the image's first */
    double share[4];
};

/* Where index i of `n` is found: -1 = nowhere. */
static int64_t place_of(double i, int64_t n, int fill) {
    if (i >= 0 && i < (double)n) return (int64_t)i;
    if (fill == FILL_ZERO || !(fabs(i) < 1e15)) return -1;
    if (fill == FILL_EDGE) return i < 0 ? 0 : n - 1;
    int64_t k = (int64_t)i % (2 * n);
    if (k < 0) k += 2 * n;
    return k < n ? k : 2 * n - 1 - k;
}

/* What result pixel (row, col) reads by the map m. */
static struct spot spot_of(const struct warp_call *v, const double *m, int64_t row, int64_t col) {
    struct spot s = {{0}, {0}};
    double y = m[0] * (double)row + m[1] * (double)col + m[2];
    double x = m[3] * (double)row + m[4] * (double)col + m[5];
    if (v->nearest) y = floor(y + 0.5), x = floor(x + 0.5);
    double top = floor(y), left = floor(x), down = y - top, right = x - left;
    for (int k = 0; k < 4; k++) {
        int64_t i = place_of(top + k / 2, v->h, v->fill), j = place_of(left + k % 2, v->w, v->fill);
        double share = (k / 2 ? down : 1 - down) * (k % 2 ? right : 1 - right);
        if (i < 0 || j < 0 || !(share > 0)) continue;
        s.at[k] = i * v->w + j;
        s.share[k] = share;
    }
    return s;
}

static void read_map(const struct call *c, const void *maps, int64_t image, double *m) {
    int64_t from = c->warp.one_map ? 0 : image * 6;
    for (int i = 0; i < 6; i++)
        m[i] = c->dtype == DT_FLOAT64 ? ((const double *)maps)[from + i]
                                      : (double)((const float *)maps)[from + i];
}

#define WARP(t, T)                                                                                 \
    static void gather_##t(const struct spot *s, const T *image, T *out, int64_t n) {              \
        for (int64_t c = 0; c < n; c++) {                                                          \
            double sum = 0;                                                                        \
            for (int k = 0; k < 4; k++)                                                            \
                if (s->share[k] > 0) sum += s->share[k] * (double)image[s->at[k] * n + c];         \
            out[c] = (T)sum;                                                                       \
        }                                                                                          \
    }                                                                                              \
    static void spread_##t(const struct spot *s, const T *up, T *image, int64_t n) {               \
        for (int k = 0; k < 4; k++)                                                                \
            for (int64_t c = 0; c < n && s->share[k] > 0; c++)                                     \
                image[s->at[k] * n + c] += (T)(s->share[k] * (double)up[c]);                       \
    }
WARP(f64, double)
WARP(f32, float)

static unsigned run_warp(const struct call *c, void *const *out, const void *const *in,
                         int64_t begin, int64_t end, const struct call_env *env) {
    const struct warp_call *v = &c->warp;
    size_t image = (size_t)(v->h * v->w * v->c) * c->bytes, pixel = (size_t)v->c * c->bytes;
    double m[6];
    (void)env;
    for (int64_t u = begin; u < end; u++) {
        const char *from = (const char *)in[0] + (size_t)(u / v->oh) * image;
        char *to = (char *)out[0] + (size_t)(u * v->ow) * pixel;
        read_map(c, in[1], u / v->oh, m);
        for (int64_t col = 0; col < v->ow; col++, to += pixel) {
            struct spot s = spot_of(v, m, u % v->oh, col);
            if (c->dtype == DT_FLOAT64) gather_f64(&s, (const void *)from, (void *)to, v->c);
            else gather_f32(&s, (const void *)from, (void *)to, v->c);
        }
    }
    return 0;
}

static unsigned run_back(const struct call *c, void *const *out, const void *const *in,
                         int64_t begin, int64_t end, const struct call_env *env) {
    const struct warp_call *v = &c->warp;
    size_t image = (size_t)(v->h * v->w * v->c) * c->bytes, pixel = (size_t)v->c * c->bytes;
    double m[6];
    (void)env;
    for (int64_t u = begin; u < end; u++) {
        char *to = (char *)out[0] + (size_t)u * image;
        const char *from = (const char *)in[0] + (size_t)(u * v->oh * v->ow) * pixel;
        memset(to, 0, image);
        read_map(c, in[1], u, m);
        for (int64_t i = 0; i < v->oh * v->ow; i++, from += pixel) {
            struct spot s = spot_of(v, m, i / v->ow, i % v->ow);
            if (c->dtype == DT_FLOAT64) spread_f64(&s, (const void *)from, (void *)to, v->c);
            else spread_f32(&s, (const void *)from, (void *)to, v->c);
        }
    }
    return 0;
}

void call_warp(struct call *c, const struct call_spec *s) {
    bool back = s->op == OP_warp_back;
    const struct shape *x = back ? &s->out->shape : &s->in[0]->shape;
    const struct shape *y = back ? &s->in[0]->shape : &s->out->shape;
    if (!dtype_is_float(s->out->dtype)) return;
    c->dtype = s->out->dtype;
    c->bytes = dtype_bytes(c->dtype);
    c->warp = (struct warp_call){.h = x->size[1],
                                 .w = x->size[2],
                                 .c = x->size[3],
                                 .oh = y->size[1],
                                 .ow = y->size[2],
                                 .fill = s->attrs->axis,
                                 .nearest = s->attrs->a != 0,
                                 .one_map = s->in[1]->shape.n == 1};
    double row = (double)(c->warp.ow * (c->warp.c + 8)) * 4;
    c->n_units = back ? x->size[0] : x->size[0] * c->warp.oh;
    c->unit_work = row * (back ? (double)c->warp.oh : 1) + 1;
    if (c->warp.h == 0 || c->warp.w == 0) c->n_units = 0;
    c->run = back ? run_back : run_warp;
}
