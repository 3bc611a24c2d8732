/* From a source to a program: bytes are checked, read into tokens, parsed; the first mistake is
 * written out. Consoles ask here whether a text is complete. */
#include "parser.h"
#include "base/pool.h"
#include "syntax.h"
#include <string.h>

enum { LARGEST_TEXT = 16 << 20 };

static uint32_t line_end_at(const struct parser *p, uint32_t at) {
    while (at < p->text.n && p->text.p[at] != '\n') at++;
    return at;
}

/* %name rest, %%name rest, ?name, name?, !command; %time and the tokens of a line */
static struct ast *magic(struct parser *p) {
    struct token t = token_now(p), next = token_ahead(p, 1);
    struct ast *n = node_new(p, AST_MAGIC, t.start);
    if (!n) return NULL;
    const char *s = p->text.p;
    bool before_line = next.kind != TOK_NEWLINE && next.kind != TOK_END;
    uint32_t at = t.start, end = before_line ? line_end_at(p, t.end) : t.end;
    bool is_cell = s[at] == '%' && at + 1 < end && s[at + 1] == '%';
    if (s[at] == '%') {
        uint32_t name = at + (is_cell ? 2 : 1), k = name_length(s + name, end - name);
        if (k == 0) return fail_here(p, SYN_MAGIC_NAME);
        if (is_cell && p->at > 0) return fail_here(p, SYN_MAGIC_FIRST, excerpt(p, at, name + k));
        n->name = name_from(p, (struct str){s + at + 1, name + k - at - 1});
        at = name + k;
    } else if (s[at] == '!' || s[at] == '?') {
        n->name = name_from(p, (struct str){s + at, 1});
        while (at < end && s[at] == s[t.start]) at++;
    } else {
        n->name = name_from(p, STR("?"));
        const char *mark = memchr(s + at, '?', end - at);
        end = (uint32_t)(mark - s);
    }
    while (at < end && (s[at] == ' ' || s[at] == '\t')) at++;
    token_take(p);
    n->key_span = span_of(p, at, end);
    n->text = (struct str){arena_strdup(p->arena, (struct str){s + at, end - at}), end - at};
    if (!n->name || !n->text.p) return fail_memory(p);
    return before_line || expect_line_end(p) ? node_end(p, n) : NULL;
}

/* `x;` at the end of the cell shows nothing. */
static void mark_quiet(struct parser *p) {
    int32_t i = p->lexer->n - 1;
    while (i > 0 && p->lexer->tokens[i].kind < TOK_ERROR) i--;
    if (p->n_stack == 0 || p->lexer->tokens[i].kind != TOK_SEMICOLON) return;
    struct ast *last = p->stack[p->n_stack - 1];
    if (last->kind == AST_EXPR && last->span.end <= p->lexer->tokens[i].start) {
        last->is_quiet = true;
    }
}

/* What was read before a mistake behind which nothing can be trusted is kept. */
static bool cut_off(struct parser *p, int32_t mark) {
    struct recovery *r = p->recovery;
    if (!r || p->failure.id == SYN_MEMORY) return false;
    if (p->failure.id != SYN_NONE) syntax_report(&p->failure, p->source, &r->found[r->n++]);
    r->cut = true;
    p->n_stack = mark;
    return true;
}

static bool cell(struct parser *p) {
    while (!token_at(p, TOK_END)) {
        int32_t mark = p->n_stack;
        bool ok = true;
        if (token_at(p, TOK_NEWLINE)) token_take(p);
        else if (token_at(p, TOK_MAGIC)) ok = child_push(p, magic(p));
        else ok = parse_statement(p);
        if (ok) continue;
        TRY(cut_off(p, mark));
        break;
    }
    mark_quiet(p);
    return children_take(p, 0, &p->program->statements, &p->program->n_statements);
}

/* The first byte that is no part of valid UTF-8, or a zero byte. */
static bool check_bytes(struct parser *p) {
    struct str s = p->text;
    for (uint32_t at = 0, k; at < s.n; at += k) {
        int32_t c = utf8_at(s.p + at, s.n - at, &k);
        if (c > 0) continue;
        const char *byte = arena_printf(p->arena, "0x%02X", (unsigned char)s.p[at]);
        int line, column;
        source_position(p->source, at, &line, &column);
        const char *place = arena_printf(p->arena, "%d", line);
        const char *number = arena_printf(p->arena, "%u", at + 1);
        p->failure = (struct syntax_failure){
            .id = c == 0 ? SYN_ZERO_BYTE : SYN_UTF8, .start = at, .end = at + 1, .n_args = 3};
        p->failure.args[0] = str_of(byte ? byte : "");
        p->failure.args[1] = str_of(place ? place : "");
        p->failure.args[2] = str_of(number ? number : "");
        return false;
    }
    return true;
}

/* Every node and list entry comes from at least one byte of text, so the arena is bounded. */
static struct program *program_new(struct source *source) {
    struct program *program = pool_zalloc(sizeof *program);
    if (!program) return NULL;
    program->refs = 1;
    program->arena = arena_new(((size_t)source->text.n + 256) * 3 * sizeof(struct ast));
    if (!program->arena) return pool_free(program), NULL;
    program->source = source_ref(source);
    return program;
}

static bool run(struct parser *p, struct lexer *lx) {
    if (p->text.n > LARGEST_TEXT) {
        p->failure.id = SYN_TOO_LARGE;
        return false;
    }
    TRY(check_bytes(p));
    if (!lex(lx, p->text, 0, (uint32_t)p->text.n, LEX_CELL, p->arena)) return fail_memory(p);
    p->lexer = lx;
    bool ok = cell(p);
    lex_clear(lx);
    pool_free(p->stack);
    return ok;
}

static struct program *read_source(struct source *source, struct parser *p, struct err *e) {
    p->failure = (struct syntax_failure){.id = SYN_MEMORY};
    p->source = source;
    p->text = source->text;
    p->program = program_new(source);
    struct lexer *lx = p->program ? pool_zalloc(sizeof *lx) : NULL;
    if (!lx) {
        program_unref(p->program);
        return syntax_report(&p->failure, source, e), NULL;
    }
    p->failure = (struct syntax_failure){.id = SYN_NONE};
    p->arena = p->program->arena;
    bool ok = run(p, lx);
    pool_free(lx);
    if (ok) return p->program;
    syntax_report(&p->failure, source, e);
    program_unref(p->program);
    return NULL;
}

struct program *parse_source(struct source *source, bool only_check, struct syntax_failure *f,
                             struct err *e) {
    struct parser p = {.only_check = only_check};
    struct program *program = read_source(source, &p, e);
    *f = p.failure;
    return program;
}

struct program *parse(struct source *source, struct err *e) {
    struct syntax_failure f;
    return parse_source(source, false, &f, e);
}

struct program *parse_on(struct source *source, struct err *found, int most, int *n, bool *cut) {
    struct recovery recovery = {.found = found, .most = most - 1}; /* room for one that ends it */
    struct parser p = {.recovery = &recovery};
    struct program *program = read_source(source, &p, &found[most - 1]);
    *n = recovery.n;
    *cut = recovery.cut;
    if (!program) found[(*n)++] = found[most - 1];
    return program;
}
