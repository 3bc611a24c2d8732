/* Lines of equal height through a grid of numbers, from end to end. Knows no plots. */
#pragma once
#include "base/err.h"

struct contour_grid {
    int64_t rows, columns; /* each at least 2 */
    const double *at;      /* [row, column] */
    uint8_t *seen;         /* room for 2 * rows * columns */
    double *line;          /* room for 4 * rows * columns + 4 */
};

/* Calls draw with each line of this level: n points, column and row of each in points[2 i] and
 * points[2 i + 1], in grid units. Closed lines end where they begin. No line enters a cell that has
 * a corner without a number. */
typedef void contour_line_fn(void *user, const double *points, int64_t n);
void contour_lines(const struct contour_grid *g, double level, contour_line_fn *draw, void *user);
