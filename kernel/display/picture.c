/* Plots, grids of plots and galleries of images as SVG documents. */
#include "display/picture.h"
#include "display/panels.h"
#include <math.h>
#include <string.h>

static const double PX_PER_INCH = 100;

/* Pixels or cells as wide as tall, at their own positions? */
static bool is_level(const struct mark *m) {
    if (!m->z || m->z->shape.n < 2 || m->x || m->y || m->by_class || m->has_extent) return false;
    double rows = (double)m->z->shape.size[0], columns = (double)m->z->shape.size[1];
    if (!(rows > 0) || !(columns > 0)) return false;
    bool cells = m->kind == MARK_HEATMAP && fmax(rows, columns) <= 4 * fmin(rows, columns);
    return m->kind == MARK_IMAGE || cells;
}

/* Usual sizes: wide enough for a curve; as tall as wide for pictures. */
void plot_size(const struct plot *p, double *w, double *h) {
    bool square = p->n_marks > 0 &&
                  (p->marks[0].kind == MARK_IMAGE || p->marks[0].kind == MARK_HEATMAP) &&
                  p->marks[0].z && p->marks[0].z->shape.n >= 2;
    if (square) {
        const int64_t *size = p->marks[0].z->shape.size;
        square = size[0] > 0 && size[1] > 0 && size[1] <= 2 * size[0] && size[0] <= 2 * size[1];
    }
    *w = (p->width > 0 ? fmin(p->width, 40) : square ? 5.2 : 6.4) * PX_PER_INCH;
    *h = (p->height > 0 ? fmin(p->height, 40) : square ? 4.4 : 4) * PX_PER_INCH;
    if (p->no_axes && square && p->height <= 0) { /* nothing but a picture: no empty strips */
        const int64_t *size = p->marks[0].z->shape.size;
        *h = (*w - 20) * (double)size[0] / (double)size[1] + (p->title ? 50 : 18);
    }
    if (!p->no_axes && p->height <= 0 && p->n_marks > 0 && is_level(&p->marks[0])) {
        const int64_t *size = p->marks[0].z->shape.size; /* square cells: no empty strips */
        double panel = (*w - 130) * (double)size[0] / (double)size[1];
        *h = fmin(*h + 100, fmax(150, panel + 70));
    }
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

static const double ROW_LABEL_MOST = 200, ROW_LABEL_SIZE = 13; /* px */

static double longest_row_label(const struct figure *f) {
    double widest = 0;
    for (int i = 0; i < f->n_row_labels; i++)
        if (f->row_labels[i])
            widest = fmax(widest, font_width(str_of(f->row_labels[i]), ROW_LABEL_SIZE));
    return widest > 0 ? fmin(ROW_LABEL_MOST, SVG_OTHER_FONT * widest) + 12 : 0;
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

static bool draw_cell(struct text *out, const struct plot *p, struct rect cell, struct err *e) {
    if (!p || p->n_marks == 0) return true;
    if (!is_bare_picture(p)) return chart_draw(out, p, cell, NULL, e);
    struct rect picture = cell;
    if (p->title) {
        struct svg_text style = {.size = 11, .anchor = ANCHOR_MIDDLE};
        style.x = cell.x + cell.w / 2;
        style.y = cell.y + 12;
        svg_text(out, &style, str_of(p->title));
        picture.y += 17;
    }
    return draw_gallery_picture(out, p, picture, e);
}

static bool has_titles(const struct figure *f) {
    for (int i = 0; i < f->n; i++)
        if (f->plots[i] && f->plots[i]->title) return true;
    return false;
}

static void draw_row_labels(struct text *out, const struct figure *f, const struct cells *g,
                            double row_h) {
    for (int i = 0; i < f->n_row_labels && i < g->rows; i++) {
        if (!f->row_labels[i]) continue;
        struct svg_text style = {.size = ROW_LABEL_SIZE, .anchor = ANCHOR_END};
        char room[SVG_FIT_BYTES];
        style.x = g->left - 10;
        style.y = g->top + i * row_h + g->h / 2 + 4.5;
        struct str label = str_of(f->row_labels[i]);
        svg_text(out, &style, svg_fit(label, ROW_LABEL_SIZE, ROW_LABEL_MOST, room));
    }
}

static void open_figure(struct text *out, const struct figure *f, double width, double height) {
    struct text words = {0};
    figure_describe_fully(f, &words);
    svg_open(out, width, height, str_of(f->title ? f->title : "figure"), text_str(&words));
    text_clear(&words);
    struct svg_text style = {.x = width / 2, .y = 23, .size = 16, .anchor = ANCHOR_MIDDLE};
    if (f->title) svg_text(out, &style, str_of(f->title));
}

static bool gallery_svg(const struct figure *f, struct text *out, int *w, int *h, struct err *e) {
    struct cells g = gallery_cells(f);
    g.top = (f->title ? 34 : 0) + 6;
    double row_h = g.h + g.gap + (has_titles(f) ? 17 : 0);
    *w = (int)(g.left + g.columns * (g.w + g.gap));
    *h = (int)(g.top + g.rows * row_h);
    open_figure(out, f, *w, *h);
    draw_row_labels(out, f, &g, row_h);
    for (int i = 0; i < f->n; i++) {
        struct rect cell = {g.left + i % g.columns * (g.w + g.gap), g.top + i / g.columns * row_h,
                            g.w, g.h};
        TRY(draw_cell(out, f->plots[i], cell, e));
    }
    return true;
}

static bool grid_svg(const struct figure *f, struct text *out, int *w, int *h, struct err *e) {
    struct panels panels;
    double top = f->title ? 34 : 0;
    TRY(panels_arrange(&panels, f, e));
    *w = (int)panels.w;
    *h = (int)(panels.h + top);
    open_figure(out, f, *w, *h);
    bool ok = true;
    for (int i = 0; ok && i < f->n; i++) {
        struct rect cell = panels.cells[i];
        cell.y += top;
        if (f->plots[i]) ok = chart_draw(out, f->plots[i], cell, &panels.fits[i], e);
    }
    panels_clear(&panels);
    return ok;
}

bool figure_svg(const struct figure *f, struct text *out, int *w, int *h, struct err *e) {
    TRY(f->gallery ? gallery_svg(f, out, w, h, e) : grid_svg(f, out, w, h, e));
    svg_close(out);
    return !out->failed || err_memory(e, out->n);
}
