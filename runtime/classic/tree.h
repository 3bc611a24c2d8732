/* Decision trees as flat arrays, and answers from many of them at once. */
#pragma once
#include "bins.h"

/* A question "x[feature] <= threshold": yes goes to node `left`, no to left + 1. */
struct tree_node {
    float threshold; /* a leaf: its value */
    int32_t feature; /* -1: a leaf */
    int32_t left;    /* a leaf: its number, 0 … n_leaves - 1 */
    uint16_t mask;   /* position + 1 of the categories that go left, 0 = a number */
    bool missing_right;
    uint8_t cut; /* codes 1 … cut go left */
};

enum { TREE_MASKS = 65535 }; /* questions about categories in one tree */

/* 256 categories: bit c is set when code c (1 + category) goes left. */
struct tree_mask {
    uint64_t bits[4];
};

struct tree {
    int32_t n_nodes, n_leaves, depth, n_masks;
    struct tree_node *nodes;
    struct tree_mask *masks;
    float *shares; /* (n_leaves, width) when a leaf has several values, else NULL */
    float *gains;  /* n_nodes: what the split improved */
};

/* A tree that grows while it is built. */
struct tree_builder {
    struct tree tree;
    int32_t cap, mask_cap, width;
};
bool tree_begin(struct tree_builder *b, int width, struct err *e); /* node 0 is a leaf */
/* Node `at` becomes a question; returns its left child, or -1. */
int32_t tree_split(struct tree_builder *b, int32_t at, const struct tree_node *question,
                   const struct tree_mask *mask, float gain, struct err *e);
/* Numbers the leaves from left to right, finds the depth and gives back what is not used. */
bool tree_end(struct tree_builder *b, struct err *e);
void tree_clear(struct tree *t);

/* The leaf node of a row of bins / of numbers. */
int32_t tree_leaf_binned(const struct tree *t, const struct bins *b, int64_t row);
int32_t tree_leaf(const struct tree *t, const float *x);

/* ---- many trees ---- */

struct masks; /* small trees prepared for answers by bit masks, or NULL */

struct trees {
    int32_t n, cap, width, d; /* width: values of a leaf */
    int32_t n_outputs;        /* tree i adds to output i % n_outputs */
    struct tree *items;
    struct masks *masks;
    bool missing, categorical;
};
bool trees_add(struct trees *s, struct tree *take, struct err *e);
/* Is there memory for n trees that all grow to so many leaves? If not, ERR_MEMORY. */
bool trees_full_room(int64_t n, int64_t leaves, struct err *e);
/* Is there memory for `to_come` more trees, when the first `grown` ones took `taken` bytes? If not,
 * ERR_MEMORY with the numbers. */
bool trees_have_room(int32_t grown, int32_t to_come, size_t taken, struct err *e);
/* Call once when all trees are there. */
bool trees_prepare(struct trees *s, struct err *e);
void trees_clear(struct trees *s);
/* out (n, n_outputs * width): the sums of the trees' values. False when stopped. */
bool trees_sum(const struct trees *s, const struct design *x, double *out, const _Atomic bool *stop,
               struct err *e);
/* Gain of each feature; each tree's gains sum to 1 first if `each`. Sums to 1 over features. */
void trees_importance(const struct trees *s, bool each, double *out);
int64_t trees_leaves(const struct trees *s);
int32_t trees_depth(const struct trees *s);
