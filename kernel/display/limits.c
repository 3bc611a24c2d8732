/* Where the axes begin and end. */
#include "display/chart.h"
#include <math.h>

void extent_add_x(struct extent *e, double x) {
    if (!(fabs(x) <= SCALE_MOST)) return;
    if (!e->any_x || x < e->x0) e->x0 = x;
    if (!e->any_x || x > e->x1) e->x1 = x;
    if (x > 0 && (e->least_x == 0 || x < e->least_x)) e->least_x = x;
    if (x != floor(x)) e->fractions_x = true;
    e->any_x = true;
}

void extent_add_y(struct extent *e, double y) {
    if (!(fabs(y) <= SCALE_MOST)) return;
    if (!e->any_y || y < e->y0) e->y0 = y;
    if (!e->any_y || y > e->y1) e->y1 = y;
    if (y > 0 && (e->least_y == 0 || y < e->least_y)) e->least_y = y;
    e->any_y = true;
}
