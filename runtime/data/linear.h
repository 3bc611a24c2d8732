/* Linear algebra on tensors of float64: equations and singular values, by LAPACK. */
#pragma once
#include "tensor.h"
#include <stdatomic.h>

/* x in a x = b for a square matrix `a` (n, n) and b (n) or (n, k): a new tensor in the shape of b.
 * NULL without an error in `e`: a is singular. */
struct tensor *linear_solve(const struct tensor *a, const struct tensor *b, struct err *e);
/* x of the smallest norm that makes |a x - b| smallest, for a (m, n) and b (m): (n), by singular
 * values. */
struct tensor *linear_least_squares(const struct tensor *a, const struct tensor *b,
                                    const _Atomic bool *stop, struct err *e);
/* a (m, n) = u diag(s) vt with k = min(m, n): parts are u (m, k), s (k), the largest first, and vt
 * (k, n), new references. `stop` ends it with an error. */
bool linear_svd(const struct tensor *a, struct tensor *parts[3], const _Atomic bool *stop,
                struct err *e);
