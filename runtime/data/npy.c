/* NumPy's .npy files (NEP 1, versions 1.0 to 3.0): six magic bytes, a Python literal that says
 * type, order and shape, then the numbers. */
#include "read.h"
#include "raw.h"
#include "sink.h"
#include "base/pool.h"
#include <stdio.h>
#include <string.h>

enum { HEADER_MAX = 1 << 16 };

struct npy {
    struct raw raw;
    bool fortran; /* first axis fastest */
    struct shape shape;
};

/* ---- the header's dictionary ---- */

struct reader {
    const char *p, *end;
};

static bool bad_header(struct err *e, const char *why) {
    err_set(e, ERR_DATA, "The header of this .npy file cannot be read: %s.", why);
    return err_hint(e, "Save the array again with numpy.save.");
}

static char next(struct reader *r) {
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\t')) r->p++;
    return r->p < r->end ? *r->p : 0;
}

static bool take(struct reader *r, char c) {
    if (next(r) != c) return false;
    r->p++;
    return true;
}

static bool take_word(struct reader *r, const char *word) {
    next(r);
    if (!str_starts((struct str){r->p, (size_t)(r->end - r->p)}, word)) return false;
    r->p += strlen(word);
    return true;
}

static bool take_text(struct reader *r, struct str *out) {
    char quote = next(r);
    if (quote != '\'' && quote != '"') return false;
    const char *begin = ++r->p;
    const char *close = memchr(begin, quote, (size_t)(r->end - begin));
    if (!close) return false;
    *out = (struct str){begin, (size_t)(close - begin)};
    r->p = close + 1;
    return true;
}

/* A size: decimal digits, and the L of Python 2's long numbers. */
static bool take_size(struct reader *r, int64_t *out) {
    if (next(r) < '0' || *r->p > '9') return false;
    for (*out = 0; r->p < r->end && *r->p >= '0' && *r->p <= '9'; r->p++) {
        if (__builtin_mul_overflow(*out, 10, out)) return false;
        if (__builtin_add_overflow(*out, *r->p - '0', out)) return false;
    }
    if (r->p < r->end && *r->p == 'L') r->p++;
    return true;
}

static bool read_shape(struct reader *r, struct shape *shape, struct err *e) {
    if (!take(r, '(')) return bad_header(e, "its shape is not in brackets");
    while (!take(r, ')')) {
        if (shape->n == MAX_AXES)
            return err_set(e, ERR_DATA, "The array has more than %d axes.", MAX_AXES);
        if (!take_size(r, &shape->size[shape->n++]))
            return bad_header(e, "its shape holds something that is not a size");
        if (!take(r, ',') && next(r) != ')') return bad_header(e, "its shape has no end");
    }
    return true;
}

static const struct {
    const char *code;
    enum raw_type type;
} codes[] = {
    {"f8", RAW_F64}, {"f4", RAW_F32},  {"f2", RAW_F16}, {"i8", RAW_I64}, {"i4", RAW_I32},
    {"i2", RAW_I16}, {"i1", RAW_I8},   {"u8", RAW_U64}, {"u4", RAW_U32}, {"u2", RAW_U16},
    {"u1", RAW_U8},  {"b1", RAW_BOOL}, {"?", RAW_BOOL},
};

static const struct {
    char letter;
    const char *holds, *hint;
} foreign[] = {
    {'c', "complex numbers", "Save its .real and .imag as two arrays."},
    {'O', "Python objects, which could run any program when they are read",
     "Convert it to numbers first: array.astype(\"float64\")."},
    {'U', "text", "Save it as CSV, or number its values first."},
    {'S', "text", "Save it as CSV, or number its values first."},
    {'M', "dates", "Convert it first: array.astype(\"int64\")."},
    {'m', "time spans", "Convert it first: array.astype(\"int64\")."},
    {'f', "floats of an unusual width", "Convert it first: array.astype(\"float64\")."},
};

static bool foreign_type(struct str descr, struct err *e) {
    char letter = descr.n > 1 ? descr.p[1] : descr.n ? descr.p[0] : ' ';
    for (size_t i = 0; i < ARRAY_LEN(foreign); i++) {
        if (foreign[i].letter != letter) continue;
        err_set(e, ERR_DATA, "The array holds %s (%.*s).", foreign[i].holds,
                descr.n < 40 ? (int)descr.n : 40, descr.p);
        return err_hint(e, "%s", foreign[i].hint);
    }
    return bad_header(e, "its type of numbers is not known");
}

static bool read_type(struct reader *r, struct raw *raw, struct err *e) {
    struct str descr;
    if (next(r) == '[') {
        err_set(e, ERR_DATA, "The array holds records with named fields.");
        return err_hint(e, "Save each field as an array of its own, or the whole as CSV.");
    }
    if (!take_text(r, &descr))
        return bad_header(e, "it does not say which type of numbers follows");
    struct str code = descr;
    if (code.n && strchr("<>|=", code.p[0])) code = (struct str){code.p + 1, code.n - 1};
    raw->big_endian = descr.n && descr.p[0] == '>';
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (!str_is(code, codes[i].code)) continue;
        raw->type = codes[i].type;
        return true;
    }
    return foreign_type(descr, e);
}

static bool read_order(struct reader *r, bool *fortran, struct err *e) {
    *fortran = take_word(r, "True");
    return *fortran || take_word(r, "False") || bad_header(e, "fortran_order is not True or False");
}

static bool read_entry(struct reader *r, struct npy *npy, int *seen, struct err *e) {
    struct str key;
    if (!take_text(r, &key) || !take(r, ':')) return bad_header(e, "it is not a Python dictionary");
    int bit = str_is(key, "descr") ? 1 : str_is(key, "fortran_order") ? 2 : 4;
    if (bit == 4 && !str_is(key, "shape")) return bad_header(e, "it has an entry of another kind");
    if (*seen & bit) return bad_header(e, "it has an entry twice");
    *seen |= bit;
    if (bit == 1) return read_type(r, &npy->raw, e);
    return bit == 2 ? read_order(r, &npy->fortran, e) : read_shape(r, &npy->shape, e);
}

static bool read_dictionary(struct str text, struct npy *npy, struct err *e) {
    struct reader r = {text.p, text.p + text.n};
    int seen = 0;
    if (!take(&r, '{')) return bad_header(e, "it is not a Python dictionary");
    while (!take(&r, '}')) {
        TRY(read_entry(&r, npy, &seen, e));
        if (!take(&r, ',') && next(&r) != '}') return bad_header(e, "it has no end");
    }
    return seen == 7 || bad_header(e, "type, order or shape is missing");
}

/* ---- reading ---- */

static bool read_header(struct source *s, struct npy *npy, struct err *e) {
    unsigned char start[12];
    char text[HEADER_MAX];
    size_t got;
    TRY(source_read(s, start, 8, &got, e));
    if (got < 6 || memcmp(start, "\x93NUMPY", 6) != 0) {
        err_set(e, ERR_DATA, "This is not a .npy file: it does not start with NumPy's mark.");
        return err_hint(e, "Files of this kind are written by numpy.save. An .npz file is read by "
                           "load(path).");
    }
    if (got < 8) return bad_header(e, "the file ends in it");
    if (start[6] < 1 || start[6] > 3) return bad_header(e, "its version is newer than 3.0");
    size_t width = start[6] == 1 ? 2 : 4, n = 0;
    TRY(source_need(s, start + 8, width, "the length of the header", e));
    for (size_t i = width; i--;) n = n << 8 | start[8 + i];
    if (n > HEADER_MAX) return bad_header(e, "it is longer than 64 kB");
    TRY(source_need(s, text, n, "the header", e));
    return read_dictionary((struct str){text, n}, npy, e);
}

/* dst (last axis fastest) from src (first axis fastest), elements of `width` bytes. */
static void reorder(const struct shape *s, int64_t count, const char *src, char *dst,
                    size_t width) {
    int64_t at[MAX_AXES] = {0}, stride[MAX_AXES] = {0}, from = 0, step = 1;
    for (int i = 0; i < s->n; i++) {
        stride[i] = step;
        step *= s->size[i];
    }
    for (int64_t k = 0; k < count; k++, dst += width) {
        memcpy(dst, src + (size_t)from * width, width);
        for (int i = s->n - 1; i >= 0; i--) {
            from += stride[i];
            if (++at[i] < s->size[i]) break;
            from -= stride[i] * s->size[i];
            at[i] = 0;
        }
    }
}

/* Consumes x. */
static struct tensor *from_fortran(struct tensor *x, struct err *e) {
    struct tensor *out = tensor_new(x->dtype, &x->shape, e);
    if (out) reorder(&x->shape, x->count, x->data, out->data, dtype_bytes(x->dtype));
    tensor_unref(x);
    return out;
}

static struct tensor *read_array(struct source *s, struct err *e) {
    struct npy npy = {0};
    int64_t count, bytes;
    if (!read_header(s, &npy, e) || !shape_count(&npy.shape, &count, e)) return NULL;
    if (__builtin_mul_overflow(count, (int64_t)raw_bytes(npy.raw.type), &bytes))
        return err_memory(e, SIZE_MAX), NULL;
    if (!source_holds(s, (uint64_t)bytes, "the array", e)) return NULL;
    struct tensor *x = tensor_new(raw_dtype(npy.raw.type), &npy.shape, e);
    if (!x) return NULL;
    if (!raw_fill(npy.raw, s, x, e) || !source_check(s, e)) return tensor_unref(x), NULL;
    return npy.fortran && npy.shape.n > 1 ? from_fortran(x, e) : x;
}

struct tensor *read_npy(const char *path, struct err *e) {
    struct source s;
    struct tensor *x = source_open(&s, path, e) ? read_array(&s, e) : NULL;
    if (!x) source_blame(&s, e);
    source_close(&s);
    return x;
}

struct tensor *parse_npy(struct str bytes, struct err *e) {
    struct source s;
    source_of(&s, bytes);
    return read_array(&s, e);
}

bool peek_npy(const char *path, struct desc *d) {
    struct source s;
    struct err e;
    struct npy npy = {0};
    bool ok = source_open(&s, path, &e) && read_header(&s, &npy, &e);
    source_close(&s);
    *d = (struct desc){.dtype = raw_dtype(npy.raw.type), .shape = npy.shape};
    return ok;
}

/* ---- writing ---- */

static const char *const descr_of[DT_COUNT] = {
    [DT_FLOAT64] = "<f8", [DT_FLOAT32] = "<f4", [DT_INT64] = "<i8",
    [DT_INT32] = "<i4",   [DT_UINT8] = "|u1",   [DT_BOOL] = "|b1",
};

/* Version 1.0; the whole header is a multiple of 64 bytes and ends in a newline. */
static bool write_header(const struct tensor *t, struct text *out) {
    struct text dict = {0};
    text_addf(&dict, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr_of[t->dtype]);
    for (int i = 0; i < t->shape.n; i++)
        text_addf(&dict, "%s%lld", i ? ", " : "", (long long)t->shape.size[i]);
    if (t->shape.n == 1) text_addc(&dict, ',');
    text_adds(&dict, "), }");
    while ((10 + dict.n + 1) % 64 && text_addc(&dict, ' ')) {}
    text_addc(&dict, '\n');
    text_add(out, (struct str){"\x93NUMPY\x01", 8}); /* with the NUL: version 1.0 */
    text_addc(out, (char)(dict.n & 255));
    text_addc(out, (char)(dict.n >> 8));
    text_add(out, text_str(&dict));
    bool ok = !dict.failed && !out->failed;
    text_clear(&dict);
    return ok;
}

bool npy_bytes(const struct tensor *t, struct text *out, struct err *e) {
    size_t bytes = (size_t)t->count * dtype_bytes(t->dtype);
    bool ok = write_header(t, out) && text_add(out, (struct str){t->data, bytes});
    return ok || err_memory(e, bytes);
}

bool write_npy(const struct tensor *t, const char *path, struct err *e) {
    struct sink s = {.fd = -1};
    struct text header = {0};
    size_t bytes = (size_t)t->count * dtype_bytes(t->dtype);
    bool ok = write_header(t, &header) || err_memory(e, 256);
    ok = ok && sink_open(&s, path, e) && sink_put(&s, header.p, header.n, e) &&
         sink_put(&s, t->data, bytes, e) && sink_finish(&s, e);
    sink_drop(&s);
    text_clear(&header);
    return ok;
}
