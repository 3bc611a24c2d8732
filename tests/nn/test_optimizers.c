/* Optimizers on a free vector against PyTorch; schedules from their formulas. */
#include "../harness.h"
#include "base/intern.h"
#include "nn_tools.h"
#include "reference.h"

/* Six steps down x0^2 + 3 x1^2 + 10 x2^2. */
static void check_path(struct config *c, const double *expected, double tolerance) {
    struct err e = {0};
    size_t before = pool_live_blocks();
    struct optimizer_state *state = NULL;
    double x[] = {1, -2, 0.5}, g[3];
    for (int step = 0; step < 6; step++) {
        g[0] = 2 * x[0], g[1] = 6 * x[1], g[2] = 20 * x[2];
        CHECK(optimizer_move(c, &state, x, g, 3, &e));
        for (int i = 0; i < 3; i++) CHECK_NEAR(x[i], expected[3 * step + i], tolerance);
    }
    CHECK(!optimizer_move(c, &state, x, g, 2, &e));
    optimizer_state_free(state);
    CHECK_EQ(pool_live_blocks(), before);
    config_unref(c);
}

static void test_paths(void) {
    check_path(config_make("SGD", "learning_rate", 0.05, NULL), path_sgd, 1e-12);
    check_path(config_make("SGD", "learning_rate", 0.05, "momentum", 0.9, NULL), path_momentum,
               1e-12);
    check_path(config_make("SGD", "learning_rate", 0.05, "momentum", 0.9, "nesterov", 1.0, NULL),
               path_nesterov, 1e-12);
    check_path(config_make("Adam", "learning_rate", 0.1, NULL), path_adam, 1e-9);
    check_path(config_make("AdamW", "learning_rate", 0.1, "weight_decay", 0.2, NULL), path_adamw,
               1e-9);
    check_path(config_make("RMSprop", "learning_rate", 0.1, NULL), path_rmsprop, 1e-9);
    check_path(config_make("Adagrad", "learning_rate", 0.5, "epsilon", 0.0, NULL), path_adagrad,
               1e-9);
    /* PyTorch adds 1e-6 to the length before it divides */
    check_path(config_make("SGD", "learning_rate", 0.05, "clipnorm", 2.0, NULL), path_clipnorm,
               1e-6);
    check_path(config_make("SGD", "learning_rate", 0.05, "clipvalue", 1.5, NULL), path_clipvalue,
               1e-12);
}

/* course.md 1.8: 0.001 at first, half way at step 25, 0.0001 from step 50 on. */
static void test_cosine(void) {
    struct config *c =
        config_make("CosineDecay", "start", 0.001, "steps", 50.0, "alpha", 0.1, NULL);
    CHECK_NEAR(schedule_rate(c, 1, 0, 10, 100), 0.001, 1e-15);
    CHECK_NEAR(schedule_rate(c, 1, 25, 10, 100), 0.00055, 1e-15);
    CHECK_NEAR(schedule_rate(c, 1, 50, 10, 100), 0.0001, 1e-15);
    CHECK_NEAR(schedule_rate(c, 1, 99, 10, 100), 0.0001, 1e-15);
    config_unref(c);
    c = config_make("CosineDecay", "warmup", 2.0, NULL);
    c->args[3].text = intern_c("epoch"); /* 2 epochs of 10 steps; the rest is the decay */
    CHECK_NEAR(schedule_rate(c, 1, 0, 10, 100), 0.05, 1e-15);
    CHECK_NEAR(schedule_rate(c, 1, 19, 10, 100), 1, 1e-15);
    CHECK_NEAR(schedule_rate(c, 1, 20, 10, 100), 1, 1e-15);
    CHECK_NEAR(schedule_rate(c, 1, 60, 10, 100), 0.5, 1e-15);
    CHECK_NEAR(schedule_rate(c, 1, 100, 10, 100), 0, 1e-15);
    config_unref(c);
}

static void test_decays(void) {
    struct config *c = config_make("ExponentialDecay", "rate", 0.25, "every", 10.0, NULL);
    CHECK_NEAR(schedule_rate(c, 2, 5, 7, 100), 1, 1e-15);
    CHECK_NEAR(schedule_rate(c, 2, 20, 7, 100), 0.125, 1e-15);
    config_unref(c);
    c = config_make("StepDecay", "factor", 0.5, "every", 1.0, NULL);
    c->args[1].text = intern_c("epoch");
    CHECK_NEAR(schedule_rate(c, 2, 6, 7, 100), 2, 1e-15);
    CHECK_NEAR(schedule_rate(c, 2, 7, 7, 100), 1, 1e-15);
    CHECK_NEAR(schedule_rate(c, 2, 14, 7, 100), 0.5, 1e-15);
    config_unref(c);
    CHECK_NEAR(schedule_rate(NULL, 2, 14, 7, 100), 2, 0);
}

TEST_MAIN(test_paths, test_cosine, test_decays)
