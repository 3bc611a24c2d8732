/* Rows in order: each key in turn, the last first, by stable sorts. Numbers by their bits, eleven
 * at a time (least significant first); texts by the codes of keys.c. Bound: memory. */
#include "keys.h"
#include "base/pool.h"
#include <math.h>
#include <string.h>

enum { DIGIT_BITS = 11, DIGITS = 6, BUCKETS = 1 << DIGIT_BITS };

struct item {
    uint64_t key;
    int64_t row;
};

/* Bits that compare as the numbers do; missing after everything. */
static uint64_t sort_key(double x, bool descending) {
    uint64_t bits;
    if (isnan(x)) return UINT64_MAX;
    x += 0.0; /* -0 is 0 */
    memcpy(&bits, &x, sizeof bits);
    bits = bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
    return descending ? ~bits : bits;
}

static void pass(const struct item *from, struct item *to, int64_t n, int shift,
                 const int64_t *counts) {
    int64_t at[BUCKETS], sum = 0;
    for (int b = 0; b < BUCKETS; b++) {
        at[b] = sum;
        sum += counts[b];
    }
    for (int64_t i = 0; i < n; i++) to[at[from[i].key >> shift & (BUCKETS - 1)]++] = from[i];
}

/* Passes in which all items agree are left out. */
static struct item *radix(struct item *items, struct item *other, int64_t n, int64_t *counts) {
    memset(counts, 0, sizeof(int64_t) * DIGITS * BUCKETS);
    for (int64_t i = 0; i < n; i++) {
        for (int d = 0; d < DIGITS; d++)
            counts[d * BUCKETS + (int)(items[i].key >> d * DIGIT_BITS & (BUCKETS - 1))]++;
    }
    for (int d = 0; d < DIGITS; d++) {
        const int64_t *c = counts + d * BUCKETS;
        if (n == 0 || c[items[0].key >> d * DIGIT_BITS & (BUCKETS - 1)] == n) continue;
        pass(items, other, n, d * DIGIT_BITS, c);
        struct item *swap = items;
        items = other;
        other = swap;
    }
    return items;
}

static bool sort_by_numbers(const struct column *c, bool descending, int64_t *rows, int64_t n,
                            struct err *e) {
    size_t bytes = (size_t)n * sizeof(struct item) + 1;
    struct item *a = pool_alloc(bytes), *b = pool_alloc(bytes);
    int64_t *counts = pool_alloc(sizeof(int64_t) * DIGITS * BUCKETS);
    bool ok = (a && b && counts) || err_memory(e, bytes);
    for (int64_t i = 0; ok && i < n; i++)
        a[i] = (struct item){sort_key(c->numbers[rows[i]], descending), rows[i]};
    const struct item *sorted = ok ? radix(a, b, n, counts) : NULL;
    for (int64_t i = 0; ok && i < n; i++) rows[i] = sorted[i].row;
    pool_free(a);
    pool_free(b);
    pool_free(counts);
    return ok;
}

static bool sort_by_codes(const struct keys *k, bool descending, int64_t *rows, struct err *e) {
    int64_t *starts = pool_need(((size_t)k->n_codes + 1) * sizeof *starts, e);
    int64_t *to = pool_alloc((size_t)k->n_rows * sizeof *to + 1);
    bool ok = starts && to;
    int32_t last = k->n_codes - k->missing - 1;
    for (int64_t i = 0; ok && i < k->n_rows; i++) {
        int32_t *code = &k->codes[i];
        if (descending && *code <= last) *code = last - *code;
        starts[*code + 1]++;
    }
    for (int32_t g = 1; ok && g < k->n_codes; g++) starts[g] += starts[g - 1];
    for (int64_t i = 0; ok && i < k->n_rows; i++) to[starts[k->codes[rows[i]]]++] = rows[i];
    if (ok && k->n_rows) memcpy(rows, to, (size_t)k->n_rows * sizeof *to);
    pool_free(starts);
    pool_free(to);
    return ok || err_memory(e, (size_t)k->n_rows * sizeof *to);
}

bool sort_rows(const struct table *t, const int *columns, const bool *descending, int n,
               int64_t *rows, struct err *e) {
    for (int64_t i = 0; i < t->n_rows; i++) rows[i] = i;
    for (int k = n - 1; k >= 0; k--) {
        const struct column *c = &t->columns[columns[k]];
        struct keys keys;
        if (c->numbers) {
            TRY(sort_by_numbers(c, descending[k], rows, t->n_rows, e));
            continue;
        }
        TRY(keys_of_column(c, t->n_rows, &keys, e));
        bool ok = sort_by_codes(&keys, descending[k], rows, e);
        keys_clear(&keys);
        TRY(ok);
    }
    return true;
}
