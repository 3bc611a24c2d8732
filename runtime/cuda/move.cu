/* Moving numbers: rows of the data set into the batch, results to their places, zeros around
 * something, several tensors behind each other. Bound: memory. */
#include "device.h"

DEVICE double any_at(const void *p, int dtype, int64_t i) {
    if (dtype == T_F64) return ((const double *)p)[i];
    if (dtype == T_F32) return (double)((const float *)p)[i];
    return (double)whole_at(p, dtype, i);
}

/* As cpu/elem.c converts: bytes and floats in float, the wide types in double. */
KERNEL(feed_rows, feed_args) {
    float scale = (float)a.scale, offset = (float)a.offset;
    EACH(i, a.count) {
        uint32_t example = i / a.row;
        int64_t row = a.rows ? a.rows[example] : (int64_t)example;
        int64_t at = row * (int64_t)a.row + (int64_t)(i - example * a.row);
        if (a.to != T_F32) {
            bool real = a.from == T_F32 || a.from == T_F64;
            double x = real ? any_at(a.data, a.from, at) : 0;
            int64_t whole = real ? whole_of(x) : whole_at(a.data, a.from, at);
            put_whole(a.out, a.to, i, a.to == T_BOOL && real ? x != 0 : whole);
        } else if (a.from == T_U8 || a.from == T_BOOL) {
            ((float *)a.out)[i] = (float)((const uint8_t *)a.data)[at] * scale + offset;
        } else if (a.from == T_F32) {
            ((float *)a.out)[i] = ((const float *)a.data)[at] * scale + offset;
        } else {
            ((float *)a.out)[i] = (float)(any_at(a.data, a.from, at) * a.scale + a.offset);
        }
    }
}

/* Part y of the grid copies part y. */
KERNEL(copy_parts, copy_args) {
    const uint8_t *from = (const uint8_t *)a.part[BLOCK_Y].from;
    uint8_t *to = (uint8_t *)a.part[BLOCK_Y].to + (a.control ? a.control->slot * a.stride : 0);
    uint64_t bytes = a.part[BLOCK_Y].bytes;
    bool words = (((uintptr_t)from | (uintptr_t)to | bytes) & 3) == 0;
    uint64_t skip = (uint64_t)N_BLOCKS * N_THREADS;
    for (uint64_t i = (uint64_t)BLOCK * N_THREADS + THREAD; words && i < bytes / 4; i += skip)
        ((uint32_t *)(void *)to)[i] = ((const uint32_t *)(const void *)from)[i];
    for (uint64_t i = (uint64_t)BLOCK * N_THREADS + THREAD; !words && i < bytes; i += skip)
        to[i] = from[i];
}

DEVICE void copy_element(void *out, int64_t to, const void *in, int64_t from, int bytes) {
    if (bytes == 4) ((uint32_t *)out)[to] = ((const uint32_t *)in)[from];
    else if (bytes == 8) ((uint64_t *)out)[to] = ((const uint64_t *)in)[from];
    else ((uint8_t *)out)[to] = ((const uint8_t *)in)[from];
}

DEVICE void zero_element(void *out, int64_t to, int bytes) {
    if (bytes == 4) ((uint32_t *)out)[to] = 0;
    else if (bytes == 8) ((uint64_t *)out)[to] = 0;
    else ((uint8_t *)out)[to] = 0;
}

KERNEL(place_run, place_args) {
    EACH(i, a.count) {
        uint32_t rest = i, scale = 1;
        int64_t from = 0;
        bool inside = true;
        for (int k = a.n - 1; k >= 0; k--) {
            int64_t digit = (int64_t)(rest % a.out_size[k]) - a.begin[k];
            int64_t at = digit / a.step[k];
            rest /= a.out_size[k];
            inside = inside && at * a.step[k] == digit && at >= 0 && at < (int64_t)a.in_size[k];
            from += at * (int64_t)scale;
            scale *= a.in_size[k];
        }
        if (inside) copy_element(a.out, i, a.in, from, a.bytes);
        else zero_element(a.out, i, a.bytes);
    }
}

KERNEL(concat_run, concat_args) {
    EACH(i, a.count) {
        uint32_t outer = i / a.width;
        int64_t to = (int64_t)outer * a.whole + a.skip + (i - outer * a.width);
        copy_element(a.out, to, a.in, i, a.bytes);
    }
}
