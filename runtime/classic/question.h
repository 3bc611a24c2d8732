/* The question found best for a node, and cuts of categories. */
#pragma once
#include "tree.h"

struct split {
    float score; /* of both sides; below 0: there is none */
    int32_t feature, cut;
    bool missing_left, categorical;
    float threshold;
    struct tree_mask mask;
};

/* Sums of one code. */
struct code_sum {
    double g, h;
    int32_t code;
};

/* The best two groups of categories: sorted by g / h, then cut (Fisher, On grouping for maximum
 * homogeneity, 1958). Codes that do not occur (h 0) go right. false: there is no cut. items are
 * put in order. */
bool split_categories(struct code_sum *items, int n, double l2, double least, struct split *out);
/* Which codes go left, as a table. */
void split_table(const struct split *s, uint8_t left[256]);
/* Rows are put into two groups that keep their order; how many go left. other: room for n. Many
 * rows are divided by two threads, each of which takes a half. */
int64_t split_divide(int32_t *rows, int32_t *other, int64_t n, const uint8_t *column,
                     const uint8_t left[256]);
