/* The lexer's main loop: layout, names, signs. Numbers are in lex_number.c, texts in lex_text.c. */
#include "lex.h"
#include "base/pool.h"
#include <string.h>

#define PLAIN(kind, spelling_) [TOK_##kind] = {spelling_, NULL, NULL, false},
#define KEYWORD(kind, spelling_) [TOK_##kind] = {spelling_, spelling_, NULL, true},
#define REFUSED(kind, spelling_, instead_) [TOK_##kind] = {spelling_, spelling_, instead_, true},
#define SIGN(kind, spelling_) [TOK_##kind] = {spelling_, spelling_, NULL, false},
static const struct {
    const char *words, *spelling, *instead;
    bool is_word;
} kinds[TOK_N_KINDS] = {
#include "tokens.list"
};
#undef PLAIN
#undef KEYWORD
#undef REFUSED
#undef SIGN

const char *token_words(enum token_kind kind) {
    return kinds[kind].words;
}

const char *token_spelling(enum token_kind kind) {
    return kinds[kind].spelling;
}

const char *token_instead(enum token_kind kind) {
    return kinds[kind].instead;
}

bool token_is_word(enum token_kind kind) {
    return kinds[kind].is_word;
}

bool lex_push(struct lexer *lx, enum token_kind kind, uint32_t start, uint32_t end) {
    if (lx->n == lx->cap) {
        int32_t cap = lx->cap ? lx->cap * 2 : 64;
        struct token *grown = pool_realloc(lx->tokens, (size_t)cap * sizeof *grown);
        if (!grown) {
            lx->failure = (struct syntax_failure){.id = SYN_MEMORY};
            lx->done = true;
            return true;
        }
        lx->tokens = grown;
        lx->cap = cap;
    }
    lx->tokens[lx->n++] = (struct token){kind, start, end};
    lx->line_has_tokens = true;
    return true;
}

bool lex_fail(struct lexer *lx, enum syntax_id id, uint32_t start, uint32_t end) {
    lx->failure = (struct syntax_failure){.id = id, .start = start, .end = end};
    lex_push(lx, TOK_ERROR, start, end);
    lx->done = true;
    return true;
}

bool lex_fail_with(struct lexer *lx, enum syntax_id id, uint32_t start, uint32_t end,
                   const char *arg) {
    lex_fail(lx, id, start, end);
    if (lx->failure.id != id) return true;
    lx->failure.args[0] = str_of(arg ? arg : "");
    lx->failure.n_args = 1;
    return true;
}

static char byte_at(const struct lexer *lx, uint32_t at) {
    return at < lx->end ? lx->text.p[at] : 0;
}

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static uint32_t skip_spaces(const struct lexer *lx, uint32_t at) {
    while (is_space(byte_at(lx, at))) at++;
    return at;
}

static uint32_t line_end(const struct lexer *lx, uint32_t at) {
    const char *stop = memchr(lx->text.p + at, '\n', lx->end - at);
    return stop ? (uint32_t)(stop - lx->text.p) : lx->end;
}

/* Is the line that starts at `at` blank, or only a comment? */
static bool is_empty_line(const struct lexer *lx, uint32_t at) {
    char c = byte_at(lx, skip_spaces(lx, at));
    return c == '\n' || c == '#' || c == 0;
}

/* Does the next line with something on it start with a dot and a letter? Then it continues. */
static bool chain_follows(const struct lexer *lx, uint32_t at) {
    while (at < lx->end && is_empty_line(lx, at)) {
        at = line_end(lx, at);
        if (at < lx->end) at++;
    }
    at = skip_spaces(lx, at);
    return byte_at(lx, at) == '.' && at + 1 < lx->end &&
           name_length(lx->text.p + at + 1, lx->end - at - 1) > 0;
}

/* Behind %time stands a line like any other, with tokens of its own. */
static bool is_timed_line(const struct lexer *lx, uint32_t start, uint32_t stop) {
    struct str line = {lx->text.p + start, stop - start};
    return str_starts(line, "%time") && line.n > 5 && is_space(line.p[5]);
}

/* Lines such as %time, ?name, name? and !command, which start in the first column. */
static bool magic_line(struct lexer *lx) {
    uint32_t start = lx->at, stop = line_end(lx, start), at = start;
    char c = byte_at(lx, start);
    bool is_magic = c == '%' || c == '!' || c == '?';
    while (!is_magic && at < stop) {
        uint32_t k = name_length(lx->text.p + at, stop - at);
        at += k;
        if (k == 0 || byte_at(lx, at) != '.') break;
        at++;
    }
    if (!is_magic && at > start && byte_at(lx, at) == '?') {
        while (byte_at(lx, at) == '?') at++;
        at = skip_spaces(lx, at);
        is_magic = at == stop || byte_at(lx, at) == '#';
    }
    if (!is_magic) return false;
    while (stop > start && is_space(lx->text.p[stop - 1])) stop--;
    if (is_timed_line(lx, start, stop)) stop = start + 5;
    lex_push(lx, TOK_MAGIC, start, stop);
    lx->at = stop;
    return true;
}

static bool tab_in_indentation(struct lexer *lx, uint32_t line, uint32_t tab) {
    struct text repaired = {0};
    uint32_t at = line, stop = line_end(lx, line);
    for (; at < stop && is_space(lx->text.p[at]); at++) {
        text_adds(&repaired, lx->text.p[at] == '\t' ? "    " : " ");
    }
    if (stop - at > 80) stop = at + 80;
    text_add(&repaired, (struct str){lx->text.p + at, stop - at});
    const char *copy = arena_strdup(lx->arena, text_str(&repaired));
    text_clear(&repaired);
    uint32_t tab_end = tab;
    while (byte_at(lx, tab_end) == '\t') tab_end++;
    return lex_fail_with(lx, SYN_TAB, tab, tab_end, copy);
}

/* Close blocks down to `width` spaces. */
static void dedent(struct lexer *lx, uint32_t width) {
    while (lx->indents[lx->n_indents] > width) {
        lx->n_indents--;
        lex_push(lx, TOK_DEDENT, lx->at, lx->at);
    }
}

static bool wrong_dedent(struct lexer *lx, uint32_t line) {
    struct text depths = {0};
    for (int32_t i = 0; i <= lx->n_indents && i < 8; i++) {
        text_addf(&depths, i ? i == lx->n_indents ? " or %u" : ", %u" : "%u", lx->indents[i]);
    }
    const char *copy = arena_strdup(lx->arena, text_str(&depths));
    text_clear(&depths);
    return lex_fail_with(lx, SYN_WRONG_DEDENT, line, lx->at, copy);
}

/* At the start of a logical line that is not empty: compare its indentation with the blocks. */
static bool indentation(struct lexer *lx) {
    uint32_t line = lx->at, at = line;
    while (is_space(byte_at(lx, at))) {
        if (byte_at(lx, at) == '\t') return tab_in_indentation(lx, line, at);
        at++;
    }
    uint32_t width = at - line, now = lx->indents[lx->n_indents];
    if (width > now) {
        if (lx->n_indents + 1 == LEX_MAX_INDENTS) { return lex_fail(lx, SYN_TOO_DEEP, line, at); }
        lx->indents[++lx->n_indents] = width;
        lex_push(lx, TOK_INDENT, line, at);
    }
    lx->at = at;
    if (width < now) {
        bool known = false;
        for (int32_t i = 0; i < lx->n_indents; i++) known |= lx->indents[i] == width;
        if (!known) return wrong_dedent(lx, line);
        dedent(lx, width);
    }
    lx->line_has_tokens = true;
    return width == 0 && magic_line(lx);
}

/* Between logical lines: step over empty lines, then look at the indentation. */
static bool line_start(struct lexer *lx) {
    while (lx->at < lx->end && is_empty_line(lx, lx->at)) {
        uint32_t stop = line_end(lx, lx->at);
        lx->at = stop < lx->end ? stop + 1 : stop;
    }
    return lx->at == lx->end || indentation(lx);
}

static bool newline(struct lexer *lx) {
    uint32_t at = lx->at++;
    if (lx->n_brackets > 0 || lx->mode == LEX_FIELD) return true;
    bool is_magic = lx->n > 0 && lx->tokens[lx->n - 1].kind == TOK_MAGIC;
    if (!is_magic && chain_follows(lx, lx->at)) return true;
    lex_push(lx, TOK_NEWLINE, at, at);
    lx->line_has_tokens = false;
    return true;
}

static bool word(struct lexer *lx) {
    uint32_t n = name_length(lx->text.p + lx->at, lx->end - lx->at);
    if (n == 0) return false;
    struct str s = {lx->text.p + lx->at, n};
    enum token_kind kind = TOK_NAME;
    for (int k = TOK_DEF; k <= TOK_MATCH && n <= 8; k++) {
        const char *spelling = kinds[k].spelling;
        if (spelling[0] == s.p[0] && str_is(s, spelling)) kind = (enum token_kind)k;
    }
    lex_push(lx, kind, lx->at, lx->at + n);
    lx->at += n;
    return true;
}

static bool open_bracket(struct lexer *lx, enum token_kind kind) {
    if (lx->n_brackets == LEX_MAX_BRACKETS) {
        return lex_fail(lx, SYN_TOO_DEEP, lx->at, lx->at + 1);
    }
    lx->brackets[lx->n_brackets++] = lx->n;
    return lex_push(lx, kind, lx->at, lx->at + 1);
}

static bool close_bracket(struct lexer *lx, enum token_kind kind) {
    uint32_t at = lx->at;
    if (lx->n_brackets == 0) return lex_fail(lx, SYN_UNOPENED, at, at + 1);
    struct token open = lx->tokens[lx->brackets[lx->n_brackets - 1]];
    if (kind != open.kind + 1) {
        lex_fail(lx, SYN_WRONG_BRACKET, at, at + 1);
        lx->failure.args[0] = str_of(kinds[open.kind].spelling);
        lx->failure.args[1] = str_of(kinds[open.kind + 1].spelling);
        lx->failure.args[2] = str_of(kinds[kind].spelling);
        lx->failure.n_args = 3;
        lx->failure.note_start = open.start;
        lx->failure.note_end = open.end;
        lx->failure.note = "is still open here";
        return true;
    }
    lx->n_brackets--;
    return lex_push(lx, kind, at, at + 1);
}

/* Signs of other languages, each with the message that belongs to it. Longest first: ORDER. */
static const struct {
    const char *spelling;
    enum syntax_id id;
    const char *arg;
} foreign_signs[] = {
    {"===", SYN_FOREIGN_SIGN, "a == b"},
    {"!==", SYN_FOREIGN_SIGN, "a != b"},
    {"<=>", SYN_FOREIGN_SIGN, "a < b, a == b or a > b"},
    {"&&", SYN_FOREIGN_SIGN, "a and b"},
    {"||", SYN_FOREIGN_SIGN, "a or b"},
    {":=", SYN_WALRUS, NULL},
    {"<>", SYN_FOREIGN_SIGN, "a != b"},
    {"=>", SYN_ARROW_SIGN, NULL},
    {"=<", SYN_FOREIGN_SIGN, "a <= b"},
    {"<<", SYN_FOREIGN_SIGN, "a * 2 ** b"},
    {">>", SYN_FOREIGN_SIGN, "a // 2 ** b"},
    {"^", SYN_POWER_SIGN, NULL},
    {"\\", SYN_BACKSLASH, NULL},
};

static bool foreign_sign(struct lexer *lx) {
    struct str rest = {lx->text.p + lx->at, lx->end - lx->at};
    for (size_t i = 0; i < ARRAY_LEN(foreign_signs); i++) {
        const char *spelling = foreign_signs[i].spelling;
        if (spelling[0] != rest.p[0] || !str_starts(rest, spelling)) continue;
        uint32_t n = (uint32_t)strlen(spelling);
        lex_fail_with(lx, foreign_signs[i].id, lx->at, lx->at + n, foreign_signs[i].arg);
        if (foreign_signs[i].id == SYN_FOREIGN_SIGN && lx->failure.id == SYN_FOREIGN_SIGN) {
            lx->failure.args[1] = str_of(spelling);
            lx->failure.n_args = 2;
        }
        return true;
    }
    return false;
}

/* In an f-string's field, these end the expression when they stand outside brackets. */
static bool field_ends(const struct lexer *lx) {
    if (lx->mode != LEX_FIELD || lx->n_brackets > 0) return false;
    char c = byte_at(lx, lx->at), next = byte_at(lx, lx->at + 1);
    if (c == '}' || c == ':') return true;
    return (c == '!' || c == '=') && next != '=';
}

static bool sign(struct lexer *lx) {
    struct str rest = {lx->text.p + lx->at, lx->end - lx->at};
    if (foreign_sign(lx)) return true;
    for (int k = TOK_ELLIPSIS; k < TOK_N_KINDS; k++) {
        const char *spelling = kinds[k].spelling;
        if (spelling[0] != rest.p[0] || !str_starts(rest, spelling)) continue;
        enum token_kind kind = (enum token_kind)k;
        if (kind == TOK_LPAREN || kind == TOK_LBRACKET || kind == TOK_LBRACE) {
            return open_bracket(lx, kind);
        }
        if (kind >= TOK_LPAREN) return close_bracket(lx, kind);
        uint32_t start = lx->at;
        lx->at += (uint32_t)strlen(spelling);
        return lex_push(lx, kind, start, lx->at);
    }
    return false;
}

static bool is_quote(int32_t c) {
    return (c >= 0x2018 && c <= 0x201f) || c == 0xab || c == 0xbb || c == 0x201a;
}

/* Signs of word processors and mathematics, and how they are written here. */
static const char *typed_as(int32_t c) {
    static const struct {
        int32_t c;
        const char *typed;
    } signs[] = {{0x2212, "-"},  {0x2010, "-"},  {0x2013, "-"},   {0x2014, "-"},  {0xd7, "*"},
                 {0xb7, "*"},    {0x22c5, "*"},  {0xf7, "/"},     {0x2264, "<="}, {0x2265, ">="},
                 {0x2260, "!="}, {0x2192, "->"}, {0x2026, "..."}, {0xff1d, "="},  {0xff08, "("},
                 {0xff09, ")"},  {0xff0c, ","},  {0xff1a, ":"}};
    for (size_t i = 0; i < ARRAY_LEN(signs); i++)
        if (signs[i].c == c) return signs[i].typed;
    return NULL;
}

/* A character that the language does not use. */
static bool stray(struct lexer *lx) {
    uint32_t k;
    int32_t c = utf8_at(lx->text.p + lx->at, lx->end - lx->at, &k);
    const char *copy = arena_strdup(lx->arena, (struct str){lx->text.p + lx->at, k});
    const char *code = arena_printf(lx->arena, "U+%04X", (unsigned)c);
    enum syntax_id id = SYN_STRAY;
    if (c == '!') id = SYN_BANG;
    if (c == '?') id = SYN_QUESTION;
    if (is_quote(c)) id = SYN_SMART_QUOTE;
    if (typed_as(c)) return lex_fail_with(lx, SYN_LOOKALIKE, lx->at, lx->at + k, typed_as(c));
    if (c < ' ' || c == 0x7f || (c >= 0x80 && c <= 0xa0) || (c >= 0x2000 && c <= 0x200f) ||
        c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x2060 || c == 0x3000 || c == 0xfeff) {
        id = SYN_INVISIBLE;
    }
    return lex_fail_with(lx, id, lx->at, lx->at + k, id == SYN_INVISIBLE ? code : copy);
}

/* One step; each of the tried parts says whether it has dealt with what stands at `at`. */
static void step(struct lexer *lx) {
    if (!lx->line_has_tokens && lx->mode == LEX_CELL && lx->n_brackets == 0) {
        line_start(lx);
        return;
    }
    char c = byte_at(lx, lx->at);
    if (field_ends(lx)) {
        lx->done = true;
    } else if (is_space(c)) {
        lx->at = skip_spaces(lx, lx->at);
    } else if (c == '#' && lx->mode == LEX_CELL) {
        lx->at = line_end(lx, lx->at);
    } else if (c == '\n') {
        newline(lx);
    } else if (lex_number(lx) || (lex_text_starts(lx) && lex_text(lx)) || word(lx)) {
        return;
    } else if (!sign(lx)) {
        stray(lx);
    } else if (!lx->done && lx->n > 0 && lx->at < lx->tokens[lx->n - 1].end) {
        lx->at = lx->tokens[lx->n - 1].end; /* brackets are pushed where they stand */
    }
}

bool lex(struct lexer *lx, struct str text, uint32_t start, uint32_t end, enum lex_mode mode,
         struct arena *arena) {
    lx->text = text;
    lx->at = start;
    lx->end = end;
    lx->mode = mode;
    lx->arena = arena;
    lx->tokens = NULL;
    lx->n = lx->cap = lx->n_brackets = lx->n_indents = 0;
    lx->indents[0] = 0;
    lx->done = false;
    lx->line_has_tokens = mode == LEX_FIELD;
    lx->failure = (struct syntax_failure){0};
    if (mode == LEX_CELL && str_starts(text, "\xef\xbb\xbf")) lx->at += 3;
    while (!lx->done && lx->at < lx->end) step(lx);
    bool failed = lx->failure.id != SYN_NONE;
    if (mode == LEX_CELL && !failed) {
        if (lx->line_has_tokens) lex_push(lx, TOK_NEWLINE, end, end);
        dedent(lx, 0);
    }
    uint32_t stop = mode == LEX_FIELD || failed ? lx->at : end;
    lex_push(lx, TOK_END, stop, stop);
    if (lx->failure.id != SYN_MEMORY) return true;
    return lex_clear(lx), false;
}

void lex_clear(struct lexer *lx) {
    pool_free(lx->tokens);
    lx->tokens = NULL;
    lx->n = lx->cap = 0;
}
