/* How much room titles, labels and ticks need, and where the axes begin and end. */
#include "display/axes.h"
#include <math.h>
#include <string.h>

/* One row of names for both axes: a matrix of classes against classes. */
static bool names_both(const struct mark *m) {
    return m->kind == MARK_HEATMAP && !m->row_names && m->names && m->z && m->z->shape.n == 2 &&
           m->z->shape.size[0] == m->z->shape.size[1] && !m->y;
}

struct axis_names axis_names_of(const struct plot *p) {
    struct axis_names names = {0};
    for (int i = 0; i < p->n_marks; i++) {
        const struct mark *m = &p->marks[i];
        if (m->kind == MARK_NOTE || m->kind == MARK_FRAME) continue;
        if (m->names && !m->horizontal) {
            names.x = m->names;
            names.n_x = m->n_names;
        }
        if (m->names && (m->horizontal || names_both(m))) {
            names.y = m->names;
            names.n_y = m->n_names;
        }
        if (m->row_names) {
            names.y = m->row_names;
            names.n_y = m->n_row_names;
        }
    }
    return names;
}

bool axes_has_right(const struct chart *c) {
    return c->right_extent.any_y && !c->plot->polar;
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

static void default_extent(struct extent *e) {
    if (!e->any_x) e->x0 = 0, e->x1 = 1;
    if (!e->any_y) e->y0 = 0, e->y1 = 1;
}

static void choose_scales(struct chart *c) {
    const struct plot *p = c->plot;
    struct extent *e = &c->extent, *r = &c->right_extent;
    default_extent(e);
    default_extent(r);
    double margin_y = e->tight ? 0 : 0.05;
    bool log_x = p->log_x && !e->tight, log_y = p->log_y && !e->tight;
    set_scale(&c->x, e->x0, e->x1, e->least_x, log_x, e->tight ? 0 : 0.04, e->zero_side);
    set_scale(&c->y, e->y0, e->y1, e->least_y, log_y, margin_y, e->zero_base);
    set_scale(&c->right, r->y0, r->y1, r->least_y, p->log_right, 0.05, r->zero_base);
    c->x.time = e->time_x;
    if (p->polar) c->y.low = fmin(0, c->y.low);
    if (c->fit.has_x) set_limits(&c->x, c->fit.x);
    if (c->fit.has_y) set_limits(&c->y, c->fit.y);
    if (p->has_x_limits) set_limits(&c->x, p->x_limits);
    if (p->has_y_limits) set_limits(&c->y, p->y_limits);
    if (p->has_right_limits) set_limits(&c->right, p->right_limits);
}

/* Limits from high to low turn an axis round. */
static bool is_turned(bool has, const double limits[2]) {
    return has && limits[0] > limits[1];
}

static void turn_if(bool turned, struct scale *s) {
    double from = s->from;
    if (!turned) return;
    s->from = s->to;
    s->to = from;
}

static void set_pixels(struct chart *c) {
    double top = c->panel.y, bottom = c->panel.y + c->panel.h;
    c->x.from = c->panel.x;
    c->x.to = c->panel.x + c->panel.w;
    c->y.from = c->extent.flip_y ? top : bottom;
    c->y.to = c->extent.flip_y ? bottom : top;
    c->right.from = bottom;
    c->right.to = top;
    const struct plot *p = c->plot;
    if (p->polar) {
        c->y.from = 0;
        c->y.to = fmin(c->panel.w, c->panel.h) / 2;
        return;
    }
    turn_if(is_turned(p->has_x_limits, p->x_limits), &c->x);
    turn_if(is_turned(p->has_y_limits, p->y_limits), &c->y);
    turn_if(is_turned(p->has_right_limits, p->right_limits), &c->right);
}

void axes_limits(const struct plot *p, struct scale *x, struct scale *y) {
    struct chart c = {.plot = p, .extent = plot_extent(p)};
    choose_scales(&c);
    *x = c.x;
    *y = c.y;
}

/* ---- room ---- */

double ticks_widest(const struct ticks *t) {
    double widest = 0;
    for (int i = 0; i < t->n; i++)
        widest = fmax(widest, font_width(str_of(t->label[i]), AXES_NUMBER));
    return widest;
}

static double widest_name(const char *const *names, int64_t n) {
    double widest = 0;
    for (int64_t i = 0; i < n; i++)
        if (names[i]) widest = fmax(widest, font_width(str_of(names[i]), AXES_NUMBER));
    return widest;
}

double axes_name_most(const struct chart *c) {
    return fmin(AXES_NAME_MOST, 0.4 * c->area.w);
}

/* Names that would touch each other are written slanting. */
bool axes_names_tilted(const struct chart *c, const struct axis_names *names) {
    return names->x && widest_name(names->x, names->n_x) + 8 > c->panel.w / (double)names->n_x;
}

double axes_room_x(const struct chart *c, const struct axis_names *names) {
    if (c->plot->no_axes || c->fit.hide_x) return 0;
    if (!names->x || !axes_names_tilted(c, names)) return 20;
    return 14 + 0.62 * fmin(AXES_TILTED_MOST, widest_name(names->x, names->n_x));
}

double axes_room_y(const struct chart *c, const struct axis_names *names) {
    if (c->plot->no_axes || c->fit.hide_y) return 0;
    if (!names->y) return ticks_widest(&c->y_ticks);
    return fmin(axes_name_most(c), SVG_OTHER_FONT * widest_name(names->y, names->n_y));
}

static int n_lines(const char *s) {
    int n = 1;
    for (; s && *s; s++) n += *s == '\n';
    return n;
}

bool axes_has_remark(const struct chart *c) {
    bool offset = c->y_ticks.offset[0] || (axes_has_right(c) && c->right_ticks.offset[0]);
    struct ticks bar = {0};
    struct scale colors = {.low = c->bar.low, .high = c->bar.high};
    if (c->bar.on) ticks_choose(&bar, &colors, false, 6);
    return !c->plot->no_axes && !c->plot->polar && (offset || bar.offset[0] || c->left_out[0]);
}

static double room_above(const struct chart *c) {
    double room = c->plot->title ? 14 + AXES_TITLE_LINE * n_lines(c->plot->title) : 12;
    return room + (axes_has_remark(c) ? 14 : 0);
}

static double room_right(const struct chart *c) {
    const struct plot *p = c->plot;
    int n = c->x_ticks.n, end = is_turned(p->has_x_limits, p->x_limits) ? 0 : n - 1;
    double last = 8;
    if (!p->no_axes && n > 0) last = font_width(str_of(c->x_ticks.label[end]), AXES_NUMBER) / 2 + 4;
    if (!axes_has_right(c)) return fmax(last, 12);
    return ticks_widest(&c->right_ticks) + AXES_TICK + (c->plot->right_label ? 30 : 12);
}

static struct margins room_around(const struct chart *c, const struct axis_names *names,
                                  double right) {
    const struct plot *p = c->plot;
    struct margins m = {.above = room_above(c), .right = right + room_right(c)};
    bool below = p->x_label || (c->x_ticks.offset[0] && c->x.time && !names->x);
    m.below = 6 + axes_room_x(c, names) + (below && !c->fit.hide_x ? 20 : 0);
    bool y_label = p->y_label && !c->fit.hide_y;
    m.left = p->no_axes ? (y_label ? 26 : 8)
                        : 8 + (y_label ? 20 : 2) + axes_room_y(c, names) + AXES_TICK + 4;
    if (!p->polar) return m;
    m.left = p->y_label ? 62 : 42; /* angles stand around the circle */
    m.right = right + 42;
    m.above = (p->title ? 14 + AXES_TITLE_LINE * n_lines(p->title) : 4) + 22;
    m.below = (p->x_label ? 22 : 4) + 22;
    return m;
}

/* Pieces of an axis: at most nine, or one for each row or column of a small matrix. */
static int pieces(double px, double least_px, const struct scale *s, bool counted) {
    double rows = s->high - s->low;
    if (counted && rows <= 20 && px / rows >= 15) return (int)(rows + 0.5);
    return (int)fmin(9, px / least_px);
}

static void choose_ticks(struct chart *c) {
    const struct extent *e = &c->extent; /* rows and columns of a matrix are counted from 0 */
    bool counted = e->tight && e->flip_y && e->x0 == -0.5 && e->y0 == -0.5 && !c->plot->polar;
    bool whole = (counted || !e->fractions_x) && !c->plot->has_x_limits;
    int wanted_y = pieces(c->panel.h, 28, &c->y, counted);
    int wanted_x = pieces(c->panel.w, c->x.time ? 70 : 48, &c->x, counted);
    if (c->plot->polar) wanted_y = (int)fmax(2, fmin(c->panel.w, c->panel.h) / 60);
    ticks_choose(&c->y_ticks, &c->y, (counted || e->counts) && !c->plot->has_y_limits, wanted_y);
    ticks_choose(&c->right_ticks, &c->right, false, wanted_y);
    ticks_choose(&c->x_ticks, &c->x, whole, wanted_x);
    while (wanted_x > 2 && (ticks_widest(&c->x_ticks) + 16) * c->x_ticks.n > c->panel.w)
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

static void set_panel(struct chart *c, const struct axis_names *names, double right) {
    const struct margins *least = &c->fit.least;
    struct margins m = room_around(c, names, right);
    c->margins = m = (struct margins){fmax(m.left, least->left), fmax(m.above, least->above),
                                      fmax(m.right, least->right), fmax(m.below, least->below)};
    c->panel = (struct rect){c->area.x + m.left, c->area.y + m.above,
                             fmax(20, c->area.w - m.left - m.right),
                             fmax(20, c->area.h - m.above - m.below)};
}

void axes_layout(struct chart *c, double right) {
    struct axis_names names = axis_names_of(c->plot);
    choose_scales(c);
    c->panel = (struct rect){c->area.x + 60, c->area.y, c->area.w - 80 - right, c->area.h - 60};
    for (int round = 0; round < 2; round++) { /* ticks need sizes, sizes need ticks */
        choose_ticks(c);
        set_panel(c, &names, right);
    }
    bool logs = c->x.log || c->y.log;
    bool equal = (c->extent.equal || c->plot->equal) && !logs && !c->plot->polar;
    if (equal) make_equal(c);
    if (equal) choose_ticks(c);
    set_pixels(c);
}
