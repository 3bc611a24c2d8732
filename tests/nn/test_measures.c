/* Losses and metrics on plain tensors, against PyTorch and against their definitions. */
#include "../harness.h"
#include "measure_reference.h"
#include "nn_tools.h"
#include "reference.h"

static double measure(struct config *c, struct tensor *y, struct tensor *yhat) {
    double value = NAN;
    struct err e = {0};
    if (!measure_eval(c, y, yhat, &value, &e)) fprintf(stderr, "%s: %s\n", c->row->name, e.what);
    config_unref(c);
    return value;
}

static double sigmoid(double x) {
    return 1 / (1 + exp(-x));
}

static struct tensor *softmax_rows(int64_t rows, int64_t k, double salt, double scale) {
    struct tensor *t = make_values(DT_FLOAT64, rows, k, salt, scale, 0);
    for (int64_t r = 0; r < rows; r++) {
        double *x = (double *)t->data + r * k, sum = 0;
        for (int64_t i = 0; i < k; i++) sum += x[i] = exp(x[i]);
        for (int64_t i = 0; i < k; i++) x[i] /= sum;
    }
    return t;
}

static void test_regression_losses(void) {
    struct tensor *y = make_values(DT_FLOAT64, 5, 3, 9, 1, 0);
    struct tensor *yhat = make_values(DT_FLOAT64, 5, 3, 10, 1, 0);
    struct tensor *far = make_values(DT_FLOAT64, 5, 3, 10, 3, 0);
    CHECK_NEAR(measure(config_make("mse", NULL), y, yhat), *loss_mse, 1e-12);
    CHECK_NEAR(measure(config_make("mae", NULL), y, yhat), *loss_mae, 1e-12);
    CHECK_NEAR(measure(config_make("huber", NULL), y, far), *loss_huber, 1e-12);
    CHECK_NEAR(measure(config_make("huber", "delta", 0.5, NULL), y, far), *loss_huber_half, 1e-12);
    CHECK_NEAR(measure(config_make("cosine", NULL), y, yhat), *loss_cosine, 1e-10);
    tensor_unref(y);
    tensor_unref(yhat);
    tensor_unref(far);
}

static void test_probability_losses(void) {
    double p[15], q[15], sign[15], count[15], yhat[15];
    fill_values(q, 15, 9, 1, 0);
    fill_values(yhat, 15, 10, 1, 0);
    for (int i = 0; i < 15; i++) {
        q[i] = q[i] > 0;
        p[i] = sigmoid(2 * yhat[i]);
        sign[i] = 2 * q[i] - 1;
        count[i] = 4 * q[i];
    }
    struct tensor *tq = make_tensor(DT_BOOL, 5, 3, q), *tp = make_tensor(DT_FLOAT64, 5, 3, p);
    struct tensor *ts = make_tensor(DT_INT64, 5, 3, sign);
    struct tensor *tc = make_tensor(DT_INT64, 5, 3, count);
    struct tensor *ty = make_tensor(DT_FLOAT64, 5, 3, yhat);
    CHECK_NEAR(measure(config_make("bce", NULL), tq, tp), *loss_bce, 1e-12);
    CHECK_NEAR(measure(config_make("hinge", NULL), ts, ty), *loss_hinge, 1e-12);
    CHECK_NEAR(measure(config_make("poisson", NULL), tc, tp), *loss_poisson, 1e-12);
    tensor_unref(tq);
    tensor_unref(tp);
    tensor_unref(ts);
    tensor_unref(tc);
    tensor_unref(ty);
}

static void test_distribution_losses(void) {
    struct tensor *dist = softmax_rows(5, 3, 10, 1), *truth = softmax_rows(5, 3, 9, 3);
    struct tensor *classes = make_tensor(DT_UINT8, 5, 0, (double[]){0, 2, 1, 2, 0});
    struct tensor *column = make_tensor(DT_FLOAT64, 5, 1, (double[]){0, 2, 1, 2, 0});
    CHECK_NEAR(measure(config_make("crossentropy", NULL), classes, dist), *loss_crossentropy,
               1e-12);
    CHECK_NEAR(measure(config_make("crossentropy", NULL), column, dist), *loss_crossentropy, 1e-12);
    CHECK_NEAR(measure(config_make("crossentropy", NULL), truth, dist), *loss_crossentropy_soft,
               1e-12);
    CHECK_NEAR(measure(config_make("kl_divergence", NULL), truth, dist), *loss_kl_divergence,
               1e-12);
    tensor_unref(dist);
    tensor_unref(truth);
    tensor_unref(classes);
    tensor_unref(column);
}

static void check_loss(struct config *c, struct tensor *y, struct tensor *yhat,
                       const double *expected) {
    CHECK_NEAR(measure(c, y, yhat), *expected, 5e-7);
    tensor_unref(y);
    tensor_unref(yhat);
}

/* Against SciPy, scikit-learn and Keras (measure_reference.py). */
static void test_special_losses(void) {
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

static void test_course_numbers(void) {
    struct tensor *y = make_tensor(DT_INT64, 2, 0, (double[]){1, 3});
    struct tensor *zero = make_tensor(DT_INT64, 2, 0, (double[]){0, 0});
    CHECK_NEAR(measure(config_make("mse", NULL), y, zero), 5, 0);
    CHECK_NEAR(measure(config_make("mae", NULL), y, zero), 2, 0);
    CHECK_NEAR(measure(config_make("rmse", NULL), y, zero), sqrt(5), 1e-15);
    tensor_unref(y);
    tensor_unref(zero);
}

static void test_class_metrics(void) {
    double there[40];
    fill_values(there, 40, 12, 1, 0);
    for (int i = 0; i < 40; i++) there[i] = floor(fabs(there[i]) * 3.99);
    struct tensor *y = make_tensor(DT_INT32, 40, 0, there), *soft = softmax_rows(40, 4, 11, 2);
    CHECK_NEAR(measure(config_make("accuracy", NULL), y, soft), *metric_accuracy_classes, 1e-12);
    CHECK_NEAR(measure(config_make("top_k_accuracy", "k", 2.0, NULL), y, soft), *metric_top_k,
               1e-12);
    CHECK_NEAR(measure(config_make("precision", NULL), y, soft), metric_macro[0], 1e-12);
    CHECK_NEAR(measure(config_make("recall", NULL), y, soft), metric_macro[1], 1e-12);
    CHECK_NEAR(measure(config_make("f1", NULL), y, soft), metric_macro[2], 1e-12);
    CHECK_NEAR(measure(config_make("auc", NULL), y, soft), *metric_auc_classes, 1e-12);
    double rows[160] = {0}; /* the same classes as rows of 0 and 1 */
    for (int i = 0; i < 40; i++) rows[i * 4 + (int)there[i]] = 1;
    struct tensor *hot = make_tensor(DT_BOOL, 40, 4, rows);
    CHECK_NEAR(measure(config_make("accuracy", NULL), hot, soft), *metric_accuracy_classes, 1e-12);
    CHECK_NEAR(measure(config_make("f1", NULL), hot, soft), metric_macro[2], 1e-12);
    tensor_unref(y);
    tensor_unref(soft);
    tensor_unref(hot);
}

static void test_binary_metrics(void) {
    double there[40], score[40];
    fill_values(there, 40, 13, 1, 0);
    fill_values(score, 40, 14, 0.5, 0.5);
    for (int i = 0; i < 40; i++) {
        there[i] = there[i] > 0.2;
        score[i] = rint(score[i] * 10) / 10;
    }
    struct tensor *y = make_tensor(DT_BOOL, 40, 0, there);
    struct tensor *s = make_tensor(DT_FLOAT64, 40, 1, score); /* [n] fits [n, 1] */
    const char *names[] = {"accuracy", "precision", "recall", "f1", "auc"};
    for (int i = 0; i < 5; i++)
        CHECK_NEAR(measure(config_make(names[i], NULL), y, s), metric_binary[i], 1e-12);
    tensor_unref(y);
    tensor_unref(s);
}

static void test_error_metrics(void) {
    double b[160], a[160];
    fill_values(a, 160, 11, 1, 0);
    fill_values(b, 160, 15, 0.3, 0);
    for (int i = 0; i < 160; i++) b[i] += a[i];
    struct tensor *y = make_tensor(DT_FLOAT64, 40, 4, a);
    struct tensor *yhat = make_tensor(DT_FLOAT64, 40, 4, b);
    CHECK_NEAR(measure(config_make("rmse", NULL), y, yhat), *metric_rmse, 1e-12);
    CHECK_NEAR(measure(config_make("mape", NULL), y, yhat), *metric_mape, 1e-12);
    CHECK_NEAR(measure(config_make("bias", NULL), y, yhat), *metric_bias, 1e-12);
    CHECK_NEAR(measure(config_make("r2", NULL), y, yhat), *metric_r2, 1e-12);
    tensor_unref(y);
    tensor_unref(yhat);
}

static void test_misfits(void) {
    struct tensor *y = make_values(DT_FLOAT64, 5, 3, 0, 1, 0);
    struct tensor *yhat = make_values(DT_FLOAT64, 5, 4, 0, 1, 0);
    const char *names[] = {"mse", "crossentropy", "rmse", "accuracy", "auc", "r2"};
    for (int i = 0; i < 6; i++) {
        struct err e = {0};
        double value;
        struct config *c = config_make(names[i], NULL);
        CHECK(!measure_eval(c, y, yhat, &value, &e));
        CHECK_EQ(e.kind, ERR_SHAPE);
        config_unref(c);
    }
    tensor_unref(y);
    tensor_unref(yhat);
}

static void test_missing_numbers(void) {
    struct tensor *y = make_tensor(DT_FLOAT64, 4, 0, (double[]){0, 1, NAN, 7});
    struct tensor *yhat = make_tensor(DT_FLOAT64, 4, 0, (double[]){0.2, NAN, NAN, 0.5});
    CHECK(isnan(measure(config_make("rmse", NULL), y, yhat)));
    double a = measure(config_make("auc", NULL), y, yhat);
    CHECK(isnan(a) || (a >= 0 && a <= 1));
    tensor_unref(y);
    tensor_unref(yhat);
}

static void test_no_leaks(void) {
    CHECK_NO_LEAKS(test_regression_losses, test_probability_losses, test_distribution_losses,
                   test_special_losses, test_course_numbers, test_class_metrics,
                   test_binary_metrics, test_error_metrics, test_misfits, test_missing_numbers);
}

TEST_MAIN(test_regression_losses, test_probability_losses, test_distribution_losses,
          test_special_losses, test_course_numbers, test_class_metrics, test_binary_metrics,
          test_error_metrics, test_misfits, test_missing_numbers, test_no_leaks)
