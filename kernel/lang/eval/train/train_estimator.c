/* The train statement on classical models: which settings they know, fitting, what is shown. */
#include "lang/eval/models/estimator.h"
#include "lang/eval/eval_ops.h"
#include "lang/eval/eval_parts.h"
#include "lang/eval/search/search.h"
#include "lang/eval/slow.h"
#include "base/intern.h"
#include "base/pool.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- events ---- */

static void tell(struct fitting *f, struct train_event *event) {
    struct train_block *b = f->block;
    const struct engine_observer *o = f->ev->observer;
    event->seconds = now() - f->started;
    event->history = f->history;
    if (f->ev->trial) {
        trial_watch(f->ev->trial, event);
        return;
    }
    if (o->train && !b->quiet) o->train(o->user, b->run, event);
    else if (o->note && event->kind == TRAIN_NOTE) o->note(o->user, str_of(event->text));
}

/* What a fit of this kind counts while it goes on. */
static const char *counted_by(const struct config *c) {
    switch (c ? (int)c->row->kind : -1) {
    case ESTIMATOR_random_forest:
    case ESTIMATOR_extra_trees: return "trees";
    case ESTIMATOR_gradient_boosting: return "rounds";
    case ESTIMATOR_k_means: return "starts";
    default: return "steps";
    }
}

/* A row for each round of boosting. They are kept in doubling blocks, so that a thousand of them
 * cost little: the table shown is cut to those that are filled. */
static bool room_for_rounds(struct fitting *f, int64_t n, bool valid) {
    static const char *const names[] = {"epoch", "loss", "val_loss"};
    if (f->rounds && f->rounds->n_rows >= n) return true;
    int64_t rows = n < 64 ? 64 : 2 * n;
    struct err ignored = {0};
    struct table *more = table_new(rows, valid ? 3 : 2, &ignored);
    bool ok = more != NULL;
    for (int i = 0; ok && i < more->n_columns && i < (int)ARRAY_LEN(names); i++)
        ok =
            table_set_column(more, i, intern_c(names[i]), i ? COLUMN_NUMBER : COLUMN_INT, &ignored);
    if (!ok) return table_unref(more), false;
    for (int i = 0; f->rounds && i < more->n_columns; i++)
        memcpy(more->columns[i].numbers, f->rounds->columns[i].numbers,
               (size_t)f->rounds->n_rows * sizeof(double));
    table_unref(f->rounds);
    f->rounds = more;
    return true;
}

static void note_round(struct fitting *f, int64_t round, double loss, double valid) {
    if (!room_for_rounds(f, round, !isnan(valid))) return;
    double row[] = {(double)round, loss, valid};
    for (int i = 0; i < f->rounds->n_columns && i < (int)ARRAY_LEN(row); i++)
        f->rounds->columns[i].numbers[round - 1] = row[i];
    f->n_rounds = round;
}

static void show_rounds(struct fitting *f) {
    struct err ignored = {0};
    if (!f->rounds) return;
    table_unref(f->history);
    f->history = table_slice(f->rounds, 0, f->n_rounds, &ignored);
}

void fitting_progress(struct fitting *f, int64_t done, int64_t n, double loss, double valid) {
    bool rounds = f->depth == 0 && f->is_boosting;
    if (rounds) note_round(f, done, loss, valid);
    double t = now();
    if (t - f->shown < 0.1) return;
    f->shown = t;
    if (rounds) {
        show_rounds(f);
        tell(f, &(struct train_event){.kind = TRAIN_EPOCH,
                                      .epoch = done,
                                      .n_epochs = n,
                                      .n_batches = 1,
                                      .parts = {"rounds", done, n},
                                      .loss = loss});
        return;
    }
    int64_t parts = f->n_parts > 0 ? f->n_parts : 1;
    struct train_count own = {f->counted, done, n};
    struct train_count members = {"models", f->done, parts};
    bool several = f->n_parts > 1, within = several && f->depth > 0 && f->counted;
    tell(f, &(struct train_event){.kind = TRAIN_BATCH,
                                  .epoch = 1,
                                  .n_epochs = 1,
                                  .batch = f->done * 1000 + done * 1000 / (n ? n : 1),
                                  .n_batches = parts * 1000,
                                  .parts = several ? members : own,
                                  .inner = within ? own : (struct train_count){0},
                                  .loss = loss});
}

/* ---- which settings there are ---- */

static bool setting_fits(struct value model, const char *name) {
    static const char *const all[] = {"seed", "quiet", "resume", "device"};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (strcmp(name, all[i]) == 0) return true;
    bool boosting = model.estimator->config &&
                    model.estimator->config->row->kind == ESTIMATOR_gradient_boosting;
    return boosting && strcmp(name, "validate") == 0;
}

static bool check_settings(struct fitting *f, struct value model) {
    const struct ast *s = f->block->statement;
    if (estimator_value_has_network(model)) return true;
    for (int i = 0; i < s->n_body; i++) {
        const struct ast *line = s->body[i];
        if (line->kind != AST_SETTING || setting_fits(model, line->name)) continue;
        fail(f->ev, line->key_span.source ? line->key_span : line->span, ERR_SETTING,
             "The setting `%s` has no meaning for %s.", line->name, model.estimator->name);
        err_label(f->ev->e, "is for networks");
        if (strcmp(line->name, "validate") == 0)
            return err_hint(f->ev->e,
                            "It is fitted in one pass, without looking at other data. Judge it "
                            "afterwards: evaluate(model, x -> y, metrics=[…])");
        return err_hint(f->ev->e,
                        "It is fitted in one pass: train model on x -> y. Its own settings are "
                        "arguments: see %s?",
                        model.estimator->name);
    }
    bool says_gpu = f->block->spec.device == DEVICE_GPU;
    if (says_gpu && engine_device(f->ev->engine) != DEVICE_GPU)
        return fail(f->ev, s->span, ERR_SETTING,
                    "%s is fitted on the CPU; only networks train on the GPU.",
                    model.estimator->name);
    if (f->block->resume == 1)
        return fail(f->ev, s->span, ERR_SETTING,
                    "%s cannot go on from an earlier training: it is fitted in one pass.",
                    model.estimator->name);
    return true;
}

/* ---- fitting one ---- */

static void watch_fit(void *user, int64_t done, int64_t n, double loss, double valid) {
    fitting_progress(user, done, n, loss, valid);
}

/* Nobody should wait for a GPU that does nothing. */
static void place_print(const struct fitting *f, struct text *t) {
    enum device_choice device = engine_device(f->ev->engine);
    bool gpu = device == DEVICE_GPU || (device == DEVICE_AUTO && device_present());
    if (gpu) text_adds(t, " · on the CPU (only networks train on the GPU)");
}

static void header(struct fitting *f, const struct estimator_value *m, const struct fit_spec *s) {
    struct text t = {0};
    struct value v = {.kind = V_ESTIMATOR, .estimator = (struct estimator_value *)(uintptr_t)m};
    value_repr(v, &t);
    text_addf(&t, " · %lld examples of %d column%s", (long long)s->x.n, s->x.d,
              s->x.d == 1 ? "" : "s");
    if (s->classes.n) text_addf(&t, " · classification, %d classes", s->classes.n);
    else if (s->y.width) text_adds(&t, " · regression");
    if (s->vx.n) text_addf(&t, " · %lld examples to validate", (long long)s->vx.n);
    place_print(f, &t);
    tell(f, &(struct train_event){
                .kind = TRAIN_BEGIN, .n_epochs = 1, .parts = {f->counted, 0, 0}, .text = t.p});
    text_clear(&t);
}

void fitting_begin(struct fitting *f, const struct estimator_value *m, int64_t n,
                   const struct class_names *classes) {
    struct text t = {0};
    estimator_value_print(m, &t);
    text_addf(&t, " · %lld examples · %lld trainings", (long long)n, (long long)f->n_parts);
    if (classes->n) text_addf(&t, " · classification, %d classes", classes->n);
    else text_adds(&t, " · regression");
    place_print(f, &t);
    tell(f, &(struct train_event){
                .kind = TRAIN_BEGIN, .n_epochs = 1, .parts = {"models", 0, 0}, .text = t.p});
    text_clear(&t);
}

bool fit_stopped_now(const struct fitting *f) {
    const _Atomic bool *stop = f->ev->stop;
    return stop && *stop;
}

static bool read_fit(struct fitting *f, const struct estimator_value *m, struct fit_spec *s,
                     struct value hold[2]) {
    struct eval *ev = f->ev;
    struct target_values t;
    enum estimator_task task = estimator_task(m->config);
    bool alone = f->y.kind == V_MISSING;
    TRY(design_from_value(ev, f->x, f->x_at, &s->x, &hold[0]));
    if (task == TASK_NONE) return true;
    if (alone) {
        fail(ev, f->x_at, ERR_TRAIN, "`train` needs inputs and targets for %s.", m->name);
        return err_hint(ev->e, "Write: train model on x -> y");
    }
    TRY(targets_from_value(ev, f->y, task, f->classes, f->y_at, &t));
    s->y = t.y;
    s->classes = t.classes;
    s->single = t.single;
    if (f->vx.kind == V_MISSING) return true;
    TRY(design_from_value(ev, f->vx, f->block->validate_at, &s->vx, &hold[1]));
    TRY(targets_from_value(ev, f->vy, task, s->classes.n ? &s->classes : NULL,
                           f->block->validate_at, &t));
    s->vy = t.y;
    class_names_clear(&t.classes);
    return true;
}

static void drop_fit(struct fit_spec *s) {
    design_clear(&s->x);
    design_clear(&s->vx);
    targets_clear(&s->y);
    targets_clear(&s->vy);
    class_names_clear(&s->classes);
}

static bool fit_classical(struct fitting *f, const struct estimator_value *m, struct value *out) {
    struct eval *ev = f->ev;
    struct fit_spec s = {.config = m->config,
                         .seed = f->block->spec.seed,
                         .stream = f->stream,
                         .stop = ev->stop,
                         .progress = watch_fit,
                         .user = f};
    struct value hold[2] = {value_missing(), value_missing()};
    struct estimator *fitted = NULL;
    f->is_boosting = m->config->row->kind == ESTIMATOR_gradient_boosting;
    f->counted = counted_by(m->config);
    bool ok = read_fit(f, m, &s, hold), interrupted = false;
    if (ok && f->depth == 0) header(f, m, &s);
    if (ok) fitted = estimator_fit(&s, &interrupted, ev->e);
    else drop_fit(&s);
    for (int i = 0; i < 2; i++) value_unref(hold[i]);
    struct span spans[] = {f->block->statement->list[0]->span, f->x_at, f->y_at};
    if (!fitted) return fail_from(ev, f->block->statement->list[0]->span, spans, 3);
    f->interrupted = f->interrupted || interrupted;
    struct estimator_value *made = estimator_value_copy(m, ev->e);
    if (!made) return estimator_unref(fitted), false;
    made->fitted = fitted;
    made->is_fitted = true;
    made->trained_at = f->block->statement->span;
    *out = (struct value){.kind = V_ESTIMATOR, .estimator = made};
    return true;
}

/* A network among the members: the block's settings, new first weights for each. */
static bool fit_network(struct fitting *f, struct value model, struct value *out) {
    struct eval *ev = f->ev;
    struct model_value *m = model_copy(ev, model.model), *made = NULL;
    if (!m) return false;
    struct value copy = {.kind = V_MODEL, .model = m}, history = value_missing();
    weights_unref(m->weights);
    m->weights = NULL;
    m->stream = f->stream;
    m->trained_at = (struct span){0};
    m->epochs_trained = 0;
    struct value pair = value_pair(value_ref(f->x), value_ref(f->y), ev->e);
    f->block->made = &made;
    f->block->hidden = true;
    bool ok = pair.kind == V_PAIR && train_member(f->block, m, pair, &history);
    f->block->made = NULL;
    f->block->hidden = false;
    value_unref(pair);
    value_unref(copy);
    value_unref(history);
    if (!made) return ok && err_set(ev->e, ERR_BUG, "A member of the ensemble was not trained.");
    *out = (struct value){.kind = V_MODEL, .model = made};
    return ok;
}

bool fit_any(struct fitting *f, struct value model, struct value *out) {
    *out = value_missing();
    if (model.kind == V_MODEL) return fit_network(f, model, out);
    if (model.kind != V_ESTIMATOR)
        return err_set(f->ev->e, ERR_TYPE, "An ensemble is made of models, and this is %s.",
                       value_kind_words(model.kind));
    if (model.estimator->ensemble) return fit_ensemble(f, model.estimator, out);
    return fit_classical(f, model.estimator, out);
}

/* ---- the statement ---- */

static void finish_history(struct fitting *f) {
    show_rounds(f);
    if (f->history) return;
    struct err ignored = {0};
    struct table *t = table_new(1, 2, &ignored);
    if (t && table_set_column(t, 0, intern_c("epoch"), COLUMN_INT, &ignored) &&
        table_set_column(t, 1, intern_c("seconds"), COLUMN_NUMBER, &ignored)) {
        t->columns[0].numbers[0] = 1;
        t->columns[1].numbers[0] = now() - f->started;
        f->history = t;
        return;
    }
    table_unref(t);
}

static bool note_stop(struct fitting *f) {
    struct eval *ev = f->ev;
    ev->ending = true;
    fail(ev, f->block->statement->span, ERR_INTERRUPT, "Training was stopped.");
    return err_hint(ev->e, "The model has the %lld rounds that were finished.",
                    (long long)f->n_rounds);
}

static bool run_fit(struct fitting *f, const struct ast *target, struct value model,
                    struct value *out) {
    struct value made;
    f->started = f->shown = now();
    f->block->run = engine_next_run(f->ev->engine);
    struct slow within; /* what members answer meanwhile is part of it */
    slow_enter(&within, f->ev, "", false);
    bool fitted = fit_any(f, model, &made);
    slow_leave(&within, f->ev);
    if (!fitted) {
        table_unref(f->history);
        table_unref(f->rounds);
        return false;
    }
    finish_history(f);
    tell(f, &(struct train_event){
                .kind = TRAIN_END, .epoch = 1, .n_epochs = 1, .interrupted = f->interrupted});
    table_unref(f->rounds);
    if (f->history) *out = (struct value){.kind = V_HISTORY, .table = f->history};
    else *out = value_none();
    if (f->ev->trial && !f->interrupted) trial_result(f->ev->trial, *out, made);
    TRY(assign_target(f->ev, target, made));
    return !f->interrupted || note_stop(f);
}

/* What can be known before anything runs: numbers of examples, kinds of targets. */
static bool check_fit(struct fitting *f, const struct ast *target, struct value model,
                      struct value *out) {
    struct eval *ev = f->ev;
    struct desc d;
    int64_t n = examples_in(f->x), k = f->y.kind == V_MISSING ? n : examples_in(f->y);
    if (n >= 0 && k >= 0 && n != k) {
        fail(ev, f->y_at, ERR_SHAPE,
             "Inputs and targets have to have the same number of examples.");
        err_fact(ev->e, "inputs", "%lld examples", (long long)n);
        return err_fact(ev->e, "targets", "%lld examples", (long long)k);
    }
    const struct config *c = model.estimator->config;
    enum estimator_task task = c ? estimator_task(c) : TASK_BOTH;
    if (task != TASK_NONE && f->y.kind == V_MISSING && f->x.kind != V_UNKNOWN) {
        fail(ev, f->x_at, ERR_TRAIN, "`train` needs inputs and targets for %s.",
             model.estimator->name);
        return err_hint(ev->e, "Write: train model on x -> y");
    }
    bool known = f->y.kind != V_MISSING && value_describe(f->y, &d);
    if (known && d.dtype == DT_BOOL && task == TASK_NUMBERS)
        return fail(ev, f->y_at, ERR_LABEL,
                    "%s estimates numbers, and the targets are True and False.",
                    model.estimator->name);
    struct estimator_value *made = estimator_value_copy(model.estimator, ev->e);
    if (!made) return false;
    made->trained_at = f->block->statement->span;
    *out = value_unknown();
    return assign_target(ev, target, (struct value){.kind = V_ESTIMATOR, .estimator = made});
}

/* A table alone: classical models have no names for inputs and outputs. */
static bool no_targets(struct fitting *f, struct value model, const struct pair *p) {
    struct eval *ev = f->ev;
    const struct ast *s = f->block->statement;
    const struct table *t = p->inputs.table;
    fail(ev, s->a->span, ERR_TRAIN, "Which columns does %s read, and which one does it learn?",
         model.estimator->name);
    err_label(ev->e, "needs inputs -> targets");
    if (t->n_columns < 2 || s->a->kind != AST_NAME) return false;
    const char *last = t->columns[t->n_columns - 1].name;
    return err_hint(ev->e, "For instance: train … on %s.drop(\"%s\") -> %s.%s", s->a->name, last,
                    s->a->name, last);
}

bool train_estimator(struct train_block *b, const struct ast *target, struct value model,
                     struct value data, struct value *out) {
    const struct ast *s = b->statement;
    struct fitting f = {.block = b, .ev = b->ev, .x_at = target->span, .y_at = target->span};
    TRY(check_settings(&f, model));
    if (data.kind == V_MISSING || !s->a)
        return fail(b->ev, s->span, ERR_TRAIN, "`train` needs data: train %s on x -> y",
                    model.estimator->name);
    if (data.kind == V_PAIR && data.pair->by_name) return no_targets(&f, model, data.pair);
    bool arrow = s->a && s->a->kind == AST_ARROW, pair = data.kind == V_PAIR;
    f.x = pair ? data.pair->inputs : data;
    f.y = pair ? data.pair->targets : data.kind == V_UNKNOWN ? value_unknown() : value_missing();
    f.x_at = arrow ? s->a->a->span : s->a->span;
    f.y_at = arrow ? s->a->b->span : s->a->span;
    bool valid = b->validate.kind == V_PAIR;
    f.vx = valid ? b->validate.pair->inputs : value_missing();
    f.vy = valid ? b->validate.pair->targets : value_missing();
    if (b->ev->domain == DOMAIN_CHECK) return check_fit(&f, target, model, out);
    f.stream = b->seeded ? 0 : next_stream(b->ev);
    return run_fit(&f, target, model, out);
}
