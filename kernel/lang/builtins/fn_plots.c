/* Marks and figures: what to draw, as data for the display. */
#include "fn.h"
#include "nn/train.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- arguments ---- */

static bool vector(struct call *c, int i, struct tensor **out) {
    TRY(call_floats(c, i, out));
    if ((*out)->shape.n == 2 && ((*out)->shape.size[0] == 1 || (*out)->shape.size[1] == 1)) {
        struct shape s = shape_of(1, &(*out)->count);
        struct tensor *flat = tensor_with_shape(*out, &s, c->ev->e);
        tensor_unref(*out);
        *out = flat;
        return flat != NULL;
    }
    if ((*out)->shape.n == 1) return true;
    char shape[96];
    call_fail(c, i, ERR_SHAPE, "`%s` of %s is one row of numbers.",
              c->signature->parameters[i].name, c->row->name);
    err_label(c->ev->e, "has the shape %s", shape_print(&(*out)->shape, shape, sizeof shape));
    tensor_unref(*out);
    *out = NULL;
    return false;
}

static int named(const struct call *c, const char *name) {
    for (int i = 0; i < c->signature->n; i++) {
        if (strcmp(c->signature->parameters[i].name, name) == 0) return i;
    }
    return -1;
}

static bool given(const struct call *c, const char *name, int *i) {
    *i = named(c, name);
    return *i >= 0 && call_has(c, *i);
}

/* A text that drawing must know. */
static bool known_name(struct call *c, int i, bool (*knows)(struct str), const char *what,
                       const char *examples, const char **out) {
    struct str s;
    TRY(call_text(c, i, &s));
    *out = call_name(c, i);
    if (knows(s)) return true;
    call_fail(c, i, ERR_VALUE, "\"%.*s\" is not a %s.", (int)(s.n < 60 ? s.n : 60), s.p, what);
    return err_hint(c->ev->e, "%s", examples);
}

/* color: a name, or one number per point. */
static bool color_of(struct call *c, struct mark *m) {
    int i;
    if (!given(c, "color", &i)) return true;
    if (c->args[i].kind == V_TEXT)
        return known_name(c, i, plot_knows_color, "colour",
                          "Colours are names such as \"red\" or \"steelblue\", or \"#cc0000\".",
                          &m->color);
    return vector(c, i, &m->color_by);
}

static const char *as_label(struct call *c, int i) {
    struct text t = {0};
    value_print(c->args[i], &t);
    const char *name = intern(text_str(&t));
    text_clear(&t);
    return name;
}

static bool common(struct call *c, struct mark *m) {
    int i;
    if (given(c, "label", &i)) m->label = as_label(c, i);
    if (given(c, "marker", &i))
        TRY(known_name(c, i, plot_knows_marker, "marker", "The markers are: o . s x + ^ v d",
                       &m->marker));
    if (given(c, "colormap", &i))
        TRY(known_name(
            c, i, plot_knows_colormap, "colour map",
            "Colour maps are viridis, magma, gray, coolwarm, RdYlGn and others; an added "
            "_r reverses them.",
            &m->colormap));
    if (given(c, "step", &i)) TRY(call_bool(c, i, false, &m->step));
    if (given(c, "dashed", &i)) TRY(call_bool(c, i, false, &m->dashed));
    if (given(c, "density", &i)) TRY(call_bool(c, i, false, &m->density));
    if (given(c, "annotate", &i)) TRY(call_bool(c, i, false, &m->annotate));
    if (given(c, "opacity", &i)) TRY(call_number(c, i, 1, &m->opacity));
    if (given(c, "size", &i)) TRY(call_number(c, i, 0, &m->size));
    if (given(c, "width", &i)) TRY(call_number(c, i, 0, &m->size));
    m->has_center = given(c, "center", &i);
    if (m->has_center) TRY(call_number(c, i, 0, &m->center));
    bool low = given(c, "low", &i) && c->row->fn != fn_band;
    if (low) TRY(call_number(c, i, 0, &m->low));
    bool high = given(c, "high", &i) && c->row->fn != fn_band;
    if (high) TRY(call_number(c, i, 1, &m->high));
    if (low != high) return call_fail(c, -1, ERR_ARGUMENT, "`low` and `high` are given together.");
    m->has_range = low;
    return color_of(c, m);
}

static void mark_clear(struct mark *m) {
    tensor_unref(m->x);
    tensor_unref(m->y);
    tensor_unref(m->z);
    tensor_unref(m->color_by);
}

/* A plot with this one mark; `title` and `legend` arguments belong to the plot. */
static bool finish(struct call *c, struct mark *m, struct value *out) {
    int i;
    struct plot *p = plot_new(c->ev->e);
    if (!p) return mark_clear(m), false;
    if (!plot_add(p, m, c->ev->e)) return plot_unref(p), false;
    if (given(c, "title", &i)) p->title = call_name(c, i);
    if (given(c, "legend", &i)) p->legend_title = call_name(c, i);
    *out = (struct value){.kind = V_PLOT, .plot = p};
    return true;
}

static bool same_length(struct call *c, const struct tensor *x, const struct tensor *y) {
    if (x->count == y->count) return true;
    call_fail(c, -1, ERR_SHAPE, "x and y must have the same length: each point has both.");
    err_fact(c->ev->e, "x", "%lld numbers", (long long)x->count);
    return err_fact(c->ev->e, "y", "%lld numbers", (long long)y->count);
}

/* While checking, x and y by their descriptions. */
bool plot_check(struct call *c) {
    struct desc x, y;
    bool xy = c->row->fn == fn_line || c->row->fn == fn_scatter || c->row->fn == fn_bar;
    bool known = xy && value_describe(c->args[0], &x) && value_describe(c->args[1], &y) &&
                 x.shape.n == 1 && y.shape.n == 1 && x.shape.size[0] >= 0 && y.shape.size[0] >= 0;
    if (!known || x.shape.size[0] == y.shape.size[0]) return true;
    call_fail(c, -1, ERR_SHAPE, "x and y must have the same length: each point has both.");
    err_fact(c->ev->e, "x", "%lld numbers", (long long)x.shape.size[0]);
    return err_fact(c->ev->e, "y", "%lld numbers", (long long)y.shape.size[0]);
}

/* line(y) alone counts x from 0. */
static bool xy(struct call *c, struct mark *m) {
    if (!call_has(c, 1)) {
        TRY(vector(c, 0, &m->y));
        m->x = fn_vector(m->y->count, c->ev->e);
        if (!m->x) return false;
        for (int64_t i = 0; i < m->x->count; i++) ((double *)m->x->data)[i] = (double)i;
        return true;
    }
    return vector(c, 0, &m->x) && vector(c, 1, &m->y) && same_length(c, m->x, m->y);
}

/* ---- line, also in groups ---- */

static struct tensor *pick_group(struct call *c, const struct tensor *from,
                                 const struct tensor *group, double key) {
    int64_t n = 0;
    for (int64_t i = 0; i < group->count; i++) n += tensor_get(group, i) == key;
    struct tensor *t = fn_vector(n, c->ev->e);
    int64_t k = 0;
    for (int64_t i = 0; t && i < group->count; i++) {
        if (tensor_get(group, i) == key) ((double *)t->data)[k++] = tensor_get(from, i);
    }
    return t;
}

static bool seen_before(const struct tensor *group, int64_t i) {
    for (int64_t k = 0; k < i; k++) {
        if (tensor_get(group, k) == tensor_get(group, i)) return true;
    }
    return false;
}

static bool grouped(struct call *c, const struct mark *whole, const struct tensor *group,
                    struct plot *p) {
    enum { MOST_GROUPS = 256 };
    int n_groups = 0;
    for (int64_t i = 0; i < group->count; i++) {
        char label[40];
        if (seen_before(group, i)) continue;
        if (++n_groups > MOST_GROUPS)
            return err_set(c->ev->e, ERR_VALUE, "More than %d groups.", MOST_GROUPS);
        double key = tensor_get(group, i);
        struct mark m = *whole;
        m.x = pick_group(c, whole->x, group, key);
        m.y = pick_group(c, whole->y, group, key);
        snprintf(label, sizeof label, "%.6g", key);
        m.label = intern_c(label);
        m.color_by = NULL;
        m.z = NULL;
        if (!m.x || !m.y) return mark_clear(&m), false;
        TRY(plot_add(p, &m, c->ev->e));
    }
    return true;
}

static bool line_groups(struct call *c, int i, struct mark *m, struct value *out) {
    struct tensor *group;
    bool ok = vector(c, i, &group);
    struct plot *p = ok ? plot_new(c->ev->e) : NULL;
    ok = p && (group->count == m->x->count ||
               call_fail(c, i, ERR_SHAPE, "`group` has one entry for each point."));
    ok = ok && grouped(c, m, group, p);
    if (ok && given(c, "title", &i)) p->title = call_name(c, i);
    if (ok && given(c, "legend", &i)) p->legend_title = call_name(c, i);
    tensor_unref(group);
    mark_clear(m);
    if (!ok) return plot_unref(p), false;
    *out = (struct value){.kind = V_PLOT, .plot = p};
    return true;
}

bool fn_line(struct call *c, struct value *out) {
    struct mark m = {.kind = MARK_LINE, .opacity = 1};
    int i;
    if (!xy(c, &m) || !common(c, &m)) return mark_clear(&m), false;
    if (given(c, "group", &i)) return line_groups(c, i, &m, out);
    return finish(c, &m, out);
}

bool fn_scatter(struct call *c, struct value *out) {
    struct mark m = {.kind = MARK_SCATTER, .opacity = 1};
    if (!xy(c, &m) || !common(c, &m)) return mark_clear(&m), false;
    return finish(c, &m, out);
}

static bool bar_names(struct call *c, struct mark *m, struct plot *p) {
    const struct list *l = c->args[0].list;
    struct arena *a = arena_new(1 << 20);
    const char **names = a ? arena_alloc(a, (size_t)l->n * sizeof *names + 1) : NULL;
    if (!names) return err_memory(c->ev->e, 1 << 20);
    p->owner = a;
    m->x = fn_vector(l->n, c->ev->e);
    for (int i = 0; m->x && i < l->n; i++) {
        ((double *)m->x->data)[i] = i;
        names[i] = l->items[i].kind == V_TEXT ? intern(value_str(&l->items[i])) : "";
    }
    m->names = names;
    return m->x != NULL;
}

bool fn_bar(struct call *c, struct value *out) {
    struct mark m = {.kind = MARK_BAR, .opacity = 1};
    int i;
    if (c->args[0].kind != V_LIST || c->args[0].list->n == 0 ||
        c->args[0].list->items[0].kind != V_TEXT) {
        if (!xy(c, &m) || !common(c, &m)) return mark_clear(&m), false;
        return finish(c, &m, out);
    }
    struct plot *p = plot_new(c->ev->e);
    bool ok =
        p && vector(c, 1, &m.y) && bar_names(c, &m, p) && same_length(c, m.x, m.y) && common(c, &m);
    if (!ok) return mark_clear(&m), plot_unref(p), false;
    if (!plot_add(p, &m, c->ev->e)) return plot_unref(p), false;
    if (given(c, "title", &i)) p->title = call_name(c, i);
    *out = (struct value){.kind = V_PLOT, .plot = p};
    return true;
}

bool fn_hist(struct call *c, struct value *out) {
    struct mark m = {.kind = MARK_HIST, .opacity = 1};
    int64_t bins;
    TRY(call_int(c, 1, 30, &bins));
    if (bins < 1 || bins > 10000) return call_fail(c, 1, ERR_VALUE, "From 1 to 10000 bins.");
    m.bins = (int)bins;
    TRY(call_floats(c, 0, &m.x));
    struct shape s = shape_of(1, &m.x->count);
    struct tensor *flat = tensor_with_shape(m.x, &s, c->ev->e);
    tensor_unref(m.x);
    m.x = flat;
    if (!flat || !common(c, &m)) return mark_clear(&m), false;
    return finish(c, &m, out);
}

bool fn_band(struct call *c, struct value *out) {
    struct mark m = {.kind = MARK_BAND, .opacity = 1};
    bool ok = vector(c, 0, &m.x) && vector(c, 1, &m.y) && vector(c, 2, &m.z) &&
              same_length(c, m.x, m.y) && same_length(c, m.x, m.z) && common(c, &m);
    if (!ok) return mark_clear(&m), false;
    return finish(c, &m, out);
}

static bool matrix(struct call *c, int i, struct tensor **z) {
    TRY(call_floats(c, i, z));
    if ((*z)->shape.n == 2) return true;
    tensor_unref(*z);
    *z = NULL;
    return call_fail(c, i, ERR_SHAPE, "%s draws a matrix [row, column].", c->row->name);
}

bool fn_heatmap(struct call *c, struct value *out) {
    struct mark m = {.kind = MARK_HEATMAP, .opacity = 1};
    bool ok = matrix(c, 0, &m.z) && (!call_has(c, 1) || vector(c, 1, &m.x)) &&
              (!call_has(c, 2) || vector(c, 2, &m.y)) && common(c, &m);
    bool fits = ok && (!m.x || m.x->count == m.z->shape.size[1]) &&
                (!m.y || m.y->count == m.z->shape.size[0]);
    if (ok && !fits)
        call_fail(c, -1, ERR_SHAPE,
                  "x has one number for each column of the matrix, y one for "
                  "each row.");
    if (!fits) return mark_clear(&m), false;
    return finish(c, &m, out);
}

static bool extent_of(struct call *c, struct mark *m) {
    struct tensor *t;
    int i;
    if (!given(c, "extent", &i)) return true;
    TRY(call_floats(c, i, &t));
    bool ok = t->count == 4 ||
              call_fail(c, i, ERR_ARGUMENT, "`extent` is four numbers: left, right, bottom, top.");
    for (int k = 0; ok && k < 4; k++) m->extent[k] = tensor_get(t, k);
    m->has_extent = ok;
    tensor_unref(t);
    return ok;
}

bool fn_image(struct call *c, struct value *out) {
    struct mark m = {.kind = MARK_IMAGE, .opacity = 1};
    TRY(call_tensor(c, 0, &m.z));
    const struct shape *s = &m.z->shape;
    bool fits = s->n == 2 || (s->n == 3 && (s->size[2] == 1 || s->size[2] == 3 || s->size[2] == 4));
    if (!fits)
        call_fail(c, 0, ERR_SHAPE, "A picture is [height, width] or [height, width, channel].");
    if (!fits || !common(c, &m) || !extent_of(c, &m)) return mark_clear(&m), false;
    return finish(c, &m, out);
}

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

static struct tensor *spread(struct call *c, int i, int64_t n) {
    struct tensor *range, *t = NULL;
    if (!call_floats(c, i, &range)) return NULL;
    if (range->count != 2) call_fail(c, i, ERR_ARGUMENT, "A range is two numbers: [from, to].");
    else t = fn_vector(n, c->ev->e);
    double a = tensor_get(range, 0), b = range->count > 1 ? tensor_get(range, 1) : a;
    for (int64_t k = 0; t && k < n; k++)
        ((double *)t->data)[k] = a + (b - a) * (double)k / (double)(n - 1);
    tensor_unref(range);
    return t;
}

bool fn_contour(struct call *c, struct value *out) {
    struct mark m = {.kind = MARK_CONTOUR, .opacity = 1};
    struct value f;
    int64_t n;
    TRY(call_function(c, 0, &f));
    TRY(call_int(c, 3, 100, &n));
    if (n < 2 || n > 1000) return call_fail(c, 3, ERR_VALUE, "From 2 to 1000 points each way.");
    m.x = spread(c, 1, n);
    m.y = m.x ? spread(c, 2, n) : NULL;
    if (!m.y || !sample_function(c, f, &m, n)) return mark_clear(&m), false;
    return finish(c, &m, out);
}

/* ---- figures ---- */

bool fn_grid(struct call *c, struct value *out) {
    struct value items[64];
    int n = 0;
    int64_t columns;
    for (int i = 0; i < c->n_rest; i++) {
        struct value v = c->actuals[c->rest[i]].value;
        if (v.kind == V_LIST)
            for (int k = 0; k < v.list->n && n < 64; k++) items[n++] = v.list->items[k];
        else if (n < 64) items[n++] = v;
    }
    TRY(call_int(c, named(c, "columns"), 2, &columns));
    for (int i = 0; i < n; i++) {
        if (items[i].kind != V_PLOT)
            return call_fail(c, -1, ERR_TYPE,
                             "grid puts plots side by side, and one of these is %s.",
                             value_kind_words(items[i].kind));
    }
    if (n == 0 || columns < 1)
        return call_fail(c, -1, ERR_ARGUMENT, "grid needs plots, and at least one column.");
    struct figure *f = figure_new(n, (int)(columns < n ? columns : n), c->ev->e);
    if (!f) return false;
    for (int i = 0; i < n; i++) f->plots[i] = plot_ref(items[i].plot);
    f->title = call_name(c, named(c, "title"));
    *out = (struct value){.kind = V_FIGURE, .figure = f};
    return true;
}

/* A batch of pictures [n, h, w] or [n, h, w, 1|3]? */
static bool is_batch(struct value v) {
    if (v.kind != V_TENSOR) return false;
    const struct shape *s = &v.tensor->shape;
    if (s->n == 4) return s->size[3] == 1 || s->size[3] == 3 || s->size[3] == 4;
    return s->n == 3 && s->size[0] >= 1 && s->size[1] >= 4 && s->size[2] >= 4;
}

static bool gallery_rows(struct call *c, struct figure *f, int64_t columns) {
    int at = 0;
    for (int i = 0; i < c->n_rest; i++) {
        struct value v = c->actuals[c->rest[i]].value;
        int64_t n = v.tensor->shape.size[0];
        for (int64_t k = 0; k < columns; k++) {
            struct plot *p = plot_new(c->ev->e);
            struct value item;
            if (!p) return false;
            f->plots[at++] = p;
            p->no_axes = true;
            if (k >= n) continue;
            TRY(iterate_item(c->ev, v, k, &item));
            struct mark m = {.kind = MARK_IMAGE, .opacity = 1, .z = item.tensor};
            TRY(plot_add(p, &m, c->ev->e));
        }
    }
    return true;
}

enum { GALLERY_WIDTH = 20 };

static bool row_labels(struct call *c, struct figure *f) {
    int i = named(c, "rows");
    if (!call_has(c, i)) return true;
    if (c->args[i].kind != V_LIST || c->args[i].list->n != c->n_rest)
        return call_fail(c, i, ERR_ARGUMENT,
                         "`rows` is a list with one text for each row of pictures.");
    f->row_labels = pool_need((size_t)c->n_rest * sizeof *f->row_labels, c->ev->e);
    if (!f->row_labels) return false;
    f->n_row_labels = c->n_rest;
    for (int k = 0; k < c->n_rest; k++) {
        struct value v = c->args[i].list->items[k];
        f->row_labels[k] = v.kind == V_TEXT ? intern(value_str(&v)) : "";
    }
    return true;
}

static bool gallery(struct call *c, struct value *out) {
    int64_t columns = 0;
    for (int i = 0; i < c->n_rest; i++) {
        int64_t n = c->actuals[c->rest[i]].value.tensor->shape.size[0];
        if (n > columns) columns = n;
    }
    if (columns > GALLERY_WIDTH) columns = GALLERY_WIDTH;
    struct figure *f = figure_new(c->n_rest * (int)columns, (int)columns, c->ev->e);
    if (!f) return false;
    f->gallery = true;
    f->title = call_name(c, named(c, "title"));
    if (!gallery_rows(c, f, columns) || !row_labels(c, f)) return figure_unref(f), false;
    *out = (struct value){.kind = V_FIGURE, .figure = f};
    return true;
}

bool fn_show(struct call *c, struct value *out) {
    const struct engine_observer *o = c->ev->observer;
    bool pictures = c->n_rest > 0;
    *out = value_none();
    if (!o->show) return true;
    const char *title = call_name(c, named(c, "title"));
    for (int i = 0; i < c->n_rest; i++)
        pictures = pictures && is_batch(c->actuals[c->rest[i]].value);
    if (pictures) {
        struct value f;
        TRY(gallery(c, &f));
        o->show(o->user, f, title, false);
        value_unref(f);
        return true;
    }
    for (int i = 0; i < c->n_rest; i++)
        o->show(o->user, c->actuals[c->rest[i]].value, i ? NULL : title, false);
    return true;
}
