/* Keys and ranks. Items are sorted by radix, the least significant digit first; digits in which all
 * keys agree cost nothing. Bound: memory, one reading and writing of everything for each digit. */
#include "order.h"
#include "key_sort.h"
#include "base/pool.h"
#include "cpu/threads.h"
#include <math.h>
#include <string.h>

enum { DIGIT_BITS = 11, DIGITS = 6, BUCKETS = 1 << DIGIT_BITS, FEW = 48, BLOCK = 512 };

/* ---- keys ---- */

static const uint64_t top = (uint64_t)1 << 63;

static uint64_t float_key(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits & top ? ~bits : bits | top;
}

static double key_float(uint64_t key) {
    double x;
    uint64_t bits = key & top ? key ^ top : ~key;
    memcpy(&x, &bits, sizeof x);
    return key == UINT64_MAX ? (double)NAN : x;
}

uint64_t order_key(double x, bool descending) {
    if (isnan(x)) return UINT64_MAX;
    uint64_t key = float_key(x + 0.0);
    return descending ? ~key : key;
}

/* Keys of x[begin … begin + n). Whole numbers keep all their bits. */
static void keys_of(const struct tensor *x, int64_t begin, int64_t n, uint64_t *keys) {
    if (x->dtype == DT_FLOAT64) {
        const double *p = (const double *)x->data + begin;
        for (int64_t i = 0; i < n; i++) keys[i] = p[i] == p[i] ? float_key(p[i]) : UINT64_MAX;
    } else if (x->dtype == DT_INT64) {
        const int64_t *p = (const int64_t *)x->data + begin;
        for (int64_t i = 0; i < n; i++) keys[i] = (uint64_t)p[i] ^ top;
    } else {
        for (int64_t i = 0; i < n; i++) {
            double v = tensor_get(x, begin + i);
            keys[i] = v == v ? float_key(v) : UINT64_MAX;
        }
    }
}

void order_items_of(const struct tensor *x, int64_t begin, int64_t n, bool descending,
                    struct order_item *items) {
    for (int64_t i = 0; i < n; i++) {
        uint64_t key;
        if (x->dtype == DT_INT64) {
            key = (uint64_t)((const int64_t *)x->data)[begin + i] ^ top;
            if (descending) key = ~key;
        } else {
            key = order_key(tensor_get(x, begin + i), descending);
        }
        items[i] = (struct order_item){key, i};
    }
}

/* ---- sorts ---- */

static int digit(uint64_t key, int d) {
    return (int)(key >> d * DIGIT_BITS & (BUCKETS - 1));
}

/* Counts become places. False: all keys have the same digit. */
static bool places(int64_t *counts, uint64_t any_key, int d, int64_t n) {
    if (counts[digit(any_key, d)] == n) return false;
    int64_t sum = 0;
    for (int b = 0; b < BUCKETS; b++) {
        int64_t here = counts[b];
        counts[b] = sum;
        sum += here;
    }
    return true;
}

static void insert_items(struct order_item *items, int64_t n) {
    for (int64_t i = 1; i < n; i++) {
        struct order_item one = items[i];
        int64_t k = i;
        for (; k > 0 && items[k - 1].key > one.key; k--) items[k] = items[k - 1];
        items[k] = one;
    }
}

/* For rows of some hundreds: counts of bytes fit into the first cache. */
static struct order_item *by_bytes(struct order_item *from, struct order_item *to, int64_t n) {
    for (int shift = 0; shift < 64; shift += 8) {
        int32_t starts[257] = {0};
        for (int64_t i = 0; i < n; i++) starts[(from[i].key >> shift & 255) + 1]++;
        if (starts[(from[0].key >> shift & 255) + 1] == n) continue;
        for (int b = 0; b < 256; b++) starts[b + 1] += starts[b];
        for (int64_t i = 0; i < n; i++) to[starts[from[i].key >> shift & 255]++] = from[i];
        struct order_item *swap = from;
        from = to;
        to = swap;
    }
    return from;
}

struct order_item *order_items(struct order_item *items, struct order_item *other, int64_t n,
                               struct err *e) {
    if (n <= FEW) return insert_items(items, n), items;
    if (n < 2 * BUCKETS) return by_bytes(items, other, n);
    int64_t *counts = pool_need(sizeof *counts * DIGITS * BUCKETS, e);
    if (!counts) return NULL;
    for (int64_t i = 0; i < n; i++) {
        for (int d = 0; d < DIGITS; d++) counts[d * BUCKETS + digit(items[i].key, d)]++;
    }
    for (int d = 0; d < DIGITS; d++) {
        int64_t *at = counts + d * BUCKETS;
        if (!places(at, items[0].key, d, n)) continue;
        for (int64_t i = 0; i < n; i++) other[at[digit(items[i].key, d)]++] = items[i];
        struct order_item *swap = items;
        items = other;
        other = swap;
    }
    pool_free(counts);
    return items;
}

static uint64_t *keys_new(int64_t n, struct err *e) {
    size_t bytes;
    if (__builtin_mul_overflow((size_t)n + 1, sizeof(uint64_t), &bytes))
        return err_memory(e, SIZE_MAX), NULL;
    uint64_t *keys = pool_alloc(bytes);
    if (!keys) err_memory(e, bytes);
    return keys;
}

/* Keys of all numbers, and numbers of the sorted keys, part by part. */
enum { PARTS = 8 };

struct values {
    const struct tensor *x;
    struct tensor *out;
    uint64_t *keys;
    const uint64_t *sorted;
    bool descending;
};

static int64_t part_begin(const struct values *v, int part) {
    int64_t n = v->x->count;
    return n / PARTS * part + n % PARTS * part / PARTS;
}

/* NaN stays last. */
static uint64_t turned(const struct values *v, uint64_t key) {
    bool stays = !v->descending || (key == UINT64_MAX && v->x->dtype != DT_INT64);
    return stays ? key : ~key;
}

static void make_keys(void *user, int part) {
    const struct values *v = user;
    int64_t begin = part_begin(v, part), end = part_begin(v, part + 1);
    keys_of(v->x, begin, end - begin, v->keys + begin);
    for (int64_t i = begin; v->descending && i < end; i++) v->keys[i] = turned(v, v->keys[i]);
}

static void make_numbers(void *user, int part) {
    const struct values *v = user;
    for (int64_t i = part_begin(v, part); i < part_begin(v, part + 1); i++) {
        uint64_t key = turned(v, v->sorted[i]);
        if (v->x->dtype == DT_INT64) ((int64_t *)v->out->data)[i] = (int64_t)(key ^ top);
        else if (v->x->dtype == DT_FLOAT64) ((double *)v->out->data)[i] = key_float(key);
        else tensor_set(v->out, i, key_float(key));
    }
}

struct tensor *order_values(const struct tensor *x, bool descending, struct err *e) {
    int64_t n = x->count;
    bool same_size = dtype_bytes(x->dtype) == sizeof(uint64_t); /* then `out` is the second room */
    struct values v = {.x = x, .descending = descending};
    v.keys = keys_new(same_size ? n : 2 * n, e);
    v.out = v.keys ? tensor_new(x->dtype, &x->shape, e) : NULL;
    if (v.out) {
        threads_run(make_keys, &v, PARTS);
        v.sorted = key_sort(v.keys, same_size ? v.out->data : v.keys + n, n, e);
    }
    if (v.sorted) threads_run(make_numbers, &v, PARTS);
    pool_free(v.keys);
    if (v.sorted) return v.out;
    tensor_unref(v.out);
    return NULL;
}

/* ---- ranks ---- */

/* Numbers by the first bits of their keys: how many there are of each, and how many of those that
 * are wanted lie before. */
enum { GROUPS = 1 << 16, WORTH_GROUPS = 1 << 17 };

struct groups {
    int64_t count[GROUPS];
    bool wanted[GROUPS];
};

static uint64_t *all_keys(const struct tensor *x, struct err *e) {
    uint64_t *keys = keys_new(2 * x->count, e);
    if (keys) keys_of(x, 0, x->count, keys);
    return keys;
}

static void count_groups(const struct tensor *x, struct groups *g) {
    uint64_t keys[BLOCK];
    for (int64_t i = 0; i < x->count; i += BLOCK) {
        int64_t n = x->count - i < BLOCK ? x->count - i : BLOCK;
        keys_of(x, i, n, keys);
        for (int64_t k = 0; k < n; k++) g->count[keys[k] >> 48]++;
    }
}

/* Marks the groups of the ranks; each rank becomes one among the keys of marked groups. */
static int64_t mark_groups(struct groups *g, int64_t *ranks, int n) {
    for (int r = 0; r < n; r++) {
        int64_t before = 0;
        int b = 0;
        while (ranks[r] >= before + g->count[b]) before += g->count[b++];
        g->wanted[b] = true;
    }
    for (int r = 0; r < n; r++) {
        int64_t before = 0, left_out = 0;
        for (int b = 0; ranks[r] >= before + g->count[b]; b++) {
            before += g->count[b];
            if (!g->wanted[b]) left_out += g->count[b];
        }
        ranks[r] -= left_out;
    }
    int64_t all = 0;
    for (int b = 0; b < GROUPS; b++) all += g->wanted[b] ? g->count[b] : 0;
    return all;
}

static uint64_t *wanted_keys(const struct tensor *x, const struct groups *g, int64_t n,
                             struct err *e) {
    uint64_t *found = keys_new(2 * n + 1, e), keys[BLOCK];
    int64_t at = 0;
    for (int64_t i = 0; found && i < x->count; i += BLOCK) {
        int64_t m = x->count - i < BLOCK ? x->count - i : BLOCK;
        keys_of(x, i, m, keys);
        for (int64_t k = 0; k < m; k++) {
            found[at] = keys[k];
            at += g->wanted[keys[k] >> 48];
        }
    }
    return found;
}

/* Keys among which the ranks, changed accordingly, are to be looked up. */
static uint64_t *few_keys(const struct tensor *x, int64_t *ranks, int n, int64_t *n_keys,
                          bool *has_nan, struct err *e) {
    *n_keys = x->count;
    *has_nan = false;
    if (x->count < WORTH_GROUPS) {
        uint64_t *keys = all_keys(x, e);
        for (int64_t i = 0; keys && dtype_is_float(x->dtype) && i < x->count; i++)
            *has_nan = *has_nan || keys[i] == UINT64_MAX;
        return keys;
    }
    struct groups *g = pool_need(sizeof *g, e);
    if (!g) return NULL;
    count_groups(x, g);
    *has_nan = dtype_is_float(x->dtype) && g->count[GROUPS - 1] > 0;
    *n_keys = mark_groups(g, ranks, n);
    uint64_t *keys = wanted_keys(x, g, *n_keys, e);
    pool_free(g);
    return keys;
}

bool order_ranks(const struct tensor *x, const int64_t *ranks, int n, double *out, struct err *e) {
    int64_t n_keys, *at = pool_alloc((size_t)n * sizeof *at + 1);
    bool has_nan;
    if (!at) return err_memory(e, (size_t)n * sizeof *at);
    memcpy(at, ranks, (size_t)n * sizeof *at);
    uint64_t *keys = few_keys(x, at, n, &n_keys, &has_nan, e);
    const uint64_t *sorted = keys ? key_sort(keys, keys + n_keys, n_keys, e) : NULL;
    for (int r = 0; sorted && r < n; r++) {
        bool whole = x->dtype == DT_INT64;
        double v = whole ? (double)(int64_t)(sorted[at[r]] ^ top) : key_float(sorted[at[r]]);
        out[r] = has_nan ? (double)NAN : v;
    }
    pool_free(keys);
    pool_free(at);
    return sorted != NULL;
}
