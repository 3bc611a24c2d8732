/* The table of built-in functions: one row in builtins.list plus one function each. Layers, losses,
 * optimizers … come from the runtime's own lists and need no row here. */
#pragma once
#include "eval.h"
#include "signature.h"

enum builtin_flag {
    FN_AWARE = 0, /* works in all domains by itself */
    FN_KNOWN = 1, /* needs known values: while checking, unknown arguments give an unknown result */
    FN_EFFECT = 2,  /* acts on the outside: while checking it gives None and is not called */
    FN_COLUMNS = 8, /* a table verb: in its arguments, .x is a column of the first */
    FN_NUMBERS = 4, /* gives numbers from outside: while checking, an unknown result */
    FN_TENSOR = 16, /* its first argument is a tensor: call.first, call.desc; where nothing is known
                       of that, nothing is known of the result */
    FN_FOLDS = 32,  /* several operations on arrays and a reduction: worth a plan of its own */
};

struct call;
typedef bool (*builtin_fn)(struct call *c, struct value *out);

struct builtin {
    const char *name;
    const char *signature;
    const char *group; /* heading in the reference: "Elementwise" */
    builtin_fn fn;
    int flags;
    int op;                          /* for rows that are one op: the op, else -1 */
    const struct config_row *config; /* rows of the runtime's lists: layers, losses, … or NULL */
    const char *help;                /* first sentence = the short line */
    const char *example;             /* runs as it stands; a test runs them all */
};

/* One call under way. Arguments are borrowed from the actuals; MISSING where not given. */
struct call {
    struct eval *ev;
    const struct builtin *row;
    const struct signature *signature;
    struct span at;
    int n_actuals;
    const struct actual *actuals;
    struct value args[SIGNATURE_MAX];
    struct span spans[SIGNATURE_MAX];
    int index[SIGNATURE_MAX]; /* which actual stands for each parameter, or -1 */
    int n_rest;
    int rest[64]; /* indices of actuals taken by "..." */
    int n_held;
    struct value held[16]; /* operands made for this call: given back when it ends */
    struct value first;    /* FN_TENSOR: argument 0 as a tensor, node or description, borrowed */
    struct desc desc;      /* and what is known of it */
};

/* Run the row's function; with FN_TENSOR, its first argument is made ready before. */
bool call_row(struct call *c, struct value *out);

const struct builtin *builtin_find(const char *interned_name);
int builtin_count(void);
const struct builtin *builtin_at(int i);
/* As part of a fused array expression: 1 = computes element by element, 2 = folds, 0 = neither. */
int builtin_array_ops(const struct builtin *b);
/* Names that the language has and this release does not: the feature they belong to, or NULL. */
const char *builtin_later(const char *interned_name);

/* Arguments with their kinds; each says what was expected and found. */
/* Results of these are new references; `out` borrowed where said. */
bool call_number(struct call *c, int i, double fallback, double *out);
bool call_int(struct call *c, int i, int64_t fallback, int64_t *out);
bool call_bool(struct call *c, int i, bool fallback, bool *out);
bool call_text(struct call *c, int i, struct str *out); /* required */
/* Position among the words that the signature lists for the argument; the default's, or -1. */
bool call_choice(struct call *c, int i, int *out);
const char *call_name(struct call *c, int i);                 /* interned text, or NULL */
bool call_tensor(struct call *c, int i, struct tensor **out); /* new reference; numbers only */
bool call_floats(struct call *c, int i, struct tensor **out); /* the same as float64 */
bool call_function(struct call *c, int i, struct value *out); /* borrowed */
bool call_has(const struct call *c, int i);                   /* given and not None */
bool call_fail(struct call *c, int i, enum err_kind kind, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Where element k of a list that is written out in argument i stands; else the argument. */
struct span call_element(const struct call *c, int i, int k);
/* While checking: do x and y of a mark have the same length, as far as that is known? */
bool plot_check(struct call *c);
/* While checking: can the value of save be written under that ending, as far as both are known? */
bool save_check(struct call *c);
/* Sizes given as `10, 5` or `sample=10, unit=5` or one list or shape, from "...". With free_size
 * one may be -1: its position + 1 goes there. *known = false: some are unknown (while checking). */
bool call_sizes(struct call *c, struct shape *out, bool *known, int *free_size);
/* axis=None | number | name | list -> set of axes of `s`; None = all. */
bool call_axes(struct call *c, int i, const struct shape *s, uint32_t *axes);
bool call_axis(struct call *c, int i, const struct shape *s, int fallback, int *axis);
/* Did you mean another axis of `s`? Always false. */
bool axis_hint(struct err *e, const struct shape *s, struct str wanted);
