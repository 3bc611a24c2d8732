/* Swapping two axes of a matrix, in blocks that stay in the first cache. Bound: memory. */
#include "isa.h"

enum { BLOCK = 16 };

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

void ISA_NAME(transpose)(void *out, int64_t out_row, const void *in, int64_t in_row, int64_t rows,
                         int64_t cols, size_t bytes) {
    if (bytes == 1) transpose_1(out, out_row, in, in_row, rows, cols);
    if (bytes == 4) transpose_4(out, out_row, in, in_row, rows, cols);
    if (bytes == 8) transpose_8(out, out_row, in, in_row, rows, cols);
}
