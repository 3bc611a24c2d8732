/* Using models: predict, classify, evaluate, summary. */
#include "fn.h"
#include "lang/eval/tables/table_examples.h"
#include "lang/eval/advice/advice.h"
#include "lang/eval/models/estimator.h"
#include "lang/eval/models/model.h"
#include "lang/eval/slow.h"
#include "lang/eval/train/step.h"
#include <math.h>
#include <string.h>

/* Classical models answer by their own road. */
static bool is_classical(const struct call *c) {
    return c->args[0].kind == V_ESTIMATOR;
}

bool want_model(struct call *c, struct model_value **m) {
    if (c->args[0].kind == V_MODEL) return *m = c->args[0].model, true;
    call_fail(c, 0, ERR_TYPE, "%s uses a model, and this is %s.", c->row->name,
              value_kind_words(c->args[0].kind));
    if (c->args[0].kind == V_MAKER)
        err_hint(c->ev->e, "Make an instance with weights first: net = %s()",
                 c->args[0].maker->ast->name);
    return false;
}

enum { MOST_SAMPLES = 100000 };

bool fn_predict(struct call *c, struct value *out) {
    struct model_value *m;
    bool dropout;
    int64_t samples;
    if (c->args[0].kind == V_UNKNOWN) return *out = value_unknown(), true;
    if (is_classical(c) && (call_has(c, 2) || call_has(c, 3)))
        return call_fail(c, call_has(c, 2) ? 2 : 3, ERR_ARGUMENT,
                         "%s has no dropout: it gives one answer.", c->args[0].estimator->name);
    if (is_classical(c) && !estimator_ready(c->ev, c->args[0].estimator, c->spans[0])) return false;
    if (is_classical(c)) return apply_any_model(c->ev, c->args[0], c->args[1], c->spans[1], out);
    TRY(want_model(c, &m));
    TRY(call_bool(c, 2, false, &dropout));
    TRY(call_int(c, 3, 1, &samples));
    if (samples > MOST_SAMPLES)
        return call_fail(c, 3, ERR_VALUE, "At most %d samples can be drawn.", MOST_SAMPLES);
    if (samples < 1 || (samples > 1 && !dropout))
        return call_fail(c, 3, ERR_ARGUMENT, "Several samples differ only with dropout=True.");
    return model_draws(c->ev, m, c->args[1], dropout ? samples : 0, c->spans[1], out);
}

bool fn_summary(struct call *c, struct value *out) {
    struct model_value *m;
    if (!is_classical(c)) TRY(want_model(c, &m));
    *out = value_none();
    const struct engine_observer *o = c->ev->observer;
    if (o->show) o->show(o->user, c->args[0], NULL, false);
    return true;
}

bool fn_graph(struct call *c, struct value *out) {
    struct model_value *m;
    bool unfold;
    TRY(want_model(c, &m));
    TRY(call_bool(c, 1, false, &unfold));
    if (!m->model || !model_is_built(m->model)) {
        call_fail(c, 0, ERR_VALUE, "The sizes of %s are not known yet.", model_value_name(m));
        return err_hint(c->ev->e, "They follow from the data: train it or call it once, or write "
                                  "the sizes of its inputs.");
    }
    struct figure *f = figure_new(0, 1, c->ev->e);
    if (!f) return false;
    f->model = model_ref(m->model);
    f->free_model = model_unref;
    f->unfold = unfold;
    *out = (struct value){.kind = V_FIGURE, .figure = f};
    return true;
}

/* What part() could end at. */
static bool no_such_part(struct call *c, const struct model *m, const char *name) {
    struct text all = {0};
    for (int i = 0; i < model_n_names(m); i++) {
        const struct model_name_entry *n = model_name_at(m, i);
        if (n->n_layers || n->node[0]) text_addf(&all, "%s%s", all.n ? ", " : "", n->name);
    }
    for (int i = 0; i < model_n_layers(m) && all.n < 300; i++)
        text_addf(&all, "%s%s", all.n ? ", " : "", model_layer(m, i)->name);
    call_fail(c, 1, ERR_NAME, "The model has no layer and no name `%s`.", name);
    err_hint(c->ev->e, "There are: %s", all.p ? all.p : "none");
    text_clear(&all);
    return false;
}

bool fn_part(struct call *c, struct value *out) {
    struct model_value *m;
    struct str text;
    struct weights *weights = NULL;
    if (c->args[0].kind == V_UNKNOWN) return *out = value_unknown(), true;
    TRY(want_model(c, &m) && call_text(c, 1, &text));
    const char *name = intern(text);
    if (!m->model && c->ev->domain == DOMAIN_CHECK) return *out = value_unknown(), true;
    if (!m->model)
        return call_fail(c, 0, ERR_VALUE,
                         "The model has no layers yet: its input sizes are "
                         "learned when it first meets data.");
    if (!model_find_name(m->model, name) && model_find_layer(m->model, name) < 0)
        return no_such_part(c, m->model, name);
    struct model *made = model_part(m->model, name, m->weights, &weights, c->ev->e);
    struct model_value *v = made ? pool_need(sizeof *v, c->ev->e) : NULL;
    if (!v) {
        model_unref(made);
        weights_unref(weights);
        return false;
    }
    *v = (struct model_value){.refs = 1, .model = made, .weights = weights};
    return *out = (struct value){.kind = V_MODEL, .model = v}, true;
}

bool fn_log_value(struct call *c, struct value *out) {
    struct eval *ev = c->ev;
    struct str text;
    *out = value_none();
    if (c->args[0].kind == V_UNKNOWN) return true;
    TRY(call_text(c, 0, &text));
    const char *name = intern(text);
    if (ev->step && ev->graph) return step_log_value(ev, name, c->args[1], c->spans[1]);
    if (!ev->moment) {
        call_fail(c, -1, ERR_TRAIN,
                  "There is no training under way whose history could keep this.");
        return err_hint(ev->e, "log(name, value) stands in a train statement:\n\n"
                               "    each epoch:\n        log(\"distance\", d)");
    }
    if (ev->domain == DOMAIN_CHECK) return true;
    struct value v = c->args[1];
    if (!value_is_number(v))
        return call_fail(c, 1, ERR_TYPE, "log keeps one number, and this is %s.",
                         value_kind_words(v.kind));
    return train_log(ev->moment, name, value_number(v), ev->e);
}

/* ---- evaluate ---- */

enum { MOST_RECORDS = 32 };

struct evaluation {
    struct call *call;
    struct train_block *block; /* owns the measures */
    struct measure measures[TRAIN_MAX_MEASURES];
    int n;
    struct span inputs_at, targets_at;
};

static bool check_evaluation(struct evaluation *v, const struct model_value *m,
                             const struct model_data *x, const struct model_data *y) {
    struct train_shapes shapes = {0};
    memcpy(shapes.inputs, x->descs, sizeof shapes.inputs);
    memcpy(shapes.targets, y->descs, sizeof shapes.targets);
    if (!x->known || !y->known) return true;
    return evaluate_check(m->model, &shapes, v->measures, v->n, v->call->ev->e);
}

/* {0} … {3} of evaluate_check are the model, the inputs, the targets and the metrics. */
static bool place_evaluation(struct evaluation *v) {
    struct call *c = v->call;
    const struct err *e = c->ev->e;
    struct span spans[] = {c->spans[0], v->inputs_at, v->targets_at,
                           c->spans[2], c->spans[1],  c->spans[2]};
    bool placed = e->at.source != 0 || e->at.start >= ARRAY_LEN(spans);
    return fail_from(c->ev, placed ? c->at : spans[e->at.start], spans, 4);
}

static bool run_evaluation(struct evaluation *v, const struct model_value *m,
                           const struct examples *data, double *values) {
    struct eval *ev = v->call->ev;
    struct evaluate_spec spec = {.model = m->model,
                                 .weights = m->weights,
                                 .data = data,
                                 .measures = v->measures,
                                 .n = v->n,
                                 .stop = ev->stop,
                                 .progress = slow_note,
                                 .user = ev->slow};
    return train_evaluate(&spec, values, ev->e);
}

static bool evaluate_model(struct evaluation *v, struct value model, struct value pair,
                           double *values) {
    struct eval *ev = v->call->ev;
    struct model_data x = {0}, y = {0};
    bool built = false;
    struct model_value *m = model.model;
    int side = pair.pair->by_name ? DATA_BY_NAME : 0;
    bool ok =
        model_data_from(ev, pair.pair->inputs, m, side, v->call->spans[1], &x) &&
        (!x.known || model_ensure(ev, m, x.descs, x.n, v->call->at, &built)) &&
        model_data_from(ev, pair.pair->targets, m, side | DATA_TARGETS, v->call->spans[1], &y);
    struct examples data = {0};
    memcpy(data.inputs, x.tensors, sizeof data.inputs);
    memcpy(data.targets, y.tensors, sizeof data.targets);
    ok = ok && (!built || check_evaluation(v, m, &x, &y));
    if (ok && ev->domain == DOMAIN_RUN && (!built || !x.known || !y.known))
        ok = call_fail(v->call, 1, ERR_SHAPE,
                       "The sizes of the model's inputs do not follow from these data.");
    if (ev->domain == DOMAIN_RUN) ok = ok && run_evaluation(v, m, &data, values);
    if (!ok) place_evaluation(v);
    else if (ev->domain == DOMAIN_RUN)
        advice_evaluated(ev, v->call->spans[1], m->weights, &data, v->measures, v->n, m->classes);
    model_data_clear(&x);
    model_data_clear(&y);
    return ok;
}

static bool measure_value(struct evaluation *v, int i, struct value y, struct value yhat,
                          double *x) {
    struct eval *ev = v->call->ev;
    struct value result, args[] = {y, yhat};
    const struct measure *m = &v->measures[i];
    struct actual actuals[] = {{.value = y, .at = v->call->at}, {.value = yhat, .at = v->call->at}};
    const struct traced_measure *own = m->user;
    bool ok;
    if (m->config) {
        struct value f = {.kind = V_CONFIG,
                          .config = config_ref((struct config *)(uintptr_t)m->config)};
        ok = call_measure(ev, f.config, actuals, 2, v->call->at, &result);
        value_unref(f);
    } else {
        ok = call_simple(ev, own->function, args, 2, v->call->at, &result);
    }
    if (!ok) return false;
    *x = value_is_number(result) ? value_number(result) : NAN;
    value_unref(result);
    return true;
}

/* Any function from inputs to outputs is judged like a model. */
static bool evaluate_function(struct evaluation *v, struct value f, struct value pair,
                              double *values) {
    struct value yhat;
    TRY(call_simple(v->call->ev, f, &pair.pair->inputs, 1, v->call->at, &yhat));
    bool ok = true;
    for (int i = 0; ok && i < v->n; i++)
        ok = measure_value(v, i, pair.pair->targets, yhat, &values[i]);
    value_unref(yhat);
    return ok;
}

/* A classical model or ensemble: targets are numbered as it numbers its classes. */
static bool evaluate_classical(struct evaluation *v, struct value model, struct value pair,
                               double *values) {
    struct eval *ev = v->call->ev;
    struct value yhat;
    TRY(apply_any_model(ev, model, pair.pair->inputs, v->inputs_at, &yhat));
    if (yhat.kind == V_UNKNOWN) return true;
    struct tensor *codes = NULL;
    bool ok = targets_as_tensor(ev, estimator_value_classes(model.estimator), pair.pair->targets,
                                v->targets_at, &codes);
    struct value y = value_tensor(codes);
    for (int i = 0; ok && i < v->n; i++) ok = measure_value(v, i, y, yhat, &values[i]);
    value_unref(y);
    value_unref(yhat);
    return ok;
}

static bool evaluate_one(struct evaluation *v, struct value model, struct value pair,
                         double *values) {
    if (model.kind == V_UNKNOWN || pair.kind == V_UNKNOWN) return true;
    if ((pair.kind == V_TABLE || pair.kind == V_TABLE_DESC) && model.kind == V_MODEL) {
        struct value both;
        TRY(table_as_pair(v->call->ev, value_ref(pair), &both));
        bool ok = evaluate_model(v, model, both, values);
        value_unref(both);
        return ok;
    }
    if (pair.kind != V_PAIR || (pair.pair->by_name && model.kind != V_MODEL))
        return call_fail(v->call, 1, ERR_TYPE,
                         "evaluate needs inputs and targets: evaluate(net, x -> y, …).");
    if (model.kind == V_MODEL) return evaluate_model(v, model, pair, values);
    if (model.kind == V_ESTIMATOR) return evaluate_classical(v, model, pair, values);
    if (model.kind == V_FUNCTION || model.kind == V_BUILTIN)
        return evaluate_function(v, model, pair, values);
    return call_fail(v->call, 0, ERR_TYPE, "evaluate judges models and functions, and this is %s.",
                     value_kind_words(model.kind));
}

static bool read_measures(struct evaluation *v) {
    struct call *c = v->call;
    struct value list = c->args[2];
    struct ast at = {.kind = AST_NAME,
                     .name = intern_c("metrics"),
                     .span = c->spans[2],
                     .a = &(struct ast){.span = c->spans[2]}};
    int n = list.kind == V_LIST ? list.list->n : 1;
    for (; v->n < n && v->n < TRAIN_MAX_MEASURES; v->n++)
        TRY(measure_from(v->block, &at, list.kind == V_LIST ? list.list->items[v->n] : list, false,
                         &v->measures[v->n]));
    return true;
}

static bool set_cells(struct call *c, struct table *t, int64_t row, int n_text,
                      const double *values, int n) {
    for (int i = 0; i < n; i++) t->columns[n_text + i].numbers[row] = values[i];
    (void)c;
    return true;
}

static bool fill_table(struct evaluation *v, struct table *t, int n_text) {
    struct call *c = v->call;
    struct value models = c->args[0], data = c->args[1];
    int n_models = models.kind == V_RECORD ? models.record->n : 1;
    int n_data = data.kind == V_RECORD ? data.record->n : 1;
    double values[TRAIN_MAX_MEASURES];
    int64_t row = 0;
    for (int i = 0; i < n_models; i++) {
        for (int k = 0; k < n_data; k++, row++) {
            int column = 0;
            if (models.kind == V_RECORD)
                TRY(table_set_text(t, column++, row, str_of(models.record->keys[i]), c->ev->e));
            if (data.kind == V_RECORD)
                TRY(table_set_text(t, column++, row, str_of(data.record->keys[k]), c->ev->e));
            slow_part(c->ev->slow, row, n_models * n_data);
            TRY(evaluate_one(v, models.kind == V_RECORD ? models.record->items[i] : models,
                             data.kind == V_RECORD ? data.record->items[k] : data, values));
            TRY(set_cells(c, t, row, n_text, values, v->n));
        }
    }
    return true;
}

/* Columns by name, {a: …, y: …}, are one set of data; a record of pairs or tables is several. */
static bool is_columns(struct value data) {
    bool all = data.kind == V_RECORD && data.record->n > 0;
    for (int i = 0; all && i < data.record->n; i++)
        all = value_is_tensorlike(data.record->items[i]);
    return all;
}

static bool columns_as_pair(struct call *c) {
    struct value both;
    TRY(table_as_pair(c->ev, value_ref(c->args[1]), &both));
    c->args[1] = c->held[c->n_held++] = both;
    return true;
}

static bool evaluate_all(struct evaluation *v, struct value *out) {
    struct call *c = v->call;
    bool models = c->args[0].kind == V_RECORD, data = c->args[1].kind == V_RECORD;
    int n_text = models + data;
    int64_t rows = (models ? c->args[0].record->n : 1) * (data ? c->args[1].record->n : 1);
    struct table *t = table_new(rows, n_text + v->n, c->ev->e);
    bool ok = t != NULL;
    if (ok && models) ok = table_set_column(t, 0, intern_c("model"), COLUMN_TEXT, c->ev->e);
    if (ok && data) ok = table_set_column(t, models, intern_c("data"), COLUMN_TEXT, c->ev->e);
    for (int i = 0; ok && i < v->n; i++)
        ok =
            table_set_column(t, n_text + i, intern_c(v->measures[i].name), COLUMN_NUMBER, c->ev->e);
    struct slow slow;
    slow_enter(&slow, c->ev, rows > 1 ? "evaluating the models" : "evaluating the model", true);
    ok = ok && fill_table(v, t, n_text);
    slow_leave(&slow, c->ev);
    if (!ok) return table_unref(t), false;
    *out = value_table(t);
    return true;
}

bool fn_evaluate(struct call *c, struct value *out) {
    struct train_block *b = pool_need(sizeof *b, c->ev->e);
    if (!b) return false;
    b->ev = c->ev;
    bool pair = c->args[1].kind == V_PAIR || !value_is_tensorlike(c->args[1]);
    if (!pair && value_is_tensorlike(c->args[2])) {
        pool_free(b);
        call_fail(c, 1, ERR_ARGUMENT, "evaluate takes inputs and targets as one: x -> y.");
        return err_hint(c->ev->e, "    evaluate(net, x -> y, metrics=[mse, mae])");
    }
    if (is_columns(c->args[1]) && !columns_as_pair(c)) {
        pool_free(b);
        return false;
    }
    struct evaluation v = {.call = c, .block = b};
    v.inputs_at = v.targets_at = c->spans[1];
    bool checking = c->ev->domain == DOMAIN_CHECK;
    bool open = false;
    for (int i = 0; i < 3; i++) open = open || c->args[i].kind == V_UNKNOWN;
    bool ok = (checking && open) || (read_measures(&v) && evaluate_all(&v, out));
    if (ok && checking) {
        value_unref(*out);
        *out = value_unknown();
    }
    for (int i = 0; i < b->n_traced; i++) value_unref(b->traced[i].function);
    for (int i = 0; i < b->n_owned; i++) config_unref(b->owned[i]);
    pool_free(b);
    return ok;
}
