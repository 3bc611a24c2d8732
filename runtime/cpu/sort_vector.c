/* Quicksort on vectors: doubles, whole numbers of 64 and of 32 bits. Splitting n keys reads and
 * writes them once, in place: each vector is packed to both sides of the pivot, and goes to both
 * ends. Ranges of up to 16 vectors are sorted in registers. Bound: packing and merging, some 15
 * cycles for each key at 100,000 keys. After M. Blacher, J. Giesen, P. Sanders, J. Wassenberg:
 * Vectorized and performance-portable Quicksort (2022). */
#include "isa.h"

#if defined(__AVX512F__)
#include <immintrin.h>
#include <math.h>

#define SORT_JOIN_(a, b, c) a##b##c
#define SORT_JOIN(a, b, c) SORT_JOIN_(a, b, c)
enum { SORT_SMALL = 16, SORT_BLOCK = 8 };

/* Masks of the first lanes: loading one takes less than making it. */
static const uint16_t first_lanes[17] = {0x0,   0x1,    0x3,    0x7,    0xf,   0x1f,
                                         0x3f,  0x7f,   0xff,   0x1ff,  0x3ff, 0x7ff,
                                         0xfff, 0x1fff, 0x3fff, 0x7fff, 0xffff};
typedef __m512i vector_i64, vector_i32;
typedef __m512d vector_f64;
FM __mmask8 not_above_i64(__m512i v, __m512i pivot) {
    return _mm512_cmple_epi64_mask(v, pivot);
}
FM __mmask16 not_above_i32(__m512i v, __m512i pivot) {
    return _mm512_cmple_epi32_mask(v, pivot);
}
FM __mmask8 not_above_f64(__m512d v, __m512d pivot) {
    return _mm512_cmp_pd_mask(v, pivot, _CMP_LE_OQ);
}
FM int64_t below_i64(int64_t x) {
    return x - 1;
}
FM int32_t below_i32(int32_t x) {
    return x - 1;
}
FM double below_f64(double x) {
    return nextafter(x, -INFINITY);
}

#define T int64_t
#define MOST INT64_MAX
#define BITS 64
#define LANES 8
#define EPI _epi64
#define NAME i64
#include "sort_ops.h"
#include "sort_lanes.h"

#define T double
#define MOST ((double)INFINITY)
#define BITS 64
#define LANES 8
#define EPI _pd
#define NAME f64
#include "sort_ops.h"
#include "sort_lanes.h"

#define T int32_t
#define MOST INT32_MAX
#define BITS 32
#define LANES 16
#define EPI _epi32
#define NAME i32
#include "sort_ops.h"
#include "sort_lanes.h"

#define ENTRY(name)                                                                                \
    { sort_##name, split_##name }
const struct sort_kernels ISA_NAME(sort_table)[SORT_TYPES] = {ENTRY(i64), ENTRY(f64), ENTRY(i32)};
#else
const struct sort_kernels ISA_NAME(sort_table)[SORT_TYPES] = {{0}};
#endif
