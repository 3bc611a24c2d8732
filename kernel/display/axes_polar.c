/* The axes of a polar plot: circles for the radius, spokes for the angle. */
#include "display/axes.h"
#include <math.h>
#include <stdio.h>

static void circle(struct text *out, double x, double y, double r, const char *stroke) {
    text_addf(out, "<circle fill=\"none\" stroke=\"%s\"", stroke);
    svg_attribute(out, "cx", x);
    svg_attribute(out, "cy", y);
    svg_attribute(out, "r", r);
    text_adds(out, "/>\n");
}

static void spokes(const struct chart *c, double x, double y, double r) {
    for (int degrees = 0; degrees < 360; degrees += 45) {
        double angle = degrees * M_PI / 180, ux = cos(angle), uy = -sin(angle);
        svg_line(c->out, x, y, x + r * ux, y + r * uy, SVG_GRID, 1);
        if (c->plot->no_axes) continue;
        char label[16];
        snprintf(label, sizeof label, "%d°", degrees);
        struct svg_text style = {.x = x + (r + 8) * ux,
                                 .y = y + (r + 8) * uy + 4 + 4 * uy,
                                 .size = AXES_NUMBER,
                                 .anchor = ux > 0.3    ? ANCHOR_START
                                           : ux < -0.3 ? ANCHOR_END
                                                       : ANCHOR_MIDDLE};
        svg_text(c->out, &style, str_of(label));
    }
}

void axes_draw_polar(const struct chart *c) {
    double x = c->panel.x + c->panel.w / 2, y = c->panel.y + c->panel.h / 2;
    double outer = c->y.to, angle = 22.5 * M_PI / 180;
    spokes(c, x, y, outer);
    for (int i = 0; i < c->y_ticks.n; i++) {
        double r = scale_at(&c->y, c->y_ticks.at[i]);
        if (r > 0.5 && r < outer - 0.5) circle(c->out, x, y, r, SVG_GRID);
    }
    circle(c->out, x, y, outer, SVG_FRAME);
    for (int i = 0; i < c->y_ticks.n && !c->plot->no_axes; i++) {
        double r = scale_at(&c->y, c->y_ticks.at[i]);
        if (r < 12) continue;
        struct svg_text style = {
            .x = x + r * cos(angle) + 2, .y = y - r * sin(angle) + 4, .size = 11};
        style.fill = SVG_FRAME;
        svg_text(c->out, &style, str_of(c->y_ticks.label[i]));
    }
}
