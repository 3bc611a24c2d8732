/* Penalties on weights. Private to nn/. */
#pragma once
#include "config.h"

/* The factors of l1 * sum |w| + l2 * sum w^2; NULL: 0, 0. */
void penalty_factors(const struct config *penalty, double *l1, double *l2);
double penalty_value(const float *w, int64_t n, double l1, double l2);
