/* Marks that fill an area: heat maps, images, contours, maps of decisions, frames on pictures. */
#include "plot_args.h"
#include "lang/eval/models/estimator.h"
#include "classic/estimator.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static bool matrix(struct call *c, int i, struct tensor **z) {
    struct shape none = shape_of(2, (int64_t[]){0, 0});
    if (c->args[i].kind == V_LIST && c->args[i].list->n == 0) /* [] is no numbers */
        return (*z = tensor_new(DT_FLOAT64, &none, c->ev->e)) != NULL;
    TRY(call_floats(c, i, z));
    if ((*z)->shape.n == 2) return true;
    tensor_unref(*z);
    *z = NULL;
    return call_fail(c, i, ERR_SHAPE, "%s draws a matrix [row, column].", c->row->name);
}

/* Coordinates or names of the columns or rows. */
static bool coordinates(struct call *c, const char *parameter, struct plot *p, struct tensor **at,
                        const char *const **names, int64_t *n_names) {
    int i;
    if (!plot_given(c, parameter, &i)) return true;
    if (!plot_is_texts(c->args[i])) return plot_vector(c, i, at);
    *names = plot_texts(c, c->args[i], p, n_names);
    return *names != NULL;
}

static bool heatmap_fits(struct call *c, const struct mark *m) {
    int64_t rows = m->z->shape.size[0], columns = m->z->shape.size[1];
    bool fits = (!m->x || m->x->count == columns) && (!m->y || m->y->count == rows) &&
                (!m->names || m->n_names == columns) && (!m->row_names || m->n_row_names == rows);
    return fits || call_fail(c, -1, ERR_SHAPE,
                             "x has one number or text for each column of the matrix, y one for "
                             "each row.");
}

bool fn_heatmap(struct call *c, struct value *out) {
    struct mark m = {.kind = MARK_HEATMAP, .opacity = 1};
    struct plot *p = plot_new(c->ev->e);
    bool ok = p && matrix(c, 0, &m.z) && coordinates(c, "x", p, &m.x, &m.names, &m.n_names) &&
              coordinates(c, "y", p, &m.y, &m.row_names, &m.n_row_names) && plot_common(c, p, &m) &&
              heatmap_fits(c, &m);
    return plot_finish(c, p, &m, ok, out);
}

static bool extent_of(struct call *c, struct mark *m) {
    struct tensor *t;
    int i;
    if (!plot_given(c, "extent", &i)) return true;
    TRY(call_floats(c, i, &t));
    bool ok = t->count == 4 ||
              call_fail(c, i, ERR_ARGUMENT, "`extent` is four numbers: left, right, bottom, top.");
    for (int k = 0; ok && k < 4; k++) m->extent[k] = tensor_get(t, k);
    m->has_extent = ok;
    tensor_unref(t);
    return ok;
}

static bool is_picture(const struct shape *s) {
    return s->n == 2 || (s->n == 3 && (s->size[2] == 1 || s->size[2] == 3 || s->size[2] == 4));
}

static bool picture(struct call *c, int i, struct tensor **z) {
    TRY(call_tensor(c, i, z));
    return is_picture(&(*z)->shape) ||
           call_fail(c, i, ERR_SHAPE,
                     "A picture is [height, width] or [height, width, channel].") ||
           (tensor_n_pictures(*z) > 1 &&
            err_hint(c->ev->e,
                     "grid(batch, columns=8) puts the pictures of a batch side by side."));
}

bool fn_image(struct call *c, struct value *out) {
    struct mark m = {.kind = MARK_IMAGE, .opacity = 1};
    struct plot *p = plot_new(c->ev->e);
    bool ok = p && picture(c, 0, &m.z) && plot_common(c, p, &m) && extent_of(c, &m);
    return plot_finish(c, p, &m, ok, out);
}

/* ---- contours ---- */

/* f at every point of a grid [y, x]. */
static bool sample_function(struct call *c, struct value f, struct mark *m, int64_t n) {
    struct shape s = shape_of(2, (int64_t[]){n, n}), two = shape_of(1, &(int64_t){2});
    m->z = tensor_new(DT_FLOAT64, &s, c->ev->e);
    for (int64_t i = 0; m->z && i < n * n; i++) {
        struct tensor *point = tensor_new(DT_FLOAT64, &two, c->ev->e);
        if (!point || stopped(c->ev, c->at)) return tensor_unref(point), false;
        ((double *)point->data)[0] = tensor_get(m->x, i % n);
        ((double *)point->data)[1] = tensor_get(m->y, i / n);
        struct value args = value_tensor(point), height;
        bool ok = call_simple(c->ev, f, &args, 1, c->at, &height);
        value_unref(args);
        if (!ok) return false;
        if (!value_is_number(height)) {
            value_unref(height);
            return call_fail(c, 0, ERR_TYPE,
                             "The function must give one number for a vector of two numbers.");
        }
        ((double *)m->z->data)[i] = value_number(height);
    }
    return m->z != NULL;
}

static struct tensor *spread_between(struct call *c, double a, double b, int64_t n) {
    struct tensor *t = fn_vector(n, c->ev->e);
    for (int64_t k = 0; t && k < n; k++)
        ((double *)t->data)[k] = a + (b - a) * (double)k / (double)(n - 1);
    return t;
}

static struct tensor *spread(struct call *c, int i, int64_t n) {
    struct tensor *range, *t = NULL;
    if (!call_floats(c, i, &range)) return NULL;
    if (range->count != 2 || tensor_get(range, 0) == tensor_get(range, 1))
        call_fail(c, i, ERR_ARGUMENT, "A range is two different numbers: [from, to].");
    else t = spread_between(c, tensor_get(range, 0), tensor_get(range, 1), n);
    tensor_unref(range);
    return t;
}

/* Heights in a matrix: x and y are the coordinates of its columns and rows. */
static bool contour_matrix(struct call *c, struct plot *p, struct mark *m) {
    TRY(matrix(c, 0, &m->z));
    int64_t rows = m->z->shape.size[0], columns = m->z->shape.size[1];
    if ((rows == 1 || columns == 1) && m->z->count > 0)
        return call_fail(c, 0, ERR_SHAPE,
                         "Lines of equal height need at least two rows and two columns; these are "
                         "%lld and %lld.",
                         (long long)rows, (long long)columns);
    return (!call_has(c, 1) || plot_vector(c, 1, &m->x)) &&
           (!call_has(c, 2) || plot_vector(c, 2, &m->y)) && heatmap_fits(c, m) &&
           plot_common(c, p, m);
}

static bool contour_function(struct call *c, struct plot *p, struct mark *m) {
    struct value f;
    int64_t n;
    TRY(call_function(c, 0, &f));
    TRY(call_int(c, 3, 100, &n));
    if (n < 2 || n > 1000) return call_fail(c, 3, ERR_VALUE, "From 2 to 1000 points each way.");
    if (!call_has(c, 1) || !call_has(c, 2))
        return call_fail(c, -1, ERR_ARGUMENT,
                         "contour of a function needs the ranges x and y: x=[-2, 2], y=[-2, 2].");
    m->x = spread(c, 1, n);
    m->y = m->x ? spread(c, 2, n) : NULL;
    return m->y && sample_function(c, f, m, n) && plot_common(c, p, m);
}

bool fn_contour(struct call *c, struct value *out) {
    struct mark m = {.kind = MARK_CONTOUR, .opacity = 1};
    int64_t levels;
    int i = plot_named(c, "levels");
    TRY(call_int(c, i, 12, &levels));
    if (levels < 2 || levels > 38) return call_fail(c, i, ERR_VALUE, "From 2 to 38 levels.");
    m.bins = (int)levels;
    struct plot *p = plot_new(c->ev->e);
    bool numbers = c->args[0].kind == V_TENSOR || c->args[0].kind == V_LIST;
    bool ok = p && (numbers ? contour_matrix(c, p, &m) : contour_function(c, p, &m));
    return plot_finish(c, p, &m, ok, out);
}

/* ---- decision_map ---- */

enum { ARG_MODEL, ARG_TABLE, ARG_X, ARG_Y, ARG_LABEL, ARG_N };

/* The examples and the classes that they have. */
struct decisions {
    struct plot *p;
    struct mark points, areas; /* points: x, y, color_by (+ classes); areas: z on a grid */
};

static bool map_column(struct call *c, int arg, struct tensor **out, struct plot *p,
                       struct mark *classes) {
    const struct table *t = c->args[ARG_TABLE].table;
    struct str name;
    TRY(call_text(c, arg, &name));
    int column = table_find(t, name);
    if (column < 0)
        return call_fail(c, arg, ERR_COLUMN, "The table has no column \"%.*s\".", (int)name.n,
                         name.p);
    const struct column *from = &t->columns[column];
    if (from->kind == COLUMN_TEXT && classes)
        return plot_number_texts(c, arg, p, from->texts, t->n_rows, classes);
    if (from->kind == COLUMN_CATEGORY && classes) {
        classes->classes = plot_keep_names(p, from->levels->names, from->levels->n, c->ev->e);
        classes->n_classes = from->levels->n;
        TRY(classes->classes != NULL);
    }
    if (from->kind == COLUMN_TEXT)
        return call_fail(c, arg, ERR_COLUMN, "\"%.*s\" holds texts, and an axis needs numbers.",
                         (int)name.n, name.p);
    *out = fn_vector(t->n_rows, c->ev->e);
    if (*out && t->n_rows) memcpy((*out)->data, from->numbers, (size_t)t->n_rows * sizeof(double));
    return *out != NULL;
}

static void range_with_room(const struct tensor *t, double *low, double *high) {
    *low = INFINITY;
    *high = -INFINITY;
    for (int64_t i = 0; i < t->count; i++) {
        double x = tensor_get(t, i);
        if (x < *low) *low = x;
        if (x > *high) *high = x;
    }
    if (!(*low <= *high)) *low = 0, *high = 1;
    double room = *high > *low ? 0.06 * (*high - *low) : 0.5;
    *low -= room;
    *high += room;
}

/* The grid's points as rows [x, y]. */
static bool grid_rows(struct call *c, const struct decisions *d, struct value *out) {
    int64_t n = d->areas.x->count, rows = n * n;
    struct shape s = shape_of(2, (int64_t[]){rows, 2});
    struct tensor *t = tensor_new(DT_FLOAT64, &s, c->ev->e);
    for (int64_t i = 0; t && i < rows; i++) {
        ((double *)t->data)[2 * i] = tensor_get(d->areas.x, i % n);
        ((double *)t->data)[2 * i + 1] = tensor_get(d->areas.y, i / n);
    }
    if (!t) return false;
    *out = value_tensor(t);
    return true;
}

/* The class of row i: the largest of k probabilities, or one probability or class number itself. */
static double row_class(const struct tensor *y, int64_t i, int64_t k, bool whole) {
    if (k == 1) return whole ? tensor_get(y, i) : tensor_get(y, i) > 0.5;
    int64_t best = 0;
    for (int64_t j = 1; j < k; j++)
        if (tensor_get(y, i * k + j) > tensor_get(y, i * k + best)) best = j;
    return (double)best;
}

static bool to_classes(struct call *c, const struct tensor *y, struct tensor *z) {
    int64_t n = z->count, k = y->shape.n == 2 ? y->shape.size[1] : 1;
    if (y->shape.n < 1 || y->shape.n > 2 || y->shape.size[0] != n)
        return call_fail(c, ARG_MODEL, ERR_SHAPE,
                         "A class or probabilities for each of the %lld points are wanted.",
                         (long long)n);
    bool whole = true;
    for (int64_t i = 0; k == 1 && i < n; i++)
        whole = whole && tensor_get(y, i) == floor(tensor_get(y, i));
    for (int64_t i = 0; i < n; i++) ((double *)z->data)[i] = row_class(y, i, k, whole);
    return true;
}

/* A classical model has learned names: its class 0 may be another one here. */
static void use_names_of(struct call *c, struct decisions *d) {
    struct value model = c->args[ARG_MODEL];
    const struct class_names *names =
        model.kind == V_ESTIMATOR ? estimator_value_classes(model.estimator) : NULL;
    if (!names || !names->texts || !d->points.classes) return;
    for (int64_t i = 0; i < d->areas.z->count; i++) {
        double *z = (double *)d->areas.z->data + i;
        const char *name = *z >= 0 && *z < names->n ? names->texts[(int)*z] : "";
        double here = NAN;
        for (int64_t k = 0; k < d->points.n_classes; k++)
            if (strcmp(d->points.classes[k], name) == 0) here = (double)k;
        *z = here;
    }
}

/* What the model or function says at every point of the grid, any of the forms above. */
static bool ask_model(struct call *c, struct decisions *d) {
    struct value rows, y, t;
    struct value model = c->args[ARG_MODEL];
    bool is_model = model.kind == V_MODEL || model.kind == V_ESTIMATOR;
    TRY(grid_rows(c, d, &rows));
    bool ok = is_model ? apply_any_model(c->ev, model, rows, c->spans[ARG_MODEL], &y)
                       : call_simple(c->ev, model, &rows, 1, c->at, &y);
    value_unref(rows);
    TRY(ok);
    ok = as_tensorlike(c->ev, y, &t);
    value_unref(y);
    TRY(ok);
    struct tensor *numbers = value_to_tensor(t, c->ev->e);
    value_unref(t);
    ok = numbers && to_classes(c, numbers, d->areas.z);
    tensor_unref(numbers);
    if (ok) use_names_of(c, d);
    return ok;
}

static bool make_grid(struct call *c, struct decisions *d, int64_t n) {
    double x0, x1, y0, y1;
    struct shape s = shape_of(2, (int64_t[]){n, n});
    range_with_room(d->points.x, &x0, &x1);
    range_with_room(d->points.y, &y0, &y1);
    d->areas.x = spread_between(c, x0, x1, n);
    d->areas.y = d->areas.x ? spread_between(c, y0, y1, n) : NULL;
    d->areas.z = d->areas.y ? tensor_new(DT_FLOAT64, &s, c->ev->e) : NULL;
    return d->areas.z != NULL;
}

/* The areas lie under the points and fill the panel. */
static bool put_together(struct call *c, struct decisions *d) {
    struct mark *a = &d->areas;
    struct plot *p = d->p;
    int64_t n = a->x->count;
    double half_x = (tensor_get(a->x, n - 1) - tensor_get(a->x, 0)) / (double)(n - 1) / 2;
    double half_y = (tensor_get(a->y, n - 1) - tensor_get(a->y, 0)) / (double)(n - 1) / 2;
    p->has_x_limits = p->has_y_limits = true;
    p->x_limits[0] = tensor_get(a->x, 0) - half_x;
    p->x_limits[1] = tensor_get(a->x, n - 1) + half_x;
    p->y_limits[0] = tensor_get(a->y, 0) - half_y;
    p->y_limits[1] = tensor_get(a->y, n - 1) + half_y;
    p->x_label = call_name(c, ARG_X);
    p->y_label = call_name(c, ARG_Y);
    p->legend_title = call_name(c, ARG_LABEL);
    a->kind = MARK_IMAGE;
    a->by_class = true;
    a->opacity = d->points.opacity = 1;
    d->points.kind = MARK_SCATTER;
    d->points.outlined = true;
    struct mark areas = *a, points = d->points;
    *a = d->points = (struct mark){0};
    bool ok = plot_add(p, &areas, c->ev->e);
    if (!ok) return plot_mark_clear(&points), false;
    return plot_add(p, &points, c->ev->e);
}

bool fn_decision_map(struct call *c, struct value *out) {
    struct decisions d = {.p = NULL};
    int64_t n;
    if (c->args[ARG_TABLE].kind != V_TABLE)
        return call_fail(c, ARG_TABLE, ERR_TYPE,
                         "decision_map takes a table with the columns to show, and this is %s.",
                         value_kind_words(c->args[ARG_TABLE].kind));
    TRY(call_int(c, ARG_N, 160, &n));
    if (n < 2 || n > 1000) return call_fail(c, ARG_N, ERR_VALUE, "From 2 to 1000 points each way.");
    d.p = plot_new(c->ev->e);
    bool ok = d.p && map_column(c, ARG_X, &d.points.x, d.p, NULL) &&
              map_column(c, ARG_Y, &d.points.y, d.p, NULL) &&
              map_column(c, ARG_LABEL, &d.points.color_by, d.p, &d.points) && make_grid(c, &d, n) &&
              ask_model(c, &d) && put_together(c, &d);
    plot_mark_clear(&d.points);
    plot_mark_clear(&d.areas);
    if (!ok) return plot_unref(d.p), false;
    plot_own(c, d.p);
    *out = (struct value){.kind = V_PLOT, .plot = d.p};
    return true;
}

/* ---- frames on a picture ---- */

enum { BOX_IMAGE, BOX_BOXES, BOX_LABELS };

/* Columns left, top, right, bottom of a table as [n, 4]. */
static bool frames_of_table(struct call *c, const struct table *t, struct tensor **z) {
    static const char *const sides[] = {"left", "top", "right", "bottom"};
    struct shape s = shape_of(2, (int64_t[]){t->n_rows, 4});
    *z = tensor_new(DT_FLOAT64, &s, c->ev->e);
    for (int k = 0; *z && k < 4; k++) {
        int column = table_find(t, str_of(sides[k]));
        if (column < 0 || t->columns[column].kind == COLUMN_TEXT)
            return call_fail(c, BOX_BOXES, ERR_COLUMN,
                             "The table has no numbers \"%s\": frames have left, top, right and "
                             "bottom, in pixels.",
                             sides[k]);
        for (int64_t i = 0; i < t->n_rows; i++)
            ((double *)(*z)->data)[i * 4 + k] = t->columns[column].numbers[i];
    }
    return *z != NULL;
}

/* The names in a table: its column "label", "class" or "name", with "confidence" as percents. */
static bool names_of_table(struct call *c, const struct table *t, struct plot *p, struct mark *m) {
    static const char *const known[] = {"label", "class", "name"};
    int column = -1, confidence = table_find(t, STR("confidence"));
    for (size_t k = 0; column < 0 && k < ARRAY_LEN(known); k++)
        column = table_find(t, str_of(known[k]));
    if (column < 0 || t->columns[column].kind != COLUMN_TEXT) return true;
    const char *const *texts = t->columns[column].texts;
    TRY(plot_number_texts(c, BOX_BOXES, p, texts, t->n_rows, m));
    const char **names = pool_need((size_t)t->n_rows * sizeof *names + 1, c->ev->e);
    for (int64_t i = 0; names && i < t->n_rows; i++) {
        char both[128];
        bool sure = confidence >= 0 && t->columns[confidence].kind != COLUMN_TEXT;
        double share = sure ? t->columns[confidence].numbers[i] : 0;
        snprintf(both, sizeof both, sure ? "%s %.0f%%" : "%s", texts[i] ? texts[i] : "",
                 100 * share);
        names[i] = intern_c(both);
    }
    m->names = names ? plot_keep_names(p, names, t->n_rows, c->ev->e) : NULL;
    m->n_names = t->n_rows;
    pool_free(names);
    return m->names != NULL;
}

static bool frames(struct call *c, struct plot *p, struct mark *m) {
    struct value v = c->args[BOX_BOXES];
    if (v.kind == V_TABLE)
        return frames_of_table(c, v.table, &m->z) && names_of_table(c, v.table, p, m);
    TRY(matrix(c, BOX_BOXES, &m->z));
    return m->z->shape.size[1] >= 4 ||
           call_fail(c, BOX_BOXES, ERR_SHAPE,
                     "Each frame is four numbers: left, top, right, bottom, in pixels.");
}

static bool frame_labels(struct call *c, struct plot *p, struct mark *m) {
    if (!call_has(c, BOX_LABELS)) return true;
    if (plot_is_texts(c->args[BOX_LABELS])) {
        m->names = plot_texts(c, c->args[BOX_LABELS], p, &m->n_names);
        TRY(m->names != NULL);
        tensor_unref(m->color_by);
        m->color_by = NULL;
        TRY(plot_number_texts(c, BOX_LABELS, p, m->names, m->n_names, m));
    }
    return m->n_names == m->z->shape.size[0] ||
           call_fail(c, BOX_LABELS, ERR_ARGUMENT,
                     "`labels` is a list with one text for each frame.");
}

bool fn_show_boxes(struct call *c, struct value *out) {
    struct mark image = {.kind = MARK_IMAGE, .opacity = 1}, m = {.kind = MARK_FRAME, .opacity = 1};
    struct plot *p = plot_new(c->ev->e);
    if (p) p->no_axes = true;
    bool ok = p && picture(c, BOX_IMAGE, &image.z);
    if (!ok) return plot_mark_clear(&image), plot_unref(p), false;
    if (!plot_add(p, &image, c->ev->e)) return plot_unref(p), false;
    ok = frames(c, p, &m) && frame_labels(c, p, &m) && plot_common(c, p, &m);
    return plot_finish(c, p, &m, ok, out);
}

/* ---- heat: a table with coloured cells ---- */

static struct table *heat_table(struct call *c) {
    struct value v = c->args[0];
    if (v.kind == V_TABLE || v.kind == V_HISTORY) return table_ref(v.table);
    struct tensor *x;
    if (!call_floats(c, 0, &x)) return NULL;
    struct table *t = x->shape.n <= 2 ? table_from_tensor(x, NULL, c->ev->e) : NULL;
    if (x->shape.n > 2)
        call_fail(c, 0, ERR_SHAPE, "heat colours a table or a matrix [row, column].");
    tensor_unref(x);
    return t;
}

bool fn_heat(struct call *c, struct value *out) {
    struct figure *f = figure_new(0, 1, c->ev->e);
    struct heat *heat = f ? pool_need(sizeof *heat, c->ev->e) : NULL;
    struct table *t = heat ? heat_table(c) : NULL;
    if (!t || !plot_common(c, NULL, &heat->colors)) {
        table_unref(t);
        pool_free(heat);
        return figure_unref(f), false;
    }
    heat->table = t;
    heat->free_table = table_unref;
    f->heat = heat;
    *out = (struct value){.kind = V_FIGURE, .figure = f};
    return true;
}
