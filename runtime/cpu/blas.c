/* Opening OpenBLAS: the flavour with threads of its own first, with kernels that fit the processor.
 */
#include "blas.h"
#include "base/program.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct blas table;
static const struct blas *opened;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static const struct {
    const char *name;
    size_t place;
} routines[] = {
    {"openblas_set_num_threads", offsetof(struct blas, set_num_threads)},
    {"openblas_get_config", offsetof(struct blas, get_config)},
    {"cblas_sgemm", offsetof(struct blas, sgemm)},
    {"cblas_dgemm", offsetof(struct blas, dgemm)},
    {"cblas_dsyrk", offsetof(struct blas, dsyrk)},
    {"dsyevd_", offsetof(struct blas, dsyevd)},
    {"dposv_", offsetof(struct blas, dposv)},
    {"dgesv_", offsetof(struct blas, dgesv)},
    {"dgesdd_", offsetof(struct blas, dgesdd)},
    {"dgelsd_", offsetof(struct blas, dgelsd)},
};

/* The kernels to ask for, or NULL: OpenBLAS's own choice. A list of processors ends with those of
 * its release; what a processor can do does not age. Both names are known to every OpenBLAS with a
 * choice of kernels since 2017. */
static const char *fitting_kernels(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                  __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (avx512) return "SkylakeX";
    if (avx2) return "Haswell";
#endif
    return NULL;
}

/* The one that came with the program, then where the flavour with threads is, then whatever the
 * system calls OpenBLAS. */
static void *library(void) {
    char own[4096 + 64];
    size_t n = program_prefix(own, 4096);
    snprintf(own + n, sizeof own - n, "/lib/awml-c/libopenblas.so.0");
    static const char *const names[] = {OPENBLAS_PTHREAD, "libopenblas.so.0", "libopenblas.so"};
    void *handle = dlopen(own, RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; !handle && i < sizeof names / sizeof *names; i++)
        handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    return handle;
}

/* Says which kernels in the way OpenBLAS listens to. A choice of the user's stands; ours is taken
 * back, since programs started later may have a newer OpenBLAS. */
static void *library_with_kernels(void) {
    static const char variable[] = "OPENBLAS_CORETYPE";
    const char *core = getenv(variable) ? NULL : fitting_kernels();
    if (core) setenv(variable, core, 0);
    void *handle = library();
    if (core) unsetenv(variable);
    return handle;
}

static void open_it(void) {
    void *handle = library_with_kernels();
    if (!handle) return;
    for (size_t i = 0; i < sizeof routines / sizeof *routines; i++) {
        void *routine = dlsym(handle, routines[i].name);
        if (!routine) return;
        memcpy((char *)&table + routines[i].place, &routine, sizeof routine);
    }
    table.set_num_threads(1);
    if (strstr(table.get_config(), "SINGLE_THREADED")) table.sgemm = NULL, table.dgemm = NULL;
    opened = &table;
}

const struct blas *blas(void) {
    pthread_once(&once, open_it);
    return opened;
}
