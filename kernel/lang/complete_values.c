/* What fits where a value is written: behind `loss:`, `activation=`, `color="`, %device … The rows
 * of settings and magics say it, and the signatures' words, kinds and defaults. Of the words, those
 * that begin with @ stand for many; the others are texts. */
#include "complete_parts.h"
#include "data/read.h"
#include "formats/pretrained.h"
#include "help.h"
#include "lang/eval/builtin.h"
#include "lang/eval/settings.h"
#include "lang/syntax/lex.h"
#include "nn/config.h"
#include "base/intern.h"
#include "base/word_list.h"
#include <stdio.h>
#include <string.h>

/* ---- groups ---- */

static void offer_text(const struct completer *c, const char *word, bool quoted) {
    char text[96];
    snprintf(text, sizeof text, quoted ? "%s" : "\"%s\"", word);
    complete_offer(c, text, "value", "");
}

static void offer_builtins(const struct completer *c, enum config_group group,
                           const char *heading) {
    for (int i = 0; i < builtin_count(); i++) {
        const struct builtin *b = builtin_at(i);
        bool fits =
            heading ? strcmp(b->group, heading) == 0 : b->config && b->config->group == group;
        if (!fits) continue;
        struct text t = {0};
        signature_print(signature_of(b->name, b->signature), &t);
        complete_offer(c, b->name, group == CONFIG_LAYER && !heading ? "class" : "function",
                       t.p ? t.p : "");
        text_clear(&t);
    }
}

static void offer_list(const struct completer *c, const char *const *names, size_t n, bool quoted) {
    for (size_t i = 0; i < n; i++) offer_text(c, names[i], quoted);
}

static void offer_looks(const struct completer *c, const char *group, bool quoted) {
#define COLOR(name, hex) #name,
    static const char *const colors[] = {
#include "lang/values/colors.list"
    };
#undef COLOR
#define COLORMAP(name, mixing, anchors) #name,
    static const char *const maps[] = {
#include "lang/values/colormaps.list"
    };
#undef COLORMAP
    if (strcmp(group, "@color") == 0) offer_list(c, colors, ARRAY_LEN(colors), quoted);
    else if (strcmp(group, "@colormap") == 0) offer_list(c, maps, ARRAY_LEN(maps), quoted);
    for (const char *m = PLOT_MARKERS; strcmp(group, "@marker") == 0 && *m; m++)
        offer_text(c, (char[]){*m, 0}, quoted);
}

struct axes {
    const struct completer *c;
    bool quoted;
};

static void offer_axes(void *user, const char *name, const struct value *v) {
    const struct axes *a = user;
    (void)name;
    for (int i = 0; v->kind == V_TENSOR && i < v->tensor->shape.n; i++)
        if (v->tensor->shape.axis[i]) offer_text(a->c, v->tensor->shape.axis[i], a->quoted);
}

/* Names of a model's body that are tensors or layers, and its layers. */
static void offer_parts(const struct completer *c, bool quoted) {
    const struct value *v = names_peek(c->engine->names, intern(c->owner));
    const struct model *m = v && v->kind == V_MODEL ? v->model->model : NULL;
    for (int i = 0; m && i < model_n_names(m); i++) {
        const struct model_name_entry *n = model_name_at(m, i);
        if (n->n_layers || n->node[0]) offer_text(c, n->name, quoted);
    }
    for (int i = 0; m && i < model_n_layers(m); i++)
        if (!model_find_name(m, model_layer(m, i)->name))
            offer_text(c, model_layer(m, i)->name, quoted);
}

static void offer_names(const struct completer *c, const char *group, bool quoted) {
    const char *networks[PRETRAINED_MOST];
    struct axes axes = {c, quoted};
    if (strcmp(group, "@part") == 0) offer_parts(c, quoted);
    if (strcmp(group, "@axis") == 0) names_each(c->engine->names, offer_axes, &axes);
    for (int i = 0; strcmp(group, "@dataset") == 0 && i < dataset_n_rows(); i++)
        offer_text(c, dataset_row_at(i)->name, quoted);
    int n = strcmp(group, "@network") == 0 ? pretrained_names(networks) : 0;
    for (int i = 0; i < n; i++) offer_text(c, networks[i], quoted);
}

static void offer_activations(const struct completer *c) {
    static const char *const all[] = {
#define ACTIVATION(id, help) #id,
#include "nn/activations.list"
#undef ACTIVATION
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) complete_offer(c, all[i], "function", "");
}

/* One of the words behind an @. */
static void offer_group(const struct completer *c, const char *group, bool quoted) {
    static const struct {
        const char *group;
        enum config_group config;
    } configs[] = {{"@loss", CONFIG_LOSS},           {"@metric", CONFIG_METRIC},
                   {"@optimizer", CONFIG_OPTIMIZER}, {"@schedule", CONFIG_SCHEDULE},
                   {"@callback", CONFIG_CALLBACK},   {"@penalty", CONFIG_PENALTY},
                   {"@layer", CONFIG_LAYER},         {"@initializer", CONFIG_INITIALIZER}};
    offer_looks(c, group, quoted);
    offer_names(c, group, quoted);
    if (quoted) return;
    for (size_t i = 0; i < ARRAY_LEN(configs); i++)
        if (strcmp(configs[i].group, group) == 0) offer_builtins(c, configs[i].config, NULL);
    if (strcmp(group, "@space") == 0) offer_builtins(c, CONFIG_LAYER, "Search spaces");
    if (strcmp(group, "@activation") == 0) offer_activations(c);
    if (strcmp(group, "@bool") != 0) return;
    complete_offer(c, "True", "keyword", "");
    complete_offer(c, "False", "keyword", "");
}

static void offer_words(const struct completer *c, struct str words, bool quoted, bool bare) {
    struct str one;
    while (words_next(&words, &one)) {
        char word[40];
        snprintf(word, sizeof word, "%.*s", (int)one.n, one.p);
        if (word[0] == '@') offer_group(c, word, quoted);
        else if (strcmp(word, "...") != 0) offer_text(c, word, quoted || bare);
    }
}

/* ---- places ---- */

/* The parameter that the cursor's argument is for; NULL: none that is known. */
static const struct parameter *parameter_at(const struct completer *c,
                                            const struct cursor_context *at) {
    const char *callee = intern(at->callee);
    const struct builtin *b = names_peek(c->engine->names, callee) ? NULL : builtin_find(callee);
    const struct signature *s = b ? signature_of(b->name, b->signature) : NULL;
    bool layer = b && b->config; /* x.Dense(3): what stands before the dot is no argument */
    int i = at->position + (at->is_method && !layer);
    if (!s) return NULL;
    for (int k = 0; at->argument.n && k < s->n; k++)
        if (str_is(at->argument, s->parameters[k].name)) return &s->parameters[k];
    bool positional = !at->argument.n && i < s->n && (s->rest_at < 0 || i < s->rest_at);
    return positional ? &s->parameters[i] : NULL;
}

/* By the words or the kind that the signature gives, by a name that means the same in every call,
 * or by the default. */
static const char *words_of_kind(const char *kind) {
    static const char *const kinds[][2] = {{"activation", "@activation"},
                                           {"initializer", "@initializer"},
                                           {"penalty", "@penalty"},
                                           {"layer", "@layer"},
                                           {"bool", "@bool"},
                                           {"metrics", "@metric @loss"},
                                           {"dataset", "@dataset"},
                                           {"network", "@network"},
                                           {"part", "@part"},
                                           {"axis", "@axis"}};
    for (size_t i = 0; kind && i < ARRAY_LEN(kinds); i++)
        if (strcmp(kind, kinds[i][0]) == 0) return kinds[i][1];
    return NULL;
}

static const char *words_of_name(struct str name) {
    static const char *const names[][2] = {{"activation", "@activation"},
                                           {"color", "@color"},
                                           {"colormap", "@colormap"},
                                           {"marker", "@marker"},
                                           {"axis", "@axis"}};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_is(name, names[i][0])) return names[i][1];
    return NULL;
}

static struct str words_in_call(const struct completer *c, const struct cursor_context *at) {
    const struct parameter *p = parameter_at(c, at);
    if (p && p->choices.n) return p->choices;
    const char *words = p ? words_of_kind(p->kind) : NULL;
    if (!words) words = words_of_name(p ? str_of(p->name) : at->argument);
    if (!words && p && (str_is(p->fallback, "True") || str_is(p->fallback, "False")))
        words = "@bool";
    return str_of(words);
}

static struct str word_at(struct str code, uint32_t at) {
    return (struct str){code.p + at, name_length(code.p + at, code.n - at)};
}

/* Of a setting in any block: which one the cursor stands in is seen by its name. */
static struct str words_of_row(struct str name) {
    static const struct setting_table *const tables[] = {&train_settings, &search_settings,
                                                         &plot_settings};
    for (size_t i = 0; i < ARRAY_LEN(tables); i++)
        for (int k = 0; k < tables[i]->n; k++)
            if (str_is(name, tables[i]->rows[k].name) && tables[i]->rows[k].takes)
                return str_of(tables[i]->rows[k].takes);
    return (struct str){0};
}

/* name: … on the cursor's line, or over NAME: … */
static struct str words_of_setting(struct str code, uint32_t start) {
    uint32_t line = start;
    while (line > 0 && code.p[line - 1] != '\n') line--;
    while (line < start && code.p[line] == ' ') line++;
    struct str name = word_at(code, line);
    uint32_t end = line + (uint32_t)name.n;
    if (str_is(name, "over") && memchr(code.p + end, ':', start > end ? start - end : 0))
        return STR("@space");
    bool setting = end < start && code.p[end] == ':';
    return setting ? words_of_row(name) : (struct str){0};
}

/* On a line such as %device c: only words of the magic, none behind those that take none. */
static bool behind_magic(const struct completer *c, struct str code, uint32_t start) {
    uint32_t line = start;
    while (line > 0 && code.p[line - 1] != '\n') line--;
    if (line >= start || code.p[line] != '%') return false;
    struct str name = word_at(code, line + 1);
    for (int i = 0; i < magic_n_rows; i++) {
        if (!str_is(name, magic_rows[i].name)) continue;
        if (!magic_rows[i].takes) return false;
        offer_words(c, str_of(magic_rows[i].takes), true, true);
        return true;
    }
    return name.n > 0;
}

bool complete_values(const struct completer *c, struct str code, const struct cursor_context *at,
                     bool quoted, bool *only) {
    *only = !quoted && behind_magic(c, code, at->start);
    if (*only) return true;
    struct str words = {0};
    if (at->in_call) words = words_in_call(c, at);
    if (!words.n && !at->callee.n) words = words_of_setting(code, at->start);
    offer_words(c, words, quoted, false);
    return words.n > 0;
}
