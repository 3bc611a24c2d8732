/* Vectors of floats for sources that are compiled once per instruction set, and the words in which
 * templates over the number type are written: T, V (its vector, VW of them), F(name), LOAD, MULADD,
 * RELU (x < 0 ? 0 : x, NaN stays), F(totals) (the sums of four vectors) …
 * Included once by a source, before vector_f64.h, which gives the same words for doubles. */
#pragma once
#include "isa.h"
#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

#define T float
#define V v_f32
#define F(name) name##_f32
#if defined(__AVX512F__)
typedef __m512 v_f32;
typedef __mmask16 mask_f32;
enum { VW_f32 = 16 };
FM mask_f32 mask_of_f32(int64_t n) {
    return (__mmask16)((1u << n) - 1u);
}
#define LOAD(p) _mm512_loadu_ps(p)
#define LOAD_PART(p, m) _mm512_maskz_loadu_ps(m, p)
#define STORE(p, v) _mm512_storeu_ps(p, v)
#define STORE_PART(p, m, v) _mm512_mask_storeu_ps(p, m, v)
#define SET(x) _mm512_set1_ps(x)
#define MULADD(a, b, c) _mm512_fmadd_ps(a, b, c)
#define ADD(a, b) _mm512_add_ps(a, b)
#define ZERO _mm512_setzero_ps()
#define RELU(v) _mm512_max_ps(ZERO, v)
FM void totals_f32(float *to, const __m512 *v) {
    __m512 a = _mm512_add_ps(_mm512_unpacklo_ps(v[0], v[1]), _mm512_unpackhi_ps(v[0], v[1]));
    __m512 b = _mm512_add_ps(_mm512_unpacklo_ps(v[2], v[3]), _mm512_unpackhi_ps(v[2], v[3]));
    a = _mm512_add_ps(_mm512_shuffle_ps(a, b, 0x44), _mm512_shuffle_ps(a, b, 0xee));
    __m512 half = _mm512_add_ps(a, _mm512_shuffle_f32x4(a, a, 0x4e));
    __m512 all = _mm512_add_ps(half, _mm512_shuffle_f32x4(half, half, 0xb1));
    _mm_storeu_ps(to, _mm512_castps512_ps128(all));
}
#elif defined(__AVX2__)
typedef __m256 v_f32;
typedef __m256i mask_f32;
enum { VW_f32 = 8 };
FM mask_f32 mask_of_f32(int64_t n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
#define LOAD(p) _mm256_loadu_ps(p)
#define LOAD_PART(p, m) _mm256_maskload_ps(p, m)
#define STORE(p, v) _mm256_storeu_ps(p, v)
#define STORE_PART(p, m, v) _mm256_maskstore_ps(p, m, v)
#define SET(x) _mm256_set1_ps(x)
#define MULADD(a, b, c) _mm256_fmadd_ps(a, b, c)
#define ADD(a, b) _mm256_add_ps(a, b)
#define ZERO _mm256_setzero_ps()
#define RELU(v) _mm256_max_ps(ZERO, v)
FM void totals_f32(float *to, const __m256 *v) {
    __m256 a = _mm256_add_ps(_mm256_unpacklo_ps(v[0], v[1]), _mm256_unpackhi_ps(v[0], v[1]));
    __m256 b = _mm256_add_ps(_mm256_unpacklo_ps(v[2], v[3]), _mm256_unpackhi_ps(v[2], v[3]));
    a = _mm256_add_ps(_mm256_shuffle_ps(a, b, 0x44), _mm256_shuffle_ps(a, b, 0xee));
    _mm_storeu_ps(to, _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1)));
}
#else
typedef float v_f32 __attribute__((vector_size(16), aligned(4), may_alias));
typedef int64_t mask_f32;
enum { VW_f32 = 4 };
FM mask_f32 mask_of_f32(int64_t n) {
    return n;
}
FM v_f32 load_part_f32(const float *p, int64_t n) {
    v_f32 v = {0};
    for (int64_t i = 0; i < n; i++) v[i] = p[i];
    return v;
}
FM void store_part_f32(float *p, int64_t n, v_f32 v) {
    for (int64_t i = 0; i < n; i++) p[i] = v[i];
}
#define LOAD(p) (*(const V *)(p))
#define LOAD_PART(p, m) F(load_part)(p, m)
#define STORE(p, v) (*(V *)(p) = (v))
#define STORE_PART(p, m, v) F(store_part)(p, m, v)
#define SET(x) ((V){0} + (x))
#define MULADD(a, b, c) ((a) * (b) + (c))
#define ADD(a, b) ((a) + (b))
#define ZERO ((V){0})
#define RELU(v) F(relu)(v)
FM v_f32 relu_f32(v_f32 v) {
    for (int i = 0; i < VW_f32; i++) v[i] = v[i] < 0 ? 0 : v[i];
    return v;
}
FM void totals_f32(float *to, const v_f32 *v) {
    for (int i = 0; i < 4; i++) to[i] = (v[i][0] + v[i][2]) + (v[i][1] + v[i][3]);
}
#endif
