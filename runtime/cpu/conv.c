/* Convolutions: the product of conv.h in tiles of MR positions x NV vectors (or WIDE_ROWS x NV +
 * 1), all sums in registers, and the depthwise forms, where every channel is on its own. Sums run
 * over segments and terms in order, in blocks that depend on their sizes alone: the result does not
 * depend on how positions are divided among threads. Bound: the multiply-add units; depthwise: the
 * first cache. */
#include "conv.h"
#include "isa.h"

enum { KC = 512, DEPTH = 4, TAPS = 9 };

#if defined(__AVX512F__)
enum { MR = 8, NV = 3, WIDE_ROWS = 6 };
#elif defined(__AVX2__)
enum { MR = 6, NV = 2, WIDE_ROWS = 4 };
#else
enum { MR = 4, NV = 2, WIDE_ROWS = 3 };
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

#include "vector_f32.h"
#include "conv_tile.h"

#include "vector_f64.h"
#include "conv_tile.h"

const struct conv_kernels ISA_NAME(conv_table)[2] = {
    {conv_product_f64, depth_f64, depth_kernel_f64, add_windows_f64, VW_f64},
    {conv_product_f32, depth_f32, depth_kernel_f32, add_windows_f32, VW_f32},
};
