/* Kernels by name, as the fake driver finds them. */
#pragma once
#include "host_device.h"
#include <stddef.h>

struct fake_kernel {
    const char *name;
    host_kernel_fn *run;
    size_t args_bytes;
    bool waits;
};

const struct fake_kernel *fake_kernel_find(const char *name); /* NULL: none */
