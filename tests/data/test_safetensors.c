/* safetensors: the reference library's files, our own round trip, and every rule of the format
 * broken once. */
#include "files.h"
#include "base/intern.h"
#include "base/pool.h"

static const struct tensor *find(const struct named_tensor *items, int n, const char *name) {
    for (int i = 0; i < n; i++) {
        if (strcmp(items[i].name, name) == 0) return items[i].value;
    }
    return NULL;
}

static void drop(struct named_tensor *items, int n) {
    for (int i = 0; i < n; i++) tensor_unref(items[i].value);
    pool_free(items);
}

static void check(const struct tensor *x, enum dtype dtype, int64_t count, double factor,
                  double shift) {
    CHECK(x && x->dtype == dtype && x->count == count);
    for (int64_t i = 0; x && i < x->count; i++)
        CHECK_NEAR(tensor_get(x, i), (double)i * factor + shift, 0);
}

static void check_reference(const char *path) {
    struct err e = {0};
    struct named_tensor *items;
    int n;
    bool ok = read_safetensors(path, &items, &n, &e);
    CHECK(shown(ok, &e));
    if (!ok) return;
    CHECK_EQ(n, 9);
    check(find(items, n, "layer.weight"), DT_FLOAT32, 24, 0.5, -3);
    check(find(items, n, "layer.bias"), DT_FLOAT64, 12, 0.5, -3);
    check(find(items, n, "half"), DT_FLOAT32, 24, 0.5, -3);
    check(find(items, n, "counts"), DT_INT64, 24, 3, -5);
    check(find(items, n, "small"), DT_INT32, 24, 3, -5);
    check(find(items, n, "bytes"), DT_UINT8, 24, 3, 0);
    check(find(items, n, "one"), DT_INT32, 1, 0, 7);
    const struct tensor *flags = find(items, n, "flags"), *none = find(items, n, "none");
    CHECK(flags && flags->dtype == DT_BOOL && tensor_get(flags, 3) == 1 &&
          tensor_get(flags, 4) == 0);
    CHECK(none && none->count == 0 && none->shape.size[1] == 2);
    drop(items, n);
}

static void test_reference(void) {
    struct err e = {0};
    struct named_tensor *items;
    int n;
    check_reference(FILES "reference.safetensors");
    CHECK(read_safetensors(FILES "bf16.safetensors", &items, &n, &e));
    CHECK_EQ(n, 1);
    check(items[0].value, DT_FLOAT32, 24, 0.5, -3);
    CHECK(items[0].name == intern_c("bf"));
    drop(items, n);
}

static void test_round_trip(void) {
    struct err e = {0};
    struct named_tensor *items, *again;
    int n, n_again;
    const char *path = scratch("round.safetensors");
    CHECK(read_safetensors(FILES "reference.safetensors", &items, &n, &e));
    items[0].name = "a \"name\" with \\ and \n and \xc3\xa9";
    CHECK(shown(write_safetensors(items, n, path, &e), &e));
    CHECK(shown(read_safetensors(path, &again, &n_again, &e), &e));
    CHECK_EQ(n_again, n);
    for (int i = 0; i < n; i++) {
        const struct tensor *x = items[i].value, *y = find(again, n_again, items[i].name);
        CHECK(y && y->dtype == x->dtype && shape_same_sizes(&x->shape, &y->shape));
        if (y) CHECK(memcmp(x->data, y->data, (size_t)x->count * dtype_bytes(x->dtype)) == 0);
    }
    drop(items, n);
    drop(again, n_again);
    CHECK(write_safetensors(NULL, 0, path, &e) && read_safetensors(path, &again, &n_again, &e));
    CHECK_EQ(n_again, 0);
    drop(again, n_again);
    unlink(path);
}

/* A file of this header and `payload` zero bytes. */
static bool parsed(const char *header, size_t payload, struct err *e) {
    char bytes[1024] = {0};
    struct named_tensor *items;
    int n;
    size_t length = strlen(header);
    bytes[0] = (char)(length & 255);
    bytes[1] = (char)(length >> 8);
    memcpy(bytes + 8, header, length);
    bool ok = parse_safetensors((struct str){bytes, 8 + length + payload}, &items, &n, e);
    if (ok) drop(items, n);
    return ok;
}

static void good(const char *header, size_t payload) {
    struct err e = {0};
    CHECK(shown(parsed(header, payload, &e), &e));
}

static void bad(const char *header, size_t payload, const char *says) {
    struct err e = {0};
    CHECK(!parsed(header, payload, &e));
    CHECK(e.kind == ERR_DATA || e.kind == ERR_MEMORY);
    if (!strstr(e.what, says)) fprintf(stderr, "%s\n-> %s\n", header, e.what);
    CHECK(strstr(e.what, says) != NULL);
}

static void test_rules(void) {
    good("{}", 0);
    good("{\"__metadata__\":{}, \"a\":{\"shape\":[2],\"data_offsets\":[0,8],\"dtype\":\"F32\"}}  ",
         8);
    good("{\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[4,5]},"
         "\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}",
         5);
    good("{\"\\u00e9\\ud83d\\ude42\\n\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}",
         0);
    bad("[]", 0, "does not begin with {");
    bad("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 7,
        "needs 8 bytes and there are only 7");
    bad("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 9,
        "1 bytes behind its last tensor");
    bad("{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8,
        "another size than its shape");
    bad("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8,
        "another size than its shape");
    bad("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}", 12, "leaves a hole");
    bad("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
        "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[2,6]}}",
        6, "shares bytes");
    bad("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
        "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
        2, "is there twice");
    bad("{\"a\":{\"dtype\":\"F8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1,
        "of type F8, which is not known");
    bad("{\"a\":{\"dtype\":\"F64\",\"shape\":[1152921504606846976,16],\"data_offsets\":[0,0]}}", 0,
        "more numbers than any");
    bad("{\"a\":{\"dtype\":\"F64\",\"shape\":[2305843009213693952],\"data_offsets\":[0,0]}}", 0,
        "another size");
    bad("{\"a\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,1]}}", 1,
        "more than 8 axes");
    bad("{\"a\":{\"dtype\":\"U8\",\"shape\":[-1],\"data_offsets\":[0,1]}}", 1, "no readable shape");
    bad("{\"a\":{\"dtype\":\"U8\",\"shape\":[01],\"data_offsets\":[0,1]}}", 1, "no readable shape");
    bad("{\"a\":{\"dtype\":\"U8\",\"shape\":[1.0],\"data_offsets\":[0,1]}}", 1,
        "no readable shape");
    bad("{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1, "lacks its dtype");
    bad("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1]}}", 1, "has an entry twice");
    bad("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"x\":1}}", 1,
        "that is not dtype");
    bad("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}} x", 1,
        "something follows");
    bad("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},}", 1, "not proper JSON");
    bad("{\"\\u0000\":{}}", 0, "not proper JSON");
    bad("{\"\\ud83d\":{}}", 0, "not proper JSON");
    bad("{\"\\x\":{}}", 0, "not proper JSON");
    bad("{\"__metadata__\":{\"a\":1}}", 0, "__metadata__");
}

static void test_lengths(void) {
    struct err e = {0};
    struct named_tensor *items;
    int n;
    CHECK(!parse_safetensors(STR("\xff\xff\xff\xff\xff\xff\xff\x7f{}"), &items, &n, &e));
    CHECK(strstr(e.what, "not a safetensors file") != NULL);
    CHECK(!parse_safetensors(STR("\x40\0\0\0\0\0\0\0{}"), &items, &n, &e));
    CHECK(strstr(e.what, "the header needs 64 bytes and there are only 2") != NULL);
    CHECK(!parse_safetensors(STR("\x40"), &items, &n, &e));
    CHECK(!read_safetensors(FILES "missing.safetensors", &items, &n, &e));
    CHECK_EQ(e.kind, ERR_FILE);
}

TEST_MAIN(test_reference, test_round_trip, test_rules, test_lengths)
