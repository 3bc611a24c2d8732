/* The positions of keys in order. A key's highest bits and its position make one number, so that
 * sorting numbers sorts positions, too, and equal keys keep their order; where more bits of the
 * keys differ than have room beside the position, runs of keys that agree so far are sorted by the
 * next bits. Bound: the sort of the numbers. */
#include "key_sort.h"
#include "order.h"
#include "base/pool.h"
#include "base/stop.h"
#include "cpu/sort.h"
#include "cpu/threads.h"
#include <string.h>

enum { FEW = 24, PARTS = 8, COUNTED_BITS = 10 };

struct positions {
    const uint64_t *keys;
    int64_t *at;
    int64_t n;
    int used, bits; /* highest bits of the keys that count no more; bits of a position */
};

static int64_t part_begin(const struct positions *p, int part) {
    return p->n / PARTS * part + p->n % PARTS * part / PARTS;
}

static const uint64_t top = (uint64_t)1 << 63;

/* Numbers with a sign, in the order of the keys' next bits, then of the positions. */
static void make_numbers(void *user, int part) {
    const struct positions *p = user;
    for (int64_t i = part_begin(p, part); i < part_begin(p, part + 1); i++) {
        uint64_t next = p->keys[p->at[i]] << p->used >> p->bits << p->bits;
        p->at[i] = (int64_t)((next | (uint64_t)p->at[i]) ^ top);
    }
}

static bool sort_numbers(int64_t *x, int64_t n, struct err *e) {
    if (sort_available()) return sort_i64(x, n), true;
    uint64_t *keys = pool_alloc((size_t)n * 2 * sizeof *keys + 1);
    if (!keys) return err_memory(e, (size_t)n * 2 * sizeof *keys);
    for (int64_t i = 0; i < n; i++) keys[i] = (uint64_t)x[i] ^ top;
    const uint64_t *sorted = key_sort(keys, keys + n, n, e);
    for (int64_t i = 0; sorted && i < n; i++) x[i] = (int64_t)(sorted[i] ^ top);
    pool_free(keys);
    return sorted != NULL;
}

static void insert(const uint64_t *keys, int64_t *at, int64_t n) {
    for (int64_t i = 1; i < n; i++) {
        int64_t one = at[i], k = i;
        for (; k > 0 && keys[at[k - 1]] > keys[one]; k--) at[k] = at[k - 1];
        at[k] = one;
    }
}

static bool sort_positions(const struct positions *p, struct err *e);

/* Numbers become positions again; those of keys that agreed in all bits so far are sorted. */
static bool finish(const struct positions *p, struct err *e) {
    int64_t mask = ((int64_t)1 << p->bits) - 1;
    int used = p->used + 64 - p->bits;
    for (int64_t begin = 0, end, looks = 0; begin < p->n; begin = end) {
        if (++looks % STOP_ROWS == 0) TRY(rows_whole(p->n, e));
        int64_t high = p->at[begin] >> p->bits;
        for (end = begin; end < p->n && p->at[end] >> p->bits == high; end++) p->at[end] &= mask;
        struct positions run = {p->keys, p->at + begin, end - begin, used, p->bits};
        if (run.n > 1 && used < 64) TRY(sort_positions(&run, e));
    }
    return true;
}

/* Of positions in rising order. */
static bool sort_positions(const struct positions *p, struct err *e) {
    if (p->n <= FEW) return insert(p->keys, p->at, p->n), true;
    threads_run(make_numbers, (void *)(uintptr_t)p, PARTS);
    return sort_numbers(p->at, p->n, e) && rows_whole(p->n, e) && finish(p, e);
}

/* Keys that differ in few bits: counted, then put where they belong. */
static void count_positions(const struct positions *p) {
    int64_t ends[(1 << COUNTED_BITS) + 1] = {0};
    uint64_t mask = UINT64_MAX >> p->used;
    EACH_ROW(i, p->n) ends[(p->keys[i] & mask) + 1]++;
    for (uint64_t k = 0; k < mask; k++) ends[k + 1] += ends[k];
    EACH_ROW(i, p->n) p->at[ends[p->keys[i] & mask]++] = i;
}

bool order_positions(const uint64_t *keys, int64_t n, int64_t *at, struct err *e) {
    struct positions p = {.keys = keys, .at = at, .n = n};
    uint64_t any = 0, all = UINT64_MAX;
    for (int64_t i = 0; i < n; i++) {
        at[i] = i;
        any |= keys[i];
        all &= keys[i];
    }
    if (n < 2 || any == all) return true;
    p.used = __builtin_clzll(any ^ all);
    if (64 - p.used <= COUNTED_BITS && n > 1 << COUNTED_BITS)
        return count_positions(&p), rows_whole(n, e);
    p.bits = 64 - __builtin_clzll((unsigned long long)n - 1);
    return sort_positions(&p, e);
}
