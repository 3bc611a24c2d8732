/* Statistics against NumPy's numbers (in the comments: what was called) and their edge cases. */
#include "files.h"
#include "base/hash.h"
#include "data/aggregate.h"
#include "cpu/kernels.h"
#include "cpu/threads.h"
#include "data/key_sort.h"
#include "data/order.h"
#include "data/stats.h"
#include "rng.h"
#include <math.h>

static struct tensor *of(int n, const int64_t *sizes, const double *numbers) {
    struct err e = {0};
    struct shape s = shape_of(n, sizes);
    struct tensor *x = tensor_zeros(DT_FLOAT64, &s, &e);
    for (int64_t i = 0; x && i < x->count; i++) tensor_set(x, i, numbers[i]);
    return x;
}

static const double digits[] = {3, -1, 4, 1, -5, 9, 2, 6, 5, 3.5};

static void test_quantiles(void) {
    struct err e = {0};
    struct tensor *x = of(2, (int64_t[]){2, 5}, digits);
    /* numpy.quantile(digits, q) */
    const double q[] = {0, .1, .25, .5, .77, 1};
    const double expected[] = {-5.0, -1.4, 1.25, 3.25, 4.93, 9.0};
    double found[6], median;
    CHECK(stats_quantiles(x, q, 6, found, &e));
    for (int i = 0; i < 6; i++) CHECK_NEAR(found[i], expected[i], 1e-15);
    CHECK(stats_median(x, &median, &e) && median == 3.25);
    CHECK(!stats_quantiles(x, (const double[]){1.01}, 1, found, &e) && e.kind == ERR_VALUE);
    CHECK(!stats_quantiles(x, (const double[]){NAN}, 1, found, &e));
    tensor_set(x, 3, NAN);
    CHECK(stats_median(x, &median, &e) && isnan(median));
    tensor_unref(x);
    x = of(1, (int64_t[]){3}, (const double[]){-INFINITY, INFINITY, INFINITY});
    CHECK(stats_quantiles(x, (const double[]){.75}, 1, found, &e) && found[0] == INFINITY);
    tensor_unref(x);
    x = of(1, (int64_t[]){0}, NULL);
    CHECK(!stats_median(x, &median, &e));
    tensor_unref(x);
}

static void test_histogram(void) {
    struct err e = {0};
    struct tensor *x = of(1, (int64_t[]){10}, digits);
    int64_t counts[10];
    const int64_t expected[] = {1, 0, 1, 2, 3, 2, 1}; /* numpy.histogram(digits, 7, (-5, 9)) */
    CHECK(stats_histogram(x, 7, -5, 9, counts, &e));
    for (int i = 0; i < 7; i++) CHECK_EQ(counts[i], expected[i]);
    double low, high;
    CHECK(stats_range(x, &low, &high) && low == -5 && high == 9);
    tensor_set(x, 0, NAN), tensor_set(x, 1, INFINITY), tensor_set(x, 2, 100);
    CHECK(stats_histogram(x, 7, -5, 9, counts, &e));
    int64_t sum = 0;
    for (int i = 0; i < 7; i++) sum += counts[i];
    CHECK_EQ(sum, 7);
    CHECK(stats_range(x, &low, &high) && high == 100);
    tensor_unref(x);
    /* Numbers on the edges: every part gets its lower edge, the last one both. */
    double tenths[11];
    for (int i = 0; i <= 10; i++) tenths[i] = (double)i * .1;
    x = of(1, (int64_t[]){11}, tenths);
    CHECK(stats_histogram(x, 10, 0, 1, counts, &e));
    for (int i = 0; i < 10; i++) CHECK_EQ(counts[i], i == 9 ? 2 : 1);
    tensor_unref(x);
    x = of(1, (int64_t[]){1}, (const double[]){NAN});
    CHECK(!stats_range(x, &low, &high));
    tensor_unref(x);
}

static void test_argsort(void) {
    struct err e = {0};
    struct tensor *x =
        of(2, (int64_t[]){2, 5}, (const double[]){3, NAN, -1, 3, -INFINITY, 0, -0.0, 1, 0, -2});
    struct tensor *up = stats_argsort(x, false, &e), *down = stats_argsort(x, true, &e);
    const int64_t ups[] = {4, 2, 0, 3, 1, 4, 0, 1, 3, 2}; /* numpy.argsort(kind="stable") */
    const int64_t downs[] = {0, 3, 2, 4, 1, 2, 0, 1, 3, 4};
    CHECK(up && up->dtype == DT_INT64 && memcmp(up->data, ups, sizeof ups) == 0);
    CHECK(down && memcmp(down->data, downs, sizeof downs) == 0);
    tensor_unref(x), tensor_unref(up), tensor_unref(down);
}

static void test_argsort_large(void) {
    struct err e = {0};
    enum { N = 100000 };
    struct shape s = shape_of(1, (int64_t[]){N});
    struct tensor *x = tensor_new(DT_FLOAT32, &s, &e);
    for (int64_t i = 0; i < N; i++)
        tensor_set(x, i, rng_normal((struct rng_key){1, 2, 3}, (uint64_t)i));
    struct tensor *order = stats_argsort(x, false, &e);
    const int64_t *at = order->data;
    int wrong = 0;
    for (int i = 1; i < N; i++) {
        double a = tensor_get(x, at[i - 1]), b = tensor_get(x, at[i]);
        wrong += a > b || (a == b && at[i - 1] > at[i]);
    }
    CHECK_EQ(wrong, 0);
    tensor_unref(x), tensor_unref(order);
}

static void test_topk(void) {
    struct err e = {0};
    struct tensor *x = of(2, (int64_t[]){2, 4}, (const double[]){1, 5, 5, NAN, -3, -2, -1, -4}), *v,
                  *p;
    struct tensor *whole = tensor_cast(x, DT_INT32, &e);
    CHECK(stats_topk(x, 2, &v, &p, &e));
    CHECK(v->shape.size[0] == 2 && v->shape.size[1] == 2 && v->dtype == DT_FLOAT64);
    CHECK(tensor_get(v, 0) == 5 && tensor_get(v, 1) == 5 && tensor_get(v, 2) == -1 &&
          tensor_get(v, 3) == -2);
    CHECK(tensor_get(p, 0) == 1 && tensor_get(p, 1) == 2 && tensor_get(p, 2) == 2 &&
          tensor_get(p, 3) == 1);
    tensor_unref(v), tensor_unref(p);
    CHECK(stats_topk(whole, 1, &v, &p, &e) && v->dtype == DT_INT32 && tensor_get(v, 1) == -1);
    tensor_unref(v), tensor_unref(p);
    CHECK(!stats_topk(x, 5, &v, &p, &e) && !v && !p);
    CHECK(!stats_topk(x, 0, &v, &p, &e));
    tensor_unref(x), tensor_unref(whole);
}

static void test_corrcoef(void) {
    struct err e = {0};
    struct tensor *x = of(2, (int64_t[]){4, 4},
                          (const double[]){1, 2, 3, 5, 2, 4, 6, 11, 5, 1, 0, -2, 7, 7, 7, 7});
    struct tensor *r = stats_corrcoef(x, &e);
    CHECK(r && r->shape.size[0] == 4 && r->shape.size[1] == 4);
    /* numpy.corrcoef of the first three rows */
    CHECK_NEAR(tensor_get(r, 0), 1, 1e-15);
    CHECK_NEAR(tensor_get(r, 1), 0.9980827590608692, 1e-14);
    CHECK_NEAR(tensor_get(r, 2), -0.9281909617845142, 1e-14);
    CHECK_NEAR(tensor_get(r, 6), -0.9088213062743905, 1e-14);
    CHECK(tensor_get(r, 1) == tensor_get(r, 4));
    CHECK(isnan(tensor_get(r, 3)) && isnan(tensor_get(r, 15)));
    tensor_unref(x), tensor_unref(r);
    x = of(1, (int64_t[]){3}, digits);
    CHECK(stats_corrcoef(x, &e) == NULL && e.kind == ERR_SHAPE);
    tensor_unref(x);
}

/* Signs of 0, infinities, NaN and numbers that no double holds, in both directions. */
static void test_order_values(void) {
    struct err e = {0};
    struct tensor *x = tensor_new(DT_FLOAT64, &(struct shape){.n = 1, .size = {6}}, &e);
    memcpy(x->data, (double[]){0.0, NAN, -0.0, -INFINITY, 3, INFINITY}, 6 * sizeof(double));
    struct tensor *up = order_values(x, false, &e), *down = order_values(x, true, &e);
    const double *a = up->data, *b = down->data;
    CHECK(a[0] == -INFINITY && signbit(a[1]) && a[1] == 0 && !signbit(a[2]) && a[3] == 3);
    CHECK(a[4] == INFINITY && isnan(a[5]) && isnan(b[5]) && b[0] == INFINITY);
    tensor_unref(x), tensor_unref(up), tensor_unref(down);
    x = tensor_new(DT_INT64, &(struct shape){.n = 1, .size = {4}}, &e);
    memcpy(x->data, (int64_t[]){INT64_MAX, INT64_MIN, INT64_MAX - 1, 5}, 4 * sizeof(int64_t));
    up = order_values(x, false, &e), down = order_values(x, true, &e);
    CHECK(((int64_t *)up->data)[2] == INT64_MAX - 1 && ((int64_t *)up->data)[0] == INT64_MIN);
    CHECK(((int64_t *)down->data)[0] == INT64_MAX && ((int64_t *)down->data)[3] == INT64_MIN);
    tensor_unref(x), tensor_unref(up), tensor_unref(down);
}

/* Enough numbers for groups: ranks as in a sorted copy, NaN told. */
static void test_ranks(void) {
    struct err e = {0};
    enum { N = 300007 };
    struct tensor *x = tensor_new(DT_FLOAT64, &(struct shape){.n = 1, .size = {N}}, &e);
    double *p = x->data, found[4];
    for (int64_t i = 0; i < N; i++) p[i] = (double)(i * 7919 % N - 1000) / 64;
    const int64_t ranks[] = {N - 1, 0, 1000, 150000};
    CHECK(order_ranks(x, ranks, 4, found, &e));
    for (int i = 0; i < 4; i++) CHECK(found[i] == (double)(ranks[i] - 1000) / 64);
    p[77] = NAN;
    CHECK(order_ranks(x, ranks, 4, found, &e) && isnan(found[0]) && isnan(found[2]));
    tensor_unref(x);
}

/* Keys that differ in few bits, in the lowest, in all; all equal; many and few of them. */
static uint64_t some_key(int kind, uint64_t i) {
    uint64_t h = hash_mix(i);
    switch (kind) {
    case 0: return h;
    case 1: return h % 5;
    case 2: return 7;
    case 3: return h << 50;
    case 4: return i % 1000 == 0 ? h : 3;
    default: return (uint64_t)1 << (h % 64);
    }
}

static int by_number(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int by_key(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void test_key_sort(void) {
    enum { MOST = 100003 };
    static uint64_t keys[MOST], other[MOST], expected[MOST];
    const int64_t counts[] = {0, 1, 2, 16, 17, 100, 5000, 32767, 32768, MOST};
    struct err e = {0};
    for (int kind = 0; kind < 6; kind++) {
        for (size_t c = 0; c < ARRAY_LEN(counts); c++) {
            int64_t n = counts[c];
            for (int64_t i = 0; i < n; i++) keys[i] = expected[i] = some_key(kind, (uint64_t)i);
            qsort(expected, (size_t)n, sizeof *expected, by_key);
            const uint64_t *sorted = key_sort(keys, other, n, &e);
            CHECK(sorted && memcmp(sorted, expected, (size_t)n * sizeof *expected) == 0);
        }
    }
}

/* A double of any kind: zeros of both signs, infinities, NaN; whole numbers alone where keys are.
 */
static double some_number(int kind, uint64_t i) {
    uint64_t h = some_key(kind, i);
    if (kind == 0 && h % 7 == 0) return h % 2 ? 0.0 : -0.0;
    if (kind == 4 && h % 3 == 0) return h % 2 ? (double)NAN : -INFINITY;
    return (double)(int64_t)h / 1024;
}

static bool in_order(double a, double b) {
    return a < b || isnan(b) || (a == b && signbit(a) >= signbit(b));
}

/* As many of each: sums of mixed bytes. */
static uint64_t contents(const void *p, int64_t n, size_t width) {
    uint64_t sum = 0;
    for (int64_t i = 0; i < n; i++) {
        uint64_t bits = 0;
        memcpy(&bits, (const char *)p + (size_t)i * width, width);
        sum += hash_mix(bits);
    }
    return sum;
}

static void check_in_order(enum dtype type, int kind, int64_t n) {
    struct err e = {0};
    struct tensor *x = tensor_new(type, &(struct shape){.n = 1, .size = {n}}, &e);
    for (int64_t i = 0; i < n; i++) {
        if (type == DT_INT64) ((int64_t *)x->data)[i] = (int64_t)some_key(kind, (uint64_t)i);
        else tensor_set(x, i, some_number(kind, (uint64_t)i));
    }
    struct tensor *up = order_values(x, false, &e), *down = order_values(x, true, &e);
    struct tensor *at = stats_argsort(x, false, &e), *once = order_once(x, &e);
    CHECK(contents(up->data, n, dtype_bytes(type)) == contents(x->data, n, dtype_bytes(type)));
    CHECK(contents(down->data, n, dtype_bytes(type)) == contents(x->data, n, dtype_bytes(type)));
    int64_t wrong = 0, different = n > 0;
    const int64_t *p = at->data, *whole = up->data, *last = down->data;
    for (int64_t i = 1; i < n; i++) {
        double a = tensor_get(x, p[i - 1]), b = tensor_get(x, p[i]);
        bool same = a == b || (isnan(a) && isnan(b));
        if (type == DT_INT64) {
            int64_t from = ((int64_t *)x->data)[p[i - 1]], to = ((int64_t *)x->data)[p[i]];
            same = from == to;
            wrong += whole[i - 1] > whole[i] || last[i - 1] < last[i] || from > to;
        } else {
            double c = tensor_get(down, i - 1), d = tensor_get(down, i);
            wrong += !in_order(tensor_get(up, i - 1), tensor_get(up, i)) || (a > b && !isnan(b)) ||
                     !(c >= d || isnan(d)) || (isnan(a) && !isnan(b));
        }
        wrong += same && p[i - 1] >= p[i];
        different += !same;
    }
    CHECK(wrong == 0 && once->count == different);
    tensor_unref(x), tensor_unref(up), tensor_unref(down), tensor_unref(at), tensor_unref(once);
}

/* On vectors where the processor has them, and by radix; on two threads and on one. */
static void test_in_order(void) {
    const int64_t counts[] = {0, 1, 2, 9, 25, 96, 129, 300, 1000, 5003, 32768, 100003};
    const enum dtype types[] = {DT_FLOAT64, DT_INT64, DT_FLOAT32};
    const char *sets[] = {"plain", "avx2", "avx512"};
    const struct kernels *chosen = kernels();
    for (size_t s = 0; s < ARRAY_LEN(sets); s++) {
        if (!kernels_named(sets[s])) continue;
        kernels_use(kernels_named(sets[s]));
        threads_set(s == 0 ? 1 : 2);
        for (int kind = 0; kind < 6; kind++)
            for (size_t t = 0; t < ARRAY_LEN(types); t++)
                for (size_t c = 0; c < ARRAY_LEN(counts); c++)
                    check_in_order(types[t], kind, counts[c]);
    }
    kernels_use(chosen);
}

/* Medians and quantiles of groups by selection: as of the sorted numbers. */
static void test_group_quantiles(void) {
    enum { N = 4001, GROUPS = 4 };
    static double x[N], sorted[N];
    static int32_t of_row[N];
    static int64_t rows[N], starts[GROUPS + 1] = {0, 1, 3, 1003, N};
    struct row_groups g = {
        .n_rows = N, .n_groups = GROUPS, .of_row = of_row, .rows = rows, .starts = starts};
    struct err e = {0};
    for (int kind = 0; kind < 4; kind++) {
        for (int64_t i = 0; i < N; i++) {
            uint64_t h = hash_mix((uint64_t)i);
            x[i] = kind == 0 ? (double)h : kind == 1 ? (double)(h % 3) : kind == 2 ? 1 : (double)i;
            rows[i] = i;
        }
        for (int k = 0; k < GROUPS; k++)
            for (int64_t i = starts[k]; i < starts[k + 1]; i++) of_row[i] = k;
        for (int q = 0; q <= 10; q++) {
            double out[GROUPS];
            CHECK(aggregate(x, &g, AGGREGATE_QUANTILE, q / 10.0, out, &e));
            for (int k = 0; k < GROUPS; k++) {
                int64_t n = starts[k + 1] - starts[k];
                memcpy(sorted, x + starts[k], (size_t)n * sizeof *x);
                qsort(sorted, (size_t)n, sizeof *sorted, by_number);
                double place = q / 10.0 * (double)(n - 1);
                int64_t i = (int64_t)place, next = i + 1 < n ? i + 1 : i;
                CHECK(out[k] == sorted[i] + (sorted[next] - sorted[i]) * (place - (double)i));
            }
        }
    }
}

TEST_MAIN(test_key_sort, test_in_order, test_group_quantiles, test_order_values, test_ranks,
          test_quantiles, test_histogram, test_argsort, test_argsort_large, test_topk,
          test_corrcoef)
