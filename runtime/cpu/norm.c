/* Rows minus their mean, divided by their standard deviation, and the way back. Sums in a fixed
 * order (sum.h), in runs of SUM_RUN_MAX. Bound: memory for long rows, latency for short ones. */
#include "sum.h"

#define NORM(t, T, SUM)                                                                            \
    static double sum_##t(const T *x, int64_t n) {                                                 \
        double s = 0;                                                                              \
        for (int64_t i = 0; i < n; i += SUM_RUN_MAX)                                               \
            s += SUM(x + i, n - i < SUM_RUN_MAX ? n - i : SUM_RUN_MAX);                            \
        return s;                                                                                  \
    }                                                                                              \
    /* out = (x - mean) / deviation; gives 1 / deviation */                                        \
    static T norm_##t(T *restrict out, const T *restrict x, int64_t n, double epsilon) {           \
        T mean = (T)(sum_##t(x, n) / (double)n);                                                   \
        for (int64_t j = 0; j < n; j++) out[j] = (x[j] - mean) * (x[j] - mean);                    \
        T scale = (T)(1 / sqrt(sum_##t(out, n) / (double)n + epsilon));                            \
        for (int64_t j = 0; j < n; j++) out[j] = (x[j] - mean) * scale;                            \
        return scale;                                                                              \
    }                                                                                              \
    static void norm_row_##t(void *out, const void *x, int64_t n, double epsilon) {                \
        norm_##t(out, x, n, epsilon);                                                              \
    }                                                                                              \
    /* (u - mean(u) - y mean(u y)) / deviation, y the normed row; room for a row in scratch */     \
    static void norm_slope_##t(void *out, const void *x, const void *up, int64_t n,                \
                               double epsilon, void *scratch) {                                    \
        T *restrict y = scratch, *restrict o = out;                                                \
        const T *restrict u = up;                                                                  \
        T scale = norm_##t(y, x, n, epsilon);                                                      \
        for (int64_t j = 0; j < n; j++) o[j] = u[j] * y[j];                                        \
        T along = (T)(sum_##t(o, n) / (double)n), mean = (T)(sum_##t(u, n) / (double)n);           \
        for (int64_t j = 0; j < n; j++) o[j] = (u[j] - mean - y[j] * along) * scale;               \
    }                                                                                              \
    static void softmax_slope_##t(void *out, const void *value, const void *up, int64_t n) {       \
        T *restrict o = out;                                                                       \
        const T *restrict y = value, *restrict u = up;                                             \
        for (int64_t j = 0; j < n; j++) o[j] = u[j] * y[j];                                        \
        T along = (T)sum_##t(o, n);                                                                \
        for (int64_t j = 0; j < n; j++) o[j] = y[j] * (u[j] - along);                              \
    }
NORM(f64, double, sum_short_f64)
NORM(f32, float, sum_short_f32)

#define NORM_ROW(t)                                                                                \
    { norm_row_##t, norm_slope_##t, softmax_slope_##t }
const struct norm_kernels ISA_NAME(norm_table)[2] = {NORM_ROW(f64), NORM_ROW(f32)};
