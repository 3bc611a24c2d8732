/* Plans: gradients of whole steps against differences, every learning rule against its formula, the
 * same bits with one and two threads, any batch size, feeds, batch statistics and assigns,
 * stopping, and the memory limit. */
#include "base/pool.h"
#include "cpu/kernels.h"
#include "net.h"
#include "tests/harness.h"

static struct err err;

enum { MAX_BLOCK = 4096, MAX_BATCH = 6001 };

static void fill_random(double *x, int64_t n, uint64_t stream) {
    for (int64_t i = 0; i < n; i++)
        x[i] = rng_normal((struct rng_key){5, stream, 0}, (uint64_t)i) * 0.7;
}

/* ---- a step's gradient, in double ---- */

struct stage {
    struct net net;
    int64_t batch;
    double x[MAX_BATCH * 6], y[MAX_BATCH * 4], w[MAX_BLOCK];
    struct feed feeds[2];
};

static void stage_init(struct stage *s, int64_t batch, enum op hidden, enum op loss) {
    static const int64_t sizes[] = {6, 5, 4};
    s->net = net_new(sizes, 2, hidden, loss, DT_FLOAT64);
    s->batch = batch;
    fill_random(s->x, batch * 6, 1);
    fill_random(s->w, s->net.n_block, 3);
    for (int64_t i = 0; i < batch * 4; i++) s->y[i] = (i * 7 % 11) < 3 ? 1 : 0.25;
    s->feeds[0] = (struct feed){s->x, DT_FLOAT64, NULL, 1, 0, NULL, 0};
    s->feeds[1] = (struct feed){s->y, DT_FLOAT64, NULL, 1, 0, NULL, 0};
}

static double run_loss(const struct stage *s, struct plan *p, double *w) {
    double loss = NAN;
    void *outputs[] = {&loss};
    struct plan_io io = {.inputs = s->feeds, .weights = w, .outputs = outputs, .rate = 1};
    CHECK(plan_run(p, &io, &err));
    return loss;
}

static void check_gradient(int64_t batch, enum op hidden, enum op loss) {
    static struct stage s;
    double moved[MAX_BLOCK];
    stage_init(&s, batch, hidden, loss);
    struct plan *learn =
        net_plan(&s.net, batch, (struct update){.rule = UPDATE_SGD}, &s.net.loss, 1);
    struct plan *look = net_plan(&s.net, batch, (struct update){0}, &s.net.loss, 1);
    memcpy(moved, s.w, sizeof moved);
    run_loss(&s, learn, moved);
    for (int i = 0; i < s.net.n_weights; i++) {
        const struct node *node = s.net.weights[i];
        int64_t count =
            i % 2 ? node->desc.shape.size[0] : node->desc.shape.size[0] * node->desc.shape.size[1];
        for (int64_t k = node->offset; k < node->offset + count; k++) {
            double w = s.w[k], h = 1e-5;
            s.w[k] = w + h;
            double up = run_loss(&s, look, s.w);
            s.w[k] = w - h;
            double down = run_loss(&s, look, s.w);
            s.w[k] = w;
            CHECK_NEAR(w - moved[k], (up - down) / (2 * h), 1e-8);
        }
    }
    plan_free(learn);
    plan_free(look);
    graph_free(s.net.g);
}

static void gradients(void) {
    static const int64_t batches[] = {1, 2, 3, 8, 33};
    for (size_t i = 0; i < ARRAY_LEN(batches); i++) {
        check_gradient(batches[i], OP_tanh, OP_softmax);
        check_gradient(batches[i], OP_gelu, OP_sigmoid);
        check_gradient(batches[i], OP_softplus, OP_neg);
    }
    /* the derivatives of kernels are sums over blocks of examples */
    check_gradient(MAX_BATCH, OP_gelu, OP_softmax);
}

/* ---- learning rules: loss = sum(w * c), so the gradient is c ---- */

struct rule_case {
    struct update u;
    double l1, l2;
};

enum { N_W = 70, N_RULE_STEPS = 4 };

static void formula(const struct rule_case *r, double *w, double *m, double *v, const double *c,
                    double rate, int t) {
    const struct update *u = &r->u;
    double g[N_W], norm = 0;
    for (int i = 0; i < N_W; i++) {
        g[i] = c[i] + r->l1 * (w[i] > 0 ? 1 : -1) + 2 * r->l2 * w[i];
        if (u->clip_value > 0) g[i] = fmax(-u->clip_value, fmin(u->clip_value, g[i]));
        norm += g[i] * g[i];
    }
    norm = sqrt(norm);
    for (int i = 0; i < N_W; i++) {
        if (u->clip_norm > 0 && norm > u->clip_norm) g[i] *= u->clip_norm / norm;
        double decay = rate * u->weight_decay * w[i];
        if (u->rule == UPDATE_SGD) {
            m[i] = u->beta_1 * m[i] + g[i];
            w[i] -= rate * (u->nesterov ? g[i] + u->beta_1 * m[i] : m[i]) + decay;
        } else if (u->rule == UPDATE_ADAM) {
            m[i] = u->beta_1 * m[i] + (1 - u->beta_1) * g[i];
            v[i] = u->beta_2 * v[i] + (1 - u->beta_2) * g[i] * g[i];
            double mh = m[i] / (1 - pow(u->beta_1, t)), vh = v[i] / (1 - pow(u->beta_2, t));
            w[i] -= rate * mh / (sqrt(vh) + u->epsilon) + decay;
        } else {
            m[i] = u->beta_2 * m[i] + (1 - u->beta_2) * g[i] * g[i];
            w[i] -= rate * g[i] / (sqrt(m[i]) + u->epsilon) + decay;
        }
    }
}

static struct net linear_net(const double *c, enum dtype t) {
    struct net m = {.g = graph_new(t, &err)};
    struct shape s = shape_of(1, (int64_t[]){N_W});
    struct tensor *values = tensor_new(t, &s, &err);
    for (int i = 0; i < N_W; i++) tensor_set(values, i, c[i]);
    struct node *w = net_weight(&m, 1, (int64_t[]){N_W});
    struct node *k = net_ok(graph_constant(m.g, values, &err), &err);
    tensor_unref(values);
    struct node *product = net_op(&m, OP_mul, w, k, (struct attrs){0});
    m.loss = net_op(&m, OP_sum, product, NULL, (struct attrs){.axes = 1});
    if (!graph_gradient(m.g, m.loss, &w, 1, m.gradients, NULL, &err)) net_fail(&err);
    m.learn[0] = (struct learn){.weight = w, .gradient = m.gradients[0]};
    return m;
}

static void check_rule(const struct rule_case *r) {
    double c[N_W], w[80], slots[2][80] = {{0}}, w2[80], m[N_W] = {0}, v[N_W] = {0}, loss;
    fill_random(c, N_W, 8);
    fill_random(w, 80, 9);
    memcpy(w2, w, sizeof w);
    struct net net = linear_net(c, DT_FLOAT64);
    net.learn[0].l1 = r->l1;
    net.learn[0].l2 = r->l2;
    struct plan *p = net_plan(&net, 0, r->u, &net.loss, 1);
    for (int t = 0; t < N_RULE_STEPS; t++) {
        void *outputs[] = {&loss};
        struct plan_io io = {.weights = w,
                             .slots = {slots[0], slots[1]},
                             .outputs = outputs,
                             .step = (uint64_t)t,
                             .rate = 0.1 / (t + 1)};
        CHECK(plan_run(p, &io, &err));
        formula(r, w2, m, v, c, 0.1 / (t + 1), t + 1);
    }
    for (int i = 0; i < N_W; i++) CHECK_NEAR(w[i], w2[i], 1e-12);
    plan_free(p);
    graph_free(net.g);
}

static void rules(void) {
    static const struct rule_case cases[] = {
        {{.rule = UPDATE_SGD}, 0, 0},
        {{.rule = UPDATE_SGD, .beta_1 = 0.9}, 0, 0},
        {{.rule = UPDATE_SGD, .beta_1 = 0.9, .nesterov = true, .weight_decay = 0.02}, 0, 0},
        {{.rule = UPDATE_ADAM, .beta_1 = 0.9, .beta_2 = 0.99, .epsilon = 1e-7}, 0, 0},
        {{.rule = UPDATE_ADAM, .beta_1 = 0.9, .beta_2 = 0.99, .epsilon = 1e-7, .weight_decay = 0.1},
         0.01,
         0.02},
        {{.rule = UPDATE_RMSPROP, .beta_2 = 0.9, .epsilon = 1e-6}, 0, 0.01},
        {{.rule = UPDATE_SGD, .clip_value = 0.3}, 0.1, 0},
        {{.rule = UPDATE_SGD, .clip_norm = 0.5, .beta_1 = 0.5}, 0, 0.1},
        {{.rule = UPDATE_ADAM, .beta_1 = 0.9, .beta_2 = 0.99, .epsilon = 1e-7, .clip_norm = 0.5},
         0,
         0},
        {{.rule = UPDATE_SGD, .clip_norm = 1e9}, 0, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) check_rule(&cases[i]);
}

/* ---- threads and instruction sets ---- */

enum { N_DATA = 700, FEW = 50, STEPS = 60 }; /* small batches are drawn from a few */

struct training {
    float w[4096], slots[2][4096], x[N_DATA * 20], y[N_DATA * 3], loss;
};

/* Steps with gathered rows and full Adam; odd batch sizes. */
static void train(struct training *t, int threads, int64_t batch, enum op loss) {
    static const int64_t sizes[] = {20, 37, 3};
    struct update u = {
        .rule = UPDATE_ADAM, .beta_1 = .9, .beta_2 = .999, .epsilon = 1e-7, .clip_norm = 1};
    struct net m = net_new(sizes, 2, OP_relu, loss, DT_FLOAT32);
    struct plan *p = net_plan(&m, batch, u, &m.loss, 1);
    memset(t, 0, sizeof *t);
    net_random(t->w, m.n_block, 0.2, 1);
    net_random(t->x, N_DATA * 20, 1, 2);
    for (int i = 0; i < N_DATA; i++) t->y[3 * i + i % 3] = 1;
    compute_set_threads(threads);
    for (uint64_t step = 0; step < STEPS; step++) {
        int64_t rows[N_DATA];
        rng_permutation((struct rng_key){1, 2, step}, rows, batch < FEW ? FEW : N_DATA);
        struct feed feeds[2] = {{t->x, DT_FLOAT32, rows, 1, 0, NULL, 0},
                                {t->y, DT_FLOAT32, rows, 1, 0, NULL, 0}};
        void *outputs[] = {&t->loss};
        struct plan_io io = {.inputs = feeds,
                             .weights = t->w,
                             .slots = {t->slots[0], t->slots[1]},
                             .outputs = outputs,
                             .seed = 1,
                             .step = step,
                             .rate = 0.01};
        CHECK(plan_run(p, &io, &err));
    }
    compute_set_threads(2);
    plan_free(p);
    graph_free(m.g);
}

static void threads_agree(void) {
    static const int64_t batches[] = {1, 2, 7, 32, 49, 601};
    static struct training one, two;
    for (size_t i = 0; i < ARRAY_LEN(batches); i++)
        for (int loss = 0; loss < 2; loss++) {
            train(&one, 1, batches[i], loss ? OP_sigmoid : OP_softmax);
            train(&two, 2, batches[i], loss ? OP_sigmoid : OP_softmax);
            CHECK(memcmp(&one, &two, sizeof one) == 0);
            CHECK(isfinite(one.loss));
            if (batches[i] >= 32 && batches[i] < FEW && !loss) CHECK(one.loss < 0.7f);
        }
}

/* ---- derivatives of convolutions' kernels, summed over the examples of a lane ---- */

struct kernel_case {
    int64_t h, w, c, kh, kw, o, stride;
};

enum { IMAGES = 5, MOST = 4096 };

static void add_window(const struct kernel_case *k, int64_t row, int64_t col, const float *x,
                       const float *y, double *sums) {
    for (int64_t i = 0; i < k->kh * k->kw * k->c * k->o; i++) {
        int64_t o = i % k->o, c = i / k->o % k->c, place = i / k->o / k->c;
        int64_t at = row * k->stride + place / k->kw - k->kh / 2;
        int64_t across = col * k->stride + place % k->kw - k->kw / 2;
        if (at >= 0 && at < k->h && across >= 0 && across < k->w)
            sums[i] += (double)x[(at * k->w + across) * k->c + c] * (double)y[o];
    }
}

static void check_kernel(const struct kernel_case *k) {
    int64_t rows = (k->h - 1) / k->stride + 1, cols = (k->w - 1) / k->stride + 1;
    int64_t image = k->h * k->w * k->c, made = rows * cols * k->o, n = k->kh * k->kw * k->c * k->o;
    int32_t step = (int32_t)k->stride, high = (int32_t)k->kh / 2, wide = (int32_t)k->kw / 2;
    static float x[MOST], y[MOST], out[MOST];
    static double sums[MOST];
    struct graph *g = graph_new(DT_FLOAT32, &err);
    struct desc in = net_desc(DT_FLOAT32, 4, (int64_t[]){SIZE_BATCH, k->h, k->w, k->c});
    struct desc up = net_desc(DT_FLOAT32, 4, (int64_t[]){SIZE_BATCH, rows, cols, k->o});
    struct attrs attrs = {.shape = shape_of(4, (int64_t[]){k->kh, k->kw, k->c, k->o}),
                          .window = {.stride = {step, step},
                                     .dilation = {1, 1},
                                     .before = {high, wide},
                                     .after = {high, wide},
                                     .groups = 1}};
    struct node *a = graph_input(g, NULL, &in, &err), *b = graph_input(g, NULL, &up, &err);
    struct node *sum = net_ok(graph_add2(g, OP_conv_kernel, a, b, &attrs, &err), &err);
    struct plan_spec spec = {
        .graph = g, .batch = IMAGES, .outputs = (struct node *[]){sum}, .n_outputs = 1};
    struct plan *p = plan_new(&spec, &err);
    net_random(x, IMAGES * image, 1, 1);
    net_random(y, IMAGES * made, 1, 2);
    memset(sums, 0, sizeof sums);
    for (int64_t i = 0; i < IMAGES * rows * cols; i++)
        add_window(k, i / cols % rows, i % cols, x + i / cols / rows * image, y + i * k->o, sums);
    struct feed feeds[] = {{x, DT_FLOAT32, NULL, 1, 0, NULL, 0},
                           {y, DT_FLOAT32, NULL, 1, 0, NULL, 0}};
    struct plan_io io = {.inputs = feeds, .outputs = (void *[]){out}};
    CHECK(p && plan_run(p, &io, &err));
    for (int64_t i = 0; i < n; i++) CHECK_NEAR((double)out[i], sums[i], 2e-5);
    plan_free(p);
    graph_free(g);
}

/* Few channels share vectors with their neighbours, whatever is left over; many do not. */
static void kernel_sums(void) {
    static const struct kernel_case cases[] = {{9, 11, 1, 5, 5, 6, 1}, {8, 13, 2, 3, 3, 3, 2},
                                               {7, 9, 3, 3, 3, 1, 1},  {4, 2, 3, 3, 3, 2, 1},
                                               {9, 17, 1, 3, 3, 2, 2}, {6, 7, 3, 3, 3, 8, 1},
                                               {5, 5, 4, 3, 3, 16, 1}, {6, 6, 2, 1, 1, 4, 1}};
    static const char *const sets[] = {"plain", "avx2", "avx512"};
    const struct kernels *usual = kernels();
    for (size_t s = 0; s < ARRAY_LEN(sets); s++) {
        if (!kernels_named(sets[s])) continue;
        kernels_use(kernels_named(sets[s]));
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) check_kernel(&cases[i]);
    }
    kernels_use(usual);
}

/* ---- feeds ---- */

static void feeds_convert(void) {
    struct graph *g = graph_new(DT_FLOAT32, &err);
    struct desc d = net_desc(DT_FLOAT32, 2, (int64_t[]){SIZE_BATCH, 3});
    struct node *x = graph_input(g, NULL, &d, &err);
    struct node *twice = graph_add2(g, OP_add, x, x, NULL, &err);
    struct plan_spec spec = {
        .graph = g, .batch = 5, .outputs = (struct node *[]){twice}, .n_outputs = 1};
    struct plan *p = plan_new(&spec, &err);
    uint8_t bytes[30];
    double reals[30];
    int64_t wholes[30], rows[5] = {9, 0, 3, 3, 7};
    for (int i = 0; i < 30; i++) reals[i] = (double)(wholes[i] = bytes[i] = (uint8_t)(i * 8));
    struct feed feeds[] = {{bytes, DT_UINT8, rows, 1 / 255.0, -0.5, NULL, 0},
                           {reals, DT_FLOAT64, rows, 1 / 255.0, -0.5, NULL, 0},
                           {wholes, DT_INT64, rows, 1 / 255.0, -0.5, NULL, 0},
                           {reals, DT_FLOAT64, NULL, 0.25, 1, NULL, 0}};
    for (size_t f = 0; f < ARRAY_LEN(feeds); f++) {
        float out[15];
        void *outputs[] = {out};
        struct plan_io io = {.inputs = &feeds[f], .outputs = outputs};
        CHECK(plan_run(p, &io, &err));
        for (int i = 0; i < 15; i++) {
            double raw = reals[(feeds[f].rows ? rows[i / 3] : i / 3) * 3 + i % 3];
            CHECK_NEAR((double)out[i], 2 * (raw * feeds[f].scale + feeds[f].offset), 1e-6);
        }
    }
    plan_free(p);
    graph_free(g);
}

/* ---- batch statistics, assigned to weights after the step ---- */

static void batch_statistics(void) {
    enum { B = 9, C = 4 };
    struct net m = {.g = graph_new(DT_FLOAT64, &err)};
    struct desc d = net_desc(DT_FLOAT64, 2, (int64_t[]){SIZE_BATCH, C});
    struct node *x = graph_input(m.g, NULL, &d, &err);
    struct node *moving = net_weight(&m, 1, (int64_t[]){C});
    struct node *mean = net_op(&m, OP_mean, x, NULL, (struct attrs){.axes = 1});
    struct node *centred = net_op(&m, OP_sub, x, mean, (struct attrs){0});
    struct node *square = net_op(&m, OP_square, centred, NULL, (struct attrs){0});
    struct node *variance = net_op(&m, OP_mean, square, NULL, (struct attrs){.axes = 1});
    struct node *scale = net_op(&m, OP_rsqrt, variance, NULL, (struct attrs){0});
    struct node *y = net_op(&m, OP_mul, centred, scale, (struct attrs){0});
    struct node *shifted = net_op(&m, OP_add, y, moving, (struct attrs){0});
    struct node *next = net_op(&m, OP_add, moving, mean, (struct attrs){0});
    struct assign assign = {moving, next};
    struct plan_spec spec = {.graph = m.g,
                             .batch = B,
                             .outputs = &shifted,
                             .n_outputs = 1,
                             .assign = &assign,
                             .n_assign = 1};
    struct plan *p = plan_new(&spec, &err);
    double data[B * C], out[B * C], w[16] = {1, 2, 3, 4};
    fill_random(data, B * C, 4);
    struct feed feed = {data, DT_FLOAT64, NULL, 1, 0, NULL, 0};
    void *outputs[] = {out};
    struct plan_io io = {.inputs = &feed, .weights = w, .outputs = outputs};
    CHECK(plan_run(p, &io, &err));
    for (int c = 0; c < C; c++) {
        double sum = 0, squares = 0;
        for (int i = 0; i < B; i++) sum += data[i * C + c] / B;
        for (int i = 0; i < B; i++) squares += pow(data[i * C + c] - sum, 2) / B;
        for (int i = 0; i < B; i++)
            CHECK_NEAR(out[i * C + c], (data[i * C + c] - sum) / sqrt(squares) + c + 1, 1e-12);
        CHECK_NEAR(w[c], c + 1 + sum, 1e-12);
    }
    plan_free(p);
    graph_free(m.g);
}

/* ---- stopping, memory, printing ---- */

static void stopping_keeps_weights(void) {
    struct stage s;
    double before[MAX_BLOCK], loss;
    stage_init(&s, 8, OP_relu, OP_softmax);
    struct plan *p = net_plan(&s.net, 8, (struct update){.rule = UPDATE_SGD}, &s.net.loss, 1);
    _Atomic bool stop = true;
    void *outputs[] = {&loss};
    struct plan_io io = {
        .inputs = s.feeds, .weights = s.w, .outputs = outputs, .rate = 1, .stop = &stop};
    memcpy(before, s.w, sizeof before);
    CHECK(!plan_run(p, &io, &err) && err.kind == ERR_INTERRUPT);
    CHECK(memcmp(before, s.w, sizeof before) == 0);
    atomic_store(&stop, false);
    CHECK(plan_run(p, &io, &err));
    CHECK(memcmp(before, s.w, sizeof before) != 0);
    plan_free(p);
    graph_free(s.net.g);
}

static void memory_is_refused(void) {
    static const int64_t sizes[] = {1000, 1000, 10};
    struct net m = net_new(sizes, 2, OP_relu, OP_softmax, DT_FLOAT32);
    size_t before = pool_live_bytes();
    struct plan_spec spec = {.graph = m.g,
                             .batch = 1000000,
                             .outputs = &m.loss,
                             .n_outputs = 1,
                             .update = {.rule = UPDATE_SGD},
                             .learn = m.learn,
                             .n_learn = m.n_weights,
                             .memory_limit = 100 << 20};
    CHECK(!plan_new(&spec, &err) && err.kind == ERR_MEMORY);
    CHECK(strstr(err.what, "0.105 GB") != NULL);
    CHECK_EQ(pool_live_bytes(), before);
    spec.batch = 10;
    struct plan *p = plan_new(&spec, &err);
    CHECK(p != NULL);
    CHECK(plan_arena_bytes(p) < 2 << 20);
    struct text text = {0};
    plan_print(p, &text);
    CHECK(text.n > 0 && strstr(text.p, "matmul") && strstr(text.p, "softmax_crossentropy"));
    text_clear(&text);
    plan_free(p);
    graph_free(m.g);
}

/* Without learning nothing outlives its block of rows: a million examples need no more memory than
 * a thousand, and give the same numbers as one by one. */
static void blocks_of_rows(void) {
    static const int64_t sizes[] = {30, 50, 7};
    enum { N = 3001 };
    static float x[N * 30], y[N * 7], w[4096], all[N * 7], each[7];
    struct net m = net_new(sizes, 2, OP_relu, OP_sigmoid, DT_FLOAT32);
    struct plan *big = net_plan(&m, N, (struct update){0}, &m.out, 1);
    struct plan *one = net_plan(&m, 1, (struct update){0}, &m.out, 1);
    net_random(x, N * 30, 1, 2);
    net_random(w, m.n_block, 0.2, 1);
    struct feed feeds[2] = {{x, DT_FLOAT32, NULL, 1, 0, NULL, 0},
                            {y, DT_FLOAT32, NULL, 1, 0, NULL, 0}};
    void *outputs[] = {all};
    struct plan_io io = {.inputs = feeds, .weights = w, .outputs = outputs};
    CHECK(plan_run(big, &io, &err));
    outputs[0] = each;
    for (int64_t i = 0; i < N; i += 100) {
        feeds[0].data = x + i * 30;
        CHECK(plan_run(one, &io, &err));
        for (int k = 0; k < 7; k++) CHECK_NEAR((double)all[i * 7 + k], (double)each[k], 1e-6);
    }
    /* the output is kept whole, and so are the two inputs; the 50 hidden columns are not */
    CHECK(plan_arena_bytes(big) < N * 50 * sizeof(float) + (4 << 20));
    struct plan *huge = net_plan(&m, 1000000, (struct update){0}, &m.loss, 1);
    CHECK(plan_arena_bytes(huge) < 8 << 20);
    plan_free(big);
    plan_free(one);
    plan_free(huge);
    graph_free(m.g);
}

/* Failing allocations give errors, and nothing stays behind. */
static void no_memory(void) {
    static const int64_t sizes[] = {6, 5, 4};
    struct net m = net_new(sizes, 2, OP_relu, OP_softmax, DT_FLOAT32);
    size_t before = pool_live_blocks();
    for (int64_t n = 1; n < 40; n++) {
        struct plan_spec spec = {.graph = m.g, .batch = 4, .outputs = &m.loss, .n_outputs = 1};
        pool_fail_after(n);
        struct plan *p = plan_new(&spec, &err);
        pool_fail_after(0);
        CHECK(p || err.kind == ERR_MEMORY);
        plan_free(p);
        CHECK_EQ(pool_live_blocks(), before);
    }
    graph_free(m.g);
}

/* ---- plans that take turns in the same memory ---- */

static struct plan *squares_plan(struct graph *g, struct node *out, int64_t batch,
                                 struct workspace *w) {
    struct plan_spec spec = {
        .graph = g, .batch = batch, .outputs = &out, .n_outputs = 1, .workspace = w};
    struct plan *p = plan_new(&spec, &err);
    CHECK(p != NULL);
    return p;
}

/* The mean of squares of n numbers 0, 1, 2 … less their mean, by a plan for n of them. */
static void check_spread(struct plan *p, int64_t n) {
    static double x[4000];
    double spread = 0;
    for (int64_t i = 0; i < n; i++) x[i] = (double)i;
    struct feed feed = {x, DT_FLOAT64, NULL, 1, 0, NULL, 0};
    struct plan_io io = {.inputs = &feed, .outputs = (void *[]){&spread}};
    CHECK(plan_run(p, &io, &err));
    CHECK_NEAR(spread, ((double)n * (double)n - 1) / 12, 1e-6);
}

static void shared_workspace(void) {
    struct graph *g = graph_new(DT_FLOAT64, &err);
    struct workspace *w = workspace_new(&err);
    struct desc d = net_desc(DT_FLOAT64, 1, (int64_t[]){SIZE_BATCH});
    struct node *x = graph_input(g, NULL, &d, &err);
    struct node *mean = graph_add1(g, OP_mean, x, &(struct attrs){.axes = 1}, &err);
    struct node *rest = graph_add2(g, OP_sub, x, mean, NULL, &err);
    struct node *square = graph_add1(g, OP_square, rest, NULL, &err);
    struct node *out = graph_add1(g, OP_mean, square, &(struct attrs){.axes = 1}, &err);
    struct plan *small = squares_plan(g, out, 7, w);
    check_spread(small, 7);
    struct plan *large = squares_plan(g, out, 4000, w); /* the memory moves */
    workspace_unref(w);
    for (int i = 0; i < 3; i++) {
        check_spread(small, 7);
        check_spread(large, 4000);
    }
    plan_free(large);
    check_spread(small, 7);
    plan_free(small);
    graph_free(g);
}

TEST_MAIN(shared_workspace, gradients, rules, threads_agree, kernel_sums, feeds_convert,
          batch_statistics, stopping_keeps_weights, memory_is_refused, blocks_of_rows, no_memory)
