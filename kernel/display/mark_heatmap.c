/* Heat maps: numbers as colours of cells, with the numbers in the cells when asked for. Without
 * coordinates row 0 is on top, as a matrix is written. */
#include "display/pixels.h"
#include "base/pool.h"
#include <math.h>

enum { ANNOTATE_MAX = 1600 };

static void heatmap_extent(const struct plot *p, const struct mark *m, struct extent *e) {
    (void)p;
    struct grid_place g;
    if (!grid_extent(m, &g, e)) return;
    if (m->has_extent || m->y) return;
    e->flip_y = true;
    double longer = (double)(g.rows > g.columns ? g.rows : g.columns);
    double shorter = (double)(g.rows > g.columns ? g.columns : g.rows);
    if (!m->x && longer <= 4 * shorter) e->equal = true;
}

static const char *usual_map(const struct mark *m) {
    return m->colormap ? m->colormap : m->has_center ? "coolwarm" : "viridis";
}

static bool heatmap_colorbar(const struct plot *p, const struct mark *m, struct colorbar *bar) {
    (void)p;
    if (!m->z || m->z->count == 0) return false;
    mark_range(m, m->z, &bar->low, &bar->high);
    colormap_make(&bar->map, usual_map(m));
    return true;
}

/* Colours of the cells as w x h pixels, row 0 of the picture on top. Of more than PIXELS_MOST cells
 * each way the means of neighbours. */
struct raster {
    int w, h;
    uint8_t *pixels;
};

static bool raster_fill(struct raster *r, const struct mark *m, const struct grid_place *g,
                        const struct colorbar *bar, const bool flip[2], struct err *e) {
    r->w = (int)(g->columns < PIXELS_MOST ? g->columns : PIXELS_MOST);
    r->h = (int)(g->rows < PIXELS_MOST ? g->rows : PIXELS_MOST);
    const int64_t size[2] = {g->rows, g->columns};
    r->pixels = pool_need((size_t)r->w * (size_t)r->h * 3, e);
    if (!r->pixels) return false;
    for (int y = 0; y < r->h; y++) {
        int row = flip[1] ? r->h - 1 - y : y;
        for (int x = 0; x < r->w; x++) {
            int column = flip[0] ? r->w - 1 - x : x;
            double v = pixels_mean(m->z, size, (int[]){r->h, r->w}, (int[]){row, column}, 1, 0);
            uint8_t *at = r->pixels + ((size_t)y * (size_t)r->w + (size_t)x) * 3;
            struct rgb c = {MISSING_GRAY, MISSING_GRAY, MISSING_GRAY};
            if (!isnan(v)) c = bar->map.at[colormap_index(v, bar->low, bar->high)];
            at[0] = c.r;
            at[1] = c.g;
            at[2] = c.b;
        }
    }
    return true;
}

static bool all_whole(const struct tensor *t) {
    for (int64_t i = 0; i < t->count; i++) {
        double v = mark_number(t, i);
        if (!isnan(v) && v != floor(v)) return false;
    }
    return true;
}

/* The largest size in which each number fits its cell. */
static double number_size(const struct tensor *t, int decimals, double cell_w, double cell_h) {
    double widest = 0;
    for (int64_t i = 0; i < t->count; i++) {
        char label[TICK_LABEL_BYTES];
        double v = mark_number(t, i);
        if (isnan(v)) continue;
        tick_print(label, v, decimals);
        widest = fmax(widest, SVG_OTHER_FONT * font_width(str_of(label), 1));
    }
    return fmin(12, fmin(cell_h * 0.6, (cell_w - 4) / fmax(widest, 1)));
}

/* The numbers, dark on light cells and white on dark ones. */
static void annotate(struct chart *c, const struct mark *m, const struct grid_place *g,
                     const struct colorbar *bar) {
    bool whole = all_whole(m->z);
    double reach = fmax(fabs(bar->low), fabs(bar->high));
    int decimals = whole ? 0 : reach >= 100 ? 1 : reach >= 0.05 ? 2 : 1 - (int)floor(log10(reach));
    if (reach > 0 && (reach >= 1e7 || reach < 1e-4)) decimals = -1;
    double dx = (g->x1 - g->x0) / (double)g->columns, dy = (g->y1 - g->y0) / (double)g->rows;
    double cell_w = fabs(scale_at(&c->x, g->x0 + dx) - scale_at(&c->x, g->x0));
    double cell_h = fabs(scale_at(&c->y, g->y0 + dy) - scale_at(&c->y, g->y0));
    double size = number_size(m->z, decimals, cell_w, cell_h);
    if (size < 5) return;
    for (int64_t i = 0; i < m->z->count; i++) {
        double v = mark_number(m->z, i);
        if (isnan(v)) continue;
        char label[TICK_LABEL_BYTES];
        tick_print(label, v, decimals);
        struct rgb under = bar->map.at[colormap_index(v, bar->low, bar->high)];
        double x = scale_at(&c->x, g->x0 + ((double)(i % g->columns) + 0.5) * dx);
        double y = scale_at(&c->y, g->y0 + ((double)(i / g->columns) + 0.5) * dy);
        svg_text(c->out,
                 &(struct svg_text){.x = x,
                                    .y = y + 0.36 * size,
                                    .size = size,
                                    .anchor = ANCHOR_MIDDLE,
                                    .fill = palette_ink(under)},
                 str_of(label));
    }
}

static bool heatmap_draw(struct chart *c, const struct mark *m, const char *color) {
    (void)color;
    struct grid_place g;
    if (!grid_place(m, &g)) return true;
    struct colorbar bar;
    if (!heatmap_colorbar(c->plot, m, &bar)) return true;
    bool flip[2];
    struct rect r = grid_rect(c, &g, &flip[0], &flip[1]);
    struct raster raster = {0};
    bool ok = raster_fill(&raster, m, &g, &bar, flip, c->e) &&
              pixels_draw(c->out, r, raster.pixels, raster.w, raster.h, 3, c->e);
    pool_free(raster.pixels);
    if (ok && m->annotate && m->z->count <= ANNOTATE_MAX) annotate(c, m, &g, &bar);
    return ok;
}

const struct mark_kind_row mark_heatmap = {"heat map", "heat maps",    SWATCH_NONE,
                                           false,      heatmap_extent, heatmap_colorbar,
                                           NULL,       heatmap_draw};
