/* Array expressions in one pass over memory. An expression of several elementwise operations and
 * reductions on large tensors is walked once more with the tensors as symbols; the graph that comes
 * out is run as one plan, tile by tile, instead of one array after the other. Same values, same
 * errors: where the graph cannot be made or run, the expression is computed step by step. */
#pragma once
#include "eval.h"

/* Leaves of the expression under way: what stands in it besides operations. Each is evaluated once.
 */
enum { FUSED_LEAVES = 24 };
struct fused {
    int n;
    bool full;
    struct {
        const struct ast *ast;
        struct value value;
        struct node *node; /* while tracing: of a large tensor */
    } leaves[FUSED_LEAVES];
};

/* Is this the root of an expression worth trying? Then *out is its value, or *ok is false. */
bool eval_fused(struct eval *ev, const struct ast *x, struct value *out, bool *ok);
/* Inside one, or NULL: do its whole numbers stay whole numbers? */
bool fused_keeps_whole(const struct fused *f);
/* Inside one: a leaf's value, new reference; false if x is none. */
bool fused_leaf(struct eval *ev, const struct ast *x, struct value *out);
