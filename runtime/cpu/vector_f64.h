/* The words of vector_f32.h for doubles. */
#pragma once
#include "vector_f32.h"

#undef T
#undef V
#undef F
#define T double
#define V v_f64
#define F(name) name##_f64
#if defined(__AVX512F__)
typedef __m512d v_f64;
typedef __mmask8 mask_f64;
enum { VW_f64 = 8 };
FM mask_f64 mask_of_f64(int64_t n) {
    return (__mmask8)((1u << n) - 1u);
}
#undef LOAD
#undef LOAD_PART
#undef STORE
#undef STORE_PART
#undef SET
#undef MULADD
#undef ADD
#undef ZERO
#undef RELU
#define LOAD(p) _mm512_loadu_pd(p)
#define LOAD_PART(p, m) _mm512_maskz_loadu_pd(m, p)
#define STORE(p, v) _mm512_storeu_pd(p, v)
#define STORE_PART(p, m, v) _mm512_mask_storeu_pd(p, m, v)
#define SET(x) _mm512_set1_pd(x)
#define MULADD(a, b, c) _mm512_fmadd_pd(a, b, c)
#define ADD(a, b) _mm512_add_pd(a, b)
#define ZERO _mm512_setzero_pd()
#define RELU(v) _mm512_max_pd(ZERO, v)
FM void totals_f64(double *to, const __m512d *v) {
    for (int i = 0; i < 4; i++) to[i] = _mm512_reduce_add_pd(v[i]);
}
#elif defined(__AVX2__)
typedef __m256d v_f64;
typedef __m256i mask_f64;
enum { VW_f64 = 4 };
FM mask_f64 mask_of_f64(int64_t n) {
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
}
#undef LOAD
#undef LOAD_PART
#undef STORE
#undef STORE_PART
#undef SET
#undef MULADD
#undef ADD
#undef ZERO
#undef RELU
#define LOAD(p) _mm256_loadu_pd(p)
#define LOAD_PART(p, m) _mm256_maskload_pd(p, m)
#define STORE(p, v) _mm256_storeu_pd(p, v)
#define STORE_PART(p, m, v) _mm256_maskstore_pd(p, m, v)
#define SET(x) _mm256_set1_pd(x)
#define MULADD(a, b, c) _mm256_fmadd_pd(a, b, c)
#define ADD(a, b) _mm256_add_pd(a, b)
#define ZERO _mm256_setzero_pd()
#define RELU(v) _mm256_max_pd(ZERO, v)
FM void totals_f64(double *to, const __m256d *v) {
    for (int i = 0; i < 4; i++) {
        __m128d x = _mm_add_pd(_mm256_castpd256_pd128(v[i]), _mm256_extractf128_pd(v[i], 1));
        to[i] = _mm_cvtsd_f64(_mm_add_sd(x, _mm_unpackhi_pd(x, x)));
    }
}
#else
typedef double v_f64 __attribute__((vector_size(16), aligned(8), may_alias));
typedef int64_t mask_f64;
enum { VW_f64 = 2 };
FM mask_f64 mask_of_f64(int64_t n) {
    return n;
}
FM v_f64 load_part_f64(const double *p, int64_t n) {
    v_f64 v = {0};
    for (int64_t i = 0; i < n; i++) v[i] = p[i];
    return v;
}
FM v_f64 relu_f64(v_f64 v) {
    for (int i = 0; i < VW_f64; i++) v[i] = v[i] < 0 ? 0 : v[i];
    return v;
}
FM void totals_f64(double *to, const v_f64 *v) {
    for (int i = 0; i < 4; i++) to[i] = v[i][0] + v[i][1];
}
FM void store_part_f64(double *p, int64_t n, v_f64 v) {
    for (int64_t i = 0; i < n; i++) p[i] = v[i];
}
#endif
