/* Which parts of the panel are drawn on. */
#include "display/chart.h"
#include <math.h>

static int cell_of(double px, double from, double length, int n) {
    double share = length > 0 ? (px - from) / length : 0;
    if (!(share >= 0)) return -1;
    return share >= 1 ? n : (int)(share * n);
}

void cover_point(struct cover *c, double x, double y) {
    int i = cell_of(x, c->panel.x, c->panel.w, COVER_W);
    int j = cell_of(y, c->panel.y, c->panel.h, COVER_H);
    if (i < 0 || j < 0 || i >= COVER_W || j >= COVER_H) return;
    if (c->count[j][i] < UINT16_MAX) c->count[j][i]++;
}

void cover_segment(struct cover *c, double x0, double y0, double x1, double y1) {
    double step = fmin(c->panel.w / COVER_W, c->panel.h / COVER_H);
    double n = ceil(hypot(x1 - x0, y1 - y0) / fmax(step, 1));
    if (!(n < 500)) n = 500;
    for (int k = 0; k <= (int)n; k++) {
        double t = n > 0 ? k / n : 0;
        cover_point(c, x0 + t * (x1 - x0), y0 + t * (y1 - y0));
    }
}

void cover_rect(struct cover *c, double x0, double y0, double x1, double y1) {
    double dx = c->panel.w / COVER_W, dy = c->panel.h / COVER_H;
    double left = fmax(fmin(x0, x1), c->panel.x),
           right = fmin(fmax(x0, x1), c->panel.x + c->panel.w);
    double top = fmax(fmin(y0, y1), c->panel.y),
           bottom = fmin(fmax(y0, y1), c->panel.y + c->panel.h);
    for (double y = top; y <= bottom + dy / 2; y += fmax(dy, 0.5))
        for (double x = left; x <= right + dx / 2; x += fmax(dx, 0.5)) cover_point(c, x, y);
}
