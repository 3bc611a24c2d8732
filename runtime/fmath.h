/* Elementary functions of our own, for floats and doubles: a few units in the last place, the same
 * bits on every machine (only + - * / and bit moves, no fused operations, no branches), and simple
 * enough that a compiler turns a loop over them into vector code. A second backend can include this
 * file and get the same numbers. Coefficients are our own Chebyshev fits or Taylor series; ranges
 * and errors stand beside them. Argument reduction after Cody & Waite, Software Manual for the
 * Elementary Functions (1980). Error bounds are checked in tests/cpu/test_fmath.c. */
#pragma once
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __CUDACC__
#define FM static __device__ __forceinline__
#else
#define FM static inline __attribute__((always_inline))
#endif

/* ---- bits ---- */

FM uint32_t fm_bits_f(float x) {
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

FM float fm_from_bits_f(uint32_t u) {
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

FM uint64_t fm_bits(double x) {
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

FM double fm_from_bits(uint64_t u) {
    double x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* 2 to the n for -126 <= n <= 127 (float), -1022 <= n <= 1023 (double). */
FM float fm_pow2_f(int32_t n) {
    return fm_from_bits_f((uint32_t)(n + 127) << 23);
}

FM double fm_pow2(int64_t n) {
    return fm_from_bits((uint64_t)(n + 1023) << 52);
}

/* Adding and subtracting these rounds to the nearest whole number, halves to even; the low bits of
 * the sum are that number. Good for |x| < 2^22 and 2^51. */
#define FM_MAGIC_F 12582912.0f
#define FM_MAGIC 6755399441055744.0

FM float fm_abs_f(float x) {
    return fm_from_bits_f(fm_bits_f(x) & 0x7fffffffu);
}

FM double fm_abs(double x) {
    return fm_from_bits(fm_bits(x) & 0x7fffffffffffffffu);
}

FM float fm_copysign_f(float magnitude, float sign) {
    return fm_from_bits_f((fm_bits_f(magnitude) & 0x7fffffffu) | (fm_bits_f(sign) & 0x80000000u));
}

FM double fm_copysign(double magnitude, double sign) {
    return fm_from_bits((fm_bits(magnitude) & 0x7fffffffffffffffu) |
                        (fm_bits(sign) & 0x8000000000000000u));
}

/* Nearest whole number, halves to even, for any x. */
FM float fm_round_f(float x) {
    float a = fm_abs_f(x), r = (a + 8388608.0f) - 8388608.0f;
    return fm_copysign_f(a < 8388608.0f ? r : a, x);
}

FM double fm_round(double x) {
    double a = fm_abs(x), r = (a + 4503599627370496.0) - 4503599627370496.0;
    return fm_copysign(a < 4503599627370496.0 ? r : a, x);
}

FM float fm_floor_f(float x) {
    float r = fm_round_f(x);
    return fm_copysign_f(r > x ? r - 1.0f : r, x);
}

FM double fm_floor(double x) {
    double r = fm_round(x);
    return fm_copysign(r > x ? r - 1.0 : r, x);
}

/* ---- exponential ---- */

/* x = n ln 2 + r with |r| <= ln 2 / 2; gives exp(r) - 1 and n. |x| < 2^20. */
FM float fm_expm1_reduced_f(float x, int32_t *n) {
    float t = x * 1.44269504f + FM_MAGIC_F;
    *n = (int32_t)(fm_bits_f(t) - fm_bits_f(FM_MAGIC_F));
    t -= FM_MAGIC_F;
    float r = (x - t * 0.693359375f) - t * -2.12194440e-4f;
    float q = 1.392617612e-3f; /* (exp(r) - 1 - r) / r^2, fit error 6e-8 */
    q = q * r + 8.363173075e-3f;
    q = q * r + 4.166655466e-2f;
    q = q * r + 1.666657703e-1f;
    q = q * r + 5e-1f;
    return r + r * r * q;
}

FM double fm_expm1_reduced(double x, int64_t *n) {
    double t = x * 1.4426950408889634 + FM_MAGIC;
    *n = (int64_t)(fm_bits(t) - fm_bits(FM_MAGIC));
    t -= FM_MAGIC;
    double hi = x - t * 0.6931471803691238, lo = t * 1.9082149292705877e-10, r = hi - lo;
    double q = 2.09146793765839351e-9; /* fit error 1.4e-18 */
    q = q * r + 2.5105206373957011116e-8;
    q = q * r + 2.7557273661348636219e-7;
    q = q * r + 2.7557255425746434282e-6;
    q = q * r + 2.4801587325533363819e-5;
    q = q * r + 1.9841269874800491981e-4;
    q = q * r + 1.3888888888883752417e-3;
    q = q * r + 8.333333333326140884e-3;
    q = q * r + 4.1666666666669669752e-2;
    q = q * r + 0.16666666666666670986;
    q = q * r + 0.5;
    return hi + (r * r * q - lo);
}

/* NaN stays, large gives infinity, very negative 0 through the subnormals: the factor 2^n is
 * applied in two halves. */
FM float fm_exp_f(float x) {
    float c = x > 89.0f ? 89.0f : x;
    c = c < -104.0f ? -104.0f : c;
    int32_t n;
    float p = 1.0f + fm_expm1_reduced_f(c, &n);
    n = n < -151 ? -151 : n; /* only a NaN's garbage is outside */
    n = n > 130 ? 130 : n;
    int32_t half = n >> 1;
    return p * fm_pow2_f(half) * fm_pow2_f(n - half);
}

FM double fm_exp(double x) {
    double c = x > 710.0 ? 710.0 : x;
    c = c < -746.0 ? -746.0 : c;
    int64_t n;
    double p = 1.0 + fm_expm1_reduced(c, &n);
    n = n < -1080 ? -1080 : n;
    n = n > 1030 ? 1030 : n;
    int64_t half = (n + 2048) / 2 - 1024;
    return p * fm_pow2(half) * fm_pow2(n - half);
}

/* exp(x) - 1 for 0 <= x <= 80, exact near 0: 2^n (exp(r) - 1) + (2^n - 1). */
FM float fm_expm1_positive_f(float x) {
    int32_t n;
    float p = fm_expm1_reduced_f(x, &n), s = fm_pow2_f(n & 127);
    return s * p + (s - 1.0f);
}

FM double fm_expm1_positive(double x) {
    int64_t n;
    double p = fm_expm1_reduced(x, &n), s = fm_pow2(n & 1023);
    return s * p + (s - 1.0);
}

/* ---- logarithm ---- */

/* Of a normal, positive number, plus `more` * ln 2: x = m 2^n, sqrt(1/2) <= m < sqrt(2), f = m - 1.
 */
FM float fm_log_normal_f(float x, float more) {
    uint32_t u = fm_bits_f(x) - 0x3f3504f3u;
    float e = (float)((int32_t)u >> 23) + more;
    float f = fm_from_bits_f((u & 0x007fffffu) + 0x3f3504f3u) - 1.0f, z = f * f;
    float p = 6.971611471e-2f; /* (log(1 + f) - f + f^2 / 2) / f^3, fit error 3e-8 */
    p = p * f - 1.147973385e-1f;
    p = p * f + 1.168541992e-1f;
    p = p * f - 1.242568733e-1f;
    p = p * f + 1.424905765e-1f;
    p = p * f - 1.666780232e-1f;
    p = p * f + 2.000071575e-1f;
    p = p * f - 2.499999696e-1f;
    p = p * f + 3.333333118e-1f;
    return (f - (0.5f * z - (p * f * z + e * -2.12194440e-4f))) + e * 0.693359375f;
}

/* With s = f / (2 + f): log(1 + f) = 2 s + s^3 (2/3 + 2/5 s^2 + …) = f - (f^2/2 - s (f^2/2 + R)).
 */
FM double fm_log_normal(double x, double more) {
    uint64_t u = fm_bits(x) - 0x3fe6a09e667f3bcdu;
    /* the exponent as a double, without a 64-bit conversion */
    double e = fm_from_bits((((u >> 52) ^ 0x800u) & 0xfffu) | 0x4330000000000000u) -
               (4503599627370496.0 + 2048.0) + more;
    double f = fm_from_bits((u & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu) - 1.0;
    double s = f / (2.0 + f), w = s * s, h = 0.5 * f * f;
    double p = 2.0 / 21.0; /* Taylor; w <= 0.0295, the rest is below 3e-18 */
    p = p * w + 2.0 / 19.0;
    p = p * w + 2.0 / 17.0;
    p = p * w + 2.0 / 15.0;
    p = p * w + 2.0 / 13.0;
    p = p * w + 2.0 / 11.0;
    p = p * w + 2.0 / 9.0;
    p = p * w + 2.0 / 7.0;
    p = p * w + 2.0 / 5.0;
    p = p * w + 2.0 / 3.0;
    return e * 0.6931471803691238 - ((h - (s * (h + w * p) + e * 1.9082149292705877e-10)) - f);
}

/* Zero gives -inf, negative NaN; subnormals are scaled up first. */
FM float fm_log_f(float x) {
    bool tiny = x < 1.17549435e-38f;
    float r = fm_log_normal_f(tiny ? x * 8388608.0f : x, tiny ? -23.0f : 0.0f);
    r = x > 3.40282347e38f ? x : r;
    r = x == 0.0f ? -HUGE_VALF : r;
    return x < 0.0f || x != x ? fm_from_bits_f(0x7fc00000u) : r;
}

FM double fm_log(double x) {
    bool tiny = x < 2.2250738585072014e-308;
    double r = fm_log_normal(tiny ? x * 4503599627370496.0 : x, tiny ? -52.0 : 0.0);
    r = x > 1.7976931348623157e308 ? x : r;
    r = x == 0.0 ? -HUGE_VAL : r;
    return x < 0.0 || x != x ? fm_from_bits(0x7ff8000000000000u) : r;
}

/* log(1 + t) for 0 <= t <= 1: the rounding of 1 + t is put back. */
FM float fm_log1p_f(float t) {
    float u = 1.0f + t;
    return fm_log_normal_f(u, 0.0f) + (t - (u - 1.0f)) / u;
}

FM double fm_log1p(double t) {
    double u = 1.0 + t;
    return fm_log_normal(u, 0.0) + (t - (u - 1.0)) / u;
}

/* ---- made from them ---- */

/* tanh(a) = d / (d + 2) with d = exp(2a) - 1, for a = |x|. */
FM float fm_tanh_f(float x) {
    float a = fm_abs_f(x), d = fm_expm1_positive_f(a > 10.0f ? 20.0f : 2.0f * a);
    return x != x ? x : fm_copysign_f(d / (d + 2.0f), x);
}

FM double fm_tanh(double x) {
    double a = fm_abs(x), d = fm_expm1_positive(a > 20.0 ? 40.0 : 2.0 * a);
    return x != x ? x : fm_copysign(d / (d + 2.0), x);
}

FM float fm_sigmoid_f(float x) {
    return 1.0f / (1.0f + fm_exp_f(-x));
}

FM double fm_sigmoid(double x) {
    return 1.0 / (1.0 + fm_exp(-x));
}

/* log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)) */
FM float fm_softplus_f(float x) {
    return (x < 0.0f ? 0.0f : x) + fm_log1p_f(fm_exp_f(-fm_abs_f(x)));
}

FM double fm_softplus(double x) {
    return (x < 0.0 ? 0.0 : x) + fm_log1p(fm_exp(-fm_abs(x)));
}

/* ---- error function ---- */

/* |x| <= 1: x times a polynomial in x^2. Above: 1 - exp(-x^2) q(t), q fitted to exp(x^2) erfc(x) in
 * t = (x - c) / (x + c). */
FM float fm_erf_f(float x) {
    float a = fm_abs_f(x), c = a > 4.0f ? 4.0f : a, z = c * c;
    float p = 7.875875063e-5f; /* fit error 1.2e-9 */
    p = p * z - 8.016864287e-4f;
    p = p * z + 5.189087423e-3f;
    p = p * z - 2.685421201e-2f;
    p = p * z + 1.128359472e-1f;
    p = p * z - 3.761262667e-1f;
    p = p * z + 1.128379166e0f;
    float t = (c - 2.0f) / (c + 2.0f), q = -9.441596341e-4f; /* fit error 1.3e-10 */
    q = q * t - 8.365899736e-4f;
    q = q * t + 6.994855414e-3f;
    q = q * t + 3.732141351e-3f;
    q = q * t - 7.897852327e-2f;
    q = q * t + 2.416582111e-1f;
    q = q * t - 4.271858476e-1f;
    q = q * t + 2.553956763e-1f;
    float r = c < 1.0f ? c * p : 1.0f - fm_exp_f(-z) * q;
    return x != x ? x : fm_copysign_f(r, x);
}

FM double fm_erf_small(double z) { /* erf(x) / x, z = x^2 <= 1; fit error 1.3e-19 */
    double p = 5.9571761477489114044e-11;
    p = p * z - 1.137284885679167367e-9;
    p = p * z + 1.4659775274047435814e-8;
    p = p * z - 1.6350312701054695011e-7;
    p = p * z + 1.6461000484412136833e-6;
    p = p * z - 1.4925595266831181565e-5;
    p = p * z + 1.2055331111642710923e-4;
    p = p * z - 8.5483269808337899052e-4;
    p = p * z + 5.2239776248180144673e-3;
    p = p * z - 2.6866170645076793248e-2;
    p = p * z + 0.11283791670954878666;
    p = p * z - 0.37612638903183748056;
    return p * z + 1.1283791670955125738;
}

FM double
fm_erf_large(double t) { /* exp(x^2) erfc(x), t = (x - 2) / (x + 2), 1 <= x <= 6; 2.4e-19 */
    double q = -4.2153010542383209882e-7;
    q = q * t - 5.3226968556557863375e-7;
    q = q * t + 1.1780775215625582588e-6;
    q = q * t + 3.7892156437584639713e-6;
    q = q * t + 1.3926211836188029348e-6;
    q = q * t - 1.3968072302771460689e-5;
    q = q * t - 2.7579864674305785854e-5;
    q = q * t + 2.7525480361206066702e-5;
    q = q * t + 1.7436116545392263717e-4;
    q = q * t + 4.3555602195154722071e-5;
    q = q * t - 9.8197702656788892269e-4;
    q = q * t - 8.4714325092038440093e-4;
    q = q * t + 6.9974617392004437674e-3;
    q = q * t + 3.7328924043277639248e-3;
    q = q * t - 7.8978581015732125421e-2;
    q = q * t + 0.24165819424246646392;
    q = q * t - 0.42718584741395839652;
    return q * t + 0.25539567631050574375;
}

FM double fm_erf(double x) {
    double a = fm_abs(x), c = a > 6.0 ? 6.0 : a, z = c * c;
    double large = 1.0 - fm_exp(-z) * fm_erf_large((c - 2.0) / (c + 2.0));
    double r = c < 1.0 ? c * fm_erf_small(z) : large;
    return x != x ? x : fm_copysign(r, x);
}

/* ---- normal distribution ---- */

/* The share below x, and the density there. With a = |x|, the share beyond a is exp(-a^2 / 2) q(t),
 * q fitted to exp(a^2 / 2) times it in t = (a - 3) / (a + 3), error 1.2e-8. */
FM float fm_normal_f(float x, float *density) {
    float a = fm_abs_f(x), c = a > 15.0f ? 15.0f : a, e = fm_exp_f(-0.5f * c * c);
    float t = (c - 3.0f) / (c + 3.0f), q = 5.327941471e-5f;
    q = q * t + 1.148341034e-4f;
    q = q * t - 3.393636434e-4f;
    q = q * t - 9.831091156e-4f;
    q = q * t + 2.904608846e-3f;
    q = q * t + 6.131874397e-3f;
    q = q * t - 4.621330649e-2f;
    q = q * t + 1.232250482e-1f;
    q = q * t - 2.064026147e-1f;
    q = q * t + 1.215139478e-1f;
    float beyond = e * q;
    *density = 0.39894228f * e;
    return x < 0.0f ? beyond : 1.0f - beyond;
}

FM double fm_normal(double x, double *density) {
    *density = 0.3989422804014327 * fm_exp(-0.5 * x * x);
    return 0.5 * (1.0 + fm_erf(x * 0.7071067811865476));
}

/* ---- sine and cosine ---- */

/* Good for |x| <= FM_TRIG_LIMIT; beyond it the callers take the C library's. */
#define FM_TRIG_LIMIT 1.0e5

/* Quadrant and sin, cos of the rest; pi/2 in three pieces of 33, 33 and 53 bits. Taylor: the rest
 * is at most pi/4 (error below 1e-19). */
FM double fm_trig(double x, int quarter) {
    double t = x * 0.6366197723675814 + FM_MAGIC;
    uint64_t n = fm_bits(t) + (uint64_t)quarter;
    t -= FM_MAGIC;
    double r =
        ((x - t * 1.5707963267341256) - t * 6.077100506303966e-11) - t * 2.0222662487959506e-21;
    double z = r * r;
    double s = -1.0 / 121645100408832000.0;
    s = s * z + 1.0 / 355687428096000.0;
    s = s * z - 1.0 / 1307674368000.0;
    s = s * z + 1.0 / 6227020800.0;
    s = s * z - 1.0 / 39916800.0;
    s = s * z + 1.0 / 362880.0;
    s = s * z - 1.0 / 5040.0;
    s = s * z + 1.0 / 120.0;
    s = s * z - 1.0 / 6.0;
    s = r + r * z * s;
    double c = 1.0 / 6402373705728000.0;
    c = -c * z + 1.0 / 20922789888000.0;
    c = c * z - 1.0 / 87178291200.0;
    c = c * z + 1.0 / 479001600.0;
    c = c * z - 1.0 / 3628800.0;
    c = c * z + 1.0 / 40320.0;
    c = c * z - 1.0 / 720.0;
    c = c * z + 1.0 / 24.0;
    c = 1.0 - (0.5 * z - z * z * c);
    double y = n & 1 ? c : s;
    return fm_from_bits(fm_bits(y) ^ ((n & 2) << 62));
}

FM double fm_sin(double x) {
    return fm_trig(x, 0);
}

FM double fm_cos(double x) {
    return fm_trig(x, 1);
}
