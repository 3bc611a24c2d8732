/* The runtime's half of tests/bench/bench_frozen.py: epochs of a network whose layers are frozen
 * but for the last one, timed. A line "run EXAMPLES BATCH EPOCHS RECOMPUTE" on standard input gives
 * the seconds of each epoch on standard output. */
#include "../nn/image_models.h"
#include "base/pool.h"
#include "nn/train.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIDE = 224, CLASSES = 10 };

static struct err err;

static void fail(void) {
    fprintf(stderr, "%s\n%s", err.what, err.facts);
    exit(1);
}

static struct tensor *images(int64_t n) {
    struct shape s = shape_of(4, (int64_t[]){n, SIDE, SIDE, 3});
    struct tensor *t = tensor_new(DT_FLOAT32, &s, &err);
    if (!t) fail();
    for (int64_t i = 0; i < t->count; i++) ((float *)t->data)[i] = (float)(i * 7919 % 1000) / 1000;
    return t;
}

static struct tensor *labels(int64_t n) {
    struct shape s = shape_of(1, &n);
    struct tensor *t = tensor_new(DT_INT64, &s, &err);
    if (!t) fail();
    for (int64_t i = 0; i < n; i++) ((int64_t *)t->data)[i] = i % CLASSES;
    return t;
}

static void print_seconds(const struct table *history) {
    int column = history->n_columns - 1; /* seconds are the last one */
    for (int64_t i = 0; i < history->n_rows; i++)
        printf("%.6f ", history->columns[column].numbers[i]);
    printf("\n");
}

static void run(struct model *m, int64_t n, int64_t batch, int64_t epochs, bool recompute) {
    static bool layers[512], weights[2048];
    int last = model_n_layers(m) - 1;
    for (int i = 0; i < last; i++) {
        const struct layer_info *l = model_layer(m, i);
        layers[i] = true;
        for (int k = 0; k < l->n_weight_infos; k++) weights[l->first_weight + k] = true;
    }
    struct weights *w = model_init(m, 1, 1, &err);
    if (!w) fail();
    struct train_spec spec = {.model = m,
                              .start = w,
                              .data = {{images(n)}, {labels(n)}},
                              .epochs = epochs,
                              .batch = batch,
                              .frozen_layers = layers,
                              .frozen_weights = weights,
                              .recompute = recompute};
    struct train_result r;
    if (!train_run(&spec, &r, &err)) fail();
    print_seconds(r.history);
    weights_unref(r.weights);
    table_unref(r.history);
    tensor_unref(spec.data.inputs[0]);
    tensor_unref(spec.data.targets[0]);
    weights_unref(w);
}

int main(void) {
    char line[128];
    long long n, batch, epochs;
    int recompute;
    struct model *m = image_model(body_mobilenet, SIDE, SIDE, 3);
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "run %lld %lld %lld %d", &n, &batch, &epochs, &recompute) == 4)
            run(m, n, batch, epochs, recompute != 0);
        fflush(stdout);
    }
    model_unref(m);
    return 0;
}
