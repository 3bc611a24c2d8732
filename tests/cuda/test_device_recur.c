/* Recurrent cells on the device against the processor: states and derivatives, every cell, form and
 * direction, more units than threads; and the same bits in whichever order threads take turns. */
#include "base/pool.h"
#include "on_device.h"
#include "op/recur.h"

enum { N = 5, STEPS = 4, RESULTS = 4 };

struct cell {
    enum recur_cell cell;
    enum recur_form form;
    bool backwards;
    int64_t units;
};

/* States, then the slopes of their mean square wrt x, kernel and bias. */
static bool build(struct graph *g, const struct cell *c, struct node *out[RESULTS]) {
    int64_t wide = c->units * recur_gates[c->cell], biases = c->units * recur_biases[c->cell];
    struct desc d[3] = {
        {.dtype = DT_FLOAT32, .shape = {.n = 3, .size = {N, STEPS, wide}}},
        {.dtype = DT_FLOAT32, .shape = {.n = 2, .size = {c->units, wide}}},
        {.dtype = DT_FLOAT32, .shape = {.n = 1, .size = {biases}}},
    };
    struct node *in[4] = {NULL};
    for (int i = 0; i < 3; i++) in[1 + i] = graph_input(g, NULL, &d[i], &err);
    struct attrs a = {
        .axis = (int32_t)c->cell, .perm = {RECUR_TANH, RECUR_SIGMOID}, .trans_a = c->backwards};
    in[0] = graph_add(g, OP_recur, in + 1, 3, &a, &err);
    a.axes = c->form;
    out[0] = in[0] ? graph_add(g, OP_recur_states, in, 4, &a, &err) : NULL;
    struct node *square = out[0] ? graph_add1(g, OP_square, out[0], NULL, &err) : NULL;
    struct attrs all = {.axes = c->form == RECUR_ALL ? 7 : 3};
    struct node *mean = square ? graph_add1(g, OP_mean, square, &all, &err) : NULL;
    return mean && graph_gradient(g, mean, in + 1, 3, out + 1, NULL, &err);
}

static struct tensor *numbers(const struct desc *d, int64_t first) {
    struct tensor *t = tensor_new(DT_FLOAT32, &d->shape, &err);
    for (int64_t i = 0; i < t->count; i++)
        tensor_set(t, i, (double)((i + first) * 104729 % 2003 - 1001) / 3000);
    return t;
}

static bool run(struct graph *g, struct node *out[RESULTS], struct tensor *y[RESULTS],
                struct workspace *w) {
    struct plan_spec spec = {.graph = g, .outputs = out, .n_outputs = RESULTS, .workspace = w};
    struct plan *p = plan_new(&spec, &err);
    struct tensor *x[3];
    struct feed feeds[3];
    void *at[RESULTS];
    for (int i = 0; i < 3; i++) {
        x[i] = numbers(&graph_node(g, i)->desc, 31 * i);
        feeds[i] = (struct feed){.data = x[i]->data, .dtype = DT_FLOAT32, .scale = 1};
    }
    for (int i = 0; i < RESULTS; i++) {
        y[i] = tensor_zeros(DT_FLOAT32, &out[i]->desc.shape, &err);
        at[i] = y[i]->data;
    }
    struct plan_io io = {.inputs = feeds, .outputs = at};
    bool ok = p && plan_run(p, &io, &err);
    if (!ok) fprintf(stderr, "%s\n", err.what);
    plan_free(p);
    for (int i = 0; i < 3; i++) tensor_unref(x[i]);
    return ok;
}

static void compare(struct tensor *const *found, struct tensor *const *wanted, double allowed) {
    for (int k = 0; k < RESULTS; k++) {
        double most = 0;
        for (int64_t i = 0; i < wanted[k]->count; i++)
            most = fmax(most, fabs(tensor_get(found[k], i) - tensor_get(wanted[k], i)));
        CHECK(most <= allowed);
        if (most > allowed) fprintf(stderr, "  result %d is off by %g\n", k, most);
    }
}

static void forget(struct tensor **y) {
    for (int i = 0; i < RESULTS; i++) tensor_unref(y[i]);
}

static void check(const struct cell *c) {
    static const char *const orders[] = {"order=backward", "order=mixed"};
    struct node *out[RESULTS];
    struct tensor *wanted[RESULTS], *found[RESULTS], *again[RESULTS];
    struct graph *g = graph_new(DT_FLOAT32, &err);
    struct workspace *w = on_gpu();
    CHECK(build(g, c, out));
    CHECK(run(g, out, wanted, NULL) && run(g, out, found, w));
    compare(found, wanted, 1e-5);
    for (int i = 0; i < 2; i++) {
        fake_set(orders[i]);
        CHECK(run(g, out, again, w));
        compare(again, found, 0);
        forget(again);
    }
    fake_set("");
    forget(found);
    forget(wanted);
    workspace_unref(w);
    graph_free(g);
}

static void test_cells(void) {
    for (int cell = 0; cell < RECUR_N_CELLS; cell++)
        for (int form = RECUR_ALL; form <= RECUR_LAST_CELL; form++)
            for (int backwards = 0; backwards < 2; backwards++) {
                if (form == RECUR_LAST_CELL && cell != RECUR_LSTM) continue;
                check(&(struct cell){(enum recur_cell)cell, (enum recur_form)form, backwards, 7});
            }
    check(&(struct cell){RECUR_GRU, RECUR_LAST, false, 300});
}

/* What the card's shared memory does not hold is refused when the plan is built, with the size. */
static void test_too_wide(void) {
    const struct cell c = {RECUR_SIMPLE, RECUR_LAST, false, 1025};
    struct node *out[RESULTS];
    struct graph *g = graph_new(DT_FLOAT32, &err);
    struct workspace *w = on_gpu();
    CHECK(build(g, &c, out));
    struct plan_spec spec = {.graph = g, .outputs = out, .n_outputs = 1, .workspace = w};
    CHECK(!plan_new(&spec, &err) && err.kind == ERR_DEVICE);
    CHECK(strstr(err.what, "1025 units (at most 1024)") && strstr(err.hint, "device cpu"));
    workspace_unref(w);
    graph_free(g);
    CHECK_EQ(fake_counts().live, 0);
}

TEST_MAIN(test_cells, test_too_wide)
