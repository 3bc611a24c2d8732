/* Running a step's body on symbols: its inputs from the data, its own names. */
#include "step.h"
#include "lang/eval/builtin.h"
#include "lang/eval/eval_parts.h"
#include "lang/eval/names/scope.h"
#include "lang/eval/tables/table_examples.h"
#include "base/pool.h"
#include <string.h>

/* ---- inputs ---- */

/* One tensor of the data as an input of the graph: examples are a batch. */
static bool add_input(struct eval *ev, struct step_trace *t, const char *name, struct value v,
                      struct span at, struct value *out) {
    struct model_data data;
    TRY(model_data_from(ev, v, NULL, 0, at, &data)); /* tensors and tables of numbers */
    if (!data.known || data.n != 1) {
        model_data_clear(&data);
        t->unknown = true;
        return *out = value_unknown(), true;
    }
    struct desc d = data.descs[0];
    if (t->plan.n_data == STEP_MAX_DATA) {
        model_data_clear(&data);
        return fail(ev, at, ERR_TRAIN, "A step reads at most %d tensors.", STEP_MAX_DATA);
    }
    d.shape.size[0] = SIZE_BATCH;
    bool whole = d.dtype == DT_INT64 || d.dtype == DT_INT32;
    d.dtype = whole ? DT_INT64 : DT_FLOAT32;
    struct node *n = graph_input(t->graph, name, &d, ev->e);
    t->plan.data[t->plan.n_data++] = data.tensors[0]; /* its reference, too */
    *out = value_node(n);
    return n != NULL;
}

static bool wrong_count(struct eval *ev, const struct ast *step, int names, int parts) {
    fail(ev, step->list[0]->span, ERR_TRAIN,
         "The step has %d name%s on this side, and the data "
         "have %d part%s.",
         names, names == 1 ? "" : "s", parts, parts == 1 ? "" : "s");
    return err_hint(ev->e, "    train net on x -> y:           step a -> b:\n"
                           "    train G, D on images:          step real:\n"
                           "    train net on {a: u, b: v}:     step a, b:");
}

/* A record's fields by name if all names are there, else in their order. */
static bool bind_record(struct eval *ev, struct step_trace *t, struct ast *const *names, int n,
                        const struct record *r, struct value *slots) {
    bool by_name = true;
    for (int i = 0; i < n; i++) by_name = by_name && record_get(r, names[i]->name);
    for (int i = 0; i < n; i++) {
        const struct value *v = by_name ? record_get(r, names[i]->name) : &r->items[i];
        TRY(add_input(ev, t, names[i]->name, *v, names[i]->span, &slots[i]));
    }
    return true;
}

/* One name for several parts: a record of them. */
static bool bind_whole(struct eval *ev, struct step_trace *t, const struct ast *name,
                       const struct record *r, struct value *slot) {
    struct value one;
    *slot = value_record_new(ev->e);
    for (int i = 0; slot->kind == V_RECORD && i < r->n; i++)
        TRY(add_input(ev, t, r->keys[i], r->items[i], name->span, &one) &&
            record_set(slot->record, r->keys[i], one, ev->e));
    return slot->kind == V_RECORD;
}

static bool bind_side(struct eval *ev, struct step_trace *t, const struct ast *step,
                      struct ast *const *names, int n, struct value v, struct value *slots) {
    if (v.kind == V_UNKNOWN) {
        t->unknown = true;
        for (int i = 0; i < n; i++) slots[i] = value_unknown();
        return true;
    }
    if (v.kind == V_RECORD && v.record->n == n && (n > 1 || record_get(v.record, names[0]->name)))
        return bind_record(ev, t, names, n, v.record, slots);
    if (v.kind == V_RECORD && n == 1) return bind_whole(ev, t, names[0], v.record, slots);
    if (v.kind == V_RECORD) return wrong_count(ev, step, n, v.record->n);
    if (n != 1) return wrong_count(ev, step, n, 1);
    return add_input(ev, t, names[0]->name, v, names[0]->span, slots);
}

/* A table alone: the columns that the step names. *done = false: it names something else. */
static bool bind_columns(struct eval *ev, struct step_trace *t, struct ast *const *names, int n,
                         struct value data, struct value *slots, bool *done) {
    *done = data.kind == V_TABLE || data.kind == V_TABLE_DESC;
    for (int i = 0; *done && i < n; i++)
        *done = table_find(data.table, str_of(names[i]->name)) >= 0;
    for (int i = 0; *done && i < n; i++) {
        struct value column;
        TRY(table_examples(ev, data.table, names[i]->name, false, names[i]->span, &column));
        bool ok = add_input(ev, t, names[i]->name, column, names[i]->span, &slots[i]);
        value_unref(column);
        TRY(ok);
    }
    return true;
}

static bool bind_data(struct eval *ev, struct step_trace *t, const struct ast *step,
                      struct value data, struct value *slots) {
    int n = step->n, m = step->n_names2;
    if (data.kind == V_UNKNOWN) {
        t->unknown = true;
        for (int i = 0; i < n + m; i++) slots[i] = value_unknown();
        return true;
    }
    bool inputs, targets;
    TRY(bind_columns(ev, t, step->list, n, data, slots, &inputs));
    if (inputs && !m) return true;
    TRY(!inputs || bind_columns(ev, t, step->names2, m, data, slots + n, &targets));
    if (inputs && targets) return true;
    if (data.kind == V_PAIR && m)
        return bind_side(ev, t, step, step->list, n, data.pair->inputs, slots) &&
               bind_side(ev, t, step, step->names2, m, data.pair->targets, slots + n);
    if (m) {
        fail(ev, step->names2[0]->span, ERR_TRAIN,
             "The data have no targets: there is no arrow in "
             "`on …`.");
        return err_hint(ev->e, "Write train … on x -> y, or step %s: without the arrow.",
                        step->list[0]->name);
    }
    if (data.kind == V_PAIR && n == 2)
        return bind_side(ev, t, step, step->list, 1, data.pair->inputs, slots) &&
               bind_side(ev, t, step, step->list + 1, 1, data.pair->targets, slots + 1);
    if (data.kind == V_PAIR) return wrong_count(ev, step, n, 2);
    return bind_side(ev, t, step, step->list, n, data, slots);
}

/* ---- the body ---- */

static bool no_update(struct eval *ev, const struct ast *step) {
    fail(ev, step->span, ERR_TRAIN, "The step moves nothing.");
    return err_hint(ev->e, "Say what is to be made small, and which model may move for it:\n\n"
                           "        minimize mse(y, net(x)) over net");
}

static bool run_body(struct eval *ev, const struct ast *step, struct value *slots,
                     struct value *captured) {
    struct frame frame = {.scope = step->scope, .slots = slots, .captured = captured};
    struct frame *outer = ev->frame;
    ev->frame = &frame;
    enum flow flow = exec_body(ev, step->body, step->n_body);
    ev->frame = outer;
    value_unref(frame.pending);
    if (flow == FLOW_RETURN || flow == FLOW_BREAK || flow == FLOW_CONTINUE)
        return fail(ev, step->span, ERR_SYNTAX, "A step runs to its end.");
    return flow != FLOW_ERROR;
}

bool step_trace(struct step_trace *t, struct eval *ev, const struct ast *step, struct value data) {
    const struct scope *scope = step->scope;
    struct value *slots = pool_need((size_t)scope->n_slots * sizeof *slots + 1, ev->e);
    struct value *captured = NULL, *defaults = NULL;
    int32_t n_captured = 0;
    TRY(slots && (t->graph = graph_new(DT_FLOAT32, ev->e)));
    t->plan.graph = t->graph;
    struct eval saved = *ev;
    bool ok = make_closure(ev, step, &captured, &n_captured, &defaults);
    ev->step = t;
    ev->graph = t->graph;
    ev->builder = NULL;
    ev->memo = NULL;
    ev->context = "a step";
    ok = ok && bind_data(ev, t, step, data, slots) && run_body(ev, step, slots, captured);
    ev->step = saved.step;
    ev->graph = saved.graph;
    ev->builder = saved.builder;
    ev->memo = saved.memo;
    ev->context = saved.context;
    for (int i = 0; i < scope->n_slots; i++) value_unref(slots[i]);
    for (int i = 0; i < n_captured && captured; i++) value_unref(captured[i]);
    pool_free(slots);
    pool_free(captured);
    pool_free(defaults);
    if (ok && !t->updates) return no_update(ev, step);
    return ok;
}

void step_clear(struct step_trace *t) {
    for (int i = 0; i < t->plan.n_data; i++) tensor_unref(t->plan.data[i]);
    for (int i = 0; i < t->plan.n_stages; i++) {
        pool_free(t->plan.stages[i].weights);
        pool_free((void *)t->plan.stages[i].infos);
        pool_free(t->plan.stages[i].assigns);
    }
    for (int i = 0; i < t->n_models; i++) {
        pool_free(t->models[i].nodes);
        pool_free(t->models[i].averages);
        pool_free(t->models[i].frozen_layers);
        pool_free(t->models[i].frozen_weights);
        value_unref((struct value){.kind = V_MODEL, .model = t->models[i].model});
    }
    pool_free(t->uses);
    graph_free(t->graph);
}
