/* Named rectangles over a picture, as a detector of things gives them: an outline and a label with
 * the name in the outline's colour, legible on any ground. */
#include "display/chart.h"
#include <math.h>

static const double LINE = 2.5; /* px */

static int64_t frame_n(const struct mark *m) {
    return m->z && m->z->shape.n == 2 && m->z->shape.size[1] >= 4 ? m->z->shape.size[0] : 0;
}

static double corner(const struct mark *m, int64_t i, int k) {
    return mark_number(m->z, i * m->z->shape.size[1] + k);
}

static void frame_extent(const struct plot *p, const struct mark *m, struct extent *e) {
    if (p->n_marks > 0 && p->marks[0].kind == MARK_IMAGE) return; /* the picture decides */
    for (int64_t i = 0; i < frame_n(m); i++) {
        extent_add_x(e, corner(m, i, 0));
        extent_add_x(e, corner(m, i, 2));
        extent_add_y(e, corner(m, i, 1));
        extent_add_y(e, corner(m, i, 3));
    }
}

/* The name on a ground of the frame's colour, above the frame or, at the top of the panel, in it.
 */
static void draw_name(struct chart *c, const char *name, struct rect r, const char *color) {
    const double size = 12;
    double w = SVG_OTHER_FONT * font_width(str_of(name), size) + 8, h = size + 5;
    double y = r.y - h < c->panel.y ? r.y : r.y - h;
    double x = fmax(c->panel.x, fmin(r.x - LINE / 2, c->panel.x + c->panel.w - w));
    svg_rect(c->out, (struct rect){x, y, w, h}, color, NULL);
    struct svg_text style = {.x = x + 4, .y = y + size, .size = size};
    style.fill = palette_ink_on(color);
    svg_text(c->out, &style, str_of(name));
}

/* Frames count from the picture's corner, its axes from the middle of its first pixel. */
static double first_pixel(const struct plot *p) {
    return p->marks[0].kind == MARK_IMAGE && !p->marks[0].has_extent ? 0.5 : 0;
}

/* A line at the picture's edge lies inside, where it is seen whole. */
static double edge(double px, double from, double length) {
    return fabs(px - from) < LINE / 2            ? from + LINE / 2
           : fabs(px - from - length) < LINE / 2 ? from + length - LINE / 2
                                                 : px;
}

static struct rect frame_rect(const struct chart *c, const struct mark *m, int64_t i) {
    double d = first_pixel(c->plot);
    double x0 = scale_at(&c->x, corner(m, i, 0) - d), y0 = scale_at(&c->y, corner(m, i, 1) - d);
    double x1 = scale_at(&c->x, corner(m, i, 2) - d), y1 = scale_at(&c->y, corner(m, i, 3) - d);
    double left = edge(fmin(x0, x1), c->panel.x, c->panel.w);
    double top = edge(fmin(y0, y1), c->panel.y, c->panel.h);
    return (struct rect){left, top, edge(fmax(x0, x1), c->panel.x, c->panel.w) - left,
                         edge(fmax(y0, y1), c->panel.y, c->panel.h) - top};
}

static bool frame_draw(struct chart *c, const struct mark *m, const char *color) {
    for (int64_t i = 0; i < frame_n(m) && i < 1000; i++) {
        struct rect r = frame_rect(c, m, i);
        if (!isfinite(r.x + r.y + r.w + r.h)) continue;
        const char *own = color;
        if (m->color_by && i < m->color_by->count && !m->color)
            own = palette_cycle((int)fmax(0, fmin(1e6, mark_number(m->color_by, i))));
        text_addf(c->out, "<rect fill=\"none\" stroke=\"%s\"", own);
        svg_attribute(c->out, "stroke-width", LINE);
        svg_attribute(c->out, "x", r.x);
        svg_attribute(c->out, "y", r.y);
        svg_attribute(c->out, "width", r.w);
        svg_attribute(c->out, "height", r.h);
        text_adds(c->out, "/>\n");
        if (m->names && i < m->n_names && m->names[i] && m->names[i][0])
            draw_name(c, m->names[i], r, own);
    }
    return true;
}

const struct mark_kind_row mark_frame = {"frame",      "frames", SWATCH_NONE, true,
                                         frame_extent, NULL,     NULL,        frame_draw};
