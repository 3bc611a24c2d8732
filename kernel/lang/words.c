/* The words of the language as JSON. */
#include "words.h"
#include "engine_parts.h"
#include "lang/eval/builtin.h"
#include "lang/eval/eval_parts.h"
#include "lang/eval/settings.h"
#include "lang/syntax/lex.h"
#include <string.h>

static const struct {
    const char *word, *place;
} statements[] = {
#define STATEMENT(word, place) {#word, #place},
#include "lang/syntax/statements.list"
#undef STATEMENT
};

static const char *const places[][2] = {{"CELL", "cell"},     {"HEADER", "header"},
                                        {"MODEL", "model"},   {"TRAIN", "train"},
                                        {"SEARCH", "search"}, {"STEP", "step"}};

/* A member of an object, up to where its value starts. */
static void add_key(const char *key, struct text *out) {
    char before = out->n ? out->p[out->n - 1] : '{';
    text_addf(out, "%s\"%s\": ", before == '{' ? "" : ",\n", key);
}

/* A word of a list; the words of the tables are names and need no escapes. */
static void add_word(struct str word, struct text *out) {
    text_adds(out, out->p[out->n - 1] == '[' ? "\"" : ", \"");
    text_add(out, word);
    text_addc(out, '"');
}

static void add_tokens(bool values, bool refused, struct text *out) {
    text_addc(out, '[');
    for (enum token_kind kind = 0; kind < TOK_N_KINDS; kind++) {
        if (!token_is_word(kind) || (token_instead(kind) != NULL) != refused) continue;
        struct str word = str_of(token_spelling(kind));
        bool value = word.p[0] >= 'A' && word.p[0] <= 'Z';
        if (value == values) add_word(word, out);
    }
    text_addc(out, ']');
}

static void add_statements(struct text *out) {
    text_addc(out, '{');
    for (size_t k = 0; k < ARRAY_LEN(places); k++) {
        add_key(places[k][1], out);
        text_addc(out, '[');
        for (size_t i = 0; i < ARRAY_LEN(statements); i++)
            if (strcmp(statements[i].place, places[k][0]) == 0)
                add_word(str_of(statements[i].word), out);
        text_addc(out, ']');
    }
    text_addc(out, '}');
}

static void add_settings(struct text *out) {
    const struct setting_table *tables[] = {&train_settings, &search_settings, &plot_settings};
    text_addc(out, '{');
    for (size_t k = 0; k < ARRAY_LEN(tables); k++) {
        add_key(tables[k]->block, out);
        text_addc(out, '[');
        for (int i = 0; i < tables[k]->n; i++) add_word(str_of(tables[k]->rows[i].name), out);
        text_addc(out, ']');
    }
    text_addc(out, '}');
}

/* Aliases are words with a space between them. */
static void add_all_words(const char *words, struct text *out) {
    while (*words) {
        size_t n = strcspn(words, " ");
        if (n) add_word((struct str){words, n}, out);
        words += n + (words[n] == ' ');
    }
}

static void add_builtins(bool layers, struct text *out) {
    text_addc(out, '[');
    for (int i = 0; i < builtin_count(); i++) {
        const struct builtin *b = builtin_at(i);
        if ((b->config && b->config->group == CONFIG_LAYER) != layers) continue;
        add_word(str_of(b->name), out);
        if (b->config) add_all_words(b->config->aliases, out);
    }
    text_addc(out, ']');
}

static void add_constants(struct text *out) {
    text_addc(out, '[');
    for (int i = 0; constant_name(i); i++) add_word(str_of(constant_name(i)), out);
    text_addc(out, ']');
}

static void add_units(struct text *out) {
    static const char *const words[] = {
#define UNIT(one, several) #one, #several,
#include "lang/syntax/units.list"
#undef UNIT
    };
    text_addc(out, '[');
    for (size_t i = 0; i < ARRAY_LEN(words); i++) add_word(str_of(words[i]), out);
    text_addc(out, ']');
}

static void add_magics(struct text *out) {
    text_addc(out, '[');
    for (int i = 0; i < magic_n_rows; i++) add_word(str_of(magic_rows[i].name), out);
    text_addc(out, ']');
}

bool words_json(struct text *out) {
    text_addc(out, '{');
    add_key("reserved", out), add_tokens(false, false, out);
    add_key("values", out), add_tokens(true, false, out);
    add_key("refused", out), add_tokens(false, true, out);
    add_key("statements", out), add_statements(out);
    add_key("settings", out), add_settings(out);
    add_key("layers", out), add_builtins(true, out);
    add_key("functions", out), add_builtins(false, out);
    add_key("constants", out), add_constants(out);
    add_key("units", out), add_units(out);
    add_key("magics", out), add_magics(out);
    return text_adds(out, "}\n");
}
