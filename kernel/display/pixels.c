/* Areas of coloured cells. */
#include "display/pixels.h"
#include "display/png_write.h"
#include <math.h>

/* Outer edges of `n` cells along one axis whose centres are given, evenly spaced. */
static void edges_from_centres(const struct tensor *t, int64_t n, double *first, double *last) {
    double a = mark_number(t, 0), b = mark_number(t, n - 1);
    double half = n > 1 ? (b - a) / (double)(n - 1) / 2 : 0.5;
    *first = a - half;
    *last = b + half;
}

bool grid_place(const struct mark *m, struct grid_place *g) {
    if (!m->z || m->z->shape.n < 2 || m->z->count == 0) return false;
    *g = (struct grid_place){.rows = m->z->shape.size[0], .columns = m->z->shape.size[1]};
    g->x0 = g->y0 = -0.5;
    g->x1 = (double)g->columns - 0.5;
    g->y1 = (double)g->rows - 0.5;
    if (m->has_extent) {
        g->x0 = m->extent[0];
        g->x1 = m->extent[1];
        bool picture = m->kind == MARK_IMAGE; /* row 0 of a picture is its top */
        g->y0 = m->extent[picture ? 3 : 2];
        g->y1 = m->extent[picture ? 2 : 3];
    }
    if (m->has_extent && m->kind == MARK_CONTOUR) { /* of the outer grid points, not of cells */
        double dx = (g->x1 - g->x0) / (double)(g->columns > 1 ? g->columns - 1 : 1) / 2;
        double dy = (g->y1 - g->y0) / (double)(g->rows > 1 ? g->rows - 1 : 1) / 2;
        g->x0 -= dx;
        g->x1 += dx;
        g->y0 -= dy;
        g->y1 += dy;
    }
    if (m->x && m->x->count >= g->columns) edges_from_centres(m->x, g->columns, &g->x0, &g->x1);
    if (m->y && m->y->count >= g->rows) edges_from_centres(m->y, g->rows, &g->y0, &g->y1);
    return isfinite(g->x0 + g->x1 + g->y0 + g->y1) && g->x0 != g->x1 && g->y0 != g->y1;
}

bool grid_extent(const struct mark *m, struct grid_place *g, struct extent *e) {
    if (!grid_place(m, g)) return false;
    extent_add_x(e, g->x0);
    extent_add_x(e, g->x1);
    extent_add_y(e, g->y0);
    extent_add_y(e, g->y1);
    e->tight = true;
    return true;
}

struct rect grid_rect(const struct chart *c, const struct grid_place *g, bool *flip_x,
                      bool *flip_y) {
    double x0 = scale_at(&c->x, g->x0), x1 = scale_at(&c->x, g->x1);
    double y0 = scale_at(&c->y, g->y0), y1 = scale_at(&c->y, g->y1);
    *flip_x = x0 > x1;
    *flip_y = y0 > y1;
    return (struct rect){fmin(x0, x1), fmin(y0, y1), fabs(x1 - x0), fabs(y1 - y0)};
}

double pixels_mean(const struct tensor *t, const int64_t size[2], const int cells[2],
                   const int cell[2], int n, int k) {
    int64_t from[2], to[2], count = 0;
    double sum = 0;
    for (int a = 0; a < 2; a++) {
        from[a] = size[a] * cell[a] / cells[a];
        to[a] = size[a] * (cell[a] + 1) / cells[a];
    }
    if (to[0] - from[0] == 1 && to[1] - from[1] == 1)
        return mark_number(t, (from[0] * size[1] + from[1]) * n + k);
    for (int64_t y = from[0]; y < to[0]; y++)
        for (int64_t x = from[1]; x < to[1]; x++) {
            double v = mark_number(t, (y * size[1] + x) * n + k);
            if (isnan(v)) continue;
            sum += v;
            count++;
        }
    return count > 0 ? sum / (double)count : NAN;
}

bool pixels_draw(struct text *out, struct rect r, const uint8_t *pixels, int w, int h, int channels,
                 struct err *e) {
    if (w <= 0 || h <= 0 || !isfinite(r.x + r.y + r.w + r.h)) return true;
    bool cells = r.w > w || r.h > h; /* more pixels than that are smooth anyway */
    double wanted = cells ? fmax(ceil(1.5 * r.w / w), ceil(1.5 * r.h / h)) : 1;
    int zoom = wanted > 64 ? 64 : wanted < 1 ? 1 : (int)wanted;
    while (zoom > 1 && (double)w * zoom * h * zoom > 1.5e6) zoom--;
    struct text png = {0};
    bool ok = png_write_base64(&png, pixels, w, h, channels, zoom, e);
    if (ok) svg_pixels(out, r, text_str(&png));
    text_clear(&png);
    return ok;
}

bool pixels_colorbar(struct text *out, struct rect r, const struct colormap *map, struct err *e) {
    uint8_t pixels[COLORMAP_STEPS][3];
    for (int i = 0; i < COLORMAP_STEPS; i++) {
        struct rgb c = map->at[COLORMAP_STEPS - 1 - i];
        pixels[i][0] = c.r;
        pixels[i][1] = c.g;
        pixels[i][2] = c.b;
    }
    struct text png = {0};
    bool ok = png_write_base64(&png, pixels[0], 1, COLORMAP_STEPS, 3, 1, e);
    if (ok) svg_pixels(out, r, text_str(&png));
    text_clear(&png);
    return ok;
}
