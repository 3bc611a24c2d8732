/* Parquet's types as kinds of columns, and their values as float64. */
#include "parquet_values.h"
#include "data/raw.h"
#include <math.h>
#include <string.h>

static const double SECONDS_PER_DAY = 86400;

static double unit_seconds(carquet_time_unit_t unit) {
    return unit == CARQUET_TIME_UNIT_MILLIS ? 1e-3 : unit == CARQUET_TIME_UNIT_MICROS ? 1e-6 : 1e-9;
}

static bool logical_kind(const carquet_logical_type_t *l, struct parquet_kind *k) {
    switch (l->id) {
    case CARQUET_LOGICAL_DATE:
        k->kind = COLUMN_TIME;
        k->scale = SECONDS_PER_DAY;
        return true;
    case CARQUET_LOGICAL_TIMESTAMP:
        k->kind = COLUMN_TIME;
        k->scale = unit_seconds(l->params.timestamp.unit);
        return true;
    case CARQUET_LOGICAL_TIME: /* of the day: seconds */
        k->kind = COLUMN_NUMBER;
        k->scale = unit_seconds(l->params.time.unit);
        return true;
    case CARQUET_LOGICAL_DECIMAL:
        k->kind = COLUMN_NUMBER;
        k->scale = pow(10, -l->params.decimal.scale);
        k->is_big_endian = true;
        return true;
    case CARQUET_LOGICAL_INTEGER: k->is_unsigned = !l->params.integer.is_signed; return true;
    case CARQUET_LOGICAL_FLOAT16:
        k->kind = COLUMN_NUMBER;
        k->is_half = true;
        return true;
    case CARQUET_LOGICAL_UNKNOWN:
    case CARQUET_LOGICAL_NULL:
    case CARQUET_LOGICAL_STRING:
    case CARQUET_LOGICAL_ENUM:
    case CARQUET_LOGICAL_JSON: return true;
    default: return false;
    }
}

bool parquet_kind_of(const carquet_schema_node_t *leaf, struct parquet_kind *k) {
    *k = (struct parquet_kind){.physical = carquet_schema_node_physical_type(leaf),
                               .scale = 1,
                               .width = carquet_schema_node_type_length(leaf)};
    switch (k->physical) {
    case CARQUET_PHYSICAL_BOOLEAN: k->kind = COLUMN_BOOL; break;
    case CARQUET_PHYSICAL_INT32:
    case CARQUET_PHYSICAL_INT64: k->kind = COLUMN_INT; break;
    case CARQUET_PHYSICAL_INT96: k->kind = COLUMN_TIME; break;
    case CARQUET_PHYSICAL_BYTE_ARRAY: k->kind = COLUMN_TEXT; break;
    default: k->kind = COLUMN_NUMBER;
    }
    const carquet_logical_type_t *logical = carquet_schema_node_logical_type(leaf);
    if (logical && !logical_kind(logical, k)) return false;
    bool bytes = k->physical == CARQUET_PHYSICAL_FIXED_LEN_BYTE_ARRAY;
    if (bytes && k->is_half) return k->width == 2;
    if (bytes) return k->is_big_endian && k->width >= 1 && k->width <= 16;
    return k->physical != CARQUET_PHYSICAL_BYTE_ARRAY || !k->is_big_endian;
}

/* Nanoseconds of the day and a Julian day, as Impala and old Spark write times. */
static double int96_seconds(const void *value) {
    enum { JULIAN_1970 = 2440588 };
    int64_t nanos;
    int32_t day;
    memcpy(&nanos, value, sizeof nanos);
    memcpy(&day, (const char *)value + 8, sizeof day);
    return ((double)day - JULIAN_1970) * SECONDS_PER_DAY + (double)nanos * 1e-9;
}

/* A whole number in two's complement, highest byte first. */
static double big_endian(const uint8_t *p, int width) {
    double x = (int8_t)p[0];
    for (int i = 1; i < width; i++) x = x * 256 + p[i];
    return x;
}

static double fixed_value(const struct parquet_kind *k, const uint8_t *p) {
    if (!k->is_half) return big_endian(p, k->width) * k->scale;
    uint16_t bits;
    memcpy(&bits, p, sizeof bits);
    return (double)raw_half(bits);
}

/* Whole and half values of a time or decimal: divided where that is exact, so that 1.5 stays 1.5.
 */
static double scaled(double x, double scale) {
    return scale < 1 ? x / round(1 / scale) : x * scale;
}

#define EACH(type, expression)                                                                     \
    for (int64_t i = 0; i < n; i++) {                                                              \
        type x = ((const type *)values)[i];                                                        \
        out[i] = expression;                                                                       \
    }                                                                                              \
    break

void parquet_numbers(const struct parquet_kind *k, const void *values, const uint8_t *present,
                     int64_t n, double *out) {
    double s = k->scale;
    switch (k->physical) {
    case CARQUET_PHYSICAL_BOOLEAN: EACH(uint8_t, x != 0);
    case CARQUET_PHYSICAL_FLOAT: EACH(float, (double)x);
    case CARQUET_PHYSICAL_DOUBLE: EACH(double, x);
    case CARQUET_PHYSICAL_INT32:
        EACH(int32_t, scaled(k->is_unsigned ? (double)(uint32_t)x : (double)x, s));
    case CARQUET_PHYSICAL_INT64:
        EACH(int64_t, scaled(k->is_unsigned ? (double)(uint64_t)x : (double)x, s));
    case CARQUET_PHYSICAL_INT96:
        for (int64_t i = 0; i < n; i++) out[i] = int96_seconds((const char *)values + 12 * i);
        break;
    default:
        for (int64_t i = 0; i < n; i++)
            out[i] = fixed_value(k, (const uint8_t *)values + (size_t)k->width * (size_t)i);
    }
    for (int64_t i = 0; present && i < n; i++)
        if (!(present[i / 8] >> (i % 8) & 1)) out[i] = NAN;
}
