/* Every layer against Keras (layer_reference.py): what it gives, and ten training losses of a small
 * network around it, so that its own slopes and those that it hands on are Keras', too. */
#include "../harness.h"
#include "layer_reference.h"
#include "nn_tools.h"
#include <math.h>
#include <string.h>

static struct err err;

enum { MOST_ARGS = 6, LOSSES = 10 };

struct set {
    const char *name;
    double number;
    const char *text; /* or NULL */
    double second;    /* of a size, or 0 */
};

enum input { ROW, SERIES, PICTURE, FILM, WIDE, EVEN, WORDS };
static const struct shape inputs[] = {
    {.n = 2, .size = {SIZE_BATCH, 6}},       {.n = 3, .size = {SIZE_BATCH, 7, 3}},
    {.n = 4, .size = {SIZE_BATCH, 5, 4, 2}}, {.n = 5, .size = {SIZE_BATCH, 3, 4, 3, 2}},
    {.n = 4, .size = {SIZE_BATCH, 5, 4, 6}}, {.n = 3, .size = {SIZE_BATCH, 7, 4}},
    {.n = 2, .size = {SIZE_BATCH, 5}}};

struct layer_case {
    const char *layer;
    const double *out; /* for one example, or NULL */
    int64_t n_out;
    const double *losses; /* ten, or NULL */
    enum input input;
    struct set args[MOST_ARGS];
    const char *inner; /* the layer in its first argument, or NULL */
    struct set inner_args[MOST_ARGS];
};

/* clang-format off */
#define NUMBER(name, x) {name, x, NULL, 0}
#define TEXT(name, text) {name, 0, text, 0}
#define SIZE(name, x, y) {name, x, NULL, y}
#define GIVES(name) out_ ## name, ARRAY_LEN(out_ ## name)
#define OUTPUT(name) GIVES(name), NULL
#define BOTH(name) GIVES(name), ten_ ## name
#define TEN(name) NULL, 0, ten_ ## name

static const struct layer_case cases[] = {
    {"Dense", BOTH(dense), ROW, {NUMBER("units", 4), TEXT("activation", "gelu")}, NULL, {{0}}},
    {"Flatten", BOTH(flatten), PICTURE, {{0}}, NULL, {{0}}},
    {"Conv1D", BOTH(conv1d), SERIES, {NUMBER("filters", 4), NUMBER("kernel_size", 3), NUMBER("strides", 2), TEXT("padding", "same"), TEXT("activation", "tanh")}, NULL, {{0}}},
    {"Conv1D", BOTH(conv1d_causal), SERIES, {NUMBER("filters", 4), NUMBER("kernel_size", 2), TEXT("padding", "causal"), NUMBER("dilation", 2)}, NULL, {{0}}},
    {"Conv2D", BOTH(conv2d), PICTURE, {NUMBER("filters", 4), NUMBER("kernel_size", 3), TEXT("padding", "same"), TEXT("activation", "elu")}, NULL, {{0}}},
    {"Conv2D", BOTH(conv2d_groups), PICTURE, {NUMBER("filters", 4), SIZE("kernel_size", 2, 3), NUMBER("groups", 2)}, NULL, {{0}}},
    {"Conv1DTranspose", BOTH(conv1d_transpose), SERIES, {NUMBER("filters", 4), NUMBER("kernel_size", 3), NUMBER("strides", 2), TEXT("padding", "same")}, NULL, {{0}}},
    {"Conv2DTranspose", BOTH(conv2d_transpose), PICTURE, {NUMBER("filters", 3), NUMBER("kernel_size", 3), NUMBER("strides", 2), TEXT("padding", "same")}, NULL, {{0}}},
    {"DepthwiseConv2D", BOTH(depthwise_conv2d), PICTURE, {NUMBER("kernel_size", 3), TEXT("padding", "same"), NUMBER("multiplier", 2)}, NULL, {{0}}},
    {"SeparableConv1D", BOTH(separable_conv1d), SERIES, {NUMBER("filters", 4), NUMBER("kernel_size", 3)}, NULL, {{0}}},
    {"SeparableConv2D", BOTH(separable_conv2d), PICTURE, {NUMBER("filters", 4), NUMBER("kernel_size", 3), TEXT("padding", "same")}, NULL, {{0}}},
    {"MaxPool1D", BOTH(max_pool1d), SERIES, {NUMBER("size", 3), NUMBER("strides", 2)}, NULL, {{0}}},
    {"MaxPool2D", BOTH(max_pool2d), PICTURE, {NUMBER("size", 2), TEXT("padding", "same")}, NULL, {{0}}},
    {"AvgPool1D", BOTH(avg_pool1d), SERIES, {NUMBER("size", 3), NUMBER("strides", 2)}, NULL, {{0}}},
    {"AvgPool2D", BOTH(avg_pool2d), PICTURE, {NUMBER("size", 2), TEXT("padding", "same")}, NULL, {{0}}},
    {"GlobalAvgPool1D", BOTH(global_avg_pool1d), SERIES, {{0}}, NULL, {{0}}},
    {"GlobalAvgPool2D", BOTH(global_avg_pool2d), PICTURE, {{0}}, NULL, {{0}}},
    {"GlobalMaxPool1D", BOTH(global_max_pool1d), SERIES, {{0}}, NULL, {{0}}},
    {"GlobalMaxPool2D", BOTH(global_max_pool2d), PICTURE, {NUMBER("keepdims", 1)}, NULL, {{0}}},
    {"ZeroPadding2D", BOTH(zero_padding2d), PICTURE, {SIZE("pad", 1, 2)}, NULL, {{0}}},
    {"Cropping2D", BOTH(cropping2d), PICTURE, {SIZE("cut", 2, 1)}, NULL, {{0}}},
    {"UpSampling1D", BOTH(up_sampling1d), SERIES, {NUMBER("size", 2)}, NULL, {{0}}},
    {"UpSampling2D", BOTH(up_sampling2d), PICTURE, {NUMBER("size", 2)}, NULL, {{0}}},
    {"UpSampling2D", BOTH(up_sampling2d_bilinear), PICTURE, {SIZE("size", 2, 3), TEXT("interpolation", "bilinear")}, NULL, {{0}}},
    {"Resizing", BOTH(resizing), PICTURE, {SIZE("size", 7, 6)}, NULL, {{0}}},
    {"Resizing", BOTH(resizing_nearest), PICTURE, {SIZE("size", 3, 9), TEXT("interpolation", "nearest")}, NULL, {{0}}},
    {"BatchNorm", BOTH(batch_norm), ROW, {{0}}, NULL, {{0}}},
    {"BatchNorm", BOTH(batch_norm2d), PICTURE, {NUMBER("momentum", 0.8), NUMBER("epsilon", 1e-2)}, NULL, {{0}}},
    {"LayerNorm", BOTH(layer_norm), SERIES, {{0}}, NULL, {{0}}},
    {"GroupNorm", BOTH(group_norm), ROW, {NUMBER("groups", 3)}, NULL, {{0}}},
    {"GroupNorm", BOTH(group_norm2d), WIDE, {NUMBER("groups", 2)}, NULL, {{0}}},
    {"Rescaling", BOTH(rescaling), ROW, {NUMBER("factor", 0.5), NUMBER("offset", 0.1)}, NULL, {{0}}},
    {"ReLU", BOTH(relu), ROW, {{0}}, NULL, {{0}}},
    {"LeakyReLU", BOTH(leaky_relu), ROW, {NUMBER("slope", 0.2)}, NULL, {{0}}},
    {"ELU", BOTH(elu), ROW, {NUMBER("alpha", 0.7)}, NULL, {{0}}},
    {"PReLU", BOTH(prelu), ROW, {{0}}, NULL, {{0}}},
    {"Softmax", BOTH(softmax), ROW, {{0}}, NULL, {{0}}},
    {"SimpleRNN", BOTH(simple_rnn), SERIES, {NUMBER("units", 4), NUMBER("return_sequences", 1)}, NULL, {{0}}},
    {"GRU", BOTH(gru), SERIES, {NUMBER("units", 4)}, NULL, {{0}}},
    {"GRU", BOTH(gru_back), SERIES, {NUMBER("units", 3), NUMBER("return_sequences", 1), NUMBER("go_backwards", 1)}, NULL, {{0}}},
    {"LSTM", BOTH(lstm), SERIES, {NUMBER("units", 4)}, NULL, {{0}}},
    {"LSTM", BOTH(lstm_all), SERIES, {NUMBER("units", 3), NUMBER("return_sequences", 1)}, NULL, {{0}}},
    {"Bidirectional", BOTH(bidirectional_gru), SERIES, {{0}}, "GRU", {NUMBER("units", 3), NUMBER("return_sequences", 1)}},
    {"Bidirectional", BOTH(bidirectional_lstm), SERIES, {TEXT("merge", "mul")}, "LSTM", {NUMBER("units", 3)}},
    {"Bidirectional", BOTH(bidirectional_sum), SERIES, {TEXT("merge", "sum")}, "LSTM", {NUMBER("units", 3)}},
    {"TimeDistributed", BOTH(time_distributed), FILM, {{0}}, "Conv2D", {NUMBER("filters", 3), NUMBER("kernel_size", 2), TEXT("activation", "tanh")}},
    {"RepeatVector", BOTH(repeat_vector), ROW, {NUMBER("n", 3)}, NULL, {{0}}},
    {"Reshape", BOTH(reshape), ROW, {SIZE("sizes", 2, 3)}, NULL, {{0}}},
    {"Embedding", BOTH(embedding), WORDS, {NUMBER("size", 7), NUMBER("units", 4)}, NULL, {{0}}},
    {"PositionalEncoding", BOTH(positional_encoding), EVEN, {{0}}, NULL, {{0}}},
    {"Attention", BOTH(attention), SERIES, {{0}}, NULL, {{0}}},
    {"Attention", BOTH(attention_plain), SERIES, {NUMBER("scaled", 0), NUMBER("causal", 1)}, NULL, {{0}}},
    {"MultiHeadAttention", BOTH(heads), EVEN, {NUMBER("heads", 2)}, NULL, {{0}}},
    {"MultiHeadAttention", BOTH(heads_causal), EVEN, {NUMBER("heads", 3), NUMBER("key_size", 5), NUMBER("causal", 1)}, NULL, {{0}}},
    /* random layers outside of training, and in it with nothing to draw: test_dropouts.c has what they draw */
    {"Dropout", OUTPUT(dropout), ROW, {NUMBER("rate", 0.3)}, NULL, {{0}}},
    {"Dropout", TEN(dropout), ROW, {NUMBER("rate", 0)}, NULL, {{0}}},
    {"SpatialDropout1D", OUTPUT(spatial_dropout1d), SERIES, {NUMBER("rate", 0.3)}, NULL, {{0}}},
    {"SpatialDropout1D", TEN(spatial_dropout1d), SERIES, {NUMBER("rate", 0)}, NULL, {{0}}},
    {"SpatialDropout2D", OUTPUT(spatial_dropout2d), PICTURE, {NUMBER("rate", 0.3)}, NULL, {{0}}},
    {"SpatialDropout2D", TEN(spatial_dropout2d), PICTURE, {NUMBER("rate", 0)}, NULL, {{0}}},
    {"AlphaDropout", OUTPUT(alpha_dropout), ROW, {NUMBER("rate", 0.3)}, NULL, {{0}}},
    {"AlphaDropout", TEN(alpha_dropout), ROW, {NUMBER("rate", 0)}, NULL, {{0}}},
    {"GaussianNoise", OUTPUT(gaussian_noise), ROW, {NUMBER("std", 0.3)}, NULL, {{0}}},
    {"GaussianNoise", TEN(gaussian_noise), ROW, {NUMBER("std", 0)}, NULL, {{0}}},
    {"RandomFlip", OUTPUT(random_flip), PICTURE, {{0}}, NULL, {{0}}},
    {"RandomRotation", OUTPUT(random_rotation), PICTURE, {NUMBER("fraction", 0.3)}, NULL, {{0}}},
    {"RandomRotation", TEN(random_rotation), PICTURE, {NUMBER("fraction", 0)}, NULL, {{0}}},
    {"RandomZoom", OUTPUT(random_zoom), PICTURE, {NUMBER("fraction", 0.3)}, NULL, {{0}}},
    {"RandomZoom", TEN(random_zoom), PICTURE, {NUMBER("fraction", 0)}, NULL, {{0}}},
    {"RandomTranslation", OUTPUT(random_translation), PICTURE, {NUMBER("height", 0.3), NUMBER("width", 0.3)}, NULL, {{0}}},
    {"RandomTranslation", TEN(random_translation), PICTURE, {NUMBER("height", 0), NUMBER("width", 0)}, NULL, {{0}}},
    {"RandomCrop", OUTPUT(random_crop), PICTURE, {SIZE("size", 3, 2)}, NULL, {{0}}},
    {"RandomCrop", TEN(random_crop), PICTURE, {SIZE("size", 5, 4)}, NULL, {{0}}},
    {"RandomContrast", OUTPUT(random_contrast), PICTURE, {NUMBER("factor", 0.3)}, NULL, {{0}}},
    {"RandomContrast", TEN(random_contrast), PICTURE, {NUMBER("factor", 0)}, NULL, {{0}}},
    {"RandomBrightness", OUTPUT(random_brightness), PICTURE, {NUMBER("factor", 0.3)}, NULL, {{0}}},
    {"RandomBrightness", TEN(random_brightness), PICTURE, {NUMBER("factor", 0)}, NULL, {{0}}},
};
/* clang-format on */

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

static struct config *layer_of(const struct layer_case *c) {
    struct config *layer = config_of(c->layer, c->args);
    if (c->inner)
        layer->args[0] =
            (struct arg){.kind = ARG_CONFIG, .config = config_of(c->inner, c->inner_args)};
    return layer;
}

/* Weights by formula, one after the other; moving averages start as they do. */
static struct weights *weights_by_formula(const struct layer_case *c, struct model *m) {
    struct weights *w = m ? model_init(m, 1, 1, &err) : NULL;
    CHECK(w != NULL);
    if (!w) fprintf(stderr, "  %s: %s\n", c->layer, last_error.what);
    for (int i = 0, k = 2; w && i < model_n_weights(m); i++) {
        const char *name = model_weight(m, i)->name;
        if (!strstr(name, "moving")) set_weight(m, w, name, k++, 0.4);
    }
    return w;
}

static struct tensor *data(const struct layer_case *c, int64_t examples) {
    struct shape s = inputs[c->input];
    int64_t count;
    s.size[0] = examples;
    CHECK(shape_count(&s, &count, &err));
    struct tensor *flat = make_values(DT_FLOAT32, count, 0, 1, 1, 0);
    struct tensor *x = tensor_with_shape(flat, &s, &err);
    for (int64_t i = 0; c->input == WORDS && i < count; i++)
        tensor_set(x, i, (double)((i * i + 3 * i) % 7));
    tensor_unref(flat);
    return x;
}

static bool check_number(const struct layer_case *c, const char *what, int64_t i, double found,
                         double expected) {
    bool near = fabs(found - expected) <= 1e-5 * (1 + fabs(expected));
    CHECK(near);
    if (!near)
        fprintf(stderr, "  %s: %s %d is %.8g, not %.8g\n", c->layer, what, (int)i, found, expected);
    return near;
}

/* ---- what a layer gives ---- */

static void check_output(const struct layer_case *c) {
    struct config *layer = layer_of(c);
    struct model *m = chain(&inputs[c->input], &layer, 1);
    struct weights *w = weights_by_formula(c, m);
    struct tensor *x = data(c, 1), *y = w ? predict(m, w, x) : NULL;
    CHECK(y && y->count == c->n_out);
    for (int64_t i = 0; y && i < y->count && i < c->n_out; i++)
        if (!check_number(c, "number", i, tensor_get(y, i), c->out[i])) break;
    tensor_unref(x);
    tensor_unref(y);
    weights_unref(w);
    model_unref(m);
}

static void test_outputs(void) {
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (cases[i].out) check_output(&cases[i]);
}

/* ---- ten losses ---- */

/* Dense (not before words), the layer, Flatten, Dense(1). */
static struct model *network(const struct layer_case *c) {
    const struct shape *s = &inputs[c->input];
    struct config *layers[4];
    int n = 0;
    if (c->input != WORDS) layers[n++] = dense((double)s->size[s->n - 1], NULL);
    layers[n++] = layer_of(c);
    layers[n++] = config_make("Flatten", NULL);
    layers[n++] = dense(1, NULL);
    return chain(s, layers, n);
}

static void check_losses(const struct layer_case *c) {
    struct model *m = network(c);
    struct weights *w = weights_by_formula(c, m);
    struct tensor *x = data(c, 4), *y = make_values(DT_FLOAT32, 4, 1, 9, 1, 0);
    struct config *sgd = config_make("SGD", "learning_rate", 0.01, NULL);
    struct config *mse = config_make("mse", NULL);
    struct train_result r = {0};
    if (w) {
        struct train_spec spec = train_defaults(m, w, x, y);
        spec.optimizer = sgd;
        spec.losses[0] = (struct measure){.name = "mse", .config = mse, .factor = 1};
        bool ok = train(&spec, &r);
        CHECK(ok);
        for (int i = 0; ok && i < LOSSES; i++)
            if (!check_number(c, "loss", i, history_at(r.history, "loss", i), c->losses[i])) break;
        result_clear(&r);
    }
    config_unref(sgd);
    config_unref(mse);
    tensor_unref(x);
    tensor_unref(y);
    weights_unref(w);
    model_unref(m);
}

static void test_losses(void) {
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (cases[i].losses) check_losses(&cases[i]);
}

/* ---- none is left out ---- */

static void check_present(const char *layer) {
    bool found = false;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) found |= strcmp(cases[i].layer, layer) == 0;
    CHECK(found);
    if (!found) fprintf(stderr, "  no case of %s\n", layer);
}

static void test_every_layer(void) {
#define LAYER(id, name, ...) check_present(name);
#include "nn/layers.list"
#undef LAYER
}

static void test_no_leaks(void) {
    CHECK_NO_LEAKS(test_outputs, test_losses);
}

TEST_MAIN(test_outputs, test_losses, test_every_layer, test_no_leaks)
