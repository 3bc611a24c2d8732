/* Help on built-ins, settings, magics, and the student's own functions, models, values, columns. */
#include "help.h"
#include "lang/eval/builtin.h"
#include "lang/eval/settings.h"
#include "lang/eval/shape_log.h"
#include "lang/syntax/parse.h"
#include "type_at.h"
#include "base/intern.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

void help_clear(struct help *h) {
    text_clear(&h->signature);
    text_clear(&h->about);
    text_clear(&h->facts);
    text_clear(&h->example);
}

/* ---- the language's own names ---- */

static bool builtin_help(const struct builtin *b, struct help *h) {
    signature_print(signature_of(b->name, b->signature), &h->signature);
    text_adds(&h->about, b->help);
    signature_print_choices(signature_of(b->name, b->signature), &h->about);
    if (b->config && b->config->aliases[0])
        text_addf(&h->about, "\n\nAlso understood: %s.", b->config->aliases);
    return text_adds(&h->example, b->example);
}

static bool setting_help(struct str name, const struct setting_table *t, struct help *h) {
    for (int i = 0; t && i < t->n; i++) {
        const struct setting_row *r = &t->rows[i];
        if (!str_is(name, r->name)) continue;
        text_addf(&h->signature, "%s:", r->name);
        return text_addf(&h->about, "A setting of `%s` (default: %s).\n\n%s", t->block, r->fallback,
                         r->help);
    }
    return false;
}

static bool any_setting_help(struct str name, struct help *h) {
    static const char *const blocks[] = {"train", "search", "plot"};
    for (size_t i = 0; i < ARRAY_LEN(blocks); i++)
        if (setting_help(name, settings_of(str_of(blocks[i])), h)) return true;
    return false;
}

static const struct word_help words[] = {
#define WORD(name, signature, about, example) {name, signature, about, example},
#include "words.list"
#undef WORD
};

const struct word_help *help_word(int i) {
    return i < (int)ARRAY_LEN(words) ? &words[i] : NULL;
}

/* Words of statements, constants, fields that values of the language have. */
static bool word_help_of(struct str name, struct help *h) {
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (!str_is(name, words[i].name)) continue;
        text_adds(&h->signature, words[i].signature);
        text_adds(&h->about, words[i].about);
        return text_adds(&h->example, words[i].example);
    }
    return false;
}

static bool magic_help_of(struct str name, struct help *h) {
    while (name.n && name.p[0] == '%') name.p++, name.n--;
    for (int i = 0; i < magic_n_rows; i++) {
        const struct magic_row *r = &magic_rows[i];
        const char *word = r->name[0] == '%' ? r->name + 1 : r->name;
        if (!str_is(name, word)) continue;
        const char *colon = strchr(r->help, ':');
        size_t n = colon ? (size_t)(colon - r->help) : strlen(r->help);
        text_add(&h->signature, (struct str){r->help, n});
        return text_adds(&h->about, colon ? colon + 2 : r->help);
    }
    return false;
}

/* ---- the session's names ---- */

void ast_signature(const struct ast *f, struct text *out) {
    text_addf(out, "%s(", f->name ? f->name : "lambda");
    for (int i = 0; i < f->n; i++) {
        text_addf(out, "%s%s", i ? ", " : "", f->list[i]->name);
        if (f->list[i]->b) {
            struct str type = source_piece(f->list[i]->b->span);
            text_addf(out, ": %.*s", (int)type.n, type.p);
        }
        if (!f->list[i]->a) continue;
        struct str d = source_piece(f->list[i]->a->span);
        text_addf(out, "=%.*s", (int)d.n, d.p);
    }
    text_addc(out, ')');
}

/* Mean, smallest and largest number of a tensor that is large enough to hide them. */
static void add_range(const struct tensor *t, struct help *h) {
    double low = INFINITY, high = -INFINITY, sum = 0;
    int64_t step = t->count / 1000000 + 1, n = 0, missing = 0;
    if (!t->data || t->count < 2) return;
    for (int64_t i = 0; i < t->count; i += step) {
        double x = tensor_get(t, i);
        if (isnan(x)) {
            missing++;
            continue;
        }
        low = fmin(low, x);
        high = fmax(high, x);
        sum += x;
        n++;
    }
    if (n) text_addf(&h->facts, "from %.4g to %.4g, mean %.4g", low, high, sum / (double)n);
    if (missing) text_addf(&h->facts, ", %lld not a number", (long long)missing);
    text_addc(&h->facts, '\n');
}

static const char *column_words(const struct column *c) {
    if (c->kind == COLUMN_TEXT) return "text";
    if (c->kind == COLUMN_INT) return "whole numbers";
    if (c->kind == COLUMN_BOOL) return "True or False";
    if (c->kind == COLUMN_NUMBER) return "numbers";
    if (c->kind == COLUMN_TIME) return "times";
    if (c->kind == COLUMN_CATEGORY) return "categories";
    return "";
}

static void add_column(const struct table *t, const struct column *c, struct help *h) {
    double low = INFINITY, high = -INFINITY;
    int64_t missing = 0;
    for (int64_t i = 0; i < t->n_rows; i++) {
        bool gone = c->texts ? !c->texts[i] : c->numbers && isnan(c->numbers[i]);
        missing += gone;
        if (gone || !c->numbers) continue;
        low = fmin(low, c->numbers[i]);
        high = fmax(high, c->numbers[i]);
    }
    text_addf(&h->facts, "%-20s %-14s", c->name, column_words(c));
    if (low <= high && column_words(c)[0]) text_addf(&h->facts, " %.5g … %.5g", low, high);
    if (missing) text_addf(&h->facts, ", %lld missing", (long long)missing);
    text_addc(&h->facts, '\n');
}

enum { MOST_COLUMNS = 40 };

static void add_columns(const struct table *t, struct help *h) {
    for (int i = 0; i < t->n_columns && i < MOST_COLUMNS; i++) add_column(t, &t->columns[i], h);
    if (t->n_columns > MOST_COLUMNS)
        text_addf(&h->facts, "… and %d more\n", t->n_columns - MOST_COLUMNS);
}

static void add_layers(const struct model *m, struct help *h) {
    char shape[128];
    if (!m || !model_is_built(m)) return;
    for (int i = 0; i < model_n_layers(m); i++) {
        const struct layer_info *l = model_layer(m, i);
        text_addf(&h->facts, "%-28s %-28s %lld\n", l->text,
                  shape_print(&l->output, shape, sizeof shape), (long long)l->n_weights);
    }
}

static void value_help(struct engine *en, const char *name, const struct value *v, struct help *h) {
    const struct ast *f = v->kind == V_FUNCTION                   ? v->function->ast
                          : v->kind == V_MAKER                    ? v->maker->ast
                          : v->kind == V_MODEL && v->model->maker ? v->model->maker->ast
                                                                  : NULL;
    const struct cell_record *cell = cells_find(en->cells, names_maker(en->names, intern_c(name)));
    char size[128];
    value_size_words(*v, size, sizeof size);
    if (f) ast_signature(f, &h->signature);
    if (f && f->doc) text_addf(&h->about, "%s\n\n", f->doc);
    text_addf(&h->about, "`%s` is %s%s%s", name, value_kind_words(v->kind), size[0] ? ", " : "",
              size);
    if (cell) text_addf(&h->about, ", made by cell [%d]", cell->number);
    text_addc(&h->about, '.');
    if (v->kind == V_MODEL) add_layers(v->model->model, h);
    else if (v->kind == V_TABLE || v->kind == V_HISTORY) add_columns(v->table, h);
    else if (!f) {
        struct text t = {0};
        if (v->kind == V_TENSOR) add_range(v->tensor, h);
        value_repr(*v, &t);
        text_addf(&h->facts, "%.2000s\n", t.p ? t.p : "");
        text_clear(&t);
    }
}

/* A name, or a chain of fields of records, tables and lists of them. */
static bool chain_help(struct engine *en, struct str chain, struct help *h) {
    const struct value *v = NULL;
    struct str rest = chain;
    while (rest.n) {
        const char *dot = memchr(rest.p, '.', rest.n);
        size_t n = dot ? (size_t)(dot - rest.p) : rest.n;
        const char *name = intern((struct str){rest.p, n});
        if (v && (v->kind == V_TABLE || v->kind == V_HISTORY)) {
            int i = table_find(v->table, str_of(name));
            if (i < 0) return false;
            text_addf(&h->about, "A column of %lld rows.", (long long)v->table->n_rows);
            add_column(v->table, &v->table->columns[i], h);
            return true;
        }
        v = !v                    ? names_peek(en->names, name)
            : v->kind == V_RECORD ? record_get(v->record, name)
                                  : NULL;
        if (!v) return false;
        rest = dot ? (struct str){dot + 1, rest.n - n - 1} : (struct str){"", 0};
    }
    char name[128];
    snprintf(name, sizeof name, "%.*s", (int)(chain.n < 127 ? chain.n : 127), chain.p);
    if (v) value_help(en, name, v, h);
    return v != NULL;
}

bool help_find(struct engine *en, struct str name, struct help *h) {
    while (name.n && name.p[0] == ' ') name.p++, name.n--;
    while (name.n && name.p[name.n - 1] == ' ') name.n--;
    const char *dot = name.n ? memrchr(name.p, '.', name.n) : NULL;
    struct str last = dot ? (struct str){dot + 1, name.n - (size_t)(dot + 1 - name.p)} : name;
    if (name.n == 0) return false;
    if (chain_help(en, name, h)) return true;
    const struct builtin *b = builtin_find(intern(last));
    const char *later = builtin_later(intern(last));
    if (b) return builtin_help(b, h);
    if (later)
        return text_addf(&h->about, "`%.*s` comes in a later release: %s.", (int)last.n, last.p,
                         later);
    return any_setting_help(last, h) || word_help_of(last, h) || magic_help_of(last, h);
}

/* ---- as pages ---- */

void help_as_markdown(const struct help *h, struct text *out) {
    if (h->signature.n) text_addf(out, "```awml\n%s\n```\n\n", h->signature.p);
    if (h->about.n) text_addf(out, "%s\n", h->about.p);
    if (h->facts.n) text_addf(out, "\n```\n%s```\n", h->facts.p);
    if (h->example.n) text_addf(out, "\n```awml\n%s\n```\n", h->example.p);
}

void help_as_plain(const struct help *h, struct text *out) {
    if (h->signature.n) text_addf(out, "%s\n\n", h->signature.p);
    if (h->about.n) text_addf(out, "%s\n", h->about.p);
    if (h->facts.n) text_addf(out, "\n%s", h->facts.p);
    if (h->example.n) text_addf(out, "\n%s\n", h->example.p);
}

static void add_escaped(struct text *out, struct str s) {
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '<') text_adds(out, "&lt;");
        else if (s.p[i] == '>') text_adds(out, "&gt;");
        else if (s.p[i] == '&') text_adds(out, "&amp;");
        else text_addc(out, s.p[i]);
    }
}

static void add_code(struct text *out, const struct text *code) {
    if (!code->n) return;
    text_adds(out, "<pre><code>");
    add_escaped(out, text_str(code));
    text_adds(out, "</code></pre>\n");
}

/* Paragraphs with `code` in them; that is all the Markdown that help texts use. */
static void add_paragraphs(struct text *out, struct str s) {
    bool code = false;
    if (!s.n) return;
    text_adds(out, "<p>");
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '`') {
            text_adds(out, code ? "</code>" : "<code>");
            code = !code;
        } else if (s.p[i] == '\n' && i + 1 < s.n && s.p[i + 1] == '\n') {
            text_adds(out, "</p>\n<p>");
            i++;
        } else {
            add_escaped(out, (struct str){s.p + i, 1});
        }
    }
    text_adds(out, code ? "</code></p>\n" : "</p>\n");
}

void help_as_html(const struct help *h, struct text *out) {
    add_code(out, &h->signature);
    add_paragraphs(out, text_str(&h->about));
    add_code(out, &h->facts);
    add_code(out, &h->example);
}

/* ---- at the cursor ---- */

/* .price in a verb on a table. */
static bool column_help(struct engine *en, struct str code, uint32_t offset, struct str name,
                        struct help *h) {
    uint32_t start = (uint32_t)(name.p - code.p);
    struct cursor_context c = parse_cursor(code, start);
    struct value t =
        describe_at(en, (struct str){code.p, statement_start(code, offset)}, c.object_text);
    int i = t.kind == V_TABLE || t.kind == V_TABLE_DESC ? table_find(t.table, name) : -1;
    if (i >= 0 && t.kind == V_TABLE) {
        text_addf(&h->about, "A column of %lld rows.", (long long)t.table->n_rows);
        add_column(t.table, &t.table->columns[i], h);
    } else if (i >= 0) {
        text_addf(&h->about, "A column: %s.", column_words(&t.table->columns[i]));
    }
    value_unref(t);
    return i >= 0;
}

static bool in_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9') ||
           (unsigned char)c >= 0x80;
}

/* The chain of names around the offset, up to the end of the name it stands in. */
static struct str name_at(struct str code, uint32_t offset) {
    size_t a = offset < code.n ? offset : code.n, b = a;
    while (b < code.n && in_name(code.p[b])) b++;
    while (a > 0 &&
           (in_name(code.p[a - 1]) || (code.p[a - 1] == '.' && a > 1 && in_name(code.p[a - 2]))))
        a--;
    return (struct str){code.p + a, b - a};
}

bool engine_inspect(struct engine *en, struct str code, uint32_t offset, int detail,
                    struct help_page *page) {
    while (offset > 0 && offset <= code.n && code.p[offset - 1] == '?') offset--; /* Dense? */
    struct str name = name_at(code, offset);
    struct cursor_context c = parse_cursor(code, offset);
    struct help h = {0};
    (void)detail;
    if (name.n == 0) name = c.callee; /* after an opening bracket: the function being called */
    if (name.n == 0) return false;
    size_t end = (size_t)(name.p + name.n - code.p);
    while (name.n && end < code.n && code.p[end] == ' ') end++;
    bool argument = c.callee.n && end < code.n && code.p[end] == '=' &&
                    (end + 1 == code.n || code.p[end + 1] != '=');
    bool statement = end < code.n && code.p[end - 1] == ' ' && in_name(code.p[end]);
    bool column = name.n && name.p > code.p && name.p[-1] == '.';
    bool magic = name.n && name.p > code.p && name.p[-1] == '%' &&
                 (name.p - 1 == code.p || strchr("\n%", name.p[-2]));
    bool found = (magic && magic_help_of(name, &h)) ||
                 (c.kind == CURSOR_SETTING && setting_help(name, settings_of(c.block), &h)) ||
                 (column && column_help(en, code, offset, name, &h)) ||
                 (statement && word_help_of(name, &h)) ||
                 (argument && help_find(en, c.callee, &h)) || help_find(en, name, &h);
    if (found) {
        help_as_markdown(&h, &page->markdown);
        help_as_plain(&h, &page->plain);
        help_as_html(&h, &page->html);
    }
    help_clear(&h);
    return found;
}
