/* Expressions, from loosest to tightest: lambda, ->, if else, or, and, not, comparisons, | & + -
 * and
 * * / // % @, signs, **. What is tighter is in parse_call.c and parse_atom.c. */
#include "parser.h"

static struct ast *binary_node(struct parser *p, enum ast_kind kind, struct ast *a, struct ast *b) {
    if (!b) return NULL;
    struct ast *n = node_new(p, kind, a->span.start);
    if (!n) return NULL;
    n->a = a;
    n->b = b;
    return node_end(p, n);
}

/* |, &, + -, * / // % @: their strength, 0 for tokens that are none of them. */
static int strength(enum token_kind kind, enum ast_op *op) {
    switch ((int)kind) {
    case TOK_BITOR: return *op = AST_OP_BITOR, 1;
    case TOK_BITAND: return *op = AST_OP_BITAND, 2;
    case TOK_ADD: return *op = AST_OP_ADD, 3;
    case TOK_SUB: return *op = AST_OP_SUB, 3;
    case TOK_MUL: return *op = AST_OP_MUL, 4;
    case TOK_DIV: return *op = AST_OP_DIV, 4;
    case TOK_FLOORDIV: return *op = AST_OP_FLOORDIV, 4;
    case TOK_MOD: return *op = AST_OP_MOD, 4;
    case TOK_MATMUL: return *op = AST_OP_MATMUL, 4;
    default: return 0;
    }
}

static struct ast *factor(struct parser *p);

/* postfix ("**" factor)?: binds tighter than a sign on its left, looser than one on its right. */
static struct ast *power(struct parser *p) {
    struct ast *a = parse_postfix(p);
    if (!a || !token_accept(p, TOK_POW)) return a;
    struct ast *n = binary_node(p, AST_BINARY, a, factor(p));
    if (n) n->op = AST_OP_POW;
    return n;
}

/* i++ and ++i: the second sign has no operand, or the first one no left side. */
static void *plus_plus(struct parser *p, struct token first) {
    struct token second = token_ahead(p, 1);
    const char *sign = first.kind == TOK_ADD ? "+" : "-";
    return fail_between(p, SYN_PLUS_PLUS, first.start, second.end, sign);
}

static struct ast *factor_in(struct parser *p) {
    struct token t = token_now(p);
    bool is_sign = t.kind == TOK_SUB || t.kind == TOK_ADD || t.kind == TOK_INVERT;
    if (!is_sign) return power(p);
    struct ast *n = node_new(p, AST_UNARY, t.start);
    if (!n) return NULL;
    token_take(p);
    enum token_kind next = token_now(p).kind;
    bool is_double = t.start > 0 && p->text.p[t.start - 1] == p->text.p[t.start];
    if (is_double && (next == TOK_NEWLINE || next == TOK_SEMICOLON || next == TOK_RPAREN)) {
        p->at -= 2;
        return plus_plus(p, token_now(p));
    }
    n->op = t.kind == TOK_SUB ? AST_OP_SUB : t.kind == TOK_ADD ? AST_OP_ADD : AST_OP_INVERT;
    n->a = factor(p);
    return n->a ? node_end(p, n) : NULL;
}

static struct ast *factor(struct parser *p) {
    if (!enter(p)) return NULL;
    return leave(p, factor_in(p));
}

/* Precedence climbing over the four levels of strength(). */
static struct ast *arithmetic(struct parser *p, int weakest) {
    struct ast *left = factor(p);
    enum ast_op op = AST_OP_ADD;
    while (left) {
        int s = strength(token_now(p).kind, &op);
        if (s == 0 || s < weakest) return left;
        enum ast_op this_op = op;
        token_take(p);
        left = binary_node(p, AST_BINARY, left, arithmetic(p, s + 1));
        if (left) left->op = this_op;
    }
    return NULL;
}

static bool comparison_op(struct parser *p, enum ast_op *op) {
    switch ((int)token_now(p).kind) {
    case TOK_LT: *op = AST_OP_LT; break;
    case TOK_LE: *op = AST_OP_LE; break;
    case TOK_GT: *op = AST_OP_GT; break;
    case TOK_GE: *op = AST_OP_GE; break;
    case TOK_EQ: *op = AST_OP_EQ; break;
    case TOK_NE: *op = AST_OP_NE; break;
    case TOK_IN: *op = AST_OP_IN; break;
    case TOK_NOT:
        if (token_ahead(p, 1).kind != TOK_IN) return false;
        token_take(p);
        *op = AST_OP_NOT_IN;
        break;
    default: return false;
    }
    token_take(p);
    return true;
}

/* x <- 3: the minus touches the sign before it and not what follows. */
static bool is_arrow_assignment(struct parser *p) {
    struct token less = token_now(p), minus = token_ahead(p, 1), next = token_ahead(p, 2);
    return less.kind == TOK_LT && minus.kind == TOK_SUB && minus.start == less.end &&
           next.start > minus.end;
}

/* & and | bind tighter than comparisons, as in Python: a > 1 & b < 2 would be a > (1 & b) < 2. */
static bool holds_bare_bit_op(const struct ast *n) {
    bool is_bit = n->kind == AST_BINARY && (n->op == AST_OP_BITAND || n->op == AST_OP_BITOR);
    return is_bit && n->span.start == n->a->span.start; /* brackets would start earlier */
}

static bool is_comparison_sign(enum token_kind kind) {
    return kind == TOK_LT || kind == TOK_LE || kind == TOK_GT || kind == TOK_GE || kind == TOK_EQ ||
           kind == TOK_NE || kind == TOK_IN;
}

/* One side of & or |, from token `from` up to `to`, in brackets if it compares. */
static void add_side(struct parser *p, int32_t from, int32_t to, struct text *out) {
    const struct token *t = p->lexer->tokens;
    bool compares = false;
    int open = 0;
    for (int32_t i = from; i < to; i++) {
        open += bracket_step(t[i].kind);
        compares |= open == 0 && is_comparison_sign(t[i].kind);
    }
    if (from >= to) return;
    struct str side = {p->text.p + t[from].start, t[to - 1].end - t[from].start};
    if (compares) text_addc(out, '(');
    text_add(out, side);
    if (compares) text_addc(out, ')');
}

/* Says how the comparison from token `first` on reads with the brackets that were meant. */
static void *bare_bit_op(struct parser *p, int32_t first) {
    const struct token *t = p->lexer->tokens;
    struct text repaired = {0};
    int32_t side = first;
    int open = 0;
    for (int32_t i = first; i < p->at; i++) {
        open += bracket_step(t[i].kind);
        if (open > 0 || (t[i].kind != TOK_BITAND && t[i].kind != TOK_BITOR)) continue;
        add_side(p, side, i, &repaired);
        text_addf(&repaired, " %s ", token_spelling(t[i].kind));
        side = i + 1;
    }
    add_side(p, side, p->at, &repaired);
    const char *copy = arena_strdup(p->arena, text_str(&repaired));
    text_clear(&repaired);
    return fail_between(p, SYN_BARE_BIT_OP, t[first].start, p->last_end, copy ? copy : "");
}

static struct ast *comparison(struct parser *p) {
    int32_t first = p->at, mark = p->n_stack, n_ops = 0;
    struct ast *left = arithmetic(p, 1);
    enum ast_op op = AST_OP_LT;
    if (left && is_arrow_assignment(p))
        return fail_between(p, SYN_ARROW_ASSIGN, token_now(p).start, token_ahead(p, 1).end,
                            excerpt(p, left->span.start, left->span.end));
    if (!left || !child_push(p, left) || !comparison_op(p, &op)) {
        p->n_stack = mark;
        return left;
    }
    bool bare = holds_bare_bit_op(left);
    enum ast_op *ops = NULL;
    int32_t cap = 0;
    do {
        if (n_ops == cap) {
            cap = cap ? cap * 2 : 2;
            enum ast_op *grown = arena_alloc(p->arena, (size_t)cap * sizeof *grown);
            if (!grown) return fail_memory(p);
            for (int32_t i = 0; i < n_ops; i++) grown[i] = ops[i];
            ops = grown;
        }
        ops[n_ops++] = op;
        struct ast *right = arithmetic(p, 1);
        if (!child_push(p, right)) return NULL;
        bare |= holds_bare_bit_op(right);
    } while (comparison_op(p, &op));
    if (bare) return bare_bit_op(p, first);
    struct ast *n = node_new(p, AST_COMPARE, left->span.start);
    if (!n || !children_take(p, mark, &n->list, &n->n)) return NULL;
    n->ops = ops;
    return node_end(p, n);
}

static struct ast *negation(struct parser *p) {
    if (!token_at(p, TOK_NOT)) return comparison(p);
    if (!enter(p)) return NULL;
    struct ast *n = node_new(p, AST_NOT, token_take(p).start);
    if (n) n->a = negation(p);
    return leave(p, n && n->a ? node_end(p, n) : NULL);
}

static struct ast *conjunction(struct parser *p) {
    struct ast *left = negation(p);
    while (left && token_accept(p, TOK_AND)) left = binary_node(p, AST_AND, left, negation(p));
    return left;
}

struct ast *parse_or(struct parser *p) {
    struct ast *left = conjunction(p);
    while (left && token_accept(p, TOK_OR)) left = binary_node(p, AST_OR, left, conjunction(p));
    return left;
}

static struct ast *ternary_in(struct parser *p) {
    struct ast *a = parse_or(p);
    if (!a || !token_at(p, TOK_IF)) return a;
    struct token t = token_take(p);
    struct ast *n = node_new(p, AST_TERNARY, a->span.start);
    if (!n) return NULL;
    n->a = a;
    n->b = parse_or(p);
    if (!n->b) return NULL;
    if (!token_at(p, TOK_ELSE)) {
        return fail_between(p, SYN_TERNARY_ELSE, t.start, t.end,
                            excerpt(p, a->span.start, a->span.end),
                            excerpt(p, n->b->span.start, n->b->span.end));
    }
    token_take(p);
    if (!enter(p)) return NULL;
    n->c = leave(p, ternary_in(p));
    return n->c ? node_end(p, n) : NULL;
}

static struct ast *pair(struct parser *p) {
    struct ast *a = ternary_in(p);
    if (!a || !token_accept(p, TOK_ARROW)) return a;
    struct ast *n = binary_node(p, AST_ARROW, a, ternary_in(p));
    if (n && token_at(p, TOK_ARROW)) return fail_here(p, SYN_SECOND_ARROW);
    return n;
}

/* lambda a, b: expr. Its parameters are plain names. */
static struct ast *lambda(struct parser *p) {
    struct ast *n = node_new(p, AST_LAMBDA, token_take(p).start);
    if (!n) return NULL;
    int32_t mark = p->n_stack;
    while (!token_at(p, TOK_COLON)) {
        struct token t = token_now(p);
        if (t.kind == TOK_MUL || t.kind == TOK_POW) return fail_here(p, SYN_STAR_ARGS);
        struct ast *param = node_new(p, AST_PARAM, t.start);
        if (!param || !take_name(p, param)) return NULL;
        if (!child_push(p, node_end(p, param))) return NULL;
        if (token_at(p, TOK_ASSIGN)) return fail_here(p, SYN_LAMBDA_DEFAULT);
        if (token_accept(p, TOK_COMMA)) continue;
        if (!token_at(p, TOK_COLON)) {
            return fail_here(p, SYN_LAMBDA_COLON, token_excerpt(p, token_now(p)));
        }
    }
    token_take(p);
    if (!children_take(p, mark, &n->list, &n->n)) return NULL;
    n->a = parse_expression(p);
    return n->a ? node_end(p, n) : NULL;
}

struct ast *parse_expression(struct parser *p) {
    if (!enter(p)) return NULL;
    return leave(p, token_at(p, TOK_LAMBDA) ? lambda(p) : pair(p));
}

/* After a comma: does the list of expressions end here? */
static bool exprs_end(const struct parser *p) {
    switch ((int)token_now(p).kind) {
    case TOK_NEWLINE:
    case TOK_SEMICOLON:
    case TOK_END:
    case TOK_ASSIGN:
    case TOK_COLON:
    case TOK_RPAREN:
    case TOK_RBRACKET: return true;
    default: return false;
    }
}

struct ast *parse_expressions(struct parser *p) {
    int32_t mark = p->n_stack;
    struct ast *first = parse_expression(p);
    if (!first || !token_at(p, TOK_COMMA)) return first;
    if (!child_push(p, first)) return NULL;
    while (token_accept(p, TOK_COMMA) && !exprs_end(p)) {
        if (!child_push(p, parse_expression(p))) return NULL;
    }
    struct ast *n = node_new(p, AST_TUPLE, first->span.start);
    if (!n || !children_take(p, mark, &n->list, &n->n)) return NULL;
    return node_end(p, n);
}
