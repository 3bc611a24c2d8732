/* Tiles of sums in registers, for gemm.c and conv.c: MR rows x NV vectors, or WIDE_ROWS x NV + 1.
 * The number of rows of a tile becomes known to the compiler by TILE_SWITCH, which calls call(1) …
 * call(8). Included by sources that are compiled once per instruction set. */
#pragma once

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
