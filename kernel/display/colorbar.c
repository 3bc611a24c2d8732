/* The bar of colours beside a panel, with its ticks. */
#include "display/axes.h"
#include "display/pixels.h"
#include <math.h>

enum { MOST_TICKS = 8 };

/* How many ticks the bar gets depends on its height, which is not known yet: room for the widest.
 */
double colorbar_width(const struct colorbar *bar) {
    double widest = 0;
    for (int n = 2; n <= MOST_TICKS; n++) {
        struct ticks t;
        ticks_choose(&t, &(struct scale){.low = bar->low, .high = bar->high}, false, n);
        widest = fmax(widest, fmax(ticks_widest(&t), font_width(str_of(t.offset), 11)));
    }
    return 16 + 14 + AXES_TICK + 4 + widest + (bar->label ? 20 : 4);
}

/* Stripes from the top, each down to the bottom, so that no gap shows between two. */
static void draw_stripes(const struct chart *c, struct rect r) {
    enum { STRIPES = 64 };
    for (int i = STRIPES - 1; i >= 0; i--) {
        char own[8];
        int place = (2 * i + 1) * COLORMAP_STEPS / (2 * STRIPES);
        double y = r.y + r.h * (STRIPES - 1 - i) / STRIPES;
        text_addf(c->out, "<path fill=\"%s\" d=\"", rgb_print(c->bar.map.at[place], own));
        svg_number(c->out, 'M', r.x);
        svg_number(c->out, ' ', y);
        svg_number(c->out, 'h', r.w);
        svg_number(c->out, 'V', r.y + r.h);
        svg_number(c->out, 'H', r.x);
        text_adds(c->out, "z\"/>\n");
    }
}

bool colorbar_draw(const struct chart *c) {
    const struct colorbar *bar = &c->bar;
    double beside = axes_has_right(c) ? c->margins.right - colorbar_width(bar) : 0;
    struct rect r = {c->panel.x + c->panel.w + 16 + beside, c->panel.y, 14, c->panel.h};
    if (bar->shapes) draw_stripes(c, r);
    else TRY(pixels_colorbar(c->out, r, &bar->map, c->e));
    svg_rect(c->out, r, NULL, SVG_FRAME);
    struct scale s = {.low = bar->low, .high = bar->high, .from = r.y + r.h, .to = r.y};
    struct ticks t;
    ticks_choose(&t, &s, false, (int)fmax(2, fmin(MOST_TICKS, r.h / 36)));
    text_adds(c->out, "<path stroke=\"" SVG_FRAME "\" d=\"");
    for (int i = 0; i < t.n; i++) {
        svg_number(c->out, 'M', r.x + r.w);
        svg_number(c->out, ' ', scale_at(&s, t.at[i]));
        svg_number(c->out, 'h', AXES_TICK);
    }
    text_adds(c->out, "\"/>\n");
    struct svg_text style = {.x = r.x + r.w + AXES_TICK + 4, .size = 12};
    for (int i = 0; i < t.n; i++) {
        style.y = scale_at(&s, t.at[i]) + 4.2;
        svg_text(c->out, &style, str_of(t.label[i]));
    }
    style.y = r.y - 6;
    style.size = 11;
    if (t.offset[0]) svg_text(c->out, &style, str_of(t.offset));
    struct svg_text label = {.x = style.x +
                                  fmax(ticks_widest(&t), font_width(str_of(t.offset), 11)) + 16,
                             .y = r.y + r.h / 2,
                             .size = AXES_LABEL,
                             .anchor = ANCHOR_MIDDLE,
                             .angle = -90};
    if (bar->label) svg_text(c->out, &label, str_of(bar->label));
    return true;
}
