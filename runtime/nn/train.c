/* Driving a training run: epochs, batches, validation, the best weights, and what ends it early.
 * The loss of an epoch is the mean over its examples of what was minimised, so penalties count. */
#include "../base/hash.h"
#include "../base/intern.h"
#include "../base/pool.h"
#include "../rng.h"
#include "trainer.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* How an epoch went. */
enum outcome { WENT_WELL, WAS_INTERRUPTED, LOSS_BROKE, WENT_WRONG };

static double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- telling the observer ---- */

static void tell(const struct trainer *t, struct train_event *event) {
    event->epoch = t->epoch;
    event->n_epochs = t->n_epochs;
    event->n_batches = t->steps_per_epoch;
    event->n_examples = t->n_examples;
    event->seconds = seconds_now() - t->started;
    if (t->spec->observe) t->spec->observe(t->spec->user, event);
}

static void tell_text(const struct trainer *t, enum train_event_kind kind, const char *text) {
    tell(t, &(struct train_event){.kind = kind, .text = text});
}

/* At most ten times a second. */
static void tell_batch(struct trainer *t, int64_t batch, double loss) {
    double now = seconds_now();
    if (!t->spec->observe || now - t->told < 0.1) return;
    t->told = now;
    tell(t, &(struct train_event){.kind = TRAIN_BATCH, .batch = batch, .loss = loss});
}

/* A training that ends early says why, in the notebook and under its history. */
static void end_note(struct trainer *t, const char *text) {
    t->note = intern_c(text);
    tell_text(t, TRAIN_NOTE, text);
}

/* ---- one epoch ---- */

static double next_rate(const struct trainer *t) {
    return t->rate_factor * schedule_rate(t->spec->schedule, t->base_rate, t->step,
                                          t->steps_per_epoch, t->total_steps);
}

/* Sums over an epoch: total loss first, then each output's. */
struct sums {
    double loss[1 + MODEL_MAX_PORTS];
    int64_t n;
};

/* After a batch (or, with batch 0, an epoch): the student's own statements. */
static enum outcome run_each(struct trainer *t, int64_t batch, struct err *e) {
    const struct train_spec *s = t->spec;
    const struct train_moment m = {t->now, t->epoch, batch, t};
    bool (*each)(void *, const struct train_moment *, struct err *) =
        batch ? s->each_batch : s->each_epoch;
    if (!each) return WENT_WELL;
    if (trainer_fetch(t, e) && each(s->user, &m, e)) return WENT_WELL;
    return e->kind == ERR_INTERRUPT ? WAS_INTERRUPTED : WENT_WRONG;
}

/* Starts a batch, as one more of those under way. */
static bool start_batch(struct trainer *t, int64_t batch, struct err *e) {
    struct ahead *a = &t->ahead[t->n_ahead];
    void *outputs[1 + MODEL_MAX_PORTS];
    for (int i = 0; i <= t->n_outputs; i++) outputs[i] = &a->values[i];
    if (t->penalties != 0) TRY(trainer_fetch(t, e));
    a->penalty = trainer_penalty(t);
    t->rate = next_rate(t);
    struct plan_io io = {
        .weights = t->now->data,
        .slots = {t->slots[0] ? t->slots[0]->data : NULL, t->slots[1] ? t->slots[1]->data : NULL},
        .outputs = outputs,
        .seed = hash_add(t->spec->seed, t->spec->stream),
        .step = (uint64_t)t->step,
        .rate = t->rate,
        .stop = t->spec->stop,
        .later = true};
    TRY(pass_run(&t->pass, batch, t->order, &io, &a->count, e));
    t->step++;
    return true;
}

/* The losses of a batch into the sums. False: not a number. */
static bool take_batch(struct trainer *t, int at, struct sums *sums) {
    const struct ahead *a = &t->ahead[at];
    double first;
    if (t->stages) {
        if (!stages_take(t, at, a->count, &first)) return false;
        sums->loss[0] += first * (double)a->count;
    } else {
        if (!isfinite((double)a->values[0])) return false;
        sums->loss[0] += ((double)a->values[0] + a->penalty) * (double)a->count;
        for (int i = 1; i <= t->n_outputs; i++)
            sums->loss[i] += (double)a->values[i] * (double)a->count;
    }
    sums->n += a->count;
    return true;
}

/* Waits for all batches under way, and looks at them in their order. */
static enum outcome take_batches(struct trainer *t, struct sums *sums, struct err *e) {
    int n = t->n_ahead;
    bool ok = trainer_settle(t, seconds_now(), e);
    t->n_ahead = 0;
    if (!ok) return WENT_WRONG;
    for (int i = 0; i < n; i++)
        if (!take_batch(t, i, sums)) return LOSS_BROKE;
    return WENT_WELL;
}

static enum outcome run_batch(struct trainer *t, int64_t batch, struct sums *sums, struct err *e) {
    bool ok = t->stages ? stages_run(t, batch, t->n_ahead, &t->ahead[t->n_ahead].count, e)
                        : start_batch(t, batch, e);
    if (!ok) return e->kind == ERR_INTERRUPT ? WAS_INTERRUPTED : WENT_WRONG;
    if (++t->n_ahead < t->window && !t->spec->each_batch) return WENT_WELL;
    enum outcome o = take_batches(t, sums, e);
    if (o != WENT_WELL) return o;
    tell_batch(t, batch + 1, sums->loss[0] / (double)sums->n);
    return run_each(t, batch + 1, e);
}

static enum outcome run_batches(struct trainer *t, struct sums *sums, struct err *e) {
    struct rng_key key = {t->spec->seed, hash_add(t->spec->stream, 1), (uint64_t)t->epoch};
    rng_permutation(key, t->order, t->n_examples);
    enum outcome o = WENT_WELL;
    t->n_ahead = 0;
    t->settled = seconds_now();
    for (int64_t b = 0; b < t->steps_per_epoch && t->step < t->total_steps; b++)
        if ((o = run_batch(t, b, sums, e)) != WENT_WELL) return o;
    if (t->n_ahead > 0 && (o = take_batches(t, sums, e)) != WENT_WELL) return o;
    if (!trainer_fetch(t, e)) return WENT_WRONG;
    for (int64_t i = 0; i < t->now->n; i++)
        if (!isfinite((double)t->now->data[i])) return LOSS_BROKE;
    return WENT_WELL;
}

/* Values of a set into the history's row; the losses come last in `values`. */
static double fill_measures(const struct trainer *t, const double *values, double *row) {
    int n_metrics = t->spec->n_metrics, losses = t->n_outputs > 1 ? t->n_outputs : 0;
    double total = 0;
    for (int i = 0; i < t->n_outputs; i++) {
        total += values[n_metrics + i];
        if (losses) row[i] = values[n_metrics + i];
    }
    for (int i = 0; i < n_metrics; i++) row[losses + i] = values[i];
    return total;
}

static bool measure_epoch(struct trainer *t, const struct sums *sums, double *row, struct err *e) {
    double values[TRAIN_MAX_MEASURES + MODEL_MAX_PORTS] = {0};
    int at = t->metrics_at, width = t->spec->n_metrics + (t->n_outputs > 1 ? t->n_outputs : 0);
    for (int i = 0; i < t->n_outputs; i++)
        values[t->spec->n_metrics + i] = t->stages ? NAN : sums->loss[1 + i] / (double)sums->n;
    for (int i = 0; t->stages && i < t->spec->n_metrics; i++) values[i] = NAN;
    if (t->on_training) TRY(evaluator_run(t->on_training, t->now, values, t->spec->stop, e));
    fill_measures(t, values, row + at);
    row[0] = (double)t->epoch;
    if (t->loss_at >= 0) row[t->loss_at] = sums->loss[0] / (double)sums->n;
    if (t->on_validation) {
        TRY(evaluator_run(t->on_validation, t->now, values, t->spec->stop, e));
        row[t->val_loss_at] = fill_measures(t, values, row + at + width) + trainer_penalty(t);
    }
    row[t->lr_at] = t->rate;
    row[t->seconds_at] = seconds_now() - t->epoch_started;
    return true;
}

static void keep_best(struct trainer *t, const double *row) {
    double loss = t->val_loss_at >= 0 ? row[t->val_loss_at] : NAN;
    if (t->val_loss_at >= 0 && t->best_epoch && !epoch_log_better(-1, loss, t->best_loss, 0))
        return;
    t->best_loss = loss;
    t->best_epoch = t->epoch;
    memcpy(t->kept->data, t->now->data, (size_t)t->now->n * sizeof(float));
}

static enum outcome run_epoch(struct trainer *t, double *row, struct err *e) {
    struct sums sums = {0};
    t->epoch_started = seconds_now();
    sums_clear(t);
    if (!frozen_fill(t->frozen, t->now, t->spec->stop, e))
        return e->kind == ERR_INTERRUPT ? WAS_INTERRUPTED : WENT_WRONG;
    enum outcome o = run_batches(t, &sums, e);
    if (o != WENT_WELL) return o;
    if (!measure_epoch(t, &sums, row, e))
        return e->kind == ERR_INTERRUPT ? WAS_INTERRUPTED : WENT_WRONG;
    if (t->val_loss_at >= 0 && !isfinite(row[t->val_loss_at])) return LOSS_BROKE;
    if ((o = run_each(t, 0, e)) != WENT_WELL) return o;
    sums_to_row(t, row);
    keep_best(t, row);
    return epoch_log_append(&t->history, row, e) ? WENT_WELL : WENT_WRONG;
}

/* ---- what ends a training early ---- */

static int64_t count_missing(const struct examples *data, const struct model *m) {
    int64_t n = 0;
    if (!m || !data->inputs[0]) return 0;
    for (int i = 0; i < model_n_inputs(m); i++) {
        const struct tensor *x = data->inputs[i];
        if (!dtype_is_float(x->dtype)) continue;
        for (int64_t j = 0; j < x->count; j++) n += !isfinite(tensor_get(x, j));
    }
    return n;
}

static void note_broken(struct trainer *t) {
    char text[512], kept[96];
    int64_t missing = count_missing(&t->spec->data, t->spec->model);
    if (t->spec->has_validation) missing += count_missing(&t->spec->validation, t->spec->model);
    if (t->best_epoch)
        snprintf(kept, sizeof kept, "The weights of epoch %lld are kept.",
                 (long long)t->best_epoch);
    else snprintf(kept, sizeof kept, "The weights are those from before the training.");
    size_t n = (size_t)snprintf(text, sizeof text,
                                "The loss is not a number since epoch %lld, so the training was "
                                "stopped. %s ",
                                (long long)t->epoch, kept);
    if (missing)
        snprintf(text + n, sizeof text - n,
                 "%lld number%s of the inputs %s missing (NaN) or infinite: drop or fill %s.",
                 (long long)missing, missing == 1 ? "" : "s", missing == 1 ? "is" : "are",
                 missing == 1 ? "it" : "them");
    else
        snprintf(text + n, sizeof text - n,
                 "A smaller learning rate (it is %g) mostly helps; so do inputs scaled to about "
                 "-1 … 1, and clipnorm=1 in the optimizer.",
                 t->rate);
    end_note(t, text);
}

static void note_interrupted(struct trainer *t) {
    char text[256];
    t->interrupted = true;
    if (t->best_epoch)
        snprintf(text, sizeof text,
                 "Interrupted in epoch %lld of %lld. The weights of epoch %lld are kept.",
                 (long long)t->epoch, (long long)t->n_epochs, (long long)t->best_epoch);
    else
        snprintf(text, sizeof text,
                 "Interrupted before the first epoch was over. The weights are those from before "
                 "the training.");
    end_note(t, text);
}

/* Callbacks and the time limit. False: the training is over. */
static bool go_on(struct trainer *t, const double *row) {
    bool stop = false;
    for (int i = 0; i < t->spec->n_callbacks; i++) {
        struct epoch_end end = {.model = t->spec->model,
                                .weights = t->now,
                                .epoch = t->epoch,
                                .row = row,
                                .rate = t->rate,
                                .rate_factor = &t->rate_factor};
        struct err problem = {0};
        if (!callback_run(&t->callbacks[i], &end, &problem)) /* a full disk ends no training */
            snprintf(end.note, sizeof end.note, "%.250s", problem.what);
        if (end.stop) end_note(t, end.note);
        else if (*end.note) tell_text(t, TRAIN_NOTE, end.note);
        stop |= end.stop;
    }
    double spent = seconds_now() - t->started;
    if (stop || t->spec->limit_seconds <= 0 || spent < t->spec->limit_seconds ||
        t->epoch == t->n_epochs)
        return !stop;
    char text[128];
    snprintf(text, sizeof text, "Stopped after epoch %lld: the time limit of %g seconds is over.",
             (long long)t->epoch, t->spec->limit_seconds);
    end_note(t, text);
    return false;
}

/* A long history is copied at most ten times a second. */
static bool tell_history(struct trainer *t, enum train_event_kind kind, struct err *e) {
    enum { LONG = 1000 };
    double now = seconds_now();
    bool soon = kind == TRAIN_EPOCH && t->history.n_rows > LONG && now - t->told_epoch < 0.1;
    if (!t->spec->observe || soon) return true;
    t->told_epoch = now;
    struct table *table = epoch_log_table(&t->history, t->note, e);
    if (!table) return false;
    struct train_event event = {.kind = kind, .history = table, .interrupted = t->interrupted};
    if (t->history.n_rows)
        event.loss = t->history.rows[(t->history.n_rows - 1) * t->history.n_columns + 1];
    tell(t, &event);
    table_unref(table);
    return true;
}

static bool run_epochs(struct trainer *t, struct err *e) {
    double row[HISTORY_MAX_COLUMNS] = {0};
    for (t->epoch = 1; t->epoch <= t->n_epochs; t->epoch++) {
        switch (run_epoch(t, row, e)) {
        case WENT_WELL: break;
        case WAS_INTERRUPTED: note_interrupted(t); return true;
        case LOSS_BROKE: note_broken(t); return true;
        case WENT_WRONG: return false;
        }
        TRY(tell_history(t, TRAIN_EPOCH, e));
        if (!go_on(t, row)) return true;
    }
    t->epoch = t->n_epochs;
    return true;
}

static bool run(struct trainer *t, struct train_result *out, struct err *e) {
    char facts[512];
    t->started = seconds_now();
    trainer_print(t, facts, sizeof facts);
    tell_text(t, TRAIN_BEGIN, facts);
    if (*t->place_note) tell_text(t, TRAIN_NOTE, t->place_note);
    if (*t->advice) tell_text(t, TRAIN_NOTE, t->advice);
    if (frozen_note(t->frozen)) tell_text(t, TRAIN_NOTE, frozen_note(t->frozen));
    TRY(run_epochs(t, e));
    TRY(tell_history(t, TRAIN_END, e));
    out->history = epoch_log_table(&t->history, t->note, e);
    out->weights = weights_ref(t->kept);
    out->interrupted = t->interrupted;
    out->best_epoch = t->best_epoch;
    if (!out->history) return false;
    *e = (struct err){0}; /* an interrupt that was dealt with */
    return true;
}

bool train_run(const struct train_spec *spec, struct train_result *out, struct err *e) {
    struct trainer t;
    *out = (struct train_result){0};
    pool_trim(); /* what follows may take hours */
    bool ok = trainer_init(&t, spec, e) && run(&t, out, e);
    if (!ok) {
        weights_unref(out->weights);
        *out = (struct train_result){0};
    }
    trainer_clear(&t);
    return ok;
}
