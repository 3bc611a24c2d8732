/* Recurrent cells: the fused operations against the same cell written out step by step in plain
 * operations (whose derivatives tests/runtime checks by differences): states and derivatives, every
 * cell, activation, direction and form, in both float types and every instruction set; the same
 * bits on one thread and on two, and for an example whatever stands beside it. */
#include "base/pool.h"
#include "cpu/kernels.h"
#include "op/recur.h"
#include "plan.h"
#include "rng.h"
#include "tests/harness.h"

static struct err err;

struct shape_case {
    enum recur_cell cell;
    int64_t batch, steps, units;
    enum recur_fn fn, gate;
    bool backwards;
    enum recur_form form;
};

enum { MAX_OUT = 4 };

/* One graph: states and the derivatives of a weighted sum of them wrt x, kernel, bias. */
struct built {
    struct graph *g;
    struct node *out[MAX_OUT];
};

static struct node *need(struct node *n) {
    if (!n) printf("%s\n%s\n", err.what, err.facts);
    return n;
}

static struct node *two(struct graph *g, enum op op, struct node *a, struct node *b) {
    return need(graph_add2(g, op, a, b, NULL, &err));
}

static struct node *act(struct graph *g, struct node *x, enum recur_fn fn) {
    if (fn == RECUR_TANH) return graph_add1(g, OP_tanh, x, NULL, &err);
    if (fn == RECUR_SIGMOID) return graph_add1(g, OP_sigmoid, x, NULL, &err);
    if (fn == RECUR_RELU) return graph_add1(g, OP_relu, x, NULL, &err);
    if (fn == RECUR_LINEAR) return x;
    x = two(g, OP_mul, x, graph_number(g, 1.0 / 6, &err));
    x = two(g, OP_add, x, graph_number(g, 0.5, &err));
    x = two(g, OP_maximum, x, graph_number(g, 0, &err));
    return two(g, OP_minimum, x, graph_number(g, 1, &err));
}

/* Columns [begin, begin + n) of the last axis. */
static struct node *columns(struct graph *g, struct node *x, int64_t begin, int64_t n) {
    struct attrs a = {.shape = x->desc.shape};
    for (int i = 0; i < a.shape.n; i++) a.step[i] = 1;
    a.begin[a.shape.n - 1] = begin;
    a.shape.size[a.shape.n - 1] = n;
    return need(graph_add1(g, OP_slice, x, &a, &err));
}

static struct node *step_of(struct graph *g, struct node *x, int64_t t) {
    struct attrs a = {.shape = x->desc.shape, .step = {1, 1, 1}, .begin = {0, t, 0}};
    a.shape.size[1] = 1;
    struct node *row = need(graph_add1(g, OP_slice, x, &a, &err));
    struct attrs flat = {
        .shape = shape_of(2, (int64_t[]){x->desc.shape.size[0], x->desc.shape.size[2]})};
    return need(graph_add1(g, OP_reshape, row, &flat, &err));
}

struct plain {
    struct graph *g;
    const struct shape_case *s;
    struct node *h, *c;
};

static struct node *one_minus(struct graph *g, struct node *z) {
    return two(g, OP_sub, graph_number(g, 1, &err), z);
}

static void plain_step(struct plain *p, struct node *x, struct node *u, struct node *b) {
    const struct shape_case *s = p->s;
    struct graph *g = p->g;
    int64_t n = s->units;
    struct node *rest = two(g, OP_matmul, p->h, u);
    if (s->cell == RECUR_SIMPLE) {
        p->h = act(g, two(g, OP_add, two(g, OP_add, x, rest), b), s->fn);
    } else if (s->cell == RECUR_GRU) {
        struct node *in = two(g, OP_add, x, columns(g, b, 0, 3 * n));
        rest = two(g, OP_add, rest, columns(g, b, 3 * n, 3 * n));
        struct node *gates = two(g, OP_add, columns(g, in, 0, 2 * n), columns(g, rest, 0, 2 * n));
        gates = act(g, gates, s->gate);
        struct node *z = columns(g, gates, 0, n), *r = columns(g, gates, n, n);
        struct node *a = two(g, OP_mul, r, columns(g, rest, 2 * n, n));
        a = act(g, two(g, OP_add, columns(g, in, 2 * n, n), a), s->fn);
        p->h = two(g, OP_add, two(g, OP_mul, z, p->h), two(g, OP_mul, one_minus(g, z), a));
    } else {
        struct node *all = two(g, OP_add, two(g, OP_add, x, rest), b);
        struct node *i = act(g, columns(g, all, 0, n), s->gate);
        struct node *f = act(g, columns(g, all, n, n), s->gate);
        struct node *a = act(g, columns(g, all, 2 * n, n), s->fn);
        struct node *o = act(g, columns(g, all, 3 * n, n), s->gate);
        p->c = two(g, OP_add, two(g, OP_mul, f, p->c), two(g, OP_mul, i, a));
        p->h = two(g, OP_mul, o, act(g, p->c, s->fn));
    }
}

static struct node *plain_states(struct graph *g, const struct shape_case *s, struct node *x,
                                 struct node *u, struct node *b) {
    struct node *all[32];
    struct attrs zero = {.dtype = graph_dtype(g),
                         .shape = shape_of(2, (int64_t[]){SIZE_BATCH, s->units})};
    struct plain p = {.g = g, .s = s, .h = graph_add(g, OP_fill, NULL, 0, &zero, &err)};
    p.c = p.h;
    struct attrs tall = {.shape = shape_of(3, (int64_t[]){SIZE_BATCH, 1, s->units})};
    for (int64_t i = 0; i < s->steps; i++) {
        int64_t t = s->backwards ? s->steps - 1 - i : i;
        plain_step(&p, step_of(g, x, t), u, b);
        all[t] = graph_add1(g, OP_reshape, p.h, &tall, &err);
    }
    if (s->form == RECUR_LAST) return p.h;
    if (s->form == RECUR_LAST_CELL) return p.c;
    struct attrs along = {.axis = 1};
    return need(graph_add(g, OP_concat, all, (int)s->steps, &along, &err));
}

static struct node *fused_states(struct graph *g, const struct shape_case *s, struct node *x,
                                 struct node *u, struct node *b) {
    struct attrs a = {.axis = (int32_t)s->cell,
                      .perm = {(int32_t)s->fn, (int32_t)s->gate},
                      .trans_a = s->backwards};
    struct node *in[4] = {NULL, x, u, b};
    in[0] = need(graph_add(g, OP_recur, in + 1, 3, &a, &err));
    a.axes = s->form;
    return need(graph_add(g, OP_recur_states, in, 4, &a, &err));
}

static struct built build(const struct shape_case *s, enum dtype t, bool fused) {
    struct built b = {.g = graph_new(t, &err)};
    int64_t n = s->units, wide = n * recur_gates[s->cell], biases = n * recur_biases[s->cell];
    struct desc d = {.dtype = t, .shape = shape_of(3, (int64_t[]){SIZE_BATCH, s->steps, wide})};
    struct shape kernel = shape_of(2, (int64_t[]){n, wide}), bias = shape_of(1, &biases);
    struct node *x = graph_input(b.g, "x", &d, &err);
    struct node *u = graph_weight(b.g, "u", &kernel, 0, 0, &err);
    struct node *c = graph_weight(b.g, "b", &bias, 1, n * wide, &err);
    struct node *h = (fused ? fused_states : plain_states)(b.g, s, x, u, c);
    struct node *wave =
        graph_add1(b.g, OP_sin, two(b.g, OP_mul, h, graph_number(b.g, 3, &err)), NULL, &err);
    struct attrs all = {.axes = (1u << h->desc.shape.n) - 1};
    struct node *sum = need(graph_add1(b.g, OP_sum, wave, &all, &err));
    struct node *wrt[3] = {x, u, c};
    b.out[0] = h;
    CHECK(graph_gradient(b.g, sum, wrt, 3, b.out + 1, NULL, &err));
    return b;
}

static int64_t count_of(const struct node *n, int64_t batch) {
    int64_t count = 1;
    for (int i = 0; i < n->desc.shape.n; i++)
        count *= n->desc.shape.size[i] == SIZE_BATCH ? batch : n->desc.shape.size[i];
    return count;
}

static void *random_numbers(enum dtype t, int64_t n, uint64_t stream) {
    void *x = pool_alloc((size_t)(n + 1) * sizeof(double));
    for (int64_t i = 0; i < n; i++) {
        double v = rng_normal((struct rng_key){3, stream, 0}, (uint64_t)i) * 0.3;
        if (t == DT_FLOAT64) ((double *)x)[i] = v;
        else ((float *)x)[i] = (float)v;
    }
    return x;
}

/* The outputs, each in memory of its own. */
static void run(const struct built *b, const struct shape_case *s, enum dtype t, void **out) {
    struct plan_spec spec = {
        .graph = b->g, .batch = s->batch, .outputs = b->out, .n_outputs = MAX_OUT};
    struct plan *p = plan_new(&spec, &err);
    int64_t n = s->units, wide = n * recur_gates[s->cell];
    void *x = random_numbers(t, s->batch * s->steps * wide, 1);
    void *w = random_numbers(t, n * wide + n * recur_biases[s->cell], 2);
    struct feed feed = {.data = x, .dtype = t, .scale = 1};
    struct plan_io io = {.inputs = &feed, .weights = w, .outputs = out};
    for (int i = 0; i < MAX_OUT; i++)
        out[i] = pool_zalloc((size_t)(count_of(b->out[i], s->batch) + 1) * sizeof(double));
    bool ok = p && plan_run(p, &io, &err);
    CHECK(ok);
    if (!ok) fprintf(stderr, "  %s\n", err.what);
    plan_free(p);
    pool_free(x);
    pool_free(w);
}

static double at(const void *x, enum dtype t, int64_t i) {
    return t == DT_FLOAT64 ? ((const double *)x)[i] : (double)((const float *)x)[i];
}

static void free_all(void **out) {
    for (int i = 0; i < MAX_OUT; i++) pool_free(out[i]);
}

static void compare(const struct shape_case *s, enum dtype t) {
    static const char *const names[] = {"states", "x", "kernel", "bias"};
    struct built fused = build(s, t, true), plain = build(s, t, false);
    void *a[MAX_OUT], *b[MAX_OUT], *one[MAX_OUT];
    run(&fused, s, t, a);
    run(&plain, s, t, b);
    compute_set_threads(1);
    run(&fused, s, t, one);
    compute_set_threads(2);
    for (int i = 0; i < MAX_OUT; i++) {
        int64_t n = count_of(fused.out[i], s->batch);
        double worst = 0, scale = 1;
        for (int64_t k = 0; k < n; k++) {
            worst = fmax(worst, fabs(at(a[i], t, k) - at(b[i], t, k)));
            scale = fmax(scale, fabs(at(b[i], t, k)));
        }
        bool near = worst <= (t == DT_FLOAT64 ? 1e-12 : 5e-6) * scale;
        CHECK(near);
        CHECK(memcmp(a[i], one[i], (size_t)n * dtype_bytes(t)) == 0);
        if (!near)
            fprintf(stderr,
                    "  cell %d fn %d gate %d form %d back %d: %lld x %lld x %lld, %s %s: %g\n",
                    s->cell, s->fn, s->gate, s->form, s->backwards, (long long)s->batch,
                    (long long)s->steps, (long long)s->units, dtype_name(t), names[i], worst);
    }
    free_all(a);
    free_all(b);
    free_all(one);
    graph_free(fused.g);
    graph_free(plain.g);
}

static void test_sizes(void) {
    static const int64_t sizes[][3] = {{1, 1, 1},  {2, 3, 1},  {5, 4, 3},  {7, 1, 5},
                                       {3, 7, 16}, {9, 5, 17}, {65, 3, 4}, {150, 4, 33}};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
        for (int cell = 0; cell < RECUR_N_CELLS; cell++)
            for (int form = 0; form < (cell == RECUR_LSTM ? 3 : 2); form++)
                for (int type = DT_FLOAT64; type <= DT_FLOAT32; type++) {
                    struct shape_case s = {.cell = (enum recur_cell)cell,
                                           .batch = sizes[i][0],
                                           .steps = sizes[i][1],
                                           .units = sizes[i][2],
                                           .gate = RECUR_SIGMOID,
                                           .form = (enum recur_form)form,
                                           .backwards = (i + (size_t)form) % 2};
                    compare(&s, (enum dtype)type);
                }
}

static void test_activations(void) {
    for (int cell = 0; cell < RECUR_N_CELLS; cell++)
        for (int fn = RECUR_TANH; fn <= RECUR_HARD_SIGMOID; fn++)
            for (int gate = RECUR_TANH; gate <= RECUR_HARD_SIGMOID; gate++) {
                struct shape_case s = {(enum recur_cell)cell, 4,     3,        6, (enum recur_fn)fn,
                                       (enum recur_fn)gate,   false, RECUR_ALL};
                compare(&s, DT_FLOAT64);
            }
}

static void test_every_set(void) {
    const struct kernels *chosen = kernels();
    static const char *const names[] = {"plain", "avx2", "avx512"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!kernels_named(names[i])) continue;
        kernels_use(kernels_named(names[i]));
        for (int cell = 0; cell < RECUR_N_CELLS; cell++) {
            struct shape_case s = {.cell = (enum recur_cell)cell,
                                   .batch = 70,
                                   .steps = 6,
                                   .units = 20,
                                   .gate = RECUR_SIGMOID};
            compare(&s, DT_FLOAT32);
        }
    }
    kernels_use(chosen);
}

/* An example's states do not depend on how many others there are. */
static void test_neighbours(void) {
    for (int cell = 0; cell < RECUR_N_CELLS; cell++) {
        struct shape_case few = {.cell = (enum recur_cell)cell,
                                 .batch = 3,
                                 .steps = 9,
                                 .units = 3,
                                 .gate = RECUR_SIGMOID};
        struct shape_case many = few;
        many.batch = 131;
        void *a[MAX_OUT], *b[MAX_OUT];
        struct built built = build(&few, DT_FLOAT32, true);
        run(&built, &few, DT_FLOAT32, a);
        run(&built, &many, DT_FLOAT32, b);
        for (int i = 0; i < 2; i++)
            CHECK(memcmp(a[i], b[i], (size_t)count_of(built.out[i], 3) * sizeof(float)) == 0);
        free_all(a);
        free_all(b);
        graph_free(built.g);
    }
}

static void test_misfits(void) {
    struct graph *g = graph_new(DT_FLOAT64, &err);
    struct desc d = {.dtype = DT_FLOAT64, .shape = shape_of(3, (int64_t[]){SIZE_BATCH, 4, 6})};
    struct shape kernel = shape_of(2, (int64_t[]){2, 6}), bias = shape_of(1, (int64_t[]){12});
    struct node *x = graph_input(g, "x", &d, &err);
    struct node *u = graph_weight(g, "u", &kernel, 0, 0, &err);
    struct node *b = graph_weight(g, "b", &bias, 1, 16, &err);
    struct attrs gru = {.axis = RECUR_GRU}, lstm = {.axis = RECUR_LSTM};
    CHECK(graph_add(g, OP_recur, (struct node *[]){x, u, b}, 3, &gru, &err));
    CHECK(!graph_add(g, OP_recur, (struct node *[]){x, u, b}, 3, &lstm, &err));
    CHECK_EQ(err.kind, ERR_SHAPE);
    CHECK(!graph_add(g, OP_recur, (struct node *[]){u, u, b}, 3, &gru, &err));
    graph_free(g);
}

/* Slopes of slopes are refused, never zero. */
static void test_second(void) {
    struct shape_case s = {RECUR_GRU, 2, 3, 2, RECUR_TANH, RECUR_SIGMOID, false, RECUR_LAST};
    struct built b = build(&s, DT_FLOAT64, true);
    struct attrs all = {.axes = 3};
    struct node *sum = graph_add1(b.g, OP_sum, b.out[2], &all, &err), *again;
    struct node *kernel = b.out[0]->in[2];
    CHECK(!graph_gradient(b.g, sum, &kernel, 1, &again, NULL, &err));
    CHECK_EQ(err.kind, ERR_NOT_YET);
    graph_free(b.g);
}

static void test_nothing_left(void) {
    size_t before = pool_live_blocks();
    test_misfits();
    test_neighbours();
    CHECK_EQ(pool_live_blocks(), before);
}

TEST_MAIN(test_sizes, test_activations, test_every_set, test_neighbours, test_misfits, test_second,
          test_nothing_left)
