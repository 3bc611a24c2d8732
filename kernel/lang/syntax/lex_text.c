/* Where texts end: "…", '…', triple quotes, f"…" with nested expressions. What is in them is read
 * by parse_text.c. */
#include "lex.h"
#include <string.h>

/* Fields of an f-string may hold quotes of the same kind, if the field's text is short. */
enum { FIELD_SCAN = 4096, FIELD_DEPTH = 8 };

struct quote {
    char mark;      /* " or ' */
    uint32_t width; /* 1 or 3 */
    bool is_f, is_raw;
};

/* Does a closing quote stand at `at`? */
static bool closes(const struct lexer *lx, uint32_t at, struct quote q) {
    for (uint32_t i = 0; i < q.width; i++) {
        if (at + i >= lx->end || lx->text.p[at + i] != q.mark) return false;
    }
    return true;
}

/* The prefix and opening quote at `at`; returns the number of bytes, 0 if no text starts here. */
static uint32_t opening(const struct lexer *lx, uint32_t at, struct quote *q) {
    uint32_t prefix = name_length(lx->text.p + at, lx->end - at);
    if (prefix > 2 || at + prefix >= lx->end) return 0;
    char mark = lx->text.p[at + prefix];
    if (mark != '"' && mark != '\'') return 0;
    *q = (struct quote){.mark = mark, .width = 3};
    for (uint32_t i = 0; i < prefix; i++) {
        if (!strchr("fFrRbBuUtT", lx->text.p[at + i])) return 0;
        q->is_f |= lx->text.p[at + i] == 'f' || lx->text.p[at + i] == 'F';
        q->is_raw |= lx->text.p[at + i] == 'r' || lx->text.p[at + i] == 'R';
    }
    if (!closes(lx, at + prefix, *q)) q->width = 1;
    return prefix + q->width;
}

/* From the first byte inside to the byte after the closing quote; 0 when it never closes. */
static uint32_t plain_end(const struct lexer *lx, uint32_t at, struct quote q) {
    for (; at < lx->end; at++) {
        char c = lx->text.p[at];
        if (closes(lx, at, q)) return at + q.width;
        if (c == '\n' && q.width == 1) return 0;
        if (c == '\\') {
            at++;
            if (at + 1 < lx->end && lx->text.p[at] == '\r' && lx->text.p[at + 1] == '\n') at++;
        }
    }
    return 0;
}

static uint32_t f_end(const struct lexer *lx, uint32_t at, struct quote q, int depth,
                      uint32_t limit);

/* From the byte after { to the byte after its }; 0 when that cannot be found. */
static uint32_t field_end(const struct lexer *lx, uint32_t at, struct quote q, int depth,
                          uint32_t limit) {
    int open = 0;
    while (at < lx->end && at < limit) {
        char c = lx->text.p[at];
        struct quote inner;
        if ((q.width == 3 && closes(lx, at, q)) || (c == '\n' && q.width == 1)) return 0;
        uint32_t n = name_length(lx->text.p + at, lx->end - at);
        uint32_t start = n <= 2 ? opening(lx, at, &inner) : 0;
        if (start) {
            if (depth == FIELD_DEPTH) return 0;
            at = inner.is_f ? f_end(lx, at + start, inner, depth + 1, limit)
                            : plain_end(lx, at + start, inner);
            if (at == 0 || (at > limit)) return 0;
            continue;
        }
        if (c == '{' || c == '[' || c == '(') open++;
        if (c == ']' || c == ')') open--;
        if (c == '}' && open-- == 0) return at + 1;
        at += n ? n : 1;
    }
    return 0;
}

static uint32_t f_end(const struct lexer *lx, uint32_t at, struct quote q, int depth,
                      uint32_t limit) {
    while (at < lx->end && at < limit) {
        char c = lx->text.p[at];
        if (closes(lx, at, q)) return at + q.width;
        if (c == '\n' && q.width == 1) return 0;
        if (c == '\\' && !q.is_raw) {
            at += 2;
        } else if (c == '{' && at + 1 < lx->end && lx->text.p[at + 1] == '{') {
            at += 2;
        } else if (c == '{') {
            at = field_end(lx, at + 1, q, depth, limit);
            if (at == 0) return 0;
        } else {
            at++;
        }
    }
    return 0;
}

bool lex_text_starts(const struct lexer *lx) {
    struct quote q;
    char c = lx->text.p[lx->at];
    if (c != '"' && c != '\'' && !(c >= 'A' && c <= 'z')) return false;
    return opening(lx, lx->at, &q) > 0;
}

static bool is_known_prefix(struct str prefix) {
    return prefix.n == 0 || (prefix.n == 1 && strchr("fFrR", prefix.p[0]));
}

bool lex_text(struct lexer *lx) {
    struct quote q;
    uint32_t start = lx->at, inside = start + opening(lx, start, &q), stop = 0;
    struct str prefix = {lx->text.p + start, inside - q.width - start};
    if (!is_known_prefix(prefix)) {
        lex_fail(lx, SYN_TEXT_PREFIX, start, inside);
        lx->failure.args[0] = prefix;
        lx->failure.n_args = 1;
        return true;
    }
    if (q.is_f) stop = f_end(lx, inside, q, 0, inside + FIELD_SCAN);
    if (stop == 0) stop = plain_end(lx, inside, q);
    if (stop == 0) {
        lex_fail(lx, q.width == 3 ? SYN_UNCLOSED_TEXT3 : SYN_UNCLOSED_TEXT, start, inside);
        const char *mark = lx->text.p + inside - q.width;
        lx->failure.args[0] = (struct str){mark, q.width};
        lx->failure.n_args = 1;
        lx->failure.at_end = q.width == 3;
        return true;
    }
    lex_push(lx, q.is_f ? TOK_FTEXT : TOK_TEXT, start, stop);
    lx->at = stop;
    return true;
}
