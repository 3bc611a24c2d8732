/* Building models: names, counts, summaries, first weights, shared layers, and mistakes. */
#include "../harness.h"
#include "nn_tools.h"

static struct config *rescaling(void) {
    return config_make("Rescaling", "factor", 0.25, "offset", -1.0, NULL);
}

/* The denoiser of module 1: 784 - 100 gelu - 784 sigmoid. */
static void test_counts(void) {
    struct config *layers[] = {config_make("Flatten", NULL), dense(100, "gelu"),
                               dense(784, "sigmoid")};
    struct shape s = shape_of(3, (int64_t[]){SIZE_BATCH, 28, 28});
    struct model *m = chain(&s, layers, 3);
    CHECK_EQ(model_n_params(m, false), 784 * 100 + 100 + 100 * 784 + 784);
    CHECK_EQ(model_n_params(m, true), model_n_params(m, false));
    CHECK_EQ(model_n_layers(m), 3);
    CHECK_STR(model_layer(m, 1)->text, "Dense 100 gelu");
    CHECK_STR(model_layer(m, 1)->call, "Dense(100, gelu)");
    CHECK_STR(model_layer(m, 2)->name, "Dense_2");
    CHECK_STR(model_weight(m, 0)->name, "Dense.kernel");
    CHECK_STR(model_weight(m, 3)->name, "Dense_2.bias");
    CHECK_EQ(model_weight(m, 1)->offset % 16, 0);
    CHECK_EQ(model_output(m, false, 0)->desc.content, CONTENT_PROBABILITY);
    char text[64];
    shape_print_axes(&model_layer(m, 1)->output, 1, text, sizeof text);
    CHECK_STR(text, "unit=100");
    model_unref(m);
}

static void test_batch_norm_counts(void) {
    struct model *m = chain_of(4, 3, dense(8, NULL), config_make("BatchNorm", NULL),
                               config_make("Dropout", "rate", 0.3, NULL));
    CHECK_EQ(model_n_params(m, false), 4 * 8 + 8 + 4 * 8);
    CHECK_EQ(model_n_params(m, true), 4 * 8 + 8 + 2 * 8);
    CHECK_EQ(model_layer(m, 1)->n_weights, 32);
    CHECK_EQ(model_layer(m, 1)->n_learning, 16);
    CHECK_STR(model_layer(m, 2)->text, "Dropout 30%");
    model_unref(m);
}

/* tower = Dense(3); tower(tower(x)) has one set of weights. */
static void test_sharing(void) {
    struct err e = {0};
    struct model *m = model_new("Twice", &e);
    struct config *c = dense(4, "tanh");
    struct layer *tower = layer_new(c, &e);
    for (int training = 1; training >= 0; training--) {
        struct builder b;
        struct desc d = {.dtype = DT_FLOAT32, .shape = shape_of(2, (int64_t[]){SIZE_BATCH, 4})};
        CHECK(builder_init(&b, m, training, &e));
        struct node *x = builder_input(&b, "x", &d, &e);
        x = layer_apply(&b, tower, &x, 1, &e);
        x = layer_apply(&b, tower, &x, 1, &e);
        CHECK(builder_output(&b, "y", x, &e) && builder_finish(&b, &e));
    }
    CHECK_EQ(model_n_weights(m), 2);
    CHECK_EQ(model_n_params(m, false), 20);
    CHECK_EQ(model_layer(m, 0)->times_used, 2);
    struct builder again;
    CHECK(!builder_init(&again, m, true, &e)); /* built models do not change */
    layer_unref(tower);
    config_unref(c);
    model_unref(m);
}

static void spread(const float *w, int64_t n, double *mean, double *deviation, double *largest) {
    *mean = *deviation = *largest = 0;
    for (int64_t i = 0; i < n; i++) *mean += (double)w[i] / (double)n;
    for (int64_t i = 0; i < n; i++) {
        double off = (double)w[i] - *mean;
        *deviation += off * off / (double)n;
        if (fabs((double)w[i]) > *largest) *largest = fabs((double)w[i]);
    }
    *deviation = sqrt(*deviation);
}

/* 300 inputs, 200 units: 60,000 draws. */
static void check_init(const char *init, double deviation, double largest) {
    struct err e = {0};
    struct config *c = dense(200, NULL);
    config_unref(c->args[3].config);
    c->args[3].config = config_make(init, NULL);
    struct model *m = chain_of(300, 1, c);
    struct weights *w = model_init(m, 1, 2, &e), *again = model_init(m, 1, 2, &e);
    struct weights *other = model_init(m, 1, 3, &e);
    double mean, found, most;
    spread(weight_of(m, w, "Dense.kernel"), 60000, &mean, &found, &most);
    CHECK_NEAR(mean, 0, 0.02 * deviation);
    CHECK_NEAR(found / deviation, 1, 0.01);
    CHECK(most <= largest * 1.0001 && most > largest * 0.97);
    CHECK(memcmp(w->data, again->data, (size_t)w->n * sizeof(float)) == 0);
    CHECK(memcmp(w->data, other->data, (size_t)w->n * sizeof(float)) != 0);
    spread(weight_of(m, w, "Dense.bias"), 200, &mean, &found, &most);
    CHECK_NEAR(most, 0, 0);
    weights_unref(w);
    weights_unref(again);
    weights_unref(other);
    model_unref(m);
}

static void test_first_weights(void) {
    double glorot = sqrt(6.0 / 500), he = sqrt(6.0 / 300);
    check_init("glorot_uniform", glorot / sqrt(3), glorot);
    check_init("he_uniform", he / sqrt(3), he);
    /* normal numbers cut at two standard deviations of the uncut ones */
    check_init("glorot_normal", sqrt(2.0 / 500), 2 * sqrt(2.0 / 500) / 0.87962566103423978);
    check_init("he_normal", sqrt(2.0 / 300), 2 * sqrt(2.0 / 300) / 0.87962566103423978);
}

static void test_plain_inits(void) {
    struct err e = {0};
    struct config *c = dense(200, NULL);
    config_unref(c->args[3].config);
    c->args[3].config = config_make("normal", "std", 0.02, NULL);
    struct config *d = dense(2, NULL);
    config_unref(d->args[3].config);
    d->args[3].config = config_make("constant", "value", 0.3, NULL);
    struct model *m = chain_of(300, 2, c, d);
    struct weights *w = model_init(m, 1, 2, &e);
    double mean, deviation, most;
    spread(weight_of(m, w, "Dense.kernel"), 60000, &mean, &deviation, &most);
    CHECK_NEAR(deviation / 0.02, 1, 0.01);
    CHECK(most > 0.07); /* not cut off */
    spread(weight_of(m, w, "Dense_2.kernel"), 400, &mean, &deviation, &most);
    CHECK_NEAR(mean, 0.3, 1e-7);
    CHECK_NEAR(most, 0.3, 1e-7);
    weights_unref(w);
    model_unref(m);
}

static void check_orthogonal(int rows, int columns) {
    struct err e = {0};
    struct config *c = dense(columns, NULL);
    config_unref(c->args[3].config);
    c->args[3].config = config_make("orthogonal", "gain", 2.0, NULL);
    struct model *m = chain_of(rows, 1, c);
    struct weights *w = model_init(m, 1, 2, &e);
    const float *q = weight_of(m, w, "Dense.kernel"); /* columns at right angles */
    for (int a = 0; a < columns; a++)
        for (int b = 0; b < columns; b++) {
            double dot = 0;
            for (int i = 0; i < rows; i++)
                dot += (double)q[i * columns + a] * (double)q[i * columns + b];
            CHECK_NEAR(dot, a == b ? 4 : 0, 1e-5);
        }
    weights_unref(w);
    model_unref(m);
}

static void test_orthogonal(void) {
    check_orthogonal(12, 7);
    check_orthogonal(150, 100); /* in several blocks */
}

/* ---- mistakes ---- */

static void check_broken(struct config *layer, const struct shape *input, enum err_kind kind,
                         const char *words) {
    struct model *m = chain(input, &layer, 1);
    CHECK(m == NULL);
    CHECK_EQ(last_error.kind, kind);
    CHECK(strstr(last_error.what, words) != NULL);
    model_unref(m);
}

static struct config *reshape_to(int64_t a, int64_t b) {
    struct config *c = config_new(config_find(STR("Reshape")), &last_error);
    c->args[c->n_args++] = (struct arg){.kind = ARG_SHAPE, .shape = shape_of(2, (int64_t[]){a, b})};
    return c;
}

static void test_mistakes(void) {
    struct shape flat = shape_of(2, (int64_t[]){SIZE_BATCH, 12}), none = {.n = 1, .size = {-1}};
    struct shape open = shape_of(2, (int64_t[]){SIZE_BATCH, -7});
    check_broken(dense(3, NULL), &none, ERR_SHAPE, "Dense needs at least one number");
    check_broken(dense(3, NULL), &open, ERR_SHAPE, "of a known count");
    check_broken(config_make("Flatten", NULL), &open, ERR_SHAPE, "Flatten needs the sizes");
    check_broken(reshape_to(5, 3), &flat, ERR_SHAPE, "Reshape cannot lay the numbers");
    check_broken(reshape_to(-1, -1), &flat, ERR_SHAPE, "one size only");
    check_broken(dense(-2, NULL), &flat, ERR_VALUE, "units");
    check_broken(config_make("Softmax", "axis", 0.0, NULL), &flat, ERR_SHAPE, "Softmax along");
}

static void test_reshape(void) {
    struct config *layers[] = {reshape_to(-1, 4), config_make("Flatten", NULL), rescaling()};
    struct shape flat = shape_of(2, (int64_t[]){SIZE_BATCH, 12});
    struct model *m = chain(&flat, layers, 3);
    char text[64];
    CHECK_STR(shape_print_axes(&model_layer(m, 0)->output, 1, text, sizeof text), "[3, 4]");
    CHECK_STR(model_layer(m, 2)->text, "Rescaling 0.25");
    model_unref(m);
}

/* 784 inputs times 900 million units: refused with numbers, not tried. */
static void test_too_large(void) {
    struct model *m = chain_of(784, 1, dense(9e8, NULL));
    CHECK_EQ(model_n_params(m, false), 785 * (int64_t)900000000);
    struct err e = {0};
    CHECK(model_init(m, 1, 1, &e) == NULL);
    CHECK_EQ(e.kind, ERR_MEMORY);
    CHECK(strstr(e.facts, "its weights, twice\t6 TB") != NULL);
    model_unref(m);
}

/* ---- weights in files ---- */

static void test_files(void) {
    struct err e = {0};
    const char *path = "test_model_weights.safetensors";
    struct model *m = chain_of(5, 2, dense(3, "relu"), config_make("BatchNorm", NULL));
    struct model *wider = chain_of(5, 2, dense(4, "relu"), config_make("BatchNorm", NULL));
    struct model *other = chain_of(5, 2, dense(3, "relu"), dense(2, NULL));
    struct weights *w = model_init(m, 1, 1, &e);
    CHECK(model_save_weights(m, w, path, &e));
    struct weights *back = model_load_weights(m, path, &e);
    CHECK(back && memcmp(w->data, back->data, (size_t)w->n * sizeof(float)) == 0);
    CHECK(model_load_weights(wider, path, &e) == NULL);
    CHECK_EQ(e.kind, ERR_SHAPE);
    CHECK(model_load_weights(other, path, &e) == NULL);
    CHECK_EQ(e.kind, ERR_DATA);
    CHECK(strstr(e.what, "Dense_2.kernel") != NULL);
    CHECK(model_load_weights(m, "no/such/file", &e) == NULL);
    CHECK_EQ(e.kind, ERR_FILE);
    remove(path);
    weights_unref(w);
    weights_unref(back);
    model_unref(m);
    model_unref(wider);
    model_unref(other);
}

static void test_no_leaks(void) {
    CHECK_NO_LEAKS(test_counts, test_batch_norm_counts, test_sharing, test_plain_inits,
                   test_orthogonal, test_mistakes, test_reshape, test_too_large, test_files);
}

TEST_MAIN(test_counts, test_batch_norm_counts, test_sharing, test_first_weights, test_plain_inits,
          test_orthogonal, test_mistakes, test_reshape, test_too_large, test_files, test_no_leaks)
