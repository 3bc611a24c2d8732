/* NaiveBayes: a normal distribution for each class and column. */
#include "method.h"
#include "../base/pool.h"
#include <math.h>
#include <string.h>

/* Variances are widened by 1e-9 of the largest one, so that a constant column is possible. */
static bool fit_bayes(struct estimator *m, const struct fit_spec *s, bool *interrupted,
                      struct err *e) {
    (void)interrupted;
    int64_t n = s->x.n, d = s->x.d, k = m->classes.n;
    double *prior = matrix_add(m, "priors", 1, k, e);
    double *mean = prior ? matrix_add(m, "means", k, d, e) : NULL;
    double *var = mean ? matrix_add(m, "variances", k, d, e) : NULL;
    double *x = var ? design_matrix(&s->x, s->stop, e) : NULL, widest = 0;
    if (!x) return false;
    for (int64_t i = 0; i < n; i++) prior[s->y.labels[i]] += 1;
    for (int64_t i = 0; i < n * d; i++) mean[s->y.labels[i / d] * d + i % d] += x[i];
    for (int64_t i = 0; i < k * d; i++) mean[i] /= prior[i / d] > 0 ? prior[i / d] : 1;
    for (int64_t i = 0; i < n * d; i++) {
        int64_t at = s->y.labels[i / d] * d + i % d;
        var[at] += (x[i] - mean[at]) * (x[i] - mean[at]);
    }
    for (int64_t f = 0; f < d; f++) {
        double sum = 0, squares = 0;
        for (int64_t i = 0; i < n; i++) sum += x[i * d + f];
        for (int64_t i = 0; i < n; i++)
            squares += (x[i * d + f] - sum / (double)n) * (x[i * d + f] - sum / (double)n);
        widest = squares / (double)n > widest ? squares / (double)n : widest;
    }
    for (int64_t i = 0; i < k * d; i++)
        var[i] = var[i] / (prior[i / d] > 0 ? prior[i / d] : 1) + (widest > 0 ? 1e-9 * widest : 1);
    for (int64_t c = 0; c < k; c++) prior[c] /= (double)n;
    pool_free(x);
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
