/* Titles, ticks, grid and frame of a panel. */
#include "display/axes.h"
#include "display/pixels.h"
#include <math.h>
#include <string.h>

static const double TICK = 4, LABEL = 13, TITLE = 15, TILTED_MAX = 90;

struct axis_names axis_names_of(const struct plot *p) {
    struct axis_names names = {0};
    for (int i = 0; i < p->n_marks; i++) {
        const struct mark *m = &p->marks[i];
        if (!m->names) continue;
        if (m->kind == MARK_BAR && m->y) {
            names.x = m->names;
            names.n_x = m->y->count;
        }
        if (m->kind == MARK_HEATMAP && m->z && m->z->shape.n == 2 &&
            m->z->shape.size[0] == m->z->shape.size[1]) {
            names.x = names.y = m->names;
            names.n_x = names.n_y = m->z->shape.size[0];
        }
    }
    return names;
}

/* ---- scales ---- */

static void set_scale(struct scale *s, double low, double high, double least, bool log,
                      double margin, bool zero_base) {
    s->log = log && high > 0;
    if (s->log && !(low > 0)) low = least;
    if (s->log && low < 1 / SCALE_MOST) low = 1 / SCALE_MOST;
    if (!(high - low > fmax(fabs(low), fabs(high)) * 1e-12)) { /* one number, or nearly */
        double room = s->log ? 0 : low != 0 ? fabs(low) * 0.05 : 0.5;
        low = s->log ? low / 2 : low - room;
        high = s->log ? high * 2 : high + room;
    }
    if (s->log) {
        double factor = pow(high / low, margin);
        s->low = fmax(low / factor, 1 / SCALE_MOST / 10);
        s->high = high * factor;
        return;
    }
    double room = (high - low) * margin;
    s->low = zero_base && low == 0 ? 0 : low - room;
    s->high = zero_base && high == 0 ? 0 : high + room;
}

static void set_limits(struct scale *s, const double limits[2]) {
    double low = fmin(limits[0], limits[1]), high = fmax(limits[0], limits[1]);
    if (!(fabs(low) <= SCALE_MOST && fabs(high) <= SCALE_MOST)) return;
    if (high - low <= fmax(fabs(low), fabs(high)) * 1e-12 || (s->log && low < 1 / SCALE_MOST))
        return;
    s->low = low;
    s->high = high;
}

static void choose_scales(struct chart *c) {
    const struct plot *p = c->plot;
    struct extent *e = &c->extent;
    if (!e->any_x) e->x0 = 0, e->x1 = 1;
    if (!e->any_y) e->y0 = 0, e->y1 = 1;
    bool log_x = p->log_x && !e->tight, log_y = p->log_y && !e->tight;
    set_scale(&c->x, e->x0, e->x1, e->least_x, log_x, e->tight ? 0 : 0.04, false);
    set_scale(&c->y, e->y0, e->y1, e->least_y, log_y, e->tight ? 0 : 0.05, e->zero_base);
    if (p->has_x_limits) set_limits(&c->x, p->x_limits);
    if (p->has_y_limits) set_limits(&c->y, p->y_limits);
}

static void set_pixels(struct chart *c) {
    c->x.from = c->panel.x;
    c->x.to = c->panel.x + c->panel.w;
    c->y.from = c->extent.flip_y ? c->panel.y : c->panel.y + c->panel.h;
    c->y.to = c->extent.flip_y ? c->panel.y + c->panel.h : c->panel.y;
}

/* ---- room ---- */

static double widest_label(const struct ticks *t) {
    double widest = 0;
    for (int i = 0; i < t->n; i++) widest = fmax(widest, font_width(str_of(t->label[i]), 12));
    return widest;
}

static double widest_name(const char *const *names, int64_t n) {
    double widest = 0;
    for (int64_t i = 0; i < n; i++)
        if (names[i]) widest = fmax(widest, font_width(str_of(names[i]), 12));
    return widest;
}

/* Names that would touch each other are written slanting. */
static bool names_tilted(const struct chart *c, const struct axis_names *names) {
    return names->x && widest_name(names->x, names->n_x) + 8 > c->panel.w / (double)names->n_x;
}

/* Between the panel and the axis' label. */
static double room_for_x_ticks(const struct chart *c, const struct axis_names *names) {
    if (c->plot->no_axes) return 0;
    if (!names->x || !names_tilted(c, names)) return 20;
    return 14 + fmin(TILTED_MAX, widest_name(names->x, names->n_x) * 0.6);
}

static double room_below(const struct chart *c, const struct axis_names *names) {
    return 6 + room_for_x_ticks(c, names) + (c->plot->x_label ? 20 : 0);
}

static double room_above(const struct chart *c) {
    double room = c->plot->title ? 32 : 12;
    if (!c->plot->no_axes && c->y_ticks.offset[0]) room += 14;
    return room;
}

static double y_labels_width(const struct chart *c, const struct axis_names *names) {
    return names->y ? widest_name(names->y, names->n_y) : widest_label(&c->y_ticks);
}

static double room_left(const struct chart *c, const struct axis_names *names) {
    if (c->plot->no_axes) return c->plot->y_label ? 26 : 8;
    return 8 + (c->plot->y_label ? 20 : 2) + y_labels_width(c, names) + TICK + 4;
}

static void choose_ticks(struct chart *c) {
    int wanted_y = (int)(c->panel.h / 36), wanted_x = (int)(c->panel.w / 70);
    bool whole = !c->extent.fractions_x && !c->plot->has_x_limits;
    ticks_choose(&c->y_ticks, &c->y, false, wanted_y);
    ticks_choose(&c->x_ticks, &c->x, whole, wanted_x);
    while (wanted_x > 2 && (widest_label(&c->x_ticks) + 14) * c->x_ticks.n > c->panel.w)
        ticks_choose(&c->x_ticks, &c->x, whole, --wanted_x);
}

/* Give data units the same length both ways, within the panel. */
static void make_equal(struct chart *c) {
    double x_range = c->x.high - c->x.low, y_range = c->y.high - c->y.low;
    double per_unit = fmin(c->panel.w / x_range, c->panel.h / y_range);
    double w = per_unit * x_range, h = per_unit * y_range;
    c->panel.x += (c->panel.w - w) / 2;
    c->panel.y += (c->panel.h - h) / 2;
    c->panel.w = w;
    c->panel.h = h;
}

void axes_layout(struct chart *c, double right) {
    struct axis_names names = axis_names_of(c->plot);
    choose_scales(c);
    c->panel = (struct rect){c->area.x + 60, c->area.y, c->area.w - 80 - right, c->area.h - 60};
    for (int round = 0; round < 2; round++) { /* ticks need sizes, sizes need ticks */
        choose_ticks(c);
        double left = room_left(c, &names), above = room_above(c), below = room_below(c, &names);
        double last = c->plot->no_axes || c->x_ticks.n == 0
                          ? 8
                          : font_width(str_of(c->x_ticks.label[c->x_ticks.n - 1]), 12) / 2 + 4;
        c->panel.x = c->area.x + left;
        c->panel.y = c->area.y + above;
        c->panel.w = fmax(20, c->area.w - left - fmax(last, 12) - right);
        c->panel.h = fmax(20, c->area.h - above - below);
    }
    if (c->extent.equal) make_equal(c);
    if (c->extent.equal) choose_ticks(c);
    set_pixels(c);
}

/* ---- drawing ---- */

static void ticks_path(struct text *out, const struct chart *c, bool x_axis, const double *at,
                       int n, double from, double length) {
    for (int i = 0; i < n; i++) {
        double px = scale_at(x_axis ? &c->x : &c->y, at[i]);
        if (!isfinite(px)) continue;
        svg_number(out, 'M', x_axis ? px : from);
        svg_number(out, ' ', x_axis ? from : px);
        svg_number(out, x_axis ? 'v' : 'h', length);
    }
}

void axes_draw_grid(const struct chart *c) {
    if (!c->plot->grid || c->plot->no_axes || c->extent.tight) return;
    struct axis_names names = axis_names_of(c->plot);
    text_adds(c->out, "<path stroke=\"" SVG_GRID "\" d=\"");
    if (!names.x) ticks_path(c->out, c, true, c->x_ticks.at, c->x_ticks.n, c->panel.y, c->panel.h);
    ticks_path(c->out, c, false, c->y_ticks.at, c->y_ticks.n, c->panel.x, c->panel.w);
    text_adds(c->out, "\"/>\n");
}

static void draw_tick_marks(const struct chart *c, const struct axis_names *names) {
    double bottom = c->panel.y + c->panel.h;
    text_adds(c->out, "<path stroke=\"" SVG_FRAME "\" d=\"");
    if (!names->x) ticks_path(c->out, c, true, c->x_ticks.at, c->x_ticks.n, bottom, TICK);
    if (!names->x) ticks_path(c->out, c, true, c->x_ticks.minor, c->x_ticks.n_minor, bottom, 2.5);
    if (!names->y) ticks_path(c->out, c, false, c->y_ticks.at, c->y_ticks.n, c->panel.x, -TICK);
    ticks_path(c->out, c, false, c->y_ticks.minor, c->y_ticks.n_minor, c->panel.x, -2.5);
    text_adds(c->out, "\"/>\n");
}

static void draw_x_numbers(const struct chart *c) {
    struct svg_text style = {
        .y = c->panel.y + c->panel.h + 17, .size = 12, .anchor = ANCHOR_MIDDLE};
    for (int i = 0; i < c->x_ticks.n; i++) {
        style.x = scale_at(&c->x, c->x_ticks.at[i]);
        svg_text(c->out, &style, str_of(c->x_ticks.label[i]));
    }
    if (!c->x_ticks.offset[0]) return;
    style = (struct svg_text){.x = c->panel.x + c->panel.w,
                              .size = 11,
                              .anchor = ANCHOR_END,
                              .y = c->panel.y + c->panel.h + (c->plot->x_label ? 34 : 17)};
    if (!c->plot->x_label) style.x += 10, style.anchor = ANCHOR_START;
    svg_text(c->out, &style, str_of(c->x_ticks.offset));
}

static void draw_x_names(const struct chart *c, const struct axis_names *names) {
    bool tilted = names_tilted(c, names);
    struct svg_text style = {
        .size = 12, .anchor = tilted ? ANCHOR_END : ANCHOR_MIDDLE, .angle = tilted ? -38 : 0};
    style.y = c->panel.y + c->panel.h + (tilted ? 13 : 17);
    for (int64_t i = 0; i < names->n_x; i++) {
        if (!names->x[i]) continue;
        style.x = scale_at(&c->x, (double)i) + (tilted ? 4 : 0);
        svg_text(c->out, &style, str_of(names->x[i]));
    }
}

static void draw_y_labels(const struct chart *c, const struct axis_names *names) {
    struct svg_text style = {.x = c->panel.x - TICK - 4, .size = 12, .anchor = ANCHOR_END};
    for (int64_t i = 0; names->y && i < names->n_y; i++) {
        style.y = scale_at(&c->y, (double)i) + 4.2;
        if (names->y[i]) svg_text(c->out, &style, str_of(names->y[i]));
    }
    for (int i = 0; !names->y && i < c->y_ticks.n; i++) {
        style.y = scale_at(&c->y, c->y_ticks.at[i]) + 4.2;
        svg_text(c->out, &style, str_of(c->y_ticks.label[i]));
    }
    if (!c->y_ticks.offset[0] || names->y) return;
    style = (struct svg_text){.x = c->panel.x, .y = c->panel.y - 6, .size = 11};
    svg_text(c->out, &style, str_of(c->y_ticks.offset));
}

static void draw_titles(const struct chart *c, const struct axis_names *names) {
    const struct plot *p = c->plot;
    double middle = c->panel.x + c->panel.w / 2;
    struct svg_text style = {.x = middle, .size = TITLE, .anchor = ANCHOR_MIDDLE};
    style.y = c->panel.y - 11 - (!p->no_axes && c->y_ticks.offset[0] ? 14 : 0);
    double width = p->title ? font_width(str_of(p->title), TITLE) : 0;
    if (width > c->area.w - 8) style.size = fmax(9, TITLE * (c->area.w - 8) / width);
    double half = fmin(width, c->area.w - 8) / 2; /* long titles move to stay inside */
    style.x = fmax(c->area.x + 4 + half, fmin(middle, c->area.x + c->area.w - 4 - half));
    if (p->title) svg_text(c->out, &style, str_of(p->title));
    style = (struct svg_text){.x = middle, .size = LABEL, .anchor = ANCHOR_MIDDLE};
    style.y = c->panel.y + c->panel.h + room_for_x_ticks(c, names) + 17;
    if (p->x_label) svg_text(c->out, &style, str_of(p->x_label));
    style.angle = -90;
    style.y = c->panel.y + c->panel.h / 2;
    style.x = c->panel.x - (p->no_axes ? 8 : y_labels_width(c, names) + TICK + 13);
    if (p->y_label) svg_text(c->out, &style, str_of(p->y_label));
}

void axes_draw(const struct chart *c) {
    struct axis_names names = axis_names_of(c->plot);
    if (!c->plot->no_axes) {
        struct rect r = c->panel;
        if (c->extent.tight) {
            svg_rect(c->out, r, NULL, SVG_FRAME);
        } else {
            text_adds(c->out, "<path fill=\"none\" stroke=\"" SVG_FRAME "\" d=\"");
            svg_number(c->out, 'M', r.x);
            svg_number(c->out, ' ', r.y);
            svg_number(c->out, 'v', r.h);
            svg_number(c->out, 'h', r.w);
            text_adds(c->out, "\"/>\n");
        }
        draw_tick_marks(c, &names);
        if (names.x) draw_x_names(c, &names);
        else draw_x_numbers(c);
        draw_y_labels(c, &names);
    }
    draw_titles(c, &names);
}

/* ---- the bar of colours ---- */

double colorbar_width(const struct colorbar *bar) {
    struct ticks t;
    ticks_choose(&t, &(struct scale){.low = bar->low, .high = bar->high}, false, 6);
    return 16 + 14 + TICK + 4 + fmax(widest_label(&t), font_width(str_of(t.offset), 11)) +
           (bar->label ? 20 : 2);
}

bool colorbar_draw(const struct chart *c) {
    const struct colorbar *bar = &c->bar;
    struct rect r = {c->panel.x + c->panel.w + 16, c->panel.y, 14, c->panel.h};
    TRY(pixels_colorbar(c->out, r, &bar->map, c->e));
    svg_rect(c->out, r, NULL, SVG_FRAME);
    struct scale s = {bar->low, bar->high, r.y + r.h, r.y, false};
    struct ticks t;
    ticks_choose(&t, &s, false, (int)fmax(2, fmin(8, r.h / 42)));
    text_adds(c->out, "<path stroke=\"" SVG_FRAME "\" d=\"");
    for (int i = 0; i < t.n; i++) {
        svg_number(c->out, 'M', r.x + r.w);
        svg_number(c->out, ' ', scale_at(&s, t.at[i]));
        svg_number(c->out, 'h', TICK);
    }
    text_adds(c->out, "\"/>\n");
    struct svg_text style = {.x = r.x + r.w + TICK + 4, .size = 12};
    for (int i = 0; i < t.n; i++) {
        style.y = scale_at(&s, t.at[i]) + 4.2;
        svg_text(c->out, &style, str_of(t.label[i]));
    }
    style.y = r.y - 6;
    style.size = 11;
    if (t.offset[0]) svg_text(c->out, &style, str_of(t.offset));
    struct svg_text label = {.x = style.x + widest_label(&t) + 16,
                             .y = r.y + r.h / 2,
                             .size = LABEL,
                             .anchor = ANCHOR_MIDDLE,
                             .angle = -90};
    if (bar->label) svg_text(c->out, &label, str_of(bar->label));
    return true;
}
