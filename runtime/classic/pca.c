/* PCA by the eigenvectors of the covariance. */
#include "method.h"
#include "../base/pool.h"
#include "../cpu/lapack.h"
#include <math.h>
#include <string.h>

/* The sign of a direction is chosen so that its largest number is positive. */
static void put_direction(double *out, const double *v, int64_t d) {
    int64_t largest = 0;
    for (int64_t f = 0; f < d; f++)
        if (fabs(v[f]) > fabs(v[largest]) * (1 + 1e-12)) largest = f;
    double sign = v[largest] < 0 ? -1 : 1;
    for (int64_t f = 0; f < d; f++) out[f] = sign * v[f];
}

static bool put_components(struct estimator *m, const double *vectors, const double *values,
                           int64_t k, int64_t n, struct err *e) {
    int64_t d = m->features.d;
    double total = 0;
    double *c = matrix_add(m, "components", k, d, e);
    double *share = c ? matrix_add(m, "explained", 1, k, e) : NULL;
    double *var = share ? matrix_add(m, "variances", 1, k, e) : NULL;
    if (!var) return false;
    for (int64_t i = 0; i < d; i++) total += values[i] > 0 ? values[i] : 0;
    for (int64_t i = 0; i < k; i++) {
        double v = values[d - 1 - i] > 0 ? values[d - 1 - i] : 0;
        put_direction(c + i * d, vectors + (d - 1 - i) * d, d);
        share[i] = total > 0 ? v / total : 0;
        var[i] = v / (double)(n > 1 ? n - 1 : 1);
    }
    return true;
}

static bool fit_pca(struct estimator *m, const struct fit_spec *s, bool *interrupted,
                    struct err *e) {
    (void)interrupted;
    int64_t n = s->x.n, d = s->x.d, most = n < d ? n : d;
    int64_t k = (int64_t)config_number(m->config, "components", (double)most);
    if (k > most)
        return err_set(
            e, ERR_VALUE,
            "%lld components were asked for; %lld rows of %lld numbers have at most %lld.",
            (long long)k, (long long)n, (long long)d, (long long)most);
    double *mean = matrix_add(m, "mean", 1, d, e);
    double *x = mean ? design_matrix(&s->x, e) : NULL;
    double *gram = x ? pool_need((size_t)(d * d + d) * sizeof *gram, e) : NULL;
    if (!gram) return pool_free(x), false;
    for (int64_t i = 0; i < n * d; i++) mean[i % d] += x[i];
    for (int64_t f = 0; f < d; f++) mean[f] /= (double)n;
    for (int64_t i = 0; i < n * d; i++) x[i] -= mean[i % d];
    bool ok = lapack_gram(x, n, d, gram, e) && lapack_eigen(gram, d, gram + d * d, e) &&
              put_components(m, gram, gram + d * d, k, n, e);
    pool_free(x);
    pool_free(gram);
    return ok;
}

static void project(const void *user, const double *row, double *out, double *room) {
    const struct estimator *m = user;
    const struct matrix *c = estimator_matrix(m, "components");
    const double *mean = estimator_matrix(m, "mean")->data;
    (void)room;
    for (int64_t k = 0; k < c->rows; k++) {
        double sum = 0;
        for (int64_t f = 0; f < c->cols; f++) sum += (row[f] - mean[f]) * c->data[k * c->cols + f];
        out[k] = sum;
    }
}

static bool predict_pca(const struct estimator *m, const struct design *x, double *out,
                        const _Atomic bool *stop, struct err *e) {
    return answer_rows(x, project, m, out, estimator_width(m), 0, stop, e);
}

const struct method method_pca = {false, fit_pca, predict_pca, NULL};
