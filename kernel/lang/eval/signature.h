/* What a call may be given: read from the signature texts of the tables, so that checking, help and
 * completion say the same. Text: "x, axis: axis = None, how: text(inner left) = "inner", ...";
 * "..." takes any further arguments, named or not, "...: unnamed" only those without a name. Behind
 * `text` stand the words that are allowed, or, with "..." among them, those that mean something
 * beside others. */
#pragma once
#include "lang/values/value.h"

struct ast;

enum { SIGNATURE_MAX = 16 };

struct parameter {
    const char *name;    /* interned */
    const char *kind;    /* interned "int", "activation", …; NULL = anything */
    struct str choices;  /* words for a text, see base/word_list.h; empty = any */
    struct str fallback; /* text of the default; empty = required */
    bool required;
};

struct signature {
    const char *owner; /* "Dense" */
    int n;
    struct parameter parameters[SIGNATURE_MAX];
    int rest_at; /* position before which "..." stands, or -1 */
    bool rest_unnamed;
};

/* The signature of a table's row; cached by the text's address. Never NULL: a malformed text is a
 * mistake of ours and a test reads them all. */
const struct signature *signature_of(const char *owner, const char *text);
/* "Dense(units, activation=None, bias=True)" */
void signature_print(const struct signature *s, struct text *out);
/* A paragraph for each argument that is one of some words: `padding` is "valid" or "same". */
void signature_print_choices(const struct signature *s, struct text *out);

/* An argument as it was written. */
struct actual {
    const char *name;   /* interned, or NULL */
    struct value value; /* owned by the list of actuals */
    struct span at, name_at;
    const struct ast *tree; /* the expression, or NULL: a value that stands nowhere in a cell */
};

/* The error for an argument of a name that the signature does not have, with what may be meant. */
bool signature_no_argument(const struct signature *s, const struct actual *a, struct err *e);
/* Sort the actuals into the signature's positions: index[i] is the actual for parameter i, or -1;
 * rest receives the others' indices. False with an ArgumentError in the style of language.md 3.7
 * no. 6. */
bool signature_bind(const struct signature *s, const struct actual *actuals, int n,
                    int index[SIGNATURE_MAX], int *rest, int *n_rest, struct span call,
                    struct err *e);
