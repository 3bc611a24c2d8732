/* Pictures in words: for terminals and for readers who cannot see them. */
#include "display/chart.h"
#include "display/left_out.h"
#include "display/picture.h"
#include "data/time.h"
#include <math.h>

static void add_number(struct text *out, double x) {
    char label[TICK_LABEL_BYTES];
    tick_print(label, x, -1);
    text_adds(out, label);
}

static void add_range(struct text *out, const char *axis, double low, double high) {
    text_addf(out, "%s ", axis);
    add_number(out, low);
    text_adds(out, " … ");
    add_number(out, high);
}

/* The names along the x axis: those of the first mark that has some. */
static const struct mark *named_places(const struct plot *p) {
    for (int i = 0; i < p->n_marks; i++) {
        const struct mark *m = &p->marks[i];
        bool places = m->kind == MARK_LINE || m->kind == MARK_SCATTER || m->kind == MARK_BAR ||
                      m->kind == MARK_BOX || m->kind == MARK_HEATMAP;
        if (places && m->names && m->n_names > 0 && !m->horizontal) return m;
    }
    return NULL;
}

static void add_names(struct text *out, const struct mark *m) {
    enum { MOST = 12 };
    for (int64_t i = 0; i < m->n_names && i < MOST; i++)
        text_addf(out, "%s%s", i ? ", " : " ", m->names[i]);
    if (m->n_names > MOST) text_addf(out, " … %s", m->names[m->n_names - 1]);
}

/* "day 2024-01-01 … 2024-01-04" on an axis of times, "x cat, dog" on one of names. */
static void add_x_range(struct text *out, const char *before, const struct plot *p,
                        const struct extent *e) {
    const char *axis = p->x_label ? p->x_label : "x";
    const struct mark *names = named_places(p);
    text_adds(out, before);
    if (names) {
        text_adds(out, axis);
        add_names(out, names);
        return;
    }
    if (!e->time_x) {
        add_range(out, axis, e->x0, e->x1);
        return;
    }
    text_addf(out, "%s ", axis);
    time_write(e->x0, false, out);
    text_adds(out, " … ");
    time_write(e->x1, false, out);
}

/* "2 lines, a band": kinds in the order in which they appear. */
static void add_kinds(struct text *out, const struct plot *p) {
    bool any = false;
    for (int kind = MARK_LINE; kind < MARK_N_KINDS; kind++) {
        int n = 0;
        for (int i = 0; i < p->n_marks; i++) n += (int)p->marks[i].kind == kind;
        if (n == 0) continue;
        const struct mark_kind_row *row = mark_kind_row((enum mark_kind)kind);
        text_adds(out, any ? ", " : "");
        if (n == 1) text_addf(out, "%s", row->one);
        else text_addf(out, "%d %s", n, row->many);
        any = true;
    }
    if (!any) text_adds(out, "empty");
}

/* A single picture is described by its size. */
static bool add_picture(struct text *out, const struct plot *p) {
    if (p->n_marks != 1 || p->marks[0].kind != MARK_IMAGE || !p->marks[0].z) return false;
    const struct shape *s = &p->marks[0].z->shape;
    if (s->n < 2) return false;
    text_addf(out, "%s%sa picture of %lld × %lld pixels", p->title ? p->title : "",
              p->title ? ", " : "", (long long)s->size[0], (long long)s->size[1]);
    return true;
}

void plot_describe(const struct plot *p, struct text *out) {
    text_adds(out, "plot: ");
    if (add_picture(out, p)) return;
    if (p->title) text_addf(out, "%s, ", p->title);
    add_kinds(out, p);
    struct extent e = plot_extent(p);
    if (e.any_x) add_x_range(out, ", ", p, &e);
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
    add_range(out, "Colours", m->kind == MARK_LINE ? bar.low : low,
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
    bool one_of_many = m->color_by && !m->label;
    if ((m->kind != MARK_LINE && m->kind != MARK_BAR) || n == 0 || one_of_many) return;
    for (int64_t i = 0; i < n; i++) {
        double y = mark_number(m->y, i);
        if (isnan(y)) continue;
        if (first < 0) first = low = high = i;
        last = i;
        if (y < mark_number(m->y, low)) low = i;
        if (y > mark_number(m->y, high)) high = i;
    }
    if (first < 0) return;
    text_addf(out, " %s begins at ",
              m->label              ? m->label
              : m->kind == MARK_BAR ? "A bar"
                                    : "A line");
    add_number(out, mark_number(m->y, first));
    text_adds(out, " and ends at ");
    add_number(out, mark_number(m->y, last));
    text_adds(out, "; lowest ");
    add_number(out, mark_number(m->y, low));
    text_adds(out, " at ");
    add_place(out, m, mark_number(m->x, low));
    text_adds(out, ", highest ");
    add_number(out, mark_number(m->y, high));
    text_adds(out, " at ");
    add_place(out, m, mark_number(m->x, high));
    text_addc(out, '.');
}

/* "6 boxes: small, large …", "90 points in the classes near, far". */
static void add_groups(struct text *out, const struct mark *m) {
    enum { MOST = 12 };
    if (m->kind == MARK_BOX && m->n_names > 0) {
        text_adds(out, " Boxes:");
        for (int64_t i = 0; i < m->n_names && i < MOST; i++)
            text_addf(out, "%s %s", i ? "," : "", m->names[i]);
        text_addc(out, '.');
    }
    if (m->kind == MARK_SCATTER) text_addf(out, " %lld points", (long long)mark_n_points(m));
    if (m->kind == MARK_SCATTER && m->classes) {
        text_adds(out, " in the classes");
        for (int64_t i = 0; i < m->n_classes && i < MOST; i++)
            text_addf(out, "%s %s", i ? "," : "", m->classes[i]);
    }
    if (m->kind == MARK_SCATTER) text_addc(out, '.');
    if (m->kind != MARK_NOTE && m->kind != MARK_FRAME) return;
    text_adds(out, m->kind == MARK_NOTE ? " Texts:" : " Frames:");
    for (int64_t i = 0; i < m->n_names && i < MOST; i++)
        text_addf(out, "%s %s", i ? "," : "", m->names[i]);
    text_addc(out, '.');
}

void plot_describe_fully(const struct plot *p, struct text *out) {
    if (add_picture(out, p)) return;
    add_kinds(out, p);
    struct extent e = plot_extent(p);
    if (e.any_x) add_x_range(out, "; ", p, &e);
    if (e.any_y) {
        text_adds(out, "; ");
        add_range(out, p->y_label ? p->y_label : "y", e.y0, e.y1);
    }
    text_addc(out, '.');
    bool has_values = false;
    for (int i = 0; i < p->n_marks && i < 12; i++) {
        size_t before = out->n;
        if (!has_values) add_values(out, p, &p->marks[i]);
        has_values |= out->n > before;
        add_series(out, &p->marks[i]);
        add_groups(out, &p->marks[i]);
    }
    char words[LEFT_OUT_BYTES];
    left_out_words(p, words);
    if (words[0]) text_addf(out, " Note: %s.", words);
}

void figure_describe(const struct figure *f, struct text *out) {
    int n = 0;
    for (int i = 0; i < f->n; i++)
        n += f->plots[i] != NULL && (!f->gallery || f->plots[i]->n_marks > 0);
    if (f->animation) text_addf(out, "animation of %d frames, %.3g seconds each", n, f->seconds);
    else if (f->gallery) text_addf(out, "%d picture%s", n, n == 1 ? "" : "s");
    else text_addf(out, "figure: %d plot%s", n, n == 1 ? "" : "s");
    if (f->title) text_addf(out, ", %s", f->title);
    for (int i = 0; i < f->n_row_labels; i++)
        text_addf(out, "%s%s", i == 0 ? ", rows: " : ", ", f->row_labels[i]);
    for (int i = 0; !f->gallery && !f->animation && i < f->n; i++)
        if (f->plots[i] && f->plots[i]->title)
            text_addf(out, "%s%s", i == 0 ? ": " : ", ", f->plots[i]->title);
}

/* Every plot of a figure in full, for the alternative text. */
void figure_describe_fully(const struct figure *f, struct text *out) {
    figure_describe(f, out);
    for (int i = 0; !f->gallery && !f->animation && i < f->n && i < 24; i++) {
        const struct plot *p = f->plots[i];
        if (!p) continue;
        bool ended = out->n > 0 && out->p && out->p[out->n - 1] == '.';
        text_addf(out, "%s %d: %s%s", ended ? "" : ".", i + 1, p->title ? p->title : "",
                  p->title ? ": " : "");
        plot_describe_fully(p, out);
    }
}
