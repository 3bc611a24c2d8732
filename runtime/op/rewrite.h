/* How passes copy a graph into another one, node by node. Private to op/. */
#pragma once
#include "build.h"

struct rewrite {
    struct graph *g; /* the new graph */
    void *user;
    struct err *e;
};

/* The new graph's node for `old`, whose inputs are now in[]; NULL on failure. */
typedef struct node *rewrite_fn(struct rewrite *r, const struct node *old, struct node *const *in);

/* The rewrite that changes nothing. */
rewrite_fn rewrite_copy;

/* A new graph with everything the roots need, and all inputs; roots[] become its nodes. */
struct graph *graph_rewrite(const struct graph *g, struct node **roots, int n_roots, rewrite_fn *fn,
                            void *user, struct err *e);

/* Is this the same number everywhere, known now? Looks through expand, reshape and cast. */
bool node_number(const struct node *n, double *x);
