/* The targets' values against what a loss can read: class numbers in range, probabilities between 0
 * and 1. Private to nn/. */
#pragma once
#include "losses.h"

/* output: the output's shape, first axis = examples. In texts {2} is the targets. */
bool labels_check(const struct config *loss, const struct tensor *target,
                  const struct shape *output, struct err *e);
