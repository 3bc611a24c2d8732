/* Models inside other models and inside functions that are traced: calls on symbols. */
#include "model.h"
#include "lang/eval/builtin.h"
#include "lang/eval/eval_parts.h"
#include "lang/eval/train/step.h"
#include "lang/eval/names/scope.h"
#include "base/pool.h"
#include <stdatomic.h>
#include <string.h>

/* ---- the memo's models ---- */

struct model_value *memo_made(struct memo *m, const struct maker *maker) {
    int i = m->next_made;
    while (i < m->n_insides && !m->insides[i].made) i++;
    if (i >= m->n_insides || m->insides[i].model->maker->ast != maker->ast) return NULL;
    m->next_made = i + 1;
    atomic_fetch_add(&m->insides[i].model->refs, 1);
    return m->insides[i].model;
}

static struct inside *add_inside(struct eval *ev, struct model_value *m, bool made) {
    struct memo *memo = ev->memo;
    if (memo->n_insides == memo->cap_insides) {
        int cap = memo->cap_insides ? 2 * memo->cap_insides : 8;
        struct inside *more = pool_realloc(memo->insides, (size_t)cap * sizeof *more);
        if (!more) return err_memory(ev->e, (size_t)cap * sizeof *more), NULL;
        memo->insides = more;
        memo->cap_insides = cap;
    }
    memo->insides[memo->n_insides] = (struct inside){.model = m, .made = made};
    atomic_fetch_add(&m->refs, 1);
    return &memo->insides[memo->n_insides++];
}

bool memo_add_made(struct eval *ev, struct model_value *m) {
    TRY(add_inside(ev, m, true));
    ev->memo->next_made = ev->memo->n_insides;
    return true;
}

static struct inside *find_inside(struct memo *memo, const struct model_value *m) {
    for (int i = 0; i < memo->n_insides; i++) {
        if (memo->insides[i].model == m || memo->insides[i].now == m) return &memo->insides[i];
    }
    return NULL;
}

/* A model that the body gets from a call, such as pretrained(…), is another value in the second
 * walk: the n-th of the one walk is the n-th of the other. */
static struct inside *match_inside(struct eval *ev, struct model_value *m) {
    struct inside *known = find_inside(ev->memo, m);
    for (int i = 0; !known && !ev->builder->training && i < ev->memo->n_insides; i++) {
        struct inside *one = &ev->memo->insides[i];
        if (!one->made && !one->now) known = one;
    }
    if (known) known->now = m;
    return known ? known : add_inside(ev, m, false);
}

/* ---- names of the body ---- */

static void weights_of_rows(const struct model *m, struct model_name_entry *n) {
    for (int i = n->first_layer; i < n->first_layer + n->n_layers; i++) {
        const struct layer_info *l = model_layer(m, i);
        if (l->n_weight_infos && !n->n_weights) n->first_weight = l->first_weight;
        n->n_weights += l->n_weight_infos;
    }
}

bool keep_names(struct eval *ev, const struct frame *f) {
    struct builder *b = ev->builder;
    for (int i = 0; i < f->scope->n_slots; i++) {
        struct model_name_entry n = {.name = f->scope->names[i]};
        struct value v = f->slots[i];
        const struct inside *inside = v.kind == V_MODEL ? find_inside(ev->memo, v.model) : NULL;
        if (v.kind == V_LAYER && layer_row(v.layer, b->model) >= 0) {
            n.first_layer = layer_row(v.layer, b->model);
            n.n_layers = 1;
        } else if (inside && inside->nest.outer == b->model) {
            n.first_layer = inside->nest.first_layer;
            n.n_layers = model_n_layers(inside->model->model);
            n.node[b->training] = inside->nest.out[b->training];
        } else if (v.kind == V_NODE && v.node->op == OP_weight) {
            n.first_weight = v.node->index;
            n.n_weights = 1;
        } else if (v.kind != V_NODE) {
            continue;
        }
        if (v.kind == V_NODE) n.node[b->training] = v.node;
        weights_of_rows(b->model, &n);
        TRY(builder_name(b, &n, ev->e));
    }
    return true;
}

/* ---- calls ---- */

/* The inputs as nodes and their descriptions, in the model's order; *known = false: one of them is
 * not known. */
struct call_inputs {
    int n;
    struct node *nodes[MODEL_MAX_PORTS];
    struct model_data data;
    bool unknown;
};

static bool add_input(struct eval *ev, struct value v, struct span at, struct call_inputs *in) {
    struct value t;
    TRY(as_tensorlike(ev, v, &t));
    if (t.kind == V_UNKNOWN) return in->unknown = true;
    if (!value_is_tensorlike(t)) {
        value_unref(t);
        return fail(ev, at, ERR_TYPE, "A model reads tensors, and this is %s.",
                    value_kind_words(v.kind));
    }
    struct node *n = value_to_node(ev, t);
    value_unref(t);
    if (!n) return err_at(ev->e, at);
    if (n->desc.shape.n == 0)
        return fail(ev, at, ERR_TYPE,
                    "A model reads a tensor with one example per row, and this "
                    "is a single number.");
    in->nodes[in->n] = n;
    in->data.descs[in->n++] = n->desc;
    in->data.n = in->n;
    return true;
}

/* Names of the inputs come from the built model, or from its text. */
static const char *input_name(const struct model_value *m, int i) {
    if (m->model)
        return i < model_n_inputs(m->model) ? model_input(m->model, false, i)->name : NULL;
    const struct ast *body = m->maker->ast;
    for (int k = 0; k < body->n_body; k++) {
        if (body->body[k]->kind == AST_INPUT && i-- == 0) return body->body[k]->name;
    }
    return NULL;
}

static const struct actual *actual_named(const struct actual *actuals, int n, const char *name) {
    for (int i = 0; i < n; i++) {
        if (actuals[i].name == name) return &actuals[i];
    }
    return NULL;
}

static bool gather(struct eval *ev, struct model_value *m, const struct actual *actuals, int n,
                   struct span at, struct call_inputs *in) {
    bool record = n == 1 && actuals[0].value.kind == V_RECORD;
    if (n == 1 && !actuals[0].name && !record)
        return add_input(ev, actuals[0].value, actuals[0].at, in);
    for (int i = 0; i < MODEL_MAX_PORTS && input_name(m, i); i++) {
        const char *name = input_name(m, i);
        const struct actual *a = record ? NULL : actual_named(actuals, n, name);
        if (!a && !record && i < n && !actuals[i].name) a = &actuals[i];
        const struct value *v = record ? record_get(actuals[0].value.record, name)
                                : a    ? &a->value
                                       : NULL;
        if (!v) return fail(ev, at, ERR_ARGUMENT, "The model's input `%s` is not given.", name);
        TRY(add_input(ev, *v, a ? a->at : at, in));
    }
    return true;
}

static bool outputs_value(struct eval *ev, const struct model *m, struct node **outputs,
                          struct value *out) {
    int n = model_n_outputs(m);
    if (n == 1) return *out = value_node(outputs[0]), true;
    *out = value_record_new(ev->e);
    for (int i = 0; out->kind == V_RECORD && i < n; i++)
        TRY(record_set(out->record, model_output(m, false, i)->name, value_node(outputs[i]),
                       ev->e));
    return out->kind == V_RECORD;
}

static bool put_into(struct eval *ev, struct model_value *m, const struct call_inputs *in,
                     struct node **outputs) {
    int own = step_find_model(ev, m);
    if (own >= 0) return step_call_model(ev, own, in->nodes, outputs);
    if (!ev->builder || !ev->memo)
        return model_inline(m->model, m->weights, ev->graph, in->nodes, outputs, ev->e);
    struct inside *i = match_inside(ev, m);
    return i && builder_nest(ev->builder, i->model->model, m->is_inside ? NULL : i->model->weights,
                             &i->nest, in->nodes, outputs, ev->e);
}

/* One example alone: [1, …]. */
static bool widen_input(struct eval *ev, struct call_inputs *in) {
    struct value wide;
    TRY(as_one_example(ev, value_node(in->nodes[0]), &wide));
    in->nodes[0] = wide.node;
    in->data.descs[0] = wide.node->desc;
    return true;
}

/* A call whose arguments are symbols. */
static bool call_on_nodes(struct eval *ev, struct model_value *m, const struct actual *actuals,
                          int n, struct span at, struct value *out) {
    struct call_inputs in = {.data.known = true};
    struct node *outputs[MODEL_MAX_PORTS];
    bool built = false;
    graph_set_span(ev->graph, at);
    TRY(gather(ev, m, actuals, n, at, &in));
    if (!in.unknown) TRY(model_ensure(ev, m, in.data.descs, in.n, at, &built));
    if (!built) {
        if (ev->memo) ev->memo->unknown = true;
        return *out = value_unknown(), true;
    }
    if (in.n != model_n_inputs(m->model))
        return fail(ev, at, ERR_ARGUMENT, "The model has %d inputs: give them by name.",
                    model_n_inputs(m->model));
    bool one = in.n == 1 && is_one_example(m->model, &in.data.descs[0]);
    if (one) TRY(widen_input(ev, &in));
    TRY(model_check_data(ev, m, &in.data, at));
    graph_set_span(ev->graph, at);
    if (one)
        return (put_into(ev, m, &in, outputs) || fail_from(ev, at, &at, 1)) &&
               outputs_value(ev, m->model, outputs, out) && the_one_example(ev, *out, false, out);
    return (put_into(ev, m, &in, outputs) || fail_from(ev, at, &at, 1)) &&
           outputs_value(ev, m->model, outputs, out);
}

static bool has_node(struct value v) {
    if (v.kind == V_LIST || v.kind == V_RECORD) {
        int32_t n = v.kind == V_LIST ? v.list->n : v.record->n;
        const struct value *items = v.kind == V_LIST ? v.list->items : v.record->items;
        for (int32_t i = 0; i < n; i++)
            if (has_node(items[i])) return true;
    }
    return v.kind == V_NODE;
}

bool call_model(struct eval *ev, struct model_value *m, const struct actual *actuals, int n,
                struct span at, struct value *out) {
    bool nodes = false;
    for (int i = 0; i < n; i++) nodes = nodes || has_node(actuals[i].value);
    if (nodes && ev->graph) return call_on_nodes(ev, m, actuals, n, at, out);
    if (n == 0) return fail(ev, at, ERR_ARGUMENT, "A model is called on its inputs: net(x).");
    if (n == 1 && !actuals[0].name) {
        if (m->is_inside && ev->domain == DOMAIN_RUN)
            return fail(ev, at, ERR_TYPE,
                        "A model inside another one is called on what depends on "
                        "the input.");
        return model_apply(ev, m, actuals[0].value, false, actuals[0].at, out);
    }
    struct value inputs = value_record_new(ev->e);
    bool ok = inputs.kind == V_RECORD;
    for (int i = 0; ok && i < n; i++) {
        const char *name = actuals[i].name ? actuals[i].name : input_name(m, i);
        if (!name)
            ok = fail(ev, actuals[i].at, ERR_ARGUMENT, "The model has fewer inputs than this.");
        else ok = record_set(inputs.record, name, value_ref(actuals[i].value), ev->e);
    }
    ok = ok && model_apply(ev, m, inputs, false, at, out);
    if (inputs.kind == V_RECORD) value_unref(inputs);
    return ok;
}
