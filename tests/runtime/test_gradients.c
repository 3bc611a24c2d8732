/* First and second derivatives of every operation, by reverse mode, against central differences in
 * double. Both are computed by the reference, so that only the formulas are on trial here. */
#include "base/pool.h"
#include "cases.h"
#include "op/passes.h"
#include "op/size.h"
#include "reference.h"
#include "tests/harness.h"

static struct err err;

enum { MAX_CHECKED = 20 };

/* sum(x * w) with fixed, uneven weights: one number that depends on all of x. */
static struct node *weigh(struct graph *g, struct node *x, double phase) {
    struct tensor *w = tensor_new(DT_FLOAT64, &x->desc.shape, &err);
    for (int64_t i = 0; i < w->count; i++) tensor_set(w, i, cos(phase + 1.7 * (double)i));
    struct node *product = graph_add2(g, OP_mul, x, graph_constant(g, w, &err), NULL, &err);
    tensor_unref(w);
    struct attrs all = {.axes = (1u << x->desc.shape.n) - 1};
    return graph_add1(g, OP_sum, product, &all, &err);
}

struct trial {
    const struct op_case *c;
    struct graph *g;
    struct node *in[3];
    double *x[3];
};

static bool trial_start(struct trial *t, const struct op_case *c) {
    *t = (struct trial){.c = c, .g = graph_new(DT_FLOAT64, &err)};
    for (int k = 0; k < c->n_in; k++) {
        struct desc d = {.dtype = c->dtype[k], .shape = c->in[k]};
        t->in[k] = graph_input(t->g, NULL, &d, &err);
        int64_t count = reference_count(&c->in[k]);
        t->x[k] = pool_alloc((size_t)count * sizeof(double));
        for (int64_t i = 0; i < count; i++) t->x[k][i] = case_value(c, k, i);
    }
    return true;
}

static void trial_end(struct trial *t) {
    for (int k = 0; k < 3; k++) pool_free(t->x[k]);
    graph_free(t->g);
}

static double value_of(const struct trial *t, const struct node *n) {
    double *y = reference_run(t->g, n, t->x);
    double value = y[0];
    pool_free(y);
    return value;
}

/* (f(x + h) - f(x - h)) / 2h for element i of input k */
static double difference(const struct trial *t, const struct node *f, int k, int64_t i) {
    double x = t->x[k][i], h = 1e-5;
    t->x[k][i] = x + h;
    double up = value_of(t, f);
    t->x[k][i] = x - h;
    double down = value_of(t, f);
    t->x[k][i] = x;
    return (up - down) / (2 * h);
}

static void check_slope(const struct trial *t, const struct node *f, const struct node *slope,
                        int k, const char *order) {
    int64_t count = reference_count(&t->c->in[k]);
    int64_t step = count <= MAX_CHECKED ? 1 : count / MAX_CHECKED;
    CHECK(shape_same_sizes(&slope->desc.shape, &t->c->in[k]));
    double *found = reference_run(t->g, slope, t->x);
    for (int64_t i = 0; i < count; i += step) {
        double expected = difference(t, f, k, i);
        double error = fabs(found[i] - expected);
        CHECK(error <= 2e-6 * fmax(1, fabs(expected)));
        if (error <= 2e-6 * fmax(1, fabs(expected))) continue;
        char text[256];
        fprintf(stderr, "  %s derivative of %s, input %d element %lld: %.9g, difference %.9g\n",
                order, case_print(t->c, text, sizeof text), k, (long long)i, found[i], expected);
        break;
    }
    pool_free(found);
}

static bool is_small(const struct op_case *c) {
    for (int k = 0; k < c->n_in; k++) {
        if (reference_count(&c->in[k]) > 400) return false;
    }
    return true;
}

static void check_case(const struct op_case *c, void *user) {
    (void)user;
    if (op_arity(c->op) == 0 || !is_small(c)) return;
    struct trial t;
    trial_start(&t, c);
    struct node *y = graph_add(t.g, c->op, t.in, c->n_in, &c->attrs, &err);
    CHECK(y != NULL);
    struct node *f = y && dtype_is_float(y->desc.dtype) ? weigh(t.g, y, 0.3) : NULL;
    for (int k = 0; k < c->n_in && f; k++) {
        if (!dtype_is_float(c->dtype[k])) continue;
        struct node *slope, *again;
        bool connected;
        CHECK(graph_gradient(t.g, f, &t.in[k], 1, &slope, &connected, &err));
        CHECK_EQ(connected, op_has_slope(c->op, k));
        if (!connected) continue;
        check_slope(&t, f, slope, k, "first");
        struct node *g = weigh(t.g, slope, 0.9);
        CHECK(graph_gradient(t.g, g, &t.in[k], 1, &again, NULL, &err));
        check_slope(&t, g, again, k, "second");
    }
    trial_end(&t);
}

static void test_every_case(void) {
    each_case(check_case, NULL);
}

static void count_case(const struct op_case *c, void *user) {
    ((int *)user)[c->op]++;
}

/* A new row of ops.list needs test shapes. */
static void test_every_row_has_cases(void) {
    int cases[OP_COUNT] = {0};
    each_case(count_case, cases);
    for (int op = OP_constant + 1; op < OP_COUNT; op++) {
        if (op >= OP_recur && op <= OP_recur_bias) continue; /* tests/cpu/test_recur.c */
        if (cases[op] < 4) fprintf(stderr, "`%s` has no test shapes\n", op_name((enum op)op));
        CHECK(cases[op] >= 4);
    }
}

/* x used three times, on ways of different lengths. */
static void test_several_ways(void) {
    const struct op_case c = {
        .op = OP_exp, .n_in = 1, .in = {{.n = 1, .size = {5}}}, .low = {0.5}, .high = {1.5}};
    struct trial t;
    trial_start(&t, &c);
    struct node *x = t.in[0], *e = graph_add1(t.g, OP_exp, x, NULL, &err);
    struct node *p = graph_add2(t.g, OP_pow, x, e, NULL, &err);
    struct node *y = graph_add2(t.g, OP_mul, p, x, NULL, &err), *slope, *again;
    struct node *f = weigh(t.g, y, 0);
    CHECK(graph_gradient(t.g, f, &x, 1, &slope, NULL, &err));
    check_slope(&t, f, slope, 0, "first");
    struct node *g = weigh(t.g, slope, 1);
    CHECK(graph_gradient(t.g, g, &x, 1, &again, NULL, &err));
    check_slope(&t, g, again, 0, "second");
    struct node *h = weigh(t.g, again, 2), *third;
    CHECK(graph_gradient(t.g, h, &x, 1, &third, NULL, &err));
    check_slope(&t, h, third, 0, "third");
    trial_end(&t);
}

/* A power with a fixed exponent: the special forms, also at x = 0 and for negative x. */
static void test_fixed_powers(void) {
    static const double exponents[] = {0, 1, 2, 3, -1, 0.5};
    for (size_t i = 0; i < ARRAY_LEN(exponents); i++) {
        double low = exponents[i] == 0.5 || exponents[i] == -1 ? 0.5 : -1;
        const struct op_case c = {
            .op = OP_pow, .n_in = 1, .in = {{.n = 1, .size = {5}}}, .low = {low}, .high = {1.5}};
        struct trial t;
        trial_start(&t, &c);
        if (low < 0) t.x[0][0] = 0;
        struct node *b = graph_number(t.g, exponents[i], &err), *slope;
        struct node *f = weigh(t.g, graph_add2(t.g, OP_pow, t.in[0], b, NULL, &err), 0.1);
        CHECK(graph_gradient(t.g, f, t.in, 1, &slope, NULL, &err));
        check_slope(&t, f, slope, 0, "first");
        trial_end(&t);
    }
}

/* The derivative of the matrix of a dense layer, with the batch unknown until the end. */
static void test_unknown_batch(void) {
    struct graph *g = graph_new(DT_FLOAT64, &err);
    struct desc dx = {.shape = {.n = 2, .size = {SIZE_BATCH, 3}}};
    struct shape sw = {.n = 2, .size = {3, 2}}, sb = {.n = 1, .size = {2}};
    struct tensor *tw = tensor_new(DT_FLOAT64, &sw, &err), *tb = tensor_new(DT_FLOAT64, &sb, &err);
    for (int i = 0; i < 6; i++) tensor_set(tw, i, 0.3 * i - 0.7);
    for (int i = 0; i < 2; i++) tensor_set(tb, i, 0.1 * i);
    struct node *x = graph_input(g, "x", &dx, &err), *wrt[2];
    wrt[0] = graph_constant(g, tw, &err);
    wrt[1] = graph_constant(g, tb, &err);
    tensor_unref(tw);
    tensor_unref(tb);
    struct node *y = graph_add2(g, OP_matmul, x, wrt[0], NULL, &err);
    y = graph_add1(g, OP_tanh, graph_add2(g, OP_add, y, wrt[1], NULL, &err), NULL, &err);
    struct node *loss = graph_add1(g, OP_mean, y, &(struct attrs){.axes = 3}, &err);
    struct node *roots[3] = {loss};
    CHECK(graph_gradient(g, loss, wrt, 2, roots + 1, NULL, &err));
    struct graph *known = pass_sizes(g, roots, 3, 4, 4, &err);
    double values[12], *inputs[1] = {values};
    for (int i = 0; i < 12; i++) values[i] = sin(i);
    double *dw = reference_run(known, roots[1], inputs),
           *db = reference_run(known, roots[2], inputs);
    /* db[k] = mean over the 8 numbers of (1 - y^2), for column k; dw by the chain rule. */
    double *out = reference_run(g = (graph_free(g), known), roots[0]->in[0], inputs);
    for (int k = 0; k < 2; k++) {
        double sum = 0, first = 0;
        for (int i = 0; i < 4; i++) {
            double slope = (1 - out[2 * i + k] * out[2 * i + k]) / 8;
            sum += slope;
            first += slope * values[3 * i];
        }
        CHECK_NEAR(db[k], sum, 1e-12);
        CHECK_NEAR(dw[k], first, 1e-12);
    }
    pool_free(dw);
    pool_free(db);
    pool_free(out);
    graph_free(g);
}

/* log of what has become 0: the slopes are those of the stable formulas, not 0 * infinity. */
static void test_stable_logs(void) {
    static const double x_values[3] = {-900, 0.5, 900};
    struct graph *g = graph_new(DT_FLOAT64, &err);
    struct desc d = {.shape = {.n = 1, .size = {3}}};
    struct node *x = graph_input(g, NULL, &d, &err), *slope[4];
    struct node *p = graph_add1(g, OP_sigmoid, x, NULL, &err);
    struct node *q = graph_add2(g, OP_sub, graph_number(g, 1, &err), p, NULL, &err);
    struct node *logs[4] = {p, q, graph_add1(g, OP_softmax, x, NULL, &err),
                            graph_add1(g, OP_exp, x, NULL, &err)};
    double values[3], *inputs[1] = {values}, s = 1 / (1 + exp(-0.5));
    double expected[4][3] = {{1, 1 - s, 0}, {0, -s, -1}, {1, 1, -2}, {1, 1, 1}};
    memcpy(values, x_values, sizeof values);
    for (int i = 0; i < 4; i++) {
        struct node *y = graph_add1(g, OP_log, logs[i], NULL, &err);
        y = graph_add1(g, OP_sum, y, &(struct attrs){.axes = 1}, &err);
        CHECK(graph_gradient(g, y, &x, 1, &slope[i], NULL, &err));
        double *found = reference_run(g, slope[i], inputs);
        for (int k = 0; k < 3; k++) CHECK_NEAR(found[k], expected[i][k], 1e-12);
        pool_free(found);
    }
    /* Asked for the slope with respect to p itself, it is 1 / p. */
    struct node *y = graph_add1(g, OP_log, p, NULL, &err), *wrt[2] = {x, p}, *both[2];
    y = graph_add1(g, OP_sum, y, &(struct attrs){.axes = 1}, &err);
    CHECK(graph_gradient(g, y, wrt, 2, both, NULL, &err));
    double *found = reference_run(g, both[1], inputs);
    CHECK_NEAR(found[1], 1 / s, 1e-12);
    pool_free(found);
    graph_free(g);
}

TEST_MAIN(test_every_row_has_cases, test_every_case, test_several_ways, test_fixed_powers,
          test_stable_logs, test_unknown_batch)
