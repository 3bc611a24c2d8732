/* What a block of threads finds out together: sums and the largest, in a fixed order. `part` is
 * shared memory for THREADS numbers; every thread of the block calls, and gets the result. */
#pragma once
#include "device.h"

DEVICE double block_sum(double *part, double x) {
    part[THREAD] = x;
    for (uint32_t half = THREADS / 2; half > 0; half /= 2) {
        SYNC();
        if (THREAD < half) part[THREAD] += part[THREAD + half];
    }
    SYNC();
    double sum = part[0];
    SYNC();
    return sum;
}

/* NaN wins. */
DEVICE float block_max(double *part, float x) {
    part[THREAD] = (double)x;
    for (uint32_t half = THREADS / 2; half > 0; half /= 2) {
        SYNC();
        double p = part[THREAD], q = THREAD < half ? part[THREAD + half] : 0;
        if (THREAD < half && (q > p || q != q)) part[THREAD] = q;
    }
    SYNC();
    float m = (float)part[0];
    SYNC();
    return m;
}
