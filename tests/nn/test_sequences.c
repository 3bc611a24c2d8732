/* Networks on sequences: losses of ten epochs equal to PyTorch's (sequence_reference.py), the same
 * bits on one thread and on two. */
#include "../harness.h"
#include "nn_tools.h"
#include "plan.h"
#include "sequence_models.h"
#include "sequence_reference.h"

/* Every weight by the formula, one salt after the other. */
static struct weights *first_weights(const struct model *m, double salt) {
    struct weights *w = model_init(m, 1, 1, &last_error);
    double values[1024];
    for (int i = 0; i < model_n_weights(m); i++) {
        fill_values(values, 1024, salt++, 0.4, 0);
        set_numbers(m, w, model_weight(m, i)->name, values);
    }
    return w;
}

static struct tensor *sequences(void) {
    struct tensor *flat = make_values(DT_FLOAT32, 70, 12, 20, 1, 0);
    struct shape s = shape_of(3, (int64_t[]){70, 3, 4});
    struct tensor *t = tensor_with_shape(flat, &s, &last_error);
    tensor_unref(flat);
    return t;
}

static void check_training(body_fn body, double salt, const double *expected) {
    struct model *m = sequence_model(body, 3, 4);
    struct weights *w = first_weights(m, salt);
    struct tensor *x = sequences(), *y = make_values(DT_FLOAT32, 70, 2, 21, 1, 0);
    struct train_spec spec = train_defaults(m, w, x, y);
    struct config *adam = config_make("Adam", "learning_rate", 0.01, NULL);
    struct config *mse = config_make("mse", NULL);
    spec.optimizer = adam;
    spec.losses[0] = (struct measure){.name = "mse", .config = mse, .factor = 1};
    struct train_result two, one;
    bool ok = train(&spec, &two);
    compute_set_threads(1);
    ok = train(&spec, &one) && ok;
    compute_set_threads(2);
    CHECK(ok);
    for (int i = 0; ok && i < 10; i++)
        CHECK_NEAR(history_at(two.history, "loss", i), expected[i], 2e-5);
    if (ok) {
        size_t bytes = (size_t)one.weights->n * sizeof(float);
        CHECK(memcmp(one.weights->data, two.weights->data, bytes) == 0);
        result_clear(&one);
        result_clear(&two);
    }
    config_unref(adam);
    config_unref(mse);
    tensor_unref(x);
    tensor_unref(y);
    weights_unref(w);
    model_unref(m);
}

static void test_rnn(void) {
    check_training(body_small_rnn, 30, train_rnn);
}

static void test_gru(void) {
    check_training(body_small_gru, 40, train_gru);
}

static void test_lstm(void) {
    check_training(body_small_lstm, 50, train_lstm);
}

static void test_block(void) {
    check_training(body_small_block, 60, train_block);
}

/* ---- derivatives that are summed while the examples are in the cache (from 256 steps a lane on):
 * the same examples many times have the same mean gradient as once, which is made in one piece ----
 */

enum { FEW = 80, MANY = 20 * FEW, NUMBERS = 12, ANSWERS = 2 };

static struct weights *one_step(struct model *m, const struct weights *w, int64_t rows) {
    static double x[MANY * NUMBERS], y[MANY * ANSWERS];
    fill_values(x, FEW * NUMBERS, 20, 1, 0);
    fill_values(y, FEW * ANSWERS, 21, 1, 0);
    for (int64_t i = FEW * NUMBERS; i < MANY * NUMBERS; i++) x[i] = x[i - FEW * NUMBERS];
    for (int64_t i = FEW * ANSWERS; i < MANY * ANSWERS; i++) y[i] = y[i - FEW * ANSWERS];
    struct tensor *flat = make_tensor(DT_FLOAT32, rows, NUMBERS, x);
    struct tensor *answers = make_tensor(DT_FLOAT32, rows, ANSWERS, y);
    struct shape s = shape_of(3, (int64_t[]){rows, 3, 4});
    struct tensor *steps = tensor_with_shape(flat, &s, &last_error);
    struct train_spec spec = train_defaults(m, w, steps, answers);
    struct config *sgd = config_make("SGD", "learning_rate", 0.5, NULL);
    struct config *mse = config_make("mse", NULL);
    struct train_result r;
    spec.optimizer = sgd;
    spec.losses[0] = (struct measure){.name = "mse", .config = mse, .factor = 1};
    spec.epochs = 1;
    spec.batch = rows;
    struct weights *out = train(&spec, &r) ? weights_ref(r.weights) : NULL;
    result_clear(&r);
    config_unref(sgd);
    config_unref(mse);
    tensor_unref(flat);
    tensor_unref(steps);
    tensor_unref(answers);
    return out;
}

static void check_pieces(body_fn body, double salt) {
    struct model *m = sequence_model(body, 3, 4);
    struct weights *w = first_weights(m, salt);
    struct weights *once = one_step(m, w, FEW), *often = one_step(m, w, MANY);
    CHECK(once && often);
    double moved = 0;
    for (int64_t i = 0; once && often && i < once->n; i++) {
        const float *a = once->data, *b = often->data, *start = w->data;
        CHECK_NEAR(b[i], a[i], 1e-5);
        moved += fabs((double)(a[i] - start[i]));
    }
    CHECK(moved > 0.1);
    weights_unref(once);
    weights_unref(often);
    weights_unref(w);
    model_unref(m);
}

static void test_pieces(void) {
    check_pieces(body_small_rnn, 30);
    check_pieces(body_small_gru, 40);
    check_pieces(body_small_lstm, 50);
    check_pieces(body_small_block, 60);
}

static void test_counts(void) {
    struct model *m = sequence_model(body_gru_pair, 24, 4);
    CHECK_EQ(model_n_params(m, false), 3648 + 2400 + 408);
    model_unref(m);
    m = sequence_model(body_transformer, 64, 64);
    CHECK_EQ(model_n_params(m, false), 4 * (64 * 64 + 64) + 64 * 256 + 256 + 256 * 64 + 64 + 256);
    model_unref(m);
}

static void test_leaks(void) {
    CHECK_NO_LEAKS(test_gru, test_block, test_pieces, test_counts);
}

TEST_MAIN(test_rnn, test_gru, test_lstm, test_block, test_pieces, test_counts, test_leaks)
