/* The search statement: reads its lines, checks its trial with the values it may meet, and runs
 * trials until they are done, stopped, or the time is over. Every trial draws from the same random
 * streams, so that two of them differ in what the search changes and in nothing else. */
#include "search.h"
#include "lang/eval/place.h"
#include "base/intern.h"
#include "base/pool.h"
#include "lang/eval/tables/tables.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DEFAULT_TRIALS = 10, MAX_CHECKS = 24 };

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
    bool ok = search_body(s, &t, values);
    if (!ok && s->ev->e->n_notes < ERR_MAX_NOTES) {
        struct text words = {0};
        search_describe(s, values, &words);
        err_note(s->ev->e,
                 s->statement->key_span.source ? s->statement->key_span
                                               : s->statement->body[0]->span,
                 "in the trial with %.60s", words.p ? words.p : "");
        text_clear(&words);
    }
    search_values_clear(values, s->n_overs);
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
    bool ok = search_body(s, &t, values);
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
    double spent = search_now() - s->started;
    snprintf(state, sizeof state, "%s%d trial%s in %.1f s%s",
             interrupted ? "interrupted after " : "", s->n, s->n == 1 ? "" : "s", spent,
             search_time_is_over(s) && !interrupted ? "; the time limit is over" : "");
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
    s->started = search_now();
    bool ok = s->method == SEARCH_HALVING ? search_run_halving(s) : search_run_all(s);
    if (!ok) return end_early(s, out);
    tell_end(s, false);
    return search_result(s, false, out);
}

static void search_clear(struct search *s) {
    for (int i = 0; i < s->n_overs; i++) value_unref(s->overs[i].space);
    for (int i = 0; i < s->n; i++) {
        search_values_clear(s->outcomes[i].values, s->n_overs);
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
