/* Every layer in a small network: ten training losses as Keras' (train_reference.py), so that what
 * it gives, its own slopes and those that it hands on are those of Keras. */
#include "../harness.h"
#include "train_reference.h"
#include "nn_tools.h"
#include <math.h>
#include <string.h>

static struct err err;

enum { MOST_ARGS = 6 };

struct set {
    const char *name;
    double number;
    const char *text; /* or NULL */
    double second;    /* of a size, or 0 */
};

enum input { ROW, SERIES, PICTURE, FILM };
static const struct shape inputs[] = {{.n = 2, .size = {SIZE_BATCH, 6}},
                                      {.n = 3, .size = {SIZE_BATCH, 7, 3}},
                                      {.n = 4, .size = {SIZE_BATCH, 5, 4, 2}},
                                      {.n = 5, .size = {SIZE_BATCH, 3, 4, 3, 2}}};

struct layer_case {
    const char *layer;
    const double *losses; /* ten */
    enum input input;
    struct set args[MOST_ARGS];
    const char *inner; /* the layer in its first argument, or NULL */
    struct set inner_args[MOST_ARGS];
};

/* clang-format off */
#define NUMBER(name, x) {name, x, NULL, 0}
#define TEXT(name, text) {name, 0, text, 0}
#define SIZE(name, x, y) {name, x, NULL, y}

static const struct layer_case cases[] = {
    {"Dense", ten_dense, ROW, {NUMBER("units", 4), TEXT("activation", "gelu")}, NULL, {{0}}},
    {"Conv1D", ten_conv1d, SERIES, {NUMBER("filters", 4), NUMBER("kernel_size", 3), NUMBER("strides", 2), TEXT("padding", "same"), TEXT("activation", "tanh")}, NULL, {{0}}},
    {"Conv1D", ten_conv1d_causal, SERIES, {NUMBER("filters", 4), NUMBER("kernel_size", 2), TEXT("padding", "causal"), NUMBER("dilation", 2)}, NULL, {{0}}},
    {"Conv2D", ten_conv2d, PICTURE, {NUMBER("filters", 4), NUMBER("kernel_size", 3), TEXT("padding", "same"), TEXT("activation", "elu")}, NULL, {{0}}},
    {"Conv2D", ten_conv2d_groups, PICTURE, {NUMBER("filters", 4), SIZE("kernel_size", 2, 3), NUMBER("groups", 2)}, NULL, {{0}}},
    {"Conv1DTranspose", ten_conv1d_transpose, SERIES, {NUMBER("filters", 4), NUMBER("kernel_size", 3), NUMBER("strides", 2), TEXT("padding", "same")}, NULL, {{0}}},
    {"Conv2DTranspose", ten_conv2d_transpose, PICTURE, {NUMBER("filters", 3), NUMBER("kernel_size", 3), NUMBER("strides", 2), TEXT("padding", "same")}, NULL, {{0}}},
    {"DepthwiseConv2D", ten_depthwise_conv2d, PICTURE, {NUMBER("kernel_size", 3), TEXT("padding", "same"), NUMBER("multiplier", 2)}, NULL, {{0}}},
    {"SeparableConv1D", ten_separable_conv1d, SERIES, {NUMBER("filters", 4), NUMBER("kernel_size", 3)}, NULL, {{0}}},
    {"SeparableConv2D", ten_separable_conv2d, PICTURE, {NUMBER("filters", 4), NUMBER("kernel_size", 3), TEXT("padding", "same")}, NULL, {{0}}},
    {"MaxPool1D", ten_max_pool1d, SERIES, {NUMBER("size", 3), NUMBER("strides", 2)}, NULL, {{0}}},
    {"MaxPool2D", ten_max_pool2d, PICTURE, {NUMBER("size", 2), TEXT("padding", "same")}, NULL, {{0}}},
    {"AvgPool1D", ten_avg_pool1d, SERIES, {NUMBER("size", 3), NUMBER("strides", 2)}, NULL, {{0}}},
    {"AvgPool2D", ten_avg_pool2d, PICTURE, {NUMBER("size", 2), TEXT("padding", "same")}, NULL, {{0}}},
    {"GlobalAvgPool1D", ten_global_avg_pool1d, SERIES, {{0}}, NULL, {{0}}},
    {"GlobalAvgPool2D", ten_global_avg_pool2d, PICTURE, {{0}}, NULL, {{0}}},
    {"GlobalMaxPool1D", ten_global_max_pool1d, SERIES, {{0}}, NULL, {{0}}},
    {"GlobalMaxPool2D", ten_global_max_pool2d, PICTURE, {{0}}, NULL, {{0}}},
    {"ZeroPadding2D", ten_zero_padding2d, PICTURE, {SIZE("pad", 1, 2)}, NULL, {{0}}},
    {"Cropping2D", ten_cropping2d, PICTURE, {NUMBER("cut", 1)}, NULL, {{0}}},
    {"UpSampling1D", ten_up_sampling1d, SERIES, {NUMBER("size", 2)}, NULL, {{0}}},
    {"UpSampling2D", ten_up_sampling2d, PICTURE, {NUMBER("size", 2)}, NULL, {{0}}},
    {"UpSampling2D", ten_up_sampling2d_bilinear, PICTURE, {SIZE("size", 2, 3), TEXT("interpolation", "bilinear")}, NULL, {{0}}},
    {"Resizing", ten_resizing, PICTURE, {SIZE("size", 7, 6)}, NULL, {{0}}},
    {"BatchNorm", ten_batch_norm, ROW, {{0}}, NULL, {{0}}},
    {"BatchNorm", ten_batch_norm2d, PICTURE, {NUMBER("momentum", 0.8), NUMBER("epsilon", 1e-2)}, NULL, {{0}}},
    {"LayerNorm", ten_layer_norm, SERIES, {{0}}, NULL, {{0}}},
    {"GroupNorm", ten_group_norm, ROW, {NUMBER("groups", 3)}, NULL, {{0}}},
    {"Rescaling", ten_rescaling, ROW, {NUMBER("factor", 0.5), NUMBER("offset", 0.1)}, NULL, {{0}}},
    {"ReLU", ten_relu, ROW, {{0}}, NULL, {{0}}},
    {"LeakyReLU", ten_leaky_relu, ROW, {NUMBER("slope", 0.2)}, NULL, {{0}}},
    {"ELU", ten_elu, ROW, {NUMBER("alpha", 0.7)}, NULL, {{0}}},
    {"PReLU", ten_prelu, ROW, {{0}}, NULL, {{0}}},
    {"Softmax", ten_softmax, ROW, {{0}}, NULL, {{0}}},
    {"SimpleRNN", ten_simple_rnn, SERIES, {NUMBER("units", 4), NUMBER("return_sequences", 1)}, NULL, {{0}}},
    {"GRU", ten_gru, SERIES, {NUMBER("units", 4)}, NULL, {{0}}},
    {"GRU", ten_gru_back, SERIES, {NUMBER("units", 3), NUMBER("return_sequences", 1), NUMBER("go_backwards", 1)}, NULL, {{0}}},
    {"LSTM", ten_lstm, SERIES, {NUMBER("units", 4)}, NULL, {{0}}},
    {"LSTM", ten_lstm_all, SERIES, {NUMBER("units", 3), NUMBER("return_sequences", 1)}, NULL, {{0}}},
    {"Bidirectional", ten_bidirectional_gru, SERIES, {{0}}, "GRU", {NUMBER("units", 3), NUMBER("return_sequences", 1)}},
    {"Bidirectional", ten_bidirectional_lstm, SERIES, {TEXT("merge", "mul")}, "LSTM", {NUMBER("units", 3)}},
    {"TimeDistributed", ten_time_distributed, FILM, {{0}}, "Conv2D", {NUMBER("filters", 3), NUMBER("kernel_size", 2), TEXT("activation", "tanh")}},
    {"RepeatVector", ten_repeat_vector, ROW, {NUMBER("n", 3)}, NULL, {{0}}},
    {"Reshape", ten_reshape, ROW, {SIZE("sizes", 2, 3)}, NULL, {{0}}},
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

/* Dense, the layer, Flatten, Dense(1), with weights by formula; moving averages start as they do.
 */
static struct model *network(const struct layer_case *c, struct weights **w) {
    const struct shape *s = &inputs[c->input];
    struct config *layers[4] = {dense((double)s->size[s->n - 1], NULL),
                                config_of(c->layer, c->args), config_make("Flatten", NULL),
                                dense(1, NULL)};
    if (c->inner)
        layers[1]->args[0] =
            (struct arg){.kind = ARG_CONFIG, .config = config_of(c->inner, c->inner_args)};
    struct model *m = chain(s, layers, 4);
    *w = m ? model_init(m, 1, 1, &err) : NULL;
    for (int i = 0, k = 2; m && i < model_n_weights(m); i++) {
        const char *name = model_weight(m, i)->name;
        if (!strstr(name, "moving")) set_weight(m, *w, name, k++, 0.4);
    }
    return m;
}

static struct tensor *data(const struct layer_case *c) {
    struct shape s = inputs[c->input];
    int64_t count;
    s.size[0] = 4;
    CHECK(shape_count(&s, &count, &err));
    struct tensor *flat = make_values(DT_FLOAT32, count, 0, 1, 1, 0);
    struct tensor *x = tensor_with_shape(flat, &s, &err);
    tensor_unref(flat);
    return x;
}

static void check_case(const struct layer_case *c) {
    struct weights *w = NULL;
    struct model *m = network(c, &w);
    struct tensor *x = data(c), *y = make_values(DT_FLOAT32, 4, 1, 9, 1, 0);
    struct config *sgd = config_make("SGD", "learning_rate", 0.01, NULL);
    struct config *mse = config_make("mse", NULL);
    struct train_result r = {0};
    CHECK(m && w && x && y);
    if (m && w) {
        struct train_spec spec = train_defaults(m, w, x, y);
        spec.optimizer = sgd;
        spec.losses[0] = (struct measure){.name = "mse", .config = mse, .factor = 1};
        bool ok = train(&spec, &r);
        CHECK(ok);
        for (int i = 0; ok && i < 10; i++) {
            double found = history_at(r.history, "loss", i);
            bool near = fabs(found - c->losses[i]) <= 1e-5 * (1 + fabs(c->losses[i]));
            CHECK(near);
            if (near) continue;
            fprintf(stderr, "  %s: loss %d is %.8g, not %.8g\n", c->layer, i, found, c->losses[i]);
            break;
        }
        result_clear(&r);
    } else {
        fprintf(stderr, "  %s: %s\n", c->layer, last_error.what);
    }
    config_unref(sgd);
    config_unref(mse);
    tensor_unref(x);
    tensor_unref(y);
    weights_unref(w);
    model_unref(m);
}

static void test_losses(void) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check_case(&cases[i]);
}

static void test_no_leaks(void) {
    CHECK_NO_LEAKS(test_losses);
}

TEST_MAIN(test_losses, test_no_leaks)
