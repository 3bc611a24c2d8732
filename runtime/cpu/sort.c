/* Sorting on both threads. A pile of pieces, at first all the keys: whoever is free takes the
 * largest one, splits it if it is large, and puts both halves back, or sorts it. So nobody waits
 * for a thread that the system does not let run, unless it holds a piece. */
#include "sort.h"
#include "kernels.h"
#include "threads.h"
#include "base/stop.h"
#include <math.h>
#include <sched.h>

/* A piece is sorted when it is at most a 32nd of all, or the pile is nearly full. */
enum { WORTH_THREADS = 1 << 15, SHARES = 32, MOST_PIECES = 128, LANES = 2 };

struct piece {
    char *keys;
    int64_t n;
};

struct pile {
    const struct sort_kernels *kernels;
    size_t bytes;  /* of a key */
    int64_t small; /* pieces of at most so many keys are sorted */
    struct piece of[MOST_PIECES];
    int n, taken; /* on the pile; in work */
    atomic_flag lock;
};

bool sort_available(void) {
    return kernels()->sort[SORT_I64].sort != NULL;
}

static void lock(struct pile *p) {
    while (atomic_flag_test_and_set_explicit(&p->lock, memory_order_acquire)) sched_yield();
}

static void unlock(struct pile *p) {
    atomic_flag_clear_explicit(&p->lock, memory_order_release);
}

/* The largest piece. False when none is left; with pieces in work, more may come: *all is false.
 * *crowded: there may be no room for its halves. */
static bool take(struct pile *p, struct piece *out, bool *all, bool *crowded) {
    lock(p);
    int largest = 0;
    for (int i = 1; i < p->n; i++)
        if (p->of[i].n > p->of[largest].n) largest = i;
    bool found = p->n > 0;
    if (found) {
        *out = p->of[largest];
        p->of[largest] = p->of[--p->n];
        p->taken++;
    }
    *crowded = p->n > MOST_PIECES - 2 * LANES;
    *all = !found && p->taken == 0;
    unlock(p);
    return found;
}

/* What became of a piece that was taken: n parts. */
static void give(struct pile *p, const struct piece *parts, int n) {
    lock(p);
    p->taken--;
    for (int i = 0; i < n; i++)
        if (parts[i].n > 1) p->of[p->n++] = parts[i];
    unlock(p);
}

static void work(struct pile *p, struct piece one, bool crowded) {
    int64_t lower = 0;
    if (stop_asked()) { /* whoever asked for the order asks, too */
        give(p, NULL, 0);
        return;
    }
    bool full = crowded || one.n <= p->small;
    if (!full) lower = p->kernels->split(one.keys, one.n);
    if (full) p->kernels->sort(one.keys, one.n);
    bool done = full || lower == one.n; /* sorted, or all the same */
    struct piece parts[] = {{one.keys, lower},
                            {one.keys + (size_t)lower * p->bytes, one.n - lower}};
    give(p, parts, done ? 0 : 2);
}

static void work_off(void *user, int lane) {
    struct pile *p = user;
    struct piece one;
    bool all = false, crowded;
    (void)lane;
    while (!all) {
        if (take(p, &one, &all, &crowded)) work(p, one, crowded);
        else if (!all) sched_yield();
    }
}

static void sort_keys(enum sort_type type, void *keys, int64_t n, size_t bytes) {
    const struct sort_kernels *k = &kernels()->sort[type];
    if (n < WORTH_THREADS || threads_for(LANES) == 1) {
        k->sort(keys, n);
        return;
    }
    struct pile p = {.kernels = k,
                     .bytes = bytes,
                     .small = n / SHARES,
                     .of = {{keys, n}},
                     .n = 1,
                     .lock = ATOMIC_FLAG_INIT};
    threads_run(work_off, &p, LANES);
}

void sort_i64(int64_t *keys, int64_t n) {
    sort_keys(SORT_I64, keys, n, sizeof *keys);
}

void sort_i32(int32_t *keys, int64_t n) {
    sort_keys(SORT_I32, keys, n, sizeof *keys);
}

/* Where keys that are smaller than 0, or not larger, end. */
static int64_t end_of(const double *keys, int64_t n, bool with_zeros) {
    int64_t from = 0, to = n;
    while (from < to) {
        int64_t middle = from + (to - from) / 2;
        if (keys[middle] < 0 || (with_zeros && keys[middle] == 0)) from = middle + 1;
        else to = middle;
    }
    return from;
}

void sort_f64(double *keys, int64_t n) {
    sort_keys(SORT_F64, keys, n, sizeof *keys);
    int64_t begin = end_of(keys, n, false), end = end_of(keys, n, true), negative = 0;
    for (int64_t i = begin; i < end; i++) negative += signbit(keys[i]) != 0;
    for (int64_t i = begin; negative && i < end; i++) keys[i] = i - begin < negative ? -0.0 : 0.0;
}
