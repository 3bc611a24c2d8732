/* Matrix products for the sizes that courses have. For j in panels of NV vectors (or NV + 1, then
 * with WIDE_ROWS), for i in tiles of MR rows, for k: every number of a column of A times one row of
 * the panel of B, all sums in registers (MR x NV of them). B is read where it lies when its rows
 * are contiguous, else its panel is copied first. Sums run over k in order, in blocks of KC: the
 * result does not depend on how rows are divided among threads. */
#include "isa.h"
#include "tile.h"

enum { KC = 512, NARROW = 4, UPRIGHT = 4 };

#if defined(__AVX512F__)
enum { DOT_ROWS = 6, DOT_COLS = 4 };
#else
enum { DOT_ROWS = 3, DOT_COLS = 4 };
#endif

#include "vector_f32.h"
#include "gemm_tile.h"

#include "vector_f64.h"
#include "gemm_tile.h"

const gemm_fn ISA_NAME(gemm_table)[2] = {gemm_f64, gemm_f32};
