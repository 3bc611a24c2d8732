/* Contour lines, with the levels written on them when asked for, or areas between the levels. */
#include "display/contour_lines.h"
#include "display/pixels.h"
#include "base/pool.h"
#include <math.h>
#include <string.h>

enum { LEVELS_MAX = 40, GRID_MAX = 256, AREA_PX = 640 };

struct levels {
    int n;
    double at[LEVELS_MAX];
};

/* The step 1, 2, 2.5 or 5 times a power of ten whose number of levels is nearest. */
static double level_step(double range, int wanted) {
    double above = ticks_step(range, wanted), best = above;
    const double steps[] = {above, above / 2, above / 2.5, above / 4};
    for (size_t i = 1; i < ARRAY_LEN(steps); i++) {
        double lead = steps[i] / pow(10, floor(log10(steps[i]) + 1e-9));
        bool good = fabs(lead - 1) < 1e-6 || fabs(lead - 2) < 1e-6 || fabs(lead - 2.5) < 1e-6 ||
                    fabs(lead - 5) < 1e-6;
        bool nearer = fabs(range / steps[i] - wanted) < fabs(range / best - wanted);
        if (good && nearer) best = steps[i];
    }
    return best;
}

static void choose_levels(const struct mark *m, double low, double high, struct levels *l) {
    int wanted = m->bins > 0 && m->bins < LEVELS_MAX - 2 ? m->bins : 12;
    double step = level_step(high - low, wanted);
    l->n = 0;
    for (double k = ceil(low / step); k * step <= high && l->n < LEVELS_MAX; k++)
        l->at[l->n++] = k * step;
}

static void contour_extent(const struct plot *p, const struct mark *m, struct extent *e) {
    (void)p;
    struct grid_place g;
    if (!grid_place(m, &g)) return;
    double half_x = (g.x1 - g.x0) / (double)g.columns / 2;
    double half_y = (g.y1 - g.y0) / (double)g.rows / 2;
    extent_add_x(e, g.x0 + half_x);
    extent_add_x(e, g.x1 - half_x);
    extent_add_y(e, g.y0 + half_y);
    extent_add_y(e, g.y1 - half_y);
    e->tight = true;
}

/* The bar shows the colours of the areas: each that of the middle between two levels. */
static void step_colors(const struct mark *m, struct colorbar *bar) {
    struct levels l;
    struct colormap smooth = bar->map;
    choose_levels(m, bar->low, bar->high, &l);
    for (int i = 0, k = 0; i < COLORMAP_STEPS; i++) {
        double v = bar->low + (bar->high - bar->low) * (i + 0.5) / COLORMAP_STEPS;
        while (k < l.n && l.at[k] <= v) k++;
        double low = k > 0 ? l.at[k - 1] : bar->low, high = k < l.n ? l.at[k] : bar->high;
        bar->map.at[i] = smooth.at[colormap_index(low / 2 + high / 2, bar->low, bar->high)];
    }
}

static bool contour_colorbar(const struct plot *p, const struct mark *m, struct colorbar *bar) {
    (void)p;
    if (!m->z || m->z->count == 0 || (palette_color(m->color) && !m->filled)) return false;
    mark_range(m, m->z, &bar->low, &bar->high);
    colormap_make(&bar->map, m->colormap ? m->colormap : m->has_center ? "coolwarm" : "viridis");
    if (m->filled) step_colors(m, bar);
    return true;
}

/* Grid points as px, with at most GRID_MAX a side. */
struct field {
    const struct mark *m;
    int64_t rows, columns, stride;
    double px0, dpx, py0, dpy; /* px of grid point (0, 0), and per grid step */
};

static void field_open(struct field *f, const struct chart *c, const struct mark *m,
                       const struct grid_place *g) {
    *f = (struct field){.m = m, .stride = 1};
    int64_t longer = g->rows > g->columns ? g->rows : g->columns;
    while (longer / f->stride > GRID_MAX) f->stride++;
    f->rows = (g->rows - 1) / f->stride + 1;
    f->columns = (g->columns - 1) / f->stride + 1;
    double dx = (g->x1 - g->x0) / (double)g->columns, dy = (g->y1 - g->y0) / (double)g->rows;
    f->px0 = scale_at(&c->x, g->x0 + dx / 2);
    f->py0 = scale_at(&c->y, g->y0 + dy / 2);
    f->dpx = scale_at(&c->x, g->x0 + dx / 2 + dx * (double)f->stride) - f->px0;
    f->dpy = scale_at(&c->y, g->y0 + dy / 2 + dy * (double)f->stride) - f->py0;
}

static double field_at(const struct field *f, int64_t row, int64_t column) {
    return mark_number(f->m->z, (row * f->stride) * f->m->z->shape.size[1] + column * f->stride);
}

/* ---- lines ---- */

enum { LABELS_MOST = 64 };
static const double LABEL_SIZE = 11, LABEL_LINE = 90; /* px; lines shorter than this have none */

struct pen {
    struct chart *c;
    const struct field *f;
    const char *label; /* the level in words, or NULL */
    int n_labels;
    struct rect labels[LABELS_MOST]; /* of all levels */
    struct str words[LABELS_MOST];
    char room[LABELS_MOST][TICK_LABEL_BYTES];
};

static double px_x(const struct field *f, const double *point) {
    return f->px0 + point[0] * f->dpx;
}

static double px_y(const struct field *f, const double *point) {
    return f->py0 + point[1] * f->dpy;
}

static bool label_fits(const struct pen *pen, struct rect r) {
    struct rect p = pen->c->panel;
    if (r.x < p.x + 2 || r.y < p.y + 2 || r.x + r.w > p.x + p.w - 2 || r.y + r.h > p.y + p.h - 2)
        return false;
    for (int i = 0; i < pen->n_labels; i++) {
        const struct rect *o = &pen->labels[i];
        bool apart = r.x > o->x + o->w + 6 || o->x > r.x + r.w + 6 || r.y > o->y + o->h + 3 ||
                     o->y > r.y + r.h + 3;
        if (!apart) return false;
    }
    return true;
}

/* The level stands on the line, in the middle or wherever it does not touch another one. */
static void place_label(struct pen *pen, const double *points, int64_t n, double length) {
    static const double tries[] = {0.5, 0.25, 0.75, 0.375, 0.625, 0.125, 0.875};
    if (!pen->label || length < LABEL_LINE || pen->n_labels == LABELS_MOST) return;
    double w = SVG_OTHER_FONT * font_width(str_of(pen->label), LABEL_SIZE) + 4;
    for (size_t k = 0; k < ARRAY_LEN(tries); k++) {
        const double *at = points + 2 * (int64_t)(tries[k] * (double)(n - 1));
        struct rect r = {px_x(pen->f, at) - w / 2, px_y(pen->f, at) - 7, w, 14};
        if (!label_fits(pen, r)) continue;
        char *room = pen->room[pen->n_labels];
        memcpy(room, pen->label, strlen(pen->label) + 1);
        pen->words[pen->n_labels] = str_of(room);
        pen->labels[pen->n_labels++] = r;
        return;
    }
}

/* One line as path data; points closer than a pixel are left out. */
static void draw_line(void *user, const double *points, int64_t n) {
    struct pen *pen = user;
    double last_x = 0, last_y = 0, length = 0;
    for (int64_t i = 0; i < n; i++) {
        double x = px_x(pen->f, points + 2 * i), y = px_y(pen->f, points + 2 * i);
        double d = hypot(x - last_x, y - last_y);
        if (i > 0 && i + 1 < n && d < 1) continue;
        if (i > 0) length += d;
        svg_number(pen->c->out, i == 0 ? 'M' : i == 1 ? 'L' : ' ', round(x * 10) / 10);
        svg_number(pen->c->out, ' ', round(y * 10) / 10);
        last_x = x;
        last_y = y;
    }
    place_label(pen, points, n, length);
}

static void draw_labels(const struct pen *pen, bool on_areas) {
    for (int i = 0; i < pen->n_labels; i++) {
        struct rect r = pen->labels[i];
        text_addf(pen->c->out, "<rect fill=\"#fff\" fill-opacity=\"%s\" rx=\"2\"",
                  on_areas ? ".8" : "1");
        svg_attribute(pen->c->out, "x", r.x);
        svg_attribute(pen->c->out, "y", r.y);
        svg_attribute(pen->c->out, "width", r.w);
        svg_attribute(pen->c->out, "height", r.h);
        text_adds(pen->c->out, "/>\n");
        svg_text(
            pen->c->out,
            &(struct svg_text){
                .x = r.x + r.w / 2, .y = r.y + 11, .size = LABEL_SIZE, .anchor = ANCHOR_MIDDLE},
            pen->words[i]);
    }
}

/* The numbers of the grid, and room to follow lines in. */
static bool grid_open(struct contour_grid *g, const struct field *f, struct err *e) {
    size_t n = (size_t)f->rows * (size_t)f->columns;
    double *at = pool_need(n * (sizeof(double) * 5 + 2) + 4 * sizeof(double), e);
    if (!at) return false;
    for (int64_t row = 0; row < f->rows; row++)
        for (int64_t column = 0; column < f->columns; column++)
            at[row * f->columns + column] = field_at(f, row, column);
    double *line = at + n;
    *g = (struct contour_grid){f->rows, f->columns, at, (uint8_t *)(line + 4 * n + 4), line};
    return true;
}

static void draw_level(struct pen *pen, const struct contour_grid *g, double level,
                       const char *color, double width) {
    struct text *out = pen->c->out;
    text_addf(out, "<path fill=\"none\" stroke=\"%s\" stroke-linejoin=\"round\"", color);
    svg_attribute(out, "stroke-width", width);
    text_adds(out, " d=\"");
    contour_lines(g, level, draw_line, pen);
    text_adds(out, "\"/>\n");
}

static bool draw_levels(struct chart *c, const struct mark *m, const struct field *f,
                        const struct levels *l, const struct colorbar *bar, const char *color) {
    struct contour_grid g;
    struct pen pen = {.c = c, .f = f};
    if (f->rows < 2 || f->columns < 2) return true;
    if (!grid_open(&g, f, c->e)) return false;
    for (int k = 0; k < l->n; k++) {
        char own[8], label[TICK_LABEL_BYTES];
        tick_print(label, l->at[k], -1);
        pen.label = m->annotate ? label : NULL;
        int place = bar ? colormap_index(l->at[k], bar->low, bar->high) : 0;
        const char *stroke = bar ? rgb_print(bar->map.at[place], own) : color;
        draw_level(&pen, &g, l->at[k], stroke, mark_px(m->size, m->filled ? 0.8 : 1.5));
    }
    draw_labels(&pen, m->filled);
    pool_free((void *)(uintptr_t)g.at);
    return true;
}

/* ---- areas ---- */

static double interpolate(const struct field *f, double row, double column) {
    int64_t i = (int64_t)row, j = (int64_t)column;
    if (i > f->rows - 2) i = f->rows - 2;
    if (j > f->columns - 2) j = f->columns - 2;
    double u = row - (double)i, t = column - (double)j;
    double top = field_at(f, i, j) * (1 - t) + field_at(f, i, j + 1) * t;
    double bottom = field_at(f, i + 1, j) * (1 - t) + field_at(f, i + 1, j + 1) * t;
    return top * (1 - u) + bottom * u;
}

/* The colour of the area between two levels: that of its middle. */
static struct rgb area_color(const struct levels *l, const struct colorbar *bar, double v) {
    if (isnan(v)) return (struct rgb){0xdd, 0xdd, 0xdd};
    int k = 0;
    while (k < l->n && l->at[k] <= v) k++;
    double low = k > 0 ? l->at[k - 1] : bar->low, high = k < l->n ? l->at[k] : bar->high;
    return bar->map.at[colormap_index((low + high) / 2, bar->low, bar->high)];
}

static bool draw_areas(struct chart *c, const struct field *f, const struct levels *l,
                       const struct colorbar *bar) {
    if (f->rows < 2 || f->columns < 2) return true;
    int w = AREA_PX, h = AREA_PX;
    uint8_t *pixels = pool_need((size_t)w * (size_t)h * 3, c->e);
    if (!pixels) return false;
    bool flip_x = f->dpx < 0, flip_y = f->dpy < 0;
    for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
            double u = (y + 0.5) / h, t = (x + 0.5) / w;
            double row = (flip_y ? 1 - u : u) * (double)(f->rows - 1);
            double column = (flip_x ? 1 - t : t) * (double)(f->columns - 1);
            struct rgb color = area_color(l, bar, interpolate(f, row, column));
            memcpy(pixels + ((size_t)y * (size_t)w + (size_t)x) * 3,
                   (uint8_t[]){color.r, color.g, color.b}, 3);
        }
    }
    double x1 = f->px0 + f->dpx * (double)(f->columns - 1);
    double y1 = f->py0 + f->dpy * (double)(f->rows - 1);
    struct rect r = {fmin(f->px0, x1), fmin(f->py0, y1), fabs(x1 - f->px0), fabs(y1 - f->py0)};
    bool ok = pixels_draw(c->out, r, pixels, w, h, 3, c->e);
    pool_free(pixels);
    return ok;
}

static bool contour_draw(struct chart *c, const struct mark *m, const char *color) {
    struct grid_place g;
    struct colorbar bar = {0};
    struct levels levels;
    struct field field;
    if (!grid_place(m, &g)) return true;
    bool mapped = contour_colorbar(c->plot, m, &bar);
    if (!mapped) mark_range(m, m->z, &bar.low, &bar.high);
    choose_levels(m, bar.low, bar.high, &levels);
    field_open(&field, c, m, &g);
    if (!m->filled) return draw_levels(c, m, &field, &levels, mapped ? &bar : NULL, color);
    if (!draw_areas(c, &field, &levels, &bar)) return false;
    return !m->annotate || draw_levels(c, m, &field, &levels, NULL, SVG_INK);
}

const struct mark_kind_row mark_contour = {"contour map", "contour maps", SWATCH_NONE,
                                           false,         contour_extent, contour_colorbar,
                                           NULL,          contour_draw};
