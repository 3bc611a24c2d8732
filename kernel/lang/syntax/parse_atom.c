/* Values without parts before them: names, numbers, columns, and what stands in brackets. */
#include "parser.h"
#include "base/intern.h"
#include "spelling.h"
#include <stdlib.h>
#include <string.h>

/* Units of quantities. */
#define UNIT(one, several) #one,
static const char *const units[] = {
#include "units.list"
};
#undef UNIT
#define UNIT(one, several) #several,
static const char *const unit_plurals[] = {
#include "units.list"
};
#undef UNIT

static const char *unit_of(struct str s) {
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (str_is(s, units[i]) || str_is(s, unit_plurals[i])) return units[i];
    }
    return NULL;
}

bool is_stray_unit(struct parser *p, struct token before, struct token t) {
    bool value =
        before.kind == TOK_NAME || before.kind == TOK_RPAREN || before.kind == TOK_RBRACKET;
    return value && t.kind == TOK_NAME && unit_of(token_text(p, t));
}

void *missing_times(struct parser *p, struct token number, struct token name) {
    struct spelling near;
    struct str word = token_text(p, name);
    spelling_start(&near, word);
    const char *const *known = str_ends(word, "s") ? unit_plurals : units;
    for (size_t i = 0; i < ARRAY_LEN(units); i++) spelling_add(&near, str_of(known[i]));
    const char *digits = excerpt(p, number.start, number.end);
    const char *written = excerpt(p, name.start, name.end);
    struct str best = spelling_best(&near);
    if (best.n) {
        const char *unit = arena_strdup(p->arena, best);
        return fail_here(p, SYN_UNIT, written, unit ? unit : "", digits);
    }
    return fail_here(p, SYN_MISSING_TIMES, token_excerpt(p, number), token_excerpt(p, name), digits,
                     written);
}

/* The number's characters without underscores and percent sign. */
static const char *digits_of(struct parser *p, struct token t) {
    char *copy = arena_alloc(p->arena, t.end - t.start + 1);
    if (!copy) return fail_memory(p);
    size_t n = 0;
    for (uint32_t i = t.start; i < t.end; i++) {
        char c = p->text.p[i];
        if (c != '_' && c != '%') copy[n++] = c;
    }
    return copy;
}

static bool whole_number(struct parser *p, struct token t, const char *digits, int64_t *value) {
    *value = 0;
    for (; *digits; digits++) {
        if (__builtin_mul_overflow(*value, 10, value) ||
            __builtin_add_overflow(*value, *digits - '0', value)) {
            return fail_between(p, SYN_NUMBER_LARGE, t.start, t.end);
        }
    }
    return true;
}

static bool number_value(struct parser *p, struct token t, struct ast *n) {
    const char *digits = digits_of(p, t);
    if (!digits) return false;
    n->is_percent = t.kind == TOK_PERCENT_NUMBER;
    n->is_int = !n->is_percent && !strpbrk(digits, ".eE");
    if (n->is_int) {
        TRY(whole_number(p, t, digits, &n->integer));
        n->number = (double)n->integer;
        return true;
    }
    n->number = strtod(digits, NULL);
    if (n->is_percent) n->number /= 100;
    if (n->number <= 1.7976931348623157e308) return true;
    return fail_between(p, SYN_NUMBER_INFINITE, t.start, t.end);
}

struct ast *parse_number(struct parser *p) {
    struct token t = token_take(p);
    struct ast *n = node_new(p, AST_NUMBER, t.start);
    if (!n || !number_value(p, t, n)) return NULL;
    if (t.kind == TOK_NUMBER && token_at(p, TOK_NAME)) {
        const char *unit = unit_of(token_text(p, token_now(p)));
        struct token word = token_now(p);
        if (unit) {
            token_take(p);
            n->key_span = span_of(p, word.start, word.end);
            n->unit = p->only_check ? unit : intern_c(unit);
        }
    }
    return node_end(p, n);
}

static struct ast *size(struct parser *p) {
    struct token t = token_take(p);
    struct ast *n = node_new(p, AST_SIZE, t.start);
    if (!n) return NULL;
    int32_t mark = p->n_stack;
    for (uint32_t at = t.start; at < t.end;) {
        uint32_t stop = at;
        while (stop < t.end && p->text.p[stop] != 'x') stop++;
        struct ast *side = node_new(p, AST_NUMBER, at);
        struct token part = {TOK_NUMBER, at, stop};
        if (!side || !number_value(p, part, side)) return NULL;
        if (!child_push(p, node_end_at(p, side, stop))) return NULL;
        at = stop + 1;
    }
    if (!children_take(p, mark, &n->list, &n->n)) return NULL;
    return node_end(p, n);
}

/* [element for names in xs for … if condition] */
static struct ast *comprehension(struct parser *p, uint32_t start, struct ast *element) {
    struct ast *n = node_new(p, AST_LISTCOMP, start);
    if (!n) return NULL;
    n->a = element;
    int32_t mark = p->n_stack;
    while (token_at(p, TOK_FOR)) {
        struct ast *part = node_new(p, AST_FOR_PART, token_take(p).start);
        if (!part || !names_list(p, &part->list, &part->n, "for")) return NULL;
        if (!token_at(p, TOK_IN)) return fail_here(p, SYN_FOR_IN, token_excerpt(p, token_now(p)));
        token_take(p);
        part->a = parse_or(p);
        if (!part->a || !child_push(p, node_end(p, part))) return NULL;
    }
    if (token_accept(p, TOK_IF)) {
        n->b = parse_or(p);
        if (!n->b) return NULL;
        if (token_at(p, TOK_IF)) return fail_here(p, SYN_SECOND_IF);
        if (token_at(p, TOK_ELSE)) return fail_here(p, SYN_COMPREHENSION_ELSE);
        if (token_at(p, TOK_FOR)) return fail_here(p, SYN_FOR_AFTER_IF);
    }
    if (!token_at(p, TOK_RBRACKET)) {
        return fail_here(p, SYN_COMPREHENSION_END, token_excerpt(p, token_now(p)));
    }
    token_take(p);
    if (!children_take(p, mark, &n->list, &n->n)) return NULL;
    return node_end(p, n);
}

static struct ast *list(struct parser *p) {
    struct token open = token_take(p);
    int32_t mark = p->n_stack;
    while (!token_at(p, TOK_RBRACKET)) {
        if (token_at(p, TOK_MUL)) return fail_here(p, SYN_STAR_ARGS);
        struct ast *element = parse_expression(p);
        if (!element) return NULL;
        if (token_at(p, TOK_FOR) && p->n_stack == mark) {
            return comprehension(p, open.start, element);
        }
        if (!child_push(p, element) || !expect_list_end(p, TOK_RBRACKET)) return NULL;
    }
    token_take(p);
    struct ast *n = node_new(p, AST_LIST, open.start);
    if (!n || !children_take(p, mark, &n->list, &n->n)) return NULL;
    return node_end(p, n);
}

/* (a), which is a with a wider span, or a tuple. */
static struct ast *parens(struct parser *p) {
    struct token open = token_take(p);
    struct ast *inner = NULL;
    if (!token_at(p, TOK_RPAREN)) {
        inner = parse_expressions(p);
        if (!inner) return NULL;
        if (token_at(p, TOK_FOR)) return fail_here(p, SYN_GENERATOR);
        if (!token_at(p, TOK_RPAREN) && !expect_list_end(p, TOK_RPAREN)) return NULL;
    } else {
        inner = node_new(p, AST_TUPLE, open.start);
    }
    token_take(p);
    if (!inner) return NULL;
    inner->span = span_of(p, open.start, p->last_end);
    return inner;
}

/* The key of a record: a name or a text. The text's bytes become a name too. */
static bool record_key(struct parser *p, struct ast *n) {
    struct token t = token_now(p);
    enum token_kind next = token_ahead(p, 1).kind;
    if (t.kind == TOK_MUL || t.kind == TOK_POW) return fail_here(p, SYN_STAR_ARGS);
    if (next == TOK_COMMA || next == TOK_RBRACE) return fail_here(p, SYN_SET);
    if (next == TOK_ASSIGN && t.kind == TOK_NAME) {
        token_take(p);
        return fail_here(p, SYN_RECORD_EQUALS);
    }
    if (t.kind == TOK_NAME) return take_name(p, n);
    if (t.kind != TOK_TEXT) {
        if (token_is_word(t.kind)) return fail_here(p, SYN_WORD_AS_KEY, token_spelling(t.kind));
        return fail_here(p, SYN_RECORD_KEY, token_excerpt(p, t));
    }
    struct ast *text = parse_text(p);
    if (!text) return false;
    if (text->kind != AST_TEXT) return fail_between(p, SYN_RECORD_KEY, t.start, t.end, "f\"…\"");
    n->key_span = text->span;
    n->name = name_from(p, text->text);
    return n->name != NULL;
}

static struct ast *record(struct parser *p) {
    struct ast *n = node_new(p, AST_RECORD, token_take(p).start);
    if (!n) return NULL;
    int32_t mark = p->n_stack;
    while (!token_at(p, TOK_RBRACE)) {
        struct ast *field = node_new(p, AST_PAIR_FIELD, token_now(p).start);
        if (!field || !record_key(p, field)) return NULL;
        if (!token_at(p, TOK_COLON)) {
            return fail_here(p, SYN_RECORD_COLON, token_excerpt(p, token_now(p)));
        }
        token_take(p);
        field->a = parse_expression(p);
        if (!field->a || !child_push(p, node_end(p, field))) return NULL;
        if (token_at(p, TOK_FOR)) return fail_here(p, SYN_RECORD_COMPREHENSION);
        if (!expect_list_end(p, TOK_RBRACE)) return NULL;
    }
    token_take(p);
    if (!children_take(p, mark, &n->list, &n->n)) return NULL;
    return node_end(p, n);
}

static struct ast *leaf(struct parser *p, enum ast_kind kind) {
    struct ast *n = node_new(p, kind, token_take(p).start);
    return n ? node_end(p, n) : NULL;
}

/* .name: a column of the table at hand. */
static struct ast *column(struct parser *p) {
    struct token dot = token_now(p), t = token_ahead(p, 1);
    if (t.kind != TOK_NAME) {
        token_take(p);
        if (token_is_word(t.kind)) return fail_here(p, SYN_WORD_AS_FIELD, token_spelling(t.kind));
        return fail_here(p, SYN_EXPECTED_FIELD, token_excerpt(p, t));
    }
    struct ast *n = node_new(p, AST_COLUMN, dot.start);
    if (!n) return NULL;
    token_take(p);
    return take_name(p, n) ? node_end(p, n) : NULL;
}

/* No value stands here: say what was expected after what. */
static void *no_value(struct parser *p) {
    struct token t = token_now(p), before = token_ahead(p, p->at > 0 ? -1 : 0);
    if (token_instead(t.kind)) {
        return fail_here(p, SYN_REFUSED, token_spelling(t.kind), token_instead(t.kind));
    }
    if (t.kind == TOK_ELLIPSIS) return fail_here(p, SYN_ELLIPSIS);
    if (t.kind == TOK_NOT) return fail_here(p, SYN_NOT_BRACKETS);
    bool is_comma = t.kind == TOK_COMMA || (ends_list(p) && before.kind == TOK_COMMA);
    if (is_comma && before.kind != TOK_ASSIGN) return fail_here(p, SYN_STRAY_COMMA);
    bool at_start = p->at == 0 || before.kind < TOK_NAME;
    if (at_start) return fail_here(p, SYN_STATEMENT_START, token_excerpt(p, t));
    return fail_here(p, SYN_EXPECTED_VALUE, token_excerpt(p, before), token_excerpt(p, t));
}

struct ast *parse_atom(struct parser *p) {
    struct token t = token_now(p);
    switch ((int)t.kind) {
    case TOK_NAME: return name_node(p);
    case TOK_NUMBER:
    case TOK_PERCENT_NUMBER: return parse_number(p);
    case TOK_SIZE: return size(p);
    case TOK_TEXT:
    case TOK_FTEXT: return parse_text(p);
    case TOK_TRUE: return leaf(p, AST_TRUE);
    case TOK_FALSE: return leaf(p, AST_FALSE);
    case TOK_NONE: return leaf(p, AST_NONE);
    case TOK_DOT: return column(p);
    case TOK_LPAREN: return parens(p);
    case TOK_LBRACKET: return list(p);
    case TOK_LBRACE: return record(p);
    case TOK_LAMBDA: return fail_here(p, SYN_LAMBDA_BRACKETS);
    default: return no_value(p);
    }
}
