/* Simple statements: one line, or several with semicolons between them. */
#include "parser.h"
#include "recover.h"
#include "base/intern.h"
#include <string.h>

/* Words that start statements in other languages, with what to write here. */
static const struct {
    const char *word, *instead;
} foreign_words[] = {
    {"let", "x = 3"},
    {"var", "x = 3"},
    {"const", "x = 3"},
    {"function", "def name(x):"},
    {"func", "def name(x):"},
    {"fn", "def name(x):"},
    {"elseif", "elif x > 0:"},
    {"elsif", "elif x > 0:"},
    {"foreach", "for x in xs:"},
    {"until", "while not done:"},
    {"unless", "if not done:"},
    {"switch", "if x == 1:"},
    {"struct", "point = {x: 1, y: 2}"},
    {"require", "import \"helpers.awml\""},
    {"using", "import \"helpers.awml\""},
};

/* Words that open blocks; a line that starts with something close to one was meant to be one. */
static const char *const block_words[] = {"def",   "if",     "elif", "else",   "for",    "while",
                                          "model", "train",  "plot", "search", "import", "return",
                                          "input", "output", "step", "trial"};

static const char *near_word(const struct parser *p, struct token t) {
    struct str s = token_text(p, t);
    for (size_t i = 0; t.kind == TOK_NAME && s.n >= 3 && i < ARRAY_LEN(block_words); i++) {
        struct str word = str_of(block_words[i]);
        if (str_distance(s, word) == 1 && word.n >= 3) return block_words[i];
    }
    return NULL;
}

/* A word that has its place elsewhere: output inside an if, minimize outside a step. */
static void *misplaced(struct parser *p, struct token first) {
    static const char *const model_words[] = {"input", "weight", "output"};
    struct str s = token_text(p, first);
    for (size_t i = 0; i < ARRAY_LEN(model_words); i++) {
        if (str_is(s, model_words[i])) {
            return fail_between(p, SYN_MODEL_WORD, first.start, first.end, model_words[i]);
        }
    }
    if (str_is(s, "minimize") || str_is(s, "maximize")) {
        return fail_between(p, SYN_UPDATE_PLACE, first.start, first.end,
                            excerpt(p, first.start, first.end));
    }
    if (str_is(s, "step") || str_is(s, "each")) {
        return fail_between(p, SYN_STEP_PLACE, first.start, first.end,
                            excerpt(p, first.start, first.end));
    }
    if (str_is(s, "over") || str_is(s, "trial")) {
        return fail_between(p, SYN_OVER_PLACE, first.start, first.end,
                            excerpt(p, first.start, first.end));
    }
    return NULL;
}

/* Could `next` follow the word at the start of a line? */
static bool may_follow(struct parser *p, const char *word, struct token first, struct token next) {
    static const char *const before_colon[] = {"trial", "search", "plot", "else"};
    static const char *const before_name[] = {"step",   "model", "train", "input", "weight",
                                              "output", "over",  "each",  "for",   "def"};
    if (str_same(token_text(p, first), token_text(p, next))) return false;
    for (size_t i = 0; i < ARRAY_LEN(before_colon); i++)
        if (strcmp(word, before_colon[i]) == 0) return next.kind == TOK_COLON;
    for (size_t i = 0; i < ARRAY_LEN(before_name); i++)
        if (strcmp(word, before_name[i]) == 0) return next.kind == TOK_NAME;
    return true;
}

/* Two values side by side at the top of a line, of which `first` is the first token. */
static void *side_by_side(struct parser *p, struct token first) {
    struct token before = token_ahead(p, -1), t = token_now(p);
    bool starts = first.end == before.end;
    if (starts && first.kind == TOK_NAME) {
        struct str s = token_text(p, first);
        if (str_is(s, "print") || str_is(s, "show")) {
            uint32_t end = p->lexer->tokens[p->lexer->n - 1].end;
            for (int32_t i = p->at; i < p->lexer->n && end > t.start; i++) {
                enum token_kind k = p->lexer->tokens[i].kind;
                if (k == TOK_NEWLINE || k == TOK_SEMICOLON || k == TOK_ERROR) {
                    end = p->lexer->tokens[i].start;
                    break;
                }
            }
            return fail_here(p, SYN_PRINT, excerpt(p, first.start, first.end),
                             excerpt(p, t.start, end));
        }
        for (size_t i = 0; i < ARRAY_LEN(foreign_words); i++) {
            if (!str_is(s, foreign_words[i].word)) continue;
            return fail_between(p, SYN_FOREIGN_WORD, first.start, first.end, foreign_words[i].word,
                                foreign_words[i].instead);
        }
        if (misplaced(p, first) || p->failure.id != SYN_NONE) return NULL;
        const char *word = near_word(p, first);
        if (word && may_follow(p, word, first, t)) {
            return fail_between(p, SYN_NEAR_WORD, first.start, first.end,
                                excerpt(p, first.start, first.end), word);
        }
    }
    if (before.kind == TOK_TEXT && before.end == t.start) {
        return fail_here(p, SYN_TEXT_ENDED, excerpt(p, before.end - 1, before.end));
    }
    if (before.kind == TOK_NUMBER && t.kind == TOK_NAME) return missing_times(p, before, t);
    if (before.kind == TOK_NAME && t.kind == TOK_TEXT)
        return fail_here(p, SYN_CALL_BRACKETS, token_excerpt(p, before), token_excerpt(p, t),
                         excerpt(p, before.start, before.end), excerpt(p, t.start, t.end));
    if (is_stray_unit(p, before, t)) return fail_here(p, SYN_STRAY_UNIT, token_excerpt(p, t));
    if (before.kind == TOK_NAME && t.kind == TOK_LBRACE)
        return fail_here(p, SYN_CALL_BRACES, token_excerpt(p, before));
    return fail_here(p, SYN_SIDE_BY_SIDE, token_excerpt(p, before), token_excerpt(p, t));
}

/* `i++` and the compound assignments that the language does not have. */
static void *foreign_assignment(struct parser *p, struct token t, struct ast *target) {
    const char *name = excerpt(p, target->span.start, target->span.end);
    const char *sign = token_spelling(t.kind);
    const char *op = arena_strdup(p->arena, (struct str){sign, str_of(sign).n - 1});
    return fail_here(p, SYN_FOREIGN_ASSIGNMENT, sign, name, op ? op : "");
}

/* A colon after an expression statement: an unknown block, or a setting in the wrong place. */
static void *stray_colon(struct parser *p, struct token first) {
    bool alone = p->at > 0 && token_ahead(p, -1).start == first.start;
    const char *word = near_word(p, first);
    if (word) {
        return fail_between(p, SYN_NEAR_WORD, first.start, first.end,
                            excerpt(p, first.start, first.end), word);
    }
    struct str s = token_text(p, first);
    if (!alone && (str_is(s, "plot") || str_is(s, "search"))) {
        return fail_here(p, SYN_BLOCK_CALL, excerpt(p, first.start, first.end));
    }
    bool ends = token_ahead(p, 1).kind == TOK_NEWLINE;
    if (alone && first.kind == TOK_NAME && !ends) {
        return fail_here(p, SYN_SETTING_PLACE, excerpt(p, first.start, first.end));
    }
    return fail_here(p, SYN_STRAY_COLON);
}

bool expect_line_end(struct parser *p) {
    if (token_at(p, TOK_NEWLINE) || token_at(p, TOK_END)) return token_take(p), true;
    return fail_here(p, SYN_EXPECTED_LINE_END, token_excerpt(p, token_now(p)));
}

/* The line must end here, or go on after a semicolon. Otherwise find the likeliest reason. */
static bool simple_ends(struct parser *p, struct token first) {
    struct token t = token_now(p);
    if (t.kind == TOK_NEWLINE || t.kind == TOK_SEMICOLON || t.kind == TOK_END) return true;
    if (t.kind == TOK_DEDENT) return true;
    if (t.kind == TOK_COLON) return stray_colon(p, first);
    if (t.kind == TOK_ASSIGN) return fail_here(p, SYN_SECOND_EQUALS);
    if (token_instead(t.kind)) {
        return fail_here(p, SYN_REFUSED, token_spelling(t.kind), token_instead(t.kind));
    }
    if (t.kind == TOK_FOR) return fail_here(p, SYN_GENERATOR);
    if (token_starts_value(t.kind)) return side_by_side(p, first);
    return fail_here(p, SYN_EXPECTED_LINE_END, token_excerpt(p, t));
}

static bool check_target(struct parser *p, struct ast *n) {
    if (n->kind == AST_NAME || n->kind == AST_ATTRIBUTE || n->kind == AST_INDEX) return true;
    struct span s = n->span;
    if (n->kind == AST_COMPARE) { return fail_between(p, SYN_TARGET_COMPARE, s.start, s.end); }
    if (n->kind == AST_TRUE || n->kind == AST_FALSE || n->kind == AST_NONE) {
        return fail_between(p, SYN_WORD_AS_NAME, s.start, s.end, excerpt(p, s.start, s.end));
    }
    return fail_between(p, SYN_TARGET, s.start, s.end, excerpt(p, s.start, s.end));
}

/* The left side of an assignment into n->list; a tuple is taken apart. */
static bool targets(struct parser *p, struct ast *left, struct ast *n) {
    int32_t mark = p->n_stack;
    if (left->kind == AST_TUPLE && left->n > 0) {
        for (int32_t i = 0; i < left->n; i++) {
            TRY(check_target(p, left->list[i]) && child_push(p, left->list[i]));
        }
    } else {
        TRY(check_target(p, left) && child_push(p, left));
    }
    n->key_span = left->span;
    return children_take(p, mark, &n->list, &n->n);
}

static bool is_foreign_assignment(enum token_kind kind) {
    return kind == TOK_FLOORDIV_EQ || kind == TOK_POW_EQ || kind == TOK_MOD_EQ ||
           kind == TOK_MATMUL_EQ || kind == TOK_AND_EQ || kind == TOK_OR_EQ;
}

static bool augment_op(enum token_kind kind, enum ast_op *op) {
    switch ((int)kind) {
    case TOK_ADD_EQ: return *op = AST_OP_ADD, true;
    case TOK_SUB_EQ: return *op = AST_OP_SUB, true;
    case TOK_MUL_EQ: return *op = AST_OP_MUL, true;
    case TOK_DIV_EQ: return *op = AST_OP_DIV, true;
    default: return false;
    }
}

static struct ast *augmented(struct parser *p, struct ast *left, enum ast_op op) {
    struct ast *n = node_new(p, AST_AUGMENT, left->span.start);
    if (!n) return NULL;
    if (left->kind == AST_TUPLE) {
        return fail_between(p, SYN_AUGMENT_TUPLE, left->span.start, left->span.end);
    }
    if (!targets(p, left, n)) return NULL;
    token_take(p);
    n->op = op;
    n->a = parse_expressions(p);
    return n->a ? node_end(p, n) : NULL;
}

/* The value after "=": expressions, or a train, search or plot block. */
static struct ast *assigned_value(struct parser *p, bool may_hold_block, bool *ended_line) {
    if (!block_starts(p)) return parse_expressions(p);
    if (!may_hold_block) { return fail_here(p, SYN_BLOCK_IN_LINE, token_excerpt(p, token_now(p))); }
    *ended_line = true;
    return parse_block_value(p);
}

/* `x =+ 2`, which Python reads as x = 2, is mostly x += 2. The = has just been taken. */
static bool sign_behind_equals(struct parser *p, const struct ast *left) {
    struct token equals = token_ahead(p, -1), sign = token_now(p), next = token_ahead(p, 1);
    bool is_sign = sign.kind == TOK_ADD || sign.kind == TOK_SUB;
    if (!is_sign || sign.start != equals.end || next.start == sign.end) return false;
    fail_between(p, SYN_SIGN_BEHIND_EQUALS, equals.start, sign.end,
                 excerpt(p, sign.start, sign.end), excerpt(p, left->span.start, left->span.end));
    return true;
}

/* left = value, or left: type = value; the = or : is at hand. */
static struct ast *assigned(struct parser *p, struct ast *left, bool may_hold_block,
                            bool *ended_line) {
    struct ast *n = node_new(p, AST_ASSIGN, left->span.start);
    if (!n || !targets(p, left, n)) return NULL;
    if (token_accept(p, TOK_COLON)) {
        n->b = parse_type(p);
        if (!n->b) return NULL;
        if (!token_at(p, TOK_ASSIGN)) {
            return fail_here(p, SYN_TYPE_VALUE, excerpt(p, left->span.start, left->span.end));
        }
        may_hold_block = false;
    }
    token_take(p);
    if (token_at(p, TOK_ASSIGN)) return fail_here(p, SYN_EXPECTED_VALUE, "`=`", "`=`");
    if (!n->b && sign_behind_equals(p, left)) return NULL;
    n->a = assigned_value(p, may_hold_block, ended_line);
    return n->a ? node_end(p, n) : NULL;
}

/* Does a shape or type follow the colon at hand, and then "="? Otherwise the colon is a mistake. */
static bool type_follows(const struct parser *p) {
    enum token_kind k = token_ahead(p, 1).kind;
    return k == TOK_LBRACKET || (k == TOK_NAME && token_ahead(p, 2).kind == TOK_ASSIGN);
}

bool parse_assignment(struct parser *p, bool may_hold_block, bool *ended_line) {
    struct ast *left = parse_expressions(p);
    if (!left) return false;
    enum ast_op op = AST_OP_ADD;
    struct token t = token_now(p);
    if (t.kind == TOK_ASSIGN || (t.kind == TOK_COLON && type_follows(p))) {
        return child_push(p, assigned(p, left, may_hold_block, ended_line));
    }
    if (augment_op(t.kind, &op)) return child_push(p, augmented(p, left, op));
    if (is_foreign_assignment(t.kind)) return foreign_assignment(p, t, left);
    struct ast *n = node_new(p, AST_EXPR, left->span.start);
    if (!n) return false;
    n->a = left;
    return child_push(p, node_end(p, n));
}

static struct ast *return_statement(struct parser *p) {
    struct token t = token_take(p);
    if (!p->place.in_def) {
        enum syntax_id id = p->place.in_model ? SYN_RETURN_MODEL : SYN_RETURN_PLACE;
        return fail_between(p, id, t.start, t.end);
    }
    struct ast *n = node_new(p, AST_RETURN, t.start);
    if (!n) return NULL;
    enum token_kind k = token_now(p).kind;
    if (k == TOK_NEWLINE || k == TOK_SEMICOLON || k == TOK_END) return node_end(p, n);
    n->a = parse_expressions(p);
    return n->a ? node_end(p, n) : NULL;
}

static struct ast *assert_statement(struct parser *p) {
    struct ast *n = node_new(p, AST_ASSERT, token_take(p).start);
    if (!n) return NULL;
    n->a = parse_expression(p);
    if (!n->a) return NULL;
    struct token t = token_now(p);
    if (t.kind == TOK_ASSIGN) {
        const char *repaired = repaired_line(p, t.start, t.end, " == ");
        return fail_here(p, SYN_CONDITION_EQUALS, "assert", repaired);
    }
    if (token_accept(p, TOK_COMMA)) {
        n->b = parse_expression(p);
        if (!n->b) return NULL;
    }
    return node_end(p, n);
}

/* The path of an import: one plain text. */
static bool import_path(struct parser *p, struct ast *n, const char *word) {
    struct token t = token_now(p);
    if (t.kind == TOK_NAME) {
        return fail_here(p, SYN_IMPORT_NAME, excerpt(p, t.start, t.end), word);
    }
    if (t.kind != TOK_TEXT) return fail_here(p, SYN_IMPORT_PATH, token_excerpt(p, t), word);
    struct ast *path = parse_text(p);
    if (!path) return false;
    if (path->kind != AST_TEXT) {
        return fail_between(p, SYN_IMPORT_PATH, t.start, t.end, "an f-string", word);
    }
    n->text = path->text;
    n->key_span = path->span;
    return true;
}

/* "helpers" of "lib/helpers.awml": the name under which the file's names stand. */
static const char *file_stem(struct str path) {
    size_t begin = path.n, end = path.n;
    while (begin > 0 && path.p[begin - 1] != '/') begin--;
    for (size_t i = begin + 1; i < path.n && end == path.n; i++)
        if (path.p[i] == '.') end = i;
    return intern((struct str){path.p + begin, end - begin});
}

static struct ast *import_statement(struct parser *p) {
    bool from = token_at(p, TOK_FROM);
    struct ast *n = node_new(p, AST_IMPORT, token_take(p).start);
    if (!n || !import_path(p, n, from ? "from" : "import")) return NULL;
    if (from) {
        if (!token_accept(p, TOK_IMPORT)) {
            return fail_here(p, SYN_FROM_IMPORT, token_excerpt(p, token_now(p)));
        }
        if (token_at(p, TOK_MUL)) return fail_here(p, SYN_IMPORT_STAR);
        if (!names_list(p, &n->list, &n->n, "import")) return NULL;
        if (token_at(p, TOK_AS)) return fail_here(p, SYN_IMPORT_AS);
    } else if (token_accept(p, TOK_AS)) {
        struct span path = n->key_span;
        if (!take_name(p, n)) return NULL;
        n->key_span = path;
    } else {
        n->name = file_stem(n->text);
    }
    return node_end(p, n);
}

static struct ast *word_statement(struct parser *p, enum ast_kind kind) {
    struct token t = token_take(p);
    if (kind != AST_PASS && !p->place.in_loop) {
        return fail_between(p, SYN_LOOP_PLACE, t.start, t.end, token_spelling(t.kind));
    }
    struct ast *n = node_new(p, kind, t.start);
    return n ? node_end(p, n) : NULL;
}

/* One statement of a line. */
static bool simple(struct parser *p, bool may_hold_block, bool *ended_line) {
    struct token t = token_now(p), next = token_ahead(p, 1);
    bool doubled = (t.kind == TOK_ADD || t.kind == TOK_SUB) && next.kind == t.kind;
    if (doubled && t.end == next.start) {
        return fail_between(p, SYN_PLUS_PLUS, t.start, next.end, token_spelling(t.kind));
    }
    switch ((int)t.kind) {
    case TOK_RETURN: return child_push(p, return_statement(p));
    case TOK_ASSERT: return child_push(p, assert_statement(p));
    case TOK_IMPORT:
    case TOK_FROM: return child_push(p, import_statement(p));
    case TOK_BREAK: return child_push(p, word_statement(p, AST_BREAK));
    case TOK_CONTINUE: return child_push(p, word_statement(p, AST_CONTINUE));
    case TOK_PASS: return child_push(p, word_statement(p, AST_PASS));
    default: break;
    }
    if (update_starts(p)) return child_push(p, parse_update(p));
    return parse_assignment(p, may_hold_block, ended_line);
}

/* Compound words may not stand after a colon or a semicolon. */
static bool no_compound(struct parser *p) {
    struct token t = token_now(p);
    bool compound = t.kind == TOK_DEF || t.kind == TOK_IF || t.kind == TOK_FOR ||
                    t.kind == TOK_WHILE || block_starts(p) ||
                    (token_named(p, 0, "model") && token_ahead(p, 1).kind == TOK_NAME);
    if (compound) return fail_here(p, SYN_BLOCK_IN_LINE, token_excerpt(p, t));
    return true;
}

bool parse_simple_line(struct parser *p, bool may_hold_block) {
    for (bool is_first = true;; is_first = false) {
        if (!is_first || !may_hold_block) TRY(no_compound(p));
        struct token first = token_now(p);
        bool ended_line = false;
        TRY(simple(p, may_hold_block && is_first, &ended_line));
        if (ended_line) return true;
        TRY(simple_ends(p, first));
        if (!token_accept(p, TOK_SEMICOLON)) return expect_line_end(p);
        if (token_at(p, TOK_NEWLINE) || token_at(p, TOK_END)) return expect_line_end(p);
    }
}

/* A line that is indented for no reason, or because the line above lacks its colon (plot, search)
 * or a bracket (it ends with a comma). */
static bool unexpected_indent(struct parser *p) {
    struct token above = token_ahead(p, p->at > 1 ? -2 : 0);
    struct str word = token_text(p, above);
    if (above.kind == TOK_NAME && (str_is(word, "plot") || str_is(word, "search"))) {
        return fail_between(p, SYN_MISSING_COLON, above.end, above.end,
                            excerpt(p, above.start, above.end), "the end of the line");
    }
    if (p->at > 1 && above.kind == TOK_COMMA)
        return fail_between(p, SYN_COMMA_ENDS_LINE, above.start, above.end);
    return fail_here(p, SYN_UNEXPECTED_INDENT);
}

/* Things that no statement starts with, each with its own message. */
static bool statement_refused(struct parser *p) {
    struct token t = token_now(p);
    if (token_instead(t.kind)) {
        return fail_here(p, SYN_REFUSED, token_spelling(t.kind), token_instead(t.kind));
    }
    switch ((int)t.kind) {
    case TOK_INDENT: return unexpected_indent(p);
    case TOK_ELSE:
    case TOK_ELIF: return fail_here(p, SYN_STRAY_ELSE, token_spelling(t.kind));
    case TOK_MATMUL: return fail_here(p, SYN_DECORATOR);
    case TOK_MOD: return fail_here(p, SYN_MAGIC_PLACE);
    case TOK_FLOORDIV: return fail_here(p, SYN_COMMENT, "//");
    case TOK_DIV:
        if (token_ahead(p, 1).kind != TOK_MUL) return true;
        return fail_here(p, SYN_COMMENT, "/*");
    default: return true;
    }
}

static bool read_statement(struct parser *p) {
    bool done = false;
    TRY(statement_refused(p));
    TRY(enter(p));
    bool ok = parse_compound(p, &done) && (done || parse_block(p, &done)) &&
              (done || parse_simple_line(p, true));
    p->depth--;
    return ok;
}

bool parse_statement(struct parser *p) {
    struct parser before = *p;
    return read_statement(p) || (p->recovery && recover(p, &before));
}
