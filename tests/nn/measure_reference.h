/* Made by measure_reference.py. */
#pragma once
static const double loss_gaussian[] = {104.127457};
static const double loss_negative_binomial[] = {6.01146847};
static const double loss_quantile[] = {2.49410816};
static const double loss_quantiles[] = {1.16394717};
static const double loss_log_cosh[] = {2.4792459};
static const double loss_triplet[] = {0.919236245};
