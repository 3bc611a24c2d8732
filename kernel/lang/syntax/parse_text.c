/* What is in a text: escapes, and the expressions of f-strings, which are read by a lexer of their
 * own over the same bytes, so that their spans point into the cell. */
#include "parser.h"
#include <string.h>

struct literal {
    uint32_t start, end; /* between the quotes */
    uint32_t whole_start, whole_end;
    bool is_f, is_raw;
};

static struct literal open_literal(const struct parser *p, struct token t) {
    struct literal l = {.whole_start = t.start, .whole_end = t.end, .is_f = t.kind == TOK_FTEXT};
    uint32_t at = t.start;
    while (p->text.p[at] != '"' && p->text.p[at] != '\'') {
        l.is_raw |= p->text.p[at] == 'r' || p->text.p[at] == 'R';
        at++;
    }
    char mark = p->text.p[at];
    bool triple = t.end - at >= 6 && p->text.p[at + 1] == mark && p->text.p[at + 2] == mark;
    uint32_t width = triple ? 3 : 1;
    l.start = at + width;
    l.end = t.end - width;
    return l;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Append a code point as UTF-8. */
static void add_point(struct text *out, uint32_t c) {
    if (c < 0x80) {
        text_addc(out, (char)c);
    } else if (c < 0x800) {
        text_addc(out, (char)(0xc0 | (c >> 6)));
        text_addc(out, (char)(0x80 | (c & 63)));
    } else if (c < 0x10000) {
        text_addc(out, (char)(0xe0 | (c >> 12)));
        text_addc(out, (char)(0x80 | ((c >> 6) & 63)));
        text_addc(out, (char)(0x80 | (c & 63)));
    } else {
        text_addc(out, (char)(0xf0 | (c >> 18)));
        text_addc(out, (char)(0x80 | ((c >> 12) & 63)));
        text_addc(out, (char)(0x80 | ((c >> 6) & 63)));
        text_addc(out, (char)(0x80 | (c & 63)));
    }
}

/* \xhh, \uhhhh, \Uhhhhhhhh: `digits` hexadecimal digits at `at`. */
static bool hex_escape(struct parser *p, uint32_t at, uint32_t end, uint32_t digits,
                       struct text *out) {
    uint32_t c = 0;
    for (uint32_t i = 0; i < digits; i++) {
        int d = at + i < end ? hex_digit(p->text.p[at + i]) : -1;
        if (d < 0) return fail_between(p, SYN_ESCAPE_HEX, at - 2, at + i, excerpt(p, at - 2, at));
        c = c * 16 + (uint32_t)d;
    }
    if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) {
        return fail_between(p, SYN_ESCAPE_RANGE, at - 2, at + digits);
    }
    add_point(out, c);
    return true;
}

static bool octal_escape(struct parser *p, uint32_t *at, uint32_t end, struct text *out) {
    uint32_t c = 0, start = *at, n = 0;
    for (; n < 3 && *at < end && p->text.p[*at] >= '0' && p->text.p[*at] <= '7'; n++) {
        c = c * 8 + (uint32_t)(p->text.p[(*at)++] - '0');
    }
    if (c == 0) return fail_between(p, SYN_ESCAPE_RANGE, start - 1, *at);
    add_point(out, c);
    return true;
}

/* One escape; `at` is at the byte after the backslash and moves behind the escape. */
static bool escape(struct parser *p, uint32_t *at, uint32_t end, struct text *out) {
    static const char letters[] = "nrtabfv\\'\"", meanings[] = "\n\r\t\a\b\f\v\\'\"";
    char c = *at < end ? p->text.p[*at] : 0;
    const char *known = c ? strchr(letters, c) : NULL;
    if (known) {
        ++*at;
        return text_addc(out, meanings[known - letters]), true;
    }
    if (c == '\r' && *at + 1 < end && p->text.p[*at + 1] == '\n') ++*at, c = '\n';
    if (c == '\n') return ++*at, true; /* the line goes on */
    if (c >= '0' && c <= '7') return octal_escape(p, at, end, out);
    uint32_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (digits) {
        TRY(hex_escape(p, *at + 1, end, digits, out));
        *at += 1 + digits;
        return true;
    }
    uint32_t k, start = *at - 1;
    utf8_at(p->text.p + *at, end - *at, &k);
    return fail_between(p, SYN_ESCAPE_UNKNOWN, start, *at < end ? *at + k : end,
                        excerpt(p, start, *at < end ? *at + k : end));
}

static struct ast *piece(struct parser *p, struct text *bytes, uint32_t start, uint32_t end) {
    struct ast *n = node_new(p, AST_TEXT, start);
    char *copy = arena_strdup(p->arena, text_str(bytes));
    bool whole = !bytes->failed && copy;
    if (n && whole) n->text = (struct str){copy, bytes->n};
    text_clear(bytes);
    if (!whole) return fail_memory(p);
    return n ? node_end_at(p, n, end) : NULL;
}

/* Characters up to `end`, or in an f-string up to the next field. Doubled braces are single ones.
 */
static bool characters(struct parser *p, const struct literal *l, uint32_t *at, struct text *out) {
    while (*at < l->end) {
        char c = p->text.p[*at], next = *at + 1 < l->end ? p->text.p[*at + 1] : 0;
        if (c == '\\' && !l->is_raw) {
            ++*at;
            TRY(escape(p, at, l->end, out));
        } else if (l->is_f && (c == '{' || c == '}')) {
            if (c == '{' && next != '{') return true;
            if (next != c) return fail_between(p, SYN_FIELD_UNOPENED, *at, *at + 1);
            text_addc(out, c);
            *at += 2;
        } else {
            if (c == '\r' && next == '\n') c = '\n', ++*at;
            text_addc(out, c);
            ++*at;
        }
    }
    return true;
}

/* What follows the expression of a field: =, !r, :spec and the brace. */
static bool field_rest(struct parser *p, const struct literal *l, struct ast *n, uint32_t *at,
                       uint32_t open) {
    const char *t = p->text.p;
    if (*at < l->end && t[*at] == '=') {
        n->shows_source = true;
        do ++*at;
        while (*at < l->end && t[*at] == ' ');
    }
    if (*at < l->end && t[*at] == '!') {
        bool is_repr = *at + 1 < l->end && (t[*at + 1] == 'r' || t[*at + 1] == 's');
        if (!is_repr) return fail_between(p, SYN_FIELD_CONVERSION, *at, *at + 1);
        n->is_repr = t[*at + 1] == 'r';
        *at += 2;
    }
    if (*at < l->end && t[*at] == ':') {
        uint32_t start = ++*at;
        while (*at < l->end && t[*at] != '}' && t[*at] != '{' && t[*at] != '\n') ++*at;
        if (*at < l->end && t[*at] == '{') return fail_between(p, SYN_FIELD_SPEC, *at, *at + 1);
        n->text = (struct str){t + start, *at - start};
    }
    if (*at >= l->end || t[*at] == '\n') return fail_between(p, SYN_FIELD_OPEN, open, open + 1);
    if (t[*at] != '}') return fail_between(p, SYN_FIELD_END, *at, *at + 1);
    ++*at;
    return true;
}

/* The expression of a field, by a lexer over its bytes; `at` moves to the byte that ended it. */
static struct ast *field_value(struct parser *p, const struct literal *l, uint32_t *at) {
    struct lexer *inner = arena_alloc(p->arena, sizeof *inner);
    if (!inner || !lex(inner, p->text, *at, l->end, LEX_FIELD, p->arena)) return fail_memory(p);
    const struct lexer *outer = p->lexer;
    int32_t outer_at = p->at;
    p->lexer = inner;
    p->at = 0;
    p->last_end = *at;
    struct ast *value = NULL;
    if (token_at(p, TOK_END)) {
        fail_between(p, SYN_FIELD_EMPTY, *at - 1, inner->at < l->end ? inner->at + 1 : l->end);
    } else {
        value = parse_expressions(p);
    }
    if (value && !token_at(p, TOK_END)) {
        fail_here(p, SYN_FIELD_JUNK, token_excerpt(p, token_now(p)));
    }
    *at = inner->at;
    p->lexer = outer;
    p->at = outer_at;
    lex_clear(inner);
    return p->failure.id == SYN_NONE ? value : NULL;
}

/* {expr=!r:spec}; `at` is at the brace and moves behind the field. */
static struct ast *field(struct parser *p, const struct literal *l, uint32_t *at) {
    uint32_t open = (*at)++;
    struct ast *n = node_new(p, AST_FIELD, open);
    if (!n) return NULL;
    const char *brace = memchr(p->text.p + *at, '}', l->end - *at);
    if (!brace) return fail_between(p, SYN_FIELD_OPEN, open, open + 1);
    n->a = field_value(p, l, at);
    if (!n->a || !field_rest(p, l, n, at, open)) return NULL;
    return node_end_at(p, n, *at);
}

/* The parts of one literal onto the stack. */
static bool parts(struct parser *p, const struct literal *l) {
    uint32_t at = l->start;
    do {
        struct text bytes = {0};
        uint32_t from = at;
        if (!characters(p, l, &at, &bytes)) return text_clear(&bytes), false;
        bool empty = bytes.n == 0 && l->is_f && l->start != l->end;
        if (empty) {
            text_clear(&bytes);
        } else {
            uint32_t start = l->is_f ? from : l->whole_start, end = l->is_f ? at : l->whole_end;
            TRY(child_push(p, piece(p, &bytes, start, end)));
        }
        if (at < l->end) TRY(child_push(p, field(p, l, &at)));
    } while (at < l->end);
    return true;
}

/* Plain texts side by side are one. */
static struct ast *joined(struct parser *p, int32_t mark, uint32_t start) {
    struct text bytes = {0};
    for (int32_t i = mark; i < p->n_stack; i++) text_add(&bytes, p->stack[i]->text);
    p->n_stack = mark;
    return piece(p, &bytes, start, p->last_end);
}

struct ast *parse_text(struct parser *p) {
    if (!enter(p)) return NULL;
    uint32_t start = token_now(p).start;
    int32_t mark = p->n_stack;
    bool is_f = false;
    do {
        struct token t = token_now(p);
        struct literal l = open_literal(p, t);
        is_f |= l.is_f;
        if (!parts(p, &l)) return leave(p, NULL);
        token_take(p);
        p->last_end = t.end;
    } while (token_at(p, TOK_TEXT) || token_at(p, TOK_FTEXT));
    if (!is_f && p->n_stack == mark + 1) return leave(p, p->stack[--p->n_stack]);
    if (!is_f) return leave(p, joined(p, mark, start));
    struct ast *n = node_new(p, AST_FTEXT, start);
    if (!n || !children_take(p, mark, &n->list, &n->n)) return leave(p, NULL);
    return leave(p, node_end(p, n));
}
