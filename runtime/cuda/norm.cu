/* Normalisation within an example: a block of threads for each row, or for each group of channels.
 * Bound: memory. */
#include "block.h"

/* Number i of unit u. */
DEVICE int64_t norm_at(const struct norm_args *a, uint32_t u, uint32_t i) {
    int64_t base = (int64_t)(u / a->groups) * a->example + (int64_t)(u % a->groups) * a->piece;
    return base + (int64_t)(i / a->piece) * a->row + i % a->piece;
}

DEVICE float norm_mean(const struct norm_args *a, double *part, const float *x, uint32_t u) {
    double s = 0;
    for (uint32_t i = THREAD; i < a->n; i += THREADS) s += (double)x[norm_at(a, u, i)];
    return (float)(block_sum(part, s) / (double)a->n);
}

/* 1 / deviation */
DEVICE float norm_scale_of(const struct norm_args *a, double *part, uint32_t u, float mean) {
    double s = 0;
    for (uint32_t i = THREAD; i < a->n; i += THREADS) {
        float d = a->x[norm_at(a, u, i)] - mean;
        s += (double)(d * d);
    }
    return (float)(1 / sqrt(block_sum(part, s) / (double)a->n + a->epsilon));
}

KERNEL(norm_run, norm_args) {
    SHARED double part[THREADS];
    for (uint32_t u = BLOCK; u < a.units; u += N_BLOCKS) {
        float mean = norm_mean(&a, part, a.x, u), scale = norm_scale_of(&a, part, u, mean);
        for (uint32_t i = THREAD; i < a.n; i += THREADS) {
            int64_t at = norm_at(&a, u, i);
            a.out[at] = (a.x[at] - mean) * scale;
        }
    }
}

/* (u - mean(u) - y mean(u y)) / deviation, y the normed numbers */
KERNEL(norm_slope_run, norm_args) {
    SHARED double part[THREADS];
    for (uint32_t u = BLOCK; u < a.units; u += N_BLOCKS) {
        float mean = norm_mean(&a, part, a.x, u), scale = norm_scale_of(&a, part, u, mean);
        float up_mean = norm_mean(&a, part, a.up, u);
        double s = 0;
        for (uint32_t i = THREAD; i < a.n; i += THREADS) {
            int64_t at = norm_at(&a, u, i);
            s += (double)(a.up[at] * ((a.x[at] - mean) * scale));
        }
        float along = (float)(block_sum(part, s) / (double)a.n);
        for (uint32_t i = THREAD; i < a.n; i += THREADS) {
            int64_t at = norm_at(&a, u, i);
            a.out[at] = (a.up[at] - up_mean - (a.x[at] - mean) * scale * along) * scale;
        }
    }
}
