/* Philox4x32-10 and what is drawn with it. Salmon, Moraes, Dror, Shaw: Parallel random numbers: as
 * easy as 1, 2, 3 (SC 2011). The 64-bit seed is the key; the counter's four words are the block's
 * number (low, high word mixed with the step's high half), the step and the stream. */
#include "rng.h"

void rng_block(struct rng_key key, uint64_t block, uint32_t out[4]) {
    uint32_t counter[4], k[2];
    rng_counter(key, block, counter, k);
    rng_philox(counter, k, out);
}

uint32_t rng_word(struct rng_key key, uint64_t i) {
    uint32_t w[4];
    rng_block(key, i >> 2, w);
    return w[i & 3];
}

double rng_uniform(struct rng_key key, uint64_t i) {
    uint32_t w[4];
    rng_block(key, i >> 1, w);
    return rng_unit(w[2 * (i & 1)], w[2 * (i & 1) + 1]);
}

double rng_normal(struct rng_key key, uint64_t i) {
    uint32_t w[4];
    rng_block(key, i, w);
    return rng_gauss(w);
}

/* Lemire, Fast random integer generation in an interval (2019): the high half of a product, with
 * the few values that would be favoured drawn again. */
uint64_t rng_below(struct rng_key key, uint64_t i, uint64_t n) {
    uint64_t step = key.step, least = n ? (0 - n) % n : 0;
    for (uint64_t round = 0;; round++) {
        uint32_t w[4];
        key.step = step + (round << 32);
        rng_block(key, i, w);
        for (int half = 0; half < 4; half += 2) {
            uint64_t x = (uint64_t)w[half] << 32 | w[half + 1];
            unsigned __int128 product = (unsigned __int128)x * n;
            if ((uint64_t)product >= least) return (uint64_t)(product >> 64);
        }
    }
}
