/* Text to tree. Never fails silently: every state of the parser has a message (language.md 2.16).
 */
#pragma once
#include "ast.h"

/* Parse a source; takes a reference to it. NULL with an ERR_SYNTAX (or ERR_NOT_YET, ERR_RECURSION,
 * ERR_MEMORY) whose span, label, sentence and hint are complete. */
struct program *parse(struct source *source, struct err *e);
/* The same, going on behind statements that cannot be read where that is safe: `found` (room for
 * `most`) receives *n mistakes, and what could not be read has become AST_SPOILED. *cut: what
 * stands behind the last was not read. NULL: nothing was, and the last of them says why. */
struct program *parse_on(struct source *source, struct err *found, int most, int *n, bool *cut);

/* For consoles: is the text a whole cell? `indent` receives the number of spaces that the next line
 * should start with, when incomplete. */
enum completeness { CELL_COMPLETE, CELL_INCOMPLETE, CELL_INVALID };
enum completeness parse_completeness(struct str text, int *indent);

/* Where the cursor stands, for completion and help: found by the lexer alone, so that it works in
 * half-written cells. Offsets are bytes. */
enum { CURSOR_MOST_GIVEN = 16 };
struct cursor_context {
    enum {
        CURSOR_NAME,     /* a plain name (prefix may be empty) */
        CURSOR_FIELD,    /* after "object." : object_text is the chain before the dot */
        CURSOR_ARGUMENT, /* inside the call of `callee`, where an argument name may start */
        CURSOR_SETTING,  /* first on a line directly in a block: `block` = train, search, plot */
        CURSOR_AXIS,     /* inside quotes after axis= */
        CURSOR_PATH,     /* inside other quotes */
        CURSOR_MAGIC,    /* after % at the start of a line */
        CURSOR_NOTHING   /* inside a comment or number */
    } kind;
    uint32_t start, end; /* the bytes a completion would replace */
    struct str prefix;   /* what is typed of it up to the cursor */
    struct str object_text;
    struct str callee; /* innermost open call's name ("" if none), also for CURSOR_NAME */
    struct str block;
    /* Of that call, where the cursor stands directly in its brackets or in a list there: */
    bool in_call, is_method; /* is_method: what stands before a dot is its first argument */
    struct str argument;     /* the name before =, or "" */
    int position;            /* how many arguments without a name come before */
    struct str given[CURSOR_MOST_GIVEN]; /* names of the arguments before */
    int n_given;
};
struct cursor_context parse_cursor(struct str text, uint32_t offset);

/* A tree as indented text, for tests. */
void ast_print(const struct program *p, struct text *out);
