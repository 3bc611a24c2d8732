/* Learning steps on pieces of a block of weights. Bound: memory; adam also one square root and one
 * division an element. */
#include "plan.h"
#include "sum.h"

/* The gradient as the rule sees it: penalties in, clipped by value, scaled by norm. */
#define GRADIENT(T)                                                                                \
    T g = gp[i] + l1 * (T)((w[i] > 0) - (w[i] < 0)) + l2 * w[i];                                   \
    g = g > clip ? clip : g;                                                                       \
    g = g < -clip ? -clip : g;                                                                     \
    g *= scale
#define UPDATE_HEAD(T)                                                                             \
    T *w = w_;                                                                                     \
    const T *gp = gradient;                                                                        \
    T l1 = (T)u->l1, l2 = (T)(2 * u->l2), scale = (T)u->scale;                                     \
    T clip = u->clip_value > 0 ? (T)u->clip_value : (T)HUGE_VAL

#define UPDATES(t, T, SQRT, SUM)                                                                   \
    /* v = momentum v + g; w -= rate (v, or g + momentum v) */                                     \
    static void sgd_##t(void *w_, const void *gradient, void *slot_0, void *slot_1, int64_t n,     \
                        const struct update_args *u) {                                             \
        UPDATE_HEAD(T);                                                                            \
        T *v = slot_0, momentum = (T)u->beta_1, rate = (T)u->rate;                                 \
        T keep = (T)(1 - u->rate * u->weight_decay), ahead = u->nesterov ? (T)1 : (T)0;            \
        (void)slot_1;                                                                              \
        if (momentum == 0) {                                                                       \
            for (int64_t i = 0; i < n; i++) {                                                      \
                GRADIENT(T);                                                                       \
                w[i] = w[i] * keep - rate * g;                                                     \
            }                                                                                      \
            return;                                                                                \
        }                                                                                          \
        T weight_g = ahead, weight_v = ahead != 0 ? momentum : (T)1;                               \
        for (int64_t i = 0; i < n; i++) {                                                          \
            GRADIENT(T);                                                                           \
            v[i] = momentum * v[i] + g;                                                            \
            w[i] = w[i] * keep - rate * (weight_g * g + weight_v * v[i]);                          \
        }                                                                                          \
    }                                                                                              \
    /* Kingma & Ba 2015; decay after Loshchilov & Hutter 2019 */                                   \
    static void adam_##t(void *w_, const void *gradient, void *slot_0, void *slot_1, int64_t n,    \
                         const struct update_args *u) {                                            \
        UPDATE_HEAD(T);                                                                            \
        T *m = slot_0, *v = slot_1, b1 = (T)u->beta_1, b2 = (T)u->beta_2;                          \
        T a1 = (T)(1 - u->beta_1), a2 = (T)(1 - u->beta_2), eps = (T)u->epsilon;                   \
        T rate = (T)(u->rate * u->correct_1), c2 = (T)sqrt(u->correct_2);                          \
        T keep = (T)(1 - u->rate * u->weight_decay);                                               \
        for (int64_t i = 0; i < n; i++) {                                                          \
            GRADIENT(T);                                                                           \
            m[i] = b1 * m[i] + a1 * g;                                                             \
            v[i] = b2 * v[i] + a2 * (g * g);                                                       \
            w[i] = w[i] * keep - rate * m[i] / (SQRT(v[i]) * c2 + eps);                            \
        }                                                                                          \
    }                                                                                              \
    static void rmsprop_##t(void *w_, const void *gradient, void *slot_0, void *slot_1, int64_t n, \
                            const struct update_args *u) {                                         \
        UPDATE_HEAD(T);                                                                            \
        T *v = slot_0, rho = (T)u->beta_2, a = (T)(1 - u->beta_2), eps = (T)u->epsilon;            \
        T rate = (T)u->rate, keep = (T)(1 - u->rate * u->weight_decay);                            \
        (void)slot_1;                                                                              \
        for (int64_t i = 0; i < n; i++) {                                                          \
            GRADIENT(T);                                                                           \
            v[i] = rho * v[i] + a * (g * g);                                                       \
            w[i] = w[i] * keep - rate * g / (SQRT(v[i]) + eps);                                    \
        }                                                                                          \
    }                                                                                              \
    /* Duchi, Hazan & Singer 2011; the sum is kept without what it begins with */                  \
    static void adagrad_##t(void *w_, const void *gradient, void *slot_0, void *slot_1, int64_t n, \
                            const struct update_args *u) {                                         \
        UPDATE_HEAD(T);                                                                            \
        T *v = slot_0, more = (T)(u->beta_1 + u->epsilon);                                         \
        T rate = (T)u->rate, keep = (T)(1 - u->rate * u->weight_decay);                            \
        (void)slot_1;                                                                              \
        for (int64_t i = 0; i < n; i++) {                                                          \
            GRADIENT(T);                                                                           \
            v[i] += g * g;                                                                         \
            w[i] = w[i] * keep - rate * g / SQRT(v[i] + more);                                     \
        }                                                                                          \
    }                                                                                              \
    static double squares_##t(const void *w_, const void *gradient, int64_t n,                     \
                              const struct update_args *u) {                                       \
        const UPDATE_HEAD(T);                                                                      \
        double s = 0;                                                                              \
        T tile[256];                                                                               \
        for (int64_t at = 0; at < n; at += 256) {                                                  \
            int64_t k = n - at < 256 ? n - at : 256;                                               \
            for (int64_t i = at; i < at + k; i++) {                                                \
                GRADIENT(T);                                                                       \
                tile[i - at] = g * g;                                                              \
            }                                                                                      \
            s += SUM(tile, k);                                                                     \
        }                                                                                          \
        return s;                                                                                  \
    }
UPDATES(f64, double, sqrt, sum_short_f64)
UPDATES(f32, float, sqrtf, sum_short_f32)

#define LEARN_ROW(t)                                                                               \
    {                                                                                              \
        {[UPDATE_SGD] = sgd_##t,                                                                   \
         [UPDATE_ADAM] = adam_##t,                                                                 \
         [UPDATE_RMSPROP] = rmsprop_##t,                                                           \
         [UPDATE_ADAGRAD] = adagrad_##t},                                                          \
            squares_##t                                                                            \
    }
const struct learn_kernels ISA_NAME(learn_table)[2] = {LEARN_ROW(f64), LEARN_ROW(f32)};
