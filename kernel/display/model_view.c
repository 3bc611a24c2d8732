/* The summary of a model (language.md 2.12): what goes in and out, the layers with the line where
 * they are written, what each gives, and its weights. */
#include "display/views.h"
#include "lang/syntax/source.h"
#include <stdio.h>
#include <string.h>

static void add_ports(const struct model *m, struct text *out) {
    static const char *const contents[] = {[CONTENT_ANY] = "",
                                           [CONTENT_POSITIVE] = ", positive",
                                           [CONTENT_PROBABILITY] = ", a probability",
                                           [CONTENT_DISTRIBUTION] =
                                               ", probabilities of the classes"};
    char shape[256];
    for (int i = 0; i < model_n_inputs(m); i++) {
        const struct port *p = model_input(m, false, i);
        struct shape s = p->desc.shape; /* without the examples' axis */
        struct shape one = {.n = s.n > 0 ? s.n - 1 : 0};
        for (int a = 0; a < one.n; a++) {
            one.size[a] = s.size[a + 1];
            one.axis[a] = s.axis[a + 1];
        }
        text_addf(out, "%s%s %s", i ? ", " : "", p->name, shape_print(&one, shape, sizeof shape));
    }
    text_adds(out, "  →  ");
    for (int i = 0; i < model_n_outputs(m); i++) {
        const struct port *p = model_output(m, false, i);
        text_addf(out, "%s%s%s", i ? "; " : "", p->name, contents[p->desc.content]);
    }
}

/* "height=28", "28", "?" */
static void axis_print(const struct shape *s, int a, struct text *out) {
    if (s->axis[a]) text_addf(out, "%s=", s->axis[a]);
    if (s->size[a] >= 0) text_addf(out, "%lld", (long long)s->size[a]);
    else text_addc(out, '?');
}

/* The axes of all outputs, each in its own column, so that sizes stand below each other. */
static void gives_print(const struct model *m, const struct shape *s, struct text *out) {
    for (int a = 1; a < s->n; a++) {
        struct text piece = {0};
        axis_print(s, a, &piece);
        int widest = text_columns(text_str(&piece)), own = widest;
        for (int i = 0; i < model_n_layers(m); i++) {
            const struct shape *other = &model_layer(m, i)->output;
            struct text there = {0};
            if (a < other->n && other->n == s->n) axis_print(other, a, &there);
            int w = text_columns(text_str(&there));
            if (w > widest) widest = w;
            text_clear(&there);
        }
        text_add(out, text_str(&piece));
        for (int k = own; a + 1 < s->n && k < widest + 2; k++) text_addc(out, ' ');
        text_clear(&piece);
    }
}

static int line_of(struct span at) {
    const struct source *source = source_find(at.source);
    int line = 0, column;
    if (source) source_position(source, at.start, &line, &column);
    return line;
}

static void add_layers(const struct model *m, struct sheet *s) {
    *s = (struct sheet){.columns = 4, .n_header = 1};
    s->left[0] = s->left[1] = s->left[2] = true;
    const char *const titles[] = {"line", "layer", "gives", "weights"};
    for (int k = 0; k < 4; k++) sheet_cell(s, str_of(titles[k]));
    int before = 0;
    for (int i = 0; i < model_n_layers(m); i++) {
        const struct layer_info *layer = model_layer(m, i);
        int line = line_of(layer->span);
        if (line > 0 && line != before) sheet_cellf(s, "%d", line);
        else sheet_cell(s, STR(""));
        before = line;
        if (layer->times_used > 1)
            sheet_cellf(s, "%s  used %d times", layer->text, layer->times_used);
        else sheet_cell(s, str_of(layer->text));
        struct text cell = {0};
        gives_print(m, &layer->output, &cell);
        sheet_cell(s, text_str(&cell));
        text_clear(&cell);
        if (layer->n_weights > 0) count_print(layer->n_weights, &cell);
        sheet_cell(s, text_str(&cell));
        text_clear(&cell);
    }
}

static void add_totals(const struct model *m, struct text *out) {
    int64_t all = model_n_params(m, false), learning = model_n_params(m, true);
    count_print(all, out);
    text_adds(out, all == 1 ? " weight" : " weights");
    if (all == 0) return;
    if (all == learning) {
        text_adds(out, ", all of them learn");
        return;
    }
    text_adds(out, ", ");
    count_print(learning, out);
    text_adds(out, " of them learn");
}

/* Before the first use of a model whose input sizes are open. */
static void unbuilt(const struct model_value *mv, struct view *v) {
    text_addf(&v->plain, "%s: a model whose input sizes are not known yet; train it or call it",
              model_value_name(mv));
}

void model_view(const struct model_value *mv, struct view *v) {
    const struct model *m = mv->model;
    if (!m || !model_is_built(m)) {
        unbuilt(mv, v);
        return;
    }
    struct text ports = {0}, totals = {0};
    struct sheet s;
    add_ports(m, &ports);
    add_totals(m, &totals);
    add_layers(m, &s);
    text_addf(&v->plain, "%s    %s\n", model_name(m), ports.p ? ports.p : "");
    sheet_text(&s, "  ", &v->plain);
    text_addf(&v->plain, "  %s", totals.p ? totals.p : "");
    text_adds(&v->html, "<div><b>");
    text_addf(&v->html, "%s</b> ", model_name(m));
    text_adds(&v->html, ports.p ? ports.p : "");
    text_adds(&v->html, "</div>\n");
    sheet_html(&s, &v->html);
    html_line(&v->html, NULL, text_str(&totals));
    if (mv->epochs_trained > 0) {
        char line[64];
        snprintf(line, sizeof line, "trained for %lld epoch%s", (long long)mv->epochs_trained,
                 mv->epochs_trained == 1 ? "" : "s");
        text_addf(&v->plain, "\n  %s", line);
        html_line(&v->html, NULL, str_of(line));
    }
    sheet_clear(&s);
    text_clear(&ports);
    text_clear(&totals);
}
