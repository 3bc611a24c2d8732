/* While checking: calls of the student's functions with single numbers whose results are known.
 * The same call gives the same again as long as no name of the notebook changes, and none does
 * while a function runs: so results are kept for the length of the outermost call. A recursion that
 * branches, such as Fibonacci's, is then checked in as many steps as it has different arguments. */
#pragma once
#include "eval.h"

struct actual;
struct known_call;
struct known_calls {
    struct known_call *items; /* made when there is something to keep */
};

/* The result of this call, if it is known: a number, or unknown because it would go too deep. */
bool known_call_find(const struct eval *ev, const struct function *f, const struct actual *actuals,
                     int n, struct value *out);
void known_call_keep(struct eval *ev, struct function *f, const struct actual *actuals, int n,
                     struct value result);
void known_calls_clear(struct known_calls *k);
