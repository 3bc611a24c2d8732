/* A library with cuBLAS's soname and functions, for tests without a GPU: products are computed on
 * the host, as kernels of the fake driver, so that they are captured into its graphs. The variable
 * AWML_FAKE_CUBLAS makes it fail: "start", or "product". */
#include "../fake_kernels.h"
#include <stdlib.h>

typedef struct fake_blas *blas_handle;
typedef const struct fake_kernel *cu_function;
typedef void *cu_stream;

#define BLAS(name, args) int name args;
#include "cuda/blas.list"
#undef BLAS
int cuLaunchKernel(cu_function function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                   unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes,
                   cu_stream stream, void **parameters, void **extra);
long fake_cublas_products(void);

struct fake_blas {
    cu_stream stream;
    bool has_workspace;
};

enum { OK, NOT_INITIALIZED = 1, INVALID = 7, EXECUTION_FAILED = 13 };

static struct fake_blas only;
static long products;

static bool fails(const char *word) {
    const char *words = getenv("AWML_FAKE_CUBLAS");
    return words && strstr(words, word);
}

long fake_cublas_products(void) {
    return products;
}

int cublasCreate_v2(blas_handle *handle) {
    *handle = fails("start") ? NULL : &only;
    return *handle ? OK : NOT_INITIALIZED;
}

int cublasDestroy_v2(blas_handle handle) {
    *handle = (struct fake_blas){0};
    return OK;
}

int cublasGetVersion_v2(blas_handle handle, int *version) {
    (void)handle;
    *version = 130002;
    return OK;
}

int cublasSetStream_v2(blas_handle handle, cu_stream stream) {
    handle->stream = stream;
    return OK;
}

int cublasSetWorkspace_v2(blas_handle handle, void *at, size_t bytes) {
    handle->has_workspace = at && bytes > 0;
    return OK;
}

/* By columns, as cuBLAS counts. */
struct fake_product {
    const float *a, *b;
    float *c;
    int trans_a, trans_b, m, n, k, a_row, b_row, c_row, count, compute;
    long long a_next, b_next, c_next;
};

/* What the compute types make of a factor. */
static float cut(float x, int compute) {
    if (compute == 74) return host_half(x);
    if (compute == 75) return host_round(x, 7);
    return compute == 77 ? host_round(x, 10) : x;
}

static void run(const void *args) {
    const struct fake_product *p = args;
    for (int z = 0; z < p->count; z++)
        for (int j = 0; j < p->n; j++)
            for (int i = 0; i < p->m; i++) {
                const float *a = p->a + z * p->a_next, *b = p->b + z * p->b_next;
                double sum = 0;
                for (int k = 0; k < p->k; k++) {
                    float x = a[p->trans_a ? (size_t)i * (size_t)p->a_row + (size_t)k
                                           : (size_t)k * (size_t)p->a_row + (size_t)i];
                    float y = b[p->trans_b ? (size_t)k * (size_t)p->b_row + (size_t)j
                                           : (size_t)j * (size_t)p->b_row + (size_t)k];
                    sum += (double)(cut(x, p->compute) * cut(y, p->compute));
                }
                p->c[z * p->c_next + (long long)j * p->c_row + i] = (float)sum;
            }
}

int cublasGemmStridedBatchedEx(blas_handle handle, int trans_a, int trans_b, int m, int n, int k,
                               const void *alpha, const void *a, int a_type, int a_row,
                               long long a_next, const void *b, int b_type, int b_row,
                               long long b_next, const void *beta, void *c, int c_type, int c_row,
                               long long c_next, int count, int compute, int algorithm) {
    static const struct fake_kernel kernel = {"gemm", run, sizeof(struct fake_product), false};
    const float *one = alpha, *zero = beta;
    struct fake_product p = {a,     b,     c,     trans_a, trans_b, m,      n,      k,
                             a_row, b_row, c_row, count,   compute, a_next, b_next, c_next};
    bool rows = a_row >= (trans_a ? k : m) && b_row >= (trans_b ? n : k) && c_row >= m;
    bool types = a_type == 0 && b_type == 0 && c_type == 0 && algorithm == -1;
    if (!rows || !types || *one != 1.0f || *zero != 0.0f || !handle->has_workspace) return INVALID;
    if (fails("product")) return EXECUTION_FAILED;
    products++;
    void *parameters[] = {&p};
    return cuLaunchKernel(&kernel, 1, 1, 1, 1, 1, 1, 0, handle->stream, parameters, NULL);
}
