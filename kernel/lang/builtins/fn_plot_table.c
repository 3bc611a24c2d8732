/* plot(t): a training history or a table as a picture. */
#include "fn.h"
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

static bool add_points(struct call *c, struct plot *p) {
    int x, y, color;
    p->x_label = call_name(c, ARG_X);
    p->y_label = call_name(c, ARG_Y);
    TRY(find_column(c, p->x_label, &x) && find_column(c, p->y_label, &y));
    struct mark m = {.kind = MARK_SCATTER, .opacity = 1};
    if (call_has(c, ARG_COLOR)) {
        TRY(find_column(c, call_name(c, ARG_COLOR), &color));
        m.color_by = numbers_of(c, color);
        p->legend_title = call_name(c, ARG_COLOR);
    }
    m.x = numbers_of(c, x);
    m.y = numbers_of(c, y);
    if (m.x && m.y) return plot_add(p, &m, c->ev->e);
    tensor_unref(m.x);
    tensor_unref(m.y);
    tensor_unref(m.color_by);
    return false;
}

bool fn_plot(struct call *c, struct value *out) {
    enum value_kind k = c->args[ARG_TABLE].kind;
    if (k != V_HISTORY && k != V_TABLE) {
        call_fail(c, 0, ERR_TYPE, "plot(…) draws a training history or a table, and this is %s.",
                  value_kind_words(k));
        return err_hint(c->ev->e, "For tensors there are line(x, y), scatter(x, y), hist(x) …, and "
                                  "the block `plot:` puts several into one picture.");
    }
    struct plot *p = plot_new(c->ev->e);
    if (!p) return false;
    bool points = call_has(c, ARG_X) || call_has(c, ARG_Y);
    bool ok = call_bool(c, ARG_LOG_X, false, &p->log_x) &&
              call_bool(c, ARG_LOG_Y, false, &p->log_y) &&
              (points ? add_points(c, p) : add_lines(c, p));
    if (!ok) return plot_unref(p), false;
    p->title = call_name(c, ARG_TITLE);
    p->grid = true;
    *out = (struct value){.kind = V_PLOT, .plot = p};
    return true;
}
