/* Parquet: files of pyarrow and pandas (make_parquet.py), ours back again, and damaged ones. */
#include "../data/files.h"
#include "formats/parquet.h"
#include "base/pool.h"
#include <math.h>
#include <string.h>

enum { N = 60 };

static struct table *from_file(const char *name) {
    struct err e = {0};
    char path[256];
    snprintf(path, sizeof path, FILES "%s", name);
    struct table *t = read_parquet(path, &e);
    CHECK(shown(t != NULL, &e));
    return t;
}

/* NULL after a failed check. */
static const struct column *column(const struct table *t, const char *name, enum column_kind kind) {
    int i = table_find(t, str_of(name));
    CHECK(i >= 0 && t->columns[i].kind == kind);
    return i >= 0 && t->columns[i].kind == kind ? &t->columns[i] : NULL;
}

static void check_numbers(const struct table *t, const char *name, enum column_kind kind,
                          double first, double step, int missing_every) {
    const struct column *c = column(t, name, kind);
    for (int i = 0; c && i < N; i++) {
        bool missing = missing_every && i % missing_every == 0;
        CHECK(isnan(c->numbers[i]) == missing);
        if (!missing) CHECK_NEAR(c->numbers[i], first + step * i, 1e-12);
    }
}

static void check_words(const struct table *t) {
    const struct column *c = column(t, "word", COLUMN_TEXT);
    for (int i = 0; c && i < N; i++) {
        char want[16];
        snprintf(want, sizeof want, "é%d", i % 9);
        if (i % 5 == 0) CHECK(c->texts[i] == NULL);
        else CHECK_STR(c->texts[i], want);
    }
}

enum { START = 1577836800 }; /* 2020-01-01 */

static void check_table(const struct table *t) {
    CHECK_EQ(t->n_rows, N);
    CHECK_EQ(t->n_columns, 13);
    CHECK(t->note && strstr(t->note, "list"));
    check_numbers(t, "whole", COLUMN_INT, 0, 3, 7);
    check_numbers(t, "half", COLUMN_NUMBER, 0, 0.5, 11);
    check_numbers(t, "single", COLUMN_NUMBER, 0, 0.125, 0);
    check_numbers(t, "micros", COLUMN_TIME, START, 3600, 0);
    check_numbers(t, "nanos", COLUMN_TIME, 0, 1, 0);
    check_numbers(t, "byte", COLUMN_INT, 0, 1, 0);
    check_numbers(t, "high", COLUMN_INT, 4294967295.0, -1, 0);
    check_numbers(t, "price", COLUMN_NUMBER, 0, 0.01, 0);
    check_numbers(t, "small", COLUMN_NUMBER, 0, 1, 0);
    check_numbers(t, "who.id", COLUMN_INT, 0, 1, 0);
    const struct column *flag = column(t, "flag", COLUMN_BOOL);
    const struct column *day = column(t, "day", COLUMN_TIME);
    for (int i = 0; flag && day && i < N; i++) {
        CHECK(i % 13 == 0 ? isnan(flag->numbers[i]) : flag->numbers[i] == (i % 3 == 0));
        CHECK_NEAR(day->numbers[i], START + 86400.0 * (i % 28), 0);
    }
    check_words(t);
}

static void test_pyarrow(void) {
    static const char *const names[] = {"none", "snappy", "zstd", "gzip", "lz4", "groups"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char name[64];
        snprintf(name, sizeof name, "pyarrow_%s.parquet", names[i]);
        struct table *t = from_file(name);
        if (t) check_table(t);
        table_unref(t);
    }
}

static void test_encodings(void) {
    struct table *t = from_file("pyarrow_delta.parquet");
    if (!t) return;
    check_numbers(t, "whole", COLUMN_INT, 0, 3, 7);
    check_numbers(t, "single", COLUMN_NUMBER, 0, 0.125, 0);
    check_numbers(t, "micros", COLUMN_TIME, START, 3600, 0);
    check_words(t);
    table_unref(t);
}

static void check_category(const struct table *t) {
    static const double codes[] = {1, 0, NAN, 1, 2};
    const struct column *c = column(t, "kind", COLUMN_CATEGORY);
    if (!c) return;
    CHECK_EQ(c->levels->n, 3);
    CHECK_STR(c->levels->names[2], "c");
    for (int i = 0; i < 5; i++)
        CHECK(isnan(codes[i]) ? isnan(c->numbers[i]) : c->numbers[i] == codes[i]);
}

static void test_category(void) {
    struct err e = {0};
    struct table *t = from_file("pandas.parquet");
    if (!t) return;
    check_category(t);
    const char *path = scratch("category.parquet");
    CHECK(shown(write_parquet(t, path, &e), &e));
    struct table *back = read_parquet(path, &e);
    CHECK(back != NULL);
    if (back) check_category(back);
    unlink(path);
    table_unref(back);
    table_unref(t);
}

static void test_round_trip(void) {
    struct err e = {0};
    struct table *t = from_file("pyarrow_snappy.parquet");
    const char *path = scratch("round.parquet");
    CHECK(t && shown(write_parquet(t, path, &e), &e));
    struct table *back = read_parquet(path, &e);
    CHECK(shown(back != NULL, &e));
    if (back) back->note = t->note, check_table(back);
    struct table *look = peek_parquet(path);
    CHECK(look && look->n_rows == N && look->n_columns == 13);
    CHECK(look && look->columns[0].kind == COLUMN_INT && !look->columns[0].numbers);
    unlink(path);
    table_unref(look);
    table_unref(back);
    table_unref(t);
}

/* More rows than a block and a row group hold, and none at all. */
static void test_sizes(void) {
    static const int64_t sizes[] = {0, 1, 65536, 65537, 1100000};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct err e = {0};
        int64_t n = sizes[i];
        struct table *t = table_new(n, 1, &e);
        CHECK(t && table_set_column(t, 0, "x", COLUMN_NUMBER, &e));
        for (int64_t k = 0; k < n; k++) t->columns[0].numbers[k] = k % 5 == 3 ? NAN : (double)k;
        const char *path = scratch("sizes.parquet");
        CHECK(shown(write_parquet(t, path, &e), &e));
        struct table *back = read_parquet(path, &e);
        CHECK(shown(back != NULL, &e) && back->n_rows == n);
        int64_t wrong = 0;
        for (int64_t k = 0; back && k < n; k++) {
            double x = back->columns[0].numbers[k];
            wrong += k % 5 == 3 ? !isnan(x) : x != (double)k;
        }
        CHECK_EQ(wrong, 0);
        unlink(path);
        table_unref(back);
        table_unref(t);
    }
}

static void test_damage(void) {
    struct err e = {0};
    struct text file = {0};
    CHECK(read_file(FILES "pyarrow_snappy.parquet", &file, &e));
    for (size_t n = 0; n < file.n; n += 13) {
        struct err cut = {0};
        CHECK(parse_parquet((struct str){file.p, n}, &cut) == NULL && cut.kind == ERR_DATA);
    }
    for (size_t n = 0; n < file.n; n += 5) {
        struct err bad = {0};
        file.p[n] = (char)(file.p[n] ^ 0x15);
        table_unref(parse_parquet(text_str(&file), &bad));
        file.p[n] = (char)(file.p[n] ^ 0x15);
    }
    size_t named = pool_live_blocks(); /* names of damaged headers stay interned */
    table_unref(parse_parquet(text_str(&file), &e));
    CHECK_EQ(pool_live_blocks(), named);
    text_clear(&file);
    CHECK(read_parquet(FILES "picture.png", &e) == NULL && e.kind == ERR_DATA);
    CHECK(read_parquet(FILES "no_such.parquet", &e) == NULL && e.kind == ERR_FILE);
}

TEST_MAIN(test_pyarrow, test_encodings, test_category, test_round_trip, test_sizes, test_damage)
