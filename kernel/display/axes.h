/* Titles, ticks, grid and frame of a panel, and the room that they need. */
#pragma once
#include "display/chart.h"

/* px: length of a tick, sizes of texts. */
#define AXES_TICK 4.0
#define AXES_NUMBER 12.0
#define AXES_LABEL 13.0
#define AXES_TITLE 15.0
#define AXES_TITLE_LINE 18.0
/* px: the most that a name beside a row or under a column takes; longer ones end in "…". */
#define AXES_NAME_MOST 190.0
#define AXES_TILTED_MOST 140.0

/* Names under the columns (and beside the rows) in place of numbers. */
struct axis_names {
    const char *const *x, *const *y; /* n texts, at 0, 1, 2, …; or NULL */
    int64_t n_x, n_y;
};
struct axis_names axis_names_of(const struct plot *p);

/* The ends of the axes that a plot alone would have. */
void axes_limits(const struct plot *p, struct scale *x, struct scale *y);
/* Choose the scales and ticks, and set c->panel inside c->area with `right` px left free at the
 * right for a colour bar or legend. */
void axes_layout(struct chart *c, double right);
/* Behind the marks: the grid. In front of them: everything else. */
void axes_draw_grid(const struct chart *c);
void axes_draw(const struct chart *c);
/* Room at the right for the bar with its ticks. */
double colorbar_width(const struct colorbar *bar);
bool colorbar_draw(const struct chart *c);

/* ---- shared by axes_layout.c, axes.c, axes_polar.c and colorbar.c ---- */

/* A line of small words between title and panel: factors of the axes, what is left out. */
bool axes_has_remark(const struct chart *c);
double ticks_widest(const struct ticks *t);
/* What a name beside a row may take of a plot of this width. */
double axes_name_most(const struct chart *c);
bool axes_names_tilted(const struct chart *c, const struct axis_names *names);
/* Between the panel and the label of the x axis; between it and that of the y axis. */
double axes_room_x(const struct chart *c, const struct axis_names *names);
double axes_room_y(const struct chart *c, const struct axis_names *names);
bool axes_has_right(const struct chart *c);
/* A circle for each tick of the radius and a spoke for every 45 degrees. */
void axes_draw_polar(const struct chart *c);
