/* The table of everything that is made by a call with arguments, joined from the .list files. */
#include "config.h"
#include "../base/intern.h"
#include "../base/pool.h"
#include "../base/word_list.h"
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

/* Examples are whole cells of awml that run; these frames keep the lists short. */
#define EXAMPLE_LAYER(chain)                                                                       \
    "model Net():\n    input x: [4]\n    output y = x." chain "\nnet = Net()\nnet(rand(3, "        \
    "4)).shape"
#define EXAMPLE_ATTENTION(layer)                                                                   \
    "model Net():\n    input x: [time=5, feature=4]\n    a = " layer                               \
    "(query=x, key=x, value=x)\n    output y = a.Flatten().Dense(1)\nnet = Net()\nnet(rand(3, 5, " \
    "4)).shape"
#define EXAMPLE_NET "model Net():\n    input x: [2]\n    output y = x.Dense(1)\nnet = Net()\n"
#define EXAMPLE_TRAIN(setting)                                                                     \
    EXAMPLE_NET "train net on rand(64, 2) -> rand(64, 1):\n    epochs: 2\n    " setting
#define EXAMPLE_VALIDATED(setting)                                                                 \
    EXAMPLE_NET "train net on rand(64, 2) -> rand(64, 1):\n"                                       \
                "    validate: rand(32, 2) -> rand(32, 1)\n    epochs: 5\n    " setting
#define EXAMPLE_MEASURE(line) line
#define EXAMPLE_FIT(maker, y)                                                                      \
    "x = randn(200, 3)\nm = " maker "\ntrain m on x -> " y "\nm.predict(x[:3])"
#define EXAMPLE_LEARN(maker) "x = randn(200, 3)\nm = " maker "\ntrain m on x\nm.predict(x[:3])"

#define ROW(upper, id, shown, names, sig, text, shows)                                             \
    {.name = (shown),                                                                              \
     .aliases = (names),                                                                           \
     .group = CONFIG_##upper,                                                                      \
     .kind = upper##_##id,                                                                         \
     .signature = (sig),                                                                           \
     .help = (text),                                                                               \
     .example = (shows)},

static const struct config_row rows[] = {
#define LAYER(id, name, aliases, sig, help, example)                                               \
    ROW(LAYER, id, name, aliases, sig, help, example)
#include "layers.list"
#define INITIALIZER(id, name, aliases, sig, help, example)                                         \
    ROW(INITIALIZER, id, name, aliases, sig, help, example)
#include "initializers.list"
#define PENALTY(id, name, aliases, sig, help, example)                                             \
    ROW(PENALTY, id, name, aliases, sig, help, example)
#include "penalties.list"
#define OPTIMIZER(id, name, aliases, sig, help, example)                                           \
    ROW(OPTIMIZER, id, name, aliases, sig, help, example)
#include "optimizers.list"
#define SCHEDULE(id, name, aliases, sig, help, example)                                            \
    ROW(SCHEDULE, id, name, aliases, sig, help, example)
#include "schedules.list"
#define CALLBACK(id, name, aliases, sig, help, example)                                            \
    ROW(CALLBACK, id, name, aliases, sig, help, example)
#include "callbacks.list"
#define LOSS(id, output, name, aliases, sig, help, example)                                        \
    ROW(LOSS, id, name, aliases, sig, help, example)
#include "losses.list"
#define METRIC(id, name, aliases, direction, sig, help, example)                                   \
    ROW(METRIC, id, name, aliases, sig, help, example)
#include "metrics.list"
#define ESTIMATOR(id, name, aliases, task, sig, help, example)                                     \
    ROW(ESTIMATOR, id, name, aliases, sig, help, example)
#include "../classic/estimators.list"
};

static const char *const activations[][2] = {
#define ACTIVATION(id, help) {#id, help},
#include "activations.list"
};

int config_n_rows(void) {
    return (int)ARRAY_LEN(rows);
}

const struct config_row *config_row_at(int i) {
    return &rows[i];
}

static bool has_word(const char *words, struct str name) {
    return words_find(str_of(words), name) >= 0;
}

static const struct config_row *find(struct str name, int group) {
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if ((group < 0 || (int)rows[i].group == group) && str_is(name, rows[i].name))
            return &rows[i];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if ((group < 0 || (int)rows[i].group == group) && has_word(rows[i].aliases, name))
            return &rows[i];
    return NULL;
}

const struct config_row *config_find(struct str name) {
    return find(name, -1);
}

const struct config_row *config_find_in(enum config_group group, struct str name) {
    return find(name, (int)group);
}

int activation_find(struct str name) {
    for (size_t i = 0; i < ARRAY_LEN(activations); i++)
        if (str_is(name, activations[i][0])) return (int)i;
    return -1;
}

const char *activation_name(int activation) {
    return activations[activation][0];
}

const char *activation_help(int activation) {
    return activations[activation][1];
}

/* ---- signatures ---- */

static struct str trim(const char *p, const char *end) {
    while (p < end && *p == ' ') p++;
    while (end > p && end[-1] == ' ') end--;
    return (struct str){p, (size_t)(end - p)};
}

bool signature_next(const char **next, struct signature_arg *out) {
    const char *p = *next, *end = p + strcspn(p, ",");
    if (!*p) return false;
    *out = (struct signature_arg){0};
    const char *colon = memchr(p, ':', (size_t)(end - p));
    const char *equals = memchr(p, '=', (size_t)(end - p));
    out->name = trim(p, colon);
    out->kind = trim(colon + 1, equals ? equals : end);
    const char *bracket = memchr(out->kind.p, '(', out->kind.n);
    if (bracket) {
        out->choices = trim(bracket + 1, out->kind.p + out->kind.n - 1);
        out->kind.n = (size_t)(bracket - out->kind.p);
    }
    if (equals) out->preset = trim(equals + 1, end);
    *next = *end ? end + 1 : end;
    return true;
}

/* "2x2" */
static void preset_sizes(const char *text, struct arg *out) {
    char *end;
    out->kind = ARG_SHAPE;
    for (;; text = end + 1) {
        out->shape.size[out->shape.n++] = strtoll(text, &end, 10);
        if (*end != 'x') return;
    }
}

/* The value that a default's text stands for. */
static bool preset_value(const struct signature_arg *a, struct arg *out, struct err *e) {
    *out = (struct arg){.kind = ARG_NONE};
    if (!a->preset.p || str_is(a->preset, "None")) return true;
    if (a->preset.p[0] == 0x22) { /* a text in quotes */
        out->kind = ARG_TEXT;
        out->text = intern((struct str){a->preset.p + 1, a->preset.n - 2});
        return out->text ? true : err_memory(e, a->preset.n);
    }
    if (str_is(a->kind, "numbers")) {
        *out = (struct arg){.kind = ARG_NUMBERS, .n_numbers = 1};
        out->numbers[0] = strtod(a->preset.p, NULL);
    } else if (str_is(a->kind, "bool")) {
        *out = (struct arg){.kind = ARG_BOOL, .number = str_is(a->preset, "True")};
    } else if (str_is(a->kind, "activation")) {
        *out = (struct arg){.kind = ARG_ACTIVATION, .activation = activation_find(a->preset)};
    } else if (str_is(a->kind, "initializer")) {
        out->config = config_default(config_find_in(CONFIG_INITIALIZER, a->preset), e);
        out->kind = ARG_CONFIG;
        return out->config != NULL;
    } else if (str_is(a->kind, "size")) {
        preset_sizes(a->preset.p, out);
    } else {
        out->kind = str_is(a->kind, "int") ? ARG_INT : ARG_NUMBER;
        out->number = strtod(a->preset.p, NULL);
    }
    return true;
}

/* ---- one config ---- */

struct config *config_new(const struct config_row *row, struct err *e) {
    struct config *c = pool_need(sizeof *c, e);
    if (!c) return NULL;
    c->refs = 1;
    c->row = row;
    return c;
}

struct config *config_default(const struct config_row *row, struct err *e) {
    struct config *c = config_new(row, e);
    if (!c) return NULL;
    const char *next = row->signature;
    for (struct signature_arg a; signature_next(&next, &a); c->n_args++) {
        if (preset_value(&a, &c->args[c->n_args], e)) continue;
        config_unref(c);
        return NULL;
    }
    return c;
}

struct config *config_ref(struct config *c) {
    if (c) c->refs++;
    return c;
}

void config_unref(struct config *c) {
    if (!c || --c->refs > 0) return;
    for (int i = 0; i < c->n_args; i++)
        if (c->args[i].kind == ARG_CONFIG) config_unref(c->args[i].config);
    pool_free(c);
}

static struct arg *arg_named(struct config *c, const char *name, struct signature_arg *found) {
    const char *next = c->row->signature;
    for (int i = 0; signature_next(&next, found); i++) {
        if (!str_is(found->name, name)) continue;
        if (c->n_args <= i) c->n_args = i + 1;
        return &c->args[i];
    }
    return NULL;
}

static struct shape one_size(double x) {
    return (struct shape){.n = 1, .size = {(int64_t)x}};
}

/* Settings may come from a file, in which anything can stand. */
static bool wrong_setting(const struct config *c, const char *arg_name, const char *found,
                          struct err *e) {
    return err_set(e, ERR_DATA, "The setting `%s` of %s is %s, which it cannot be.", arg_name,
                   c->row->name, found);
}

bool config_set_number(struct config *c, const char *arg_name, double x, struct err *e) {
    struct signature_arg a;
    struct arg *arg = arg_named(c, arg_name, &a);
    if (!arg) return err_set(e, ERR_BUG, "%s has no argument %s.", c->row->name, arg_name);
    if (str_is(a.kind, "text") || str_is(a.kind, "shape") || str_is(a.kind, "activation"))
        return wrong_setting(c, arg_name, "a number", e);
    *arg = (struct arg){.kind = ARG_NUMBER, .number = x};
    if (str_is(a.kind, "size")) *arg = (struct arg){.kind = ARG_SHAPE, .shape = one_size(x)};
    if (str_is(a.kind, "int")) arg->kind = ARG_INT;
    if (str_is(a.kind, "bool")) arg->kind = ARG_BOOL;
    return true;
}

bool config_set_text(struct config *c, const char *arg_name, const char *text, struct err *e) {
    struct signature_arg a;
    struct arg *arg = arg_named(c, arg_name, &a);
    const char *own = intern_c(text);
    if (!arg) return err_set(e, ERR_BUG, "%s has no argument %s.", c->row->name, arg_name);
    if (!str_is(a.kind, "text") && !str_is(a.kind, "choice"))
        return wrong_setting(c, arg_name, "a text", e);
    if (!own) return err_memory(e, strlen(text) + 1);
    *arg = (struct arg){.kind = ARG_TEXT, .text = own};
    return true;
}

bool config_set_shape(struct config *c, const char *arg_name, const struct shape *s,
                      struct err *e) {
    struct signature_arg a;
    struct arg *arg = arg_named(c, arg_name, &a);
    if (!arg) return err_set(e, ERR_BUG, "%s has no argument %s.", c->row->name, arg_name);
    if (!str_is(a.kind, "size") && !str_is(a.kind, "shape"))
        return wrong_setting(c, arg_name, "a list of sizes", e);
    *arg = (struct arg){.kind = ARG_SHAPE, .shape = *s};
    return true;
}

bool config_set_activation(struct config *c, const char *arg_name, int activation, struct err *e) {
    struct signature_arg a;
    struct arg *arg = arg_named(c, arg_name, &a);
    if (!arg) return err_set(e, ERR_BUG, "%s has no argument %s.", c->row->name, arg_name);
    *arg = (struct arg){.kind = ARG_ACTIVATION, .activation = activation};
    return true;
}

/* ---- allowed values ---- */

/* Limits by argument name, whatever the row: the same word means the same thing everywhere. */
static const struct {
    const char *group_names; /* rows for which it holds, "" = all */
    const char *arg, *needs;
    double low, high;
    bool low_open, high_open;
} limits[] = {
    {"", "dropout", "from 0 to below 1", 0, 1, false, true},
    {"", "size", "a whole number from 1 to a billion", 1, 1e9, false, false},
    {"RepeatVector", "n", "a whole number from 1 to a million", 1, 1e6, false, false},
    {"", "heads", "a whole number from 1 to a thousand", 1, 1000, false, false},
    {"", "key_size", "a whole number from 1 to a million", 1, 1e6, false, false},
    {"", "groups", "a whole number from 1 to a million", 1, 1e6, false, false},
    {"", "units", "a whole number from 1 to a billion", 1, 1e9, false, false},
    {"", "filters", "a whole number from 1 to a million", 1, 1e6, false, false},
    {"", "multiplier", "a whole number from 1 to a thousand", 1, 1e3, false, false},
    {"Dropout SpatialDropout1D SpatialDropout2D AlphaDropout", "rate", "from 0 to below 1", 0, 1,
     false, true},
    {"", "momentum", "from 0 to below 1", 0, 1, false, true},
    {"", "beta_1", "from 0 to below 1", 0, 1, false, true},
    {"", "beta_2", "from 0 to below 1", 0, 1, false, true},
    {"", "rho", "from 0 to below 1", 0, 1, false, true},
    {"", "epsilon", "0 or more", 0, 1e300, false, false},
    {"", "learning_rate", "0 or more", 0, 1e300, false, false},
    {"", "weight_decay", "0 or more", 0, 1e300, false, false},
    {"", "clipnorm", "above 0", 0, 1e300, true, false},
    {"", "clipvalue", "above 0", 0, 1e300, true, false},
    {"", "std", "0 or more", 0, 1e300, false, false},
    {"l1 l2", "factor", "0 or more", 0, 1e300, false, false},
    {"ReduceLROnPlateau", "factor", "above 0 and below 1", 0, 1, true, true},
    {"l1_l2", "l1", "0 or more", 0, 1e300, false, false},
    {"l1_l2", "l2", "0 or more", 0, 1e300, false, false},
    {"", "delta", "above 0", 0, 1e300, true, false},
    {"", "alpha", "0 or more", 0, 1e300, false, false},
    {"", "warmup", "0 or more", 0, 1e15, false, false},
    {"", "steps", "above 0", 0, 1e15, true, false},
    {"", "every", "above 0", 0, 1e15, true, false},
    {"", "patience", "0 or more", 0, 1e15, false, false},
    {"", "cooldown", "0 or more", 0, 1e15, false, false},
    {"", "min_delta", "0 or more", 0, 1e300, false, false},
    {"", "min_lr", "0 or more", 0, 1e300, false, false},
    {"", "k", "a whole number from 1 to a billion", 1, 1e9, false, false},
    {"", "trees", "a whole number from 1 to a million", 1, 1e6, false, false},
    {"", "rounds", "a whole number from 1 to a million", 1, 1e6, false, false},
    {"", "max_depth", "a whole number from 1 to a billion", 1, 1e9, false, false},
    {"", "min_rows", "a whole number from 1 to a billion", 1, 1e9, false, false},
    {"", "leaves", "a whole number from 2 to 100,000", 2, 1e5, false, false},
    {"", "subsample", "above 0 and at most 1", 0, 1, true, false},
    {"", "quantile", "above 0 and below 1", 0, 1, true, true},
    {"Ridge LogisticRegression", "penalty", "0 or more", 0, 1e300, false, false},
    {"", "components", "a whole number from 1 to a billion", 1, 1e9, false, false},
    {"", "tries", "a whole number from 1 to a million", 1, 1e6, false, false},
    {"", "iterations", "a whole number from 1 to a billion", 1, 1e9, false, false},
    {"GradientBoosting", "l2", "0 or more", 0, 1e300, false, false},
};

static bool number_check(const struct config *c, struct str name, double x, struct err *e) {
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        if (!str_is(name, limits[i].arg)) continue;
        if (*limits[i].group_names && !has_word(limits[i].group_names, str_of(c->row->name)))
            continue;
        bool above = limits[i].low_open ? x > limits[i].low : x >= limits[i].low;
        bool below = limits[i].high_open ? x < limits[i].high : x <= limits[i].high;
        if (above && below) continue;
        char most[32]; /* "0 or more" says nothing to somebody who is above the other end */
        snprintf(most, sizeof most, "at most %g", limits[i].high);
        bool open_end = str_ends(str_of(limits[i].needs), "or more");
        err_set(e, ERR_VALUE, "The argument `%s` of %s is %g, but it has to be %s.", limits[i].arg,
                c->row->name, x, above && open_end ? most : limits[i].needs);
        return err_label(e, "%s is %g", limits[i].arg, x);
    }
    return true;
}

static bool text_check(const struct config *c, const struct signature_arg *a, const char *given,
                       struct err *e) {
    if (!words_closed(a->choices) || words_find(a->choices, str_of(given)) >= 0) return true;
    struct text words = {0};
    text_add_words(&words, a->choices);
    err_set(e, ERR_VALUE, "The argument `%.*s` of %s is \"%s\", but it has to be %s.",
            (int)a->name.n, a->name.p, c->row->name, given, words.p ? words.p : "");
    text_clear(&words);
    return false;
}

bool config_check(const struct config *c, struct err *e) {
    const char *next = c->row->signature;
    struct signature_arg a;
    for (int i = 0; signature_next(&next, &a); i++) {
        const struct arg *arg = i < c->n_args ? &c->args[i] : NULL;
        if (!arg || arg->kind == ARG_NONE) {
            if (!a.preset.p)
                return err_set(e, ERR_ARGUMENT, "%s needs `%.*s`.", c->row->name, (int)a.name.n,
                               a.name.p);
        } else if (arg->kind == ARG_NUMBER || arg->kind == ARG_INT) {
            TRY(number_check(c, a.name, arg->number, e));
        } else if (arg->kind == ARG_TEXT) {
            TRY(text_check(c, &a, arg->text, e));
        } else if (arg->kind == ARG_CONFIG) {
            TRY(config_check(arg->config, e));
        }
    }
    return true;
}
