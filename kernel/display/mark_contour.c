/* Contour lines by marching squares (Lorensen & Cline 1987 in two dimensions; the two saddles are
 * decided by the mean of the corners), or areas between the levels. */
#include "display/pixels.h"
#include "base/pool.h"
#include <math.h>
#include <string.h>

enum { LEVELS_MAX = 40, GRID_MAX = 256, AREA_PX = 640 };

struct levels {
    int n;
    double at[LEVELS_MAX];
};

static void choose_levels(const struct mark *m, double low, double high, struct levels *l) {
    int wanted = m->bins > 0 && m->bins < LEVELS_MAX - 2 ? m->bins : 12;
    double step = ticks_step(high - low, wanted);
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

static bool contour_colorbar(const struct plot *p, const struct mark *m, struct colorbar *bar) {
    (void)p;
    if (!m->z || m->z->count == 0 || (palette_color(m->color) && !m->filled)) return false;
    mark_range(m, m->z, &bar->low, &bar->high);
    colormap_make(&bar->map, m->colormap ? m->colormap : m->has_center ? "coolwarm" : "viridis");
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

/* Where the level crosses side 0 … 3 (top, right, bottom, left) of a cell with corners
 * v[0] v[1] / v[3] v[2]. */
static void crossing(const struct field *f, int64_t row, int64_t column, const double v[4],
                     double level, int side, double *x, double *y) {
    double a = v[side], b = v[(side + 1) % 4], t = (level - a) / (b - a);
    static const double from_x[] = {0, 1, 1, 0}, from_y[] = {0, 0, 1, 1};
    static const double step_x[] = {1, 0, -1, 0}, step_y[] = {0, 1, 0, -1};
    *x = f->px0 + ((double)column + from_x[side] + t * step_x[side]) * f->dpx;
    *y = f->py0 + ((double)row + from_y[side] + t * step_y[side]) * f->dpy;
}

static void segment(struct text *out, const struct field *f, int64_t row, int64_t column,
                    const double v[4], double level, int from, int to) {
    double x, y;
    crossing(f, row, column, v, level, from, &x, &y);
    svg_number(out, 'M', x);
    svg_number(out, ' ', y);
    crossing(f, row, column, v, level, to, &x, &y);
    svg_number(out, 'L', x);
    svg_number(out, ' ', y);
}

/* The sides that the level crosses are those between a corner above and one below. */
static void march_cell(struct text *out, const struct field *f, int64_t row, int64_t column,
                       double level) {
    double v[4] = {field_at(f, row, column), field_at(f, row, column + 1),
                   field_at(f, row + 1, column + 1), field_at(f, row + 1, column)};
    if (!isfinite(v[0] + v[1] + v[2] + v[3])) return;
    int sides[4], n = 0;
    for (int k = 0; k < 4; k++)
        if ((v[k] > level) != (v[(k + 1) % 4] > level)) sides[n++] = k;
    if (n == 2) segment(out, f, row, column, v, level, sides[0], sides[1]);
    if (n != 4) return;
    bool middle_above = (v[0] + v[1] + v[2] + v[3]) / 4 > level;
    bool together = middle_above == (v[0] > level); /* corners 0 and 2 are joined */
    segment(out, f, row, column, v, level, 0, together ? 1 : 3);
    segment(out, f, row, column, v, level, 2, together ? 3 : 1);
}

static void draw_level(struct chart *c, const struct field *f, double level, const char *color,
                       double width) {
    text_addf(c->out, "<path fill=\"none\" stroke=\"%s\" stroke-linecap=\"round\"", color);
    svg_attribute(c->out, "stroke-width", width);
    text_adds(c->out, " d=\"");
    for (int64_t row = 0; row + 1 < f->rows; row++)
        for (int64_t column = 0; column + 1 < f->columns; column++)
            march_cell(c->out, f, row, column, level);
    text_adds(c->out, "\"/>\n");
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
    if (m->filled) return draw_areas(c, &field, &levels, &bar);
    for (int k = 0; k < levels.n; k++) {
        char own[8];
        int place = colormap_index(levels.at[k], bar.low, bar.high);
        const char *stroke = mapped ? rgb_print(bar.map.at[place], own) : color;
        draw_level(c, &field, levels.at[k], stroke, mark_px(m->size, 1.5));
    }
    return true;
}

const struct mark_kind_row mark_contour = {"contour map", "contour maps", SWATCH_NONE,
                                           false,         contour_extent, contour_colorbar,
                                           NULL,          contour_draw};
