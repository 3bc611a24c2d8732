/* The inner loops of trees, compiled once per instruction set and chosen at start. They know
 * pointers and counts, nothing of models. Every set gives the same bits: no fused operations, and
 * sums in a fixed order.
 *
 * A histogram belongs to a block of up to 16 features and lies as [code][feature][g, h]: a row adds
 * one pair per feature, and the scan over codes works on all features of the block at once. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum {
    HIST_LANES = 16,                          /* features of a block */
    HIST_CODES = 256,                         /* code 0 = missing, 1 … 255 = bins in order */
    HIST_FLOATS = HIST_CODES * HIST_LANES * 2 /* 32 KB */
};

/* Gradient and weight of a row: a node's score is (sum g)^2 / (sum h + l2). */
struct gh {
    float g, h;
};

struct scan_spec {
    int n_codes;    /* largest code of the block */
    float g, h;     /* totals of the node */
    float l2;       /* added to the weight of each side */
    float least;    /* smallest weight of a side, above 0 */
    bool missing;   /* try missing values on the left too */
    int n_counters; /* class histograms: number of classes */
};

/* Best cut of each feature: codes 1 … cut go left. score is of both sides; -1 = there is none. */
struct scan_result {
    float score[HIST_LANES];
    int32_t cut[HIST_LANES];
    int32_t missing_left[HIST_LANES];
};

/* One tree of at most 32 leaves for scoring rows by bit masks: at every node whose question is
 * answered with no, the leaves of its left side are struck out; the first leaf left is the row's.
 * (Lucchese et al., QuickScorer, SIGIR 2015) */
struct mask_node {
    float threshold;
    int32_t feature; /* position */
    uint32_t keep;   /* leaves that stay when x > threshold */
    uint32_t missing_right;
};

enum { SCORE_ROWS = 64 };

struct tree_kernels {
    const char *name;
    /* hist += gh[i] at the codes of rows[i]. codes: [row][16]; rows NULL = 0 … n - 1; lanes:
     * 1 … 16. */
    void (*hist_add)(float *hist, const uint8_t *codes, const int32_t *rows, int64_t n,
                     const struct gh *gh, int lanes);
    /* parent -= part, codes 0 … n_codes. */
    void (*hist_subtract)(float *parent, const float *part, int n_codes);
    void (*hist_scan)(const float *hist, const struct scan_spec *s, struct scan_result *out);
    /* The same for counts of classes, [code][class][feature]: the score is the sum of squares of
     * each side's counts over its weight (Gini). total: (n_counters) of the node; room:
     * n_counters * 16 floats. */
    void (*class_scan)(const float *hist, const float *total, float *room,
                       const struct scan_spec *s, struct scan_result *out);
    /* gh of a logistic loss: p = sigmoid(score), g = p - y, h = p (1 - p). */
    void (*logistic)(struct gh *gh, const float *score, const float *y, int64_t n);
    /* Sum of log(1 + exp(-score)) where y is 1, of log(1 + exp(score)) where it is 0. n: at most a
     * few thousand, for they are added up as floats. */
    double (*logistic_loss)(const float *score, const double *y, int64_t n);
    /* out[r] += the tree's value of row r; x: [feature][64]. values: 32 floats. */
    void (*score_masks)(float out[SCORE_ROWS], const float *x, const struct mask_node *nodes,
                        int n_nodes, const float *values, bool missing);
    /* Codes of n values of one feature: 1 + how many of the n_edges limits are below the value;
     * 0 for NaN. edges: 256, padded with infinity. */
    void (*encode)(uint8_t *codes, const float *x, int64_t n, const float *edges, int n_edges);
};

const struct tree_kernels *tree_kernels(void);
extern const struct tree_kernels tree_kernels_plain, tree_kernels_avx2, tree_kernels_avx512;
