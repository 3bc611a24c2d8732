/* Passes: each graph before and after, as text. */
#include "base/pool.h"
#include "graph.h"
#include "op/passes.h"
#include "tests/harness.h"

static struct err err;
static struct graph *graph;

static struct node *input(const char *name, int n, const int64_t *sizes) {
    struct desc d = {.dtype = DT_FLOAT64, .shape = shape_of(n, sizes)};
    return graph_input(graph, name, &d, &err);
}

#define SIZES(...)                                                                                 \
    (int)(sizeof((int64_t[]){__VA_ARGS__}) / 8), (int64_t[]) {                                     \
        __VA_ARGS__                                                                                \
    }

static struct node *number(double x) {
    return graph_number(graph, x, &err);
}

static struct node *one(enum op op, struct node *a) {
    struct attrs last = {.axis = a->desc.shape.n - 1};
    return graph_add1(graph, op, a, op == OP_softmax ? &last : NULL, &err);
}

static struct node *two(enum op op, struct node *a, struct node *b) {
    return graph_add2(graph, op, a, b, NULL, &err);
}

static struct node *fold_axes(enum op op, struct node *a, uint32_t axes) {
    return graph_add1(graph, op, a, &(struct attrs){.axes = axes}, &err);
}

static void start(void) {
    graph = graph_new(DT_FLOAT64, &err);
}

/* Runs the pass on a graph with one root; both texts must be as expected. Ends the graph. */
static void expect(pass_fn pass, struct node *root, const char *before, const char *after) {
    struct text t = {0};
    graph_print(graph, &t);
    if (before) CHECK_STR(t.p, before);
    t.n = 0;
    struct graph *next = pass(graph, &root, 1, &err);
    CHECK(next != NULL);
    CHECK(next && graph_node(next, root->id) == root);
    if (next) graph_print(next, &t);
    CHECK_STR(t.n ? t.p : "", after);
    text_clear(&t);
    graph_free(next);
    graph_free(graph);
}

static void test_dead(void) {
    start();
    struct node *x = input("x", SIZES(3));
    input("unused", SIZES(2));
    one(OP_exp, x);
    expect(pass_dead, one(OP_neg, x),
           "0 input x: float64 [3]\n1 input unused: float64 [2]\n2 exp #0: float64 [3]\n"
           "3 neg #0: float64 [3]\n",
           "0 input x: float64 [3]\n1 input unused: float64 [2]\n2 neg #0: float64 [3]\n");
}

static void test_common(void) {
    start();
    struct node *x = input("x", SIZES(3));
    struct node *a = one(OP_exp, x);
    a = two(OP_mul, a, number(2));
    struct node *b = one(OP_exp, x);
    b = two(OP_mul, b, number(2));
    expect(pass_common, two(OP_add, a, b),
           "0 input x: float64 [3]\n1 exp #0: float64 [3]\n2 constant 2: float64 []\n"
           "3 expand #2 axes 0: float64 [3]\n4 mul #1, #3: float64 [3]\n5 exp #0: float64 [3]\n"
           "6 constant 2: float64 []\n7 expand #6 axes 0: float64 [3]\n"
           "8 mul #5, #7: float64 [3]\n9 add #4, #8: float64 [3]\n",
           "0 input x: float64 [3]\n1 exp #0: float64 [3]\n2 constant 2: float64 []\n"
           "3 expand #2 axes 0: float64 [3]\n4 mul #1, #3: float64 [3]\n"
           "5 add #4, #4: float64 [3]\n");
}

/* Different streams draw different numbers; equal attributes but another axis differ, too. */
static void test_not_common(void) {
    start();
    struct attrs draw = {.shape = shape_of(SIZES(2, 2)), .stream = 1};
    struct node *a = graph_add(graph, OP_normal, NULL, 0, &draw, &err);
    draw.stream = 2;
    struct node *b = graph_add(graph, OP_normal, NULL, 0, &draw, &err);
    struct node *c = fold_axes(OP_sum, two(OP_add, a, b), 1);
    struct node *d = fold_axes(OP_sum, two(OP_add, a, b), 2);
    expect(pass_common, two(OP_add, c, d), NULL,
           "0 normal: float64 [2, 2]\n1 normal: float64 [2, 2]\n2 add #0, #1: float64 [2, 2]\n"
           "3 sum #2 axes 0: float64 [2]\n4 sum #2 axes 1: float64 [2]\n"
           "5 add #3, #4: float64 [2]\n");
}

static struct graph *fold_then_dead(const struct graph *g, struct node **roots, int n,
                                    struct err *e) {
    struct graph *folded = pass_fold(g, roots, n, e);
    struct graph *live = folded ? pass_dead(folded, roots, n, e) : NULL;
    graph_free(folded);
    return live;
}

/* -(-((x^T)^T * 1 + 0) * ((1 + 2) / 2)) */
static void test_fold(void) {
    start();
    struct node *x = input("x", SIZES(2, 3));
    struct attrs turn = {.perm = {1, 0}};
    struct node *t = graph_add1(graph, OP_transpose, x, &turn, &err);
    t = graph_add1(graph, OP_transpose, t, &turn, &err);
    t = two(OP_mul, t, number(1));
    t = two(OP_add, t, number(0));
    struct node *three = two(OP_add, number(1), number(2));
    struct node *half = two(OP_div, three, number(2));
    expect(fold_then_dead, one(OP_neg, one(OP_neg, two(OP_mul, t, half))), NULL,
           "0 input x: float64 [2, 3]\n1 fill 1.5: float64 [2, 3]\n"
           "2 mul #0, #1: float64 [2, 3]\n");
}

/* Whole numbers are left to the kernels, which are exact and know overflow. */
static void test_fold_not_whole(void) {
    start();
    struct tensor *big = tensor_new(DT_INT64, &(struct shape){0}, &err);
    ((int64_t *)big->data)[0] = INT64_MAX;
    struct node *n = graph_constant(graph, big, &err);
    tensor_unref(big);
    expect(fold_then_dead, two(OP_add, n, n), NULL,
           "0 constant 9.22337e+18: int64 []\n1 add #0, #0: int64 []\n");
}

static void test_stable_softmax(void) {
    start();
    struct node *x = input("x", SIZES(SIZE_BATCH, 10)), *t = input("t", SIZES(SIZE_BATCH, 10));
    struct node *logs = one(OP_log, one(OP_softmax, x));
    struct node *sum = fold_axes(OP_sum, two(OP_mul, t, logs), 2);
    expect(pass_stable, one(OP_neg, sum),
           "0 input x: float64 [batch, 10]\n1 input t: float64 [batch, 10]\n"
           "2 softmax #0: float64 [batch, 10]\n3 log #2: float64 [batch, 10]\n"
           "4 mul #1, #3: float64 [batch, 10]\n5 sum #4 axes 1: float64 [batch]\n"
           "6 neg #5: float64 [batch]\n",
           "0 input x: float64 [batch, 10]\n1 input t: float64 [batch, 10]\n"
           "2 softmax #0: float64 [batch, 10]\n3 log_softmax #0: float64 [batch, 10]\n"
           "4 mul #1, #3: float64 [batch, 10]\n5 softmax_crossentropy #0, #1: float64 [batch]\n"
           "6 neg #5: float64 [batch]\n7 neg #6: float64 [batch]\n");
}

/* A sum along another axis than the classes is left alone. */
static void test_stable_other_axis(void) {
    start();
    struct node *x = input("x", SIZES(4, 10)), *t = input("t", SIZES(4, 10));
    struct node *logs = one(OP_log, one(OP_softmax, x));
    expect(pass_stable, fold_axes(OP_sum, two(OP_mul, t, logs), 1), NULL,
           "0 input x: float64 [4, 10]\n1 input t: float64 [4, 10]\n"
           "2 softmax #0: float64 [4, 10]\n3 log_softmax #0: float64 [4, 10]\n"
           "4 mul #1, #3: float64 [4, 10]\n5 sum #4 axes 0: float64 [10]\n");
}

/* -(y log(p) + (1 - y) log(1 - p)) */
static void test_stable_bce(void) {
    start();
    struct node *x = input("x", SIZES(5)), *y = input("y", SIZES(5)), *p = one(OP_sigmoid, x);
    struct node *first = two(OP_mul, y, one(OP_log, p));
    struct node *rest = two(OP_sub, number(1), y);
    struct node *other = two(OP_sub, number(1), p);
    struct node *second = two(OP_mul, rest, one(OP_log, other));
    struct node *root = one(OP_neg, two(OP_add, first, second));
    expect(pass_all, root, NULL,
           "0 input x: float64 [5]\n1 input y: float64 [5]\n2 sigmoid_bce #0, #1: float64 [5]\n");
}

static void test_means(void) {
    start();
    struct node *x = input("x", SIZES(SIZE_BATCH, 4));
    expect(pass_means, fold_axes(OP_mean, x, 1),
           "0 input x: float64 [batch, 4]\n1 mean #0 axes 0: float64 [4]\n",
           "0 input x: float64 [batch, 4]\n1 sum #0 axes 0: float64 [4]\n"
           "2 count #0 axes 0: float64 []\n3 expand #2 axes 0: float64 [4]\n"
           "4 div #1, #3: float64 [4]\n");
}

static struct graph *eight_of_twenty(const struct graph *g, struct node **roots, int n,
                                     struct err *e) {
    return pass_sizes(g, roots, n, 8, 20, e);
}

/* A lane has 8 rows, but the mean is over the batch of 20. */
static void test_sizes(void) {
    start();
    struct node *x = input("x", SIZES(SIZE_BATCH, 4));
    struct attrs flat = {.axis = 1, .shape = shape_of(SIZES(-1))};
    struct node *all = graph_add1(graph, OP_reshape, x, &flat, &err);
    struct node *count = graph_add1(graph, OP_count, all, &(struct attrs){.axes = 1}, &err);
    struct node *sum = fold_axes(OP_sum, all, 1);
    expect(eight_of_twenty, two(OP_div, sum, count), NULL,
           "0 input x: float64 [8, 4]\n1 reshape #0: float64 [32]\n2 fill 80: float64 []\n"
           "3 sum #1 axes 0: float64 []\n4 div #3, #2: float64 []\n");
}

static void test_sizes_still_unknown(void) {
    start();
    struct node *root = one(OP_neg, input("x", SIZES(SIZE_BATCH, -7)));
    CHECK(pass_sizes(graph, &root, 1, 8, 8, &err) == NULL);
    CHECK_EQ(err.kind, ERR_SHAPE);
    graph_free(graph);
    start();
    struct attrs part = {.shape = shape_of(SIZES(10)), .step = {1}};
    root = graph_add1(graph, OP_slice, input("x", SIZES(-7)), &part, &err);
    CHECK(root && graph_n_nodes(graph) == 2);
    graph_free(graph);
}

/* The gradient of a mean over the batch holds no size that is not known. */
static void test_gradient_of_mean(void) {
    start();
    struct node *x = input("x", SIZES(SIZE_BATCH, 4)), *slope;
    struct node *loss = fold_axes(OP_mean, one(OP_square, x), 3);
    CHECK(graph_gradient(graph, loss, &x, 1, &slope, NULL, &err));
    struct graph *g = pass_all(graph, &slope, 1, &err);
    struct graph *known = g ? pass_sizes(g, &slope, 1, 16, 32, &err) : NULL;
    struct node *number = slope;
    struct graph *folded = known ? pass_fold(known, &number, 1, &err) : NULL;
    struct text t = {0};
    struct graph *last = folded ? pass_dead(folded, &number, 1, &err) : NULL;
    if (last) graph_print(last, &t);
    CHECK_STR(t.n ? t.p : "", "0 input x: float64 [16, 4]\n1 fill 0.0078125: float64 [16, 4]\n"
                              "2 fill 2: float64 [16, 4]\n3 mul #0, #2: float64 [16, 4]\n"
                              "4 mul #1, #3: float64 [16, 4]\n");
    text_clear(&t);
    graph_free(last);
    graph_free(folded);
    graph_free(known);
    graph_free(g);
    graph_free(graph);
}

/* Not connected: rounding, comparing and stop_gradient let nothing through. */
static void test_connected(void) {
    start();
    struct node *x = input("x", SIZES(3)), *wrt[2], *out[2];
    bool connected[2];
    wrt[0] = x;
    wrt[1] = input("y", SIZES(3));
    struct node *stopped = two(OP_mul, one(OP_round, x), one(OP_stop_gradient, x));
    struct node *loss = fold_axes(OP_sum, two(OP_add, stopped, wrt[1]), 1);
    CHECK(graph_gradient(graph, loss, wrt, 2, out, connected, &err));
    CHECK(!connected[0] && connected[1]);
    CHECK(out[0]->op == OP_fill && shape_same_sizes(&out[0]->desc.shape, &x->desc.shape));
    CHECK(!graph_gradient(graph, x, wrt, 1, out, NULL, &err) && err.kind == ERR_SHAPE);
    struct node *jump = graph_add1(graph, OP_argmax, x, NULL, &err);
    CHECK(!graph_gradient(graph, jump, wrt, 1, out, NULL, &err) && err.kind == ERR_TYPE);
    graph_free(graph);
}

static void check_print(const struct graph *g, const char *expected) {
    struct text t = {0};
    graph_print(g, &t);
    CHECK_STR(t.p, expected);
    text_clear(&t);
}

/* Two products, of which the first stays; the rest reads the input, too, and draws numbers. */
static void test_prefix(void) {
    static const bool second_moves[] = {false, true}, both_move[] = {true, true};
    start();
    struct node *x = input("x", SIZES(SIZE_BATCH, 4)), *z = input("z", SIZES(SIZE_BATCH, 3));
    struct shape s = {.n = 2, .size = {4, 4}}, narrow = {.n = 2, .size = {4, 3}};
    struct node *w = graph_weight(graph, "w", &s, 0, 0, &err);
    struct node *v = graph_weight(graph, "v", &narrow, 1, 16, &err);
    struct node *h = one(OP_relu, two(OP_matmul, x, w));
    struct node *mean = fold_axes(OP_mean, h, 1); /* looks at other examples */
    struct node *y = two(OP_add, two(OP_matmul, two(OP_mul, h, mean), v), z);
    struct attrs draw = {.shape = y->desc.shape, .dtype = DT_FLOAT64, .stream = 1};
    struct node *root = two(OP_mul, y, graph_add(graph, OP_normal, NULL, 0, &draw, &err));
    struct prefix p;
    CHECK(prefix_find(graph, &root, 1, both_move, &p, &err));
    CHECK_EQ(p.n_features, 0);
    CHECK(prefix_find(graph, &root, 1, second_moves, &p, &err));
    CHECK_EQ(p.n_features, 1);
    CHECK(p.features[0] == h);
    CHECK_EQ(p.n_inputs, 1);
    CHECK_EQ(p.inputs[0], z->index);
    check_print(graph, "0 input x: float64 [batch, 4]\n1 input z: float64 [batch, 3]\n"
                       "2 weight w: float64 [4, 4]\n3 weight v: float64 [4, 3]\n"
                       "4 matmul #0, #2: float64 [batch, 4]\n5 relu #4: float64 [batch, 4]\n"
                       "6 mean #5 axes 0: float64 [4]\n7 expand #6 axes 0: float64 [batch, 4]\n"
                       "8 mul #5, #7: float64 [batch, 4]\n9 matmul #8, #3: float64 [batch, 3]\n"
                       "10 add #9, #1: float64 [batch, 3]\n11 normal: float64 [batch, 3]\n"
                       "12 mul #10, #11: float64 [batch, 3]\n");
    struct graph *rest = pass_prefix(graph, &root, 1, &p, &err);
    CHECK(rest && graph_n_inputs(rest) == 2);
    check_print(rest, "0 input z: float64 [batch, 3]\n1 input features: float64 [batch, 4]\n"
                      "2 weight v: float64 [4, 3]\n3 mean #1 axes 0: float64 [4]\n"
                      "4 expand #3 axes 0: float64 [batch, 4]\n5 mul #1, #4: float64 [batch, 4]\n"
                      "6 matmul #5, #2: float64 [batch, 3]\n7 add #6, #0: float64 [batch, 3]\n"
                      "8 normal: float64 [batch, 3]\n9 mul #7, #8: float64 [batch, 3]\n");
    graph_free(rest);
    graph_free(graph);
}

/* Equal computations have equal keys in other graphs, other ones do not. */
static uint64_t key_of_features(enum op op, int weight) {
    static const bool moves[] = {false, false, true};
    start();
    struct node *x = input("x", SIZES(SIZE_BATCH, 4));
    struct shape s = {.n = 2, .size = {4, 4}};
    struct node *w = graph_weight(graph, "w", &s, weight, 16 * weight, &err);
    struct node *v = graph_weight(graph, "v", &s, 2, 64, &err);
    struct node *root = two(OP_matmul, one(op, two(OP_matmul, x, w)), v);
    struct prefix p;
    CHECK(prefix_find(graph, &root, 1, moves, &p, &err) && p.n_features == 1);
    graph_free(graph);
    return p.keys[0];
}

static void test_prefix_keys(void) {
    CHECK(key_of_features(OP_relu, 0) == key_of_features(OP_relu, 0));
    CHECK(key_of_features(OP_relu, 0) != key_of_features(OP_relu, 1));
    CHECK(key_of_features(OP_relu, 0) != key_of_features(OP_tanh, 0));
}

/* A dense layer with softmax and cross entropy, as a student may write it. */
static struct node *small_network(struct node **weight) {
    struct node *x = input("x", SIZES(SIZE_BATCH, 4)), *t = input("t", SIZES(SIZE_BATCH, 3));
    *weight = graph_weight(graph, "w", &(struct shape){.n = 2, .size = {4, 3}}, 0, 0, &err);
    struct node *logs = one(OP_log, one(OP_softmax, two(OP_matmul, x, *weight)));
    struct node *loss = fold_axes(OP_sum, two(OP_mul, t, logs), 2);
    return one(OP_neg, fold_axes(OP_mean, loss, 1));
}

/* What is left of a training step: one product forward, one back. */
static void test_whole_step(void) {
    start();
    struct node *weight, *roots[2];
    roots[0] = small_network(&weight);
    CHECK(graph_gradient(graph, roots[0], &weight, 1, &roots[1], NULL, &err));
    struct graph *sized = pass_sizes(graph, roots, 2, 8, 8, &err);
    struct graph *last = pass_all(sized, roots, 2, &err);
    struct text t = {0};
    graph_print(last, &t);
    CHECK_STR(t.p, "0 input x: float64 [8, 4]\n1 input t: float64 [8, 3]\n"
                   "2 weight w: float64 [4, 3]\n3 matmul #0, #2: float64 [8, 3]\n"
                   "4 softmax #3: float64 [8, 3]\n"
                   "5 softmax_crossentropy #3, #1: float64 [8]\n6 neg #5: float64 [8]\n"
                   "7 sum #6 axes 0: float64 []\n8 fill 8: float64 []\n"
                   "9 div #7, #8: float64 []\n10 neg #9: float64 []\n"
                   "11 fill -0.125: float64 [8, 3]\n12 mul #11, #1: float64 [8, 3]\n"
                   "13 sum #12 axes 1: float64 [8, 1]\n14 expand #13 axes 1: float64 [8, 3]\n"
                   "15 mul #4, #14: float64 [8, 3]\n16 sub #12, #15: float64 [8, 3]\n"
                   "17 matmul #0^T, #16: float64 [4, 3]\n");
    text_clear(&t);
    graph_free(last);
    graph_free(sized);
    graph_free(graph);
}

/* Each allocation fails once; nothing leaks, nothing crashes, the old graph stays whole. */
static void test_out_of_memory(void) {
    size_t before = pool_live_blocks();
    int failed = 0;
    for (int n = 1; n <= 60; n++) {
        start();
        struct node *weight, *roots[2];
        roots[0] = small_network(&weight);
        pool_fail_after(n);
        bool ok = graph_gradient(graph, roots[0], &weight, 1, &roots[1], NULL, &err);
        struct graph *sized = ok ? pass_sizes(graph, roots, 2, 8, 8, &err) : NULL;
        struct graph *last = sized ? pass_all(sized, roots, 2, &err) : NULL;
        pool_fail_after(0);
        CHECK(last || err.kind == ERR_MEMORY);
        failed += !last;
        graph_free(last);
        graph_free(sized);
        graph_free(graph);
    }
    CHECK(failed > 20);
    CHECK_EQ(pool_live_blocks(), before);
}

TEST_MAIN(test_dead, test_common, test_not_common, test_fold, test_fold_not_whole,
          test_stable_softmax, test_stable_other_axis, test_stable_bce, test_means, test_sizes,
          test_sizes_still_unknown, test_gradient_of_mean, test_connected, test_prefix,
          test_prefix_keys, test_whole_step, test_out_of_memory)
