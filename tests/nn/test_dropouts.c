/* What random layers draw: their laws, and that a training step's forward and backward pass mean
 * the same draw. */
#include "../harness.h"
#include "nn_tools.h"
#include <math.h>
#include <string.h>

static struct err err;

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

/* What is left out of AlphaDropout is selu's lower limit, and all is rescaled to variance 1. */
static double alpha_low = -1.7580993408473766;

static double alpha_scale(double rate) {
    return 1 / sqrt((1 - rate) * (1 + rate * alpha_low * alpha_low));
}

static void test_laws(void) {
    struct shape series = shape_of(3, (int64_t[]){500, 3, 8});
    struct shape pictures = shape_of(4, (int64_t[]){500, 2, 3, 8});
    check_features("SpatialDropout1D", &series);
    check_features("SpatialDropout2D", &pictures);
    struct tensor *y = dropped("AlphaDropout", 0.2, &series);
    double s = alpha_scale(0.2), shift = -s * 0.2 * alpha_low;
    int64_t left = 0;
    for (int64_t i = 0; i < y->count; i++) {
        double v = tensor_get(y, i);
        bool out = fabs(v - (alpha_low * s + shift)) < 1e-5;
        CHECK(out || fabs(v - (s + shift)) < 1e-5);
        left += out;
    }
    CHECK_NEAR((double)left / (double)y->count, 0.2, 0.02);
    tensor_unref(y);
}

/* ---- one training step: Dense, the layer, Flatten, Dense(1) on one example ----
 * The slope of the last bias is g = 2 (yhat - t), that of weight j of the last kernel g h_j: so the
 * step tells what the layer gave, h. Then yhat has to be what these h give, h has to be a draw
 * that the layer may make of its input a, and the first kernel's slopes those of that very draw. */

enum { MOST = 64, CHANNELS = 2 };

struct step {
    int64_t places, n_out;               /* of the layer's input; numbers that it gives */
    double x[MOST], a[MOST], last[MOST]; /* (place, channel); the last kernel */
    double g, h[MOST], yhat;
    double slopes[CHANNELS * CHANNELS]; /* of the first kernel */
    bool ok;
};

static const float *numbers(const struct model *m, const struct weights *w, const char *like,
                            int nth) {
    for (int i = 0; i < model_n_weights(m); i++)
        if (strstr(model_weight(m, i)->name, like) && nth-- == 0)
            return w->data + model_weight(m, i)->offset;
    return NULL;
}

static void read_step(struct step *s, const struct model *m, const struct weights *before,
                      const struct weights *after, double target) {
    const float *w[4] = {numbers(m, before, "kernel", 0), numbers(m, before, "bias", 0),
                         numbers(m, before, "kernel", 1), numbers(m, before, "bias", 1)};
    const float *v[4] = {numbers(m, after, "kernel", 0), NULL, numbers(m, after, "kernel", 1),
                         numbers(m, after, "bias", 1)};
    s->g = (double)(w[3][0] - v[3][0]);
    s->yhat = s->g / 2 + target;
    for (int64_t j = 0; j < s->n_out; j++) {
        s->last[j] = (double)w[2][j];
        s->h[j] = (double)(w[2][j] - v[2][j]) / s->g;
    }
    for (int k = 0; k < CHANNELS * CHANNELS; k++) s->slopes[k] = (double)(w[0][k] - v[0][k]);
    for (int64_t p = 0; p < s->places; p++)
        for (int c = 0; c < CHANNELS; c++) {
            double *a = &s->a[p * CHANNELS + c];
            *a = (double)w[1][c];
            for (int k = 0; k < CHANNELS; k++)
                *a += s->x[p * CHANNELS + k] * (double)w[0][k * CHANNELS + c];
        }
    double yhat = (double)w[3][0];
    for (int64_t j = 0; j < s->n_out; j++) yhat += s->last[j] * s->h[j];
    CHECK_NEAR(yhat, s->yhat, 1e-4);
}

/* A step of SGD with learning rate 1, so that what a weight moves is its slope. */
static struct step one_step(struct config *layer, struct shape in, uint64_t seed) {
    struct step s = {.places = 1};
    for (int i = 1; i < in.n - 1; i++) s.places *= in.size[i];
    struct shape open = in;
    open.size[0] = SIZE_BATCH;
    struct model *m = chain(&open,
                            (struct config *[]){dense(CHANNELS, NULL), layer,
                                                config_make("Flatten", NULL), dense(1, NULL)},
                            4);
    CHECK(m != NULL);
    struct weights *w = m ? model_init(m, 1, 1, &err) : NULL;
    if (!w) return s;
    for (int i = 0; i < model_n_weights(m); i++)
        set_weight(m, w, model_weight(m, i)->name, 2 + i, 1);
    s.n_out = model_weight(m, model_n_weights(m) - 2)->shape.size[0];
    struct tensor *x = tensor_new(DT_FLOAT32, &in, &err);
    struct tensor *y = make_tensor(DT_FLOAT32, 1, 1, (double[]){5});
    fill_values(s.x, x->count, 1, 0.3, 1);
    for (int64_t i = 0; i < x->count; i++) tensor_set(x, i, s.x[i]);
    for (int64_t i = 0; i < x->count; i++) s.x[i] = tensor_get(x, i);
    struct config *sgd = config_make("SGD", "learning_rate", 1.0, NULL);
    struct config *mse = config_make("mse", NULL);
    struct train_spec spec = train_defaults(m, w, x, y);
    struct train_result r = {0};
    spec.optimizer = sgd;
    spec.epochs = 1;
    spec.seed = seed;
    spec.losses[0] = (struct measure){.name = "mse", .config = mse, .factor = 1};
    s.ok = train(&spec, &r);
    CHECK(s.ok);
    if (s.ok) read_step(&s, m, w, r.weights, 5);
    if (s.ok) CHECK_NEAR(history_at(r.history, "loss", 0), s.g * s.g / 4, 1e-5);
    result_clear(&r);
    config_unref(sgd);
    config_unref(mse);
    tensor_unref(x);
    tensor_unref(y);
    weights_unref(w);
    model_unref(m);
    return s;
}

/* Number j of the result moves with number from[j] of the input, by slope[j]. */
static void check_slopes(const struct step *s, const int *from, const double *slope) {
    for (int k = 0; k < CHANNELS; k++)
        for (int c = 0; c < CHANNELS; c++) {
            double sum = 0;
            for (int64_t j = 0; j < s->n_out; j++)
                if (from[j] % CHANNELS == c)
                    sum += s->g * s->last[j] * slope[j] * s->x[from[j] - c + k];
            CHECK_NEAR(s->slopes[k * CHANNELS + c], sum, 1e-4);
        }
}

static int same_places[MOST];

/* What stays is a * scale + shift, what is left out is `out`; returns how many are. */
static int check_mask(struct config *layer, struct shape in, double scale, double shift, double out,
                      uint64_t seed) {
    struct step s = one_step(layer, in, seed);
    double slope[MOST];
    int left = 0;
    for (int64_t j = 0; s.ok && j < s.n_out; j++) {
        double kept = s.a[j] * scale + shift;
        bool gone = fabs(s.h[j] - out) < fabs(s.h[j] - kept);
        CHECK_NEAR(s.h[j], gone ? out : kept, 1e-4);
        same_places[j] = (int)j;
        slope[j] = gone ? 0 : scale;
        left += gone;
    }
    if (s.ok) check_slopes(&s, same_places, slope);
    return left;
}

static void check_masks(const char *layer, struct shape in, double scale, double shift,
                        double out) {
    int left = 0, all = 0;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        int64_t n;
        left += check_mask(config_make(layer, "rate", 0.4, NULL), in, scale, shift, out, seed);
        if (shape_count(&in, &n, &err)) all += (int)n;
    }
    CHECK(left > 0 && left < all);
}

static void test_masks(void) {
    struct shape series = shape_of(3, (int64_t[]){1, 7, CHANNELS});
    struct shape picture = shape_of(4, (int64_t[]){1, 3, 4, CHANNELS});
    double s = alpha_scale(0.4), shift = -s * 0.4 * alpha_low;
    check_masks("Dropout", series, 1 / 0.6, 0, 0);
    check_masks("SpatialDropout1D", series, 1 / 0.6, 0, 0);
    check_masks("SpatialDropout2D", picture, 1 / 0.6, 0, 0);
    check_masks("AlphaDropout", series, s, shift, alpha_low * s + shift);
}

static void test_noise(void) {
    struct shape series = shape_of(3, (int64_t[]){1, 7, CHANNELS});
    struct step s = one_step(config_make("GaussianNoise", "std", 0.5, NULL), series, 1);
    double slope[MOST], square = 0;
    for (int64_t j = 0; j < s.n_out; j++) {
        same_places[j] = (int)j;
        slope[j] = 1;
        square += (s.h[j] - s.a[j]) * (s.h[j] - s.a[j]) / (double)s.n_out;
    }
    CHECK(square > 0.05 && square < 1);
    check_slopes(&s, same_places, slope);
}

/* ---- pictures: each pixel of the result is one of the input's ---- */

enum { HIGH = 3, WIDE = 4 };

struct places {
    int from[MOST];
};

/* Pixel (y, x) of the result shows (y0 + dy y, x0 + dx x). */
static struct places places_of(int high, int wide, int y0, int dy, int x0, int dx) {
    struct places p;
    for (int i = 0; i < high * wide * CHANNELS; i++) {
        int y = i / CHANNELS / wide, x = i / CHANNELS % wide;
        p.from[i] = ((y0 + dy * y) * WIDE + x0 + dx * x) * CHANNELS + i % CHANNELS;
    }
    return p;
}

/* Which of the ways the picture went, by what came out; slopes have to have gone that way, too. */
static int check_ways(struct config *layer, const struct places *ways, int n, uint64_t seed) {
    struct shape picture = shape_of(4, (int64_t[]){1, HIGH, WIDE, CHANNELS});
    struct step s = one_step(layer, picture, seed);
    double ones[MOST];
    int way = -1;
    for (int w = 0; w < n && way < 0; w++) {
        double off = 0;
        for (int64_t j = 0; j < s.n_out; j++) off = fmax(off, fabs(s.h[j] - s.a[ways[w].from[j]]));
        if (off < 1e-4) way = w;
    }
    CHECK(s.ok && way >= 0);
    for (int i = 0; i < MOST; i++) ones[i] = 1;
    if (way >= 0) check_slopes(&s, ways[way].from, ones);
    return way;
}

static void test_pictures(void) {
    struct places flips[4], crops[6];
    for (int i = 0; i < 4; i++)
        flips[i] = places_of(HIGH, WIDE, i / 2 ? HIGH - 1 : 0, i / 2 ? -1 : 1, i % 2 ? WIDE - 1 : 0,
                             i % 2 ? -1 : 1);
    for (int i = 0; i < 6; i++) crops[i] = places_of(2, 2, i / 3, 1, i % 3, 1);
    int flipped = 0, cropped = 0;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct config *crop = config_make("RandomCrop", NULL);
        CHECK(config_set_shape(crop, "size", &(struct shape){.n = 2, .size = {2, 2}}, &err));
        flipped |= 1 << check_ways(config_make("RandomFlip", NULL), flips, 4, seed);
        cropped |= 1 << check_ways(crop, crops, 6, seed);
    }
    CHECK(flipped != 1 && (flipped & (flipped - 1)) != 0);
    CHECK((cropped & (cropped - 1)) != 0);
}

static void test_no_leaks(void) {
    CHECK_NO_LEAKS(test_laws, test_masks, test_noise, test_pictures);
}

TEST_MAIN(test_laws, test_masks, test_noise, test_pictures, test_no_leaks)
