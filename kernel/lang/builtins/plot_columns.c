/* What the axes of a plot are called when nobody says it: after the columns that a mark was given,
 * read off the text of the call, because a column's numbers are a tensor without a name. */
#include "plot_args.h"
#include "lang/syntax/ast.h"
#include <string.h>

/* Functions whose result is still the same quantity. */
static bool keeps_meaning(const char *function) {
    static const char *const all[] = {"drop_missing", "fill_missing", "head", "tail", "sample"};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (strcmp(function, all[i]) == 0) return true;
    return false;
}

/* "price" for t.price, t["price"], t.price[mask], t.price.drop_missing() and .price; NULL for every
 * other expression, also one that computes something from a column. */
static const char *column_written(const struct ast *x) {
    if (!x) return NULL;
    if (x->kind == AST_COLUMN) return x->name;
    if (x->kind == AST_ATTRIBUTE) return strcmp(x->name, "T") == 0 ? NULL : x->name;
    if (x->kind == AST_INDEX) {
        const struct ast *s = x->list[0];
        bool by_name = x->n == 1 && !s->name && s->a && s->a->kind == AST_TEXT;
        return by_name ? intern(s->a->text) : column_written(x->a);
    }
    bool method = x->kind == AST_CALL && x->a->kind == AST_ATTRIBUTE;
    return method && keeps_meaning(x->a->name) ? column_written(x->a->a) : NULL;
}

static const char *column_given(const struct call *c, const char *parameter) {
    int i;
    if (!plot_given(c, parameter, &i) || c->index[i] < 0) return NULL;
    return column_written(c->actuals[c->index[i]].tree);
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
