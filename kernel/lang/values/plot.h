/* A picture described by data: what to draw, not how. Made by the plot statement and the mark
 * functions, drawn by display/. Counted, immutable once shared. Strings are interned. */
#pragma once
#include "tensor.h"

struct model;
struct table;
struct heat;

enum mark_kind {
    MARK_LINE,
    MARK_SCATTER,
    MARK_BAR,
    MARK_HIST,
    MARK_BAND,
    MARK_HEATMAP,
    MARK_IMAGE,
    MARK_CONTOUR,
    MARK_BOX,   /* box and whiskers for each group */
    MARK_RULE,  /* lines across the panel at given x or y */
    MARK_NOTE,  /* texts at points */
    MARK_FRAME, /* named rectangles, as around things found in a picture */
    MARK_N_KINDS
};

struct mark {
    enum mark_kind kind;
    /* float64, one axis, equal lengths; references owned by the plot. line, scatter, bar: x, y.
     * hist: x; z [2, n] = a curve over the bars, its x and y, or NULL. band: x, y = low, z = high.
     * heatmap, contour: z [row, column], x and y the coordinates of columns and rows or NULL.
     * image: z [h, w] or [h, w, 1|3|4], any type. box: x all numbers, y the group 0, 1, … of each.
     * rule: x (upright) or y (level), the other NULL. note: x, y. frame: z [n, 4] left, top, right,
     * bottom in data units. */
    struct tensor *x, *y, *z;
    struct tensor *color_by; /* one number per point (or per line of a group), or NULL */
    /* Texts in `owner` memory, or NULL. Names of the positions 0, 1, … on the x axis (line,
     * scatter, bar, box) or of both axes (square heatmap); note, frame: one per point or frame. */
    const char *const *names;
    int64_t n_names;
    const char *const *row_names; /* heatmap: names of the rows, or NULL */
    int64_t n_row_names;
    const char *const *classes; /* names of the numbers 0, 1, … of color_by, or NULL */
    int64_t n_classes;
    const char *label;    /* legend entry, or NULL */
    const char *color;    /* CSS name or #rrggbb, or NULL = next of the palette */
    const char *marker;   /* "o", "x", … or NULL */
    const char *colormap; /* "gray", "gray_r", "viridis", "RdYlGn", … or NULL = by kind */
    double size;          /* marker diameter or line width in points; 0 = usual */
    double opacity;       /* 0 … 1; 1 = usual */
    bool step, dashed, density, annotate;
    bool path;        /* scatter: points joined in their order */
    bool right;       /* measured on a second y axis at the right */
    bool horizontal;  /* bar, box: to the right instead of upwards */
    bool stacked;     /* bar: on top of the stacked bars before it */
    bool time_x;      /* x are seconds since 1970-01-01 UTC */
    bool by_class;    /* image, contour: classes, a pale colour of the cycle for each */
    bool filled;      /* contour: coloured areas instead of lines */
    bool outlined;    /* scatter: each point with a white edge, to stand out from areas */
    int bins;         /* hist: how many bars, 0 = by bin_width. contour: levels */
    double bin_width; /* hist without bins: of a bar, in data units; 0 = 30 bars */
    bool whole;       /* hist without bins: bars lie around whole numbers */
    bool has_range;   /* value range of colours */
    double low, high;
    bool has_center;
    double center; /* diverging colours around this value */
    bool has_extent;
    double extent[4]; /* image, heatmap: x0 x1 y0 y1 in data units */
};

struct figure;
struct plot {
    _Atomic int32_t refs;
    const char *title, *x_label, *y_label, *right_label, *legend_title; /* or NULL */
    /* That label is the name of a column (or "count"), which nobody asked for: it gives way to a
     * text, and to none where marks have columns of other names. */
    bool x_by_column, y_by_column, right_by_column;
    double width, height; /* inches; 0 = usual (6.4 x 4) */
    bool grid, no_legend, log_x, log_y, log_right, no_axes;
    bool polar;            /* x = angle in radians, against the clock from the right; y = radius */
    bool equal;            /* a unit of x is as long as one of y */
    bool share_x, share_y; /* of the panels */
    bool has_x_limits, has_y_limits, has_right_limits;
    double x_limits[2], y_limits[2], right_limits[2];
    int n_marks, cap_marks;
    struct mark *marks;
    void *owner;           /* struct arena for names; or NULL */
    struct figure *panels; /* while a block with `columns` is built: one plot for each mark */
};

struct plot *plot_new(struct err *e);
struct plot *plot_ref(struct plot *p);
void plot_unref(struct plot *p);
/* Append a mark; takes the references inside, also when it fails. */
bool plot_add(struct plot *p, const struct mark *m, struct err *e);
/* Append the marks of another plot: their tensors are shared, their names copied. What the plot
 * does not say itself (title, labels, polar …) it takes over. */
bool plot_add_all(struct plot *p, const struct plot *from, struct err *e);
/* Labels, limits, sizes and switches of `from` for what `p` does not say itself. */
void plot_default_settings(struct plot *p, const struct plot *from);
/* n copied texts in the plot's memory; NULL on failure. NULL texts become "". */
const char **plot_keep_names(struct plot *p, const char *const *names, int64_t n, struct err *e);

/* Several plots: side by side, or one after the other as frames of an animation. `gallery` = a grid
 * of pictures without axes, as show() makes, with labels before the rows. */
struct figure {
    _Atomic int32_t refs;
    const char *title;
    int n, columns;
    struct plot **plots; /* references */
    bool gallery, animation;
    bool share_x, share_y; /* the same limits everywhere, numbers at the outer axes only */
    double seconds;        /* animation: how long a frame stays */
    /* The graph of a model instead of plots: a reference, given back by free_model. `unfold`: also
     * what models inside it are made of. */
    struct model *model;
    void (*free_model)(struct model *m);
    bool unfold;
    struct heat *heat; /* a table with coloured cells instead of plots; or NULL */
    int n_row_labels;
    const char **row_labels; /* from pool_alloc, freed with the figure; texts interned */
};

/* A table whose numbers have the colours of a map; memory of the pool. */
struct heat {
    struct table *table; /* a reference, given back by free_table */
    void (*free_table)(struct table *t);
    struct mark colors; /* colormap, range, center; the range of each column by itself if none */
};

struct figure *figure_new(int n, int columns, struct err *e);
bool figure_add(struct figure *f, struct plot *p, struct err *e); /* takes a reference of its own */
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
