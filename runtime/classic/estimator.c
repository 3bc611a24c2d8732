/* What all classical models share: counting, checks of the data, and the way to each one's
 * functions. */
#include "method.h"
#include "../base/pool.h"
#include "../cpu/threads.h"
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#define ESTIMATOR(id, name, aliases, task, signature, help, example)                               \
    [ESTIMATOR_##id] = &method_##id,
static const struct method *const methods[ESTIMATOR_N_KINDS] = {
#include "estimators.list"
};
#undef ESTIMATOR
#define ESTIMATOR(id, name, aliases, task, signature, help, example) [ESTIMATOR_##id] = TASK_##task,
static const enum estimator_task tasks[ESTIMATOR_N_KINDS] = {
#include "estimators.list"
};
#undef ESTIMATOR

static const struct method *method_of(const struct estimator *m) {
    return methods[m->config->row->kind];
}

enum estimator_task estimator_task(const struct config *c) {
    return tasks[c->row->kind];
}

bool estimator_check(const struct config *c, struct err *e) {
    TRY(config_check(c, e));
    const struct method *method = methods[c->row->kind];
    return !method->check || method->check(c, e);
}

/* ---- settings ---- */

const struct arg *config_arg_named(const struct config *c, const char *name) {
    static const struct arg none;
    const char *next = c->row->signature;
    struct signature_arg a;
    for (int i = 0; signature_next(&next, &a); i++)
        if (str_is(a.name, name)) return i < c->n_args ? &c->args[i] : &none;
    return &none;
}

double config_number(const struct config *c, const char *name, double fallback) {
    const struct arg *a = config_arg_named(c, name);
    return a->kind == ARG_NUMBER || a->kind == ARG_INT || a->kind == ARG_BOOL ? a->number
                                                                              : fallback;
}

const char *config_text(const struct config *c, const char *name) {
    const struct arg *a = config_arg_named(c, name);
    return a->kind == ARG_TEXT ? a->text : "";
}

/* ---- counting ---- */

struct estimator *estimator_ref(struct estimator *m) {
    atomic_fetch_add(&m->refs, 1);
    return m;
}

void class_names_clear(struct class_names *c) {
    pool_free(c->texts);
    *c = (struct class_names){0};
}

void estimator_unref(struct estimator *m) {
    if (!m || atomic_fetch_sub(&m->refs, 1) != 1) return;
    for (int i = 0; i < m->n_sets; i++) trees_clear(&m->sets[i]);
    for (int i = 0; i < ESTIMATOR_MATRICES; i++) pool_free(m->matrices[i].data);
    pool_free(m->sets);
    features_clear(&m->features);
    class_names_clear(&m->classes);
    config_unref(m->config);
    pool_free(m);
}

/* ---- matrices ---- */

double *matrix_add(struct estimator *m, const char *name, int64_t rows, int64_t cols,
                   struct err *e) {
    for (int i = 0; i < ESTIMATOR_MATRICES; i++) {
        struct matrix *x = &m->matrices[i];
        if (x->name) continue;
        x->data = pool_need(((size_t)rows * (size_t)cols + 1) * sizeof *x->data, e);
        if (!x->data) return NULL;
        x->name = name;
        x->rows = rows;
        x->cols = cols;
        return x->data;
    }
    err_set(e, ERR_BUG, "There is no room for the matrix %s.", name);
    return NULL;
}

const struct matrix *estimator_matrix(const struct estimator *m, const char *name) {
    for (int i = 0; i < ESTIMATOR_MATRICES; i++)
        if (m->matrices[i].name && strcmp(m->matrices[i].name, name) == 0) return &m->matrices[i];
    return NULL;
}

double *design_matrix(const struct design *x, const _Atomic bool *stop, struct err *e) {
    enum { ROWS = 1024 };
    double *out = pool_need(((size_t)x->n * (size_t)x->d + 1) * sizeof *out, e);
    for (int64_t at = 0; out && at < x->n; at += ROWS) {
        if (!fit_goes_on(stop, e)) return pool_free(out), NULL;
        design_rows(x, at, x->n - at < ROWS ? x->n - at : ROWS, out + at * x->d);
    }
    return out;
}

bool fit_stopped(const _Atomic bool *stop) {
    return stop && atomic_load_explicit(stop, memory_order_relaxed);
}

bool fit_goes_on(const _Atomic bool *stop, struct err *e) {
    return !fit_stopped(stop) || err_set(e, ERR_INTERRUPT, "Stopped.");
}

struct row_job {
    const struct design *x;
    row_answer_fn fn;
    const void *user;
    double *out, *rooms[2];
    int64_t width;
    const _Atomic bool *stop;
};

static void answer_part(void *user, int part) {
    const struct row_job *j = user;
    int64_t n = j->x->n, d = j->x->d;
    double *row = j->rooms[part];
    for (int64_t i = part ? n / 2 : 0; i < (part ? n : n / 2) && !fit_stopped(j->stop); i++) {
        design_rows(j->x, i, 1, row);
        j->fn(j->user, row, j->out + i * j->width, row + d);
    }
}

bool answer_rows(const struct design *x, row_answer_fn fn, const void *user, double *out,
                 int64_t width, int64_t room, const _Atomic bool *stop, struct err *e) {
    size_t numbers = ((size_t)(x->d + room) + 7) / 8 * 8;
    struct row_job j = {.x = x, .fn = fn, .user = user, .out = out, .width = width, .stop = stop};
    j.rooms[0] = pool_need(2 * numbers * sizeof(double), e);
    if (!j.rooms[0]) return false;
    j.rooms[1] = j.rooms[0] + numbers;
    threads_run(answer_part, &j, 2);
    pool_free(j.rooms[0]);
    return fit_goes_on(stop, e);
}

/* ---- checks ---- */

static bool odd_number(const struct estimator *m, const struct design *x, int f, int64_t row,
                       const char *what, struct err *e) {
    char room[32];
    err_set(e, ERR_VALUE, "%s cannot read %s values, and `{1}` holds one.", m->config->row->name,
            what);
    err_fact(e, "{1}", "row %lld of %lld, column %s", (long long)row, (long long)x->n,
             feature_name(&m->features, f, room, sizeof room));
    return err_hint(
        e,
        "Drop these rows (drop_missing) or fill the values in (fill_missing). Trees, forests and "
        "GradientBoosting read missing values as they are.");
}

static bool too_large(const struct estimator *m, const struct design *x, int f, int64_t row,
                      struct err *e) {
    char room[32];
    double number;
    design_doubles(x, f, row, 1, &number);
    err_set(e, ERR_VALUE, "%s reads numbers up to %.3g, and `{1}` holds %.3g.",
            m->config->row->name, method_of(m)->most, number);
    err_fact(e, "{1}", "row %lld of %lld, column %s", (long long)row, (long long)x->n,
             feature_name(&m->features, f, room, sizeof room));
    return err_hint(e, "Divide the column by a power of ten, or scale it (StandardScaler).");
}

static bool check_inputs(const struct estimator *m, const struct design *x,
                         const _Atomic bool *stop, struct err *e) {
    int f;
    bool trees = method_of(m)->missing;
    int64_t row = design_odd(x, method_of(m)->most, !trees, &f, stop);
    if (row >= 0) {
        double number;
        design_doubles(x, f, row, 1, &number);
        return isfinite(number) ? too_large(m, x, f, row, e)
                                : odd_number(m, x, f, row, "missing or infinite", e);
    }
    TRY(fit_goes_on(stop, e));
    for (f = 0; f < x->d && !trees; f++) {
        if (m->features.infos[f].n_levels == 0) continue;
        err_set(e, ERR_TYPE, "%s reads numbers, and the column `%s` holds texts.",
                m->config->row->name, m->features.infos[f].name);
        return err_hint(e, "Leave the column out, or make numbers of it: one_hot(…).");
    }
    return true;
}

static bool no_targets(int64_t n, struct err *e) {
    err_set(e, ERR_LABEL,
            "The targets `{2}` hold missing (NaN) or infinite values, from which nothing can be "
            "learned.");
    err_label(e, "holds %lld such value%s", (long long)n, n == 1 ? "" : "s");
    return err_hint(e, "Drop these rows, or fill the values in. Nothing was computed.");
}

static bool check_targets(const struct targets *y, int64_t n, struct err *e) {
    int64_t missing = 0;
    if (y->n != n)
        return err_set(e, ERR_SHAPE, "`{1}` has %lld examples and `{2}` has %lld.", (long long)n,
                       (long long)y->n);
    for (int64_t i = 0; y->labels && i < n; i++) missing += y->labels[i] < 0;
    for (int64_t i = 0; y->numbers && i < n * y->width; i++) missing += !isfinite(y->numbers[i]);
    if (missing) return no_targets(missing, e);
    if (y->labels && y->n_classes > ESTIMATOR_CLASSES)
        return err_set(e, ERR_LABEL, "At most %d classes, and `{2}` has %d.", ESTIMATOR_CLASSES,
                       y->n_classes);
    return true;
}

/* ---- fitting ---- */

static struct estimator *begin(struct fit_spec *s, struct err *e) {
    struct estimator *m = pool_need(sizeof *m, e);
    if (!m) return NULL;
    m->refs = 1;
    m->config = config_ref((struct config *)(uintptr_t)s->config);
    m->classes = s->classes;
    s->classes = (struct class_names){0};
    m->single = s->single;
    m->n_targets = s->y.width;
    m->n_rows = s->x.n;
    return m;
}

static bool fit(struct estimator *m, struct fit_spec *s, bool *interrupted, struct err *e) {
    if (s->x.n == 0 || s->x.d == 0)
        return err_set(e, ERR_SHAPE,
                       "There is nothing to learn from: `{1}` has %lld row%s and %d column%s.",
                       (long long)s->x.n, s->x.n == 1 ? "" : "s", s->x.d, s->x.d == 1 ? "" : "s");
    TRY(estimator_check(m->config, e));
    TRY(features_learn(&m->features, &s->x, e));
    TRY(check_inputs(m, &s->x, s->stop, e));
    if (tasks[m->config->row->kind] != TASK_NONE) TRY(check_targets(&s->y, s->x.n, e));
    if (s->vx.n > 0) {
        TRY(features_match(&m->features, &s->vx, e));
        TRY(check_inputs(m, &s->vx, s->stop, e));
        TRY(check_targets(&s->vy, s->vx.n, e));
    }
    return method_of(m)->fit(m, s, interrupted, e);
}

struct estimator *estimator_fit(struct fit_spec *s, bool *interrupted, struct err *e) {
    *interrupted = false;
    struct estimator *m = begin(s, e);
    bool ok = m && fit(m, s, interrupted, e);
    design_clear(&s->x);
    design_clear(&s->vx);
    targets_clear(&s->y);
    targets_clear(&s->vy);
    class_names_clear(&s->classes);
    if (ok) return m;
    estimator_unref(m);
    return NULL;
}

/* ---- answers ---- */

int32_t estimator_width(const struct estimator *m) {
    if (m->config->row->kind == ESTIMATOR_k_means) return 1;
    if (m->config->row->kind == ESTIMATOR_pca) {
        const struct matrix *c = estimator_matrix(m, "components");
        return c ? (int32_t)c->rows : 1;
    }
    if (m->classes.n) return m->classes.n == 2 ? 1 : m->classes.n;
    return m->n_targets;
}

enum { ANSWER_BLOCKS = 64, ANSWER_ROWS = 1024 };

bool estimator_predict(const struct estimator *m, struct design *x, double *out,
                       const struct answer_watch *watch, const _Atomic bool *stop, struct err *e) {
    TRY(features_match(&m->features, x, e));
    TRY(check_inputs(m, x, stop, e));
    int64_t block = watch ? x->n / ANSWER_BLOCKS : x->n, begin = 0;
    if (block < ANSWER_ROWS) block = ANSWER_ROWS;
    if (block >= x->n) return method_of(m)->predict(m, x, out, stop, e);
    struct design part = {0};
    bool ok = design_part_begin(&part, x, e);
    for (; ok && begin < x->n; begin += block) {
        design_part(&part, x, begin, x->n - begin < block ? x->n - begin : block);
        ok = method_of(m)->predict(m, &part, out + begin * estimator_width(m), stop, e);
        if (ok) watch->progress(watch->user, (double)(begin + part.n) / (double)x->n);
    }
    design_part_end(&part);
    return ok;
}

bool estimator_importance(const struct estimator *m, double *out) {
    if (m->n_sets == 0) return false;
    double *one = pool_alloc((size_t)m->features.d * sizeof *one);
    if (!one) return false;
    bool each = m->config->row->kind != ESTIMATOR_gradient_boosting;
    for (int f = 0; f < m->features.d; f++) out[f] = 0;
    for (int i = 0; i < m->n_sets; i++) {
        trees_importance(&m->sets[i], each, one);
        for (int f = 0; f < m->features.d; f++) out[f] += one[f] / m->n_sets;
    }
    pool_free(one);
    return true;
}

/* ---- models from files ---- */

static bool has_matrix(const struct estimator *m, const char *name, int64_t rows, int64_t cols) {
    const struct matrix *x = estimator_matrix(m, name);
    return x && (rows < 0 || x->rows == rows) && (cols < 0 || x->cols == cols);
}

static bool trees_fit(const struct estimator *m) {
    bool boosting = m->config->row->kind == ESTIMATOR_gradient_boosting;
    int32_t k = m->classes.n, sets = k ? 1 : m->n_targets, wide = k > 2 ? k : 1;
    if (k == 1) return m->n_sets == 0;
    if (m->n_sets != sets || sets < 1) return false;
    int32_t outputs = boosting ? wide : 1;
    for (int i = 0; i < sets; i++) {
        const struct trees *s = &m->sets[i];
        if (s->width != (boosting ? 1 : wide) || s->n_outputs != outputs) return false;
        if (!boosting && s->n < 1) return false;
    }
    return has_matrix(m, "base", 1, (int64_t)outputs * sets);
}

static bool neighbors_fit(const struct estimator *m) {
    const struct matrix *y = estimator_matrix(m, "targets");
    if (!y || y->cols != (m->classes.n ? 1 : m->n_targets) || y->rows < 1) return false;
    for (int64_t i = 0; m->classes.n && i < y->rows; i++)
        if (!(y->data[i] >= 0 && y->data[i] < m->classes.n)) return false;
    double k = config_number(m->config, "k", 5);
    return k <= (double)y->rows && has_matrix(m, "examples", (y->rows + 7) / 8 * m->features.d, 8);
}

bool estimator_fits(const struct estimator *m) {
    int64_t d = m->features.d, k = m->classes.n, scores = k == 2 ? 1 : k;
    if (tasks[m->config->row->kind] != TASK_NONE && k == 0 && m->n_targets < 1) return false;
    switch ((enum estimator_kind)m->config->row->kind) {
    case ESTIMATOR_linear_regression:
    case ESTIMATOR_ridge:
        return k == 0 && has_matrix(m, "coefficients", d, m->n_targets) &&
               has_matrix(m, "intercept", 1, m->n_targets);
    case ESTIMATOR_logistic_regression:
        return k == 1 || (k > 1 && has_matrix(m, "coefficients", d, scores) &&
                          has_matrix(m, "intercept", 1, scores));
    case ESTIMATOR_k_neighbors: return neighbors_fit(m);
    case ESTIMATOR_naive_bayes:
        return k > 0 && has_matrix(m, "priors", 1, k) && has_matrix(m, "means", k, d) &&
               has_matrix(m, "variances", k, d);
    case ESTIMATOR_k_means: return has_matrix(m, "centers", -1, d);
    case ESTIMATOR_pca: return has_matrix(m, "components", -1, d) && has_matrix(m, "mean", 1, d);
    case ESTIMATOR_decision_tree:
    case ESTIMATOR_random_forest:
    case ESTIMATOR_extra_trees:
    case ESTIMATOR_gradient_boosting: return trees_fit(m);
    case ESTIMATOR_N_KINDS: break;
    }
    return false;
}
