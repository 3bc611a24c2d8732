/* What this machine computes with: instruction set, threads, OpenBLAS. Chosen once, at first use.
 */
#include "blas.h"
#include "kernels.h"
#include "plan.h"
#include "threads.h"
#include <math.h>
#include <pthread.h>

static const struct kernels *chosen;
static pthread_once_t once = PTHREAD_ONCE_INIT;

const struct kernels *kernels_named(const char *name) {
#if !PLAIN_ONLY
    __builtin_cpu_init();
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                  __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
    if (strcmp(name, "avx512") == 0) return avx512 ? &kernels_avx512 : NULL;
    if (strcmp(name, "avx2") == 0) return avx2 ? &kernels_avx2 : NULL;
#endif
    return strcmp(name, "plain") == 0 ? &kernels_plain : NULL;
}

static void choose(void) {
    const char *names[] = {"avx512", "avx2", "plain"};
    for (int i = 0; i < 3 && !chosen; i++) chosen = kernels_named(names[i]);
}

const struct kernels *kernels(void) {
    pthread_once(&once, choose);
    return chosen;
}

void kernels_use(const struct kernels *k) {
    kernels();
    chosen = k;
}

const char *compute_isa(void) {
    return kernels()->name;
}

int compute_threads(void) {
    kernels();
    return threads_for(PLAN_LANES);
}

void compute_parts(void (*fn)(void *user, int part), void *user, int n) {
    threads_run(fn, user, n);
}

void compute_set_threads(int n) {
    threads_set(n);
}

const char *compute_blas_config(void) {
    return blas() ? blas()->get_config() : NULL;
}

/* ---- self-test: two threads multiply at once, the products are known ---- */

enum { TEST_N = 96, TEST_ROUNDS = 20 };

struct blas_test {
    float a[TEST_N * TEST_N], b[TEST_N * TEST_N], c[PLAN_LANES][TEST_N * TEST_N];
    bool wrong[PLAN_LANES];
};

/* A(i, k) = i + 1, B(k, j) = (k is j): the product is A, exactly. */
static void blas_test_part(void *user, int part) {
    struct blas_test *t = user;
    float *c = t->c[part];
    for (int round = 0; round < TEST_ROUNDS; round++) {
        blas()->sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, TEST_N, TEST_N, TEST_N, 1.0f, t->a,
                      TEST_N, t->b, TEST_N, 0.0f, c, TEST_N);
        for (int i = 0; i < TEST_N * TEST_N; i++) t->wrong[part] |= c[i] != t->a[i];
    }
}

bool compute_blas_selftest(void) {
    static struct blas_test t;
    kernels();
    if (!blas() || !blas()->sgemm) return false;
    for (int i = 0; i < TEST_N * TEST_N; i++) {
        t.a[i] = (float)(i / TEST_N + 1);
        t.b[i] = i / TEST_N == i % TEST_N ? 1.0f : 0.0f;
    }
    for (int i = 0; i < PLAN_LANES; i++) t.wrong[i] = false;
    threads_run(blas_test_part, &t, PLAN_LANES);
    return !t.wrong[0] && !t.wrong[1];
}
