/* Settings of blocks: finding the row, and values with their messages. */
#include "settings.h"
#include "builtin.h"
#include "lang/syntax/spelling.h"
#include "base/intern.h"
#include "base/word_list.h"
#include <string.h>

const struct setting_table *settings_of(struct str block) {
    if (str_is(block, "train")) return &train_settings;
    if (str_is(block, "plot")) return &plot_settings;
    if (str_is(block, "search")) return &search_settings;
    return NULL;
}

/* Arguments of Keras' fit and compile that are no settings here. */
static const char *of_fit(const char *name) {
    static const struct {
        const char *name, *sentence;
    } others[] = {
        {"initial_epoch", "resume: True goes on where the last training ended."},
        {"learning_rate", "The learning rate is the optimizer's: optimizer: Adam(1e-2)"},
        {"loss_weights", "Weights stand beside the losses: "
                         "loss: {price: [mse, 0.3], kind: [crossentropy, 2]}"},
        {"lr", "The learning rate is the optimizer's: optimizer: Adam(1e-2)"},
        {"shuffle", "Examples are shuffled anew in every epoch; seed: chooses other shuffles."},
        {"steps_per_epoch", "An epoch is every example once; steps: ends after so many steps."},
        {"validation_data", "Write validate: x -> y"},
        {"validation_split", "Split before: a, b = (x -> y).split(80%, 20%). Then train on a, and "
                             "write validate: b"},
        {"verbose", "Write quiet: True"},
    };
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (strcmp(others[i].name, name) == 0) return others[i].sentence;
    return NULL;
}

static bool has_setting(const void *user, const char *name) {
    const struct setting_table *t = user;
    for (int i = 0; i < t->n; i++)
        if (strcmp(t->rows[i].name, name) == 0) return true;
    return false;
}

static bool unknown_setting(struct eval *ev, const struct setting_table *t, const struct ast *s) {
    struct spelling hint;
    spelling_start(&hint, str_of(s->name));
    for (int i = 0; i < t->n; i++) spelling_add(&hint, str_of(t->rows[i].name));
    struct str best = spelling_best(&hint);
    struct span at = s->key_span.source ? s->key_span : s->span;
    fail(ev, at, ERR_SETTING, "`%s` has no setting of this name.", t->block);
    err_label(ev->e, "is not a setting of %s", t->block);
    const char *here = spelling_argument(str_of(s->name), has_setting, t);
    const char *sentence = t == &train_settings ? of_fit(s->name) : NULL;
    if (sentence) return err_hint(ev->e, "%s", sentence);
    if (here) best = str_of(here);
    if (best.n) return err_hint(ev->e, "Did you mean `%.*s`?", (int)best.n, best.p);
    sentence = spelling_foreign(str_of(s->name), false);
    if (sentence) return err_hint(ev->e, "%s", sentence);
    struct text all = {0};
    for (int i = 0; i < t->n; i++) text_addf(&all, "%s%s", i ? ", " : "", t->rows[i].name);
    err_hint(ev->e, "The settings are: %s.", all.p ? all.p : "");
    text_clear(&all);
    return false;
}

bool apply_setting(struct eval *ev, const struct setting_table *t, const struct ast *s, void *to) {
    for (int i = 0; i < t->n; i++) {
        const struct setting_row *row = &t->rows[i];
        if (strcmp(row->name, s->name) != 0) continue;
        struct value v;
        TRY(eval_expr(ev, s->a, &v));
        bool ok = v.kind == V_UNKNOWN || row->apply(ev, s, v, to);
        value_unref(v);
        return ok || err_at(ev->e, s->a->span);
    }
    return unknown_setting(ev, t, s);
}

bool setting_wrong(struct eval *ev, const struct ast *s, struct value v, const char *wanted) {
    fail(ev, s->a->span, ERR_SETTING, "`%s` has to be %s.", s->name, wanted);
    return err_label(ev->e, "is %s", value_kind_words(v.kind));
}

bool setting_int(struct eval *ev, const struct ast *s, struct value v, const char *unit,
                 int64_t least, int64_t *out) {
    if (v.kind == V_DESC) return true;
    if (v.kind == V_QUANTITY) {
        if (!unit || strcmp(v.quantity->unit, unit) != 0) {
            fail(ev, s->a->span, ERR_SETTING, "`%s` does not count %ss.", s->name,
                 v.quantity->unit);
            return unit && err_hint(ev->e, "`%s` counts %ss.", s->name, unit);
        }
        v = value_int((int64_t)v.quantity->amount);
    }
    if (v.kind != V_INT) return setting_wrong(ev, s, v, "a whole number");
    if (v.integer < least)
        return fail(ev, s->a->span, ERR_SETTING, "`%s` is at least %lld, and this is %lld.",
                    s->name, (long long)least, (long long)v.integer);
    *out = v.integer;
    return true;
}

bool setting_bool(struct eval *ev, const struct ast *s, struct value v, bool *out) {
    if (v.kind == V_DESC) return true;
    if (v.kind != V_BOOL) return setting_wrong(ev, s, v, "True or False");
    *out = v.boolean;
    return true;
}

bool setting_text(struct eval *ev, const struct ast *s, struct value v, const char **out) {
    if (v.kind != V_TEXT) return setting_wrong(ev, s, v, "a text in quotes");
    *out = intern(value_str(&v));
    return true;
}

bool setting_choice(struct eval *ev, const struct ast *s, struct value v, const char *words,
                    int *position) {
    struct str left = str_of(words), word;
    *position = v.kind == V_TEXT ? words_find(left, value_str(&v)) : -1;
    if (*position >= 0) return true;
    struct text all = {0};
    text_add_words(&all, left);
    setting_wrong(ev, s, v, all.p ? all.p : "one of its words");
    text_clear(&all);
    if (v.kind != V_TEXT) return false;
    struct str given = value_str(&v);
    err_label(ev->e, "is \"%.*s\"", given.n < 40 ? (int)given.n : 40, given.p);
    struct spelling hint;
    spelling_start(&hint, given);
    while (words_next(&left, &word)) spelling_add(&hint, word);
    struct str best = spelling_best(&hint);
    return best.n && err_hint(ev->e, "Did you mean \"%.*s\"?", (int)best.n, best.p);
}

bool setting_seconds(struct eval *ev, const struct ast *s, struct value v, double *out) {
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"second", 1}, {"minute", 60}, {"hour", 3600}, {"day", 86400}};
    for (size_t i = 0; v.kind == V_QUANTITY && i < ARRAY_LEN(units); i++) {
        if (strcmp(units[i].unit, v.quantity->unit) == 0)
            return *out = v.quantity->amount * units[i].seconds, true;
    }
    return setting_wrong(ev, s, v, "a time, such as 20 minutes");
}
