/* The frozen part's features, computed once: the same training to the bit as with the frozen part
 * run in each epoch, wherever the model is cut; and when they are not kept. */
#include "../harness.h"
#include "image_models.h"
#include "nn_tools.h"
#include "plan.h"

enum { EXAMPLES = 44, SIDE = 9, CLASSES = 3, MANY = 32 };

static struct node *body(struct builder *b, struct node *x) {
    x = lay(b, x, "Rescaling", "factor", 0.5, NULL);
    x = lay(b, x, "Conv2D", "filters", 8., "kernel_size", 3., "activation", "relu", NULL);
    x = lay(b, x, "BatchNorm", NULL);
    x = lay(b, x, "Dropout", "rate", 0.5, NULL);
    x = lay(b, x, "DepthwiseConv2D", "kernel_size", 3., NULL);
    x = lay(b, lay(b, x, "BatchNorm", NULL), "ReLU", NULL);
    x = lay(b, x, "GlobalAvgPool2D", NULL);
    x = lay(b, x, "Dense", "units", 12., "activation", "gelu", NULL);
    x = lay(b, lay(b, x, "Dropout", "rate", 0.2, NULL), "BatchNorm", NULL);
    return lay(b, x, "Dense", "units", 1. * CLASSES, "activation", "softmax", NULL);
}

static struct tensor *pictures(int64_t n, double salt) {
    struct shape s = shape_of(4, (int64_t[]){n, SIDE, SIDE, 2});
    struct tensor *t = tensor_new(DT_FLOAT32, &s, &last_error);
    for (int64_t i = 0; i < t->count; i++)
        tensor_set(t, i, sin(0.7 * (double)i + salt + 1e-3 * (double)(i % 977)));
    return t;
}

static struct tensor *labels(int64_t n) {
    struct shape s = shape_of(1, &n);
    struct tensor *t = tensor_new(DT_INT64, &s, &last_error);
    for (int64_t i = 0; i < n; i++) tensor_set(t, i, (double)(i * i % CLASSES));
    return t;
}

static struct set {
    struct model *m;
    struct weights *w;
    struct tensor *x, *y, *vx, *vy;
    struct config *accuracy;
    bool layers[MANY], weights[MANY];
    struct train_spec spec;
} s;

static char facts[512], note[512];

static void listen(void *user, const struct train_event *event) {
    (void)user;
    if (event->kind == TRAIN_BEGIN) snprintf(facts, sizeof facts, "%s", event->text);
    if (event->kind == TRAIN_NOTE) snprintf(note, sizeof note, "%s", event->text);
}

static void set_up(void) {
    s = (struct set){.m = image_model(body, SIDE, SIDE, 2)};
    s.w = model_init(s.m, 1, 1, &last_error);
    s.x = pictures(EXAMPLES, 0), s.y = labels(EXAMPLES);
    s.vx = pictures(17, 3), s.vy = labels(17);
    s.spec = train_defaults(s.m, s.w, s.x, s.y);
    s.spec.has_validation = true;
    s.spec.validation = (struct examples){.inputs = {s.vx}, .targets = {s.vy}};
    s.accuracy = config_make("accuracy", NULL);
    s.spec.metrics[s.spec.n_metrics++] = (struct measure){.config = s.accuracy, .factor = 1};
    s.spec.epochs = 4;
    s.spec.batch = 8; /* and a last batch of 4 */
    s.spec.frozen_layers = s.layers;
    s.spec.frozen_weights = s.weights;
    s.spec.observe = listen;
    *facts = *note = 0;
}

static void tear_down(void) {
    struct tensor *all[] = {s.x, s.y, s.vx, s.vy};
    for (int i = 0; i < 4; i++) tensor_unref(all[i]);
    config_unref(s.accuracy);
    weights_unref(s.w);
    model_unref(s.m);
}

/* The layers in front of row `end`. */
static void freeze_until(int end) {
    for (int i = 0; i < model_n_layers(s.m); i++) {
        const struct layer_info *l = model_layer(s.m, i);
        s.layers[i] = i < end;
        for (int k = 0; k < l->n_weight_infos; k++) s.weights[l->first_weight + k] = i < end;
    }
}

static bool kept(void) {
    return strstr(facts, "features of the frozen part computed once") != NULL;
}

/* All columns but the last, seconds. */
static void same_history(const struct table *a, const struct table *b) {
    static const char *const columns[] = {"loss", "val_loss", "accuracy", "val_accuracy"};
    CHECK_EQ(a->n_rows, b->n_rows);
    for (int64_t i = 0; i < a->n_rows; i++)
        for (size_t k = 0; k < ARRAY_LEN(columns); k++)
            CHECK_EQ(history_at(a, columns[k], i), history_at(b, columns[k], i));
}

static void check_same(int end, bool expected) {
    struct train_result once, always;
    freeze_until(end);
    s.spec.recompute = true;
    CHECK(train(&s.spec, &always));
    CHECK(!kept());
    s.spec.recompute = false;
    CHECK(train(&s.spec, &once));
    CHECK_EQ(kept(), expected);
    same_history(once.history, always.history);
    CHECK(memcmp(once.weights->data, always.weights->data, (size_t)s.w->n * sizeof(float)) == 0);
    CHECK_EQ(once.best_epoch, always.best_epoch);
    result_clear(&once);
    result_clear(&always);
}

/* Wherever it is cut. The first layer has no weights, so there is nothing to keep. */
static void test_same(void) {
    set_up();
    for (int end = 0; end < model_n_layers(s.m); end++) check_same(end, end >= 2);
    tear_down();
}

static void test_threads(void) {
    set_up();
    for (int threads = 1; threads <= 2; threads++) {
        compute_set_threads(threads);
        check_same(8, true);
    }
    tear_down();
}

/* A dropout that is not frozen, in front of the rest; one epoch; more than fits. */
static void test_not_kept(void) {
    set_up();
    struct train_result r;
    freeze_until(8);
    s.layers[3] = false; /* features are those in front of it */
    CHECK(train(&s.spec, &r) && kept());
    result_clear(&r);
    s.layers[1] = s.weights[0] = s.weights[1] = false; /* the first layer learns */
    CHECK(train(&s.spec, &r) && !kept());
    result_clear(&r);
    freeze_until(8);
    s.spec.epochs = 1;
    CHECK(train(&s.spec, &r) && !kept());
    result_clear(&r);
    tear_down();
}

static void test_interrupt(void) {
    set_up();
    struct train_result r;
    static const _Atomic bool stop = true;
    freeze_until(8);
    s.spec.stop = &stop;
    CHECK(train(&s.spec, &r) && kept());
    CHECK(r.interrupted && r.best_epoch == 0);
    CHECK(strstr(note, "before the first epoch was over") != NULL);
    CHECK(memcmp(r.weights->data, s.w->data, (size_t)s.w->n * sizeof(float)) == 0);
    result_clear(&r);
    tear_down();
}

/* Each allocation fails once: an error or a training, never half of one. */
static void test_out_of_memory(void) {
    set_up();
    freeze_until(8);
    s.spec.epochs = 2;
    size_t before = pool_live_blocks();
    int failed = 0;
    for (int n = 1; n < 400; n += 3) {
        struct train_result r = {0};
        last_error = (struct err){0};
        pool_fail_after(n);
        bool ok = train_run(&s.spec, &r, &last_error);
        pool_fail_after(0);
        CHECK(ok || last_error.kind == ERR_MEMORY);
        failed += !ok;
        result_clear(&r);
        CHECK_EQ(pool_live_blocks(), before);
    }
    CHECK(failed > 20);
    tear_down();
}

static void test_no_leaks(void) {
    CHECK_NO_LEAKS(test_same, test_not_kept, test_interrupt);
}

TEST_MAIN(test_same, test_threads, test_not_kept, test_interrupt, test_out_of_memory, test_no_leaks)
