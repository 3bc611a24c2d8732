/* Did you mean …? Candidates are names that would be legal at the place; one is offered only when
 * it is clearly the nearest (language.md 2.16). Knows no values. (Contract used by the resolver and
 * the evaluator.) */
#pragma once
#include "base/str.h"

/* A search for the nearest candidate; lives on the stack, needs no clean-up. The added texts must
 * outlive it. */
struct spelling {
    struct str wanted, best;
    int distance, second;
};
void spelling_start(struct spelling *s, struct str wanted);
void spelling_add(struct spelling *s, struct str candidate);
/* The nearest candidate: at most a third of the length away, and no other as near; else empty. */
struct str spelling_best(const struct spelling *s);

/* A sentence for a name from another tool ("`np` is not needed: write linspace(…) directly."), or
 * NULL. Common words (values, index) are another tool's only where they are called or asked of a
 * value: `called`. */
const char *spelling_foreign(struct str name, bool called);
/* Does this name stand before the dots of another tool's names (np, plt)? */
bool spelling_is_module(struct str name);
/* What an argument of another tool is called here: the first of its possible names that `has`
 * knows, or NULL. */
const char *spelling_argument(struct str name, bool (*has)(const void *user, const char *name),
                              const void *user);
