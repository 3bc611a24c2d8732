/* The module's kernels, compiled for the host. */
#include "fake_kernels.h"
#include "cuda/kernels.cu"

static const struct fake_kernel kernels[] = {
#define KERNEL_ROW(name, args, waits) {#name, name##_on_host, sizeof(struct args), waits},
#include "cuda/kernels.list"
#undef KERNEL_ROW
};

const struct fake_kernel *fake_kernel_find(const char *name) {
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++)
        if (strcmp(kernels[i].name, name) == 0) return &kernels[i];
    return NULL;
}
