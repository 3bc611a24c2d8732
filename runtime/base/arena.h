/* A region that is filled from the front and given back as a whole. This file knows no tensors.
 * Address space is reserved once; pages are committed as they are touched. */
#pragma once
#include "str.h"

struct arena;

struct arena *arena_new(size_t reserve_bytes); /* NULL when the system refuses */
void arena_free(struct arena *a);
void arena_reset(struct arena *a); /* empty again; touched pages go back to the system */
/* Zeroed, aligned to 16; NULL when the reserve is used up. */
void *arena_alloc(struct arena *a, size_t bytes);
/* A NUL-terminated copy; NULL when full. */
char *arena_strdup(struct arena *a, struct str s);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
size_t arena_used(const struct arena *a);
