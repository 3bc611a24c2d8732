/* Shared by the files that find out which name is what. */
#pragma once
#include "scope.h"
#include "base/err.h"

enum scope_kind { SCOPE_CELL, SCOPE_FUNCTION, SCOPE_MODEL };
enum { MAX_LOCALS = 512, MAX_NESTING = 50, NOT_FOUND = -1000000 };

/* A scope being filled. Slots of comprehension variables are visible while their part of the tree
 * is walked: `visible[i]` says so. */
struct open_scope {
    enum scope_kind kind;
    struct open_scope *outer;
    const char *names[MAX_LOCALS];
    bool visible[MAX_LOCALS];
    int n, n_params;
    struct capture captures[MAX_LOCALS];
    int n_captures;
};

/* Names with a number each, by open addressing; in the program's arena, never full. */
struct counter {
    const char **names;
    int32_t *numbers;
    size_t n, cap;
};

struct resolver {
    struct program *program;
    const struct resolve_globals *globals;
    struct open_scope *scope;
    const struct ast *call;   /* whose arguments are walked */
    const struct ast *callee; /* what is called last */
    int arguments;            /* calls around whose arguments are walked */
    const char **assigned;    /* names that the cell itself assigns, in order */
    int n_assigned, cap_assigned;
    struct counter known; /* the same names, for looking up */
    int depth;            /* functions around */
    int n_before;         /* of those: by statements before the one at hand, and in its block */
    struct err *e;
};

/* Slot or capture of a name in this scope or those around it, or NOT_FOUND. */
int find_name(struct open_scope *s, const char *name);
int find_local(const struct open_scope *s, const char *name);
bool cell_assigns(const struct resolver *r, const char *name);
/* The error for a name that nothing gives, with what may have been meant (name_hints.c). */
bool name_undefined(struct resolver *r, const struct ast *x);
