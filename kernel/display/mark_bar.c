/* Bars: at numbers or under names, upright or level; several bar marks stand side by side, stacked
 * ones on top of each other. */
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
    return isfinite(step) ? step : m->time_x ? 86400 : 1;
}

/* Where a stacked bar stands: on the sum of those of its sign before it. */
static double bar_base(const struct plot *p, const struct mark *m, int64_t i) {
    double base = 0, own = mark_number(m->y, i);
    for (int k = 0; m->stacked && k < p->n_marks && &p->marks[k] != m; k++) {
        const struct mark *below = &p->marks[k];
        if (below->kind != MARK_BAR || !below->stacked || i >= bar_n(below)) continue;
        double y = mark_number(below->y, i);
        if (isfinite(y) && (y < 0) == (own < 0)) base += y;
    }
    return base;
}

static void extent_add(struct extent *e, const struct mark *m, double along, double tall) {
    if (m->horizontal) {
        extent_add_x(e, tall);
        extent_add_y(e, along);
    } else {
        extent_add_x(e, along);
        extent_add_y(e, tall);
    }
}

static void bar_extent(const struct plot *p, const struct mark *m, struct extent *e) {
    double half = bar_step(m) * 0.5;
    double room = !m->annotate || m->stacked ? 1 : m->horizontal ? 1.12 : 1.06;
    bool fractions = e->fractions_x, whole = !m->horizontal && bar_n(m) > 0;
    for (int64_t i = 0; i < bar_n(m); i++) {
        double top = bar_base(p, m, i) + mark_number(m->y, i) * room;
        extent_add(e, m, bar_x(m, i) - half, top);
        extent_add(e, m, bar_x(m, i) + half, top);
        whole = whole && mark_number(m->y, i) == floor(mark_number(m->y, i));
        fractions = fractions || bar_x(m, i) != floor(bar_x(m, i));
    }
    e->counts = whole;
    if (!m->horizontal) e->fractions_x = fractions; /* the edges are not numbers of the data */
    if (m->horizontal && !p->log_x) extent_add_x(e, 0);
    if (!m->horizontal && !p->log_y) extent_add_y(e, 0);
    if (m->horizontal && m->names) e->flip_y = true; /* read from the top */
    if (m->horizontal) e->zero_side = true;
    else e->zero_base = true;
}

/* Of the places side by side in the plot: how many, and which one is m's. Stacked bars share one.
 */
static void bar_place(const struct plot *p, const struct mark *m, int *n, int *place) {
    int stack = -1;
    *n = *place = 0;
    for (int i = 0; i < p->n_marks; i++) {
        if (p->marks[i].kind != MARK_BAR) continue;
        bool joins = p->marks[i].stacked && stack >= 0;
        if (p->marks[i].stacked && stack < 0) stack = *n;
        if (&p->marks[i] == m) *place = joins ? stack : *n;
        if (!joins) (*n)++;
    }
}

static struct rect bar_rect(const struct chart *c, const struct mark *m, int64_t i, double step) {
    int n, place;
    bar_place(c->plot, m, &n, &place);
    double width = 0.8 * step / n, left = bar_x(m, i) - 0.4 * step + place * width;
    const struct scale *along = m->horizontal ? &c->y : &c->x;
    const struct scale *tall = m->horizontal ? &c->x : mark_y(c, m);
    double base = bar_base(c->plot, m, i), top = base + mark_number(m->y, i);
    if (tall->log && base <= 0) base = tall->low;
    double a0 = scale_at(along, left), a1 = scale_at(along, left + width);
    double t0 = scale_at(tall, base), t1 = scale_at(tall, top);
    if (m->horizontal)
        return (struct rect){fmin(t0, t1), fmin(a0, a1), fabs(t1 - t0), fabs(a1 - a0)};
    return (struct rect){fmin(a0, a1), fmin(t0, t1), fabs(a1 - a0), fabs(t1 - t0)};
}

/* The numbers at the ends of the bars. */
static void annotate(struct chart *c, const struct mark *m, double step) {
    for (int64_t i = 0; i < bar_n(m) && bar_n(m) <= 200; i++) {
        struct rect r = bar_rect(c, m, i, step);
        double v = mark_number(m->y, i);
        if (!isfinite(r.x + r.y + r.w + r.h)) continue;
        char label[TICK_LABEL_BYTES];
        tick_print(label, v, v == floor(v) ? 0 : fabs(v) < 100 ? 2 : 1);
        struct svg_text style = {.size = 11, .anchor = ANCHOR_MIDDLE};
        style.x = r.x + r.w / 2;
        style.y = m->stacked ? r.y + r.h / 2 + 4 : v < 0 ? r.y + r.h + 12 : r.y - 4;
        if (m->horizontal) {
            style.anchor = m->stacked ? ANCHOR_MIDDLE : v < 0 ? ANCHOR_END : ANCHOR_START;
            style.x = m->stacked ? r.x + r.w / 2 : v < 0 ? r.x - 4 : r.x + r.w + 4;
            style.y = r.y + r.h / 2 + 4;
        }
        svg_text(c->out, &style, str_of(label));
    }
}

static void rect_path(struct text *out, struct rect r) {
    svg_number(out, 'M', r.x);
    svg_number(out, ' ', r.y);
    svg_number(out, 'h', r.w);
    svg_number(out, 'v', r.h);
    svg_number(out, 'h', -r.w);
    text_addc(out, 'z');
}

/* Bars that are narrower than half a pixel become one with their neighbours there. */
static bool same_place(const struct mark *m, const struct rect *a, const struct rect *b) {
    if (m->horizontal) return b->h < 0.5 && floor(a->y * 2) == floor(b->y * 2);
    return b->w < 0.5 && floor(a->x * 2) == floor(b->x * 2);
}

static struct rect both(const struct rect *a, const struct rect *b) {
    double x = fmin(a->x, b->x), y = fmin(a->y, b->y);
    return (struct rect){x, y, fmax(a->x + a->w, b->x + b->w) - x,
                         fmax(a->y + a->h, b->y + b->h) - y};
}

static bool bar_draw(struct chart *c, const struct mark *m, const char *color) {
    double step = bar_step(m);
    text_addf(c->out, "<path fill=\"%s\"", color);
    if (m->opacity > 0 && m->opacity < 1) svg_attribute(c->out, "opacity", m->opacity);
    text_adds(c->out, " d=\"");
    struct rect all = {NAN, NAN, 0, 0};
    for (int64_t i = 0; i < bar_n(m); i++) {
        struct rect r = bar_rect(c, m, i, step);
        if (!isfinite(r.x + r.y + r.w + r.h)) continue;
        bool same = same_place(m, &all, &r);
        if (!same && isfinite(all.x)) rect_path(c->out, all);
        all = same ? both(&all, &r) : r;
    }
    if (isfinite(all.x)) rect_path(c->out, all);
    text_adds(c->out, "\"/>\n");
    if (m->annotate) annotate(c, m, step);
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
