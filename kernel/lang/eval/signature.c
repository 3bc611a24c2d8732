/* Signatures: reading them, and sorting a call's arguments into them. */
#include "signature.h"
#include "lang/syntax/spelling.h"
#include "base/hash.h"
#include "base/intern.h"
#include "base/pool.h"
#include "base/word_list.h"
#include <stdio.h>
#include <string.h>

/* ---- reading ---- */

static struct str trim(struct str s) {
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\n')) s.p++, s.n--;
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\n')) s.n--;
    return s;
}

/* The text up to `stop` outside quotes and brackets; *rest is what follows. */
static struct str cut_at(struct str s, char stop, struct str *rest) {
    int depth = 0;
    bool quoted = false;
    size_t i = 0;
    for (; i < s.n; i++) {
        char c = s.p[i];
        if (c == '"') quoted = !quoted;
        if (quoted) continue;
        if (c == stop && depth == 0) break;
        if (c == '(' || c == '[') depth++;
        if (c == ')' || c == ']') depth--;
    }
    *rest = i < s.n ? (struct str){s.p + i + 1, s.n - i - 1} : (struct str){s.p + s.n, 0};
    return trim((struct str){s.p, i});
}

static void read_parameter(struct signature *s, struct str one) {
    if (str_starts(one, "...")) {
        s->rest_at = s->n;
        s->rest_unnamed = str_is(one, "...: unnamed");
        return;
    }
    if (s->n == SIGNATURE_MAX) return;
    struct parameter *p = &s->parameters[s->n++];
    struct str fallback, kind, name = cut_at(one, '=', &fallback);
    name = cut_at(name, ':', &kind);
    kind = cut_at(kind, '(', &p->choices);
    if (p->choices.n) p->choices.n--; /* the bracket's end */
    p->name = intern(name);
    p->kind = kind.n ? intern(kind) : NULL;
    p->fallback = trim(fallback);
    p->required = p->fallback.n == 0;
}

static void read_signature(struct signature *s, const char *owner, struct str text) {
    *s = (struct signature){.owner = owner, .rest_at = -1};
    while (text.n) {
        struct str one = cut_at(text, ',', &text);
        if (one.n) read_parameter(s, one);
    }
}

/* Kept for the life of the process, found by the text's address: rows are static. */
static struct {
    const char **texts;
    struct signature **made;
    size_t n, cap;
} cache;

static bool cache_grow(void) {
    size_t cap = cache.cap ? cache.cap * 2 : 512, i, k;
    const char **texts = pool_zalloc(cap * sizeof *texts);
    struct signature **made = pool_zalloc(cap * sizeof *made);
    if (!texts || !made) {
        pool_free(texts);
        pool_free(made);
        return false;
    }
    for (i = 0; i < cache.cap; i++) {
        if (!cache.texts[i]) continue;
        for (k = (size_t)hash_mix((uint64_t)(uintptr_t)cache.texts[i]) & (cap - 1); texts[k];)
            k = (k + 1) & (cap - 1);
        texts[k] = cache.texts[i];
        made[k] = cache.made[i];
    }
    pool_free(cache.texts);
    pool_free(cache.made);
    cache.texts = texts;
    cache.made = made;
    cache.cap = cap;
    return true;
}

const struct signature *signature_of(const char *owner, const char *text) {
    static struct signature none = {.rest_at = -1};
    if (2 * (cache.n + 1) > cache.cap && !cache_grow()) return &none;
    size_t i = (size_t)hash_mix((uint64_t)(uintptr_t)text) & (cache.cap - 1);
    while (cache.texts[i] && cache.texts[i] != text) i = (i + 1) & (cache.cap - 1);
    if (cache.texts[i] && strcmp(cache.made[i]->owner, owner) == 0) return cache.made[i];
    struct signature *s = cache.texts[i] ? cache.made[i] : pool_zalloc(sizeof *s);
    if (!s) return &none;
    read_signature(s, owner, str_of(text));
    if (!cache.texts[i]) cache.n++;
    cache.texts[i] = text;
    cache.made[i] = s;
    return s;
}

void signature_print(const struct signature *s, struct text *out) {
    text_addf(out, "%s(", s->owner);
    for (int i = 0; i <= s->n; i++) {
        if (s->rest_at == i) text_addf(out, "%s…", i ? ", " : "");
        if (i == s->n) break;
        const struct parameter *p = &s->parameters[i];
        bool comma = i > 0 || s->rest_at == 0;
        text_addf(out, "%s%s", comma ? ", " : "", p->name);
        if (!p->required) text_addf(out, "=%.*s", (int)p->fallback.n, p->fallback.p);
    }
    text_addc(out, ')');
}

void signature_print_choices(const struct signature *s, struct text *out) {
    for (int i = 0; i < s->n; i++) {
        const struct parameter *p = &s->parameters[i];
        if (!words_closed(p->choices)) continue;
        text_addf(out, "\n\n`%s` is ", p->name);
        text_add_words(out, p->choices);
        text_addc(out, '.');
    }
}

/* ---- binding ---- */

static bool say_signature(const struct signature *s, struct err *e, const char *before) {
    struct text t = {0};
    signature_print(s, &t);
    err_hint(e, "%s    %s", before, t.p ? t.p : "");
    text_clear(&t);
    return false;
}

/* Functions that have the name of another tool's and do something else, or less: what to write for
 * the arguments that they do not take. */
static void other_meaning(const struct signature *s, char *out, size_t cap) {
    static const struct {
        const char *name, *sentence;
    } others[] = {
        {"uniform", "It names a range for `over` in a search. Random numbers: rand(10), or "
                    "low + (high - low) * rand(10)."},
        {"normal",
         "It draws the first weights of a layer. Random numbers: mean + std * randn(10)."},
        {"choice", "It names values for `over` in a search. To draw from a list: sample(xs, n)."},
        {"max",
         "The one with the largest f: sorted(xs, key=f)[-1]. The larger of two: max([a, b])."},
        {"min",
         "The one with the smallest f: sorted(xs, key=f)[0]. The smaller of two: min([a, b])."},
        {"drop", "Columns are named, t.drop(\"a\", \"b\"); rows are kept by t.filter(.a > 1)."},
        {"count", "How often x occurs: count(xs == x)."},
        {"plot", "Other kinds are functions: bar(t.a, t.b), line(t.a, t.b), hist(t.a)."},
        {"split",
         "The shares stand side by side: train, test = x.split(80%, 20%). Not at random but "
         "in time: t.split(80%, 20%, order=\"day\")."},
        {"std", "Divided by n - 1, it is std(x) * sqrt(n / (n - 1))."},
        {"var", "Divided by n - 1, it is var(x) * n / (n - 1)."},
    };
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (strcmp(others[i].name, s->owner) == 0) snprintf(out, cap, "%s\n\n", others[i].sentence);
}

static bool has_parameter(const void *user, const char *name) {
    const struct signature *s = user;
    for (int i = 0; i < s->n; i++)
        if (strcmp(s->parameters[i].name, name) == 0) return true;
    return false;
}

/* The parameter that another tool calls so: seed for random_state. NULL: none. */
static const char *foreign_parameter(const struct signature *s, const char *name) {
    return spelling_argument(str_of(name), has_parameter, s);
}

bool signature_no_argument(const struct signature *s, const struct actual *a, struct err *e) {
    struct spelling hint;
    char before[240] = "";
    other_meaning(s, before, sizeof before);
    spelling_start(&hint, str_of(a->name));
    for (int i = 0; i < s->n; i++) spelling_add(&hint, str_of(s->parameters[i].name));
    struct str best = spelling_best(&hint);
    const char *here = foreign_parameter(s, a->name);
    if (here) best = str_of(here);
    err_set(e, ERR_ARGUMENT, "%s has no argument `%s`.", s->owner, a->name);
    if (best.n) { err_set(e, ERR_ARGUMENT, "Did you mean `%.*s`?", (int)best.n, best.p); }
    err_label(e, "%s has no argument of this name", s->owner);
    err_at(e, a->name_at.source ? a->name_at : a->at);
    return say_signature(s, e, before);
}

static bool too_many(const struct signature *s, const struct actual *actuals,
                     const struct actual *a, struct err *e) {
    err_set(e, ERR_ARGUMENT, "%s takes %d argument%s at most.", s->owner, s->n,
            s->n == 1 ? "" : "s");
    err_label(e, "is one too many");
    err_at(e, a->at);
    struct str data = source_piece(a->at);
    bool layer = s->owner[0] >= 'A' && s->owner[0] <= 'Z' && a->value.kind == V_NODE;
    char before[240] = "";
    other_meaning(s, before, sizeof before);
    enum value_kind first = actuals[0].value.kind;
    if (strcmp(s->owner, "fit") == 0 && (first == V_MODEL || first == V_ESTIMATOR)) {
        err_label(e, "models are not trained so");
        return err_hint(e, "Models are trained by a statement: train net on x -> y");
    }
    if (layer && data.n < 40)
        snprintf(before, sizeof before, "In a model the data stand before the dot: %.*s.%s(…)\n\n",
                 (int)data.n, data.p, s->owner);
    struct str written = source_piece(actuals[0].at);
    bool column = (first == V_TABLE || first == V_TABLE_DESC) && a->value.kind == V_TEXT;
    if (column && !before[0] && written.n < 40 && value_str(&a->value).n < 40)
        snprintf(before, sizeof before, "Of one column: %.*s.%.*s.%s()\n\n", (int)written.n,
                 written.p, (int)value_str(&a->value).n, value_str(&a->value).p, s->owner);
    return say_signature(s, e, before);
}

/* A text where the signature lists the words that it may be. */
static bool check_choice(const struct parameter *p, const struct signature *s,
                         const struct actual *a, struct err *e) {
    if (a->value.kind != V_TEXT || !words_closed(p->choices)) return true;
    struct str given = value_str(&a->value), words = p->choices, word;
    if (words_find(words, given) >= 0) return true;
    struct spelling hint;
    struct text all = {0};
    text_add_words(&all, words);
    err_set(e, ERR_ARGUMENT, "`%s` of %s has to be %s.", p->name, s->owner, all.p ? all.p : "");
    text_clear(&all);
    err_label(e, "is \"%.*s\"", given.n < 40 ? (int)given.n : 40, given.p);
    err_at(e, a->at);
    spelling_start(&hint, given);
    while (words_next(&words, &word)) spelling_add(&hint, word);
    struct str best = spelling_best(&hint);
    if (!best.n) return err_hint(e, "?%s says what they do.", s->owner);
    return err_hint(e, "Did you mean \"%.*s\"?", (int)best.n, best.p);
}

static int position_of(const struct signature *s, const char *name) {
    for (int i = 0; i < s->n; i++) {
        if (s->parameters[i].name == name) return i;
    }
    return -1;
}

static bool missing(const struct signature *s, int i, struct span call, struct err *e) {
    err_set(e, ERR_ARGUMENT, "%s needs `%s`.", s->owner, s->parameters[i].name);
    err_at(e, call);
    return say_signature(s, e, "");
}

/* bar(t, x="plan", y="rate"): other tools take the table first. */
static bool given_twice(const struct signature *s, const struct actual *first,
                        const struct actual *again, const char *name, struct err *e) {
    err_set(e, ERR_ARGUMENT, "`%s` is given twice.", name);
    bool table = first->value.kind == V_TABLE || first->value.kind == V_TABLE_DESC;
    bool text = again->value.kind == V_TEXT;
    struct str column = text ? value_str(&again->value) : (struct str){0};
    struct str written = source_piece(first->at);
    if (table && text && written.n < 40 && column.n < 40)
        err_hint(e, "%s takes columns, not a table and their names: %s(%.*s.%.*s, …)", s->owner,
                 s->owner, (int)written.n, written.p, (int)column.n, column.p);
    return err_at(e, again->at);
}

bool signature_bind(const struct signature *s, const struct actual *actuals, int n,
                    int index[SIGNATURE_MAX], int *rest, int *n_rest, struct span call,
                    struct err *e) {
    int next = 0;
    *n_rest = 0;
    for (int i = 0; i < SIGNATURE_MAX; i++) index[i] = -1;
    for (int i = 0; i < n; i++) {
        int to = actuals[i].name ? position_of(s, actuals[i].name) : next++;
        bool after_rest = !actuals[i].name && s->rest_at >= 0 && to >= s->rest_at;
        bool open = s->rest_at >= 0 && !s->rest_unnamed &&
                    !(to < 0 && foreign_parameter(s, actuals[i].name));
        if (after_rest || (actuals[i].name && to < 0 && open)) {
            rest[(*n_rest)++] = i;
            continue;
        }
        if (to < 0) return signature_no_argument(s, &actuals[i], e);
        if (to >= s->n) return too_many(s, actuals, &actuals[i], e);
        if (index[to] >= 0) {
            return given_twice(s, &actuals[index[to]], &actuals[i], s->parameters[to].name, e);
        }
        TRY(check_choice(&s->parameters[to], s, &actuals[i], e));
        index[to] = i;
    }
    for (int i = 0; i < s->n; i++) {
        if (s->parameters[i].required && index[i] < 0) return missing(s, i, call, e);
    }
    return true;
}
