/* The search statement: reads its lines, checks its trial with the values it may meet, and runs
 * trials until they are done, stopped, or the time is over. Every trial draws from the same random
 * streams, so that two of them differ in what the search changes and in nothing else. */
#include "eval_search.h"
#include "base/hash.h"
#include "base/intern.h"
#include "base/pool.h"
#include "lang/builtins/tables.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DEFAULT_TRIALS = 10, HALVING_FACTOR = 3, MAX_CHECKS = 24 };

static double seconds_now(void) {
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
    char state[160];
    double epochs = event->n_epochs > 0 ? (double)event->n_epochs : 1;
    double within = event->n_batches > 0 ? (double)event->batch / (double)event->n_batches : 0;
    if (event->kind != TRAIN_BATCH && event->kind != TRAIN_EPOCH) return;
    double done =
        event->kind == TRAIN_EPOCH ? (double)event->epoch : (double)event->epoch - 1 + within;
    snprintf(state, sizeof state, "%strial %d of %d, epoch %lld of %lld, loss %.4g",
             t->search->stage, t->number, t->n_trials, (long long)event->epoch,
             (long long)event->n_epochs, event->loss);
    search_tell(t->search, state, share_done(t, done / epochs), false);
}

static bool is_column(const struct train_spec *spec, const char *name) {
    static const char *const always[] = {"loss", "lr", "epoch", "seconds"};
    for (size_t i = 0; i < ARRAY_LEN(always); i++)
        if (strcmp(always[i], name) == 0) return true;
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

/* ---- the block ---- */

static bool read_over(struct search *s, const struct ast *line) {
    struct eval *ev = s->ev;
    struct value v;
    if (s->n_overs == SEARCH_MAX_OVERS)
        return fail(ev, line->span, ERR_SETTING, "A search varies at most %d names.",
                    SEARCH_MAX_OVERS);
    for (int i = 0; i < s->n_overs; i++) {
        if (s->overs[i].line->name == line->name)
            return fail(ev, line->span, ERR_NAME, "`%s` is varied twice.", line->name);
    }
    TRY(eval_expr(ev, line->a, &v));
    if (v.kind == V_UNKNOWN || v.kind == V_DESC) {
        value_unref(v);
        return s->unknown = true;
    }
    struct value space = space_from(ev, v);
    value_unref(v);
    if (space.kind != V_SPACE) {
        fail(ev, line->a->span, ERR_SETTING,
             "`over %s` needs several values to try, and this is "
             "%s.",
             line->name, value_kind_words(v.kind));
        return err_hint(ev->e,
                        "    over %s: choice([8, 16, 32])\n    over %s: loguniform(1e-4, "
                        "1e-1)\n\nThere are also uniform(low, high), integers(low, high), "
                        "range(5) and plain lists.",
                        line->name, line->name);
    }
    s->overs[s->n_overs++] = (struct over){line, space};
    return true;
}

static bool read_lines(struct search *s) {
    struct eval *ev = s->ev;
    for (int i = 0; i < s->statement->n_body; i++) {
        const struct ast *line = s->statement->body[i];
        if (line->kind == AST_SETTING) TRY(apply_setting(ev, &search_settings, line, s));
        if (line->kind == AST_OVER) TRY(read_over(s, line));
        if (line->kind == AST_TRIAL && s->body)
            return fail(ev, line->span, ERR_SYNTAX, "A search has one `trial:` block.");
        if (line->kind == AST_TRIAL) s->body = line;
    }
    if (!s->body) {
        fail(ev, s->statement->span, ERR_SYNTAX, "The search has no `trial:` block.");
        return err_hint(ev->e, "    trial:\n        m = Net(hidden)\n        train m on x -> y:\n"
                               "            validate: vx -> vy");
    }
    if (s->n_overs || s->unknown) return true;
    fail(ev, s->statement->span, ERR_SYNTAX, "The search varies nothing.");
    return err_hint(ev->e, "Say what to try: over lr: loguniform(1e-4, 1e-1)");
}

/* The number of combinations; -1 = endlessly many (or too many to count). */
static int64_t combinations(const struct search *s) {
    int64_t n = 1;
    for (int i = 0; i < s->n_overs; i++) {
        int64_t one = space_count(s->overs[i].space.space);
        if (one < 0 || __builtin_mul_overflow(n, one, &n) || n > 10000000) return -1;
    }
    return n;
}

static bool grid_is_endless(struct search *s) {
    struct eval *ev = s->ev;
    for (int i = 0; i < s->n_overs; i++) {
        const struct space *space = s->overs[i].space.space;
        if (space_count(space) >= 0) continue;
        fail(ev, s->overs[i].line->a->span, ERR_SETTING,
             "A grid tries every combination, and between %g and %g there are endlessly many "
             "numbers.",
             space->low, space->high);
        return err_hint(ev->e,
                        "List the values: over %s: choice([…]), or leave the method "
                        "\"random\".",
                        s->overs[i].line->name);
    }
    return fail(ev, s->method_at, ERR_SETTING, "The grid has more than 10,000,000 combinations.");
}

/* How many trials, and which combinations in which order. */
static bool plan_trials(struct search *s) {
    struct err *e = s->ev->e;
    int64_t n = combinations(s);
    if (s->method == SEARCH_GRID && n < 0) return grid_is_endless(s);
    s->n_planned = s->trials ? s->trials : s->method == SEARCH_GRID ? n : DEFAULT_TRIALS;
    if (n < 0) return true;
    if (s->n_planned > n) s->n_planned = n;
    if (s->n_planned > SEARCH_MAX_TRIALS)
        return fail(s->ev, s->statement->span, ERR_SETTING,
                    "The grid has %lld combinations, and a search at most %d trials.", (long long)n,
                    SEARCH_MAX_TRIALS);
    TRY(s->order = pool_need((size_t)n * sizeof *s->order, e));
    for (int64_t i = 0; i < n; i++) s->order[i] = i;
    struct rng_key key = {s->seed, hash_add(s->stream, 7), 0};
    if (s->method != SEARCH_GRID) rng_permutation(key, s->order, n);
    return true;
}

/* ---- one trial ---- */

static void values_clear(struct value *values, int n) {
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

static bool run_body(struct search *s, struct trial *t, const struct value *values) {
    struct eval *ev = s->ev;
    struct trial *outer = ev->trial;
    uint64_t stream = ev->stream, draws = ev->draws;
    TRY(set_names(s, values));
    ev->trial = t;
    ev->stream = trial_stream(s, values);
    ev->draws = 0;
    enum flow flow = exec_body(ev, s->body->body, s->body->n_body);
    ev->trial = outer;
    ev->stream = stream;
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
    double started = seconds_now();
    TRY(search_values(s, combination, o.values));
    bool ok = run_body(s, t, o.values) && metric_of(s, t->history.table);
    if (ok) {
        o.history = table_ref(t->history.table);
        o.seconds = seconds_now() - started;
        score(s, &o);
        bool again = at < s->n;
        struct outcome old = again ? s->outcomes[at] : (struct outcome){0};
        ok = keep_outcome(s, &o, at, t->model);
        if (ok && again) {
            values_clear(old.values, s->n_overs);
            table_unref(old.history);
        }
    }
    if (!ok) {
        table_unref(o.history);
        values_clear(o.values, s->n_overs);
    }
    value_unref(t->history);
    value_unref(t->model);
    return ok;
}

static bool time_is_over(const struct search *s) {
    return s->limit_seconds > 0 && seconds_now() - s->started > s->limit_seconds;
}

static void tell_trial(struct search *s, const struct trial *t) {
    char state[96];
    snprintf(state, sizeof state, "%strial %d of %d", s->stage, t->number, t->n_trials);
    search_tell(s, state, share_done(t, 0), false);
}

static bool run_all(struct search *s) {
    for (int64_t i = 0; i < s->n_planned && !time_is_over(s); i++) {
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
    for (int i = 0; i < n && !time_is_over(s); i++) {
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

static bool run_halving(struct search *s) {
    int n = (int)s->n_planned, rounds = 1;
    for (int k = n; k >= HALVING_FACTOR; k /= HALVING_FACTOR) rounds++;
    int *alive = pool_need((size_t)n * sizeof *alive, s->ev->e);
    if (!alive) return false;
    for (int i = 0; i < n; i++) alive[i] = i;
    bool ok = true;
    char stage[48];
    s->stage = stage;
    for (int r = 0; ok && r < rounds && !time_is_over(s); r++) {
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

/* ---- checking ---- */

/* The trial with given values, one for each name. */
static bool check_with(struct search *s, const int64_t *which) {
    struct trial t = {.search = s, .share = 1, .number = 1, .n_trials = 1};
    struct value values[SEARCH_MAX_OVERS] = {0};
    for (int i = 0; i < s->n_overs; i++) {
        const struct space *space = s->overs[i].space.space;
        if (space_count(space) >= 0) values[i] = space_nth(space, which[i]);
        else values[i] = value_float(which[i] ? space->high : space->low);
    }
    bool ok = run_body(s, &t, values);
    if (!ok && s->ev->e->n_notes < ERR_MAX_NOTES) {
        struct text words = {0};
        search_describe(s, values, &words);
        err_note(s->ev->e,
                 s->statement->key_span.source ? s->statement->key_span
                                               : s->statement->body[0]->span,
                 "in the trial with %.60s", words.p ? words.p : "");
        text_clear(&words);
    }
    values_clear(values, s->n_overs);
    return ok;
}

/* The trial is walked with each value of each name, the other names at their first: what is found
 * would be met by a real trial. */
static bool check_trials(struct search *s) {
    int64_t which[SEARCH_MAX_OVERS] = {0};
    int budget = MAX_CHECKS;
    TRY(check_with(s, which));
    for (int i = 0; i < s->n_overs; i++) {
        int64_t n = space_count(s->overs[i].space.space);
        for (which[i] = 1; which[i] < (n < 0 ? 2 : n) && budget-- > 0; which[i]++)
            TRY(check_with(s, which));
        which[i] = 0;
    }
    return true;
}

/* Values that are not known: the trial is walked once with unknown names. */
static bool check_unknown(struct search *s) {
    struct trial t = {.search = s, .share = 1, .number = 1, .n_trials = 1};
    struct value values[SEARCH_MAX_OVERS] = {0};
    for (int i = 0; i < s->statement->n_body; i++) {
        const struct ast *line = s->statement->body[i];
        if (line->kind != AST_OVER) continue;
        struct ast name = {
            .kind = AST_NAME, .name = line->name, .slot = line->slot, .span = line->span};
        TRY(name_set(s->ev, &name, value_unknown()));
    }
    int n = s->n_overs;
    s->n_overs = 0; /* their names are set already */
    bool ok = run_body(s, &t, values);
    s->n_overs = n;
    return ok;
}

static bool check_search(struct search *s) {
    if (s->unknown) return check_unknown(s);
    return plan_trials(s) && check_trials(s);
}

/* ---- the statement ---- */

static void tell_end(struct search *s, bool interrupted) {
    char state[120];
    double spent = seconds_now() - s->started;
    snprintf(state, sizeof state, "%s%d trial%s in %.1f s%s",
             interrupted ? "interrupted after " : "", s->n, s->n == 1 ? "" : "s", spent,
             time_is_over(s) && !interrupted ? "; the time limit is over" : "");
    search_tell(s, state, 1, true);
}

/* Finished trials are kept whatever ended the search. */
static bool end_early(struct search *s, struct value *out) {
    struct eval *ev = s->ev;
    struct err why = *ev->e;
    bool interrupted = why.kind == ERR_INTERRUPT;
    ev->ending = false;
    if (s->n == 0) return false;
    *ev->e = (struct err){0};
    tell_end(s, interrupted);
    if (!search_result(s, true, out)) return false;
    *ev->e = why;
    ev->ending = true;
    if (!interrupted) return true;
    fail(ev, s->statement->span, ERR_INTERRUPT, "The search was stopped in trial %d of %lld.",
         s->n + 1, (long long)s->n_planned);
    err_hint(ev->e, "The %d finished trial%s are kept: the name has them, with .best.", s->n,
             s->n == 1 ? "" : "s");
    return true;
}

static bool run_search(struct search *s, struct value *out) {
    TRY(plan_trials(s));
    s->run = engine_next_run(s->ev->engine);
    s->started = seconds_now();
    bool ok = s->method == SEARCH_HALVING ? run_halving(s) : run_all(s);
    if (!ok) return end_early(s, out);
    tell_end(s, false);
    return search_result(s, false, out);
}

static void search_clear(struct search *s) {
    for (int i = 0; i < s->n_overs; i++) value_unref(s->overs[i].space);
    for (int i = 0; i < s->n; i++) {
        values_clear(s->outcomes[i].values, s->n_overs);
        table_unref(s->outcomes[i].history);
    }
    value_unref(s->best_model);
    pool_free(s->outcomes);
    pool_free(s->order);
}

bool eval_search(struct eval *ev, const struct ast *x, struct value *out) {
    if (ev->graph)
        return fail(ev, x->span, ERR_TRAIN, "`search` cannot stand inside %s.", ev->context);
    struct search *s = pool_need(sizeof *s, ev->e);
    if (!s) return false;
    *s = (struct search){.ev = ev, .statement = x, .best = -1, .stage = ""};
    s->seed = engine_seed(ev->engine);
    s->stream = next_stream(ev);
    bool ok = read_lines(s);
    if (s->seeded) s->stream = 0;
    if (ok && ev->domain == DOMAIN_CHECK) {
        ok = check_search(s);
        *out = value_unknown();
    } else if (ok) {
        ok = run_search(s, out);
    }
    search_clear(s);
    pool_free(s);
    return ok;
}
