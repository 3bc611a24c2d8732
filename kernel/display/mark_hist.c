/* Histograms: equal bins over the range of all histograms of the plot, so that they compare. */
#include "display/chart.h"
#include <math.h>

enum { BINS_USUAL = 30, BINS_CHOSEN = 200, BINS_MAX = 10000 };

struct bins {
    int n;
    bool log; /* low and width are decimal logarithms: bars as wide as each other on a log axis */
    double low, width;
    double height[BINS_MAX];
};

/* The lower end of bar k, in data units. */
static double bin_edge(const struct bins *b, int k) {
    double at = b->low + k * b->width;
    return b->log ? pow(10, at) : at;
}

static int n_hists(const struct plot *p) {
    int n = 0;
    for (int i = 0; i < p->n_marks; i++) n += p->marks[i].kind == MARK_HIST;
    return n;
}

/* Range of every histogram of the plot. */
static bool common_range(const struct plot *p, double *low, double *high) {
    bool any = false;
    for (int i = 0; i < p->n_marks; i++) {
        double a, b;
        if (p->marks[i].kind != MARK_HIST || !tensor_range(p->marks[i].x, &a, &b)) continue;
        for (int64_t k = 0; p->log_x && !(a > 0) && b > 0 && k < p->marks[i].x->count; k++) {
            double x = mark_number(p->marks[i].x, k); /* the smallest that has a logarithm */
            if (x > 0 && (!(a > 0) || x < a)) a = x;
        }
        *low = any ? fmin(*low, a) : a;
        *high = any ? fmax(*high, b) : b;
        any = true;
    }
    if (any && *high <= *low) {
        *low -= 0.5;
        *high += 0.5;
    }
    return any;
}

/* As many bars as asked for on a logarithmic axis. */
static void place_log_bins(struct bins *b, double high) {
    b->log = true;
    b->low = log10(b->low);
    b->width = (log10(high) - b->low) / b->n;
}

/* Bars for the narrowest width that a histogram of the plot asks for. */
static void place_bins(const struct plot *p, struct bins *b, double high) {
    double width = INFINITY;
    bool whole = true;
    for (int i = 0; i < p->n_marks; i++) {
        const struct mark *m = &p->marks[i];
        if (m->kind != MARK_HIST || m->bins > 0 || !(m->bin_width > 0)) continue;
        width = fmin(width, m->bin_width);
        whole = whole && m->whole;
    }
    if (whole && b->low != floor(b->low))
        whole = false; /* one number alone: its range was widened */
    if (whole) b->low -= 0.5, high += 0.5;
    double n = ceil((high - b->low) / width - 1e-9);
    b->n = (int)fmax(1, fmin(n, BINS_CHOSEN));
    b->width = whole && n <= BINS_CHOSEN ? width : (high - b->low) / b->n;
}

static bool count_bins(const struct plot *p, const struct mark *m, struct bins *b) {
    *b = (struct bins){.n = m->bins <= 0 ? BINS_USUAL : m->bins > BINS_MAX ? BINS_MAX : m->bins};
    double high;
    if (!m->x || !common_range(p, &b->low, &high)) return false;
    b->width = (high - b->low) / b->n;
    if (p->log_x && b->low > 0) place_log_bins(b, high);
    else if (m->bins <= 0 && m->bin_width > 0) place_bins(p, b, high);
    int64_t counted = 0;
    for (int64_t i = 0; i < m->x->count; i++) {
        double x = mark_number(m->x, i);
        if (!isfinite(x) || (b->log && !(x > 0))) continue;
        double place = ((b->log ? log10(x) : x) - b->low) / b->width;
        b->height[!(place > 0) ? 0 : place >= b->n ? b->n - 1 : (int)place] += 1;
        counted++;
    }
    if (m->density && counted > 0)
        for (int k = 0; k < b->n; k++)
            b->height[k] /= (double)counted * (bin_edge(b, k + 1) - bin_edge(b, k));
    return true;
}

bool hist_find_peak(const struct plot *p, const struct mark *m, struct hist_peak *peak) {
    struct bins b;
    struct mark counts = *m; /* owns nothing */
    counts.density = false;
    if (!count_bins(p, &counts, &b)) return false;
    int best = 0;
    *peak = (struct hist_peak){0};
    for (int k = 0; k < b.n; k++) {
        if (b.height[k] > b.height[best]) best = k;
        peak->all += (int64_t)b.height[k];
    }
    peak->n = (int64_t)b.height[best];
    peak->low = bin_edge(&b, best);
    peak->high = bin_edge(&b, best + 1);
    return peak->all > 0;
}

static int64_t n_curve(const struct mark *m) {
    return m->z ? m->z->count / 2 : 0;
}

static void hist_extent(const struct plot *p, const struct mark *m, struct extent *e) {
    struct bins b;
    if (!count_bins(p, m, &b)) return;
    bool fractions = e->fractions_x || !(m->bins <= 0 && m->bin_width > 0 && m->whole);
    extent_add_x(e, bin_edge(&b, 0));
    extent_add_x(e, bin_edge(&b, b.n));
    e->fractions_x = fractions;
    for (int k = 0; k < b.n; k++) extent_add_y(e, b.height[k]);
    for (int64_t i = 0, n = n_curve(m); i < n; i++) extent_add_y(e, mark_number(m->z, n + i));
    if (!p->log_y) extent_add_y(e, 0);
    e->counts = !m->density;
    e->zero_base = true;
}

static bool bin_rect(const struct chart *c, const struct mark *m, const struct bins *b, int k,
                     struct rect *r) {
    if (!(b->height[k] > 0)) return false;
    double x0 = scale_at(&c->x, bin_edge(b, k)), x1 = scale_at(&c->x, bin_edge(b, k + 1));
    double y0 = scale_at(mark_y(c, m), mark_y(c, m)->log ? mark_y(c, m)->low : 0),
           y1 = scale_at(mark_y(c, m), b->height[k]);
    if (!isfinite(x0 + x1 + y0 + y1)) return false;
    *r = (struct rect){x0, y1, x1 - x0, y0 - y1};
    return true;
}

static void draw_curve(struct chart *c, const struct mark *m, const char *color) {
    text_addf(c->out, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"2\"", color);
    text_adds(c->out, " stroke-linejoin=\"round\" d=\"");
    bool before = false;
    for (int64_t i = 0, n = n_curve(m); i < n; i++) {
        double x = scale_at(&c->x, mark_number(m->z, i));
        double y = scale_at(mark_y(c, m), mark_number(m->z, n + i));
        bool there = isfinite(x) && isfinite(y);
        if (there) svg_number(c->out, before ? 'L' : 'M', x);
        if (there) svg_number(c->out, ' ', y);
        before = there;
    }
    text_adds(c->out, "\"/>\n");
}

static bool hist_draw(struct chart *c, const struct mark *m, const char *color) {
    struct bins b;
    if (!count_bins(c->plot, m, &b)) return true;
    double usual = n_hists(c->plot) > 1 ? 0.6 : 1;
    double opacity = m->opacity > 0 && m->opacity < 1 ? m->opacity : usual;
    text_addf(c->out, "<path fill=\"%s\" stroke=\"#fff\" stroke-width=\"%s\"", color,
              b.n <= 100 ? "0.6" : "0");
    if (opacity < 1) svg_attribute(c->out, "opacity", opacity);
    text_adds(c->out, " d=\"");
    for (int k = 0; k < b.n; k++) {
        struct rect r;
        if (!bin_rect(c, m, &b, k, &r)) continue;
        svg_number(c->out, 'M', r.x);
        svg_number(c->out, ' ', r.y);
        svg_number(c->out, 'h', r.w);
        svg_number(c->out, 'v', r.h);
        svg_number(c->out, 'h', -r.w);
        text_addc(c->out, 'z');
    }
    text_adds(c->out, "\"/>\n");
    if (n_curve(m) > 0) draw_curve(c, m, color);
    return true;
}

static void hist_cover(struct chart *c, const struct mark *m) {
    struct bins b;
    if (!count_bins(c->plot, m, &b)) return;
    for (int k = 0; k < b.n; k++) {
        struct rect r;
        if (bin_rect(c, m, &b, k, &r)) cover_rect(&c->cover, r.x, r.y, r.x + r.w, r.y + r.h);
    }
}

const struct mark_kind_row mark_hist = {"histogram", "histograms", SWATCH_AREA, true,
                                        hist_extent, NULL,         hist_cover,  hist_draw};
