/* Calling a layer inside a model: its inputs, by name where it has several, and its results. */
#include "lang/eval/builtin.h"
#include "model.h"
#include "lang/eval/eval_parts.h"
#include <string.h>

/* What a layer gives: a tensor, or a list of it and its states. */
static bool layer_result(struct eval *ev, const struct layer *l, struct node *made,
                         struct value *out) {
    *out = value_node(made);
    if (layer_n_extra(l) == 0) return true;
    struct value list = value_list_new(layer_n_extra(l) + 1, ev->e);
    bool ok = list.kind == V_LIST && list_add(list.list, *out, ev->e);
    for (int i = 0; ok && i < layer_n_extra(l); i++)
        ok = list_add(list.list, value_node(layer_extra(l, i)), ev->e);
    if (!ok) return value_unref(list), false;
    return *out = list, true;
}

/* The actuals in the order of the layer's input names. Only what is called by name is understood:
 * libraries differ in the order. */
static bool named_inputs(struct eval *ev, const struct layer *l, const struct actual *actuals,
                         int n, struct span at, struct actual *sorted, int *n_sorted) {
    const char *name = layer_config(l)->row->name;
    int n_names, found = 0;
    const char *const *names = layer_input_names(l, &n_names);
    for (*n_sorted = 0; *n_sorted < n_names; ++*n_sorted) {
        const struct actual *a = NULL;
        for (int i = 0; i < n; i++)
            if (actuals[i].name && strcmp(actuals[i].name, names[*n_sorted]) == 0) a = &actuals[i];
        if (!a) break;
        sorted[*n_sorted] = *a;
        found++;
    }
    if (found == n && found >= 2) return true;
    fail(ev, at, ERR_ARGUMENT, "%s is called by name, with query, key and value.", name);
    return err_hint(ev->e,
                    "    %s(…)(query=x, key=x, value=x)\n\nFor self-attention all three are "
                    "the same. Without `value` the keys are the values.",
                    name);
}

bool call_layer(struct eval *ev, struct layer *l, const struct actual *actuals, int n,
                struct span at, struct value *out) {
    const char *name = layer_config(l)->row->name;
    struct actual sorted[3];
    int n_names;
    if (layer_input_names(l, &n_names)) {
        TRY(named_inputs(ev, l, actuals, n, at, sorted, &n));
        actuals = sorted;
    } else if (n != 1)
        return fail(ev, at, ERR_ARGUMENT, "A layer is applied to one tensor: %s(…)(x).", name);
    bool unknown = false, nodes = true;
    for (int i = 0; i < n; i++) {
        unknown = unknown || actuals[i].value.kind == V_UNKNOWN;
        nodes = nodes && actuals[i].value.kind == V_NODE;
    }
    if (unknown) {
        if (ev->memo) ev->memo->unknown = true;
        return *out = value_unknown(), true;
    }
    if (!ev->builder || !nodes) {
        fail(ev, at, ERR_TYPE, "%s is a layer: it has weights or a mode, and lives inside a model.",
             name);
        return err_hint(ev->e, "    model Net():\n        input x: [4]\n        output x.%s(…)",
                        name);
    }
    graph_set_span(ev->graph, at);
    struct node *in[3] = {NULL};
    for (int i = 0; i < n; i++) in[i] = actuals[i].value.node;
    struct node *made = layer_apply(ev->builder, l, in, n, ev->e);
    if (!made) return fail_from(ev, at, &actuals[0].at, 1);
    return layer_result(ev, l, made, out);
}
