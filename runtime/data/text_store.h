/* The bytes of text columns: counted, only growing, shared by columns made from one another. */
#pragma once
#include "base/err.h"
#include <stdint.h>

struct text_store;

struct text_store *text_store_new(struct err *e);            /* empty; the caller's reference */
struct text_store *text_store_ref(struct text_store *store); /* NULL stays NULL */
void text_store_unref(struct text_store *store);
/* A NUL-terminated copy, valid as long as the store is; NULL when memory is out. */
const char *text_store_add(struct text_store *store, struct str s, struct err *e);
/* The texts of `from`, of which nobody else has a reference, from now on belong to `store`. */
void text_store_join(struct text_store *store, struct text_store *from);
