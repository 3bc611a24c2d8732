/* Statistics: correlation, order, quantiles, histograms. */
#include "stats.h"
#include "order.h"
#include "graph.h"
#include "base/pool.h"
#include "cpu/threads.h"
#include <math.h>
#include <string.h>

/* ---- order ---- */

static int64_t last_size(const struct tensor *x) {
    return x->shape.n ? x->shape.size[x->shape.n - 1] : 1;
}

static uint64_t *keys_new(int64_t n, struct err *e) {
    size_t bytes;
    if (__builtin_mul_overflow((size_t)n, sizeof(uint64_t), &bytes))
        return err_memory(e, SIZE_MAX), NULL;
    uint64_t *keys = pool_alloc(bytes + 1);
    if (!keys) err_memory(e, bytes);
    return keys;
}

struct tensor *stats_argsort(const struct tensor *x, bool descending, struct err *e) {
    int64_t n = last_size(x);
    uint64_t *keys = keys_new(n, e);
    struct tensor *out = keys ? tensor_new(DT_INT64, &x->shape, e) : NULL;
    bool ok = out != NULL;
    for (int64_t begin = 0; ok && begin < x->count; begin += n) {
        order_keys(x, begin, n, descending, keys);
        ok = order_positions(keys, n, (int64_t *)out->data + begin, e);
    }
    pool_free(keys);
    if (ok) return out;
    tensor_unref(out);
    return NULL;
}

/* The rows' k largest; false when memory is out. */
static bool fill_topk(const struct tensor *x, int64_t k, struct tensor *values,
                      struct tensor *positions, struct err *e) {
    int64_t n = last_size(x), *at = pool_alloc((size_t)n * sizeof *at + 1);
    uint64_t *keys = keys_new(n, e);
    size_t width = dtype_bytes(x->dtype);
    bool ok = keys && (at || err_memory(e, (size_t)n * sizeof *at));
    for (int64_t row = 0; ok && row < x->count / n; row++) {
        order_keys(x, row * n, n, true, keys);
        ok = order_positions(keys, n, at, e);
        for (int64_t i = 0; ok && i < k; i++) {
            int64_t from = row * n + at[i], to = row * k + i;
            ((int64_t *)positions->data)[to] = at[i];
            memcpy((char *)values->data + (size_t)to * width,
                   (const char *)x->data + (size_t)from * width, width);
        }
    }
    pool_free(keys);
    pool_free(at);
    return ok;
}

bool stats_topk(const struct tensor *x, int64_t k, struct tensor **values,
                struct tensor **positions, struct err *e) {
    int64_t n = last_size(x);
    *values = *positions = NULL;
    if (k < 1 || k > n || x->shape.n == 0)
        return err_set(e, ERR_VALUE, "The %lld largest of %lld numbers were asked for.",
                       (long long)k, (long long)n);
    struct shape shape = x->shape;
    shape.size[shape.n - 1] = k;
    if ((*values = tensor_new(x->dtype, &shape, e))) *positions = tensor_new(DT_INT64, &shape, e);
    if (*positions && fill_topk(x, k, *values, *positions, e)) return true;
    tensor_unref(*values);
    tensor_unref(*positions);
    *values = *positions = NULL;
    return false;
}

/* ---- quantiles ---- */

/* Between neighbours a and b, a share t of the way, from the nearer end, so that the result never
 * leaves [a, b]. */
static double between(double a, double b, double t) {
    if (a == b) return a; /* also two infinities */
    return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
}

bool stats_quantiles(const struct tensor *x, const double *q, int n, double *out, struct err *e) {
    for (int i = 0; i < n; i++) {
        if (!(q[i] >= 0 && q[i] <= 1))
            return err_set(e, ERR_VALUE,
                           "A quantile lies between 0%% and 100%%, and %g%% does not.", 100 * q[i]);
    }
    if (x->count == 0) return err_set(e, ERR_VALUE, "No numbers have no quantiles.");
    int64_t *ranks = pool_alloc((size_t)n * 2 * sizeof *ranks + 1), last = x->count - 1;
    double *found = pool_alloc((size_t)n * 2 * sizeof *found + 1);
    bool ok = (ranks && found) || err_memory(e, (size_t)n * 2 * sizeof *ranks);
    for (int i = 0; ok && i < n; i++) {
        ranks[2 * i] = (int64_t)floor(q[i] * (double)last);
        ranks[2 * i + 1] = ranks[2 * i] < last ? ranks[2 * i] + 1 : last;
    }
    ok = ok && order_ranks(x, ranks, 2 * n, found, e);
    for (int i = 0; ok && i < n; i++) {
        double at = q[i] * (double)last;
        out[i] = between(found[2 * i], found[2 * i + 1], at - floor(at));
    }
    pool_free(ranks);
    pool_free(found);
    return ok;
}

bool stats_median(const struct tensor *x, double *out, struct err *e) {
    return stats_quantiles(x, (const double[]){0.5}, 1, out, e);
}

/* ---- histograms ---- */

enum { HISTOGRAM_BLOCK = 512, HISTOGRAM_PARTS = 8 };

static void numbers_of(const struct tensor *x, int64_t begin, int64_t n, double *out) {
    if (x->dtype == DT_FLOAT64) {
        memcpy(out, (const double *)x->data + begin, (size_t)n * sizeof *out);
    } else if (x->dtype == DT_BOOL || x->dtype == DT_UINT8) {
        for (int64_t i = 0; i < n; i++) out[i] = ((const uint8_t *)x->data)[begin + i];
    } else {
        for (int64_t i = 0; i < n; i++) out[i] = tensor_get(x, begin + i);
    }
}

bool stats_range(const struct tensor *x, double *low, double *high) {
    double least = INFINITY, most = -INFINITY, part[HISTOGRAM_BLOCK];
    for (int64_t i = 0; i < x->count; i += HISTOGRAM_BLOCK) {
        int64_t n = x->count - i < HISTOGRAM_BLOCK ? x->count - i : HISTOGRAM_BLOCK;
        numbers_of(x, i, n, part);
        for (int64_t k = 0; k < n; k++) {
            double v = part[k] - part[k] == 0 ? part[k] : (double)NAN; /* finite ones only */
            least = v < least ? v : least;
            most = v > most ? v : most;
        }
    }
    *low = least;
    *high = most;
    return least <= most;
}

static double edge(double low, int64_t i, double width) {
    double x = low + (double)i * width;
    return isfinite(x) ? x : 2 * (low / 2 + (double)i * (width / 2));
}

struct bins {
    const struct tensor *x;
    int64_t n;
    double low, high, range, width;
    double near;     /* as far from an edge, in bins, rounding decides */
    int64_t *counts; /* HISTOGRAM_PARTS times n */
};

/* Rounding may put a number that lies on an edge into the part before or after: the edges, as
 * they are drawn, decide. */
static int64_t bin_of(const struct bins *b, double v) {
    double at = (v / 2 - b->low / 2) / b->range * (double)b->n;
    int64_t bin = at >= (double)b->n ? b->n - 1 : at > 0 ? (int64_t)at : 0;
    double from = (double)bin;
    if (at - from > b->near && at - from < 1 - b->near) return bin;
    if (bin > 0 && v < edge(b->low, bin, b->width)) return bin - 1;
    return bin + 1 < b->n && v >= edge(b->low, bin + 1, b->width) ? bin + 1 : bin;
}

static void count_bins(void *user, int part) {
    const struct bins *b = user;
    double numbers[HISTOGRAM_BLOCK];
    int64_t *counts = b->counts + part * b->n, all = b->x->count;
    int64_t begin = all / HISTOGRAM_PARTS * part, size = all / HISTOGRAM_PARTS;
    int64_t end = part + 1 < HISTOGRAM_PARTS ? begin + size : all;
    for (int64_t i = begin; i < end; i += HISTOGRAM_BLOCK) {
        int64_t n = end - i < HISTOGRAM_BLOCK ? end - i : HISTOGRAM_BLOCK;
        numbers_of(b->x, i, n, numbers);
        for (int64_t k = 0; k < n; k++) {
            if (numbers[k] >= b->low && numbers[k] <= b->high) counts[bin_of(b, numbers[k])]++;
        }
    }
}

bool stats_histogram(const struct tensor *x, int64_t bins, double low, double high, int64_t *counts,
                     struct err *e) {
    double range = high / 2 - low / 2; /* the largest numbers' difference is no number */
    double largest = fabs(low) > fabs(high) ? fabs(low) : fabs(high);
    struct bins b = {.x = x, .n = bins, .low = low, .high = high, .range = range};
    b.width = 2 * (range / (double)bins);
    b.near = (largest / range + 1) * (double)bins * 0x1p-50;
    b.counts = pool_need((size_t)bins * HISTOGRAM_PARTS * sizeof *counts, e);
    if (!b.counts) return false;
    threads_run(count_bins, &b, HISTOGRAM_PARTS);
    memset(counts, 0, (size_t)bins * sizeof *counts);
    for (int64_t i = 0; i < bins * HISTOGRAM_PARTS; i++) counts[i % bins] += b.counts[i];
    pool_free(b.counts);
    return true;
}

/* ---- covariance, correlation ---- */

/* Observations that are worked on at once: some hundred variables of them fit into a cache. */
enum { OBSERVATIONS = 2048 };

/* Of each row its mean, and what its distance from the mean is divided by. */
struct row_scale {
    double mean, length;
};

static struct row_scale scale_of(const struct tensor *x, int64_t row, int64_t n, bool covariance) {
    double part[OBSERVATIONS], sum = 0, squares = 0;
    for (int64_t i = 0; i < n; i += OBSERVATIONS) {
        int64_t m = n - i < OBSERVATIONS ? n - i : OBSERVATIONS;
        numbers_of(x, row * n + i, m, part);
        for (int64_t k = 0; k < m; k++) sum += part[k];
    }
    double mean = sum / (double)n;
    if (covariance) return (struct row_scale){mean, sqrt((double)n - 1)};
    for (int64_t i = 0; i < n; i += OBSERVATIONS) {
        int64_t m = n - i < OBSERVATIONS ? n - i : OBSERVATIONS;
        numbers_of(x, row * n + i, m, part);
        for (int64_t k = 0; k < m; k++) squares += (part[k] - mean) * (part[k] - mean);
    }
    return (struct row_scale){mean, sqrt(squares)};
}

/* r += z zᵀ for the observations from `from` on, z = each row minus its mean, over its length. */
static bool add_products(const struct tensor *x, const struct row_scale *scales, int64_t from,
                         int64_t m, double *r, struct err *e) {
    int64_t rows = x->shape.size[0], n = x->shape.size[1];
    struct shape wide = shape_of(2, (int64_t[]){rows, m}), tall = shape_of(2, (int64_t[]){m, rows});
    struct tensor *z[] = {tensor_new(DT_FLOAT64, &wide, e), tensor_new(DT_FLOAT64, &tall, e)};
    struct tensor *product = NULL;
    for (int64_t i = 0; z[0] && z[1] && i < rows; i++) {
        double *row = (double *)z[0]->data + i * m, *column = (double *)z[1]->data + i;
        numbers_of(x, i * n + from, m, row);
        for (int64_t k = 0; k < m; k++) {
            double length = scales[i].length;
            row[k] = length > 0 ? (row[k] - scales[i].mean) / length : (double)NAN;
            column[k * rows] = row[k];
        }
    }
    if (z[0] && z[1]) product = op_eval(OP_matmul, z, 2, NULL, 0, e);
    for (int64_t i = 0; product && i < rows * rows; i++) r[i] += ((double *)product->data)[i];
    tensor_unref(z[0]);
    tensor_unref(z[1]);
    tensor_unref(product);
    return product != NULL;
}

static void tidy_correlations(double *r, int64_t rows) {
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j <= i; j++) {
            double c = r[i * rows + j];
            r[i * rows + j] = r[j * rows + i] = c > 1 ? 1 : c < -1 ? -1 : c; /* NaN stays */
        }
    }
}

static struct tensor *products(const struct tensor *x, bool covariance, struct err *e) {
    if (x->shape.n != 2) {
        err_set(e, ERR_SHAPE, "%s need two axes, variables and observations, not %d.",
                covariance ? "Covariances" : "Correlations", x->shape.n);
        return NULL;
    }
    int64_t rows = x->shape.size[0], n = x->shape.size[1];
    struct shape square = shape_of(2, (int64_t[]){rows, rows});
    struct tensor *out = tensor_zeros(DT_FLOAT64, &square, e);
    struct row_scale *scales = pool_need((size_t)rows * sizeof *scales + 1, e);
    bool ok = out && scales;
    for (int64_t i = 0; ok && i < rows; i++) scales[i] = scale_of(x, i, n, covariance);
    for (int64_t i = 0; ok && rows && i < n; i += OBSERVATIONS)
        ok = add_products(x, scales, i, n - i < OBSERVATIONS ? n - i : OBSERVATIONS, out->data, e);
    if (ok && n == 0)
        for (int64_t i = 0; i < out->count; i++) ((double *)out->data)[i] = NAN;
    pool_free(scales);
    if (ok) return out;
    tensor_unref(out);
    return NULL;
}

struct tensor *stats_corrcoef(const struct tensor *x, struct err *e) {
    struct tensor *r = products(x, false, e);
    if (r) tidy_correlations(r->data, x->shape.size[0]);
    return r;
}

struct tensor *stats_cov(const struct tensor *x, struct err *e) {
    return products(x, true, e);
}
