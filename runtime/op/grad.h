/* Gradient rules: from the derivative of the result ("up") to those of the inputs, built from other
 * operations so that they can be differentiated again. Private to op/.
 *
 * Shapes inside a rule are known to agree, so the helpers below go round the broadcasting rule: two
 * operands have the same sizes, or one is a single number. A helper given NULL returns NULL, so a
 * rule can be written as a formula; the failure has been noted in `failed`. */
#pragma once
#include "build.h"

struct grad {
    struct graph *g;
    struct node *n;      /* the operation */
    struct node *up;     /* derivative with respect to its result; the result's sizes */
    const bool *need;    /* which inputs' derivatives are wanted */
    struct node **in;    /* to be filled where needed; NULL = nothing flows there */
    const bool *wanted;  /* by node id: its own derivative was asked for */
    struct node *beyond; /* a rule may send in[0] to a node behind its only input instead */
    struct err *e;
    bool failed;
};

typedef void grad_fn(struct grad *c);

/* NULL for operations through which nothing flows. */
grad_fn *grad_of_elementwise(enum op op);
grad_fn *grad_of_shape(enum op op);
grad_fn *grad_of_reduce(enum op op);
grad_fn *grad_of_recur(enum op op);
grad_fn *grad_of_window(enum op op);
grad_fn *grad_of_warps(enum op op);

struct node *grad_1(struct grad *c, enum op op, struct node *a, const struct attrs *attrs);
struct node *grad_2(struct grad *c, enum op op, struct node *a, struct node *b);
struct node *grad_number(struct grad *c, double x);
struct node *grad_by(struct grad *c, enum op op, struct node *a, double b); /* a op number */
struct node *grad_where(struct grad *c, struct node *condition, struct node *a, struct node *b);
struct node *grad_matmul(struct grad *c, struct node *a, struct node *b, bool trans_a,
                         bool trans_b);
struct node *grad_reshape(struct grad *c, struct node *a, const struct shape *s);
/* The result of a reduction over `axes` repeated to the shape it was reduced from. */
struct node *grad_unfold(struct grad *c, struct node *a, const struct shape *s, uint32_t axes);
/* A folded sum in the form of a reduction with attrs. */
struct node *grad_sum(struct grad *c, struct node *a, uint32_t axes, bool keepdims);
/* The slope of log(y), y a softmax, with respect to what the softmax was taken of. */
struct node *grad_log_softmax_of(struct grad *c, struct node *y);
