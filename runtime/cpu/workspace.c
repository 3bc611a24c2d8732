/* Memory in which plans compute, shared by plans that never run at the same time. */
#include "workspace.h"
#include "base/pool.h"
#include "device/memory.h"

struct workspace {
    int32_t refs;
    size_t bytes;
    char *memory;
    struct device_memory *device; /* or NULL: computed here */
};

struct workspace *workspace_new(struct err *e) {
    struct workspace *w = pool_need(sizeof *w, e);
    if (w) w->refs = 1;
    return w;
}

struct workspace *workspace_new_on(struct device *d, struct err *e) {
    struct workspace *w = workspace_new(e);
    if (!w || !d) return w;
    w->device = device_memory_new(d, e);
    if (w->device) return w;
    workspace_unref(w);
    return NULL;
}

const struct device *workspace_device(const struct workspace *w) {
    return w->device ? w->device->device : NULL;
}

bool workspace_fetch(struct workspace *w, void *block, struct err *e) {
    return !w->device || device_memory_fetch(w->device, block, e);
}

bool workspace_set_precision(struct workspace *w, enum precision p) {
    return w->device ? device_memory_set_precision(w->device, p) : p == PRECISION_FLOAT32;
}

const char *workspace_products(const struct workspace *w) {
    return w->device ? device_memory_products(w->device) : "float32";
}

bool workspace_scales(const struct workspace *w) {
    return w->device && w->device->products == PRODUCTS_HALF;
}

bool workspace_scale(struct workspace *w, double *scale, int64_t *skipped, struct err *e) {
    *scale = 1;
    *skipped = 0;
    return !w->device || device_memory_scale(w->device, scale, skipped, e);
}

struct device_memory *workspace_device_memory(const struct workspace *w) {
    return w->device;
}

struct workspace *workspace_ref(struct workspace *w) {
    w->refs++;
    return w;
}

void workspace_unref(struct workspace *w) {
    if (!w || --w->refs > 0) return;
    device_memory_free(w->device);
    pool_free(w->memory);
    pool_free(w);
}

bool workspace_reserve(struct workspace *w, size_t bytes, struct err *e) {
    if (bytes <= w->bytes) return true;
    char *memory = pool_alloc(bytes);
    if (!memory) return err_memory(e, bytes);
    pool_free(w->memory);
    w->memory = memory;
    w->bytes = bytes;
    return true;
}

char *workspace_memory(const struct workspace *w) {
    return w->memory;
}
