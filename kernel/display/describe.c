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
    for (int kind = MARK_LINE; kind <= MARK_CONTOUR; kind++) {
        int n = 0;
        for (int i = 0; i < p->n_marks; i++) n += (int)p->marks[i].kind == kind;
        if (n == 0) continue;
        const struct mark_kind_row *row = mark_kind_row((enum mark_kind)kind);
        text_adds(out, any ? ", " : "");
        if (n == 1)
            text_addf(out, "%s", row->one);
        else
            text_addf(out, "%d %s", n, row->many);
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

/* "f(x) ends at 0.993." */
static void add_ending(struct text *out, const struct mark *m) {
    int64_t n = mark_n_points(m);
    if (m->kind != MARK_LINE || n == 0) return;
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
    for (int i = 0; i < p->n_marks && i < 12; i++) add_ending(out, &p->marks[i]);
}

void figure_describe(const struct figure *f, struct text *out) {
    int n = 0;
    for (int i = 0; i < f->n; i++) n += f->plots[i] != NULL;
    if (f->gallery)
        text_addf(out, "%d picture%s", n, n == 1 ? "" : "s");
    else
        text_addf(out, "figure: %d plot%s", n, n == 1 ? "" : "s");
    if (f->title) text_addf(out, ", %s", f->title);
    for (int i = 0; i < f->n_row_labels; i++)
        text_addf(out, "%s%s", i == 0 ? ", rows: " : ", ", f->row_labels[i]);
    for (int i = 0; !f->gallery && i < f->n; i++)
        if (f->plots[i] && f->plots[i]->title)
            text_addf(out, "%s%s", i == 0 ? ": " : ", ", f->plots[i]->title);
}
