/* Statements with blocks that Python has too: def, if, for, while; and model, which is like def. */
#include "parser.h"

/* ":" at the end of a header, or what is there instead. */
static bool header_colon(struct parser *p, const char *after) {
    if (token_accept(p, TOK_COLON)) return true;
    struct token t = token_now(p);
    bool condition = str_is(str_of(after), "if") || str_is(str_of(after), "elif") ||
                     str_is(str_of(after), "while");
    if (t.kind == TOK_ASSIGN && condition) {
        const char *repaired = repaired_line(p, t.start, t.end, " == ");
        return fail_here(p, SYN_CONDITION_EQUALS, after, repaired);
    }
    if (t.kind == TOK_LBRACE) return fail_here(p, SYN_BRACES, after);
    if (t.kind == TOK_ARROW) return fail_here(p, SYN_RETURN_TYPE);
    return fail_here(p, SYN_MISSING_COLON, after, token_excerpt(p, t));
}

bool open_block(struct parser *p, const char *after) {
    TRY(header_colon(p, after));
    if (!token_at(p, TOK_NEWLINE)) {
        if (token_at(p, TOK_END)) return fail_here(p, SYN_EMPTY_BLOCK, after);
        return fail_here(p, SYN_BLOCK_NEXT_LINE, after);
    }
    token_take(p);
    if (token_accept(p, TOK_INDENT)) return true;
    if (token_at(p, TOK_ERROR)) return fail_here(p, SYN_EMPTY_BLOCK, after);
    uint32_t start = p->last_end > 0 ? p->last_end - 1 : 0;
    bool at_end = token_at(p, TOK_END) || token_ahead(p, 0).start == p->lexer->end;
    fail_between(p, SYN_EMPTY_BLOCK, start, p->last_end, after);
    if (p->failure.id == SYN_EMPTY_BLOCK) p->failure.at_end = at_end;
    return false;
}

bool close_block(struct parser *p) {
    if (token_accept(p, TOK_DEDENT) || token_at(p, TOK_END)) return true;
    return fail_here(p, SYN_UNEXPECTED_INDENT);
}

const char *parse_doc(struct parser *p) {
    if (!token_at(p, TOK_TEXT) || token_ahead(p, 1).kind != TOK_NEWLINE) return NULL;
    struct ast *text = parse_text(p);
    if (!text) return NULL;
    token_take(p);
    return text->text.p;
}

/* Statements up to the end of an open block; the children are left on the stack. */
static bool statements(struct parser *p) {
    while (!token_at(p, TOK_DEDENT) && !token_at(p, TOK_END)) {
        if (token_at(p, TOK_NEWLINE)) {
            token_take(p);
            continue;
        }
        TRY(parse_statement(p));
    }
    return close_block(p);
}

bool parse_suite(struct parser *p, const char *after, struct ast ***body, int32_t *n) {
    int32_t mark = p->n_stack;
    bool same_line = token_at(p, TOK_COLON) && token_ahead(p, 1).kind != TOK_NEWLINE &&
                     token_ahead(p, 1).kind != TOK_END;
    if (same_line) {
        token_take(p);
        TRY(parse_simple_line(p, false));
    } else {
        TRY(open_block(p, after) && statements(p));
    }
    return children_take(p, mark, body, n);
}

static struct ast *definition(struct parser *p) {
    struct ast *n = node_new(p, AST_DEF, token_take(p).start);
    if (!n || !take_name(p, n)) return NULL;
    struct span name = n->key_span;
    if (!parse_params(p, n)) return NULL;
    n->key_span = name;
    struct place outer = p->place;
    p->place = (struct place){.in_def = true, .in_model = false};
    int32_t mark = p->n_stack;
    bool same_line = token_at(p, TOK_COLON) && token_ahead(p, 1).kind != TOK_NEWLINE;
    if (same_line) {
        if (!parse_suite(p, "def", &n->body, &n->n_body)) return NULL;
    } else {
        if (!open_block(p, "def")) return NULL;
        n->doc = parse_doc(p);
        if (p->failure.id != SYN_NONE || !statements(p)) return NULL;
        if (!children_take(p, mark, &n->body, &n->n_body)) return NULL;
    }
    p->place = outer;
    return node_end(p, n);
}

/* if and elif: the token at hand. An elif is an if inside orelse. */
struct ast *parse_if(struct parser *p) {
    if (!enter(p)) return NULL;
    struct token t = token_take(p);
    struct ast *n = node_new(p, AST_IF, t.start);
    if (!n) return leave(p, NULL);
    n->a = parse_expression(p);
    if (!n->a || !parse_suite(p, token_spelling(t.kind), &n->body, &n->n_body)) {
        return leave(p, NULL);
    }
    int32_t mark = p->n_stack;
    if (token_at(p, TOK_ELIF)) {
        bool ok = child_push(p, parse_if(p)) && children_take(p, mark, &n->orelse, &n->n_orelse);
        if (!ok) return leave(p, NULL);
    } else if (token_accept(p, TOK_ELSE)) {
        bool ok = !token_at(p, TOK_IF) || fail_here(p, SYN_ELSE_IF);
        if (!ok || !parse_suite(p, "else", &n->orelse, &n->n_orelse)) return leave(p, NULL);
    }
    return leave(p, node_end(p, n));
}

static bool loop_body(struct parser *p, struct ast *n, const char *word) {
    bool outer = p->place.in_loop;
    p->place.in_loop = true;
    TRY(parse_suite(p, word, &n->body, &n->n_body));
    p->place.in_loop = outer;
    if (token_at(p, TOK_ELSE)) return fail_here(p, SYN_LOOP_ELSE, word);
    return true;
}

struct ast *parse_for(struct parser *p) {
    struct ast *n = node_new(p, AST_FOR, token_take(p).start);
    if (!n || !names_list(p, &n->list, &n->n, "for")) return NULL;
    if (!token_at(p, TOK_IN)) return fail_here(p, SYN_FOR_IN, token_excerpt(p, token_now(p)));
    token_take(p);
    n->a = parse_expressions(p);
    if (!n->a || !loop_body(p, n, "for")) return NULL;
    return node_end(p, n);
}

static struct ast *while_statement(struct parser *p) {
    struct ast *n = node_new(p, AST_WHILE, token_take(p).start);
    if (!n) return NULL;
    n->a = parse_expression(p);
    if (!n->a || !loop_body(p, n, "while")) return NULL;
    return node_end(p, n);
}

/* The lines that mean something only directly in a model. */
static struct ast *model_input(struct parser *p, enum ast_kind kind) {
    struct token word = token_take(p);
    struct ast *n = node_new(p, kind, word.start);
    if (!n || !take_name(p, n)) return NULL;
    const char *spelling = kind == AST_INPUT ? "input" : "weight";
    if (!token_at(p, TOK_COLON)) {
        return fail_here(p, SYN_INPUT_SHAPE, spelling, token_excerpt(p, token_now(p)), n->name);
    }
    token_take(p);
    struct span name = n->key_span;
    n->b = parse_type(p);
    if (!n->b) return NULL;
    if (token_at(p, TOK_ASSIGN) && kind == AST_INPUT) return fail_here(p, SYN_INPUT_VALUE);
    if (token_accept(p, TOK_ASSIGN)) {
        n->a = parse_expression(p);
        if (!n->a) return NULL;
    }
    n->key_span = name;
    return expect_line_end(p) ? node_end(p, n) : NULL;
}

static struct ast *model_output(struct parser *p) {
    struct ast *n = node_new(p, AST_OUTPUT, token_take(p).start);
    if (!n) return NULL;
    if (token_at(p, TOK_NAME) && token_ahead(p, 1).kind == TOK_ASSIGN) {
        if (!take_name(p, n)) return NULL;
        token_take(p);
    }
    n->a = parse_expression(p);
    if (!n->a) return NULL;
    if (token_at(p, TOK_COMMA)) return fail_here(p, SYN_OUTPUT_COMMA);
    if (token_at(p, TOK_ASSIGN)) return fail_here(p, SYN_OUTPUT_NAME);
    return expect_line_end(p) ? node_end(p, n) : NULL;
}

/* `output` is a word here when a value follows that could not follow a name. */
static bool output_follows(const struct parser *p) {
    enum token_kind k = token_ahead(p, 1).kind;
    /* output -x: the sign touches what follows, not the word */
    bool is_sign = k == TOK_SUB || k == TOK_ADD || k == TOK_INVERT;
    bool before = token_now(p).end < token_ahead(p, 1).start;
    if (is_sign && before) return token_ahead(p, 1).end == token_ahead(p, 2).start;
    return token_starts_value(k) && k != TOK_LPAREN && k != TOK_LBRACKET;
}

static bool model_line(struct parser *p) {
    bool name_follows = token_ahead(p, 1).kind == TOK_NAME;
    if (token_named(p, 0, "input") && name_follows) {
        return child_push(p, model_input(p, AST_INPUT));
    }
    if (token_named(p, 0, "weight") && name_follows) {
        return child_push(p, model_input(p, AST_WEIGHT));
    }
    if (token_named(p, 0, "output") && output_follows(p)) return child_push(p, model_output(p));
    if (token_named(p, 0, "output") && token_ahead(p, 1).kind == TOK_LPAREN) {
        return fail_here(p, SYN_OUTPUT_BRACKET);
    }
    return parse_statement(p);
}

struct ast *parse_model(struct parser *p) {
    struct ast *n = node_new(p, AST_MODEL, token_take(p).start);
    if (!n || !take_name(p, n)) return NULL;
    struct span name = n->key_span;
    if (token_at(p, TOK_LPAREN) && !parse_params(p, n)) return NULL;
    n->key_span = name;
    struct place outer = p->place;
    p->place = (struct place){.in_model = true};
    if (!open_block(p, "model")) return NULL;
    n->doc = parse_doc(p);
    int32_t mark = p->n_stack;
    while (!token_at(p, TOK_DEDENT) && !token_at(p, TOK_END)) {
        if (p->failure.id != SYN_NONE || !model_line(p)) return NULL;
    }
    if (!close_block(p) || !children_take(p, mark, &n->body, &n->n_body)) return NULL;
    p->place = outer;
    return node_end(p, n);
}

bool parse_compound(struct parser *p, bool *is_compound) {
    *is_compound = true;
    switch ((int)token_now(p).kind) {
    case TOK_DEF: return child_push(p, definition(p));
    case TOK_IF: return child_push(p, parse_if(p));
    case TOK_FOR: return child_push(p, parse_for(p));
    case TOK_WHILE: return child_push(p, while_statement(p));
    default: break;
    }
    if (token_named(p, 0, "model") && token_ahead(p, 1).kind == TOK_NAME) {
        return child_push(p, parse_model(p));
    }
    return *is_compound = false, true;
}
