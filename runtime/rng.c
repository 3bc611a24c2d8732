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

enum { BATCH = 32 };

/* Words 0 and 1 of blocks first … first + BATCH - 1, side by side for the compiler's vectors. */
static void first_words(struct rng_key key, uint64_t first, uint64_t *out) {
    uint32_t c0[BATCH], c1[BATCH], c2[BATCH], c3[BATCH], base[4], k[2];
    rng_counter(key, first, base, k);
    for (uint32_t j = 0; j < BATCH; j++) {
        c0[j] = (uint32_t)(first + j);
        c1[j] = (uint32_t)((first + j) >> 32);
        c2[j] = base[2];
        c3[j] = base[3];
    }
    for (int round = 0; round < 10; round++) {
        for (int j = 0; j < BATCH; j++) {
            uint64_t a = (uint64_t)0xD2511F53u * c0[j], b = (uint64_t)0xCD9E8D57u * c2[j];
            c0[j] = (uint32_t)(b >> 32) ^ c1[j] ^ k[0];
            c1[j] = (uint32_t)b;
            c2[j] = (uint32_t)(a >> 32) ^ c3[j] ^ k[1];
            c3[j] = (uint32_t)a;
        }
        k[0] += 0x9E3779B9u;
        k[1] += 0xBB67AE85u;
    }
    for (int j = 0; j < BATCH; j++) out[j] = (uint64_t)c0[j] << 32 | c1[j];
}

void rng_fill_below(struct rng_key key, uint64_t first, int64_t n, uint64_t below, int64_t low,
                    int64_t *out) {
    uint64_t least = below ? (0 - below) % below : 0, words[BATCH];
    for (int64_t i = 0; i < n; i += BATCH) {
        first_words(key, first + (uint64_t)i, words);
        for (int64_t k = i; k < n && k < i + BATCH; k++) {
            unsigned __int128 product = (unsigned __int128)words[k - i] * below;
            uint64_t number = (uint64_t)(product >> 64);
            if ((uint64_t)product < least) number = rng_below(key, first + (uint64_t)k, below);
            out[k] = (int64_t)((uint64_t)low + number);
        }
    }
}

void rng_permutation(struct rng_key key, int64_t *out, int64_t n) {
    for (int64_t i = 0; i < n; i++) out[i] = i;
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = (int64_t)rng_below(key, (uint64_t)i, (uint64_t)i + 1);
        int64_t t = out[i];
        out[i] = out[j];
        out[j] = t;
    }
}
