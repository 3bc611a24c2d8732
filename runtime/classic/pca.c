/* PCA by the eigenvectors of the covariance, or, of fewer rows than columns, of the rows' products
 * with one another. */
#include "method.h"
#include "../base/pool.h"
#include "../cpu/lapack.h"
#include <math.h>
#include <string.h>

/* The sign of a direction is chosen so that its largest number is positive. */
static void put_direction(double *v, int64_t d) {
    int64_t largest = 0;
    for (int64_t f = 0; f < d; f++)
        if (fabs(v[f]) > fabs(v[largest]) * (1 + 1e-12)) largest = f;
    double sign = v[largest] < 0 ? -1 : 1;
    for (int64_t f = 0; f < d; f++) v[f] *= sign;
}

/* What was found: `size` directions with their sums of squares, ascending. With fewer rows than
 * columns they are those of the rows, and direction u of the rows is x' u of the columns. */
struct found {
    const double *x, *vectors, *values; /* (n, d) centred, (size, size), size */
    int64_t n, d, size;
};

/* `out` (i, d) holds unit vectors; any further one that is at right angles to them. */
static void put_any_direction(double *out, int64_t i, int64_t d) {
    double *v = out + i * d, length = 0;
    for (int64_t axis = 0; length < 1e-3 && axis < d; axis++) {
        memset(v, 0, (size_t)d * sizeof *v);
        v[axis] = 1;
        for (int64_t j = 0; j < i; j++) {
            double along = out[j * d + axis];
            for (int64_t f = 0; f < d; f++) v[f] -= along * out[j * d + f];
        }
        length = 0;
        for (int64_t f = 0; f < d; f++) length += v[f] * v[f];
    }
    for (int64_t f = 0; f < d; f++) v[f] /= sqrt(length);
}

/* Direction i of the columns from the rows' direction u. */
static void turn_direction(const struct found *r, const double *u, double *out, int64_t i,
                           double value) {
    double *v = out + i * r->d, length = 0;
    memset(v, 0, (size_t)r->d * sizeof *v);
    for (int64_t row = 0; row < r->n; row++)
        for (int64_t f = 0; f < r->d; f++) v[f] += u[row] * r->x[row * r->d + f];
    for (int64_t f = 0; f < r->d; f++) length += v[f] * v[f];
    if (value <= 1e-12 * r->values[r->size - 1] || length <= 0) {
        put_any_direction(out, i, r->d);
        return;
    }
    for (int64_t f = 0; f < r->d; f++) v[f] /= sqrt(length);
}

static bool put_components(struct estimator *m, const struct found *r, int64_t k,
                           const _Atomic bool *stop, struct err *e) {
    int64_t d = r->d, last = r->size - 1;
    double total = 0;
    double *c = matrix_add(m, "components", k, d, e);
    double *share = c ? matrix_add(m, "explained", 1, k, e) : NULL;
    double *var = share ? matrix_add(m, "variances", 1, k, e) : NULL;
    if (!var) return false;
    for (int64_t i = 0; i < r->size; i++) total += r->values[i] > 0 ? r->values[i] : 0;
    for (int64_t i = 0; i < k; i++) {
        double v = r->values[last - i] > 0 ? r->values[last - i] : 0;
        const double *vector = r->vectors + (last - i) * r->size;
        TRY(fit_goes_on(stop, e));
        if (r->n < d) turn_direction(r, vector, c, i, v);
        else memcpy(c + i * d, vector, (size_t)d * sizeof *c);
        share[i] = total > 0 ? v / total : 0;
        var[i] = v / (double)(r->n > 1 ? r->n - 1 : 1);
    }
    for (int64_t i = 0; i < k; i++) put_direction(c + i * d, d);
    return true;
}

static void centre(double *x, int64_t n, int64_t d, double *mean) {
    for (int64_t i = 0; i < n; i++)
        for (int64_t f = 0; f < d; f++) mean[f] += x[i * d + f];
    for (int64_t f = 0; f < d; f++) mean[f] /= (double)n;
    for (int64_t i = 0; i < n; i++)
        for (int64_t f = 0; f < d; f++) x[i * d + f] -= mean[f];
}

static bool fit_pca(struct estimator *m, const struct fit_spec *s, bool *interrupted,
                    struct err *e) {
    (void)interrupted;
    int64_t n = s->x.n, d = s->x.d, size = n < d ? n : d;
    int64_t k = (int64_t)config_number(m->config, "components", (double)size);
    if (k > size)
        return err_set(
            e, ERR_VALUE,
            "%lld components were asked for; %lld rows of %lld numbers have at most %lld.",
            (long long)k, (long long)n, (long long)d, (long long)size);
    double *mean = matrix_add(m, "mean", 1, d, e);
    double *x = mean ? design_matrix(&s->x, s->stop, e) : NULL;
    double *gram = x ? pool_need((size_t)(size * size + size) * sizeof *gram, e) : NULL;
    if (!gram) return pool_free(x), false;
    centre(x, n, d, mean);
    struct found r = {x, gram, gram + size * size, n, d, size};
    bool ok = lapack_gram(x, n, d, n < d, gram, s->stop, e) &&
              lapack_eigen(gram, size, gram + size * size, s->stop, e) &&
              put_components(m, &r, k, s->stop, e);
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

const struct method method_pca = {false, fit_pca, predict_pca, NULL, MOST_OF_SQUARES};
