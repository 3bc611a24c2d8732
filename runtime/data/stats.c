/* Statistics: correlation, order, quantiles, histograms. */
#include "stats.h"
#include "order.h"
#include "base/pool.h"
#include <math.h>
#include <string.h>

/* ---- order ---- */

/* Room for 2n items: n to sort and n to spare. NULL when there is no memory. */
static struct order_item *items_new(int64_t n, struct err *e) {
    size_t bytes;
    if (__builtin_mul_overflow((size_t)n, 2 * sizeof(struct order_item), &bytes))
        return err_memory(e, SIZE_MAX), NULL;
    struct order_item *items = pool_alloc(bytes + 1);
    if (!items) err_memory(e, bytes);
    return items;
}

/* In order, in one half of the room; NULL when memory is out. */
static const struct order_item *sorted_part(const struct tensor *x, int64_t begin, int64_t n,
                                            bool descending, struct order_item *items,
                                            struct err *e) {
    order_items_of(x, begin, n, descending, items);
    return order_items(items, items + n, n, e);
}

static int64_t last_size(const struct tensor *x) {
    return x->shape.n ? x->shape.size[x->shape.n - 1] : 1;
}

struct tensor *stats_argsort(const struct tensor *x, bool descending, struct err *e) {
    int64_t n = last_size(x);
    struct order_item *items = items_new(n, e);
    struct tensor *out = items ? tensor_new(DT_INT64, &x->shape, e) : NULL;
    bool ok = out != NULL;
    for (int64_t begin = 0; ok && begin < x->count; begin += n) {
        const struct order_item *sorted = sorted_part(x, begin, n, descending, items, e);
        ok = sorted != NULL;
        for (int64_t i = 0; ok && i < n; i++) ((int64_t *)out->data)[begin + i] = sorted[i].at;
    }
    pool_free(items);
    if (ok) return out;
    tensor_unref(out);
    return NULL;
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
    struct order_item *items = items_new(n, e);
    if (items && (*values = tensor_new(x->dtype, &shape, e)))
        *positions = tensor_new(DT_INT64, &shape, e);
    size_t width = dtype_bytes(x->dtype);
    for (int64_t row = 0; *positions && row < x->count / n; row++) {
        const struct order_item *sorted = sorted_part(x, row * n, n, true, items, e);
        if (!sorted) {
            tensor_unref(*positions);
            *positions = NULL;
            break;
        }
        for (int64_t i = 0; i < k; i++) {
            int64_t from = row * n + sorted[i].at, to = row * k + i;
            ((int64_t *)(*positions)->data)[to] = sorted[i].at;
            memcpy((char *)(*values)->data + (size_t)to * width,
                   (const char *)x->data + (size_t)from * width, width);
        }
    }
    pool_free(items);
    if (!*positions) tensor_unref(*values), *values = NULL;
    return *positions != NULL;
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

bool stats_range(const struct tensor *x, double *low, double *high) {
    *low = INFINITY;
    *high = -INFINITY;
    for (int64_t i = 0; i < x->count; i++) {
        double v = tensor_get(x, i);
        if (!isfinite(v)) continue;
        if (v < *low) *low = v;
        if (v > *high) *high = v;
    }
    return *low <= *high;
}

static double edge(double low, int64_t i, double width) {
    double x = low + (double)i * width;
    return isfinite(x) ? x : 2 * (low / 2 + (double)i * (width / 2));
}

/* Rounding may put a number that lies on an edge into the part before or after: the edges, as
 * they are drawn, decide. */
void stats_histogram(const struct tensor *x, int64_t bins, double low, double high,
                     int64_t *counts) {
    double range = high / 2 - low / 2; /* the largest numbers' difference is no number */
    double width = 2 * (range / (double)bins);
    memset(counts, 0, (size_t)bins * sizeof *counts);
    for (int64_t i = 0; i < x->count; i++) {
        double v = tensor_get(x, i);
        if (!(v >= low && v <= high)) continue;
        double at = (v / 2 - low / 2) / range * (double)bins;
        int64_t bin = at >= (double)bins ? bins - 1 : at > 0 ? (int64_t)at : 0;
        if (bin > 0 && v < edge(low, bin, width)) bin--;
        else if (bin + 1 < bins && v >= edge(low, bin + 1, width)) bin++;
        counts[bin]++;
    }
}

/* ---- correlation ---- */

/* z = each row minus its mean, over its length. */
static void standardise(const struct tensor *x, int64_t row, int64_t n, double *z) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < n; i++) sum += z[i] = tensor_get(x, row * n + i);
    for (int64_t i = 0; i < n; i++) {
        z[i] -= sum / (double)n;
        squares += z[i] * z[i];
    }
    double length = sqrt(squares);
    for (int64_t i = 0; i < n; i++) z[i] = length > 0 ? z[i] / length : NAN;
}

/* In eight partial sums, which a compiler can keep side by side. */
static double dot(const double *a, const double *b, int64_t n) {
    double part[8] = {0}, sum = 0;
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        for (int l = 0; l < 8; l++) part[l] += a[i + l] * b[i + l];
    }
    for (; i < n; i++) sum += a[i] * b[i];
    for (int l = 0; l < 8; l++) sum += part[l];
    return sum;
}

struct tensor *stats_corrcoef(const struct tensor *x, struct err *e) {
    if (x->shape.n != 2) {
        err_set(e, ERR_SHAPE, "Correlations need two axes, variables and observations, not %d.",
                x->shape.n);
        return NULL;
    }
    int64_t rows = x->shape.size[0], n = x->shape.size[1];
    struct shape square = shape_of(2, (int64_t[]){rows, rows});
    struct tensor *z = tensor_new(DT_FLOAT64, &x->shape, e);
    struct tensor *out = z ? tensor_new(DT_FLOAT64, &square, e) : NULL;
    double *r = out ? out->data : NULL, *v = z ? z->data : NULL;
    for (int64_t i = 0; out && i < rows; i++) standardise(x, i, n, v + i * n);
    for (int64_t i = 0; out && i < rows; i++) {
        for (int64_t j = 0; j <= i; j++) {
            double c = dot(v + i * n, v + j * n, n);
            r[i * rows + j] = r[j * rows + i] = c > 1 ? 1 : c < -1 ? -1 : c; /* NaN stays */
        }
    }
    tensor_unref(z);
    return out;
}
