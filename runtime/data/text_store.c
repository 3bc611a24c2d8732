/* Texts are packed into chunks that are never moved; the newest chunk is filled. */
#include "text_store.h"
#include "base/pool.h"
#include <stdatomic.h>
#include <string.h>

struct text_chunk {
    struct text_chunk *older;
    size_t cap;
    char bytes[];
};

enum { CHUNK_MIN = 1 << 12, CHUNK_MAX = 1 << 22 };

struct text_store *text_store_new(struct err *e) {
    struct text_store *store = pool_need(sizeof *store, e);
    if (store) store->refs = 1;
    return store;
}

struct text_store *text_store_ref(struct text_store *store) {
    if (store) atomic_fetch_add(&store->refs, 1);
    return store;
}

void text_store_unref(struct text_store *store) {
    if (!store || atomic_fetch_sub(&store->refs, 1) != 1) return;
    for (struct text_chunk *c = store->newest, *older; c; c = older) {
        older = c->older;
        pool_free(c);
    }
    pool_free(store);
}

/* Chunks double in size, so that small tables stay small and large ones need few blocks. */
bool text_store_grow(struct text_store *store, size_t bytes, struct err *e) {
    size_t cap = store->newest ? store->newest->cap * 2 : CHUNK_MIN;
    if (cap > CHUNK_MAX) cap = CHUNK_MAX;
    if (cap < bytes) cap = bytes;
    struct text_chunk *c = pool_alloc(sizeof *c + cap);
    if (!c) return err_memory(e, cap);
    *c = (struct text_chunk){.older = store->newest, .cap = cap};
    store->newest = c;
    store->room = c->bytes;
    store->n_room = cap;
    return true;
}

const char *text_store_add(struct text_store *store, struct str s, struct err *e) {
    if (!text_store_need(store, s.n + 1, e)) return NULL;
    if (s.n) memcpy(store->room, s.p, s.n);
    store->room[s.n] = 0;
    return text_store_use(store, s.n + 1);
}

void text_store_join(struct text_store *store, struct text_store *from) {
    struct text_chunk **oldest = &from->newest;
    if (from->newest) {
        store->room = from->room;
        store->n_room = from->n_room;
    }
    while (*oldest) oldest = &(*oldest)->older;
    *oldest = store->newest;
    store->newest = from->newest;
    from->newest = NULL;
    text_store_unref(from);
}
