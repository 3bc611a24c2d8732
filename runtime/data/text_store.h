/* The bytes of text columns: counted, only growing, shared by columns made from one another. */
#pragma once
#include "base/err.h"
#include <stdint.h>

struct text_store {
    _Atomic int32_t refs;
    struct text_chunk *newest;
    char *room; /* of the newest chunk: what is not used yet */
    size_t n_room;
};

struct text_store *text_store_new(struct err *e);            /* empty; the caller's reference */
struct text_store *text_store_ref(struct text_store *store); /* NULL stays NULL */
void text_store_unref(struct text_store *store);
/* A NUL-terminated copy, valid as long as the store is; NULL when memory is out. */
const char *text_store_add(struct text_store *store, struct str s, struct err *e);
/* Memory for a text to be written: at least `bytes` bytes at store->room, of which text_store_use
 * then takes as many as it was. False when memory is out. */
bool text_store_grow(struct text_store *store, size_t bytes, struct err *e);
static inline bool text_store_need(struct text_store *store, size_t bytes, struct err *e) {
    return bytes <= store->n_room || text_store_grow(store, bytes, e);
}
static inline const char *text_store_use(struct text_store *store, size_t bytes) {
    char *p = store->room;
    store->room += bytes;
    store->n_room -= bytes;
    return p;
}
/* The texts of `from`, of which nobody else has a reference, from now on belong to `store`. */
void text_store_join(struct text_store *store, struct text_store *from);
