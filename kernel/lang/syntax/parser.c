/* The parser's state: tokens, failures, nodes. */
#include "parser.h"
#include "base/intern.h"
#include "base/pool.h"
#include <string.h>
#include <utf8proc.h>

bool token_named(const struct parser *p, int k, const char *name) {
    struct token t = token_ahead(p, k);
    return t.kind == TOK_NAME && str_is(token_text(p, t), name);
}

bool token_starts_value(enum token_kind kind) {
    switch (kind) {
    case TOK_NAME:
    case TOK_NUMBER:
    case TOK_PERCENT_NUMBER:
    case TOK_SIZE:
    case TOK_TEXT:
    case TOK_FTEXT:
    case TOK_TRUE:
    case TOK_FALSE:
    case TOK_NONE:
    case TOK_NOT:
    case TOK_LAMBDA:
    case TOK_LPAREN:
    case TOK_LBRACKET:
    case TOK_LBRACE: return true;
    default: return false;
    }
}

int bracket_step(enum token_kind kind) {
    if (kind == TOK_LPAREN || kind == TOK_LBRACKET || kind == TOK_LBRACE) return 1;
    return kind == TOK_RPAREN || kind == TOK_RBRACKET || kind == TOK_RBRACE ? -1 : 0;
}

struct token token_take(struct parser *p) {
    struct token t = token_now(p);
    if (p->at < p->lexer->n - 1) p->at++;
    bool is_layout = t.kind == TOK_NEWLINE || t.kind == TOK_INDENT || t.kind == TOK_DEDENT;
    if (!is_layout) p->last_end = t.end;
    return t;
}

bool token_accept(struct parser *p, enum token_kind kind) {
    if (!token_at(p, kind)) return false;
    token_take(p);
    return true;
}

/* The innermost bracket that never closes, if the failure comes on a later line or at the end. */
static bool never_closed(struct parser *p, uint32_t at) {
    const struct lexer *lx = p->lexer;
    if (lx->n_brackets == 0 || lx->mode != LEX_CELL) return false;
    struct token open = lx->tokens[lx->brackets[lx->n_brackets - 1]];
    struct token now = token_now(p);
    bool at_end = now.kind == TOK_END || now.kind == TOK_NEWLINE;
    if (at < open.end && !at_end) return false;
    if (!at_end && !memchr(p->text.p + open.end, '\n', at - open.end)) return false;
    p->failure = (struct syntax_failure){
        .id = SYN_NEVER_CLOSED, .start = open.start, .end = open.end, .n_args = 2, .at_end = true};
    p->failure.args[0] = str_of(token_spelling(open.kind));
    p->failure.args[1] = str_of(token_spelling((enum token_kind)(open.kind + 1)));
    return true;
}

static void fail_start(struct parser *p, enum syntax_id id, uint32_t start, uint32_t end) {
    struct token now = token_now(p);
    if (now.kind == TOK_ERROR) {
        p->failure = p->lexer->failure;
    } else if (!never_closed(p, start)) {
        p->failure = (struct syntax_failure){.id = id, .start = start, .end = end};
        p->failure.at_end = now.kind == TOK_END && p->lexer->mode == LEX_CELL;
    }
}

static void fail_args(struct parser *p, enum syntax_id id, va_list args) {
    if (p->failure.id != id) return;
    const char *arg;
    while ((arg = va_arg(args, const char *)) && p->failure.n_args < SYNTAX_MAX_ARGS) {
        p->failure.args[p->failure.n_args++] = str_of(arg);
    }
}

void *fail_between_(struct parser *p, enum syntax_id id, uint32_t start, uint32_t end, ...) {
    if (p->failure.id != SYN_NONE) return NULL;
    fail_start(p, id, start, end);
    va_list args;
    va_start(args, end);
    fail_args(p, id, args);
    va_end(args);
    return NULL;
}

void *fail_here_(struct parser *p, enum syntax_id id, ...) {
    if (p->failure.id != SYN_NONE) return NULL;
    struct token now = token_now(p);
    /* a word of Python where something else is expected: the word is the mistake */
    bool is_name = id == SYN_WORD_AS_NAME || id == SYN_WORD_AS_FIELD || id == SYN_WORD_AS_KEY;
    if (token_instead(now.kind) && !is_name && id != SYN_REFUSED) {
        return fail_here(p, SYN_REFUSED, token_spelling(now.kind), token_instead(now.kind));
    }
    bool is_edge = now.kind == TOK_NEWLINE || now.kind == TOK_END || now.kind == TOK_DEDENT;
    uint32_t start = is_edge ? p->last_end : now.start;
    fail_start(p, id, start, is_edge ? start : now.end);
    va_list args;
    va_start(args, id);
    fail_args(p, id, args);
    va_end(args);
    return NULL;
}

void *fail_memory(struct parser *p) {
    if (p->failure.id == SYN_NONE) p->failure.id = SYN_MEMORY;
    return NULL;
}

const char *excerpt(struct parser *p, uint32_t start, uint32_t end) {
    enum { LONGEST = 60 };
    uint32_t stop = end;
    const char *newline = memchr(p->text.p + start, '\n', end - start);
    if (newline) stop = (uint32_t)(newline - p->text.p);
    if (stop - start > LONGEST) {
        stop = start + LONGEST;
        while (((unsigned char)p->text.p[stop] & 0xc0) == 0x80) stop--;
    }
    int n = (int)(stop - start);
    const char *dots = stop < end ? "…" : "";
    const char *copy = arena_printf(p->arena, "%.*s%s", n, p->text.p + start, dots);
    return copy ? copy : "";
}

const char *repaired_line(struct parser *p, uint32_t start, uint32_t end, const char *instead) {
    const struct token *t = p->lexer->tokens;
    int32_t first = p->at, last = p->at;
    while (first > 0 && t[first - 1].kind >= TOK_NAME) first--;
    while (last + 1 < p->lexer->n && t[last].kind >= TOK_NAME) last++;
    uint32_t from = t[first].start, to = t[last].start;
    while (start > from && p->text.p[start - 1] == ' ') start--;
    while (end < to && p->text.p[end] == ' ') end++;
    const char *after = end < to ? excerpt(p, end, to) : "";
    const char *copy = arena_printf(p->arena, "%s%s%s", excerpt(p, from, start), instead, after);
    return copy ? copy : "";
}

const char *token_excerpt(struct parser *p, struct token t) {
    if (t.kind < TOK_NAME) return token_words(t.kind);
    const char *copy = arena_printf(p->arena, "`%s`", excerpt(p, t.start, t.end));
    return copy ? copy : "";
}

bool enter(struct parser *p) {
    if (++p->depth <= PARSE_MAX_DEPTH) return true;
    fail_here(p, SYN_TOO_DEEP);
    return false;
}

struct span span_of(const struct parser *p, uint32_t start, uint32_t end) {
    return (struct span){p->source->id, start, end};
}

struct ast *node_new(struct parser *p, enum ast_kind kind, uint32_t start) {
    struct ast *n = arena_alloc(p->arena, sizeof *n);
    if (!n) return fail_memory(p);
    n->kind = kind;
    n->slot = -1;
    n->id = p->program->n_nodes++;
    n->span = n->key_span = span_of(p, start, start);
    return n;
}

static int32_t taller(int32_t height, const struct ast *child) {
    return child && child->height > height ? child->height : height;
}

static int32_t tallest(int32_t height, struct ast *const *list, int32_t n) {
    for (int32_t i = 0; i < n; i++) height = taller(height, list[i]);
    return height;
}

struct ast *node_end_at(struct parser *p, struct ast *n, uint32_t end) {
    n->span.end = end;
    if (n->key_span.start == n->span.start && n->key_span.end == n->span.start) {
        n->key_span = n->span;
    }
    int32_t height = taller(taller(taller(0, n->a), n->b), n->c);
    height = tallest(tallest(height, n->list, n->n), n->body, n->n_body);
    n->height = tallest(height, n->orelse, n->n_orelse) + 1;
    if (n->height <= AST_MAX_HEIGHT) return n;
    return fail_between(p, SYN_TOO_LONG, n->span.start, n->span.end);
}

struct ast *node_end(struct parser *p, struct ast *n) {
    return node_end_at(p, n, p->last_end);
}

bool child_push(struct parser *p, struct ast *child) {
    if (!child) return false;
    if (p->n_stack == p->cap_stack) {
        int32_t cap = p->cap_stack ? p->cap_stack * 2 : 256;
        struct ast **grown = pool_realloc(p->stack, (size_t)cap * sizeof *grown);
        if (!grown) return fail_memory(p);
        p->stack = grown;
        p->cap_stack = cap;
    }
    p->stack[p->n_stack++] = child;
    return true;
}

bool children_take(struct parser *p, int32_t mark, struct ast ***list, int32_t *n) {
    *n = p->n_stack - mark;
    p->n_stack = mark;
    *list = NULL;
    if (*n == 0) return true;
    size_t bytes = (size_t)*n * sizeof **list;
    *list = arena_alloc(p->arena, bytes);
    if (!*list) return fail_memory(p);
    memcpy(*list, p->stack + mark, bytes);
    return true;
}

static bool is_ascii(struct str s) {
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] >= 128) return false;
    }
    return true;
}

/* é as one character and é as e with an accent are the same name: NFC, then interned. */
static const char *normal_name(struct parser *p, struct str s) {
    enum { SMALL = 64 };
    utf8proc_int32_t small[SMALL];
    const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)s.p;
    utf8proc_ssize_t n = (utf8proc_ssize_t)s.n;
    utf8proc_ssize_t need =
        utf8proc_decompose(bytes, n, NULL, 0, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    if (need < 0 || need > (1 << 24)) return NULL;
    /* one more place: utf8proc_reencode ends the text with a zero */
    size_t room = ((size_t)need + 1) * sizeof small[0];
    utf8proc_int32_t *points = need < SMALL ? small : arena_alloc(p->arena, room);
    if (!points) return NULL;
    utf8proc_decompose(bytes, n, points, need, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    n = utf8proc_reencode(points, need, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    if (n < 0) return NULL;
    struct str normal = {(const char *)points, (size_t)n};
    return p->only_check ? arena_strdup(p->arena, normal) : intern(normal);
}

const char *name_from(struct parser *p, struct str s) {
    const char *name = NULL;
    if (!is_ascii(s)) {
        name = normal_name(p, s);
    } else {
        name = p->only_check ? arena_strdup(p->arena, s) : intern(s);
    }
    return name ? name : fail_memory(p);
}

const char *name_of(struct parser *p, struct token t) {
    return name_from(p, token_text(p, t));
}

bool take_name(struct parser *p, struct ast *n) {
    struct token t = token_now(p);
    if (token_is_word(t.kind)) return fail_here(p, SYN_WORD_AS_NAME, token_spelling(t.kind));
    if (t.kind != TOK_NAME) return fail_here(p, SYN_EXPECTED_NAME, token_excerpt(p, t));
    token_take(p);
    n->key_span = span_of(p, t.start, t.end);
    n->name = name_of(p, t);
    return n->name != NULL;
}

struct ast *name_node(struct parser *p) {
    struct ast *n = node_new(p, AST_NAME, token_now(p).start);
    return n && take_name(p, n) ? node_end(p, n) : NULL;
}

bool names_list(struct parser *p, struct ast ***list, int32_t *n, const char *what_for) {
    int32_t mark = p->n_stack;
    do {
        if (token_at(p, TOK_LPAREN) || token_at(p, TOK_LBRACKET)) {
            return fail_here(p, SYN_NAMES_BRACKET, what_for);
        }
        TRY(child_push(p, name_node(p)));
    } while (token_accept(p, TOK_COMMA));
    return children_take(p, mark, list, n);
}
