/* Aggregates of groups: sums and their like in one pass over the rows, order statistics group by
 * group. */
#include "aggregate.h"
#include "base/pool.h"
#include "base/stop.h"
#include <math.h>
#include <stdlib.h>

enum { MOST_ROUNDS = 100 };

struct work {
    const double *x;
    const struct row_groups *g;
    double q;
    double *out;
    double *more;    /* n_groups: means, for the spread */
    int64_t *counts; /* n_groups: cells that are there */
    double *cells;   /* as many as the largest group has rows */
};

static void count_cells(struct work *w) {
    EACH_ROW(i, w->g->n_rows) w->counts[w->g->of_row[i]] += !isnan(w->x[i]);
}

static void fill(struct work *w, double value) {
    EACH_ROW(k, w->g->n_groups) w->out[k] = value;
}

static void counts(struct work *w) {
    count_cells(w);
    EACH_ROW(k, w->g->n_groups) w->out[k] = (double)w->counts[k];
}

static void sums(struct work *w) {
    fill(w, 0);
    EACH_ROW(i, w->g->n_rows) {
        double x = w->x[i];
        w->out[w->g->of_row[i]] += isnan(x) ? 0 : x;
    }
}

static void products(struct work *w) {
    fill(w, 1);
    EACH_ROW(i, w->g->n_rows) {
        double x = w->x[i];
        w->out[w->g->of_row[i]] *= isnan(x) ? 1 : x;
    }
}

static void means(struct work *w) {
    fill(w, 0);
    EACH_ROW(i, w->g->n_rows) {
        double x = w->x[i];
        if (isnan(x)) continue;
        w->out[w->g->of_row[i]] += x;
        w->counts[w->g->of_row[i]]++;
    }
    EACH_ROW(k, w->g->n_groups)
    w->out[k] = w->counts[k] ? w->out[k] / (double)w->counts[k] : (double)NAN;
}

static void lowest(struct work *w) {
    fill(w, NAN);
    EACH_ROW(i, w->g->n_rows) {
        double *best = &w->out[w->g->of_row[i]], x = w->x[i];
        if (x < *best || (isnan(*best) && !isnan(x))) *best = x;
    }
}

static void highest(struct work *w) {
    fill(w, NAN);
    EACH_ROW(i, w->g->n_rows) {
        double *best = &w->out[w->g->of_row[i]], x = w->x[i];
        if (x > *best || (isnan(*best) && !isnan(x))) *best = x;
    }
}

/* Two passes: squares of distances lose no digits. */
static void variances(struct work *w) {
    means(w);
    EACH_ROW(k, w->g->n_groups) {
        w->more[k] = w->out[k];
        w->out[k] = w->counts[k] ? 0 : (double)NAN;
    }
    EACH_ROW(i, w->g->n_rows) {
        int32_t k = w->g->of_row[i];
        double d = w->x[i] - w->more[k];
        if (!isnan(d)) w->out[k] += d * d;
    }
    EACH_ROW(k, w->g->n_groups)
    if (w->counts[k]) w->out[k] /= (double)w->counts[k];
}

static void deviations(struct work *w) {
    variances(w);
    EACH_ROW(k, w->g->n_groups) w->out[k] = sqrt(w->out[k]);
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The cells of group k that are there. */
static int64_t cells_of(struct work *w, int64_t k) {
    int64_t n = 0;
    for (int64_t i = w->g->starts[k]; i < w->g->starts[k + 1]; i++) {
        double x = w->x[w->g->rows[i]];
        w->cells[n] = x;
        n += !isnan(x);
    }
    return n;
}

static double middle_of(double a, double b, double c) {
    if (a > b) return middle_of(b, a, c);
    return c < a ? a : c > b ? b : c;
}

/* The number at place k of n if they were sorted; before it stand no larger ones, behind it no
 * smaller ones (Hoare's selection: what cannot hold the place is left alone). */
static double select_place(double *x, int64_t n, int64_t k) {
    int64_t low = 0, high = n - 1;
    for (int rounds = 0; low < high; rounds++) {
        if (rounds == MOST_ROUNDS) { /* an order that was made to be slow */
            qsort(x + low, (size_t)(high - low + 1), sizeof *x, by_size);
            break;
        }
        double pivot = middle_of(x[low], x[low + (high - low) / 2], x[high]);
        int64_t i = low, j = high;
        while (i <= j) {
            while (x[i] < pivot) i++;
            while (x[j] > pivot) j--;
            if (i > j) break;
            double swap = x[i];
            x[i++] = x[j];
            x[j--] = swap;
        }
        if (k <= j) high = j;
        else if (k >= i) low = i;
        else break;
    }
    return x[k];
}

static double least_of(const double *x, int64_t n) {
    double least = x[0];
    for (int64_t i = 1; i < n; i++) least = x[i] < least ? x[i] : least;
    return least;
}

static void quantiles(struct work *w) {
    EACH_ROW(k, w->g->n_groups) {
        int64_t n = cells_of(w, k);
        w->out[k] = NAN;
        if (n == 0) continue;
        double place = w->q * (double)(n - 1), below = floor(place);
        int64_t i = (int64_t)below;
        double x = select_place(w->cells, n, i), next = x;
        if (i + 1 < n && place > below) next = least_of(w->cells + i + 1, n - i - 1);
        w->out[k] = x + (next - x) * (place - below);
    }
}

static void medians(struct work *w) {
    w->q = 0.5;
    quantiles(w);
}

static void firsts(struct work *w) {
    fill(w, NAN);
    EACH_ROW(i, w->g->n_rows) {
        double *out = &w->out[w->g->of_row[i]];
        if (isnan(*out)) *out = w->x[i];
    }
}

static void lasts(struct work *w) {
    fill(w, NAN);
    EACH_ROW(i, w->g->n_rows)
    if (!isnan(w->x[i])) w->out[w->g->of_row[i]] = w->x[i];
}

static void uniques(struct work *w) {
    EACH_ROW(k, w->g->n_groups) {
        int64_t n = cells_of(w, k), different = n > 0;
        if (n) qsort(w->cells, (size_t)n, sizeof *w->cells, by_size);
        for (int64_t i = 1; i < n; i++) different += w->cells[i] != w->cells[i - 1];
        w->out[k] = (double)different;
    }
}

static void anys(struct work *w) {
    fill(w, 0);
    EACH_ROW(i, w->g->n_rows)
    if (w->x[i] != 0 && !isnan(w->x[i])) w->out[w->g->of_row[i]] = 1;
}

static void alls(struct work *w) {
    fill(w, 1);
    EACH_ROW(i, w->g->n_rows)
    if (w->x[i] == 0) w->out[w->g->of_row[i]] = 0;
}

static void (*const run_of[AGGREGATE_N])(struct work *) = {
    [AGGREGATE_COUNT] = counts,   [AGGREGATE_SUM] = sums,       [AGGREGATE_MEAN] = means,
    [AGGREGATE_MIN] = lowest,     [AGGREGATE_MAX] = highest,    [AGGREGATE_VAR] = variances,
    [AGGREGATE_STD] = deviations, [AGGREGATE_MEDIAN] = medians, [AGGREGATE_QUANTILE] = quantiles,
    [AGGREGATE_FIRST] = firsts,   [AGGREGATE_LAST] = lasts,     [AGGREGATE_UNIQUE] = uniques,
    [AGGREGATE_PROD] = products,  [AGGREGATE_ANY] = anys,       [AGGREGATE_ALL] = alls,
};

bool aggregate(const double *x, const struct row_groups *g, enum aggregate how, double q,
               double *out, struct err *e) {
    struct work w = {.x = x, .g = g, .q = q, .out = out};
    int64_t largest = 0;
    for (int64_t k = 0; k < g->n_groups; k++) {
        int64_t n = g->starts[k + 1] - g->starts[k];
        largest = n > largest ? n : largest;
    }
    w.more = pool_need((size_t)g->n_groups * sizeof *w.more + 1, e);
    w.counts = pool_need((size_t)g->n_groups * sizeof *w.counts + 1, e);
    w.cells = pool_need((size_t)largest * sizeof *w.cells + 1, e);
    bool ok = w.more && w.counts && w.cells;
    if (ok) run_of[how](&w);
    ok = ok && rows_whole(g->n_rows, e);
    pool_free(w.more);
    pool_free(w.counts);
    pool_free(w.cells);
    return ok;
}
