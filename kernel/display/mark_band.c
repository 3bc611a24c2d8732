/* Bands between a lower and an upper line; gaps where a number is missing. */
#include "display/chart.h"
#include <math.h>

static void band_extent(const struct plot *p, const struct mark *m, struct extent *e) {
    (void)p;
    for (int64_t i = 0, n = mark_n_points(m); m->z && i < n; i++) {
        extent_add_x(e, mark_number(m->x, i));
        extent_add_y(e, mark_number(m->y, i));
        extent_add_y(e, mark_number(m->z, i));
    }
}

static bool band_point(const struct chart *c, const struct mark *m, int64_t i, double *x,
                       double *low, double *high) {
    *x = scale_at(&c->x, mark_number(m->x, i));
    *low = scale_at(mark_y(c, m), mark_number(m->y, i));
    *high = scale_at(mark_y(c, m), mark_number(m->z, i));
    return isfinite(*x) && isfinite(*low) && isfinite(*high);
}

/* The unbroken piece [begin, end): along the upper line, back along the lower one. */
static void band_piece(struct chart *c, const struct mark *m, int64_t begin, int64_t end) {
    double x, low, high;
    int64_t stride = (end - begin) / 4000 + 1;
    for (int64_t i = begin; i < end; i += stride) {
        band_point(c, m, i, &x, &low, &high);
        svg_number(c->out, i == begin ? 'M' : 'L', x);
        svg_number(c->out, ' ', high);
    }
    int64_t last = begin + (end - begin - 1) / stride * stride;
    for (int64_t i = last; i >= begin; i -= stride) {
        band_point(c, m, i, &x, &low, &high);
        svg_number(c->out, 'L', x);
        svg_number(c->out, ' ', low);
    }
    text_addc(c->out, 'z');
}

static bool band_draw(struct chart *c, const struct mark *m, const char *color) {
    if (!m->z) return true;
    text_addf(c->out, "<path fill=\"%s\"", color);
    svg_attribute(c->out, "opacity", m->opacity > 0 && m->opacity < 1 ? m->opacity : 0.25);
    text_adds(c->out, " d=\"");
    int64_t n = mark_n_points(m), begin = 0;
    for (int64_t i = 0; i <= n; i++) {
        double x, low, high;
        if (i < n && band_point(c, m, i, &x, &low, &high)) continue;
        if (i > begin) band_piece(c, m, begin, i);
        begin = i + 1;
    }
    text_adds(c->out, "\"/>\n");
    return true;
}

static void band_cover(struct chart *c, const struct mark *m) {
    double last = NAN;
    for (int64_t i = 0, n = mark_n_points(m); m->z && i < n; i += n / 500 + 1) {
        double x, low, high;
        bool there = band_point(c, m, i, &x, &low, &high);
        if (there) cover_rect(&c->cover, isfinite(last) ? last : x, high, x, low);
        last = there ? x : NAN;
    }
}

const struct mark_kind_row mark_band = {"band",      "bands", SWATCH_AREA, true,
                                        band_extent, NULL,    band_cover,  band_draw};
