/* Tables of pictures that are on disk: read_images, with_label, and the changes that make a new
 * list of the same files. */
#include "fn_photos.h"
#include "fn_paths.h"
#include "data/images.h"
#include <math.h>
#include <string.h>

/* ---- read_images ---- */

static bool put_images(struct table *t, int i, const char *name, struct images *x, struct err *e) {
    TRY(table_set_column(t, i, intern_c(name), COLUMN_IMAGE, e));
    t->columns[i].images = images_ref(x);
    for (int64_t k = 0; k < t->n_rows; k++) t->columns[i].numbers[k] = (double)k;
    return true;
}

static bool table_of_all(struct call *c, struct images *x, struct value *out) {
    struct table *t = table_new(images_count(x), 2, c->ev->e);
    bool ok = t && put_images(t, 0, "image", x, c->ev->e) &&
              table_set_column(t, 1, intern_c("file"), COLUMN_TEXT, c->ev->e);
    for (int64_t i = 0; ok && i < t->n_rows; i++)
        ok = table_set_text(t, 1, i, str_of(images_name(x, i)), c->ev->e);
    if (!ok) return table_unref(t), false;
    return *out = value_table(t), true;
}

/* The student's table with the pictures that one of its columns names. */
static bool table_with_pictures(struct call *c, const char *path, struct value *out) {
    struct str name = STR("file");
    if (c->args[1].kind != V_TABLE)
        return call_fail(c, 1, ERR_TYPE, "`table` is a table with a column of file names.");
    const struct table *from = c->args[1].table;
    if (call_has(c, 2)) TRY(call_text(c, 2, &name));
    int at = table_find(from, name);
    if (at < 0 || from->columns[at].kind != COLUMN_TEXT) {
        call_fail(c, call_has(c, 2) ? 2 : 1, ERR_COLUMN,
                  "The table has no column of texts \"%.*s\".", (int)name.n, name.p);
        return err_hint(c->ev->e,
                        "    read_images(folder, table=t, column=\"name of the column\")");
    }
    struct images *x = images_named(path, from->columns[at].texts, from->n_rows, c->ev->e);
    struct table *t = x ? table_extend(from, 1, c->ev->e) : NULL;
    bool ok = t && put_images(t, t->n_columns - 1, "image", x, c->ev->e);
    images_unref(x);
    if (!ok) return table_unref(t), false;
    return *out = value_table(t), true;
}

bool fn_read_images(struct call *c, struct value *out) {
    char path[4096];
    TRY(path_of(c, 0, path, sizeof path));
    if (call_has(c, 1)) return table_with_pictures(c, path, out);
    struct images *x = images_open(path, c->ev->e);
    bool ok = x && table_of_all(c, x, out);
    images_unref(x);
    return ok;
}

/* ---- with_label ---- */

static bool class_names(struct call *c, struct str *names, int *n) {
    struct value list = c->args[2];
    if (list.kind != V_LIST || list.list->n > *n)
        return call_fail(c, 2, ERR_ARGUMENT,
                         "`classes` is a list of names, in order: "
                         "classes=[\"no person\", \"person\"].");
    *n = list.list->n;
    for (int i = 0; i < *n; i++) {
        if (list.list->items[i].kind != V_TEXT)
            return call_fail(c, 2, ERR_ARGUMENT, "`classes` is a list of texts.");
        names[i] = value_str(&list.list->items[i]);
    }
    return true;
}

/* Class numbers 0 … n - 1 into a category column. */
static bool put_classes(struct call *c, struct table *t, int at, const struct tensor *labels) {
    struct str names[4096];
    int n = ARRAY_LEN(names);
    TRY(class_names(c, names, &n));
    TRY(table_set_column(t, at, intern_c("label"), COLUMN_CATEGORY, c->ev->e));
    struct column *column = &t->columns[at];
    for (int64_t i = 0; i < t->n_rows; i++) {
        double k = tensor_get(labels, i);
        if (!(k >= 0 && k < n && k == floor(k)))
            return call_fail(c, 1, ERR_VALUE,
                             "Label %lld is %g, but the %d classes are numbered 0 … %d.",
                             (long long)i, k, n, n - 1);
        column->numbers[i] = k;
    }
    return (column->levels = levels_new(names, n, false, c->ev->e)) != NULL;
}

static bool put_numbers(struct call *c, struct table *t, int at, const struct tensor *labels) {
    enum column_kind kind = labels->dtype == DT_BOOL        ? COLUMN_BOOL
                            : dtype_is_float(labels->dtype) ? COLUMN_NUMBER
                                                            : COLUMN_INT;
    TRY(table_set_column(t, at, intern_c("label"), kind, c->ev->e));
    for (int64_t i = 0; i < t->n_rows; i++) t->columns[at].numbers[i] = tensor_get(labels, i);
    return true;
}

static bool add_labels(struct call *c, const struct table *from, const struct tensor *labels,
                       struct value *out) {
    if (labels->count != from->n_rows) {
        call_fail(c, 1, ERR_SHAPE, "There are not as many labels as pictures.");
        err_fact(c->ev->e, "pictures", "%lld", (long long)from->n_rows);
        return err_fact(c->ev->e, "labels", "%lld", (long long)labels->count);
    }
    if (table_find(from, STR("label")) >= 0)
        return call_fail(c, 0, ERR_COLUMN, "The table has a column `label` already.");
    struct table *t = table_extend(from, 1, c->ev->e);
    int at = from->n_columns;
    bool ok = t && (call_has(c, 2) ? put_classes(c, t, at, labels) : put_numbers(c, t, at, labels));
    if (!ok) return table_unref(t), false;
    return *out = value_table(t), true;
}

bool fn_with_label(struct call *c, struct value *out) {
    struct tensor *labels;
    if (c->args[0].kind != V_TABLE)
        return call_fail(c, 0, ERR_TYPE, "with_label works on tables, and this is %s.",
                         value_kind_words(c->args[0].kind));
    TRY(call_tensor(c, 1, &labels));
    bool ok = add_labels(c, c->args[0].table, labels, out);
    tensor_unref(labels);
    return ok;
}

/* ---- changes ---- */

bool photos_change(struct call *c, int64_t h, int64_t w, int method, int channels,
                   struct value *out) {
    const struct table *from = c->args[0].table;
    struct table *t = table_extend(from, 0, c->ev->e);
    bool ok = t != NULL, any = false;
    for (int i = 0; ok && i < t->n_columns; i++) {
        struct column *column = &t->columns[i];
        if (column->kind != COLUMN_IMAGE) continue;
        struct images *x =
            images_change(column->images, h, w, (enum resize_method)method, channels, c->ev->e);
        ok = x != NULL;
        images_unref(column->images);
        column->images = x;
        any = true;
    }
    if (ok && !any)
        ok = call_fail(c, 0, ERR_TYPE, "The table has no column of pictures to change.");
    if (!ok) return table_unref(t), false;
    return *out = value_table(t), true;
}

/* ---- showing ---- */

int photos_column(struct value v) {
    if (v.kind != V_TABLE) return -1;
    for (int i = 0; i < v.table->n_columns; i++)
        if (v.table->columns[i].kind == COLUMN_IMAGE) return i;
    return -1;
}

/* What stands under a picture: its label, if there is one. */
static const char *caption(const struct table *t, int64_t row) {
    int at = table_find(t, STR("label"));
    const struct column *c = at < 0 ? NULL : &t->columns[at];
    struct text s = {0};
    if (!c || column_is_missing(c, row)) return NULL;
    if (c->kind == COLUMN_CATEGORY) return intern_c(c->levels->names[(int)c->numbers[row]]);
    if (c->kind == COLUMN_TEXT) return intern_c(c->texts[row]);
    if (c->kind == COLUMN_BOOL) return c->numbers[row] != 0 ? "True" : "False";
    number_print(c->numbers[row], &s);
    const char *out = intern(text_str(&s));
    text_clear(&s);
    return out;
}

static struct plot *picture_of(const struct table *t, const struct column *c, int64_t row,
                               struct err *e) {
    struct plot *p = plot_new(e);
    if (!p || isnan(c->numbers[row])) return p;
    struct tensor *x = images_read(c->images, (int64_t)c->numbers[row], false, e);
    struct mark m = {.kind = MARK_IMAGE, .opacity = 1, .z = x};
    p->no_axes = true;
    p->title = caption(t, row);
    bool ok = x && plot_add(p, &m, e);
    if (!ok) return plot_unref(p), NULL;
    return p;
}

bool photos_figure(const struct table *t, int column, struct value *out, struct err *e) {
    enum { MOST = 40, ACROSS = 10 };
    int n = t->n_rows < MOST ? (int)t->n_rows : MOST;
    struct figure *f = figure_new(n, n < ACROSS ? (n ? n : 1) : ACROSS, e);
    bool ok = f != NULL;
    if (ok) f->gallery = true;
    for (int i = 0; ok && i < n; i++)
        ok = (f->plots[i] = picture_of(t, &t->columns[column], i, e)) != NULL;
    if (!ok) return figure_unref(f), false;
    return *out = (struct value){.kind = V_FIGURE, .figure = f}, true;
}
