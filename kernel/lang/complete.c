/* Completion, from the same tables that the checker reads. */
#include "engine_parts.h"
#include "formats/pretrained.h"
#include "help.h"
#include "type_at.h"
#include "lang/eval/builtin.h"
#include "lang/eval/eval_parts.h"
#include "lang/eval/settings.h"
#include "lang/syntax/lex.h"
#include "lang/syntax/parse.h"
#include "base/intern.h"
#include <stdio.h>
#include <string.h>

struct completer {
    struct engine *engine;
    struct str prefix;
    void (*add)(void *user, const struct completion *c);
    void *user;
    bool callables_only;
};

static void offer(const struct completer *c, const char *text, const char *type,
                  const char *signature) {
    if (strlen(text) < c->prefix.n || memcmp(text, c->prefix.p, c->prefix.n) != 0) return;
    c->add(c->user, &(struct completion){text, type, signature});
}

/* ---- names ---- */

static const char *type_of(const struct value *v) {
    if (v->kind == V_FUNCTION || v->kind == V_BUILTIN) return "function";
    if (v->kind == V_MAKER || v->kind == V_MODEL || v->kind == V_ESTIMATOR) return "class";
    return "instance";
}

static void offer_name(void *user, const char *name, const struct value *v) {
    const struct completer *c = user;
    if (c->callables_only && v->kind != V_FUNCTION && v->kind != V_MAKER) return;
    struct text t = {0};
    if (v->kind == V_FUNCTION) ast_signature(v->function->ast, &t);
    if (v->kind == V_MAKER) ast_signature(v->maker->ast, &t);
    offer(c, name, type_of(v), t.p ? t.p : "");
    text_clear(&t);
}

static void offer_builtin(const struct completer *c, const struct builtin *b) {
    struct text t = {0};
    signature_print(signature_of(b->name, b->signature), &t);
    offer(c, b->name, b->config && b->config->group == CONFIG_LAYER ? "class" : "function",
          t.p ? t.p : "");
    text_clear(&t);
}

static void offer_keywords(const struct completer *c) {
    static const char *const statements[] = {
#define STATEMENT(word, place) #word,
#include "lang/syntax/statements.list"
#undef STATEMENT
    };
    for (enum token_kind kind = 0; kind < TOK_N_KINDS; kind++)
        if (token_is_word(kind) && !token_instead(kind))
            offer(c, token_spelling(kind), "keyword", "");
    for (size_t i = 0; i < ARRAY_LEN(statements); i++) offer(c, statements[i], "keyword", "");
    for (int i = 0; constant_name(i); i++) offer(c, constant_name(i), "keyword", "");
}

static bool in_name(char ch) {
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_' ||
           (ch >= '0' && ch <= '9') || (unsigned char)ch >= 0x80;
}

/* Names that the cell itself makes above the cursor: followed by =, or between for and in, or in
 * the brackets behind def and model. */
static void offer_cell_names(const struct completer *c, struct str code, uint32_t offset) {
    for (uint32_t i = 0; i < offset;) {
        uint32_t end = i;
        while (end < offset && in_name(code.p[end])) end++;
        if (end == i || (i > 0 && code.p[i - 1] == '.')) {
            i = end == i ? i + 1 : end;
            continue;
        }
        uint32_t next = end;
        while (next < offset && code.p[next] == ' ') next++;
        bool given = next + 1 < offset && code.p[next] == '=' && code.p[next + 1] != '=';
        bool first = i == 0 || strchr("\n ,(", code.p[i - 1]);
        bool looped = next + 3 < offset && memcmp(code.p + next, "in ", 3) == 0;
        bool described = next < offset && code.p[next] == ':' && i >= 6 &&
                         (memcmp(code.p + i - 6, "input ", 6) == 0 ||
                          (i >= 7 && memcmp(code.p + i - 7, "weight ", 7) == 0));
        char name[80];
        snprintf(name, sizeof name, "%.*s", (int)(end - i < 79 ? end - i : 79), code.p + i);
        bool digit = name[0] >= '0' && name[0] <= '9';
        if (first && !digit && (given || looped || described) &&
            !names_peek(c->engine->names, intern_c(name)))
            offer(c, name, "instance", "");
        i = end;
    }
}

/* ---- settings and arguments ---- */

static void offer_settings(const struct completer *c, struct str block) {
    const struct setting_table *t = settings_of(block);
    for (int i = 0; t && i < t->n; i++) {
        char text[64];
        if (t->rows[i].later) continue;
        snprintf(text, sizeof text, "%s: ", t->rows[i].name);
        offer(c, text, "setting", t->rows[i].help);
    }
}

static void offer_arguments(const struct completer *c, struct str callee) {
    const char *name = intern(callee);
    const struct value *v = names_peek(c->engine->names, name);
    const struct builtin *b = v ? NULL : builtin_find(name);
    const struct ast *f = v && v->kind == V_FUNCTION ? v->function->ast
                          : v && v->kind == V_MAKER  ? v->maker->ast
                                                     : NULL;
    char text[96];
    const struct signature *s = b ? signature_of(b->name, b->signature) : NULL;
    int n = s ? s->n : f ? f->n : 0;
    for (int i = 0; i < n; i++) {
        snprintf(text, sizeof text, "%s=", s ? s->parameters[i].name : f->list[i]->name);
        offer(c, text, "param", "");
    }
}

/* ---- fields and methods ---- */

static bool is_word(const char *word, const char *const *words) {
    for (; *words; words++) {
        if (strcmp(word, *words) == 0) return true;
    }
    return false;
}

/* May `x.f(…)` be written for an x of this kind? By the name of f's first parameter and by its
 * group: x is a tensor, t a table, m a model, s a text. */
static bool fits_kind(const struct builtin *b, enum value_kind kind, bool in_model) {
    static const char *const numbers[] = {"x", "xs",        "a",      "values", "condition",
                                          "y", "condition", "labels", "image",  NULL};
    static const char *const tables[] = {"t", "table", "groups", NULL};
    static const char *const models[] = {"m", "model", "models", NULL};
    static const char *const of_all[] = {"show", "save", "print", "type", NULL};
    const struct signature *s = signature_of(b->name, b->signature);
    const char *first = s->n ? s->parameters[0].name : "";
    if (b->config) return b->config->group == CONFIG_LAYER && in_model;
    if (is_word(b->name, of_all)) return !in_model;
    switch (kind) {
    case V_BOOL:
    case V_INT:
    case V_FLOAT:
    case V_NODE:
    case V_DESC:
    case V_TENSOR: return is_word(first, numbers);
    case V_HISTORY:
    case V_TABLE: return is_word(first, tables) || strcmp(b->name, "len") == 0;
    case V_MODEL:
    case V_ESTIMATOR:
    case V_PART: return is_word(first, models);
    case V_TEXT: return strcmp(first, "s") == 0 || strcmp(b->name, "len") == 0;
    case V_LIST: return strcmp(first, "xs") == 0 || strcmp(b->name, "len") == 0;
    case V_RECORD: return strcmp(first, "r") == 0 || strcmp(b->name, "len") == 0;
    case V_FUNCTION:
    case V_BUILTIN: return strcmp(first, "f") == 0;
    case V_PLOT:
    case V_FIGURE:
    case V_CONFIG:
    case V_QUANTITY: return false;
    default: return true;
    }
}

static void offer_columns(const struct completer *c, const struct table *t) {
    for (int i = 0; t && i < t->n_columns; i++) offer(c, t->columns[i].name, "column", "");
}

static void offer_all(const struct completer *c, const char *const *words) {
    for (; *words; words++) offer(c, *words, "property", "");
}

static void offer_own_fields(const struct completer *c, const struct value *v) {
    static const char *const of_tensor[] = {"shape", "T", "dtype", "axes", NULL};
    static const char *const of_model[] = {"layers", "weights", NULL};
    static const char *const of_table[] = {"columns", "shape", NULL};
    static const char *const of_history[] = {"interrupted", NULL};
    static const char *const of_runs[] = {"best", "interrupted", NULL};
    static const char *const of_pair[] = {"inputs", "targets", NULL};
    if (v->kind == V_RECORD)
        for (int i = 0; i < v->record->n; i++) offer(c, v->record->keys[i], "property", "");
    if (v->kind == V_TABLE || v->kind == V_HISTORY) offer_columns(c, v->table);
    if (v->kind == V_RUNS) offer_columns(c, v->runs->table);
    if (v->kind == V_TABLE || v->kind == V_HISTORY) offer_all(c, of_table);
    if (v->kind == V_HISTORY) offer_all(c, of_history);
    if (v->kind == V_RUNS) offer_all(c, of_runs);
    if (v->kind == V_TENSOR || v->kind == V_DESC) offer_all(c, of_tensor);
    if (v->kind == V_MODEL) offer_all(c, of_model);
    if (v->kind == V_PAIR) offer_all(c, of_pair);
}

static void offer_fields(struct completer *c, struct str code, uint32_t offset, struct str object) {
    uint32_t start = statement_start(code, offset);
    bool in_model = str_starts((struct str){code.p + start, code.n - start}, "model ");
    struct value v = describe_at(c->engine, (struct str){code.p, start}, object);
    bool node = in_model && v.kind == V_UNKNOWN;
    offer_own_fields(c, &v);
    c->callables_only = true;
    names_each(c->engine->names, offer_name, c);
    for (int i = 0; i < builtin_count(); i++)
        if (fits_kind(builtin_at(i), node ? V_NODE : v.kind, in_model))
            offer_builtin(c, builtin_at(i));
    value_unref(v);
}

/* `.price` inside a verb on a table. */
static bool is_column_place(struct str code, uint32_t start) {
    return start >= 2 && code.p[start - 1] == '.' && !in_name(code.p[start - 2]) &&
           !strchr(")]}\"'", code.p[start - 2]);
}

/* First on a line of a model: input, output, weight. */
static void offer_model_words(const struct completer *c, struct str code, uint32_t start) {
    static const char *const model_words[] = {"input ", "output ", "weight "};
    uint32_t line = start, statement = statement_start(code, start);
    while (line > 0 && code.p[line - 1] == ' ') line--;
    bool first = line > 0 && line < start && code.p[line - 1] == '\n';
    if (!first || !str_starts((struct str){code.p + statement, code.n - statement}, "model "))
        return;
    for (size_t i = 0; i < ARRAY_LEN(model_words); i++) offer(c, model_words[i], "keyword", "");
}

/* ---- texts ---- */

/* Names of axes of all tensors at hand. */
static void offer_axes(void *user, const char *name, const struct value *v) {
    const struct completer *c = user;
    (void)name;
    if (v->kind != V_TENSOR) return;
    for (int i = 0; i < v->tensor->shape.n; i++) {
        if (v->tensor->shape.axis[i]) offer(c, v->tensor->shape.axis[i], "axis", "");
    }
}

static void offer_columns_of(void *user, const char *name, const struct value *v) {
    (void)name;
    if (v->kind == V_TABLE) offer_columns(user, v->table);
}

/* Verbs that name columns in quotes; the first two name files or data sets. */
static bool names_columns(struct str callee) {
    static const char *const verbs[] = {"select", "sort",   "drop", "to_tensor", "group", "pivot",
                                        "melt",   "rename", "join", "to_panel",  NULL};
    char word[32];
    snprintf(word, sizeof word, "%.*s", (int)(callee.n < 31 ? callee.n : 31), callee.p);
    return is_word(word, verbs);
}

static void offer_networks(const struct completer *c) {
    const char *names[PRETRAINED_MOST];
    int n = pretrained_names(names);
    for (int i = 0; i < n; i++) offer(c, names[i], "network", "");
}

/* The table whose column is named between these quotes: in weather["…"] or weather.plot("…"), or
 * NULL. */
static const struct table *quoted_table(struct completer *c, struct str code, uint32_t quote) {
    uint32_t end = quote, start;
    if (quote < 2 || (code.p[quote - 1] != '[' && code.p[quote - 1] != '(')) return NULL;
    end = quote - 1;
    if (code.p[end] == '(') { /* the verb before it */
        while (end > 0 && in_name(code.p[end - 1])) end--;
        if (end == 0 || code.p[end - 1] != '.') return NULL;
        end--;
    }
    for (start = end; start > 0 && in_name(code.p[start - 1]);) start--;
    if (start == end || (start > 0 && code.p[start - 1] == '.')) return NULL;
    const struct value *v =
        names_peek(c->engine->names, intern((struct str){code.p + start, end - start}));
    return v && (v->kind == V_TABLE || v->kind == V_HISTORY) ? v->table : NULL;
}

/* .city == "…: the levels of a category, or the different texts of a column. */
static bool is_compared(struct str code, uint32_t quote) {
    uint32_t at = quote;
    while (at > 0 && code.p[at - 1] == ' ') at--;
    return at >= 2 && code.p[at - 1] == '=' && (code.p[at - 2] == '=' || code.p[at - 2] == '!');
}

static void offer_text(struct completer *c, struct str code, const struct cursor_context *at) {
    uint32_t quote = at->start > 0 ? at->start - 1 : 0;
    const struct table *t = quoted_table(c, code, quote);
    if (str_starts(at->callee, "pretrained")) offer_networks(c);
    else if (t) offer_columns(c, t);
    else if (names_columns(at->callee)) names_each(c->engine->names, offer_columns_of, c);
    else if (!is_compared(code, quote)) complete_path(&c->prefix, c->add, c->user);
}

/* ---- what a setting or an index takes first ---- */

/* loss: m| offers losses before all other names that begin so. */
static void offer_fitting(const struct completer *c, struct str code, uint32_t start) {
    static const struct {
        const char *setting;
        enum config_group group;
    } takes[] = {{"loss", CONFIG_LOSS},         {"metrics", CONFIG_METRIC},
                 {"metrics", CONFIG_LOSS},      {"optimizer", CONFIG_OPTIMIZER},
                 {"schedule", CONFIG_SCHEDULE}, {"callbacks", CONFIG_CALLBACK},
                 {"penalty", CONFIG_PENALTY},   {"augment", CONFIG_LAYER}};
    uint32_t line = start;
    while (line > 0 && code.p[line - 1] != '\n') line--;
    while (line < start && code.p[line] == ' ') line++;
    uint32_t end = line;
    while (end < start && in_name(code.p[end])) end++;
    if (end >= start || code.p[end] != ':' || memchr(code.p + end, '(', start - end)) return;
    for (size_t k = 0; k < ARRAY_LEN(takes); k++) {
        if (!str_is((struct str){code.p + line, end - line}, takes[k].setting)) continue;
        for (int i = 0; i < builtin_count(); i++) {
            const struct builtin *b = builtin_at(i);
            if (b->config && b->config->group == takes[k].group) offer_builtin(c, b);
        }
    }
}

/* x[fea|: the axes of the tensor before the bracket. */
static void offer_axes_of(const struct completer *c, struct str code, uint32_t start) {
    uint32_t end = start, from;
    while (end > 0 && (code.p[end - 1] == ' ' || code.p[end - 1] == ',')) end--;
    if (end == 0 || code.p[end - 1] != '[') return;
    for (from = --end; from > 0 && in_name(code.p[from - 1]);) from--;
    if (from == end) return;
    const struct value *v =
        names_peek(c->engine->names, intern((struct str){code.p + from, end - from}));
    for (int i = 0; v && v->kind == V_TENSOR && i < v->tensor->shape.n; i++) {
        char text[80];
        if (!v->tensor->shape.axis[i]) continue;
        snprintf(text, sizeof text, "%.70s=", v->tensor->shape.axis[i]);
        offer(c, text, "axis", "");
    }
}

/* axis=|: names of axes in quotes. */
static void offer_quoted_axes(void *user, const char *name, const struct value *v) {
    const struct completer *c = user;
    (void)name;
    for (int i = 0; v->kind == V_TENSOR && i < v->tensor->shape.n; i++) {
        char text[80];
        if (!v->tensor->shape.axis[i]) continue;
        snprintf(text, sizeof text, "\"%.70s\"", v->tensor->shape.axis[i]);
        offer(c, text, "axis", "");
    }
}

static void offer_magics(const struct completer *c) {
    for (int i = 0; i < magic_n_rows; i++)
        if (magic_rows[i].name[0] != '?' && magic_rows[i].name[0] != '!')
            offer(c, magic_rows[i].name, "magic", magic_rows[i].help);
}

void engine_complete(struct engine *en, struct str code, uint32_t offset, uint32_t *start,
                     uint32_t *end, void (*add)(void *user, const struct completion *c),
                     void *user) {
    struct cursor_context at = parse_cursor(code, offset);
    struct completer c = {.engine = en, .prefix = at.prefix, .add = add, .user = user};
    *start = at.start;
    *end = at.end;
    switch (at.kind) {
    case CURSOR_SETTING: offer_settings(&c, at.block); break;
    case CURSOR_ARGUMENT: offer_arguments(&c, at.callee); break;
    case CURSOR_FIELD:
        if (is_column_place(code, at.start)) {
            struct value t = describe_at(en, (struct str){code.p, statement_start(code, offset)},
                                         at.object_text);
            if (t.kind == V_TABLE) offer_columns(&c, t.table);
            value_unref(t);
        } else {
            offer_fields(&c, code, offset, at.object_text);
        }
        return;
    case CURSOR_AXIS: names_each(en->names, offer_axes, &c); return;
    case CURSOR_MAGIC: offer_magics(&c); return;
    case CURSOR_PATH: offer_text(&c, code, &at); return;
    case CURSOR_NOTHING: return;
    case CURSOR_NAME: break;
    }
    if (at.start >= 5 && memcmp(code.p + at.start - 5, "axis=", 5) == 0)
        names_each(en->names, offer_quoted_axes, &c);
    offer_fitting(&c, code, at.start);
    offer_axes_of(&c, code, at.start);
    offer_model_words(&c, code, at.start);
    offer_cell_names(&c, code, at.start);
    names_each(en->names, offer_name, &c);
    for (int i = 0; i < builtin_count(); i++) offer_builtin(&c, builtin_at(i));
    offer_keywords(&c);
}
