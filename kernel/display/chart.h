/* One plot inside a rectangle: frame, axes, marks, legend, colour bar. picture.h makes documents.
 */
#pragma once
#include "lang/values/plot.h"
#include "display/palette.h"
#include "display/scale.h"
#include "display/svg.h"

/* What the marks of a plot reach, in data units. */
struct extent {
    bool any_x, any_y;
    double x0, x1, y0, y1;
    bool fractions_x;        /* not all x are whole numbers */
    bool time_x;             /* x are seconds since 1970 */
    double least_x, least_y; /* smallest positive numbers, for log axes */
    bool tight;              /* no margin: areas of pixels */
    bool counts;             /* heights are counts: whole numbers at the y axis */
    bool zero_base;          /* bars and histograms stand on y = 0 */
    bool zero_side;          /* horizontal bars begin at x = 0 */
    bool flip_y;             /* row 0 on top */
    bool equal;              /* one unit is as long in y as in x */
};

void extent_add_x(struct extent *e, double x);
void extent_add_y(struct extent *e, double y);

/* Which parts of the panel are drawn on; the legend goes where there is least. */
enum { COVER_W = 64, COVER_H = 48 };
struct cover {
    struct rect panel;
    uint16_t count[COVER_H][COVER_W];
};
void cover_point(struct cover *c, double x, double y); /* px */
void cover_segment(struct cover *c, double x0, double y0, double x1, double y1);
void cover_rect(struct cover *c, double x0, double y0, double x1, double y1);

struct colorbar {
    bool on;
    struct colormap map;
    double low, high;
    const char *label;
    bool shapes; /* of coloured points and lines: drawn as they are, so that a dark page can lighten
                  * both alike. Else of pixels. */
};

/* Room around a panel for everything that is not the picture itself, px. */
struct margins {
    double left, above, right, below;
};

/* What a plot among others has to keep to. */
struct chart_fit {
    struct margins least; /* so that panels of a grid line up */
    bool has_x, has_y;    /* limits shared with others */
    double x[2], y[2];
    bool hide_x, hide_y; /* the numbers stand at another panel of the column or row */
};

struct chart {
    struct text *out;
    const struct plot *plot;
    struct chart_fit fit;
    struct rect area, panel; /* px */
    struct margins margins;
    struct extent extent, right_extent; /* the latter: y of marks at the right axis */
    struct scale x, y, right;           /* polar: y goes from the centre outwards, x is not used */
    struct ticks x_ticks, y_ticks, right_ticks;
    struct colorbar bar;
    struct cover cover;
    char left_out[120]; /* words on numbers without a place, or "" */
    struct err *e;
};

/* Draw the plot into `area`; fit may be NULL. False when memory is out. */
bool chart_draw(struct text *out, const struct plot *p, struct rect area,
                const struct chart_fit *fit, struct err *e);
/* The room that it needs around its panel in an area of this size. */
struct margins chart_margins(const struct plot *p, double w, double h, const struct chart_fit *fit);
/* What all its marks reach on the left and bottom axes. */
struct extent plot_extent(const struct plot *p);

/* ---- for the files of the marks ---- */

enum swatch { SWATCH_LINE, SWATCH_DOT, SWATCH_AREA, SWATCH_NONE };

struct mark_kind_row {
    const char *one, *many; /* "line", "lines" */
    enum swatch swatch;
    bool takes_color; /* moves on in the cycle of colours */
    void (*extent)(const struct plot *p, const struct mark *m, struct extent *e);
    /* Colours by value: the map and range that the bar beside the panel shows; NULL = never. */
    bool (*colorbar)(const struct plot *p, const struct mark *m, struct colorbar *bar);
    void (*cover)(struct chart *c, const struct mark *m);
    bool (*draw)(struct chart *c, const struct mark *m, const char *color);
};
const struct mark_kind_row *mark_kind_row(enum mark_kind kind);

extern const struct mark_kind_row mark_line, mark_scatter, mark_bar, mark_hist, mark_band,
    mark_heatmap, mark_image, mark_contour, mark_box, mark_rule, mark_note, mark_frame;

/* The y scale that a mark is measured on. */
static inline const struct scale *mark_y(const struct chart *c, const struct mark *m) {
    return m->right ? &c->right : &c->y;
}
/* px of a point of the mark; false where it has no place. */
bool chart_point(const struct chart *c, const struct mark *m, double x, double y, double *px,
                 double *py);

/* Number of points of a line, scatter or band: the shortest of its tensors; 0 if one is not there.
 */
int64_t mark_n_points(const struct mark *m);
/* Where most numbers of a histogram are: n of all, between low and high. False without numbers. */
struct hist_peak {
    double low, high;
    int64_t n, all;
};
bool hist_find_peak(const struct plot *p, const struct mark *m, struct hist_peak *peak);
/* The quartiles of one box; false if it has no numbers. */
bool box_quartiles(const struct mark *m, int64_t group, double quartiles[3]);
static inline double mark_number(const struct tensor *t, int64_t i) {
    return t->dtype == DT_FLOAT64 ? ((const double *)t->data)[i] : tensor_get(t, i);
}
/* "#rrggbb" of mark number i of the plot. */
const char *mark_color(const struct plot *p, int i);
/* How often the cycle of colours has gone round before mark i; 0 where it has a colour of its own.
 */
int mark_round(const struct plot *p, int i);
/* ` stroke-dasharray="…"` of a line: dashed if asked for, and other dashes in later rounds. */
void svg_dashes(struct text *out, const struct mark *m, int round);
/* The marker of a class: that of the mark, another one when its colour comes again. */
char mark_class_marker(char usual, int place);
/* Smallest and largest finite number; false if there is none. */
bool tensor_range(const struct tensor *t, double *low, double *high);
/* Range of colours: the mark's own, or symmetric about its center, or that of `t`. */
void mark_range(const struct mark *m, const struct tensor *t, double *low, double *high);
/* Are the numbers of color_by few whole ones, so that each can have its own colour and entry in the
 * legend? values: up to CLASSES_MAX with names or CLASSES_NUMBERS without, rising; returns how
 * many, 0 = no. */
enum { CLASSES_MAX = 24, CLASSES_NUMBERS = 10 };
int mark_classes(const struct mark *m, double values[CLASSES_MAX]);
/* The class' name, or its number. */
void mark_class_label(const struct mark *m, double value, char out[64]);
/* Its place in the cycle of colours: its number where classes have names or lie on an image of
 * classes, else `i`, its rank. */
int mark_class_color(const struct mark *m, double value, int i);
/* Thickness in px of a line or marker of `points` (0 = usual). */
double mark_px(double points, double usual_px);
/* Append the mark's points, joined in their order, to path data: what the eye cannot tell apart is
 * left out (mark_line.c). */
void mark_path(struct chart *c, const struct mark *m);
/* Append one marker, centred, to path data; filled ones also close. */
void marker_path(struct text *out, char marker, double x, double y, double r);
bool marker_is_filled(char marker);
/* The same in whole steps from where the last one ended; begin with zeros and `out`. Not dots. */
struct marker_pen {
    struct text *out;
    int x, y;
    char lead;
};
void marker_on_grid(struct marker_pen *pen, char marker, int x, int y, double r);
/* "#rrggbb" into out. */
const char *rgb_print(struct rgb c, char out[8]);
/* ` name="number"` */
void svg_attribute(struct text *out, const char *name, double x);
