/* Draws titles, ticks, grid and frame of a panel. */
#include "display/axes.h"
#include <math.h>
#include <string.h>

/* One side of the panel that carries ticks. */
struct side {
    const struct scale *scale;
    const struct ticks *ticks;
    double at;     /* px: y of the bottom, x of the left or right side */
    double length; /* of the ticks, with its direction */
};

static struct side bottom_side(const struct chart *c) {
    return (struct side){&c->x, &c->x_ticks, c->panel.y + c->panel.h, AXES_TICK};
}

static struct side left_side(const struct chart *c) {
    return (struct side){&c->y, &c->y_ticks, c->panel.x, -AXES_TICK};
}

static struct side right_side(const struct chart *c) {
    return (struct side){&c->right, &c->right_ticks, c->panel.x + c->panel.w, AXES_TICK};
}

static void ticks_path(struct text *out, const struct scale *s, bool upright, const double *at,
                       int n, double from, double length) {
    for (int i = 0; i < n; i++) {
        double px = scale_at(s, at[i]);
        if (!isfinite(px)) continue;
        svg_number(out, 'M', upright ? px : from);
        svg_number(out, ' ', upright ? from : px);
        svg_number(out, upright ? 'v' : 'h', length);
    }
}

static void side_path(struct text *out, const struct side *s, bool upright) {
    const struct ticks *t = s->ticks;
    ticks_path(out, s->scale, upright, t->at, t->n, s->at, s->length);
    ticks_path(out, s->scale, upright, t->minor, t->n_minor, s->at, s->length * 0.6);
}

void axes_draw_grid(const struct chart *c) {
    if (c->plot->polar) {
        axes_draw_polar(c);
        return;
    }
    if (!c->plot->grid || c->plot->no_axes || c->extent.tight) return;
    struct axis_names names = axis_names_of(c->plot);
    text_adds(c->out, "<path stroke=\"" SVG_GRID "\" d=\"");
    if (!names.x)
        ticks_path(c->out, &c->x, true, c->x_ticks.at, c->x_ticks.n, c->panel.y, c->panel.h);
    if (!names.y)
        ticks_path(c->out, &c->y, false, c->y_ticks.at, c->y_ticks.n, c->panel.x, c->panel.w);
    text_adds(c->out, "\"/>\n");
}

static void draw_tick_marks(const struct chart *c, const struct axis_names *names) {
    struct side bottom = bottom_side(c), left = left_side(c), right = right_side(c);
    text_adds(c->out, "<path stroke=\"" SVG_FRAME "\" d=\"");
    if (!names->x) side_path(c->out, &bottom, true);
    if (!names->y) side_path(c->out, &left, false);
    if (axes_has_right(c)) side_path(c->out, &right, false);
    text_adds(c->out, "\"/>\n");
}

static void draw_x_numbers(const struct chart *c) {
    double bottom = c->panel.y + c->panel.h;
    struct svg_text style = {.y = bottom + 17, .size = AXES_NUMBER, .anchor = ANCHOR_MIDDLE};
    for (int i = 0; i < c->x_ticks.n; i++) {
        style.x = scale_at(&c->x, c->x_ticks.at[i]);
        svg_text(c->out, &style, str_of(c->x_ticks.label[i]));
    }
    if (!c->x_ticks.offset[0]) return;
    style = (struct svg_text){.x = c->panel.x + c->panel.w, .size = 11, .anchor = ANCHOR_END};
    style.y = bottom + (c->plot->x_label || c->x.time ? 34 : 17);
    if (!c->plot->x_label && !c->x.time) style.x += 10, style.anchor = ANCHOR_START;
    svg_text(c->out, &style, str_of(c->x_ticks.offset));
}

/* At most so many names that they do not touch: each needs `least` px along the axis. */
static int64_t name_stride(double px, int64_t n, double least) {
    double per_name = px / (double)(n > 0 ? n : 1);
    return per_name >= least ? 1 : (int64_t)ceil(least / fmax(per_name, 0.01));
}

static void draw_x_names(const struct chart *c, const struct axis_names *names) {
    bool tilted = axes_names_tilted(c, names);
    struct svg_text style = {.size = AXES_NUMBER,
                             .anchor = tilted ? ANCHOR_END : ANCHOR_MIDDLE,
                             .angle = tilted ? -38 : 0};
    style.y = c->panel.y + c->panel.h + (tilted ? 13 : 17);
    int64_t stride = name_stride(c->panel.w, names->n_x, tilted ? 19 : 13);
    for (int64_t i = 0; i < names->n_x; i += stride) {
        style.x = scale_at(&c->x, (double)i) + (tilted ? 4 : 0);
        if (!names->x[i]) continue;
        /* a slanting name ends at the left side of the plot */
        double most = tilted ? fmin(AXES_TILTED_MOST, (style.x - c->area.x - 10) / 0.79) : INFINITY;
        char room[SVG_FIT_BYTES];
        svg_text(c->out, &style, svg_fit(str_of(names->x[i]), AXES_NUMBER, most, room));
    }
}

static void draw_y_names(const struct chart *c, const struct axis_names *names) {
    struct svg_text style = {
        .x = c->panel.x - AXES_TICK - 4, .size = AXES_NUMBER, .anchor = ANCHOR_END};
    int64_t stride = name_stride(c->panel.h, names->n_y, 13);
    for (int64_t i = 0; i < names->n_y; i += stride) {
        style.y = scale_at(&c->y, (double)i) + 4.2;
        if (!names->y[i]) continue;
        char room[SVG_FIT_BYTES];
        struct str name = svg_fit(str_of(names->y[i]), AXES_NUMBER, axes_name_most(c), room);
        svg_text(c->out, &style, name);
    }
}

static void draw_side_numbers(const struct chart *c, const struct side *s, bool at_right) {
    struct svg_text style = {.x = s->at + s->length + (at_right ? 4 : -4),
                             .size = AXES_NUMBER,
                             .anchor = at_right ? ANCHOR_START : ANCHOR_END};
    for (int i = 0; i < s->ticks->n; i++) {
        style.y = scale_at(s->scale, s->ticks->at[i]) + 4.2;
        svg_text(c->out, &style, str_of(s->ticks->label[i]));
    }
    if (!s->ticks->offset[0]) return;
    style = (struct svg_text){.x = s->at, .y = c->panel.y - 6, .size = 11};
    if (at_right) style.anchor = ANCHOR_END;
    svg_text(c->out, &style, str_of(s->ticks->offset));
}

/* ---- title and labels ---- */

static void draw_title(const struct chart *c) {
    const char *line = c->plot->title;
    if (!line) return;
    int n_more = 0;
    for (const char *p = line; *p; p++) n_more += *p == '\n';
    double middle = c->panel.x + c->panel.w / 2;
    double y = c->panel.y - 11 - (axes_has_remark(c) ? 14 : 0);
    if (c->plot->polar) y -= 20;
    for (; n_more >= 0; n_more--) {
        size_t n = strcspn(line, "\n");
        struct str s = {line, n};
        struct svg_text style = {.size = AXES_TITLE, .anchor = ANCHOR_MIDDLE};
        double width = SVG_OTHER_FONT * font_width(s, AXES_TITLE), most = c->area.w - 8;
        char room[SVG_FIT_BYTES];
        if (width > most) style.size = fmax(10, AXES_TITLE * (most - 0.01) / width);
        s = svg_fit(s, style.size, most, room);
        double half = fmin(width, most) / 2; /* long titles move to stay inside */
        style.x = fmax(c->area.x + 4 + half, fmin(middle, c->area.x + c->area.w - 4 - half));
        style.y = y - n_more * AXES_TITLE_LINE;
        svg_text(c->out, &style, s);
        line += n + (line[n] == '\n');
    }
}

static void draw_label(const struct chart *c, const struct svg_text *style, const char *label) {
    char room[SVG_FIT_BYTES];
    const struct rect *a = &c->area; /* as much on both sides of the panel's middle */
    double title = c->plot->title ? c->margins.above - (axes_has_remark(c) ? 14 : 0) - 4 : 0;
    double before = style->angle != 0 ? style->y - a->y - title : style->x - a->x;
    double behind = style->angle != 0 ? a->h - before : a->w - before;
    double most = 2 * fmin(before, behind) - 6;
    svg_text(c->out, style, svg_fit(str_of(label), AXES_LABEL, most, room));
}

static void draw_labels(const struct chart *c, const struct axis_names *names) {
    const struct plot *p = c->plot;
    struct svg_text style = {
        .x = c->panel.x + c->panel.w / 2, .size = AXES_LABEL, .anchor = ANCHOR_MIDDLE};
    style.y = c->panel.y + c->panel.h + axes_room_x(c, names) + 17;
    if (p->x_label && !c->fit.hide_x) draw_label(c, &style, p->x_label);
    style.angle = -90;
    style.y = c->panel.y + c->panel.h / 2;
    style.x = c->panel.x - (p->no_axes ? 8 : axes_room_y(c, names) + AXES_TICK + 13);
    if (p->polar) style.x = c->panel.x - 44;
    if (p->y_label && !c->fit.hide_y) draw_label(c, &style, p->y_label);
    style.x = c->panel.x + c->panel.w + AXES_TICK + ticks_widest(&c->right_ticks) + 20;
    if (p->right_label && axes_has_right(c)) draw_label(c, &style, p->right_label);
}

static void draw_frame(const struct chart *c) {
    struct rect r = c->panel;
    if (c->extent.tight) {
        svg_rect(c->out, r, NULL, SVG_FRAME);
        return;
    }
    text_adds(c->out, "<path fill=\"none\" stroke=\"" SVG_FRAME "\" d=\"");
    svg_number(c->out, 'M', r.x);
    svg_number(c->out, ' ', r.y);
    svg_number(c->out, 'v', r.h);
    svg_number(c->out, 'h', r.w);
    if (axes_has_right(c)) svg_number(c->out, 'v', -r.h);
    text_adds(c->out, "\"/>\n");
}

static void draw_numbers(const struct chart *c, const struct axis_names *names) {
    struct side left = left_side(c), right = right_side(c);
    draw_tick_marks(c, names);
    if (!c->fit.hide_x && names->x) draw_x_names(c, names);
    else if (!c->fit.hide_x) draw_x_numbers(c);
    if (!c->fit.hide_y && names->y) draw_y_names(c, names);
    else if (!c->fit.hide_y) draw_side_numbers(c, &left, false);
    if (axes_has_right(c)) draw_side_numbers(c, &right, true);
}

/* What has no place: in the middle of an empty panel, else above its right end. */
static void draw_left_out(const struct chart *c) {
    bool empty = !c->extent.any_x && !c->extent.any_y && !axes_has_right(c);
    struct svg_text style = {.size = 11, .anchor = ANCHOR_END, .fill = "#555"};
    style.x = c->panel.x + c->panel.w;
    style.y = c->panel.y - 6;
    if (empty) {
        style.anchor = ANCHOR_MIDDLE;
        style.x -= c->panel.w / 2;
        style.y = c->panel.y + c->panel.h / 2;
    }
    if (c->left_out[0]) svg_text(c->out, &style, str_of(c->left_out));
}

void axes_draw(const struct chart *c) {
    struct axis_names names = axis_names_of(c->plot);
    if (!c->plot->no_axes && !c->plot->polar) {
        draw_frame(c);
        draw_numbers(c, &names);
        draw_left_out(c);
    }
    draw_title(c);
    draw_labels(c, &names);
}
