/* Convolutions: the product of conv.h in tiles of MR positions x NV vectors (or WIDE_ROWS x NV +
 * 1), all sums in registers, and the depthwise forms, where every channel is on its own. Sums run
 * over segments and terms in order, in blocks that depend on their sizes alone: the result does not
 * depend on how positions are divided among threads. Bound: the multiply-add units; depthwise: the
 * first cache. */
#include "conv.h"
#include "isa.h"
#include "tile.h"

enum { KC = 512, DEPTH = 4, TAPS = 9 };

#include "vector_f32.h"
#include "conv_tile.h"

#include "vector_f64.h"
#include "conv_tile.h"

const struct conv_kernels ISA_NAME(conv_table)[2] = {
    {conv_product_f64, depth_f64, depth_kernel_f64, add_windows_f64, VW_f64},
    {conv_product_f32, depth_f32, depth_kernel_f32, add_windows_f32, VW_f32},
};
