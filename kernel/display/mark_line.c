/* Lines: gaps at missing values, steps, dashes, markers, colours by group. What the eye cannot tell
 * apart is left out: with many points, each half pixel column keeps its first, lowest, highest and
 * last one (M4, Jugel et al. 2014, "M4: a visualization-oriented time series data aggregation"),
 * and points that lie on the line between others within TOLERANCE px are dropped (cone
 * intersection, Sklansky & Gonzalez 1980). Of very many points those that jump lie on whole pixels,
 * which takes half the bytes. */
#include "display/chart.h"
#include "display/marker_grid.h"
#include <math.h>

static const double TOLERANCE = 0.06;

static void line_extent(const struct plot *p, const struct mark *m, struct extent *e) {
    (void)p;
    for (int64_t i = 0, n = mark_n_points(m); i < n; i++) {
        extent_add_x(e, mark_number(m->x, i));
        extent_add_y(e, mark_number(m->y, i));
    }
}

/* ---- a pen that simplifies ---- */

struct pen {
    struct text *out;
    int n;         /* points since the last gap */
    double ax, ay; /* last written point */
    double px, py; /* last point, not yet written if n > 1 */
    bool wedge;    /* directions from (ax, ay) that stay within TOLERANCE of all points */
    double lx, ly, rx, ry;
    double reach; /* largest distance from (ax, ay) since it was written */
};

static void pen_write(struct pen *p, double x, double y, bool first) {
    svg_number(p->out, first ? 'M' : ' ', x);
    svg_number(p->out, ' ', y);
    if (first) text_addc(p->out, 'L');
    p->ax = x;
    p->ay = y;
    p->wedge = false;
    p->reach = 0;
}

static void pen_up(struct pen *p) {
    if (p->n == 1) { /* a lonely point: a small cross, which the pen fills to a dot */
        svg_number(p->out, 0, p->px);
        svg_number(p->out, ' ', p->py);
        text_adds(p->out, "m-1.5 0h3m-1.5-1.5v3");
    } else if (p->n > 1) {
        pen_write(p, p->px, p->py, false);
    }
    p->n = 0;
}

/* Is the point still in the cone? If so the cone narrows. */
static bool pen_follows(struct pen *p, double vx, double vy, double d) {
    if (d < p->reach - TOLERANCE) return false;
    double sine = TOLERANCE / d, cosine = sqrt(1 - sine * sine);
    double lx = vx * cosine - vy * sine, ly = vx * sine + vy * cosine;
    double rx = vx * cosine + vy * sine, ry = -vx * sine + vy * cosine;
    if (p->wedge) {
        bool inside = p->rx * vy - p->ry * vx >= 0 && vx * p->ly - vy * p->lx >= 0;
        if (!inside) return false;
    }
    if (!p->wedge || lx * p->ly - ly * p->lx > 0) p->lx = lx, p->ly = ly;
    if (!p->wedge || p->rx * ry - p->ry * rx > 0) p->rx = rx, p->ry = ry;
    p->wedge = true;
    if (d > p->reach) p->reach = d;
    return true;
}

static void pen_to(struct pen *p, double x, double y) {
    if (p->n == 0) {
        pen_write(p, x, y, true);
    } else {
        double d = hypot(x - p->ax, y - p->ay);
        if (d > TOLERANCE && !pen_follows(p, x - p->ax, y - p->ay, d)) {
            pen_write(p, p->px, p->py, false);
            d = hypot(x - p->ax, y - p->ay);
            if (d > TOLERANCE) pen_follows(p, x - p->ax, y - p->ay, d);
        } else if (d <= TOLERANCE && p->reach > 2 * TOLERANCE) {
            pen_write(p, p->px, p->py, false); /* came back to where it started */
        }
    }
    p->px = x;
    p->py = y;
    p->n++;
}

/* ---- thinning by columns ---- */

/* One half-pixel column: what must be seen of it, in the order of the points. */
struct column_of_points {
    int n;
    int64_t key;
    double x[4], y[4]; /* first, lowest, highest, last */
    int64_t order[4];
};

static void column_flush(struct column_of_points *c, struct pen *pen) {
    int64_t done = -1;
    for (int k = 0; c->n > 0 && k < 4; k++) {
        int next = -1;
        for (int i = 0; i < 4; i++)
            if (c->order[i] > done && (next < 0 || c->order[i] < c->order[next])) next = i;
        if (next < 0) break;
        pen_to(pen, c->x[next], c->y[next]);
        done = c->order[next];
    }
    c->n = 0;
}

static void column_set(struct column_of_points *c, int place, double x, double y, int64_t i) {
    c->x[place] = x;
    c->y[place] = y;
    c->order[place] = i;
}

static void column_add(struct column_of_points *c, struct pen *pen, double x, double y, int64_t i) {
    int64_t key = (int64_t)floor(fmax(-1e6, fmin(1e6, x * 2)));
    if (c->n > 0 && key != c->key) column_flush(c, pen);
    c->key = key;
    if (c->n == 0)
        for (int k = 0; k < 4; k++) column_set(c, k, x, y, i);
    if (y < c->y[1]) column_set(c, 1, x, y, i);
    if (y > c->y[2]) column_set(c, 2, x, y, i);
    column_set(c, 3, x, y, i);
    c->n++;
}

/* ---- drawing ---- */

static bool rises(const struct tensor *x, int64_t n) {
    for (int64_t i = 1; i < n; i++)
        if (mark_number(x, i) < mark_number(x, i - 1)) return false;
    return true;
}

enum { POINTS_MANY = 4000 };
static const double JUMP = 16; /* px */

void mark_path(struct chart *c, const struct mark *m) {
    int64_t n = mark_n_points(m);
    bool thin = !c->plot->polar && (double)n > 8 * c->panel.w && rises(m->x, n);
    struct pen pen = {.out = c->out};
    struct column_of_points column = {0};
    double before = NAN;
    for (int64_t i = 0; i < n; i++) {
        double x, y;
        if (!chart_point(c, m, mark_number(m->x, i), mark_number(m->y, i), &x, &y)) {
            column_flush(&column, &pen);
            pen_up(&pen);
            continue;
        }
        bool jumps = n > POINTS_MANY && pen.n > 0 && hypot(x - pen.px, y - pen.py) > JUMP;
        if (jumps && !thin) x = round(x), y = round(y);
        if (thin) column_add(&column, &pen, x, y, i); /* steps are narrower than a pixel then */
        else if (m->step && pen.n > 0) pen_to(&pen, x, before);
        if (!thin) pen_to(&pen, x, y);
        before = y;
    }
    column_flush(&column, &pen);
    pen_up(&pen);
}

/* Where markers that are `many` go: shapes hide each other sooner than dots do, so of several
 * within NEAR radii one is drawn. */
static const double NEAR = 1.5;

struct crowd {
    struct marker_grid at, near;
    bool many, shapes;
};

static bool crowd_open(struct crowd *w, struct chart *c, const struct mark *m, double r) {
    int64_t n = mark_n_points(m);
    *w = (struct crowd){.many = n > POINTS_MANY && !c->plot->polar};
    w->shapes = m->marker[0] != 'o' && m->marker[0] != '.';
    double per_px = w->many && !w->shapes && rises(m->x, n) ? 2 : 1; /* finer along a curve */
    return marker_grid_open(&w->at, &c->panel, per_px, w->many, c->e) &&
           marker_grid_open(&w->near, &c->panel, 1 / fmax(NEAR * r, 1), false, c->e);
}

static void crowd_add(struct crowd *w, double x, double y) {
    if (!w->shapes || !marker_grid_add(&w->near, x, y)) marker_grid_add(&w->at, x, y);
}

static void open_markers(struct chart *c, const struct crowd *w, char marker, double r,
                         const char *color) {
    double stroke = marker == 'o' ? 2 * r : marker == '.' ? r : 1.4;
    text_addf(c->out, "<path fill=\"%s\" stroke=\"%s\"", marker_is_filled(marker) ? color : "none",
              color);
    svg_attribute(c->out, "stroke-width", w->many ? stroke * w->at.per_px : stroke);
    if (w->many) marker_grid_transform(c->out, &w->at);
    text_adds(c->out, " stroke-linecap=\"round\" d=\"");
}

static bool line_markers(struct chart *c, const struct mark *m, const char *color) {
    char marker = m->marker[0];
    double r = mark_px(m->size, 6.5) / 2, last_x = -1e9, last_y = -1e9;
    struct crowd crowd;
    bool ok = crowd_open(&crowd, c, m, r);
    if (ok) open_markers(c, &crowd, marker, r, color);
    for (int64_t i = 0, n = mark_n_points(m); ok && i < n; i++) {
        double x, y;
        if (!chart_point(c, m, mark_number(m->x, i), mark_number(m->y, i), &x, &y)) continue;
        if (hypot(x - last_x, y - last_y) < 0.3) continue;
        if (crowd.many) crowd_add(&crowd, x, y);
        else marker_path(c->out, marker, x, y, r);
        last_x = x;
        last_y = y;
    }
    if (ok && crowd.many) marker_grid_draw(c->out, &crowd.at, marker, r);
    if (ok) text_adds(c->out, "\"/>\n");
    marker_grid_close(&crowd.at);
    marker_grid_close(&crowd.near);
    return ok;
}

static bool line_draw(struct chart *c, const struct mark *m, const char *color) {
    char own[8];
    if (m->color_by && m->color_by->count > 0 && c->bar.on)
        color = rgb_print(
            c->bar.map.at[colormap_index(mark_number(m->color_by, 0), c->bar.low, c->bar.high)],
            own);
    text_addf(c->out, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"", color);
    svg_number(c->out, 0, m->marker ? 1.6 : mark_px(m->size, 2));
    text_adds(c->out, "\" stroke-linejoin=\"round\" stroke-linecap=\"round\"");
    bool by_number = m->color_by && m->color_by->count > 0;
    svg_dashes(c->out, m, by_number ? 0 : mark_round(c->plot, (int)(m - c->plot->marks)));
    if (m->opacity > 0 && m->opacity < 1) svg_attribute(c->out, "opacity", m->opacity);
    text_adds(c->out, " d=\"");
    mark_path(c, m);
    text_adds(c->out, "\"/>\n");
    return !m->marker || !m->marker[0] || line_markers(c, m, color);
}

static void line_cover(struct chart *c, const struct mark *m) {
    int64_t n = mark_n_points(m), stride = n / 2000 + 1;
    double last_x = NAN, last_y = NAN;
    for (int64_t i = 0; i < n; i += stride) {
        double x, y;
        if (chart_point(c, m, mark_number(m->x, i), mark_number(m->y, i), &x, &y) &&
            isfinite(last_x) && isfinite(last_y))
            cover_segment(&c->cover, last_x, last_y, x, y);
        last_x = x;
        last_y = y;
    }
}

/* Lines coloured by a number each: one range for all of them. */
static bool line_colorbar(const struct plot *p, const struct mark *m, struct colorbar *bar) {
    if (!m->color_by || m->color_by->count == 0) return false;
    bool any = false;
    for (int i = 0; i < p->n_marks; i++) {
        const struct mark *other = &p->marks[i];
        if (other->kind != MARK_LINE || !other->color_by || other->color_by->count == 0) continue;
        double x = mark_number(other->color_by, 0);
        if (!isfinite(x)) continue;
        if (!any || x < bar->low) bar->low = x;
        if (!any || x > bar->high) bar->high = x;
        any = true;
    }
    if (!any) return false;
    if (bar->high == bar->low) bar->high = bar->low + 1;
    colormap_make(&bar->map, m->colormap);
    return true;
}

const struct mark_kind_row mark_line = {"line",      "lines",       SWATCH_LINE, true,
                                        line_extent, line_colorbar, line_cover,  line_draw};
