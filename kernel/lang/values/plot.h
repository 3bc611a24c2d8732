/* A picture described by data: what to draw, not how. Made by the plot statement and the mark
 * functions, drawn by display/. Counted, immutable once shared. Strings are interned. */
#pragma once
#include "tensor.h"

enum mark_kind {
    MARK_LINE,
    MARK_SCATTER,
    MARK_BAR,
    MARK_HIST,
    MARK_BAND,
    MARK_HEATMAP,
    MARK_IMAGE,
    MARK_CONTOUR
};

struct mark {
    enum mark_kind kind;
    /* float64, one axis, equal lengths; references owned by the plot. line, scatter, bar: x, y.
     * hist: x. band: x, y = low, z = high. heatmap, contour: z [row, column], x and y the
     * coordinates of columns and rows or NULL. image: z [h, w] or [h, w, 1|3|4], any type. */
    struct tensor *x, *y, *z;
    struct tensor *color_by;  /* one number per point (or per line of a group), or NULL */
    const char *const *names; /* bar: one text per bar (in `owner` memory), or NULL */
    const char *label;        /* legend entry, or NULL */
    const char *color;        /* CSS name or #rrggbb, or NULL = next of the palette */
    const char *marker;       /* "o", "x", … or NULL */
    const char *colormap;     /* "gray", "gray_r", "viridis", "RdYlGn", … or NULL = by kind */
    double size;              /* marker diameter or line width in points; 0 = usual */
    double opacity;           /* 0 … 1; 1 = usual */
    bool step, dashed, density, annotate;
    bool filled;    /* contour: coloured areas instead of lines */
    int bins;       /* hist; 0 = 30 */
    bool has_range; /* value range of colours */
    double low, high;
    bool has_center;
    double center; /* diverging colours around this value */
    bool has_extent;
    double extent[4]; /* image, heatmap: x0 x1 y0 y1 in data units */
};

struct plot {
    _Atomic int32_t refs;
    const char *title, *x_label, *y_label, *legend_title; /* or NULL */
    double width, height;                                 /* inches; 0 = usual (6.4 x 4) */
    bool grid, no_legend, log_x, log_y, no_axes;
    bool has_x_limits, has_y_limits;
    double x_limits[2], y_limits[2];
    int n_marks, cap_marks;
    struct mark *marks;
    void *owner; /* struct arena for names; or NULL */
};

struct plot *plot_new(struct err *e);
struct plot *plot_ref(struct plot *p);
void plot_unref(struct plot *p);
/* Append a mark; takes the references inside, also when it fails. */
bool plot_add(struct plot *p, const struct mark *m, struct err *e);
/* Append mark i of another plot: its tensors are shared, its names copied. */
bool plot_add_from(struct plot *p, const struct plot *from, int i, struct err *e);

/* Several plots side by side. `gallery` = a grid of pictures without axes, as show() makes, with
 * labels before the rows. */
struct figure {
    _Atomic int32_t refs;
    const char *title;
    int n, columns;
    struct plot **plots; /* references */
    bool gallery;
    int n_row_labels;
    const char **row_labels; /* from pool_alloc, freed with the figure; texts interned */
};

struct figure *figure_new(int n, int columns, struct err *e);
struct figure *figure_ref(struct figure *f);
void figure_unref(struct figure *f);

/* How many pictures a tensor is: [h, w] and [h, w, 1|3|4] are one, one axis more is a batch; 0 when
 * it cannot be seen as pictures. */
int tensor_n_pictures(const struct tensor *t);
/* What show(a, b, rows=["a", "b"]) makes: one line of pictures per batch; a single batch is
 * wrapped. labels: interned, at most n. Takes no references of the batches but its own. NULL on
 * failure. */
struct figure *figure_gallery(struct tensor *const *batches, int n, const char *const *labels,
                              int n_labels, const char *title, struct err *e);

/* Names that a student can write: "viridis" (and "viridis_r"), "red" or "#c00", "o". */
#define PLOT_MARKERS "o.sx+^vd"
bool plot_knows_colormap(struct str name);
bool plot_knows_color(struct str name);
bool plot_knows_marker(struct str name);
