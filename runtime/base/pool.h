/* Every heap allocation of the program goes through here (a test greps for malloc elsewhere), so
 * that memory can be counted, and made to fail on purpose. This file knows no tensors. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct err;

/* At least `bytes` bytes aligned to 64, contents undefined; NULL when there is no memory or the
 * size is absurd. Blocks of a megabyte and more come straight from the system and go back to it. */
void *pool_alloc(size_t bytes);
void *pool_zalloc(size_t bytes); /* the same, zeroed */
/* Grow or shrink; NULL on failure, and then `p` is still valid. `p` may be NULL. */
void *pool_realloc(void *p, size_t bytes);
void pool_free(void *p); /* NULL is fine */
/* How many bytes the block may hold: at least what was asked for. */
size_t pool_room(void *p);
/* Blocks of some megabytes that were freed are kept for the next of about the same size, because
 * the system clears every page that it hands out, which takes longer than the arithmetic done on
 * it. They never add to the peak: before anything large is taken from the system, they go back.
 * This gives them back now, at the end of a cell or before something long. */
void pool_trim(void);
/* As pool_zalloc, but says in `e` how much was asked for when it fails. */
void *pool_need(size_t bytes, struct err *e);

size_t pool_live_bytes(void);  /* bytes handed out and not yet freed */
size_t pool_live_blocks(void); /* blocks handed out and not yet freed */
/* For tests: the n-th allocation from now fails (0 = never). */
void pool_fail_after(int64_t n);
