/* What layers compute, against PyTorch, and how random ones behave. */
#include "../harness.h"
#include "nn_tools.h"
#include "plan.h"
#include "reference.h"

static void check_output(struct model *m, struct weights *w, struct tensor *x,
                         const double *expected, int64_t n, double tolerance) {
    struct tensor *y = m ? predict(m, w, x) : NULL;
    CHECK(y != NULL && y->count == n);
    for (int64_t i = 0; y && i < n; i++) CHECK_NEAR(tensor_get(y, i), expected[i], tolerance);
    tensor_unref(y);
}

/* A model without weights on the nine numbers, one number an example (or one example). */
static void check_map(struct config *layer, bool one_example, const double *expected) {
    struct err e = {0};
    struct model *m = chain_of(one_example ? 9 : 1, 1, layer);
    struct weights *w = weights_new(m ? model_block_size(m) : 0, &e);
    struct tensor *x =
        make_tensor(DT_FLOAT64, one_example ? 1 : 9, one_example ? 9 : 1, activation_x);
    check_output(m, w, x, expected, 9, 1e-6);
    tensor_unref(x);
    weights_unref(w);
    model_unref(m);
}

/* Activations run through a Dense layer that passes its input on: kernel 1, bias 0. */
static void check_activation(const char *name, const double *expected) {
    struct err e = {0};
    bool whole = strcmp(name, "softmax") == 0;
    int k = whole ? 9 : 1;
    struct model *m = chain_of(k, 1, dense(k, name));
    struct weights *w = weights_new(m ? model_block_size(m) : 0, &e);
    double identity[81] = {0};
    for (int i = 0; i < k; i++) identity[i * k + i] = 1;
    set_numbers(m, w, "Dense.kernel", identity);
    struct tensor *x = make_tensor(DT_FLOAT64, whole ? 1 : 9, k, activation_x);
    check_output(m, w, x, expected, 9, 1e-6);
    tensor_unref(x);
    weights_unref(w);
    model_unref(m);
}

static void test_activations(void) {
#define ACTIVATION(id, help) check_activation(#id, activation_##id);
#include "nn/activations.list"
#undef ACTIVATION
}

static void test_maps(void) {
    check_map(config_make("ReLU", NULL), false, activation_relu);
    check_map(config_make("LeakyReLU", "slope", 0.1, NULL), false, layer_leaky_relu);
    check_map(config_make("ELU", "alpha", 0.5, NULL), false, layer_elu);
    check_map(config_make("Softmax", NULL), true, activation_softmax);
    check_map(config_make("Rescaling", "factor", 0.25, "offset", -1.0, NULL), false,
              layer_rescaling);
    check_map(config_make("Flatten", NULL), true, activation_x);
    /* random layers do nothing in inference */
    check_map(config_make("Dropout", "rate", 0.5, NULL), false, activation_x);
    check_map(config_make("GaussianNoise", "std", 1.0, NULL), false, activation_x);
}

static void test_dense(void) {
    struct err e = {0};
    struct model *m = chain_of(4, 1, dense(3, "tanh"));
    struct weights *w = weights_new(model_block_size(m), &e);
    set_weight(m, w, "Dense.kernel", 3, 1);
    set_weight(m, w, "Dense.bias", 4, 1);
    struct tensor *x = make_values(DT_FLOAT32, 6, 4, 2, 1, 0);
    check_output(m, w, x, layer_dense, 18, 1e-5);
    tensor_unref(x);
    weights_unref(w);
    model_unref(m);
}

static void test_norms(void) {
    struct err e = {0};
    struct model *m = chain_of(4, 1, config_make("LayerNorm", NULL));
    struct weights *w = weights_new(model_block_size(m), &e);
    struct tensor *x = make_values(DT_FLOAT32, 6, 4, 2, 1, 0);
    set_weight(m, w, "LayerNorm.gamma", 5, 1);
    set_weight(m, w, "LayerNorm.beta", 6, 1);
    check_output(m, w, x, layer_layer_norm, 24, 1e-5);
    weights_unref(w);
    model_unref(m);
    m = chain_of(4, 1, config_make("BatchNorm", NULL));
    w = weights_new(model_block_size(m), &e);
    double variance[4];
    fill_values(variance, 4, 8, 1, 0);
    for (int i = 0; i < 4; i++) variance[i] *= variance[i];
    set_weight(m, w, "BatchNorm.gamma", 5, 1);
    set_weight(m, w, "BatchNorm.beta", 6, 1);
    set_weight(m, w, "BatchNorm.moving_mean", 7, 1);
    set_numbers(m, w, "BatchNorm.moving_variance", variance);
    check_output(m, w, x, layer_batch_norm, 24, 1e-5);
    weights_unref(w);
    model_unref(m);
    tensor_unref(x);
}

static struct tensor *drop(struct model *m, struct weights *w, struct tensor *x, uint64_t stream) {
    struct tensor *out[MODEL_MAX_PORTS] = {0};
    struct predict_spec spec = {
        .model = m, .weights = w, .inputs = &x, .dropout = true, .seed = 5, .stream = stream};
    return model_predict(&spec, out, &last_error) ? out[0] : NULL;
}

/* Dropout keeps 70% of the ones and makes them 1 / 0.7; the masks differ between streams only. */
static void test_dropout(void) {
    struct err e = {0};
    struct model *m = chain_of(100, 1, config_make("Dropout", "rate", 0.3, NULL));
    struct weights *w = weights_new(model_block_size(m), &e);
    struct tensor *x = make_values(DT_FLOAT32, 500, 100, 0, 0, 1);
    struct tensor *a = drop(m, w, x, 1), *b = drop(m, w, x, 1), *c = drop(m, w, x, 2);
    CHECK(a && b && c);
    int64_t kept = 0, same = 0;
    for (int64_t i = 0; a && i < a->count; i++) {
        double v = tensor_get(a, i);
        CHECK(v == 0 || fabs(v - 1 / 0.7) < 1e-6);
        kept += v != 0;
        same += v == tensor_get(c, i);
    }
    CHECK_NEAR((double)kept / 50000, 0.7, 0.01);
    CHECK_NEAR((double)same / 50000, 0.58, 0.01); /* .7 .7 + .3 .3 */
    CHECK(memcmp(a->data, b->data, 50000 * sizeof(float)) == 0);
    tensor_unref(a);
    tensor_unref(b);
    tensor_unref(c);
    tensor_unref(x);
    weights_unref(w);
    model_unref(m);
}

/* Monte-Carlo dropout keeps the moving averages of BatchNorm: without dropout the same as
 * inference, although the training graph is run. */
static void test_dropout_keeps_averages(void) {
    struct err e = {0};
    struct model *m = chain_of(4, 2, config_make("BatchNorm", NULL),
                               config_make("GaussianNoise", "std", 1e-9, NULL));
    struct weights *w = model_init(m, 1, 1, &e);
    set_weight(m, w, "BatchNorm.moving_mean", 7, 1);
    struct tensor *x = make_values(DT_FLOAT32, 6, 4, 2, 1, 0);
    struct tensor *a = drop(m, w, x, 1), *b = predict(m, w, x);
    CHECK(a && b);
    for (int64_t i = 0; a && i < a->count; i++)
        CHECK_NEAR(tensor_get(a, i), tensor_get(b, i), 1e-6);
    tensor_unref(a);
    tensor_unref(b);
    tensor_unref(x);
    weights_unref(w);
    model_unref(m);
}

/* Rows that count how often they are read. */
struct counted {
    struct row_source source;
    const struct tensor *from;
    _Atomic int n_reads;
};

static struct counted counted;

static bool read_counted(const struct row_source *s, int64_t row, void *out, struct err *e) {
    (void)s, (void)e;
    memcpy(out, (const float *)counted.from->data + 4 * row, 4 * sizeof(float));
    counted.n_reads++;
    return true;
}

static void keep_source(struct row_source *s) {
    (void)s;
}

/* Draws of a nearly silent noise are predictions, and what comes before it is computed once. */
static void check_draws(int64_t n, int64_t draws) {
    struct model *m = chain_of(4, 3, dense(6, "gelu"),
                               config_make("GaussianNoise", "std", 1e-9, NULL), dense(2, NULL));
    struct weights *w = model_init(m, 1, 1, &last_error);
    struct tensor *x = make_values(DT_FLOAT32, n, 4, 2, 1, 0), *once = predict(m, w, x);
    counted = (struct counted){.source = {read_counted, keep_source}, .from = x};
    struct tensor *rows = tensor_from_rows(DT_FLOAT32, &x->shape, &counted.source, &last_error);
    struct tensor *out[MODEL_MAX_PORTS] = {0};
    struct predict_spec spec = {
        .model = m, .weights = w, .inputs = &rows, .dropout = true, .samples = draws, .seed = 5};
    CHECK(model_predict(&spec, out, &last_error) && once);
    if (!out[0]) return;
    CHECK_EQ(out[0]->count, draws * n * 2);
    CHECK(out[0]->shape.n == 3 && out[0]->shape.size[0] == draws);
    for (int64_t i = 0; i < out[0]->count; i++)
        CHECK_NEAR(tensor_get(out[0], i), tensor_get(once, i % (n * 2)), 1e-6);
    CHECK_EQ(counted.n_reads, n);
    tensor_unref(out[0]);
    tensor_unref(rows);
    tensor_unref(x);
    tensor_unref(once);
    weights_unref(w);
    model_unref(m);
}

static void test_draws(void) {
    check_draws(5, 7);
    check_draws(1, 300);
    check_draws(300, 3);
}

/* The same draws again to the bit, on one thread, too; different from each other. */
static void test_draws_repeat(void) {
    struct model *m = chain_of(4, 3, dense(64, "relu"), config_make("Dropout", "rate", 0.5, NULL),
                               dense(1, NULL));
    struct weights *w = model_init(m, 1, 1, &last_error);
    struct tensor *x = make_values(DT_FLOAT32, 3, 4, 2, 1, 0), *out[2][MODEL_MAX_PORTS] = {0};
    struct predict_spec spec = {
        .model = m, .weights = w, .inputs = &x, .dropout = true, .samples = 200, .seed = 5};
    for (int threads = 1; threads <= 2; threads++) {
        compute_set_threads(threads);
        CHECK(model_predict(&spec, out[threads - 1], &last_error));
    }
    const float *a = out[0][0]->data, *b = out[1][0]->data;
    CHECK(memcmp(a, b, 600 * sizeof(float)) == 0);
    int same = 0;
    for (int i = 0; i < 597; i++) same += a[i] == a[i + 3];
    CHECK_EQ(same, 0);
    for (int i = 0; i < 2; i++) tensor_unref(out[i][0]);
    tensor_unref(x);
    weights_unref(w);
    model_unref(m);
}

static void test_gaussian_noise(void) {
    struct err e = {0};
    struct model *m = chain_of(100, 1, config_make("GaussianNoise", "std", 0.5, NULL));
    struct weights *w = weights_new(model_block_size(m), &e);
    struct tensor *x = make_values(DT_FLOAT32, 500, 100, 0, 0, 3), *y = drop(m, w, x, 1);
    double mean = 0, square = 0;
    for (int64_t i = 0; y && i < y->count; i++) {
        double off = tensor_get(y, i) - 3;
        mean += off / 50000;
        square += off * off / 50000;
    }
    CHECK_NEAR(mean, 0, 0.01);
    CHECK_NEAR(sqrt(square), 0.5, 0.01);
    tensor_unref(x);
    tensor_unref(y);
    weights_unref(w);
    model_unref(m);
}

/* uint8 pixels become float on the way; wrong data is refused. */
static void test_inputs(void) {
    struct err e = {0};
    struct config *scale = config_make("Rescaling", "factor", 1.0 / 255, NULL);
    struct model *m = chain_of(3, 1, scale);
    struct weights *w = weights_new(model_block_size(m), &e);
    struct tensor *x = make_tensor(DT_UINT8, 2, 3, (double[]){0, 51, 102, 153, 204, 255});
    check_output(m, w, x, (double[]){0, 0.2, 0.4, 0.6, 0.8, 1}, 6, 1e-6);
    struct tensor *wrong = make_values(DT_FLOAT64, 2, 4, 0, 1, 0);
    CHECK(predict(m, w, wrong) == NULL);
    CHECK_EQ(last_error.kind, ERR_SHAPE);
    CHECK_STR(last_error.what,
              "The model `{0}` reads `x`, and these examples do not look like that.");
    tensor_unref(x);
    tensor_unref(wrong);
    weights_unref(w);
    model_unref(m);
}

static void test_no_leaks(void) {
    CHECK_NO_LEAKS(test_activations, test_maps, test_dense, test_norms, test_dropout,
                   test_dropout_keeps_averages, test_draws, test_draws_repeat, test_gaussian_noise,
                   test_inputs);
}

TEST_MAIN(test_activations, test_maps, test_dense, test_norms, test_dropout,
          test_dropout_keeps_averages, test_draws, test_draws_repeat, test_gaussian_noise,
          test_inputs, test_no_leaks)
