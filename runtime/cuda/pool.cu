/* Pooling, its derivatives, and warps: a thread for each number of the result. Where windows
 * overlap, a pixel looks at all windows that hold it, in order, so that nothing is added from two
 * sides at once. Bound: memory. */
#include "device.h"

/* Part of a window along one axis that lies inside: [from, to) of the image. */
DEVICE void pool_range(const struct pool_args *a, int axis, uint32_t i, int32_t *from,
                       int32_t *to) {
    int32_t begin = (int32_t)i * a->stride[axis] - a->before[axis];
    int32_t size = (int32_t)(axis ? a->w : a->h), end = begin + a->size[axis];
    *from = begin < 0 ? 0 : begin;
    *to = end > size ? size : end;
}

/* Windows along one axis that hold position y: [from, to]. */
DEVICE void pool_holders(const struct pool_args *a, int axis, uint32_t y, int32_t *from,
                         int32_t *to) {
    int32_t p = (int32_t)y + a->before[axis], s = a->stride[axis], first = p - a->size[axis] + 1;
    int32_t last = (int32_t)(axis ? a->ow : a->oh) - 1;
    *from = first <= 0 ? 0 : (first + s - 1) / s;
    *to = p / s > last ? last : p / s;
}

/* Element where the window's number is largest: of several the first, and the first NaN. */
DEVICE int64_t pool_best(const struct pool_args *a, uint32_t image, uint32_t oy, uint32_t ox,
                         uint32_t channel) {
    int32_t top, bottom, left, right;
    int64_t best = -1;
    float most = 0;
    pool_range(a, 0, oy, &top, &bottom);
    pool_range(a, 1, ox, &left, &right);
    for (int32_t y = top; y < bottom; y++)
        for (int32_t x = left; x < right; x++) {
            int64_t at = (((int64_t)image * a->h + y) * a->w + x) * a->c + channel;
            float v = a->x[at];
            bool better = best < 0 || ((v > most || v != v) && most == most);
            most = better ? v : most;
            best = better ? at : best;
        }
    return best;
}

DEVICE float pool_mean(const struct pool_args *a, uint32_t image, uint32_t oy, uint32_t ox,
                       uint32_t channel) {
    int32_t top, bottom, left, right;
    float sum = 0;
    pool_range(a, 0, oy, &top, &bottom);
    pool_range(a, 1, ox, &left, &right);
    for (int32_t y = top; y < bottom; y++)
        for (int32_t x = left; x < right; x++)
            sum += a->x[(((int64_t)image * a->h + y) * a->w + x) * a->c + channel];
    return sum * (1 / (float)((bottom - top) * (right - left)));
}

KERNEL(pool_gather, pool_args) {
    EACH(i, a.count) {
        uint32_t channel = i % a.c, r = i / a.c, ox = r % a.ow, oy = r / a.ow % a.oh;
        uint32_t image = r / a.ow / a.oh;
        if (a.what == POOL_MEAN) {
            a.out[i] = pool_mean(&a, image, oy, ox, channel);
        } else {
            int64_t at = pool_best(&a, image, oy, ox, channel);
            a.out[i] = a.what == POOL_TAKE ? a.up[at] : a.x[at];
        }
    }
}

DEVICE float pool_share(const struct pool_args *a, uint32_t oy, uint32_t ox) {
    int32_t top, bottom, left, right;
    pool_range(a, 0, oy, &top, &bottom);
    pool_range(a, 1, ox, &left, &right);
    return 1 / (float)((bottom - top) * (right - left));
}

KERNEL(pool_spread, pool_args) {
    EACH(i, a.count) {
        uint32_t channel = i % a.c, r = i / a.c, x = r % a.w, y = r / a.w % a.h;
        uint32_t image = r / a.w / a.h;
        int32_t y_0, y_1, x_0, x_1;
        float sum = 0;
        pool_holders(&a, 0, y, &y_0, &y_1);
        pool_holders(&a, 1, x, &x_0, &x_1);
        for (int32_t oy = y_0; oy <= y_1; oy++)
            for (int32_t ox = x_0; ox <= x_1; ox++) {
                float up = a.up[(((int64_t)image * a.oh + oy) * a.ow + ox) * a.c + channel];
                uint32_t wy = (uint32_t)oy, wx = (uint32_t)ox;
                if (a.what == POOL_MEAN) sum += up * pool_share(&a, wy, wx);
                else if (pool_best(&a, image, wy, wx, channel) == (int64_t)i) sum += up;
            }
        a.out[i] = sum;
    }
}

/* ---- images read through maps of places; coordinates in double, as on the processor ---- */

struct warp_spot {
    int64_t at[4];
    double share[4];
};

DEVICE int64_t warp_place(double i, uint32_t n, int fill) {
    if (i >= 0 && i < (double)n) return (int64_t)i;
    if (fill == 2 || !(fabs(i) < 1e15)) return -1;
    if (fill == 0) return i < 0 ? 0 : (int64_t)n - 1;
    int64_t k = (int64_t)i % (2 * (int64_t)n);
    if (k < 0) k += 2 * (int64_t)n;
    return k < (int64_t)n ? k : 2 * (int64_t)n - 1 - k;
}

DEVICE struct warp_spot warp_spot_of(const struct warp_args *a, uint32_t image, uint32_t row,
                                     uint32_t col) {
    struct warp_spot s;
    const float *m = a->maps + (a->one_map ? 0 : (uint64_t)image * 6);
    double y = (double)m[0] * (double)row + (double)m[1] * (double)col + (double)m[2];
    double x = (double)m[3] * (double)row + (double)m[4] * (double)col + (double)m[5];
    if (a->nearest) y = floor(y + 0.5), x = floor(x + 0.5);
    double top = floor(y), left = floor(x), down = y - top, right = x - left;
    for (int k = 0; k < 4; k++) {
        int64_t i = warp_place(top + k / 2, a->h, a->fill);
        int64_t j = warp_place(left + k % 2, a->w, a->fill);
        double share = (k / 2 ? down : 1 - down) * (k % 2 ? right : 1 - right);
        bool inside = i >= 0 && j >= 0 && share > 0;
        s.at[k] = inside ? i * (int64_t)a->w + j : 0;
        s.share[k] = inside ? share : 0;
    }
    return s;
}

KERNEL(warp_gather, warp_args) {
    EACH(i, a.count) {
        uint32_t channel = i % a.c, r = i / a.c, image = r / a.ow / a.oh;
        struct warp_spot s = warp_spot_of(&a, image, r / a.ow % a.oh, r % a.ow);
        const float *from = a.in + (int64_t)image * a.h * a.w * a.c + channel;
        double sum = 0;
        for (int k = 0; k < 4; k++)
            if (s.share[k] > 0) sum += s.share[k] * (double)from[s.at[k] * (int64_t)a.c];
        a.out[i] = (float)sum;
    }
}

/* A thread for each channel of each image; it alone adds to it. */
KERNEL(warp_spread, warp_args) {
    EACH(i, a.count) {
        uint32_t channel = i % a.c, image = i / a.c;
        float *to = a.out + (int64_t)image * a.h * a.w * a.c + channel;
        const float *up = a.in + (int64_t)image * a.oh * a.ow * a.c + channel;
        for (uint32_t p = 0; p < a.h * a.w; p++) to[(int64_t)p * a.c] = 0;
        for (uint32_t p = 0; p < a.oh * a.ow; p++) {
            struct warp_spot s = warp_spot_of(&a, image, p / a.ow, p % a.ow);
            for (int k = 0; k < 4; k++)
                if (s.share[k] > 0)
                    to[s.at[k] * (int64_t)a.c] +=
                        (float)(s.share[k] * (double)up[(int64_t)p * a.c]);
        }
    }
}
