/* Zip archives: of Python's zipfile (make_zip.py), ours back again, and damaged ones. */
#include "files.h"
#include "data/images.h"
#include "data/zip.h"
#include "base/pool.h"
#include <string.h>

static void check_member(const struct zip *z, const char *name, const char *want) {
    struct err e = {0};
    struct text bytes = {0};
    int64_t i = zip_find(z, str_of(name));
    CHECK(i >= 0);
    if (i < 0) return;
    CHECK(shown(zip_read(z, i, &bytes, &e), &e));
    CHECK(str_is(text_str(&bytes), want));
    text_clear(&bytes);
}

static void test_python(void) {
    struct err e = {0};
    static const char *const names[] = {"python.zip", "python64.zip"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[256];
        snprintf(path, sizeof path, FILES "%s", names[i]);
        struct zip *z = zip_open(path, &e);
        CHECK(shown(z != NULL, &e));
        if (!z) continue;
        check_member(z, "stored.txt", "hello");
        check_member(z, "folder/packed.txt", "abcabcabcabcabcabcabcabcabcabcabcabcabcabcabc");
        check_member(z, "empty", "");
        CHECK(zip_find(z, STR("nothing")) < 0);
        zip_unref(z);
    }
}

static void test_round_trip(void) {
    struct err e = {0};
    const char *path = scratch("ours.zip");
    struct zip_writer *w = zip_create(path, &e);
    CHECK(w != NULL);
    struct text long_text = {0};
    for (int i = 0; i < 5000; i++) text_addf(&long_text, "%d ", i % 10);
    bool ok = zip_add(w, "a/long.txt", text_str(&long_text), true, &e) &&
              zip_add(w, "b.txt", STR("short"), true, &e) && zip_add(w, "c", STR(""), false, &e);
    CHECK(zip_finish(w, ok, &e));
    struct zip *z = zip_open(path, &e);
    CHECK(z && zip_count(z) == 3);
    CHECK(z && zip_at(z, 0)->packed < 1000 && zip_at(z, 0)->size == long_text.n);
    if (z) check_member(z, "a/long.txt", long_text.p), check_member(z, "b.txt", "short");
    zip_unref(z);
    unlink(path);
    text_clear(&long_text);
}

/* More members than a 16-bit count holds. */
static void test_many(void) {
    struct err e = {0};
    const char *path = scratch("many.zip");
    struct zip_writer *w = zip_create(path, &e);
    bool ok = w != NULL;
    for (int i = 0; ok && i < 70000; i++) {
        char name[32];
        snprintf(name, sizeof name, "%05d.txt", i);
        ok = zip_add(w, name, str_of(name), false, &e);
    }
    CHECK(zip_finish(w, ok, &e));
    struct zip *z = zip_open(path, &e);
    CHECK(z && zip_count(z) == 70000);
    if (z) check_member(z, "69999.txt", "69999.txt");
    zip_unref(z);
    unlink(path);
}

static void test_names(void) {
    static const char *const bad[] = {"", "/etc/passwd", "../x", "a/../../b", "a\\b", ".."};
    static const char *const good[] = {"a", "a/b", "a..b", "..a/b", "a/"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) CHECK(!zip_is_safe(str_of(bad[i])));
    for (size_t i = 0; i < ARRAY_LEN(good); i++) CHECK(zip_is_safe(str_of(good[i])));
}

static void read_everything(struct str bytes) {
    struct err e = {0};
    struct zip *z = zip_of(bytes, &e);
    for (int64_t i = 0; z && i < zip_count(z); i++) {
        struct text out = {0};
        zip_read(z, i, &out, &e);
        text_clear(&out);
    }
    zip_unref(z);
}

static void test_damage(void) {
    struct err e = {0};
    struct text file = {0};
    CHECK(read_file(FILES "python64.zip", &file, &e));
    size_t live = pool_live_blocks();
    for (size_t n = 0; n < file.n; n++) {
        struct err cut = {0};
        struct zip *z = zip_of((struct str){file.p, n}, &cut);
        CHECK(z == NULL && cut.kind == ERR_DATA);
    }
    for (size_t n = 0; n < file.n; n++) {
        file.p[n] = (char)(file.p[n] ^ 0xff);
        read_everything(text_str(&file));
        file.p[n] = (char)(file.p[n] ^ 0xff);
    }
    CHECK_EQ(pool_live_blocks(), live);
    text_clear(&file);
}

/* The members' checksums are looked at. */
static void test_checksum(void) {
    struct err e = {0};
    struct text file = {0}, out = {0};
    CHECK(read_file(FILES "python.zip", &file, &e));
    char *hello = memmem(file.p, file.n, "hello", 5);
    CHECK(hello != NULL);
    if (hello) *hello = 'j';
    struct zip *z = zip_of(text_str(&file), &e);
    CHECK(z && !zip_read(z, zip_find(z, STR("stored.txt")), &out, &e));
    CHECK(strstr(e.facts, "stored.txt") != NULL);
    zip_unref(z);
    text_clear(&file);
}

TEST_MAIN(test_python, test_round_trip, test_many, test_names, test_damage, test_checksum)
