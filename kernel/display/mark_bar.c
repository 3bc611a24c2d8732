/* Bars: at numbers or under names; several bar marks stand side by side. */
#include "display/chart.h"
#include <math.h>

/* Position of bar i: its x, or 0, 1, 2, … under names. */
static double bar_x(const struct mark *m, int64_t i) {
    return m->x && !m->names ? mark_number(m->x, i) : (double)i;
}

static int64_t bar_n(const struct mark *m) {
    if (!m->y) return 0;
    return m->x && m->x->count < m->y->count ? m->x->count : m->y->count;
}

/* Smallest distance between neighbours. */
static double bar_step(const struct mark *m) {
    double step = INFINITY;
    for (int64_t i = 1; i < bar_n(m); i++) {
        double d = fabs(bar_x(m, i) - bar_x(m, i - 1));
        if (d > 0 && d < step) step = d;
    }
    return isfinite(step) ? step : 1;
}

static void bar_extent(const struct plot *p, const struct mark *m, struct extent *e) {
    (void)p;
    double half = bar_step(m) * 0.5;
    for (int64_t i = 0; i < bar_n(m); i++) {
        extent_add_x(e, bar_x(m, i) - half);
        extent_add_x(e, bar_x(m, i) + half);
        extent_add_y(e, mark_number(m->y, i));
    }
    if (!p->log_y) extent_add_y(e, 0);
    e->zero_base = true;
}

/* Of the plot's bar marks: how many, and which one is m. */
static void bar_place(const struct plot *p, const struct mark *m, int *n, int *place) {
    *n = *place = 0;
    for (int i = 0; i < p->n_marks; i++) {
        if (p->marks[i].kind != MARK_BAR) continue;
        if (&p->marks[i] == m) *place = *n;
        (*n)++;
    }
}

static struct rect bar_rect(const struct chart *c, const struct mark *m, int64_t i, double step) {
    int n, place;
    bar_place(c->plot, m, &n, &place);
    double width = 0.8 * step / n, left = bar_x(m, i) - 0.4 * step + place * width;
    double x0 = scale_at(&c->x, left), x1 = scale_at(&c->x, left + width);
    double y0 = scale_at(&c->y, c->y.log ? c->y.low : 0),
           y1 = scale_at(&c->y, mark_number(m->y, i));
    return (struct rect){fmin(x0, x1), fmin(y0, y1), fabs(x1 - x0), fabs(y1 - y0)};
}

static bool bar_draw(struct chart *c, const struct mark *m, const char *color) {
    double step = bar_step(m);
    text_addf(c->out, "<path fill=\"%s\"", color);
    if (m->opacity > 0 && m->opacity < 1) svg_attribute(c->out, "opacity", m->opacity);
    text_adds(c->out, " d=\"");
    for (int64_t i = 0; i < bar_n(m); i++) {
        struct rect r = bar_rect(c, m, i, step);
        if (!isfinite(r.x + r.y + r.w + r.h)) continue;
        svg_number(c->out, 'M', r.x);
        svg_number(c->out, ' ', r.y);
        svg_number(c->out, 'h', r.w);
        svg_number(c->out, 'v', r.h);
        svg_number(c->out, 'h', -r.w);
        text_addc(c->out, 'z');
    }
    text_adds(c->out, "\"/>\n");
    return true;
}

static void bar_cover(struct chart *c, const struct mark *m) {
    double step = bar_step(m);
    for (int64_t i = 0; i < bar_n(m); i++) {
        struct rect r = bar_rect(c, m, i, step);
        if (isfinite(r.x + r.y + r.w + r.h)) cover_rect(&c->cover, r.x, r.y, r.x + r.w, r.y + r.h);
    }
}

const struct mark_kind_row mark_bar = {"bar chart", "bar charts", SWATCH_AREA, true,
                                       bar_extent,  NULL,         bar_cover,   bar_draw};
