/* Advice about a train statement and an evaluation: which rows judge, and what chooses. */
#include "advice_parts.h"
#include "lang/syntax/ast.h"
#include "base/hash.h"
#include "base/intern.h"
#include "base/pool.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

const char *advice_words(struct span at, const char *otherwise, char *out, size_t cap) {
    struct str s = source_piece(at);
    bool fits = s.n > 0 && s.n < 40 && s.n + 3 < cap && !memchr(s.p, '\n', s.n);
    if (fits) snprintf(out, cap, "`%.*s`", (int)s.n, s.p);
    else snprintf(out, cap, "%s", otherwise);
    return out;
}

/* Does the text name a test set? `test` as a word of its own or of a name: test_x, x_test. */
static bool names_test(struct span at) {
    struct str s = source_piece(at);
    for (size_t i = 0; i + 4 <= s.n; i++) {
        if (strncasecmp(s.p + i, "test", 4) != 0) continue;
        bool begins = i == 0 || !isalpha((unsigned char)s.p[i - 1]);
        bool ends = i + 4 == s.n || !isalpha((unsigned char)s.p[i + 4]);
        if (begins && ends) return true;
    }
    return false;
}

/* ---- what chooses ---- */

static const struct config *find_callback(const struct train_spec *s, int kind) {
    for (int i = 0; i < s->n_callbacks; i++) {
        if (s->callbacks[i]->row->kind == kind) return s->callbacks[i];
    }
    return NULL;
}

/* The argument `monitor`: the second of both callbacks that have one at all. */
static const char *monitored(const struct config *c) {
    for (int i = 0; i < c->n_args; i++) {
        if (c->args[i].kind == ARG_TEXT && c->args[i].text) return c->args[i].text;
    }
    return "val_loss";
}

static void look_at_stopping(struct advice *a, const struct training *t) {
    const struct config *stop = find_callback(t->spec, CALLBACK_early_stopping);
    char words[64];
    if (!stop) return;
    if (strncmp(monitored(stop), "val_", 4) != 0)
        advice_say(a, "stopping on training data",
                   "EarlyStopping watches `%s`, which is of the training data: it cannot see "
                   "overfitting. Give `validate:` other rows, and watch \"val_loss\".",
                   monitored(stop));
    else if (t->validate && names_test(t->validate->span))
        advice_say(a, "stopping on test data",
                   "EarlyStopping chooses the epoch by %s: what the model scores there is no "
                   "longer the score on unseen data. Choose with validation rows, test once.",
                   advice_words(t->validate->span, "the test set", words, sizeof words));
}

static bool in_search(const struct program *p, const struct ast *statement) {
    for (int i = 0; i < p->n_statements; i++) {
        const struct ast *s = p->statements[i];
        const struct ast *block = s->kind == AST_ASSIGN ? s->a : s;
        if (block->kind == AST_SEARCH && statement->span.source == block->span.source &&
            statement->span.start >= block->span.start && statement->span.end <= block->span.end)
            return true;
    }
    return false;
}

static void look_at_search(struct advice *a, const struct program *p, const struct training *t) {
    char words[64];
    if (t->validate && names_test(t->validate->span) && in_search(p, t->statement))
        advice_say(a, "search on test data",
                   "The search chooses by %s: the score of its best there is no longer one on "
                   "unseen data. Choose with validation rows, test the winner once.",
                   advice_words(t->validate->span, "the test set", words, sizeof words));
}

/* ---- labels drawn anew ---- */

static bool draws(const struct ast *x) {
    static const char *const makers[] = {"rand", "randn", "randint", "bernoulli"};
    if (!x || x->kind != AST_CALL || x->a->kind != AST_NAME) return false;
    for (size_t i = 0; i < ARRAY_LEN(makers); i++) {
        if (strcmp(x->a->name, makers[i]) == 0) return true;
    }
    return false;
}

/* The last plain assignment of the name in the body that stands before the statement. */
static const struct ast *assigned_in(struct ast *const *body, int n, const char *name,
                                     const struct ast *before) {
    const struct ast *found = NULL;
    for (int i = 0; i < n && body[i]->span.start < before->span.start; i++) {
        const struct ast *s = body[i];
        bool plain = s->kind == AST_ASSIGN && s->n == 1 && s->list[0]->kind == AST_NAME;
        if (plain && s->list[0]->name == name) found = s->a;
    }
    return found;
}

/* The innermost loop around the statement. */
static const struct ast *loop_around(struct ast *const *body, int n, const struct ast *statement) {
    for (int i = 0; i < n; i++) {
        const struct ast *s = body[i];
        bool around = s->span.source == statement->span.source &&
                      s->span.start <= statement->span.start &&
                      s->span.end >= statement->span.end && s != statement;
        if (!around) continue;
        const struct ast *inner = loop_around(s->body, s->n_body, statement);
        if (!inner) inner = loop_around(s->orelse, s->n_orelse, statement);
        return inner ? inner : s->kind == AST_FOR || s->kind == AST_WHILE ? s : NULL;
    }
    return NULL;
}

static void look_at_labels(struct advice *a, struct eval *ev, const struct training *t) {
    const struct ast *data = t->statement->a, *y = data && data->kind == AST_ARROW ? data->b : NULL;
    char words[64];
    if (!y) return;
    const struct ast *loop =
        loop_around(ev->program->statements, ev->program->n_statements, t->statement);
    if (!loop) return; /* once, to try something out, is nobody's mistake */
    const struct ast *made = y;
    if (y->kind == AST_NAME) made = assigned_in(loop->body, loop->n_body, y->name, t->statement);
    if (!draws(made)) return;
    advice_say(a, "labels drawn",
               "The targets %s are drawn at random anew in every round: nothing ties them to the "
               "inputs, so there is nothing to learn. Draw labels once, with the inputs.",
               advice_words(y->span, "of this training", words, sizeof words));
}

/* ---- rows ---- */

static bool rows_of(const struct examples *e, struct row_set *out) {
    const struct tensor *both[] = {e->inputs[0], e->targets[0]};
    return row_set_of(both, 2, out);
}

static bool inputs_of(const struct examples *e, struct row_set *out) {
    const struct tensor *x = e->inputs[0];
    return x && row_set_of(&x, 1, out);
}

static void look_at_rows(struct advice *a, const struct training *t, struct row_set *rows) {
    const struct train_spec *s = t->spec;
    char words[64];
    struct span at = t->validate ? t->validate->span : t->statement->span;
    if (inputs_of(&s->data, &rows[0])) advice_learned(a, &rows[0]);
    if (!s->validation.inputs[0] || !rows_of(&s->validation, &rows[1])) return;
    double share = rows_of(&s->data, &rows[0]) ? row_set_share(&rows[0], &rows[1]) : -1;
    advice_words(at, "the validation set", words, sizeof words);
    if (share > 0.3)
        advice_say(a, "training rows judged",
                   "%.3g%% of the rows of %s are training rows: the model is judged on what it "
                   "has learned by heart. split() makes parts without common rows.",
                   100 * share, words);
    const char *scaler = inputs_of(&s->validation, &rows[1]) ? advice_fit_of(a, &rows[1]) : NULL;
    if (scaler)
        advice_say(a, "scaler saw all",
                   "The %s was fitted on the rows of %s too, so they are no longer unseen. Fit it "
                   "on the training rows, and transform both.",
                   scaler, words);
}

/* Trials in loops, functions and searches may well go wrong: that is what they are for. */
static bool stands_alone(const struct program *p, const struct ast *statement) {
    for (int i = 0; i < p->n_statements; i++) {
        const struct ast *s = p->statements[i];
        if (s == statement || (s->kind == AST_ASSIGN && s->a == statement)) return true;
    }
    return false;
}

void advice_training(struct eval *ev, const struct training *t) {
    struct advice *a = engine_advice(ev->engine);
    struct row_set *rows = !advice_is_on(a) ? NULL : pool_alloc(2 * sizeof *rows);
    if (!rows) return;
    advice_model(a, t->spec->model);
    look_at_stopping(a, t);
    look_at_search(a, ev->program, t);
    look_at_labels(a, ev, t);
    look_at_rows(a, t, rows);
    advice_rare_class(a, t->spec->data.targets[0], t->spec->metrics, t->spec->n_metrics,
                      t->classes);
    if (stands_alone(ev->program, t->statement)) advice_numbers(a, t);
    pool_free(rows);
}

/* ---- evaluate ---- */

void advice_evaluated(struct eval *ev, struct span data, const struct weights *w,
                      const struct examples *e, const struct measure *measures, int n,
                      const struct levels *classes) {
    struct advice *a = engine_advice(ev->engine);
    struct row_set *rows = !advice_is_on(a) ? NULL : pool_alloc(sizeof *rows);
    char words[64];
    if (!rows) return;
    advice_rare_class(a, e->targets[0], measures, n, classes);
    advice_words(data, "this set", words, sizeof words);
    bool known = inputs_of(e, rows);
    const char *scaler = known ? advice_fit_of(a, rows) : NULL;
    if (scaler)
        advice_say(a, "scaler saw all",
                   "The %s was fitted on the rows of %s too, so they are no longer unseen. Fit it "
                   "on the training rows, and transform both.",
                   scaler, words);
    uint64_t model = hash_bytes(w->data, (size_t)w->n * sizeof *w->data, 7);
    if (known && names_test(data) && advice_look_at_test(a, rows, model))
        advice_say(a, "fifth look",
                   "This is the fifth model judged on %s. Choosing between them by it makes it a "
                   "validation set: keep rows that are looked at once, at the end.",
                   words);
    pool_free(rows);
}
