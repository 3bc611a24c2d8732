/* Counted, aligned heap blocks. Each block is preceded by a 64-byte header: its size, and how much
 * the system gave for it. */
#include "pool.h"
#include "err.h"
#include "room.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { HEADER = 64 };

static _Atomic int64_t fail_in;

struct header {
    size_t bytes, room;  /* asked for; of the block, header included */
    struct header *next; /* of the small blocks that a thread keeps */
};

static struct header *header_of(void *p) {
    return (struct header *)(void *)((char *)p - HEADER);
}

/* ---- counting ---- */

/* Each of the first threads counts in a place of its own, without locking the bus; the others share
 * the last one. Blocks may be given back by other threads: only the sums mean something. */
enum { COUNTERS = 16 };

struct counter {
    _Alignas(64) _Atomic int64_t bytes;
    _Atomic int64_t blocks;
};
static struct counter counters[COUNTERS];

static int own_counter(void) {
    static _Atomic int threads;
    static _Thread_local int own = -1;
    if (own < 0) own = atomic_fetch_add(&threads, 1);
    if (own >= COUNTERS) own = COUNTERS - 1;
    return own;
}

static void count_alone(_Atomic int64_t *sum, int64_t change) {
    int64_t now = atomic_load_explicit(sum, memory_order_relaxed);
    atomic_store_explicit(sum, now + change, memory_order_relaxed);
}

static void count(int64_t bytes, int64_t blocks) {
    int own = own_counter();
    if (own < COUNTERS - 1) {
        count_alone(&counters[own].bytes, bytes);
        count_alone(&counters[own].blocks, blocks);
    } else {
        atomic_fetch_add(&counters[own].bytes, bytes);
        atomic_fetch_add(&counters[own].blocks, blocks);
    }
}

size_t pool_live_bytes(void) {
    int64_t sum = 0;
    for (int i = 0; i < COUNTERS; i++) sum += atomic_load(&counters[i].bytes);
    return (size_t)sum;
}

size_t pool_live_blocks(void) {
    int64_t sum = 0;
    for (int i = 0; i < COUNTERS; i++) sum += atomic_load(&counters[i].blocks);
    return (size_t)sum;
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

/* ---- small blocks that were freed ---- */

/* Each thread keeps some for itself: most live as short as the value of one expression, and the
 * system's allocator is slow with aligned ones. */
enum { UNIT = 64, SMALL_UNITS = 32, SMALL_BLOCKS = 32 };

struct small {
    struct header *first[SMALL_UNITS + 1]; /* by size in units */
    int n[SMALL_UNITS + 1];
    bool known; /* give_small will be called at the thread's end */
};
static _Thread_local struct small small;
static pthread_key_t small_key;

static void give_small(void *unused) {
    (void)unused;
    for (int i = 0; i <= SMALL_UNITS; i++) {
        for (struct header *h = small.first[i], *next; h; h = next) {
            next = h->next;
            free(h);
        }
        small.first[i] = NULL;
        small.n[i] = SMALL_BLOCKS; /* nothing more is kept */
    }
}

static void make_key(void) {
    pthread_key_create(&small_key, give_small);
}

static void know_thread(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_key);
    pthread_setspecific(small_key, &small);
    small.known = true;
}

static bool keep_small(struct header *h) {
    size_t units = h->room / UNIT;
    if (!KEEPS || units > SMALL_UNITS || small.n[units] == SMALL_BLOCKS) return false;
    if (!small.known) know_thread();
    h->next = small.first[units];
    small.first[units] = h;
    small.n[units]++;
    return true;
}

static struct header *reuse_small(size_t total) {
    size_t units = total / UNIT;
    struct header *h = units <= SMALL_UNITS ? small.first[units] : NULL;
    if (!h) return NULL;
    small.first[units] = h->next;
    small.n[units]--;
    return h;
}

/* ---- all blocks ---- */

static struct header *take_block(size_t total) {
    struct header *h = total >= KEPT_FROM ? reuse(total) : reuse_small(total);
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
    count((int64_t)bytes, 1);
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
    count(-(int64_t)h->bytes, -1);
    if (!keep_small(h) && !keep(h)) free(h);
}

size_t pool_room(void *p) {
    return header_of(p)->room - HEADER;
}

void *pool_need(size_t bytes, struct err *e) {
    void *p = pool_zalloc(bytes);
    if (!p) err_memory(e, bytes);
    return p;
}

void pool_fail_after(int64_t n) {
    atomic_store(&fail_in, n);
}
