/* What is said when the GPU is missing, too old, full or broken, and that everything goes on
 * afterwards; and what a step costs: one upload, one graph, one download. */
#include "base/pool.h"
#include "on_device.h"
#include "backend.h"
#include "tests/cpu/net.h"

enum { BATCH = 8, IN = 5, HIDDEN = 16, OUT = 3, ROWS = 40 };

static struct net net;
static float x[ROWS * IN], y[ROWS * OUT];
static struct weights_block { float w[1024], m[1024], v[1024]; } block;

static void begin(void) {
    const int64_t sizes[] = {IN, HIDDEN, OUT};
    net = net_new(sizes, 2, OP_relu, OP_softmax, DT_FLOAT32);
    net_random(x, ROWS * IN, 1, 1);
    for (int i = 0; i < ROWS * OUT; i++) y[i] = i % OUT == i / OUT % OUT ? 1.0f : 0.0f;
    net_random(block.w, 1024, 0.3, 2);
}

static struct plan *make(struct workspace *w) {
    struct plan_spec spec = {.graph = net.g,
                             .batch = BATCH,
                             .outputs = &net.loss,
                             .n_outputs = 1,
                             .update = {.rule = UPDATE_ADAM,
                                        .beta_1 = 0.9,
                                        .beta_2 = 0.999,
                                        .epsilon = 1e-7,
                                        .clip_norm = 1},
                             .learn = net.learn,
                             .n_learn = net.n_weights,
                             .workspace = w};
    return plan_new(&spec, &err);
}

static bool run_later(struct plan *p, int64_t step, float *loss, bool later) {
    int64_t rows[BATCH];
    for (int i = 0; i < BATCH; i++) rows[i] = i * 5 % ROWS;
    struct feed feeds[2] = {{x, DT_FLOAT32, rows, 1, 0, x, ROWS},
                            {y, DT_FLOAT32, rows, 1, 0, y, ROWS}};
    struct plan_io io = {.inputs = feeds,
                         .weights = block.w,
                         .slots = {block.m, block.v},
                         .outputs = (void *[]){loss},
                         .step = (uint64_t)step,
                         .rate = 0.01,
                         .later = later};
    return plan_run(p, &io, &err);
}

static bool run(struct plan *p, int64_t step, float *loss) {
    return run_later(p, step, loss, false);
}

static bool has(const char *text, const char *part) {
    if (strstr(text, part)) return true;
    fprintf(stderr, "\"%s\" is not in \"%s\"\n", part, text);
    return false;
}

static void check_problem(const char *words, const char *part, const char *other) {
    struct backend_info info;
    fake_set(words);
    CHECK(device_probe(&info) && has(info.problem, part) && has(info.problem, other));
    CHECK(!device_present() && !device_gpu(&err));
    CHECK(err.kind == ERR_DEVICE && has(err.what, part) && has(err.hint, "device cpu"));
}

/* Before the device is opened for the first time. */
static void test_what_is_missing(void) {
    check_problem("no_device", "no GPU answers", "container");
    check_problem("driver=9020", "for CUDA 9.2", "built with CUDA");
    check_problem("capability=70", "capability 7.0", "7.5");
    CHECK(device_problem() && has(device_problem(), "7.5"));
    fake_set("no_device");
    CHECK(!device_problem()); /* a driver without a card is nothing to speak of */
    fake_set("load=222 driver=13010");
    CHECK(!device_gpu(&err) && err.kind == ERR_DEVICE);
    CHECK(has(err.what, "for CUDA 13.1") && has(err.what, "built with CUDA"));
    fake_set("wrong");
    CHECK(!device_gpu(&err) && err.kind == ERR_DEVICE && has(err.what, "self-test failed"));
    CHECK_EQ(fake_counts().live, 0);
    fake_set("");
    struct backend_info info;
    CHECK(!device_problem());
    CHECK(device_probe(&info) && !info.problem[0] && device_present());
    CHECK_STR(info.device, "Fake T4");
}

static void test_a_step_is_one_graph(void) {
    float loss[6] = {0};
    struct workspace *w = on_gpu();
    struct plan *p = make(w);
    CHECK(p && run(p, 0, &loss[0]));
    struct fake_counts a = fake_counts();
    for (int i = 1; i < 6; i++) CHECK(run(p, i, &loss[i]));
    struct fake_counts b = fake_counts();
    CHECK_EQ(b.replays - a.replays, 5);
    CHECK_EQ(b.graphs - a.graphs, 0);
    CHECK_EQ(b.uploads - a.uploads, 5);
    CHECK_EQ(b.downloads - a.downloads, 5);
    CHECK_EQ(b.allocations - a.allocations, 0);
    CHECK(loss[5] > 0 && loss[5] < loss[0]);
    float before = block.w[0];
    CHECK(workspace_fetch(w, block.w, &err) && block.w[0] != before);
    plan_free(p);
    workspace_unref(w);
    CHECK_EQ(fake_counts().live, 0);
}

/* Losses that nobody waits for come together: 40 steps, two downloads, and the numbers are those of
 * steps that are waited for one by one. */
static void test_losses_come_together(void) {
    enum { STEPS = 40 };
    float one[STEPS], together[STEPS];
    for (int later = 0; later < 2; later++) {
        float *loss = later ? together : one;
        struct workspace *w = on_gpu();
        struct plan *p = make(w);
        memset(&block, 0, sizeof block);
        net_random(block.w, 1024, 0.3, 2);
        for (int i = 0; i < STEPS; i++) loss[i] = -1;
        struct fake_counts a = fake_counts();
        for (int i = 0; i < STEPS; i++) CHECK(p && run_later(p, i, &loss[i], later));
        CHECK_EQ(fake_counts().downloads - a.downloads, later ? 1 : STEPS);
        CHECK((loss[0] > 0) && (loss[STEPS - 1] > 0) == !later);
        CHECK(plan_settle(p, &err) && plan_settle(p, &err));
        CHECK_EQ(fake_counts().downloads - a.downloads, later ? 2 : STEPS);
        plan_free(p);
        workspace_unref(w);
    }
    CHECK(memcmp(one, together, sizeof one) == 0);
    CHECK(one[STEPS - 1] > 0 && one[STEPS - 1] < one[0]);
}

/* A kernel that fails in a step that nobody waited for: it is said when the losses are asked for.
 */
static void test_a_failure_comes_later(void) {
    float loss[3] = {0};
    struct workspace *w = on_gpu();
    struct plan *p = make(w);
    CHECK(p && run_later(p, 0, &loss[0], true));
    fake_set("launch=3");
    bool first = run_later(p, 1, &loss[1], true);
    CHECK(!first || !plan_settle(p, &err));
    CHECK(err.kind == ERR_DEVICE && has(err.what, "illegal memory access"));
    fake_set("");
    plan_free(p);
    workspace_unref(w);
    CHECK_EQ(fake_counts().live, 0);
}

static void test_a_full_card(void) {
    float loss;
    struct workspace *w = on_gpu();
    fake_set("memory=3000");
    struct plan *p = make(w);
    CHECK(!p || !run(p, 0, &loss));
    CHECK(err.kind == ERR_MEMORY && has(err.what, "MB are free") && has(err.hint, "smaller batch"));
    plan_free(p);
    fake_set("");
    p = make(w);
    CHECK(p && run(p, 0, &loss));
    plan_free(p);
    workspace_unref(w);
    CHECK_EQ(fake_counts().live, 0);
}

/* Whichever allocation fails, it is said, nothing is lost, and the next try works. */
static void test_every_allocation_fails_once(void) {
    int failed = 0;
    for (int n = 1; n < 40; n++) {
        float loss = 0;
        char words[32];
        struct workspace *w = on_gpu();
        snprintf(words, sizeof words, "alloc=%d", n);
        fake_set(words);
        struct plan *p = make(w);
        bool ok = p && run(p, 0, &loss);
        failed += !ok;
        CHECK(ok || err.kind == ERR_MEMORY);
        fake_set("");
        if (!p) p = make(w);
        CHECK(p && run(p, 0, &loss) && loss > 0);
        plan_free(p);
        workspace_unref(w);
        CHECK_EQ(fake_counts().live, 0);
    }
    CHECK(failed >= 8 && failed < 39);
}

static void test_a_kernel_that_fails(void) {
    float loss = 0;
    struct workspace *w = on_gpu();
    struct plan *p = make(w);
    CHECK(p && run(p, 0, &loss));
    fake_set("launch=3");
    CHECK(!run(p, 1, &loss));
    CHECK(err.kind == ERR_DEVICE && has(err.what, "illegal memory access") &&
          has(err.hint, "Run the cell again"));
    CHECK(!run(p, 2, &loss) && err.kind == ERR_DEVICE);
    plan_free(p);
    workspace_unref(w);
    CHECK_EQ(fake_counts().live, 0);
    w = on_gpu(); /* opened anew */
    p = make(w);
    CHECK(p && run(p, 0, &loss) && loss > 0);
    plan_free(p);
    workspace_unref(w);
}

static void test_float64_stays(void) {
    const int64_t sizes[] = {IN, OUT};
    struct net wide = net_new(sizes, 1, OP_relu, OP_softmax, DT_FLOAT64);
    struct workspace *w = on_gpu();
    struct plan_spec spec = {
        .graph = wide.g, .batch = BATCH, .outputs = &wide.loss, .n_outputs = 1, .workspace = w};
    CHECK(!plan_new(&spec, &err) && has(err.what, "float64"));
    workspace_unref(w);
    graph_free(wide.g);
}

static void end(void) {
    graph_free(net.g);
    CHECK_EQ(fake_counts().live, 0);
}

TEST_MAIN(begin, test_what_is_missing, test_a_step_is_one_graph, test_losses_come_together,
          test_a_failure_comes_later, test_a_full_card, test_every_allocation_fails_once,
          test_a_kernel_that_fails, test_float64_stays, end)
