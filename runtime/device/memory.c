/* Memory on a device: reserved for a workspace's plans, and kept for blocks that they read. */
#include "memory.h"
#include "base/pool.h"
#include <string.h>

/* ---- errors ---- */

static double mb(uint64_t bytes) {
    return (double)bytes / (1024.0 * 1024.0);
}

bool device_report(struct device *d, enum backend_status s, struct err *e) {
    switch (s) {
    case BACKEND_OK: return true;
    case BACKEND_NO_MEMORY: return err_set(e, ERR_MEMORY, "The GPU's memory is full.");
    case BACKEND_CANNOT:
        err_set(e, ERR_DEVICE, "This cannot be computed on the GPU: %s.", d->api->last_error());
        return err_hint(e, "Write `device: cpu`, or `%%device cpu` for all that follows.");
    case BACKEND_FAILED: break;
    }
    d->broken = true;
    err_set(e, ERR_DEVICE, "The GPU failed: %s.", d->api->last_error());
    return err_hint(e, "Run the cell again; if it fails again, restart the kernel, or write "
                       "`%%device cpu` to go on without the GPU.");
}

bool device_alloc(struct device *d, uint64_t bytes, const char *what, uint64_t *at, struct err *e) {
    uint64_t unused = 0, all = 0;
    enum backend_status s = d->api->alloc(d->handle, bytes, at);
    if (s != BACKEND_NO_MEMORY) return device_report(d, s, e);
    d->api->memory(d->handle, &unused, &all);
    err_set(e, ERR_MEMORY,
            "%s needs %.1f MB of the GPU's memory, and %.1f MB of its %.1f MB are free.", what,
            mb(bytes), mb(unused), mb(all));
    return err_hint(e,
                    "Take a smaller batch or smaller layers. Other notebooks on the same GPU take "
                    "memory, too.");
}

/* ---- a workspace's memory ---- */

struct device_memory *device_memory_new(struct device *d, struct err *e) {
    struct device_memory *m = pool_need(sizeof *m, e);
    if (!m) return NULL;
    m->device = d;
    d->users++;
    return m;
}

void device_memory_free(struct device_memory *m) {
    if (!m) return;
    struct device *d = m->device;
    for (int i = 0; i < m->n_mirrors; i++) d->api->release(d->handle, m->mirrors[i].at);
    d->api->release(d->handle, m->arena);
    d->api->release(d->handle, m->scaler);
    d->users--;
    pool_free(m->mirrors);
    pool_free(m);
}

bool device_memory_reserve(struct device_memory *m, uint64_t bytes, struct err *e) {
    struct device *d = m->device;
    if (bytes <= m->arena_bytes) return true;
    d->api->release(d->handle, m->arena);
    m->arena = m->arena_bytes = 0;
    TRY(device_alloc(d, bytes, "One step", &m->arena, e));
    m->arena_bytes = bytes;
    return true;
}

/* ---- copies that stay ---- */

struct mirror *device_mirror_find(const struct device_memory *m, const void *host) {
    for (int i = 0; i < m->n_mirrors; i++)
        if (m->mirrors[i].host == host) return &m->mirrors[i];
    return NULL;
}

static struct mirror *new_mirror(struct device_memory *m, const void *host, struct err *e) {
    if (m->n_mirrors == m->max_mirrors) {
        int more = 2 * m->max_mirrors + 8;
        struct mirror *list = pool_realloc(m->mirrors, (size_t)more * sizeof *list);
        if (!list) return err_memory(e, (size_t)more * sizeof *list), NULL;
        m->mirrors = list;
        m->max_mirrors = more;
    }
    m->mirrors[m->n_mirrors] = (struct mirror){.host = host};
    return &m->mirrors[m->n_mirrors++];
}

static bool fetch(struct device_memory *m, struct mirror *x, void *host, struct err *e) {
    struct device *d = m->device;
    if (!x->ahead) return true;
    TRY(device_report(d, d->api->download(d->handle, host, x->at, x->bytes), e));
    x->ahead = false;
    return true;
}

bool device_memory_fetch(struct device_memory *m, void *host, struct err *e) {
    struct mirror *x = device_mirror_find(m, host);
    return !x || fetch(m, x, host, e);
}

/* A larger copy takes the place of a smaller one; what only the device has is put back first. */
static bool fill(struct device_memory *m, struct mirror *x, size_t bytes, const char *what,
                 struct err *e) {
    struct device *d = m->device;
    void *host;
    memcpy(&host, &x->host, sizeof host);
    TRY(fetch(m, x, host, e));
    d->api->release(d->handle, x->at);
    x->at = x->bytes = 0;
    TRY(device_alloc(d, bytes, what, &x->at, e));
    x->bytes = bytes;
    return device_report(d, d->api->upload(d->handle, x->at, x->host, bytes), e);
}

struct mirror *device_mirror(struct device_memory *m, const void *host, size_t bytes,
                             const char *what, struct err *e) {
    struct mirror *x = device_mirror_find(m, host);
    if (x && x->bytes >= bytes) return x;
    if (!x) x = new_mirror(m, host, e);
    if (x && fill(m, x, bytes, what, e)) return x;
    if (x) x->bytes = 0;
    return NULL;
}
