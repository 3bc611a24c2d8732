/* .npy files of NumPy in every type, order and version, our own back again, and refusals. */
#include "files.h"
#include <math.h>

static double value(char kind, int64_t i) {
    switch (kind) {
    case 'f': return (double)i * 0.5 - 3;
    case 'i': return (double)i * 3 - 5;
    case 'b': return i % 3 == 0;
    default: return (double)i * 3;
    }
}

/* The file holds SHAPE (2, 3, 4) and the formula's numbers, and peek says so before. */
static void check_array(const char *name, enum dtype dtype, char kind) {
    struct err e = {0};
    struct desc d;
    char path[256];
    snprintf(path, sizeof path, FILES "%s", name);
    struct tensor *x = read_npy(path, &e);
    CHECK(shown(x != NULL, &e));
    if (!x) return;
    CHECK_EQ(x->dtype, dtype);
    CHECK_EQ(x->shape.n, 3);
    CHECK_EQ(x->shape.size[1], 3);
    CHECK_EQ(x->count, 24);
    for (int64_t i = 0; i < x->count; i++) CHECK_NEAR(tensor_get(x, i), value(kind, i), 0);
    CHECK(peek_npy(path, &d));
    CHECK(d.dtype == dtype && shape_same_sizes(&d.shape, &x->shape));
    tensor_unref(x);
}

static void test_types(void) {
    static const struct {
        const char *code;
        enum dtype dtype;
    } rows[] = {{"f8", DT_FLOAT64}, {"f4", DT_FLOAT32}, {"f2", DT_FLOAT32}, {"i8", DT_INT64},
                {"i4", DT_INT32},   {"i2", DT_INT32},   {"i1", DT_INT32},   {"u8", DT_INT64},
                {"u4", DT_INT64},   {"u2", DT_INT32},   {"u1", DT_UINT8}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char name[32];
        snprintf(name, sizeof name, "%s_le.npy", rows[i].code);
        check_array(name, rows[i].dtype, rows[i].code[0]);
        snprintf(name, sizeof name, "%s_be.npy", rows[i].code);
        check_array(name, rows[i].dtype, rows[i].code[0]);
    }
    check_array("b1.npy", DT_BOOL, 'b');
}

static void test_orders_and_versions(void) {
    check_array("fortran.npy", DT_FLOAT32, 'f');
    check_array("version1.npy", DT_INT32, 'i');
    check_array("version2.npy", DT_INT32, 'i');
    check_array("version3.npy", DT_INT32, 'i');
    struct err e = {0};
    struct tensor *x = read_npy(FILES "fortran2.npy", &e);
    CHECK(x != NULL);
    for (int64_t i = 0; x && i < 6; i++) CHECK_NEAR(tensor_get(x, i), (double)i, 0);
    tensor_unref(x);
    x = read_npy(FILES "scalar.npy", &e);
    CHECK(x && x->shape.n == 0 && tensor_get(x, 0) == 2.5);
    tensor_unref(x);
    x = read_npy(FILES "empty.npy", &e);
    CHECK(x && x->count == 0 && x->shape.size[1] == 3);
    tensor_unref(x);
}

static void test_half(void) {
    struct err e = {0};
    struct tensor *x = read_npy(FILES "half.npy", &e);
    CHECK(x != NULL);
    if (!x) return;
    const double expected[] = {0,       -0.0,     1,         65504,       0x1p-24,
                               0x1p-14, INFINITY, -INFINITY, (double)NAN, 0x1.998p-4};
    for (int i = 0; i < 10; i++) {
        if (i == 8) CHECK(isnan(tensor_get(x, i)));
        else CHECK(tensor_get(x, i) == expected[i]);
    }
    CHECK(signbit(tensor_get(x, 1)));
    tensor_unref(x);
}

static void refused(const char *name, const char *says) {
    struct err e = {0};
    char path[256];
    snprintf(path, sizeof path, FILES "%s", name);
    CHECK(read_npy(path, &e) == NULL);
    CHECK_EQ(e.kind, ERR_DATA);
    CHECK(strstr(e.what, says) != NULL);
    CHECK(strstr(e.facts, name) != NULL);
}

static void test_refusals(void) {
    refused("complex.npy", "complex numbers");
    refused("text.npy", "text");
    refused("object.npy", "Python objects");
    refused("record.npy", "records with named fields");
    refused("large.npy", "9223372036854775809");
    refused("images.idx", "not a .npy file");
    struct err e = {0};
    CHECK(read_npy(FILES "missing.npy", &e) == NULL);
    CHECK_EQ(e.kind, ERR_FILE);
    CHECK(read_npy(FILES "f8_l.npy", &e) == NULL);
    CHECK(strstr(e.hint, "f8_le.npy") != NULL);
    CHECK(read_npy(FILES, &e) == NULL);
    CHECK(strstr(e.what, "is a folder") != NULL);
}

/* A whole file from a header's text and some payload. */
static struct tensor *from_header(const char *dict, size_t payload, struct err *e) {
    char bytes[512] = "\x93NUMPY\x01";
    size_t n = strlen(dict);
    bytes[8] = (char)n;
    memcpy(bytes + 10, dict, n);
    return parse_npy((struct str){bytes, 10 + n + payload}, e);
}

static void bad(const char *dict, const char *says) {
    struct err e = {0};
    CHECK(from_header(dict, 16, &e) == NULL);
    CHECK(e.kind == ERR_DATA || e.kind == ERR_MEMORY);
    if (!strstr(e.what, says)) fprintf(stderr, "%s -> %s\n", dict, e.what);
    CHECK(strstr(e.what, says) != NULL);
}

static void test_hostile_headers(void) {
    struct err e = {0};
    struct tensor *x =
        from_header("{\"shape\": (2,), 'fortran_order': False, 'descr': '<f8'}", 16, &e);
    CHECK(shown(x != NULL, &e));
    tensor_unref(x);
    bad("{'descr': '<f8', 'fortran_order': False, 'shape': (3,)}",
        "needs 24 bytes and there are only 16");
    bad("{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 8)}",
        "more numbers than any");
    bad("{'descr': '<f8', 'fortran_order': False, 'shape': (2305843009213693952,)}", "memory");
    bad("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}", "not a size");
    bad("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}", "not a size");
    bad("{'descr': '<f8', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}",
        "more than 8 axes");
    bad("{'descr': '<f8', 'fortran_order': Maybe, 'shape': (2,)}", "not True or False");
    bad("{'descr': '<f8', 'fortran_order': False}", "is missing");
    bad("{'descr': '<f8', 'descr': '<f8', 'shape': (2,)}", "twice");
    bad("{'descr': '<q9', 'fortran_order': False, 'shape': (2,)}", "not known");
    bad("{'descr': '<f8', 'fortran_order': False, 'shape': (2,", "not a size");
    bad("{'descr': '<f8", "which type");
    bad("import os", "not a Python dictionary");
}

static void test_write(void) {
    static const enum dtype types[] = {DT_FLOAT64, DT_FLOAT32, DT_INT64,
                                       DT_INT32,   DT_UINT8,   DT_BOOL};
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        struct err e = {0};
        struct shape s = shape_of(2, (int64_t[]){3, 5});
        struct tensor *x = tensor_zeros(types[i], &s, &e);
        for (int64_t k = 0; k < 15; k++)
            tensor_set(x, k, types[i] == DT_BOOL ? (double)(k % 2) : (double)k);
        const char *path = scratch("round.npy");
        CHECK(shown(write_npy(x, path, &e), &e));
        struct tensor *y = read_npy(path, &e);
        CHECK(y && y->dtype == types[i] && shape_same_sizes(&y->shape, &s));
        if (y) CHECK(memcmp(x->data, y->data, 15 * dtype_bytes(types[i])) == 0);
        tensor_unref(x);
        tensor_unref(y);
        unlink(path);
    }
}

/* NumPy's own bytes for the same array are ours, header and all. */
static void test_same_bytes_as_numpy(void) {
    struct err e = {0};
    struct text ours = {0}, theirs = {0};
    struct tensor *x = read_npy(FILES "i4_le.npy", &e);
    const char *path = scratch("same.npy");
    CHECK(x && write_npy(x, path, &e));
    CHECK(read_file(path, &ours, &e) && read_file(FILES "i4_le.npy", &theirs, &e));
    CHECK(str_same(text_str(&ours), text_str(&theirs)));
    unlink(path);
    text_clear(&ours);
    text_clear(&theirs);
    tensor_unref(x);
}

static void test_cannot_write(void) {
    struct err e = {0};
    struct tensor *x = tensor_scalar(1, &e);
    CHECK(!write_npy(x, "/no/such/folder/x.npy", &e));
    CHECK_EQ(e.kind, ERR_FILE);
    CHECK(strstr(e.hint, "folder does not exist") != NULL);
    CHECK(!write_npy(x, "/tmp", &e));
    CHECK(strstr(e.what, "is a folder") != NULL);
    tensor_unref(x);
}

TEST_MAIN(test_types, test_orders_and_versions, test_half, test_refusals, test_hostile_headers,
          test_write, test_same_bytes_as_numpy, test_cannot_write)
