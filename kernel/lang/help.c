/* Help and completion, from the same tables that the checker reads. */
#include "engine_parts.h"
#include "lang/eval/builtin.h"
#include "lang/values/format.h"
#include "lang/syntax/parse.h"
#include "lang/eval/settings.h"
#include "lang/eval/signature.h"
#include "base/intern.h"
#include <stdio.h>
#include <string.h>

/* ---- help ---- */

static void builtin_help(const struct builtin *b, struct text *markdown, struct text *plain) {
    struct text signature = {0};
    signature_print(signature_of(b->name, b->signature), &signature);
    const char *s = signature.p ? signature.p : b->name;
    text_addf(markdown, "```awml\n%s\n```\n\n%s\n", s, b->help);
    if (b->example[0]) text_addf(markdown, "\n```awml\n%s\n```\n", b->example);
    text_addf(plain, "%s\n\n%s\n", s, b->help);
    if (b->example[0]) text_addf(plain, "\n%s\n", b->example);
    text_clear(&signature);
}

static void ast_signature(const struct ast *f, struct text *out) {
    text_addf(out, "%s(", f->name ? f->name : "lambda");
    for (int i = 0; i < f->n; i++) {
        text_addf(out, "%s%s", i ? ", " : "", f->list[i]->name);
        if (!f->list[i]->a) continue;
        struct str d = source_piece(f->list[i]->a->span);
        text_addf(out, "=%.*s", (int)d.n, d.p);
    }
    text_addc(out, ')');
}

static void value_help(const char *name, const struct value *v, struct text *markdown,
                       struct text *plain) {
    const struct ast *f = v->kind == V_FUNCTION ? v->function->ast
                          : v->kind == V_MAKER  ? v->maker->ast
                                                : NULL;
    struct text t = {0};
    if (f) {
        ast_signature(f, &t);
        text_addf(markdown, "```awml\n%s\n```\n\n%s\n", t.p ? t.p : name, f->doc ? f->doc : "");
        text_addf(plain, "%s\n\n%s\n", t.p ? t.p : name, f->doc ? f->doc : "");
    } else {
        value_repr(*v, &t);
        text_addf(markdown, "`%s` is %s\n\n```\n%.2000s\n```\n", name, value_kind_words(v->kind),
                  t.p ? t.p : "");
        text_addf(plain, "%s is %s\n%.2000s\n", name, value_kind_words(v->kind), t.p ? t.p : "");
    }
    text_clear(&t);
}

static bool setting_help(struct str name, struct str block, struct text *markdown,
                         struct text *plain) {
    const struct setting_table *t = settings_of(block);
    for (int i = 0; t && i < t->n; i++) {
        if (!str_is(name, t->rows[i].name)) continue;
        text_addf(markdown, "`%s:` a setting of `%s` (default: %s)\n\n%s\n", t->rows[i].name,
                  t->block, t->rows[i].fallback, t->rows[i].help);
        text_addf(plain, "%s: a setting of %s (default: %s)\n%s\n", t->rows[i].name, t->block,
                  t->rows[i].fallback, t->rows[i].help);
        return true;
    }
    return false;
}

bool help_markdown(struct engine *en, struct str name, struct text *markdown, struct text *plain) {
    while (name.n && name.p[0] == ' ') name.p++, name.n--;
    while (name.n && name.p[name.n - 1] == ' ') name.n--;
    const char *key = intern(name);
    const struct value *v = names_peek(en->names, key);
    const struct builtin *b = builtin_find(key);
    const char *later = builtin_later(key);
    if (v) value_help(key, v, markdown, plain);
    else if (b) builtin_help(b, markdown, plain);
    else if (later)
        text_addf(markdown, "`%s` comes in a later release: %s.\n", key, later),
            text_addf(plain, "%s comes in a later release: %s.\n", key, later);
    else
        return setting_help(name, STR("train"), markdown, plain) ||
               setting_help(name, STR("plot"), markdown, plain) ||
               setting_help(name, STR("search"), markdown, plain);
    return true;
}

/* The whole name around the offset. */
static struct str name_at(struct str code, uint32_t offset) {
    size_t a = offset < code.n ? offset : code.n, b = a;
#define IS_NAME(c)                                                                                 \
    (((c) >= 'a' && (c) <= 'z') || ((c) >= 'A' && (c) <= 'Z') || (c) == '_' ||                     \
     ((c) >= '0' && (c) <= '9') || (unsigned char)(c) >= 0x80)
    while (a > 0 && IS_NAME(code.p[a - 1])) a--;
    while (b < code.n && IS_NAME(code.p[b])) b++;
#undef IS_NAME
    return (struct str){code.p + a, b - a};
}

bool engine_inspect(struct engine *en, struct str code, uint32_t offset, int detail,
                    struct text *markdown, struct text *plain) {
    struct str name = name_at(code, offset);
    (void)detail;
    if (name.n == 0) { /* after an opening bracket: the function being called */
        struct cursor_context c = parse_cursor(code, offset);
        name = c.callee;
    }
    if (name.n == 0) return false;
    struct cursor_context c = parse_cursor(code, offset);
    if (c.kind == CURSOR_SETTING && setting_help(name, c.block, markdown, plain)) return true;
    return help_markdown(en, name, markdown, plain);
}

/* ---- completion ---- */

struct completer {
    struct engine *engine;
    struct str prefix;
    void (*add)(void *user, const struct completion *c);
    void *user;
    bool callables_only;
};

static bool matches(const struct completer *c, const char *name) {
    return strlen(name) >= c->prefix.n && memcmp(name, c->prefix.p, c->prefix.n) == 0;
}

static void offer(const struct completer *c, const char *text, const char *type,
                  const char *signature) {
    if (!matches(c, text)) return;
    struct completion one = {text, type, signature};
    c->add(c->user, &one);
}

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

static void offer_builtins(const struct completer *c) {
    for (int i = 0; i < builtin_count(); i++) {
        const struct builtin *b = builtin_at(i);
        if (!matches(c, b->name)) continue;
        struct text t = {0};
        signature_print(signature_of(b->name, b->signature), &t);
        offer(c, b->name, b->config && b->config->group == CONFIG_LAYER ? "class" : "function",
              t.p ? t.p : "");
        text_clear(&t);
    }
}

static void offer_keywords(const struct completer *c) {
    static const char *const words[] = {
        "def",      "return", "if",   "elif",  "else",  "for",    "in",     "while", "break",
        "continue", "pass",   "and",  "or",    "not",   "lambda", "import", "from",  "assert",
        "True",     "False",  "None", "model", "train", "plot",   "on",     "input", "output",
        "weight",   "search", "pi",   "e",     "inf",   "nan"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) offer(c, words[i], "keyword", "");
}

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

/* The value of a plain chain of fields, such as `data.train_x`. */
static const struct value *find_object(struct engine *en, struct str chain) {
    const struct value *v = NULL;
    while (chain.n) {
        const char *dot = memchr(chain.p, '.', chain.n);
        size_t n = dot ? (size_t)(dot - chain.p) : chain.n;
        const char *name = intern((struct str){chain.p, n});
        if (!v) v = names_peek(en->names, name);
        else v = v->kind == V_RECORD ? record_get(v->record, name) : NULL;
        if (!v) return NULL;
        chain = dot ? (struct str){dot + 1, chain.n - n - 1} : (struct str){chain.p + n, 0};
    }
    return v;
}

static void offer_fields(struct completer *c, struct str object) {
    static const char *const of_tensor[] = {"shape", "T", "dtype", "axes"};
    static const char *const of_model[] = {"layers", "weights"};
    static const char *const of_table[] = {"columns", "shape"};
    const struct value *v = find_object(c->engine, object);
    if (v && v->kind == V_RECORD)
        for (int i = 0; i < v->record->n; i++) offer(c, v->record->keys[i], "property", "");
    if (v && (v->kind == V_TABLE || v->kind == V_HISTORY)) {
        for (int i = 0; i < v->table->n_columns; i++)
            offer(c, v->table->columns[i].name, "column", "");
        for (size_t i = 0; i < ARRAY_LEN(of_table); i++) offer(c, of_table[i], "property", "");
    }
    if (v && v->kind == V_TENSOR)
        for (size_t i = 0; i < ARRAY_LEN(of_tensor); i++) offer(c, of_tensor[i], "property", "");
    if (v && v->kind == V_MODEL)
        for (size_t i = 0; i < ARRAY_LEN(of_model); i++) offer(c, of_model[i], "property", "");
    c->callables_only = true;
    names_each(c->engine->names, offer_name, c);
    offer_builtins(c);
}

/* Names of axes of all tensors at hand. */
static void offer_axes(void *user, const char *name, const struct value *v) {
    const struct completer *c = user;
    (void)name;
    if (v->kind != V_TENSOR) return;
    for (int i = 0; i < v->tensor->shape.n; i++) {
        if (v->tensor->shape.axis[i]) offer(c, v->tensor->shape.axis[i], "axis", "");
    }
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
    case CURSOR_FIELD: offer_fields(&c, at.object_text); return;
    case CURSOR_AXIS: names_each(en->names, offer_axes, &c); return;
    case CURSOR_MAGIC:
        for (int i = 0; i < magic_n_rows; i++)
            if (magic_rows[i].name[0] != '?' && magic_rows[i].name[0] != '!')
                offer(&c, magic_rows[i].name, "magic", magic_rows[i].help);
        return;
    case CURSOR_PATH: complete_path(&c.prefix, add, user); return;
    case CURSOR_NOTHING: return;
    case CURSOR_NAME: break;
    }
    names_each(en->names, offer_name, &c);
    offer_builtins(&c);
    offer_keywords(&c);
}
