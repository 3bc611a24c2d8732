/* Areas of coloured cells: numbers through a colour map to pixels, stretched over a rectangle. */
#pragma once
#include "display/chart.h"

/* Where a grid of numbers lies in data units: its outer edges. Row 0 is at y0, column 0 at x0. */
struct grid_place {
    int64_t rows, columns;
    double x0, x1, y0, y1;
};
/* Of a heatmap, contour or image: from its coordinates, its extent, or the positions. False when
 * there is nothing to draw. */
bool grid_place(const struct mark *m, struct grid_place *g);
/* The same, and the edges into the extent of the plot, which ends there. */
bool grid_extent(const struct mark *m, struct grid_place *g, struct extent *e);
/* The place in px: *flip_x, *flip_y when column 0 is at the right, row 0 at the bottom. */
struct rect grid_rect(const struct chart *c, const struct grid_place *g, bool *flip_x,
                      bool *flip_y);
/* The mean of the numbers (missing ones left out) of a part of a matrix [row, column, n]: those
 * that the cell (y, x) of a picture of h x w cells stands for, channel k. NaN where there is none.
 */
double pixels_mean(const struct tensor *t, const int64_t size[2], const int cells[2],
                   const int cell[2], int n, int k);
/* At most so many cells of a matrix are drawn each way; more would not be seen. */
enum { PIXELS_MOST = 520, MISSING_GRAY = 0xdd }; /* a missing number is a grey of its own */
/* Embed w x h pixels over r, enlarged so that cells stay sharp where a viewer smooths. */
bool pixels_draw(struct text *out, struct rect r, const uint8_t *pixels, int w, int h, int channels,
                 struct err *e);
/* The bar of colours beside a panel, low at the bottom. */
bool pixels_colorbar(struct text *out, struct rect r, const struct colormap *map, struct err *e);
