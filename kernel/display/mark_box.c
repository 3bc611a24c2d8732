/* Box plots (Tukey 1977, "Exploratory Data Analysis"): for each group a box from the lower to the
 * upper quartile with the median in it, whiskers to the last number within one and a half boxes,
 * and a dot for each number beyond. */
#include "display/chart.h"
#include "base/pool.h"
#include <math.h>
#include <stdlib.h>

struct box {
    int64_t n;
    double *sorted;
    double lower, median, upper, low_whisker, high_whisker;
};

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Quantile between sorted numbers, linear as numpy's and R's usual one (type 7). */
static double quantile(const struct box *b, double share) {
    double place = share * (double)(b->n - 1), rest = place - floor(place);
    int64_t i = (int64_t)place;
    return i + 1 < b->n ? b->sorted[i] * (1 - rest) + b->sorted[i + 1] * rest : b->sorted[i];
}

static int64_t n_groups(const struct mark *m) {
    if (!m->x || !m->y) return 0;
    int64_t n = m->n_names;
    for (int64_t i = 0; i < m->y->count; i++)
        if (mark_number(m->y, i) >= (double)n && mark_number(m->y, i) < 1e4)
            n = (int64_t)mark_number(m->y, i) + 1;
    return n;
}

/* Numbers of one group; the caller frees b->sorted with pool_free. False if there are none. */
static bool box_make(const struct mark *m, int64_t group, struct box *b) {
    *b = (struct box){0};
    int64_t n = m->x->count < m->y->count ? m->x->count : m->y->count;
    b->sorted = pool_alloc((size_t)(n > 0 ? n : 1) * sizeof(double));
    if (!b->sorted) return false;
    for (int64_t i = 0; i < n; i++)
        if (mark_number(m->y, i) == (double)group && fabs(mark_number(m->x, i)) <= SCALE_MOST)
            b->sorted[b->n++] = mark_number(m->x, i);
    if (b->n == 0) return pool_free(b->sorted), false;
    qsort(b->sorted, (size_t)b->n, sizeof(double), compare);
    b->lower = quantile(b, 0.25);
    b->median = quantile(b, 0.5);
    b->upper = quantile(b, 0.75);
    double reach = 1.5 * (b->upper - b->lower);
    b->low_whisker = b->lower;
    b->high_whisker = b->upper;
    for (int64_t i = 0; i < b->n; i++) {
        double x = b->sorted[i];
        if (x >= b->lower - reach && x < b->low_whisker) b->low_whisker = x;
        if (x <= b->upper + reach && x > b->high_whisker) b->high_whisker = x;
    }
    return true;
}

bool box_quartiles(const struct mark *m, int64_t group, double quartiles[3]) {
    struct box b;
    if (!m->x || !m->y || !box_make(m, group, &b)) return false;
    quartiles[0] = b.lower;
    quartiles[1] = b.median;
    quartiles[2] = b.upper;
    pool_free(b.sorted);
    return true;
}

static void box_extent(const struct plot *p, const struct mark *m, struct extent *e) {
    (void)p;
    double low, high, n = (double)n_groups(m);
    if (n == 0 || !tensor_range(m->x, &low, &high)) return;
    double ends[] = {-0.5, n - 0.5}, values[] = {low, high};
    for (int k = 0; k < 2; k++) {
        extent_add_x(e, m->horizontal ? values[k] : ends[k]);
        extent_add_y(e, m->horizontal ? ends[k] : values[k]);
    }
    if (m->horizontal) e->flip_y = true;
}

/* px of a point `along` the groups' axis and at a value. */
static void place(const struct chart *c, const struct mark *m, double along, double value,
                  double *x, double *y) {
    *x = scale_at(&c->x, m->horizontal ? value : along);
    *y = scale_at(m->horizontal ? &c->y : mark_y(c, m), m->horizontal ? along : value);
}

static void stroke(const struct chart *c, const struct mark *m, double a0, double v0, double a1,
                   double v1) {
    double x0, y0, x1, y1;
    place(c, m, a0, v0, &x0, &y0);
    place(c, m, a1, v1, &x1, &y1);
    svg_number(c->out, 'M', x0);
    svg_number(c->out, ' ', y0);
    svg_number(c->out, 'L', x1);
    svg_number(c->out, ' ', y1);
}

static void draw_body(const struct chart *c, const struct mark *m, const struct box *b, double at,
                      double half, const char *color) {
    double x0, y0, x1, y1;
    place(c, m, at - half, b->lower, &x0, &y0);
    place(c, m, at + half, b->upper, &x1, &y1);
    text_addf(c->out, "<rect fill=\"%s\" fill-opacity=\".35\" stroke=\"%s\" stroke-width=\"1.4\"",
              color, color);
    svg_attribute(c->out, "x", fmin(x0, x1));
    svg_attribute(c->out, "y", fmin(y0, y1));
    svg_attribute(c->out, "width", fabs(x1 - x0));
    svg_attribute(c->out, "height", fabs(y1 - y0));
    text_addf(c->out, "/>\n<path fill=\"none\" stroke=\"%s\" stroke-width=\"1.4\" d=\"", color);
    stroke(c, m, at, b->lower, at, b->low_whisker);
    stroke(c, m, at, b->upper, at, b->high_whisker);
    stroke(c, m, at - half / 2, b->low_whisker, at + half / 2, b->low_whisker);
    stroke(c, m, at - half / 2, b->high_whisker, at + half / 2, b->high_whisker);
    text_adds(c->out, "\"/>\n<path fill=\"none\" stroke=\"" SVG_INK "\" stroke-width=\"2.2\" d=\"");
    stroke(c, m, at - half, b->median, at + half, b->median);
    text_adds(c->out, "\"/>\n");
}

static void draw_outliers(const struct chart *c, const struct mark *m, const struct box *b,
                          double at, const char *color) {
    size_t begin = c->out->n;
    text_addf(c->out,
              "<path fill=\"none\" stroke=\"%s\" stroke-width=\"5\" stroke-linecap=\"round\" d=\"",
              color);
    size_t empty = c->out->n;
    double last_x = -1e9, last_y = -1e9;
    for (int64_t i = 0; i < b->n; i++) {
        if (b->sorted[i] >= b->low_whisker && b->sorted[i] <= b->high_whisker) continue;
        double x, y;
        place(c, m, at, b->sorted[i], &x, &y);
        if (!isfinite(x + y) || hypot(x - last_x, y - last_y) < 0.4) continue;
        marker_path(c->out, 'o', x, y, 2.5);
        last_x = x;
        last_y = y;
    }
    if (c->out->n == empty && !c->out->failed) {
        c->out->n = begin;
        return;
    }
    text_adds(c->out, "\"/>\n");
}

static bool box_draw(struct chart *c, const struct mark *m, const char *color) {
    for (int64_t g = 0; g < n_groups(m); g++) {
        struct box b;
        if (!box_make(m, g, &b)) continue;
        draw_body(c, m, &b, (double)g, 0.3, color);
        draw_outliers(c, m, &b, (double)g, color);
        pool_free(b.sorted);
    }
    return true;
}

const struct mark_kind_row mark_box = {"box plot", "box plots", SWATCH_AREA, true,
                                       box_extent, NULL,        NULL,        box_draw};
