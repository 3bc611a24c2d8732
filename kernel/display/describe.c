/* Pictures in words: for terminals and for readers who cannot see them. */
#include "display/describe.h"
#include "display/axes.h"
#include "display/left_out.h"
#include "display/picture.h"
#include "data/time.h"
#include <math.h>

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
        describe_range(out, axis, e->x0, e->x1);
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

/* The names of the rows, or the range. */
static void add_y_range(struct text *out, const struct plot *p, const struct extent *e) {
    enum { MOST = 12 };
    const char *axis = p->y_label ? p->y_label : "y";
    struct axis_names names = axis_names_of(p);
    if (!names.y) {
        describe_range(out, axis, e->y0, e->y1);
        return;
    }
    text_adds(out, axis);
    for (int64_t i = 0; i < names.n_y && i < MOST; i++)
        text_addf(out, "%s%s", i ? ", " : " ", names.y[i]);
    if (names.n_y > MOST) text_addf(out, " … %s", names.y[names.n_y - 1]);
}

/* "; at the right accuracy 0.1 … 0.98" */
static void add_right(struct text *out, const struct plot *p) {
    struct extent right = {0};
    for (int i = 0; i < p->n_marks; i++)
        if (p->marks[i].right) mark_kind_row(p->marks[i].kind)->extent(p, &p->marks[i], &right);
    if (!right.any_y) return;
    text_adds(out, "; at the right ");
    describe_range(out, p->right_label ? p->right_label : "y", right.y0, right.y1);
}

void plot_describe_fully(const struct plot *p, struct text *out) {
    if (add_picture(out, p)) return;
    add_kinds(out, p);
    struct extent e = plot_extent(p);
    if (e.any_x) add_x_range(out, "; ", p, &e);
    if (e.any_y) {
        text_adds(out, "; ");
        add_y_range(out, p, &e);
    }
    add_right(out, p);
    text_addc(out, '.');
    bool has_values = false;
    for (int i = 0; i < p->n_marks && i < 12; i++)
        has_values |= describe_mark(p, &p->marks[i], !has_values, out);
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
    if (f->animation && f->n > 0) {
        text_adds(out, ". First frame: ");
        plot_describe_fully(f->plots[0], out);
        text_adds(out, " Last frame: ");
        plot_describe_fully(f->plots[f->n - 1], out);
    }
    for (int i = 0; !f->gallery && !f->animation && i < f->n && i < 24; i++) {
        const struct plot *p = f->plots[i];
        if (!p) continue;
        bool ended = out->n > 0 && out->p && out->p[out->n - 1] == '.';
        text_addf(out, "%s %d: %s%s", ended ? "" : ".", i + 1, p->title ? p->title : "",
                  p->title ? ": " : "");
        plot_describe_fully(p, out);
    }
}
