/* Numbers made from nothing: ranges, and the same random numbers as the CPU draws, because they
 * are addressed by (seed, stream, step, element). */
#include "device.h"
#include "../rng.h"

DEVICE void draw_block(const struct make_args *a, uint64_t block, uint32_t words[4]) {
    struct rng_key key;
    uint32_t counter[4], k[2];
    key.seed = a->control->seed;
    key.stream = a->stream;
    key.step = a->control->step;
    rng_counter(key, block, counter, k);
    rng_philox(counter, k, words);
}

DEVICE uint64_t below(double p) {
    double limit = p * 4294967296.0;
    return limit >= 4294967296.0 ? 4294967296u : limit > 0 ? (uint64_t)limit : 0;
}

/* Blocks give 4 words: 4 decisions, 2 uniform numbers or 1 normal one. */
KERNEL(draw_run, make_args) {
    uint32_t per = a.kind == 3 ? 4 : a.kind == 1 ? 2 : 1;
    uint64_t limit = below(a.a);
    EACH(b, (a.count + per - 1) / per) {
        uint32_t w[4];
        draw_block(&a, b, w);
        for (uint32_t j = 0; j < per && b * per + j < a.count; j++) {
            uint32_t i = b * per + j;
            if (a.kind == 3) ((uint8_t *)a.out)[i] = w[j] < limit;
            else if (a.kind == 2) ((float *)a.out)[i] = (float)rng_gauss(w);
            else ((float *)a.out)[i] = (float)(int32_t)(w[2 * j] >> 8) * 5.9604644775390625e-8f;
        }
    }
}

KERNEL(range_run, make_args) {
    EACH(i, a.count) {
        double x = a.a + a.b * (double)i;
        if (a.dtype == T_F32) ((float *)a.out)[i] = (float)x;
        else if (a.dtype == T_I64) ((int64_t *)a.out)[i] = (int64_t)a.a + (int64_t)a.b * (int64_t)i;
        else put_whole(a.out, a.dtype, i, a.dtype == T_BOOL ? x != 0 : whole_of(x));
    }
}
