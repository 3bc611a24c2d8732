/* Fields of instances: layers, weights, and the names of the body. */
#include "model.h"
#include "lang/eval/builtin.h"
#include "lang/eval/eval_parts.h"
#include "lang/eval/train/step.h"
#include "base/intern.h"
#include "base/pool.h"
#include "lang/syntax/spelling.h"
#include <stdatomic.h>
#include <string.h>

static bool weight_value(struct eval *ev, const struct model_value *m, int i, struct value *out) {
    const struct weight_info *w = model_weight(m->model, i);
    struct tensor *t = tensor_new(DT_FLOAT32, &w->shape, ev->e);
    if (!t) return false;
    memcpy(t->data, m->weights->data + w->offset, (size_t)t->count * sizeof(float));
    return *out = value_tensor(t), true;
}

static bool weights_record(struct eval *ev, const struct model_value *m, int first, int n,
                           struct value *out) {
    *out = value_record_new(ev->e);
    for (int i = first; out->kind == V_RECORD && i < first + n; i++) {
        struct value w;
        if (!weight_value(ev, m, i, &w) ||
            !record_set(out->record, model_weight(m->model, i)->name, w, ev->e))
            return value_unref(*out), false;
    }
    return out->kind == V_RECORD;
}

/* ---- parts ---- */

static struct value make_part(struct eval *ev, const struct model_value *m, const char *name,
                              int32_t first, int32_t n) {
    struct part *p = pool_need(sizeof *p, ev->e);
    if (!p) return value_missing();
    *p = (struct part){.refs = 1, .name = name, .first_layer = first, .n_layers = n};
    p->model = (struct model_value *)(uintptr_t)m;
    atomic_fetch_add(&p->model->refs, 1);
    for (int i = first; i < first + n; i++) {
        const struct layer_info *l = model_layer(m->model, i);
        if (l->n_weight_infos && !p->n_weights) p->first_weight = l->first_weight;
        p->n_weights += l->n_weight_infos;
    }
    return (struct value){.kind = V_PART, .part = p};
}

static bool layer_list(struct eval *ev, const struct model_value *m, int first, int n,
                       struct value *out) {
    *out = value_list_new(n, ev->e);
    for (int i = first; out->kind == V_LIST && i < first + n; i++) {
        struct value one = make_part(ev, m, model_layer(m->model, i)->name, i, 1);
        if (!list_add(out->list, one, ev->e)) return value_unref(*out), false;
    }
    return out->kind == V_LIST;
}

bool part_field(struct eval *ev, const struct ast *x, const struct part *p, struct value *out) {
    if (strcmp(x->name, "layers") == 0)
        return layer_list(ev, p->model, p->first_layer, p->n_layers, out);
    if (strcmp(x->name, "name") == 0)
        return *out = value_text(str_of(p->name), ev->e), out->kind == V_TEXT;
    if (strcmp(x->name, "weights") == 0 && ev->domain == DOMAIN_CHECK)
        return *out = value_unknown(), true;
    if (strcmp(x->name, "weights") == 0)
        return weights_record(ev, p->model, p->first_weight, p->n_weights, out);
    fail(ev, x->key_span, ERR_NAME, "A part of a model has no field `%s`.", x->name);
    return err_hint(ev->e, "It has .layers, .weights and .name.");
}

/* ---- fields of the whole ---- */

static bool not_built(struct eval *ev, const struct ast *x, struct value *out) {
    if (ev->domain == DOMAIN_CHECK) return *out = value_unknown(), true;
    return fail(ev, x->span, ERR_VALUE,
                "The model has no weights yet: its input sizes are learned when it first meets "
                "data.");
}

static void offer_names(const struct model_value *m, struct spelling *s) {
    spelling_add(s, STR("layers"));
    spelling_add(s, STR("weights"));
    for (int i = 0; m->model && i < model_n_names(m->model); i++)
        spelling_add(s, str_of(model_name_at(m->model, i)->name));
}

static bool no_model_field(struct eval *ev, const struct ast *x, const struct model_value *m) {
    struct spelling s;
    spelling_start(&s, str_of(x->name));
    offer_names(m, &s);
    struct str best = spelling_best(&s);
    fail(ev, x->key_span, ERR_NAME, "A model has no field `%s`.", x->name);
    if (best.n) return err_hint(ev->e, "Did you mean `%.*s`?", (int)best.n, best.p);
    return err_hint(ev->e, "It has .layers and .weights, the names of its body, and functions such "
                           "as .summary() and .predict(x).");
}

/* A name of the body. */
static bool named_field(struct eval *ev, const struct ast *x, const struct model_value *m,
                        const struct model_name_entry *n, struct value *out) {
    if (n->n_layers) {
        *out = make_part(ev, m, n->name, n->first_layer, n->n_layers);
        return out->kind == V_PART;
    }
    if (n->n_weights && ev->domain == DOMAIN_CHECK) {
        struct desc d = {.dtype = DT_FLOAT32,
                         .shape = model_weight(m->model, n->first_weight)->shape};
        *out = value_desc(&d, ev->e);
        return out->kind == V_DESC;
    }
    if (n->n_weights) return weight_value(ev, m, n->first_weight, out);
    fail(ev, x->key_span, ERR_NAME,
         "`%s` is a tensor on its way through the model, which has a "
         "value only when there is an input.",
         x->name);
    struct str net = source_piece(x->a->span);
    if (net.n == 0 || net.n > 30) net = str_of("net");
    return err_hint(ev->e,
                    "A model that ends there: %.*s.part(output=\"%s\"). Its layers are in "
                    "%.*s.layers, of which freeze can name some: %.*s.layers[:2]. A layer that has "
                    "a name of its own is a field: first = Dense(8), then h = first(x).",
                    (int)net.n, net.p, x->name, (int)net.n, net.p, (int)net.n, net.p);
}

/* An argument that the instance was made with. */
static bool argument_field(const struct ast *x, const struct model_value *m, struct value *out) {
    for (int i = 0; m->maker && i < m->n_args; i++) {
        if (m->maker->ast->list[i]->name == x->name) return *out = value_ref(m->args[i]), true;
    }
    return false;
}

static bool is_body_name(const struct ast *model, const char *name) {
    for (int i = 0; i < model->n_body; i++) {
        const struct ast *s = model->body[i];
        if (s->name == name) return true;
        for (int k = 0; s->kind == AST_ASSIGN && k < s->n; k++)
            if (s->list[k]->kind == AST_NAME && s->list[k]->name == name) return true;
    }
    return false;
}

bool model_field(struct eval *ev, const struct ast *x, struct model_value *m, struct value *out) {
    bool weights = strcmp(x->name, "weights") == 0, layers = strcmp(x->name, "layers") == 0;
    if (!weights && !layers && argument_field(x, m, out)) return true;
    bool known = weights || layers || (m->maker && is_body_name(m->maker->ast, x->name));
    if (!m->model && known) return not_built(ev, x, out);
    const struct model_name_entry *n = m->model ? model_find_name(m->model, x->name) : NULL;
    if (n && !weights && !layers) return named_field(ev, x, m, n, out);
    if (!weights && !layers) return no_model_field(ev, x, m);
    if (layers) return layer_list(ev, m, 0, model_n_layers(m->model), out);
    if (step_find_model(ev, m) >= 0) return step_weights(ev, step_find_model(ev, m), out);
    if (ev->domain == DOMAIN_CHECK) return *out = value_unknown(), true;
    return weights_record(ev, m, 0, model_n_weights(m->model), out);
}
