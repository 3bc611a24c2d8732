/* On vectors where the processor has the instructions. Else radix sort from the top: the first pass
 * distributes the keys by the highest bits in which any two of them differ, both threads at once;
 * each bucket then fits into a cache and is sorted there in the same way, and what is left of it by
 * insertion. Bound: two readings and one writing of everything in memory, then the caches. */
#include "key_sort.h"
#include "base/pool.h"
#include "cpu/sort.h"
#include "cpu/threads.h"
#include <string.h>

enum { FEW = 16, MOST_BITS = 8, TOP_BITS = 11, TOP_BUCKETS = 1 << TOP_BITS, PARTS = 8 };
enum { WORTH_THREADS = 1 << 15 };

static void insert(uint64_t *a, int64_t n) {
    for (int64_t i = 1; i < n; i++) {
        uint64_t one = a[i];
        int64_t k = i;
        for (; k > 0 && a[k - 1] > one; k--) a[k] = a[k - 1];
        a[k] = one;
    }
}

/* Bits that are not the same in all of them. */
static uint64_t differing(const uint64_t *a, int64_t n) {
    uint64_t any = 0, all = UINT64_MAX;
    for (int64_t i = 0; i < n; i++) {
        any |= a[i];
        all &= a[i];
    }
    return any ^ all;
}

/* How far a key goes down so that `bits` bits from the highest differing one are left. */
static int shift_for(uint64_t different, int bits) {
    int high = 64 - __builtin_clzll(different);
    return high > bits ? high - bits : 0;
}

/* Buckets of about four keys. */
static int bits_for(int64_t n) {
    int bits = 61 - __builtin_clzll((unsigned long long)n);
    return bits < 1 ? 1 : bits > MOST_BITS ? MOST_BITS : bits;
}

static void sort_block(uint64_t *a, uint64_t *b, int64_t n, bool to_b);

/* The same for what most calls are about: a few keys. */
static inline void sort_few(uint64_t *a, uint64_t *b, int64_t n, bool to_b) {
    if (n > FEW) {
        sort_block(a, b, n, to_b);
        return;
    }
    insert(a, n);
    for (int64_t i = 0; to_b && i < n; i++) b[i] = a[i];
}

/* Sorts a; the result is in b if `to_b`, else in a. Each level uses up the bits it looks at. */
static void sort_block(uint64_t *a, uint64_t *b, int64_t n, bool to_b) {
    uint64_t different = differing(a, n);
    if (!different) {
        if (to_b) memcpy(b, a, (size_t)n * sizeof *a);
        return;
    }
    int bits = bits_for(n), shift = shift_for(different, bits);
    uint64_t mask = ((uint64_t)1 << bits) - 1;
    int64_t ends[1 << MOST_BITS], sum = 0, begin = 0;
    memset(ends, 0, sizeof *ends << bits);
    for (int64_t i = 0; i < n; i++) ends[a[i] >> shift & mask]++;
    for (uint64_t d = 0; d <= mask; d++) {
        int64_t here = ends[d];
        ends[d] = sum;
        sum += here;
    }
    for (int64_t i = 0; i < n; i++) b[ends[a[i] >> shift & mask]++] = a[i];
    for (uint64_t d = 0; d <= mask; d++) {
        sort_few(b + begin, a + begin, ends[d] - begin, !to_b);
        begin = ends[d];
    }
}

/* ---- many keys ---- */

struct work {
    uint64_t *from, *to;
    int64_t n;
    int shift;
    uint64_t any[PARTS], all[PARTS];
    int64_t (*at)[TOP_BUCKETS]; /* for each part: counts, then where its keys go */
    int64_t begin[TOP_BUCKETS + 1];
    _Atomic int next; /* bucket to be sorted */
};

static int64_t part_begin(const struct work *w, int part) {
    return w->n / PARTS * part + w->n % PARTS * part / PARTS;
}

static int top_digit(const struct work *w, uint64_t key) {
    return (int)(key >> w->shift & (TOP_BUCKETS - 1));
}

static void see_bits(void *user, int part) {
    struct work *w = user;
    uint64_t any = 0, all = UINT64_MAX;
    for (int64_t i = part_begin(w, part); i < part_begin(w, part + 1); i++) {
        any |= w->from[i];
        all &= w->from[i];
    }
    w->any[part] = any;
    w->all[part] = all;
}

static void count_part(void *user, int part) {
    struct work *w = user;
    int64_t *counts = w->at[part];
    for (int64_t i = part_begin(w, part); i < part_begin(w, part + 1); i++)
        counts[top_digit(w, w->from[i])]++;
}

static void move_part(void *user, int part) {
    struct work *w = user;
    int64_t *at = w->at[part];
    for (int64_t i = part_begin(w, part); i < part_begin(w, part + 1); i++)
        w->to[at[top_digit(w, w->from[i])]++] = w->from[i];
}

static void sort_buckets(void *user, int part) {
    struct work *w = user;
    (void)part;
    for (int d = w->next++; d < TOP_BUCKETS; d = w->next++) {
        int64_t begin = w->begin[d];
        sort_few(w->to + begin, w->from + begin, w->begin[d + 1] - begin, false);
    }
}

static void places(struct work *w) {
    int64_t sum = 0;
    for (int d = 0; d < TOP_BUCKETS; d++) {
        w->begin[d] = sum;
        for (int p = 0; p < PARTS; p++) {
            int64_t here = w->at[p][d];
            w->at[p][d] = sum;
            sum += here;
        }
    }
    w->begin[TOP_BUCKETS] = sum;
}

/* On vectors, as numbers with a sign. */
static uint64_t *sort_signed(uint64_t *keys, int64_t n) {
    const uint64_t top = (uint64_t)1 << 63;
    for (int64_t i = 0; i < n; i++) keys[i] ^= top;
    sort_i64((int64_t *)keys, n);
    for (int64_t i = 0; i < n; i++) keys[i] ^= top;
    return keys;
}

uint64_t *key_sort(uint64_t *keys, uint64_t *other, int64_t n, struct err *e) {
    if (sort_available()) return sort_signed(keys, n);
    if (n < WORTH_THREADS) return sort_few(keys, other, n, false), keys;
    struct work *w = pool_need(sizeof *w, e);
    int64_t(*at)[TOP_BUCKETS] = pool_need(PARTS * sizeof *at, e);
    uint64_t any = 0, all = UINT64_MAX, *sorted = NULL;
    if (w && at) {
        *w = (struct work){.from = keys, .to = other, .n = n, .at = at};
        threads_run(see_bits, w, PARTS);
        for (int p = 0; p < PARTS; p++) any |= w->any[p], all &= w->all[p];
        sorted = any == all ? keys : other;
    }
    if (sorted == other) {
        w->shift = shift_for(any ^ all, TOP_BITS);
        threads_run(count_part, w, PARTS);
        places(w);
        threads_run(move_part, w, PARTS);
        threads_run(sort_buckets, w, PARTS);
    }
    pool_free(at);
    pool_free(w);
    return sorted;
}
