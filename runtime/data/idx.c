/* IDX, the format of MNIST and its relatives (LeCun, Cortes, Burges: "the IDX file format"): two
 * zero bytes, a type, the number of axes, their sizes as big-endian 32-bit numbers, the numbers. */
#include "read.h"
#include "raw.h"

static const struct {
    unsigned char code;
    enum raw_type type;
} codes[] = {{0x08, RAW_U8},  {0x09, RAW_I8},  {0x0b, RAW_I16},
             {0x0c, RAW_I32}, {0x0d, RAW_F32}, {0x0e, RAW_F64}};

static bool not_idx(struct err *e, const char *why) {
    err_set(e, ERR_DATA, "This is not an IDX file: %s.", why);
    return err_hint(e, "Files of this kind have names such as train-images-idx3-ubyte.gz.");
}

static bool read_type(unsigned char code, struct raw *raw, struct err *e) {
    raw->big_endian = true;
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (codes[i].code != code) continue;
        raw->type = codes[i].type;
        return true;
    }
    return not_idx(e, "its third byte is not the code of a type of numbers");
}

static bool read_header(struct source *s, struct raw *raw, struct shape *shape, struct err *e) {
    unsigned char start[4], size[4 * MAX_AXES];
    size_t got;
    TRY(source_read(s, start, 4, &got, e));
    if (got < 4 || start[0] || start[1]) return not_idx(e, "it does not start with two zero bytes");
    TRY(read_type(start[2], raw, e));
    if (start[3] < 1 || start[3] > MAX_AXES) return not_idx(e, "it has no axes, or more than 8");
    TRY(source_need(s, size, 4u * start[3], "the list of sizes", e));
    for (shape->n = 0; shape->n < start[3]; shape->n++) {
        const unsigned char *b = size + 4 * shape->n;
        shape->size[shape->n] = (int64_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
    }
    return true;
}

static struct tensor *read_array(struct source *s, struct err *e) {
    struct raw raw = {0};
    struct shape shape = {0};
    int64_t count, bytes;
    if (!read_header(s, &raw, &shape, e) || !shape_count(&shape, &count, e)) return NULL;
    if (__builtin_mul_overflow(count, (int64_t)raw_bytes(raw.type), &bytes))
        return err_memory(e, SIZE_MAX), NULL;
    if (!source_holds(s, (uint64_t)bytes, "the array", e)) return NULL;
    struct tensor *x = tensor_new(raw_dtype(raw.type), &shape, e);
    if (!x) return NULL;
    if (!raw_fill(raw, s, x, e) || !source_check(s, e)) return tensor_unref(x), NULL;
    x->is_image = shape.n == 3 && raw.type == RAW_U8;
    return x;
}

struct tensor *read_idx(const char *path, struct err *e) {
    struct source s;
    struct tensor *x = source_open(&s, path, e) ? read_array(&s, e) : NULL;
    if (!x) source_blame(&s, e);
    source_close(&s);
    return x;
}

struct tensor *parse_idx(struct str bytes, struct err *e) {
    struct source s;
    source_of(&s, bytes);
    return read_array(&s, e);
}

bool peek_idx(const char *path, struct desc *d) {
    struct source s;
    struct err e;
    struct raw raw = {0};
    struct shape shape = {0};
    bool ok = source_open(&s, path, &e) && read_header(&s, &raw, &shape, &e);
    source_close(&s);
    *d = (struct desc){.dtype = raw_dtype(raw.type), .shape = shape};
    return ok;
}
