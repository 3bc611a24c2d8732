/* Float sums with a fixed order: 64 lanes of the type for at most a thousand terms, combined in a
 * fixed tree in double. Every instruction set gives the same bits. */
#pragma once
#include "isa.h"

enum { LANES = 16, STRIPES = 4, SUM_RUN_MAX = 1024 };

/* Sum of 16 lanes, always in the same tree. */
FM double lanes_f32(const float *v) {
    double s[8];
    for (int i = 0; i < 8; i++) s[i] = (double)v[i] + (double)v[i + 8];
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

FM double lanes_f64(const double *s) {
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

FM double sum_short_f32(const float *x, int64_t n) {
    vec_f32 a[STRIPES] = {0};
    int64_t i = 0;
    for (; i + LANES * STRIPES <= n; i += LANES * STRIPES)
        for (int j = 0; j < STRIPES; j++) a[j] += *(const vec_f32 *)(x + i + j * LANES);
    for (; i + LANES <= n; i += LANES) a[0] += *(const vec_f32 *)(x + i);
    vec_f32 tail = {0};
    for (int j = 0; i < n; i++, j++) tail[j] = x[i];
    vec_f32 all = ((a[0] + a[1]) + (a[2] + a[3])) + tail;
    return lanes_f32((const float *)&all);
}

FM double sum_short_f64(const double *x, int64_t n) {
    vec_f64 a[STRIPES] = {0};
    int64_t i = 0;
    for (; i + 8 * STRIPES <= n; i += 8 * STRIPES)
        for (int j = 0; j < STRIPES; j++) a[j] += *(const vec_f64 *)(x + i + j * 8);
    for (; i + 8 <= n; i += 8) a[0] += *(const vec_f64 *)(x + i);
    vec_f64 tail = {0};
    for (int j = 0; i < n; i++, j++) tail[j] = x[i];
    vec_f64 all = ((a[0] + a[1]) + (a[2] + a[3])) + tail;
    return lanes_f64((const double *)&all);
}
