/* Plots and figures as whole SVG documents with alternative text. */
#pragma once
#include "base/str.h"
#include "lang/values/plot.h"

bool plot_svg(const struct plot *p, struct text *out, int *w, int *h, struct err *e);
bool figure_svg(const struct figure *f, struct text *out, int *w, int *h, struct err *e);

/* One line: "plot: Logistic function, 2 lines, x −5 … 5". */
void plot_describe(const struct plot *p, struct text *out);
void figure_describe(const struct figure *f, struct text *out);
void figure_describe_fully(const struct figure *f, struct text *out);
/* What a listener should know: kinds of marks, ranges, last values. */
void plot_describe_fully(const struct plot *p, struct text *out);
