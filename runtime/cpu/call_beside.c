/* Convolutions whose result has so few channels that a vector along them would be mostly empty: a
 * few neighbouring positions share a vector. With P of them, o channels and a stride of s, the
 * group reads kw + (P - 1) s columns, and the wide kernel holds P copies of the kernel, each s
 * columns further on, with zeros around: (kh, kw + (P - 1) s, channels, P o), each row in a vector
 * of its own. Terms for a position: (kw + (P - 1) s) / P instead of kw. Its derivative is made in
 * the same form, and the copies are added up. */
#include "call.h"

enum { MOST_TERMS = 512, MOST_NUMBERS = 8192 };

/* Numbers of the wide kernel, without the bias behind it. */
static int64_t wide_numbers(const struct conv_call *v) {
    return v->kh * v->spread * v->wide_row;
}

/* Behind everything else in scratch. */
void conv_beside_set(struct call *c) {
    struct conv_call *v = &c->conv;
    int64_t lanes = kernels()->conv[c->dtype].lanes;
    v->beside = 1;
    if (v->groups != 1 || v->dilation[1] != 1 || v->o == 0 || v->stride[1] >= v->kw) return;
    v->beside = lanes / v->o < v->ow ? lanes / v->o : v->ow;
    v->spread = (v->kw + (v->beside - 1) * v->stride[1]) * v->c;
    v->wide_row = lanes;
    if (v->beside < 2 || v->spread > MOST_TERMS || wide_numbers(v) > MOST_NUMBERS) {
        v->beside = 1;
        return;
    }
    v->together = 1;
    v->wide = (c->scratch_bytes + 63) / 64 * 64;
    c->scratch_bytes = v->wide + (size_t)(wide_numbers(v) + v->wide_row) * c->bytes;
}

/* Where in the wide kernel number x of row i of copy p begins. */
static size_t wide_place(const struct call *c, int64_t i, int64_t x, int64_t p) {
    const struct conv_call *v = &c->conv;
    int64_t row = i * v->spread + p * v->stride[1] * v->c + x;
    return (size_t)(row * v->wide_row + p * v->o) * c->bytes;
}

void conv_beside_kernel(const struct call *c, const void *kernel, const void *bias, char *wide) {
    const struct conv_call *v = &c->conv;
    size_t channels = (size_t)v->o * c->bytes, all = (size_t)wide_numbers(v) * c->bytes;
    const char *from = kernel;
    memset(wide, 0, all);
    for (int64_t i = 0; i < v->kh; i++)
        for (int64_t x = 0; x < v->kw * v->c; x++, from += channels)
            for (int64_t p = 0; p < v->beside; p++)
                memcpy(wide + wide_place(c, i, x, p), from, channels);
    for (int64_t p = 0; p < v->beside && bias; p++)
        memcpy(wide + all + (size_t)p * channels, bias, channels);
}

/* `rows` says how all positions would be made one by one; its segments, one for each kernel row,
 * are changed. Makes the whole groups. */
void conv_beside_rows(const struct call *c, const struct conv_product *rows, const char *wide) {
    const struct conv_call *v = &c->conv;
    struct conv_segment *segments = (struct conv_segment *)(uintptr_t)rows->segments;
    struct conv_product p = *rows;
    p.cols = v->ow / v->beside;
    p.last = p.rows * p.cols;
    p.a_col = v->beside * rows->a_col;
    p.c_col = v->beside * rows->c_col;
    p.n = v->beside * v->o;
    p.length = v->spread;
    p.b = wide;
    p.b_step = v->wide_row;
    if (p.bias) p.bias = wide + (size_t)wide_numbers(v) * c->bytes;
    for (int64_t i = 0; i < v->kh; i++) segments[i].b = i * v->spread * v->wide_row;
    kernels()->conv[c->dtype].product(&p);
}

/* `taps` says how the kernel's derivative would be made position by position. Adds what the whole
 * groups give to the wide one. */
void conv_beside_taps(const struct call *c, const struct conv_product *taps, char *wide) {
    const struct conv_call *v = &c->conv;
    struct conv_product p = *taps;
    p.cols = v->spread;
    p.first = 0;
    p.last = p.rows * p.cols;
    p.n = v->beside * v->o;
    p.c = wide;
    p.c_col = v->wide_row;
    p.c_row = p.cols * v->wide_row;
    p.length = v->ow / v->beside;
    p.a_step = v->beside * taps->a_step;
    p.b_step = p.n;
    p.accumulate = true;
    kernels()->conv[c->dtype].product(&p);
}

void conv_beside_fold(const struct call *c, const char *wide, char *kernel) {
    const struct conv_call *v = &c->conv;
    elem_fn add = kernels()->elem[OP_add][c->dtype];
    for (int64_t i = 0; i < v->kh; i++)
        for (int64_t x = 0; x < v->kw * v->c; x++, kernel += (size_t)v->o * c->bytes)
            for (int64_t p = 0; p < v->beside; p++) {
                const void *in[2] = {kernel, wide + wide_place(c, i, x, p)};
                add(kernel, in, v->o, NULL);
            }
}
