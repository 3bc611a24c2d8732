/* Whole numbers without bias, many at once: the same ones as rng_below draws singly. Random bits
 * come from the kernels in batches; what rarely has to be drawn again goes through rng_below. */
#include "kernels.h"
#include "rng.h"

enum { BATCH = 64 }; /* as many as draw.c makes at once, from multiples of it */

/* The first 64 bits of blocks first … first + n - 1. */
static void draw_bits(struct rng_key key, uint64_t first, int64_t n, uint64_t *out) {
    kernels()->draw[DRAW_BITS][DT_INT64](out, key, (int64_t)first, n, 0);
}

/* Element i of the stream in [0, n), from its bits. Only a low half below n can be one of the few
 * that would be favoured (Lemire 2019). */
static uint64_t below(struct rng_key key, uint64_t i, uint64_t n, uint64_t bits) {
    unsigned __int128 product = (unsigned __int128)bits * n;
    bool doubtful = (uint64_t)product < n;
    return doubtful ? rng_below(key, i, n) : (uint64_t)(product >> 64);
}

void rng_fill_below(struct rng_key key, uint64_t first, int64_t n, uint64_t limit, int64_t low,
                    int64_t *out) {
    uint64_t bits[BATCH];
    for (int64_t i = 0, m; i < n; i += m) {
        m = BATCH - (int64_t)((first + (uint64_t)i) % BATCH);
        if (m > n - i) m = n - i;
        draw_bits(key, first + (uint64_t)i, m, bits);
        for (int64_t k = 0; k < m; k++) {
            uint64_t x = below(key, first + (uint64_t)(i + k), limit, bits[k]);
            out[i + k] = (int64_t)((uint64_t)low + x);
        }
    }
}

/* From the end to the front; the places of a batch are known, and on their way to the cache, before
 * its first swap. Bound: reading places anywhere. */
void rng_permutation(struct rng_key key, int64_t *out, int64_t n) {
    uint64_t bits[BATCH];
    int64_t to[2][BATCH];
    for (int64_t i = 0; i < n; i++) out[i] = i;
    int64_t before = 0; /* swaps of the last batch, which are still to do */
    for (int64_t end = n, turn = 0; end > 1 || before > 0; turn ^= 1) {
        int64_t first = (end - 1) / BATCH * BATCH, m;
        if (first < 1) first = 1;
        m = end > 1 ? end - first : 0;
        if (m > 0) draw_bits(key, (uint64_t)first, m, bits);
        for (int64_t k = m - 1; k >= 0; k--) {
            uint64_t i = (uint64_t)(first + k);
            to[turn][k] = (int64_t)below(key, i, i + 1, bits[k]);
            __builtin_prefetch(&out[to[turn][k]], 1);
        }
        for (int64_t k = before - 1; k >= 0; k--) {
            int64_t i = end + k, j = to[turn ^ 1][k], t = out[i];
            out[i] = out[j];
            out[j] = t;
        }
        before = m;
        if (m > 0) end = first;
    }
}
