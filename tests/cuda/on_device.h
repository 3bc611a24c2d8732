/* What the device tests share: the fake driver's switches, and a workspace on the device. */
#pragma once
#include "device.h"
#include "tests/harness.h"
#include <dlfcn.h>
#include <stdlib.h>

struct fake_counts {
    long launches, replays, graphs, allocations, live, uploads, downloads;
};

static struct err err;

static inline void *fake_symbol(const char *name) {
    void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    void *at = library ? dlsym(library, name) : NULL;
    if (at) return at;
    fprintf(stderr, "the fake driver is not the one that is found: set LD_LIBRARY_PATH\n");
    exit(1);
}

static inline struct fake_counts fake_counts(void) {
    struct fake_counts (*get)(void);
    void *at = fake_symbol("fake_cuda_counts");
    memcpy(&get, &at, sizeof get);
    return get();
}

static inline void fake_set(const char *words) {
    void (*set)(const char *);
    void *at = fake_symbol("fake_cuda_set");
    memcpy(&set, &at, sizeof set);
    set(words);
}

static inline struct workspace *on_gpu(void) {
    struct device *d = device_gpu(&err);
    struct workspace *w = d ? workspace_new_on(d, &err) : NULL;
    if (w) return w;
    fprintf(stderr, "%s\n", err.what);
    exit(1);
}
