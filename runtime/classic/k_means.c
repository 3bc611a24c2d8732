/* KMeans: Lloyd's steps from starts drawn by k-means++ (Arthur and Vassilvitskii, 2007). */
#include "method.h"
#include "../base/pool.h"
#include "../rng.h"
#include <math.h>
#include <string.h>

struct clusters {
    const double *x;
    int64_t n, d, k;
    double *centers, *next, *distance; /* (k, d), (k, d), n */
    int64_t *nearest, *count;
    struct rng_key key;
    uint64_t drawn;
};

static double squared(const double *a, const double *b, int64_t d) {
    double sum = 0;
    for (int64_t f = 0; f < d; f++) sum += (a[f] - b[f]) * (a[f] - b[f]);
    return sum;
}

/* Each further start with a chance in proportion to its squared distance from those before. */
static void draw_starts(struct clusters *c) {
    double total;
    for (int64_t i = 0; i < c->n; i++) c->distance[i] = INFINITY;
    int64_t row = (int64_t)rng_below(c->key, c->drawn++, (uint64_t)c->n);
    for (int64_t k = 0; k < c->k; k++) {
        memcpy(c->centers + k * c->d, c->x + row * c->d, (size_t)c->d * sizeof *c->x);
        total = 0;
        for (int64_t i = 0; i < c->n; i++) {
            double s = squared(c->x + i * c->d, c->centers + k * c->d, c->d);
            c->distance[i] = s < c->distance[i] ? s : c->distance[i];
            total += c->distance[i];
        }
        double at = rng_uniform(c->key, c->drawn++) * total;
        row = 0;
        for (double sum = 0; row < c->n - 1; row++) {
            sum += c->distance[row];
            if (sum > at) break;
        }
    }
}

/* Every row to its nearest center; the sum of squared distances. */
static double assign(struct clusters *c) {
    double inertia = 0;
    for (int64_t i = 0; i < c->n; i++) {
        double best = INFINITY;
        for (int64_t k = 0; k < c->k; k++) {
            double s = squared(c->x + i * c->d, c->centers + k * c->d, c->d);
            if (s < best) best = s, c->nearest[i] = k;
        }
        c->distance[i] = best;
        inertia += best;
    }
    return inertia;
}

/* Centers move to the means of their rows; an empty one to the row farthest from its center.
 * Returns how far they moved. */
static double move(struct clusters *c) {
    double moved = 0;
    memset(c->next, 0, (size_t)(c->k * c->d) * sizeof *c->next);
    memset(c->count, 0, (size_t)c->k * sizeof *c->count);
    for (int64_t i = 0; i < c->n; i++) {
        c->count[c->nearest[i]]++;
        for (int64_t f = 0; f < c->d; f++) c->next[c->nearest[i] * c->d + f] += c->x[i * c->d + f];
    }
    for (int64_t k = 0; k < c->k; k++) {
        double *center = c->next + k * c->d;
        int64_t far = 0;
        for (int64_t i = 0; c->count[k] == 0 && i < c->n; i++)
            if (c->distance[i] > c->distance[far]) far = i;
        if (c->count[k] == 0) {
            memcpy(center, c->x + far * c->d, (size_t)c->d * sizeof *center);
            c->distance[far] = 0;
        }
        for (int64_t f = 0; c->count[k] && f < c->d; f++) center[f] /= (double)c->count[k];
    }
    for (int64_t i = 0; i < c->k * c->d; i++)
        moved += (c->next[i] - c->centers[i]) * (c->next[i] - c->centers[i]);
    memcpy(c->centers, c->next, (size_t)(c->k * c->d) * sizeof *c->next);
    return moved;
}

static double spread(const struct clusters *c) {
    double sum = 0;
    for (int64_t f = 0; f < c->d; f++) {
        double mean = 0;
        for (int64_t i = 0; i < c->n; i++) mean += c->x[i * c->d + f] / (double)c->n;
        for (int64_t i = 0; i < c->n; i++)
            sum += (c->x[i * c->d + f] - mean) * (c->x[i * c->d + f] - mean);
    }
    return sum / (double)c->n / (double)c->d;
}

static bool run_tries(struct estimator *m, const struct fit_spec *s, struct clusters *c,
                      double *centers, double *best, bool *interrupted) {
    int64_t tries = (int64_t)config_number(m->config, "tries", 10);
    int64_t iterations = (int64_t)config_number(m->config, "iterations", 300);
    double still = 1e-8 * spread(c);
    *best = INFINITY;
    for (int64_t t = 0; t < tries && !*interrupted; t++) {
        c->key = (struct rng_key){s->seed, s->stream, (uint64_t)t};
        c->drawn = 0;
        draw_starts(c);
        double inertia = assign(c);
        for (int64_t i = 0; i < iterations; i++) {
            *interrupted = fit_stopped(s->stop);
            double moved = move(c);
            inertia = assign(c);
            if (*interrupted || moved <= still) break;
        }
        if (inertia < *best) {
            *best = inertia;
            memcpy(centers, c->centers, (size_t)(c->k * c->d) * sizeof *centers);
        }
        if (s->progress) s->progress(s->user, t + 1, tries, inertia / (double)c->n, NAN);
    }
    return true;
}

static bool fit_k_means(struct estimator *m, const struct fit_spec *s, bool *interrupted,
                        struct err *e) {
    struct clusters c = {.n = s->x.n, .d = s->x.d};
    c.k = (int64_t)config_number(m->config, "k", 0);
    if (c.k > c.n)
        return err_set(e, ERR_VALUE, "There are %lld rows, fewer than the %lld centers asked for.",
                       (long long)c.n, (long long)c.k);
    double *centers = matrix_add(m, "centers", c.k, c.d, e);
    double *inertia = centers ? matrix_add(m, "inertia", 1, 1, e) : NULL;
    double *x = inertia ? design_matrix(&s->x, e) : NULL;
    c.x = x;
    c.centers = pool_need((size_t)(2 * c.k * c.d + c.n) * sizeof(double), e);
    c.nearest = pool_need((size_t)(c.n + c.k) * sizeof *c.nearest, e);
    bool ok = x && c.centers && c.nearest;
    if (ok) {
        c.next = c.centers + c.k * c.d;
        c.distance = c.next + c.k * c.d;
        c.count = c.nearest + c.n;
        run_tries(m, s, &c, centers, inertia, interrupted);
    }
    pool_free(x);
    pool_free(c.centers);
    pool_free(c.nearest);
    return ok;
}

static bool predict_k_means(const struct estimator *m, const struct design *x, double *out,
                            const _Atomic bool *stop, struct err *e) {
    (void)stop;
    const struct matrix *c = estimator_matrix(m, "centers");
    double *row = pool_need((size_t)(x->d + 1) * sizeof *row, e);
    for (int64_t i = 0; row && i < x->n; i++) {
        double best = INFINITY;
        design_rows(x, i, 1, row);
        for (int64_t k = 0; k < c->rows; k++) {
            double s = squared(row, c->data + k * c->cols, c->cols);
            if (s < best) best = s, out[i] = (double)k;
        }
    }
    pool_free(row);
    return row != NULL;
}

const struct method method_k_means = {false, fit_k_means, predict_k_means, NULL};
