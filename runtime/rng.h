/* Random numbers by address, not by sequence: Philox4x32-10 (Salmon et al., SC 2011). The number
 * of element i is a function of (seed, stream, step, i) alone, so that any order, thread or device
 * draws the same ones. */
#pragma once
#include "fmath.h"
#include "base/hash.h"

struct rng_key {
    uint64_t seed, stream, step;
};

/* Four 32-bit words of block `block` (elements 4*block … 4*block+3). */
void rng_block(struct rng_key key, uint64_t block, uint32_t out[4]);
/* One element each; for the odd single draw. */
uint32_t rng_word(struct rng_key key, uint64_t i);
double rng_uniform(struct rng_key key, uint64_t i); /* [0, 1), 53 bits: words 2i, 2i+1 */
double rng_normal(struct rng_key key, uint64_t i);  /* block i; Box-Muller on our own log and cos */
/* A whole number in [0, n) without bias (Lemire 2019; redraws use the step's high bits). */
uint64_t rng_below(struct rng_key key, uint64_t i, uint64_t n);
/* out[i] = low + rng_below(key, first + i, below) for i < n, several at once. */
void rng_fill_below(struct rng_key key, uint64_t first, int64_t n, uint64_t below, int64_t low,
                    int64_t *out);
/* out = 0 … n-1 in random order (Fisher-Yates). */
void rng_permutation(struct rng_key key, int64_t *out, int64_t n);

/* ---- the pieces, for kernels that draw many at once, here or on a device ---- */

/* Counter and key of a block; and the generator itself: out = philox(counter, key). The counter
 * holds 128 bits; block 64, step 32 and stream 32 of them. Longer streams and steps are folded in
 * by the hash, so that no two addresses meet by construction of small numbers. */
FM void rng_counter(struct rng_key key, uint64_t block, uint32_t counter[4], uint32_t k[2]) {
    uint64_t place = hash_add(hash_mix(key.stream), key.step);
    counter[0] = (uint32_t)block;
    counter[1] = (uint32_t)(block >> 32);
    counter[2] = (uint32_t)place;
    counter[3] = (uint32_t)(place >> 32);
    k[0] = (uint32_t)key.seed;
    k[1] = (uint32_t)(key.seed >> 32);
}

FM void rng_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)0xD2511F53u * c0, b = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)b;
        c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)a;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

/* [0, 1) from two words: 53 bits. */
FM double rng_unit(uint32_t a, uint32_t b) {
    return ((double)(a >> 5) * 67108864.0 + (double)(b >> 6)) * 1.1102230246251565e-16;
}

/* A standard normal number from a block's four words. */
FM double rng_gauss(const uint32_t w[4]) {
    double u = 1.0 - rng_unit(w[0], w[1]), angle = rng_unit(w[2], w[3]) * 6.283185307179586;
    return sqrt(-2.0 * fm_log(u)) * fm_cos(angle);
}
