/* Matrix products on one thread: our own kernels and OpenBLAS, in GF/s, at the shapes of training
 * steps. The first line is the peak: products that stay in the first cache. Minimum of many. */
#include "base/pool.h"
#include "cpu/kernels.h"
#include "plan.h"
#include "rng.h"
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum layout { NN, NT, TN };

struct product {
    const char *where;
    int64_t m, n, k;
    enum layout layout;
};

static const struct product products[] = {
    {"in the first cache", 48, 48, 48, NN},
    {"MLP forward, batch 32, a lane", 16, 128, 784, NN},
    {"MLP forward, batch 128, a lane", 64, 128, 784, NN},
    {"MLP forward, batch 1000, a lane", 500, 128, 784, NN},
    {"MLP dW, batch 32, a lane", 392, 128, 32, TN},
    {"MLP dW, batch 128, a lane", 392, 128, 128, TN},
    {"MLP dW, batch 1000, a lane", 392, 128, 1000, TN},
    {"MLP head, batch 128, a lane", 64, 10, 128, NN},
    {"MLP head backward, batch 128", 64, 128, 10, NT},
    {"MLP head dW, batch 128", 64, 10, 128, TN},
    {"AE encoder, batch 128, a lane", 64, 50, 784, NN},
    {"AE encoder, batch 1000, a lane", 500, 50, 784, NN},
    {"AE decoder, batch 128, a lane", 64, 784, 50, NN},
    {"AE decoder, batch 1000, a lane", 500, 784, 50, NN},
    {"AE decoder backward, batch 32", 16, 50, 784, NT},
    {"AE decoder backward, batch 128", 64, 50, 784, NT},
    {"AE decoder backward, batch 1000", 500, 50, 784, NT},
    {"AE encoder dW, batch 128, a lane", 392, 50, 128, TN},
    {"AE encoder dW, batch 1000, a lane", 392, 50, 1000, TN},
    {"AE decoder dW, batch 128, a lane", 25, 784, 128, TN},
    {"AE decoder dW, batch 1000, a lane", 25, 784, 1000, TN},
    {"GRU(32) step, batch 100", 100, 96, 32, NN},
    {"GRU(16) step, batch 100", 100, 48, 16, NN},
    {"LSTM(128) step, half of batch 100", 50, 512, 128, NN},
    {"attention scores, one head", 64, 64, 16, NT},
    {"convolution 3x3x1 -> 32 on 28x28", 676, 32, 9, NN},
    {"square", 128, 128, 128, NN},
    {"square", 256, 256, 256, NN},
    {"square", 512, 512, 512, NN},
    {"square", 1024, 1024, 1024, NN},
    {"square", 2048, 2048, 2048, NN},
    {"square", 2048, 2048, 2048, NT},
    {"square", 2048, 2048, 2048, TN},
};

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static float *numbers(int64_t n, uint64_t stream) {
    float *x = pool_alloc((size_t)n * sizeof *x);
    for (int64_t i = 0; x && i < n; i++)
        x[i] = (float)rng_uniform((struct rng_key){1, stream, 0}, (uint64_t)i) - 0.5f;
    return x;
}

static void run_own(const struct product *p, const float *a, const float *b, float *c,
                    void *scratch) {
    struct gemm g = {.m = p->m,
                     .n = p->n,
                     .k = p->k,
                     .a = a,
                     .b = b,
                     .c = c,
                     .c_row = p->n,
                     .a_row = p->layout == TN ? 1 : p->k,
                     .a_col = p->layout == TN ? p->m : 1,
                     .b_row = p->layout == NT ? 1 : p->n,
                     .b_col = p->layout == NT ? p->k : 1,
                     .scratch = scratch};
    kernels()->gemm[DT_FLOAT32](&g, 0, p->m);
}

static void run_blas(const struct product *p, const float *a, const float *b, float *c) {
    bool ta = p->layout == TN, tb = p->layout == NT;
    int m = (int)p->m, n = (int)p->n, k = (int)p->k;
    cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, m, n,
                k, 1.0f, a, ta ? m : k, b, tb ? k : n, 0.0f, c, n);
}

/* Best GF/s in about 50 ms; each timing takes several products if they are short. */
static double best(const struct product *p, bool own, const float *a, const float *b, float *c,
                   void *scratch) {
    double flops = 2.0 * (double)p->m * (double)p->n * (double)p->k, least = 1e9, start = now();
    int each = flops < 2e6 ? (int)(2e6 / flops) + 1 : 1;
    while (now() - start < 0.1) {
        double t = now();
        for (int i = 0; i < each; i++) {
            if (own) {
                run_own(p, a, b, c, scratch);
            } else {
                run_blas(p, a, b, c);
            }
        }
        t = (now() - t) / each;
        if (t < least) least = t;
    }
    return flops / least * 1e-9;
}

int main(int argc, char **argv) {
    const struct kernels *k = argc > 1 ? kernels_named(argv[1]) : kernels();
    if (!k) return 1;
    kernels(); /* sets OpenBLAS to one thread */
    kernels_use(k);
    void *scratch = pool_alloc(k->gemm_scratch_bytes);
    printf("instruction set %s; OpenBLAS %s\n", k->name, compute_blas_config());
    printf("%-36s %5s %5s %5s %3s %7s %9s\n", "", "m", "n", "k", "", "own", "OpenBLAS");
    for (size_t i = 0; i < sizeof products / sizeof products[0]; i++) {
        const struct product *p = &products[i];
        float *a = numbers(p->m * p->k, 1), *b = numbers(p->k * p->n, 2),
              *c = numbers(p->m * p->n, 3);
        double own = best(p, true, a, b, c, scratch), blas = best(p, false, a, b, c, scratch);
        printf("%-36s %5lld %5lld %5lld %3s %7.1f %9.1f\n", p->where, (long long)p->m,
               (long long)p->n, (long long)p->k,
               p->layout == NN   ? "NN"
               : p->layout == NT ? "NT"
                                 : "TN",
               own, blas);
        pool_free(a);
        pool_free(b);
        pool_free(c);
    }
    pool_free(scratch);
    return 0;
}
