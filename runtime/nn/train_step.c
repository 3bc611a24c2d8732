/* A training step of the student's own: a plan for each minimisation, run one after the other on
 * the same block of weights; and the columns of the history that they and log() fill. */
#include "trainer.h"
#include "../base/hash.h"
#include "../base/pool.h"
#include "base/room.h"
#include "compose.h"
#include <math.h>

/* ---- plans ---- */

static bool nothing_to_learn(const struct step_stage *s, struct err *e) {
    return err_set(e, ERR_TRAIN,
                   "What is %s here does not depend on any weight of %s that may move, so there is "
                   "nothing to learn.",
                   s->maximize ? "maximized" : "minimized", s->name);
}

/* Gradients of the weights that the value depends on; what is maximized goes the other way. */
static bool add_learn(struct trainer *t, const struct step_stage *s, struct stage *run,
                      struct err *e) {
    struct graph *g = t->spec->step->graph;
    struct node *loss = s->maximize ? op1(g, OP_neg, s->value, e) : s->value;
    size_t n = (size_t)s->n_weights;
    TRY(loss && (run->learn = pool_need(n * sizeof *run->learn + 1, e)));
    struct node **gradients = pool_need(n * sizeof *gradients + n + 1, e);
    if (!gradients) return false;
    bool *connected = (bool *)(gradients + n);
    struct node *scaled = trainer_scaled(t, g, loss, e);
    bool ok =
        scaled && graph_gradient(g, scaled, s->weights, s->n_weights, gradients, connected, e);
    for (int i = 0; ok && i < s->n_weights; i++) {
        if (!connected[i]) continue;
        struct learn *l = &run->learn[run->n_learn++];
        *l = (struct learn){.weight = s->weights[i], .gradient = gradients[i]};
        trainer_fill_learn(t->spec, s->infos[i], l);
    }
    pool_free(gradients);
    if (ok && run->n_learn == 0) return nothing_to_learn(s, e);
    return ok;
}

static bool make_plan(struct trainer *t, int k, struct stage *run, struct err *e) {
    const struct train_step *step = t->spec->step;
    const struct step_stage *s = k < step->n_stages ? &step->stages[k] : NULL;
    struct node *values[1 + STEP_MAX_LOGS];
    if (s) values[run->n_values++] = s->value;
    for (int i = 0; i < step->n_logs; i++)
        if (step->logs[i].stage == k) values[run->n_values++] = step->logs[i].value;
    if (s) TRY(add_learn(t, s, run, e));
    if (s) optimizer_update(s->optimizer, &run->update, &run->base_rate);
    struct plan_spec plan = {.graph = step->graph,
                             .outputs = values,
                             .n_outputs = run->n_values,
                             .update = run->update,
                             .learn = run->learn,
                             .n_learn = run->n_learn,
                             .assign = s ? s->assigns : NULL,
                             .n_assign = s ? s->n_assigns : 0,
                             .memory_limit = room_left(),
                             .workspace = t->workspace};
    int64_t n = step->data[0]->shape.size[0];
    struct tensor *data[STEP_MAX_DATA + 1] = {0}; /* the last: the loss's scale */
    for (int i = 0; i < step->n_data; i++) data[i] = step->data[i];
    int n_data = step->n_data + (t->scale != NULL);
    return pass_init(&run->pass, &plan, data, n_data, n, t->spec->batch, e);
}

static bool has_late_logs(const struct train_step *s) {
    for (int i = 0; i < s->n_logs; i++)
        if (s->logs[i].stage == s->n_stages) return true;
    return false;
}

bool stages_init(struct trainer *t, struct err *e) {
    const struct train_step *s = t->spec->step;
    int n = s->n_stages + has_late_logs(s);
    TRY(t->stages = pool_need((size_t)n * sizeof *t->stages, e));
    t->n_stages = n;
    for (int k = 0; k < n; k++) TRY(make_plan(t, k, &t->stages[k], e));
    return true;
}

void stages_clear(struct trainer *t) {
    for (int i = 0; i < t->n_stages; i++) {
        pass_clear(&t->stages[i].pass);
        pool_free(t->stages[i].learn);
    }
    pool_free(t->stages);
}

/* ---- columns ---- */

static int column_of(struct trainer *t, const char *name, struct err *e) {
    int at = epoch_log_find(&t->history, name);
    return at >= 0 ? at : epoch_log_add(&t->history, "", name, -1, e);
}

bool stages_add_columns(struct trainer *t, struct err *e) {
    const struct train_step *step = t->spec->step;
    for (int k = 0; k < t->n_stages; k++) {
        struct stage *run = &t->stages[k];
        int n = 0;
        if (k < step->n_stages) {
            bool single = t->loss_at >= 0; /* one model: what it minimises is the loss */
            int at = single ? t->loss_at : column_of(t, step->stages[k].name, e);
            TRY((run->columns[n++] = at) >= 0);
        }
        for (int i = 0; i < step->n_logs; i++) {
            if (step->logs[i].stage != k) continue;
            TRY((run->columns[n++] = column_of(t, step->logs[i].name, e)) >= 0);
        }
    }
    return true;
}

void sums_clear(struct trainer *t) {
    for (int i = 0; i < HISTORY_MAX_COLUMNS; i++) t->sums[i] = t->counts[i] = 0;
}

void sums_to_row(struct trainer *t, double *row) {
    for (int i = 0; i < t->history.n_columns; i++) {
        if (t->counts[i] > 0) row[i] = t->sums[i] / t->counts[i];
        else if (i > t->seconds_at) row[i] = NAN;
    }
}

bool train_log(const struct train_moment *m, const char *name, double value, struct err *e) {
    struct trainer *t = m->trainer;
    int at = epoch_log_find(&t->history, name);
    if (at >= 0 && at <= t->seconds_at && t->counts[at] == 0)
        return err_set(e, ERR_NAME,
                       "The history has a column `%s` already: log it under another "
                       "name.",
                       name);
    if (at < 0) at = epoch_log_widen(&t->history, name, e);
    if (at < 0) return false;
    t->sums[at] += value;
    t->counts[at] += 1;
    return true;
}

/* ---- running ---- */

bool stages_run(struct trainer *t, int64_t batch, int at, int64_t *count, struct err *e) {
    void *outputs[1 + STEP_MAX_LOGS];
    struct plan_io io = {
        .weights = t->now->data,
        .slots = {t->slots[0] ? t->slots[0]->data : NULL, t->slots[1] ? t->slots[1]->data : NULL},
        .outputs = outputs,
        .seed = hash_add(t->spec->seed, t->spec->stream),
        .step = (uint64_t)t->step,
        .stop = t->spec->stop,
        .later = true};
    for (int k = 0; k < t->n_stages; k++) {
        struct stage *s = &t->stages[k];
        for (int i = 0; i < s->n_values; i++) outputs[i] = &s->values[at][i];
        io.rate = t->rate_factor * schedule_rate(t->spec->schedule, s->base_rate, t->step,
                                                 t->steps_per_epoch, t->total_steps);
        if (k == 0) t->rate = io.rate;
        TRY(pass_run(&s->pass, batch, t->order, &io, count, e));
    }
    t->step++;
    return true;
}

bool stages_take(struct trainer *t, int at, int64_t count, double *first) {
    for (int k = 0; k < t->n_stages; k++) {
        struct stage *s = &t->stages[k];
        for (int i = 0; i < s->n_values; i++) {
            double x = (double)s->values[at][i];
            if (i == 0 && k < t->spec->step->n_stages && !isfinite(x)) return false;
            t->sums[s->columns[i]] += x * (double)count;
            t->counts[s->columns[i]] += (double)count;
        }
    }
    *first = (double)t->stages[0].values[at][0];
    return true;
}
