/* A classical model or ensemble: what it is, what it was fitted on, what it found. */
#include "lang/values/estimator_value.h"
#include "display/svg.h"
#include "display/views.h"
#include <math.h>
#include <string.h>

static void add_classes(const struct class_names *c, struct text *out) {
    text_addf(out, "%d classes", c->n);
    for (int i = 0; c->texts && i < c->n && i < 6; i++)
        text_addf(out, "%s%s", i ? ", " : ": ", c->texts[i]);
    if (c->texts && c->n > 6) text_adds(out, " …");
}

static void add_trees(const struct estimator *m, struct text *out) {
    int64_t trees = 0, leaves = 0;
    int32_t depth = 0;
    for (int i = 0; i < m->n_sets; i++) {
        trees += m->sets[i].n;
        leaves += trees_leaves(&m->sets[i]);
        if (trees_depth(&m->sets[i]) > depth) depth = trees_depth(&m->sets[i]);
    }
    text_addf(out, "%lld tree%s, %lld leaves, depth %d", (long long)trees, trees == 1 ? "" : "s",
              (long long)leaves, depth);
}

static void add_matrices(const struct estimator *m, struct text *out) {
    bool first = true;
    for (int i = 0; i < ESTIMATOR_MATRICES; i++) {
        const struct matrix *x = &m->matrices[i];
        if (!x->name || strcmp(x->name, "base") == 0 || strcmp(x->name, "examples") == 0 ||
            strcmp(x->name, "targets") == 0)
            continue;
        text_addf(out, "%s%s", first ? " · " : ", ", x->name);
        if (x->rows > 1) text_addf(out, " [%lld, %lld]", (long long)x->rows, (long long)x->cols);
        else if (x->cols > 1) text_addf(out, " [%lld]", (long long)x->cols);
        first = false;
    }
}

static void add_state(const struct estimator_value *m, struct text *out) {
    const struct class_names *c = estimator_value_classes(m);
    if (!m->fitted && !m->is_fitted) {
        text_adds(out, "not trained yet");
        return;
    }
    if (m->fitted)
        text_addf(out, "trained on %lld examples of %d column%s", (long long)m->fitted->n_rows,
                  m->fitted->features.d, m->fitted->features.d == 1 ? "" : "s");
    else text_addf(out, "%d trained members", m->n_members);
    if (c->n) {
        text_adds(out, " · ");
        add_classes(c, out);
    }
    if (m->fitted && m->fitted->n_sets) {
        text_adds(out, " · ");
        add_trees(m->fitted, out);
    } else if (m->fitted) {
        add_matrices(m->fitted, out);
    }
}

void estimator_view(const struct estimator_value *m, struct view *v) {
    struct text name = {0}, state = {0};
    estimator_value_print(m, &name);
    add_state(m, &state);
    text_addf(&v->plain, "%s\n  %s", name.p ? name.p : "", state.p ? state.p : "");
    text_adds(&v->html, "<div><b>");
    svg_escape(&v->html, text_str(&name));
    text_adds(&v->html, "</b></div>\n");
    html_line(&v->html, NULL, text_str(&state));
    text_clear(&name);
    text_clear(&state);
}
