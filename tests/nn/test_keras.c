/* Layers against Keras, losses against SciPy and scikit-learn (keras_reference.py); what dropouts
 * of whole features leave out. */
#include "../harness.h"
#include "keras_reference.h"
#include "nn_tools.h"
#include <math.h>

static struct err err;

enum { MOST_ARGS = 4 };

struct set {
    const char *name, *text; /* a text, or NULL: a number or two */
    double number, second;
};

struct layer_case {
    const char *layer, *inner; /* inner: the layer in its first argument, or NULL */
    struct shape input;        /* of an example */
    const double *expected;
    int64_t n;
    struct set args[MOST_ARGS], inner_args[MOST_ARGS];
};

#define EXPECT(name) name, (int64_t)(sizeof(name) / sizeof *(name))
#define SERIES                                                                                     \
    {                                                                                              \
        .n = 2, .size = { 9, 3 }                                                                   \
    }
#define PICTURE                                                                                    \
    {                                                                                              \
        .n = 3, .size = { 5, 4, 2 }                                                                \
    }

static const struct layer_case cases[] = {
    {"SeparableConv1D",
     NULL,
     SERIES,
     EXPECT(separable_conv1d),
     {{"filters", NULL, 5, 0}, {"kernel_size", NULL, 3, 0}},
     {{0}}},
    {"AvgPool1D",
     NULL,
     SERIES,
     EXPECT(avg_pool1d),
     {{"size", NULL, 3, 0}, {"strides", NULL, 2, 0}},
     {{0}}},
    {"GlobalAvgPool1D", NULL, SERIES, EXPECT(global_avg_pool1d), {{0}}, {{0}}},
    {"GlobalMaxPool1D", NULL, SERIES, EXPECT(global_max_pool1d), {{0}}, {{0}}},
    {"UpSampling1D", NULL, SERIES, EXPECT(up_sampling1d), {{"size", NULL, 3, 0}}, {{0}}},
    {"ZeroPadding2D", NULL, PICTURE, EXPECT(zero_padding2d), {{"pad", NULL, 1, 2}}, {{0}}},
    {"Cropping2D", NULL, PICTURE, EXPECT(cropping2d), {{"cut", NULL, 2, 1}}, {{0}}},
    {"UpSampling2D",
     NULL,
     PICTURE,
     EXPECT(up_sampling2d_bilinear),
     {{"size", NULL, 2, 3}, {"interpolation", "bilinear", 0, 0}},
     {{0}}},
    {"Resizing", NULL, PICTURE, EXPECT(resizing), {{"size", NULL, 7, 6}}, {{0}}},
    {"Resizing",
     NULL,
     PICTURE,
     EXPECT(resizing_nearest),
     {{"size", NULL, 3, 9}, {"interpolation", "nearest", 0, 0}},
     {{0}}},
    {"Bidirectional",
     "GRU",
     SERIES,
     EXPECT(both_ways_gru),
     {{0}},
     {{"units", NULL, 4, 0}, {"return_sequences", NULL, 1, 0}}},
    {"Bidirectional",
     "LSTM",
     SERIES,
     EXPECT(both_ways_lstm),
     {{"merge", "sum", 0, 0}},
     {{"units", NULL, 3, 0}}},
    {"TimeDistributed",
     "Conv2D",
     {.n = 4, .size = {3, 4, 3, 2}},
     EXPECT(each_step),
     {{0}},
     {{"filters", NULL, 3, 0}, {"kernel_size", NULL, 2, 0}, {"activation", "tanh", 0, 0}}},
    {"RepeatVector",
     NULL,
     {.n = 1, .size = {6}},
     EXPECT(repeat_vector),
     {{"n", NULL, 3, 0}},
     {{0}}},
    {"PReLU", NULL, {.n = 1, .size = {6}}, EXPECT(prelu), {{0}}, {{0}}},
    {"GroupNorm",
     NULL,
     {.n = 3, .size = {5, 4, 6}},
     EXPECT(group_norm),
     {{"groups", NULL, 2, 0}},
     {{0}}},
    {"LayerNorm", NULL, SERIES, EXPECT(layer_norm), {{0}}, {{0}}},
    {"PositionalEncoding",
     NULL,
     {.n = 2, .size = {9, 4}},
     EXPECT(positional_encoding),
     {{0}},
     {{0}}},
};

static bool set_one(struct config *c, const struct set *s) {
    struct shape pair = shape_of(2, (int64_t[]){(int64_t)s->number, (int64_t)s->second});
    if (s->text && strcmp(s->name, "activation") == 0)
        return config_set_activation(c, s->name, activation_find(str_of(s->text)), &err);
    if (s->text) return config_set_text(c, s->name, s->text, &err);
    if (s->second > 0) return config_set_shape(c, s->name, &pair, &err);
    return config_set_number(c, s->name, s->number, &err);
}

static struct config *config_of(const char *name, const struct set *args) {
    struct config *c = config_make(name, NULL);
    for (int i = 0; i < MOST_ARGS && args[i].name; i++) CHECK(set_one(c, &args[i]));
    return c;
}

static struct tensor *formula(const struct shape *s, double salt) {
    struct tensor *t = tensor_new(DT_FLOAT32, s, &err);
    double *x = pool_alloc((size_t)t->count * sizeof *x + 8);
    fill_values(x, t->count, salt, 1, 0);
    for (int64_t i = 0; i < t->count; i++) tensor_set(t, i, x[i]);
    pool_free(x);
    return t;
}

static void check_numbers(const char *what, const struct tensor *y, const double *expected,
                          int64_t n) {
    CHECK(y && y->count == n);
    for (int64_t i = 0; y && i < n && y->count == n; i++) {
        bool good = fabs(tensor_get(y, i) - expected[i]) < 1e-5;
        CHECK(good);
        if (good) continue;
        fprintf(stderr, "  %s: number %d is %g, not %g\n", what, (int)i, tensor_get(y, i),
                expected[i]);
        return;
    }
}

static void check_case(const struct layer_case *c) {
    struct config *config = config_of(c->layer, c->args);
    if (c->inner) {
        struct config *inner = config_of(c->inner, c->inner_args);
        config->args[0] = (struct arg){.kind = ARG_CONFIG, .config = inner};
    }
    struct shape open = {.n = c->input.n + 1, .size = {SIZE_BATCH}};
    for (int i = 0; i < c->input.n; i++) open.size[i + 1] = c->input.size[i];
    struct model *m = chain(&open, &config, 1);
    CHECK(m != NULL);
    if (!m) {
        fprintf(stderr, "  %s: %s\n", c->layer, last_error.what);
        return;
    }
    struct weights *w = weights_new(model_block_size(m), &err);
    for (int i = 0; i < model_n_weights(m); i++)
        set_weight(m, w, model_weight(m, i)->name, 2 + i, 0.4);
    open.size[0] = 2;
    struct tensor *x = formula(&open, 1), *y = predict(m, w, x);
    check_numbers(c->layer, y, c->expected, c->n);
    tensor_unref(x);
    tensor_unref(y);
    weights_unref(w);
    model_unref(m);
}

static void test_layers(void) {
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) check_case(&cases[i]);
}

static void test_embedding(void) {
    struct config *c = config_make("Embedding", "size", 7.0, "units", 4.0, NULL);
    struct shape open = shape_of(2, (int64_t[]){SIZE_BATCH, 3});
    struct model *m = chain(&open, &c, 1);
    struct weights *w = weights_new(model_block_size(m), &err);
    set_weight(m, w, model_weight(m, 0)->name, 2, 0.4);
    struct tensor *x = make_tensor(DT_INT64, 2, 3, (double[]){0, 3, 6, 1, 1, 5});
    struct tensor *y = predict(m, w, x);
    check_numbers("Embedding", y, EXPECT(embedding));
    tensor_unref(x);
    tensor_unref(y);
    weights_unref(w);
    model_unref(m);
}

static void check_loss(struct config *c, struct tensor *y, struct tensor *yhat,
                       const double *expected) {
    double value;
    CHECK(measure_eval(c, y, yhat, &value, &err));
    CHECK_NEAR(value, *expected, 5e-7);
    config_unref(c);
    tensor_unref(y);
    tensor_unref(yhat);
}

static void test_losses(void) {
    static const double counts[] = {0, 1, 2, 5, 9, 30}, kinds[] = {0, 1, 0, 2, 1, 0};
    struct config *one = config_make("quantile_loss", NULL);
    struct config *two = config_make("quantile_loss", NULL);
    one->args[0] = (struct arg){.kind = ARG_NUMBERS, .n_numbers = 1, .numbers = {0.9}};
    two->args[0] = (struct arg){.kind = ARG_NUMBERS, .n_numbers = 2, .numbers = {0.1, 0.6}};
    check_loss(config_make("gaussian", NULL), make_values(DT_FLOAT64, 6, 0, 5, 3, 0),
               make_values(DT_FLOAT64, 6, 2, 6, 2, 0), loss_gaussian);
    check_loss(config_make("negative_binomial", NULL), make_tensor(DT_FLOAT64, 6, 0, counts),
               make_values(DT_FLOAT64, 6, 2, 6, 2, 0), loss_negative_binomial);
    check_loss(one, make_values(DT_FLOAT64, 6, 0, 5, 3, 0), make_values(DT_FLOAT64, 6, 0, 7, 3, 0),
               loss_quantile);
    check_loss(two, make_values(DT_FLOAT64, 6, 0, 5, 3, 0), make_values(DT_FLOAT64, 6, 2, 6, 2, 0),
               loss_quantiles);
    check_loss(config_make("log_cosh", NULL), make_values(DT_FLOAT64, 6, 0, 5, 3, 0),
               make_values(DT_FLOAT64, 6, 0, 7, 3, 0), loss_log_cosh);
    check_loss(config_make("triplet", "margin", 0.7, NULL), make_tensor(DT_FLOAT64, 6, 0, kinds),
               make_values(DT_FLOAT64, 6, 3, 8, 1, 0), loss_triplet);
}

/* ---- dropouts: random, so their laws ---- */

static struct tensor *dropped(const char *layer, double rate, const struct shape *s) {
    struct config *c = config_make(layer, "rate", rate, NULL);
    struct shape open = *s;
    open.size[0] = SIZE_BATCH;
    struct model *m = chain(&open, &c, 1);
    struct weights *w = weights_new(model_block_size(m), &err);
    struct tensor *x = tensor_new(DT_FLOAT32, s, &err), *out[MODEL_MAX_PORTS] = {0};
    for (int64_t i = 0; i < x->count; i++) tensor_set(x, i, 1);
    struct predict_spec spec = {
        .model = m, .weights = w, .inputs = &x, .dropout = true, .seed = 5, .stream = 1};
    CHECK(model_predict(&spec, out, &err));
    tensor_unref(x);
    weights_unref(w);
    model_unref(m);
    return out[0];
}

/* All places of a feature share their fate; 1 / (1 - rate) is what stays. */
static void check_features(const char *layer, const struct shape *s) {
    struct tensor *y = dropped(layer, 0.25, s);
    int64_t features = s->size[s->n - 1], examples = s->size[0];
    int64_t places = y->count / examples / features, left = 0;
    for (int64_t i = 0; i < y->count; i++) {
        int64_t first = i / (places * features) * places * features + i % features;
        double v = tensor_get(y, i);
        CHECK(v == tensor_get(y, first) && (v == 0 || fabs(v - 4.0 / 3) < 1e-6));
        left += v == 0;
    }
    CHECK_NEAR((double)left / (double)y->count, 0.25, 0.02);
    tensor_unref(y);
}

static void test_dropouts(void) {
    struct shape series = shape_of(3, (int64_t[]){500, 3, 8});
    struct shape pictures = shape_of(4, (int64_t[]){500, 2, 3, 8});
    check_features("SpatialDropout1D", &series);
    check_features("SpatialDropout2D", &pictures);
    /* what is left out is selu's lower limit, a s + b, and the rest s + b, for one scale s */
    struct tensor *y = dropped("AlphaDropout", 0.2, &series);
    double low = -1.7580993408473766, s = 1 / sqrt(0.8 * (1 + 0.2 * low * low));
    double shift = -s * 0.2 * low;
    int64_t left = 0;
    for (int64_t i = 0; i < y->count; i++) {
        double v = tensor_get(y, i);
        bool out = fabs(v - (low * s + shift)) < 1e-5;
        CHECK(out || fabs(v - (s + shift)) < 1e-5);
        left += out;
    }
    CHECK_NEAR((double)left / (double)y->count, 0.2, 0.02);
    tensor_unref(y);
}

static void test_no_leaks(void) {
    CHECK_NO_LEAKS(test_layers, test_embedding, test_losses, test_dropouts);
}

TEST_MAIN(test_layers, test_embedding, test_losses, test_dropouts, test_no_leaks)
