/* Layers and networks on images, against PyTorch (image_reference.py). */
#include "../harness.h"
#include "image_models.h"
#include "image_reference.h"
#include "nn/model_parts.h"
#include "nn_tools.h"
#include <math.h>

static struct err err;

static struct tensor *numbers(const struct shape *s, double salt, double scale) {
    struct tensor *t = tensor_new(DT_FLOAT32, s, &err);
    double *x = pool_alloc((size_t)t->count * sizeof *x + 8);
    fill_values(x, t->count, salt, scale, 0);
    for (int64_t i = 0; i < t->count; i++) tensor_set(t, i, x[i]);
    pool_free(x);
    return t;
}

/* ---- single layers ---- */

struct layer_case {
    const char *layer;
    int axes; /* of the input's places: 1 or 2 */
    const double *expected;
    int64_t n;
    struct {
        const char *name;
        double sizes[2]; /* the second 0: one number */
    } args[6];
    const char *padding, *activation;
};

#define EXPECT(name) name, (int64_t)ARRAY_LEN(name)
static const struct layer_case layer_cases[] = {
    {"Conv2D",
     2,
     EXPECT(conv_same),
     {{"filters", {5}}, {"kernel_size", {3}}, {"strides", {2}}},
     "same",
     "relu"},
    {"Conv2D",
     2,
     EXPECT(conv_holes),
     {{"filters", {3}}, {"kernel_size", {3, 2}}, {"dilation", {2, 3}}},
     NULL,
     NULL},
    {"Conv2D",
     2,
     EXPECT(conv_groups),
     {{"filters", {6}}, {"kernel_size", {2}}, {"groups", {2}}},
     "same",
     NULL},
    {"Conv2DTranspose",
     2,
     EXPECT(transposed_same),
     {{"filters", {3}}, {"kernel_size", {4}}, {"strides", {2}}},
     "same",
     NULL},
    {"Conv2DTranspose",
     2,
     EXPECT(transposed_valid),
     {{"filters", {3}}, {"kernel_size", {2, 3}}, {"strides", {3, 2}}},
     NULL,
     NULL},
    {"DepthwiseConv2D",
     2,
     EXPECT(depthwise_same),
     {{"kernel_size", {3}}, {"strides", {2}}, {"multiplier", {2}}},
     "same",
     NULL},
    {"SeparableConv2D", 2, EXPECT(separable), {{"filters", {5}}, {"kernel_size", {3}}}, NULL, NULL},
    {"MaxPool2D", 2, EXPECT(max_pool_same), {{"size", {3}}, {"strides", {2}}}, "same", NULL},
    {"AvgPool2D", 2, EXPECT(avg_pool_same), {{"size", {3}}, {"strides", {2}}}, "same", NULL},
    {"MaxPool2D", 2, EXPECT(max_pool_plain), {{NULL, {0}}}, NULL, NULL},
    {"GlobalAvgPool2D", 2, EXPECT(global_avg), {{NULL, {0}}}, NULL, NULL},
    {"GlobalMaxPool2D", 2, EXPECT(global_max), {{NULL, {0}}}, NULL, NULL},
    {"UpSampling2D", 2, EXPECT(up_sampling), {{"size", {2, 3}}}, NULL, NULL},
    {"Conv1D",
     1,
     EXPECT(conv1d_causal),
     {{"filters", {4}}, {"kernel_size", {3}}, {"dilation", {2}}},
     "causal",
     NULL},
    {"MaxPool1D", 1, EXPECT(max_pool1d), {{"size", {3}}, {"strides", {2}}}, NULL, NULL},
    {"Conv1DTranspose",
     1,
     EXPECT(conv1d_transposed),
     {{"filters", {4}}, {"kernel_size", {3}}, {"strides", {2}}},
     NULL,
     NULL},
};

static struct config *config_of(const struct layer_case *c) {
    struct config *made = config_make(c->layer, NULL);
    for (int i = 0; c->args[i].name; i++) {
        const double *s = c->args[i].sizes;
        struct shape pair = shape_of(2, (int64_t[]){(int64_t)s[0], (int64_t)s[1]});
        if (s[1] > 0) config_set_shape(made, c->args[i].name, &pair, &err);
        else config_set_number(made, c->args[i].name, s[0], &err);
    }
    if (c->padding) config_set_text(made, "padding", c->padding, &err);
    if (c->activation)
        config_set_activation(made, "activation", activation_find(str_of(c->activation)), &err);
    return made;
}

/* Kernels are formula 2 (the second one 4), biases formula 3. */
static struct weights *formula_weights(const struct model *m) {
    struct weights *w = weights_new(model_block_size(m), &err);
    for (int i = 0; i < model_n_weights(m); i++) {
        const char *name = model_weight(m, i)->name;
        bool bias = strstr(name, "bias") != NULL;
        set_weight(m, w, name, bias ? 3 : 2 + 2 * i, bias ? 0.1 : 0.3);
    }
    return w;
}

static void test_layers(void) {
    for (size_t i = 0; i < ARRAY_LEN(layer_cases); i++) {
        const struct layer_case *c = &layer_cases[i];
        struct shape in = shape_of(4, (int64_t[]){2, 5, 4, 4});
        if (c->axes == 1) in = shape_of(3, (int64_t[]){2, 9, 3});
        struct shape open = in;
        open.size[0] = SIZE_BATCH;
        struct config *config = config_of(c);
        struct model *m = chain(&open, &config, 1);
        CHECK(m != NULL);
        if (!m) {
            fprintf(stderr, "  %s: %s\n", c->layer, last_error.what);
            continue;
        }
        struct weights *w = formula_weights(m);
        struct tensor *x = numbers(&in, 1, 1), *y = predict(m, w, x);
        CHECK(y && y->count == c->n);
        for (int64_t k = 0; y && k < c->n && y->count == c->n; k++) {
            bool good = fabs(tensor_get(y, k) - c->expected[k]) < 1e-5;
            CHECK(good);
            if (!good) fprintf(stderr, "  %s, case %d, number %d\n", c->layer, (int)i, (int)k);
            if (!good) break;
        }
        tensor_unref(x);
        tensor_unref(y);
        weights_unref(w);
        model_unref(m);
    }
}

/* ---- networks: ten losses of training ---- */

/* Weight number i is formula i over the root of its inputs, biases a tenth; norms as they begin. */
static struct weights *first_weights(const struct model *m) {
    struct weights *w = weights_new(model_block_size(m), &err);
    for (int i = 0; i < model_n_weights(m); i++) {
        const struct weight_info *info = model_weight(m, i);
        int64_t count = 1;
        for (int k = 0; k < info->shape.n; k++) count *= info->shape.size[k];
        double scale = info->shape.n < 2
                           ? 0.1
                           : sqrt((double)info->shape.size[info->shape.n - 1] / (double)count);
        bool one = strstr(info->name, "gamma") || strstr(info->name, "variance");
        bool none = strstr(info->name, "beta") || strstr(info->name, "moving_mean");
        for (int64_t k = 0; k < count && one; k++) w->data[info->offset + k] = 1;
        if (!one && !none) set_weight(m, w, info->name, i, scale);
    }
    return w;
}

struct training {
    struct model *model;
    const char *loss;
    struct tensor *x, *y;
    const double *expected;
};

static void check_training(struct training *t) {
    struct assign assigns[64];
    int n = 0;
    float loss;
    struct graph *g = graph_new(DT_FLOAT32, &err);
    struct desc dx = tensor_desc(t->x), dy = tensor_desc(t->y);
    dx.shape.size[0] = dy.shape.size[0] = SIZE_BATCH;
    struct node *x = graph_input(g, NULL, &dx, &err), *y = graph_input(g, NULL, &dy, &err);
    struct node *yhat = image_graph(g, t->model, true, x, 0, assigns, &n);
    struct plan *p = image_plan(g, image_loss(g, t->loss, y, yhat), 6, 0,
                                model_block_size(t->model), assigns, n);
    struct weights *w = first_weights(t->model), *slots[2];
    for (int i = 0; i < 2; i++) slots[i] = weights_new(model_block_size(t->model), &err);
    struct feed feeds[2] = {{t->x->data, DT_FLOAT32, NULL, 1, 0, NULL, 0},
                            {t->y->data, DT_FLOAT32, NULL, 1, 0, NULL, 0}};
    for (uint64_t step = 0; step < 10; step++) {
        void *outputs[] = {&loss};
        struct plan_io io = {.inputs = feeds,
                             .weights = w->data,
                             .slots = {slots[0]->data, slots[1]->data},
                             .outputs = outputs,
                             .step = step,
                             .rate = 1e-3};
        CHECK(plan_run(p, &io, &err));
        CHECK_NEAR(loss, t->expected[step], 1e-4 * t->expected[step]);
    }
    plan_free(p);
    graph_free(g);
    weights_unref(w);
    for (int i = 0; i < 2; i++) weights_unref(slots[i]);
    tensor_unref(t->x);
    tensor_unref(t->y);
    model_unref(t->model);
}

/* [6, n]: example i has a 1 at i mod 3. */
static struct tensor *classes(int64_t n) {
    struct shape s = shape_of(2, (int64_t[]){6, n});
    struct tensor *t = tensor_zeros(DT_FLOAT32, &s, &err);
    for (int64_t i = 0; i < 6; i++) tensor_set(t, i * n + i % 3, 1);
    return t;
}

static void check_classes(body_fn body, int64_t height, int64_t width, int64_t channels,
                          int64_t n_classes, const double *expected) {
    struct shape s = shape_of(4, (int64_t[]){6, height, width, channels});
    struct training t = {image_model(body, height, width, channels), "crossentropy",
                         numbers(&s, 5, 1), classes(n_classes), expected};
    check_training(&t);
}

static void test_classifiers(void) {
    check_classes(body_lenet, 28, 28, 1, 10, train_lenet);
    check_classes(body_cnn, 28, 28, 1, 10, train_cnn);
    check_classes(body_residual, 9, 8, 4, 3, train_residual);
    check_classes(body_inverted, 9, 8, 3, 3, train_inverted);
    check_classes(body_heavy, 4, 3, 8, 3, train_heavy);
}

static void test_adversaries(void) {
    struct shape images = shape_of(4, (int64_t[]){6, 28, 28, 1}),
                 z = shape_of(2, (int64_t[]){6, 64});
    struct shape one = shape_of(2, (int64_t[]){6, 1});
    struct training t = {vector_model(body_generator, 64), "mse", numbers(&z, 6, 1),
                         numbers(&images, 5, 1), train_generator};
    check_training(&t);
    struct tensor *real = tensor_new(DT_FLOAT32, &one, &err);
    for (int64_t i = 0; i < 6; i++) tensor_set(real, i, i % 3 > 0);
    t = (struct training){image_model(body_discriminator, 28, 28, 1), "bce", numbers(&images, 5, 1),
                          real, train_discriminator};
    check_training(&t);
}

/* One thread and two: the same way of training. */
static void test_threads(void) {
    for (int threads = 1; threads <= 2; threads++) {
        compute_set_threads(threads);
        check_classes(body_residual, 9, 8, 4, 3, train_residual);
        check_classes(body_cnn, 28, 28, 1, 10, train_cnn);
        check_classes(body_heavy, 4, 3, 8, 3, train_heavy);
    }
}

static void test_no_leaks(void) {
    CHECK_NO_LEAKS(test_layers, test_classifiers);
}

TEST_MAIN(test_layers, test_classifiers, test_adversaries, test_threads, test_no_leaks)
