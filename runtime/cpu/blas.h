/* OpenBLAS, opened when the first product or decomposition needs it: a start does not wait for it,
 * and it can be told which kernels to use before it chooses for itself. Releases older than a
 * processor fall back to kernels of 2004 on it, ten times slower than they could be. */
#pragma once
#include <cblas.h>

/* The routines used, as in cblas.h and the Fortran interface of LAPACK. sgemm and dgemm are NULL in
 * the flavour without threads: it is built without locks and returns wrong products when two
 * threads call it. */
struct blas {
    void (*set_num_threads)(int n);
    char *(*get_config)(void);
    void (*sgemm)(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE ta, enum CBLAS_TRANSPOSE tb,
                  blasint m, blasint n, blasint k, float alpha, const float *a, blasint lda,
                  const float *b, blasint ldb, float beta, float *c, blasint ldc);
    void (*dgemm)(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE ta, enum CBLAS_TRANSPOSE tb,
                  blasint m, blasint n, blasint k, double alpha, const double *a, blasint lda,
                  const double *b, blasint ldb, double beta, double *c, blasint ldc);
    void (*dsyrk)(enum CBLAS_ORDER order, enum CBLAS_UPLO uplo, enum CBLAS_TRANSPOSE trans,
                  blasint n, blasint k, double alpha, const double *a, blasint lda, double beta,
                  double *c, blasint ldc);
    void (*dsyevd)(const char *jobz, const char *uplo, const int *n, double *a, const int *lda,
                   double *w, double *work, const int *lwork, int *iwork, const int *liwork,
                   int *info);
    void (*dposv)(const char *uplo, const int *n, const int *nrhs, double *a, const int *lda,
                  double *b, const int *ldb, int *info);
    void (*dgesv)(const int *n, const int *nrhs, double *a, const int *lda, int *pivots, double *b,
                  const int *ldb, int *info);
    void (*dgesdd)(const char *job, const int *m, const int *n, double *a, const int *lda,
                   double *s, double *u, const int *ldu, double *vt, const int *ldvt, double *work,
                   const int *lwork, int *iwork, int *info);
    void (*dgelsd)(const int *m, const int *n, const int *nrhs, double *a, const int *lda,
                   double *b, const int *ldb, double *s, const double *rcond, int *rank,
                   double *work, const int *lwork, int *iwork, int *info);
};

/* Opened once, set to one thread; NULL if the machine has no OpenBLAS that has all of these. Safe
 * from any thread. */
const struct blas *blas(void);
