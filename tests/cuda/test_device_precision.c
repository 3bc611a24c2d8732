/* Products of 16-bit and TF32 factors against the processor's, and the scale of the loss that
 * float16 needs: overflow halves it and moves no weight, good steps let it grow. */
#include "products.h"

enum { M = 70, K = 53, N = 40 };

/* The card of this run: AWML_FAKE_CUDA says so. */
static bool is_newer(void) {
    const char *words = getenv("AWML_FAKE_CUDA");
    return words && strstr(words, "capability=80");
}

/* ---- products ---- */

static double error_of(const struct product *p, enum precision precision,
                       double (*number)(int64_t)) {
    struct workspace *w = on_gpu();
    CHECK(workspace_set_precision(w, precision));
    struct tensor *x[2] = {numbers(&p->a, number, 1), numbers(&p->b, number, 500)};
    struct tensor *found = multiply(p, x, w), *wanted = multiply(p, x, NULL);
    double e = distance(found, wanted);
    fake_set(is_newer() ? "order=mixed capability=80" : "order=mixed");
    struct tensor *again = multiply(p, x, w);
    CHECK(distance(again, found) == 0); /* no races */
    fake_set("");
    tensor_unref(again);
    tensor_unref(found);
    tensor_unref(wanted);
    tensor_unref(x[0]);
    tensor_unref(x[1]);
    workspace_unref(w);
    return e;
}

static void each_product(void (*check)(const struct product *p)) {
    const struct sliding w = {.size = {3, 3},
                              .stride = {1, 1},
                              .dilation = {1, 1},
                              .before = {1, 1},
                              .after = {1, 1},
                              .groups = 1};
    const struct product all[] = {
        {OP_matmul, {0}, shape2(M, K), shape2(K, N)},
        {OP_matmul, {.trans_a = true}, shape2(K, M), shape2(K, N)},
        {OP_matmul, {.trans_b = true}, shape2(M, K), shape2(N, K)},
        {OP_matmul, {0}, shape2(16, 2000), shape2(2000, 16)},
        {OP_heads_scores,
         {.axis = 2},
         {.n = 3, .size = {2, 20, 40}},
         {.n = 3, .size = {2, 24, 40}}},
        {OP_conv, {.window = w}, shape4(2, 7, 6, 18), shape4(3, 3, 18, 20)},
        {OP_conv_input,
         {.window = w, .shape = shape4(2, 7, 6, 18)},
         shape4(2, 7, 6, 20),
         shape4(3, 3, 20, 18)},
        {OP_conv_kernel,
         {.window = w, .shape = shape4(3, 3, 18, 20)},
         shape4(2, 7, 6, 18),
         shape4(2, 7, 6, 20)},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) check(&all[i]);
}

/* Factors of few bits: nothing is lost but the order of the sums. */
static void check_exact(const struct product *p) {
    CHECK(error_of(p, PRECISION_MIXED, exact_number) < 1e-6);
}

/* What half a unit in the last place of each factor allows, and not nothing: then the factors would
 * not have been cut at all. */
static void check_cut(const struct product *p, enum precision precision, double unit) {
    double e = error_of(p, precision, any_number);
    CHECK(e < unit && e > unit / 300);
    if (!(e < unit && e > unit / 300)) fprintf(stderr, "  %s: %g of %g\n", op_name(p->op), e, unit);
}

static void check_mixed(const struct product *p) {
    check_cut(p, PRECISION_MIXED, is_newer() ? 0x1p-7 : 0x1p-10);
}

static void check_tf32(const struct product *p) {
    check_cut(p, PRECISION_TF32, 0x1p-10);
}

static void check_float32(const struct product *p) {
    CHECK(error_of(p, PRECISION_FLOAT32, any_number) < 1e-6);
}

static void test_products(void) {
    each_product(check_exact);
    each_product(check_mixed);
    each_product(check_float32);
    if (is_newer()) each_product(check_tf32);
}

static void test_what_the_card_has(void) {
    struct workspace *w = on_gpu();
    CHECK(workspace_set_precision(w, PRECISION_MIXED));
    CHECK_STR(workspace_products(w), is_newer() ? "bfloat16" : "float16 with a scaled loss");
    CHECK_EQ(workspace_scales(w), !is_newer());
    CHECK_EQ(workspace_set_precision(w, PRECISION_TF32), is_newer());
    CHECK_STR(workspace_products(w), is_newer() ? "TF32" : "float32");
    CHECK(workspace_set_precision(w, PRECISION_FLOAT32) && !workspace_scales(w));
    workspace_unref(w);
    w = workspace_new(&err); /* the processor */
    CHECK(!workspace_set_precision(w, PRECISION_MIXED) && !workspace_scales(w));
    CHECK_STR(workspace_products(w), "float32");
    workspace_unref(w);
}

/* Few columns stay exact: a last layer of ten classes. */
static void test_few_columns_are_exact(void) {
    const struct product p = {OP_matmul, {0}, shape2(M, K), shape2(K, 10)};
    CHECK(error_of(&p, PRECISION_MIXED, any_number) < 1e-6);
}

/* ---- the loss's scale ---- */

enum { ROWS = 16, IN = 16, OUT = 16 };

/* loss = factor * mean((x w - y)^2), its slopes those of the loss times the scale. */
struct learner {
    struct graph *g;
    struct workspace *w;
    struct plan *plan;
    float x[ROWS * IN], y[ROWS * OUT], weights[IN * OUT], slots[2][IN * OUT], loss;
    uint64_t step;
};

static struct node *op_of(struct learner *l, enum op op, struct node *a, struct node *b,
                          struct attrs attrs) {
    struct node *in[2] = {a, b};
    return graph_add(l->g, op, in, b ? 2 : 1, &attrs, &err);
}

static void learner_begin(struct learner *l, double factor, enum precision precision) {
    struct desc d = {.dtype = DT_FLOAT32, .shape = shape2(ROWS, IN)}, one = {.dtype = DT_FLOAT32};
    struct shape weights = shape2(IN, OUT);
    *l = (struct learner){.g = graph_new(DT_FLOAT32, &err), .w = on_gpu()};
    workspace_set_precision(l->w, precision);
    struct node *x = graph_input(l->g, "x", &d, &err), *y = graph_input(l->g, "y", &d, &err);
    struct node *w = graph_weight(l->g, "w", &weights, 0, 0, &err), *slope;
    struct node *e =
        op_of(l, OP_sub, op_of(l, OP_matmul, x, w, (struct attrs){0}), y, (struct attrs){0});
    struct node *mean = op_of(l, OP_mean, op_of(l, OP_square, e, NULL, (struct attrs){0}), NULL,
                              (struct attrs){.axes = 3});
    struct node *loss = mean, *scale;
    for (double f = 1; f < factor; f *= 2) loss = op_of(l, OP_add, loss, loss, (struct attrs){0});
    struct node *scaled = loss;
    if (workspace_scales(l->w)) {
        scale = graph_input(l->g, "scale", &one, &err);
        scaled = op_of(l, OP_mul, loss, scale, (struct attrs){0});
    }
    CHECK(graph_gradient(l->g, scaled, &w, 1, &slope, NULL, &err));
    const struct learn learn = {.weight = w, .gradient = slope};
    struct plan_spec spec = {
        .graph = l->g,
        .outputs = &loss,
        .n_outputs = 1,
        .update = {.rule = UPDATE_ADAM, .beta_1 = 0.9, .beta_2 = 0.999, .epsilon = 1e-7},
        .learn = &learn,
        .n_learn = 1,
        .workspace = l->w};
    l->plan = plan_new(&spec, &err);
    CHECK(l->plan);
    for (int i = 0; i < ROWS * IN; i++) l->x[i] = (float)any_number(i);
    for (int i = 0; i < ROWS * OUT; i++) l->y[i] = (float)any_number(i + 7);
}

static bool learner_step(struct learner *l) {
    struct feed feeds[3] = {{.data = l->x, .dtype = DT_FLOAT32, .scale = 1},
                            {.data = l->y, .dtype = DT_FLOAT32, .scale = 1},
                            {.dtype = DT_FLOAT32, .scale = 1}};
    struct plan_io io = {.inputs = feeds,
                         .weights = l->weights,
                         .slots = {l->slots[0], l->slots[1]},
                         .outputs = (void *[]){&l->loss},
                         .step = l->step++,
                         .rate = 0.001};
    return plan_run(l->plan, &io, &err) && workspace_fetch(l->w, l->weights, &err);
}

static void learner_end(struct learner *l) {
    plan_free(l->plan);
    workspace_unref(l->w);
    graph_free(l->g);
    CHECK_EQ(fake_counts().live, 0);
}

/* Small slopes: no step is lost, and the training is that of float32 up to the factors' bits. */
static void test_a_training_like_in_float32(void) {
    static struct learner mixed, exact;
    double scale;
    int64_t skipped;
    learner_begin(&mixed, 1, PRECISION_MIXED);
    learner_begin(&exact, 1, PRECISION_FLOAT32);
    for (int i = 0; i < 40; i++) CHECK(learner_step(&mixed) && learner_step(&exact));
    CHECK(workspace_scale(mixed.w, &scale, &skipped, &err) && skipped == 0);
    CHECK(scale == (is_newer() ? 1 : 65536));
    CHECK_NEAR(mixed.loss, exact.loss, is_newer() ? 1e-2 : 1e-3);
    CHECK(mixed.loss != exact.loss);
    plan_free(exact.plan);
    workspace_unref(exact.w);
    graph_free(exact.g);
    learner_end(&mixed);
}

/* Slopes that do not fit: no weight moves and the scale is halved until they fit; adam's time has
 * not run meanwhile, so its first step is of the size of the rate. */
static void test_overflow(void) {
    static struct learner l;
    double scale = 0, before = 65536;
    int64_t skipped = 0;
    if (is_newer()) return;
    learner_begin(&l, 4096, PRECISION_MIXED);
    for (int i = 1; i < 40 && skipped == i - 1; i++) {
        CHECK(learner_step(&l) && workspace_scale(l.w, &scale, &skipped, &err));
        if (skipped != i) break;
        CHECK(scale == before / 2 && l.weights[0] == 0 && l.slots[0][0] == 0);
        before = scale;
    }
    CHECK(skipped >= 3 && skipped < 20 && scale == before);
    CHECK(isfinite(l.loss) && fabs((double)l.weights[0]) > 0.00099);
    CHECK(fabs((double)l.weights[0]) < 0.00101);
    learner_end(&l);
}

static void test_growth(void) {
    static struct learner l;
    double scale = 0;
    int64_t skipped = 0;
    if (is_newer()) return;
    learner_begin(&l, 1, PRECISION_MIXED);
    for (int i = 0; i < 1999; i++) CHECK(learner_step(&l));
    CHECK(workspace_scale(l.w, &scale, &skipped, &err) && scale == 65536 && skipped == 0);
    CHECK(learner_step(&l));
    CHECK(workspace_scale(l.w, &scale, &skipped, &err) && scale == 131072 && skipped == 0);
    learner_end(&l);
}

TEST_MAIN(test_what_the_card_has, test_products, test_few_columns_are_exact,
          test_a_training_like_in_float32, test_overflow, test_growth)
