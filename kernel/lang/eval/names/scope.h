/* Which name is what: gives every name of a tree its slot, so that running needs no look-up, and
 * finds undefined names before anything runs (pass 2 of language.md 2.15). Knows no values. */
#pragma once
#include "lang/syntax/ast.h"

struct scope {
    int n_slots, n_captures, n_parameters;
    bool is_scalar;     /* a function of single numbers whose body scalar_eval can run */
    const char **names; /* of the slots */
    struct capture {
        const char *name;
        int outer; /* slot (>= 0) or capture (-2 - i) of the enclosing scope */
    } * captures;
};
enum { SLOT_GLOBAL = -1, SCALAR_ARGUMENTS = 8, SCALAR_SLOTS = 16 };
struct resolve_globals {
    void *user;
    bool (*is_known)(void *user, const char *interned_name);
    void (*each)(void *user, void (*add)(void *to, const char *name), void *to); /* for hints */
    /* Is `name` a table of an earlier cell with this column? */
    bool (*has_column)(void *user, const char *name, const char *column);
    bool (*is_builtin)(const char *interned_name);
    /* A built-in that computes element by element counts 1, one that folds 2 (it gains by itself
     * from being cut by rows), others 0. */
    int (*array_ops)(const char *name);
};
/* Fills slots and scopes; the cell's own scope is *cell. */
bool scope_resolve(struct program *p, const struct resolve_globals *globals,
                   const struct scope **cell, struct err *e);
