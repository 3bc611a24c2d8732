/* The train statement: from the block to a train_spec, and the result back into its name. */
#include "train.h"
#include "lang/eval/advice/advice.h"
#include "lang/eval/models/estimator.h"
#include "lang/eval/builtin.h"
#include "lang/eval/tables/table_examples.h"
#include "lang/eval/eval_parts.h"
#include "lang/eval/search/search.h"
#include "step.h"
#include "tracking.h"
#include "base/intern.h"
#include "base/pool.h"
#include <stdio.h>
#include <string.h>

/* ---- the block ---- */

static void block_start(struct train_block *b, struct eval *ev, const struct ast *s) {
    memset(b, 0, sizeof *b);
    b->ev = ev;
    b->statement = s;
    b->resume = -1;
    b->spec.epochs = 10;
    b->spec.batch = 32;
    b->spec.seed = engine_seed(ev->engine);
    b->spec.device = engine_device(ev->engine);
}

static void block_clear(struct train_block *b) {
    value_unref(b->validate);
    value_unref(b->loss);
    value_unref(b->frozen);
    value_unref(b->optimizers);
    pool_free(b->frozen_layers);
    pool_free(b->frozen_weights);
    for (int i = 0; i < b->n_traced; i++) value_unref(b->traced[i].function);
    for (int i = 0; i < b->n_owned; i++) config_unref(b->owned[i]);
    for (int i = 0; i < b->n_owned_tensors; i++) tensor_unref(b->owned_tensors[i]);
}

bool train_read_block(struct train_block *b) {
    struct eval *ev = b->ev;
    for (int i = 0; i < b->statement->n_body; i++) {
        const struct ast *line = b->statement->body[i];
        if (line->kind == AST_SETTING) TRY(apply_setting(ev, &train_settings, line, b));
    }
    return true;
}

/* The record may hold one under a name that is no output. */
static bool no_loss(struct train_block *b, const struct model *m, const char *output) {
    const struct record *r = b->loss.record;
    fail(b->ev, b->loss_at, ERR_SETTING, "There is no loss for the output `%s`.", output);
    for (int32_t k = 0; k < r->n; k++) {
        bool known = false;
        for (int i = 0; i < model_n_outputs(m); i++)
            known = known || strcmp(model_output(m, true, i)->name, r->keys[k]) == 0;
        if (!known)
            return err_hint(b->ev->e, "`%.60s` is no output of this model. Did you mean `%s`?",
                            r->keys[k], output);
    }
    return err_hint(b->ev->e,
                    "Every output needs one. A loss that should count less has a weight: "
                    "{%s: [mse, 0.1], …}",
                    output);
}

/* A loss for each output: one for all, or a record by the outputs' names. */
static bool read_losses(struct train_block *b, const struct model *m) {
    const struct ast at = {.kind = AST_NAME,
                           .name = intern_c("loss"),
                           .span = b->loss_at,
                           .a = &(struct ast){.span = b->loss_at}};
    if (b->loss.kind == V_MISSING) return true;
    for (int i = 0; i < model_n_outputs(m); i++) {
        struct value v = b->loss;
        if (v.kind == V_RECORD) {
            const char *name = model_output(m, true, i)->name;
            const struct value *own = record_get(v.record, name);
            if (!own) return no_loss(b, m, name);
            v = *own;
        }
        TRY(measure_from(b, &at, v, true, &b->spec.losses[i]));
    }
    return true;
}

/* ---- data ---- */

struct train_data {
    struct model_data x, y, vx, vy;
};

static void data_clear(struct train_data *d) {
    model_data_clear(&d->x);
    model_data_clear(&d->y);
    model_data_clear(&d->vx);
    model_data_clear(&d->vy);
}

/* The inputs or targets of a pair; at: the whole of it, written as ast (or NULL). */
static bool read_side(struct train_block *b, struct value pair, struct span at,
                      const struct ast *ast, const struct model_value *m, enum data_side side,
                      struct model_data *out) {
    bool arrow = ast && ast->kind == AST_ARROW, targets = side == DATA_TARGETS;
    struct span place = !arrow ? at : targets ? ast->b->span : ast->a->span;
    int how = (int)side | (pair.pair->by_name ? DATA_BY_NAME : 0);
    struct value v = targets ? pair.pair->targets : pair.pair->inputs;
    return model_data_from(b->ev, v, m, how, place, out);
}

static bool read_pair(struct train_block *b, struct value pair, struct span at,
                      const struct ast *ast, const struct model_value *m, struct model_data *x,
                      struct model_data *y) {
    return read_side(b, pair, at, ast, m, DATA_INPUTS, x) &&
           read_side(b, pair, at, ast, m, DATA_TARGETS, y);
}

static void put_examples(struct examples *e, const struct model_data *x,
                         const struct model_data *y) {
    memcpy(e->inputs, x->tensors, sizeof e->inputs);
    memcpy(e->targets, y->tensors, sizeof e->targets);
}

static bool no_data(struct train_block *b, struct value v) {
    struct eval *ev = b->ev;
    const struct ast *s = b->statement;
    fail(ev, s->a ? s->a->span : s->span, ERR_TRAIN, "`train` needs inputs and targets.");
    if (v.kind == V_TENSOR || v.kind == V_DESC)
        return err_hint(ev->e, "An autoencoder learns its own input: train … on x -> x");
    return err_hint(ev->e, v.kind == V_RECORD
                               ? "Write train net on x -> y, or give the record a field for each "
                                 "input and output of the model, under their names."
                               : "Write: train net on x -> y");
}

/* Targets that are a category give the classes of a model's one output their names. */
static void note_classes(struct train_block *b, struct value data, const struct model *m) {
    const struct pair *p = data.pair;
    struct value y = p->targets;
    const struct column *c = NULL;
    if (!m || model_n_outputs(m) != 1) return;
    bool table = y.kind == V_TABLE || y.kind == V_TABLE_DESC;
    bool column = y.kind == V_COLUMN || y.kind == V_COLUMN_DESC;
    if (p->by_name && p->inputs.kind == V_RECORD) {
        const struct value *own = record_get(p->inputs.record, model_output(m, true, 0)->name);
        column = own && (own->kind == V_COLUMN || own->kind == V_COLUMN_DESC);
        c = column ? &own->table->columns[0] : NULL;
    } else if (p->by_name) {
        int i = table_find(p->inputs.table, str_of(model_output(m, true, 0)->name));
        c = i >= 0 ? &p->inputs.table->columns[i] : NULL;
    } else if (column || (table && y.table->n_columns == 1)) {
        c = &y.table->columns[0];
    }
    bool named = c && c->kind == COLUMN_CATEGORY;
    b->classes = named ? c->levels : NULL;
    b->classes_open = (named && !c->levels) || y.kind == V_UNKNOWN;
}

static void put_classes(const struct train_block *b, struct model_value *m) {
    levels_unref(m->classes);
    m->classes = b->classes ? levels_ref(b->classes) : NULL;
    m->classes_open = b->classes_open;
}

/* ---- the target ---- */

bool train_not_a_model(struct eval *ev, const struct ast *target, struct value v) {
    fail(ev, target->span, ERR_TRAIN, "`train` trains a model, and this is %s.",
         value_kind_words(v.kind));
    struct str name = source_piece(target->span);
    const char *maker = v.kind == V_MAKER ? v.maker->ast->name : "";
    bool same = str_is(name, maker);
    if (v.kind == V_MAKER)
        err_hint(ev->e,
                 "%s describes models. Make one, with its own weights, first:\n\n"
                 "    %.*s = %s()\n    train %.*s on …",
                 maker, same ? 3 : (int)name.n, same ? "net" : name.p, maker,
                 same ? 3 : (int)name.n, same ? "net" : name.p);
    return false;
}

/* Under %again a cell trains further what it has trained itself. */
static bool is_same_cell(const struct train_block *b, const struct source *where) {
    const struct source *here = source_find(b->statement->span.source);
    return !where || (here && where->name == here->name);
}

bool train_needs_resume(struct train_block *b, const struct ast *target,
                        const struct model_value *m) {
    if (m->trained_at.source == 0 || b->resume >= 0) return true;
    struct eval *ev = b->ev;
    const struct source *where = source_find(m->trained_at.source);
    if (engine_is_again(ev->engine) && is_same_cell(b, where)) return b->resume = 1, true;
    char cell[48] = "";
    if (where && where->cell_number)
        snprintf(cell, sizeof cell, ", in cell [%d]", where->cell_number);
    fail(ev, target->span, ERR_TRAIN,
         "Shall this go on from there, or start again? "
         "Say which:");
    err_label(ev->e, "has been trained already%s, %lld epoch%s", cell, (long long)m->epochs_trained,
              m->epochs_trained == 1 ? "" : "s");
    err_hint(ev->e,
             "    resume: True      go on from the weights that it has now\n"
             "    resume: False     start again from the weights it was made with\n\n%s",
             ev->trial ? "In a search, a model that is made inside the trial is a new one in every "
                         "trial."
                       : "(Running a train statement a second time never needs this: it starts "
                         "where it started.)");
    return false;
}

/* The weights to start from: NULL with an error, or a new reference. */
struct weights *train_start(struct train_block *b, const struct ast *target,
                            const struct model_value *m) {
    bool trained = m->trained_at.source != 0;
    if (!train_needs_resume(b, target, m)) return NULL;
    if (!trained || b->resume == 1) return weights_ref(m->weights);
    return model_init(m->model, engine_seed(b->ev->engine), m->stream, b->ev->e);
}

/* ---- parts that do not learn ---- */

static void freeze_part(const struct model *m, const struct part *p, bool *layers, bool *weights) {
    for (int i = p->first_layer; i < p->first_layer + p->n_layers; i++) {
        const struct layer_info *l = model_layer(m, i);
        layers[i] = true;
        for (int k = 0; k < l->n_weight_infos; k++) weights[l->first_weight + k] = true;
    }
}

bool train_freeze(struct train_block *b, const struct model *m, bool **layers, bool **weights,
                  int *n) {
    struct value v = b->frozen;
    const struct value *items = v.kind == V_LIST ? v.list->items : &v;
    int count = v.kind == V_LIST ? v.list->n : v.kind == V_PART, left = 0;
    TRY(*layers = pool_need((size_t)model_n_layers(m) + 1, b->ev->e));
    TRY(*weights = pool_need((size_t)model_n_weights(m) + 1, b->ev->e));
    for (int i = 0; i < count; i++) {
        if (items[i].part->model->model != m) continue;
        freeze_part(m, items[i].part, *layers, *weights);
        ++*n;
    }
    for (int i = 0; i < model_n_weights(m); i++)
        left += model_weight(m, i)->learns && !(*weights)[i];
    if (left || count == 0) return true;
    fail(b->ev, b->frozen_at, ERR_TRAIN, "Everything that could learn is frozen.");
    return err_hint(b->ev->e, "Leave a layer out: net.layers[:-1] freezes all but the last.");
}

static bool freeze_parts(struct train_block *b, const struct model *m) {
    struct value v = b->frozen;
    int n = 0;
    if (v.kind == V_MISSING) return true;
    TRY(train_freeze(b, m, &b->frozen_layers, &b->frozen_weights, &n));
    if (n < (v.kind == V_LIST ? v.list->n : 1)) {
        fail(b->ev, b->frozen_at, ERR_SETTING,
             "These layers belong to another model than the one "
             "that is trained.");
        return err_label(b->ev->e, "is a part of another model");
    }
    b->spec.frozen_layers = b->frozen_layers;
    b->spec.frozen_weights = b->frozen_weights;
    return true;
}

/* ---- running ---- */

void train_watch(void *user, const struct train_event *event) {
    struct watcher *w = user;
    const struct engine_observer *o = w->ev->observer;
    if (w->hidden) return;
    if (w->ev->trial) return trial_watch(w->ev->trial, event);
    if (o->train && !w->quiet) o->train(o->user, w->run, event);
    else if (o->note && event->kind == TRAIN_NOTE) o->note(o->user, str_of(event->text));
}

static bool put_result(struct train_block *b, const struct ast *target, struct model_value *m,
                       const struct train_result *r) {
    struct model_value *made = model_copy(b->ev, m);
    if (!made) return false;
    weights_unref(made->weights);
    made->weights = weights_ref(r->weights);
    int64_t before = b->resume == 1 ? m->epochs_trained : 0;
    made->epochs_trained = before + (r->history ? r->history->n_rows : 0);
    made->trained_at = b->statement->span;
    put_classes(b, made);
    if (b->made) return *b->made = made, true;
    struct value v = {.kind = V_MODEL, .model = made};
    struct value history = {.kind = V_HISTORY, .table = r->history};
    if (b->ev->trial && !r->interrupted) trial_result(b->ev->trial, history, v);
    return assign_target(b->ev, target, v);
}

void train_note_interrupt(struct train_block *b, const struct train_result *r) {
    struct eval *ev = b->ev;
    ev->ending = true;
    fail(ev, b->statement->span, ERR_INTERRUPT, "Training was stopped.");
    if (r->best_epoch == 0)
        err_hint(ev->e, "No epoch was finished, so the model is as it was before.");
    else
        err_hint(ev->e,
                 "The model has the weights of epoch %lld. %%again as the first line of this "
                 "cell goes on from there; resume: True does so in another cell.",
                 (long long)r->best_epoch);
}

bool train_from(struct train_block *b, struct weights *start, struct each_blocks *each,
                struct train_result *r) {
    struct eval *ev = b->ev;
    struct watcher w = {ev, ev->trial ? 0 : engine_next_run(ev->engine), b->quiet, b->hidden, each};
    if (ev->trial) b->spec.epochs = trial_epochs(ev->trial, b->spec.epochs);
    b->spec.start = start;
    uint64_t stream = next_stream(ev);
    b->spec.stream = b->seeded ? 0 : stream; /* a seed fixes the run wherever it stands */
    b->spec.stop = ev->stop;
    b->spec.observe = train_watch;
    b->spec.user = &w;
    bool ok = train_run(&b->spec, r, ev->e);
    weights_unref(start);
    b->spec.observe = NULL; /* w ends here */
    b->spec.user = NULL;
    return ok;
}

static bool run_training(struct train_block *b, const struct ast *target, struct model_value *m,
                         struct value *out) {
    struct eval *ev = b->ev;
    struct weights *start = train_start(b, target, m);
    if (!start) return false;
    struct each_blocks each = {.n_targets = 1, .targets = {{target, m, 0}}};
    if (!b->made) each_prepare(&each, b); /* a member of an ensemble has no name */
    b->spec.model = m->model;
    struct train_result r = {0};
    bool ok = train_from(b, start, &each, &r);
    if (!ok) return false;
    if (r.best_epoch > 0 || !r.interrupted) ok = put_result(b, target, m, &r);
    if (ok) ok = track_run(b, m, &r, b->spec.optimizer);
    struct training told = {b->statement, b->validate_ast, &b->spec,
                            r.history,    r.interrupted,   b->classes};
    if (ok && r.history) advice_training(ev, &told);
    weights_unref(r.weights);
    *out = (struct value){.kind = V_HISTORY, .table = r.history};
    if (ok && r.interrupted) train_note_interrupt(b, &r);
    return ok;
}

/* Mistakes in `validate` speak of its two sides. */
static bool place_validation(struct train_block *b) {
    const struct ast *x = b->validate_ast;
    bool arrow = x && x->kind == AST_ARROW;
    uint32_t which = b->ev->e->at.start;
    struct span model = b->statement->list[0]->span, all = b->validate_at;
    struct span spans[] = {model, arrow ? x->a->span : all, arrow ? x->b->span : all,
                           b->loss_at.source ? b->loss_at : b->statement->span};
    return fail_from(b->ev, which == 1 || which == 2 ? spans[which] : all, spans, 4);
}

static bool check_shapes(struct train_block *b, struct model_value *m, const struct train_data *d) {
    struct train_shapes shapes = {0};
    memcpy(shapes.inputs, d->x.descs, sizeof shapes.inputs);
    memcpy(shapes.targets, d->y.descs, sizeof shapes.targets);
    b->spec.model = m->model;
    TRY(train_check(&b->spec, &shapes, b->ev->e));
    if (b->validate.kind != V_PAIR || !d->vx.known || !d->vy.known) return true;
    memcpy(shapes.inputs, d->vx.descs, sizeof shapes.inputs);
    memcpy(shapes.targets, d->vy.descs, sizeof shapes.targets);
    if (train_check(&b->spec, &shapes, b->ev->e)) return true;
    return place_validation(b);
}

static bool name_places(struct train_block *b) {
    const struct ast *data = b->statement->a;
    bool arrow = data && data->kind == AST_ARROW;
    struct span none = data ? data->span : b->statement->span;
    struct span spans[] = {b->statement->list[0]->span,
                           arrow ? data->a->span : none,
                           arrow ? data->b->span : none,
                           b->loss_at.source ? b->loss_at : b->statement->span,
                           b->validate_at.source ? b->validate_at : b->statement->span,
                           b->metrics_at.source ? b->metrics_at : b->statement->span};
    uint32_t which = b->ev->e->at.start; /* see train_check */
    return fail_from(b->ev, spans[which < ARRAY_LEN(spans) ? which : 0], spans, ARRAY_LEN(spans));
}

static bool train_known(struct train_block *b, const struct ast *target, struct model_value *m,
                        struct value data, struct value *out) {
    struct eval *ev = b->ev;
    struct train_data d = {0};
    bool built = false;
    const struct ast *on = b->statement->a;
    bool ok = read_side(b, data, on->span, on, m, DATA_INPUTS, &d.x);
    ok = ok && (!d.x.known || model_ensure(ev, m, d.x.descs, d.x.n, target->span, &built)) &&
         read_side(b, data, on->span, on, m, DATA_TARGETS, &d.y);
    if (ok && built && b->validate.kind == V_PAIR)
        ok = read_pair(b, b->validate, b->validate_at, b->validate_ast, m, &d.vx, &d.vy);
    ok = ok && (!built || (read_losses(b, m->model) && freeze_parts(b, m->model)));
    bool known = built && d.x.known && d.y.known && !b->unknown;
    if (built) note_classes(b, data, m->model);
    else b->classes_open = true;
    if (ok && known) ok = check_shapes(b, m, &d) || name_places(b);
    if (ok && ev->domain == DOMAIN_CHECK) {
        if (built) ok = train_needs_resume(b, target, m);
        *out = value_unknown();
    } else if (ok && !known) {
        ok = fail(ev, target->span, ERR_TRAIN,
                  "The sizes of the model's inputs do not follow from "
                  "these data.");
    } else if (ok) {
        put_examples(&b->spec.data, &d.x, &d.y);
        put_examples(&b->spec.validation, &d.vx, &d.vy);
        ok = run_training(b, target, m, out) || name_places(b);
    }
    data_clear(&d);
    return ok;
}

bool train_validation(struct train_block *b, const struct model_value *m) {
    struct train_data d = {0};
    TRY(read_losses(b, m->model));
    bool ok = b->validate.kind != V_PAIR ||
              read_pair(b, b->validate, b->validate_at, b->validate_ast, m, &d.vx, &d.vy);
    if (ok && b->ev->domain == DOMAIN_RUN) {
        put_examples(&b->spec.validation, &d.vx, &d.vy);
        for (int i = 0; i < d.vx.n + d.vy.n; i++) /* kept until the statement ends */
            ok = ok && keep_tensor(
                           b, tensor_ref(i < d.vx.n ? d.vx.tensors[i] : d.vy.tensors[i - d.vx.n]));
    }
    data_clear(&d);
    return ok;
}

/* While checking: the trained model is the model, marked as trained here. */
static bool mark_trained(struct train_block *b, const struct ast *target, struct value model) {
    struct model_value *made = model_copy(b->ev, model.model);
    if (!made) return false;
    made->trained_at = b->statement->span;
    put_classes(b, made);
    if (made->epochs_trained == 0) made->epochs_trained = b->spec.epochs;
    return assign_target(b->ev, target, (struct value){.kind = V_MODEL, .model = made});
}

/* A block that speaks of the model's parts needs to know them. */
static bool build_first(struct train_block *b, const struct ast *target, struct value model,
                        struct value data) {
    bool speaks = false;
    for (int i = 0; i < b->statement->n_body; i++)
        speaks = speaks || (b->statement->body[i]->name &&
                            strcmp(b->statement->body[i]->name, "freeze") == 0);
    if (!speaks || model.kind != V_MODEL || data.kind != V_PAIR || model.model->model) return true;
    struct model_data x = {0};
    bool built;
    int side = data.pair->by_name ? DATA_BY_NAME : 0;
    bool ok =
        model_data_from(b->ev, data.pair->inputs, model.model, side, b->statement->a->span, &x) &&
        (!x.known || model_ensure(b->ev, model.model, x.descs, x.n, target->span, &built));
    model_data_clear(&x);
    return ok;
}

static bool train_one(struct train_block *b, const struct ast *target, struct value *out) {
    struct eval *ev = b->ev;
    struct value model, data = value_missing();
    TRY(eval_expr(ev, target, &model));
    bool ok = !b->statement->a || eval_expr(ev, b->statement->a, &data);
    bool table = data.kind == V_TABLE || data.kind == V_TABLE_DESC;
    if (ok && (table || (model.kind == V_MODEL && feeds_by_name(data, model.model))))
        ok = table_as_pair(ev, data, &data);
    ok = ok && build_first(b, target, model, data) && train_read_block(b);
    if (!ok) {
    } else if (model.kind == V_UNKNOWN) {
        *out = value_unknown();
    } else if (model.kind == V_ESTIMATOR) {
        ok = train_estimator(b, target, model, data, out);
    } else if (model.kind != V_MODEL) {
        ok = train_not_a_model(ev, target, model);
    } else if (data.kind == V_UNKNOWN) {
        b->classes_open = true;
        *out = value_unknown();
    } else if (data.kind != V_PAIR) {
        ok = no_data(b, data);
    } else {
        ok = train_known(b, target, model.model, data, out);
    }
    if (ok && ev->domain == DOMAIN_CHECK && ev->trial)
        ok = trial_check(ev->trial, &b->spec, b->statement->span);
    if (ok && ev->domain == DOMAIN_CHECK && model.kind == V_MODEL)
        ok = mark_trained(b, target, model);
    if (ok && ev->domain == DOMAIN_CHECK) ok = each_check(b);
    value_unref(model);
    value_unref(data);
    return ok;
}

bool train_member(struct train_block *b, struct model_value *m, struct value pair,
                  struct value *history) {
    b->spec.n_metrics = 0; /* nobody sees them */
    return train_known(b, b->statement->list[0], m, pair, history);
}

bool train_has_step(const struct ast *train) {
    for (int i = 0; i < train->n_body; i++)
        if (train->body[i]->kind == AST_STEP) return true;
    return false;
}

static bool no_step(struct eval *ev, const struct ast *s) {
    fail(ev, s->span, ERR_TRAIN,
         "Several models in one train statement need a `step` that says "
         "what each of them is to make small.");
    return err_hint(ev->e, "        step real:\n            z = randn(len(real), latent)\n"
                           "            minimize bce(1, D(real)) + bce(0, D(G(z))) over D\n"
                           "            minimize bce(1, D(G(z))) over G");
}

bool eval_train(struct eval *ev, const struct ast *s, struct value *out) {
    bool own = train_has_step(s);
    if (s->n != 1 && !own) return no_step(ev, s);
    if (ev->graph)
        return fail(ev, s->span, ERR_TRAIN, "`train` cannot stand inside %s.", ev->context);
    struct train_block *b = pool_need(sizeof *b, ev->e);
    if (!b) return false;
    block_start(b, ev, s);
    bool ok = own ? train_with_step(b, out) : train_one(b, s->list[0], out);
    block_clear(b);
    pool_free(b);
    return ok;
}
