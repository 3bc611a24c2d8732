/* LAPACK's Fortran routines behind names and errors of our own. */
#include "lapack.h"
#include "blas.h"
#include "base/pool.h"
#include <limits.h>

static bool fits(int64_t n, struct err *e) {
    if (n >= INT_MAX / 4)
        return err_set(e, ERR_MEMORY, "A matrix with %lld rows is too large.", (long long)n);
    return blas() || err_set(e, ERR_FILE,
                             "This needs OpenBLAS (libopenblas.so.0), which this machine lacks.");
}

bool lapack_eigen(double *a, int64_t size, double *w, struct err *e) {
    TRY(fits(size, e));
    int n = (int)size, info = 0, lwork = -1, liwork = -1, iwant = 0;
    double want = 0;
    blas()->dsyevd("V", "U", &n, a, &n, w, &want, &lwork, &iwant, &liwork, &info);
    lwork = (int)want;
    liwork = iwant;
    double *work = pool_need((size_t)lwork * sizeof *work + 8, e);
    int *iwork = work ? pool_need((size_t)liwork * sizeof *iwork + 8, e) : NULL;
    if (iwork) blas()->dsyevd("V", "U", &n, a, &n, w, work, &lwork, iwork, &liwork, &info);
    bool had_room = iwork != NULL;
    pool_free(work);
    pool_free(iwork);
    if (had_room && info)
        return err_set(
            e, ERR_VALUE,
            "The eigenvalues could not be found: the matrix holds numbers that are not finite.");
    return had_room;
}

bool lapack_solve_positive(double *a, int64_t size, double *b, int64_t k, struct err *e) {
    TRY(fits(size, e) && fits(k, e));
    int n = (int)size, sides = (int)k, info = 0;
    blas()->dposv("U", &n, &sides, a, &n, b, &n, &info);
    return info == 0;
}

bool lapack_solve(double *a, int64_t size, double *b, int64_t k, struct err *e) {
    TRY(fits(size, e) && fits(k, e));
    int n = (int)size, sides = (int)k, info = 0;
    int *pivots = pool_need((size_t)(n + 1) * sizeof *pivots, e);
    if (!pivots) return false;
    blas()->dgesv(&n, &sides, a, &n, pivots, b, &n, &info);
    pool_free(pivots);
    return info == 0;
}

/* Rows one after the other are the columns of the transposed matrix, whose vectors change places.
 */
bool lapack_svd(double *a, int64_t m, int64_t n, double *u, double *s, double *vt, struct err *e) {
    TRY(fits(m, e) && fits(n, e));
    int rows = (int)n, cols = (int)m, k = rows < cols ? rows : cols, info = 0, lwork = -1;
    double want = 0;
    int *iwork = pool_need((size_t)(8 * k + 1) * sizeof *iwork, e);
    if (!iwork) return false;
    blas()->dgesdd("S", &rows, &cols, a, &rows, s, vt, &rows, u, &k, &want, &lwork, iwork, &info);
    lwork = (int)want;
    double *work = pool_need((size_t)lwork * sizeof *work + 8, e);
    if (work)
        blas()->dgesdd("S", &rows, &cols, a, &rows, s, vt, &rows, u, &k, work, &lwork, iwork,
                       &info);
    bool had_room = work != NULL;
    pool_free(work);
    pool_free(iwork);
    if (had_room && info)
        return err_set(e, ERR_VALUE,
                       "The singular values could not be found: the matrix holds numbers that are "
                       "not finite.");
    return had_room;
}

bool lapack_least_squares(double *a, int64_t rows, int64_t cols, double *b, int64_t k,
                          struct err *e) {
    TRY(fits(rows, e) && fits(cols, e) && fits(k, e));
    int m = (int)rows, n = (int)cols, sides = (int)k, info = 0, rank = 0, lwork = -1;
    int ldb = m > n ? m : n, least = m < n ? m : n, iwant = 0;
    double want = 0, rcond = -1;
    double *s = pool_need((size_t)(least + 1) * sizeof *s, e);
    if (!s) return false;
    blas()->dgelsd(&m, &n, &sides, a, &m, b, &ldb, s, &rcond, &rank, &want, &lwork, &iwant, &info);
    lwork = (int)want;
    double *work = pool_need((size_t)lwork * sizeof *work + 8, e);
    int *iwork = work ? pool_need((size_t)(iwant + 1) * sizeof *iwork, e) : NULL;
    if (iwork)
        blas()->dgelsd(&m, &n, &sides, a, &m, b, &ldb, s, &rcond, &rank, work, &lwork, iwork,
                       &info);
    bool had_room = iwork != NULL;
    pool_free(s);
    pool_free(work);
    pool_free(iwork);
    if (had_room && info)
        return err_set(
            e, ERR_VALUE,
            "Least squares did not converge: the data hold numbers that are not finite.");
    return had_room;
}

bool lapack_gram(const double *x, int64_t n, int64_t d, double *c, struct err *e) {
    TRY(fits(n, e) && fits(d, e));
    blas()->dsyrk(CblasRowMajor, CblasUpper, CblasTrans, (int)d, (int)n, 1, x, (int)d, 0, c,
                  (int)d);
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j < i; j++) c[i * d + j] = c[j * d + i];
    return true;
}
