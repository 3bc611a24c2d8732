/* Trees: how long fitting and answering take, and how good the answers are, for bench_trees.py.
 *
 *   bench_trees FILE n TEST m d MODEL REPEATS [rounds [threads [cpu]]]
 *
 * FILE holds n rows of d floats and one label 0 or 1 (float32), TEST m others. MODEL is boosting or
 * forest. Prints five numbers: seconds to fit, seconds to answer for FILE's rows (the best of
 * REPEATS), the log loss on FILE, and on TEST the log loss and the share of right answers. With
 * `cpu`, seconds are of the processor: what a busy machine's other work does not change. */
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

static double accuracy(const double *p, const int32_t *labels, int64_t n) {
    int64_t right = 0;
    for (int64_t i = 0; i < n; i++) right += (p[i] > 0.5) == labels[i];
    return (double)right / (double)n;
}

static double log_loss(const double *p, const int32_t *labels, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        double q = labels[i] ? p[i] : 1 - p[i];
        sum -= log(q < 1e-15 ? 1e-15 : q);
    }
    return sum / (double)n;
}

/* Rows of a file, their labels, and what a model answers for them. */
struct rows {
    int64_t n;
    struct tensor *x;
    int32_t *labels;
    double *p;
};

static void open_rows(struct rows *r, const char *path, const char *n, int64_t d, struct err *e) {
    r->n = strtol(n, NULL, 10);
    r->labels = pool_alloc((size_t)r->n * sizeof *r->labels);
    r->p = pool_alloc((size_t)r->n * sizeof *r->p);
    r->x = read_rows(path, r->n, d, r->labels, e);
    if (!r->x) fprintf(stderr, "%s: %s\n", path, e->what ? e->what : "cannot be read"), exit(1);
}

static void answer(const struct estimator *m, const struct rows *r, struct err *e) {
    struct design q;
    if (!m || !design_from_tensor(&q, r->x, e) || !estimator_predict(m, &q, r->p, NULL, NULL, e))
        fprintf(stderr, "%s\n", e->what), exit(1);
    design_clear(&q);
}

int main(int argc, char **argv) {
    struct err e = {0};
    struct rows train, test;
    if (argc < 8) return fprintf(stderr, "bench_trees FILE n TEST m d MODEL REPEATS [rounds]\n"), 2;
    int64_t d = strtol(argv[5], NULL, 10);
    int repeats = (int)strtol(argv[7], NULL, 10);
    int rounds = argc > 8 ? (int)strtol(argv[8], NULL, 10) : 100;
    clockid_t clock = argc > 10 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC;
    if (argc > 9) threads_set((int)strtol(argv[9], NULL, 10));
    double best = 1e9, best_predict = 1e9;
    struct config *c = settings(argv[6], rounds, &e);
    open_rows(&train, argv[1], argv[2], d, &e);
    open_rows(&test, argv[3], argv[4], d, &e);
    for (int i = 0; c && i < repeats; i++) {
        double start = now(clock);
        struct estimator *m = fit(c, train.x, train.labels, &e);
        double fitted = now(clock);
        answer(m, &train, &e);
        double done = now(clock);
        if (i == 0) answer(m, &test, &e);
        estimator_unref(m);
        if (fitted - start < best) best = fitted - start;
        if (done - fitted < best_predict) best_predict = done - fitted;
    }
    printf("%.6f %.6f %.6f %.6f %.6f\n", best, best_predict,
           log_loss(train.p, train.labels, train.n), log_loss(test.p, test.labels, test.n),
           accuracy(test.p, test.labels, test.n));
    return 0;
}
