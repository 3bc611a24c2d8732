/* Passes: each takes a graph and the nodes that matter ("roots": outputs, gradients, new values of
 * weights) and makes a new graph that computes the same. Only what the roots need is copied, so
 * every pass drops dead nodes; inputs are always kept, in order. roots[] is rewritten to the new
 * graph's nodes. NULL on failure; the old graph is never changed, and may be freed once the new one
 * is there. Fusion, in-place and liveness belong to the plan (cpu/). */
#pragma once
#include "graph.h"

typedef struct graph *(*pass_fn)(const struct graph *g, struct node **roots, int n_roots,
                                 struct err *e);

/* Nothing but what the roots need. */
struct graph *pass_dead(const struct graph *g, struct node **roots, int n_roots, struct err *e);
/* x * 1, x + 0, double transposes, casts and reshapes that change nothing; numbers computed from
 * numbers. (Only single numbers are computed here, so that building a graph stays cheap.) */
struct graph *pass_fold(const struct graph *g, struct node **roots, int n_roots, struct err *e);
/* One node for equal computations. Random ops are equal only with equal streams. */
struct graph *pass_common(const struct graph *g, struct node **roots, int n_roots, struct err *e);
/* log(softmax), crossentropy over softmax and bce over sigmoid, in the stable form. Run BEFORE
 * graph_gradient, so that the gradient is stable and short, too. */
struct graph *pass_stable(const struct graph *g, struct node **roots, int n_roots, struct err *e);
/* mean becomes sum / count. */
struct graph *pass_means(const struct graph *g, struct node **roots, int n_roots, struct err *e);

/* relu(conv(x, kernel) + bias) as one node: (x, kernel, bias) with attrs.a = 1 for the relu. Not
 * part of pass_all: for back ends whose convolutions can do this. */
struct graph *pass_conv(const struct graph *g, struct node **roots, int n_roots, struct err *e);

/* All of them, in the order that suits a plan: stable, means, fold, common. */
struct graph *pass_all(const struct graph *g, struct node **roots, int n_roots, struct err *e);

/* Put numbers in place of the unknown sizes: `rows` examples in each run of the new graph, which is
 * one part of a batch of `batch`. Every OP_count becomes a number, counting the whole batch; so
 * where rows < batch, pass_means has to come first. ERR_SHAPE when a size is still unknown. */
struct graph *pass_sizes(const struct graph *g, struct node **roots, int n_roots, int64_t rows,
                         int64_t batch, struct err *e);

/* The frozen prefix: what a graph computes for each example alone, from its inputs, numbers and
 * weights that do not move, without chance. It is the same in every epoch, so its last nodes
 * ("features") can be computed once. Only where a weight that does not move is on the way: other
 * prefixes are cheap. */
enum { PREFIX_MAX_FEATURES = 8, PREFIX_MAX_INPUTS = 16 };
struct prefix {
    int n_features;                             /* 0 = there is nothing to gain */
    struct node *features[PREFIX_MAX_FEATURES]; /* nodes of the graph, [batch, …] */
    uint64_t keys[PREFIX_MAX_FEATURES]; /* equal computations have equal keys, in any graph */
    int n_inputs;                       /* of the graph, that are read past the features, too */
    int inputs[PREFIX_MAX_INPUTS];
};
/* moves: by weight number, whether it changes between runs. */
bool prefix_find(const struct graph *g, struct node *const *roots, int n_roots, const bool *moves,
                 struct prefix *out, struct err *e);
/* The rest of the graph. Its inputs are first those in `inputs`, then one for each feature. */
struct graph *pass_prefix(const struct graph *g, struct node **roots, int n_roots,
                          const struct prefix *p, struct err *e);
