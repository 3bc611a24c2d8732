/* A region that is filled from the front and given back as a whole. */
#include "arena.h"
#include "pool.h"
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

struct arena {
    char *base;
    size_t used, reserved;
};

/* Asking the system for address space, and for each first page in it, takes longer than what many
 * arenas are made for: a few that held little are kept, all zeros again. */
enum { KEPT_ARENAS = 4, KEPT_USED = 1 << 18 };

static struct {
    pthread_mutex_t lock;
    struct arena arenas[KEPT_ARENAS];
    int n;
} kept = {.lock = PTHREAD_MUTEX_INITIALIZER};

static char *reuse(size_t bytes) {
    char *base = NULL;
    pthread_mutex_lock(&kept.lock);
    for (int i = kept.n - 1; i >= 0 && !base; i--) {
        if (kept.arenas[i].reserved != bytes) continue;
        base = kept.arenas[i].base;
        kept.arenas[i] = kept.arenas[--kept.n];
    }
    pthread_mutex_unlock(&kept.lock);
    return base;
}

/* The newest stay. */
static void keep(struct arena a) {
    struct arena oldest = {0};
    memset(a.base, 0, a.used);
    pthread_mutex_lock(&kept.lock);
    if (kept.n == KEPT_ARENAS) {
        oldest = kept.arenas[0];
        memmove(kept.arenas, kept.arenas + 1, sizeof kept.arenas - sizeof kept.arenas[0]);
        kept.n--;
    }
    kept.arenas[kept.n++] = a;
    pthread_mutex_unlock(&kept.lock);
    if (oldest.base) munmap(oldest.base, oldest.reserved);
}

struct arena *arena_new(size_t reserve_bytes) {
    struct arena *a = pool_zalloc(sizeof *a);
    if (!a) return NULL;
    a->base = reuse(reserve_bytes);
    if (!a->base)
        a->base = mmap(NULL, reserve_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (a->base == MAP_FAILED) return pool_free(a), NULL;
    a->reserved = reserve_bytes;
    return a;
}

void arena_free(struct arena *a) {
    if (!a) return;
    if (a->used <= KEPT_USED) keep(*a);
    else munmap(a->base, a->reserved);
    pool_free(a);
}

void arena_reset(struct arena *a) {
    if (a->used) madvise(a->base, a->used, MADV_DONTNEED);
    a->used = 0;
}

void *arena_alloc(struct arena *a, size_t bytes) {
    if (bytes > a->reserved || a->used > a->reserved - bytes) return NULL;
    size_t rounded = (bytes + 15) & ~(size_t)15;
    if (rounded > a->reserved - a->used) return NULL;
    void *p = a->base + a->used;
    a->used += rounded;
    return p;
}

char *arena_strdup(struct arena *a, struct str s) {
    char *p = arena_alloc(a, s.n + 1);
    if (p && s.n) memcpy(p, s.p, s.n);
    return p;
}

char *arena_printf(struct arena *a, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    char *p = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
    if (p) vsnprintf(p, (size_t)n + 1, format, again);
    va_end(again);
    va_end(args);
    return p;
}

size_t arena_used(const struct arena *a) {
    return a->used;
}
