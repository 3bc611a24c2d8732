/* Markers on a grid of cells: of those that fall on the same cell one is drawn, and where there are
 * many they are written row by row, in steps of whole cells, which takes a third of the bytes. */
#pragma once
#include "display/chart.h"

struct marker_grid {
    uint8_t *bits, *own; /* cells taken by any group; by the one that is drawn, or NULL */
    int w, h;            /* cells */
    double per_px;       /* cells to a pixel */
    struct rect panel;
};

/* Over `panel`; `many`: markers are collected, for marker_grid_draw. */
bool marker_grid_open(struct marker_grid *g, const struct rect *panel, double per_px, bool many,
                      struct err *e);
/* A marker at the pixel (x, y); true if its cell was taken before. */
bool marker_grid_add(struct marker_grid *g, double x, double y);
/* The attribute that the path needs whose data marker_grid_draw writes; with it, strokes are
 * per_px times as wide. */
void marker_grid_transform(struct text *out, const struct marker_grid *g);
/* The markers collected, as path data; they are forgotten then. radius in px. */
void marker_grid_draw(struct text *out, struct marker_grid *g, char marker, double radius);
/* All cells are free again. */
void marker_grid_forget(struct marker_grid *g);
void marker_grid_close(struct marker_grid *g);
