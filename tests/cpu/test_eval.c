/* Single operations: errors of whole numbers and positions, big arrays, stopping. */
#include "base/stop.h"
#include "base/pool.h"
#include "graph.h"
#include "plan.h"
#include "rng.h"
#include "tests/harness.h"
#include <math.h>
#include <pthread.h>
#include <time.h>

static struct err err;

static struct tensor *whole(int64_t x) {
    struct shape none = {0};
    struct tensor *t = tensor_new(DT_INT64, &none, &err);
    *(int64_t *)t->data = x;
    return t;
}

static enum err_kind kind_of(enum op op, int64_t a, int64_t b) {
    struct tensor *in[2] = {whole(a), whole(b)};
    struct tensor *out = op_eval(op, in, op_arity(op), NULL, 0, &err);
    enum err_kind kind = out ? ERR_NONE : err.kind;
    tensor_unref(out);
    tensor_unref(in[0]);
    tensor_unref(in[1]);
    return kind;
}

static int64_t result_of(enum op op, int64_t a, int64_t b) {
    struct tensor *in[2] = {whole(a), whole(b)};
    struct tensor *out = op_eval(op, in, op_arity(op), NULL, 0, &err);
    int64_t x = out && out->dtype == DT_INT64 ? *(int64_t *)out->data : INT64_MIN;
    CHECK(out && out->dtype == DT_INT64);
    tensor_unref(out);
    tensor_unref(in[0]);
    tensor_unref(in[1]);
    return x;
}

static void whole_number_errors(void) {
    CHECK(kind_of(OP_add, INT64_MAX, 1) == ERR_NUMBER);
    CHECK(kind_of(OP_sub, INT64_MIN, 1) == ERR_NUMBER);
    CHECK(kind_of(OP_mul, INT64_MAX / 2, 3) == ERR_NUMBER);
    CHECK(kind_of(OP_pow, 10, 19) == ERR_NUMBER);
    CHECK(kind_of(OP_pow, 2, -1) == ERR_NUMBER);
    CHECK(kind_of(OP_neg, INT64_MIN, 0) == ERR_NUMBER);
    CHECK(kind_of(OP_square, 4000000000, 0) == ERR_NUMBER);
    CHECK(kind_of(OP_floordiv, 1, 0) == ERR_NUMBER);
    CHECK(kind_of(OP_floordiv, INT64_MIN, -1) == ERR_NUMBER);
    CHECK(kind_of(OP_mod, 1, 0) == ERR_NUMBER);
}

static void whole_number_results(void) {
    CHECK_EQ(result_of(OP_pow, 3, 39), 4052555153018976267);
    CHECK_EQ(result_of(OP_pow, -2, 63), INT64_MIN);
    CHECK_EQ(result_of(OP_pow, 7, 0), 1);
    CHECK_EQ(result_of(OP_floordiv, -7, 2), -4);
    CHECK_EQ(result_of(OP_mod, -7, 2), 1);
    CHECK_EQ(result_of(OP_mod, 7, -2), -1);
    CHECK_EQ(result_of(OP_mod, INT64_MIN, -1), 0);
    CHECK_EQ(result_of(OP_add, INT64_MAX, -1), INT64_MAX - 1);
}

static void sum_overflows(void) {
    struct shape two = shape_of(1, (int64_t[]){2});
    struct tensor *t = tensor_new(DT_INT64, &two, &err);
    struct attrs all = {.axes = 1};
    ((int64_t *)t->data)[0] = INT64_MAX;
    ((int64_t *)t->data)[1] = 1;
    CHECK(!op_eval(OP_sum, &t, 1, &all, 0, &err) && err.kind == ERR_NUMBER);
    CHECK(!op_eval(OP_cumsum, &t, 1, &all, 0, &err) && err.kind == ERR_NUMBER);
    tensor_unref(t);
}

static void positions_are_checked(void) {
    struct shape five = shape_of(1, (int64_t[]){5});
    struct tensor *in[2] = {tensor_zeros(DT_FLOAT64, &five, &err), whole(5)};
    struct attrs classes = {.shape = five};
    CHECK(!op_eval(OP_gather, in, 2, NULL, 0, &err) && err.kind == ERR_INDEX);
    CHECK(!op_eval(OP_one_hot, in + 1, 1, &classes, 0, &err) && err.kind == ERR_INDEX);
    *(int64_t *)in[1]->data = -1;
    CHECK(!op_eval(OP_gather, in, 2, NULL, 0, &err) && err.kind == ERR_INDEX);
    tensor_unref(in[0]);
    tensor_unref(in[1]);
}

static struct tensor *random_matrix(int64_t rows, int64_t cols) {
    struct attrs a = {
        .shape = shape_of(2, (int64_t[]){rows, cols}), .dtype = DT_FLOAT32, .stream = 9};
    return op_eval(OP_normal, NULL, 0, &a, 3, &err);
}

static bool same(const struct tensor *a, const struct tensor *b) {
    return a && b && a->count == b->count &&
           memcmp(a->data, b->data, (size_t)a->count * dtype_bytes(a->dtype)) == 0;
}

/* Big arrays are shared by the threads; the numbers are the same. */
static void threads_agree(void) {
    static const enum op ops[] = {OP_exp, OP_softmax, OP_cumsum, OP_sum, OP_transpose, OP_matmul};
    struct tensor *x = random_matrix(1001, 1003);
    struct tensor *in[2] = {x, x};
    for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
        struct attrs a = {.axis = 1,
                          .axes = ops[i] == OP_sum ? 1 : 0,
                          .perm = {1, 0},
                          .trans_b = ops[i] == OP_matmul};
        compute_set_threads(1);
        struct tensor *one = op_eval(ops[i], in, op_arity(ops[i]), &a, 0, &err);
        compute_set_threads(2);
        struct tensor *two = op_eval(ops[i], in, op_arity(ops[i]), &a, 0, &err);
        CHECK(same(one, two));
        if (!same(one, two)) fprintf(stderr, "  %s\n", op_name(ops[i]));
        tensor_unref(one);
        tensor_unref(two);
    }
    tensor_unref(x);
}

/* x @ y of odd lengths: the same two halves on one thread and on two, and near the exact sum. */
static void long_sums(void) {
    for (int64_t n = 65535; n < 300000; n = 2 * n + 1) {
        struct attrs a = {.shape = shape_of(1, &n), .stream = 5};
        for (enum dtype t = DT_FLOAT64; t <= DT_FLOAT32; t++) {
            struct tensor *in[2], *out[2];
            double exact = 0, size = 0;
            a.dtype = t;
            for (int i = 0; i < 2; i++) in[i] = op_eval(OP_normal, NULL, 0, &a, (uint64_t)i, &err);
            for (int64_t i = 0; i < n; i++) {
                double term = tensor_get(in[0], i) * tensor_get(in[1], i);
                exact += term;
                size += fabs(term);
            }
            for (int i = 0; i < 2; i++) {
                compute_set_threads(i + 1);
                out[i] = op_eval(OP_matmul, in, 2, NULL, 0, &err);
            }
            CHECK(same(out[0], out[1]));
            CHECK(fabs(tensor_get(out[0], 0) - exact) < (t == DT_FLOAT32 ? 1e-7 : 1e-15) * size);
            for (int i = 0; i < 2; i++) tensor_unref(in[i]), tensor_unref(out[i]);
        }
    }
}

/* ---- stopping ---- */

static _Atomic bool stop;
static double set_at;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *set_soon(void *unused) {
    (void)unused;
    nanosleep(&(struct timespec){.tv_nsec = 30000000}, NULL);
    set_at = now();
    atomic_store(&stop, true);
    return NULL;
}

/* The limit is 50 ms; sanitizers and busy machines get more. */
static void check_stops(enum op op, struct tensor *const *in, const struct attrs *attrs) {
    pthread_t thread;
    atomic_store(&stop, false);
    stop_on(&stop);
    CHECK(pthread_create(&thread, NULL, set_soon, NULL) == 0);
    struct tensor *out = NULL;
    for (int i = 0; i < 1000; i++) { /* a fast machine may finish before the flag is set */
        out = op_eval(op, in, op_arity(op), attrs, 0, &err);
        if (!out) break;
        tensor_unref(out);
    }
    double end = now();
    pthread_join(thread, NULL);
    CHECK(out == NULL && err.kind == ERR_INTERRUPT);
    CHECK(end - set_at < 0.5);
    stop_on(NULL);
}

static void long_operations_stop(void) {
    struct tensor *x = random_matrix(2500, 2500);
    struct tensor *in[2] = {x, x};
    struct attrs line = {.axis = 0}, all = {.axes = 3};
    check_stops(OP_matmul, in, NULL);
    check_stops(OP_exp, in, NULL);
    check_stops(OP_cumsum, in, &line);
    check_stops(OP_sum, in, &all);
    tensor_unref(x);
}

static void blas_works(void) {
    CHECK(compute_blas_selftest());
    CHECK(strlen(compute_blas_config()) > 0);
    CHECK(compute_threads() >= 1);
    CHECK(strlen(compute_isa()) > 0);
}

static void many_operands(void) {
    struct tensor *in[200];
    struct shape one = shape_of(1, (int64_t[]){1});
    for (int i = 0; i < 200; i++) {
        in[i] = tensor_zeros(DT_FLOAT64, &one, &err);
        tensor_set(in[i], 0, i);
    }
    struct tensor *all = op_eval(OP_concat, in, 200, NULL, 0, &err);
    CHECK(all && all->count == 200);
    for (int i = 0; all && i < 200; i++) CHECK(tensor_get(all, i) == i);
    tensor_unref(all);
    for (int i = 0; i < 200; i++) tensor_unref(in[i]);
}

static void nothing_leaks(void) {
    size_t before = pool_live_blocks();
    whole_number_errors();
    positions_are_checked();
    many_operands();
    long_sums();
    CHECK_EQ(pool_live_blocks(), before);
}

TEST_MAIN(whole_number_errors, whole_number_results, sum_overflows, positions_are_checked,
          threads_agree, long_sums, long_operations_stop, blas_works, many_operands, nothing_leaks)
