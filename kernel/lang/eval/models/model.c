/* Models: walking a body on symbols, instances, inference. */
#include "lang/eval/slow.h"
#include "model.h"
#include "lang/eval/builtin.h"
#include "lang/eval/eval_parts.h"
#include "lang/eval/eval_unknown.h"
#include "lang/eval/names/scope.h"
#include "base/hash.h"
#include "base/intern.h"
#include "base/pool.h"
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { MAX_INSIDE = 40 }; /* models inside models */

/* ---- the memo ---- */

bool memo_layer(struct eval *ev, struct config *c, struct value *out) {
    struct memo *m = ev->memo;
    if (m->next == m->n) {
        if (m->n == m->cap) {
            int cap = m->cap ? 2 * m->cap : 16;
            struct layer **more = pool_realloc(m->layers, (size_t)cap * sizeof *more);
            if (!more) return err_memory(ev->e, (size_t)cap * sizeof *more);
            m->layers = more;
            m->cap = cap;
        }
        struct layer *l = layer_new(c, ev->e);
        if (!l) return false;
        m->layers[m->n++] = l;
    }
    *out = (struct value){.kind = V_LAYER, .layer = layer_ref(m->layers[m->next++])};
    return true;
}

static void memo_clear(struct memo *m) {
    for (int i = 0; i < m->n; i++) layer_unref(m->layers[i]);
    for (int i = 0; i < m->n_insides; i++)
        value_unref((struct value){.kind = V_MODEL, .model = m->insides[i].model});
    pool_free(m->layers);
    pool_free(m->insides);
}

/* ---- lines of a model ---- */

static bool size_missing(struct eval *ev, const struct shape *s) {
    for (int i = 1; i < s->n; i++) {
        if (s->size[i] < 0) return ev->memo->needs_data = true;
    }
    return false;
}

/* Unknown sizes from the data that the instance meets. */
static bool take_sizes(struct eval *ev, const struct ast *s, struct shape *shape) {
    struct memo *m = ev->memo;
    if (m->i_input >= m->n_data) return true;
    const struct shape *data = &m->data[m->i_input].shape;
    if (data->n != shape->n) return true; /* a mismatch: train_check says so better */
    for (int i = 1; i < shape->n; i++) {
        if (shape->size[i] < 0) shape->size[i] = data->size[i];
        const struct ast *d = s->b->list[i - 1];
        bool learned = d->name && !d->a && d->slot != SLOT_GLOBAL && shape->size[i] >= 0;
        struct value *v = learned ? slot_of(ev, d->slot) : NULL;
        if (v && v->kind == V_MISSING) *v = value_int(shape->size[i]);
    }
    return true;
}

static bool model_input_line(struct eval *ev, const struct ast *s) {
    struct desc d = {.dtype = DT_FLOAT32};
    struct shape written;
    TRY(eval_shape(ev, s->b, &written));
    if (written.n + 1 > MAX_AXES)
        return fail(ev, s->b->span, ERR_SHAPE, "At most %d axes.", MAX_AXES - 1);
    d.shape.n = written.n + 1;
    d.shape.size[0] = SIZE_BATCH;
    memcpy(d.shape.size + 1, written.size, (size_t)written.n * sizeof *written.size);
    memcpy(d.shape.axis + 1, written.axis, (size_t)written.n * sizeof *written.axis);
    TRY(take_sizes(ev, s, &d.shape));
    ev->memo->i_input++;
    if (size_missing(ev, &d.shape))
        return fail(ev, s->span, ERR_SHAPE, "The sizes of the input are not known yet.");
    struct node *n = builder_input(ev->builder, s->name, &d, ev->e);
    struct ast name = {.kind = AST_NAME, .name = s->name, .slot = s->slot, .span = s->span};
    return n && name_set(ev, &name, value_node(n));
}

static bool model_weight_line(struct eval *ev, const struct ast *s) {
    struct weight_info info = {.learns = true};
    struct value init = value_missing();
    TRY(eval_shape(ev, s->b, &info.shape));
    if (s->a) TRY(eval_expr(ev, s->a, &init));
    info.init = s->a ? value_config(ev, init, CONFIG_INITIALIZER)
                     : config_default(config_find(STR("glorot_uniform")), ev->e);
    value_unref(init);
    if (!info.init)
        return fail(ev, s->a ? s->a->span : s->span, ERR_TYPE,
                    "The first values of a weight come from a call such as glorot_uniform().");
    info.name = s->name;
    info.fan_in = info.shape.n ? (int)info.shape.size[0] : 1;
    info.fan_out = info.shape.n > 1 ? (int)info.shape.size[1] : info.fan_in;
    struct memo *m = ev->memo;
    if (m->i_place >= (int)ARRAY_LEN(m->places))
        return fail(ev, s->span, ERR_VALUE, "A model can declare at most %d weights by hand.",
                    (int)ARRAY_LEN(m->places));
    struct node *n = builder_weight(ev->builder, &m->places[m->i_place++], &info, ev->e);
    config_unref(info.init);
    struct ast name = {.kind = AST_NAME, .name = s->name, .slot = s->slot, .span = s->span};
    return n && name_set(ev, &name, value_node(n));
}

/* An output has a row for each example, or nobody could say which belongs to which. */
static bool output_by_example(struct eval *ev, const struct ast *s, const struct node *n) {
    const struct shape *shape = &n->desc.shape;
    if (shape->n && shape->size[0] == SIZE_BATCH) return true;
    char text[160];
    fail(ev, s->a->span, ERR_SHAPE,
         "An output has one row for each example of the batch, and this has none.");
    err_fact(ev->e, "the output", "%s", shape_print(shape, text, sizeof text));
    return err_hint(ev->e,
                    "In a model axis 0 counts the examples: keep it, as in x.mean(axis=1) or "
                    "x.Flatten().");
}

static bool model_output_line(struct eval *ev, const struct ast *s) {
    struct value v;
    TRY(eval_expr(ev, s->a, &v));
    if (v.kind == V_UNKNOWN) return ev->memo->unknown = true;
    if (v.kind != V_NODE) {
        fail(ev, s->a->span, ERR_TYPE,
             "The output of a model is computed from its inputs, and this "
             "is %s.",
             value_kind_words(v.kind));
        if (v.kind == V_LAYER || v.kind == V_CONFIG || v.kind == V_BUILTIN)
            err_hint(ev->e,
                     "A layer does something to a value: x.Dense(4), or layer(x) for one that "
                     "has a name.");
        value_unref(v);
        return false;
    }
    TRY(output_by_example(ev, s, v.node));
    const char *name = s->name ? s->name : intern_c("output");
    TRY(builder_output(ev->builder, name, v.node, ev->e) || err_at(ev->e, s->span));
    if (!s->name) return true;
    struct ast target = {.kind = AST_NAME, .name = s->name, .slot = s->slot, .span = s->span};
    return name_set(ev, &target, v);
}

enum flow exec_model_line(struct eval *ev, const struct ast *s) {
    bool ok;
    if (!ev->builder || !ev->memo) {
        fail(ev, s->span, ERR_SYNTAX, "This line belongs directly into a model.");
        return FLOW_ERROR;
    }
    graph_set_span(ev->graph, s->span);
    if (s->kind == AST_INPUT) ok = model_input_line(ev, s);
    else if (s->kind == AST_WEIGHT) ok = model_weight_line(ev, s);
    else ok = model_output_line(ev, s);
    return ok ? FLOW_NEXT : FLOW_ERROR;
}

/* ---- building ---- */

static bool has_output(const struct ast *m) {
    for (int i = 0; i < m->n_body; i++) {
        if (m->body[i]->kind == AST_OUTPUT) return true;
    }
    return false;
}

static bool walk_frame(struct eval *ev, const struct model_value *m, struct frame *f) {
    const struct scope *s = m->maker->ast->scope;
    f->scope = s;
    f->captured = m->maker->captured;
    f->slots = pool_need((size_t)s->n_slots * sizeof *f->slots + 1, ev->e);
    if (!f->slots) return false;
    for (int i = 0; i < m->n_args; i++) f->slots[i] = value_ref(m->args[i]);
    return true;
}

/* One walk of the body: training or inference. */
static bool walk_model(struct eval *ev, struct model_value *m, struct model *made, bool training,
                       struct memo *memo) {
    struct builder b;
    struct frame frame = {0};
    TRY(builder_init(&b, made, training, ev->e));
    struct eval saved = *ev;
    memo->next = memo->i_input = memo->i_place = memo->next_made = 0;
    for (int i = 0; i < memo->n_insides; i++) memo->insides[i].now = NULL;
    ev->builder = &b;
    ev->graph = b.graph;
    ev->memo = memo;
    ev->context = "a model";
    struct caller caller = body_enter(ev, m->maker->program, &frame);
    bool ok = walk_frame(ev, m, &frame) &&
              exec_body(ev, m->maker->ast->body, m->maker->ast->n_body) != FLOW_ERROR &&
              keep_names(ev, &frame);
    body_leave(ev, &caller);
    for (int i = 0; frame.slots && i < frame.scope->n_slots; i++) value_unref(frame.slots[i]);
    pool_free(frame.slots);
    ev->builder = saved.builder;
    ev->graph = saved.graph;
    ev->memo = saved.memo;
    ev->context = saved.context;
    bool finished = builder_finish(&b, ok && !memo->unknown ? ev->e : &(struct err){0});
    return ok && (finished || memo->unknown);
}

static bool args_known(const struct model_value *m) {
    for (int i = 0; i < m->n_args; i++) {
        if (m->args[i].kind == V_UNKNOWN || m->args[i].kind == V_DESC) return false;
    }
    return true;
}

static bool draw_weights(struct eval *ev, struct model_value *m) {
    if (m->weights || m->is_inside || ev->domain == DOMAIN_CHECK) return true;
    m->weights = model_init(m->model, engine_seed(ev->engine), m->stream, ev->e);
    return m->weights != NULL;
}

bool model_ensure(struct eval *ev, struct model_value *m, const struct desc *data, int n_data,
                  struct span at, bool *built) {
    *built = m->model != NULL;
    if (*built) return draw_weights(ev, m);
    if (!args_known(m)) return true;
    if (ev->depth > MAX_INSIDE)
        return fail(ev, at, ERR_RECURSION, "The model %s stands inside itself.",
                    m->maker->ast->name);
    const struct ast *ast = m->maker->ast;
    if (!has_output(ast)) {
        fail(ev, ast->key_span.source ? ast->key_span : ast->span, ERR_SYNTAX,
             "The model %s has no output.", ast->name);
        return err_hint(ev->e, "Add a last line such as: output y = h.Dense(1)");
    }
    struct memo memo = {.data = data, .n_data = n_data};
    for (size_t i = 0; i < ARRAY_LEN(memo.places); i++) memo.places[i] = -1;
    struct model *made = model_new(ast->name, ev->e);
    bool ok = made && walk_model(ev, m, made, true, &memo) && !memo.unknown &&
              walk_model(ev, m, made, false, &memo);
    bool open = memo.needs_data || memo.unknown || (ev->domain == DOMAIN_CHECK && ev->fuel < 0);
    memo_clear(&memo);
    if (ok && !open) {
        m->model = made;
        *built = true;
        return draw_weights(ev, m);
    }
    model_unref(made);
    if (open) *ev->e = (struct err){0};
    else if (ev->e->n_notes < 3 && (ev->e->at.source != at.source || ev->e->at.start < at.start ||
                                    ev->e->at.end > at.end))
        err_note(ev->e, at, "the instance is made here");
    return open;
}

/* ---- makers and instances ---- */

/* With defaults for every parameter, the body is walked at once: mistakes show where they are. */
static bool try_defaults(struct eval *ev, struct maker *maker) {
    for (int i = 0; i < maker->n_defaults; i++) {
        if (maker->defaults[i].kind == V_MISSING) return true;
    }
    struct model_value trial = {
        .refs = 1, .maker = maker, .n_args = maker->n_defaults, .args = maker->defaults};
    bool built;
    bool ok = model_ensure(ev, &trial, NULL, 0, maker->ast->span, &built);
    model_unref(trial.model);
    weights_unref(trial.weights);
    return ok;
}

bool eval_define_model(struct eval *ev, const struct ast *s) {
    struct maker *m = pool_need(sizeof *m, ev->e);
    if (!m) return false;
    *m = (struct maker){.refs = 1, .ast = s, .n_defaults = s->n};
    if (!make_closure(ev, s, &m->captured, &m->n_captured, &m->defaults))
        return pool_free(m), false;
    m->program = program_ref(ev->program);
    struct value v = {.kind = V_MAKER, .maker = m};
    if (ev->domain == DOMAIN_CHECK && !try_defaults(ev, m)) return value_unref(v), false;
    struct ast name = {.kind = AST_NAME, .name = s->name, .slot = s->slot, .span = s->span};
    return name_set(ev, &name, v);
}

bool call_maker(struct eval *ev, struct maker *maker, const struct actual *actuals, int n,
                struct span at, struct value *out) {
    struct model_value *m = ev->memo ? memo_made(ev->memo, maker) : NULL;
    if (m) return *out = (struct value){.kind = V_MODEL, .model = m}, true;
    m = pool_need(sizeof *m, ev->e);
    if (!m) return false;
    *m = (struct model_value){
        .refs = 1, .maker = maker, .n_args = maker->ast->n, .is_inside = ev->memo != NULL};
    atomic_fetch_add(&maker->refs, 1);
    struct value v = {.kind = V_MODEL, .model = m};
    m->args = pool_need((size_t)m->n_args * sizeof *m->args + 1, ev->e);
    m->stream = next_stream(ev);
    bool built = false;
    bool ok = m->args &&
              bind_parameters(ev, maker->ast, maker->defaults, actuals, n, at, m->args) &&
              (ev->memo || model_ensure(ev, m, NULL, 0, at, &built)) &&
              (!ev->memo || memo_add_made(ev, m));
    if (!ok) {
        if (!m->args) m->n_args = 0;
        value_unref(v);
        return false;
    }
    if (ev->domain == DOMAIN_CHECK && !args_known(m)) {
        if (ev->memo) ev->memo->unknown = true;
        value_unref(v);
        v = value_unknown();
    }
    *out = v;
    return true;
}

struct model_value *model_copy(struct eval *ev, const struct model_value *m) {
    struct model_value *c = pool_need(sizeof *c, ev->e);
    if (!c) return NULL;
    *c = (struct model_value){.refs = 1,
                              .maker = m->maker,
                              .n_args = m->n_args,
                              .stream = m->stream,
                              .epochs_trained = m->epochs_trained,
                              .trained_at = m->trained_at,
                              .classes = levels_ref(m->classes),
                              .classes_open = m->classes_open};
    if (m->maker) atomic_fetch_add(&m->maker->refs, 1);
    c->model = m->model ? model_ref(m->model) : NULL;
    c->weights = m->weights ? weights_ref(m->weights) : NULL;
    c->args = pool_need((size_t)m->n_args * sizeof *c->args + 1, ev->e);
    if (!c->args) {
        value_unref((struct value){.kind = V_MODEL, .model = c});
        return NULL;
    }
    for (int i = 0; i < m->n_args; i++) c->args[i] = value_ref(m->args[i]);
    return c;
}

/* ---- inference ---- */

static bool outputs_as_value(struct eval *ev, const struct model *m, struct tensor **outputs,
                             struct value *out) {
    int n = model_n_outputs(m);
    if (n == 1) return *out = value_tensor(outputs[0]), true;
    *out = value_record_new(ev->e);
    for (int i = 0; i < n; i++) {
        struct value v = value_tensor(outputs[i]);
        if (out->kind != V_RECORD) value_unref(v);
        else record_set(out->record, model_output(m, false, i)->name, v, ev->e);
    }
    return out->kind == V_RECORD;
}

static bool describe_outputs(struct eval *ev, const struct model *m, const struct model_data *d,
                             int64_t draws, struct value *out) {
    if (model_n_outputs(m) != 1) return *out = value_unknown(), true;
    struct desc o = model_output(m, false, 0)->desc;
    o.shape.size[0] = d->descs[0].shape.size[0];
    o.shape.axis[0] = d->descs[0].shape.axis[0];
    if (draws > 1 && o.shape.n < MAX_AXES) {
        struct shape s = {.n = o.shape.n + 1, .size = {draws}, .axis = {intern_c("draw")}};
        for (int i = 0; i < o.shape.n; i++)
            s.size[i + 1] = o.shape.size[i], s.axis[i + 1] = o.shape.axis[i];
        s.weak = (uint8_t)(o.shape.weak << 1);
        o.shape = s;
    }
    *out = value_desc(&o, ev->e);
    return out->kind == V_DESC;
}

/* Rows of the data against what the input reads. */
bool model_check_data(struct eval *ev, const struct model_value *m, const struct model_data *d,
                      struct span at) {
    char a[160], b[160];
    if (d->n < model_n_inputs(m->model)) {
        struct text all = {0};
        for (int i = 0; i < model_n_inputs(m->model); i++)
            text_addf(&all, "%s%s=…", i ? ", " : "", model_input(m->model, false, i)->name);
        fail(ev, at, ERR_ARGUMENT, "The model has %d inputs, and %d is given: write net(%s).",
             model_n_inputs(m->model), d->n, all.p ? all.p : "");
        text_clear(&all);
        return false;
    }
    for (int i = 0; i < d->n && i < model_n_inputs(m->model); i++) {
        const struct port *p = model_input(m->model, false, i);
        struct shape want = p->desc.shape, have = d->descs[i].shape;
        bool fits = want.n == have.n;
        for (int k = 1; fits && k < want.n; k++)
            fits = have.size[k] < 0 || want.size[k] < 0 || have.size[k] == want.size[k];
        if (fits) continue;
        fail(ev, at, ERR_SHAPE, "The model reads `%s`, and these examples do not look like that.",
             p->name);
        err_label(ev->e, "is %s", shape_print(&have, a, sizeof a));
        char left[64];
        snprintf(left, sizeof left, "input %s", p->name);
        err_fact(ev->e, left, "%s    for each example", shape_print_axes(&want, 1, a, sizeof a));
        err_fact(ev->e, "these", "%s    for each example", shape_print_axes(&have, 1, b, sizeof b));
        if (want.n == 2 && want.size[1] == 1 && have.n == 1)
            err_hint(ev->e, "Each example is a list of one number here: write x[:, None].");
        else if (have.n == want.n - 1)
            err_hint(ev->e,
                     "Many examples have an axis of their own in front; one alone may go without "
                     "it, in the shape of the input.");
        return false;
    }
    return true;
}

/* The axis of examples keeps the name that it has in the data; the axis of draws is in front. */
static void name_examples(struct tensor **outputs, const struct shape *data, bool draws) {
    for (int i = 0; i < MODEL_MAX_PORTS && data->n; i++) {
        if (!outputs[i] || outputs[i]->shape.n <= draws) continue;
        struct shape *s = &outputs[i]->shape;
        unsigned bit = 1u << draws;
        if (draws) s->axis[0] = intern_c("draw");
        s->axis[draws] = data->axis[0];
        s->weak = (uint8_t)((s->weak & ~bit) | (data->weak & 1u ? bit : 0));
    }
}

static bool apply_to_one(struct eval *ev, struct model_value *m, struct value x, int64_t draws,
                         struct span at, struct value *out) {
    struct value field = x, tensor, one, y;
    if (x.kind == V_RECORD) field = *record_get(x.record, model_input(m->model, false, 0)->name);
    TRY(as_tensorlike(ev, field, &tensor));
    bool ok = as_one_example(ev, tensor, &one);
    value_unref(tensor);
    TRY(ok);
    ok = model_draws(ev, m, one, draws, at, &y);
    value_unref(one);
    return ok && the_one_example(ev, y, draws > 1, out);
}

static void watch_prediction(struct slow *s, struct eval *ev, const struct model_value *m,
                             const struct tensor *x) {
    char what[120];
    snprintf(what, sizeof what, "%.60s on %lld examples", model_value_name(m),
             (long long)x->shape.size[0]);
    slow_enter(s, ev, what, true);
}

bool model_apply(struct eval *ev, struct model_value *m, struct value x, bool dropout,
                 struct span at, struct value *out) {
    return model_draws(ev, m, x, dropout, at, out);
}

bool model_draws(struct eval *ev, struct model_value *m, struct value x, int64_t draws,
                 struct span at, struct value *out) {
    struct model_data d;
    bool built = false;
    bool ok = model_data_from(ev, x, m, 0, at, &d);
    if (ok && d.known) ok = model_ensure(ev, m, d.descs, d.n, at, &built);
    if (ok && (!d.known || !built)) {
        model_data_clear(&d);
        if (ev->domain == DOMAIN_CHECK) return *out = value_unknown(), true;
        return fail(ev, at, ERR_SHAPE, "The sizes of the model's inputs do not follow from this.");
    }
    if (ok && d.n == 1 && is_one_example(m->model, &d.descs[0])) {
        model_data_clear(&d);
        return apply_to_one(ev, m, x, draws, at, out);
    }
    ok = ok && model_check_data(ev, m, &d, at);
    if (ok && ev->domain == DOMAIN_CHECK) {
        ok = describe_outputs(ev, m->model, &d, draws, out);
    } else if (ok) {
        struct tensor *outputs[MODEL_MAX_PORTS] = {0};
        struct slow slow;
        watch_prediction(&slow, ev, m, d.tensors[0]);
        struct predict_spec spec = {.progress = slow_note,
                                    .user = &slow,
                                    .model = m->model,
                                    .weights = m->weights,
                                    .inputs = d.tensors,
                                    .dropout = draws > 0,
                                    .samples = draws,
                                    .seed = engine_seed(ev->engine),
                                    .stream = next_stream(ev),
                                    .stop = ev->stop};
        ok = model_predict(&spec, outputs, ev->e);
        slow_leave(&slow, ev);
        name_examples(outputs, &d.descs[0].shape, draws > 1);
        ok = ok && outputs_as_value(ev, m->model, outputs, out);
    }
    model_data_clear(&d);
    return ok || fail_from(ev, at, (struct span[]){at, at}, 2);
}
