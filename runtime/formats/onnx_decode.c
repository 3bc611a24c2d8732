/* Numbers stored in an ONNX file, or in a file of weights beside it. */
#include "onnx_read.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a type of ONNX becomes here, and its bytes in the file; 0 = not read. */
static size_t stored_type(int type, enum dtype *t) {
    switch (type) {
    case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT: return *t = DT_FLOAT32, 4;
    case ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE: return *t = DT_FLOAT64, 8;
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT64: return *t = DT_INT64, 8;
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT32: return *t = DT_INT32, 4;
    case ONNX__TENSOR_PROTO__DATA_TYPE__UINT8: return *t = DT_UINT8, 1;
    case ONNX__TENSOR_PROTO__DATA_TYPE__BOOL: return *t = DT_BOOL, 1;
    case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16: return *t = DT_FLOAT32, 2;
    default: return 0;
    }
}

static float from_half(uint16_t h) {
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, rest = h & 1023, bits;
    float out;
    if (exponent == 0) {
        out = (float)rest / 16777216.0F; /* 2^-24 */
        return sign ? -out : out;
    }
    bits = sign | (exponent == 31 ? 255U : exponent + 112) << 23 | rest << 13;
    memcpy(&out, &bits, sizeof out);
    return out;
}

static bool take_raw(struct onnx_reader *r, struct tensor *t, size_t width, const void *bytes,
                     size_t n) {
    if (n != (size_t)t->count * width) return onnx_cannot(r, "a tensor has %zu bytes", n);
    if (width == dtype_bytes(t->dtype)) return memcpy(t->data, bytes, n), true;
    for (int64_t i = 0; i < t->count; i++) {
        uint16_t half;
        memcpy(&half, (const char *)bytes + 2 * i, 2);
        ((float *)t->data)[i] = from_half(half);
    }
    return true;
}

/* ---- the file beside ---- */

static const char *external(const Onnx__TensorProto *p, const char *key) {
    for (size_t i = 0; i < p->n_external_data; i++) {
        const Onnx__StringStringEntryProto *s = p->external_data[i];
        if (s->key && s->value && strcmp(s->key, key) == 0) return s->value;
    }
    return NULL;
}

/* In the model's own folder only. */
static bool beside(struct onnx_reader *r, const char *place, char *out, size_t cap) {
    bool inside = place && *place && *place != '/' && !strstr(place, "..");
    if (!inside || !r->folder)
        return onnx_cannot(r, "its weights are in another file, which cannot be found");
    snprintf(out, cap, "%s%s", r->folder, place);
    return true;
}

static bool read_beside(struct onnx_reader *r, const Onnx__TensorProto *p, struct tensor *t) {
    char path[4200];
    const char *offset = external(p, "offset");
    long long begin = offset ? strtoll(offset, NULL, 10) : 0;
    size_t n = (size_t)t->count * dtype_bytes(t->dtype), done = 0;
    if (!beside(r, external(p, "location"), path, sizeof path)) return false;
    int fd = begin >= 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    while (fd >= 0 && done < n) {
        ssize_t got = pread(fd, (char *)t->data + done, n - done, (off_t)begin + (off_t)done);
        if (got <= 0) break;
        done += (size_t)got;
    }
    if (fd >= 0) close(fd);
    return done == n ||
           onnx_cannot(r, "its weights are in %.200s, which is missing or too short", path);
}

/* ---- the tensor ---- */

static bool shape_stored(struct onnx_reader *r, const Onnx__TensorProto *p, struct shape *s) {
    *s = (struct shape){.n = (int32_t)p->n_dims};
    if (p->n_dims > MAX_AXES) return onnx_cannot(r, "a tensor has %zu axes", p->n_dims);
    for (size_t i = 0; i < p->n_dims; i++) {
        if (p->dims[i] < 0) return onnx_cannot(r, "a tensor has an axis of a negative size");
        s->size[i] = p->dims[i];
    }
    return true;
}

/* Numbers in the message's own lists; how many there are. */
static size_t listed(const Onnx__TensorProto *p, struct tensor *t) {
    size_t n = p->n_float_data   ? p->n_float_data
               : p->n_int64_data ? p->n_int64_data
               : p->n_int32_data ? p->n_int32_data
                                 : p->n_double_data;
    for (size_t i = 0; t && i < n; i++) {
        int64_t at = (int64_t)i;
        if (p->n_float_data) tensor_set(t, at, (double)p->float_data[i]);
        else if (p->n_int64_data) ((int64_t *)t->data)[i] = p->int64_data[i];
        else if (p->n_int32_data && p->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16)
            tensor_set(t, at, (double)from_half((uint16_t)p->int32_data[i]));
        else if (p->n_int32_data) tensor_set(t, at, p->int32_data[i]);
        else tensor_set(t, at, p->double_data[i]);
    }
    return n;
}

/* So many bytes or numbers are there for it at least: before memory is taken. */
static bool is_backed(const Onnx__TensorProto *p, int64_t count, size_t width, bool outside) {
    if (outside) return true;
    if (p->raw_data.len) return p->raw_data.len == (size_t)count * width;
    bool wide = !p->n_int64_data || width == 8;
    return listed(p, NULL) == (size_t)count && wide;
}

struct tensor *onnx_decode(struct onnx_reader *r, const Onnx__TensorProto *p) {
    struct shape s;
    enum dtype type;
    int64_t count;
    size_t width = stored_type(p->data_type, &type);
    bool outside =
        p->has_data_location && p->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
    if (!width) return onnx_cannot(r, "numbers of type %d are stored in it", p->data_type), NULL;
    if (!shape_stored(r, p, &s) || !shape_count(&s, &count, r->e)) return NULL;
    if (!is_backed(p, count, width, outside) || (outside && width != dtype_bytes(type)))
        return onnx_cannot(r, "the tensor \"%.80s\" is damaged", p->name ? p->name : ""), NULL;
    struct tensor *t = tensor_new(type, &s, r->e);
    bool ok = t != NULL;
    if (ok && outside) ok = read_beside(r, p, t);
    else if (ok && p->raw_data.len) ok = take_raw(r, t, width, p->raw_data.data, p->raw_data.len);
    else if (ok) listed(p, t);
    if (ok) return t;
    tensor_unref(t);
    return NULL;
}
