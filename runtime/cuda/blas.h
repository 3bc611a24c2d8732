/* Large matrix products by cuBLAS, where its library is: opened by its soname when the first plan
 * has one, declared here and linked to nothing. Which products are large follows from their sizes
 * alone, so that the same plan on the same machine makes the same bits. */
#pragma once
#include "cuda.h"

typedef struct blas_context *blas_handle;

struct blas;
/* One product as cuBLAS takes it, in rows (its own columns are our rows). */
struct blas_args {
    const float *a, *b;
    float *c;
    int m, n, k, count;
    int a_row, b_row, c_row;
    long long a_next, b_next, c_next; /* from one product to the next */
    bool trans_a, trans_b;
    enum backend_products products;
};

/* Is it a product for cuBLAS? Fills *out. */
bool blas_fits(const struct product_args *p, uint64_t products, enum backend_products kind,
               struct blas_args *out);
/* NULL: there is none, or it does not start. */
struct blas *blas_of(struct backend_device *d);
void blas_close(struct backend_device *d);
enum backend_status blas_run(const struct blas *b, const struct blas_args *a);
/* "cuBLAS 12.4.5 (libcublas.so.12)", or why not; opens the library. For doctor. */
const char *blas_about(struct backend_device *d);
