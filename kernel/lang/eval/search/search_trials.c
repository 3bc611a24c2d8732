/* Trials of a search: running them, one by one or in rounds, and keeping what they gave. */
#include "search.h"
#include "base/intern.h"
#include "base/pool.h"
#include "lang/values/names.h"
#include "lang/eval/place.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { HALVING_FACTOR = 3 };

double search_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- what a train statement tells its trial ---- */

int64_t trial_epochs(const struct trial *t, int64_t epochs) {
    int64_t n = (int64_t)ceil((double)epochs * t->share - 1e-9);
    return n < 1 ? 1 : n;
}

void trial_result(struct trial *t, struct value history, struct value model) {
    value_unref(t->history);
    value_unref(t->model);
    t->history = value_ref(history);
    t->model = value_ref(model);
    t->trained = true;
}

static double share_done(const struct trial *t, double within) {
    return ((double)t->number - 1 + within) / (double)t->n_trials;
}

void trial_watch(const struct trial *t, const struct train_event *event) {
    struct text state = {0};
    double epochs = event->n_epochs > 0 ? (double)event->n_epochs : 1;
    double within = event->n_batches > 0 ? (double)event->batch / (double)event->n_batches : 0;
    if (event->kind != TRAIN_BATCH && event->kind != TRAIN_EPOCH) return;
    double done =
        event->kind == TRAIN_EPOCH ? (double)event->epoch : (double)event->epoch - 1 + within;
    text_addf(&state, "%strial %d of %d, ", t->search->stage, t->number, t->n_trials);
    if (event->parts.things) train_counts_print(&event->parts, &event->inner, &state);
    else
        text_addf(&state, "epoch %lld of %lld", (long long)event->epoch,
                  (long long)event->n_epochs);
    if (!isnan(event->loss)) text_addf(&state, ", loss %.4g", event->loss);
    search_tell(t->search, state.p ? state.p : "", share_done(t, done / epochs), false);
    text_clear(&state);
}

static bool is_column(const struct train_spec *spec, const char *name) {
    static const char *const always[] = {"loss", "lr", "epoch", "seconds"};
    for (size_t i = 0; i < ARRAY_LEN(always); i++)
        if (strcmp(always[i], name) == 0) return true;
    if (spec->step) return true; /* its columns are the step's own */
    bool val = strncmp(name, "val_", 4) == 0;
    if (val && !spec->has_validation) return false;
    const char *bare = val ? name + 4 : name;
    for (int i = 0; i < spec->n_metrics; i++)
        if (spec->metrics[i].name && strcmp(spec->metrics[i].name, bare) == 0) return true;
    size_t n = strlen(bare);
    return (n > 5 && strcmp(bare + n - 5, "_loss") == 0) || strcmp(bare, "loss") == 0;
}

bool trial_check(struct trial *t, const struct train_spec *spec, struct span at) {
    struct search *s = t->search;
    struct eval *ev = s->ev;
    t->trained = true;
    if (!s->metric || is_column(spec, s->metric)) return true;
    fail(ev, s->metric_at, ERR_SETTING, "The trial's history has no column `%s`.", s->metric);
    err_label(ev->e, "is not in the history");
    if (strncmp(s->metric, "val_", 4) == 0 && !spec->has_validation)
        err_hint(ev->e, "It comes from a validation set: add `validate: valid_x -> valid_y` to the "
                        "train statement of the trial.");
    else
        err_hint(ev->e, "It holds loss, val_loss and the names in `metrics:`, such as "
                        "val_accuracy.");
    err_note(ev->e, at, "the trial's training");
    return false;
}

/* ---- one trial ---- */

void search_values_clear(struct value *values, int n) {
    for (int i = 0; i < n; i++) value_unref(values[i]);
}

static bool set_names(struct search *s, const struct value *values) {
    for (int i = 0; i < s->n_overs; i++) {
        const struct ast *line = s->overs[i].line;
        struct ast name = {
            .kind = AST_NAME, .name = line->name, .slot = line->slot, .span = line->span};
        TRY(name_set(s->ev, &name, value_ref(values[i])));
    }
    return true;
}

/* A name `seed` repeats the trial with other random numbers. */
static uint64_t trial_stream(const struct search *s, const struct value *values) {
    uint64_t stream = hash_add(s->stream, 3);
    for (int i = 0; i < s->n_overs; i++) {
        if (strcmp(s->overs[i].line->name, "seed") == 0 && value_is_number(values[i]))
            stream = hash_add(stream, (uint64_t)(int64_t)value_number(values[i]));
    }
    return stream;
}

static bool no_training(struct search *s) {
    fail(s->ev, s->body->span, ERR_TRAIN,
         "The trial trains nothing, so there is nothing to "
         "compare.");
    return err_hint(s->ev->e, "The last `train` of the block is the trial:\n\n    trial:\n"
                              "        m = Net(hidden)\n        train m on x -> y:\n"
                              "            validate: vx -> vy");
}

bool search_body(struct search *s, struct trial *t, const struct value *values) {
    struct eval *ev = s->ev;
    struct trial *outer = ev->trial;
    const struct place *place = ev->place;
    uint64_t draws = ev->draws;
    TRY(set_names(s, values));
    ev->trial = t;
    t->values = values;
    struct place here = {.first = trial_stream(s, values)};
    ev->place = &here;
    ev->draws = 0;
    enum flow flow = exec_body(ev, s->body->body, s->body->n_body);
    ev->trial = outer;
    ev->place = place;
    ev->draws = draws;
    if (flow == FLOW_ERROR) return false;
    if (flow != FLOW_NEXT)
        return fail(ev, s->body->span, ERR_SYNTAX,
                    "A trial runs to its end: no return, break or "
                    "continue.");
    return t->trained || no_training(s);
}

/* ---- scores ---- */

static bool metric_of(struct search *s, const struct table *history) {
    if (!s->metric)
        s->metric = intern_c(table_find(history, STR("val_loss")) >= 0 ? "val_loss" : "loss");
    if (table_find(history, str_of(s->metric)) >= 0) return true;
    fail(s->ev, s->metric_at, ERR_SETTING, "The trial's history has no column `%s`.", s->metric);
    return err_label(s->ev->e, "is not in the history");
}

static bool is_better(const struct search *s, double a, double b) {
    if (isnan(a)) return false;
    return isnan(b) || (s->maximize ? a > b : a < b);
}

static void score(const struct search *s, struct outcome *o) {
    const double *x = o->history->columns[table_find(o->history, str_of(s->metric))].numbers;
    o->best_row = -1;
    o->score = NAN;
    for (int64_t i = 0; i < o->history->n_rows; i++) {
        if (!is_better(s, x[i], o->score)) continue;
        o->best_row = i;
        o->score = x[i];
    }
}

static bool keep_outcome(struct search *s, const struct outcome *o, int at, struct value model) {
    if (at == s->cap) {
        int cap = s->cap ? 2 * s->cap : 16;
        struct outcome *more = pool_realloc(s->outcomes, (size_t)cap * sizeof *more);
        if (!more) return err_memory(s->ev->e, (size_t)cap * sizeof *more);
        s->outcomes = more;
        s->cap = cap;
    }
    s->outcomes[at] = *o;
    if (at == s->n) s->n++;
    if (at != s->best && s->best >= 0 && !is_better(s, o->score, s->outcomes[s->best].score))
        return true;
    if (isnan(o->score)) return true;
    s->best = at;
    value_unref(s->best_model);
    s->best_model = value_ref(model);
    return true;
}

/* Trial number `at` of the table, with a share of its epochs. Another round of halving replaces
 * what the round before gave. */
static bool run_trial(struct search *s, struct trial *t, int64_t combination, int at) {
    struct outcome o = {.combination = combination};
    double started = search_now();
    TRY(search_values(s, combination, o.values));
    bool ok = search_body(s, t, o.values) && metric_of(s, t->history.table);
    if (ok) {
        o.history = table_ref(t->history.table);
        o.seconds = search_now() - started;
        score(s, &o);
        bool again = at < s->n;
        struct outcome old = again ? s->outcomes[at] : (struct outcome){0};
        ok = keep_outcome(s, &o, at, t->model);
        if (ok && again) {
            search_values_clear(old.values, s->n_overs);
            table_unref(old.history);
        }
    }
    if (!ok) {
        table_unref(o.history);
        search_values_clear(o.values, s->n_overs);
    }
    value_unref(t->history);
    value_unref(t->model);
    return ok;
}

bool search_time_is_over(const struct search *s) {
    return s->limit_seconds > 0 && search_now() - s->started > s->limit_seconds;
}

static void tell_trial(struct search *s, const struct trial *t) {
    char state[96];
    snprintf(state, sizeof state, "%strial %d of %d", s->stage, t->number, t->n_trials);
    search_tell(s, state, share_done(t, 0), false);
}

bool search_run_all(struct search *s) {
    for (int64_t i = 0; i < s->n_planned && !search_time_is_over(s); i++) {
        struct trial t = {
            .search = s, .share = 1, .number = (int)i + 1, .n_trials = (int)s->n_planned};
        tell_trial(s, &t);
        TRY(!stopped(s->ev, s->statement->span));
        TRY(run_trial(s, &t, s->order ? s->order[i] : i, s->n));
    }
    return true;
}

/* ---- halving ---- */

/* The best `keep` outcomes to the front of `alive`. */
static void rank(const struct search *s, int *alive, int n) {
    for (int i = 1; i < n; i++) {
        for (int k = i;
             k > 0 && is_better(s, s->outcomes[alive[k]].score, s->outcomes[alive[k - 1]].score);
             k--) {
            int x = alive[k];
            alive[k] = alive[k - 1];
            alive[k - 1] = x;
        }
    }
}

/* The best epoch of a short round must not beat those of the last round: only they can win. */
static void forget_best(struct search *s) {
    s->best = -1;
    value_unref(s->best_model);
    s->best_model = value_missing();
}

static bool run_round(struct search *s, int *alive, int n, double share) {
    for (int i = 0; i < n && !search_time_is_over(s); i++) {
        struct trial t = {.search = s, .share = share, .number = i + 1, .n_trials = n};
        bool first = alive[i] >= s->n;
        int64_t which =
            first ? (s->order ? s->order[alive[i]] : alive[i]) : s->outcomes[alive[i]].combination;
        tell_trial(s, &t);
        TRY(!stopped(s->ev, s->statement->span));
        TRY(run_trial(s, &t, which, alive[i]));
    }
    return true;
}

bool search_run_halving(struct search *s) {
    int n = (int)s->n_planned, rounds = 1;
    for (int k = n; k >= HALVING_FACTOR; k /= HALVING_FACTOR) rounds++;
    int *alive = pool_need((size_t)n * sizeof *alive, s->ev->e);
    if (!alive) return false;
    for (int i = 0; i < n; i++) alive[i] = i;
    bool ok = true;
    char stage[48];
    s->stage = stage;
    for (int r = 0; ok && r < rounds && !search_time_is_over(s); r++) {
        snprintf(stage, sizeof stage, "round %d of %d, ", r + 1, rounds);
        if (r) forget_best(s);
        ok = run_round(s, alive, n, pow(HALVING_FACTOR, r + 1 - rounds));
        if (n > s->n) n = s->n;
        rank(s, alive, n);
        n = (n + HALVING_FACTOR - 1) / HALVING_FACTOR;
    }
    s->stage = "";
    pool_free(alive);
    return ok;
}
