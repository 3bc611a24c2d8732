/* Every operation again, as slowly and plainly as possible, in double: the oracle of test_ops. It
 * shares no code with the kernels. Random operations are not here. */
#pragma once
#include "graph.h"

/* The numbers of node `n` in row-major order, its shape being known; free with pool_free. inputs[i]
 * are the numbers of graph input i. */
double *reference_run(const struct graph *g, const struct node *n, double *const *inputs);
/* Product of known sizes. */
int64_t reference_count(const struct shape *s);
