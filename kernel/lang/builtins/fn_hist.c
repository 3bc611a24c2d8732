/* hist: how often values fall into equal intervals, and a smooth curve of their density. */
#include "plot_args.h"
#include "base/intern.h"
#include "data/keys.h"
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

struct text_counts {
    const char *all[TEXTS_MOST]; /* in the order of the bars */
    double n[TEXTS_MOST];        /* rows with each */
    int found;
};

/* TEXTS_MOST: there is no room for it. */
static int place_of(struct text_counts *t, const char *text) {
    for (int k = 0; k < t->found; k++)
        if (strcmp(t->all[k], text) == 0) return k;
    if (t->found == TEXTS_MOST) return TEXTS_MOST;
    t->all[t->found] = text;
    return t->found++;
}

/* Texts in the order in which they appear, or behind all levels of a category in theirs; missing
 * and empty ones are left out. False: too many. */
static bool count_keys(struct text_counts *t, const struct column *c, const struct keys *k) {
    enum { UNKNOWN = -2, LEFT_OUT = -1, CODES_MOST = TEXTS_MOST + 2 };
    int place[CODES_MOST];
    if (k->n_codes > CODES_MOST) return false;
    for (int i = 0; i < k->n_codes; i++) place[i] = UNKNOWN;
    for (int64_t i = 0; i < k->n_rows; i++) {
        int *at = &place[k->codes[i]];
        const char *text = *at == UNKNOWN ? column_text(c, i) : NULL;
        if (*at == UNKNOWN) *at = text && *text ? place_of(t, text) : LEFT_OUT;
        if (*at == TEXTS_MOST) return false;
        if (*at >= 0) t->n[*at]++;
    }
    return true;
}

static bool count_rows(struct call *c, const struct column *texts, int64_t n,
                       struct text_counts *t) {
    struct keys k = {0};
    if (texts->kind == COLUMN_CATEGORY && texts->levels->n <= TEXTS_MOST)
        for (int32_t i = 0; i < texts->levels->n; i++) place_of(t, texts->levels->names[i]);
    TRY(keys_of_column(texts, n, &k, c->ev->e));
    bool few = count_keys(t, texts, &k);
    keys_clear(&k);
    return few || call_fail(c, 0, ERR_VALUE,
                            "More than %d different texts have no room side by side.", TEXTS_MOST);
}

/* The texts of a list as a column without a name, in the memory of `p`. */
static bool count_given(struct call *c, struct plot *p, struct text_counts *t) {
    if (c->args[0].kind == V_COLUMN)
        return count_rows(c, column_of(c->args[0]), c->args[0].table->n_rows, t);
    struct column texts = {.kind = COLUMN_TEXT};
    int64_t n;
    texts.texts = plot_texts(c, c->args[0], p, &n);
    return texts.texts && count_rows(c, &texts, n, t);
}

/* How often each text is there, as bars. */
static bool count_texts(struct call *c, struct plot *p, struct mark *m) {
    struct text_counts t = {0};
    TRY(count_given(c, p, &t));
    m->kind = MARK_BAR;
    m->names = plot_keep_names(p, t.all, t.found, c->ev->e);
    m->n_names = t.found;
    m->x = m->names ? fn_vector(t.found, c->ev->e) : NULL;
    m->y = m->x ? fn_vector(t.found, c->ev->e) : NULL;
    for (int k = 0; m->y && k < t.found; k++) {
        ((double *)m->x->data)[k] = k;
        ((double *)m->y->data)[k] = t.n[k];
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
