/* Elementwise kernels: plain loops over the formulas of fmath.h, written so that the compiler makes
 * vector code of them. Bound: memory for the cheap ones, about 1 ns an element for exp and its kin.
 */
#include "isa.h"

#define LOOP(name, T, U, expression)                                                               \
    static unsigned name(void *out, const void *const *in, int64_t n,                              \
                         const struct elem_arg *arg) {                                             \
        U *o = out;                                                                                \
        const T *x_ = in[0];                                                                       \
        (void)arg;                                                                                 \
        for (int64_t i = 0; i < n; i++) {                                                          \
            T x = x_[i];                                                                           \
            o[i] = (U)(expression);                                                                \
        }                                                                                          \
        return 0;                                                                                  \
    }

#define LOOP2(name, T, U, expression)                                                              \
    static unsigned name(void *out, const void *const *in, int64_t n,                              \
                         const struct elem_arg *arg) {                                             \
        U *o = out;                                                                                \
        const T *x_ = in[0], *y_ = in[1];                                                          \
        (void)arg;                                                                                 \
        for (int64_t i = 0; i < n; i++) {                                                          \
            T x = x_[i], y = y_[i];                                                                \
            o[i] = (U)(expression);                                                                \
        }                                                                                          \
        return 0;                                                                                  \
    }

/* Whole numbers: `expression` sets r and may or faults into `bad`. */
#define LOOP_INT(name, expression)                                                                 \
    static unsigned name(void *out, const void *const *in, int64_t n,                              \
                         const struct elem_arg *arg) {                                             \
        int64_t *o = out;                                                                          \
        const int64_t *x_ = in[0];                                                                 \
        unsigned bad = 0;                                                                          \
        (void)arg;                                                                                 \
        for (int64_t i = 0; i < n; i++) {                                                          \
            int64_t x = x_[i], r;                                                                  \
            expression;                                                                            \
            o[i] = r;                                                                              \
        }                                                                                          \
        return bad;                                                                                \
    }

#define LOOP2_INT(name, expression)                                                                \
    static unsigned name(void *out, const void *const *in, int64_t n,                              \
                         const struct elem_arg *arg) {                                             \
        int64_t *o = out;                                                                          \
        const int64_t *x_ = in[0], *y_ = in[1];                                                    \
        unsigned bad = 0;                                                                          \
        (void)arg;                                                                                 \
        for (int64_t i = 0; i < n; i++) {                                                          \
            int64_t x = x_[i], y = y_[i], r;                                                       \
            expression;                                                                            \
            o[i] = r;                                                                              \
        }                                                                                          \
        return bad;                                                                                \
    }

/* The same formula for both float types; F names the function of fmath.h without its suffix. */
#define BOTH(name, expression)                                                                     \
    LOOP(name##_f64, double, double, expression)                                                   \
    LOOP(name##_f32, float, float, expression)
#define BOTH2(name, expression)                                                                    \
    LOOP2(name##_f64, double, double, expression)                                                  \
    LOOP2(name##_f32, float, float, expression)
#define MATHS(name, F)                                                                             \
    LOOP(name##_f64, double, double, F(x))                                                         \
    LOOP(name##_f32, float, float, F##_f(x))

/* ---- one operand ---- */

BOTH(neg, -x)
BOTH(square, x *x)
BOTH(recip, 1 / x)
BOTH(relu, x < 0 ? 0 : x)                  /* NaN stays */
BOTH(sign, x > 0 ? 1 : x < 0 ? -1 : x * 0) /* NaN stays */
MATHS(abs, fm_abs)
MATHS(round, fm_round)
MATHS(floor, fm_floor)
MATHS(exp, fm_exp)
MATHS(log, fm_log)
MATHS(tanh, fm_tanh)
MATHS(sigmoid, fm_sigmoid)
MATHS(softplus, fm_softplus)
MATHS(erf, fm_erf)
LOOP(sqrt_f64, double, double, sqrt(x))
LOOP(sqrt_f32, float, float, sqrtf(x))
LOOP(rsqrt_f64, double, double, 1 / sqrt(x))
LOOP(rsqrt_f32, float, float, 1 / sqrtf(x))

/* x Phi(x) and its slope Phi(x) + x phi(x): Phi the normal distribution, phi its density. Where
 * both are wanted they are made together, with the same bits. */
#define GELU(t, T, NORMAL)                                                                         \
    FM T value_of_gelu_##t(T x) {                                                                  \
        T density;                                                                                 \
        return x * NORMAL(x, &density);                                                            \
    }                                                                                              \
    FM T slope_of_gelu_##t(T x) {                                                                  \
        T density, share = NORMAL(x, &density);                                                    \
        return share + x * density;                                                                \
    }                                                                                              \
    LOOP(gelu_##t, T, T, value_of_gelu_##t(x))                                                     \
    LOOP(gelu_slope_##t, T, T, slope_of_gelu_##t(x))                                               \
    static unsigned gelu_both_##t(void *out, const void *const *in, int64_t n,                     \
                                  const struct elem_arg *arg) {                                    \
        T *restrict value = out, *restrict slope = arg->second;                                    \
        const T *restrict x = in[0];                                                               \
        for (int64_t i = 0; i < n; i++) {                                                          \
            T density, share = NORMAL(x[i], &density);                                             \
            value[i] = x[i] * share;                                                               \
            slope[i] = share + x[i] * density;                                                     \
        }                                                                                          \
        return 0;                                                                                  \
    }
GELU(f64, double, fm_normal)
GELU(f32, float, fm_normal_f)

LOOP_INT(neg_i64, bad |= __builtin_sub_overflow((int64_t)0, x, &r) ? FAULT_OVERFLOW : 0u)
LOOP_INT(abs_i64, r = x;
         if (x < 0) bad |= __builtin_sub_overflow((int64_t)0, x, &r) ? FAULT_OVERFLOW : 0u)
LOOP_INT(square_i64, bad |= __builtin_mul_overflow(x, x, &r) ? FAULT_OVERFLOW : 0u)
LOOP_INT(sign_i64, r = (x > 0) - (x < 0))
LOOP_INT(relu_i64, r = x < 0 ? 0 : x)
LOOP_INT(same_i64, r = x)

LOOP(not_bool, uint8_t, uint8_t, x == 0)
LOOP(is_nan_f64, double, uint8_t, x != x)
LOOP(is_nan_f32, float, uint8_t, x != x)

static unsigned zero_bool(void *out, const void *const *in, int64_t n, const struct elem_arg *arg) {
    (void)in, (void)arg;
    memset(out, 0, (size_t)n);
    return 0;
}

/* Sine and cosine in double for both types; far out, where our reduction of the angle is not good
 * enough, the C library's. */
#define TRIG(name, T, ours, theirs)                                                                \
    static unsigned name(void *out, const void *const *in, int64_t n,                              \
                         const struct elem_arg *arg) {                                             \
        T *o = out;                                                                                \
        const T *x = in[0];                                                                        \
        enum { RUN = 256 };                                                                        \
        (void)arg;                                                                                 \
        for (int64_t i = 0; i < n; i += RUN) {                                                     \
            int64_t m = n - i < RUN ? n - i : RUN;                                                 \
            double y[RUN];                                                                         \
            int far = 0;                                                                           \
            for (int64_t j = 0; j < m; j++) {                                                      \
                far |= !(fm_abs((double)x[i + j]) <= FM_TRIG_LIMIT);                               \
                y[j] = ours((double)x[i + j]);                                                     \
            }                                                                                      \
            for (int64_t j = 0; far && j < m; j++)                                                 \
                if (!(fm_abs((double)x[i + j]) <= FM_TRIG_LIMIT)) y[j] = theirs((double)x[i + j]); \
            for (int64_t j = 0; j < m; j++) o[i + j] = (T)y[j];                                    \
        }                                                                                          \
        return 0;                                                                                  \
    }
TRIG(sin_f64, double, fm_sin, sin)
TRIG(sin_f32, float, fm_sin, sin)
TRIG(cos_f64, double, fm_cos, cos)
TRIG(cos_f32, float, fm_cos, cos)

/* What no model computes often is the C library's, in double for both types. */
#define LIBRARY(name)                                                                              \
    LOOP(name##_f64, double, double, name(x))                                                      \
    LOOP(name##_f32, float, float, (float)name((double)x))
LIBRARY(tan)
LIBRARY(asin)
LIBRARY(acos)
LIBRARY(atan)
LIBRARY(sinh)
LIBRARY(cosh)
LIBRARY(log2)
LIBRARY(log10)
LIBRARY(log1p)
LIBRARY(expm1)
LOOP(ceil_f64, double, double, -fm_floor(-x))
LOOP(ceil_f32, float, float, -fm_floor_f(-x))

/* ---- two operands ---- */

BOTH2(add, x + y)
BOTH2(sub, x - y)
BOTH2(mul, x *y)
BOTH2(div, x / y)
LOOP2(sigmoid_bce_f64, double, double, fm_softplus(x) - x * y)
LOOP2(sigmoid_bce_f32, float, float, fm_softplus_f(x) - x * y)

/* The remainder has the sign of the divisor, and x = y * floordiv + mod up to rounding. */
FM double mod_real(double x, double y) {
    double r = fmod(x, y);
    if (r == 0) return fm_copysign(0, y);
    return (r < 0) != (y < 0) ? r + y : r;
}

FM double floordiv_real(double x, double y) {
    if (y == 0) return x / y;
    double r = fmod(x, y), q = (x - r) / y; /* before r changes its sign: y may be infinite */
    if (r != 0 && (r < 0) != (y < 0)) q -= 1;
    double f = fm_floor(q);
    return q - f > 0.5 ? f + 1 : f;
}

LOOP2(mod_f64, double, double, mod_real(x, y))
LOOP2(mod_f32, float, float, mod_real((double)x, (double)y))
LOOP2(floordiv_f64, double, double, floordiv_real(x, y))
LOOP2(floordiv_f32, float, float, floordiv_real((double)x, (double)y))

FM double pow_real(double x, double y) {
    return y == 2 ? x * x : y == 1 ? x : pow(x, y);
}

LOOP2(pow_f64, double, double, pow_real(x, y))
LOOP2(pow_f32, float, float, pow_real((double)x, (double)y))

LOOP2_INT(add_i64, bad |= __builtin_add_overflow(x, y, &r) ? FAULT_OVERFLOW : 0u)
LOOP2_INT(sub_i64, bad |= __builtin_sub_overflow(x, y, &r) ? FAULT_OVERFLOW : 0u)
LOOP2_INT(mul_i64, bad |= __builtin_mul_overflow(x, y, &r) ? FAULT_OVERFLOW : 0u)

FM int64_t floordiv_whole(int64_t x, int64_t y, unsigned *bad) {
    if (y == 0) return *bad |= FAULT_DIVIDE, 0;
    if (y == -1 && x == INT64_MIN) return *bad |= FAULT_OVERFLOW, 0;
    int64_t q = x / y;
    return q - (x % y != 0 && (x < 0) != (y < 0));
}

FM int64_t mod_whole(int64_t x, int64_t y, unsigned *bad) {
    if (y == 0) return *bad |= FAULT_DIVIDE, 0;
    if (y == -1) return 0;
    int64_t r = x % y;
    return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}

/* By repeated squaring; the square beyond the last needed bit must not count as an overflow. */
FM int64_t pow_whole(int64_t x, int64_t y, unsigned *bad) {
    if (y < 0) return *bad |= FAULT_NEGATIVE_POWER, 0;
    int64_t r = 1;
    for (;;) {
        if (y & 1 && __builtin_mul_overflow(r, x, &r)) return *bad |= FAULT_OVERFLOW, 0;
        y >>= 1;
        if (!y) return r;
        if (__builtin_mul_overflow(x, x, &x)) return *bad |= FAULT_OVERFLOW, 0;
    }
}

LOOP2_INT(floordiv_i64, r = floordiv_whole(x, y, &bad))
LOOP2_INT(mod_i64, r = mod_whole(x, y, &bad))
LOOP2_INT(pow_i64, r = pow_whole(x, y, &bad))

/* ---- comparisons and choices, every type ---- */

#define EACH_TYPE(X) X(f64, double) X(f32, float) X(i64, int64_t) X(i32, int32_t) X(u8, uint8_t)

#define WHERE(name, T)                                                                             \
    static unsigned name(void *out, const void *const *in, int64_t n,                              \
                         const struct elem_arg *arg) {                                             \
        T *o = out;                                                                                \
        const uint8_t *c = in[0];                                                                  \
        const T *x = in[1], *y = in[2];                                                            \
        (void)arg;                                                                                 \
        for (int64_t i = 0; i < n; i++) o[i] = c[i] ? x[i] : y[i];                                 \
        return 0;                                                                                  \
    }

/* maximum and minimum: NaN wins. */
#define CHOICES(t, T)                                                                              \
    LOOP2(lt_##t, T, uint8_t, x < y)                                                               \
    LOOP2(le_##t, T, uint8_t, x <= y)                                                              \
    LOOP2(gt_##t, T, uint8_t, x > y)                                                               \
    LOOP2(ge_##t, T, uint8_t, x >= y)                                                              \
    LOOP2(eq_##t, T, uint8_t, x == y)                                                              \
    LOOP2(ne_##t, T, uint8_t, x != y)                                                              \
    LOOP2(maximum_##t, T, T, x > y || x != x ? x : y)                                              \
    LOOP2(minimum_##t, T, T, x < y || x != x ? x : y)                                              \
    WHERE(where_##t, T)
EACH_TYPE(CHOICES)

LOOP2(and_bool, uint8_t, uint8_t, x &y)
LOOP2(or_bool, uint8_t, uint8_t, x | y)

#define COPY(t, T) LOOP(copy_##t, T, T, x)
EACH_TYPE(COPY)

/* ---- casts: float to whole truncates, what does not fit becomes the nearest that does ---- */

FM int64_t whole_of(double x) {
    if (x != x) return 0;
    if (x >= 9223372036854775808.0) return INT64_MAX;
    if (x < -9223372036854775808.0) return INT64_MIN;
    return (int64_t)x;
}

FM int64_t clamp_whole(int64_t x, int64_t low, int64_t high) {
    return x < low ? low : x > high ? high : x;
}

#define TO_I64(x) (int64_t)(x)
#define TO_I32(x) (int32_t) clamp_whole(x, INT32_MIN, INT32_MAX)
#define TO_U8(x) (uint8_t) clamp_whole(x, 0, UINT8_MAX)
#define CASTS_FROM_FLOAT(t, T)                                                                     \
    LOOP(cast_##t##_f64, T, double, x)                                                             \
    LOOP(cast_##t##_f32, T, float, x)                                                              \
    LOOP(cast_##t##_i64, T, int64_t, whole_of((double)x))                                          \
    LOOP(cast_##t##_i32, T, int32_t, TO_I32(whole_of((double)x)))                                  \
    LOOP(cast_##t##_u8, T, uint8_t, TO_U8(whole_of((double)x)))                                    \
    LOOP(cast_##t##_bool, T, uint8_t, x != 0)
#define CASTS_FROM_WHOLE(t, T)                                                                     \
    LOOP(cast_##t##_f64, T, double, x)                                                             \
    LOOP(cast_##t##_f32, T, float, x)                                                              \
    LOOP(cast_##t##_i64, T, int64_t, x)                                                            \
    LOOP(cast_##t##_i32, T, int32_t, TO_I32(x))                                                    \
    LOOP(cast_##t##_u8, T, uint8_t, TO_U8(x))                                                      \
    LOOP(cast_##t##_bool, T, uint8_t, x != 0)
CASTS_FROM_FLOAT(f64, double)
CASTS_FROM_FLOAT(f32, float)
CASTS_FROM_WHOLE(i64, int64_t)
CASTS_FROM_WHOLE(i32, int32_t)
CASTS_FROM_WHOLE(u8, uint8_t)

#define CAST_ROW(t)                                                                                \
    {                                                                                              \
        cast_##t##_f64, cast_##t##_f32, cast_##t##_i64, cast_##t##_i32, cast_##t##_u8,             \
            cast_##t##_bool                                                                        \
    }
const elem_fn ISA_NAME(cast_table)[DT_COUNT][DT_COUNT] = {
    CAST_ROW(f64), CAST_ROW(f32), CAST_ROW(i64), CAST_ROW(i32), CAST_ROW(u8), CAST_ROW(u8),
};

/* ---- rows of data into a batch ---- */

/* Bytes and floats in the result's type, the wide types in double. */
#define CONVERT(name, T, U, W)                                                                     \
    static void name(void *out, const void *in, int64_t n, double scale, double offset) {          \
        U *o = out;                                                                                \
        const T *x = in;                                                                           \
        W s = (W)scale, d = (W)offset;                                                             \
        for (int64_t i = 0; i < n; i++) o[i] = (U)((W)x[i] * s + d);                               \
    }
CONVERT(convert_f64_f64, double, double, double)
CONVERT(convert_f64_f32, double, float, double)
CONVERT(convert_f32_f64, float, double, double)
CONVERT(convert_f32_f32, float, float, float)
CONVERT(convert_i64_f64, int64_t, double, double)
CONVERT(convert_i64_f32, int64_t, float, double)
CONVERT(convert_i32_f64, int32_t, double, double)
CONVERT(convert_i32_f32, int32_t, float, double)
CONVERT(convert_u8_f64, uint8_t, double, double)
CONVERT(convert_u8_f32, uint8_t, float, float)

const convert_fn ISA_NAME(convert_table)[DT_COUNT][2] = {
    [DT_FLOAT64] = {convert_f64_f64, convert_f64_f32},
    [DT_FLOAT32] = {convert_f32_f64, convert_f32_f32},
    [DT_INT64] = {convert_i64_f64, convert_i64_f32},
    [DT_INT32] = {convert_i32_f64, convert_i32_f32},
    [DT_UINT8] = {convert_u8_f64, convert_u8_f32},
    [DT_BOOL] = {convert_u8_f64, convert_u8_f32},
};

/* ---- the table: [op][type of the operands that are computed with] ---- */

#define FLOATS(name)                                                                               \
    { [DT_FLOAT64] = name##_f64, [DT_FLOAT32] = name##_f32 }
#define NUMBERS(name)                                                                              \
    { [DT_FLOAT64] = name##_f64, [DT_FLOAT32] = name##_f32, [DT_INT64] = name##_i64 }
#define ANY_TYPE(name)                                                                             \
    { name##_f64, name##_f32, name##_i64, name##_i32, name##_u8, name##_u8 }
#define ROUNDS(name)                                                                               \
    { [DT_FLOAT64] = name##_f64, [DT_FLOAT32] = name##_f32, [DT_INT64] = same_i64 }
#define NAN_TEST                                                                                   \
    { is_nan_f64, is_nan_f32, zero_bool, zero_bool, zero_bool, zero_bool }

const elem_fn ISA_NAME(elem_table)[OP_COUNT][DT_COUNT] = {
    [OP_neg] = NUMBERS(neg),
    [OP_abs] = NUMBERS(abs),
    [OP_sign] = NUMBERS(sign),
    [OP_square] = NUMBERS(square),
    [OP_round] = ROUNDS(round),
    [OP_floor] = ROUNDS(floor),
    [OP_ceil] = ROUNDS(ceil),
    [OP_exp] = FLOATS(exp),
    [OP_log] = FLOATS(log),
    [OP_sqrt] = FLOATS(sqrt),
    [OP_rsqrt] = FLOATS(rsqrt),
    [OP_recip] = FLOATS(recip),
    [OP_sin] = FLOATS(sin),
    [OP_cos] = FLOATS(cos),
    [OP_tan] = FLOATS(tan),
    [OP_asin] = FLOATS(asin),
    [OP_acos] = FLOATS(acos),
    [OP_atan] = FLOATS(atan),
    [OP_sinh] = FLOATS(sinh),
    [OP_cosh] = FLOATS(cosh),
    [OP_log2] = FLOATS(log2),
    [OP_log10] = FLOATS(log10),
    [OP_log1p] = FLOATS(log1p),
    [OP_expm1] = FLOATS(expm1),
    [OP_tanh] = FLOATS(tanh),
    [OP_sigmoid] = FLOATS(sigmoid),
    [OP_softplus] = FLOATS(softplus),
    [OP_erf] = FLOATS(erf),
    [OP_relu] = NUMBERS(relu),
    [OP_gelu] = FLOATS(gelu),
    [OP_gelu_slope] = FLOATS(gelu_slope),
    [OP_not] = {[DT_BOOL] = not_bool},
    [OP_is_nan] = NAN_TEST,
    [OP_stop_gradient] = ANY_TYPE(copy),
    [OP_add] = NUMBERS(add),
    [OP_sub] = NUMBERS(sub),
    [OP_mul] = NUMBERS(mul),
    [OP_div] = FLOATS(div),
    [OP_floordiv] = NUMBERS(floordiv),
    [OP_mod] = NUMBERS(mod),
    [OP_pow] = NUMBERS(pow),
    [OP_maximum] = ANY_TYPE(maximum),
    [OP_minimum] = ANY_TYPE(minimum),
    [OP_lt] = ANY_TYPE(lt),
    [OP_le] = ANY_TYPE(le),
    [OP_gt] = ANY_TYPE(gt),
    [OP_ge] = ANY_TYPE(ge),
    [OP_eq] = ANY_TYPE(eq),
    [OP_ne] = ANY_TYPE(ne),
    [OP_and] = {[DT_BOOL] = and_bool},
    [OP_or] = {[DT_BOOL] = or_bool},
    [OP_where] = ANY_TYPE(where),
    [OP_sigmoid_bce] = FLOATS(sigmoid_bce),
};

const struct elem_pair ISA_NAME(elem_pairs)[ELEM_PAIRS] = {
    {OP_gelu, OP_gelu_slope, FLOATS(gelu_both)},
};
