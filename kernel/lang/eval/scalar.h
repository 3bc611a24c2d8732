/* A short way for expressions of single numbers, which loops are full of: no references, no
 * descriptions, no error texts. */
#pragma once
#include "eval.h"

struct builtin;

/* The value of a tree that the resolver marked `is_scalar` (numbers, names, arithmetic,
 * comparisons, logic, built-in functions of one number, and functions of the student that consist
 * of such lines: they change nothing and draw nothing). Kind MISSING when a name in it holds
 * anything but one number, or when the result is an error: nothing has happened then, and the
 * general way finds out the same and says why. */
struct value scalar_eval(struct eval *ev, const struct ast *x);
/* The same for `left op right`, both marked. */
struct value scalar_binary(struct eval *ev, enum ast_op op, const struct ast *left,
                           const struct ast *right);
/* a op b of single numbers; MISSING if it is an error, or not as simple as that. */
struct value scalar_pair(enum ast_op op, struct value a, struct value b);
/* An elementwise function of one number, by the kernel that tensors get; MISSING: something else.
 */
struct value scalar_function(const struct builtin *b, struct value v);
/* scalar_eval of a whole expression, if it is marked. Where it fails more than once after a call of
 * a student's function, it is not tried again: the work would be done twice each time. */
struct value scalar_try_call(struct eval *ev, const struct ast *x);
static inline struct value scalar_try(struct eval *ev, const struct ast *x) {
    if (!x->is_scalar || ev->domain != DOMAIN_RUN) return value_missing();
    return x->has_call ? scalar_try_call(ev, x) : scalar_eval(ev, x);
}
/* eval_expr, by the short way where there is one. */
static inline bool eval_short(struct eval *ev, const struct ast *x, struct value *out) {
    if (x->is_scalar && ev->domain == DOMAIN_RUN) {
        *out = scalar_try(ev, x);
        if (out->kind != V_MISSING) return true;
    }
    return eval_expr(ev, x, out);
}
