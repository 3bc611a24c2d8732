/* Counted, aligned heap blocks. Each block is preceded by a 64-byte header: its size, and how much
 * the system gave for it. */
#include "pool.h"
#include "err.h"
#include "room.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { HEADER = 64 };

static _Atomic size_t live_bytes, live_blocks;
static _Atomic int64_t fail_in;

struct header {
    size_t bytes, room; /* asked for; of the block, header included */
};

static struct header *header_of(void *p) {
    return (struct header *)(void *)((char *)p - HEADER);
}

static int must_fail(void) {
    if (atomic_load(&fail_in) == 0) return 0;
    return atomic_fetch_sub(&fail_in, 1) == 1;
}

/* The system would grant a block larger than what is left, and end the process when it is used. */
static bool too_large(size_t bytes) {
    enum { ALWAYS_FINE = 1 << 26 };
    return bytes > ALWAYS_FINE && bytes > room_left() / 100 * 95;
}

/* Fresh memory costs one fault for each of its pages; blocks of some megabytes ask for large ones.
 * Where the system has none, nothing changes. */
static void ask_large_pages(char *block, size_t bytes) {
    enum { WORTH = 4 << 20, PAGE = 4096 };
    uintptr_t from = ((uintptr_t)block + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
    if (bytes >= WORTH) madvise((void *)from, bytes - PAGE, MADV_HUGEPAGE);
}

/* ---- large blocks that were freed ---- */

enum { KEPT_BLOCKS = 8, KEPT_FROM = 4 << 20, KEPT_BYTES = 320 << 20 };

static struct {
    pthread_mutex_t lock;
    struct header *blocks[KEPT_BLOCKS];
    int n;
    size_t bytes;
} kept = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* A checker of memory errors must see every block end. */
#if defined(__SANITIZE_ADDRESS__)
enum { KEEPS = 0 };
#else
enum { KEEPS = 1 };
#endif

static struct header *take_out(int i) {
    struct header *h = kept.blocks[i];
    kept.bytes -= h->room;
    kept.n--;
    for (; i < kept.n; i++) kept.blocks[i] = kept.blocks[i + 1];
    return h;
}

/* A kept block with room for `total`, not much larger; else the system gets as much back as it is
 * about to be asked for, the oldest first. */
static struct header *reuse(size_t total) {
    struct header *found = NULL;
    pthread_mutex_lock(&kept.lock);
    for (int i = 0; !found && i < kept.n; i++) {
        size_t room = kept.blocks[i]->room;
        if (room >= total && room - total <= total / 8) found = take_out(i);
    }
    for (size_t back = 0; !found && kept.n && back < total;) {
        struct header *oldest = take_out(0);
        back += oldest->room;
        free(oldest);
    }
    pthread_mutex_unlock(&kept.lock);
    return found;
}

static bool keep(struct header *h) {
    if (!KEEPS || h->room < KEPT_FROM || h->room > KEPT_BYTES) return false;
    pthread_mutex_lock(&kept.lock);
    while (kept.n && (kept.n == KEPT_BLOCKS || kept.bytes + h->room > KEPT_BYTES))
        free(take_out(0));
    kept.blocks[kept.n++] = h;
    kept.bytes += h->room;
    pthread_mutex_unlock(&kept.lock);
    return true;
}

void pool_trim(void) {
    pthread_mutex_lock(&kept.lock);
    while (kept.n) free(take_out(0));
    pthread_mutex_unlock(&kept.lock);
}

static struct header *take_block(size_t total) {
    struct header *h = total >= KEPT_FROM ? reuse(total) : NULL;
    if (h) return h;
    h = too_large(total) ? NULL : aligned_alloc(64, total);
    if (!h) return NULL;
    ask_large_pages((char *)h, total);
    h->room = total;
    return h;
}

void *pool_alloc(size_t bytes) {
    if (bytes > SIZE_MAX >> 2 || must_fail()) return NULL;
    struct header *h = take_block((bytes + HEADER + 63) & ~(size_t)63);
    if (!h) return NULL;
    h->bytes = bytes;
    atomic_fetch_add(&live_bytes, bytes);
    atomic_fetch_add(&live_blocks, 1);
    return (char *)h + HEADER;
}

void *pool_zalloc(size_t bytes) {
    void *p = pool_alloc(bytes);
    if (p) memset(p, 0, bytes);
    return p;
}

void *pool_realloc(void *p, size_t bytes) {
    void *q = pool_alloc(bytes);
    if (!q || !p) return q;
    size_t old = header_of(p)->bytes;
    memcpy(q, p, old < bytes ? old : bytes);
    pool_free(p);
    return q;
}

void pool_free(void *p) {
    if (!p) return;
    struct header *h = header_of(p);
    atomic_fetch_sub(&live_bytes, h->bytes);
    atomic_fetch_sub(&live_blocks, 1);
    if (!keep(h)) free(h);
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
