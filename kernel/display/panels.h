/* Several plots in rows and columns: their panels line up, and may share their axes. */
#pragma once
#include "display/chart.h"

struct panels {
    double w, h;            /* px, all together */
    struct rect *cells;     /* one for each plot of the figure */
    struct chart_fit *fits; /* likewise */
};

/* False when memory is out. */
bool panels_arrange(struct panels *all, const struct figure *f, struct err *e);
void panels_clear(struct panels *all);
/* px that a plot alone takes. */
void plot_size(const struct plot *p, double *w, double *h);
