/* Bottom-k sketches of rows. */
#include "advice_rows.h"
#include "base/hash.h"
#include "base/pool.h"
#include <stdlib.h>
#include <string.h>

/* Elements of a row that are hashed: spread over it, so that large pictures cost no more. */
enum { LOOKED_AT = 24, MOST_ROWS = 2000000, FEWEST = 8 };

/* The same number hashes the same in every type. */
static uint64_t number_hash(double x, uint64_t so_far) {
    float narrow = (float)x;
    uint32_t bits;
    if (narrow == 0) narrow = 0; /* -0 */
    memcpy(&bits, &narrow, sizeof bits);
    return hash_add(so_far, bits);
}

static uint64_t tensor_row_hash(const struct tensor *t, int64_t row, int64_t width, uint64_t hash) {
    int64_t step = width / LOOKED_AT + 1;
    for (int64_t k = 0; k < width; k += step)
        hash = number_hash(tensor_get(t, row * width + k), hash);
    return hash;
}

static int by_size(const void *a, const void *b) {
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Keeps the smallest of the n hashes, each once. They are all that there are up to `upto`. */
static void keep_smallest(uint64_t *hashes, int64_t n, uint64_t upto, struct row_set *out) {
    qsort(hashes, (size_t)n, sizeof *hashes, by_size);
    int64_t i = 0, twice = 0;
    for (; i < n && out->n < ROWS_KEPT; i++) {
        if (out->n && out->hash[out->n - 1] == hashes[i]) twice++;
        else out->hash[out->n++] = hashes[i];
    }
    out->upto = i < n ? out->hash[out->n - 1] : upto;
    out->often_equal = twice * 20 > i;
}

/* Of many rows most hashes need not be sorted. */
static uint64_t usual_limit(int64_t rows) {
    return rows <= 8 * ROWS_KEPT ? UINT64_MAX : UINT64_MAX / (uint64_t)rows * (4 * ROWS_KEPT);
}

bool row_set_of(const struct tensor *const *tensors, int n, struct row_set *out) {
    int64_t rows = -1;
    *out = (struct row_set){0};
    for (int i = 0; i < n; i++) {
        const struct tensor *t = tensors[i];
        if (!t) continue;
        if (!t->data || t->shape.n == 0) return false;
        if (rows >= 0 && t->shape.size[0] != rows) return false;
        rows = t->shape.size[0];
    }
    if (rows < FEWEST || rows > MOST_ROWS) return false;
    uint64_t *hashes = pool_alloc((size_t)rows * sizeof *hashes);
    if (!hashes) return false;
    uint64_t limit = usual_limit(rows);
    int64_t kept = 0;
    for (int64_t row = 0; row < rows; row++) {
        uint64_t hash = 1;
        for (int i = 0; i < n; i++)
            if (tensors[i]) hash = tensor_row_hash(tensors[i], row, tensors[i]->count / rows, hash);
        if (hash <= limit) hashes[kept++] = hash;
    }
    out->n_rows = rows;
    keep_smallest(hashes, kept, limit, out);
    pool_free(hashes);
    return true;
}

static bool holds(const struct row_set *s, uint64_t hash) {
    return bsearch(&hash, s->hash, (size_t)s->n, sizeof hash, by_size) != NULL;
}

double row_set_share(const struct row_set *a, const struct row_set *b) {
    if (a->often_equal || b->often_equal || a->n == 0 || b->n == 0) return -1;
    int looked = 0, found = 0;
    for (int i = 0; i < b->n && b->hash[i] <= a->upto; i++) {
        looked++;
        found += holds(a, b->hash[i]);
    }
    return looked < FEWEST ? -1 : (double)found / looked;
}

uint64_t row_set_id(const struct row_set *s) {
    return hash_bytes(s->hash, (size_t)s->n * sizeof *s->hash, (uint64_t)s->n_rows);
}
