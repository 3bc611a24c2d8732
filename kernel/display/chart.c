/* One plot inside a rectangle: measure, lay out, draw from back to front. */
#include "display/axes.h"
#include "display/legend.h"
#include <string.h>

static void measure(struct chart *c) {
    for (int i = 0; i < c->plot->n_marks; i++) {
        const struct mark *m = &c->plot->marks[i];
        const struct mark_kind_row *row = mark_kind_row(m->kind);
        row->extent(c->plot, m, &c->extent);
        if (!c->bar.on && row->colorbar) c->bar.on = row->colorbar(c->plot, m, &c->bar);
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
    if (fits && n_hidden <= 10) return at;
    if (c->area.w - right - l->w < 180) return at;
    axes_layout(c, right + l->w + 14);
    return (struct rect){c->area.x + c->area.w - l->w - 6, c->panel.y, l->w, l->h};
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

bool chart_draw(struct text *out, const struct plot *p, struct rect area, struct err *e) {
    struct chart c = {.out = out, .plot = p, .area = area, .e = e};
    struct legend legend;
    legend_make(&legend, p);
    measure(&c);
    if (legend.n == 0 && c.bar.on) c.bar.label = p->legend_title;
    double right = c.bar.on ? colorbar_width(&c.bar) : 0;
    axes_layout(&c, right);
    struct rect legend_at = {0};
    if (legend.n > 0) legend_at = place_legend(&c, &legend, right);
    axes_draw_grid(&c);
    TRY(draw_marks(&c));
    axes_draw(&c);
    if (c.bar.on) TRY(colorbar_draw(&c));
    if (legend.n > 0) legend_draw(&legend, out, legend_at);
    return !out->failed || err_memory(e, out->n);
}
