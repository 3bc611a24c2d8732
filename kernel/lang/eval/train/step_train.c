/* The train statement with a step of its own, of one model or several. */
#include "step.h"
#include "lang/eval/builtin.h"
#include "lang/eval/eval_parts.h"
#include "lang/eval/search/search.h"
#include "tracking.h"
#include "base/intern.h"
#include "base/pool.h"
#include "lang/syntax/spelling.h"
#include <stdatomic.h>
#include <string.h>

/* ---- the header ---- */

/* What stands behind `over`: G, or the last name of models.G. */
static const char *target_name(const struct ast *target) {
    while (target->kind == AST_INDEX) target = target->a;
    return target->name;
}

/* *unknown: a target is not known while checking. */
static bool read_models(struct train_block *b, struct step_trace *t, bool *unknown) {
    struct eval *ev = b->ev;
    const struct ast *s = b->statement;
    if (s->n > STEP_MAX_MODELS)
        return fail(ev, s->span, ERR_TRAIN, "At most %d models in one statement.", STEP_MAX_MODELS);
    for (int i = 0; i < s->n; i++) {
        struct value v;
        bool built;
        TRY(eval_expr(ev, s->list[i], &v));
        if (v.kind != V_MODEL) {
            *unknown = *unknown || v.kind == V_UNKNOWN;
            bool ok = v.kind == V_UNKNOWN || train_not_a_model(ev, s->list[i], v);
            value_unref(v);
            TRY(ok);
            continue;
        }
        struct step_model *m = &t->models[t->n_models++];
        *m = (struct step_model){
            .target = s->list[i], .name = target_name(s->list[i]), .model = v.model};
        for (int k = 0; k < t->n_models - 1; k++)
            if (t->models[k].name == m->name)
                return fail(ev, s->list[i]->span, ERR_TRAIN, "Two models are called `%s` here.",
                            m->name);
        TRY(model_ensure(ev, v.model, NULL, 0, s->list[i]->span, &built));
    }
    return true;
}

static bool no_such_model(struct train_block *b, const struct step_trace *t, const char *name) {
    struct spelling s;
    spelling_start(&s, str_of(name));
    for (int i = 0; i < t->n_models; i++) spelling_add(&s, str_of(t->models[i].name));
    struct str best = spelling_best(&s);
    fail(b->ev, b->optimizers_at, ERR_SETTING, "`optimizer` names `%s`, which is not trained here.",
         name);
    if (best.n) err_hint(b->ev->e, "Did you mean `%.*s`?", (int)best.n, best.p);
    return false;
}

/* One optimizer for all, or each its own. `unknown`: there are models that nothing is known about.
 */
static bool give_optimizers(struct train_block *b, struct step_trace *t, bool unknown) {
    for (int i = 0; i < t->n_models; i++) t->models[i].optimizer = b->spec.optimizer;
    struct value v = b->optimizers;
    for (int k = 0; v.kind == V_RECORD && k < v.record->n; k++) {
        int i = 0;
        while (i < t->n_models && t->models[i].name != v.record->keys[k]) i++;
        if (i == t->n_models && unknown) continue;
        if (i == t->n_models) return no_such_model(b, t, v.record->keys[k]);
        struct config *c = value_config(b->ev, v.record->items[k], CONFIG_OPTIMIZER);
        if (!c)
            return fail(b->ev, b->optimizers_at, ERR_SETTING,
                        "`%s` needs an optimizer, such as Adam(1e-3), and this is %s.",
                        t->models[i].name, value_kind_words(v.record->items[k].kind));
        t->models[i].optimizer = c;
        if (b->n_owned == (int)ARRAY_LEN(b->owned)) return config_unref(c), false;
        b->owned[b->n_owned++] = c;
    }
    return true;
}

static bool give_frozen(struct train_block *b, struct step_trace *t) {
    struct value v = b->frozen;
    int n = 0;
    if (v.kind == V_MISSING) return true;
    for (int i = 0; i < t->n_models; i++) {
        struct step_model *m = &t->models[i];
        if (!m->model->model) continue;
        TRY(train_freeze(b, m->model->model, &m->frozen_layers, &m->frozen_weights, &n));
    }
    if (n == (v.kind == V_LIST ? v.list->n : 1)) return true;
    fail(b->ev, b->frozen_at, ERR_SETTING,
         "These layers belong to another model than those that "
         "are trained.");
    return err_label(b->ev->e, "is a part of another model");
}

/* ---- what does not go together ---- */

static bool every_model_moves(struct train_block *b, const struct step_trace *t) {
    for (int i = 0; i < t->n_models && !t->unknown; i++) {
        if (t->models[i].version) continue;
        fail(b->ev, t->models[i].target->span, ERR_TRAIN,
             "No minimize moves `%s`, so it would not "
             "be trained.",
             t->models[i].name);
        return err_hint(b->ev->e,
                        "Take it out of the header, if it is only to be used, or write: "
                        "minimize … over %s",
                        t->models[i].name);
    }
    return true;
}

static bool settings_fit(struct train_block *b, const struct step_trace *t) {
    const struct train_spec *s = &b->spec;
    struct span at = b->loss_at.source ? b->loss_at : b->statement->span;
    if (s->class_weight || s->sample_weight)
        return fail(b->ev, b->statement->span, ERR_SETTING,
                    "class_weight and sample_weight belong "
                    "to built-in steps: multiply inside "
                    "the step.");
    if (s->n_augment)
        return fail(b->ev, b->statement->span, ERR_SETTING,
                    "`augment` belongs to built-in steps, and this one has its own.");
    if (t->n_models > 1 && s->has_validation)
        return fail(b->ev, b->validate_at, ERR_SETTING,
                    "`validate` needs one model that maps "
                    "inputs to targets. Look at several models "
                    "in `each epoch:`, with log(name, value).");
    if (b->loss.kind != V_MISSING && !s->has_validation)
        return fail(b->ev, at, ERR_SETTING,
                    "With a step, what is minimized stands there. `loss` "
                    "is only for `validate`.");
    if (s->n_metrics && !s->has_validation)
        return fail(b->ev, b->metrics_at, ERR_SETTING,
                    "With a step, `metrics` are for `validate`, "
                    "which is not there.");
    for (int i = 0; i < s->n_callbacks && t->n_models > 1; i++)
        if (s->callbacks[i]->row->kind == CALLBACK_checkpoint)
            return fail(b->ev, b->statement->span, ERR_SETTING,
                        "ModelCheckpoint saves one model. "
                        "With several, save them in `each "
                        "epoch:`.");
    return true;
}

static bool same_examples(struct train_block *b, const struct step_trace *t) {
    for (int i = 1; i < t->plan.n_data; i++) {
        int64_t a = t->plan.data[0]->shape.size[0], c = t->plan.data[i]->shape.size[0];
        if (a != c)
            return fail(b->ev, b->statement->a->span, ERR_SHAPE,
                        "The parts of the data have %lld and %lld examples.", (long long)a,
                        (long long)c);
    }
    return t->plan.n_data > 0 || fail(b->ev, b->statement->span, ERR_TRAIN,
                                      "The step reads no "
                                      "data.");
}

/* ---- running ---- */

static struct weights *join_blocks(struct train_block *b, const struct step_trace *t) {
    struct weights *all = weights_new(t->block, b->ev->e);
    for (int i = 0; all && i < t->n_models; i++) {
        const struct step_model *m = &t->models[i];
        struct weights *own = train_start(b, m->target, m->model);
        if (!own) return weights_unref(all), NULL;
        memcpy(all->data + m->offset, own->data, (size_t)own->n * sizeof(float));
        weights_unref(own);
    }
    return all;
}

static bool put_models(struct train_block *b, const struct step_trace *t,
                       const struct train_result *r) {
    struct eval *ev = b->ev;
    for (int i = 0; i < t->n_models; i++) {
        const struct step_model *m = &t->models[i];
        struct value v = model_from_block(ev, m->model, r->weights, m->offset);
        if (v.kind != V_MODEL) return false;
        int64_t before = b->resume == 1 ? m->model->epochs_trained : 0;
        v.model->epochs_trained = before + (r->history ? r->history->n_rows : 0);
        v.model->trained_at = b->statement->span;
        struct value history = {.kind = V_HISTORY, .table = r->history};
        if (i == 0 && ev->trial && !r->interrupted) trial_result(ev->trial, history, v);
        TRY(assign_target(ev, m->target, v));
    }
    return true;
}

/* While the blocks of `each` ran, the names stood for weights of that moment. */
static bool put_back(struct train_block *b, const struct step_trace *t) {
    for (int i = 0; i < t->n_models; i++) {
        struct value v = {.kind = V_MODEL, .model = t->models[i].model};
        TRY(assign_target(b->ev, t->models[i].target, value_ref(v)));
    }
    return true;
}

static bool run_step(struct train_block *b, struct step_trace *t, struct value *out) {
    struct eval *ev = b->ev;
    struct weights *start = join_blocks(b, t);
    if (!start) return false;
    struct each_blocks each = {.n_targets = t->n_models};
    for (int i = 0; i < t->n_models; i++)
        each.targets[i] =
            (struct each_target){t->models[i].target, t->models[i].model, t->models[i].offset};
    each_prepare(&each, b);
    b->spec.model = t->n_models == 1 ? t->models[0].model->model : NULL;
    b->spec.step = &t->plan;
    struct train_result r = {0};
    bool ok = train_from(b, start, &each, &r);
    if (!ok) {
        struct err why = *ev->e;
        put_back(b, t);
        *ev->e = why;
        return false;
    }
    ok = r.best_epoch > 0 || !r.interrupted ? put_models(b, t, &r) : put_back(b, t);
    if (ok) ok = track_run(b, t->models[0].model, &r, t->models[0].optimizer);
    weights_unref(r.weights);
    *out = (struct value){.kind = V_HISTORY, .table = r.history};
    if (ok && r.interrupted) train_note_interrupt(b, &r);
    return ok;
}

/* ---- checking ---- */

static bool mark_trained(struct train_block *b, const struct step_trace *t) {
    for (int i = 0; i < t->n_models; i++) {
        const struct step_model *m = &t->models[i];
        TRY(train_needs_resume(b, m->target, m->model));
        struct model_value *made = model_copy(b->ev, m->model);
        if (!made) return false;
        made->trained_at = b->statement->span;
        if (made->epochs_trained == 0) made->epochs_trained = b->spec.epochs;
        TRY(assign_target(b->ev, m->target, (struct value){.kind = V_MODEL, .model = made}));
    }
    return true;
}

static bool check_step(struct train_block *b, struct step_trace *t, struct value *out) {
    struct eval *ev = b->ev;
    b->spec.step = &t->plan;
    TRY(every_model_moves(b, t));
    if (ev->trial) TRY(trial_check(ev->trial, &b->spec, b->statement->span));
    TRY(mark_trained(b, t) && each_check(b));
    return *out = value_unknown(), true;
}

/* ---- the statement ---- */

static const struct ast *find_step(struct train_block *b) {
    const struct ast *found = NULL;
    for (int i = 0; i < b->statement->n_body; i++) {
        const struct ast *line = b->statement->body[i];
        if (line->kind != AST_STEP) continue;
        if (found)
            return fail(b->ev, line->span, ERR_SYNTAX, "A train statement has one step."), NULL;
        found = line;
    }
    return found;
}

/* The validation of a single model, as without a step. */
static bool read_validation(struct train_block *b, struct step_trace *t) {
    if (!b->spec.has_validation || t->n_models != 1 || !t->models[0].model->model) return true;
    return train_validation(b, t->models[0].model);
}

static bool train_traced(struct train_block *b, struct step_trace *t, struct value data,
                         struct value *out) {
    struct eval *ev = b->ev;
    const struct ast *step = find_step(b);
    bool unknown = false;
    TRY(step && read_models(b, t, &unknown));
    TRY(train_read_block(b) && give_optimizers(b, t, unknown) && give_frozen(b, t) &&
        settings_fit(b, t));
    if (unknown) return *out = value_unknown(), true;
    TRY(step_trace(t, ev, step, data));
    TRY(read_validation(b, t));
    if (ev->domain == DOMAIN_CHECK) return check_step(b, t, out);
    if (t->unknown)
        return fail(ev, step->span, ERR_TRAIN,
                    "The sizes in this step do not follow from the "
                    "data.");
    return every_model_moves(b, t) && same_examples(b, t) && run_step(b, t, out);
}

bool train_with_step(struct train_block *b, struct value *out) {
    struct eval *ev = b->ev;
    const struct ast *s = b->statement;
    struct value data;
    if (!s->a) {
        fail(ev, s->span, ERR_TRAIN, "`train` needs data: on …");
        return err_hint(ev->e, "    train G, D on images:\n        step real:\n            …");
    }
    struct step_trace *t = pool_need(sizeof *t, ev->e);
    if (!t) return false;
    t->block_of = b;
    if (!eval_expr(ev, s->a, &data)) return pool_free(t), false;
    bool ok = train_traced(b, t, data, out);
    value_unref(data);
    step_clear(t);
    pool_free(t);
    return ok;
}
