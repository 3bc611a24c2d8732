/* Pictures as data: counted descriptions of marks, and grids of them. Draws nothing. */
#include "lang/values/plot.h"
#include "base/arena.h"
#include "base/intern.h"
#include "base/pool.h"
#include <string.h>

struct plot *plot_new(struct err *e) {
    struct plot *p = pool_need(sizeof *p, e);
    if (p) p->refs = 1;
    return p;
}

struct plot *plot_ref(struct plot *p) {
    p->refs++;
    return p;
}

static void mark_clear(const struct mark *m) {
    tensor_unref(m->x);
    tensor_unref(m->y);
    tensor_unref(m->z);
    tensor_unref(m->color_by);
}

void plot_unref(struct plot *p) {
    if (!p || --p->refs > 0) return;
    for (int i = 0; i < p->n_marks; i++) mark_clear(&p->marks[i]);
    pool_free(p->marks);
    if (p->owner) arena_free(p->owner);
    figure_unref(p->panels);
    pool_free(p);
}

bool plot_add(struct plot *p, const struct mark *m, struct err *e) {
    if (p->n_marks == p->cap_marks) {
        int cap = p->cap_marks ? 2 * p->cap_marks : 4;
        struct mark *grown = pool_realloc(p->marks, (size_t)cap * sizeof *grown);
        if (!grown) {
            mark_clear(m);
            return err_memory(e, (size_t)cap * sizeof *grown);
        }
        p->marks = grown;
        p->cap_marks = cap;
    }
    p->marks[p->n_marks++] = *m;
    return true;
}

enum { NAMES_RESERVE = 1 << 24 };

const char **plot_keep_names(struct plot *p, const char *const *names, int64_t n, struct err *e) {
    size_t bytes = (size_t)n * sizeof(char *);
    if (!p->owner) p->owner = arena_new(NAMES_RESERVE);
    const char **kept = p->owner ? arena_alloc(p->owner, bytes + 1) : NULL;
    for (int64_t i = 0; kept && i < n; i++) {
        kept[i] = names[i] ? arena_strdup(p->owner, str_of(names[i])) : "";
        if (!kept[i]) kept = NULL;
    }
    if (!kept) err_memory(e, bytes);
    return kept;
}

static struct tensor *share(struct tensor *t) {
    return t ? tensor_ref(t) : NULL;
}

static bool add_from(struct plot *p, const struct plot *from, int i, struct err *e) {
    struct mark m = from->marks[i];
    if (m.names && !(m.names = plot_keep_names(p, m.names, m.n_names, e))) return false;
    if (m.row_names && !(m.row_names = plot_keep_names(p, m.row_names, m.n_row_names, e)))
        return false;
    if (m.classes && !(m.classes = plot_keep_names(p, m.classes, m.n_classes, e))) return false;
    m.x = share(m.x);
    m.y = share(m.y);
    m.z = share(m.z);
    m.color_by = share(m.color_by);
    return plot_add(p, &m, e);
}

static void default_limits(bool *has, double limits[2], bool from_has, const double from[2]) {
    if (*has || !from_has) return;
    *has = true;
    limits[0] = from[0];
    limits[1] = from[1];
}

/* The label of an axis that two plots share. */
static void join_label(const char **label, bool *by_column, const char *other,
                       bool other_by_column) {
    if (!other && !other_by_column) return;
    if (*by_column && other_by_column) {
        if (*label && other && strcmp(*label, other) == 0) return;
        *label = NULL;
    } else if (!*label || *by_column) {
        *label = other;
        *by_column = other_by_column;
    }
}

bool plot_add_all(struct plot *p, const struct plot *from, struct err *e) {
    for (int i = 0; i < from->n_marks; i++) TRY(add_from(p, from, i, e));
    if (!p->title) p->title = from->title;
    join_label(&p->x_label, &p->x_by_column, from->x_label, from->x_by_column);
    join_label(&p->y_label, &p->y_by_column, from->y_label, from->y_by_column);
    join_label(&p->right_label, &p->right_by_column, from->right_label, from->right_by_column);
    if (!p->legend_title) p->legend_title = from->legend_title;
    p->no_axes |= from->no_axes;
    p->polar |= from->polar;
    p->log_x |= from->log_x;
    p->log_y |= from->log_y;
    default_limits(&p->has_x_limits, p->x_limits, from->has_x_limits, from->x_limits);
    default_limits(&p->has_y_limits, p->y_limits, from->has_y_limits, from->y_limits);
    return true;
}

void plot_default_settings(struct plot *p, const struct plot *from) {
    if (from->x_label && (!p->x_label || p->x_by_column)) p->x_label = from->x_label;
    if (from->y_label && (!p->y_label || p->y_by_column)) p->y_label = from->y_label;
    if (!p->legend_title) p->legend_title = from->legend_title;
    if (p->width <= 0 && from->width > 0) {
        p->width = from->width;
        p->height = from->height;
    }
    p->grid |= from->grid;
    p->no_legend |= from->no_legend;
    p->no_axes |= from->no_axes;
    p->polar |= from->polar;
    p->equal |= from->equal;
    p->log_x |= from->log_x;
    p->log_y |= from->log_y;
    default_limits(&p->has_x_limits, p->x_limits, from->has_x_limits, from->x_limits);
    default_limits(&p->has_y_limits, p->y_limits, from->has_y_limits, from->y_limits);
}

struct figure *figure_new(int n, int columns, struct err *e) {
    struct figure *f = pool_need(sizeof *f, e);
    if (!f) return NULL;
    f->refs = 1;
    f->n = n;
    f->columns = columns > 0 ? columns : 1;
    f->plots = pool_need((size_t)(n > 0 ? n : 1) * sizeof(struct plot *), e);
    if (f->plots) return f;
    figure_unref(f);
    return NULL;
}

bool figure_add(struct figure *f, struct plot *p, struct err *e) {
    size_t bytes = (size_t)(f->n + 1) * sizeof(struct plot *);
    struct plot **grown = pool_realloc(f->plots, bytes);
    if (!grown) return err_memory(e, bytes);
    f->plots = grown;
    f->plots[f->n++] = plot_ref(p);
    return true;
}

struct figure *figure_ref(struct figure *f) {
    f->refs++;
    return f;
}

void figure_unref(struct figure *f) {
    if (!f || --f->refs > 0) return;
    for (int i = 0; f->plots && i < f->n; i++) plot_unref(f->plots[i]);
    pool_free(f->plots);
    if (f->model) f->free_model(f->model);
    if (f->heat) f->heat->free_table(f->heat->table);
    pool_free(f->heat);
    pool_free(f->row_labels);
    pool_free(f);
}

/* ---- galleries ---- */

enum { GALLERY_MAX_PICTURES = 100, GALLERY_MAX_COLUMNS = 16, GALLERY_WRAP = 8 };

/* Is the last axis the colour of a pixel? */
static bool has_channels(const struct tensor *t) {
    int n = t->shape.n;
    if (n < 3) return false;
    int64_t last = t->shape.size[n - 1];
    if (last != 1 && last != 3 && last != 4) return false;
    const char *name = t->shape.axis[n - 1];
    return n == 4 || (name && strcmp(name, "channel") == 0) || (t->is_image && !name);
}

int tensor_n_pictures(const struct tensor *t) {
    int picture_axes = has_channels(t) ? 3 : 2;
    if (t->shape.n == picture_axes) return 1;
    if (t->shape.n != picture_axes + 1 || t->shape.size[0] > INT32_MAX) return 0;
    return (int)t->shape.size[0];
}

/* Picture i of a batch (or the one picture) as a plot without axes. */
static struct plot *picture_plot(struct tensor *t, int i, struct err *e) {
    struct tensor *row = NULL, *picture = NULL;
    if (t->shape.n == (has_channels(t) ? 3 : 2)) {
        picture = tensor_ref(t);
    } else {
        struct shape s = shape_of(t->shape.n - 1, t->shape.size + 1);
        row = tensor_rows(t, i, i + 1, e);
        picture = row ? tensor_with_shape(row, &s, e) : NULL;
        tensor_unref(row);
    }
    struct plot *p = picture ? plot_new(e) : NULL;
    if (!p) {
        tensor_unref(picture);
        return NULL;
    }
    p->no_axes = true;
    struct mark m = {.kind = MARK_IMAGE, .z = picture, .opacity = 1};
    if (plot_add(p, &m, e)) return p;
    plot_unref(p);
    return NULL;
}

static bool gallery_label(struct figure *f, const char *const *labels, int n, struct err *e) {
    if (n <= 0) return true;
    f->row_labels = pool_need((size_t)n * sizeof(char *), e);
    if (!f->row_labels) return false;
    for (int i = 0; i < n; i++) f->row_labels[i] = labels[i];
    f->n_row_labels = n;
    return true;
}

/* One batch is wrapped to several lines; of several, each is a line. */
static int gallery_columns(struct tensor *const *batches, int n) {
    int widest = 1;
    for (int i = 0; i < n; i++) {
        int k = tensor_n_pictures(batches[i]);
        if (k > widest) widest = k;
    }
    if (n == 1) return widest <= 10 ? widest : GALLERY_WRAP;
    return widest < GALLERY_MAX_COLUMNS ? widest : GALLERY_MAX_COLUMNS;
}

struct figure *figure_gallery(struct tensor *const *batches, int n, const char *const *labels,
                              int n_labels, const char *title, struct err *e) {
    int columns = gallery_columns(batches, n), cells = n * columns;
    if (n == 1) {
        cells = tensor_n_pictures(batches[0]);
        if (cells > GALLERY_MAX_PICTURES) cells = GALLERY_MAX_PICTURES;
    }
    struct figure *f = figure_new(cells, columns, e);
    if (!f) return NULL;
    f->gallery = true;
    f->title = title;
    bool ok = gallery_label(f, labels, n_labels < n ? n_labels : n, e);
    for (int i = 0; ok && i < cells; i++) {
        int line = n == 1 ? 0 : i / columns, column = n == 1 ? i : i % columns;
        if (column >= tensor_n_pictures(batches[line])) continue;
        f->plots[i] = picture_plot(batches[line], column, e);
        ok = f->plots[i] != NULL;
    }
    if (ok) return f;
    figure_unref(f);
    return NULL;
}

/* ---- names that a student can write ---- */

static bool in_list(const char *const *names, size_t n, struct str s) {
    for (size_t i = 0; i < n; i++)
        if (str_is(s, names[i])) return true;
    return false;
}

bool plot_knows_colormap(struct str name) {
#define COLORMAP(name, mixing, anchors) #name,
    static const char *const names[] = {
#include "lang/values/colormaps.list"
    };
#undef COLORMAP
    if (in_list(names, ARRAY_LEN(names), name)) return true;
    if (!str_ends(name, "_r")) return false;
    return in_list(names, ARRAY_LEN(names), (struct str){name.p, name.n - 2});
}

bool plot_knows_color(struct str name) {
#define COLOR(name, hex) #name,
    static const char *const names[] = {
#include "lang/values/colors.list"
    };
#undef COLOR
    if (in_list(names, ARRAY_LEN(names), name)) return true;
    if (name.n != 7 && name.n != 4) return false;
    if (name.p[0] != '#') return false;
    for (size_t i = 1; i < name.n; i++)
        if (!strchr("0123456789abcdefABCDEF", name.p[i])) return false;
    return true;
}

bool plot_knows_marker(struct str name) {
    return name.n == 1 && name.p[0] && strchr(PLOT_MARKERS, name.p[0]) != NULL;
}
