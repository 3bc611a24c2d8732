/* Points: one colour, a colour per class, or colours by value. Points that fall on the same
 * quarter pixel are drawn once, and points of one colour are one path, so that 10,000 points stay
 * small; of very many, neighbours in a row of pixels are one stroke. */
#include "display/chart.h"
#include "display/marker_grid.h"
#include "base/pool.h"
#include <math.h>

static void scatter_extent(const struct plot *p, const struct mark *m, struct extent *e) {
    (void)p;
    for (int64_t i = 0, n = mark_n_points(m); i < n; i++) {
        double x = mark_number(m->x, i), y = mark_number(m->y, i);
        if (!isfinite(x) || !isfinite(y)) continue;
        extent_add_x(e, x);
        extent_add_y(e, y);
    }
}

/* Usual diameter in px: smaller when there are many. */
static double diameter(const struct mark *m, int64_t n) {
    return mark_px(m->size, n <= 500 ? 6.5 : n <= 3000 ? 5 : n <= 20000 ? 3.6 : 2.4);
}

enum { OUTLINED_MOST = 3000, SHAPES_MANY = 4000, MANY = 20000, VERY_MANY = 50000 };

struct group {
    const struct mark *m;
    char marker;
    double radius;
    const uint8_t *color_of; /* per point, or NULL = all */
    int color;
    struct marker_grid seen;
};

/* See-through points that overlap darken only as elements of their own; more than this many would
 * be too large a picture. */
enum { SEE_THROUGH_MAX = 5000 };

static void open_group(struct chart *c, const struct group *g, const char *color, bool single) {
    bool round = g->marker == 'o' || g->marker == '.';
    bool scaled = g->seen.own != NULL;
    text_addf(c->out, "<%s fill=\"%s\" stroke=\"%s\" stroke-width=\"", single ? "g" : "path",
              marker_is_filled(g->marker) ? color : "none", color);
    double per_px = g->seen.own ? g->seen.per_px : 1;
    svg_number(c->out, 0, (round ? 2 * g->radius : 1.4) * per_px);
    text_addc(c->out, '"');
    if (scaled) marker_grid_transform(c->out, &g->seen);
    text_adds(c->out, " stroke-linecap=\"round\"");
    if (g->m->opacity > 0 && g->m->opacity < 1) {
        svg_attribute(c->out, "stroke-opacity", g->m->opacity);
        svg_attribute(c->out, "fill-opacity", g->m->opacity);
    }
    text_adds(c->out, single ? ">" : " d=\"");
}

static void draw_group(struct chart *c, struct group *g, const char *color) {
    int64_t n = mark_n_points(g->m);
    bool single = g->m->opacity > 0 && g->m->opacity < 1 && n <= SEE_THROUGH_MAX;
    size_t begin = c->out->n;
    open_group(c, g, color, single);
    size_t empty = c->out->n;
    for (int64_t i = 0; i < n; i++) {
        if (g->color_of && g->color_of[i] != g->color) continue;
        double x, y;
        if (!chart_point(c, g->m, mark_number(g->m->x, i), mark_number(g->m->y, i), &x, &y))
            continue;
        if (!single && marker_grid_add(&g->seen, x, y)) continue;
        if (g->seen.own) continue;
        if (single) text_adds(c->out, "<path d=\"");
        marker_path(c->out, g->marker, x, y, g->radius);
        if (single) text_adds(c->out, "\"/>");
    }
    if (g->seen.own) marker_grid_draw(c->out, &g->seen, g->marker, g->radius);
    if (c->out->n == empty && !c->out->failed) { /* nothing to see: leave no trace */
        c->out->n = begin;
        if (c->out->p) c->out->p[begin] = 0;
        return;
    }
    text_adds(c->out, single ? "</g>\n" : "\"/>\n");
}

enum { BY_VALUE_STEPS = 64, NO_COLOR = 255 };

/* Which colour each point has: the class' number, or one of BY_VALUE_STEPS steps of the map. */
static void color_points(const struct chart *c, const struct mark *m, const double *classes,
                         int n_classes, uint8_t *color_of) {
    for (int64_t i = 0, n = mark_n_points(m); i < n; i++) {
        double v = i < m->color_by->count ? mark_number(m->color_by, i) : NAN;
        color_of[i] = NO_COLOR;
        if (!isfinite(v)) continue;
        if (n_classes == 0)
            color_of[i] = (uint8_t)(colormap_index(v, c->bar.low, c->bar.high) * BY_VALUE_STEPS /
                                    COLORMAP_STEPS);
        for (int k = 0; k < n_classes; k++)
            if (classes[k] == v) color_of[i] = (uint8_t)k;
    }
}

static bool draw_colored(struct chart *c, const struct mark *m, struct group *g) {
    double classes[CLASSES_MAX];
    int n_classes = mark_classes(m, classes);
    uint8_t *color_of = pool_need((size_t)mark_n_points(m) + 1, c->e);
    if (!color_of) return false;
    color_points(c, m, classes, n_classes, color_of);
    g->color_of = color_of;
    char usual = g->marker;
    for (int k = 0; k < (n_classes ? n_classes : BY_VALUE_STEPS); k++) {
        char own[8];
        struct rgb mapped = c->bar.map.at[(2 * k + 1) * COLORMAP_STEPS / (2 * BY_VALUE_STEPS)];
        g->color = k;
        bool strokes = g->seen.own && (usual == 'o' || usual == '.'); /* they are round */
        bool shaped = n_classes > 0 && !strokes;
        g->marker = shaped ? mark_class_marker(usual, mark_class_color(m, classes[k], k)) : usual;
        draw_group(c, g,
                   n_classes ? palette_cycle(mark_class_color(m, classes[k], k))
                             : rgb_print(mapped, own));
    }
    g->marker = usual;
    g->color = NO_COLOR; /* points without a number */
    draw_group(c, g, "#bbbbbb");
    pool_free(color_of);
    return true;
}

/* The points joined in their order, thin and behind them. */
static void draw_path(struct chart *c, const struct mark *m, const char *color) {
    text_addf(c->out, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"1.2\" opacity=\".6\" d=\"",
              m->color_by ? "#888" : color);
    mark_path(c, m);
    text_adds(c->out, "\"/>\n");
}

static bool scatter_draw(struct chart *c, const struct mark *m, const char *color) {
    int64_t n = mark_n_points(m);
    struct group g = {.m = m, .marker = m->marker && m->marker[0] ? m->marker[0] : 'o'};
    g.radius = diameter(m, n) / 2 * (g.marker == '.' ? 0.5 : 1);
    bool round = g.marker == 'o' || g.marker == '.';
    int64_t many = c->plot->polar ? INT64_MAX : round && !m->path ? MANY : SHAPES_MANY;
    double per_px = n > VERY_MANY ? 2 / 3.0 : n > (m->path ? SHAPES_MANY : MANY) ? 1 : 2;
    if (!marker_grid_open(&g.seen, &c->panel, per_px, n > many, c->e)) return false;
    bool ok = true;
    if (m->path) draw_path(c, m, color);
    if (m->outlined && n <= OUTLINED_MOST) {
        g.radius += 1.2;
        draw_group(c, &g, "#fff");
        g.radius -= 1.2;
        marker_grid_forget(&g.seen);
    }
    if (m->color_by) ok = draw_colored(c, m, &g);
    else draw_group(c, &g, color);
    marker_grid_close(&g.seen);
    return ok;
}

static void scatter_cover(struct chart *c, const struct mark *m) {
    int64_t n = mark_n_points(m), stride = n / 5000 + 1;
    for (int64_t i = 0; i < n; i += stride) {
        double x, y;
        bool there = chart_point(c, m, mark_number(m->x, i), mark_number(m->y, i), &x, &y);
        for (int k = 0; k < 4 && there; k++) cover_point(&c->cover, x, y);
    }
}

static bool scatter_colorbar(const struct plot *p, const struct mark *m, struct colorbar *bar) {
    (void)p;
    double classes[CLASSES_MAX];
    if (!m->color_by || m->color_by->count == 0 || mark_classes(m, classes) > 0) return false;
    mark_range(m, m->color_by, &bar->low, &bar->high);
    colormap_make(&bar->map, m->colormap ? m->colormap : m->has_center ? "coolwarm" : "viridis");
    return true;
}

const struct mark_kind_row mark_scatter = {"scatter",     "scatters",     SWATCH_DOT,
                                           true,          scatter_extent, scatter_colorbar,
                                           scatter_cover, scatter_draw};
