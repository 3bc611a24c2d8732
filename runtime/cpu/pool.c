/* Pooling: plain loops over the channels, written so that the compiler makes vector code of them.
 * NaN is the largest. Bound: memory. */
#include "isa.h"
#include "pool.h"
#include <string.h>

enum { CHUNK = 64 };

#define T float
#define I int32_t
#define F(name) name##_f32
#include "pool_row.h"

#undef T
#undef I
#undef F
#define T double
#define I int64_t
#define F(name) name##_f64
#include "pool_row.h"

const struct pool_kernels ISA_NAME(pool_table)[2] = {
    {max_row_f64, take_row_f64, max_spread_row_f64, mean_row_f64, mean_spread_row_f64},
    {max_row_f32, take_row_f32, max_spread_row_f32, mean_row_f32, mean_spread_row_f32},
};
