/* DecisionTree, RandomForest, ExtraTrees and GradientBoosting as models. */
#include "boost.h"
#include "forest.h"
#include "method.h"
#include "../base/pool.h"
#include <math.h>
#include <string.h>

/* ---- sizes of targets ---- */

/* A power of two by which the targets lie around their mean within 1: leaves, gains and sums of
 * squares are floats, and would vanish or overflow for targets of 1e-6 or 1e20. Exact, since only
 * exponents change. 0, with an error, for targets that no float can hold. */
static double scale_of(const double *y, int64_t n, struct err *e) {
    double mean = 0, far = 0;
    for (int64_t i = 0; i < n; i++) mean += y[i] / (double)n;
    for (int64_t i = 0; i < n; i++) far = fmax(far, fabs(y[i] / 2 - mean / 2));
    if (far < 1e-37) return 1;
    if (far < 1e37) return ldexp(1, ilogb(far) + 2);
    err_set(e, ERR_LABEL,
            "The targets `{2}` lie up to %.3g from their mean, and trees give numbers up to 1e37.",
            2 * far);
    err_hint(e, "Divide them by a power of ten, or take their logarithm.");
    return 0;
}

static void scale_leaves(struct trees *s, double scale) {
    for (int32_t t = 0; t < s->n; t++)
        for (int32_t i = 0; i < s->items[t].n_nodes; i++) {
            struct tree_node *q = &s->items[t].nodes[i];
            if (q->feature < 0) q->threshold *= (float)scale;
        }
}

static bool check_rows(const struct estimator *m, int64_t n, struct err *e) {
    enum { DEFAULTS = 5 }; /* none is above */
    double min_rows = config_number(m->config, "min_rows", 1);
    if (min_rows <= DEFAULTS || min_rows <= (double)n) return true;
    err_set(e, ERR_VALUE,
            "`min_rows` of %s is %.10g, and `{1}` has %lld rows: no question could "
            "be asked.",
            m->config->row->name, min_rows, (long long)n);
    return err_hint(e, "Each leaf has to keep `min_rows` rows: choose a small part of the rows.");
}

/* ---- answers ---- */

/* A forest's answer is the mean of its trees; for numbers around the mean that was taken out. */
static bool forest_predict(const struct estimator *m, const struct design *x, double *out,
                           const _Atomic bool *stop, struct err *e) {
    int32_t width = estimator_width(m);
    if (m->classes.n == 1) {
        for (int64_t i = 0; i < x->n; i++) out[i] = 1;
        return true;
    }
    const double *base = estimator_matrix(m, "base")->data;
    if (m->n_sets == 1) {
        TRY(trees_sum(&m->sets[0], x, out, stop, e));
        for (int64_t i = 0; i < x->n * width; i++) out[i] = out[i] / m->sets[0].n + base[0];
        return true;
    }
    double *one = pool_need((size_t)x->n * sizeof *one, e);
    bool ok = one != NULL;
    for (int t = 0; ok && t < m->n_sets; t++) {
        ok = trees_sum(&m->sets[t], x, one, stop, e);
        for (int64_t i = 0; ok && i < x->n; i++)
            out[i * width + t] = one[i] / m->sets[t].n + base[t];
    }
    pool_free(one);
    return ok;
}

static void softmax_scores(double *out, int64_t n, int k) {
    for (int64_t i = 0; i < n; i++, out += k) {
        double most = out[0], sum = 0;
        for (int c = 1; c < k; c++) most = out[c] > most ? out[c] : most;
        for (int c = 0; c < k; c++) sum += out[c] = exp(out[c] - most);
        for (int c = 0; c < k; c++) out[c] /= sum;
    }
}

static bool boost_predict(const struct estimator *m, const struct design *x, double *out,
                          const _Atomic bool *stop, struct err *e) {
    int32_t width = estimator_width(m);
    if (m->classes.n == 1) return forest_predict(m, x, out, stop, e);
    const double *base = estimator_matrix(m, "base")->data;
    double *one = m->n_sets > 1 ? pool_need((size_t)x->n * sizeof *one, e) : out;
    bool ok = one != NULL;
    for (int t = 0; ok && t < m->n_sets; t++) {
        ok = trees_sum(&m->sets[t], x, one, stop, e);
        for (int64_t i = 0; ok && m->n_sets > 1 && i < x->n; i++) out[i * width + t] = one[i];
    }
    if (m->n_sets > 1) pool_free(one);
    bool poisson = strcmp(config_text(m->config, "loss"), "poisson") == 0;
    for (int64_t i = 0; ok && i < x->n * width; i++) {
        out[i] += base[i % width];
        if (m->classes.n == 2) out[i] = 1 / (1 + exp(-out[i]));
        else if (poisson) out[i] = exp(out[i]);
    }
    if (ok && m->classes.n > 2) softmax_scores(out, x->n, width);
    return ok;
}

/* ---- forests ---- */

static bool features_of(const struct config *c, int32_t d, int32_t *out, struct err *e) {
    const struct arg *a = config_arg_named(c, "max_features");
    double k = d;
    if (a->kind == ARG_TEXT && strcmp(a->text, "sqrt") == 0) k = sqrt(d);
    else if (a->kind == ARG_TEXT && strcmp(a->text, "log2") == 0) k = log2(d);
    else if (a->kind == ARG_TEXT)
        return err_set(e, ERR_ARGUMENT,
                       "`max_features` is \"sqrt\", \"log2\", a share such as 50%%, a number of "
                       "columns, or None.");
    else if (a->kind == ARG_NUMBER || a->kind == ARG_INT)
        k = a->kind == ARG_NUMBER && a->number <= 1 ? a->number * d : a->number;
    if (!(k > 0) || k > 1e9)
        return err_set(e, ERR_VALUE, "`max_features` has to be above 0, and it is %g.", a->number);
    if (k > d && a->number > 1)
        return err_set(e, ERR_VALUE, "`max_features` is %.10g, and `{1}` has %d column%s.", k, d,
                       d == 1 ? "" : "s");
    *out = k < 1 ? 1 : (int32_t)k;
    return true;
}

static bool forest_check(const struct config *c, struct err *e) {
    int32_t unused;
    return features_of(c, (int32_t)1e9, &unused, e);
}

struct watch {
    const struct fit_spec *s;
    int64_t done, all;
};

static void forest_progress(void *user, int64_t done, int64_t n) {
    struct watch *w = user;
    (void)n;
    if (w->s->progress) w->s->progress(w->s->user, w->done + done, w->all, NAN, NAN);
}

/* One target as small numbers around 0, in units of `scale`. */
static float *centred(const double *y, int64_t n, double scale, double *mean, struct err *e) {
    float *out = pool_need((size_t)n * sizeof *out, e);
    *mean = 0;
    for (int64_t i = 0; i < n; i++) *mean += y[i] / (double)n;
    for (int64_t i = 0; out && i < n; i++) out[i] = (float)((y[i] - *mean) / scale);
    return out;
}

static bool make_sets(struct estimator *m, int width, struct err *e) {
    int n = m->classes.n ? 1 : m->n_targets;
    m->sets = pool_need((size_t)n * sizeof *m->sets, e);
    if (!m->sets) return false;
    m->n_sets = n;
    for (int i = 0; i < n; i++)
        m->sets[i] = (struct trees){.width = width, .d = m->features.d, .n_outputs = 1};
    return true;
}

static bool grow_sets(struct estimator *m, const struct fit_spec *s, struct forest_spec *f,
                      struct err *e) {
    double *base = matrix_add(m, "base", 1, m->n_sets, e);
    if (!base) return false;
    struct watch *w = f->user;
    w->all = (int64_t)f->n_trees * m->n_sets;
    for (int t = 0; t < m->n_sets; t++) {
        float *y = NULL;
        double scale = 1;
        if (!m->classes.n) {
            const double *numbers = s->y.numbers + (int64_t)t * s->x.n;
            TRY((scale = scale_of(numbers, s->x.n, e)) > 0);
            TRY(y = centred(numbers, s->x.n, scale, &base[t], e));
        }
        f->y = y;
        bool ok = forest_grow(f, &m->sets[t], e);
        if (scale != 1) scale_leaves(&m->sets[t], scale);
        ok = ok && trees_prepare(&m->sets[t], e);
        pool_free(y);
        TRY(ok);
        w->done += f->n_trees;
    }
    return true;
}

static bool fit_forest(struct estimator *m, const struct fit_spec *s, struct forest_spec *f,
                       struct err *e) {
    if (m->classes.n == 1) return true; /* the answer is known */
    TRY(check_rows(m, s->x.n, e));
    TRY(features_of(m->config, m->features.d, &f->max_features, e));
    TRY(make_sets(m, m->classes.n > 2 ? m->classes.n : 1, e));
    struct bins *b = bins_new(&s->x, &m->features, s->stop, e);
    if (!b) return false;
    struct watch w = {.s = s};
    struct forest_spec spec = *f;
    f = &spec;
    f->progress = forest_progress;
    f->user = &w;
    f->bins = b;
    f->labels = s->y.labels;
    f->n_classes = m->classes.n;
    f->max_depth = (int32_t)config_number(m->config, "max_depth", 0);
    f->min_rows = (int32_t)config_number(m->config, "min_rows", 1);
    f->seed = s->seed;
    f->stream = s->stream;
    f->stop = s->stop;
    bool ok = grow_sets(m, s, f, e);
    bins_free(b);
    return ok;
}

static bool fit_decision_tree(struct estimator *m, const struct fit_spec *s, bool *interrupted,
                              struct err *e) {
    (void)interrupted;
    struct forest_spec f = {.n_trees = 1};
    return fit_forest(m, s, &f, e);
}

static bool fit_random_forest(struct estimator *m, const struct fit_spec *s, bool *interrupted,
                              struct err *e) {
    (void)interrupted;
    struct forest_spec f = {.n_trees = (int32_t)config_number(m->config, "trees", 100),
                            .bootstrap = true};
    return fit_forest(m, s, &f, e);
}

static bool fit_extra_trees(struct estimator *m, const struct fit_spec *s, bool *interrupted,
                            struct err *e) {
    (void)interrupted;
    struct forest_spec f = {.n_trees = (int32_t)config_number(m->config, "trees", 100),
                            .random_cuts = true};
    return fit_forest(m, s, &f, e);
}

/* ---- boosting ---- */

static bool loss_for(const struct estimator *m, const struct fit_spec *s, enum boost_loss *out,
                     struct err *e) {
    const char *loss = config_text(m->config, "loss");
    bool named = strcmp(loss, "auto") != 0;
    if (named && m->classes.n)
        return err_set(e, ERR_SETTING,
                       "The loss \"%s\" is for numbers, and the targets `{2}` are classes.", loss);
    *out = m->classes.n == 2              ? BOOST_LOGISTIC
           : m->classes.n                 ? BOOST_SOFTMAX
           : !named                       ? BOOST_SQUARED
           : strcmp(loss, "poisson") == 0 ? BOOST_POISSON
                                          : BOOST_QUANTILE;
    for (int64_t i = 0; *out == BOOST_POISSON && i < s->x.n * s->y.width; i++)
        if (s->y.numbers[i] < 0)
            return err_set(e, ERR_LABEL, "The loss \"poisson\" is for counts, and `{2}` holds %g.",
                           s->y.numbers[i]);
    return true;
}

struct boost_watch {
    const struct fit_spec *s;
    int64_t before, all;
    double unit; /* of the loss */
};

static void boost_progress(void *user, int64_t round, double loss, double valid) {
    struct boost_watch *w = user;
    if (w->s->progress)
        w->s->progress(w->s->user, w->before + round, w->all, loss * w->unit, valid * w->unit);
}

static double *labels_as_numbers(const struct targets *y, struct err *e) {
    double *out = pool_need((size_t)(y->n + 1) * sizeof *out, e);
    for (int64_t i = 0; out && i < y->n; i++) out[i] = y->labels[i];
    return out;
}

/* Numbers divided by the scale; the caller frees them. */
static double *divided(const double *y, int64_t n, double scale, struct err *e) {
    double *out = pool_need((size_t)(n + 1) * sizeof *out, e);
    for (int64_t i = 0; out && i < n; i++) out[i] = y[i] / scale;
    return out;
}

/* Trees of target t; counts (poisson) keep their size, on which their loss depends. */
static bool boost_set(struct estimator *m, const struct fit_spec *s, struct boost_spec *b, int t,
                      struct boost_result *r, struct err *e) {
    struct boost_watch *w = b->user;
    double scale = 1, *y = NULL, *vy = NULL;
    bool ok = true;
    if (!m->classes.n) {
        const double *numbers = s->y.numbers + (int64_t)t * s->x.n;
        TRY((scale = scale_of(numbers, s->x.n, e)) > 0);
        if (b->loss == BOOST_POISSON) scale = 1;
        b->y = y = divided(numbers, s->x.n, scale, e);
        ok = y != NULL;
        if (ok && s->vx.n)
            ok = (b->valid_y = vy =
                      divided(s->vy.numbers + (int64_t)t * s->vx.n, s->vx.n, scale, e)) != NULL;
    }
    w->unit = b->loss == BOOST_SQUARED ? scale * scale : scale;
    ok = ok && boost_grow(b, &m->sets[t], r, e);
    if (ok && scale != 1) {
        scale_leaves(&m->sets[t], scale);
        r->base[0] *= scale;
    }
    pool_free(y);
    pool_free(vy);
    return ok && trees_prepare(&m->sets[t], e);
}

static bool boost_sets(struct estimator *m, const struct fit_spec *s, struct boost_spec *b,
                       bool *interrupted, struct err *e) {
    struct boost_watch w = {.s = s, .all = (int64_t)b->rounds * m->n_sets, .unit = 1};
    int outputs = b->loss == BOOST_SOFTMAX ? m->classes.n : 1;
    double *base = matrix_add(m, "base", 1, outputs * m->n_sets, e);
    if (!base) return false;
    b->progress = boost_progress;
    b->user = &w;
    bool ok = true;
    for (int t = 0; ok && t < m->n_sets && !*interrupted; t++) {
        struct boost_result r;
        m->sets[t].n_outputs = outputs;
        ok = boost_set(m, s, b, t, &r, e);
        if (!ok) break;
        memcpy(base + t * outputs, r.base, (size_t)outputs * sizeof *base);
        *interrupted = r.interrupted;
        w.before += b->rounds;
    }
    b->user = NULL;
    if (ok && *interrupted && m->n_sets > 1) return err_set(e, ERR_INTERRUPT, "Stopped.");
    return ok;
}

static void boost_settings(const struct estimator *m, const struct fit_spec *s,
                           struct boost_spec *b) {
    const struct config *c = m->config;
    b->n_classes = m->classes.n;
    b->rounds = (int32_t)config_number(c, "rounds", 100);
    b->learning_rate = config_number(c, "learning_rate", 0.1);
    b->max_depth = (int32_t)config_number(c, "max_depth", 0);
    b->leaves = (int32_t)config_number(c, "leaves", 31);
    b->min_rows = (int32_t)config_number(c, "min_rows", 5);
    b->l2 = config_number(c, "l2", 1);
    b->subsample = config_number(c, "subsample", 1);
    b->quantile = config_number(c, "quantile", 0.5);
    b->patience = (int32_t)config_number(c, "patience", 0);
    if (b->max_depth > 0 && b->max_depth < 30 && b->leaves > 1 << b->max_depth)
        b->leaves = 1 << b->max_depth;
    b->seed = s->seed;
    b->stream = s->stream;
    b->stop = s->stop;
    b->labels = s->y.labels;
    b->valid_labels = s->vy.labels;
}

static bool fit_boosting(struct estimator *m, const struct fit_spec *s, bool *interrupted,
                         struct err *e) {
    if (m->classes.n == 1) return true;
    TRY(check_rows(m, s->x.n, e));
    struct boost_spec b = {0};
    TRY(loss_for(m, s, &b.loss, e));
    TRY(make_sets(m, 1, e));
    boost_settings(m, s, &b);
    if (b.patience > 0 && !s->vx.n) {
        err_set(e, ERR_TRAIN,
                "`patience` waits for a better loss on other data, and there are none here.");
        return err_hint(e, "Add validate: inputs -> targets, or leave patience out.");
    }
    struct bins *bins = bins_new(&s->x, &m->features, s->stop, e);
    struct bins *valid = bins && s->vx.n ? bins_like(bins, &s->vx, s->stop, e) : NULL;
    double *y = b.loss == BOOST_LOGISTIC ? labels_as_numbers(&s->y, e) : NULL;
    double *vy = b.loss == BOOST_LOGISTIC && s->vx.n ? labels_as_numbers(&s->vy, e) : NULL;
    bool ok = bins && (!s->vx.n || valid) && (b.loss != BOOST_LOGISTIC || y);
    b.bins = bins;
    b.valid = valid;
    b.y = y;
    b.valid_y = vy;
    ok = ok && boost_sets(m, s, &b, interrupted, e);
    bins_free(bins);
    bins_free(valid);
    pool_free(y);
    pool_free(vy);
    return ok;
}

const struct method method_decision_tree = {true, fit_decision_tree, forest_predict, forest_check,
                                            MOST_OF_TREES};
const struct method method_random_forest = {true, fit_random_forest, forest_predict, forest_check,
                                            MOST_OF_TREES};
const struct method method_extra_trees = {true, fit_extra_trees, forest_predict, forest_check,
                                          MOST_OF_TREES};
const struct method method_gradient_boosting = {true, fit_boosting, boost_predict, NULL,
                                                MOST_OF_TREES};
