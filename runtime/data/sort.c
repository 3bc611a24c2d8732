/* Rows in order: each key in turn, the last first, by stable sorts: numbers by positions.c, texts
 * by the codes of keys.c. Bound: memory. */
#include "keys.h"
#include "order.h"
#include "base/pool.h"
#include "base/stop.h"
#include <string.h>

static bool sort_by_numbers(const struct column *c, bool descending, int64_t *rows, int64_t n,
                            struct err *e) {
    size_t bytes = (size_t)n * sizeof(int64_t);
    uint64_t *keys = pool_alloc(bytes + 1);
    int64_t *at = pool_alloc(bytes + 1);
    bool ok = (keys && at) || err_memory(e, bytes);
    if (ok) EACH_ROW(i, n) keys[i] = order_key(c->numbers[rows[i]], descending);
    ok = ok && rows_whole(n, e) && order_positions(keys, n, at, e);
    if (ok) EACH_ROW(i, n) at[i] = rows[at[i]];
    ok = ok && rows_whole(n, e);
    if (ok && n) memcpy(rows, at, bytes);
    pool_free(keys);
    pool_free(at);
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
    if (ok) EACH_ROW(i, k->n_rows) to[starts[k->codes[rows[i]]]++] = rows[i];
    bool memory = ok;
    ok = ok && rows_whole(k->n_rows, e);
    if (ok && k->n_rows) memcpy(rows, to, (size_t)k->n_rows * sizeof *to);
    pool_free(starts);
    pool_free(to);
    return memory ? ok : err_memory(e, (size_t)k->n_rows * sizeof *to);
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
