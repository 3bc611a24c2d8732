/* A workspace's memory on a device: the arena of its plans, and copies of blocks of the caller's
 * memory that stay there. Private to device/. */
#pragma once
#include "backend.h"
#include "device.h"

struct device {
    const struct backend_api *api;
    struct backend_device *handle;
    struct backend_info info;
    char name[256];
    bool broken; /* after a failure nothing more is asked of it */
    int users;
};

/* A copy of the caller's memory. */
struct mirror {
    const void *host;
    size_t bytes;
    uint64_t at;
    bool ahead; /* the device has newer numbers */
};

struct device_memory {
    struct device *device;
    uint64_t arena, arena_bytes;
    struct mirror *mirrors;
    int n_mirrors, max_mirrors;
    enum backend_products products;
    uint64_t scaler; /* struct backend_scaler; 0: none yet */
};

/* What the backend's status means for a student; true when it is OK. */
bool device_report(struct device *d, enum backend_status s, struct err *e);
bool device_alloc(struct device *d, uint64_t bytes, const char *what, uint64_t *at, struct err *e);

/* A small graph on the device and on the processor: false with an error where they differ. */
bool device_selftest(struct device *d, struct err *e);

struct device_memory *device_memory_new(struct device *d, struct err *e);
void device_memory_free(struct device_memory *m);
/* At least so many bytes for computing; may move. */
bool device_memory_reserve(struct device_memory *m, uint64_t bytes, struct err *e);
/* The copy of `bytes` bytes at `host`, made when it is first asked for. NULL: no memory. */
struct mirror *device_mirror(struct device_memory *m, const void *host, size_t bytes,
                             const char *what, struct err *e);
/* As device.h says of workspaces. */
bool device_memory_set_precision(struct device_memory *m, enum precision p);
const char *device_memory_products(const struct device_memory *m);
bool device_memory_scale(struct device_memory *m, double *scale, int64_t *skipped, struct err *e);
/* The loss's scale, made when it is first asked for. */
bool device_scaler(struct device_memory *m, uint64_t *at, struct err *e);
struct mirror *device_mirror_find(const struct device_memory *m, const void *host);
bool device_memory_fetch(struct device_memory *m, void *host, struct err *e);
