/* Gradient boosting on histograms: trees that each correct the sum of those before (Friedman,
 * Greedy function approximation, 2001), with second derivatives (Chen and Guestrin, XGBoost, 2016)
 * and leaf-wise growth (Ke et al., LightGBM, 2017). */
#pragma once
#include "tree.h"

enum boost_loss { BOOST_SQUARED, BOOST_LOGISTIC, BOOST_SOFTMAX, BOOST_QUANTILE, BOOST_POISSON };

struct boost_spec {
    const struct bins *bins, *valid; /* valid: rows that are only looked at, or NULL */
    enum boost_loss loss;
    int32_t n_classes;                    /* SOFTMAX: one tree each per round */
    const double *y, *valid_y;            /* numbers, or 0 and 1 */
    const int32_t *labels, *valid_labels; /* SOFTMAX */
    double quantile;
    int32_t rounds, patience; /* patience 0: all rounds */
    double learning_rate, l2, subsample;
    int32_t max_depth, leaves, min_rows; /* max_depth 0 = no limit */
    uint64_t seed, stream;
    const _Atomic bool *stop;
    /* After a round (from 1); valid_loss NaN without valid. */
    void (*progress)(void *user, int64_t round, double loss, double valid_loss);
    void *user;
};

struct boost_result {
    double base[256]; /* score before the first tree, one for each output */
    int32_t n_rounds; /* kept */
    bool interrupted;
};

/* Appends the trees, round by round; a stop keeps the finished rounds. */
bool boost_grow(const struct boost_spec *s, struct trees *out, struct boost_result *r,
                struct err *e);
