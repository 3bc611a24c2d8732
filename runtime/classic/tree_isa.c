/* Which set of tree kernels this machine gets. */
#include "tree_kernels.h"
#include <stddef.h>

const struct tree_kernels *tree_kernels(void) {
    static const struct tree_kernels *chosen;
    if (chosen) return chosen;
    const struct tree_kernels *k = &tree_kernels_plain;
#ifdef __x86_64__
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) k = &tree_kernels_avx2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
        k = &tree_kernels_avx512;
#endif
    return chosen = k;
}
