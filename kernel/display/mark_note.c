/* Texts at points, on a thin light ground so that they can be read over anything. */
#include "display/chart.h"
#include <math.h>

static double note_size(const struct mark *m) {
    return mark_px(m->size, 12);
}

static int64_t note_n(const struct mark *m) {
    int64_t n = mark_n_points(m);
    return m->n_names < n ? m->n_names : n;
}

static void note_extent(const struct plot *p, const struct mark *m, struct extent *e) {
    (void)p;
    for (int64_t i = 0; i < note_n(m); i++) {
        extent_add_x(e, mark_number(m->x, i));
        extent_add_y(e, mark_number(m->y, i));
    }
}

/* The text stands right above its point, and inside the panel. */
static bool note_rect(const struct chart *c, const struct mark *m, int64_t i, struct rect *r) {
    double x, y, size = note_size(m);
    if (!chart_point(c, m, mark_number(m->x, i), mark_number(m->y, i), &x, &y)) return false;
    double w = font_width(str_of(m->names[i]), size);
    double right = c->panel.x + c->panel.w - w - 3;
    *r = (struct rect){fmax(c->panel.x + 3, fmin(x + 5, right)), y - 5 - size, w, size};
    if (r->y < c->panel.y + 2) r->y = y + 5;
    return true;
}

static bool note_draw(struct chart *c, const struct mark *m, const char *color) {
    (void)color;
    for (int64_t i = 0; i < note_n(m) && i < 2000; i++) {
        struct rect r;
        if (!m->names[i] || !note_rect(c, m, i, &r)) continue;
        text_adds(c->out, "<rect fill=\"#fff\" fill-opacity=\".7\" rx=\"2\"");
        svg_attribute(c->out, "x", r.x - 2);
        svg_attribute(c->out, "y", r.y - 1);
        svg_attribute(c->out, "width", r.w + 4);
        svg_attribute(c->out, "height", r.h + 3);
        text_adds(c->out, "/>\n");
        struct svg_text style = {.x = r.x, .y = r.y + r.h - 1.5, .size = note_size(m)};
        style.fill = palette_color(m->color);
        svg_text(c->out, &style, str_of(m->names[i]));
    }
    return true;
}

static void note_cover(struct chart *c, const struct mark *m) {
    for (int64_t i = 0; i < note_n(m) && i < 2000; i++) {
        struct rect r;
        if (m->names[i] && note_rect(c, m, i, &r))
            cover_rect(&c->cover, r.x, r.y, r.x + r.w, r.y + r.h);
    }
}

const struct mark_kind_row mark_note = {"text",      "texts", SWATCH_NONE, false,
                                        note_extent, NULL,    note_cover,  note_draw};
