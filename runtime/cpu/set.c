/* The table of one instruction set. */
#include "isa.h"

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

const struct kernels ISA_NAME(kernels) = {
    .name = TEXT(ISA),
    .elem = ISA_NAME(elem_table),
    .elem_pairs = ISA_NAME(elem_pairs),
    .cast = ISA_NAME(cast_table),
    .convert = ISA_NAME(convert_table),
    .fold = ISA_NAME(fold_table),
    .softmax = ISA_NAME(softmax_table),
    .learn = ISA_NAME(learn_table),
    .draw = ISA_NAME(draw_table),
    .gemm = ISA_NAME(gemm_table),
    .norm = ISA_NAME(norm_table),
    .recur = ISA_NAME(recur_table),
    .gemm_scratch_bytes = GEMM_SCRATCH_BYTES,
    .conv = ISA_NAME(conv_table),
    .pool = ISA_NAME(pool_table),
    .sort = ISA_NAME(sort_table),
    .stream = ISA_NAME(stream),
    .stream_end = ISA_NAME(stream_end),
    .transpose = ISA_NAME(transpose),
};
