/* Arguments that the functions of plots share. */
#include "plot_args.h"
#include "lang/eval/tables/column_ops.h"
#include <math.h>
#include <string.h>

int plot_named(const struct call *c, const char *name) {
    for (int i = 0; i < c->signature->n; i++) {
        if (strcmp(c->signature->parameters[i].name, name) == 0) return i;
    }
    return -1;
}

bool plot_given(const struct call *c, const char *name, int *i) {
    *i = plot_named(c, name);
    return *i >= 0 && call_has(c, *i);
}

/* Not a column: NULL. */
static const struct column *as_column(struct value v) {
    return v.kind == V_COLUMN ? column_of(v) : NULL;
}

/* Times as seconds, categories as the numbers of their levels. */
static bool vector_of_column(struct call *c, const struct column *column, int64_t n,
                             struct tensor **out) {
    *out = fn_vector(n, c->ev->e);
    if (*out && n > 0) memcpy((*out)->data, column->numbers, (size_t)n * sizeof(double));
    return *out != NULL;
}

bool plot_vector(struct call *c, int i, struct tensor **out) {
    if (c->args[i].kind == V_TIME) {
        *out = fn_vector(1, c->ev->e);
        if (*out) ((double *)(*out)->data)[0] = c->args[i].number;
        return *out != NULL;
    }
    if (c->args[i].kind == V_LIST && c->args[i].list->n == 0) { /* [] is no numbers */
        *out = fn_vector(0, c->ev->e);
        return *out != NULL;
    }
    const struct column *column = as_column(c->args[i]);
    if (column && column->kind != COLUMN_TEXT)
        return vector_of_column(c, column, c->args[i].table->n_rows, out);
    TRY(call_floats(c, i, out));
    const struct shape *shape = &(*out)->shape;
    if (shape->n == 0 || (shape->n == 2 && (shape->size[0] == 1 || shape->size[1] == 1))) {
        struct shape s = shape_of(1, &(*out)->count);
        struct tensor *flat = tensor_with_shape(*out, &s, c->ev->e);
        tensor_unref(*out);
        *out = flat;
        return flat != NULL;
    }
    if (shape->n == 1) return true;
    char text[96];
    call_fail(c, i, ERR_SHAPE, "`%s` of %s is one row of numbers.",
              c->signature->parameters[i].name, c->row->name);
    err_label(c->ev->e, "has the shape %s", shape_print(shape, text, sizeof text));
    tensor_unref(*out);
    *out = NULL;
    return false;
}

/* ---- texts ---- */

bool plot_is_texts(struct value v) {
    const struct column *c = as_column(v);
    if (c) return c->kind == COLUMN_TEXT || c->kind == COLUMN_CATEGORY;
    return v.kind == V_LIST && v.list->n > 0 && v.list->items[0].kind == V_TEXT;
}

static bool not_a_text(struct call *c, struct value v, int64_t i) {
    err_set(c->ev->e, ERR_TYPE, "A list of texts is wanted here, and element %lld is %s.",
            (long long)i, value_kind_words(v.kind));
    return false;
}

const char **plot_texts(struct call *c, struct value v, struct plot *p, int64_t *n) {
    const struct column *column = as_column(v);
    *n = column ? v.table->n_rows : v.list->n;
    const char **texts = pool_need((size_t)*n * sizeof *texts + 1, c->ev->e), **kept = NULL;
    bool ok = texts != NULL;
    for (int64_t i = 0; ok && column && i < *n; i++) texts[i] = column_text(column, i);
    for (int64_t i = 0; ok && !column && i < *n; i++) {
        const struct value *item = &v.list->items[i];
        ok = item->kind == V_TEXT || not_a_text(c, *item, i);
        if (ok) texts[i] = item->text->bytes;
    }
    if (ok) kept = plot_keep_names(p, texts, *n, c->ev->e);
    pool_free(texts);
    return kept;
}

/* t.line("week", "y"), line(t): marks draw columns. */
static bool is_no_table(struct call *c, int i) {
    enum value_kind k = c->args[i].kind;
    if (k != V_TABLE && k != V_HISTORY) return true;
    call_fail(c, i, ERR_TYPE, "%s draws columns, and this is a table.", c->row->name);
    return err_hint(c->ev->e,
                    "Name them: %s(t.week, t.price). Points from a table: "
                    "t.plot(x=\"week\", y=\"price\").",
                    c->row->name);
}

bool plot_positions(struct call *c, int i, struct plot *p, struct mark *m) {
    TRY(is_no_table(c, i));
    const struct column *column = as_column(c->args[i]);
    m->time_x = c->args[i].kind == V_TIME || (column && column->kind == COLUMN_TIME);
    if (!plot_is_texts(c->args[i])) return plot_vector(c, i, &m->x);
    m->names = plot_texts(c, c->args[i], p, &m->n_names);
    m->x = m->names ? fn_vector(m->n_names, c->ev->e) : NULL;
    for (int64_t k = 0; m->x && k < m->n_names; k++) ((double *)m->x->data)[k] = (double)k;
    return m->x != NULL;
}

/* ---- colours ---- */

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

static int64_t find_text(const char *const *all, int64_t n, const char *s) {
    for (int64_t i = 0; i < n; i++)
        if (strcmp(all[i], s) == 0) return i;
    return n;
}

bool plot_number_texts(struct call *c, int i, struct plot *p, const char *const *texts, int64_t n,
                       struct mark *m) {
    enum { MOST = 24 };
    const char *all[MOST];
    int64_t n_classes = 0;
    m->color_by = fn_vector(n, c->ev->e);
    for (int64_t k = 0; m->color_by && k < n; k++) {
        if (!texts[k]) {
            ((double *)m->color_by->data)[k] = NAN;
            continue;
        }
        int64_t at = find_text(all, n_classes, texts[k]);
        if (at == MOST)
            return call_fail(c, i, ERR_VALUE,
                             "More than %d classes cannot be told apart by colour.", MOST);
        if (at == n_classes) all[n_classes++] = texts[k];
        ((double *)m->color_by->data)[k] = (double)at;
    }
    m->classes = m->color_by ? plot_keep_names(p, all, n_classes, c->ev->e) : NULL;
    m->n_classes = n_classes;
    return m->classes != NULL;
}

bool plot_classes(struct call *c, int i, struct plot *p, struct mark *m) {
    const struct column *column = as_column(c->args[i]);
    if (!plot_is_texts(c->args[i])) return plot_vector(c, i, &m->color_by);
    int64_t n;
    if (column && column->kind == COLUMN_TEXT)
        return plot_number_texts(c, i, p, (const char *const *)column->texts,
                                 c->args[i].table->n_rows, m);
    if (column) { /* a category's levels keep their order, also those that do not occur */
        m->classes = plot_keep_names(p, column->levels->names, column->levels->n, c->ev->e);
        m->n_classes = column->levels->n;
        return m->classes && plot_vector(c, i, &m->color_by);
    }
    const char **texts = plot_texts(c, c->args[i], p, &n);
    return texts && plot_number_texts(c, i, p, texts, n, m);
}

/* color: a name, one number per point, or one text per point. */
static bool color_of(struct call *c, struct plot *p, struct mark *m) {
    int i;
    if (!plot_given(c, "color", &i)) return true;
    if (c->args[i].kind == V_TEXT)
        return known_name(c, i, plot_knows_color, "colour",
                          "Colours are names such as \"red\" or \"steelblue\", or \"#cc0000\".",
                          &m->color);
    return plot_classes(c, i, p, m);
}

/* ---- the rest ---- */

static const char *as_label(struct call *c, int i) {
    struct text t = {0};
    value_print(c->args[i], &t);
    const char *name = intern(text_str(&t));
    text_clear(&t);
    return name;
}

static bool names_of(struct call *c, struct mark *m) {
    int i;
    if (plot_given(c, "label", &i) && c->args[i].kind != V_LIST) m->label = as_label(c, i);
    if (plot_given(c, "marker", &i))
        TRY(known_name(c, i, plot_knows_marker, "marker", "The markers are: o . s x + ^ v d",
                       &m->marker));
    if (!plot_given(c, "colormap", &i)) return true;
    return known_name(c, i, plot_knows_colormap, "colour map",
                      "Colour maps are viridis, magma, gray, coolwarm, RdYlGn and others; an added "
                      "_r reverses them.",
                      &m->colormap);
}

static bool switches_of(struct call *c, struct mark *m) {
    const struct {
        const char *name;
        bool *to;
    } all[] = {{"step", &m->step},         {"dashed", &m->dashed}, {"density", &m->density},
               {"annotate", &m->annotate}, {"path", &m->path},     {"horizontal", &m->horizontal},
               {"stacked", &m->stacked},   {"filled", &m->filled}};
    for (size_t k = 0; k < ARRAY_LEN(all); k++) {
        int i;
        if (plot_given(c, all[k].name, &i)) TRY(call_bool(c, i, false, all[k].to));
    }
    return true;
}

static bool axis_of(struct call *c, struct mark *m) {
    int i, side;
    if (!plot_given(c, "axis", &i)) return true;
    TRY(call_choice(c, i, &side));
    m->right = side == 1;
    return true;
}

static bool numbers_of(struct call *c, struct mark *m) {
    int i;
    if (plot_given(c, "opacity", &i)) TRY(call_number(c, i, 1, &m->opacity));
    if (plot_given(c, "size", &i)) TRY(call_number(c, i, 0, &m->size));
    if (plot_given(c, "width", &i)) TRY(call_number(c, i, 0, &m->size));
    m->has_center = plot_given(c, "center", &i);
    if (m->has_center) TRY(call_number(c, i, 0, &m->center));
    bool low = plot_given(c, "low", &i) && c->row->fn != fn_band;
    if (low) TRY(call_number(c, i, 0, &m->low));
    bool high = plot_given(c, "high", &i) && c->row->fn != fn_band;
    if (high) TRY(call_number(c, i, 1, &m->high));
    if (low != high) return call_fail(c, -1, ERR_ARGUMENT, "`low` and `high` are given together.");
    m->has_range = low;
    return true;
}

bool plot_common(struct call *c, struct plot *p, struct mark *m) {
    return names_of(c, m) && switches_of(c, m) && axis_of(c, m) && numbers_of(c, m) &&
           color_of(c, p, m);
}

void plot_own(struct call *c, struct plot *p) {
    int i;
    plot_name_axes(c, p);
    if (plot_given(c, "title", &i)) p->title = call_name(c, i);
    if (plot_given(c, "legend", &i)) p->legend_title = call_name(c, i);
}

bool plot_same_length(struct call *c, const struct tensor *x, const struct tensor *y) {
    if (x->count == y->count) return true;
    call_fail(c, call_has(c, 1) ? 1 : -1, ERR_SHAPE,
              "x and y must have the same length: each point has both.");
    err_fact(c->ev->e, "x", "%lld numbers", (long long)x->count);
    return err_fact(c->ev->e, "y", "%lld numbers", (long long)y->count);
}

void plot_mark_clear(struct mark *m) {
    tensor_unref(m->x);
    tensor_unref(m->y);
    tensor_unref(m->z);
    tensor_unref(m->color_by);
}

bool plot_finish(struct call *c, struct plot *p, struct mark *m, bool ok, struct value *out) {
    if (!ok || !p) return plot_mark_clear(m), plot_unref(p), false;
    if (!plot_add(p, m, c->ev->e)) return plot_unref(p), false;
    plot_own(c, p);
    *out = (struct value){.kind = V_PLOT, .plot = p};
    return true;
}

/* While checking, x and y by their descriptions. */
bool plot_check(struct call *c) {
    struct desc x, y;
    bool xy = c->row->fn == fn_line || c->row->fn == fn_scatter || c->row->fn == fn_bar;
    bool known = xy && value_describe(c->args[0], &x) && value_describe(c->args[1], &y) &&
                 x.shape.n == 1 && y.shape.n == 1 && x.shape.size[0] >= 0 && y.shape.size[0] >= 0;
    if (!known || x.shape.size[0] == y.shape.size[0]) return true;
    call_fail(c, call_has(c, 1) ? 1 : -1, ERR_SHAPE,
              "x and y must have the same length: each point has both.");
    err_fact(c->ev->e, "x", "%lld numbers", (long long)x.shape.size[0]);
    return err_fact(c->ev->e, "y", "%lld numbers", (long long)y.shape.size[0]);
}
