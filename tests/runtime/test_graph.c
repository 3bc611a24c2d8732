/* Rules of operations: types, shapes, names, contents, and the errors a student reads. */
#include "base/intern.h"
#include "base/pool.h"
#include "graph.h"
#include "op/size.h"
#include "tests/harness.h"

static struct err err;

static struct desc tensor_of(enum dtype t, int n, const int64_t *sizes) {
    return (struct desc){.dtype = t, .shape = shape_of(n, sizes)};
}

#define SIZES(...)                                                                                 \
    (int)(sizeof((int64_t[]){__VA_ARGS__}) / 8), (int64_t[]) {                                     \
        __VA_ARGS__                                                                                \
    }

static bool describe_1(enum op op, struct desc a, struct attrs attrs, struct desc *out) {
    const struct desc *in[1] = {&a};
    err = (struct err){0};
    *out = (struct desc){0};
    return op_describe(op, in, 1, &attrs, out, &err);
}

static bool describe_2(enum op op, struct desc a, struct desc b, struct attrs attrs,
                       struct desc *out) {
    const struct desc *in[2] = {&a, &b};
    err = (struct err){0};
    *out = (struct desc){0};
    return op_describe(op, in, 2, &attrs, out, &err);
}

static void shape_is(const struct desc *d, const char *expected) {
    char text[256];
    CHECK_STR(shape_print(&d->shape, text, sizeof text), expected);
}

/* ---- types ---- */

/* t3: a tensor of type t with one axis; s: a single number. */
static struct desc t3(enum dtype t) {
    return tensor_of(t, SIZES(3));
}

static struct desc s(enum dtype t) {
    return (struct desc){.dtype = t};
}

static void type_2(enum op op, struct desc a, struct desc b, enum dtype expected) {
    struct desc out;
    CHECK(describe_2(op, a, b, (struct attrs){0}, &out));
    CHECK_STR(dtype_name(out.dtype), dtype_name(expected));
    CHECK(describe_2(op, b, a, (struct attrs){0}, &out));
    CHECK_STR(dtype_name(out.dtype), dtype_name(expected));
}

static void test_types_arithmetic(void) {
    type_2(OP_add, t3(DT_FLOAT64), t3(DT_FLOAT32), DT_FLOAT64);
    type_2(OP_add, t3(DT_FLOAT32), s(DT_FLOAT64), DT_FLOAT32); /* a number does not change it */
    type_2(OP_add, s(DT_FLOAT32), s(DT_FLOAT64), DT_FLOAT64);
    type_2(OP_mul, t3(DT_INT64), t3(DT_INT32), DT_INT64);
    type_2(OP_mul, t3(DT_INT32), t3(DT_INT32), DT_INT64);
    type_2(OP_sub, t3(DT_INT64), s(DT_FLOAT64), DT_FLOAT64);
    type_2(OP_add, t3(DT_UINT8), s(DT_INT64), DT_FLOAT32);
    type_2(OP_add, t3(DT_UINT8), s(DT_FLOAT64), DT_FLOAT32);
    type_2(OP_add, t3(DT_UINT8), t3(DT_UINT8), DT_FLOAT32);
    type_2(OP_add, t3(DT_UINT8), t3(DT_FLOAT64), DT_FLOAT64);
    type_2(OP_add, t3(DT_BOOL), t3(DT_BOOL), DT_INT64);
    type_2(OP_mul, t3(DT_BOOL), s(DT_FLOAT64), DT_FLOAT64);
    type_2(OP_add, t3(DT_FLOAT32), t3(DT_INT64), DT_FLOAT32);
    type_2(OP_floordiv, t3(DT_INT64), s(DT_INT64), DT_INT64);
    type_2(OP_mod, t3(DT_INT64), s(DT_INT64), DT_INT64);
    type_2(OP_div, t3(DT_INT64), s(DT_INT64), DT_FLOAT64);
    type_2(OP_div, t3(DT_UINT8), s(DT_INT64), DT_FLOAT32);
    type_2(OP_pow, t3(DT_INT64), s(DT_INT64), DT_INT64);
    type_2(OP_lt, t3(DT_INT64), s(DT_FLOAT64), DT_BOOL);
    type_2(OP_maximum, t3(DT_INT64), t3(DT_INT64), DT_INT64);
}

static void type_1(enum op op, enum dtype in, enum dtype expected) {
    struct desc out;
    CHECK(describe_1(op, t3(in), (struct attrs){.axes = 1}, &out));
    CHECK_STR(dtype_name(out.dtype), dtype_name(expected));
}

static void test_types_one(void) {
    type_1(OP_neg, DT_INT64, DT_INT64);
    type_1(OP_neg, DT_UINT8, DT_FLOAT32);
    type_1(OP_neg, DT_BOOL, DT_INT64);
    type_1(OP_abs, DT_INT32, DT_INT64);
    type_1(OP_exp, DT_INT64, DT_FLOAT64);
    type_1(OP_exp, DT_UINT8, DT_FLOAT32);
    type_1(OP_exp, DT_FLOAT32, DT_FLOAT32);
    type_1(OP_sum, DT_BOOL, DT_INT64);
    type_1(OP_sum, DT_UINT8, DT_INT64);
    type_1(OP_sum, DT_FLOAT32, DT_FLOAT32);
    type_1(OP_mean, DT_UINT8, DT_FLOAT32);
    type_1(OP_mean, DT_INT64, DT_FLOAT64);
    type_1(OP_max, DT_UINT8, DT_UINT8);
    type_1(OP_argmax, DT_FLOAT32, DT_INT64);
    type_1(OP_is_nan, DT_INT64, DT_BOOL);
    type_1(OP_stop_gradient, DT_UINT8, DT_UINT8);
}

/* In a float32 graph every float is a float32. */
static void test_types_graph(void) {
    struct graph *g = graph_new(DT_FLOAT32, &err);
    struct desc d = t3(DT_FLOAT64), whole = t3(DT_INT64);
    struct node *x = graph_input(g, "x", &d, &err), *i = graph_input(g, "i", &whole, &err);
    CHECK_EQ(x->desc.dtype, DT_FLOAT32);
    CHECK_EQ(graph_number(g, 0.5, &err)->desc.dtype, DT_FLOAT32);
    CHECK_EQ(graph_add2(g, OP_div, i, i, NULL, &err)->desc.dtype, DT_FLOAT32);
    CHECK_EQ(graph_add2(g, OP_add, i, i, NULL, &err)->desc.dtype, DT_INT64);
    CHECK_EQ(graph_add1(g, OP_mean, i, &(struct attrs){.axes = 1}, &err)->desc.dtype, DT_FLOAT32);
    struct attrs to_64 = {.dtype = DT_FLOAT64};
    struct node *c = graph_add1(g, OP_cast, i, &to_64, &err);
    CHECK(c->desc.dtype == DT_FLOAT32 && c->attrs.dtype == DT_FLOAT32);
    CHECK_EQ(graph_n_inputs(g), 2);
    graph_free(g);
}

/* A constant negative exponent makes a power of whole numbers a float. */
static void test_negative_power(void) {
    struct graph *g = graph_new(DT_FLOAT64, &err);
    struct desc whole = t3(DT_INT64);
    struct node *i = graph_input(g, "i", &whole, &err);
    struct tensor *two = tensor_new(DT_INT64, &(struct shape){0}, &err);
    tensor_set(two, 0, 2);
    struct node *up = graph_constant(g, two, &err);
    CHECK_EQ(graph_add2(g, OP_pow, i, up, NULL, &err)->desc.dtype, DT_INT64);
    struct tensor *minus = tensor_new(DT_INT64, &(struct shape){0}, &err);
    tensor_set(minus, 0, -1);
    struct node *down = graph_constant(g, minus, &err);
    CHECK_EQ(graph_add2(g, OP_pow, i, down, NULL, &err)->desc.dtype, DT_FLOAT64);
    tensor_unref(two);
    tensor_unref(minus);
    graph_free(g);
}

/* ---- shapes ---- */

static void test_reshape(void) {
    struct desc out, x = tensor_of(DT_FLOAT64, SIZES(SIZE_BATCH, 28, 28));
    struct attrs flat = {.shape = shape_of(SIZES(SIZE_BATCH, 784))};
    CHECK(describe_1(OP_reshape, x, flat, &out));
    flat.axis = 1; /* the batch is to be worked out */
    flat.shape.size[0] = -1;
    CHECK(describe_1(OP_reshape, x, flat, &out));
    shape_is(&out, "[batch, 784]");
    struct attrs pixels = {.axis = 1, .shape = shape_of(SIZES(-1))};
    CHECK(describe_1(OP_reshape, x, pixels, &out));
    CHECK_EQ(out.shape.size[0], size_times(SIZE_BATCH, 784));
    CHECK(describe_1(OP_reshape, out, (struct attrs){.shape = x.shape}, &out));
    flat.axis = 0;
    flat.shape.size[1] = 783;
    CHECK(!describe_1(OP_reshape, x, flat, &out));
    struct desc y = tensor_of(DT_INT64, SIZES(2, 3, 4));
    CHECK(!describe_1(OP_reshape, y, (struct attrs){.shape = shape_of(SIZES(5, 5))}, &out));
    CHECK_STR(err.facts, "{0}\t[2, 3, 4]: 2 × 3 × 4 = 24 numbers\nwanted\t[5, 5]: 5 × 5 = 25 "
                         "numbers\n");
    struct attrs open = {.axis = 2, .shape = shape_of(SIZES(5, -1))};
    CHECK(!describe_1(OP_reshape, y, open, &out));
    CHECK_STR(err.facts, "{0}\t[2, 3, 4]: 2 × 3 × 4 = 24 numbers\nwanted\t[5, -1]: a multiple of "
                         "5 = 5 numbers\n");
    struct desc some = tensor_of(DT_FLOAT64, SIZES(-5));
    CHECK(describe_1(OP_reshape, some, (struct attrs){.shape = shape_of(SIZES(5, 5))}, &out));
}

static void test_matmul(void) {
    struct desc out, x = tensor_of(DT_FLOAT64, SIZES(SIZE_BATCH, 4)), w, v;
    w = tensor_of(DT_FLOAT64, SIZES(4, 7));
    v = tensor_of(DT_FLOAT64, SIZES(4));
    w.shape.axis[1] = intern_c("unit");
    CHECK(describe_2(OP_matmul, x, w, (struct attrs){0}, &out));
    shape_is(&out, "[batch, unit=7]");
    CHECK(describe_2(OP_matmul, x, v, (struct attrs){0}, &out));
    shape_is(&out, "[batch]");
    CHECK(describe_2(OP_matmul, v, w, (struct attrs){0}, &out));
    shape_is(&out, "[unit=7]");
    CHECK(describe_2(OP_matmul, v, v, (struct attrs){0}, &out));
    shape_is(&out, "[]");
    CHECK(describe_2(OP_matmul, w, w, (struct attrs){.trans_b = true}, &out));
    shape_is(&out, "[4, 4]");
    struct desc seq = tensor_of(DT_FLOAT32, SIZES(SIZE_BATCH, 24, 4));
    CHECK(describe_2(OP_matmul, seq, w, (struct attrs){0}, &out));
    shape_is(&out, "[batch, 24, unit=7]");
    CHECK(describe_2(OP_matmul, seq, seq, (struct attrs){.axes = 1}, &out));
    shape_is(&out, "[4, 4]");
    CHECK(describe_2(OP_matmul, seq, seq, (struct attrs){.trans_b = true}, &out));
    shape_is(&out, "[batch, 24, 24]");
    CHECK(!describe_2(OP_matmul, w, seq, (struct attrs){.trans_a = true}, &out));
    CHECK(!describe_2(OP_matmul, w, (struct desc){0}, (struct attrs){0}, &out));
    CHECK(!describe_2(OP_matmul, w, x, (struct attrs){0}, &out));
    CHECK_STR(err.what, "A matrix product adds up over the last axis of {0} and the first axis of "
                        "{1}, and their sizes differ: [unit=7] and [batch].");
    CHECK(!describe_2(OP_matmul, tensor_of(DT_FLOAT64, SIZES(5, 7)), w, (struct attrs){0}, &out));
    CHECK_STR(err.hint, "Turned round, {1} would fit: {0} @ {1}.T.");
}

static void test_slices(void) {
    struct desc out, x = tensor_of(DT_UINT8, SIZES(SIZE_BATCH, 10));
    x.shape.axis[1] = intern_c("class");
    struct attrs part = {.shape = shape_of(SIZES(SIZE_BATCH, 3)), .begin = {0, 9}, .step = {1, -4}};
    CHECK(describe_1(OP_slice, x, part, &out));
    shape_is(&out, "[batch, class=3]");
    CHECK_EQ(out.dtype, DT_UINT8);
    part.shape.size[1] = 4;
    CHECK(!describe_1(OP_slice, x, part, &out));
    CHECK_STR(err.what, "This reaches outside axis 1, `class`.");
    part.shape.size[1] = 0;
    part.begin[1] = 99; /* nothing is taken, so it does not matter where */
    CHECK(describe_1(OP_slice, x, part, &out));
    struct attrs back = {.shape = shape_of(SIZES(SIZE_BATCH, 30)), .begin = {0, 1}, .step = {1, 3}};
    CHECK(describe_1(OP_place, x, back, &out));
    back.begin[1] = 3;
    CHECK(!describe_1(OP_place, x, back, &out));
}

static void test_joins(void) {
    struct desc out, a = tensor_of(DT_UINT8, SIZES(2, 3)), b = tensor_of(DT_FLOAT32, SIZES(4, 3));
    CHECK(describe_2(OP_concat, a, b, (struct attrs){0}, &out));
    shape_is(&out, "[6, 3]");
    CHECK_EQ(out.dtype, DT_FLOAT32);
    CHECK(!describe_2(OP_concat, a, b, (struct attrs){.axis = 1}, &out));
    struct desc batch = tensor_of(DT_FLOAT32, SIZES(SIZE_BATCH, 3));
    CHECK(describe_2(OP_concat, batch, batch, (struct attrs){0}, &out));
    CHECK_EQ(size_resolve(out.shape.size[0], 10), 20);
    struct desc positions = tensor_of(DT_INT32, SIZES(7, 8));
    CHECK(describe_2(OP_gather, b, positions, (struct attrs){0}, &out));
    shape_is(&out, "[7, 8, 3]");
    CHECK(!describe_2(OP_gather, b, b, (struct attrs){0}, &out) && err.kind == ERR_TYPE);
    struct attrs ten = {.shape = shape_of(SIZES(10)), .dtype = DT_FLOAT32};
    CHECK(describe_1(OP_one_hot, positions, ten, &out));
    shape_is(&out, "[7, 8, 10]");
    CHECK(out.dtype == DT_FLOAT32 && out.content == CONTENT_DISTRIBUTION);
    struct desc rows = tensor_of(DT_FLOAT64, SIZES(7, 8, 3));
    struct attrs to = {.shape = shape_of(SIZES(4, 3))};
    CHECK(describe_2(OP_scatter_add, rows, positions, to, &out));
    to.shape.size[1] = 4;
    CHECK(!describe_2(OP_scatter_add, rows, positions, to, &out));
}

static void test_reductions(void) {
    struct desc out, x = tensor_of(DT_FLOAT64, SIZES(SIZE_BATCH, 24, 4));
    x.shape.axis[1] = intern_c("time");
    CHECK(describe_1(OP_sum, x, (struct attrs){.axes = 5}, &out));
    shape_is(&out, "[time=24]");
    CHECK(describe_1(OP_mean, x, (struct attrs){.axes = 2, .keepdims = true}, &out));
    shape_is(&out, "[batch, time=1, 4]");
    CHECK(describe_1(OP_count, x, (struct attrs){.axes = 7}, &out));
    shape_is(&out, "[]");
    CHECK(!describe_1(OP_sum, x, (struct attrs){.axes = 8}, &out) && err.kind == ERR_INDEX);
    CHECK(!describe_1(OP_softmax, x, (struct attrs){.axis = 3}, &out));
    CHECK_STR(err.hint, "Axes are counted from 0, or from the end: 0 to 2, or -1 to -3.");
    struct desc empty = tensor_of(DT_FLOAT64, SIZES(3, 0));
    CHECK(describe_1(OP_sum, empty, (struct attrs){.axes = 2}, &out));
    CHECK(!describe_1(OP_max, empty, (struct attrs){.axes = 2}, &out) && err.kind == ERR_VALUE);
    CHECK(describe_1(OP_max, empty, (struct attrs){.axes = 1}, &out));
    CHECK(!describe_1(OP_argmin, empty, (struct attrs){.axis = 1}, &out));
    CHECK(!describe_1(OP_any, x, (struct attrs){.axes = 1}, &out) && err.kind == ERR_TYPE);
}

/* ---- what is known of the values ---- */

static enum content content_1(enum op op, enum content in, struct attrs attrs) {
    struct desc out, x = tensor_of(DT_FLOAT64, SIZES(SIZE_BATCH, 10));
    x.content = in;
    CHECK(describe_1(op, x, attrs, &out));
    return out.content;
}

static void test_contents(void) {
    const struct attrs none = {0};
    CHECK_EQ(content_1(OP_sigmoid, CONTENT_ANY, none), CONTENT_PROBABILITY);
    CHECK_EQ(content_1(OP_softmax, CONTENT_ANY, (struct attrs){.axis = 1}), CONTENT_DISTRIBUTION);
    CHECK_EQ(content_1(OP_softmax, CONTENT_ANY, none), CONTENT_PROBABILITY);
    CHECK_EQ(content_1(OP_softplus, CONTENT_ANY, none), CONTENT_POSITIVE);
    CHECK_EQ(content_1(OP_exp, CONTENT_ANY, none), CONTENT_POSITIVE);
    CHECK_EQ(content_1(OP_log, CONTENT_DISTRIBUTION, none), CONTENT_ANY);
    CHECK_EQ(content_1(OP_stop_gradient, CONTENT_DISTRIBUTION, none), CONTENT_DISTRIBUTION);
    struct attrs swap = {.perm = {1, 0}}, keep = {.perm = {0, 1}};
    CHECK_EQ(content_1(OP_transpose, CONTENT_DISTRIBUTION, swap), CONTENT_PROBABILITY);
    CHECK_EQ(content_1(OP_transpose, CONTENT_DISTRIBUTION, keep), CONTENT_DISTRIBUTION);
    struct attrs half = {.shape = shape_of(SIZES(SIZE_BATCH, 5)), .step = {1, 2}};
    CHECK_EQ(content_1(OP_slice, CONTENT_DISTRIBUTION, half), CONTENT_PROBABILITY);
    struct attrs whole = {.shape = shape_of(SIZES(SIZE_BATCH, 10)), .step = {1, 1}};
    CHECK_EQ(content_1(OP_slice, CONTENT_DISTRIBUTION, whole), CONTENT_DISTRIBUTION);
    struct attrs split = {.shape = shape_of(SIZES(SIZE_BATCH, 2, 5))};
    CHECK_EQ(content_1(OP_reshape, CONTENT_DISTRIBUTION, split), CONTENT_PROBABILITY);
    CHECK_EQ(content_1(OP_mean, CONTENT_DISTRIBUTION, (struct attrs){.axes = 1}),
             CONTENT_DISTRIBUTION);
    CHECK_EQ(content_1(OP_sum, CONTENT_DISTRIBUTION, (struct attrs){.axes = 1}), CONTENT_POSITIVE);
}

/* clip(x, 0, 1) is known to be a probability: the constants say so. */
static void test_content_of_clip(void) {
    struct graph *g = graph_new(DT_FLOAT32, &err);
    struct desc d = tensor_of(DT_FLOAT32, SIZES(SIZE_BATCH, 10));
    struct node *x = graph_input(g, "x", &d, &err);
    struct node *low = graph_add2(g, OP_maximum, x, graph_number(g, 0, &err), NULL, &err);
    CHECK_EQ(low->desc.content, CONTENT_POSITIVE);
    struct node *both = graph_add2(g, OP_minimum, low, graph_number(g, 1, &err), NULL, &err);
    CHECK_EQ(both->desc.content, CONTENT_PROBABILITY);
    struct node *top = graph_add2(g, OP_minimum, x, graph_number(g, 1, &err), NULL, &err);
    CHECK_EQ(top->desc.content, CONTENT_ANY);
    graph_free(g);
}

/* ---- errors, memory, unknown sizes everywhere ---- */

static void test_errors(void) {
    struct desc out;
    CHECK(!describe_2(OP_and, t3(DT_BOOL), t3(DT_FLOAT64), (struct attrs){0}, &out));
    CHECK_STR(err.what, "`and` works on True and False only, and {1} holds numbers.");
    CHECK(!describe_1(OP_not, t3(DT_INT64), (struct attrs){0}, &out) && err.kind == ERR_TYPE);
    const struct desc x = t3(DT_FLOAT64), *in[3] = {&x, &x, &x};
    CHECK(!op_describe(OP_add, in, 3, NULL, &out, &err) && err.kind == ERR_ARGUMENT);
    CHECK(!op_describe(OP_concat, in, 0, NULL, &out, &err) && err.kind == ERR_ARGUMENT);
    CHECK(!op_describe(OP_input, NULL, 0, NULL, &out, &err) && err.kind == ERR_BUG);
    CHECK(!op_describe(OP_bernoulli, NULL, 0, &(struct attrs){.a = 1.5}, &out, &err));
    CHECK(op_describe(OP_concat, in, 3, NULL, &out, &err));
    shape_is(&out, "[9]");
}

/* Each allocation of building a small graph fails once; nothing leaks, nothing crashes. */
static void test_out_of_memory(void) {
    size_t before = pool_live_blocks();
    for (int n = 1; n < 12; n++) {
        pool_fail_after(n);
        struct graph *g = graph_new(DT_FLOAT64, &err);
        struct node *x = g ? graph_number(g, 2, &err) : NULL;
        struct node *y = x ? graph_add2(g, OP_mul, x, x, NULL, &err) : NULL;
        struct node *slope = NULL;
        bool ok = y && graph_gradient(g, y, &x, 1, &slope, NULL, &err);
        CHECK(ok || err.kind == ERR_MEMORY);
        graph_free(g);
    }
    pool_fail_after(0);
    CHECK_EQ(pool_live_blocks(), before);
}

/* Every row of ops.list says what it does, and its rule can be asked about unknown sizes. */
static void test_every_row_with_unknown_sizes(void) {
    for (int op = OP_fill; op < OP_COUNT; op++) {
        struct desc x = tensor_of(DT_FLOAT64, SIZES(SIZE_BATCH, -7)), out;
        const struct desc *in[4] = {&x, &x, &x, &x};
        struct attrs attrs = {.shape = x.shape, .axes = 2, .perm = {1, 0}, .step = {1, 1}};
        int n = op_arity((enum op)op) < 0 ? 2 : op_arity((enum op)op);
        CHECK(strlen(op_help((enum op)op)) > 1 && strlen(op_name((enum op)op)) > 1);
        err = (struct err){0};
        if (!op_describe((enum op)op, in, n, &attrs, &out, &err)) {
            CHECK(err.kind != ERR_NONE && err.what[0]);
        }
    }
}

/* More inputs than fit on the stack. */
static void test_many_inputs(void) {
    struct graph *g = graph_new(DT_FLOAT64, &err);
    struct node *in[40];
    struct desc whole = t3(DT_INT64), real = t3(DT_FLOAT64);
    for (int i = 0; i < 40; i++) in[i] = graph_input(g, "x", i ? &real : &whole, &err);
    struct node *all = graph_add(g, OP_concat, in, 40, NULL, &err);
    CHECK(all && all->in[0]->op == OP_cast && all->in[39] == in[39]);
    shape_is(&all->desc, "[120]");
    graph_free(g);
}

TEST_MAIN(test_types_arithmetic, test_types_one, test_types_graph, test_negative_power,
          test_reshape, test_matmul, test_slices, test_joins, test_reductions, test_contents,
          test_content_of_clip, test_errors, test_out_of_memory, test_every_row_with_unknown_sizes,
          test_many_inputs)
