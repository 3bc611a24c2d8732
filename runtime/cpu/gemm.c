/* Matrix products for the sizes that courses have. For j in panels of NV vectors, for i in tiles of
 * MR rows, for k: every number of a column of A times one row of the panel of B, all sums in
 * registers (MR x NV of them). B is read where it lies when its rows are contiguous, else its panel
 * is copied first. Sums run over k in order, in blocks of KC: the result does not depend on how
 * rows are divided among threads. */
#include "isa.h"

enum { KC = 512, NARROW = 4, UPRIGHT = 4 };

#if defined(__AVX512F__)
#include <immintrin.h>
enum { MR = 8, NV = 3, DOT_ROWS = 6, DOT_COLS = 4 };
#elif defined(__AVX2__)
#include <immintrin.h>
enum { MR = 6, NV = 2, DOT_ROWS = 3, DOT_COLS = 4 };
#else
enum { MR = 4, NV = 2, DOT_ROWS = 3, DOT_COLS = 4 };
#endif

#define TILE_SWITCH(call)                                                                          \
    switch (rows) {                                                                                \
    case 1: call(1); break;                                                                        \
    case 2: call(2); break;                                                                        \
    case 3: call(3); break;                                                                        \
    case 4: call(4); break;                                                                        \
    case 5: call(5); break;                                                                        \
    case 6: call(6); break;                                                                        \
    case 7: call(7); break;                                                                        \
    default: call(8); break;                                                                       \
    }

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
#define TOTAL(v) _mm512_reduce_add_ps(v)
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
FM float total_f32(__m256 v) {
    __m128 x = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    x = _mm_add_ps(x, _mm_movehl_ps(x, x));
    return _mm_cvtss_f32(_mm_add_ss(x, _mm_movehdup_ps(x)));
}
#define TOTAL(v) F(total)(v)
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
FM float total_f32(v_f32 v) {
    return (v[0] + v[2]) + (v[1] + v[3]);
}
#define TOTAL(v) F(total)(v)
#endif
#include "gemm_tile.h"

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
#undef TOTAL
#define LOAD(p) _mm512_loadu_pd(p)
#define LOAD_PART(p, m) _mm512_maskz_loadu_pd(m, p)
#define STORE(p, v) _mm512_storeu_pd(p, v)
#define STORE_PART(p, m, v) _mm512_mask_storeu_pd(p, m, v)
#define SET(x) _mm512_set1_pd(x)
#define MULADD(a, b, c) _mm512_fmadd_pd(a, b, c)
#define ADD(a, b) _mm512_add_pd(a, b)
#define ZERO _mm512_setzero_pd()
#define TOTAL(v) _mm512_reduce_add_pd(v)
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
#define LOAD(p) _mm256_loadu_pd(p)
#define LOAD_PART(p, m) _mm256_maskload_pd(p, m)
#define STORE(p, v) _mm256_storeu_pd(p, v)
#define STORE_PART(p, m, v) _mm256_maskstore_pd(p, m, v)
#define SET(x) _mm256_set1_pd(x)
#define MULADD(a, b, c) _mm256_fmadd_pd(a, b, c)
#define ADD(a, b) _mm256_add_pd(a, b)
#define ZERO _mm256_setzero_pd()
FM double total_f64(__m256d v) {
    __m128d x = _mm_add_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd(v, 1));
    return _mm_cvtsd_f64(_mm_add_sd(x, _mm_unpackhi_pd(x, x)));
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
FM double total_f64(v_f64 v) {
    return v[0] + v[1];
}
FM void store_part_f64(double *p, int64_t n, v_f64 v) {
    for (int64_t i = 0; i < n; i++) p[i] = v[i];
}
#endif
#include "gemm_tile.h"

const gemm_fn ISA_NAME(gemm_table)[2] = {gemm_f64, gemm_f32};
