/* IDX files, plain and packed, of every type. */
#include "files.h"

static void test_images(void) {
    static const char *const paths[] = {FILES "images.idx", FILES "images.idx.gz"};
    for (int k = 0; k < 2; k++) {
        struct err e = {0};
        struct desc d;
        struct tensor *x = read_idx(paths[k], &e);
        CHECK(shown(x != NULL, &e));
        if (!x) continue;
        CHECK(x->dtype == DT_UINT8 && x->is_image && x->shape.n == 3 && x->shape.size[2] == 4);
        for (int64_t i = 0; i < 24; i++) CHECK_EQ(tensor_get(x, i), i);
        CHECK(peek_idx(paths[k], &d));
        CHECK(d.dtype == DT_UINT8 && shape_same_sizes(&d.shape, &x->shape));
        tensor_unref(x);
    }
}

static void test_types(void) {
    static const struct {
        const char *path;
        enum dtype dtype;
    } rows[] = {{FILES "type09.idx", DT_INT32},
                {FILES "type0b.idx", DT_INT32},
                {FILES "type0c.idx", DT_INT32},
                {FILES "type0d.idx", DT_FLOAT32},
                {FILES "type0e.idx", DT_FLOAT64}};
    for (size_t k = 0; k < ARRAY_LEN(rows); k++) {
        struct err e = {0};
        struct tensor *x = read_idx(rows[k].path, &e);
        CHECK(shown(x != NULL, &e));
        if (!x) continue;
        CHECK(x->dtype == rows[k].dtype && !x->is_image && x->count == 6);
        for (int64_t i = 0; i < 6; i++) CHECK_NEAR(tensor_get(x, i), (double)i - 2, 0);
        tensor_unref(x);
    }
}

static void bad(struct str bytes, const char *says) {
    struct err e = {0};
    CHECK(parse_idx(bytes, &e) == NULL);
    CHECK(e.kind == ERR_DATA || e.kind == ERR_MEMORY);
    CHECK(strstr(e.what, says) != NULL);
}

static void test_refusals(void) {
    bad(STR(""), "two zero bytes");
    bad(STR("P5 28 28"), "two zero bytes");
    bad(STR("\0\0\x07\x01\0\0\0\x01x"), "code of a type");
    bad(STR("\0\0\x08\0x"), "no axes");
    bad(STR("\0\0\x08\x03\0\0\0\x01"), "list of sizes needs 12 bytes and there are only 4");
    bad(STR("\0\0\x08\x02\0\0\0\x02\0\0\0\x02xyz"), "array needs 4 bytes and there are only 3");
    bad(STR("\0\0\x0e\x04\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
        "more numbers than any");
    struct desc d;
    CHECK(!peek_idx(FILES "pandas.csv", &d));
    CHECK(!peek_idx(FILES "missing", &d));
}

TEST_MAIN(test_images, test_types, test_refusals)
