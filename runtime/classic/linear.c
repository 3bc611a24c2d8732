/* LinearRegression and Ridge: least squares on centred data. */
#include "method.h"
#include "../base/pool.h"
#include "../cpu/lapack.h"
#include <string.h>

/* Columns one after the other, each less its mean. */
static double *centred_columns(const struct design *x, double *means, const _Atomic bool *stop,
                               struct err *e) {
    double *out = pool_need(((size_t)x->n * (size_t)x->d + 1) * sizeof *out, e);
    for (int f = 0; out && f < x->d; f++) {
        double *column = out + (int64_t)f * x->n, sum = 0;
        if (!fit_goes_on(stop, e)) return pool_free(out), NULL;
        design_doubles(x, f, 0, x->n, column);
        for (int64_t i = 0; i < x->n; i++) sum += column[i];
        means[f] = sum / (double)x->n;
        for (int64_t i = 0; i < x->n; i++) column[i] -= means[f];
    }
    return out;
}

/* Targets as columns of `step` numbers, each less its mean. */
static double *centred_targets(const struct targets *y, int64_t step, double *means,
                               struct err *e) {
    double *out = pool_need((size_t)(step * y->width + 1) * sizeof *out, e);
    for (int t = 0; out && t < y->width; t++) {
        const double *from = y->numbers + (int64_t)t * y->n;
        double sum = 0;
        for (int64_t i = 0; i < y->n; i++) sum += from[i];
        means[t] = sum / (double)y->n;
        for (int64_t i = 0; i < y->n; i++) out[t * step + i] = from[i] - means[t];
    }
    return out;
}

/* w: solutions, d numbers every `step`. */
static bool put_line(struct estimator *m, const double *w, int64_t step, const double *x_mean,
                     const double *y_mean, struct err *e) {
    int64_t d = m->features.d, k = m->n_targets;
    double *c = matrix_add(m, "coefficients", d, k, e);
    double *b = c ? matrix_add(m, "intercept", 1, k, e) : NULL;
    for (int64_t t = 0; b && t < k; t++) {
        b[t] = y_mean[t];
        for (int64_t f = 0; f < d; f++) {
            c[f * k + t] = w[t * step + f];
            b[t] -= x_mean[f] * w[t * step + f];
        }
    }
    return b != NULL;
}

static bool fit_linear(struct estimator *m, const struct fit_spec *s, bool *interrupted,
                       struct err *e) {
    (void)interrupted;
    int64_t n = s->x.n, d = s->x.d, step = n > d ? n : d;
    double *means = pool_need((size_t)(d + s->y.width) * sizeof *means, e);
    double *a = means ? centred_columns(&s->x, means, s->stop, e) : NULL;
    double *b = a ? centred_targets(&s->y, step, means + d, e) : NULL;
    bool ok = b && lapack_least_squares(a, n, d, b, s->y.width, s->stop, e) &&
              put_line(m, b, step, means, means + d, e);
    pool_free(means);
    pool_free(a);
    pool_free(b);
    return ok;
}

/* Rows, each less their mean. */
static double *centred_rows(const struct design *x, double *means, const _Atomic bool *stop,
                            struct err *e) {
    double *out = design_matrix(x, stop, e);
    int64_t n = x->n, d = x->d;
    for (int64_t i = 0; out && i < n; i++)
        for (int64_t f = 0; f < d; f++) means[f] += out[i * d + f];
    for (int64_t f = 0; out && f < d; f++) means[f] /= (double)n;
    for (int64_t i = 0; out && i < n; i++)
        for (int64_t f = 0; f < d; f++) out[i * d + f] -= means[f];
    return out;
}

/* w (k, d) = targets (k, n) times rows (n, d). */
static void add_products(double *w, const double *targets, const double *rows, int64_t n, int64_t d,
                         int64_t k) {
    for (int64_t i = 0; i < n; i++)
        for (int64_t t = 0; t < k; t++)
            for (int64_t f = 0; f < d; f++) w[t * d + f] += targets[t * n + i] * rows[i * d + f];
}

static bool fit_ridge(struct estimator *m, const struct fit_spec *s, bool *interrupted,
                      struct err *e) {
    (void)interrupted;
    int64_t n = s->x.n, d = s->x.d, k = s->y.width;
    double *means = pool_need((size_t)(d + k) * sizeof *means, e);
    double *a = means ? centred_rows(&s->x, means, s->stop, e) : NULL;
    double *b = a ? centred_targets(&s->y, n, means + d, e) : NULL;
    double *c = b ? pool_need((size_t)(d * d + 1) * sizeof *c, e) : NULL;
    double *w = c ? pool_need((size_t)(d * k + 1) * sizeof *w, e) : NULL;
    bool ok = w && lapack_gram(a, n, d, false, c, s->stop, e);
    for (int64_t f = 0; ok && f < d; f++) c[f * d + f] += config_number(m->config, "penalty", 1);
    if (ok) {
        add_products(w, b, a, n, d, k);
        ok = lapack_solve_positive(c, d, w, k, e);
        if (!ok && !e->kind)
            err_set(e, ERR_VALUE,
                    "The columns of `{1}` depend on one another; a penalty above 0 is needed.");
    }
    ok = ok && put_line(m, w, d, means, means + d, e);
    void *all[] = {means, a, b, c, w};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) pool_free(all[i]);
    return ok;
}

static bool predict_linear(const struct estimator *m, const struct design *x, double *out,
                           const _Atomic bool *stop, struct err *e) {
    const struct matrix *c = estimator_matrix(m, "coefficients");
    const double *b = estimator_matrix(m, "intercept")->data;
    double chunk[512];
    (void)stop, (void)e;
    for (int64_t i = 0; i < x->n * c->cols; i++) out[i] = b[i % c->cols];
    for (int f = 0; f < x->d; f++) {
        for (int64_t at = 0; at < x->n; at += 512) {
            int64_t n = x->n - at < 512 ? x->n - at : 512;
            design_doubles(x, f, at, n, chunk);
            for (int64_t i = 0; i < n; i++)
                for (int64_t t = 0; t < c->cols; t++)
                    out[(at + i) * c->cols + t] += chunk[i] * c->data[f * c->cols + t];
        }
    }
    return true;
}

const struct method method_linear_regression = {false, fit_linear, predict_linear, NULL, DBL_MAX};
const struct method method_ridge = {false, fit_ridge, predict_linear, NULL, MOST_OF_SQUARES};
