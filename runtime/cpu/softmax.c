/* Softmax, its logarithm and its cross entropy, a row at a time: m = max x, s = sum exp(x - m).
 * Bound: one exp an element. */
#include "sum.h"

#define SOFTMAX(t, T, EXP, SUM, TYPE)                                                              \
    FM T row_max_##t(const T *x, int64_t n) {                                                      \
        T m = x[0];                                                                                \
        ISA_NAME(fold_table)[FOLD_MAX][TYPE].run(&m, x, n);                                        \
        return m;                                                                                  \
    }                                                                                              \
    /* sum of exp(x - m), stored too where `out` is given */                                       \
    FM double row_exp_##t(T *out, const T *x, T m, int64_t n) {                                    \
        double s = 0;                                                                              \
        T tile[256];                                                                               \
        for (int64_t i = 0; i < n; i += 256) {                                                     \
            int64_t k = n - i < 256 ? n - i : 256;                                                 \
            T *o = out ? out + i : tile;                                                           \
            for (int64_t j = 0; j < k; j++) o[j] = EXP(x[i + j] - m);                              \
            s += SUM(o, k);                                                                        \
        }                                                                                          \
        return s;                                                                                  \
    }                                                                                              \
    static void softmax_##t(void *out, const void *x, int64_t n) {                                 \
        T *o = out;                                                                                \
        double s = row_exp_##t(o, x, row_max_##t(x, n), n);                                        \
        T r = (T)(1 / s);                                                                          \
        for (int64_t j = 0; j < n; j++) o[j] *= r;                                                 \
    }                                                                                              \
    static void log_softmax_##t(void *out, const void *x, int64_t n) {                             \
        T *o = out, m = row_max_##t(x, n);                                                         \
        const T *p = x;                                                                            \
        T d = (T)fm_log(row_exp_##t(NULL, x, m, n));                                               \
        for (int64_t j = 0; j < n; j++) o[j] = (p[j] - m) - d;                                     \
    }                                                                                              \
    /* a target of 0 counts nothing, whatever the logit */                                         \
    static void softmax_crossentropy_##t(void *out, const void *x, const void *target,             \
                                         int64_t n) {                                              \
        const T *p = x, *y = target;                                                               \
        T m = row_max_##t(x, n), d = (T)fm_log(row_exp_##t(NULL, x, m, n)), tile[256];             \
        double s = 0;                                                                              \
        for (int64_t i = 0; i < n; i += 256) {                                                     \
            int64_t k = n - i < 256 ? n - i : 256;                                                 \
            for (int64_t j = 0; j < k; j++)                                                        \
                tile[j] = y[i + j] == 0 ? 0 : -y[i + j] * ((p[i + j] - m) - d);                    \
            s += SUM(tile, k);                                                                     \
        }                                                                                          \
        *(T *)out = (T)s;                                                                          \
    }
SOFTMAX(f64, double, fm_exp, sum_short_f64, DT_FLOAT64)
SOFTMAX(f32, float, fm_exp_f, sum_short_f32, DT_FLOAT32)

#define SOFTMAX_ROW(t)                                                                             \
    { softmax_##t, log_softmax_##t, softmax_crossentropy_##t }
const struct softmax_kernels ISA_NAME(softmax_table)[2] = {SOFTMAX_ROW(f64), SOFTMAX_ROW(f32)};
