/* How a notebook sees each kind of value. */
#include "display/display.h"
#include "base/pool.h"
#include "display/svg.h"
#include "display/views.h"
#include <string.h>

static void view_clear(struct view *v) {
    text_clear(&v->plain);
    text_clear(&v->html);
}

/* Words and, where there is one, a table; with a title above. */
static bool view_bundle(struct view *v, const char *title, struct bundle *b, struct err *e) {
    bool ok = !v->plain.failed && !v->html.failed;
    struct text *html = ok && v->html.n > 0 ? bundle_add(b, "text/html") : NULL;
    if (html) {
        if (title) html_line(html, "font-weight:bold", str_of(title));
        text_add(html, text_str(&v->html));
        ok = !html->failed;
    }
    struct text *plain = ok ? bundle_add(b, "text/plain") : NULL;
    if (plain) {
        if (title) text_addf(plain, "%s\n", title);
        text_add(plain, text_str(&v->plain));
        ok = !plain->failed;
    }
    size_t needed = v->plain.n + v->html.n;
    view_clear(v);
    return (ok && plain) || err_memory(e, needed);
}

static void fill_view(struct value x, struct view *v) {
    switch (x.kind) {
    case V_TENSOR: tensor_view(x.tensor, v); break;
    case V_TABLE: table_view(x.table, false, v); break;
    case V_COLUMN: table_view(x.table, false, v); break;
    case V_HISTORY: table_view(x.table, true, v); break;
    case V_RUNS: table_view(x.runs->table, false, v); break;
    case V_RECORD:
    case V_LIST: container_view(x, v); break;
    case V_FUNCTION:
    case V_BUILTIN:
    case V_METHOD:
    case V_MAKER: function_view(x, v); break;
    case V_CONFIG: config_view(x.config, v); break;
    case V_LAYER: config_view(layer_config(x.layer), v); break;
    case V_ESTIMATOR: estimator_view(x.estimator, v); break;
    case V_MODEL: model_view(x.model, v); break;
    case V_FIGURE: heat_view(x.figure->heat, v); break;
    default: value_repr(x, &v->plain); break;
    }
}

/* ---- a, b: both, one below the other ---- */

static bool is_rich(struct value v) {
    switch (v.kind) {
    case V_TENSOR: return v.tensor->shape.n > 0;
    case V_TABLE:
    case V_COLUMN:
    case V_HISTORY:
    case V_RUNS:
    case V_MODEL:
    case V_ESTIMATOR:
    case V_PLOT:
    case V_FIGURE: return true;
    default: return false;
    }
}

static bool all_plots(const struct list *l) {
    for (int32_t i = 0; i < l->n; i++)
        if (l->items[i].kind != V_PLOT) return false;
    return l->n > 0;
}

static bool any_rich(const struct list *l) {
    for (int32_t i = 0; i < l->n; i++)
        if (is_rich(l->items[i])) return true;
    return false;
}

static bool plots_bundle(const struct list *l, const char *title, struct bundle *b, struct err *e) {
    struct figure *f = figure_new(l->n, l->n < 3 ? l->n : 2, e);
    if (!f) return false;
    for (int32_t i = 0; i < l->n; i++) f->plots[i] = plot_ref(l->items[i].plot);
    bool ok = figure_bundle(f, title, b, e);
    figure_unref(f);
    return ok;
}

/* One part's richest format, as HTML. */
static void add_part_html(const struct bundle *part, struct text *html) {
    const struct mime *first = &part->items[0];
    if (strcmp(first->type, "text/html") == 0 || strcmp(first->type, "image/svg+xml") == 0) {
        text_add(html, text_str(&first->data));
    } else if (strcmp(first->type, "image/png") == 0) {
        text_addf(html, "<img width=\"%d\" height=\"%d\" src=\"data:image/png;base64,",
                  first->width, first->height);
        text_add(html, text_str(&first->data));
        text_adds(html, "\"/>\n");
    } else {
        text_adds(html, "<pre>");
        svg_escape(html, text_str(&first->data));
        text_adds(html, "</pre>\n");
    }
}

static bool tuple_bundle(const struct list *l, const char *title, struct bundle *b, struct err *e) {
    struct view v = {0};
    bool ok = true;
    for (int32_t i = 0; ok && i < l->n; i++) {
        struct bundle part = {0};
        ok = display_value(l->items[i], NULL, &part, e);
        if (ok && part.n > 0) {
            add_part_html(&part, &v.html);
            if (v.plain.n) text_addc(&v.plain, '\n');
            text_add(&v.plain, text_str(&part.items[part.n - 1].data));
        }
        bundle_clear(&part);
    }
    if (ok) return view_bundle(&v, title, b, e);
    view_clear(&v);
    return false;
}

bool display_value(struct value x, const char *title, struct bundle *b, struct err *e) {
    if (x.kind == V_PLOT) return plot_bundle(x.plot, title, b, e);
    if (x.kind == V_FIGURE && !x.figure->heat) return figure_bundle(x.figure, title, b, e);
    if (x.kind == V_TENSOR && x.tensor->is_image && tensor_n_pictures(x.tensor) > 0)
        return image_bundle(x.tensor, title, b, e);
    if (x.kind == V_LIST && all_plots(x.list)) return plots_bundle(x.list, title, b, e);
    if (x.kind == V_LIST && x.list->is_tuple && any_rich(x.list))
        return tuple_bundle(x.list, title, b, e);
    struct view v = {0};
    fill_view(x, &v);
    return view_bundle(&v, title, b, e);
}
