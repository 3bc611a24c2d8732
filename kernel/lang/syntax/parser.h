/* What the files of the parser share: the state and its helpers. Every parsing function returns
 * NULL or false after a failure has been noted; nothing goes back. Tokens are looked at two ahead.
 */
#pragma once
#include "lex.h"
#include "parse.h"

enum { PARSE_MAX_DEPTH = 450 };

/* Where a statement stands, for the words that mean something only there. */
struct place {
    bool in_def, in_loop, in_step;
    bool in_model; /* anywhere inside a model */
    bool in_plot;  /* in a for or if of a plot block */
};

/* Mistakes found so far, where reading goes on behind them (recover.h). */
struct recovery {
    struct err *found;
    int n, most;
    bool cut; /* what stands behind the last one was not read */
};

struct parser {
    struct source *source;
    struct str text;
    struct program *program;
    struct arena *arena;
    bool only_check; /* do not intern names: used from another thread */
    const struct lexer *lexer;
    int32_t at;         /* token number */
    uint32_t last_end;  /* byte after the last token that was taken */
    struct ast **stack; /* children under construction */
    int32_t n_stack, cap_stack;
    int depth;
    struct place place;
    struct syntax_failure failure;
    struct recovery *recovery; /* NULL: the first mistake is the end */
};

/* Tokens. */
static inline struct token token_ahead(const struct parser *p, int k) {
    int32_t i = p->at + k;
    return p->lexer->tokens[i < p->lexer->n ? i : p->lexer->n - 1];
}
static inline struct token token_now(const struct parser *p) {
    return token_ahead(p, 0);
}
static inline bool token_at(const struct parser *p, enum token_kind kind) {
    return token_now(p).kind == kind;
}
static inline struct str token_text(const struct parser *p, struct token t) {
    return (struct str){p->text.p + t.start, t.end - t.start};
}
/* Is the token `k` ahead this name? */
bool token_named(const struct parser *p, int k, const char *name);
bool token_starts_value(enum token_kind kind);
int bracket_step(enum token_kind kind); /* 1 for an opening bracket, -1 for a closing one */
struct token token_take(struct parser *p);
bool token_accept(struct parser *p, enum token_kind kind); /* take it if it is there */

/* Failures: the first counts. All return NULL. An ERROR token at hand, or a bracket that never
 * closes, is reported instead. The further arguments are C strings for {0}, {1}, …; they must live
 * as long as the parser. */
#define fail_between(p, id, ...) fail_between_(p, id, __VA_ARGS__, NULL)
void *fail_between_(struct parser *p, enum syntax_id id, uint32_t start, uint32_t end, ...)
    __attribute__((sentinel));
#define fail_here(...) fail_here_(__VA_ARGS__, NULL)
void *fail_here_(struct parser *p, enum syntax_id id, ...) __attribute__((sentinel));
void *fail_memory(struct parser *p);
/* A copy of at most 60 bytes of the text between two offsets, on one line. */
const char *excerpt(struct parser *p, uint32_t start, uint32_t end);
/* The logical line at hand with `instead` in place of the bytes [start, end) and the spaces around.
 */
const char *repaired_line(struct parser *p, uint32_t start, uint32_t end, const char *instead);
const char *token_excerpt(struct parser *p, struct token t);

/* Depth: each recursive function enters and leaves. */
bool enter(struct parser *p);
static inline void *leave(struct parser *p, void *result) {
    p->depth--;
    return result;
}

/* Nodes. `node_new` starts at byte `start`; `node_end` closes it after the last token. */
struct ast *node_new(struct parser *p, enum ast_kind kind, uint32_t start);
struct ast *node_end(struct parser *p, struct ast *n);
/* The same, ending at a byte. */
struct ast *node_end_at(struct parser *p, struct ast *n, uint32_t end);
struct span span_of(const struct parser *p, uint32_t start, uint32_t end);
bool child_push(struct parser *p, struct ast *child); /* false for NULL */
/* Move the children above `mark` into the arena. */
bool children_take(struct parser *p, int32_t mark, struct ast ***list, int32_t *n);
const char *name_from(struct parser *p, struct str s); /* interned, NFC */
const char *name_of(struct parser *p, struct token t);
bool take_name(struct parser *p, struct ast *n); /* a NAME into n->name and key_span, or fails */
struct ast *name_node(struct parser *p);
/* NAME ("," NAME)* */
bool names_list(struct parser *p, struct ast ***list, int32_t *n, const char *what_for);

/* Expressions (parse_expr.c, parse_atom.c, parse_call.c, parse_text.c). */
struct ast *parse_expression(struct parser *p);
struct ast *parse_expressions(struct parser *p); /* exprs: one, or an AST_TUPLE */
struct ast *parse_or(struct parser *p);
struct ast *parse_postfix(struct parser *p);
struct ast *parse_atom(struct parser *p);
struct ast *parse_brackets(struct parser *p); /* (…), […], {…} */
struct ast *parse_text(struct parser *p);
struct ast *parse_call(struct parser *p, struct ast *callee);
struct ast *parse_index(struct parser *p, struct ast *whole);
struct ast *parse_number(struct parser *p);
struct ast *parse_type(struct parser *p);
bool parse_params(struct parser *p, struct ast *n);            /* "(" params? ")" into list */
bool expect_list_end(struct parser *p, enum token_kind close); /* "," or the closing bracket */
/* A number and a name side by side: a times sign is missing, or a unit is misspelled. */
void *missing_times(struct parser *p, struct token number, struct token name);
/* A unit behind something that is no number as it is written: i days. */
bool is_stray_unit(struct parser *p, struct token before, struct token t);
bool ends_list(const struct parser *p); /* no value can follow here */

/* Statements (parse_statement.c, parse_compound.c, parse_block.c): they push what they read. */
bool parse_statement(struct parser *p);
bool parse_simple_line(struct parser *p, bool may_hold_block);
bool parse_assignment(struct parser *p, bool may_hold_block, bool *ended_line);
bool parse_suite(struct parser *p, const char *after, struct ast ***body, int32_t *n);
bool parse_compound(struct parser *p, bool *is_compound);
bool parse_block(struct parser *p, bool *is_block); /* train, search, plot */
struct ast *parse_block_value(struct parser *p);    /* the same after "=" */
bool block_starts(const struct parser *p);
struct ast *parse_model(struct parser *p);
struct ast *parse_if(struct parser *p);
struct ast *parse_for(struct parser *p);
struct ast *parse_update(struct parser *p);
bool update_starts(const struct parser *p);
bool expect_line_end(struct parser *p);
/* ":" NEWLINE INDENT; `after` names the header for messages. */
bool open_block(struct parser *p, const char *after);
bool close_block(struct parser *p);
const char *parse_doc(struct parser *p); /* a text alone on the first line of a block, or NULL */
