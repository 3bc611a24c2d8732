/* One number for each group of rows. Missing cells (NaN) are left out; a group without any other
 * gives a missing result, but its sum and counts are 0, its product 1. */
#pragma once
#include "keys.h"

enum aggregate {
    AGGREGATE_COUNT, /* cells that are there */
    AGGREGATE_SUM,
    AGGREGATE_PROD,
    AGGREGATE_MEAN,
    AGGREGATE_MIN,
    AGGREGATE_MAX,
    AGGREGATE_VAR, /* the mean squared distance from the mean, as `var` */
    AGGREGATE_STD,
    AGGREGATE_MEDIAN,
    AGGREGATE_QUANTILE, /* linear between neighbours */
    AGGREGATE_FIRST,    /* the first and the last cell that is there */
    AGGREGATE_LAST,
    AGGREGATE_UNIQUE, /* how many different values */
    AGGREGATE_ANY,
    AGGREGATE_ALL,
    AGGREGATE_N
};

/* x: n_rows; q: for QUANTILE; out: n_groups. */
bool aggregate(const double *x, const struct row_groups *g, enum aggregate how, double q,
               double *out, struct err *e);
