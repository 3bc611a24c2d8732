/* How a Parquet column's values become cells; private to the reader. */
#pragma once
#include "data/table.h"
#include <carquet/carquet.h>

struct parquet_kind {
    enum column_kind kind;
    carquet_physical_type_t physical;
    double scale;       /* numbers and times: cell = value * scale */
    int32_t width;      /* bytes of FIXED_LEN_BYTE_ARRAY */
    bool is_unsigned;   /* whole numbers */
    bool is_half;       /* FLOAT16 in two bytes */
    bool is_big_endian; /* a decimal in bytes */
};

/* False: nothing of ours holds this (intervals, binary of fixed length …). */
bool parquet_kind_of(const carquet_schema_node_t *leaf, struct parquet_kind *out);
/* n values into out; where `present` (a bit for each value, or NULL) has a 0 the cell is NaN. */
void parquet_numbers(const struct parquet_kind *k, const void *values, const uint8_t *present,
                     int64_t n, double *out);
