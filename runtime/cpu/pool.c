/* Pooling, with vectors along the channels: plain loops that the compiler makes vector code of, and
 * parts of vectors where channels may be few. NaN is the largest. Bound: memory. */
#include "isa.h"
#include "pool.h"
#include <string.h>

enum { CHUNK = 64 };

#include "vector_f32.h"
#define I int32_t
#include "pool_row.h"

#undef I
#include "vector_f64.h"
#define I int64_t
#include "pool_row.h"

const struct pool_kernels ISA_NAME(pool_table)[2] = {
    {max_row_f64, take_row_f64, max_spread_row_f64, mean_row_f64, mean_spread_row_f64},
    {max_row_f32, take_row_f32, max_spread_row_f32, mean_row_f32, mean_spread_row_f32},
};
