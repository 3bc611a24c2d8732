/* Blocks of weights: counted, 64-byte aligned, one float after the other. */
#include "model.h"
#include "../base/pool.h"
#include <string.h>

struct weights *weights_new(int64_t n, struct err *e) {
    size_t bytes;
    if (n < 0 || __builtin_mul_overflow((size_t)n, sizeof(float), &bytes)) {
        err_memory(e, SIZE_MAX);
        return NULL;
    }
    struct weights *w = pool_need(sizeof *w, e);
    if (!w) return NULL;
    w->refs = 1;
    w->n = n;
    w->data = pool_need(bytes ? bytes : 1, e);
    if (w->data) return w;
    pool_free(w);
    return NULL;
}

struct weights *weights_copy(const struct weights *w, struct err *e) {
    struct weights *copy = weights_new(w->n, e);
    if (copy) memcpy(copy->data, w->data, (size_t)w->n * sizeof(float));
    return copy;
}

struct weights *weights_ref(struct weights *w) {
    if (w) w->refs++;
    return w;
}

void weights_unref(struct weights *w) {
    if (!w || --w->refs > 0) return;
    pool_free(w->data);
    pool_free(w);
}
