/* Names for the sources that are compiled once per instruction set (-DISA=avx2). Everything in them
 * is static except one table each, which gets the set's name. */
#pragma once
#include "kernels.h"

#define ISA_JOIN_(name, isa) name##_##isa
#define ISA_JOIN(name, isa) ISA_JOIN_(name, isa)
#define ISA_NAME(name) ISA_JOIN(name, ISA)

/* Sixteen floats and eight doubles: one register of AVX-512, two of AVX2, four of SSE2. The fixed
 * width fixes the order of every sum. */
typedef float vec_f32 __attribute__((vector_size(64), aligned(4), may_alias));
typedef double vec_f64 __attribute__((vector_size(64), aligned(8), may_alias));

extern const elem_fn ISA_NAME(elem_table)[OP_COUNT][DT_COUNT];
extern const struct elem_pair ISA_NAME(elem_pairs)[ELEM_PAIRS];
extern const elem_fn ISA_NAME(cast_table)[DT_COUNT][DT_COUNT];
extern const convert_fn ISA_NAME(convert_table)[DT_COUNT][2];
extern const struct fold_kernels ISA_NAME(fold_table)[FOLD_COUNT][DT_COUNT];
extern const struct softmax_kernels ISA_NAME(softmax_table)[2];
extern const struct learn_kernels ISA_NAME(learn_table)[2];
extern const draw_fn ISA_NAME(draw_table)[DRAW_COUNT][DT_COUNT];
extern const gemm_fn ISA_NAME(gemm_table)[2];
extern const struct norm_kernels ISA_NAME(norm_table)[2];
extern const struct recur_kernels ISA_NAME(recur_table)[2];
extern const struct conv_kernels ISA_NAME(conv_table)[2];
extern const struct pool_kernels ISA_NAME(pool_table)[2];
extern const struct sort_kernels ISA_NAME(sort_table)[SORT_TYPES];
/* half for a panel of B, half for rows of A */
enum { GEMM_SCRATCH_BYTES = 512 * 64 * 8 };
void ISA_NAME(stream)(void *to, const void *from, size_t bytes);
void ISA_NAME(stream_end)(void);
void ISA_NAME(transpose)(void *out, int64_t out_row, const void *in, int64_t in_row, int64_t rows,
                         int64_t cols, size_t bytes);
