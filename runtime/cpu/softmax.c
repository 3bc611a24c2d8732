/* Softmax, its logarithm and its cross entropy, row by row: m = max x, s = sum exp(x - m). Rows go
 * through a tile that is filled up to whole vectors, so that a row of ten classes costs no scalar
 * loops; of such short rows some go together, so that none waits for another's sums and logarithm.
 * Bound: one exp an element. */
#include "sum.h"

enum { TILE = 256, TOGETHER = 16 };

FM bool is_short(int64_t n) {
    return n > 0 && n <= LANES;
}

#define SOFTMAX(t, T, EXP, SUM)                                                                    \
    /* k <= TILE numbers, filled up to whole vectors: gives the filled length */                   \
    FM int64_t fill_up_##t(T *tile, const T *x, int64_t k, T filling) {                            \
        int64_t whole = (k + LANES - 1) / LANES * LANES;                                           \
        for (int64_t j = whole - LANES; j < whole; j++) tile[j] = filling;                         \
        memcpy(tile, x, (size_t)k * sizeof(T));                                                    \
        return whole;                                                                              \
    }                                                                                              \
    /* The largest but NaN: one that is there makes the sum of the exponentials NaN, and with it   \
     * everything */                                                                               \
    static T row_max_##t(const T *x, int64_t n) {                                                  \
        T lane[LANES], tile[LANES];                                                                \
        int64_t i = 0;                                                                             \
        for (int j = 0; j < LANES; j++) lane[j] = (T)-HUGE_VAL;                                    \
        for (; i + LANES <= n; i += LANES)                                                         \
            for (int v = 0; v < LANES; v++) lane[v] = x[i + v] > lane[v] ? x[i + v] : lane[v];     \
        if (i < n) {                                                                               \
            fill_up_##t(tile, x + i, n - i, (T)-HUGE_VAL);                                         \
            for (int v = 0; v < LANES; v++) lane[v] = tile[v] > lane[v] ? tile[v] : lane[v];       \
        }                                                                                          \
        for (int v = 0; v < 8; v++) lane[v] = lane[v + 8] > lane[v] ? lane[v + 8] : lane[v];       \
        for (int v = 0; v < 4; v++) lane[v] = lane[v + 4] > lane[v] ? lane[v + 4] : lane[v];       \
        for (int v = 0; v < 2; v++) lane[v] = lane[v + 2] > lane[v] ? lane[v + 2] : lane[v];       \
        return lane[1] > lane[0] ? lane[1] : lane[0];                                              \
    }                                                                                              \
    /* sum of exp(x - m), stored too where `out` is given */                                       \
    static double row_exp_##t(T *out, const T *x, T m, int64_t n) {                                \
        double s = 0;                                                                              \
        T tile[TILE];                                                                              \
        int64_t i = 0;                                                                             \
        for (; i + TILE <= n || (i < n && (n - i) % LANES == 0);) {                                \
            int64_t some = n - i < TILE ? n - i : TILE;                                            \
            T *to = out ? out + i : tile;                                                          \
            for (int64_t j = 0; j < some; j += LANES)                                              \
                for (int v = 0; v < LANES; v++) to[j + v] = EXP(x[i + j + v] - m);                 \
            s += SUM(to, some);                                                                    \
            i += some;                                                                             \
        }                                                                                          \
        if (i < n) {                                                                               \
            int64_t k = fill_up_##t(tile, x + i, n - i, (T)-HUGE_VAL);                             \
            for (int64_t j = 0; j < k; j += LANES)                                                 \
                for (int v = 0; v < LANES; v++) tile[j + v] = EXP(tile[j + v] - m);                \
            s += SUM(tile, k);                                                                     \
            if (out) memcpy(out + i, tile, (size_t)(n - i) * sizeof(T));                           \
        }                                                                                          \
        return s;                                                                                  \
    }                                                                                              \
    static void long_softmax_##t(T *o, const T *x, int64_t n) {                                    \
        double s = row_exp_##t(o, x, row_max_##t(x, n), n);                                        \
        T r = (T)(1 / s);                                                                          \
        for (int64_t j = 0; j < n; j++) o[j] *= r;                                                 \
    }                                                                                              \
    static void long_log_##t(T *o, const T *p, int64_t n) {                                        \
        T m = row_max_##t(p, n), d = (T)fm_log(row_exp_##t(NULL, p, m, n));                        \
        for (int64_t j = 0; j < n; j++) o[j] = (p[j] - m) - d;                                     \
    }                                                                                              \
    /* a target of 0 counts nothing, whatever the logit */                                         \
    static T long_crossentropy_##t(const T *p, const T *y, int64_t n) {                            \
        T m = row_max_##t(p, n), d = (T)fm_log(row_exp_##t(NULL, p, m, n));                        \
        T tile[TILE], wanted[TILE];                                                                \
        double s = 0;                                                                              \
        for (int64_t i = 0; i < n; i += TILE) {                                                    \
            int64_t some = n - i < TILE ? n - i : TILE;                                            \
            int64_t k = fill_up_##t(tile, p + i, some, m);                                         \
            fill_up_##t(wanted, y + i, some, 0);                                                   \
            for (int64_t j = 0; j < k; j++)                                                        \
                tile[j] = wanted[j] == 0 ? 0 : -wanted[j] * ((tile[j] - m) - d);                   \
            s += SUM(tile, k);                                                                     \
        }                                                                                          \
        return (T)s;                                                                               \
    }                                                                                              \
    /* ---- up to TOGETHER rows of at most LANES numbers ---- */                                   \
    struct short_##t {                                                                             \
        T x[TOGETHER][LANES], e[TOGETHER][LANES], m[TOGETHER], d[TOGETHER];                        \
        double s[TOGETHER];                                                                        \
    };                                                                                             \
    FM void short_exp_##t(struct short_##t *w, const T *x, int64_t n, int64_t rows) {              \
        for (int64_t r = 0; r < rows; r++) {                                                       \
            T lane[LANES];                                                                         \
            fill_up_##t(w->x[r], x + r * n, n, (T)-HUGE_VAL);                                      \
            for (int v = 0; v < LANES; v++)                                                        \
                lane[v] = w->x[r][v] > (T)-HUGE_VAL ? w->x[r][v] : (T)-HUGE_VAL;                   \
            for (int v = 0; v < 8; v++) lane[v] = lane[v + 8] > lane[v] ? lane[v + 8] : lane[v];   \
            for (int v = 0; v < 4; v++) lane[v] = lane[v + 4] > lane[v] ? lane[v + 4] : lane[v];   \
            for (int v = 0; v < 2; v++) lane[v] = lane[v + 2] > lane[v] ? lane[v + 2] : lane[v];   \
            w->m[r] = lane[1] > lane[0] ? lane[1] : lane[0];                                       \
        }                                                                                          \
        for (int64_t r = 0; r < rows; r++)                                                         \
            for (int v = 0; v < LANES; v++) w->e[r][v] = EXP(w->x[r][v] - w->m[r]);                \
        for (int64_t r = 0; r < rows; r++) w->s[r] = SUM(w->e[r], LANES);                          \
    }                                                                                              \
    FM void short_log_##t(struct short_##t *w, const T *x, int64_t n, int64_t rows) {              \
        short_exp_##t(w, x, n, rows);                                                              \
        for (int64_t r = rows; r < TOGETHER; r++) w->s[r] = 1;                                     \
        for (int r = 0; r < TOGETHER; r++) w->d[r] = (T)fm_log(w->s[r]);                           \
    }                                                                                              \
    static void softmax_##t(void *out, const void *x, int64_t n, int64_t rows) {                   \
        T *o = out;                                                                                \
        const T *p = x;                                                                            \
        for (int64_t r = 0; r < rows && !is_short(n); r++)                                         \
            long_softmax_##t(o + r * n, p + r * n, n);                                             \
        for (int64_t i = 0; i < rows && is_short(n); i += TOGETHER) {                              \
            struct short_##t w;                                                                    \
            int64_t some = rows - i < TOGETHER ? rows - i : TOGETHER;                              \
            short_exp_##t(&w, p + i * n, n, some);                                                 \
            for (int64_t r = 0; r < some; r++) {                                                   \
                T factor = (T)(1 / w.s[r]);                                                        \
                for (int v = 0; v < LANES; v++) w.e[r][v] *= factor;                               \
                memcpy(o + (i + r) * n, w.e[r], (size_t)n * sizeof(T));                            \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
    static void log_softmax_##t(void *out, const void *x, int64_t n, int64_t rows) {               \
        T *o = out;                                                                                \
        const T *p = x;                                                                            \
        for (int64_t r = 0; r < rows && !is_short(n); r++) long_log_##t(o + r * n, p + r * n, n);  \
        for (int64_t i = 0; i < rows && is_short(n); i += TOGETHER) {                              \
            struct short_##t w;                                                                    \
            int64_t some = rows - i < TOGETHER ? rows - i : TOGETHER;                              \
            short_log_##t(&w, p + i * n, n, some);                                                 \
            for (int64_t r = 0; r < some; r++) {                                                   \
                for (int v = 0; v < LANES; v++) w.e[r][v] = (w.x[r][v] - w.m[r]) - w.d[r];         \
                memcpy(o + (i + r) * n, w.e[r], (size_t)n * sizeof(T));                            \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
    static void softmax_crossentropy_##t(void *out, const void *x, const void *target, int64_t n,  \
                                         int64_t rows) {                                           \
        const T *p = x, *y = target;                                                               \
        T *o = out;                                                                                \
        for (int64_t r = 0; r < rows && !is_short(n); r++)                                         \
            o[r] = long_crossentropy_##t(p + r * n, y + r * n, n);                                 \
        for (int64_t i = 0; i < rows && is_short(n); i += TOGETHER) {                              \
            struct short_##t w;                                                                    \
            int64_t some = rows - i < TOGETHER ? rows - i : TOGETHER;                              \
            short_log_##t(&w, p + i * n, n, some);                                                 \
            for (int64_t r = 0; r < some; r++) {                                                   \
                T wanted[LANES];                                                                   \
                fill_up_##t(wanted, y + (i + r) * n, n, 0);                                        \
                for (int v = 0; v < LANES; v++)                                                    \
                    w.e[r][v] = wanted[v] == 0 ? 0 : -wanted[v] * ((w.x[r][v] - w.m[r]) - w.d[r]); \
            }                                                                                      \
            for (int64_t r = 0; r < some; r++) o[i + r] = (T)SUM(w.e[r], LANES);                   \
        }                                                                                          \
    }
SOFTMAX(f64, double, fm_exp, sum_short_f64)
SOFTMAX(f32, float, fm_exp_f, sum_short_f32)

#define SOFTMAX_ROW(t)                                                                             \
    { softmax_##t, log_softmax_##t, softmax_crossentropy_##t }
const struct softmax_kernels ISA_NAME(softmax_table)[2] = {SOFTMAX_ROW(f64), SOFTMAX_ROW(f32)};
