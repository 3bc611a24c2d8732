/* Tracing a step: models on symbols, versions of their weights, minimisations and logs. */
#include "step.h"
#include "lang/eval/builtin.h"
#include "lang/eval/eval_parts.h"
#include "lang/eval/names/scope.h"
#include "base/hash.h"
#include "base/intern.h"
#include "base/pool.h"
#include "lang/syntax/spelling.h"
#include <stdio.h>
#include <string.h>

/* ---- models ---- */

int step_find_model(const struct eval *ev, const struct model_value *m) {
    const struct step_trace *t = ev->step;
    if (!t || ev->graph != t->graph) return -1;
    for (int i = 0; i < t->n_models; i++) {
        if (t->models[i].model == m) return i;
    }
    return -1;
}

struct call_in_step {
    struct step_trace *trace;
    int model;
};

static bool remember_use(struct step_trace *t, const struct node *n, int model, struct err *e) {
    if (t->n_uses == t->cap_uses) {
        int cap = t->cap_uses ? 2 * t->cap_uses : 64;
        struct weight_use *more = pool_realloc(t->uses, (size_t)cap * sizeof *more);
        if (!more) return err_memory(e, (size_t)cap * sizeof *more);
        t->uses = more;
        t->cap_uses = cap;
    }
    t->uses[t->n_uses++] = (struct weight_use){n, model, t->models[model].version};
    return true;
}

/* A model's place in the run's block, when it is first used: only then are its sizes known. */
static bool enter_model(struct step_trace *t, int model, struct err *e) {
    struct step_model *m = &t->models[model];
    size_t n = (size_t)model_n_weights(m->model->model);
    if (m->nodes) return true;
    TRY(m->nodes = pool_need(n * sizeof *m->nodes + 1, e));
    TRY(m->averages = pool_need(n * sizeof *m->averages + 1, e));
    m->offset = t->block;
    m->first_weight = t->n_weights;
    t->block += model_block_size(m->model->model);
    t->n_weights += (int)n;
    return true;
}

/* The node of a weight in the model's version of the moment. */
static struct node *weight_now(struct step_trace *t, int model, int weight, struct err *e) {
    struct step_model *m = &t->models[model];
    const struct weight_info *w = model_weight(m->model->model, weight);
    if (m->nodes[weight]) return m->nodes[weight];
    struct node *n = graph_weight(t->graph, w->name, &w->shape, m->first_weight + weight,
                                  m->offset + w->offset, e);
    if (!n || !remember_use(t, n, model, e)) return NULL;
    return m->nodes[weight] = n;
}

static struct node *weight_of_call(void *user, const struct node *old, struct err *e) {
    const struct call_in_step *c = user;
    const struct step_model *m = &c->trace->models[c->model];
    if (m->averages[old->index]) return m->averages[old->index];
    return weight_now(c->trace, c->model, old->index, e);
}

static void average_of_call(void *user, int weight, struct node *value) {
    const struct call_in_step *c = user;
    c->trace->models[c->model].averages[weight] = value;
}

bool step_call_model(struct eval *ev, int model, struct node *const *inputs,
                     struct node **outputs) {
    struct step_trace *t = ev->step;
    struct call_in_step c = {t, model};
    TRY(enter_model(t, model, ev->e));
    struct model_embedding how = {.model = t->models[model].model->model,
                                  .training = true,
                                  .graph = t->graph,
                                  .salt = hash_add(0x57e9, t->calls++),
                                  .frozen = t->models[model].frozen_layers,
                                  .weight = weight_of_call,
                                  .average = average_of_call,
                                  .user = &c};
    return model_embed(&how, inputs, outputs, ev->e);
}

bool step_weights(struct eval *ev, int model, struct value *out) {
    struct step_trace *t = ev->step;
    const struct model *m = t->models[model].model->model;
    TRY(enter_model(t, model, ev->e));
    *out = value_record_new(ev->e);
    for (int i = 0; out->kind == V_RECORD && i < model_n_weights(m); i++) {
        if (!model_weight(m, i)->learns) continue;
        struct node *n = weight_now(t, model, i, ev->e);
        if (!n || !record_set(out->record, model_weight(m, i)->name, value_node(n), ev->e))
            return value_unref(*out), false;
    }
    return out->kind == V_RECORD;
}

/* ---- what a value was computed with ---- */

static bool *ancestors(struct eval *ev, const struct node *end) {
    const struct graph *g = ev->step->graph;
    bool *needed = pool_need((size_t)graph_n_nodes(g) + 1, ev->e);
    if (!needed) return NULL;
    needed[end->id] = true;
    for (int id = end->id; id >= 0; id--) {
        const struct node *n = graph_node(g, id);
        for (int i = 0; needed[id] && i < n->n_in; i++) needed[n->in[i]->id] = true;
    }
    return needed;
}

/* A use of a version that is over, in what `end` is computed from; NULL = there is none. */
static const struct weight_use *stale_use(struct eval *ev, const struct node *end, bool *failed) {
    const struct step_trace *t = ev->step;
    bool *needed = ancestors(ev, end);
    const struct weight_use *found = NULL;
    *failed = !needed;
    for (int i = 0; needed && !found && i < t->n_uses; i++) {
        const struct weight_use *u = &t->uses[i];
        if (needed[u->node->id] && u->version != t->models[u->model].version) found = u;
    }
    pool_free(needed);
    return found;
}

/* The first name in an expression whose value was computed with this weight. */
static const char *stale_name(struct eval *ev, const struct ast *x, const struct weight_use *use) {
    struct value v;
    if (x->kind == AST_NAME) {
        struct err ignored = {0}, *e = ev->e;
        ev->e = &ignored;
        bool ok = name_get(ev, x, &v);
        ev->e = e;
        if (!ok) return NULL;
        bool *needed = v.kind == V_NODE ? ancestors(ev, v.node) : NULL;
        bool stale = needed && needed[use->node->id];
        pool_free(needed);
        value_unref(v);
        return stale ? x->name : NULL;
    }
    const struct ast *parts[] = {x->a, x->b, x->c};
    const char *found = NULL;
    for (size_t i = 0; !found && i < ARRAY_LEN(parts); i++)
        if (parts[i]) found = stale_name(ev, parts[i], use);
    for (int i = 0; !found && i < x->n; i++) found = stale_name(ev, x->list[i], use);
    return found;
}

static bool is_stale(struct eval *ev, const struct ast *x, const struct weight_use *use) {
    const char *model = ev->step->models[use->model].name;
    const char *name = stale_name(ev, x, use);
    if (!name) name = "this";
    fail(ev, x->span, ERR_TRAIN, "`%s` was made by %s before %s was updated; make it again.", name,
         model, model);
    err_label(ev->e, "uses %s from before", name);
    return err_hint(ev->e,
                    "Its slopes would belong to weights that %s does not have any more. "
                    "Write the call of %s again behind the minimize that moved it.",
                    model, model);
}

/* ---- minimize and maximize ---- */

static int model_named(const struct step_trace *t, const char *name) {
    for (int i = 0; i < t->n_models; i++) {
        if (t->models[i].name == name) return i;
    }
    return -1;
}

static bool unknown_over(struct eval *ev, const struct ast *name) {
    const struct step_trace *t = ev->step;
    struct spelling s;
    struct text all = {0};
    spelling_start(&s, str_of(name->name));
    for (int i = 0; i < t->n_models; i++) {
        spelling_add(&s, str_of(t->models[i].name));
        text_addf(&all, "%s%s", i ? ", " : "", t->models[i].name);
    }
    struct str best = spelling_best(&s);
    fail(ev, name->span, ERR_TRAIN, "`%s` is not a model of this train statement.", name->name);
    err_label(ev->e, "is not trained here");
    if (best.n) err_hint(ev->e, "Did you mean `%.*s`?", (int)best.n, best.p);
    else err_hint(ev->e, "Only the models of the header can move: train %s on …", all.p);
    text_clear(&all);
    return false;
}

static bool not_a_number(struct eval *ev, const struct ast *s, struct value v) {
    char shape[128];
    struct desc d;
    const char *word = s->is_maximize ? "maximize" : "minimize";
    if (!value_describe(v, &d))
        return fail(ev, s->a->span, ERR_TYPE, "`%s` makes one number better, and this is %s.", word,
                    value_kind_words(v.kind));
    if (d.shape.n == 0) {
        fail(ev, s->a->span, ERR_TRAIN,
             "This number does not depend on any weight, so there is "
             "nothing to learn.");
        return false;
    }
    fail(ev, s->a->span, ERR_SHAPE, "`%s` makes one number better, and these are many.", word);
    err_fact(ev->e, "what is there", "%s", shape_print(&d.shape, shape, sizeof shape));
    return err_hint(ev->e, "Did you mean their mean, (…).mean(), or their sum, (…).sum()?");
}

static bool add_weights(struct eval *ev, struct step_stage *stage, int model, int *room) {
    struct step_trace *t = ev->step;
    struct step_model *m = &t->models[model];
    if (!m->nodes) return true; /* not used */
    int n = model_n_weights(m->model->model), want = stage->n_weights + n;
    if (want > *room) {
        *room = 2 * want;
        struct node **nodes = pool_realloc(stage->weights, (size_t)*room * sizeof *nodes);
        if (nodes) stage->weights = nodes;
        const struct weight_info **infos =
            pool_realloc(stage->infos, (size_t)*room * sizeof *infos);
        if (infos) stage->infos = infos;
        struct assign *assigns = pool_realloc(stage->assigns, (size_t)*room * sizeof *assigns);
        if (assigns) stage->assigns = assigns;
        if (!nodes || !infos || !assigns) return err_memory(ev->e, (size_t)*room * sizeof *nodes);
    }
    for (int i = 0; i < n; i++) {
        const struct weight_info *w = model_weight(m->model->model, i);
        bool frozen = m->frozen_weights && m->frozen_weights[i];
        if (m->averages[i] && !frozen) {
            struct node *node = weight_now(t, model, i, ev->e);
            TRY(node);
            stage->assigns[stage->n_assigns++] = (struct assign){node, m->averages[i]};
        }
        if (!m->nodes[i] || !w->learns || frozen) continue;
        stage->weights[stage->n_weights] = m->nodes[i];
        stage->infos[stage->n_weights++] = w;
    }
    return true;
}

/* "G", or "G_D" for several. */
static const char *stage_name(const struct step_trace *t, const int *models, int n) {
    char name[128];
    size_t used = 0;
    for (int i = 0; i < n && used < sizeof name; i++)
        used += (size_t)snprintf(name + used, sizeof name - used, "%s%s", i ? "_" : "",
                                 t->models[models[i]].name);
    return intern_c(name);
}

/* While checking: is there a smooth way from a weight to the value? */
static bool check_connected(struct eval *ev, const struct ast *s, const struct step_stage *stage) {
    int n = stage->n_weights;
    struct node **slopes = pool_need((size_t)n * (sizeof *slopes + 1) + 1, ev->e);
    if (!slopes) return false;
    bool *connected = (bool *)(slopes + n), any = false;
    bool ok = n == 0 || graph_gradient(ev->step->graph, stage->value, stage->weights, n, slopes,
                                       connected, ev->e);
    for (int i = 0; ok && i < n; i++) any = any || connected[i];
    pool_free(slopes);
    if (!ok) return err_at(ev->e, s->a->span);
    if (any) return true;
    fail(ev, s->a->span, ERR_TRAIN,
         "This does not depend on any weight of %s that may move, so "
         "there is nothing to learn.",
         stage->name);
    return err_hint(ev->e, "There has to be a smooth way from the weights to the number: round, "
                           "argmax and comparisons have no slope.");
}

static void move_model(struct step_trace *t, int model) {
    struct step_model *m = &t->models[model];
    if (!m->nodes) return;
    size_t n = (size_t)model_n_weights(m->model->model);
    m->moved_at[m->version++] = t->plan.n_stages;
    memset(m->nodes, 0, n * sizeof *m->nodes);
    memset(m->averages, 0, n * sizeof *m->averages);
}

static bool same_optimizer(struct eval *ev, const struct ast *s, const int *models, int n) {
    const struct step_trace *t = ev->step;
    for (int i = 1; i < n; i++) {
        if (t->models[models[i]].optimizer == t->models[models[0]].optimizer) continue;
        return fail(ev, s->span, ERR_SETTING,
                    "One minimize moves all its models with one "
                    "optimizer, and %s and %s have different ones.",
                    t->models[models[0]].name, t->models[models[i]].name);
    }
    return true;
}

static bool add_stage(struct eval *ev, const struct ast *s, struct value v, const int *models,
                      int n) {
    struct step_trace *t = ev->step;
    bool failed;
    int room = 0;
    struct node *value = v.kind == V_NODE ? v.node : NULL;
    if (!value || value->desc.shape.n > 0) return not_a_number(ev, s, v);
    const struct weight_use *stale = stale_use(ev, value, &failed);
    if (failed) return false;
    if (stale) return is_stale(ev, s->a, stale);
    TRY(same_optimizer(ev, s, models, n));
    if (t->plan.n_stages == STEP_MAX_STAGES)
        return fail(ev, s->span, ERR_TRAIN, "A step has at most %d minimisations.",
                    STEP_MAX_STAGES);
    if (value->desc.dtype != DT_FLOAT32) {
        struct attrs to = {.dtype = DT_FLOAT32};
        TRY(value = graph_add1(t->graph, OP_cast, value, &to, ev->e));
    }
    struct step_stage *stage = &t->plan.stages[t->plan.n_stages];
    *stage = (struct step_stage){.name = stage_name(t, models, n),
                                 .value = value,
                                 .maximize = s->is_maximize,
                                 .optimizer = t->models[models[0]].optimizer};
    bool ok = true;
    for (int i = 0; ok && i < n; i++) ok = add_weights(ev, stage, models[i], &room);
    if (ok && ev->domain == DOMAIN_CHECK) ok = check_connected(ev, s, stage);
    for (int i = 0; ok && i < n; i++) move_model(t, models[i]);
    t->plan.n_stages++; /* its arrays are given back with the others */
    return ok;
}

bool exec_update(struct eval *ev, const struct ast *s) {
    struct step_trace *t = ev->step;
    int models[STEP_MAX_MODELS];
    struct value v;
    const char *word = s->is_maximize ? "maximize" : "minimize";
    if (!t) return fail(ev, s->span, ERR_SYNTAX, "`%s` belongs in the step of a train.", word);
    if (s->n > STEP_MAX_MODELS)
        return fail(ev, s->span, ERR_TRAIN, "At most %d models.", STEP_MAX_MODELS);
    for (int i = 0; i < s->n; i++) {
        models[i] = model_named(t, s->list[i]->name);
        if (models[i] < 0) return unknown_over(ev, s->list[i]);
    }
    t->updates = true;
    graph_set_span(t->graph, s->a->span);
    TRY(eval_expr(ev, s->a, &v));
    if (v.kind == V_UNKNOWN || v.kind == V_DESC) {
        t->unknown = true;
        return value_unref(v), true;
    }
    bool ok = add_stage(ev, s, v, models, s->n);
    value_unref(v);
    return ok;
}

/* ---- log(name, value) ---- */

/* The stage that still has all weights as they were when `n` was made; -1 = there is none. */
static int stage_of(struct eval *ev, const struct node *n) {
    const struct step_trace *t = ev->step;
    bool *needed = ancestors(ev, n);
    int first = 0, last = t->plan.n_stages;
    for (int i = 0; needed && i < t->n_uses; i++) {
        const struct weight_use *u = &t->uses[i];
        const struct step_model *m = &t->models[u->model];
        if (!needed[u->node->id]) continue;
        int begin = u->version ? m->moved_at[u->version - 1] + 1 : 0;
        int end = u->version < m->version ? m->moved_at[u->version] : t->plan.n_stages;
        if (begin > first) first = begin;
        if (end < last) last = end;
    }
    pool_free(needed);
    return needed && first <= last ? last : -1;
}

bool step_log_value(struct eval *ev, const char *name, struct value v, struct span at) {
    struct step_trace *t = ev->step;
    struct desc d;
    if (v.kind == V_UNKNOWN || v.kind == V_DESC) return true;
    if (!value_describe(v, &d) || d.shape.n > 0)
        return fail(ev, at, ERR_TYPE, "log keeps one number, and this is %s.",
                    d.shape.n ? "many: take their mean" : value_kind_words(v.kind));
    struct node *n = value_to_node(ev, v);
    struct attrs to = {.dtype = DT_FLOAT32};
    if (n && n->desc.dtype != DT_FLOAT32) n = graph_add1(t->graph, OP_cast, n, &to, ev->e);
    if (!n) return false;
    int stage = stage_of(ev, n);
    if (stage < 0)
        return fail(ev, at, ERR_TRAIN,
                    "This mixes what a model gave before it was updated with "
                    "what one gave afterwards.");
    if (t->plan.n_logs == STEP_MAX_LOGS)
        return fail(ev, at, ERR_TRAIN, "A step logs at most %d numbers.", STEP_MAX_LOGS);
    t->plan.logs[t->plan.n_logs++] = (struct step_log){name, n, stage};
    return true;
}
