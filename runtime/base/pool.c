/* Counted, aligned heap blocks. Each block is preceded by a 64-byte header with its size. */
#include "pool.h"
#include "err.h"
#include "room.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { HEADER = 64 };

static _Atomic size_t live_bytes, live_blocks;
static _Atomic int64_t fail_in;

static size_t *header_of(void *p) {
    return (size_t *)(void *)((char *)p - HEADER);
}

static int must_fail(void) {
    if (atomic_load(&fail_in) == 0) return 0;
    return atomic_fetch_sub(&fail_in, 1) == 1;
}

/* The system would grant a block larger than what is left, and end the process when it is used. */
static bool too_large(size_t bytes) {
    enum { ALWAYS_FINE = 1 << 26 };
    return bytes > (SIZE_MAX >> 2) || (bytes > ALWAYS_FINE && bytes > room_left() / 100 * 95);
}

/* Fresh memory costs one fault for each of its pages; blocks of some megabytes ask for large ones.
 * Where the system has none, nothing changes. */
static void ask_large_pages(char *block, size_t bytes) {
    enum { WORTH = 4 << 20, PAGE = 4096 };
    uintptr_t from = ((uintptr_t)block + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
    if (bytes >= WORTH) madvise((void *)from, bytes - PAGE, MADV_HUGEPAGE);
}

void *pool_alloc(size_t bytes) {
    if (too_large(bytes) || must_fail()) return NULL;
    size_t total = (bytes + HEADER + 63) & ~(size_t)63;
    char *block = aligned_alloc(64, total);
    if (!block) return NULL;
    ask_large_pages(block, total);
    *(size_t *)(void *)block = bytes;
    atomic_fetch_add(&live_bytes, bytes);
    atomic_fetch_add(&live_blocks, 1);
    return block + HEADER;
}

void *pool_zalloc(size_t bytes) {
    void *p = pool_alloc(bytes);
    if (p) memset(p, 0, bytes);
    return p;
}

void *pool_realloc(void *p, size_t bytes) {
    void *q = pool_alloc(bytes);
    if (!q || !p) return q;
    size_t old = *header_of(p);
    memcpy(q, p, old < bytes ? old : bytes);
    pool_free(p);
    return q;
}

void pool_free(void *p) {
    if (!p) return;
    atomic_fetch_sub(&live_bytes, *header_of(p));
    atomic_fetch_sub(&live_blocks, 1);
    free(header_of(p));
}

void *pool_need(size_t bytes, struct err *e) {
    void *p = pool_zalloc(bytes);
    if (!p) err_memory(e, bytes);
    return p;
}

size_t pool_live_bytes(void) {
    return atomic_load(&live_bytes);
}

size_t pool_live_blocks(void) {
    return atomic_load(&live_blocks);
}

void pool_fail_after(int64_t n) {
    atomic_store(&fail_in, n);
}
