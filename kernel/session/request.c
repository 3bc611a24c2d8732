/* The life of a request and of its origin. */
#include "session/request.h"
#include "base/pool.h"
#include <time.h>

struct origin *origin_new(enum channel channel, struct str header, const struct str *ids, int n) {
    struct origin *o = pool_zalloc(sizeof *o);
    if (!o) return NULL;
    o->refs = 1;
    o->channel = channel;
    text_add(&o->header, header);
    o->ids = pool_zalloc((size_t)(n + 1) * sizeof *o->ids);
    o->n_ids = o->ids ? n : 0;
    for (int i = 0; i < o->n_ids; i++) text_add(&o->ids[i], ids[i]);
    return o;
}

struct origin *origin_ref(struct origin *o) {
    if (o) atomic_fetch_add(&o->refs, 1);
    return o;
}

void origin_unref(struct origin *o) {
    if (!o || atomic_fetch_sub(&o->refs, 1) > 1) return;
    for (int i = 0; i < o->n_ids; i++) text_clear(&o->ids[i]);
    pool_free(o->ids);
    text_clear(&o->header);
    pool_free(o);
}

void request_free(struct request *r) {
    if (!r) return;
    origin_unref(r->origin);
    json_decref(r->header);
    json_decref(r->metadata);
    json_decref(r->content);
    for (int i = 0; i < r->n_buffers; i++) text_clear(&r->buffers[i]);
    pool_free(r->buffers);
    pool_free(r);
}

int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
