/* Opening cuBLAS, and a product by it. */
#include "blas.h"
#include "base/pool.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Numbers of cuBLAS's interface. */
enum { BLAS_FLOAT32 = 0, BLAS_ALGORITHM = -1 };
static const int compute_types[] = {
    [PRODUCTS_FLOAT32] = 68, [PRODUCTS_TF32] = 77, [PRODUCTS_HALF] = 74, [PRODUCTS_BF16] = 75};

#define BLAS(name, args) int(*name) args;
struct blas {
#include "blas.list"
    blas_handle handle;
    cu_address workspace; /* its own: without one, captured products would allocate */
    char about[128];
    bool works;
};
#undef BLAS

/* Multiplications from which it pays, by reasoning, not yet by measuring: such a product fills a
 * card with tiles of 64 x 64 several times over. */
static const double large = 16777216;

static bool fits_int(int64_t x) {
    return x >= 0 && x <= INT32_MAX;
}

/* One of the two strides is 1, the other becomes *row. */
static bool find_order(int64_t row, int64_t col, int64_t rows, int64_t cols, bool *trans,
                       int *stride) {
    *trans = col != 1;
    int64_t s = *trans ? col : row;
    if ((*trans && row != 1) || s < (*trans ? rows : cols) || !fits_int(s)) return false;
    *stride = (int)s;
    return true;
}

bool blas_fits(const struct product_args *p, uint64_t products, enum backend_products kind,
               struct blas_args *out) {
    double work = (double)p->m * p->n * p->k * (double)products;
    bool sizes = fits_int(p->m) && fits_int(p->n) && fits_int(p->k) && fits_int(p->c_row);
    *out = (struct blas_args){.products = kind};
    if (work < large || p->heads != 1 || !sizes || products > 65535) return false;
    if (p->m < 32 || p->n < 32 || p->k < 32) return false;
    if (!find_order(p->a_row, p->a_col, p->m, p->k, &out->trans_a, &out->a_row)) return false;
    if (!find_order(p->b_row, p->b_col, p->k, p->n, &out->trans_b, &out->b_row)) return false;
    out->a = p->a;
    out->b = p->b;
    out->c = p->c;
    out->m = (int)p->m;
    out->n = (int)p->n;
    out->k = (int)p->k;
    out->count = (int)products;
    out->c_row = (int)p->c_row;
    out->a_next = p->a_example;
    out->b_next = p->b_example;
    out->c_next = p->c_example;
    return true;
}

/* ---- opening ---- */

static const char *load(void *library, struct blas *b) {
#define BLAS(name, args)                                                                           \
    {                                                                                              \
        void *at = dlsym(library, #name);                                                          \
        if (!at) return #name;                                                                     \
        memcpy(&b->name, &at, sizeof at);                                                          \
    }
#include "blas.list"
#undef BLAS
    return NULL;
}

/* The newest that the driver can serve. */
static void *open_library(int driver, char *name, size_t cap) {
    for (int major = 13; major >= 11; major--) {
        snprintf(name, cap, "libcublas.so.%d", major);
        void *library = major <= driver / 1000 ? dlopen(name, RTLD_NOW | RTLD_LOCAL) : NULL;
        if (library) return library;
    }
    return NULL;
}

static bool begin(struct backend_device *d, struct blas *b, const char *name) {
    const size_t bytes = (size_t)32 << 20;
    int version = 0;
    void *at;
    if (d->driver->cuMemAlloc_v2(&b->workspace, bytes)) return false;
    uintptr_t address = (uintptr_t)b->workspace;
    memcpy(&at, &address, sizeof at);
    if (b->cublasCreate_v2(&b->handle)) return false;
    if (b->cublasSetStream_v2(b->handle, d->stream)) return false;
    if (b->cublasSetWorkspace_v2(b->handle, at, bytes)) return false;
    b->cublasGetVersion_v2(b->handle, &version);
    snprintf(b->about, sizeof b->about, "own kernels, large ones by cuBLAS %d.%d (%s)",
             version / 10000, version % 10000 / 100, name);
    return true;
}

static void start(struct backend_device *d, struct blas *b) {
    char name[32];
    int driver = 0;
    const char *off = getenv("AWML_CUBLAS"), *missing = NULL;
    snprintf(b->about, sizeof b->about, "own kernels (no cuBLAS here)");
    if (off && strcmp(off, "off") == 0) {
        snprintf(b->about, sizeof b->about, "own kernels (AWML_CUBLAS is off)");
        return;
    }
    d->driver->cuDriverGetVersion(&driver);
    void *library = open_library(driver, name, sizeof name);
    if (!library) return;
    if ((missing = load(library, b)))
        snprintf(b->about, sizeof b->about, "own kernels (%s has no %s)", name, missing);
    else if (!(b->works = begin(d, b, name)))
        snprintf(b->about, sizeof b->about, "own kernels (%s does not start)", name);
}

static struct blas *opened(struct backend_device *d) {
    if (d->blas) return d->blas;
    d->blas = pool_zalloc(sizeof *d->blas);
    if (d->blas) start(d, d->blas);
    return d->blas;
}

struct blas *blas_of(struct backend_device *d) {
    struct blas *b = opened(d);
    return b && b->works ? b : NULL;
}

const char *blas_about(struct backend_device *d) {
    const struct blas *b = opened(d);
    return b ? b->about : "own kernels";
}

void blas_close(struct backend_device *d) {
    struct blas *b = d->blas;
    if (!b) return;
    if (b->handle) b->cublasDestroy_v2(b->handle);
    if (b->workspace) d->driver->cuMemFree_v2(b->workspace);
    pool_free(b);
    d->blas = NULL;
}

/* ---- a product ---- */

/* cuBLAS counts by columns: it makes the transposed result from the factors in turned order. */
enum backend_status blas_run(const struct blas *b, const struct blas_args *a) {
    const float one = 1, zero = 0;
    int error = b->cublasGemmStridedBatchedEx(
        b->handle, a->trans_b, a->trans_a, a->n, a->m, a->k, &one, a->b, BLAS_FLOAT32, a->b_row,
        a->b_next, a->a, BLAS_FLOAT32, a->a_row, a->a_next, &zero, a->c, BLAS_FLOAT32, a->c_row,
        a->c_next, a->count, compute_types[a->products], BLAS_ALGORITHM);
    if (!error) return BACKEND_OK;
    return module_error(BACKEND_FAILED, "cublasGemmStridedBatchedEx: error %d of cuBLAS", error);
}
