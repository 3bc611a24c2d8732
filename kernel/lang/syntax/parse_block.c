/* The language's own blocks: train, search, plot, and the updates of a step. */
#include "parser.h"

/* train NAME, search ":" NEWLINE, plot ":" NEWLINE */
bool block_starts(const struct parser *p) {
    struct token next = token_ahead(p, 1);
    if (token_named(p, 0, "train")) return next.kind == TOK_NAME;
    if (!token_named(p, 0, "search") && !token_named(p, 0, "plot")) return false;
    enum token_kind after = token_ahead(p, 2).kind;
    return next.kind == TOK_COLON && (after == TOK_NEWLINE || after == TOK_END);
}

/* NAME ":" expr NEWLINE. Unknown names are found by the checker. */
static struct ast *setting(struct parser *p, const char *block) {
    struct ast *n = node_new(p, AST_SETTING, token_now(p).start);
    if (!n || !take_name(p, n)) return NULL;
    struct span name = n->key_span;
    token_take(p);
    if (token_at(p, TOK_NEWLINE) || token_at(p, TOK_END)) {
        return fail_here(p, SYN_SETTING_VALUE, n->name);
    }
    n->a = parse_expression(p);
    if (!n->a) return NULL;
    struct token t = token_now(p);
    if (t.kind == TOK_COMMA) {
        enum token_kind after = token_ahead(p, 1).kind;
        if (after == TOK_NEWLINE || after == TOK_END) return fail_here(p, SYN_SETTING_COMMA);
        if (str_is(str_of(n->name), "validate") && n->a->kind != AST_ARROW) {
            const char *repaired = repaired_line(p, t.start, t.end, " -> ");
            return fail_here(p, SYN_VALIDATE_ARROW, repaired);
        }
        return fail_here(p, SYN_SETTING_SEVERAL, n->name,
                         excerpt(p, n->a->span.start, n->a->span.end));
    }
    if (t.kind == TOK_SEMICOLON) return fail_here(p, SYN_SETTING_COMMA);
    if (t.kind != TOK_NEWLINE && t.kind != TOK_END) {
        return fail_here(p, SYN_SETTING_END, block, token_excerpt(p, t));
    }
    token_take(p);
    n->key_span = name;
    return node_end(p, n);
}

static bool is_setting(const struct parser *p) {
    return token_at(p, TOK_NAME) && token_ahead(p, 1).kind == TOK_COLON;
}

/* A setting written with = or == (or with nothing between). NULL or a failure. */
static bool setting_refused(struct parser *p, const char *block) {
    enum token_kind next = token_ahead(p, 1).kind;
    if (!token_at(p, TOK_NAME)) return true;
    if (next == TOK_ASSIGN || next == TOK_EQ) {
        token_take(p);
        struct token sign = token_now(p);
        return fail_here(p, SYN_SETTING_EQUALS, block,
                         repaired_line(p, sign.start, sign.end, ": "));
    }
    if (token_starts_value(next) && next != TOK_LPAREN && next != TOK_LBRACKET) {
        token_take(p);
        uint32_t gap = token_now(p).start;
        return fail_here(p, SYN_SETTING_COLON, repaired_line(p, gap, gap, ": "));
    }
    return true;
}

static bool step_line(struct parser *p) {
    struct ast *n = node_new(p, AST_STEP, token_take(p).start);
    if (!n) return false;
    TRY(names_list(p, &n->list, &n->n, "step"));
    if (token_accept(p, TOK_ARROW)) TRY(names_list(p, &n->names2, &n->n_names2, "step"));
    struct place outer = p->place;
    p->place.in_step = true;
    p->place.in_model = p->place.in_plot = false;
    TRY(parse_suite(p, "step", &n->body, &n->n_body));
    p->place = outer;
    return child_push(p, node_end(p, n));
}

static bool each_line(struct parser *p) {
    struct ast *n = node_new(p, AST_EACH, token_take(p).start);
    if (!n) return false;
    if (!token_named(p, 0, "epoch") && !token_named(p, 0, "batch")) {
        return fail_here(p, SYN_EACH, token_excerpt(p, token_now(p)));
    }
    TRY(take_name(p, n));
    TRY(parse_suite(p, "each", &n->body, &n->n_body));
    return child_push(p, node_end(p, n));
}

static bool train_line(struct parser *p) {
    bool name_follows = token_ahead(p, 1).kind == TOK_NAME;
    if (token_named(p, 0, "step") && name_follows) return step_line(p);
    if (token_named(p, 0, "each") && name_follows) return each_line(p);
    if (is_setting(p)) return child_push(p, setting(p, "train"));
    TRY(setting_refused(p, "train"));
    if (token_at(p, TOK_TEXT)) return fail_here(p, SYN_DOC_PLACE);
    if (token_at(p, TOK_INDENT)) return fail_here(p, SYN_UNEXPECTED_INDENT);
    if (token_now(p).kind == TOK_ERROR) return fail_here(p, SYN_TRAIN_LINE);
    return fail_here(p, SYN_TRAIN_LINE, token_excerpt(p, token_now(p)));
}

static struct ast *target(struct parser *p) {
    struct ast *n = name_node(p);
    while (n && (token_at(p, TOK_DOT) || token_at(p, TOK_LBRACKET))) {
        if (token_at(p, TOK_LBRACKET)) {
            n = parse_index(p, n);
            continue;
        }
        struct ast *whole = n;
        token_take(p);
        n = node_new(p, AST_ATTRIBUTE, whole->span.start);
        if (!n || !take_name(p, n)) return NULL;
        n->a = whole;
        n = node_end(p, n);
    }
    return n;
}

/* The rest of the line as written, without its colon: for messages. */
static const char *rest_of_header(struct parser *p, uint32_t start) {
    int32_t i = p->at;
    const struct token *t = p->lexer->tokens;
    uint32_t end = start;
    while (t[i].kind != TOK_NEWLINE && t[i].kind != TOK_END && t[i].kind != TOK_ERROR) {
        if (t[i].kind == TOK_COLON && t[i + 1].kind == TOK_NEWLINE) break;
        end = t[i++].end;
    }
    return end > start ? excerpt(p, start, end) : "…";
}

/* on expr. A comma where the arrow belongs is the commonest slip. */
static bool train_data(struct parser *p, struct ast *n) {
    if (!token_named(p, 0, "on")) return true;
    uint32_t header = n->span.start;
    token_take(p);
    n->a = parse_expression(p);
    if (!n->a) return false;
    if (!token_at(p, TOK_COMMA)) return true;
    const char *before = excerpt(p, header, p->last_end);
    uint32_t next = token_ahead(p, 1).start;
    struct token name = token_ahead(p, 1), sign = token_ahead(p, 2);
    bool setting = sign.kind == TOK_ASSIGN ||
                   (sign.kind == TOK_COLON && token_ahead(p, 3).kind != TOK_NEWLINE);
    if (n->a->kind == AST_ARROW && name.kind == TOK_NAME && setting)
        return fail_here(p, SYN_TRAIN_SETTING, before, excerpt(p, name.start, name.end));
    if (n->a->kind == AST_ARROW) return fail_here(p, SYN_TRAIN_SEVERAL);
    const struct token *t = p->lexer->tokens;
    for (int32_t i = p->at; t[i].kind >= TOK_NAME; i++) {
        if (t[i].kind == TOK_ARROW) return fail_here(p, SYN_TRAIN_RECORD);
    }
    return fail_here(p, SYN_TRAIN_ARROW, before, rest_of_header(p, next));
}

static bool train_body(struct parser *p, struct ast *n) {
    TRY(open_block(p, "train"));
    n->doc = parse_doc(p);
    struct place outer = p->place;
    int32_t mark = p->n_stack;
    while (!token_at(p, TOK_DEDENT) && !token_at(p, TOK_END)) {
        if (p->failure.id != SYN_NONE || !train_line(p)) return false;
    }
    p->place = outer;
    return close_block(p) && children_take(p, mark, &n->body, &n->n_body);
}

static struct ast *train(struct parser *p) {
    struct ast *n = node_new(p, AST_TRAIN, token_take(p).start);
    if (!n) return NULL;
    int32_t mark = p->n_stack;
    do {
        if (!child_push(p, target(p))) return NULL;
    } while (token_accept(p, TOK_COMMA));
    n->key_span = span_of(p, p->stack[mark]->span.start, p->last_end);
    if (!children_take(p, mark, &n->list, &n->n) || !train_data(p, n)) return NULL;
    struct token t = token_now(p);
    if (t.kind == TOK_COLON) return train_body(p, n) ? node_end(p, n) : NULL;
    if (t.kind == TOK_LPAREN && !n->a) return fail_here(p, SYN_TRAIN_CALL);
    if (t.kind == TOK_ASSIGN) return fail_here(p, SYN_TRAIN_ASSIGN);
    if (t.kind != TOK_NEWLINE && t.kind != TOK_END && t.kind != TOK_SEMICOLON) {
        if (!n->a) return fail_here(p, SYN_TRAIN_ON, rest_of_header(p, t.start));
        return fail_here(p, SYN_TRAIN_COLON, token_excerpt(p, t));
    }
    if (t.kind == TOK_SEMICOLON) return fail_here(p, SYN_BLOCK_SEMICOLON);
    if (token_ahead(p, 1).kind == TOK_INDENT) {
        return fail_here(p, SYN_MISSING_COLON, "train", "the end of the line");
    }
    return expect_line_end(p) ? node_end(p, n) : NULL;
}

static bool over_line(struct parser *p) {
    struct ast *n = node_new(p, AST_OVER, token_take(p).start);
    if (!n || !take_name(p, n)) return false;
    struct span name = n->key_span;
    if (!token_at(p, TOK_COLON)) {
        return fail_here(p, SYN_OVER_COLON, n->name, token_excerpt(p, token_now(p)));
    }
    token_take(p);
    n->a = parse_expression(p);
    if (!n->a) return false;
    TRY(expect_line_end(p));
    n->key_span = name;
    return child_push(p, node_end(p, n));
}

static bool trial_line(struct parser *p) {
    struct ast *n = node_new(p, AST_TRIAL, token_take(p).start);
    if (!n) return false;
    struct place outer = p->place;
    p->place.in_model = p->place.in_plot = false;
    TRY(parse_suite(p, "trial", &n->body, &n->n_body));
    p->place = outer;
    return child_push(p, node_end(p, n));
}

static bool search_line(struct parser *p) {
    if (token_named(p, 0, "over") && token_ahead(p, 1).kind == TOK_NAME) return over_line(p);
    if (token_named(p, 0, "trial") && token_ahead(p, 1).kind == TOK_COLON) return trial_line(p);
    if (is_setting(p)) return child_push(p, setting(p, "search"));
    TRY(setting_refused(p, "search"));
    if (token_at(p, TOK_TEXT)) return fail_here(p, SYN_DOC_PLACE);
    if (token_at(p, TOK_INDENT)) return fail_here(p, SYN_UNEXPECTED_INDENT);
    return fail_here(p, SYN_SEARCH_LINE, token_excerpt(p, token_now(p)));
}

/* In a plot, a name and = is an ordinary assignment, unless the name can only be meant as a setting
 * that would be lost without a word. A plot block inside gives its marks, or with columns a panel.
 */
static bool plot_line(struct parser *p) {
    static const char *const settings[] = {"title", "legend", "grid"};
    if (token_named(p, 0, "plot") && block_starts(p)) return child_push(p, parse_block_value(p));
    if (is_setting(p)) return child_push(p, setting(p, "plot"));
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        if (token_named(p, 0, settings[i])) TRY(setting_refused(p, "plot"));
    }
    struct token t = token_now(p);
    if (t.kind == TOK_FOR || t.kind == TOK_IF) {
        struct place outer = p->place;
        p->place.in_plot = true;
        struct ast *n = t.kind == TOK_FOR ? parse_for(p) : parse_if(p);
        p->place = outer;
        return child_push(p, n);
    }
    bool compound =
        t.kind == TOK_WHILE || t.kind == TOK_DEF || t.kind == TOK_RETURN || block_starts(p);
    if (compound) return fail_here(p, SYN_PLOT_LINE, token_excerpt(p, t));
    if (t.kind == TOK_INDENT) return fail_here(p, SYN_UNEXPECTED_INDENT);
    return parse_simple_line(p, false);
}

/* search: and plot: are alike but for their lines. */
static struct ast *lines_block(struct parser *p, enum ast_kind kind, const char *word,
                               bool (*line)(struct parser *)) {
    struct ast *n = node_new(p, kind, token_take(p).start);
    if (!n || !open_block(p, word)) return NULL;
    n->doc = parse_doc(p);
    int32_t mark = p->n_stack;
    while (!token_at(p, TOK_DEDENT) && !token_at(p, TOK_END)) {
        if (p->failure.id != SYN_NONE || !line(p)) return NULL;
    }
    if (!close_block(p) || !children_take(p, mark, &n->body, &n->n_body)) return NULL;
    return node_end(p, n);
}

struct ast *parse_block_value(struct parser *p) {
    if (!enter(p)) return NULL;
    struct ast *n = NULL;
    if (token_named(p, 0, "train")) {
        n = train(p);
    } else if (token_named(p, 0, "search")) {
        n = lines_block(p, AST_SEARCH, "search", search_line);
    } else {
        n = lines_block(p, AST_PLOT, "plot", plot_line);
    }
    return leave(p, n);
}

bool parse_block(struct parser *p, bool *is_block) {
    *is_block = block_starts(p);
    return !*is_block || child_push(p, parse_block_value(p));
}

/* minimize or maximize first on a line of a step, with an `over` outside brackets later in it. */
bool update_starts(const struct parser *p) {
    if (!p->place.in_step) return false;
    if (!token_named(p, 0, "minimize") && !token_named(p, 0, "maximize")) return false;
    enum token_kind next = token_ahead(p, 1).kind;
    if (next == TOK_ASSIGN || next == TOK_DOT || next == TOK_COMMA) return false;
    int open = 0;
    for (int32_t i = p->at + 1; i < p->lexer->n; i++) {
        struct token t = p->lexer->tokens[i];
        if (t.kind == TOK_NEWLINE || t.kind == TOK_END || t.kind == TOK_SEMICOLON) break;
        open += bracket_step(t.kind);
        bool is_over = t.kind == TOK_NAME && str_is(token_text(p, t), "over");
        if (is_over && open == 0 && i > p->at + 1) return true;
    }
    return token_starts_value(next) && next != TOK_LPAREN && next != TOK_LBRACKET;
}

struct ast *parse_update(struct parser *p) {
    bool is_maximize = token_named(p, 0, "maximize");
    struct token t = token_take(p);
    struct ast *n = node_new(p, AST_UPDATE, t.start);
    if (!n) return NULL;
    n->is_maximize = is_maximize;
    n->a = parse_expression(p);
    if (!n->a) return NULL;
    if (!token_named(p, 0, "over")) {
        return fail_here(p, SYN_UPDATE_OVER, excerpt(p, t.start, p->last_end));
    }
    token_take(p);
    return names_list(p, &n->list, &n->n, "over") ? node_end(p, n) : NULL;
}
