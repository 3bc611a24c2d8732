/* The tables of layers, losses, optimizers and the rest, and their signatures. */
#include "../harness.h"
#include "nn_tools.h"
#include <stdlib.h>

static void test_rows_are_complete(void) {
    for (int i = 0; i < config_n_rows(); i++) {
        const struct config_row *row = config_row_at(i);
        CHECK(strlen(row->help) > 20);
        CHECK(row->help[strlen(row->help) - 1] == '.' || row->help[strlen(row->help) - 1] == ')');
        CHECK(config_find(str_of(row->name)) == row);
        const char *next = row->signature;
        struct signature_arg a;
        int n = 0;
        while (signature_next(&next, &a)) {
            CHECK(a.name.n > 0 && a.kind.n > 0);
            n++;
        }
        CHECK(n <= CONFIG_MAX_ARGS);
    }
}

/* No name may mean two things, otherwise `loss: mse` and `metrics: [mse]` could differ. */
static void test_names_are_unique(void) {
    char words[1024];
    for (int i = 0; i < config_n_rows(); i++) {
        const struct config_row *row = config_row_at(i);
        snprintf(words, sizeof words, "%s", row->aliases);
        char *rest;
        for (char *w = strtok_r(words, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
            if (config_find(str_of(w)) != row) fprintf(stderr, "alias %s of %s\n", w, row->name);
            CHECK(config_find(str_of(w)) == row);
        }
    }
    CHECK(config_find(STR("nonsense")) == NULL);
    CHECK_STR(config_find(STR("Linear"))->name, "Dense");
    CHECK_STR(config_find(STR("mean_squared_error"))->name, "mse");
    CHECK_STR(config_find(STR("categorical_crossentropy"))->name, "crossentropy");
    CHECK_STR(config_find(STR("BatchNormalization"))->name, "BatchNorm");
    CHECK(config_find_in(CONFIG_METRIC, STR("mse")) == NULL);
}

static void test_signature(void) {
    const char *next = config_find(STR("Dense"))->signature;
    struct signature_arg a;
    CHECK(signature_next(&next, &a) && str_is(a.name, "units") && str_is(a.kind, "int"));
    CHECK(a.preset.p == NULL);
    CHECK(signature_next(&next, &a) && str_is(a.name, "activation") && str_is(a.preset, "None"));
    CHECK(signature_next(&next, &a) && str_is(a.preset, "True"));
    CHECK(signature_next(&next, &a) && str_is(a.preset, "glorot_uniform"));
    CHECK(signature_next(&next, &a) && str_is(a.name, "penalty"));
    CHECK(!signature_next(&next, &a));
}

static void test_defaults(void) {
    struct config *c = config_make("Adam", NULL);
    CHECK_NEAR(c->args[0].number, 1e-3, 0);
    CHECK_NEAR(c->args[2].number, 0.999, 0);
    CHECK_EQ(c->args[4].kind, ARG_NONE);
    config_unref(c);
    c = config_make("EarlyStopping", "patience", 3.0, NULL);
    CHECK_STR(c->args[1].text, "val_loss");
    CHECK_NEAR(c->args[0].number, 3, 0);
    config_unref(c);
    c = dense(3, "relu");
    CHECK_EQ(c->args[1].activation, ACTIVATION_relu);
    CHECK_EQ(c->args[3].config->row->kind, INITIALIZER_glorot_uniform);
    config_unref(c);
}

/* Refused, with a message that names the argument. */
static void check_refused(struct config *c, const char *words) {
    struct err e = {0};
    CHECK(!config_check(c, &e));
    CHECK(strstr(e.what, words) != NULL);
    config_unref(c);
}

static void test_limits(void) {
    struct err e = {0};
    check_refused(config_make("Dense", "units", 0.0, NULL), "`units` of Dense is 0");
    check_refused(config_make("Dense", NULL), "needs `units`");
    check_refused(config_make("Dropout", "rate", 1.0, NULL), "`rate` of Dropout is 1");
    check_refused(config_make("Dropout", "rate", (double)NAN, NULL), "rate");
    check_refused(config_make("SGD", "learning_rate", -1.0, NULL), "learning_rate");
    check_refused(config_make("Adam", "beta_1", 1.0, NULL), "beta_1");
    check_refused(config_make("Adam", "clipnorm", 0.0, NULL), "clipnorm");
    check_refused(config_make("ReduceLROnPlateau", "factor", 1.0, NULL), "factor");
    struct config *fine = config_make("ExponentialDecay", "rate", 0.9, "every", 10.0, NULL);
    CHECK(config_check(fine, &e));
    config_unref(fine);
    fine = config_make("l2", "factor", 1.0, NULL);
    CHECK(config_check(fine, &e));
    config_unref(fine);
}

static void test_activations(void) {
    CHECK_EQ(activation_find(STR("relu")), ACTIVATION_relu);
    CHECK_EQ(activation_find(STR("Relu")), -1);
    CHECK_STR(activation_name(ACTIVATION_hard_sigmoid), "hard_sigmoid");
    for (int i = 0; i < ACTIVATION_N_KINDS; i++) CHECK(strlen(activation_help(i)) > 0);
}

static void test_no_leaks(void) {
    CHECK_NO_LEAKS(test_rows_are_complete, test_names_are_unique, test_signature, test_defaults,
                   test_limits, test_activations);
}

TEST_MAIN(test_rows_are_complete, test_names_are_unique, test_signature, test_defaults, test_limits,
          test_activations, test_no_leaks)
