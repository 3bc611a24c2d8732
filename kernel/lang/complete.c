/* Completion, from the same tables that the checker reads. */
#include "complete_parts.h"
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

void complete_offer(const struct completer *c, const char *text, const char *type,
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
    complete_offer(c, name, type_of(v), t.p ? t.p : "");
    text_clear(&t);
}

static void offer_builtin(const struct completer *c, const struct builtin *b) {
    struct text t = {0};
    signature_print(signature_of(b->name, b->signature), &t);
    complete_offer(c, b->name, b->config && b->config->group == CONFIG_LAYER ? "class" : "function",
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
            complete_offer(c, token_spelling(kind), "keyword", "");
    for (size_t i = 0; i < ARRAY_LEN(statements); i++)
        complete_offer(c, statements[i], "keyword", "");
    for (int i = 0; constant_name(i); i++) complete_offer(c, constant_name(i), "keyword", "");
}

static bool in_name(char ch) {
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_' ||
           (ch >= '0' && ch <= '9') || (unsigned char)ch >= 0x80;
}

/* Names that the cell itself gives above the cursor. */
static void offer_cell_name(void *user, struct str name) {
    const struct completer *c = user;
    char text[80];
    snprintf(text, sizeof text, "%.*s", (int)(name.n < 79 ? name.n : 79), name.p);
    if (!names_peek(c->engine->names, intern_c(text))) complete_offer(c, text, "instance", "");
}

/* ---- settings and arguments ---- */

static void offer_settings(const struct completer *c, struct str block) {
    const struct setting_table *t = settings_of(block);
    for (int i = 0; t && i < t->n; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s: ", t->rows[i].name);
        complete_offer(c, text, "setting", t->rows[i].help);
    }
}

static bool is_among(const char *name, const struct str *given, int n) {
    for (int i = 0; i < n; i++)
        if (str_is(given[i], name)) return true;
    return false;
}

/* Those that have not been given yet. */
static void offer_arguments(const struct completer *c, const struct cursor_context *at) {
    const char *name = intern(at->callee);
    const struct value *v = names_peek(c->engine->names, name);
    const struct builtin *b = v ? NULL : builtin_find(name);
    const struct ast *f = v && v->kind == V_FUNCTION ? v->function->ast
                          : v && v->kind == V_MAKER  ? v->maker->ast
                                                     : NULL;
    char text[96];
    const struct signature *s = b ? signature_of(b->name, b->signature) : NULL;
    int n = s ? s->n : f ? f->n : 0;
    bool layer = (b && b->config) || (v && v->kind == V_MAKER);
    int first = at->position + (at->is_method && !layer);
    if (s && s->rest_at >= 0 && first > s->rest_at) first = s->rest_at;
    for (int i = first; i < n; i++) {
        const char *parameter = s ? s->parameters[i].name : f->list[i]->name;
        if (is_among(parameter, at->given, at->n_given)) continue;
        snprintf(text, sizeof text, "%s=", parameter);
        complete_offer(c, text, "param", "");
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
    case V_TABLE_DESC:
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
    for (int i = 0; t && i < t->n_columns; i++) complete_offer(c, t->columns[i].name, "column", "");
}

static void offer_all(const struct completer *c, const char *const *words) {
    for (; *words; words++) complete_offer(c, *words, "property", "");
}

static void offer_own_fields(const struct completer *c, const struct value *v) {
    static const char *const of_tensor[] = {"shape", "T", "dtype", "axes", NULL};
    static const char *const of_model[] = {"layers", "weights", NULL};
    static const char *const of_table[] = {"columns", "shape", NULL};
    static const char *const of_history[] = {"interrupted", NULL};
    static const char *const of_runs[] = {"best", "interrupted", NULL};
    static const char *const of_pair[] = {"inputs", "targets", NULL};
    if (v->kind == V_RECORD)
        for (int i = 0; i < v->record->n; i++)
            complete_offer(c, v->record->keys[i], "property", "");
    if (v->kind == V_TABLE || v->kind == V_HISTORY || v->kind == V_TABLE_DESC)
        offer_columns(c, v->table);
    if (v->kind == V_RUNS) offer_columns(c, v->runs->table);
    if (v->kind == V_TABLE || v->kind == V_HISTORY || v->kind == V_TABLE_DESC)
        offer_all(c, of_table);
    if (v->kind == V_HISTORY) offer_all(c, of_history);
    if (v->kind == V_RUNS) offer_all(c, of_runs);
    if (v->kind == V_TENSOR || v->kind == V_DESC) offer_all(c, of_tensor);
    if (v->kind == V_MODEL) offer_all(c, of_model);
    if (v->kind == V_PAIR) offer_all(c, of_pair);
}

struct search {
    struct str name;
    bool found;
};

static void see_name(void *user, struct str name) {
    struct search *s = user;
    s->found |= str_same(s->name, name);
}

/* Does the statement at the cursor itself give the name that the object begins with? Then it is not
 * what the session knows under that name. */
static bool is_made_here(struct str code, uint32_t start, uint32_t offset, struct str object) {
    struct search s = {{object.p, name_length(object.p, object.n)}, false};
    complete_made_names(code, start, offset, see_name, &s);
    return s.name.n && s.found;
}

static void offer_fields(struct completer *c, struct str code, uint32_t offset, struct str object) {
    uint32_t start = statement_start(code, offset);
    bool in_model = str_starts((struct str){code.p + start, code.n - start}, "model ");
    bool made_here = is_made_here(code, start, offset, object);
    struct value v =
        made_here ? value_unknown() : describe_at(c->engine, (struct str){code.p, start}, object);
    bool node = in_model && v.kind == V_UNKNOWN;
    offer_own_fields(c, &v);
    for (int i = 0; node && i < builtin_count(); i++) /* layers before all other functions */
        if (builtin_at(i)->config && fits_kind(builtin_at(i), V_NODE, true))
            offer_builtin(c, builtin_at(i));
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
    for (size_t i = 0; i < ARRAY_LEN(model_words); i++)
        complete_offer(c, model_words[i], "keyword", "");
}

/* Behind train: what can be trained; behind that: on. */
static void offer_model_name(void *user, const char *name, const struct value *v) {
    if (v->kind == V_MODEL || v->kind == V_ESTIMATOR) complete_offer(user, name, "class", "");
}

static void offer_train_words(struct completer *c, struct str code, uint32_t start) {
    uint32_t line = start;
    while (line > 0 && code.p[line - 1] != '\n') line--;
    struct str before = {code.p + line, start - line};
    const char *assigned = memmem(before.p, before.n, "= train ", 8);
    if (assigned) before = (struct str){assigned + 2, before.n - (size_t)(assigned + 2 - before.p)};
    if (!str_starts(before, "train ")) return;
    struct str rest = {before.p + 6, before.n - 6};
    size_t target = name_length(rest.p, rest.n);
    if (rest.n == 0) names_each(c->engine->names, offer_model_name, c);
    else if (target > 0 && rest.n == target + 1 && rest.p[target] == ' ')
        complete_offer(c, "on ", "keyword", "");
}

/* ---- texts ---- */

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

/* The table or record whose column or field is named between these quotes: in weather["…"] or
 * weather.plot("…"), or NULL. */
static const struct value *quoted_owner(struct completer *c, struct str code, uint32_t quote) {
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
    bool record = v && v->kind == V_RECORD && code.p[quote - 1] == '[';
    return v && (v->kind == V_TABLE || v->kind == V_HISTORY || record) ? v : NULL;
}

/* .city == "…: the levels of a category, or the different texts of a column. */
static bool is_compared(struct str code, uint32_t quote) {
    uint32_t at = quote;
    while (at > 0 && code.p[at - 1] == ' ') at--;
    return at >= 2 && code.p[at - 1] == '=' && (code.p[at - 2] == '=' || code.p[at - 2] == '!');
}

static void offer_text(struct completer *c, struct str code, const struct cursor_context *at) {
    uint32_t quote = at->start > 0 ? at->start - 1 : 0;
    const struct value *v = quoted_owner(c, code, quote);
    bool only;
    for (int i = 0; v && v->kind == V_RECORD && i < v->record->n; i++)
        complete_offer(c, v->record->keys[i], "property", "");
    if (v && v->kind == V_RECORD) return;
    if (v) offer_columns(c, v->table);
    else if (complete_values(c, code, at, true, &only)) return;
    else if (names_columns(at->callee)) names_each(c->engine->names, offer_columns_of, c);
    else if (!is_compared(code, quote)) complete_path(&c->prefix, c->add, c->user);
}

/* ---- what an index takes first ---- */

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
        complete_offer(c, text, "axis", "");
    }
}

static void offer_magics(const struct completer *c) {
    for (int i = 0; i < magic_n_rows; i++)
        if (magic_rows[i].name[0] != '?' && magic_rows[i].name[0] != '!')
            complete_offer(c, magic_rows[i].name, "magic", magic_rows[i].help);
}

/* The name before the dot of the innermost call. */
static struct str owner_of(struct str code, struct str callee) {
    if (!callee.n || callee.p < code.p + 2 || callee.p[-1] != '.') return STR("");
    const char *end = callee.p - 1, *start = end;
    while (start > code.p && in_name(start[-1])) start--;
    return (struct str){start, (size_t)(end - start)};
}

void engine_complete(struct engine *en, struct str code, uint32_t offset, uint32_t *start,
                     uint32_t *end, void (*add)(void *user, const struct completion *c),
                     void *user) {
    struct cursor_context at = parse_cursor(code, offset);
    struct completer c = {.engine = en, .prefix = at.prefix, .add = add, .user = user};
    c.owner = owner_of(code, at.callee);
    *start = at.start;
    *end = at.end;
    switch (at.kind) {
    case CURSOR_SETTING: offer_settings(&c, at.block); break;
    case CURSOR_ARGUMENT: offer_arguments(&c, &at); break;
    case CURSOR_FIELD:
        if (is_column_place(code, at.start)) {
            struct value t = describe_at(en, (struct str){code.p, statement_start(code, offset)},
                                         at.object_text);
            if (t.kind == V_GROUPS) offer_columns(&c, t.groups->table);
            if (t.kind == V_TABLE || t.kind == V_TABLE_DESC || t.kind == V_HISTORY)
                offer_columns(&c, t.table);
            value_unref(t);
        } else {
            offer_fields(&c, code, offset, at.object_text);
        }
        return;
    case CURSOR_MAGIC: offer_magics(&c); return;
    case CURSOR_AXIS:
    case CURSOR_PATH: offer_text(&c, code, &at); return;
    case CURSOR_NOTHING: return;
    case CURSOR_NAME: break;
    }
    bool only = false;
    complete_values(&c, code, &at, false, &only);
    if (only) return;
    offer_train_words(&c, code, at.start);
    offer_axes_of(&c, code, at.start);
    offer_model_words(&c, code, at.start);
    complete_made_names(code, 0, at.start, offer_cell_name, &c);
    names_each(en->names, offer_name, &c);
    for (int i = 0; i < builtin_count(); i++) offer_builtin(&c, builtin_at(i));
    offer_keywords(&c);
}
