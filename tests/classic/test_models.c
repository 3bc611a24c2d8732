/* Classical models on six real data sets against scikit-learn, XGBoost and LightGBM (reference.py):
 * exact models to small differences, trees within the noise of ten seeds; the same bits on one and
 * two threads; and data that are odd. */
#include "../harness.h"
#include "base/pool.h"
#include "classic/estimator.h"
#include "cpu/threads.h"
#include "data/read.h"
#include "reference.h"
#include <stdlib.h>

static const char *folder;

/* One data set in its two parts, or any rows of it. */
struct part {
    struct tensor *x, *y;
};

static struct tensor *read_part(const char *name, const char *which) {
    char path[512];
    struct err e = {0};
    snprintf(path, sizeof path, "%s/%s_%s.npy", folder, name, which);
    struct tensor *t = read_npy(path, &e), *doubles = t ? tensor_cast(t, DT_FLOAT64, &e) : NULL;
    if (!doubles) fprintf(stderr, "%s\n", e.what), exit(1);
    tensor_unref(t);
    return doubles;
}

static struct part pick(const struct part *all, bool test) {
    struct err e = {0};
    int64_t n = all->x->shape.size[0], d = all->x->shape.size[1], kept = 0;
    for (int64_t i = 0; i < n; i++) kept += (7919 * i % 10 < 3) == test;
    struct shape sx = shape_of(2, (int64_t[]){kept, d}), sy = shape_of(1, &kept);
    struct part p = {tensor_new(DT_FLOAT64, &sx, &e), tensor_new(DT_FLOAT64, &sy, &e)};
    kept = 0;
    for (int64_t i = 0; i < n; i++) {
        if ((7919 * i % 10 < 3) != test) continue;
        memcpy((double *)p.x->data + kept * d, (double *)all->x->data + i * d,
               (size_t)d * sizeof(double));
        ((double *)p.y->data)[kept++] = ((double *)all->y->data)[i];
    }
    return p;
}

struct set {
    struct part train, test;
    int32_t n_classes; /* 0 = numbers */
};

static struct set read_set(const char *name, int32_t n_classes) {
    struct part all = {read_part(name, "x"), read_part(name, "y")};
    struct set s = {pick(&all, false), pick(&all, true), n_classes};
    tensor_unref(all.x);
    tensor_unref(all.y);
    return s;
}

static void part_clear(struct part *p) {
    tensor_unref(p->x);
    tensor_unref(p->y);
}

static void set_clear(struct set *s) {
    part_clear(&s->train);
    part_clear(&s->test);
}

static struct config *make(const char *name) {
    struct err e = {0};
    return config_default(config_find(str_of(name)), &e);
}

static struct config *with(struct config *c, const char *arg, double x) {
    struct err e = {0};
    CHECK(config_set_number(c, arg, x, &e));
    return c;
}

static struct targets targets_of(const struct tensor *y, int32_t n_classes) {
    struct targets t = {.n = y->count, .width = !n_classes, .n_classes = n_classes};
    if (n_classes) t.labels = pool_alloc((size_t)y->count * sizeof *t.labels);
    else t.numbers = pool_alloc((size_t)y->count * sizeof *t.numbers);
    for (int64_t i = 0; i < y->count; i++) {
        if (n_classes) t.labels[i] = (int32_t)tensor_get(y, i);
        else t.numbers[i] = tensor_get(y, i);
    }
    return t;
}

static struct estimator *fit(const struct config *c, const struct part *p, int32_t n_classes,
                             uint64_t seed, struct err *e) {
    struct fit_spec s = {.config = c, .seed = seed, .single = true, .classes = {.n = n_classes}};
    bool interrupted;
    if (!design_from_tensor(&s.x, p->x, e)) return NULL;
    s.y = targets_of(p->y, n_classes);
    return estimator_fit(&s, &interrupted, e);
}

static double *answers(const struct estimator *m, const struct tensor *x) {
    struct err e = {0};
    struct design d;
    double *out = pool_zalloc((size_t)(x->shape.size[0] * estimator_width(m) + 1) * sizeof *out);
    CHECK(design_from_tensor(&d, x, &e) && estimator_predict(m, &d, out, NULL, NULL, &e));
    design_clear(&d);
    return out;
}

/* Accuracy, or r2. */
static double score(const struct estimator *m, const struct part *p) {
    double *out = answers(m, p->x), right = 0, mean = 0, rest = 0, all = 0;
    int64_t n = p->y->count, k = estimator_width(m);
    for (int64_t i = 0; i < n; i++) mean += tensor_get(p->y, i) / (double)n;
    for (int64_t i = 0; i < n; i++) {
        double y = tensor_get(p->y, i), *row = out + i * k;
        int64_t best = k == 1 && m->classes.n == 2 ? row[0] > 0.5 : 0;
        for (int64_t c = 1; c < k; c++) best = row[c] > row[best] ? c : best;
        right += (double)best == y;
        rest += (y - row[0]) * (y - row[0]);
        all += (y - mean) * (y - mean);
    }
    pool_free(out);
    return m->classes.n ? right / (double)n : 1 - rest / all;
}

/* Mean score over ten seeds; gives the config back. */
static double over_seeds(struct config *c, const struct set *s, int seeds) {
    struct err e = {0};
    double sum = 0;
    for (int k = 0; k < seeds; k++) {
        struct estimator *m = fit(c, &s->train, s->n_classes, (uint64_t)k, &e);
        CHECK(m != NULL);
        if (m) sum += score(m, &s->test);
        estimator_unref(m);
    }
    config_unref(c);
    return sum / seeds;
}

/* Four standard errors of both means, and two examples of the test set. */
static double noise(const struct set *s, double std) {
    return 4 * std * sqrt(2.0 / 10) + (s->n_classes ? 2.0 / (double)s->test.y->count : 0.02);
}

static void check_trees(const char *name, const struct set *s, const double *forest,
                        const double *extra, const double *boosting) {
    double ours = over_seeds(make("RandomForest"), s, 10);
    printf("%s: forest %.4f (scikit-learn %.4f)", name, ours, forest[0]);
    CHECK(ours > forest[0] - noise(s, forest[1]));
    CHECK(ours < forest[0] + noise(s, forest[1]) + 0.03);
    ours = over_seeds(make("ExtraTrees"), s, 10);
    printf(", extra trees %.4f (%.4f)", ours, extra[0]);
    CHECK(ours > extra[0] - noise(s, extra[1]));
    ours = over_seeds(with(make("GradientBoosting"), "subsample", 0.8), s, 10);
    printf(", boosting %.4f (peers %.4f to %.4f)\n", ours, boosting[0], boosting[1]);
    CHECK(ours > boosting[0] - noise(s, boosting[2]));
}

#define TREES(name, n_classes)                                                                     \
    do {                                                                                           \
        struct set s_ = read_set(#name, n_classes);                                                \
        check_trees(#name, &s_, name##_forest, name##_extra, name##_boosting);                     \
        set_clear(&s_);                                                                            \
    } while (0)

static void test_trees(void) {
    TREES(iris, 3);
    TREES(wine, 3);
    TREES(breast_cancer, 2);
    TREES(penguins, 3);
    TREES(diabetes, 0);
    TREES(digits, 10);
}

/* ---- models without chance ---- */

/* The first ten answers; for two classes the reference has both columns. */
static void check_answers(struct config *c, const struct set *s, const double *expected,
                          double tolerance) {
    struct err e = {0};
    struct estimator *m = fit(c, &s->train, s->n_classes, 0, &e);
    CHECK(m != NULL);
    double *out = m ? answers(m, s->test.x) : NULL;
    int k = m ? estimator_width(m) : 0, two = m && m->classes.n == 2;
    for (int i = 0; out && i < 10; i++)
        for (int j = 0; j < k; j++)
            CHECK_NEAR(out[i * k + j], two ? expected[2 * i + 1] : expected[i * k + j], tolerance);
    pool_free(out);
    estimator_unref(m);
    config_unref(c);
}

static void check_components(const struct set *s, const double *explained,
                             const double *components) {
    struct err e = {0};
    struct fit_spec f = {.config = with(make("PCA"), "components", 3)};
    bool interrupted;
    CHECK(design_from_tensor(&f.x, s->train.x, &e));
    struct estimator *m = estimator_fit(&f, &interrupted, &e);
    const struct matrix *share = m ? estimator_matrix(m, "explained") : NULL;
    const struct matrix *c = m ? estimator_matrix(m, "components") : NULL;
    CHECK(share && c);
    for (int i = 0; share && i < 3; i++) CHECK_NEAR(share->data[i], explained[i], 1e-8);
    for (int64_t i = 0; c && i < c->rows * c->cols; i++)
        CHECK_NEAR(fabs(c->data[i]), components[i], 1e-6);
    estimator_unref(m);
    config_unref((struct config *)(uintptr_t)f.config);
}

static struct config *weighted(void) {
    struct config *c = with(make("KNeighbors"), "k", 7);
    c->args[1] = (struct arg){.kind = ARG_TEXT, .text = "distance"};
    return c;
}

/* One tree is that of scikit-learn but for ties: its scores lie between theirs over ten seeds. */
static void check_tree(const struct set *s, const double *bounds) {
    struct err e = {0};
    struct config *c = with(with(make("DecisionTree"), "max_depth", 4), "min_rows", 3);
    struct estimator *m = fit(c, &s->train, s->n_classes, 0, &e);
    CHECK(m != NULL);
    double train = score(m, &s->train), test = score(m, &s->test);
    CHECK(train > bounds[0] - 0.01 && train < bounds[1] + 0.01);
    CHECK(test > bounds[2] - 0.04 && test < bounds[3] + 0.04);
    estimator_unref(m);
    config_unref(c);
}

/* The columns divided by their standard deviation in the training part. */
static struct set scaled(const struct set *s) {
    struct err e = {0};
    struct set out = {{tensor_zeros(DT_FLOAT64, &s->train.x->shape, &e), tensor_ref(s->train.y)},
                      {tensor_zeros(DT_FLOAT64, &s->test.x->shape, &e), tensor_ref(s->test.y)},
                      s->n_classes};
    int64_t n = s->train.x->shape.size[0], d = s->train.x->shape.size[1];
    for (int64_t f = 0; f < d; f++) {
        double mean = 0, squares = 0;
        for (int64_t i = 0; i < n; i++) mean += tensor_get(s->train.x, i * d + f) / (double)n;
        for (int64_t i = 0; i < n; i++) {
            double x = tensor_get(s->train.x, i * d + f) - mean;
            squares += x * x / (double)n;
        }
        double by = sqrt(squares) > 1e-9 ? sqrt(squares) : 1e-9;
        for (int64_t i = 0; i < n; i++)
            tensor_set(out.train.x, i * d + f, tensor_get(s->train.x, i * d + f) / by);
        for (int64_t i = 0; i < s->test.x->shape.size[0]; i++)
            tensor_set(out.test.x, i * d + f, tensor_get(s->test.x, i * d + f) / by);
    }
    return out;
}

#define EXACT_CLASSES(name, n_classes)                                                             \
    do {                                                                                           \
        struct set s_ = read_set(#name, n_classes), z_ = scaled(&s_);                              \
        check_answers(make("KNeighbors"), &s_, name##_neighbors, 1e-12);                           \
        check_answers(weighted(), &s_, name##_near, 1e-9);                                         \
        check_answers(make("NaiveBayes"), &s_, name##_bayes, 1e-6);                                \
        check_answers(with(make("LogisticRegression"), "penalty", 1), &z_, name##_logistic, 1e-6); \
        check_components(&s_, name##_explained, name##_components);                                \
        check_tree(&s_, name##_tree);                                                              \
        set_clear(&s_);                                                                            \
        set_clear(&z_);                                                                            \
    } while (0)

static void test_exact(void) {
    EXACT_CLASSES(iris, 3);
    EXACT_CLASSES(wine, 3);
    EXACT_CLASSES(breast_cancer, 2);
    struct set s = read_set("diabetes", 0);
    check_answers(make("LinearRegression"), &s, diabetes_linear, 1e-8);
    check_answers(with(make("Ridge"), "penalty", 0.5), &s, diabetes_ridge, 1e-8);
    check_answers(make("KNeighbors"), &s, diabetes_neighbors, 1e-12);
    check_answers(weighted(), &s, diabetes_near, 1e-9);
    check_components(&s, diabetes_explained, diabetes_components);
    check_tree(&s, diabetes_tree);
    set_clear(&s);
}

/* ---- the same bits ---- */

static void check_bits(struct config *c, const struct set *s) {
    struct err e = {0};
    double *out[2];
    struct estimator *m[2];
    for (int t = 0; t < 2; t++) {
        threads_set(t + 1);
        m[t] = fit(c, &s->train, s->n_classes, 5, &e);
        CHECK(m[t] != NULL);
        out[t] = answers(m[t], s->test.x);
    }
    size_t n = (size_t)(s->test.y->count * estimator_width(m[0])) * sizeof(double);
    CHECK(memcmp(out[0], out[1], n) == 0);
    for (int t = 0; t < 2; t++) {
        pool_free(out[t]);
        estimator_unref(m[t]);
    }
    config_unref(c);
}

static void test_same_bits(void) {
    struct set s = read_set("digits", 10), b = read_set("breast_cancer", 2);
    check_bits(with(make("RandomForest"), "trees", 20), &s);
    check_bits(with(make("GradientBoosting"), "rounds", 10), &s);
    check_bits(with(make("GradientBoosting"), "rounds", 30), &b);
    check_bits(make("KNeighbors"), &b);
    set_clear(&s);
    set_clear(&b);
}

/* ---- odd data ---- */

static struct part odd_part(int64_t n, int64_t d, double (*x)(int64_t, int64_t),
                            double (*y)(int64_t)) {
    struct err e = {0};
    struct shape sx = shape_of(2, (int64_t[]){n, d}), sy = shape_of(1, &n);
    struct part p = {tensor_new(DT_FLOAT64, &sx, &e), tensor_new(DT_FLOAT64, &sy, &e)};
    for (int64_t i = 0; i < n * d; i++) ((double *)p.x->data)[i] = x(i / d, i % d);
    for (int64_t i = 0; i < n; i++) ((double *)p.y->data)[i] = y(i);
    return p;
}

static double constant(int64_t i, int64_t f) {
    (void)i, (void)f;
    return 3;
}
static double row_number(int64_t i, int64_t f) {
    return (double)(i + f);
}
static double nothing(int64_t i, int64_t f) {
    (void)i, (void)f;
    return NAN;
}
static double alternating(int64_t i) {
    return (double)(i % 2);
}
static double is_gap(int64_t i, int64_t f) {
    return f == 0 && i % 2 ? NAN : 1;
}

static const char *const tree_models[] = {"DecisionTree", "RandomForest", "ExtraTrees",
                                          "GradientBoosting"};

/* Where nothing can be asked, the answer is the mean. */
static void test_constant_columns(void) {
    struct err e = {0};
    double (*const kinds[])(int64_t, int64_t) = {constant, nothing};
    for (int k = 0; k < 2; k++) {
        struct part p = odd_part(40, 3, kinds[k], alternating);
        for (size_t i = 0; i < 4; i++) {
            struct config *c = make(tree_models[i]);
            struct estimator *m = fit(c, &p, 0, 0, &e);
            double *out = m ? answers(m, p.x) : NULL;
            CHECK(m != NULL);
            if (out) CHECK(fabs(out[0] - 0.5) < 0.1 && out[0] == out[39]);
            pool_free(out);
            estimator_unref(m);
            config_unref(c);
        }
        part_clear(&p);
    }
}

/* Missing values say everything here. */
static void test_missing_values_decide(void) {
    struct err e = {0};
    struct part p = odd_part(40, 2, is_gap, alternating);
    for (size_t i = 0; i < 4; i++) {
        struct config *c = make(tree_models[i]);
        struct estimator *m = fit(c, &p, 2, 0, &e);
        CHECK(m != NULL);
        CHECK_NEAR(m ? score(m, &p) : 0, 1, 1e-9);
        estimator_unref(m);
        config_unref(c);
    }
    part_clear(&p);
}

/* More leaves than rows; one row; one class. */
static void test_few_rows(void) {
    struct err e = {0};
    for (int64_t n = 1; n <= 4; n++) {
        struct part p = odd_part(n, 2, row_number, alternating);
        for (size_t i = 0; i < 4; i++) {
            struct config *c = make(tree_models[i]);
            if (i == 3) with(with(with(c, "min_rows", 1), "leaves", 1000), "max_depth", 50);
            struct estimator *m = fit(c, &p, n > 1 ? 2 : 1, 0, &e), *r = fit(c, &p, 0, 0, &e);
            CHECK(m && r);
            double *out = answers(r, p.x);
            CHECK(isfinite(out[0]));
            pool_free(out);
            estimator_unref(m);
            estimator_unref(r);
            config_unref(c);
        }
        part_clear(&p);
    }
}

static void test_missing_targets(void) {
    struct err e = {0};
    struct part p = odd_part(5, 2, row_number, alternating);
    ((double *)p.y->data)[2] = NAN;
    struct config *c = make("RandomForest");
    CHECK(fit(c, &p, 0, 0, &e) == NULL);
    CHECK_EQ(e.kind, ERR_LABEL);
    config_unref(c);
    part_clear(&p);
}

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    folder = argv[1];
    void (*tests[])(void) = {test_trees,
                             test_exact,
                             test_same_bits,
                             test_constant_columns,
                             test_missing_values_decide,
                             test_few_rows,
                             test_missing_targets};
    for (size_t i = 0; i < ARRAY_LEN(tests); i++) tests[i]();
    printf("%d passed, %d failed\n", checks_passed, checks_failed);
    return checks_failed != 0;
}
