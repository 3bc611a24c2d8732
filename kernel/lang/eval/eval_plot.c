/* The plot statement and its settings. */
#include "eval_parts.h"
#include "eval_unknown.h"
#include "settings.h"
#include "builtin.h"
#include "base/intern.h"
#include <string.h>

static bool set_title(struct eval *ev, const struct ast *s, struct value v, void *to) {
    return setting_text(ev, s, v, &((struct plot *)to)->title);
}

static bool set_x(struct eval *ev, const struct ast *s, struct value v, void *to) {
    struct plot *p = to;
    p->x_by_column = false;
    return setting_text(ev, s, v, &p->x_label);
}

static bool set_y(struct eval *ev, const struct ast *s, struct value v, void *to) {
    struct plot *p = to;
    p->y_by_column = false;
    return setting_text(ev, s, v, &p->y_label);
}

static bool set_grid(struct eval *ev, const struct ast *s, struct value v, void *to) {
    return setting_bool(ev, s, v, &((struct plot *)to)->grid);
}

static bool set_legend(struct eval *ev, const struct ast *s, struct value v, void *to) {
    struct plot *p = to;
    if (v.kind == V_TEXT) return setting_text(ev, s, v, &p->legend_title);
    bool yes = true;
    TRY(setting_bool(ev, s, v, &yes));
    p->no_legend = !yes;
    return true;
}

static const char log_axes[] = "x y xy right", shared_axes[] = "x y xy";

static bool set_log(struct eval *ev, const struct ast *s, struct value v, void *to) {
    struct plot *p = to;
    int axis;
    TRY(setting_choice(ev, s, v, log_axes, &axis));
    p->log_x = axis == 0 || axis == 2;
    p->log_y = axis == 1 || axis == 2;
    p->log_right = axis == 3;
    return true;
}

static bool two_numbers(struct eval *ev, const struct ast *s, struct value v, double *a,
                        double *b) {
    if (v.kind != V_TENSOR || v.tensor->count != 2)
        return setting_wrong(ev, s, v, "a list of two numbers");
    *a = tensor_get(v.tensor, 0);
    *b = tensor_get(v.tensor, 1);
    return true;
}

static bool set_size(struct eval *ev, const struct ast *s, struct value v, void *to) {
    struct plot *p = to;
    TRY(two_numbers(ev, s, v, &p->width, &p->height));
    bool fits = p->width >= 0.5 && p->width <= 40 && p->height >= 0.5 && p->height <= 40;
    return fits || fail(ev, s->a->span, ERR_SETTING,
                        "A size is given in inches, such as 6x4, up to "
                        "40.");
}

static bool set_x_limits(struct eval *ev, const struct ast *s, struct value v, void *to) {
    struct plot *p = to;
    p->has_x_limits = true;
    return two_numbers(ev, s, v, &p->x_limits[0], &p->x_limits[1]);
}

static bool set_y_limits(struct eval *ev, const struct ast *s, struct value v, void *to) {
    struct plot *p = to;
    p->has_y_limits = true;
    return two_numbers(ev, s, v, &p->y_limits[0], &p->y_limits[1]);
}

static bool set_right(struct eval *ev, const struct ast *s, struct value v, void *to) {
    struct plot *p = to;
    p->right_by_column = false;
    return setting_text(ev, s, v, &p->right_label);
}

static bool set_right_limits(struct eval *ev, const struct ast *s, struct value v, void *to) {
    struct plot *p = to;
    p->has_right_limits = true;
    return two_numbers(ev, s, v, &p->right_limits[0], &p->right_limits[1]);
}

static bool set_polar(struct eval *ev, const struct ast *s, struct value v, void *to) {
    return setting_bool(ev, s, v, &((struct plot *)to)->polar);
}

static bool set_equal(struct eval *ev, const struct ast *s, struct value v, void *to) {
    return setting_bool(ev, s, v, &((struct plot *)to)->equal);
}

static bool set_axes(struct eval *ev, const struct ast *s, struct value v, void *to) {
    bool yes = true;
    TRY(setting_bool(ev, s, v, &yes));
    ((struct plot *)to)->no_axes = !yes;
    return true;
}

static bool set_columns(struct eval *ev, const struct ast *s, struct value v, void *to) {
    struct plot *p = to;
    int64_t columns;
    TRY(setting_int(ev, s, v, NULL, 1, &columns));
    if (p->n_marks > 0)
        return fail(ev, s->a->span, ERR_SETTING, "`columns` comes before the first mark.");
    if (!p->panels) p->panels = figure_new(0, 1, ev->e);
    if (!p->panels) return false;
    p->panels->columns = columns < 64 ? (int)columns : 64;
    return true;
}

static bool set_share(struct eval *ev, const struct ast *s, struct value v, void *to) {
    struct plot *p = to;
    int axis;
    TRY(setting_choice(ev, s, v, shared_axes, &axis));
    p->share_x = axis != 1;
    p->share_y = axis != 0;
    return true;
}

static const struct setting_row rows[] = {
    {"title", "none", "A text above the plot.", NULL, set_title},
    {"x", "none", "The label of the x axis.", NULL, set_x},
    {"y", "none", "The label of the y axis.", NULL, set_y},
    {"size", "6.4 x 4", "Width and height in inches: 6x4.", NULL, set_size},
    {"grid", "False", "True: lines at the ticks.", "@bool", set_grid},
    {"legend", "when there are labels", "False: none; a text: its title.", "@bool", set_legend},
    {"log", "none", "\"x\", \"y\", \"xy\" or \"right\": a logarithmic axis.", log_axes, set_log},
    {"x_limits", "from the data",
     "Two numbers: the ends of the x axis, the larger first to turn it round.", NULL, set_x_limits},
    {"y_limits", "from the data",
     "Two numbers: the ends of the y axis, the larger first to turn it round.", NULL, set_y_limits},
    {"right", "none", "The label of the second y axis.", NULL, set_right},
    {"right_limits", "from the data", "Two numbers: the ends of the second y axis.", NULL,
     set_right_limits},
    {"polar", "False", "True: x is an angle in radians, y the distance from the centre.", "@bool",
     set_polar},
    {"equal", "False", "True: a unit is as long in y as in x.", "@bool", set_equal},
    {"axes", "True", "False: no axes, numbers and frame.", "@bool", set_axes},
    {"columns", "one plot", "A plot of its own for each mark, so many side by side.", NULL,
     set_columns},
    {"share", "none",
     "With columns: \"x\", \"y\" or \"xy\", the axes that all plots have in common.", shared_axes,
     set_share},
};
const struct setting_table plot_settings = {"plot", rows, (int)ARRAY_LEN(rows)};

bool plot_take_marks(struct eval *ev, const struct plot *from) {
    struct plot *p = ev->plot;
    if (!p->panels || ev->domain == DOMAIN_CHECK) return plot_add_all(p, from, ev->e);
    struct plot *panel = plot_new(ev->e);
    bool ok = panel && plot_add_all(panel, from, ev->e) && figure_add(p->panels, panel, ev->e);
    plot_unref(panel);
    return ok;
}

/* What the block says is said of every panel; the title is that of all together. */
static struct figure *take_panels(struct plot *p) {
    struct figure *f = p->panels;
    p->panels = NULL;
    f->title = p->title;
    f->share_x = p->share_x;
    f->share_y = p->share_y;
    if (f->columns > f->n && f->n > 0) f->columns = f->n;
    for (int i = 0; i < f->n; i++) plot_default_settings(f->plots[i], p);
    return f;
}

bool eval_plot_block(struct eval *ev, const struct ast *s, struct value *out) {
    struct plot *outer = ev->plot, *p = plot_new(ev->e);
    if (!p) return false;
    ev->plot = p;
    bool ok = true;
    for (int i = 0; ok && i < s->n_body; i++) {
        const struct ast *line = s->body[i];
        if (line->kind == AST_SETTING) ok = apply_setting(ev, &plot_settings, line, p);
        else ok = exec_statement(ev, line) != FLOW_ERROR;
    }
    ev->plot = outer;
    if (!ok) return plot_unref(p), false;
    if (ev->domain == DOMAIN_CHECK) {
        plot_unref(p);
        *out = value_unknown();
    } else if (p->panels) {
        *out = (struct value){.kind = V_FIGURE, .figure = take_panels(p)};
        plot_unref(p);
    } else {
        *out = (struct value){.kind = V_PLOT, .plot = p};
    }
    return true;
}

bool eval_block(struct eval *ev, const struct ast *s, struct value *out) {
    if (s->kind == AST_TRAIN) return eval_train(ev, s, out);
    if (s->kind == AST_PLOT) return eval_plot_block(ev, s, out);
    return eval_search(ev, s, out);
}
