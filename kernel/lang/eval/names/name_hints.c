/* A name that nothing gives: a column, two names grown together, a slip, or a name of another tool.
 */
#include "scope_parts.h"
#include "lang/eval/tables/column_made.h"
#include "unused.h"
#include "base/intern.h"
#include "lang/syntax/spelling.h"
#include <stdio.h>
#include <string.h>

static void add_candidate(void *to, const char *name) {
    spelling_add(to, str_of(name));
}

/* The name at the start of a chain: weather in weather.filter(…).sort(…). */
static const struct ast *chain_start(const struct ast *x) {
    while (x->kind == AST_CALL || x->kind == AST_ATTRIBUTE || x->kind == AST_INDEX) x = x->a;
    return x->kind == AST_NAME ? x : NULL;
}

/* The call with x put into it as `piece`, in its line. */
static void corrected_line(const struct ast *x, const char *piece, struct text *out) {
    const struct source *s = source_find(x->span.source);
    int line, column;
    if (!s) return;
    source_position(s, x->span.start, &line, &column);
    struct str all = source_line(s, line);
    size_t before = (size_t)(s->text.p + x->span.start - all.p);
    size_t after = before + (x->span.end - x->span.start);
    while (before && *all.p == ' ') all.p++, all.n--, before--, after--;
    text_addf(out, "    %.*s%s%.*s", (int)before, all.p, piece, (int)(all.n - after),
              all.p + after);
}

/* A bare name inside a call on a table that has a column of this name. */
static bool is_column(struct resolver *r, const struct ast *x) {
    static const char *const by_text[] = {"select", "sort", "drop", "to_tensor", "group"};
    const struct ast *table = r->call ? chain_start(r->call->a) : NULL;
    if (!table || r->call->a->kind != AST_ATTRIBUTE || !r->globals->has_column) return false;
    if (!r->globals->has_column(r->globals->user, table->name, x->name) &&
        !column_made_for(r->program, table->name, x->name))
        return false;
    const char *verb = r->call->a->name;
    bool quoted = false;
    for (size_t i = 0; i < ARRAY_LEN(by_text); i++)
        quoted = quoted || strcmp(by_text[i], verb) == 0;
    char piece[80];
    struct text line = {0};
    snprintf(piece, sizeof piece, quoted ? "\"%.70s\"" : ".%.70s", x->name);
    corrected_line(x, piece, &line);
    err_set(r->e, ERR_COLUMN,
            "`%s` has a column of this name. Inside %s, a column %s:", table->name, verb,
            quoted ? "is named in quotes" : "starts with a dot");
    err_label(r->e, "is not a variable");
    if (line.n) err_hint(r->e, "%s", line.p);
    text_clear(&line);
    err_at(r->e, x->span);
    return true;
}

/* Up to a third of the letters may differ. */
static bool may_be_meant(struct str a, const char *b) {
    return 3 * str_distance(a, str_of(b)) <= (int)a.n + 3;
}

/* A name that the cell gives a value and never uses, nearly written like this one: the slip may
 * well stand there. */
static struct str unused_near(struct resolver *r, const struct ast *x) {
    struct str written = str_of(x->name);
    struct spelling hint;
    spelling_start(&hint, str_of(x->name));
    for (int i = 0; i < r->n_before; i++)
        if (may_be_meant(written, r->assigned[i]) && !name_is_used(r->program, r->assigned[i]))
            spelling_add(&hint, str_of(r->assigned[i]));
    for (int i = 0; r->scope->outer && i < r->scope->n; i++)
        if (may_be_meant(written, r->scope->names[i]) &&
            !name_is_used(r->program, r->scope->names[i]))
            spelling_add(&hint, str_of(r->scope->names[i]));
    return spelling_best(&hint);
}

static bool is_visible(struct resolver *r, const char *name) {
    return find_name(r->scope, name) != NOT_FOUND || cell_assigns(r, name) ||
           r->globals->is_known(r->globals->user, name);
}

/* A name of the student's own. */
static bool is_own(struct resolver *r, const char *name) {
    return is_visible(r, name) && (find_name(r->scope, name) != NOT_FOUND ||
                                   cell_assigns(r, name) || !r->globals->is_builtin(name));
}

/* Two names that have grown together: h.Dense without its dot, sample=100 without its sign, a
 * column without its dot. Returns the length of the first, or 0; *sign is what is missing. */
static size_t grown_together(struct resolver *r, const struct ast *x, const char **sign) {
    struct str all = str_of(x->name);
    const struct resolve_globals *g = r->globals;
    enum { LONGEST = 80 };
    for (size_t n = 1; n < all.n && all.n <= LONGEST; n++) {
        struct str left = {all.p, n}, right = {all.p + n, all.n - n};
        bool digits =
            strspn(right.p, "0123456789") == right.n && !strchr("0123456789", left.p[n - 1]);
        bool called = r->callee == x;
        if (g->has_column && g->has_column(g->user, intern(left), intern(right)))
            return *sign = ".", n;
        if (n >= 3 && !called && strchr("0123456789_", *right.p) == NULL && is_own(r, intern(left)))
            return 0; /* a field? a longer name? nobody knows */
        if (digits && r->arguments && !called && n >= 4) return *sign = "=", n;
        if (!digits && right.n >= 3 && called && is_own(r, intern(left)) &&
            g->is_known(g->user, intern(right)))
            return *sign = ".", n;
    }
    return 0;
}

static bool same_letters(struct str a, struct str b) {
    int count[256] = {0};
    for (size_t i = 0; i < a.n; i++) count[(unsigned char)a.p[i]]++;
    for (size_t i = 0; i < b.n; i++) count[(unsigned char)b.p[i]]--;
    for (int i = 0; i < 256; i++)
        if (count[i]) return false;
    return true;
}

/* An argument of a layer, Dense(64, rellu): there a function of the language is likely. */
static bool is_layer_argument(const struct resolver *r) {
    const struct ast *f = r->call ? r->call->a : NULL;
    bool named = f && (f->kind == AST_NAME || f->kind == AST_ATTRIBUTE);
    return named && f->name && f->name[0] >= 'A' && f->name[0] <= 'Z';
}

/* A function of the language is meant less often than a name of the student's own: samples is not
 * sample, and short words are near to many functions. */
static bool far_from_builtin(struct resolver *r, const struct ast *x, struct str best) {
    struct str wanted = str_of(x->name);
    if (!best.n || !r->globals->is_builtin(intern(best)) || cell_assigns(r, intern(best)))
        return false;
    if (str_distance(wanted, best) == 0) return false; /* only in another case: adam */
    const struct str longer = wanted.n > best.n ? wanted : best;
    bool plural = longer.p[longer.n - 1] == 's' && wanted.n != best.n &&
                  memcmp(wanted.p, best.p, longer.n - 1) == 0;
    bool called = r->callee == x;
    if (wanted.n >= 4 && is_layer_argument(r) && str_distance(wanted, best) <= 1) return false;
    if (!called && !same_letters(wanted, best) && str_distance(wanted, best) > 1) return true;
    return plural ||
           (wanted.n <= 5 && !same_letters(wanted, best) && (!called || wanted.n == best.n));
}

/* The one name of this function or model that gets a value and is never used, or NULL. */
static const char *unused_local(struct resolver *r) {
    const char *found = NULL;
    if (!r->scope->outer) return NULL;
    for (int i = 0; i < r->scope->n; i++) {
        if (!r->scope->visible[i] || name_is_used(r->program, r->scope->names[i])) continue;
        if (found) return NULL;
        found = r->scope->names[i];
    }
    return found;
}

/* units32 was written where units=32 was meant: `best` is `name` and digits. */
static bool is_with_digits(struct str best, const char *name) {
    size_t n = strlen(name);
    return best.n > n && memcmp(best.p, name, n) == 0 &&
           strspn(best.p + n, "0123456789") == best.n - n;
}

/* Ways of other tools to train: net.fit(x, y), train(net, x, y). */
static bool is_training(struct resolver *r, const struct ast *x) {
    static const char *const ways[] = {"fit", "compile", "add"};
    if (r->callee == x && strcmp(x->name, "train") == 0) return true;
    const struct ast *f = r->call ? r->call->a : r->callee;
    if (!f || f->kind != AST_ATTRIBUTE || f->a != x) return false;
    for (size_t i = 0; i < ARRAY_LEN(ways); i++)
        if (strcmp(ways[i], f->name) == 0) return true;
    return false;
}

/* np.mean(x), np.random.normal(0, 1): what of the module is called, and by what it is found in the
 * list of foreign names, or here. False where the sentence about the module has to do. */
static bool hint_member(struct resolver *r, const struct ast *x) {
    const struct ast *f = r->callee, *start = f;
    while (start && start->kind == AST_ATTRIBUTE) start = start->a;
    if (start != x || f == x) return false;
    char both[120];
    snprintf(both, sizeof both, "%.50s.%.50s", f->a->name, f->name);
    const char *foreign = spelling_foreign(str_of(both), true);
    if (!foreign && !spelling_is_module(str_of(x->name))) return false;
    if (!foreign) foreign = spelling_foreign(str_of(f->name), true);
    if (!foreign && r->globals->is_builtin(f->name))
        return err_hint(r->e, "`%s` is not needed: write %s(…).", x->name, f->name), true;
    if (foreign) err_hint(r->e, "%s", foreign);
    return foreign != NULL;
}

static void hint_for(struct resolver *r, const struct ast *x, struct str best) {
    const char *foreign = spelling_foreign(str_of(x->name), r->callee == x), *sign = "";
    const char *what = r->scope->kind == SCOPE_MODEL ? "model" : "function";
    size_t first = foreign ? 0 : grown_together(r, x, &sign);
    const char *unused = first || foreign || best.n ? NULL : unused_local(r);
    int slot = best.n && r->scope->outer ? find_local(r->scope, intern(best)) : NOT_FOUND;
    if (is_training(r, x)) {
        err_hint(r->e, "Models are declared and then trained by a statement:\n\n"
                       "    model Net():\n        input x: [4]\n        output y = x.Dense(1)\n\n"
                       "    net = Net()\n    train net on x -> y:\n        loss: mse");
    } else if (first) {
        err_hint(r->e, "Did you mean `%.*s%s%s`?", (int)first, x->name, sign, x->name + first);
    } else if (hint_member(r, x)) {
        return;
    } else if (foreign) {
        err_hint(r->e, "%s", foreign);
    } else if (best.n && is_with_digits(best, x->name)) {
        err_hint(r->e, "There is `%.*s`, which nothing uses: did you mean %s=%.*s there?",
                 (int)best.n, best.p, x->name, (int)(best.n - strlen(x->name)),
                 best.p + strlen(x->name));
    } else if (best.n) {
        bool parameter = slot != NOT_FOUND && slot < r->scope->n_params;
        err_set(r->e, ERR_NAME, "Did you mean `%.*s`%s%s?", (int)best.n, best.p,
                slot == NOT_FOUND ? ""
                : parameter       ? ", the parameter of this "
                                  : ", a name of this ",
                slot == NOT_FOUND ? "" : what);
        err_label(r->e, "is not defined");
    } else if (unused) {
        err_hint(r->e, "The name `%s` of this %s is not used anywhere. Are the two the same?",
                 unused, what);
    } else {
        err_hint(r->e, "Run the cell that makes it first, or check how it is written.");
    }
}

/* A bare name that is a column elsewhere, a foreign name, or a typing slip. */
bool name_undefined(struct resolver *r, const struct ast *x) {
    struct spelling hint;
    if (is_column(r, x)) return false;
    struct str best = unused_near(r, x);
    spelling_start(&hint, str_of(x->name));
    for (struct open_scope *s = r->scope; s; s = s->outer)
        for (int i = 0; i < s->n; i++) spelling_add(&hint, str_of(s->names[i]));
    for (int i = 0; i < r->n_before; i++) spelling_add(&hint, str_of(r->assigned[i]));
    r->globals->each(r->globals->user, add_candidate, &hint);
    err_set(r->e, ERR_NAME, "There is no `%s` here.", x->name);
    err_label(r->e, "is not defined");
    if (!best.n) best = spelling_best(&hint);
    if (far_from_builtin(r, x, best)) best = (struct str){0};
    hint_for(r, x, best);
    return err_at(r->e, x->span);
}
