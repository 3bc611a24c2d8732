/* The few routines of LAPACK (inside OpenBLAS) that the program needs, on doubles. Matrices here
 * lie row after row; symmetric ones need no care. Sizes are those of 32-bit LAPACK; too large ones,
 * decompositions that do not converge, and a machine without OpenBLAS are errors. `stop` (may be
 * NULL) ends those that have it with an error: at once, though the library itself looks at no flag
 * (apart.h). */
#pragma once
#include "base/err.h"
#include <stdatomic.h>

/* a (n, n) symmetric -> its eigenvalues, ascending, in w; row i of a is the vector of w[i]. */
bool lapack_eigen(double *a, int64_t n, double *w, const _Atomic bool *stop, struct err *e);
/* Solve a x = b for a symmetric positive definite (n, n) and k right sides: b is (k, n), each
 * side in a row, replaced by its solution; a is destroyed. False without an error in `e`: a is
 * not positive definite. */
bool lapack_solve_positive(double *a, int64_t n, double *b, int64_t k, struct err *e);
/* Solve a x = b for any (n, n) matrix `a` by LU factors, with its COLUMNS one after the other; b as
 * above. False without an error in `e`: a is singular. */
bool lapack_solve(double *a, int64_t n, double *b, int64_t k, struct err *e);
/* a (m, n) = u diag(s) vt with k = min(m, n) singular values, the largest first: u (m, k), vt (k,
 * n). */
bool lapack_svd(const double *a, int64_t m, int64_t n, double *u, double *s, double *vt,
                const _Atomic bool *stop, struct err *e);
/* Least squares of the smallest norm by singular values: columns of a (d columns of n numbers, one
 * after the other) against k columns of b of max(n, d) numbers each; the solutions are the first d
 * numbers of each column of b. */
bool lapack_least_squares(const double *a, int64_t n, int64_t d, double *b, int64_t k,
                          const _Atomic bool *stop, struct err *e);
/* For x (n, d), rows after one another: c (d, d) = x' x, or with `of_rows` c (n, n) = x x'. */
bool lapack_gram(const double *x, int64_t n, int64_t d, bool of_rows, double *c,
                 const _Atomic bool *stop, struct err *e);
