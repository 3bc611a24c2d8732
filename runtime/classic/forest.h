/* Trees that are grown each on its own: one decision tree, random forests (Breiman, 2001), extra
 * trees (Geurts, Ernst and Wehenkel, 2006). Every tree is the work of one thread; what it draws
 * depends on the seed and its number alone. */
#pragma once
#include "tree.h"

struct forest_spec {
    const struct bins *bins;
    const int32_t *labels; /* classes, or NULL */
    int32_t n_classes;
    const float *y; /* numbers, near 0 on the average; NULL for classes */
    int32_t n_trees;
    int32_t max_depth; /* 0 = as deep as it gets */
    int32_t max_features;
    int32_t min_rows; /* of a leaf */
    bool bootstrap;   /* every tree sees n rows drawn with replacement */
    bool random_cuts; /* one random cut for each feature instead of the best */
    uint64_t seed, stream;
    const _Atomic bool *stop;
    void (*progress)(void *user, int64_t done, int64_t n);
    void *user;
};

/* Appends the trees: a leaf is the mean of y, the share of class 1 (two classes), or the shares of
 * all classes. */
bool forest_grow(const struct forest_spec *s, struct trees *out, struct err *e);
