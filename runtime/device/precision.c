/* How exactly a workspace's plans multiply, and the scale of the loss that float16 needs. */
#include "memory.h"

enum { FIRST_WITH_BF16 = 80 };

bool device_memory_set_precision(struct device_memory *m, enum precision p) {
    bool newer = m->device->info.capability >= FIRST_WITH_BF16;
    m->products = PRODUCTS_FLOAT32;
    if (p == PRECISION_MIXED) m->products = newer ? PRODUCTS_BF16 : PRODUCTS_HALF;
    else if (p == PRECISION_TF32 && newer) m->products = PRODUCTS_TF32;
    return p == PRECISION_FLOAT32 || m->products != PRODUCTS_FLOAT32;
}

const char *device_memory_products(const struct device_memory *m) {
    static const char *const names[] = {"float32", "TF32", "float16 with a scaled loss",
                                        "bfloat16"};
    return names[m->products];
}

bool device_scaler(struct device_memory *m, uint64_t *at, struct err *e) {
    static const struct backend_scaler first = {.scale = SCALE_FIRST, .inverse = 1};
    struct device *d = m->device;
    if (!m->scaler) {
        TRY(device_alloc(d, sizeof first, "The loss's scale", &m->scaler, e));
        TRY(device_report(d, d->api->upload(d->handle, m->scaler, &first, sizeof first), e));
    }
    *at = m->scaler;
    return true;
}

bool device_memory_scale(struct device_memory *m, double *scale, int64_t *skipped, struct err *e) {
    struct backend_scaler s = {.scale = 1};
    struct device *d = m->device;
    if (m->scaler) TRY(device_report(d, d->api->download(d->handle, &s, m->scaler, sizeof s), e));
    *scale = (double)s.scale;
    *skipped = s.skipped;
    return true;
}
