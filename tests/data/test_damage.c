/* Damaged files of every kind: cut at every byte, every byte changed, every allocation refused.
 * An error, or a harmless other reading, but never a crash (run under sanitizers too), and nothing
 * left in memory. */
#include "files.h"
#include "base/pool.h"
#include <zlib.h>

enum kind { NPY, IDX, CSV, SAFETENSORS };

static bool parse(enum kind kind, struct str bytes, struct err *e) {
    struct named_tensor *items = NULL;
    struct tensor *x = NULL;
    struct table *t = NULL;
    int n = 0;
    if (kind == NPY) x = parse_npy(bytes, e);
    if (kind == IDX) x = parse_idx(bytes, e);
    if (kind == CSV) t = parse_csv(bytes, e);
    bool ok = x || t || (kind == SAFETENSORS && parse_safetensors(bytes, &items, &n, e));
    for (int i = 0; i < n; i++) tensor_unref(items[i].value);
    pool_free(items);
    tensor_unref(x);
    table_unref(t);
    return ok;
}

static const struct {
    enum kind kind;
    const char *path;
} seeds[] = {
    {NPY, FILES "f8_le.npy"},
    {NPY, FILES "f2_be.npy"},
    {NPY, FILES "fortran2.npy"},
    {NPY, FILES "version3.npy"},
    {NPY, FILES "u8_le.npy"},
    {IDX, FILES "images.idx"},
    {IDX, FILES "type0b.idx"},
    {CSV, FILES "pandas.csv"},
    {CSV, FILES "pandas_bom_crlf.csv"},
    {SAFETENSORS, FILES "reference.safetensors"},
    {SAFETENSORS, FILES "bf16.safetensors"},
};

static struct text seed(size_t i) {
    struct err e = {0};
    struct text bytes;
    CHECK(shown(read_file(seeds[i].path, &bytes, &e), &e));
    return bytes;
}

/* A copy that ends where the heap block ends, so that a sanitizer sees every step beyond it. */
static struct str exact(struct str s) {
    char *p = malloc(s.n ? s.n : 1);
    if (p && s.n) memcpy(p, s.p, s.n);
    return (struct str){p, p ? s.n : 0};
}

static void drop(struct str s) {
    union {
        const char *in;
        char *out;
    } p = {s.p};
    free(p.out);
}

/* Every proper beginning of a binary file is an error; of a CSV file it may be a smaller table. */
static void test_cut(void) {
    for (size_t i = 0; i < ARRAY_LEN(seeds); i++) {
        struct text bytes = seed(i);
        size_t accepted = 0;
        for (size_t n = 0; n < bytes.n; n++) {
            struct err e = {0};
            struct str part = exact((struct str){bytes.p, n});
            bool ok = parse(seeds[i].kind, part, &e);
            accepted += ok;
            CHECK(ok || (e.kind == ERR_DATA && e.what[0]));
            drop(part);
        }
        if (seeds[i].kind != CSV) CHECK_EQ(accepted, 0);
        text_clear(&bytes);
    }
}

static void test_changed_bytes(void) {
    static const unsigned char changes[] = {0x01, 0x80, 0xff, 0x20, 0x08, 0x55};
    for (size_t i = 0; i < ARRAY_LEN(seeds); i++) {
        struct text bytes = seed(i);
        struct str copy = exact(text_str(&bytes));
        union {
            const char *in;
            char *out;
        } p = {copy.p};
        for (size_t at = 0; at < copy.n; at++) {
            for (size_t k = 0; k < ARRAY_LEN(changes); k++) {
                struct err e = {0};
                char old = p.out[at];
                p.out[at] = (char)(old ^ changes[k]);
                bool ok = parse(seeds[i].kind, copy, &e);
                CHECK(ok || e.kind == ERR_DATA || e.kind == ERR_MEMORY);
                p.out[at] = old;
            }
        }
        struct err e = {0};
        CHECK(parse(seeds[i].kind, copy, &e));
        drop(copy);
        text_clear(&bytes);
    }
}

/* The n-th allocation fails, for every n until all are granted. */
static void test_no_memory(void) {
    for (size_t i = 0; i < ARRAY_LEN(seeds); i++) {
        struct text bytes = seed(i);
        struct err e = {0};
        CHECK(parse(seeds[i].kind, text_str(&bytes), &e)); /* names are interned from here on */
        size_t before = pool_live_blocks();
        bool ok = false;
        int64_t n = 0;
        while (!ok && n < 1000) {
            e = (struct err){0};
            pool_fail_after(++n);
            ok = parse(seeds[i].kind, text_str(&bytes), &e);
            pool_fail_after(0);
            CHECK(ok || e.kind == ERR_MEMORY);
            CHECK_EQ(pool_live_blocks(), before);
        }
        CHECK(ok && n > 1);
        text_clear(&bytes);
    }
}

/* The same for the ways through files: reading, packed reading, writing. */
static bool through_files(struct err *e) {
    struct text bytes = {0};
    struct table *t = NULL;
    struct tensor *x = NULL;
    const char *path = scratch("memory");
    bool ok = read_file(FILES "images.idx.gz", &bytes, e) &&
              (t = read_csv(FILES "pandas.csv.gz", false, e)) &&
              (x = read_npy(FILES "fortran.npy", e)) && write_csv(t, path, e) &&
              write_npy(x, path, e) &&
              write_safetensors(&(struct named_tensor){"x", x}, 1, path, e);
    text_clear(&bytes);
    table_unref(t);
    tensor_unref(x);
    return ok;
}

static void test_no_memory_for_files(void) {
    struct err e = {0};
    CHECK(shown(through_files(&e), &e));
    size_t before = pool_live_blocks();
    bool ok = false;
    int64_t n = 0;
    while (!ok && n < 1000) {
        e = (struct err){0};
        pool_fail_after(++n);
        ok = through_files(&e);
        pool_fail_after(0);
        CHECK(ok || e.kind == ERR_MEMORY);
        CHECK_EQ(pool_live_blocks(), before);
    }
    CHECK(ok && n > 10);
    unlink(scratch("memory"));
}

/* gzip files cut at every byte, and with every byte changed. */
static void check_packed(const char *from, bool csv) {
    struct text bytes = {0};
    struct err e = {0};
    FILE *f = fopen(from, "rb"); /* read_file would unpack */
    char raw[4096];
    size_t size = f ? fread(raw, 1, sizeof raw, f) : 0;
    if (f) fclose(f);
    CHECK(size > 20 && size < sizeof raw);
    const char *path = scratch("cut.gz");
    for (size_t n = 0; n < 2 * size; n++) {
        char old = raw[n % size];
        if (n >= size) raw[n - size] = (char)(old ^ 0x15);
        put_file(path, raw, n < size ? n : size);
        struct tensor *x = csv ? NULL : read_idx(path, &e);
        struct table *t = csv ? read_csv(path, false, &e) : NULL;
        if (n < size) CHECK(!x && (!t || n < 2) && e.kind == ERR_DATA);
        tensor_unref(x);
        table_unref(t);
        if (read_file(path, &bytes, &e)) text_clear(&bytes);
        raw[n % size] = old;
    }
    unlink(path);
}

static void test_packed(void) {
    check_packed(FILES "images.idx.gz", false);
    check_packed(FILES "pandas.csv.gz", true);
}

/* 50 MB of zeros packed into 50 kB: unpacked if there is room, never taken for an image. */
static void test_packed_bomb(void) {
    const char *path = scratch("bomb.gz");
    gzFile gz = gzopen(path, "wb9");
    static char zeros[1 << 20];
    for (int i = 0; i < 50 && gz; i++) CHECK(gzwrite(gz, zeros, sizeof zeros) == (int)sizeof zeros);
    CHECK(gz && gzclose(gz) == Z_OK);
    struct err e = {0};
    struct text bytes = {0};
    CHECK(read_file(path, &bytes, &e) && bytes.n == 50u << 20);
    text_clear(&bytes);
    CHECK(read_idx(path, &e) == NULL && e.kind == ERR_DATA);
    unlink(path);
}

TEST_MAIN(test_cut, test_changed_bytes, test_no_memory, test_no_memory_for_files, test_packed,
          test_packed_bomb)
