/* Pictures in words: for terminals and for readers who cannot see them. */
#include "display/chart.h"
#include "display/picture.h"
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

static struct extent extent_of(const struct plot *p) {
    struct extent e = {0};
    for (int i = 0; i < p->n_marks; i++)
        mark_kind_row(p->marks[i].kind)->extent(p, &p->marks[i], &e);
    return e;
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
    struct extent e = extent_of(p);
    if (!e.any_x) return;
    text_adds(out, ", ");
    add_range(out, p->x_label ? p->x_label : "x", e.x0, e.x1);
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

/* "f(x) ends at 0.993." */
static void add_ending(struct text *out, const struct mark *m) {
    int64_t n = mark_n_points(m);
    bool one_of_many = m->color_by && !m->label;
    if (m->kind != MARK_LINE || n == 0 || one_of_many) return;
    text_addf(out, " %s ends at ", m->label ? m->label : "The line");
    add_number(out, mark_number(m->y, n - 1));
    text_addc(out, '.');
}

void plot_describe_fully(const struct plot *p, struct text *out) {
    if (add_picture(out, p)) return;
    add_kinds(out, p);
    struct extent e = extent_of(p);
    if (e.any_x) {
        text_adds(out, "; ");
        add_range(out, p->x_label ? p->x_label : "x", e.x0, e.x1);
    }
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
        add_ending(out, &p->marks[i]);
    }
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
