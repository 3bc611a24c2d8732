/* One plot inside a rectangle: measure, lay out, draw from back to front. */
#include "display/axes.h"
#include "display/left_out.h"
#include "display/legend.h"
#include <math.h>
#include <string.h>

/* Take over the x of a mark that is measured at the right axis. */
static void merge_x(struct extent *all, const struct extent *own) {
    if (!own->any_x) return;
    extent_add_x(all, own->x0);
    extent_add_x(all, own->x1);
    all->fractions_x |= own->fractions_x;
    if (own->least_x > 0) extent_add_x(all, own->least_x);
}

static void measure(const struct plot *p, struct extent *left, struct extent *right) {
    for (int i = 0; i < p->n_marks; i++) {
        const struct mark *m = &p->marks[i];
        struct extent own = {0};
        if (m->right) {
            mark_kind_row(m->kind)->extent(p, m, right);
            mark_kind_row(m->kind)->extent(p, m, &own);
            merge_x(left, &own);
        } else {
            mark_kind_row(m->kind)->extent(p, m, left);
        }
        left->time_x |= m->time_x;
    }
}

struct extent plot_extent(const struct plot *p) {
    struct extent left = {0}, right = {0};
    measure(p, &left, &right);
    return left;
}

static void measure_bar(struct chart *c) {
    for (int i = 0; !c->bar.on && i < c->plot->n_marks; i++) {
        const struct mark *m = &c->plot->marks[i];
        const struct mark_kind_row *row = mark_kind_row(m->kind);
        if (row->colorbar) c->bar.on = row->colorbar(c->plot, m, &c->bar);
        c->bar.shapes = m->kind == MARK_LINE || m->kind == MARK_SCATTER ||
                        (m->kind == MARK_CONTOUR && !m->filled);
    }
}

static void cover_all(struct chart *c) {
    memset(&c->cover, 0, sizeof c->cover);
    c->cover.panel = c->panel;
    for (int i = 0; i < c->plot->n_marks; i++) {
        const struct mark *m = &c->plot->marks[i];
        if (mark_kind_row(m->kind)->cover) mark_kind_row(m->kind)->cover(c, m);
    }
}

/* Beside the panel when it would hide much of the picture or does not fit inside. */
static struct rect place_legend(struct chart *c, const struct legend *l, double right) {
    cover_all(c);
    int n_hidden = 0;
    struct rect at = legend_place(l, c, &n_hidden);
    bool fits = l->w + 24 < c->panel.w && l->h + 24 < c->panel.h;
    if (fits && n_hidden <= 10 && !c->plot->polar) return at;
    if (c->area.w - right - l->w < 180) return at;
    axes_layout(c, right + l->w + 14);
    return (struct rect){c->area.x + c->area.w - l->w - 6, c->panel.y, l->w, l->h};
}

/* Everything is known but nothing drawn. */
static void arrange(struct chart *c, struct legend *legend, struct rect *legend_at) {
    legend_make(legend, c->plot);
    measure(c->plot, &c->extent, &c->right_extent);
    left_out_words(c->plot, c->left_out);
    measure_bar(c);
    if (legend->n == 0 && c->bar.on) c->bar.label = c->plot->legend_title;
    double right = c->bar.on ? colorbar_width(&c->bar) : 0;
    axes_layout(c, right);
    if (legend->n > 0) *legend_at = place_legend(c, legend, right);
}

struct margins chart_margins(const struct plot *p, double w, double h,
                             const struct chart_fit *fit) {
    struct chart c = {.plot = p, .area = {0, 0, w, h}};
    struct legend legend;
    struct rect at;
    if (fit) c.fit = *fit;
    arrange(&c, &legend, &at);
    return c.margins;
}

static bool draw_marks(struct chart *c) {
    svg_clip(c->out, c->panel);
    bool ok = true;
    for (int i = 0; ok && i < c->plot->n_marks; i++) {
        const struct mark *m = &c->plot->marks[i];
        ok = mark_kind_row(m->kind)->draw(c, m, mark_color(c->plot, i));
    }
    svg_unclip(c->out);
    return ok;
}

bool chart_draw(struct text *out, const struct plot *p, struct rect area,
                const struct chart_fit *fit, struct err *e) {
    struct chart c = {.out = out, .plot = p, .area = area, .e = e};
    struct legend legend;
    struct rect legend_at = {0};
    if (fit) c.fit = *fit;
    arrange(&c, &legend, &legend_at);
    axes_draw_grid(&c);
    TRY(draw_marks(&c));
    axes_draw(&c);
    if (c.bar.on) TRY(colorbar_draw(&c));
    if (legend.n > 0) legend_draw(&legend, out, legend_at);
    return !out->failed || err_memory(e, out->n);
}
