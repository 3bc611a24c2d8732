/* What the axes of a plot are called when nobody says it: after the columns that a mark was given,
 * as the text of the call says. */
#include "plot_args.h"
#include "lang/eval/tables/column_written.h"

static const char *column_given(const struct call *c, const char *parameter) {
    int i;
    if (!plot_given(c, parameter, &i) || c->index[i] < 0) return NULL;
    return column_written(c->ev, c->actuals[c->index[i]].tree);
}

static void name_axis(const char *column, const char **label, bool *by_column) {
    if (!column || *label) return;
    *label = column;
    *by_column = true;
}

static bool is_on(struct call *c, const char *parameter) {
    int i;
    return plot_given(c, parameter, &i) && c->args[i].kind == V_BOOL && c->args[i].boolean;
}

static bool is_at_right(const struct call *c) {
    int i;
    return plot_given(c, "axis", &i) && str_is(value_str(&c->args[i]), "right");
}

void plot_name_axes(struct call *c, struct plot *p) {
    builtin_fn fn = c->row->fn;
    if (fn == fn_vline || fn == fn_hline || fn == fn_note || fn == fn_image) return;
    int i;
    const char *x = column_given(c, "x"), *y = column_given(c, "y");
    bool alone = (fn == fn_line || fn == fn_bar) && !plot_given(c, "y", &i);
    if (alone) y = x, x = NULL;
    if (fn == fn_box) y = column_given(c, "groups");
    if (is_on(c, "horizontal")) {
        const char *across = x;
        x = y;
        y = across;
    }
    name_axis(x, &p->x_label, &p->x_by_column);
    if (is_at_right(c)) name_axis(y, &p->right_label, &p->right_by_column);
    else name_axis(y, &p->y_label, &p->y_by_column);
    const char *classes = column_given(c, "group");
    if (!classes) classes = column_given(c, "color");
    if (classes && !p->legend_title) p->legend_title = classes;
}
