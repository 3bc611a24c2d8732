/* Random numbers by address, not by sequence: Philox4x32-10 (Salmon et al., SC 2011). The number
 * of element i is a function of (seed, stream, step, i) alone, so that any order, thread or device
 * draws the same ones. */
#pragma once
#include "fmath.h"

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
/* out = 0 … n-1 in random order (Fisher-Yates). */
void rng_permutation(struct rng_key key, int64_t *out, int64_t n);

/* ---- the pieces, for kernels that draw many at once ---- */

/* Counter and key of a block; and the generator itself: out = philox(counter, key). */
void rng_counter(struct rng_key key, uint64_t block, uint32_t counter[4], uint32_t k[2]);
void rng_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* [0, 1) from two words: 53 bits. */
static inline double rng_unit(uint32_t a, uint32_t b) {
    return ((double)(a >> 5) * 67108864.0 + (double)(b >> 6)) * 0x1p-53;
}

/* A standard normal number from a block's four words. */
static inline double rng_gauss(const uint32_t w[4]) {
    double u = 1.0 - rng_unit(w[0], w[1]), angle = rng_unit(w[2], w[3]) * 6.283185307179586;
    return sqrt(-2.0 * fm_log(u)) * fm_cos(angle);
}
