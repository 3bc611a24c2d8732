/* What fits where a value is written: behind `loss:`, `activation=`, `color="`, %device … A table
 * says it for settings and arguments; kinds and defaults of the signatures say the rest. */
#include "complete_parts.h"
#include "data/read.h"
#include "formats/pretrained.h"
#include "help.h"
#include "lang/eval/builtin.h"
#include "lang/syntax/lex.h"
#include "nn/config.h"
#include "base/intern.h"
#include <stdio.h>
#include <string.h>

/* ---- the table ---- */

/* Words that begin with @ stand for many; the others are texts. Owner: ":" a setting, "*" an
 * argument of any call, "%" a magic, else the call's name. */
static const struct choice {
    const char *owner, *name, *words;
} choices[] = {
    {":", "loss", "@loss"},
    {":", "metrics", "@metric @loss"},
    {":", "optimizer", "@optimizer"},
    {":", "schedule", "@schedule"},
    {":", "callbacks", "@callback"},
    {":", "penalty", "@penalty"},
    {":", "augment", "@layer"},
    {":", "resume", "@bool"},
    {":", "quiet", "@bool"},
    {":", "device", "cpu gpu auto"},
    {":", "precision", "float32 mixed tf32"},
    {":", "method", "random grid halving"},
    {":", "minimize", "val_loss loss"},
    {":", "maximize", "val_accuracy accuracy"},
    {":", "grid", "@bool"},
    {":", "legend", "@bool"},
    {":", "polar", "@bool"},
    {":", "equal", "@bool"},
    {":", "axes", "@bool"},
    {":", "log", "x y xy right"},
    {":", "share", "x y xy"},
    {":", "over", "@space"},
    {"*", "activation", "@activation"},
    {"*", "color", "@color"},
    {"*", "colormap", "@colormap"},
    {"*", "marker", "@marker"},
    {"*", "padding", "valid same"},
    {"*", "share", "x y xy"},
    {"*", "monitor", "val_loss loss"},
    {"*", "metrics", "@metric @loss"},
    {"line", "axis", "left right"},
    {"scatter", "axis", "left right"},
    {"hline", "axis", "left right"},
    {"*", "axis", "@axis"},
    {"transpose", "a", "@axis"},
    {"transpose", "b", "@axis"},
    {"join", "how", "inner left right outer"},
    {"resize", "method", "bilinear bicubic nearest"},
    {"fill_missing", "value", "mean median min max previous next"},
    {"floor", "to", "minute hour day week month quarter year"},
    {"RandomFlip", "direction", "horizontal vertical"},
    {"load_dataset", "name", "@dataset"},
    {"pretrained", "name", "@network"},
    {"pretrained_classes", "name", "@network"},
    {"%", "device", "cpu gpu auto"},
    {"%", "advice", "on off"},
    {"%", "timeout", "off"},
    {"%", "budget", "off"},
};

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

static void offer_names(const struct completer *c, const char *group, bool quoted) {
    const char *networks[PRETRAINED_MOST];
    struct axes axes = {c, quoted};
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

static void offer_words(const struct completer *c, const char *words, bool quoted, bool bare) {
    for (const char *p = words; *p;) {
        char word[32];
        size_t n = strcspn(p, " ");
        snprintf(word, sizeof word, "%.*s", (int)n, p);
        if (word[0] == '@') offer_group(c, word, quoted);
        else offer_text(c, word, quoted || bare);
        p += n + (p[n] == ' ');
    }
}

static const char *words_of(struct str owner, struct str name) {
    const char *any = NULL;
    for (size_t i = 0; i < ARRAY_LEN(choices); i++) {
        if (!str_is(name, choices[i].name)) continue;
        if (str_is(owner, choices[i].owner)) return choices[i].words;
        bool call = owner.n && owner.p[0] != ':' && owner.p[0] != '%';
        if (call && strcmp(choices[i].owner, "*") == 0) any = choices[i].words;
    }
    return any;
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

/* By the kind that the signature gives, or by the default. */
static const char *words_of_kind(const struct parameter *p) {
    static const char *const kinds[][2] = {{"activation", "@activation"},
                                           {"initializer", "@initializer"},
                                           {"penalty", "@penalty"},
                                           {"layer", "@layer"},
                                           {"bool", "@bool"}};
    for (size_t i = 0; p->kind && i < ARRAY_LEN(kinds); i++)
        if (strcmp(p->kind, kinds[i][0]) == 0) return kinds[i][1];
    return str_is(p->fallback, "True") || str_is(p->fallback, "False") ? "@bool" : NULL;
}

static const char *words_in_call(const struct completer *c, const struct cursor_context *at) {
    const struct parameter *p = parameter_at(c, at);
    if (!p && !at->argument.n) return NULL;
    const char *words = words_of(at->callee, p ? str_of(p->name) : at->argument);
    return words || !p ? words : words_of_kind(p);
}

static struct str word_at(struct str code, uint32_t at) {
    return (struct str){code.p + at, name_length(code.p + at, code.n - at)};
}

/* name: … on the cursor's line, or over NAME: … */
static const char *words_of_setting(struct str code, uint32_t start) {
    uint32_t line = start;
    while (line > 0 && code.p[line - 1] != '\n') line--;
    while (line < start && code.p[line] == ' ') line++;
    struct str name = word_at(code, line);
    uint32_t end = line + (uint32_t)name.n;
    if (str_is(name, "over") && memchr(code.p + end, ':', start > end ? start - end : 0))
        return words_of(STR(":"), name);
    bool setting = end < start && code.p[end] == ':';
    return setting ? words_of(STR(":"), name) : NULL;
}

/* On a line such as %device c: only words of the magic, none behind those that take none. */
static bool behind_magic(const struct completer *c, struct str code, uint32_t start) {
    uint32_t line = start;
    while (line > 0 && code.p[line - 1] != '\n') line--;
    if (line >= start || code.p[line] != '%') return false;
    struct str name = word_at(code, line + 1);
    if (str_is(name, "time") || str_is(name, "explain") || name.n == 0) return false;
    const char *words = words_of(STR("%"), name);
    if (words) offer_words(c, words, true, true);
    return true;
}

bool complete_values(const struct completer *c, struct str code, const struct cursor_context *at,
                     bool quoted, bool *only) {
    *only = !quoted && behind_magic(c, code, at->start);
    if (*only) return true;
    const char *words = at->in_call ? words_in_call(c, at) : NULL;
    if (!words && !at->callee.n) words = words_of_setting(code, at->start);
    if (words) offer_words(c, words, quoted, false);
    return words != NULL;
}
