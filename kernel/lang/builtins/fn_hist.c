/* hist: how often values fall into equal intervals, and a smooth curve of their density. */
#include "plot_args.h"
#include "base/intern.h"
#include "data/stats.h"
#include "lang/eval/tables/column_ops.h"
#include <math.h>
#include <string.h>

enum { CURVE_POINTS = 200, CURVE_CELLS = 2048, HIST_CURVE = 7 };

static bool flat(struct call *c, int i, struct tensor **out) {
    TRY(call_floats(c, i, out));
    struct shape s = shape_of(1, &(*out)->count);
    struct tensor *row = tensor_with_shape(*out, &s, c->ev->e);
    tensor_unref(*out);
    *out = row;
    return row != NULL;
}

struct moments {
    double n, low, high, mean, deviation;
};

static struct moments moments_of(const struct tensor *x) {
    struct moments m = {.low = INFINITY, .high = -INFINITY};
    double squares = 0;
    for (int64_t i = 0; i < x->count; i++) {
        double v = tensor_get(x, i);
        if (!isfinite(v)) continue;
        double step = v - m.mean;
        m.n++;
        m.mean += step / m.n;
        squares += step * (v - m.mean);
        m.low = fmin(m.low, v);
        m.high = fmax(m.high, v);
    }
    m.deviation = m.n > 1 ? sqrt(squares / (m.n - 1)) : 0;
    return m;
}

/* Each value is shared between its two neighbours of a fine grid, so that the sum over normal
 * densities has CURVE_CELLS terms however many values there are. */
static void share_out(const struct tensor *x, const struct moments *m, double *weight) {
    double scale = (CURVE_CELLS - 1) / (m->high - m->low);
    for (int64_t i = 0; i < x->count; i++) {
        double v = tensor_get(x, i);
        if (!isfinite(v)) continue;
        double place = (v - m->low) * scale, cell = fmin(floor(place), CURVE_CELLS - 2);
        weight[(int)cell] += 1 - (place - cell);
        weight[(int)cell + 1] += place - cell;
    }
}

/* A normal density around every value, their mean: f(t) = sum φ((t - x) / h) / (n h). The width
 * h = s n^(-1/5) is Scott's rule (Scott, 1992), as in SciPy and seaborn. */
static void estimate(const struct tensor *x, const struct moments *m, double *at, double *f) {
    static const double root = 2.50662827463100050242; /* of 2 pi */
    double weight[CURVE_CELLS] = {0}, h = m->deviation * pow(m->n, -0.2);
    share_out(x, m, weight);
    for (int i = 0; i < CURVE_POINTS; i++) {
        at[i] = m->low + (m->high - m->low) * i / (CURVE_POINTS - 1);
        f[i] = 0;
        for (int k = 0; k < CURVE_CELLS; k++) {
            double t = (at[i] - m->low - (m->high - m->low) * k / (CURVE_CELLS - 1)) / h;
            if (weight[k] > 0) f[i] += weight[k] * exp(-t * t / 2);
        }
        f[i] /= m->n * h * root;
    }
}

/* The curve over the bars; nothing where all values are the same, or so far apart or so close
 * together that their distance is no number. */
static bool add_curve(struct call *c, struct mark *hist) {
    struct moments m = moments_of(hist->x);
    double distance = m.high - m.low;
    if (!(m.deviation > 0) || !isfinite(distance) || !isfinite(CURVE_CELLS / distance)) return true;
    struct shape s = shape_of(2, (int64_t[]){2, CURVE_POINTS});
    hist->z = tensor_new(DT_FLOAT64, &s, c->ev->e);
    if (!hist->z) return false;
    double *at = hist->z->data;
    estimate(hist->x, &m, at, at + CURVE_POINTS);
    return true;
}

/* ---- how wide a bar is ---- */

/* The finite numbers of x; *whole: all of them are whole. */
static struct tensor *finite_of(const struct tensor *x, bool *whole, struct err *e) {
    int64_t n = 0;
    struct tensor *t = fn_vector(x->count, e);
    *whole = true;
    for (int64_t i = 0; t && i < x->count; i++) {
        double v = tensor_get(x, i);
        if (!isfinite(v)) continue;
        ((double *)t->data)[n++] = v;
        *whole = *whole && v == floor(v);
    }
    if (!t || n == x->count) return t;
    struct tensor *kept = fn_vector(n, e);
    if (kept && n > 0) memcpy(kept->data, t->data, (size_t)n * sizeof(double));
    tensor_unref(t);
    return kept;
}

/* The narrower one of two rules, as NumPy's "auto" has it: 2 IQR / n^(1/3) (Freedman & Diaconis,
 * 1981), which sees the shape, and range / (log2 n + 1) (Sturges, 1926) for few values. Whole
 * numbers get bars of whole widths around them. */
static bool choose_width(struct call *c, struct mark *m) {
    double q[2];
    struct tensor *x = finite_of(m->x, &m->whole, c->ev->e);
    if (!x || x->count == 0) return tensor_unref(x), x != NULL;
    struct moments all = moments_of(x);
    bool ok = stats_quantiles(x, (const double[]){0.25, 0.75}, 2, q, c->ev->e);
    tensor_unref(x);
    TRY(ok);
    double sturges = (all.high - all.low) / (log2(all.n) + 1);
    double shape = 2 * (q[1] - q[0]) / cbrt(all.n);
    m->bin_width = shape > 0 ? fmin(shape, sturges) : sturges;
    m->whole = m->whole && all.high - all.low < 1e9;
    if (m->whole) m->bin_width = fmax(1, round(m->bin_width));
    if (m->whole && all.high - all.low <= 24) m->bin_width = 1;
    if (!(m->bin_width > 0)) m->bin_width = 1;
    return true;
}

/* ---- texts ---- */

enum { TEXTS_MOST = 256 };

/* Texts in the order in which they appear, or all levels of a category in theirs; rows: the texts
 * of all rows. -1: too many. */
static int distinct_texts(struct call *c, const char *const *rows, int64_t n, const char **all) {
    const struct column *column = c->args[0].kind == V_COLUMN ? column_of(c->args[0]) : NULL;
    int found = 0;
    if (column && column->kind == COLUMN_CATEGORY && column->levels->n <= TEXTS_MOST)
        for (; found < column->levels->n; found++) all[found] = column->levels->names[found];
    for (int64_t i = 0; i < n; i++) {
        int k = 0;
        while (k < found && strcmp(all[k], rows[i]) != 0) k++;
        if (k < found || !rows[i][0]) continue;
        if (found == TEXTS_MOST) return -1;
        all[found++] = rows[i];
    }
    return found;
}

/* How often each text is there, as bars; missing ones are left out. */
static bool count_texts(struct call *c, struct plot *p, struct mark *m) {
    const char *all[TEXTS_MOST];
    int64_t n;
    const char **rows = plot_texts(c, c->args[0], p, &n);
    TRY(rows != NULL);
    int found = distinct_texts(c, rows, n, all);
    if (found < 0)
        return call_fail(c, 0, ERR_VALUE, "More than %d different texts have no room side by side.",
                         TEXTS_MOST);
    m->kind = MARK_BAR;
    m->names = plot_keep_names(p, all, found, c->ev->e);
    m->n_names = found;
    m->x = m->names ? fn_vector(found, c->ev->e) : NULL;
    m->y = m->x ? fn_vector(found, c->ev->e) : NULL;
    for (int k = 0; m->y && k < found; k++) {
        ((double *)m->x->data)[k] = k;
        ((double *)m->y->data)[k] = 0;
        for (int64_t i = 0; i < n; i++) ((double *)m->y->data)[k] += strcmp(rows[i], all[k]) == 0;
    }
    return m->y != NULL;
}

static bool bins_of(struct call *c, struct mark *m) {
    int64_t bins;
    TRY(call_int(c, 1, 0, &bins));
    if (call_has(c, 1) && (bins < 1 || bins > 10000))
        return call_fail(c, 1, ERR_VALUE, "From 1 to 10000 bins.");
    m->bins = (int)bins;
    return bins > 0 || choose_width(c, m);
}

static bool distribution(struct call *c, struct plot *p, struct mark *m) {
    if (plot_is_texts(c->args[0])) return count_texts(c, p, m) && plot_common(c, p, m);
    bool curve;
    bool none = c->args[0].kind == V_LIST && c->args[0].list->n == 0;
    TRY(call_bool(c, HIST_CURVE, false, &curve));
    TRY(none ? plot_vector(c, 0, &m->x) : flat(c, 0, &m->x));
    TRY(bins_of(c, m) && plot_common(c, p, m));
    m->density = m->density || curve;
    if (curve && m->opacity == 1) m->opacity = 0.55; /* the curve stands out */
    return !curve || add_curve(c, m);
}

bool fn_hist(struct call *c, struct value *out) {
    struct mark m = {.kind = MARK_HIST, .opacity = 1};
    struct plot *p = plot_new(c->ev->e);
    bool ok = p && distribution(c, p, &m);
    if (ok) p->y_label = intern_c(m.density ? "density" : "count"), p->y_by_column = true;
    return plot_finish(c, p, &m, ok, out);
}
