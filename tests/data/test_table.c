/* Tables: columns, texts shared between them, cuts, rounding, tensors. */
#include "files.h"
#include "base/intern.h"
#include "base/pool.h"
#include "base/stop.h"
#include "data/join.h"
#include "data/keys.h"
#include <math.h>

/* x: 0, 0.5, 1 …; n: row numbers; word: "w0", "w1" …, missing in row 2. */
static struct table *sample(int64_t n_rows) {
    struct err e = {0};
    struct table *t = table_new(n_rows, 3, &e);
    CHECK(t && table_set_column(t, 0, intern_c("x"), COLUMN_NUMBER, &e) &&
          table_set_column(t, 1, intern_c("n"), COLUMN_INT, &e) &&
          table_set_column(t, 2, intern_c("word"), COLUMN_TEXT, &e));
    for (int64_t i = 0; i < n_rows; i++) {
        char word[24];
        int n = snprintf(word, sizeof word, "w%lld", (long long)i);
        t->columns[0].numbers[i] = (double)i / 2;
        t->columns[1].numbers[i] = (double)i;
        if (i != 2) CHECK(table_set_text(t, 2, i, (struct str){word, (size_t)n}, &e));
    }
    return t;
}

static void test_new(void) {
    struct err e = {0};
    struct table *t = table_new(3, 1, &e);
    CHECK(table_set_column(t, 0, intern_c("x"), COLUMN_NUMBER, &e));
    CHECK(isnan(t->columns[0].numbers[0]) && isnan(t->columns[0].numbers[2]));
    CHECK(table_set_column(t, 0, intern_c("y"), COLUMN_TEXT, &e));
    CHECK(t->columns[0].texts[1] == NULL && t->columns[0].numbers == NULL);
    CHECK_EQ(table_find(t, STR("y")), 0);
    CHECK_EQ(table_find(t, STR("x")), -1);
    table_unref(t);
    t = table_new(0, 0, &e);
    CHECK(t && t->n_rows == 0);
    table_unref(t);
}

static void test_cuts(void) {
    struct err e = {0};
    struct table *t = sample(6);
    struct table *cut = table_slice(t, 1, 4, &e);
    struct table *rows = table_pick_rows(t, (const int64_t[]){5, 0, 5, 2}, 4, &e);
    struct table *columns = table_pick_columns(t, (const int[]){2, 0}, 2, &e);
    struct table *none = table_slice(t, 3, 3, &e);
    table_unref(t); /* the texts live on in the others */
    CHECK(cut->n_rows == 3 && cut->columns[1].numbers[0] == 1 && cut->columns[2].texts[1] == NULL);
    CHECK_STR(cut->columns[2].texts[2], "w3");
    CHECK(rows->n_rows == 4 && rows->columns[0].numbers[0] == 2.5 &&
          rows->columns[2].texts[3] == NULL);
    CHECK_STR(rows->columns[2].texts[2], "w5");
    CHECK(columns->n_columns == 2 && columns->n_rows == 6 && columns->columns[1].numbers[5] == 2.5);
    CHECK_STR(columns->columns[0].texts[0], "w0");
    CHECK(none->n_rows == 0 && none->n_columns == 3);
    CHECK(table_set_text(rows, 2, 3, STR("added"), &e));
    CHECK_STR(rows->columns[2].texts[3], "added");
    table_unref(cut);
    table_unref(rows);
    table_unref(columns);
    table_unref(none);
}

static void test_many_texts(void) {
    struct table *t = sample(100000);
    int wrong = 0;
    for (int i = 3; i < 100000; i++) {
        char word[24];
        snprintf(word, sizeof word, "w%d", i);
        wrong += strcmp(word, t->columns[2].texts[i]) != 0;
    }
    CHECK_EQ(wrong, 0);
    table_unref(t);
}

static void test_round(void) {
    struct err e = {0};
    struct table *t = table_new(6, 1, &e);
    CHECK(table_set_column(t, 0, intern_c("x"), COLUMN_NUMBER, &e));
    const double x[] = {1.25, 1.35, -2.5, 1e300, NAN, 1234.567};
    memcpy(t->columns[0].numbers, x, sizeof x);
    struct table *one = table_round(t, 1, &e), *tens = table_round(t, -2, &e);
    struct table *many = table_round(t, 300, &e);
    const double to_one[] = {1.2, 1.4, -2.5, 1e300, NAN, 1234.6}; /* as numpy.round */
    for (int i = 0; i < 6; i++) {
        if (i == 4) CHECK(isnan(one->columns[0].numbers[i]));
        else CHECK(one->columns[0].numbers[i] == to_one[i]);
    }
    CHECK(tens->columns[0].numbers[5] == 1200 && many->columns[0].numbers[0] == 1.25);
    table_unref(t);
    table_unref(one);
    table_unref(tens);
    table_unref(many);
}

static void test_tensors(void) {
    struct err e = {0};
    struct table *t = sample(4);
    CHECK(table_to_tensor(t, &e) == NULL);
    CHECK_EQ(e.kind, ERR_TYPE);
    CHECK(strstr(e.what, "\"word\"") != NULL);
    struct table *numbers = table_pick_columns(t, (const int[]){0, 1}, 2, &e);
    struct tensor *x = table_to_tensor(numbers, &e);
    CHECK(x && x->dtype == DT_FLOAT64 && x->shape.n == 2 && x->shape.size[0] == 4 &&
          x->shape.size[1] == 2);
    CHECK(tensor_get(x, 6) == 1.5 && tensor_get(x, 7) == 3);
    struct table *back = table_from_tensor(x, (const char *const[]){"a", "b"}, &e);
    CHECK(back->n_rows == 4 && table_find(back, STR("b")) == 1 && back->columns[1].numbers[3] == 3);
    struct tensor *whole = tensor_cast(x, DT_INT32, &e);
    struct table *unnamed = table_from_tensor(whole, NULL, &e);
    CHECK(unnamed->columns[0].kind == COLUMN_INT);
    CHECK_STR(unnamed->columns[1].name, "1");
    struct shape cube = shape_of(3, (int64_t[]){2, 2, 2});
    struct tensor *y = tensor_with_shape(x, &cube, &e);
    CHECK(table_from_tensor(y, NULL, &e) == NULL && e.kind == ERR_SHAPE);
    tensor_unref(x), tensor_unref(y), tensor_unref(whole);
    table_unref(t), table_unref(numbers), table_unref(back), table_unref(unnamed);
}

static void test_nothing_left(void) {
    size_t before = pool_live_blocks();
    table_unref(sample(1000));
    CHECK_EQ(pool_live_blocks(), before);
    table_unref(NULL);
}

/* After Stop no long work gives a part of its result, and what is short is done all the same. */
static void test_stopped(void) {
    static const _Atomic bool stop = true;
    static int64_t rows[100000];
    for (int long_one = 0; long_one < 2; long_one++) {
        size_t before = pool_live_blocks();
        struct table *t = sample(long_one ? 100000 : 1000);
        struct column picked = {0};
        struct row_pairs pairs = {0};
        struct keys keys = {0};
        struct err e[4] = {{0}};
        int by = 0;
        bool down = true;
        stop_on(&stop);
        bool done[] = {sort_rows(t, &by, &down, 1, rows, &e[0]),
                       keys_of_column(&t->columns[0], t->n_rows, &keys, &e[1]),
                       join_rows(t, &by, t, &by, 1, JOIN_INNER, &pairs, &e[2]),
                       column_pick(&picked, &t->columns[0], rows, t->n_rows, &e[3])};
        stop_on(NULL);
        for (int i = 0; i < 4; i++) {
            CHECK(done[i] == !long_one);
            CHECK(e[i].kind == (long_one ? ERR_INTERRUPT : ERR_NONE));
        }
        row_pairs_clear(&pairs);
        keys_clear(&keys);
        column_clear(&picked);
        table_unref(t);
        CHECK_EQ(pool_live_blocks(), before);
    }
}

TEST_MAIN(test_new, test_cuts, test_many_texts, test_round, test_tensors, test_nothing_left,
          test_stopped)
