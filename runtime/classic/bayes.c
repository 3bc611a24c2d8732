/* NaiveBayes: a normal distribution for each class and column. */
#include "method.h"
#include "../base/pool.h"
#include <math.h>
#include <string.h>

enum { LOOK = 1024 }; /* rows between two looks at Stop */

/* How many rows each class has, and their means. */
static bool find_means(const struct fit_spec *s, const double *x, double *counts, double *mean,
                       int64_t k, struct err *e) {
    int64_t d = s->x.d;
    for (int64_t i = 0; i < s->x.n; i++, x += d) {
        if (i % LOOK == 0) TRY(fit_goes_on(s->stop, e));
        double *of = mean + s->y.labels[i] * d;
        counts[s->y.labels[i]] += 1;
        for (int64_t f = 0; f < d; f++) of[f] += x[f];
    }
    for (int64_t i = 0; i < k * d; i++) mean[i] /= counts[i / d] > 0 ? counts[i / d] : 1;
    return true;
}

static bool add_squares(const struct fit_spec *s, const double *x, const double *mean, double *out,
                        struct err *e) {
    int64_t d = s->x.d;
    for (int64_t i = 0; i < s->x.n; i++, x += d) {
        if (i % LOOK == 0) TRY(fit_goes_on(s->stop, e));
        const double *middle = mean + s->y.labels[i] * d;
        double *of = out + s->y.labels[i] * d;
        for (int64_t f = 0; f < d; f++) of[f] += (x[f] - middle[f]) * (x[f] - middle[f]);
    }
    return true;
}

/* The largest variance of a column over all rows: within the classes, and between their means. */
static double widest_of(const double *counts, const double *mean, const double *squares, int64_t n,
                        int64_t d, int64_t k) {
    double widest = 0;
    for (int64_t f = 0; f < d; f++) {
        double middle = 0, sum = 0;
        for (int64_t c = 0; c < k; c++) middle += counts[c] * mean[c * d + f] / (double)n;
        for (int64_t c = 0; c < k; c++) {
            double far = mean[c * d + f] - middle;
            sum += squares[c * d + f] + counts[c] * far * far;
        }
        widest = fmax(widest, sum / (double)n);
    }
    return widest;
}

/* Variances are widened by 1e-9 of the largest one, so that a constant column is possible. */
static bool fit_bayes(struct estimator *m, const struct fit_spec *s, bool *interrupted,
                      struct err *e) {
    (void)interrupted;
    int64_t n = s->x.n, d = s->x.d, k = m->classes.n;
    double *prior = matrix_add(m, "priors", 1, k, e);
    double *mean = prior ? matrix_add(m, "means", k, d, e) : NULL;
    double *var = mean ? matrix_add(m, "variances", k, d, e) : NULL;
    double *x = var ? design_matrix(&s->x, s->stop, e) : NULL;
    bool ok = x && find_means(s, x, prior, mean, k, e) && add_squares(s, x, mean, var, e);
    pool_free(x);
    if (!ok) return false;
    double widest = widest_of(prior, mean, var, n, d, k);
    for (int64_t i = 0; i < k * d; i++)
        var[i] = var[i] / (prior[i / d] > 0 ? prior[i / d] : 1) + (widest > 0 ? 1e-9 * widest : 1);
    for (int64_t c = 0; c < k; c++) prior[c] /= (double)n;
    return true;
}

/* room: k numbers. */
static void classify(const void *user, const double *row, double *out, double *room) {
    const struct estimator *m = user;
    int64_t k = m->classes.n, d = m->features.d, width = estimator_width(m);
    const double *prior = estimator_matrix(m, "priors")->data;
    const double *mean = estimator_matrix(m, "means")->data;
    const double *var = estimator_matrix(m, "variances")->data;
    double most = -INFINITY, sum = 0;
    for (int64_t c = 0; c < k; c++) {
        room[c] = prior[c] > 0 ? log(prior[c]) : -INFINITY;
        for (int64_t f = 0; f < d; f++) {
            double v = var[c * d + f], diff = row[f] - mean[c * d + f];
            room[c] -= 0.5 * (log(6.283185307179586 * v) + diff * diff / v);
        }
        most = room[c] > most ? room[c] : most;
    }
    for (int64_t c = 0; c < k; c++) sum += room[c] = exp(room[c] - most);
    if (width == 1) out[0] = room[k - 1] / sum;
    for (int64_t c = 0; width > 1 && c < k; c++) out[c] = room[c] / sum;
}

static bool predict_bayes(const struct estimator *m, const struct design *x, double *out,
                          const _Atomic bool *stop, struct err *e) {
    return answer_rows(x, classify, m, out, estimator_width(m), m->classes.n, stop, e);
}

const struct method method_naive_bayes = {false, fit_bayes, predict_bayes, NULL, MOST_OF_SQUARES};
