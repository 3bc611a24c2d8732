/* KMeans: Lloyd's steps from starts drawn by k-means++ (Arthur and Vassilvitskii, 2007). */
#include "method.h"
#include "../base/pool.h"
#include "../cpu/threads.h"
#include "../rng.h"
#include <math.h>
#include <string.h>

enum { SIDE = 8, LOOK = 64 }; /* centers side by side; rows between two looks at the stop flag */

/* Rows are shared out in two fixed halves, whoever works on them, so that sums do not depend on the
 * number of threads. */
struct clusters {
    const double *x;
    int64_t n, d, k;
    double *centers, *next, *distance; /* (k, d), (k, d), n */
    double *side;                      /* the centers as (tile, d, SIDE), endless behind the last */
    int64_t *nearest, *count;
    double *found, moved; /* (k, d): centers that are kept; how far the last step went */
    struct rng_key key;
    uint64_t drawn;
    const double *start; /* the newest one, while starts are drawn */
    double sums[2];
    const _Atomic bool *stop;
};

static int64_t half(const struct clusters *c, int part) {
    return part == 0 ? 0 : part == 1 ? c->n / 2 : c->n;
}

static double squared(const double *a, const double *b, int64_t d) {
    double sum = 0;
    for (int64_t f = 0; f < d; f++) sum += (a[f] - b[f]) * (a[f] - b[f]);
    return sum;
}

static void near_start(void *user, int part) {
    struct clusters *c = user;
    c->sums[part] = 0;
    for (int64_t i = half(c, part); i < half(c, part + 1); i++) {
        if (i % LOOK == 0 && fit_stopped(c->stop)) return;
        double s = squared(c->x + i * c->d, c->start, c->d);
        c->distance[i] = s < c->distance[i] ? s : c->distance[i];
        c->sums[part] += c->distance[i];
    }
}

/* Each further start with a chance in proportion to its squared distance from those before. */
static void draw_starts(struct clusters *c) {
    for (int64_t i = 0; i < c->n; i++) c->distance[i] = INFINITY;
    int64_t row = (int64_t)rng_below(c->key, c->drawn++, (uint64_t)c->n);
    for (int64_t k = 0; k < c->k && !fit_stopped(c->stop); k++) {
        c->start = c->centers + k * c->d;
        memcpy(c->centers + k * c->d, c->x + row * c->d, (size_t)c->d * sizeof *c->x);
        threads_run(near_start, c, 2);
        double at = rng_uniform(c->key, c->drawn++) * (c->sums[0] + c->sums[1]);
        row = 0;
        for (double sum = 0; row < c->n - 1; row++) {
            sum += c->distance[row];
            if (sum > at) break;
        }
    }
}

static void put_side(double *side, const double *centers, int64_t k, int64_t d) {
    for (int64_t i = 0; i < (k + SIDE - 1) / SIDE * SIDE; i++)
        for (int64_t f = 0; f < d; f++)
            side[(i / SIDE * d + f) * SIDE + i % SIDE] = i < k ? centers[i * d + f] : INFINITY;
}

/* The nearest of all centers, and how far it is. */
static int64_t find_nearest(const double *side, int64_t k, int64_t d, const double *row,
                            double *distance) {
    int64_t nearest = 0;
    *distance = INFINITY;
    for (int64_t tile = 0; tile < k; tile += SIDE, side += d * SIDE) {
        double sums[SIDE] = {0};
        for (int64_t f = 0; f < d; f++)
            for (int i = 0; i < SIDE; i++) {
                double diff = row[f] - side[f * SIDE + i];
                sums[i] += diff * diff;
            }
        for (int i = 0; i < SIDE; i++)
            if (sums[i] < *distance) *distance = sums[i], nearest = tile + i;
    }
    return nearest;
}

static void assign_part(void *user, int part) {
    struct clusters *c = user;
    c->sums[part] = 0;
    for (int64_t i = half(c, part); i < half(c, part + 1); i++) {
        if (i % LOOK == 0 && fit_stopped(c->stop)) return;
        c->nearest[i] = find_nearest(c->side, c->k, c->d, c->x + i * c->d, &c->distance[i]);
        c->sums[part] += c->distance[i];
    }
}

/* Every row to its nearest center; the sum of squared distances, or NaN when somebody wants to
 * stop. */
static double assign(struct clusters *c) {
    put_side(c->side, c->centers, c->k, c->d);
    threads_run(assign_part, c, 2);
    return fit_stopped(c->stop) ? NAN : c->sums[0] + c->sums[1];
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

/* The mean variance of the columns; `mean` is room for d numbers. */
static double spread(const struct clusters *c, double *mean) {
    double sum = 0;
    memset(mean, 0, (size_t)c->d * sizeof *mean);
    for (int64_t i = 0; i < c->n; i++)
        for (int64_t f = 0; f < c->d; f++) mean[f] += c->x[i * c->d + f] / (double)c->n;
    for (int64_t i = 0; i < c->n; i++) sum += squared(c->x + i * c->d, mean, c->d);
    return sum / (double)c->n / (double)c->d;
}

/* One run of Lloyd's steps; its centers are those of the last whole assignment, whose sum is the
 * answer: NaN when it was stopped before there was one. */
static double run_try(struct clusters *c, int64_t iterations, double still, double *centers) {
    double inertia, last = NAN;
    draw_starts(c);
    for (int64_t i = 0;; i++) {
        inertia = assign(c);
        if (isnan(inertia)) return last;
        last = inertia;
        memcpy(centers, c->centers, (size_t)(c->k * c->d) * sizeof *centers);
        if (i == iterations || (i > 0 && c->moved <= still)) return last;
        c->moved = move(c);
    }
}

/* What was found before a stop is kept. */
static bool run_tries(struct estimator *m, const struct fit_spec *s, struct clusters *c,
                      double *centers, double *best, struct err *e) {
    int64_t tries = (int64_t)config_number(m->config, "tries", 10);
    int64_t iterations = (int64_t)config_number(m->config, "iterations", 300);
    double still = 1e-8 * spread(c, c->next);
    *best = INFINITY;
    for (int64_t t = 0; t < tries && !fit_stopped(s->stop); t++) {
        c->key = (struct rng_key){s->seed, s->stream, (uint64_t)t};
        c->drawn = 0;
        double inertia = run_try(c, iterations, still, c->found);
        if (inertia < *best) {
            *best = inertia;
            memcpy(centers, c->found, (size_t)(c->k * c->d) * sizeof *centers);
        }
        bool whole = !fit_stopped(s->stop);
        if (whole && s->progress) s->progress(s->user, t + 1, tries, inertia / (double)c->n, NAN);
    }
    return isfinite(*best) || fit_goes_on(s->stop, e);
}

static bool fit_k_means(struct estimator *m, const struct fit_spec *s, bool *interrupted,
                        struct err *e) {
    struct clusters c = {.n = s->x.n, .d = s->x.d};
    c.k = (int64_t)config_number(m->config, "k", 0);
    if (c.k > c.n)
        return err_set(e, ERR_VALUE, "There are %lld rows, fewer than the %lld centers asked for.",
                       (long long)c.n, (long long)c.k);
    c.stop = s->stop;
    size_t wide = (size_t)(c.k * c.d), side = (size_t)((c.k + SIDE - 1) / SIDE * SIDE * c.d);
    double *centers = matrix_add(m, "centers", c.k, c.d, e);
    double *inertia = centers ? matrix_add(m, "inertia", 1, 1, e) : NULL;
    double *x = inertia ? design_matrix(&s->x, s->stop, e) : NULL;
    c.x = x;
    c.centers = pool_need((3 * wide + side + (size_t)c.n) * sizeof(double), e);
    c.nearest = pool_need((size_t)(c.n + c.k) * sizeof *c.nearest, e);
    bool ok = x && c.centers && c.nearest;
    if (ok) {
        c.next = c.centers + wide;
        c.found = c.next + wide;
        c.side = c.found + wide;
        c.distance = c.side + side;
        c.count = c.nearest + c.n;
        ok = run_tries(m, s, &c, centers, inertia, e);
        *interrupted = fit_stopped(s->stop);
    }
    pool_free(x);
    pool_free(c.centers);
    pool_free(c.nearest);
    return ok;
}

struct search {
    const double *side;
    int64_t k, d;
};

static void answer(const void *user, const double *row, double *out, double *room) {
    const struct search *s = user;
    double distance;
    (void)room;
    out[0] = (double)find_nearest(s->side, s->k, s->d, row, &distance);
}

static bool predict_k_means(const struct estimator *m, const struct design *x, double *out,
                            const _Atomic bool *stop, struct err *e) {
    const struct matrix *c = estimator_matrix(m, "centers");
    size_t numbers = (size_t)((c->rows + SIDE - 1) / SIDE * SIDE * c->cols);
    double *side = pool_need((numbers + 1) * sizeof *side, e);
    if (!side) return false;
    put_side(side, c->data, c->rows, c->cols);
    struct search s = {side, c->rows, c->cols};
    bool ok = answer_rows(x, answer, &s, out, 1, 0, stop, e);
    pool_free(side);
    return ok;
}

const struct method method_k_means = {false, fit_k_means, predict_k_means, NULL,
                                      MOST_OF_FLOAT_SQUARES};
