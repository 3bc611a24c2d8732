/* Training: losses equal to PyTorch's, what ends it, what is kept, and that it repeats to the bit.
 */
#include "../harness.h"
#include "nn_tools.h"
#include "plan.h"
#include "reference.h"

static void check_losses(const struct train_spec *spec, const double *expected, double tolerance) {
    struct train_result r;
    bool ok = train(spec, &r);
    CHECK(ok);
    if (!ok) return;
    CHECK_EQ(r.history->n_rows, 10);
    for (int i = 0; i < 10; i++)
        CHECK_NEAR(history_at(r.history, "loss", i), expected[i], tolerance);
    CHECK_EQ(r.best_epoch, 10);
    result_clear(&r);
}

/* First weights by the formula, one salt after the other, as parameter() does. */
static struct weights *first_weights(const struct model *m, double salt) {
    struct weights *w = model_init(m, 1, 1, &last_error);
    double values[1024];
    for (int i = 0; i < model_n_weights(m); i++) {
        const char *name = model_weight(m, i)->name;
        if (!strstr(name, "Dense")) continue;
        fill_values(values, 1024, salt++, 0.4, 0);
        set_numbers(m, w, name, values);
    }
    return w;
}

static void test_mlp(void) {
    struct model *m = chain_of(12, 2, dense(16, "relu"), dense(5, "softmax"));
    struct weights *w = first_weights(m, 30);
    struct tensor *x = images(DT_FLOAT32), *y = digits();
    struct train_spec spec = train_defaults(m, w, x, y);
    struct config *adam = config_make("Adam", "learning_rate", 0.01, NULL);
    spec.optimizer = adam;
    check_losses(&spec, train_mlp, 1e-5);
    config_unref(adam);
    tensor_unref(x);
    tensor_unref(y);
    weights_unref(w);
    model_unref(m);
}

static void test_autoencoder(void) {
    struct model *m = chain_of(12, 2, dense(4, "elu"), dense(12, "sigmoid"));
    struct weights *w = first_weights(m, 40);
    struct tensor *x = images(DT_FLOAT64);
    struct train_spec spec = train_defaults(m, w, x, x);
    struct config *adam = config_make("Adam", "learning_rate", 0.01, NULL);
    struct config *mse = config_make("mse", NULL);
    spec.optimizer = adam;
    spec.losses[0] = (struct measure){.name = "mse", .config = mse, .factor = 1};
    check_losses(&spec, train_autoencoder, 1e-5);
    config_unref(adam);
    config_unref(mse);
    tensor_unref(x);
    weights_unref(w);
    model_unref(m);
}

/* Dense 8, BatchNorm, gelu, Dense 1 sigmoid with bce on a target [n]. */
static void test_batch_norm(void) {
    struct config *gelu = dense(1, "sigmoid");
    struct config *layers[] = {dense(8, NULL), config_make("BatchNorm", NULL), NULL, gelu};
    (void)layers;
    struct shape s = shape_of(2, (int64_t[]){SIZE_BATCH, 12});
    struct layer *l[3];
    for (int i = 0, k = 0; i < 4; i++)
        if (layers[i]) l[k++] = layer_new(layers[i], &last_error);
    struct model *m = model_new("Net", &last_error);
    for (int training = 1; training >= 0; training--) {
        struct builder b;
        struct desc d = {.dtype = DT_FLOAT32, .shape = s};
        builder_init(&b, m, training, &last_error);
        struct node *h = builder_input(&b, "x", &d, &last_error);
        h = layer_apply(&b, l[0], &h, 1, &last_error);
        h = layer_apply(&b, l[1], &h, 1, &last_error);
        h = activation_apply(b.graph, ACTIVATION_gelu, h, &last_error);
        h = layer_apply(&b, l[2], &h, 1, &last_error);
        CHECK(builder_output(&b, "y", h, &last_error) && builder_finish(&b, &last_error));
    }
    struct weights *w = first_weights(m, 50);
    struct tensor *x = images(DT_FLOAT32), *y = make_values(DT_BOOL, 70, 0, 0, 0, 0);
    double sums[70] = {0}, mean = 0;
    for (int i = 0; i < 840; i++) sums[i / 12] += tensor_get(x, i), mean += tensor_get(x, i) / 70;
    for (int i = 0; i < 70; i++) tensor_set(y, i, sums[i] > mean);
    struct train_spec spec = train_defaults(m, w, x, y);
    struct config *rmsprop = config_make("RMSprop", "learning_rate", 0.01, NULL);
    spec.optimizer = rmsprop;
    check_losses(&spec, train_batch_norm, 2e-4);
    /* the moving averages have moved towards the batches' */
    struct train_result r;
    CHECK(train(&spec, &r));
    CHECK(weight_of(m, r.weights, "BatchNorm.moving_mean")[0] != 0);
    CHECK(weight_of(m, r.weights, "BatchNorm.moving_variance")[0] < 1);
    result_clear(&r);
    for (int i = 0; i < 4; i++) config_unref(layers[i]);
    for (int i = 0; i < 3; i++) layer_unref(l[i]);
    config_unref(rmsprop);
    tensor_unref(x);
    tensor_unref(y);
    weights_unref(w);
    model_unref(m);
}

/* l1 and l2 of the statement and of a layer, Nesterov momentum, clipnorm, huber on [n] and [n, 1].
 */
static void test_penalty(void) {
    struct config *first = dense(6, "tanh");
    first->args[4] =
        (struct arg){.kind = ARG_CONFIG, .config = config_make("l1", "factor", 0.01, NULL)};
    struct model *m = chain_of(12, 2, first, dense(1, NULL));
    struct weights *w = first_weights(m, 60);
    struct tensor *x = images(DT_FLOAT32), *y = make_values(DT_FLOAT32, 70, 0, 0, 0, 0);
    for (int i = 0; i < 70; i++) tensor_set(y, i, 3 * tensor_get(x, 12 * i));
    struct train_spec spec = train_defaults(m, w, x, y);
    struct config *sgd = config_make("SGD", "learning_rate", 0.1, "momentum", 0.9, "nesterov", 1.0,
                                     "clipnorm", 0.5, NULL);
    struct config *l2 = config_make("l2", "factor", 0.02, NULL);
    struct config *huber = config_make("huber", NULL);
    spec.optimizer = sgd;
    spec.penalty = l2;
    spec.losses[0] = (struct measure){.name = "huber", .config = huber, .factor = 1};
    check_losses(&spec, train_penalty, 2e-5);
    config_unref(sgd);
    config_unref(l2);
    config_unref(huber);
    tensor_unref(x);
    tensor_unref(y);
    weights_unref(w);
    model_unref(m);
}

static void test_weighted(void) {
    struct model *m = chain_of(12, 1, dense(5, "softmax"));
    struct weights *w = first_weights(m, 70);
    struct tensor *x = images(DT_FLOAT32), *y = digits();
    struct tensor *each = make_values(DT_FLOAT64, 70, 0, 22, 1, 0);
    for (int i = 0; i < 70; i++) tensor_set(each, i, fabs(tensor_get(each, i)));
    struct train_spec spec = train_defaults(m, w, x, y);
    struct config *adamw = config_make("AdamW", "learning_rate", 0.02, "weight_decay", 0.1, NULL);
    spec.optimizer = adamw;
    spec.class_weight = (double[]){1, 2, 0.5, 1, 3};
    spec.n_class_weight = 5;
    spec.sample_weight = each;
    check_losses(&spec, train_weighted, 1e-5);
    spec.n_class_weight = 4;
    struct train_result r;
    CHECK(!train_run(&spec, &r, &last_error));
    CHECK(strstr(last_error.what, "weights for 4 classes") != NULL);
    config_unref(adamw);
    tensor_unref(x);
    tensor_unref(y);
    tensor_unref(each);
    weights_unref(w);
    model_unref(m);
}

/* The same numbers on one thread and on two, run after run. */
static void test_repeats(void) {
    struct scene s = scene_new();
    struct train_result r[3];
    int threads = compute_threads();
    for (int i = 0; i < 3; i++) {
        compute_set_threads(i == 1 ? 1 : 2);
        CHECK(train(&s.spec, &r[i]));
    }
    compute_set_threads(threads);
    size_t bytes = (size_t)s.w->n * sizeof(float);
    CHECK(memcmp(r[0].weights->data, r[1].weights->data, bytes) == 0);
    CHECK(memcmp(r[0].weights->data, r[2].weights->data, bytes) == 0);
    CHECK(memcmp(r[0].weights->data, s.w->data, bytes) != 0);
    for (int i = 0; i < 10; i++)
        CHECK(history_at(r[0].history, "loss", i) == history_at(r[1].history, "loss", i));
    s.spec.seed = 8; /* another seed, another order and other masks */
    struct train_result other;
    CHECK(train(&s.spec, &other));
    CHECK(memcmp(r[0].weights->data, other.weights->data, bytes) != 0);
    result_clear(&other);
    for (int i = 0; i < 3; i++) result_clear(&r[i]);
    scene_free(&s);
}

static void note_share(void *user, double share) {
    double *last = user;
    CHECK(share > *last && share <= 1);
    *last = share;
}

/* Also: it tells how far it is, up to the end. */
static bool evaluate(const struct model *m, const struct weights *w, const struct examples *data,
                     const struct measure *measures, int n, double *values) {
    double last = 0;
    struct evaluate_spec spec = {.model = m,
                                 .weights = w,
                                 .data = data,
                                 .measures = measures,
                                 .n = n,
                                 .progress = note_share,
                                 .user = &last};
    bool ok = train_evaluate(&spec, values, &last_error);
    CHECK(!ok || last == 1);
    return ok;
}

/* The weights of the best epoch come back, and the metrics are those of the whole set. */
static void test_validation(void) {
    struct scene s = scene_new();
    struct config *rmse = config_make("rmse", NULL), *mae = config_make("mae", NULL);
    struct config *adam = config_make("Adam", "learning_rate", 0.05, NULL);
    s.spec.has_validation = true;
    s.spec.epochs = 30;
    s.spec.optimizer = adam;
    s.spec.n_metrics = 2;
    s.spec.metrics[0] = (struct measure){.config = rmse};
    s.spec.metrics[1] = (struct measure){.name = "mae", .config = mae};
    struct train_result r;
    CHECK(train(&s.spec, &r));
    int64_t row;
    double best = best_row(r.history, "val_loss", &row);
    CHECK_EQ(r.best_epoch, row + 1);
    CHECK(row < 29); /* it overfits, so that the best is not the last */
    struct measure all[] = {{.config = rmse}, {.config = mae}};
    double values[2];
    CHECK(evaluate(s.m, r.weights, &s.spec.validation, all, 2, values));
    CHECK_NEAR(values[0] * values[0], best, 1e-6);
    CHECK_NEAR(values[0], history_at(r.history, "val_rmse", row), 1e-7);
    CHECK_NEAR(values[1], history_at(r.history, "val_mae", row), 1e-7);
    CHECK(!isnan(history_at(r.history, "rmse", row)));
    CHECK_NEAR(history_at(r.history, "lr", 3), 0.05, 1e-15);
    CHECK(history_at(r.history, "seconds", 3) >= 0);
    CHECK_STR(r.history->columns[0].name, "epoch");
    CHECK_STR(r.history->columns[2].name, "val_loss");
    result_clear(&r);
    config_unref(rmse);
    config_unref(mae);
    config_unref(adam);
    scene_free(&s);
}

/* ---- measures of the student's own ---- */

static bool worst(void *user, struct graph *g, struct node *y, struct node *yhat,
                  struct node **value, struct err *e) {
    (void)user;
    struct node *off = graph_add2(g, OP_sub, yhat, y, NULL, e);
    off = off ? graph_add1(g, OP_abs, off, NULL, e) : NULL;
    struct attrs all = {.axes = 3};
    *value = off ? graph_add1(g, OP_max, off, &all, e) : NULL;
    return *value != NULL;
}

/* The largest error is that of the whole set, although it is computed in batches elsewhere. */
static void test_own_metric(void) {
    struct scene s = scene_new();
    struct measure mine = {.name = "worst", .build = worst, .factor = 1};
    double value, expected = 0;
    struct tensor *x = make_values(DT_FLOAT32, 700, 12, 20, 0.5, 0.5);
    struct tensor *y = make_values(DT_FLOAT64, 700, 1, 25, 1, 0);
    struct examples data = {.inputs = {x}, .targets = {y}};
    CHECK(evaluate(s.m, s.w, &data, &mine, 1, &value));
    struct tensor *yhat = predict(s.m, s.w, x);
    for (int i = 0; i < 700; i++)
        expected = fmax(expected, fabs(tensor_get(yhat, i) - tensor_get(y, i)));
    CHECK_NEAR(value, expected, 1e-12);
    s.spec.losses[0] = mine; /* also a loss, if an unusual one */
    struct train_result r;
    CHECK(train(&s.spec, &r));
    CHECK(history_at(r.history, "loss", 9) < history_at(r.history, "loss", 0));
    result_clear(&r);
    tensor_unref(x);
    tensor_unref(y);
    tensor_unref(yhat);
    scene_free(&s);
}

/* ---- several inputs and outputs ---- */

/* a, b -> sum (Dense 1 of both), class (Dense 3 softmax of b); built by hand, without a chain. */
static struct model *two_by_two(void) {
    struct config *c[] = {dense(1, NULL), dense(3, "softmax")};
    struct layer *l[] = {layer_new(c[0], &last_error), layer_new(c[1], &last_error)};
    struct model *m = model_new("Pair", &last_error);
    for (int training = 1; training >= 0; training--) {
        struct builder b;
        struct desc d = {.dtype = DT_FLOAT32, .shape = shape_of(2, (int64_t[]){SIZE_BATCH, 12})};
        CHECK(builder_init(&b, m, training, &last_error));
        struct node *x = builder_input(&b, "a", &d, &last_error);
        struct node *y = builder_input(&b, "b", &d, &last_error);
        struct node *both = graph_add2(b.graph, OP_mul, x, y, NULL, &last_error);
        struct node *sum = layer_apply(&b, l[0], &both, 1, &last_error);
        struct node *kind = layer_apply(&b, l[1], &y, 1, &last_error);
        CHECK(builder_output(&b, "sum", sum, &last_error));
        CHECK(builder_output(&b, "kind", kind, &last_error));
        CHECK(builder_finish(&b, &last_error));
    }
    for (int i = 0; i < 2; i++) {
        layer_unref(l[i]);
        config_unref(c[i]);
    }
    return m;
}

static void test_two_outputs(void) {
    struct model *m = two_by_two();
    struct weights *w = model_init(m, 1, 1, &last_error);
    struct tensor *a = images(DT_FLOAT32), *b = make_values(DT_FLOAT64, 70, 12, 33, 1, 0);
    struct tensor *sum = make_values(DT_FLOAT32, 70, 0, 25, 1, 0), *kind = digits();
    for (int i = 0; i < 70; i++) tensor_set(kind, i, (int)tensor_get(kind, i) % 3);
    struct examples data = {.inputs = {a, b}, .targets = {sum, kind}};
    struct config *mae = config_make("mae", NULL);
    struct train_spec spec = train_defaults(m, w, NULL, NULL);
    spec.data = spec.validation = data;
    spec.has_validation = true;
    spec.losses[0] = (struct measure){.name = "mae", .config = mae, .factor = 3};
    struct train_result r;
    CHECK(train(&spec, &r)); /* kind: crossentropy by default */
    const struct table *h = r.history;
    for (int i = 0; i < 10; i++) {
        CHECK_NEAR(history_at(h, "sum_loss", i) + history_at(h, "kind_loss", i),
                   history_at(h, "loss", i), 1e-6);
        CHECK_NEAR(history_at(h, "val_sum_loss", i) + history_at(h, "val_kind_loss", i),
                   history_at(h, "val_loss", i), 1e-6);
    }
    CHECK(history_at(h, "val_loss", 9) < history_at(h, "val_loss", 0));
    struct measure by_hand = {.config = mae};
    double value;
    CHECK(evaluate(m, r.weights, &data, &by_hand, 1, &value));
    CHECK_NEAR(3 * value, history_at(h, "val_sum_loss", r.best_epoch - 1), 1e-6);
    result_clear(&r);
    spec.data.targets[1] = NULL;
    CHECK(!train_run(&spec, &r, &last_error));
    CHECK_STR(last_error.what, "There are no targets for the output `kind`.");
    config_unref(mae);
    tensor_unref(a);
    tensor_unref(b);
    tensor_unref(sum);
    tensor_unref(kind);
    weights_unref(w);
    model_unref(m);
}

/* Going on from a result gives the same each time, and goes on where it was. */
static void test_going_on(void) {
    struct scene s = scene_new();
    struct train_result first, a, b;
    CHECK(train(&s.spec, &first));
    s.spec.start = first.weights;
    s.spec.stream = 4;
    CHECK(train(&s.spec, &a) && train(&s.spec, &b));
    CHECK(memcmp(a.weights->data, b.weights->data, (size_t)s.w->n * sizeof(float)) == 0);
    CHECK(history_at(a.history, "loss", 0) < history_at(first.history, "loss", 0));
    result_clear(&first);
    result_clear(&a);
    result_clear(&b);
    scene_free(&s);
}

/* One BatchNorm used twice in a row: its averages move twice a step. */
static void test_shared_batch_norm(void) {
    struct config *c = config_make("BatchNorm", "momentum", 0.5, NULL), *d = dense(1, NULL);
    struct layer *norm = layer_new(c, &last_error), *end = layer_new(d, &last_error);
    struct model *m = model_new("Twice", &last_error);
    for (int training = 1; training >= 0; training--) {
        struct builder b;
        struct desc x = {.dtype = DT_FLOAT32, .shape = shape_of(2, (int64_t[]){SIZE_BATCH, 12})};
        CHECK(builder_init(&b, m, training, &last_error));
        struct node *h = builder_input(&b, "x", &x, &last_error);
        h = layer_apply(&b, norm, &h, 1, &last_error);
        h = layer_apply(&b, norm, &h, 1, &last_error);
        h = layer_apply(&b, end, &h, 1, &last_error);
        CHECK(builder_output(&b, "y", h, &last_error) && builder_finish(&b, &last_error));
    }
    struct weights *w = model_init(m, 1, 1, &last_error);
    struct tensor *x = images(DT_FLOAT32), *y = make_values(DT_FLOAT32, 70, 0, 25, 1, 0);
    struct train_spec spec = train_defaults(m, w, x, y);
    spec.epochs = 1;
    spec.batch = 70;
    struct train_result r;
    CHECK(train(&spec, &r));
    double mean = 0; /* of the first column: 0.5 (0.5 0 + 0.5 mean) + 0.5 (about 0) */
    for (int i = 0; i < 70; i++) mean += tensor_get(x, 12 * i) / 70;
    CHECK_NEAR((double)weight_of(m, r.weights, "BatchNorm.moving_mean")[0], mean / 4, 1e-5);
    result_clear(&r);
    tensor_unref(x);
    tensor_unref(y);
    weights_unref(w);
    model_unref(m);
    layer_unref(norm);
    layer_unref(end);
    config_unref(c);
    config_unref(d);
}

static void test_no_leaks(void) {
    CHECK_NO_LEAKS(test_mlp, test_autoencoder, test_batch_norm, test_penalty, test_weighted,
                   test_repeats, test_validation, test_own_metric, test_two_outputs, test_going_on,
                   test_shared_batch_norm);
}

TEST_MAIN(test_mlp, test_autoencoder, test_batch_norm, test_penalty, test_weighted, test_repeats,
          test_validation, test_own_metric, test_two_outputs, test_going_on, test_shared_batch_norm,
          test_no_leaks)
