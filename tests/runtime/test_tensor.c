/* Tensors: shapes as text, checked sizes, windows, casts, counting. */
#include "base/intern.h"
#include "base/pool.h"
#include "op/size.h"
#include "tensor.h"
#include "tests/harness.h"

static struct err err;

static void test_print(void) {
    char out[128], tiny[8];
    struct shape s = shape_of(3, (int64_t[]){100, 28, SIZE_BATCH});
    CHECK_STR(shape_print(&s, out, sizeof out), "[100, 28, batch]");
    CHECK_STR(shape_print_axes(&s, 1, out, sizeof out), "[28, batch]");
    s.axis[0] = intern_c("image");
    s.axis[2] = intern_c("time");
    CHECK_STR(shape_print(&s, out, sizeof out), "[image=100, 28, time]");
    CHECK_STR(shape_print_axes(&s, 0, out, sizeof out), "image=100 28 time");
    CHECK_STR(shape_print(&s, tiny, sizeof tiny), "[image=");
    s.size[1] = -7;
    CHECK_STR(shape_print(&s, out, sizeof out), "[image=100, ?, time]");
    struct shape none = {0};
    CHECK_STR(shape_print(&none, out, sizeof out), "[]");
    CHECK_STR(shape_print_axes(&none, 0, out, sizeof out), "a single number");
    CHECK_EQ(shape_find_axis(&s, intern_c("time")), 2);
    CHECK_EQ(shape_find_axis(&s, intern_c("width")), -1);
}

static void test_count(void) {
    int64_t n = 0;
    struct shape s = shape_of(3, (int64_t[]){3, 4, 5});
    CHECK(shape_count(&s, &n, &err) && n == 60);
    s.size[1] = 0;
    CHECK(shape_count(&s, &n, &err) && n == 0);
    s = shape_of(2, (int64_t[]){INT64_MAX / 2, 3});
    CHECK(!shape_count(&s, &n, &err));
    CHECK_EQ(err.kind, ERR_MEMORY);
    s = shape_of(1, (int64_t[]){SIZE_BATCH});
    CHECK(!shape_count(&s, &n, &err) && !shape_known(&s));
    s = shape_of(2, (int64_t[]){INT64_MAX / 16, 4});
    CHECK(tensor_new(DT_FLOAT64, &s, &err) == NULL); /* the count fits, the bytes do not */
    CHECK_EQ(err.kind, ERR_MEMORY);
    s = shape_of(2, (int64_t[]){1 << 30, 1 << 25});
    CHECK(tensor_zeros(DT_FLOAT64, &s, &err) == NULL);
    CHECK(strstr(err.what, "TB") != NULL);
}

static void test_windows(void) {
    size_t before = pool_live_blocks();
    struct shape s = shape_of(2, (int64_t[]){4, 3});
    struct tensor *t = tensor_new(DT_INT32, &s, &err);
    for (int i = 0; i < 12; i++) tensor_set(t, i, i);
    struct tensor *rows = tensor_rows(t, 1, 3, &err);
    struct tensor *inner = tensor_rows(rows, 1, 2, &err);
    tensor_unref(rows);
    tensor_unref(t); /* the window keeps the numbers alive */
    CHECK_EQ(inner->count, 3);
    CHECK_NEAR(tensor_get(inner, 0), 6, 0);
    CHECK(inner->owner && !inner->owner->owner);
    struct shape flat = shape_of(1, (int64_t[]){3});
    struct tensor *same = tensor_with_shape(inner, &flat, &err);
    CHECK_NEAR(tensor_get(same, 2), 8, 0);
    flat.size[0] = 4;
    CHECK(tensor_with_shape(inner, &flat, &err) == NULL);
    CHECK_EQ(err.kind, ERR_SHAPE);
    CHECK(tensor_rows(inner, 0, 2, &err) == NULL);
    CHECK_EQ(err.kind, ERR_INDEX);
    CHECK(tensor_rows(inner, 1, 0, &err) == NULL);
    struct tensor *empty = tensor_rows(inner, 1, 1, &err);
    CHECK_EQ(empty->count, 0);
    tensor_unref(empty);
    tensor_unref(same);
    tensor_unref(inner);
    tensor_unref(NULL);
    CHECK_EQ(pool_live_blocks(), before);
}

static double cast_one(double x, enum dtype from, enum dtype to) {
    struct tensor *t = tensor_new(from, &(struct shape){0}, &err);
    tensor_set(t, 0, x);
    struct tensor *c = tensor_cast(t, to, &err);
    double y = tensor_get(c, 0);
    tensor_unref(c);
    tensor_unref(t);
    return y;
}

static void test_casts(void) {
    CHECK_NEAR(cast_one(-2.9, DT_FLOAT64, DT_INT64), -2, 0);
    CHECK_NEAR(cast_one(300.5, DT_FLOAT32, DT_UINT8), 255, 0);
    CHECK_NEAR(cast_one(-1, DT_FLOAT64, DT_UINT8), 0, 0);
    CHECK_NEAR(cast_one(NAN, DT_FLOAT64, DT_INT32), 0, 0);
    CHECK_NEAR(cast_one(1e300, DT_FLOAT64, DT_INT64), (double)INT64_MAX, 0);
    CHECK_NEAR(cast_one(-1e300, DT_FLOAT64, DT_INT32), INT32_MIN, 0);
    CHECK_NEAR(cast_one(0.1, DT_FLOAT64, DT_BOOL), 1, 0);
    CHECK_NEAR(cast_one(NAN, DT_FLOAT64, DT_BOOL), 1, 0);
    CHECK_NEAR(cast_one(0, DT_FLOAT64, DT_BOOL), 0, 0);
    CHECK_NEAR(cast_one(1000, DT_INT64, DT_UINT8), 255, 0);
    CHECK_NEAR(cast_one(7, DT_UINT8, DT_FLOAT32), 7, 0);
    CHECK_NEAR(cast_one(0.1, DT_FLOAT64, DT_FLOAT32), (double)0.1f, 0);
}

/* Whole numbers beyond 2^53 must not go through a float. */
static void test_cast_exact(void) {
    struct shape s = shape_of(1, (int64_t[]){2000});
    struct tensor *t = tensor_new(DT_INT64, &s, &err);
    int64_t *x = t->data;
    for (int i = 0; i < 2000; i++) x[i] = i;
    x[1999] = INT64_MIN;
    struct tensor *narrow = tensor_cast(t, DT_INT32, &err);
    CHECK_EQ(((int32_t *)narrow->data)[1999], INT32_MIN);
    CHECK_EQ(((int32_t *)narrow->data)[1500], 1500);
    struct tensor *same = tensor_cast(t, DT_INT64, &err);
    CHECK(same == t);
    CHECK_EQ(t->refs, 2);
    tensor_unref(same);
    tensor_unref(narrow);
    tensor_unref(t);
}

static void test_memory_failure(void) {
    size_t before = pool_live_blocks();
    struct shape s = shape_of(1, (int64_t[]){8});
    for (int n = 1; n <= 2; n++) {
        pool_fail_after(n);
        CHECK(tensor_zeros(DT_FLOAT32, &s, &err) == NULL);
        CHECK_EQ(err.kind, ERR_MEMORY);
    }
    pool_fail_after(0);
    CHECK_EQ(pool_live_blocks(), before);
}

static void test_unknown_sizes(void) {
    int64_t day = size_times(SIZE_BATCH, 24);
    CHECK_EQ(day, size_times(24, SIZE_BATCH));
    CHECK(day != SIZE_BATCH);
    CHECK_EQ(size_divide(day, 24), SIZE_BATCH);
    CHECK_EQ(size_divide(size_times(day, 4), 8), size_times(SIZE_BATCH, 12));
    CHECK_EQ(size_divide(day, SIZE_BATCH), 24);
    CHECK_EQ(size_resolve(day, 100), 2400);
    CHECK_EQ(size_resolve(SIZE_BATCH, 7), 7);
    CHECK_EQ(size_resolve(5, 7), 5);
    CHECK(size_resolve(-9, 7) < 0);
    CHECK_EQ(size_plus(SIZE_BATCH, day), size_times(SIZE_BATCH, 25));
    CHECK_EQ(size_times(size_times(-5, -6), -7), size_times(-7, size_times(-6, -5)));
    CHECK_EQ(size_times(INT64_MAX / 2, 3), INT64_MAX);
    CHECK_EQ(size_times(SIZE_BATCH, 0), 0);
    CHECK_EQ(size_divide(10, 4), 0);
    CHECK(size_conflict(3, 4) && size_conflict(SIZE_BATCH, 4) && size_conflict(day, SIZE_BATCH));
    CHECK(!size_conflict(4, 4) && !size_conflict(-5, 4) && !size_conflict(-5, SIZE_BATCH));
}

TEST_MAIN(test_print, test_count, test_windows, test_casts, test_cast_exact, test_memory_failure,
          test_unknown_sizes)
