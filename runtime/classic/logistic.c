/* LogisticRegression by L-BFGS (Liu and Nocedal, 1989) on standardised columns; the penalty is that
 * of the columns as they are. Two classes have one linear score, more have one each. */
#include "method.h"
#include "../base/pool.h"
#include <math.h>
#include <string.h>

enum { MEMORY = 10, LOOK = 1024 /* rows between two looks at Stop */ };

struct logit {
    const double *x; /* (n, d) standardised */
    const int32_t *labels;
    int64_t n, d, k, p;  /* k: scores; p = k (d + 1), intercepts last */
    const double *scale; /* of the columns */
    double penalty;
    double *scores; /* k */
    const _Atomic bool *stop;
};

/* Negative log likelihood over n, and its slope; NaN when somebody wants to stop. */
static double value_and_slope(const struct logit *l, const double *w, double *slope) {
    double loss = 0;
    memset(slope, 0, (size_t)l->p * sizeof *slope);
    for (int64_t i = 0; i < l->n; i++) {
        if (i % LOOK == 0 && fit_stopped(l->stop)) return NAN;
        const double *row = l->x + i * l->d;
        double most = l->k == 1 ? 0 : -INFINITY, sum = 0;
        for (int64_t c = 0; c < l->k; c++) {
            double z = w[l->k * l->d + c];
            for (int64_t f = 0; f < l->d; f++) z += row[f] * w[c * l->d + f];
            l->scores[c] = z;
            most = z > most ? z : most;
        }
        int32_t label = l->labels[i];
        double own = l->k == 1 ? (label ? l->scores[0] : 0) : l->scores[label];
        sum = l->k == 1 ? exp(-most) : 0;
        for (int64_t c = 0; c < l->k; c++) sum += exp(l->scores[c] - most);
        loss += most + log(sum) - own;
        for (int64_t c = 0; c < l->k; c++) {
            bool right = l->k == 1 ? label == 1 : label == c;
            double g = exp(l->scores[c] - most) / sum - right;
            for (int64_t f = 0; f < l->d; f++) slope[c * l->d + f] += g * row[f];
            slope[l->k * l->d + c] += g;
        }
    }
    for (int64_t i = 0; i < l->k * l->d; i++) {
        double v = w[i] / l->scale[i % l->d];
        loss += l->penalty / 2 * v * v;
        slope[i] += l->penalty * v / l->scale[i % l->d];
    }
    for (int64_t i = 0; i < l->p; i++) slope[i] /= (double)l->n;
    return loss / (double)l->n;
}

static double dot(const double *a, const double *b, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

/* The last steps and changes of slope. */
struct history {
    double *step[MEMORY], *change[MEMORY], rho[MEMORY];
    int n, next;
};

/* direction = -H slope by the two loops. */
static void find_direction(const struct history *h, const double *slope, double *direction,
                           int64_t p) {
    double alpha[MEMORY];
    for (int64_t i = 0; i < p; i++) direction[i] = -slope[i];
    for (int k = 0; k < h->n; k++) {
        int at = (h->next - 1 - k + MEMORY) % MEMORY;
        alpha[at] = h->rho[at] * dot(h->step[at], direction, p);
        for (int64_t i = 0; i < p; i++) direction[i] -= alpha[at] * h->change[at][i];
    }
    if (h->n) {
        int last = (h->next - 1 + MEMORY) % MEMORY;
        double factor = 1 / (h->rho[last] * dot(h->change[last], h->change[last], p));
        for (int64_t i = 0; i < p; i++) direction[i] *= factor;
    }
    for (int k = h->n - 1; k >= 0; k--) {
        int at = (h->next - 1 - k + MEMORY) % MEMORY;
        double beta = h->rho[at] * dot(h->change[at], direction, p);
        for (int64_t i = 0; i < p; i++) direction[i] += (alpha[at] - beta) * h->step[at][i];
    }
}

static void remember(struct history *h, const double *w, const double *next, const double *slope,
                     const double *next_slope, int64_t p) {
    double *s = h->step[h->next], *c = h->change[h->next];
    for (int64_t i = 0; i < p; i++) s[i] = next[i] - w[i], c[i] = next_slope[i] - slope[i];
    double sc = dot(s, c, p);
    if (!(sc > 1e-300)) return;
    h->rho[h->next] = 1 / sc;
    h->next = (h->next + 1) % MEMORY;
    if (h->n < MEMORY) h->n++;
}

struct search {
    double *w, *next, *slope, *next_slope, *direction;
    struct history h;
    double loss;
};

/* One step down with halving (Armijo); false at the bottom. */
static bool step_down(const struct logit *l, struct search *s) {
    find_direction(&s->h, s->slope, s->direction, l->p);
    double down = dot(s->direction, s->slope, l->p), size = 1;
    if (!(down < 0)) return false;
    if (s->h.n == 0) size = 1 / (1 + sqrt(dot(s->slope, s->slope, l->p)));
    for (int tries = 0; tries < 40 && !fit_stopped(l->stop); tries++, size /= 2) {
        for (int64_t i = 0; i < l->p; i++) s->next[i] = s->w[i] + size * s->direction[i];
        double loss = value_and_slope(l, s->next, s->next_slope);
        if (!(loss <= s->loss + 1e-4 * size * down)) continue;
        remember(&s->h, s->w, s->next, s->slope, s->next_slope, l->p);
        memcpy(s->w, s->next, (size_t)l->p * sizeof *s->w);
        memcpy(s->slope, s->next_slope, (size_t)l->p * sizeof *s->slope);
        s->loss = loss;
        return true;
    }
    return false;
}

static double steepest(const double *slope, int64_t p) {
    double most = 0;
    for (int64_t i = 0; i < p; i++) most = fabs(slope[i]) > most ? fabs(slope[i]) : most;
    return most;
}

/* Iterations until the slope is flat; on stop what is there is kept. */
static bool minimise(const struct logit *l, struct search *s, int64_t iterations,
                     const struct fit_spec *spec) {
    s->loss = value_and_slope(l, s->w, s->slope);
    if (isnan(s->loss)) return !fit_stopped(spec->stop);
    for (int64_t i = 0; i < iterations && steepest(s->slope, l->p) > 1e-10; i++) {
        if (fit_stopped(spec->stop)) return false;
        if (!step_down(l, s)) return !fit_stopped(spec->stop);
        if (spec->progress) spec->progress(spec->user, i + 1, iterations, s->loss, NAN);
    }
    return true;
}

/* The rows with mean 0 and variance 1. False when somebody wants to stop. */
static bool standardise(struct logit *l, double *x, double *mean, double *scale) {
    int64_t n = l->n, d = l->d;
    memset(mean, 0, (size_t)d * sizeof *mean);
    memset(scale, 0, (size_t)d * sizeof *scale);
    for (int64_t i = 0; i < n; i++) {
        if (i % LOOK == 0 && fit_stopped(l->stop)) return false;
        for (int64_t f = 0; f < d; f++) mean[f] += x[i * d + f];
    }
    for (int64_t f = 0; f < d; f++) mean[f] /= (double)n;
    for (int64_t i = 0; i < n; i++) {
        if (i % LOOK == 0 && fit_stopped(l->stop)) return false;
        for (int64_t f = 0; f < d; f++) {
            double v = x[i * d + f] -= mean[f];
            scale[f] += v * v;
        }
    }
    for (int64_t f = 0; f < d; f++) scale[f] = scale[f] > 0 ? sqrt(scale[f] / (double)n) : 1;
    for (int64_t i = 0; i < n; i++) {
        if (i % LOOK == 0 && fit_stopped(l->stop)) return false;
        for (int64_t f = 0; f < d; f++) x[i * d + f] /= scale[f];
    }
    return true;
}

static bool put_scores(struct estimator *m, const struct logit *l, const double *w,
                       const double *mean, struct err *e) {
    double *c = matrix_add(m, "coefficients", l->d, l->k, e);
    double *b = c ? matrix_add(m, "intercept", 1, l->k, e) : NULL;
    for (int64_t k = 0; b && k < l->k; k++) {
        b[k] = w[l->k * l->d + k];
        for (int64_t f = 0; f < l->d; f++) {
            c[f * l->k + k] = w[k * l->d + f] / l->scale[f];
            b[k] -= mean[f] * c[f * l->k + k];
        }
    }
    return b != NULL;
}

static bool fit_logistic(struct estimator *m, const struct fit_spec *s, bool *interrupted,
                         struct err *e) {
    if (m->classes.n == 1) return true;
    struct logit l = {.labels = s->y.labels, .n = s->x.n, .d = s->x.d, .stop = s->stop};
    l.k = m->classes.n == 2 ? 1 : m->classes.n;
    l.p = l.k * (l.d + 1);
    l.penalty = config_number(m->config, "penalty", 0);
    double *x = design_matrix(&s->x, s->stop, e);
    double *room = pool_need((size_t)(2 * l.d + l.k + l.p * (5 + 2 * MEMORY)) * sizeof *room, e);
    if (!x || !room) return pool_free(x), pool_free(room), false;
    double *mean = room, *scale = room + l.d, *at = scale + l.d;
    l.x = x;
    l.scale = scale;
    l.scores = at;
    at += l.k;
    struct search f = {.w = at,
                       .next = at + l.p,
                       .slope = at + 2 * l.p,
                       .next_slope = at + 3 * l.p,
                       .direction = at + 4 * l.p};
    for (int i = 0; i < MEMORY; i++) {
        f.h.step[i] = at + (5 + i) * l.p;
        f.h.change[i] = at + (5 + MEMORY + i) * l.p;
    }
    bool ok = standardise(&l, x, mean, scale) || fit_goes_on(s->stop, e);
    int64_t iterations = (int64_t)config_number(m->config, "iterations", 1000);
    *interrupted = ok && !minimise(&l, &f, iterations, s);
    ok = ok && put_scores(m, &l, f.w, mean, e);
    pool_free(x);
    pool_free(room);
    return ok;
}

static void classify(const void *user, const double *row, double *out, double *room) {
    const struct estimator *m = user;
    const struct matrix *c = estimator_matrix(m, "coefficients");
    const double *b = estimator_matrix(m, "intercept")->data;
    double most = -INFINITY, sum = 0;
    (void)room;
    for (int64_t k = 0; k < c->cols; k++) {
        out[k] = b[k];
        for (int64_t f = 0; f < c->rows; f++) out[k] += row[f] * c->data[f * c->cols + k];
        most = out[k] > most ? out[k] : most;
    }
    if (c->cols == 1) {
        out[0] = 1 / (1 + exp(-out[0]));
        return;
    }
    for (int64_t k = 0; k < c->cols; k++) sum += out[k] = exp(out[k] - most);
    for (int64_t k = 0; k < c->cols; k++) out[k] /= sum;
}

static bool predict_logistic(const struct estimator *m, const struct design *x, double *out,
                             const _Atomic bool *stop, struct err *e) {
    for (int64_t i = 0; m->classes.n == 1 && i < x->n; i++) out[i] = 1;
    if (m->classes.n == 1) return true;
    return answer_rows(x, classify, m, out, estimator_width(m), 0, stop, e);
}

const struct method method_logistic_regression = {false, fit_logistic, predict_logistic, NULL,
                                                  MOST_OF_SQUARES};
