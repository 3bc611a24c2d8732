/* Reductions. A float sum runs in 64 fixed lanes of its own type for at most a thousand terms, then
 * goes on in double: the order of additions is the same on every machine and the error does not
 * grow with the length. Bound: memory. */
#include "sum.h"

#define SUM_RUN(t, T)                                                                              \
    static unsigned sum_run_##t(void *acc, const void *x, int64_t n) {                             \
        const T *p = x;                                                                            \
        double s = 0;                                                                              \
        for (int64_t i = 0; i < n; i += SUM_RUN_MAX)                                               \
            s += sum_short_##t(p + i, n - i < SUM_RUN_MAX ? n - i : SUM_RUN_MAX);                  \
        *(double *)acc += s;                                                                       \
        return 0;                                                                                  \
    }
SUM_RUN(f64, double)
SUM_RUN(f32, float)

/* Halves of 32 bits are summed apart, where 2^31 terms cannot overflow; only the whole can. */
static unsigned sum_run_i64(void *acc, const void *x, int64_t n) {
    enum { MOST = 1 << 30 };
    const int64_t *p = x;
    __int128 all = *(int64_t *)acc;
    for (int64_t from = 0; from < n; from += MOST) {
        int64_t end = n - from < MOST ? n : from + MOST, high = 0;
        uint64_t low = 0;
        for (int64_t i = from; i < end; i++) {
            low += (uint32_t)p[i];
            high += p[i] >> 32;
        }
        all += (__int128)high * 4294967296 + low;
    }
    *(int64_t *)acc = (int64_t)all;
    return all != (int64_t)all ? FAULT_OVERFLOW : 0;
}

/* Several rows for one look at the sums, added in a fixed tree in their own type. Where rows are
 * short and side by side, SHORT_ROWS of them are taken for one long row first, so that vectors are
 * full. */
enum { ROWS_AT_ONCE = 8, SHORT_ROWS = 8, SHORT_COLS = 12 };
#define SUM_ROWS(t, T)                                                                             \
    static void sum_long_rows_##t(double *restrict s, const T *x, int64_t rows, int64_t stride,    \
                                  int64_t cols) {                                                  \
        int64_t r = 0;                                                                             \
        for (; r + ROWS_AT_ONCE <= rows; r += ROWS_AT_ONCE) {                                      \
            const T *restrict p = x + r * stride;                                                  \
            const T *restrict q = p + 4 * stride;                                                  \
            int64_t two = 2 * stride, three = 3 * stride;                                          \
            for (int64_t j = 0; j < cols; j++) {                                                   \
                T a = (p[j] + p[stride + j]) + (p[two + j] + p[three + j]);                        \
                T b = (q[j] + q[stride + j]) + (q[two + j] + q[three + j]);                        \
                s[j] += (double)(a + b);                                                           \
            }                                                                                      \
        }                                                                                          \
        for (; r < rows; r++) {                                                                    \
            const T *restrict p = x + r * stride;                                                  \
            for (int64_t j = 0; j < cols; j++) s[j] += (double)p[j];                               \
        }                                                                                          \
    }                                                                                              \
    static unsigned sum_rows_##t(void *acc, const void *x, int64_t rows, int64_t stride,           \
                                 int64_t cols) {                                                   \
        double *restrict s = acc;                                                                  \
        int64_t whole = cols <= SHORT_COLS && stride == cols ? rows / SHORT_ROWS : 0;              \
        if (whole > 0) {                                                                           \
            double side[SHORT_ROWS * SHORT_COLS] = {0};                                            \
            sum_long_rows_##t(side, x, whole, SHORT_ROWS *cols, SHORT_ROWS *cols);                 \
            for (int64_t i = 0; i < SHORT_ROWS * cols; i++) s[i % cols] += side[i];                \
        }                                                                                          \
        whole *= SHORT_ROWS;                                                                       \
        sum_long_rows_##t(s, (const T *)x + whole * stride, rows - whole, stride, cols);           \
        return 0;                                                                                  \
    }
SUM_ROWS(f64, double)
SUM_ROWS(f32, float)

static unsigned sum_rows_i64(void *acc, const void *x, int64_t rows, int64_t stride, int64_t cols) {
    int64_t *s = acc;
    bool bad = false;
    for (int64_t r = 0; r < rows; r++) {
        const int64_t *p = (const int64_t *)x + r * stride;
        for (int64_t j = 0; j < cols; j++) bad |= __builtin_add_overflow(s[j], p[j], &s[j]);
    }
    return bad ? FAULT_OVERFLOW : 0;
}

/* max, min, any, all: out of order is harmless, so lanes of a vector; NaN wins. W are whole numbers
 * as wide as T. */
#define PICK(name, T, W, better)                                                                   \
    typedef T name##_v __attribute__((vector_size(64), aligned(sizeof(T)), may_alias));            \
    typedef W name##_w __attribute__((vector_size(64), aligned(sizeof(T)), may_alias));            \
    static unsigned name##_run(void *acc, const void *x, int64_t n) {                              \
        enum { WIDE = 64 / sizeof(T) };                                                            \
        const T *p = x;                                                                            \
        T lane[WIDE];                                                                              \
        for (int j = 0; j < WIDE; j++) lane[j] = *(T *)acc;                                        \
        name##_v most = *(const name##_v *)lane;                                                   \
        int64_t i = 0;                                                                             \
        for (; i + WIDE <= n; i += WIDE) {                                                         \
            name##_v a = most, b = *(const name##_v *)(p + i);                                     \
            name##_w chosen = (name##_w)(better);                                                  \
            most = (name##_v)(((name##_w)b & chosen) | ((name##_w)a & ~chosen));                   \
        }                                                                                          \
        *(name##_v *)lane = most;                                                                  \
        for (int j = 0; i < n; i++, j++) {                                                         \
            T a = lane[j], b = p[i];                                                               \
            lane[j] = better ? b : a;                                                              \
        }                                                                                          \
        for (int half = WIDE / 2; half > 0; half /= 2)                                             \
            for (int j = 0; j < half; j++) {                                                       \
                T a = lane[j], b = lane[j + half];                                                 \
                lane[j] = better ? b : a;                                                          \
            }                                                                                      \
        *(T *)acc = lane[0];                                                                       \
        return 0;                                                                                  \
    }                                                                                              \
    static unsigned name##_rows(void *acc, const void *x, int64_t rows, int64_t stride,            \
                                int64_t cols) {                                                    \
        T *s = acc;                                                                                \
        for (int64_t r = 0; r < rows; r++) {                                                       \
            const T *p = (const T *)x + r * stride;                                                \
            for (int64_t j = 0; j < cols; j++) {                                                   \
                T a = s[j], b = p[j];                                                              \
                s[j] = better ? b : a;                                                             \
            }                                                                                      \
        }                                                                                          \
        return 0;                                                                                  \
    }
#define PICKS(t, T, W)                                                                             \
    PICK(max_##t, T, W, ((b > a) | (b != b)))                                                      \
    PICK(min_##t, T, W, ((b < a) | (b != b)))
PICKS(f64, double, int64_t)
PICKS(f32, float, int32_t)
PICKS(i64, int64_t, int64_t)
PICKS(i32, int32_t, int32_t)
PICKS(u8, uint8_t, int8_t)

#define SUMS(t)                                                                                    \
    { sum_run_##t, sum_rows_##t }
#define TWO(name)                                                                                  \
    { name##_run, name##_rows }
#define ALL_TYPES(name)                                                                            \
    {                                                                                              \
        TWO(name##_f64), TWO(name##_f32), TWO(name##_i64), TWO(name##_i32), TWO(name##_u8),        \
            TWO(name##_u8)                                                                         \
    }
const struct fold_kernels ISA_NAME(fold_table)[FOLD_COUNT][DT_COUNT] = {
    [FOLD_SUM] = {SUMS(f64), SUMS(f32), SUMS(i64)},
    [FOLD_MAX] = ALL_TYPES(max),
    [FOLD_MIN] = ALL_TYPES(min),
    [FOLD_ANY] = {[DT_BOOL] = TWO(max_u8)},
    [FOLD_ALL] = {[DT_BOOL] = TWO(min_u8)},
};
