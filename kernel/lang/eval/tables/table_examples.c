/* Columns by the names of inputs and outputs. */
#include "table_examples.h"
#include "lang/eval/eval_parts.h"
#include "base/intern.h"
#include "data/images.h"
#include "tables.h"

bool table_feeds(const struct table *t, const struct model *m, bool outputs) {
    int n = !m ? 0 : outputs ? model_n_outputs(m) : model_n_inputs(m);
    for (int i = 0; i < n; i++) {
        const struct port *p = outputs ? model_output(m, true, i) : model_input(m, true, i);
        if (table_find(t, str_of(p->name)) < 0) return false;
    }
    return n > 0;
}

static bool no_column(struct eval *ev, const struct table *t, const char *name, bool outputs,
                      struct span at) {
    struct text names = {0};
    for (int i = 0; i < t->n_columns && i < 12; i++)
        text_addf(&names, "%s%s", i ? ", " : "", t->columns[i].name);
    fail(ev, at, ERR_COLUMN, "The table has no column `%s`, which is an %s of the model.", name,
         outputs ? "output" : "input");
    err_label(ev->e, "has no column `%s`", name);
    err_fact(ev->e, "columns", "%s", names.p ? names.p : "none");
    text_clear(&names);
    return err_hint(ev->e,
                    "A table alone is matched by names, a column for each input and output. Rename "
                    "one, t.rename(old=\"%s\"), or say what goes where:\n\n"
                    "    t[[\"a\", \"b\"]] -> t.c",
                    name);
}

static bool sizeless(struct eval *ev, const struct column *c, struct span at) {
    fail(ev, at, ERR_DATA, "The first picture of `%s` cannot be read, so their size is not known.",
         c->name);
    return err_hint(ev->e, "Give them one: photos.resize(224x224)");
}

bool table_examples(struct eval *ev, const struct table *t, const char *name, bool outputs,
                    struct span at, struct value *out) {
    int i = table_find(t, str_of(name));
    if (i < 0) return no_column(ev, t, name, outputs, at);
    const struct column *c = &t->columns[i];
    struct value v;
    if (c->kind == COLUMN_UNKNOWN || (c->kind == COLUMN_IMAGE && !c->images))
        return *out = value_unknown(), true;
    if (c->kind == COLUMN_IMAGE && !outputs && t->n_rows >= 0) {
        if (images_shape(c->images).size[0] == 0) return sizeless(ev, c, at);
        struct tensor *x = images_tensor(c->images, c->numbers, t->n_rows, ev->e);
        if (!x) return false;
        x->shape.axis[0] = intern_c("row");
        x->shape.weak = 1;
        return *out = value_tensor(x), true;
    }
    TRY(table_column(ev, t, i, &v));
    bool ok = as_tensorlike(ev, v, out);
    value_unref(v);
    return ok || err_at(ev->e, at);
}

static bool record_feeds(const struct record *r, const struct model_value *m) {
    bool all = true, named = false;
    for (int i = 0; m->model && i < model_n_inputs(m->model); i++)
        all = all && record_get(r, model_input(m->model, true, i)->name);
    for (int i = 0; m->model && i < model_n_outputs(m->model); i++, named = true)
        all = all && record_get(r, model_output(m->model, true, i)->name);
    const struct ast *body = !m->model && m->maker ? m->maker->ast : NULL;
    for (int i = 0; body && i < body->n_body; i++) { /* not built yet: its lines */
        const struct ast *line = body->body[i];
        bool output = line->kind == AST_OUTPUT && line->name;
        if (line->kind == AST_INPUT || output) all = all && record_get(r, line->name);
        named |= output;
    }
    return all && named;
}

bool feeds_by_name(struct value data, const struct model_value *m) {
    if (data.kind == V_RECORD) return record_feeds(data.record, m);
    return data.kind == V_TABLE || data.kind == V_TABLE_DESC;
}

bool table_as_pair(struct eval *ev, struct value take, struct value *out) {
    *out = value_pair(value_ref(take), take, ev->e);
    if (out->kind == V_PAIR) out->pair->by_name = true;
    return out->kind == V_PAIR;
}
