/* What a machine can do at most: products that stay in the first cache (GF/s), and a triad over
 * arrays larger than the caches (GB/s). Included by one program each. */
#pragma once
#include "base/pool.h"
#include "cpu/kernels.h"
#include "cpu/threads.h"
#include "plan.h"
#include <stdio.h>

enum { PEAK_N = 48, PEAK_ROUNDS = 200, TRIAD_N = 8 << 20 };

static float peak_numbers[PLAN_LANES][3][PEAK_N * PEAK_N];

static void peak_part(void *user, int part) {
    (void)user;
    float(*x)[PEAK_N * PEAK_N] = peak_numbers[part];
    struct gemm g = {.m = PEAK_N,
                     .n = PEAK_N,
                     .k = PEAK_N,
                     .a = x[0],
                     .b = x[1],
                     .c = x[2],
                     .a_row = PEAK_N,
                     .a_col = 1,
                     .b_row = PEAK_N,
                     .b_col = 1,
                     .c_row = PEAK_N};
    for (int i = 0; i < PEAK_ROUNDS; i++) kernels()->gemm[DT_FLOAT32](&g, 0, PEAK_N);
}

/* The better of both threads at once, and of one thread times the threads: on a busy machine the
 * second thread may never run at the same time. `alone`: one thread's own time. */
static double peak_products(double (*now)(void), bool alone) {
    double both = 1e9, one = 1e9, work = PEAK_ROUNDS * 2.0 * PEAK_N * PEAK_N * PEAK_N * 1e-9;
    for (int i = 0; i < 100; i++) {
        double t = now();
        if (!alone) threads_run(peak_part, NULL, PLAN_LANES);
        t = now() - t;
        if (!alone && t < both) both = t;
        t = now();
        peak_part(NULL, 0);
        t = now() - t;
        if (t < one) one = t;
    }
    if (alone) return work / one;
    double together = PLAN_LANES * work / both, twice = compute_threads() * work / one;
    return together > twice ? together : twice;
}

/* a = b + 3 c on one thread: twelve bytes read or written for each number. */
static double peak_triad(double (*now)(void)) {
    float *a = pool_zalloc(3 * (size_t)TRIAD_N * sizeof *a), *b = a + TRIAD_N, *c = b + TRIAD_N;
    double best = 1e9;
    if (!a) return 0;
    for (int i = 0; i < 8; i++) {
        double t = now();
        for (int64_t k = 0; k < TRIAD_N; k++) a[k] = b[k] + 3 * c[k];
        t = now() - t;
        if (t < best && a[i] == 0) best = t;
    }
    pool_free(a);
    return 12.0 * TRIAD_N / best * 1e-9;
}

static void print_peak(double (*now)(void), bool alone) {
    printf("%.2f %.2f\n", peak_products(now, alone), peak_triad(now));
}
