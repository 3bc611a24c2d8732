/* Where the plots of a grid lie. */
#include "display/panels.h"
#include "display/axes.h"
#include "base/pool.h"
#include <math.h>

static const double WIDEST_GRID = 1000, GAP = 8;
enum { COLUMNS_MOST = 64, ROWS_MOST = 256 };

struct table_of_plots {
    int columns, rows;
    double w, h; /* of a cell, before margins are shared out */
};

/* Grids of charts share the width of a notebook. */
static struct table_of_plots usual_cells(const struct figure *f) {
    struct table_of_plots g = {.columns = f->columns < f->n ? f->columns : (f->n > 0 ? f->n : 1)};
    if (g.columns > COLUMNS_MOST) g.columns = COLUMNS_MOST;
    g.rows = (f->n + g.columns - 1) / g.columns;
    if (g.rows > ROWS_MOST) g.rows = ROWS_MOST;
    for (int i = 0; i < f->n; i++) {
        double w, h;
        if (!f->plots[i]) continue;
        plot_size(f->plots[i], &w, &h);
        if (f->plots[i]->width <= 0 && g.columns > 1) {
            double cut = fmax(260, 860.0 / g.columns - GAP) / w;
            if (cut < 1) w *= cut, h *= fmax(cut, 0.72);
        }
        g.w = fmax(g.w, floor(w));
        g.h = fmax(g.h, floor(h));
    }
    if (g.w * g.columns > WIDEST_GRID) {
        g.h *= WIDEST_GRID / g.columns / g.w;
        g.w = WIDEST_GRID / g.columns;
    }
    if (g.w == 0) g.w = 320, g.h = 200;
    return g;
}

static void widen(double limits[2], const struct scale *s, bool first) {
    limits[0] = first ? s->low : fmin(limits[0], s->low);
    limits[1] = first ? s->high : fmax(limits[1], s->high);
}

/* The same ends for all; numbers only below the lowest and left of the first of a row. */
static void share_axes(struct panels *all, const struct figure *f, int columns) {
    double x_limits[2] = {0, 1}, y_limits[2] = {0, 1};
    bool first = true;
    for (int i = 0; i < f->n; i++) {
        struct scale x, y;
        if (!f->plots[i] || f->plots[i]->n_marks == 0) continue;
        axes_limits(f->plots[i], &x, &y);
        widen(x_limits, &x, first);
        widen(y_limits, &y, first);
        first = false;
    }
    for (int i = 0; i < f->n; i++) {
        struct chart_fit *fit = &all->fits[i];
        fit->has_x = f->share_x;
        fit->has_y = f->share_y;
        fit->hide_x = f->share_x && i + columns < f->n;
        fit->hide_y = f->share_y && i % columns > 0;
        for (int k = 0; k < 2; k++) {
            fit->x[k] = x_limits[k];
            fit->y[k] = y_limits[k];
        }
    }
}

/* The widest margins of each column and the highest of each row. */
struct room {
    double left[COLUMNS_MOST], right[COLUMNS_MOST], above[ROWS_MOST], below[ROWS_MOST];
};

static void measure_room(struct room *room, const struct panels *all, const struct figure *f,
                         const struct table_of_plots *g) {
    *room = (struct room){0};
    for (int i = 0; i < f->n; i++) {
        int column = i % g->columns, row = i / g->columns;
        if (!f->plots[i] || row >= ROWS_MOST) continue;
        struct margins m = chart_margins(f->plots[i], g->w, g->h, &all->fits[i]);
        room->left[column] = fmax(room->left[column], m.left);
        room->right[column] = fmax(room->right[column], m.right);
        room->above[row] = fmax(room->above[row], m.above);
        room->below[row] = fmax(room->below[row], m.below);
    }
}

static double rest_for_panels(const double *before, const double *after, int n, double all) {
    for (int i = 0; i < n; i++) all -= before[i] + after[i];
    return fmax(30, all / n);
}

static void place_cells(struct panels *all, const struct figure *f, const struct table_of_plots *g,
                        const struct room *room) {
    double w = rest_for_panels(room->left, room->right, g->columns, g->w * g->columns);
    double h = rest_for_panels(room->above, room->below, g->rows, g->h * g->rows);
    double y = 0;
    for (int row = 0; row < g->rows; row++) {
        double x = 0, row_h = room->above[row] + h + room->below[row];
        for (int column = 0; column < g->columns; column++) {
            int i = row * g->columns + column;
            double cell_w = room->left[column] + w + room->right[column];
            if (i < f->n) {
                all->cells[i] = (struct rect){x, y, cell_w, row_h};
                all->fits[i].least = (struct margins){room->left[column], room->above[row],
                                                      room->right[column], room->below[row]};
            }
            x += cell_w + GAP;
        }
        all->w = fmax(all->w, x);
        y += row_h + GAP;
    }
    all->h = y;
}

bool panels_arrange(struct panels *all, const struct figure *f, struct err *e) {
    *all = (struct panels){0};
    size_t n = (size_t)(f->n > 0 ? f->n : 1);
    all->cells = pool_need(n * sizeof *all->cells, e);
    all->fits = all->cells ? pool_need(n * sizeof *all->fits, e) : NULL;
    if (!all->fits) return panels_clear(all), false;
    struct table_of_plots g = usual_cells(f);
    struct room room;
    if (f->share_x || f->share_y) share_axes(all, f, g.columns);
    measure_room(&room, all, f, &g);
    place_cells(all, f, &g, &room);
    return true;
}

void panels_clear(struct panels *all) {
    pool_free(all->cells);
    pool_free(all->fits);
    *all = (struct panels){0};
}
