/* Statistics of whole tensors, in float64: what needs all numbers at once and no gradient. */
#pragma once
#include "tensor.h"

/* Correlations between the rows of x [variable, observation]: [variable, variable]. A row that
 * never changes correlates with nothing: NaN. */
struct tensor *stats_corrcoef(const struct tensor *x, struct err *e);
/* Their covariances, divided by the number of observations less one: [variable, variable]. */
struct tensor *stats_cov(const struct tensor *x, struct err *e);
/* out[i] = quantile q[i] of all numbers, by linear interpolation between neighbours as NumPy
 * does; NaN if there is a NaN. An empty tensor is an error. */
bool stats_quantiles(const struct tensor *x, const double *q, int n, double *out, struct err *e);
bool stats_median(const struct tensor *x, double *out, struct err *e);
/* The smallest and the largest finite number; false if there is none. */
bool stats_range(const struct tensor *x, double *low, double *high);
/* counts[i] of `bins` equal parts of [low, high]; each part lacks its upper end, except the last.
 * Numbers outside and NaN are left out. low < high. */
bool stats_histogram(const struct tensor *x, int64_t bins, double low, double high, int64_t *counts,
                     struct err *e);
/* Positions along the last axis from smallest to largest (or back); equal ones keep their order,
 * NaN comes last either way. int64, same shape. */
struct tensor *stats_argsort(const struct tensor *x, bool descending, struct err *e);
/* The k largest along the last axis, largest first: values (x's type) and positions (int64). */
bool stats_topk(const struct tensor *x, int64_t k, struct tensor **values,
                struct tensor **positions, struct err *e);
