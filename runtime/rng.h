/* Random numbers by address, not by sequence: Philox4x32-10 (Salmon et al., SC 2011). The number
 * of element i is a function of (seed, stream, step, i) alone, so that any order, thread or device
 * draws the same ones. */
#pragma once
#include <stdint.h>

struct rng_key {
    uint64_t seed, stream, step;
};

/* Four 32-bit words of block `block` (elements 4*block … 4*block+3). */
void rng_block(struct rng_key key, uint64_t block, uint32_t out[4]);
/* One element each; for the odd single draw. */
uint32_t rng_word(struct rng_key key, uint64_t i);
double rng_uniform(struct rng_key key, uint64_t i); /* [0, 1), 53 bits: words 2i, 2i+1 */
double rng_normal(struct rng_key key, uint64_t i);  /* Box-Muller on our own log, sin, cos */
/* A whole number in [0, n) without bias (Lemire 2019; redraws use the step's high bits). */
uint64_t rng_below(struct rng_key key, uint64_t i, uint64_t n);
/* out = 0 … n-1 in random order (Fisher-Yates). */
void rng_permutation(struct rng_key key, int64_t *out, int64_t n);
