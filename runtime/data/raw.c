/* Conversion of file numbers: straight into the tensor where nothing changes, else by blocks. */
#include "raw.h"
#include "base/pool.h"
#include <math.h>
#include <string.h>

static const struct {
    uint8_t bytes;
    enum dtype dtype;
} kinds[RAW_COUNT] = {
    [RAW_F64] = {8, DT_FLOAT64},  [RAW_F32] = {4, DT_FLOAT32}, [RAW_F16] = {2, DT_FLOAT32},
    [RAW_BF16] = {2, DT_FLOAT32}, [RAW_I64] = {8, DT_INT64},   [RAW_I32] = {4, DT_INT32},
    [RAW_I16] = {2, DT_INT32},    [RAW_I8] = {1, DT_INT32},    [RAW_U64] = {8, DT_INT64},
    [RAW_U32] = {4, DT_INT64},    [RAW_U16] = {2, DT_INT32},   [RAW_U8] = {1, DT_UINT8},
    [RAW_BOOL] = {1, DT_BOOL},
};

size_t raw_bytes(enum raw_type t) {
    return kinds[t].bytes;
}

enum dtype raw_dtype(enum raw_type t) {
    return kinds[t].dtype;
}

void raw_swap(void *bytes, size_t n, size_t width) {
    unsigned char *p = bytes;
    for (size_t i = 0; i < n; i++, p += width) {
        for (size_t j = 0; j < width / 2; j++) {
            unsigned char c = p[j];
            p[j] = p[width - 1 - j];
            p[width - 1 - j] = c;
        }
    }
}

/* Sign 1, exponent 5 (bias 15), fraction 10 bits. */
float raw_half(uint16_t bits) {
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    float size;
    if (exponent == 31) size = fraction ? NAN : INFINITY;
    else if (exponent == 0) size = ldexpf((float)fraction, -24);
    else size = ldexpf((float)(fraction + 1024), exponent - 25);
    return bits >> 15 ? -size : size;
}

static float from_bf16(uint16_t bits) {
    uint32_t wide = (uint32_t)bits << 16;
    float x;
    memcpy(&x, &wide, sizeof x);
    return x;
}

enum { BLOCK_BYTES = 1 << 15 };

/* One piece of the file, read as whatever it holds. */
union block {
    uint8_t u8[BLOCK_BYTES];
    int8_t i8[BLOCK_BYTES];
    uint16_t u16[BLOCK_BYTES / 2];
    int16_t i16[BLOCK_BYTES / 2];
    uint32_t u32[BLOCK_BYTES / 4];
    int64_t i64[BLOCK_BYTES / 8];
};

/* A block of `n` numbers in the machine's byte order, converted to out[0 … n). */
static bool widen(enum raw_type type, const union block *from, void *out, size_t n, struct err *e) {
    float *f = out;
    int32_t *i = out;
    int64_t *l = out;
    uint8_t *b = out;
    for (size_t k = 0; k < n; k++) {
        switch (type) {
        case RAW_F16: f[k] = raw_half(from->u16[k]); break;
        case RAW_BF16: f[k] = from_bf16(from->u16[k]); break;
        case RAW_I16: i[k] = from->i16[k]; break;
        case RAW_I8: i[k] = (int32_t)from->i8[k]; break;
        case RAW_U16: i[k] = from->u16[k]; break;
        case RAW_U32: l[k] = from->u32[k]; break;
        case RAW_U64: l[k] = from->i64[k]; break;
        case RAW_BOOL: b[k] = from->u8[k] != 0; break;
        case RAW_F64:
        case RAW_F32:
        case RAW_I64:
        case RAW_I32:
        case RAW_U8:
        case RAW_COUNT: break;
        }
        if (type != RAW_U64 || l[k] >= 0) continue;
        err_set(e, ERR_DATA, "The file holds %llu, which is larger than any int64.",
                (unsigned long long)l[k]);
        return err_hint(e, "Save it as float64, or with smaller numbers.");
    }
    return true;
}

static bool fill_by_blocks(struct raw raw, struct source *s, struct tensor *out, struct err *e) {
    union block block;
    size_t width = raw_bytes(raw.type), step = BLOCK_BYTES / width, count = (size_t)out->count;
    for (size_t at = 0; at < count; at += step) {
        size_t n = count - at < step ? count - at : step;
        TRY(source_need(s, &block, n * width, "the array", e));
        if (raw.big_endian) raw_swap(&block, n, width);
        char *to = (char *)out->data + at * dtype_bytes(out->dtype);
        TRY(widen(raw.type, &block, to, n, e));
    }
    return true;
}

bool raw_fill(struct raw raw, struct source *s, struct tensor *out, struct err *e) {
    size_t width = raw_bytes(raw.type), count = (size_t)out->count;
    bool same = width == dtype_bytes(out->dtype) && raw.type != RAW_U64 && raw.type != RAW_BOOL;
    if (!same) return fill_by_blocks(raw, s, out, e);
    TRY(source_need(s, out->data, count * width, "the array", e));
    if (raw.big_endian) raw_swap(out->data, count, width);
    return true;
}
