/* Which operations keep the rows (axis 0, the examples of a batch) of their operands apart. Plans
 * cut batches by it, pass_prefix.c takes what stands alone out of a graph. */
#pragma once
#include "graph.h"

/* Does operand i of a node have in row r what row r of the result needs, and nothing else? */
bool rows_match(const struct node *n, int i);
/* Can axis 0 of the result be cut anywhere? */
bool rows_free(const struct node *n);
