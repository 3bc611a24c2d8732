/* KNeighbors: the nearest of all training rows, found by looking at each of them. */
#include "method.h"
#include "../base/pool.h"
#include "../cpu/threads.h"
#include <math.h>
#include <stdatomic.h>
#include <string.h>

/* The training rows lie transposed in tiles of 8, (tile, d, 8), so that eight distances are summed
 * side by side. */
enum { TILE = 8 };

static bool fit_neighbors(struct estimator *m, const struct fit_spec *s, bool *interrupted,
                          struct err *e) {
    (void)interrupted;
    int64_t n = s->x.n, d = s->x.d, tiles = (n + TILE - 1) / TILE, width = s->y.width;
    if (config_number(m->config, "k", 5) > (double)n)
        return err_set(e, ERR_VALUE,
                       "There are %lld examples, fewer than the %.0f neighbours asked for.",
                       (long long)n, config_number(m->config, "k", 5));
    double *rows = matrix_add(m, "examples", tiles * d, TILE, e);
    double *y = rows ? matrix_add(m, "targets", n, width ? width : 1, e) : NULL;
    double *x = y ? design_matrix(&s->x, s->stop, e) : NULL;
    for (int64_t i = 0; x && i < n; i++) {
        for (int64_t f = 0; f < d; f++) rows[((i / TILE) * d + f) * TILE + i % TILE] = x[i * d + f];
        if (!width) y[i] = s->y.labels[i];
        for (int64_t t = 0; t < width; t++) y[i * width + t] = s->y.numbers[t * n + i];
    }
    pool_free(x);
    return x != NULL;
}

struct near {
    double distance;
    int64_t row;
};

struct query {
    const struct estimator *m;
    const struct design *x;
    double *out;
    int64_t k, n;
    bool by_distance;
    const double *examples, *targets;
    int64_t target_width, width;
    struct near *nearest[2];
    double *rows[2];
    const _Atomic bool *stop;
    _Atomic bool stopped;
};

/* Keep the k nearest, in order; of equal ones the earlier row. */
static void keep(struct near *best, int64_t k, int64_t *n, double distance, int64_t row) {
    if (*n == k && !(distance < best[k - 1].distance)) return;
    int64_t at = *n < k ? (*n)++ : k - 1;
    while (at > 0 && best[at - 1].distance > distance) {
        best[at] = best[at - 1];
        at--;
    }
    best[at] = (struct near){distance, row};
}

static void find_nearest(const struct query *q, const double *row, struct near *best) {
    int64_t d = q->x->d, found = 0;
    for (int64_t tile = 0; tile * TILE < q->n; tile++) {
        const double *t = q->examples + tile * d * TILE;
        double sums[TILE] = {0};
        for (int64_t f = 0; f < d; f++)
            for (int i = 0; i < TILE; i++) {
                double diff = t[f * TILE + i] - row[f];
                sums[i] += diff * diff;
            }
        for (int i = 0; i < TILE && tile * TILE + i < q->n; i++)
            keep(best, q->k, &found, sums[i], tile * TILE + i);
    }
}

static double weight_of(const struct query *q, const struct near *best, int64_t i) {
    if (!q->by_distance) return 1;
    bool touching = best[0].distance == 0;
    return touching ? best[i].distance == 0 : 1 / sqrt(best[i].distance);
}

static void answer(const struct query *q, const struct near *best, double *out) {
    double total = 0;
    for (int64_t c = 0; c < q->width; c++) out[c] = 0;
    for (int64_t i = 0; i < q->k; i++) {
        double w = weight_of(q, best, i);
        const double *y = q->targets + best[i].row * q->target_width;
        total += w;
        if (q->m->classes.n) {
            int64_t label = (int64_t)y[0];
            if (q->width > 1) out[label] += w;
            else out[0] += q->m->classes.n == 1 || label == 1 ? w : 0;
        } else {
            for (int64_t t = 0; t < q->width; t++) out[t] += w * y[t];
        }
    }
    for (int64_t c = 0; c < q->width; c++) out[c] /= total;
}

static void query_part(void *user, int part) {
    struct query *q = user;
    int64_t n = q->x->n;
    for (int64_t i = part ? n / 2 : 0; i < (part ? n : n / 2); i++) {
        if (q->stop && atomic_load_explicit(q->stop, memory_order_relaxed)) {
            atomic_store(&q->stopped, true);
            return;
        }
        design_rows(q->x, i, 1, q->rows[part]);
        find_nearest(q, q->rows[part], q->nearest[part]);
        answer(q, q->nearest[part], q->out + i * q->width);
    }
}

static bool predict_neighbors(const struct estimator *m, const struct design *x, double *out,
                              const _Atomic bool *stop, struct err *e) {
    struct query q = {.m = m, .x = x, .out = out, .stop = stop};
    const struct matrix *y = estimator_matrix(m, "targets");
    q.n = y->rows;
    q.k = (int64_t)config_number(m->config, "k", 5);
    q.by_distance = strcmp(config_text(m->config, "weights"), "distance") == 0;
    q.examples = estimator_matrix(m, "examples")->data;
    q.targets = y->data;
    q.target_width = y->cols;
    q.width = estimator_width(m);
    for (int i = 0; i < 2; i++) {
        q.nearest[i] = pool_need((size_t)(q.k + 1) * sizeof *q.nearest[i], e);
        q.rows[i] = pool_need((size_t)(x->d + 1) * sizeof *q.rows[i], e);
    }
    bool ok = q.nearest[0] && q.nearest[1] && q.rows[0] && q.rows[1];
    if (ok) threads_run(query_part, &q, 2);
    for (int i = 0; i < 2; i++) {
        pool_free(q.nearest[i]);
        pool_free(q.rows[i]);
    }
    if (ok && atomic_load(&q.stopped)) return err_set(e, ERR_INTERRUPT, "Stopped.");
    return ok;
}

const struct method method_k_neighbors = {false, fit_neighbors, predict_neighbors, NULL,
                                          MOST_OF_FLOAT_SQUARES};
