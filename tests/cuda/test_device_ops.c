/* Every operation of ops.list on the device against the processor: values, and derivatives by their
 * graphs. Graphs are float32, as models are. What makes random numbers, and what is only copied or
 * compared, must give the same bits. */
#include "base/pool.h"
#include "on_device.h"
#include "tests/runtime/cases.h"

struct trial {
    const struct op_case *c;
    struct tensor *x[3];
    struct graph *graph;
    struct node *out;
};

static bool start(struct trial *t, const struct op_case *c) {
    struct node *in[3];
    *t = (struct trial){.c = c, .graph = graph_new(DT_FLOAT32, &err)};
    for (int k = 0; k < c->n_in; k++) {
        enum dtype type = c->dtype[k] == DT_FLOAT64 ? DT_FLOAT32 : c->dtype[k];
        t->x[k] = tensor_new(type, &c->in[k], &err);
        for (int64_t i = 0; i < t->x[k]->count; i++) tensor_set(t->x[k], i, case_value(c, k, i));
        struct desc d = tensor_desc(t->x[k]);
        in[k] = graph_input(t->graph, NULL, &d, &err);
    }
    t->out = graph_add(t->graph, c->op, in, c->n_in, &c->attrs, &err);
    return t->out != NULL;
}

static void end(struct trial *t) {
    for (int k = 0; k < t->c->n_in; k++) tensor_unref(t->x[k]);
    graph_free(t->graph);
}

static struct tensor *run(struct trial *t, struct node *out, struct workspace *w) {
    struct plan_spec spec = {.graph = t->graph, .outputs = &out, .n_outputs = 1, .workspace = w};
    struct plan *p = plan_new(&spec, &err);
    if (!p) return NULL;
    struct feed feeds[3];
    for (int k = 0; k < t->c->n_in; k++)
        feeds[k] = (struct feed){.data = t->x[k]->data, .dtype = t->x[k]->dtype, .scale = 1};
    struct tensor *y = tensor_zeros(out->desc.dtype, &out->desc.shape, &err);
    struct plan_io io = {.inputs = feeds, .outputs = (void *const *)&y->data, .seed = 7, .step = 3};
    bool ok = plan_run(p, &io, &err);
    plan_free(p);
    if (ok) return y;
    tensor_unref(y);
    return NULL;
}

/* Sums are made in another order; pow and the far ends of sine are another library's. */
static double tolerance(const struct op_case *c, enum dtype type) {
    if (!dtype_is_float(type) || (op_flags(c->op) & OP_RANDOM)) return 0;
    if ((op_flags(c->op) & OP_ELEMENTWISE) && c->op != OP_pow && c->op != OP_mod &&
        c->op != OP_floordiv)
        return 0;
    return 1e-4;
}

static void compare(const struct trial *t, const struct tensor *found, const struct tensor *wanted,
                    double allowed, const char *what) {
    char text[256];
    bool there = found && wanted && found->count == wanted->count;
    CHECK(there);
    if (!there)
        fprintf(stderr, "  %s, %s: %s\n", what, case_print(t->c, text, sizeof text), err.what);
    for (int64_t i = 0; there && i < found->count; i++) {
        double a = tensor_get(found, i), b = tensor_get(wanted, i);
        bool good = fabs(a - b) <= allowed * fmax(1, fabs(b)) || a == b || (isnan(a) && isnan(b));
        CHECK(good);
        if (good) continue;
        fprintf(stderr, "  %s, %s: element %lld is %.9g, the processor has %.9g\n", what,
                case_print(t->c, text, sizeof text), (long long)i, a, b);
        break;
    }
}

#if defined(__SANITIZE_ADDRESS__)
enum { ORDERS = 0 }; /* the sanitizer looks for other mistakes, and one order takes it minutes */
#else
enum { ORDERS = 2 };
#endif

/* In whichever order threads take their turns between two waits, the bits are the same: where they
 * are not, threads race for a place in shared memory. */
static void check_orders(struct trial *t, struct node *out, struct workspace *w,
                         const struct tensor *first) {
    static const char *const orders[] = {"order=backward", "order=mixed"};
    for (int i = 0; i < ORDERS && first; i++) {
        fake_set(orders[i]);
        struct tensor *again = run(t, out, w);
        compare(t, again, first, 0, orders[i]);
        tensor_unref(again);
    }
    fake_set("");
}

static void check(struct trial *t, struct node *out, double allowed, const char *what) {
    struct workspace *w = on_gpu();
    struct tensor *wanted = run(t, out, NULL), *found = run(t, out, w);
    compare(t, found, wanted, allowed, what);
    check_orders(t, out, w, found);
    tensor_unref(found);
    tensor_unref(wanted);
    workspace_unref(w);
}

static int computed[OP_COUNT]; /* cases, by row of ops.list */

static void check_case(const struct op_case *c, void *user) {
    struct trial t;
    (void)user;
    computed[c->op]++;
    CHECK(start(&t, c));
    if (t.out) check(&t, t.out, tolerance(c, t.out->desc.dtype), "value");
    end(&t);
}

static void test_every_case(void) {
    each_case(check_case, NULL);
}

static struct node *total(struct graph *g, struct node *x) {
    struct attrs all = {.axes = (1u << x->desc.shape.n) - 1};
    struct node *y = graph_add1(g, OP_square, x, NULL, &err);
    return graph_add1(g, OP_mean, y, &all, &err);
}

static void check_gradient(const struct op_case *c, void *user) {
    struct trial t;
    (void)user;
    if (!op_is_smooth(c->op)) return;
    CHECK(start(&t, c));
    for (int k = 0; k < c->n_in && dtype_is_float(t.out->desc.dtype); k++) {
        bool slopes = op_has_slope(c->op, k) && dtype_is_float(c->dtype[k]);
        if (!slopes || t.out->desc.shape.n == 0 || t.x[k]->count == 0) continue;
        struct node *x = graph_node(t.graph, k), *slope;
        CHECK(graph_gradient(t.graph, total(t.graph, t.out), &x, 1, &slope, NULL, &err));
        check(&t, slope, 1e-4, "derivative");
    }
    end(&t);
}

static void test_every_gradient(void) {
    each_case(check_gradient, NULL);
}

/* Every row of the table is computed; leaves are read, and recurrent rows have a test of
 * their own. */
static bool elsewhere(enum op op) {
    bool leaf = op == OP_input || op == OP_weight || op == OP_constant;
    return leaf || strncmp(op_name(op), "recur", 5) == 0;
}

static void test_the_whole_table(void) {
    for (int i = 0; i < OP_COUNT; i++) {
        bool known = elsewhere((enum op)i) || computed[i] > 0;
        CHECK(known);
        if (!known) fprintf(stderr, "  no case of %s was computed\n", op_name((enum op)i));
    }
}

/* Everything that was taken from the device was given back. */
static void test_nothing_is_left(void) {
    CHECK_EQ(fake_counts().live, 0);
    CHECK(fake_counts().replays > 100);
}

TEST_MAIN(test_every_case, test_every_gradient, test_the_whole_table, test_nothing_is_left)
