/* Arguments that the functions of plots share. */
#pragma once
#include "fn.h"

/* Position of a parameter, or -1. */
int plot_named(const struct call *c, const char *name);
/* Given and not None; *i is its position. */
bool plot_given(const struct call *c, const char *name, int *i);
/* One row of numbers as float64; matrices of one row or column count. A new reference. */
bool plot_vector(struct call *c, int i, struct tensor **out);
/* Positions along the x axis: numbers, times, or texts, which become 0, 1, 2 … with the mark's
 * names (in the memory of `p`). */
bool plot_positions(struct call *c, int i, struct plot *p, struct mark *m);
/* The texts of a list or column in the memory of `p`; false if there are none. */
bool plot_is_texts(struct value v);
const char **plot_texts(struct call *c, struct value v, struct plot *p, int64_t *n);
/* One number or text per point as m->color_by, texts with m->classes. */
bool plot_classes(struct call *c, int i, struct plot *p, struct mark *m);
/* Texts as classes: color_by numbers them in the order in which they first appear (missing: NaN).
 */
bool plot_number_texts(struct call *c, int i, struct plot *p, const char *const *texts, int64_t n,
                       struct mark *m);
/* Every argument with the same meaning for all marks: label, color, marker, opacity … */
bool plot_common(struct call *c, struct plot *p, struct mark *m);
/* title, legend, axis labels: those of the plot itself. */
void plot_own(struct call *c, struct plot *p);
/* Axes without a label, and a legend of classes without a title, are called after the columns that
 * were given (plot_columns.c). */
void plot_name_axes(struct call *c, struct plot *p);
bool plot_same_length(struct call *c, const struct tensor *x, const struct tensor *y);
void plot_mark_clear(struct mark *m);
/* The mark into the plot, or both given back. */
bool plot_finish(struct call *c, struct plot *p, struct mark *m, bool ok, struct value *out);
