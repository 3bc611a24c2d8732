/* What is refused before a training starts, in the words of language.md 3.7. */
#include "../harness.h"
#include "nn_tools.h"
#include "base/intern.h"

/* The check of a training with this loss on data of these shapes ([n] when columns is 0). */
static struct err check(struct model *m, const char *loss, int64_t in, int64_t target,
                        enum dtype t) {
    struct err e = {0};
    struct train_spec spec = train_defaults(m, NULL, NULL, NULL);
    struct config *c = loss ? config_make(loss, NULL) : NULL;
    spec.losses[0] = (struct measure){.name = loss, .config = c, .factor = 1};
    struct train_shapes s = {0};
    s.inputs[0] = (struct desc){.shape = shape_of(2, (int64_t[]){100, in})};
    s.targets[0] =
        (struct desc){.dtype = t, .shape = shape_of(target ? 2 : 1, (int64_t[]){100, target})};
    train_check(&spec, &s, &e);
    config_unref(c);
    return e;
}

static void test_output_error(void) {
    struct model *m = chain_of(3, 2, dense(8, "relu"), dense(1, NULL));
    struct err e = check(m, "bce", 3, 0, DT_BOOL);
    CHECK_EQ(e.kind, ERR_OUTPUT);
    CHECK_STR(e.what, "The loss bce compares probabilities, but `y` comes straight from Dense(1), "
                      "so it can be any number, also below 0 or above 1.");
    CHECK_STR(e.label, "needs probabilities between 0 and 1");
    CHECK_STR(e.facts, "output y\tunit=1  any number\nbce expects\tunit=1  probability, 0 to 1\n");
    CHECK_STR(e.hint, "Write Dense(1, sigmoid). The sigmoid and the loss are then computed "
                      "together, so there is no from_logits to set. Nothing was computed.");
    CHECK_EQ(e.at.start, 3);
    e = check(m, "crossentropy", 3, 0, DT_INT64);
    CHECK_EQ(e.kind, ERR_OUTPUT);
    CHECK(strstr(e.hint, "use the loss bce with a sigmoid") != NULL);
    e = check(m, "poisson", 3, 0, DT_INT64);
    CHECK(strstr(e.hint, "Write Dense(1, softplus).") != NULL);
    e = check(m, "mse", 3, 0, DT_FLOAT64);
    CHECK_EQ(e.kind, ERR_NONE);
    model_unref(m);
    m = chain_of(3, 1, dense(10, "relu"));
    e = check(m, "crossentropy", 3, 0, DT_INT64);
    CHECK_EQ(e.kind, ERR_OUTPUT);
    CHECK(strstr(e.hint, "Write Dense(10, softmax).") != NULL);
    CHECK_EQ(check(m, "poisson", 3, 10, DT_INT64).kind, ERR_NONE);
    model_unref(m);
}

/* Past of 24 hours and 4 features, given as 96 numbers. */
static void test_input_error(void) {
    struct shape s = shape_of(3, (int64_t[]){SIZE_BATCH, 24, 4});
    s.axis[1] = intern_c("time");
    s.axis[2] = intern_c("feature");
    struct config *layers[] = {config_make("Flatten", NULL), dense(1, NULL)};
    struct model *m = chain(&s, layers, 2);
    struct err e = check(m, NULL, 96, 1, DT_FLOAT64);
    CHECK_EQ(e.kind, ERR_SHAPE);
    CHECK_STR(e.what, "The model `{0}` reads `x`, and these examples do not look like that.");
    CHECK_STR(e.label, "is [100, 96]");
    CHECK_STR(e.facts, "input x\ttime=24 feature=4    for each example\n"
                       "{1}\t96 numbers    for each example\n");
    CHECK_STR(e.hint, "24 × 4 = 96, so this may be the same data laid flat: {1}.reshape(sample=-1, "
                      "time=24, feature=4). Check that the numbers are in that order.");
    CHECK_EQ(e.at.start, 1);
    e = check(m, NULL, 95, 1, DT_FLOAT64);
    CHECK_STR(e.hint, "");
    model_unref(m);
}

static void test_swapped_axes(void) {
    struct shape s = shape_of(3, (int64_t[]){SIZE_BATCH, 4, 4});
    s.axis[1] = intern_c("time");
    s.axis[2] = intern_c("feature");
    struct config *layers[] = {config_make("Flatten", NULL), dense(1, NULL)};
    struct model *m = chain(&s, layers, 2);
    struct train_spec spec = train_defaults(m, NULL, NULL, NULL);
    struct train_shapes shapes = {0};
    shapes.inputs[0].shape = shape_of(3, (int64_t[]){100, 4, 4});
    shapes.inputs[0].shape.axis[1] = intern_c("feature");
    shapes.targets[0].shape = shape_of(2, (int64_t[]){100, 1});
    struct err e = {0};
    CHECK(!train_check(&spec, &shapes, &e));
    CHECK(strstr(e.what, "with the axis `time` where these examples have `feature`") != NULL);
    shapes.inputs[0].shape.axis[1] = intern_c("time");
    CHECK(train_check(&spec, &shapes, &e));
    model_unref(m);
}

static void test_targets(void) {
    struct model *m = chain_of(3, 1, dense(5, NULL)), *one = chain_of(3, 1, dense(1, NULL));
    struct err e = check(m, "mse", 3, 4, DT_FLOAT64);
    CHECK_EQ(e.kind, ERR_SHAPE);
    CHECK_EQ(e.at.start, 2);
    CHECK(strstr(e.facts, "output y\tunit=5    for each example") != NULL);
    CHECK(strstr(e.facts, "{2}\t4 numbers    for each example") != NULL);
    CHECK_EQ(check(m, "mse", 3, 0, DT_FLOAT64).kind, ERR_SHAPE);
    CHECK_EQ(check(one, "mse", 3, 0, DT_FLOAT64).kind, ERR_NONE);
    CHECK_EQ(check(one, "mse", 3, 1, DT_FLOAT64).kind, ERR_NONE);
    CHECK_EQ(check(one, "mse", 3, 2, DT_FLOAT64).kind, ERR_SHAPE);
    struct train_spec spec = train_defaults(m, NULL, NULL, NULL);
    struct train_shapes s = {0};
    s.inputs[0].shape = shape_of(2, (int64_t[]){100, 3});
    s.targets[0].shape = shape_of(2, (int64_t[]){90, 5});
    e = (struct err){0};
    CHECK(!train_check(&spec, &s, &e));
    CHECK_STR(e.what, "Inputs and targets have different numbers of examples.");
    s.targets[0].shape.size[0] = -5; /* not known yet */
    CHECK(train_check(&spec, &s, &e));
    model_unref(m);
    model_unref(one);
}

static bool all_errors(void *user, struct graph *g, struct node *y, struct node *yhat,
                       struct node **value, struct err *e) {
    (void)user;
    *value = graph_add2(g, OP_sub, y, yhat, NULL, e);
    return *value != NULL;
}

static void test_own_loss(void) {
    struct model *m = chain_of(3, 1, dense(5, NULL));
    struct train_spec spec = train_defaults(m, NULL, NULL, NULL);
    spec.losses[0] = (struct measure){.name = "mine", .build = all_errors, .factor = 1};
    struct train_shapes s = {0};
    s.inputs[0].shape = shape_of(2, (int64_t[]){100, 3});
    s.targets[0].shape = shape_of(2, (int64_t[]){100, 5});
    struct err e = {0};
    CHECK(!train_check(&spec, &s, &e));
    CHECK_STR(e.what, "A loss or metric is one number, but `{3}` gives [batch, unit=5] numbers.");
    CHECK_STR(e.hint, "Take the mean of them: end {3} with .mean().");
    model_unref(m);
}

static void test_settings(void) {
    struct model *m = chain_of(3, 1, dense(5, NULL));
    struct train_spec spec = train_defaults(m, NULL, NULL, NULL);
    struct train_shapes s = {0};
    s.inputs[0].shape = shape_of(2, (int64_t[]){100, 3});
    s.targets[0].shape = shape_of(2, (int64_t[]){100, 5});
    struct err e = {0};
    spec.epochs = 0;
    CHECK(!train_check(&spec, &s, &e));
    CHECK_STR(e.what, "The setting `epochs` is 0, but it has to be 1 or more.");
    spec.epochs = 1;
    spec.batch = -3;
    CHECK(!train_check(&spec, &s, &e));
    CHECK(strstr(e.what, "`batch` is -3") != NULL);
    spec.batch = 32;
    struct config *bad = config_make("Adam", "beta_2", 2.0, NULL);
    spec.optimizer = bad;
    CHECK(!train_check(&spec, &s, &e));
    CHECK_EQ(e.kind, ERR_VALUE);
    config_unref(bad);
    model_unref(m);
}

/* ---- labels, looked at when the training starts ---- */

static struct err try_labels(struct model *m, struct config *loss, struct tensor *y) {
    struct err e = {0};
    struct weights *w = model_init(m, 1, 1, &e);
    struct tensor *x = make_values(DT_FLOAT32, y->shape.size[0], 3, 1, 1, 0);
    struct train_spec spec = train_defaults(m, w, x, y);
    spec.losses[0] = (struct measure){.name = loss->row->name, .config = loss, .factor = 1};
    spec.epochs = 1;
    struct train_result r;
    if (train_run(&spec, &r, &e)) {
        weights_unref(r.weights);
        table_unref(r.history);
    }
    tensor_unref(x);
    tensor_unref(y);
    weights_unref(w);
    config_unref(loss);
    return e;
}

static struct tensor *counted(int64_t n, int64_t from) {
    struct tensor *t = make_values(DT_INT64, n, 0, 0, 0, 0);
    for (int64_t i = 0; i < n; i++) tensor_set(t, i, (double)(from + i % 10));
    return t;
}

static void test_label_error(void) {
    struct model *m = chain_of(3, 1, dense(10, "softmax"));
    struct err e = try_labels(m, config_make("crossentropy", NULL), counted(20000, 1));
    CHECK_EQ(e.kind, ERR_LABEL);
    CHECK_STR(e.what,
              "The model has 10 outputs, so the classes are numbered 0 to 9, but `{2}` runs "
              "from 1 to 10.");
    CHECK_STR(e.label, "holds class 10");
    CHECK_STR(e.facts, "output\t10 classes    0 … 9\n"
                       "{2}\t10 values    1 … 10    (2,000 rows hold the 10)\n");
    CHECK(strstr(e.hint, "If 10 stands for the digit 0, write {2} % 10.") != NULL);
    CHECK_EQ(e.at.start, 2);
    CHECK_EQ(try_labels(m, config_make("crossentropy", NULL), counted(20, 0)).kind, ERR_NONE);
    struct tensor *half = make_values(DT_FLOAT64, 20, 0, 0, 0, 0.5);
    e = try_labels(m, config_make("crossentropy", NULL), half);
    CHECK(strstr(e.what, "Class numbers are whole") != NULL);
    struct tensor *rows = make_values(DT_FLOAT64, 20, 10, 0, 0, 0.2);
    e = try_labels(m, config_make("crossentropy", NULL), rows);
    CHECK(strstr(e.label, "row 0 sums to 2") != NULL);
    rows = make_values(DT_FLOAT64, 20, 10, 0, 0, 0.1);
    CHECK_EQ(try_labels(m, config_make("crossentropy", NULL), rows).kind, ERR_NONE);
    model_unref(m);
}

static void test_other_labels(void) {
    struct model *m = chain_of(3, 1, dense(1, "sigmoid")), *any = chain_of(3, 1, dense(1, NULL));
    struct err e = try_labels(m, config_make("bce", NULL), counted(20, 0));
    CHECK(strstr(e.what, "The loss bce needs targets that are between 0 and 1, but `{2}` runs from "
                         "0 to 9.") != NULL);
    struct tensor *y = make_values(DT_FLOAT64, 20, 0, 0, 0, 0);
    tensor_set(y, 7, NAN);
    e = try_labels(any, config_make("mse", NULL), y);
    CHECK_STR(e.label, "holds 1 missing value");
    e = try_labels(any, config_make("hinge", NULL), make_values(DT_FLOAT64, 20, 0, 0, 0, 0));
    CHECK(strstr(e.hint, "2 * {2} - 1") != NULL);
    model_unref(m);
    model_unref(any);
}

static void test_no_leaks(void) {
    CHECK_NO_LEAKS(test_output_error, test_input_error, test_swapped_axes, test_targets,
                   test_own_loss, test_settings, test_label_error, test_other_labels);
}

TEST_MAIN(test_output_error, test_input_error, test_swapped_axes, test_targets, test_own_loss,
          test_settings, test_label_error, test_other_labels, test_no_leaks)
