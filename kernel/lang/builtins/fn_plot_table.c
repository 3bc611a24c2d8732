/* plot(t): a training history or a table as a picture. */
#include "fn.h"
#include "data/time.h"
#include <math.h>
#include <string.h>

enum { ARG_TABLE, ARG_X, ARG_Y, ARG_COLOR, ARG_TITLE, ARG_LOG_X, ARG_LOG_Y };

static bool find_column(struct call *c, const char *name, int *column) {
    const struct table *t = c->args[ARG_TABLE].table;
    *column = name ? table_find(t, str_of(name)) : -1;
    if (*column >= 0 && t->columns[*column].kind != COLUMN_TEXT) return true;
    call_fail(c, -1, ERR_COLUMN,
              *column < 0 ? "The table has no column \"%s\"."
                          : "The column \"%s\" holds texts, and a plot needs numbers.",
              name ? name : "");
    return false;
}

static struct tensor *numbers_of(struct call *c, int column) {
    const struct table *t = c->args[ARG_TABLE].table;
    struct tensor *x = fn_vector(t->n_rows, c->ev->e);
    if (x && t->n_rows)
        memcpy(x->data, t->columns[column].numbers, (size_t)t->n_rows * sizeof(double));
    return x;
}

static struct tensor *row_numbers(struct call *c) {
    struct tensor *x = fn_vector(c->args[ARG_TABLE].table->n_rows, c->ev->e);
    for (int64_t i = 0; x && i < x->count; i++) ((double *)x->data)[i] = (double)i;
    return x;
}

/* One line for a column, by epoch if there is such a column, else by row. */
static bool add_line(struct call *c, struct plot *p, const char *name) {
    int column, epoch = table_find(c->args[ARG_TABLE].table, STR("epoch"));
    TRY(find_column(c, name, &column));
    struct mark m = {.kind = MARK_LINE, .opacity = 1, .label = name};
    m.x = epoch >= 0 ? numbers_of(c, epoch) : row_numbers(c);
    m.y = numbers_of(c, column);
    if (c->args[ARG_TABLE].table->n_rows < 30) m.marker = intern_c("o");
    if (m.x && m.y) return plot_add(p, &m, c->ev->e);
    tensor_unref(m.x);
    tensor_unref(m.y);
    return false;
}

static bool add_lines(struct call *c, struct plot *p) {
    const struct table *t = c->args[ARG_TABLE].table;
    static const char *const usual[] = {"loss", "val_loss"};
    p->x_label = intern_c(table_find(t, STR("epoch")) >= 0 ? "epoch" : "row");
    for (int i = 0; i < c->n_rest; i++) {
        struct value name = c->actuals[c->rest[i]].value;
        if (name.kind != V_TEXT)
            return call_fail(c, -1, ERR_ARGUMENT, "The columns to plot are named by texts.");
        TRY(add_line(c, p, intern(value_str(&name))));
    }
    for (size_t i = 0; c->n_rest == 0 && i < ARRAY_LEN(usual); i++) {
        if (table_find(t, str_of(usual[i])) >= 0) TRY(add_line(c, p, intern_c(usual[i])));
    }
    for (int i = 0; p->n_marks == 0 && i < t->n_columns; i++) {
        if (t->columns[i].kind != COLUMN_TEXT) TRY(add_line(c, p, t->columns[i].name));
    }
    if (p->n_marks == 1) p->y_label = p->marks[0].label;
    return p->n_marks > 0 || call_fail(c, 0, ERR_COLUMN, "There is no column of numbers to plot.");
}

/* The column that argument `from` names becomes argument `to` of the other call. */
static bool hand_column(struct call *c, int from, struct call *inner, int to) {
    const struct table *t = c->args[ARG_TABLE].table;
    struct str name;
    TRY(call_text(c, from, &name));
    int column = table_find(t, name);
    if (column < 0) return no_such_column(c->ev, t, name, c->spans[from]);
    inner->spans[to] = c->spans[from];
    return table_column(c->ev, t, column, &inner->args[to]);
}

/* What scatter(t.x, t.y, color=t.color) draws, with its texts, times and categories. */
static bool points(struct call *c, struct value *out) {
    static const int from[] = {ARG_X, ARG_Y, ARG_COLOR};
    const struct builtin *scatter = builtin_find(intern_c("scatter"));
    struct call inner = {.ev = c->ev, .row = scatter, .at = c->at};
    inner.signature = signature_of(scatter->name, scatter->signature);
    if (!call_has(c, ARG_X) || !call_has(c, ARG_Y))
        return call_fail(c, -1, ERR_ARGUMENT, "Points need two columns: t.plot(x=\"…\", y=\"…\").");
    for (int i = 0; i < SIGNATURE_MAX; i++) {
        inner.args[i] = value_missing();
        inner.spans[i] = c->at;
        inner.index[i] = -1;
    }
    bool ok = true;
    for (int i = 0; ok && i < 3; i++)
        if (call_has(c, from[i])) ok = hand_column(c, from[i], &inner, i);
    ok = ok && fn_scatter(&inner, out);
    for (int i = 0; i < 3; i++) value_unref(inner.args[i]);
    if (!ok || out->kind != V_PLOT) return ok;
    out->plot->x_label = call_name(c, ARG_X);
    out->plot->y_label = call_name(c, ARG_Y);
    if (call_has(c, ARG_COLOR)) out->plot->legend_title = call_name(c, ARG_COLOR);
    return true;
}

bool fn_plot(struct call *c, struct value *out) {
    enum value_kind k = c->args[ARG_TABLE].kind;
    if (k != V_HISTORY && k != V_TABLE) {
        call_fail(c, 0, ERR_TYPE, "plot(…) draws a training history or a table, and this is %s.",
                  value_kind_words(k));
        return err_hint(c->ev->e, "For tensors there are line(x, y), scatter(x, y), hist(x) …, and "
                                  "the block `plot:` puts several into one picture.");
    }
    if (call_has(c, ARG_X) || call_has(c, ARG_Y)) {
        TRY(points(c, out));
    } else {
        *out = (struct value){.kind = V_PLOT, .plot = plot_new(c->ev->e)};
        if (!out->plot) return false;
        if (!add_lines(c, out->plot)) return value_unref(*out), false;
    }
    struct plot *p = out->plot;
    p->title = call_name(c, ARG_TITLE);
    p->grid = true;
    bool ok =
        call_bool(c, ARG_LOG_X, false, &p->log_x) && call_bool(c, ARG_LOG_Y, false, &p->log_y);
    if (!ok) value_unref(*out);
    return ok;
}

/* ---- plot_lines ---- */

enum {
    LINES_T,
    LINES_X,
    LINES_Y,
    LINES_COLOR,
    LINES_FACET,
    LINES_COLUMNS,
    LINES_SHARE,
    LINES_TITLE
};
enum { KEYS_MOST = 64 };

/* The distinct values of a column and, for each row, which one it has. */
struct line_keys {
    int column; /* -1: one key for all rows */
    int n;
    int64_t first[KEYS_MOST]; /* a row that has it */
};

static bool same_cell(const struct column *c, int64_t a, int64_t b) {
    if (c->kind != COLUMN_TEXT) return c->numbers[a] == c->numbers[b];
    return c->texts[a] && c->texts[b] && strcmp(c->texts[a], c->texts[b]) == 0;
}

static bool has_key(const struct table *t, const struct line_keys *k, int key, int64_t row) {
    return k->column < 0 || same_cell(&t->columns[k->column], k->first[key], row);
}

static bool find_keys(struct call *c, int arg, struct line_keys *k) {
    const struct table *t = c->args[LINES_T].table;
    *k = (struct line_keys){.column = -1, .n = 1};
    if (!call_has(c, arg)) return true;
    struct str name;
    TRY(call_text(c, arg, &name));
    k->column = table_find(t, name);
    if (k->column < 0)
        return call_fail(c, arg, ERR_COLUMN, "The table has no column \"%.*s\".", (int)name.n,
                         name.p);
    k->n = 0;
    for (int64_t row = 0; row < t->n_rows; row++) {
        int key = 0;
        while (key < k->n && !has_key(t, k, key, row)) key++;
        if (key < k->n) continue;
        if (k->n == KEYS_MOST)
            return call_fail(c, arg, ERR_VALUE, "The column has more than %d different values.",
                             KEYS_MOST);
        k->first[k->n++] = row;
    }
    return true;
}

static const char *key_label(const struct table *t, const struct line_keys *k, int key) {
    if (k->column < 0) return NULL;
    const struct column *c = &t->columns[k->column];
    int64_t row = k->first[key];
    struct text label = {0};
    if (c->kind == COLUMN_TEXT) text_adds(&label, c->texts[row] ? c->texts[row] : "missing");
    else if (c->kind == COLUMN_CATEGORY && c->numbers[row] >= 0)
        text_adds(&label, c->levels->names[(int)c->numbers[row]]);
    else if (c->kind == COLUMN_TIME) time_write(c->numbers[row], false, &label);
    else number_print(c->numbers[row], &label);
    const char *name = intern(text_str(&label));
    text_clear(&label);
    return name;
}

static bool number_column(struct call *c, int arg, int *column) {
    const struct table *t = c->args[LINES_T].table;
    struct str name;
    TRY(call_text(c, arg, &name));
    *column = table_find(t, name);
    if (*column >= 0 && t->columns[*column].kind != COLUMN_TEXT) return true;
    return call_fail(c, arg, ERR_COLUMN,
                     *column < 0 ? "The table has no column \"%.*s\"."
                                 : "The column \"%.*s\" holds texts, and a line needs numbers.",
                     (int)name.n, name.p);
}

/* The rows with both keys as a line. */
static bool add_keyed_line(struct call *c, struct plot *p, const struct line_keys *facets,
                           int facet, const struct line_keys *colors, int color, const int xy[2]) {
    const struct table *t = c->args[LINES_T].table;
    struct mark m = {.kind = MARK_LINE, .opacity = 1, .label = key_label(t, colors, color)};
    int64_t n = 0;
    for (int64_t row = 0; row < t->n_rows; row++)
        n += has_key(t, facets, facet, row) && has_key(t, colors, color, row);
    if (n == 0) return true;
    m.x = fn_vector(n, c->ev->e);
    m.y = m.x ? fn_vector(n, c->ev->e) : NULL;
    if (!m.y) return tensor_unref(m.x), false;
    m.time_x = t->columns[xy[0]].kind == COLUMN_TIME;
    n = 0;
    for (int64_t row = 0; row < t->n_rows; row++) {
        if (!has_key(t, facets, facet, row) || !has_key(t, colors, color, row)) continue;
        ((double *)m.x->data)[n] = t->columns[xy[0]].numbers[row];
        ((double *)m.y->data)[n++] = t->columns[xy[1]].numbers[row];
    }
    return plot_add(p, &m, c->ev->e);
}

static struct plot *facet_plot(struct call *c, const struct line_keys *facets, int facet,
                               const struct line_keys *colors, const int xy[2]) {
    struct plot *p = plot_new(c->ev->e);
    bool ok = p != NULL;
    if (p) {
        p->title = key_label(c->args[LINES_T].table, facets, facet);
        p->x_label = call_name(c, LINES_X);
        p->y_label = call_name(c, LINES_Y);
        p->legend_title = call_name(c, LINES_COLOR);
        p->grid = true;
        p->no_legend = facet > 0;
    }
    for (int k = 0; ok && k < colors->n; k++)
        ok = add_keyed_line(c, p, facets, facet, colors, k, xy);
    if (ok) return p;
    plot_unref(p);
    return NULL;
}

static bool facets_figure(struct call *c, const struct line_keys *facets,
                          const struct line_keys *colors, const int xy[2], struct value *out) {
    int64_t columns;
    int share; /* x, y, xy */
    TRY(call_int(c, LINES_COLUMNS, 3, &columns) && call_choice(c, LINES_SHARE, &share));
    if (columns < 1) return call_fail(c, LINES_COLUMNS, ERR_VALUE, "At least one column.");
    struct figure *f =
        figure_new(facets->n, columns < facets->n ? (int)columns : facets->n, c->ev->e);
    if (!f) return false;
    f->share_x = share != 1;
    f->share_y = share != 0;
    f->title = call_name(c, LINES_TITLE);
    for (int k = 0; k < facets->n; k++) {
        f->plots[k] = facet_plot(c, facets, k, colors, xy);
        if (!f->plots[k]) return figure_unref(f), false;
    }
    *out = (struct value){.kind = V_FIGURE, .figure = f};
    return true;
}

bool fn_plot_lines(struct call *c, struct value *out) {
    struct line_keys facets, colors;
    int xy[2];
    if (c->args[LINES_T].kind != V_TABLE)
        return call_fail(c, 0, ERR_TYPE, "plot_lines draws a table, and this is %s.",
                         value_kind_words(c->args[LINES_T].kind));
    TRY(number_column(c, LINES_X, &xy[0]) && number_column(c, LINES_Y, &xy[1]));
    TRY(find_keys(c, LINES_COLOR, &colors) && find_keys(c, LINES_FACET, &facets));
    if (call_has(c, LINES_FACET)) return facets_figure(c, &facets, &colors, xy, out);
    struct plot *p = facet_plot(c, &facets, 0, &colors, xy);
    if (!p) return false;
    p->title = call_name(c, LINES_TITLE);
    *out = (struct value){.kind = V_PLOT, .plot = p};
    return true;
}
