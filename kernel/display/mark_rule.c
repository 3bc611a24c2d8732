/* Lines across the whole panel at given x or y. */
#include "display/chart.h"
#include <math.h>

static void rule_extent(const struct plot *p, const struct mark *m, struct extent *e) {
    (void)p;
    for (int64_t i = 0; m->x && i < m->x->count; i++) extent_add_x(e, mark_number(m->x, i));
    for (int64_t i = 0; m->y && i < m->y->count; i++) extent_add_y(e, mark_number(m->y, i));
}

static bool rule_draw(struct chart *c, const struct mark *m, const char *color) {
    const struct tensor *t = m->x ? m->x : m->y;
    const struct scale *s = m->x ? &c->x : mark_y(c, m);
    text_addf(c->out, "<path stroke=\"%s\" stroke-width=\"", color);
    svg_number(c->out, 0, mark_px(m->size, 1.5));
    text_addc(c->out, '"');
    if (m->dashed) text_adds(c->out, " stroke-dasharray=\"7 5\"");
    if (m->opacity > 0 && m->opacity < 1) svg_attribute(c->out, "opacity", m->opacity);
    text_adds(c->out, " d=\"");
    for (int64_t i = 0; t && i < t->count; i++) {
        double px = scale_at(s, mark_number(t, i));
        if (!isfinite(px)) continue;
        svg_number(c->out, 'M', m->x ? px : c->panel.x);
        svg_number(c->out, ' ', m->x ? c->panel.y : px);
        svg_number(c->out, m->x ? 'v' : 'h', m->x ? c->panel.h : c->panel.w);
    }
    text_adds(c->out, "\"/>\n");
    return true;
}

static void rule_cover(struct chart *c, const struct mark *m) {
    const struct tensor *t = m->x ? m->x : m->y;
    for (int64_t i = 0; t && i < t->count && i < 1000; i++) {
        double px = scale_at(m->x ? &c->x : mark_y(c, m), mark_number(t, i));
        if (!isfinite(px)) continue;
        if (m->x) cover_segment(&c->cover, px, c->panel.y, px, c->panel.y + c->panel.h);
        else cover_segment(&c->cover, c->panel.x, px, c->panel.x + c->panel.w, px);
    }
}

const struct mark_kind_row mark_rule = {"guide line", "guide lines", SWATCH_LINE, true,
                                        rule_extent,  NULL,          rule_cover,  rule_draw};
