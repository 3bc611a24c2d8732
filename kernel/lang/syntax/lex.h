/* Bytes to tokens, with the layout of lines and blocks (language.md 2.3). The whole text is read
 * first; a mistake becomes one ERROR token, which the parser reports when it gets there, so that
 * the earliest mistake of a cell is the one shown. Knows no grammar. */
#pragma once
#include "syntax.h"

#define PLAIN(kind, words) TOK_##kind,
#define KEYWORD(kind, spelling) TOK_##kind,
#define REFUSED(kind, spelling, instead) TOK_##kind,
#define SIGN(kind, spelling) TOK_##kind,
enum token_kind {
#include "tokens.list"
    TOK_N_KINDS
};
#undef PLAIN
#undef KEYWORD
#undef REFUSED
#undef SIGN

struct token {
    enum token_kind kind;
    uint32_t start, end; /* bytes of the text */
};

/* Where a replacement field of an f-string ends decides how it is read on. */
enum lex_mode { LEX_CELL, LEX_FIELD };

enum { LEX_MAX_BRACKETS = 200, LEX_MAX_INDENTS = 100 };

struct lexer {
    struct str text;  /* everything; offsets count from its start */
    uint32_t at, end; /* the part to read: [at, end) */
    enum lex_mode mode;
    struct arena *arena;  /* for the texts of messages */
    struct token *tokens; /* result: pool memory, ends with END or ERROR, END */
    int32_t n, cap;
    struct syntax_failure failure; /* of the ERROR token */
    bool line_has_tokens, done;
    int32_t n_brackets, n_indents;
    int32_t brackets[LEX_MAX_BRACKETS]; /* token numbers of the open brackets */
    uint32_t indents[LEX_MAX_INDENTS];  /* spaces of the open blocks; [0] is 0 */
};

/* Read [start, end) of the text. Returns false only when memory is out. After LEX_FIELD, `at` is
 * the byte that ended the field: '}' or ':' or '!' or '=', or `end`. */
bool lex(struct lexer *lx, struct str text, uint32_t start, uint32_t end, enum lex_mode mode,
         struct arena *arena);
void lex_clear(struct lexer *lx);

const char *token_words(enum token_kind kind);    /* "the end of the line", "def", "(" */
const char *token_spelling(enum token_kind kind); /* of keywords and signs; NULL for others */
const char *token_instead(enum token_kind kind);  /* of refused words; NULL for others */
bool token_is_word(enum token_kind kind);         /* a reserved word */

/* For lex.c and its neighbours: */
bool lex_push(struct lexer *lx, enum token_kind kind, uint32_t start, uint32_t end);
bool lex_number(struct lexer *lx);
/* A text with its prefix, if one starts here; false when not. */
bool lex_text_starts(const struct lexer *lx);
bool lex_text(struct lexer *lx);
/* Stop with a mistake at [start, end). Always returns true: "this has been dealt with". */
bool lex_fail(struct lexer *lx, enum syntax_id id, uint32_t start, uint32_t end);
bool lex_fail_with(struct lexer *lx, enum syntax_id id, uint32_t start, uint32_t end,
                   const char *arg);

/* Names of any script. The length in bytes of the name that starts at `p`; 0 if none does. */
uint32_t name_length(const char *p, size_t n);
/* The character that starts at `p` and its length in bytes; -1 and 1 for a byte that starts none.
 */
int32_t utf8_at(const char *p, size_t n, uint32_t *length);
