/* Trees: how long fitting and answering take, for bench_trees.py.
 *
 *   bench_trees FILE n d MODEL REPEATS [rounds [threads [cpu]]]
 *
 * FILE holds n rows of d floats and one label 0 or 1 (float32). MODEL is boosting or forest. Prints
 * "fit SECONDS predict SECONDS loss LOGLOSS": the best of REPEATS, and the loss on the same rows.
 * With `cpu`, seconds are of the processor: what a busy machine's other work does not change. */
#include "classic/estimator.h"
#include "base/pool.h"
#include "cpu/threads.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static struct config *settings(const char *model, int rounds, struct err *e) {
    bool boosting = strcmp(model, "boosting") == 0;
    struct config *c =
        config_default(config_find(str_of(boosting ? "GradientBoosting" : "RandomForest")), e);
    if (!c) return NULL;
    config_set_number(c, boosting ? "rounds" : "trees", rounds, e);
    if (!boosting) return c;
    config_set_number(c, "max_depth", 1000, e);
    config_set_number(c, "leaves", 31, e);
    config_set_number(c, "min_rows", 20, e);
    return c;
}

static struct tensor *read_rows(const char *path, int64_t n, int64_t d, int32_t *labels,
                                struct err *e) {
    struct shape s = shape_of(2, (int64_t[]){n, d});
    struct tensor *x = tensor_new(DT_FLOAT32, &s, e);
    FILE *f = fopen(path, "rb");
    float label;
    for (int64_t i = 0; x && f && i < n; i++) {
        if (fread((float *)x->data + i * d, sizeof(float), (size_t)d, f) != (size_t)d) exit(1);
        if (fread(&label, sizeof label, 1, f) != 1) exit(1);
        labels[i] = label > 0.5f;
    }
    if (f) fclose(f);
    return f ? x : NULL;
}

static struct estimator *fit(struct config *c, const struct tensor *x, const int32_t *labels,
                             struct err *e) {
    struct fit_spec s = {
        .config = c, .seed = 1, .classes = {.n = 2, .bools = true}, .single = true};
    int64_t n = x->shape.size[0];
    bool interrupted;
    design_from_tensor(&s.x, x, e);
    s.y = (struct targets){.n = n, .n_classes = 2};
    s.y.labels = pool_alloc((size_t)n * sizeof *labels);
    memcpy(s.y.labels, labels, (size_t)n * sizeof *labels);
    return estimator_fit(&s, &interrupted, e);
}

static double log_loss(const double *p, const int32_t *labels, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        double q = labels[i] ? p[i] : 1 - p[i];
        sum -= log(q < 1e-15 ? 1e-15 : q);
    }
    return sum / (double)n;
}

int main(int argc, char **argv) {
    struct err e = {0};
    if (argc < 6) return fprintf(stderr, "bench_trees FILE n d MODEL REPEATS [rounds]\n"), 2;
    int64_t n = strtol(argv[2], NULL, 10), d = strtol(argv[3], NULL, 10);
    int repeats = (int)strtol(argv[5], NULL, 10);
    int rounds = argc > 6 ? (int)strtol(argv[6], NULL, 10) : 100;
    clockid_t clock = argc > 8 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC;
    if (argc > 7) threads_set((int)strtol(argv[7], NULL, 10));
    int32_t *labels = pool_alloc((size_t)n * sizeof *labels);
    double *p = pool_alloc((size_t)n * sizeof *p), best = 1e9, best_predict = 1e9;
    struct config *c = settings(argv[4], rounds, &e);
    struct tensor *x = read_rows(argv[1], n, d, labels, &e);
    for (int i = 0; x && c && i < repeats; i++) {
        double start = now(clock);
        struct estimator *m = fit(c, x, labels, &e);
        double fitted = now(clock);
        struct design q;
        bool ok = m && design_from_tensor(&q, x, &e) && estimator_predict(m, &q, p, NULL, NULL, &e);
        double done = now(clock);
        if (!ok) return fprintf(stderr, "%s\n", e.what), 1;
        design_clear(&q);
        estimator_unref(m);
        if (fitted - start < best) best = fitted - start;
        if (done - fitted < best_predict) best_predict = done - fitted;
    }
    printf("fit %.6f predict %.6f loss %.6f\n", best, best_predict, log_loss(p, labels, n));
    return 0;
}
