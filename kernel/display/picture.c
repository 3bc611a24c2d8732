/* Plots, grids of plots and galleries of images as SVG documents. */
#include "display/picture.h"
#include "display/chart.h"
#include <math.h>
#include <string.h>

static const double PX_PER_INCH = 100, WIDEST_GRID = 1000;

/* Usual sizes: wide enough for a curve; as tall as wide for pictures. */
static void plot_size(const struct plot *p, double *w, double *h) {
    bool square =
        p->n_marks > 0 && (p->marks[0].kind == MARK_IMAGE || p->marks[0].kind == MARK_HEATMAP);
    if (square && p->marks[0].z && p->marks[0].z->shape.n >= 2) {
        const int64_t *size = p->marks[0].z->shape.size;
        square = size[0] > 0 && size[1] > 0 && size[1] <= 2 * size[0] && size[0] <= 2 * size[1];
    }
    *w = (p->width > 0 ? fmin(p->width, 40) : square ? 5.2 : 6.4) * PX_PER_INCH;
    *h = (p->height > 0 ? fmin(p->height, 40) : square ? 4.4 : 4) * PX_PER_INCH;
    *w = fmax(round(*w), 80);
    *h = fmax(round(*h), 60);
}

bool plot_svg(const struct plot *p, struct text *out, int *w, int *h, struct err *e) {
    double width, height;
    plot_size(p, &width, &height);
    struct text words = {0};
    plot_describe_fully(p, &words);
    svg_open(out, width, height, str_of(p->title ? p->title : "plot"), text_str(&words));
    text_clear(&words);
    TRY(chart_draw(out, p, (struct rect){0, 0, width, height}, NULL, e));
    svg_close(out);
    *w = (int)width;
    *h = (int)height;
    return !out->failed || err_memory(e, out->n);
}

/* ---- several ---- */

struct cells {
    int columns, rows;
    double w, h;      /* of one cell */
    double left, top; /* before the first */
    double gap;
};

static double longest_row_label(const struct figure *f) {
    double widest = 0;
    for (int i = 0; i < f->n_row_labels; i++)
        if (f->row_labels[i]) widest = fmax(widest, font_width(str_of(f->row_labels[i]), 13));
    return widest > 0 ? widest + 12 : 0;
}

/* Height over width of the first picture. */
static double picture_shape(const struct figure *f) {
    for (int i = 0; i < f->n; i++) {
        const struct plot *p = f->plots[i];
        if (!p || p->n_marks == 0 || !p->marks[0].z || p->marks[0].z->shape.n < 2) continue;
        double rows = (double)p->marks[0].z->shape.size[0];
        double columns = (double)p->marks[0].z->shape.size[1];
        if (rows > 0 && columns > 0) return fmin(4, fmax(0.25, rows / columns));
    }
    return 1;
}

static struct cells gallery_cells(const struct figure *f) {
    struct cells g = {.columns = f->columns, .rows = (f->n + f->columns - 1) / f->columns};
    g.left = 6 + longest_row_label(f);
    g.gap = 6;
    g.w = fmin(f->n == 1 ? 280 : 110, (760 - g.left) / g.columns - g.gap);
    g.w = fmax(floor(g.w), 24);
    g.h = floor(g.w * picture_shape(f));
    return g;
}

/* Grids of charts share the width of a notebook. */
static struct cells chart_cells(const struct figure *f) {
    struct cells g = {.columns = f->columns < f->n ? f->columns : (f->n > 0 ? f->n : 1)};
    g.rows = (f->n + g.columns - 1) / g.columns;
    for (int i = 0; i < f->n; i++) {
        double w, h;
        if (!f->plots[i]) continue;
        plot_size(f->plots[i], &w, &h);
        if (f->plots[i]->width <= 0 && g.columns > 1) {
            double cut = fmax(260, 860.0 / g.columns - 8) / w;
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
    g.gap = 8;
    return g;
}

static bool draw_gallery_picture(struct text *out, const struct plot *p, struct rect cell,
                                 struct err *e) {
    struct chart c = {.out = out, .plot = p, .panel = cell, .e = e};
    const struct mark *m = &p->marks[0];
    mark_kind_row(m->kind)->extent(p, m, &c.extent);
    if (!c.extent.any_x) return true;
    c.x = (struct scale){.low = c.extent.x0, .high = c.extent.x1, .from = cell.x};
    c.y = (struct scale){.low = c.extent.y0, .high = c.extent.y1, .from = cell.y};
    c.x.to = cell.x + cell.w;
    c.y.to = cell.y + cell.h;
    TRY(mark_kind_row(m->kind)->draw(&c, m, "#000"));
    svg_rect(out, cell, NULL, "#ccc");
    return true;
}

static bool is_bare_picture(const struct plot *p) {
    return p->n_marks == 1 && p->marks[0].kind == MARK_IMAGE;
}

static bool draw_cell(struct text *out, const struct figure *f, int i, struct rect cell,
                      struct err *e) {
    const struct plot *p = f->plots[i];
    if (!p || (f->gallery && p->n_marks == 0)) return true;
    if (!f->gallery || !is_bare_picture(p)) return chart_draw(out, p, cell, NULL, e);
    struct rect picture = cell;
    if (p->title) {
        svg_text(
            out,
            &(struct svg_text){
                .x = cell.x + cell.w / 2, .y = cell.y + 12, .size = 11, .anchor = ANCHOR_MIDDLE},
            str_of(p->title));
        picture.y += 17;
    }
    return draw_gallery_picture(out, p, picture, e);
}

static bool has_titles(const struct figure *f) {
    for (int i = 0; f->gallery && i < f->n; i++)
        if (f->plots[i] && f->plots[i]->title) return true;
    return false;
}

bool figure_svg(const struct figure *f, struct text *out, int *w, int *h, struct err *e) {
    struct cells g = f->gallery ? gallery_cells(f) : chart_cells(f);
    g.top = (f->title ? 34 : 0) + (f->gallery ? 6 : 0);
    double row_h = g.h + g.gap + (has_titles(f) ? 17 : 0);
    double width = g.left + g.columns * (g.w + g.gap), height = g.top + g.rows * row_h;
    struct text words = {0};
    figure_describe(f, &words);
    svg_open(out, width, height, str_of(f->title ? f->title : "figure"), text_str(&words));
    text_clear(&words);
    if (f->title)
        svg_text(out,
                 &(struct svg_text){.x = width / 2, .y = 22, .size = 15, .anchor = ANCHOR_MIDDLE},
                 str_of(f->title));
    for (int i = 0; i < f->n_row_labels && i < g.rows; i++)
        if (f->row_labels[i])
            svg_text(out,
                     &(struct svg_text){.x = g.left - 10,
                                        .y = g.top + i * row_h + g.h / 2 + 4.5,
                                        .size = 13,
                                        .anchor = ANCHOR_END},
                     str_of(f->row_labels[i]));
    for (int i = 0; i < f->n; i++) {
        struct rect cell = {g.left + i % g.columns * (g.w + g.gap), g.top + i / g.columns * row_h,
                            g.w, g.h};
        TRY(draw_cell(out, f, i, cell, e));
    }
    svg_close(out);
    *w = (int)width;
    *h = (int)height;
    return !out->failed || err_memory(e, out->n);
}
