/* Splits: every row once, the right sizes, equal shares of classes, groups whole, same key same
 * parts. */
#include "files.h"
#include "data/split.h"
#include "base/pool.h"
#include <math.h>

static const struct rng_key key = {7, 1, 0};
static const double fractions[] = {.7, .1, .1, .1};

/* Each of the n rows is in exactly one part. */
static bool is_partition(const struct split *s, int64_t n) {
    uint8_t *seen = pool_zalloc((size_t)n + 1);
    bool ok = s->starts[0] == 0 && s->starts[s->n_parts] == n;
    for (int64_t i = 0; i < n; i++)
        ok = ok && s->rows[i] >= 0 && s->rows[i] < n && !seen[s->rows[i]]++;
    for (int i = 0; i < s->n_parts; i++) ok = ok && s->starts[i] <= s->starts[i + 1];
    pool_free(seen);
    return ok;
}

static int64_t size_of(const struct split *s, int part) {
    return s->starts[part + 1] - s->starts[part];
}

static void test_random(void) {
    struct err e = {0};
    struct split s, again, other;
    CHECK(split_rows(key, 70000, fractions, 4, &s, &e) &&
          split_rows(key, 70000, fractions, 4, &again, &e));
    CHECK(split_rows((struct rng_key){8, 1, 0}, 70000, fractions, 4, &other, &e));
    CHECK(is_partition(&s, 70000));
    CHECK(size_of(&s, 0) == 49000 && size_of(&s, 1) == 7000 && size_of(&s, 3) == 7000);
    CHECK(memcmp(s.rows, again.rows, 70000 * sizeof *s.rows) == 0);
    CHECK(memcmp(s.rows, other.rows, 70000 * sizeof *s.rows) != 0);
    double mean = 0; /* of 7000 of 0 … 69999: 35000 +- 230 */
    for (int64_t i = s.starts[1]; i < s.starts[2]; i++) mean += (double)s.rows[i] / 7000;
    CHECK(fabs(mean - 35000) < 1200);
    split_clear(&s), split_clear(&again), split_clear(&other);
    for (int64_t n = 0; n < 30; n++) {
        CHECK(split_rows(key, n, fractions, 4, &s, &e) && is_partition(&s, n));
        for (int i = 0; i < 4; i++)
            CHECK(fabs((double)size_of(&s, i) - fractions[i] * (double)n) < 1.001);
        split_clear(&s);
    }
}

static void test_refusals(void) {
    struct err e = {0};
    struct split s;
    CHECK(!split_rows(key, 10, (const double[]){.7, .2}, 2, &s, &e));
    CHECK_STR(e.what, "The parts of the split add up to 90%, not to 100%.");
    CHECK(!split_rows(key, 10, (const double[]){1.2, -.2}, 2, &s, &e));
    CHECK(strstr(e.what, "Part 2") != NULL);
    CHECK(!split_rows(key, 10, (const double[]){NAN, 1}, 2, &s, &e));
    CHECK(!split_folds(key, NULL, 4, 5, &s, &e));
    CHECK_STR(e.what, "4 rows cannot be split into 5 folds.");
}

/* n rows with classes i % n_classes as a tensor of labels. */
static struct groups classes(int64_t n, int n_classes) {
    struct err e = {0};
    struct groups g;
    struct shape shape = shape_of(1, &n);
    struct tensor *labels = tensor_zeros(DT_UINT8, &shape, &e);
    for (int64_t i = 0; i < n; i++) tensor_set(labels, i, (double)(i % n_classes));
    CHECK(groups_of_tensor(labels, &g, &e));
    CHECK_EQ(g.n_groups, n < n_classes ? n : n_classes);
    tensor_unref(labels);
    return g;
}

static void test_stratified(void) {
    struct err e = {0};
    struct split s;
    struct groups g = classes(70000, 10);
    CHECK(split_stratified(key, &g, fractions, 4, &s, &e) && is_partition(&s, 70000));
    for (int part = 0; part < 4; part++) {
        int64_t count[10] = {0};
        for (int64_t i = s.starts[part]; i < s.starts[part + 1]; i++) count[s.rows[i] % 10]++;
        for (int c = 0; c < 10; c++) CHECK_EQ(count[c], part ? 700 : 4900);
    }
    int ordered = 0; /* rows of a part are in random order */
    for (int i = 1; i < 1000; i++) ordered += s.rows[i] > s.rows[i - 1];
    CHECK(ordered > 400 && ordered < 600);
    split_clear(&s);
    groups_clear(&g);
}

/* Odd sizes: the whole within one row of its share, every group within two. */
static void test_stratified_odd(void) {
    struct err e = {0};
    for (int64_t n = 30; n < 200; n += 7) {
        struct split s;
        struct groups g = classes(n, 7);
        CHECK(split_stratified(key, &g, fractions, 4, &s, &e) && is_partition(&s, n));
        for (int part = 0; part < 4; part++) {
            double count[7] = {0};
            CHECK(fabs((double)size_of(&s, part) - fractions[part] * (double)n) < 1);
            for (int64_t i = s.starts[part]; i < s.starts[part + 1]; i++) count[s.rows[i] % 7]++;
            for (int c = 0; c < 7; c++) {
                double members = (double)((n + 6 - c) / 7);
                CHECK(fabs(count[c] - fractions[part] * members) < 2);
            }
        }
        split_clear(&s);
        groups_clear(&g);
    }
    struct groups alone = classes(5, 7);
    struct split s;
    CHECK(!split_stratified(key, &alone, fractions, 4, &s, &e));
    CHECK(strstr(e.what, "single row") != NULL);
    groups_clear(&alone);
}

static void test_groups(void) {
    struct err e = {0};
    struct groups g;
    struct table *t =
        parse_csv(STR("city,x\nBerlin,1\nParis,NA\n,0\nBerlin,-0.0\nParis,1\n,NA\n"), &e);
    CHECK(t && groups_of_column(&t->columns[0], t->n_rows, &g, &e));
    const int64_t by_city[] = {0, 1, 2, 0, 1, 2}, by_x[] = {0, 1, 2, 2, 0, 1};
    CHECK(g.n_groups == 3 && memcmp(g.of_row, by_city, sizeof by_city) == 0);
    groups_clear(&g);
    CHECK(groups_of_column(&t->columns[1], t->n_rows, &g, &e));
    CHECK(g.n_groups == 3 && memcmp(g.of_row, by_x, sizeof by_x) == 0);
    groups_clear(&g);
    table_unref(t);
    struct shape two = shape_of(2, (int64_t[]){2, 2});
    struct tensor *x = tensor_zeros(DT_FLOAT64, &two, &e);
    CHECK(!groups_of_tensor(x, &g, &e) && e.kind == ERR_SHAPE);
    tensor_unref(x);
}

static void test_together(void) {
    struct err e = {0};
    struct split s;
    struct groups g = classes(1000, 50);
    CHECK(split_together(key, &g, fractions, 4, &s, &e) && is_partition(&s, 1000));
    int part_of[50];
    for (int i = 0; i < 50; i++) part_of[i] = -1;
    int torn = 0;
    for (int part = 0; part < 4; part++) {
        for (int64_t i = s.starts[part]; i < s.starts[part + 1]; i++) {
            int *p = &part_of[s.rows[i] % 50];
            torn += *p >= 0 && *p != part;
            *p = part;
        }
        CHECK(fabs((double)size_of(&s, part) - 1000 * fractions[part]) <= 20);
    }
    CHECK_EQ(torn, 0);
    split_clear(&s);
    groups_clear(&g);
    g = classes(9, 3);
    CHECK(!split_together(key, &g, fractions, 4, &s, &e));
    CHECK_STR(e.what, "3 groups cannot be split into 4 parts.");
    groups_clear(&g);
}

static void test_folds(void) {
    struct err e = {0};
    struct split s;
    CHECK(split_folds(key, NULL, 103, 5, &s, &e) && is_partition(&s, 103) && s.n_parts == 5);
    for (int i = 0; i < 5; i++) CHECK(size_of(&s, i) == 20 || size_of(&s, i) == 21);
    split_clear(&s);
    struct groups g = classes(100, 2);
    CHECK(split_folds(key, &g, 100, 5, &s, &e) && is_partition(&s, 100));
    for (int i = 0; i < 5; i++) {
        int64_t odd = 0;
        for (int64_t k = s.starts[i]; k < s.starts[i + 1]; k++) odd += s.rows[k] % 2;
        CHECK(size_of(&s, i) == 20 && odd == 10);
    }
    split_clear(&s);
    groups_clear(&g);
}

TEST_MAIN(test_random, test_refusals, test_stratified, test_stratified_odd, test_groups,
          test_together, test_folds)
