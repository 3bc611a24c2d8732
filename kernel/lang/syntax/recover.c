/* Going on behind a statement that cannot be read. */
#include "recover.h"
#include "syntax.h"

static bool is_safe(const struct parser *p) {
    switch (p->failure.id) {
    case SYN_MEMORY:
    case SYN_TOO_LARGE:
    case SYN_TOO_DEEP:
    case SYN_NEVER_CLOSED:
    case SYN_UTF8:
    case SYN_ZERO_BYTE: return false;
    default: break;
    }
    return !p->failure.at_end && !token_at(p, TOK_ERROR) && !token_at(p, TOK_END) &&
           !p->place.in_model && !p->place.in_step && !p->place.in_plot;
}

static bool give(struct parser *p, struct token t) {
    struct ast *name = node_new(p, AST_NAME, t.start);
    if (!name || !(name->name = name_of(p, t))) return fail_memory(p), false;
    return child_push(p, node_end_at(p, name, t.end));
}

/* Where the line's first = outside of brackets stands; `end`, the line's end, if there is none. */
static int32_t sign_of_line(const struct parser *p, int32_t *end) {
    int32_t sign = -1, i = p->at, depth = 0;
    for (;; i++) {
        enum token_kind k = p->lexer->tokens[i].kind;
        if (k == TOK_NEWLINE || k == TOK_END || k == TOK_ERROR) break;
        depth += bracket_step(k);
        if (k == TOK_ASSIGN && depth == 0 && sign < 0) sign = i;
    }
    *end = i;
    return sign < 0 ? i : sign;
}

/* What the line that begins here may give a value to, readable or not: names left of its =, the
 * name of a definition, the models that it trains, and its first name. */
static bool give_names(struct parser *p) {
    const struct token *t = p->lexer->tokens;
    int32_t end, sign = sign_of_line(p, &end);
    bool assigns = sign < end, trains = false,
         calls = p->at + 1 < end && t[p->at + 1].kind == TOK_LPAREN;
    for (int32_t i = p->at; i < end; i++) {
        enum token_kind before = i > p->at ? t[i - 1].kind : TOK_NEWLINE;
        if (t[i].kind != TOK_NAME || before == TOK_DOT) continue;
        struct str word = token_text(p, t[i]);
        bool first = i == p->at && !calls;
        bool defined = before == TOK_DEF || before == TOK_NAME;
        if (str_is(word, "on")) trains = false;
        else if (trains || first || (assigns && i < sign) || (defined && i <= p->at + 1))
            TRY(give(p, t[i]));
        if (str_is(word, "train")) trains = true;
    }
    return true;
}

static bool line_ends(enum token_kind k) {
    return k == TOK_NEWLINE || k == TOK_INDENT || k == TOK_DEDENT;
}

/* Past one line and the block below it. The names it gives are left on the stack. */
static bool skip_line(struct parser *p) {
    int depth = 0;
    bool begins = true;
    while (!token_at(p, TOK_END)) {
        enum token_kind k = token_now(p).kind;
        if (k == TOK_ERROR) return false;
        if (begins && !line_ends(k)) TRY(give_names(p));
        begins = line_ends(k);
        if (k == TOK_DEDENT && depth == 0) return true;
        depth += (k == TOK_INDENT) - (k == TOK_DEDENT);
        token_take(p);
        bool ended = (k == TOK_NEWLINE || k == TOK_DEDENT) && depth == 0;
        if (ended && !token_at(p, TOK_INDENT)) return true;
    }
    return true;
}

static bool put_statement(struct parser *p, int32_t mark, bool returns, uint32_t start) {
    struct ast *s = node_new(p, returns ? AST_RETURN : AST_ASSIGN, start);
    struct ast *value = node_new(p, AST_SPOILED, start);
    if (!s || !value) return false;
    if (!returns) TRY(children_take(p, mark, &s->list, &s->n));
    p->n_stack = mark;
    s->a = value;
    if (!returns && s->n == 0) s->kind = AST_PASS, s->a = NULL;
    return child_push(p, node_end(p, s));
}

bool recover(struct parser *p, const struct parser *before) {
    struct recovery *r = p->recovery;
    if (r->n == r->most || p->failure.id == SYN_NONE || !is_safe(p)) return false;
    syntax_report(&p->failure, p->source, &r->found[r->n++]);
    p->failure = (struct syntax_failure){.id = SYN_NONE};
    p->lexer = before->lexer;
    p->at = before->at;
    p->n_stack = before->n_stack;
    p->depth = before->depth;
    p->place = before->place;
    bool returns = token_at(p, TOK_RETURN);
    uint32_t start = token_now(p).start;
    TRY(skip_line(p));
    while (token_at(p, TOK_ELSE) || token_at(p, TOK_ELIF)) TRY(skip_line(p));
    return put_statement(p, before->n_stack, returns, start);
}
