/* Swapping two axes of a matrix, in blocks that stay in the first cache; blocks of 4-byte elements
 * in registers where there are wide ones. Bound: memory. */
#include "isa.h"
#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

enum { BLOCK = 16 };

/* BLOCK rows x 4 columns: rows i, i + 4 ... lie in the quarters of one register, so that swapping
 * within quarters gives whole columns. */
#if defined(__AVX512F__)
#define QUARTERS(p, row)                                                                           \
    _mm512_inserti32x4(                                                                            \
        _mm512_inserti32x4(                                                                        \
            _mm512_inserti32x4(_mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(p))),      \
                               _mm_loadu_si128((const __m128i *)((p) + 4 * (row))), 1),            \
            _mm_loadu_si128((const __m128i *)((p) + 8 * (row))), 2),                               \
        _mm_loadu_si128((const __m128i *)((p) + 12 * (row))), 3)
FM void transpose_strip(uint32_t *out, int64_t out_row, const uint32_t *in, int64_t in_row) {
    __m512i a = QUARTERS(in, in_row), b = QUARTERS(in + in_row, in_row),
            c = QUARTERS(in + 2 * in_row, in_row), d = QUARTERS(in + 3 * in_row, in_row);
    __m512i ab = _mm512_unpacklo_epi32(a, b), cd = _mm512_unpacklo_epi32(c, d);
    _mm512_storeu_si512(out, _mm512_unpacklo_epi64(ab, cd));
    _mm512_storeu_si512(out + out_row, _mm512_unpackhi_epi64(ab, cd));
    ab = _mm512_unpackhi_epi32(a, b);
    cd = _mm512_unpackhi_epi32(c, d);
    _mm512_storeu_si512(out + 2 * out_row, _mm512_unpacklo_epi64(ab, cd));
    _mm512_storeu_si512(out + 3 * out_row, _mm512_unpackhi_epi64(ab, cd));
}
#elif defined(__AVX2__)
#define HALVES(p, row)                                                                             \
    _mm256_inserti128_si256(                                                                       \
        _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)(p))),               \
        _mm_loadu_si128((const __m128i *)(const void *)((p) + 4 * (row))), 1)
FM void transpose_strip(uint32_t *out, int64_t out_row, const uint32_t *in, int64_t in_row) {
    for (int half = 0; half < 2; half++, in += 8 * in_row, out += 8) {
        __m256i a = HALVES(in, in_row), b = HALVES(in + in_row, in_row),
                c = HALVES(in + 2 * in_row, in_row), d = HALVES(in + 3 * in_row, in_row);
        __m256i ab = _mm256_unpacklo_epi32(a, b), cd = _mm256_unpacklo_epi32(c, d);
        __m256i *to = (__m256i *)(void *)out;
        _mm256_storeu_si256(to, _mm256_unpacklo_epi64(ab, cd));
        to = (__m256i *)(void *)(out + out_row);
        _mm256_storeu_si256(to, _mm256_unpackhi_epi64(ab, cd));
        ab = _mm256_unpackhi_epi32(a, b);
        cd = _mm256_unpackhi_epi32(c, d);
        to = (__m256i *)(void *)(out + 2 * out_row);
        _mm256_storeu_si256(to, _mm256_unpacklo_epi64(ab, cd));
        to = (__m256i *)(void *)(out + 3 * out_row);
        _mm256_storeu_si256(to, _mm256_unpackhi_epi64(ab, cd));
    }
}
#else
FM void transpose_strip(uint32_t *out, int64_t out_row, const uint32_t *in, int64_t in_row) {
    for (int c = 0; c < 4; c++)
        for (int64_t r = 0; r < BLOCK; r++) out[c * out_row + r] = in[r * in_row + c];
}
#endif

/* Strips from rows i, BLOCK of them; gives the number of columns that are done. */
static int64_t strips_4(uint32_t *out, int64_t out_row, const uint32_t *in, int64_t in_row,
                        int64_t cols) {
    int64_t j = 0;
    for (; j + 4 <= cols; j += 4) transpose_strip(out + j * out_row, out_row, in + j, in_row);
    return j;
}

#define TRANSPOSE(t, T)                                                                            \
    static void transpose_##t(T *out, int64_t out_row, const T *in, int64_t in_row, int64_t rows,  \
                              int64_t cols) {                                                      \
        for (int64_t i = 0; i < rows; i += BLOCK)                                                  \
            for (int64_t j = 0; j < cols; j += BLOCK) {                                            \
                int64_t i_end = i + BLOCK < rows ? i + BLOCK : rows;                               \
                int64_t j_end = j + BLOCK < cols ? j + BLOCK : cols;                               \
                for (int64_t c = j; c < j_end; c++)                                                \
                    for (int64_t r = i; r < i_end; r++) out[c * out_row + r] = in[r * in_row + c]; \
            }                                                                                      \
    }
TRANSPOSE(1, uint8_t)
TRANSPOSE(4, uint32_t)
TRANSPOSE(8, uint64_t)

/* Whole blocks of rows in strips, the rest as above. */
static void transpose_words(uint32_t *out, int64_t out_row, const uint32_t *in, int64_t in_row,
                            int64_t rows, int64_t cols) {
    int64_t i = 0, done;
    for (; i + BLOCK <= rows; i += BLOCK) {
        done = strips_4(out + i, out_row, in + i * in_row, in_row, cols);
        if (done < cols)
            transpose_4(out + done * out_row + i, out_row, in + i * in_row + done, in_row, BLOCK,
                        cols - done);
    }
    if (i < rows) transpose_4(out + i, out_row, in + i * in_row, in_row, rows - i, cols);
}

#if defined(__AVX512F__)
/* 8 x 8 elements of 8 bytes: pairs of rows, then quarters of registers, change places. */
FM void transpose_square(uint64_t *out, int64_t out_row, const uint64_t *in, int64_t in_row) {
    __m512i row[8], pair[8], half[8];
    for (int i = 0; i < 8; i++) row[i] = _mm512_loadu_si512(in + i * in_row);
    for (int i = 0; i < 8; i += 2) {
        pair[i] = _mm512_unpacklo_epi64(row[i], row[i + 1]);
        pair[i + 1] = _mm512_unpackhi_epi64(row[i], row[i + 1]);
    }
    for (int i = 0; i < 8; i += 4)
        for (int odd = 0; odd < 2; odd++) {
            half[i + odd] = _mm512_shuffle_i64x2(pair[i + odd], pair[i + 2 + odd], 0x88);
            half[i + 2 + odd] = _mm512_shuffle_i64x2(pair[i + odd], pair[i + 2 + odd], 0xdd);
        }
    for (int c = 0; c < 4; c++) {
        __m512i low = _mm512_shuffle_i64x2(half[c], half[c + 4], 0x88),
                high = _mm512_shuffle_i64x2(half[c], half[c + 4], 0xdd);
        _mm512_storeu_si512(out + c * out_row, low);
        _mm512_storeu_si512(out + (c + 4) * out_row, high);
    }
}

static void transpose_doubles(uint64_t *out, int64_t out_row, const uint64_t *in, int64_t in_row,
                              int64_t rows, int64_t cols) {
    enum { TALL = 64 }; /* rows whose pieces make whole stretches of the result's rows */
    int64_t whole = rows / 8 * 8, wide = cols / 8 * 8;
    for (int64_t top = 0; top < whole; top += TALL) {
        int64_t end = top + TALL < whole ? top + TALL : whole;
        for (int64_t j = 0; j < wide; j += 8)
            for (int64_t i = top; i < end; i += 8)
                transpose_square(out + j * out_row + i, out_row, in + i * in_row + j, in_row);
        if (wide < cols)
            transpose_8(out + wide * out_row + top, out_row, in + top * in_row + wide, in_row,
                        end - top, cols - wide);
    }
    if (whole < rows)
        transpose_8(out + whole, out_row, in + whole * in_row, in_row, rows - whole, cols);
}
#else
#define transpose_doubles transpose_8
#endif

void ISA_NAME(transpose)(void *out, int64_t out_row, const void *in, int64_t in_row, int64_t rows,
                         int64_t cols, size_t bytes) {
    if (bytes == 1) transpose_1(out, out_row, in, in_row, rows, cols);
    if (bytes == 4) transpose_words(out, out_row, in, in_row, rows, cols);
    if (bytes == 8) transpose_doubles(out, out_row, in, in_row, rows, cols);
}
