/* Markers that fall on the same cell, and path data in steps of cells. */
#include "display/marker_grid.h"
#include "base/pool.h"
#include <string.h>

static size_t bytes_of(const struct marker_grid *g) {
    return (size_t)g->w * (size_t)g->h / 8 + 1;
}

bool marker_grid_open(struct marker_grid *g, const struct rect *panel, double per_px, bool many,
                      struct err *e) {
    *g = (struct marker_grid){.panel = *panel, .per_px = per_px};
    g->w = (int)(panel->w * per_px) + 1;
    g->h = (int)(panel->h * per_px) + 1;
    g->bits = pool_need(2 * bytes_of(g), e);
    if (g->bits && many) g->own = g->bits + bytes_of(g);
    return g->bits != NULL;
}

bool marker_grid_add(struct marker_grid *g, double x, double y) {
    double i = (x - g->panel.x) * g->per_px, j = (y - g->panel.y) * g->per_px;
    if (!(i >= 0 && j >= 0 && i < g->w && j < g->h)) return false;
    int64_t k = (int64_t)j * g->w + (int64_t)i;
    bool before = g->bits[k / 8] >> (k % 8) & 1;
    g->bits[k / 8] |= (uint8_t)(1u << (k % 8));
    if (g->own && !before) g->own[k / 8] |= (uint8_t)(1u << (k % 8));
    return before;
}

void marker_grid_transform(struct text *out, const struct marker_grid *g) {
    text_adds(out, " transform=\"translate(");
    svg_number(out, 0, g->panel.x + 0.5 / g->per_px);
    svg_number(out, ' ', g->panel.y + 0.5 / g->per_px);
    text_adds(out, ")scale(");
    svg_number(out, 0, 1 / g->per_px);
    text_adds(out, ")\"");
}

/* Dots: neighbours in a row are one stroke. */
static void draw_dots(struct text *out, const struct marker_grid *g) {
    int64_t cells = (int64_t)g->w * g->h, end, x = 0, y = 0;
    for (int64_t k = 0; k < cells; k = end) {
        end = k + 1;
        if (!g->own[k / 8]) end = (k / 8 + 1) * 8;
        if (!(g->own[k / 8] >> (k % 8) & 1)) continue;
        while (end % g->w != 0 && (g->own[end / 8] >> (end % 8) & 1)) end++;
        svg_number(out, 'm', (double)(k % g->w - x));
        svg_number(out, ' ', (double)(k / g->w - y));
        svg_number(out, 'h', (double)(end - k - 1));
        x = (end - 1) % g->w;
        y = k / g->w;
    }
}

void marker_grid_draw(struct text *out, struct marker_grid *g, char marker, double radius) {
    int64_t cells = (int64_t)g->w * g->h;
    struct marker_pen pen = {.out = out};
    if (marker == 'o' || marker == '.') draw_dots(out, g);
    else
        for (int64_t k = 0; k < cells; k++) {
            if (!g->own[k / 8]) k += 7 - k % 8;
            else if (g->own[k / 8] >> (k % 8) & 1)
                marker_on_grid(&pen, marker, (int)(k % g->w), (int)(k / g->w), radius * g->per_px);
        }
    memset(g->own, 0, bytes_of(g));
}

void marker_grid_forget(struct marker_grid *g) {
    memset(g->bits, 0, bytes_of(g));
}

void marker_grid_close(struct marker_grid *g) {
    pool_free(g->bits);
}
