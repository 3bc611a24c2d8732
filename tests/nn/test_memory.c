/* Training on data of Fashion-MNIST's size takes little more memory than the data itself: nothing
 * is copied, bytes become floats batch by batch. */
#include "../harness.h"
#include "nn_tools.h"
#include <stdlib.h>
#include <sys/resource.h>

enum { ROWS = 60000, PIXELS = 784 };

static double peak_megabytes(void) {
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return (double)use.ru_maxrss / 1024;
}

static void test_peak(void) {
    struct err e = {0};
    struct shape s = shape_of(2, (int64_t[]){ROWS, PIXELS});
    struct tensor *x = tensor_new(DT_UINT8, &s, &e);
    uint8_t *pixels = x->data;
    for (int64_t i = 0; i < x->count; i++) pixels[i] = (uint8_t)(i * i >> 5 & 255);
    struct tensor *y = make_values(DT_UINT8, ROWS, 0, 1, 5, 5);
    struct model *m = chain_of(PIXELS, 3, config_make("Rescaling", "factor", 1.0 / 255, NULL),
                               dense(50, "gelu"), dense(10, "softmax"));
    struct weights *w = model_init(m, 1, 1, &e);
    struct train_spec spec = train_defaults(m, w, x, y);
    struct config *accuracy = config_make("accuracy", NULL);
    spec.epochs = 1;
    spec.batch = 128;
    spec.has_validation = true;
    spec.validation = spec.data;
    spec.n_metrics = 1;
    spec.metrics[0] = (struct measure){.config = accuracy};
    double before = peak_megabytes(), data = (double)x->count / 1048576;
    struct train_result r;
    CHECK(train_run(&spec, &r, &e));
    double more = peak_megabytes() - before;
    fprintf(stderr, "data %.1f MB, training %.1f MB more\n", data, more);
    CHECK(more < 0.3 * data);
    weights_unref(r.weights);
    table_unref(r.history);
    config_unref(accuracy);
    weights_unref(w);
    model_unref(m);
    tensor_unref(x);
    tensor_unref(y);
}

TEST_MAIN(test_peak)
