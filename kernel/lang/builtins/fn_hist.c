/* hist: how often values fall into equal intervals, and a smooth curve of their density. */
#include "plot_args.h"
#include "base/intern.h"
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

/* The curve as a dark line of the plot; nothing where all values are the same, or so far apart or
 * so close together that their distance is no number. */
static bool add_curve(struct call *c, struct plot *p, const struct tensor *x) {
    struct moments m = moments_of(x);
    double distance = m.high - m.low;
    if (!(m.deviation > 0) || !isfinite(distance) || !isfinite(CURVE_CELLS / distance)) return true;
    struct mark line = {.kind = MARK_LINE, .opacity = 1, .color = "#262626"};
    line.x = fn_vector(CURVE_POINTS, c->ev->e);
    line.y = line.x ? fn_vector(CURVE_POINTS, c->ev->e) : NULL;
    if (!line.y) return plot_mark_clear(&line), false;
    estimate(x, &m, line.x->data, line.y->data);
    return plot_add(p, &line, c->ev->e);
}

bool fn_hist(struct call *c, struct value *out) {
    struct mark m = {.kind = MARK_HIST, .opacity = 1};
    int64_t bins;
    bool curve;
    TRY(call_int(c, 1, 30, &bins) && call_bool(c, HIST_CURVE, false, &curve));
    if (bins < 1 || bins > 10000) return call_fail(c, 1, ERR_VALUE, "From 1 to 10000 bins.");
    m.bins = (int)bins;
    struct plot *p = plot_new(c->ev->e);
    bool ok = p && flat(c, 0, &m.x) && plot_common(c, p, &m);
    m.density = m.density || curve;
    if (curve && m.opacity == 1) m.opacity = 0.55; /* the curve stands out */
    if (ok) p->y_label = intern_c(m.density ? "density" : "count"), p->y_by_column = true;
    struct tensor *x = ok ? tensor_ref(m.x) : NULL;
    ok = plot_finish(c, p, &m, ok, out);
    if (ok && curve && !add_curve(c, p, x)) ok = false, plot_unref(p);
    if (x) tensor_unref(x);
    return ok;
}
