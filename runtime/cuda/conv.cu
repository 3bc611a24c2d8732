/* Convolutions and their two derivatives as products whose operands are read through the window:
 * no copies of the images. Kernels with few channels for each group go another way: a thread, or a
 * block of them, for each result. Bound: arithmetic; of depthwise ones memory. */
#include "block.h"
#include "product.h"
#include "tensor.h"

/* ---- where things lie ---- */

/* Pixel of x under element (ky, kx) of the window at (oy, ox), or -1 outside. */
DEVICE int64_t conv_pixel(const struct conv_args *a, uint32_t image, uint32_t oy, uint32_t ox,
                          uint32_t ky, uint32_t kx) {
    int32_t y = (int32_t)oy * a->stride[0] - a->before[0] + (int32_t)ky * a->dilation[0];
    int32_t x = (int32_t)ox * a->stride[1] - a->before[1] + (int32_t)kx * a->dilation[1];
    if (y < 0 || x < 0 || y >= (int32_t)a->h || x >= (int32_t)a->w) return -1;
    return ((int64_t)image * a->h + y) * a->w + x;
}

/* Result of the convolution whose window has element (ky, kx) over pixel (y, x), or -1: none. */
DEVICE int64_t conv_window(const struct conv_args *a, uint32_t image, uint32_t y, uint32_t x,
                           uint32_t ky, uint32_t kx) {
    int32_t oy = (int32_t)y + a->before[0] - (int32_t)ky * a->dilation[0];
    int32_t ox = (int32_t)x + a->before[1] - (int32_t)kx * a->dilation[1];
    if (oy < 0 || ox < 0 || oy % a->stride[0] != 0 || ox % a->stride[1] != 0) return -1;
    oy /= a->stride[0];
    ox /= a->stride[1];
    if (oy >= (int32_t)a->oh || ox >= (int32_t)a->ow) return -1;
    return ((int64_t)image * a->oh + oy) * a->ow + ox;
}

/* Number k of a window: its element and its channel among `channels`. */
struct conv_tap {
    uint32_t ky, kx, channel;
};

DEVICE struct conv_tap conv_tap_of(const struct conv_args *a, uint32_t k, uint32_t channels) {
    struct conv_tap t;
    uint32_t element = k / channels;
    t.channel = k - element * channels;
    t.ky = element / a->kw;
    t.kx = element - t.ky * a->kw;
    return t;
}

/* Row r of images of (height, width). */
struct conv_place {
    uint32_t image, y, x;
};

DEVICE struct conv_place conv_place_of(uint32_t r, uint32_t height, uint32_t width) {
    struct conv_place p;
    uint32_t line = r / width;
    p.x = r - line * width;
    p.image = line / height;
    p.y = line - p.image * height;
    return p;
}

DEVICE float conv_finish(const struct conv_args *a, float v, uint32_t channel) {
    if (a->bias) v += a->bias[channel];
    return a->relu && v < 0 ? 0 : v;
}

/* ---- x (n, h, w, c), kernel (kh, kw, c / groups, o) -> y (n, oh, ow, o) ---- */

DEVICE float conv_load_x(const struct conv_args *a, uint32_t r, uint32_t k, uint32_t group) {
    uint32_t channels = a->c / a->groups;
    struct conv_tap t = conv_tap_of(a, k, channels);
    struct conv_place p = conv_place_of(r, a->oh, a->ow);
    int64_t at = conv_pixel(a, p.image, p.y, p.x, t.ky, t.kx);
    return at < 0 ? 0 : a->a[at * a->c + group * channels + t.channel];
}

#define FORWARD_A(i, kk) conv_load_x(&a, i, kk, group)
#define FORWARD_B(kk, j) a.b[(int64_t)(kk)*a.o + group * each + (j)]
#define FORWARD_STORE(i, j, v)                                                                     \
    a.out[(int64_t)(i)*a.o + group * each + (j)] = conv_finish(&a, v, group * each + (j))

#define FORWARD_KERNEL(WAY)                                                            \
    KERNEL(conv_forward_##WAY, conv_args) {                                                                      \
        uint32_t group = BLOCK_Z, each = a.o / a.groups;                                           \
        TILES_##WAY(a.m, each, 0, a.k, 1, 1, FORWARD_A, FORWARD_B, FORWARD_STORE);     \
    }
FORWARD_KERNEL(64)
FORWARD_KERNEL(32)
FORWARD_KERNEL(half)
FORWARD_KERNEL(bf16)
FORWARD_KERNEL(tf32)

/* ---- y, kernel (kh, kw, o / groups, c) -> x ---- */

DEVICE float conv_load_y(const struct conv_args *a, uint32_t r, uint32_t k, uint32_t group) {
    uint32_t channels = a->o / a->groups;
    struct conv_tap t = conv_tap_of(a, k, channels);
    struct conv_place p = conv_place_of(r, a->h, a->w);
    int64_t at = conv_window(a, p.image, p.y, p.x, t.ky, t.kx);
    return at < 0 ? 0 : a->a[at * a->o + group * channels + t.channel];
}

#define INPUT_A(i, kk) conv_load_y(&a, i, kk, group)
#define INPUT_B(kk, j) a.b[(int64_t)(kk)*a.c + group * each + (j)]
#define INPUT_STORE(i, j, v)                                                                       \
    a.out[(int64_t)(i)*a.c + group * each + (j)] = conv_finish(&a, v, group * each + (j))

#define INPUT_KERNEL(WAY)                                                              \
    KERNEL(conv_input_##WAY, conv_args) {                                                                      \
        uint32_t group = BLOCK_Z, each = a.c / a.groups;                                           \
        TILES_##WAY(a.m, each, 0, a.k, 1, 1, INPUT_A, INPUT_B, INPUT_STORE);           \
    }
INPUT_KERNEL(64)
INPUT_KERNEL(32)
INPUT_KERNEL(half)
INPUT_KERNEL(bf16)
INPUT_KERNEL(tf32)

/* ---- x, y -> kernel: summed over all windows, in parts that are added afterwards ---- */

DEVICE float conv_load_tap(const struct conv_args *a, uint32_t row, uint32_t k, uint32_t group) {
    uint32_t channels = a->c / a->groups;
    struct conv_tap t = conv_tap_of(a, row, channels);
    struct conv_place p = conv_place_of(k, a->oh, a->ow);
    int64_t at = conv_pixel(a, p.image, p.y, p.x, t.ky, t.kx);
    return at < 0 ? 0 : a->a[at * a->c + group * channels + t.channel];
}

#define KERNEL_A(i, kk) conv_load_tap(&a, i, kk, group)
#define KERNEL_B(kk, j) a.b[(int64_t)(kk)*a.o + group * each + (j)]
#define KERNEL_STORE(i, j, v) to[(int64_t)(i)*a.o + group * each + (j)] = (v)

#define KERNEL_KERNEL(WAY)                                                             \
    KERNEL(conv_kernel_##WAY, conv_args) {                                                                      \
        uint32_t group = BLOCK_Z / a.splits, split = BLOCK_Z % a.splits, each = a.o / a.groups;    \
        uint32_t first = split * a.part, end = first + a.part < a.k ? first + a.part : a.k;        \
        float *to = a.splits > 1 ? a.partial + (int64_t)split * a.m * a.o : a.out;                 \
        TILES_##WAY(a.m, each, first, end, 0, 1, KERNEL_A, KERNEL_B, KERNEL_STORE);    \
    }
KERNEL_KERNEL(64)
KERNEL_KERNEL(32)
KERNEL_KERNEL(half)
KERNEL_KERNEL(bf16)
KERNEL_KERNEL(tf32)

/* ---- few channels for each group ---- */

KERNEL(conv_forward_each, conv_args) {
    uint32_t each = a.o / a.groups;
    EACH(i, a.m * a.o) {
        uint32_t r = i / a.o, channel = i - r * a.o;
        float sum = 0;
        for (uint32_t k = 0; k < a.k; k++)
            sum = fmaf(conv_load_x(&a, r, k, channel / each), a.b[(int64_t)k * a.o + channel], sum);
        a.out[i] = conv_finish(&a, sum, channel);
    }
}

KERNEL(conv_input_each, conv_args) {
    uint32_t each = a.c / a.groups;
    EACH(i, a.m * a.c) {
        uint32_t r = i / a.c, channel = i - r * a.c;
        float sum = 0;
        for (uint32_t k = 0; k < a.k; k++)
            sum = fmaf(conv_load_y(&a, r, k, channel / each), a.b[(int64_t)k * a.c + channel], sum);
        a.out[i] = conv_finish(&a, sum, channel);
    }
}

/* A block for each number of the kernel. */
KERNEL(conv_kernel_each, conv_args) {
    SHARED double part[THREADS];
    uint32_t each = a.o / a.groups;
    for (uint32_t i = BLOCK; i < a.m * a.o; i += N_BLOCKS) {
        uint32_t row = i / a.o, channel = i - row * a.o;
        double sum = 0;
        for (uint32_t k = THREAD; k < a.k; k += THREADS)
            sum += (double)(conv_load_tap(&a, row, k, channel / each) *
                            a.b[(int64_t)k * a.o + channel]);
        sum = block_sum(part, sum);
        if (THREAD == 0) a.out[i] = (float)sum;
    }
}
