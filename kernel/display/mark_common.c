/* What several kinds of marks need: colours, ranges, marker shapes, and the table of kinds. */
#include "display/chart.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

const struct mark_kind_row *mark_kind_row(enum mark_kind kind) {
    static const struct mark_kind_row *const rows[] = {
        [MARK_LINE] = &mark_line,   [MARK_SCATTER] = &mark_scatter, [MARK_BAR] = &mark_bar,
        [MARK_HIST] = &mark_hist,   [MARK_BAND] = &mark_band,       [MARK_HEATMAP] = &mark_heatmap,
        [MARK_IMAGE] = &mark_image, [MARK_CONTOUR] = &mark_contour, [MARK_BOX] = &mark_box,
        [MARK_RULE] = &mark_rule,   [MARK_NOTE] = &mark_note,       [MARK_FRAME] = &mark_frame};
    return rows[kind];
}

int64_t mark_n_points(const struct mark *m) {
    bool band = m->kind == MARK_BAND;
    if (!m->x || !m->y || (band && !m->z)) return 0;
    int64_t n = m->x->count < m->y->count ? m->x->count : m->y->count;
    return band && m->z->count < n ? m->z->count : n;
}

/* Lines and points share one cycle; bands have their own, so that a band and the line inside it
 * match. */
static int cycle_place(const struct plot *p, int i) {
    bool band = p->marks[i].kind == MARK_BAND;
    int place = 0;
    for (int k = 0; k < i; k++) {
        const struct mark *m = &p->marks[k];
        if ((m->kind == MARK_BAND) != band || palette_color(m->color)) continue;
        if (mark_kind_row(m->kind)->takes_color) place++;
    }
    return place;
}

const char *mark_color(const struct plot *p, int i) {
    const char *own = palette_color(p->marks[i].color);
    return own ? own : palette_cycle(cycle_place(p, i));
}

int mark_round(const struct plot *p, int i) {
    return palette_color(p->marks[i].color) ? 0 : cycle_place(p, i) / PALETTE_CYCLE;
}

void svg_dashes(struct text *out, const struct mark *m, int round) {
    static const char *const later[] = {"2 4", "9 4 2 4", "1 6"};
    if (m->dashed) text_adds(out, " stroke-dasharray=\"7 5\"");
    else if (round > 0)
        text_addf(out, " stroke-dasharray=\"%s\"", later[(round - 1) % (int)ARRAY_LEN(later)]);
}

char mark_class_marker(char usual, int place) {
    int round = place / PALETTE_CYCLE;
    return round <= 0 || round > 2 ? usual : usual == 's' ? "^d"[round - 1] : "s^"[round - 1];
}

bool chart_point(const struct chart *c, const struct mark *m, double x, double y, double *px,
                 double *py) {
    double along = scale_at(mark_y(c, m), y);
    if (c->plot->polar) {
        *px = c->panel.x + c->panel.w / 2 + along * cos(x);
        *py = c->panel.y + c->panel.h / 2 - along * sin(x);
    } else {
        *px = scale_at(&c->x, x);
        *py = along;
    }
    return isfinite(*px) && isfinite(*py);
}

int mark_class_color(const struct mark *m, double value, int i) {
    bool by_number = m->classes || m->outlined || m->by_class;
    return by_number && value >= 0 && value < 1e6 ? (int)value : i;
}

void mark_class_label(const struct mark *m, double value, char out[64]) {
    bool named = m->classes && value >= 0 && value < (double)m->n_classes;
    if (named) {
        snprintf(out, 64, "%s", m->classes[(int64_t)value]);
        return;
    }
    char number[TICK_LABEL_BYTES];
    tick_print(number, value, fabs(value) < 1e15 ? 0 : -1);
    snprintf(out, 64, "%s", number);
}

bool tensor_range(const struct tensor *t, double *low, double *high) {
    bool any = false;
    for (int64_t i = 0; t && i < t->count; i++) {
        double x = mark_number(t, i);
        if (!(fabs(x) <= SCALE_MOST)) continue;
        if (!any || x < *low) *low = x;
        if (!any || x > *high) *high = x;
        any = true;
    }
    return any;
}

void mark_range(const struct mark *m, const struct tensor *t, double *low, double *high) {
    *low = 0;
    *high = 1;
    if (m->has_range && fabs(m->low) <= SCALE_MOST && fabs(m->high) <= SCALE_MOST) {
        *low = m->low;
        *high = m->high;
    } else {
        tensor_range(t, low, high);
    }
    if (m->has_center && fabs(m->center) <= SCALE_MOST) {
        double reach = fmax(fabs(*high - m->center), fabs(*low - m->center));
        *low = m->center - reach;
        *high = m->center + reach;
    }
    double least = fmax(fabs(*low), fabs(*high)) * 1e-12; /* a range must survive rounding */
    if (*high - *low > least) return;
    *high = *low + (*low != 0 ? fabs(*low) * 0.1 : 1); /* one number: the lowest colour */
}

int mark_classes(const struct mark *m, double values[CLASSES_MAX]) {
    const struct tensor *t = m->color_by;
    int n = 0;
    if (m->by_class) t = m->z;
    if (!t || m->colormap || m->has_range) return 0;
    for (int64_t i = 0; i < t->count; i++) {
        double x = mark_number(t, i);
        if (!isfinite(x)) continue;
        if (x != floor(x)) return 0;
        int k = 0;
        while (k < n && values[k] < x) k++;
        if (k < n && values[k] == x) continue;
        if (n == (m->classes ? CLASSES_MAX : CLASSES_NUMBERS)) return 0;
        memmove(values + k + 1, values + k, (size_t)(n - k) * sizeof *values);
        values[k] = x;
        n++;
    }
    return n;
}

double mark_px(double points, double usual_px) {
    return points > 0 ? points * 100 / 72 : usual_px;
}

const char *rgb_print(struct rgb c, char out[8]) {
    snprintf(out, 8, "#%02x%02x%02x", c.r, c.g, c.b);
    return out;
}

void svg_attribute(struct text *out, const char *name, double x) {
    text_addc(out, ' ');
    text_adds(out, name);
    text_adds(out, "=\"");
    svg_number(out, 0, x);
    text_addc(out, '"');
}

/* ---- markers ---- */

bool marker_is_filled(char marker) {
    return strchr("s^vd", marker) != NULL;
}

/* Outlines relative to the centre, in units of the radius; a move after NAN. */
static const double square[] = {-.85, -.85, .85, -.85, .85, .85, -.85, .85};
static const double up[] = {0, -1.1, 1, .8, -1, .8};
static const double down[] = {0, 1.1, 1, -.8, -1, -.8};
static const double diamond[] = {0, -1.2, .9, 0, 0, 1.2, -.9, 0};
static const double cross[] = {-.85, -.85, .85, .85, NAN, NAN, .85, -.85, -.85, .85};
static const double plus[] = {-1.1, 0, 1.1, 0, NAN, NAN, 0, -1.1, 0, 1.1};

static void outline(struct text *out, const double *at, size_t n, double x, double y, double r) {
    double last_x = 0, last_y = 0; /* steps are shorter to write than places */
    char lead = 'M';
    for (size_t i = 0; i + 1 < n; i += 2) {
        if (isnan(at[i])) {
            lead = 'm';
            continue;
        }
        double px = round(10 * r * at[i]) / 10, py = round(10 * r * at[i + 1]) / 10;
        svg_number(out, lead, lead == 'M' ? x + px : px - last_x);
        svg_number(out, ' ', lead == 'M' ? y + py : py - last_y);
        last_x = px;
        last_y = py;
        lead = 'l';
    }
}

static const struct {
    char marker;
    const double *at;
    size_t n;
} outlines[] = {
    {'s', square, ARRAY_LEN(square)}, {'^', up, ARRAY_LEN(up)},
    {'v', down, ARRAY_LEN(down)},     {'d', diamond, ARRAY_LEN(diamond)},
    {'x', cross, ARRAY_LEN(cross)},   {'+', plus, ARRAY_LEN(plus)},
};

void marker_path(struct text *out, char marker, double x, double y, double r) {
    for (size_t i = 0; i < ARRAY_LEN(outlines); i++)
        if (outlines[i].marker == marker) {
            outline(out, outlines[i].at, outlines[i].n, x, y, r);
            if (marker_is_filled(marker)) text_addc(out, 'z');
            return;
        }
    svg_number(out, 'M', x); /* a dot is a line of no length with round ends */
    svg_number(out, ' ', y);
    text_adds(out, "h0");
}

/* A space only where the number would join the one before. */
static void step_to(struct marker_pen *pen, char lead, int x, int y) {
    int dx = x - pen->x, dy = y - pen->y;
    if (lead == 'l' && pen->lead) lead = dx < 0 ? 0 : ' ';
    pen->lead = 'l';
    svg_number(pen->out, lead, dx);
    svg_number(pen->out, dy < 0 ? 0 : ' ', dy);
    pen->x = x;
    pen->y = y;
}

void marker_on_grid(struct marker_pen *pen, char marker, int x, int y, double r) {
    for (size_t i = 0; i < ARRAY_LEN(outlines); i++) {
        if (outlines[i].marker != marker) continue;
        const double *at = outlines[i].at;
        char lead = 'm';
        int first_x = 0, first_y = 0;
        for (size_t k = 0; k + 1 < outlines[i].n; k += 2) {
            if (isnan(at[k])) {
                lead = 'm';
                continue;
            }
            int to_x = x + (int)lround(r * at[k]), to_y = y + (int)lround(r * at[k + 1]);
            if (k == 0) first_x = to_x, first_y = to_y;
            step_to(pen, lead, to_x, to_y);
            lead = 'l';
        }
        if (!marker_is_filled(marker)) return;
        text_addc(pen->out, 'z'); /* back to where it began */
        pen->x = first_x;
        pen->y = first_y;
        pen->lead = 0;
    }
}
