/* Titles, ticks, grid and frame of a panel, and the room that they need. */
#pragma once
#include "display/chart.h"

/* Names under the columns (and beside the rows) in place of numbers. */
struct axis_names {
    const char *const *x, *const *y; /* n texts, at 0, 1, 2, …; or NULL */
    int64_t n_x, n_y;
};
struct axis_names axis_names_of(const struct plot *p);

/* Choose the scales and ticks, and set c->panel inside c->area with `right` px left free at the
 * right for a colour bar or legend. */
void axes_layout(struct chart *c, double right);
/* Behind the marks: the grid. In front of them: everything else. */
void axes_draw_grid(const struct chart *c);
void axes_draw(const struct chart *c);
/* Room at the right for the bar with its ticks. */
double colorbar_width(const struct colorbar *bar);
bool colorbar_draw(const struct chart *c);
