/* LAPACK's Fortran routines behind names and errors of our own. */
#include "lapack.h"
#include "apart.h"
#include "blas.h"
#include "base/pool.h"
#include <limits.h>
#include <string.h>

static bool fits(int64_t n, struct err *e) {
    if (n >= INT_MAX / 4)
        return err_set(e, ERR_MEMORY, "A matrix with %lld rows is too large.", (long long)n);
    return blas() || err_set(e, ERR_FILE,
                             "This needs OpenBLAS (libopenblas.so.0), which this machine lacks.");
}

/* ---- decompositions: jobs that may be left ---- */

/* One call with everything that it reads and writes: `arrays` lie one after the other in `block`.
 */
struct job {
    void (*call)(struct job *j);
    int m, n, k, lwork, liwork, info, iwant;
    double want;
    double *block, *arrays[4], *work;
    int *iwork;
};

static void job_free(void *job) {
    struct job *j = job;
    if (!j) return;
    pool_free(j->block);
    pool_free(j->work);
    pool_free(j->iwork);
    pool_free(j);
}

static struct job *job_new(void (*call)(struct job *j), const int64_t numbers[4], struct err *e) {
    struct job *j = pool_need(sizeof *j, e);
    if (!j) return NULL;
    size_t all = 8;
    for (int i = 0; i < 4; i++) all += (size_t)numbers[i];
    j->call = call;
    j->block = pool_need(all * sizeof *j->block, e);
    if (!j->block) return job_free(j), NULL;
    j->arrays[0] = j->block;
    for (int i = 1; i < 4; i++) j->arrays[i] = j->arrays[i - 1] + numbers[i - 1];
    return j;
}

static void job_work(void *job) {
    struct job *j = job;
    j->call(j);
}

/* Asks for room, then computes. False with an error, and j gone. `what` did not converge. */
static bool job_run(struct job *j, const char *what, const _Atomic bool *stop, struct err *e) {
    int iwant = j->liwork;
    j->work = &j->want;
    j->iwork = &j->iwant;
    j->lwork = j->liwork = -1;
    j->call(j);
    j->lwork = (int)j->want;
    j->liwork = iwant > j->iwant ? iwant : j->iwant;
    j->work = pool_need((size_t)j->lwork * sizeof *j->work + 8, e);
    j->iwork = j->work ? pool_need((size_t)j->liwork * sizeof *j->iwork + 8, e) : NULL;
    if (!j->iwork) return job_free(j), false;
    TRY(apart_run(job_work, job_free, j, stop, e));
    if (j->info == 0) return true;
    job_free(j);
    return err_set(e, ERR_VALUE, "%s: the data hold numbers that are not finite.", what);
}

static void put(double *to, const double *from, int64_t n) {
    memcpy(to, from, (size_t)n * sizeof *to);
}

static void call_eigen(struct job *j) {
    blas()->dsyevd("V", "U", &j->n, j->arrays[0], &j->n, j->arrays[1], j->work, &j->lwork, j->iwork,
                   &j->liwork, &j->info);
}

bool lapack_eigen(double *a, int64_t n, double *w, const _Atomic bool *stop, struct err *e) {
    TRY(fits(n, e));
    struct job *j = job_new(call_eigen, (int64_t[4]){n * n, n}, e);
    if (!j) return false;
    j->n = (int)n;
    put(j->arrays[0], a, n * n);
    TRY(job_run(j, "The eigenvalues could not be found", stop, e));
    put(a, j->arrays[0], n * n);
    put(w, j->arrays[1], n);
    job_free(j);
    return true;
}

/* Rows one after the other are the columns of the transposed matrix, whose vectors change places.
 */
static void call_svd(struct job *j) {
    blas()->dgesdd("S", &j->m, &j->n, j->arrays[0], &j->m, j->arrays[1], j->arrays[2], &j->m,
                   j->arrays[3], &j->k, j->work, &j->lwork, j->iwork, &j->info);
}

bool lapack_svd(const double *a, int64_t m, int64_t n, double *u, double *s, double *vt,
                const _Atomic bool *stop, struct err *e) {
    TRY(fits(m, e) && fits(n, e));
    int64_t k = m < n ? m : n;
    struct job *j = job_new(call_svd, (int64_t[4]){m * n, k, k * n, m * k}, e);
    if (!j) return false;
    j->m = (int)n;
    j->n = (int)m;
    j->k = (int)k;
    j->liwork = (int)(8 * k);
    put(j->arrays[0], a, m * n);
    TRY(job_run(j, "The singular values could not be found", stop, e));
    put(s, j->arrays[1], k);
    put(vt, j->arrays[2], k * n);
    put(u, j->arrays[3], m * k);
    job_free(j);
    return true;
}

static void call_least_squares(struct job *j) {
    int most = j->m > j->n ? j->m : j->n, rank = 0;
    double rcond = -1;
    blas()->dgelsd(&j->m, &j->n, &j->k, j->arrays[0], &j->m, j->arrays[1], &most, j->arrays[2],
                   &rcond, &rank, j->work, &j->lwork, j->iwork, &j->info);
}

bool lapack_least_squares(const double *a, int64_t rows, int64_t cols, double *b, int64_t k,
                          const _Atomic bool *stop, struct err *e) {
    TRY(fits(rows, e) && fits(cols, e) && fits(k, e));
    int64_t most = rows > cols ? rows : cols, least = rows < cols ? rows : cols;
    struct job *j = job_new(call_least_squares, (int64_t[4]){rows * cols, most * k, least}, e);
    if (!j) return false;
    j->m = (int)rows;
    j->n = (int)cols;
    j->k = (int)k;
    put(j->arrays[0], a, rows * cols);
    put(j->arrays[1], b, most * k);
    TRY(job_run(j, "Least squares did not converge", stop, e));
    put(b, j->arrays[1], most * k);
    job_free(j);
    return true;
}

/* ---- solving, products ---- */

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

/* Some terms of the sums at a time, with a look at the stop flag in between. */
bool lapack_gram(const double *x, int64_t n, int64_t d, bool of_rows, double *c,
                 const _Atomic bool *stop, struct err *e) {
    TRY(fits(n, e) && fits(d, e));
    const double work = 1e9;
    int64_t size = of_rows ? n : d, terms = of_rows ? d : n;
    int64_t some = (int64_t)(work / ((double)size * (double)size + 1)) / 16 * 16 + 16;
    for (int64_t at = 0; at < terms || at == 0; at += some) {
        int64_t k = terms - at < some ? terms - at : some;
        if (stop && atomic_load_explicit(stop, memory_order_relaxed))
            return err_set(e, ERR_INTERRUPT, "Stopped.");
        blas()->dsyrk(CblasRowMajor, CblasUpper, of_rows ? CblasNoTrans : CblasTrans, (int)size,
                      (int)k, 1, x + (of_rows ? at : at * d), (int)d, at > 0, c, (int)size);
    }
    for (int64_t i = 0; i < size; i++)
        for (int64_t j = 0; j < i; j++) c[i * size + j] = c[j * size + i];
    return true;
}
