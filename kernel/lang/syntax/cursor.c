/* What stands around the cursor, for completion and help. Only the text before the cursor is read,
 * by the lexer alone, so half-written cells are no obstacle. */
#include "parser.h"
#include <string.h>

struct before {
    struct str text;
    uint32_t offset;
    struct arena *arena;
    const struct lexer *lx;
    int32_t last; /* token before the prefix; -1 if none */
};

static struct str piece(struct str text, uint32_t start, uint32_t end) {
    return (struct str){text.p + start, end - start};
}

static struct token token(const struct before *b, int32_t i) {
    return i >= 0 ? b->lx->tokens[i] : (struct token){.kind = TOK_NEWLINE};
}

static bool is_layout(enum token_kind kind) {
    return kind == TOK_NEWLINE || kind == TOK_INDENT || kind == TOK_DEDENT || kind == TOK_END;
}

static void replace(struct cursor_context *c, const struct before *b, uint32_t start) {
    c->start = start;
    c->end = b->offset;
    c->prefix = piece(b->text, start, b->offset);
}

/* Steps back over one bracketed part that ends at token `i`: the number of its opening bracket. */
static int32_t opener(const struct before *b, int32_t i) {
    int open = 0;
    for (; i >= 0; i--) {
        enum token_kind k = token(b, i).kind;
        open += k == TOK_RPAREN || k == TOK_RBRACKET || k == TOK_RBRACE;
        open -= k == TOK_LPAREN || k == TOK_LBRACKET || k == TOK_LBRACE;
        if (open == 0) break;
    }
    return i;
}

static bool ends_value(enum token_kind k) {
    return k == TOK_NAME || k == TOK_RPAREN || k == TOK_RBRACKET || k == TOK_RBRACE ||
           k == TOK_TEXT || k == TOK_FTEXT || k == TOK_NUMBER || k == TOK_PERCENT_NUMBER;
}

/* The chain that ends with token `i`, as text: the object before a dot. */
static struct str chain(const struct before *b, int32_t i) {
    if (i < 0 || !ends_value(token(b, i).kind)) return STR("");
    uint32_t end = token(b, i).end;
    for (;;) {
        enum token_kind k = token(b, i).kind;
        bool bracket = k == TOK_RPAREN || k == TOK_RBRACKET || k == TOK_RBRACE;
        int32_t start = bracket ? opener(b, i) : i;
        if (start < 0) return STR("");
        enum token_kind before = token(b, start - 1).kind;
        if (bracket && ends_value(before)) {
            i = start - 1; /* a call or an index: what stands before belongs to it */
        } else if (before == TOK_DOT && ends_value(token(b, start - 2).kind)) {
            i = start - 2;
        } else {
            if (before == TOK_DOT) start--; /* a column */
            return piece(b->text, token(b, start).start, end);
        }
    }
}

/* The innermost open bracket that is a call; -1 if none. */
static int32_t open_call(const struct before *b) {
    for (int32_t i = b->lx->n_brackets - 1; i >= 0; i--) {
        int32_t t = b->lx->brackets[i];
        if (token(b, t).kind == TOK_LPAREN && token(b, t - 1).kind == TOK_NAME) return t;
    }
    return -1;
}

static uint32_t line_start(struct str text, uint32_t at) {
    while (at > 0 && text.p[at - 1] != '\n') at--;
    return at;
}

static uint32_t skip_spaces(struct str text, uint32_t at) {
    while (at < text.n && (text.p[at] == ' ' || text.p[at] == '\t')) at++;
    return at;
}

/* The word of the block that the line at `at` opens: train, search, plot; or "". */
static struct str block_word(struct str text, uint32_t at) {
    for (;;) {
        at = skip_spaces(text, at);
        uint32_t n = name_length(text.p + at, text.n - at);
        struct str word = piece(text, at, at + n);
        if (str_is(word, "train") || str_is(word, "search") || str_is(word, "plot")) return word;
        at += n;
        while (at < text.n && text.p[at] != '=' && text.p[at] != '\n' && text.p[at] != '(') at++;
        if (at >= text.n || text.p[at] != '=') return STR("");
        at++;
    }
}

/* The block directly around a line that starts at `line` and is indented by `width`. */
static struct str block_around(struct str text, uint32_t line, uint32_t width) {
    while (width > 0 && line > 0) {
        line = line_start(text, line - 1);
        uint32_t first = skip_spaces(text, line);
        bool empty = first >= text.n || strchr("\n\r#", text.p[first]);
        if (!empty && first - line < width) return block_word(text, line);
    }
    return STR("");
}

/* What the call that opens at token `paren` has been given, up to the cursor. */
static void call_context(struct cursor_context *c, const struct before *b, int32_t paren) {
    struct token name = token(b, paren - 1);
    c->callee = piece(b->text, name.start, name.end);
    c->is_method = token(b, paren - 2).kind == TOK_DOT;
    const struct lexer *lx = b->lx;
    int32_t open = lx->n_brackets - 1; /* a list as an argument is still the call's */
    while (open >= 0 && token(b, lx->brackets[open]).kind == TOK_LBRACKET) open--;
    c->in_call = open >= 0 && lx->brackets[open] == paren;
    int depth = 0;
    bool begins = true, named = false;
    for (int32_t i = paren + 1; i <= b->last; i++) {
        enum token_kind k = token(b, i).kind;
        bool assigns = depth == 0 && begins && k == TOK_NAME && token(b, i + 1).kind == TOK_ASSIGN;
        if (assigns && i < b->last) {
            c->argument = piece(b->text, token(b, i).start, token(b, i).end);
            named = true;
            if (c->n_given < CURSOR_MOST_GIVEN) c->given[c->n_given++] = c->argument;
        }
        begins = false;
        depth += k == TOK_LPAREN || k == TOK_LBRACKET || k == TOK_LBRACE;
        depth -= k == TOK_RPAREN || k == TOK_RBRACKET || k == TOK_RBRACE;
        if (k != TOK_COMMA || depth != 0) continue;
        c->position += !named;
        c->argument = STR("");
        begins = true;
        named = false;
    }
}

/* Fills in what depends on the tokens before the prefix, which starts at `start`. */
static void name_context(struct cursor_context *c, struct before *b, uint32_t start) {
    replace(c, b, start);
    c->kind = CURSOR_NAME;
    int32_t call = open_call(b);
    if (call >= 0) call_context(c, b, call);
    enum token_kind last = token(b, b->last).kind;
    if (last == TOK_DOT) {
        c->kind = CURSOR_FIELD;
        c->object_text = chain(b, b->last - 1);
        bool is_column = c->object_text.n == 0 && call >= 2 && token(b, call - 2).kind == TOK_DOT;
        if (is_column) c->object_text = chain(b, call - 3);
        return;
    }
    bool innermost = call >= 0 && call == b->lx->brackets[b->lx->n_brackets - 1];
    if (innermost && (last == TOK_LPAREN || last == TOK_COMMA)) {
        c->kind = CURSOR_ARGUMENT;
        return;
    }
    uint32_t line = line_start(b->text, start), first = skip_spaces(b->text, line);
    if (b->lx->mode != LEX_CELL || b->lx->n_brackets > 0 || first < start) return;
    c->block = block_around(b->text, line, start - line);
    if (c->block.n) c->kind = CURSOR_SETTING;
}

/* The cursor in a text that is not closed: the value of axis=, or a path. */
static void text_context(struct cursor_context *c, struct before *b, struct syntax_failure f) {
    replace(c, b, f.end);
    c->kind = CURSOR_PATH;
    int32_t call = open_call(b);
    if (call >= 0) call_context(c, b, call);
    int32_t i = b->last;
    while (i > 0 && (token(b, i).kind == TOK_COMMA || token(b, i).kind == TOK_TEXT)) i--;
    if (i > 0 && token(b, i).kind == TOK_LBRACKET) i--;
    if (token(b, i).kind != TOK_ASSIGN || token(b, i - 1).kind != TOK_NAME) return;
    struct token name = token(b, i - 1);
    if (str_is(piece(b->text, name.start, name.end), "axis")) c->kind = CURSOR_AXIS;
}

static void context(struct cursor_context *c, struct before *b);

static bool is_comment(const struct before *b, uint32_t from) {
    const char *line = b->text.p + line_start(b->text, b->offset);
    const char *start = b->text.p + from > line ? b->text.p + from : line;
    return memchr(start, '#', (size_t)(b->text.p + b->offset - start)) != NULL;
}

/* The bytes from `from` on are an expression of their own. */
static void inner_context(struct cursor_context *c, const struct before *b, uint32_t from) {
    struct lexer *lx = arena_alloc(b->arena, sizeof *lx);
    if (!lx || !lex(lx, b->text, from, b->offset, LEX_FIELD, b->arena)) return;
    struct before inner = {.text = b->text, .offset = b->offset, .arena = b->arena, .lx = lx};
    if (lx->at == b->offset) context(c, &inner);
    lex_clear(lx);
}

/* An f-string's open field at the cursor is read like any expression. */
static bool field_context(struct cursor_context *c, const struct before *b, uint32_t start) {
    bool is_f = start < b->offset && (b->text.p[start] == 'f' || b->text.p[start] == 'F');
    uint32_t open = 0;
    for (uint32_t i = start; is_f && i < b->offset; i++) {
        if (b->text.p[i] == '{') open = i + 1;
        if (b->text.p[i] == '}') open = 0;
    }
    if (open) inner_context(c, b, open);
    return open > 0;
}

/* On a line such as %time expr, ?name: the command's name, or an expression after it. */
static void magic_context(struct cursor_context *c, struct before *b, struct token t) {
    uint32_t at = t.start;
    char sign = b->text.p[at];
    while (at < b->offset && b->text.p[at] == sign && (sign == '%' || sign == '?')) at++;
    uint32_t name = at + name_length(b->text.p + at, b->offset - at);
    if (sign == '%' && name == b->offset) {
        replace(c, b, at);
        c->kind = CURSOR_MAGIC;
    } else if (sign == '?' || sign == '%') {
        inner_context(c, b, sign == '?' ? at : name);
    }
}

static void context(struct cursor_context *c, struct before *b) {
    int32_t last = b->lx->n - 1;
    while (last >= 0 && is_layout(token(b, last).kind)) last--;
    struct token t = token(b, last);
    b->last = last;
    uint32_t end = last >= 0 ? t.end : 0;
    c->kind = CURSOR_NOTHING;
    c->start = c->end = b->offset;
    if (t.kind == TOK_ERROR) {
        return;
    } else if (last >= 0 && t.kind == TOK_MAGIC && line_start(b->text, b->offset) <= t.start) {
        magic_context(c, b, t);
    } else if (end < b->offset || last < 0) {
        if (!is_comment(b, end)) name_context(c, b, b->offset);
    } else if (t.kind == TOK_NAME || token_is_word(t.kind)) {
        b->last--;
        name_context(c, b, t.start);
    } else if (t.kind >= TOK_ELLIPSIS) {
        name_context(c, b, b->offset);
    }
}

struct cursor_context parse_cursor(struct str text, uint32_t offset) {
    if (offset > text.n) offset = (uint32_t)text.n;
    while (offset > 0 && offset < text.n && ((unsigned char)text.p[offset] & 0xc0) == 0x80)
        offset--;
    struct cursor_context c = {.kind = CURSOR_NOTHING, .start = offset, .end = offset};
    c.prefix = c.object_text = c.callee = c.block = c.argument = STR("");
    struct arena *arena = arena_new(((size_t)offset + 1024) * 64);
    struct lexer *lx = arena ? arena_alloc(arena, sizeof *lx) : NULL;
    if (lx && lex(lx, text, 0, offset, LEX_CELL, arena)) {
        struct before b = {.text = text, .offset = offset, .arena = arena, .lx = lx};
        enum syntax_id id = lx->failure.id;
        if (id == SYN_UNCLOSED_TEXT || id == SYN_UNCLOSED_TEXT3) {
            b.last = lx->n - 3; /* before ERROR and END */
            bool same_line = id == SYN_UNCLOSED_TEXT3 ||
                             !memchr(text.p + lx->failure.start, '\n', offset - lx->failure.start);
            if (same_line && !field_context(&c, &b, lx->failure.start)) {
                text_context(&c, &b, lx->failure);
            }
        } else {
            context(&c, &b);
        }
        lex_clear(lx);
    }
    arena_free(arena);
    return c;
}
