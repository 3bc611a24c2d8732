/* What follows a value: fields, calls, indexing. Also the shapes and parameters of declarations. */
#include "parser.h"

bool ends_list(const struct parser *p) {
    enum token_kind k = token_now(p).kind;
    return k == TOK_RPAREN || k == TOK_RBRACKET || k == TOK_RBRACE || k == TOK_END;
}

/* Two values stand side by side in brackets: a comma is missing, or a times sign. */
static void *missing_comma(struct parser *p, enum token_kind close) {
    struct token before = token_ahead(p, -1), t = token_now(p);
    const char *closing = token_spelling(close);
    if (t.kind == TOK_COLON && close == TOK_RPAREN) return fail_here(p, SYN_CALL_COLON);
    if (t.kind == TOK_ASSIGN && close != TOK_RPAREN) return fail_here(p, SYN_EQUALS_INSIDE);
    if (t.kind == TOK_ASSIGN) return fail_here(p, SYN_ARGUMENT_NAME);
    if (before.kind == TOK_TEXT && before.end == t.start) {
        return fail_here(p, SYN_TEXT_ENDED, excerpt(p, before.end - 1, before.end));
    }
    if (before.kind == TOK_NUMBER && t.kind == TOK_NAME) return missing_times(p, before, t);
    if (is_stray_unit(p, before, t)) return fail_here(p, SYN_STRAY_UNIT, token_excerpt(p, t));
    return fail_here(p, SYN_EXPECTED_COMMA, closing, token_excerpt(p, t));
}

bool expect_list_end(struct parser *p, enum token_kind close) {
    if (token_accept(p, TOK_COMMA) || token_at(p, close)) return true;
    return missing_comma(p, close);
}

/* NAME "=", or NULL with nothing taken. */
static const char *argument_name(struct parser *p, struct ast *n) {
    if (!token_at(p, TOK_NAME) || token_ahead(p, 1).kind != TOK_ASSIGN) return NULL;
    struct token t = token_take(p);
    token_take(p);
    n->key_span = span_of(p, t.start, t.end);
    return name_of(p, t);
}

static struct ast *argument(struct parser *p, bool after_named) {
    struct token t = token_now(p);
    if (t.kind == TOK_MUL || t.kind == TOK_POW) return fail_here(p, SYN_STAR_ARGS);
    if (token_is_word(t.kind) && token_ahead(p, 1).kind == TOK_ASSIGN) {
        return fail_here(p, SYN_WORD_AS_NAME, token_spelling(t.kind));
    }
    struct ast *n = node_new(p, AST_ARG, t.start);
    if (!n) return NULL;
    n->name = argument_name(p, n);
    if (!n->name && p->failure.id != SYN_NONE) return NULL;
    n->a = parse_expression(p);
    if (!n->a) return NULL;
    if (token_at(p, TOK_FOR)) return fail_here(p, SYN_GENERATOR);
    if (token_at(p, TOK_ASSIGN)) return fail_here(p, SYN_ARGUMENT_NAME);
    if (after_named && !n->name) {
        return fail_between(p, SYN_POSITIONAL_AFTER_NAMED, t.start, p->last_end);
    }
    return node_end(p, n);
}

struct ast *parse_call(struct parser *p, struct ast *callee) {
    struct token open = token_now(p);
    if (callee->kind == AST_NUMBER) {
        const char *number = excerpt(p, callee->span.start, callee->span.end);
        return fail_between(p, SYN_NUMBER_CALLED, callee->span.start, open.end, number);
    }
    struct ast *n = node_new(p, AST_CALL, callee->span.start);
    if (!n) return NULL;
    token_take(p);
    n->a = callee;
    n->key_span = callee->kind == AST_ATTRIBUTE ? callee->key_span : callee->span;
    int32_t mark = p->n_stack;
    bool named = false;
    while (!token_at(p, TOK_RPAREN)) {
        struct ast *arg = argument(p, named);
        if (!child_push(p, arg)) return NULL;
        named |= arg->name != NULL;
        if (!expect_list_end(p, TOK_RPAREN)) return NULL;
    }
    token_take(p);
    if (!children_take(p, mark, &n->list, &n->n)) return NULL;
    return node_end(p, n);
}

static bool slice_part(struct parser *p, struct ast **part) {
    if (token_at(p, TOK_COLON) || token_at(p, TOK_COMMA) || token_at(p, TOK_RBRACKET)) return true;
    return (*part = parse_expression(p)) != NULL;
}

/* expr, or expr? ":" expr? (":" expr?)? */
static struct ast *index_or_slice(struct parser *p) {
    uint32_t start = token_now(p).start;
    struct ast *first = NULL;
    if (!token_at(p, TOK_COLON)) {
        first = parse_expression(p);
        if (!first || !token_at(p, TOK_COLON)) return first;
    }
    struct ast *n = node_new(p, AST_SLICE, start);
    if (!n) return NULL;
    token_take(p);
    n->a = first;
    if (!slice_part(p, &n->b)) return NULL;
    if (token_accept(p, TOK_COLON) && !slice_part(p, &n->c)) return NULL;
    return node_end(p, n);
}

struct ast *parse_index(struct parser *p, struct ast *whole) {
    struct ast *n = node_new(p, AST_INDEX, whole->span.start);
    if (!n) return NULL;
    n->a = whole;
    token_take(p);
    if (token_at(p, TOK_RBRACKET)) return fail_here(p, SYN_EMPTY_INDEX);
    int32_t mark = p->n_stack;
    while (!token_at(p, TOK_RBRACKET)) {
        struct ast *sub = node_new(p, AST_SUBSCRIPT, token_now(p).start);
        if (!sub) return NULL;
        if (token_at(p, TOK_ELLIPSIS)) return fail_here(p, SYN_ELLIPSIS);
        sub->name = argument_name(p, sub);
        if (!sub->name && p->failure.id != SYN_NONE) return NULL;
        sub->a = index_or_slice(p);
        if (!sub->a || !child_push(p, node_end(p, sub))) return NULL;
        if (!expect_list_end(p, TOK_RBRACKET)) return NULL;
    }
    token_take(p);
    if (!children_take(p, mark, &n->list, &n->n)) return NULL;
    return node_end(p, n);
}

static struct ast *attribute(struct parser *p, struct ast *whole) {
    struct ast *n = node_new(p, AST_ATTRIBUTE, whole->span.start);
    if (!n) return NULL;
    token_take(p);
    struct token t = token_now(p);
    if (token_is_word(t.kind)) return fail_here(p, SYN_WORD_AS_FIELD, token_spelling(t.kind));
    if (t.kind != TOK_NAME) return fail_here(p, SYN_EXPECTED_FIELD, token_excerpt(p, t));
    token_take(p);
    n->a = whole;
    n->key_span = span_of(p, t.start, t.end);
    n->name = name_of(p, t);
    return n->name ? node_end(p, n) : NULL;
}

struct ast *parse_postfix(struct parser *p) {
    struct ast *n = parse_atom(p);
    while (n) {
        if (token_at(p, TOK_DOT)) {
            n = attribute(p, n);
        } else if (token_at(p, TOK_LPAREN)) {
            n = parse_call(p, n);
        } else if (token_at(p, TOK_LBRACKET)) {
            n = parse_index(p, n);
        } else {
            return n;
        }
    }
    return NULL;
}

/* NAME "=" expr, expr, "...", or a bare name. */
static struct ast *dimension(struct parser *p) {
    struct ast *n = node_new(p, AST_DIM, token_now(p).start);
    if (!n) return NULL;
    enum token_kind next = token_ahead(p, 1).kind;
    bool bare = token_at(p, TOK_NAME) && (next == TOK_COMMA || next == TOK_RBRACKET);
    if (token_accept(p, TOK_ELLIPSIS)) {
        n->is_rest = true;
    } else if (bare) {
        struct token t = token_take(p);
        n->key_span = span_of(p, t.start, t.end);
        n->name = name_of(p, t);
        if (!n->name) return NULL;
    } else {
        n->name = argument_name(p, n);
        if (!n->name && p->failure.id != SYN_NONE) return NULL;
        n->a = parse_expression(p);
        if (!n->a) return NULL;
        if (token_at(p, TOK_COLON)) return fail_here(p, SYN_SHAPE_COLON);
    }
    return node_end(p, n);
}

struct ast *parse_type(struct parser *p) {
    if (token_at(p, TOK_NAME)) return name_node(p);
    struct token t = token_now(p);
    if (t.kind != TOK_LBRACKET) return fail_here(p, SYN_EXPECTED_SHAPE, token_excerpt(p, t));
    struct ast *n = node_new(p, AST_SHAPE, t.start);
    if (!n) return NULL;
    token_take(p);
    int32_t mark = p->n_stack;
    while (!token_at(p, TOK_RBRACKET)) {
        if (!child_push(p, dimension(p)) || !expect_list_end(p, TOK_RBRACKET)) return NULL;
    }
    token_take(p);
    if (!children_take(p, mark, &n->list, &n->n)) return NULL;
    return node_end(p, n);
}

static struct ast *parameter(struct parser *p, bool after_default) {
    struct token t = token_now(p);
    if (t.kind == TOK_MUL || t.kind == TOK_POW) return fail_here(p, SYN_STAR_ARGS);
    struct ast *n = node_new(p, AST_PARAM, t.start);
    if (!n || !take_name(p, n)) return NULL;
    if (token_accept(p, TOK_COLON)) {
        n->b = parse_type(p);
        if (!n->b) return NULL;
    }
    if (token_accept(p, TOK_ASSIGN)) {
        n->a = parse_expression(p);
        if (!n->a) return NULL;
    } else if (after_default) {
        return fail_between(p, SYN_DEFAULT_ORDER, t.start, p->last_end, n->name);
    }
    return node_end(p, n);
}

bool parse_params(struct parser *p, struct ast *n) {
    if (!token_accept(p, TOK_LPAREN)) return fail_here(p, SYN_EXPECTED_PARAMS, n->name);
    int32_t mark = p->n_stack;
    bool defaults = false;
    while (!token_at(p, TOK_RPAREN)) {
        struct ast *param = parameter(p, defaults);
        TRY(child_push(p, param));
        defaults |= param->a != NULL;
        TRY(expect_list_end(p, TOK_RPAREN));
    }
    token_take(p);
    return children_take(p, mark, &n->list, &n->n);
}
