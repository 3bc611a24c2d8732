/* The few routines of LAPACK (inside OpenBLAS) that the program needs, on doubles. Matrices here
 * lie row after row; symmetric ones need no care. Sizes are those of 32-bit LAPACK; too large ones,
 * decompositions that do not converge, and a machine without OpenBLAS are errors. */
#pragma once
#include "base/err.h"

/* a (n, n) symmetric -> its eigenvalues, ascending, in w; row i of a is the vector of w[i]. */
bool lapack_eigen(double *a, int64_t n, double *w, struct err *e);
/* Solve a x = b for a symmetric positive definite (n, n) and k right sides: b is (k, n), each
 * side in a row, replaced by its solution; a is destroyed. False without an error in `e`: a is
 * not positive definite. */
bool lapack_solve_positive(double *a, int64_t n, double *b, int64_t k, struct err *e);
/* Solve a x = b for any (n, n) matrix `a` by LU factors, with its COLUMNS one after the other; b as
 * above. False without an error in `e`: a is singular. */
bool lapack_solve(double *a, int64_t n, double *b, int64_t k, struct err *e);
/* a (m, n) = u diag(s) vt with k = min(m, n) singular values, the largest first: u (m, k), vt (k,
 * n); a is destroyed. */
bool lapack_svd(double *a, int64_t m, int64_t n, double *u, double *s, double *vt, struct err *e);
/* Least squares of the smallest norm by singular values: columns of a (d columns of n numbers, one
 * after the other) against k columns of b of max(n, d) numbers each; a is destroyed, the solutions
 * are the first d numbers of each column of b. */
bool lapack_least_squares(double *a, int64_t n, int64_t d, double *b, int64_t k, struct err *e);
/* c (d, d) = x' x for x (n, d), rows after one another. */
bool lapack_gram(const double *x, int64_t n, int64_t d, double *c, struct err *e);
