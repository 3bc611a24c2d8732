/* Contour lines by marching squares (Lorensen & Cline 1987 in two dimensions; the two saddles are
 * decided by the mean of the corners), followed from cell to cell. */
#include "display/contour_lines.h"
#include <math.h>
#include <string.h>

/* A cell has corners 0 1 / 3 2 and sides 0 … 3: top, right, bottom, left, from corner k to k + 1.
 */
static const int STEP_ROW[] = {-1, 0, 1, 0}, STEP_COLUMN[] = {0, 1, 0, -1};

static bool corners(const struct contour_grid *g, int64_t row, int64_t column, double v[4]) {
    if (row < 0 || column < 0 || row + 1 >= g->rows || column + 1 >= g->columns) return false;
    const double *at = g->at + row * g->columns + column;
    v[0] = at[0];
    v[1] = at[1];
    v[2] = at[g->columns + 1];
    v[3] = at[g->columns];
    return isfinite(v[0]) && isfinite(v[1]) && isfinite(v[2]) && isfinite(v[3]);
}

static bool crosses(const double v[4], int side, double level) {
    return (v[side] > level) != (v[(side + 1) % 4] > level);
}

/* The side where a line that enters through `side` leaves. */
static int way_out(const double v[4], int side, double level) {
    int n = 0, other = side;
    for (int k = 0; k < 4; k++) {
        if (!crosses(v, k, level)) continue;
        n++;
        if (k != side) other = k;
    }
    if (n < 4) return other;
    bool middle_above = (v[0] / 4 + v[1] / 4 + v[2] / 4 + v[3] / 4) > level;
    bool together = middle_above == (v[0] > level); /* corners 0 and 2 are joined */
    return together ? side ^ 1 : 3 - side;
}

/* The mark of a side that two cells share. */
static uint8_t *seen_at(const struct contour_grid *g, int64_t row, int64_t column, int side) {
    if (side == 2) row++;
    if (side == 1) column++;
    return g->seen + 2 * (row * g->columns + column) + (side & 1);
}

static void add_crossing(const struct contour_grid *g, int64_t n, int64_t row, int64_t column,
                         int side, const double v[4], double level) {
    static const double from_x[] = {0, 1, 1, 0}, from_y[] = {0, 0, 1, 1};
    static const double step_x[] = {1, 0, -1, 0}, step_y[] = {0, 1, 0, -1};
    double a = v[side], b = v[(side + 1) % 4];
    double t = (level / 2 - a / 2) / (b / 2 - a / 2); /* halves: differences do not overflow */
    g->line[2 * n] = (double)column + from_x[side] + t * step_x[side];
    g->line[2 * n + 1] = (double)row + from_y[side] + t * step_y[side];
}

/* From a side into a cell, and on until the line ends or meets itself. */
static void follow(const struct contour_grid *g, int64_t row, int64_t column, int side,
                   double level, contour_line_fn *draw, void *user) {
    double v[4];
    int64_t n = 0;
    if (!corners(g, row, column, v)) return;
    *seen_at(g, row, column, side) = 1;
    add_crossing(g, n++, row, column, side, v, level);
    while (corners(g, row, column, v)) {
        side = way_out(v, side, level);
        add_crossing(g, n++, row, column, side, v, level);
        uint8_t *seen = seen_at(g, row, column, side);
        if (*seen) break;
        *seen = 1;
        row += STEP_ROW[side];
        column += STEP_COLUMN[side];
        side = (side + 2) % 4;
    }
    draw(user, g->line, n);
}

/* Lines with ends first, then the closed ones. */
void contour_lines(const struct contour_grid *g, double level, contour_line_fn *draw, void *user) {
    memset(g->seen, 0, 2 * (size_t)g->rows * (size_t)g->columns);
    for (int closed = 0; closed < 2; closed++)
        for (int64_t row = 0; row + 1 < g->rows; row++)
            for (int64_t column = 0; column + 1 < g->columns; column++)
                for (int side = 0; side < 4; side++) {
                    double v[4], beyond[4];
                    if (!corners(g, row, column, v)) break;
                    if (!crosses(v, side, level) || *seen_at(g, row, column, side)) continue;
                    if (!closed &&
                        corners(g, row + STEP_ROW[side], column + STEP_COLUMN[side], beyond))
                        continue;
                    follow(g, row, column, side, level, draw, user);
                }
}
