/* Every operation of ops.list as plans and op_eval compute it, against the reference: in float64
 * and float32, with fixed sizes and with a batch cut into lanes, on one thread and on two (bit for
 * bit the same). */
#include "base/pool.h"
#include "cases.h"
#include "cpu/kernels.h"
#include "op/passes.h"
#include "plan.h"
#include "reference.h"
#include "tests/harness.h"

static struct err err;

/* ---- one case as tensors, graph and expected numbers ---- */

struct trial {
    const struct op_case *c;
    enum dtype real;     /* the graph's float type */
    struct tensor *x[3]; /* inputs, with the case's types */
    double *values[3];   /* the same, as the reference wants them */
    bool batch[3];       /* input k has SIZE_BATCH as its first axis */
    struct graph *graph;
    struct node *out;
};

static enum dtype input_type(const struct trial *t, int k) {
    return t->c->dtype[k] == DT_FLOAT64 ? t->real : t->c->dtype[k];
}

static void trial_start(struct trial *t, const struct op_case *c, enum dtype real) {
    *t = (struct trial){.c = c, .real = real};
    for (int k = 0; k < c->n_in; k++) {
        t->x[k] = tensor_new(input_type(t, k), &c->in[k], &err);
        t->values[k] = pool_alloc((size_t)t->x[k]->count * sizeof(double));
        for (int64_t i = 0; i < t->x[k]->count; i++) {
            tensor_set(t->x[k], i, case_value(c, k, i));
            t->values[k][i] = tensor_get(t->x[k], i);
        }
    }
}

static void trial_end(struct trial *t) {
    for (int k = 0; k < t->c->n_in; k++) {
        tensor_unref(t->x[k]);
        pool_free(t->values[k]);
    }
    graph_free(t->graph);
}

/* The graph of the case. `batch`: size that is replaced by SIZE_BATCH where it is a first axis; -1:
 * none. Inputs without it become constants then. */
static bool build(struct trial *t, int64_t batch) {
    const struct op_case *c = t->c;
    struct node *in[3];
    t->graph = graph_new(t->real, &err);
    for (int k = 0; k < c->n_in; k++) {
        struct desc d = tensor_desc(t->x[k]);
        t->batch[k] = batch >= 0 && d.shape.n > 0 && d.shape.size[0] == batch;
        if (t->batch[k]) d.shape.size[0] = SIZE_BATCH;
        bool input = t->batch[k] || batch < 0;
        in[k] =
            input ? graph_input(t->graph, NULL, &d, &err) : graph_constant(t->graph, t->x[k], &err);
    }
    struct attrs attrs = c->attrs;
    bool open = c->op == OP_reshape && attrs.axis == 1;
    if (batch >= 0 && attrs.shape.n && attrs.shape.size[0] == batch && !open) {
        if (c->op != OP_scatter_add && c->op != OP_one_hot) attrs.shape.size[0] = SIZE_BATCH;
    }
    t->out = graph_add(t->graph, c->op, in, c->n_in, &attrs, &err);
    return t->out != NULL;
}

static struct tensor *run(const struct trial *t, const struct shape *shape, int64_t batch) {
    struct plan_spec spec = {
        .graph = t->graph, .batch = batch < 0 ? 0 : batch, .outputs = &t->out, .n_outputs = 1};
    struct plan *p = plan_new(&spec, &err);
    if (!p) return NULL;
    struct feed feeds[3];
    int n = 0;
    for (int k = 0; k < t->c->n_in; k++) {
        if (batch >= 0 && !t->batch[k]) continue;
        feeds[n++] = (struct feed){.data = t->x[k]->data, .dtype = t->x[k]->dtype, .scale = 1};
    }
    struct tensor *y = tensor_zeros(t->out->desc.dtype, shape, &err);
    struct plan_io io = {.inputs = feeds, .outputs = (void *const *)&y->data, .seed = 7};
    if (!plan_run(p, &io, &err)) {
        tensor_unref(y);
        y = NULL;
    }
    plan_free(p);
    return y;
}

/* ---- comparing ---- */

static double tolerance(const struct trial *t, enum dtype type) {
    bool sums = (op_flags(t->c->op) & OP_REDUCE) || t->c->op == OP_matmul || t->c->op == OP_norm ||
                t->c->op == OP_norm_slope || t->c->op == OP_heads_mix || t->c->op == OP_cumsum ||
                t->c->op == OP_scatter_add || t->c->op == OP_softmax_crossentropy ||
                t->c->op == OP_conv || t->c->op == OP_conv_input || t->c->op == OP_conv_kernel;
    if (type == DT_FLOAT64) return sums ? 1e-11 : 1e-12;
    if (type == DT_FLOAT32) return sums ? 1e-4 : 3e-6;
    return 0;
}

static void compare(const struct trial *t, const struct tensor *y, const double *expected,
                    const char *how) {
    char text[256];
    CHECK(y != NULL);
    if (!y) {
        fprintf(stderr, "  %s, %s: %s\n", case_print(t->c, text, sizeof text), how, err.what);
        return;
    }
    /* An intermediate may have been a float32 although the result is not, and the other way round.
     */
    double allowed = fmax(tolerance(t, y->dtype), tolerance(t, t->real));
    if (!dtype_is_float(y->dtype)) allowed = 0;
    for (int64_t i = 0; i < y->count; i++) {
        double found = tensor_get(y, i), wanted = expected[i];
        bool good = fabs(found - wanted) <= allowed * fmax(1, fabs(wanted)) || found == wanted ||
                    (isnan(found) && isnan(wanted));
        CHECK(good);
        if (good) continue;
        fprintf(stderr, "  %s, %s: element %lld is %.9g, expected %.9g\n",
                case_print(t->c, text, sizeof text), how, (long long)i, found, wanted);
        break;
    }
}

static bool is_random(enum op op) {
    return op_flags(op) & OP_RANDOM;
}

/* The same on one thread and on two, bit for bit. */
static void check_threads(const struct trial *t, const struct tensor *two, int64_t batch) {
    compute_set_threads(1);
    struct tensor *one = run(t, &two->shape, batch);
    CHECK(one && memcmp(one->data, two->data, (size_t)two->count * dtype_bytes(two->dtype)) == 0);
    tensor_unref(one);
    compute_set_threads(2);
}

static void check_plan(struct trial *t, int64_t batch, const struct shape *shape,
                       const double *expected, const char *how) {
    struct tensor *y = run(t, shape, batch);
    if (expected) compare(t, y, expected, how);
    CHECK(y != NULL);
    if (y) check_threads(t, y, batch);
    tensor_unref(y);
}

/* Which size to call the batch: the result's first axis if an input has it, else the first input's.
 */
static int64_t choose_batch(const struct op_case *c, const struct shape *out) {
    for (int k = 0; k < c->n_in && out->n; k++) {
        if (c->in[k].n && c->in[k].size[0] == out->size[0]) return out->size[0];
    }
    if (c->n_in == 0) return out->n ? out->size[0] : -1;
    return c->in[0].n ? c->in[0].size[0] : -1;
}

/* With a batch, if the operation allows that this axis is unknown and gives the same shape. */
static void check_lanes(struct trial *t, const struct shape *shape, const double *expected) {
    int64_t batch = choose_batch(t->c, shape);
    if (batch < 1 || !build(t, batch)) return;
    struct node *root = t->out;
    struct graph *sized = pass_sizes(t->graph, &root, 1, batch, batch, &err);
    bool same = sized && shape_same_sizes(&root->desc.shape, shape);
    graph_free(sized);
    if (same) check_plan(t, batch, shape, expected, "lanes");
}

static void check_eval(struct trial *t, const double *expected) {
    struct tensor *y = op_eval(t->c->op, t->x, t->c->n_in, &t->c->attrs, 7, &err);
    if (expected) compare(t, y, expected, "op_eval");
    CHECK(y != NULL);
    tensor_unref(y);
}

static void check_case(const struct op_case *c, void *user) {
    static const enum dtype reals[] = {DT_FLOAT64, DT_FLOAT32};
    (void)user;
    for (int i = 0; i < 2; i++) {
        struct trial t;
        trial_start(&t, c, reals[i]);
        bool built = build(&t, -1);
        CHECK(built);
        if (!built) {
            char text[256];
            fprintf(stderr, "  %s: %s\n", case_print(c, text, sizeof text), err.what);
            trial_end(&t);
            continue;
        }
        struct shape shape = t.out->desc.shape;
        double *expected = is_random(c->op) ? NULL : reference_run(t.graph, t.out, t.values);
        check_plan(&t, -1, &shape, expected, i ? "float32" : "float64");
        check_eval(&t, expected);
        graph_free(t.graph);
        t.graph = NULL;
        check_lanes(&t, &shape, expected);
        pool_free(expected);
        trial_end(&t);
    }
}

/* Once with each instruction set that this machine has. */
static void test_every_case(void) {
    static const char *const sets[] = {"plain", "avx2", "avx512"};
    const struct kernels *best = kernels();
    compute_set_threads(2);
    for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
        const struct kernels *k = kernels_named(sets[i]);
        if (!k) {
            printf("skipped: this machine has no %s\n", sets[i]);
            continue;
        }
        kernels_use(k);
        each_case(check_case, NULL);
    }
    kernels_use(best);
}

/* ---- derivatives through plans: the same numbers as the reference gives ---- */

static struct node *total(struct graph *g, struct node *x) {
    struct attrs all = {.axes = (1u << x->desc.shape.n) - 1};
    struct node *y = graph_add1(g, OP_square, x, NULL, &err);
    return graph_add1(g, OP_mean, y, &all, &err);
}

static void check_gradient(const struct op_case *c, void *user) {
    (void)user;
    if (!op_is_smooth(c->op)) return;
    struct trial t;
    trial_start(&t, c, DT_FLOAT64);
    CHECK(build(&t, -1));
    struct node *y = t.out;
    for (int k = 0; k < c->n_in && dtype_is_float(y->desc.dtype); k++) {
        if (!op_has_slope(c->op, k)) continue;
        if (!dtype_is_float(c->dtype[k]) || y->desc.shape.n == 0 || t.x[k]->count == 0) continue;
        struct node *x = graph_node(t.graph, k), *slope;
        CHECK(graph_gradient(t.graph, total(t.graph, y), &x, 1, &slope, NULL, &err));
        double *expected = reference_run(t.graph, slope, t.values);
        t.out = slope;
        struct tensor *found = run(&t, &slope->desc.shape, -1);
        compare(&t, found, expected, "gradient");
        tensor_unref(found);
        pool_free(expected);
    }
    trial_end(&t);
}

static void test_every_gradient(void) {
    each_case(check_gradient, NULL);
}

/* ---- random operations ---- */

static struct tensor *draw(enum op op, const struct shape *s, uint64_t stream, uint64_t seed) {
    struct attrs attrs = {.shape = *s, .dtype = DT_FLOAT64, .a = 0.25, .stream = stream};
    return op_eval(op, NULL, 0, &attrs, seed, &err);
}

static bool same_numbers(const struct tensor *a, const struct tensor *b) {
    return memcmp(a->data, b->data, (size_t)a->count * dtype_bytes(a->dtype)) == 0;
}

static void moments(const struct tensor *t, double *mean, double *variance) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < t->count; i++) {
        sum += tensor_get(t, i);
        squares += tensor_get(t, i) * tensor_get(t, i);
    }
    *mean = sum / (double)t->count;
    *variance = squares / (double)t->count - *mean * *mean;
}

static void test_random(void) {
    static const struct {
        enum op op;
        double mean, variance;
    } rows[] = {{OP_uniform, 0.5, 1.0 / 12}, {OP_normal, 0, 1}, {OP_bernoulli, 0.25, 0.1875}};
    struct shape s = {.n = 2, .size = {300, 333}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct tensor *a = draw(rows[i].op, &s, 1, 5), *again = draw(rows[i].op, &s, 1, 5);
        struct tensor *stream = draw(rows[i].op, &s, 2, 5), *seed = draw(rows[i].op, &s, 1, 6);
        double mean, variance;
        moments(a, &mean, &variance);
        CHECK(fabs(mean - rows[i].mean) < 0.012);
        CHECK(fabs(variance - rows[i].variance) < 0.02);
        CHECK(same_numbers(a, again) && !same_numbers(a, stream) && !same_numbers(a, seed));
        tensor_unref(a);
        tensor_unref(again);
        tensor_unref(stream);
        tensor_unref(seed);
    }
}

/* A mask for a batch is the same numbers as one for the fixed shape: no lane shifts them. */
static void test_random_in_lanes(void) {
    const struct op_case c = {.op = OP_uniform,
                              .attrs = {.shape = {.n = 2, .size = {37, 129}}, .stream = 3}};
    struct trial t;
    trial_start(&t, &c, DT_FLOAT32);
    CHECK(build(&t, -1));
    struct tensor *fixed = run(&t, &c.attrs.shape, -1);
    graph_free(t.graph);
    CHECK(build(&t, 37) && t.out->desc.shape.size[0] == SIZE_BATCH);
    struct tensor *lanes = run(&t, &c.attrs.shape, 37);
    CHECK(fixed && lanes && same_numbers(fixed, lanes));
    tensor_unref(fixed);
    tensor_unref(lanes);
    trial_end(&t);
}

TEST_MAIN(test_every_case, test_every_gradient, test_random, test_random_in_lanes)
