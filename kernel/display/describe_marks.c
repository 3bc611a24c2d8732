/* Single marks in words. */
#include "display/describe.h"
#include "display/axes.h"
#include "data/time.h"
#include <math.h>

static void add_number(struct text *out, double x) {
    char label[TICK_LABEL_BYTES];
    tick_print(label, x, -1);
    text_adds(out, label);
}

void describe_range(struct text *out, const char *axis, double low, double high) {
    text_addf(out, "%s ", axis);
    add_number(out, low);
    text_adds(out, " … ");
    add_number(out, high);
}

/* " Values 0 … 980." of areas of colour. */
static void add_values(struct text *out, const struct plot *p, const struct mark *m) {
    struct colorbar bar;
    const struct mark_kind_row *row = mark_kind_row(m->kind);
    double low, high;
    if (!row->colorbar || !row->colorbar(p, m, &bar)) return;
    if (!tensor_range(m->kind == MARK_SCATTER || m->kind == MARK_LINE ? m->color_by : m->z, &low,
                      &high))
        return;
    text_adds(out, " ");
    describe_range(out, "Colours", m->kind == MARK_LINE ? bar.low : low,
                   m->kind == MARK_LINE ? bar.high : high);
    text_addc(out, '.');
}

/* A number, or a moment on an axis of times. */
static void add_place(struct text *out, const struct mark *m, double x) {
    if (m->time_x) time_write(x, false, out);
    else if (m->names && x >= 0 && x < (double)m->n_names) text_adds(out, m->names[(int64_t)x]);
    else add_number(out, x);
}

/* "f(x) begins at 0.0067 and ends at 0.993; lowest 0.0067 at x −5, highest 0.993 at x 5." */
static void add_series(struct text *out, const struct mark *m) {
    int64_t n = mark_n_points(m), first = -1, last = -1, low = -1, high = -1;
    for (int64_t i = 0; i < n; i++) {
        double y = mark_number(m->y, i);
        if (isnan(y)) continue;
        if (first < 0) first = low = high = i;
        last = i;
        if (y < mark_number(m->y, low)) low = i;
        if (y > mark_number(m->y, high)) high = i;
    }
    if (first < 0) return;
    if (m->kind == MARK_LINE) {
        text_addf(out, " %s begins at ", m->label ? m->label : "A line");
        add_number(out, mark_number(m->y, first));
        text_adds(out, " and ends at ");
        add_number(out, mark_number(m->y, last));
        text_adds(out, "; lowest ");
    } else {
        text_addf(out, " %s: lowest ", m->label ? m->label : "Bars");
    }
    add_number(out, mark_number(m->y, low));
    text_adds(out, " at ");
    add_place(out, m, mark_number(m->x, low));
    text_adds(out, ", highest ");
    add_number(out, mark_number(m->y, high));
    text_adds(out, " at ");
    add_place(out, m, mark_number(m->x, high));
    text_addc(out, '.');
}

/* " Bars: tree 0.81, forest 0.93." of a few, else the lowest and the highest. */
static void add_bars(struct text *out, const struct mark *m) {
    int64_t n = m->x ? mark_n_points(m) : m->y ? m->y->count : 0;
    if (m->x && n > 12) {
        add_series(out, m);
        return;
    }
    text_addf(out, " %s:", m->label ? m->label : "Bars");
    for (int64_t i = 0; i < n && i < 12; i++) {
        text_adds(out, i ? ", " : " ");
        add_place(out, m, m->names || !m->x ? (double)i : mark_number(m->x, i));
        text_addc(out, ' ');
        add_number(out, mark_number(m->y, i));
    }
    text_addc(out, '.');
}

/* " The curve begins at 0.08 and ends at 0.02; highest 0.09 at 2.7." */
static void add_curve(struct text *out, const struct tensor *curve) {
    int64_t n = curve ? curve->count / 2 : 0, high = 0;
    if (n == 0) return;
    for (int64_t i = 1; i < n; i++)
        if (mark_number(curve, n + i) > mark_number(curve, n + high)) high = i;
    text_adds(out, " The curve begins at ");
    add_number(out, mark_number(curve, n));
    text_adds(out, " and ends at ");
    add_number(out, mark_number(curve, 2 * n - 1));
    text_adds(out, "; highest ");
    add_number(out, mark_number(curve, n + high));
    text_adds(out, " at ");
    add_number(out, mark_number(curve, high));
    text_addc(out, '.');
}

/* " Histogram: 100 numbers, at most 20 in a bar, that from 0 to 0.5." */
static void add_distribution(struct text *out, const struct plot *p, const struct mark *m) {
    struct hist_peak peak;
    if (!hist_find_peak(p, m, &peak)) return;
    text_addf(out, " %s: %lld numbers, at most %lld in a bar, that from ",
              m->label ? m->label : "Histogram", (long long)peak.all, (long long)peak.n);
    add_number(out, peak.low);
    text_adds(out, " to ");
    add_number(out, peak.high);
    text_addc(out, '.');
    add_curve(out, m->z);
}

/* " 90 %: from 0 … 1 at x 0 to 2 … 4 at x 2." */
static void add_band(struct text *out, const struct mark *m) {
    int64_t n = mark_n_points(m), ends[] = {0, n - 1};
    text_addf(out, " %s:", m->label ? m->label : "Band");
    for (int k = 0; k < 2 && n > 0; k++) {
        text_adds(out, k ? " to " : " from ");
        add_number(out, mark_number(m->y, ends[k]));
        text_adds(out, " … ");
        add_number(out, mark_number(m->z, ends[k]));
        text_adds(out, " at ");
        add_place(out, m, mark_number(m->x, ends[k]));
    }
    text_addc(out, '.');
}

/* " and 4 more", where a list ends before what it lists. */
static void add_rest(struct text *out, int64_t n, int64_t most) {
    if (n > most) text_addf(out, " and %lld more", (long long)(n - most));
}

/* " Guide lines at x 1, 2." */
static void add_rules(struct text *out, const struct mark *m) {
    enum { MOST = 8 };
    const struct tensor *t = m->x ? m->x : m->y;
    text_addf(out, " %s at %s", m->label ? m->label : "Guide line", m->x ? "x" : "y");
    for (int64_t i = 0; t && i < t->count && i < MOST; i++) {
        text_adds(out, i ? ", " : " ");
        add_place(out, m, mark_number(t, i));
    }
    if (t) add_rest(out, t->count, MOST);
    text_addc(out, '.');
}

/* " small: median 0.1, half of the numbers 0 … 0.2." of each box. */
static void add_boxes(struct text *out, const struct mark *m) {
    enum { MOST = 12 };
    for (int64_t i = 0; i < m->n_names && i < MOST; i++) {
        double q[3];
        if (!box_quartiles(m, i, q)) continue;
        text_addf(out, " %s: median ", m->names[i][0] ? m->names[i] : "Box");
        add_number(out, q[1]);
        text_adds(out, ", half of the numbers ");
        add_number(out, q[0]);
        text_adds(out, " … ");
        add_number(out, q[2]);
        text_addc(out, '.');
    }
}

/* " 90 points, 40 near, 50 far." */
static void add_points(struct text *out, const struct mark *m) {
    enum { MOST = 12 };
    text_addf(out, " %lld points", (long long)mark_n_points(m));
    for (int64_t k = 0; m->classes && k < m->n_classes && k < MOST; k++) {
        int64_t n = 0;
        for (int64_t i = 0; i < m->color_by->count; i++)
            n += mark_number(m->color_by, i) == (double)k;
        text_addf(out, ", %lld %s", (long long)n, m->classes[k]);
    }
    text_addc(out, '.');
}

/* " Row no: 50, 3. Row yes: 2, 45." of a small heat map. */
static void add_cells(struct text *out, const struct plot *p, const struct mark *m) {
    enum { MOST = 36 };
    if (!m->z || m->z->shape.n != 2 || m->z->count > MOST) return;
    struct axis_names names = axis_names_of(p);
    int64_t rows = m->z->shape.size[0], columns = m->z->shape.size[1];
    for (int64_t i = 0; i < rows; i++) {
        if (names.y && i < names.n_y) text_addf(out, " Row %s:", names.y[i]);
        else text_addf(out, " Row %lld:", (long long)i);
        for (int64_t k = 0; k < columns; k++) {
            text_adds(out, k ? ", " : " ");
            add_number(out, mark_number(m->z, i * columns + k));
        }
        text_addc(out, '.');
    }
}

/* " Texts: here, there." " 2 frames: cat, dog." Frames without names are counted. */
static void add_texts(struct text *out, const struct mark *m) {
    enum { MOST = 12 };
    int64_t n = m->kind == MARK_FRAME && m->z && m->z->shape.n == 2 ? m->z->shape.size[0] : 0;
    if (m->kind == MARK_NOTE) text_adds(out, " Texts");
    else text_addf(out, " %lld frame%s", (long long)n, n == 1 ? "" : "s");
    for (int64_t i = 0; i < m->n_names && i < MOST; i++)
        text_addf(out, "%s %s", i ? "," : ":", m->names[i]);
    add_rest(out, m->n_names, MOST);
    text_addc(out, '.');
}

bool describe_mark(const struct plot *p, const struct mark *m, bool colors, struct text *out) {
    size_t before = out->n;
    if (colors) add_values(out, p, m);
    bool said = out->n > before;
    switch (m->kind) {
    case MARK_LINE:
        if (!m->color_by || m->label) add_series(out, m);
        break;
    case MARK_BAR: add_bars(out, m); break;
    case MARK_HIST: add_distribution(out, p, m); break;
    case MARK_BAND: add_band(out, m); break;
    case MARK_BOX: add_boxes(out, m); break;
    case MARK_RULE: add_rules(out, m); break;
    case MARK_SCATTER: add_points(out, m); break;
    case MARK_NOTE:
    case MARK_FRAME: add_texts(out, m); break;
    case MARK_HEATMAP: add_cells(out, p, m); break;
    case MARK_IMAGE:
    case MARK_CONTOUR:
    case MARK_N_KINDS: break;
    }
    return said;
}
