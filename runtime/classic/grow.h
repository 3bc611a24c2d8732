/* One tree of gradient boosting, grown leaf by leaf: always the leaf whose split gains most. */
#pragma once
#include "question.h"

struct grow_spec {
    const struct bins *bins;
    const struct gh *gh; /* one for each row */
    int32_t max_depth, leaves, min_rows;
    double l2, rate;
    const _Atomic bool *stop; /* looked at before each split; ends the tree with an error */
};

/* The rows of a leaf, for updates without walking. */
struct grown_leaf {
    int32_t node, begin, n;
    double g, h;
};

struct tree_grower;
struct tree_grower *tree_grower_new(const struct bins *b, int leaves, struct err *e);
void tree_grower_free(struct tree_grower *w);
/* The rows to grow from; fill before each tree. */
int32_t *tree_grower_rows(struct tree_grower *w);
/* Leaf values are -rate * g / (h + l2). */
bool tree_grow(struct tree_grower *w, const struct grow_spec *s, int64_t n_rows, struct tree *out,
               struct err *e);
/* Of the tree grown last; `rows` is tree_grower_rows. */
int tree_grower_leaves(const struct tree_grower *w, const struct grown_leaf **leaves);
