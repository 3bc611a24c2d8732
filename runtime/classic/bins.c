/* Quantile bins: a sample of each column is sorted by radix on the bits of its floats, the limits
 * are taken at even shares, and every value gets its code by a binary search without branches. */
#include "bins.h"
#include "../base/pool.h"
#include "../cpu/threads.h"
#include <math.h>
#include <stdatomic.h>
#include <string.h>

enum { SAMPLE = 200000, CHUNK = 1024, MOST_CODES = 255 };

/* ---- sorting ---- */

/* Floats in order as unsigned numbers. */
static uint32_t key_of(float x) {
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u & 0x80000000u ? ~u : u | 0x80000000u;
}

static float float_of(uint32_t key) {
    uint32_t u = key & 0x80000000u ? key & 0x7fffffffu : ~key;
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* Three passes of eleven bits. The result is in `keys`; `other` is as large. */
static void radix_sort(uint32_t *keys, uint32_t *other, int64_t n) {
    enum { BITS = 11, SIZE = 1 << BITS };
    for (int pass = 0; pass < 3; pass++) {
        uint32_t count[SIZE] = {0}, sum = 0;
        int shift = pass * BITS;
        for (int64_t i = 0; i < n; i++) count[keys[i] >> shift & (SIZE - 1)]++;
        for (int i = 0; i < SIZE; i++) {
            uint32_t c = count[i];
            count[i] = sum;
            sum += c;
        }
        for (int64_t i = 0; i < n; i++) other[count[keys[i] >> shift & (SIZE - 1)]++] = keys[i];
        uint32_t *t = keys;
        keys = other;
        other = t;
    }
    memcpy(other, keys, (size_t)n * sizeof *keys);
}

/* ---- limits ---- */

static float middle(float a, float b) {
    float m = a + (b - a) / 2;
    return m >= a && m < b ? m : a;
}

/* Limits between neighbouring values so that each bin holds about n / 255 of the sorted keys;
 * values that are equal stay together. */
static void cut_evenly(struct bin_feature *f, const uint32_t *keys, int64_t n, int64_t distinct) {
    int64_t left = n, in_bin = 0;
    int free_codes = MOST_CODES;
    bool exact = distinct <= MOST_CODES;
    f->n_codes = n ? 1 : 0;
    if (n) f->low[1] = float_of(keys[0]);
    for (int64_t i = 0; i + 1 < n; i++) {
        in_bin++;
        if (keys[i] == keys[i + 1]) continue;
        double share = (double)left / free_codes;
        int64_t next = i + 1; /* would the bin be nearer to its share with the next value too? */
        while (!exact && next + 1 < n && keys[next + 1] == keys[i + 1]) next++;
        double with_next = (double)(in_bin + next - i);
        bool full = exact || (double)in_bin >= share || with_next - share > share - (double)in_bin;
        if (!full || free_codes == 1) continue;
        f->edges[f->n_codes - 1] = middle(float_of(keys[i]), float_of(keys[i + 1]));
        f->high[f->n_codes++] = float_of(keys[i]);
        f->low[f->n_codes] = float_of(keys[i + 1]);
        free_codes--;
        left -= in_bin;
        in_bin = 0;
    }
    if (n) f->high[f->n_codes] = float_of(keys[n - 1]);
    for (int i = f->n_codes > 0 ? f->n_codes - 1 : 0; i < 256; i++) f->edges[i] = INFINITY;
}

struct room {
    uint32_t *keys, *other;
    float *values;
};

/* Every (n / SAMPLE)-th row. */
static int64_t sample_keys(const struct design *x, int f, struct room *r, bool *missing) {
    int64_t take = x->n < SAMPLE ? x->n : SAMPLE, n = 0;
    for (int64_t i = 0; i < take; i++) {
        float v;
        int64_t row = take == x->n ? i : (int64_t)((double)i * (double)x->n / (double)take);
        if (take == x->n && i % CHUNK == 0)
            design_floats(x, f, i, take - i < CHUNK ? take - i : CHUNK, r->values);
        if (take == x->n) v = r->values[i % CHUNK];
        else design_floats(x, f, row, 1, &v);
        if (isnan(v)) *missing = true;
        else r->keys[n++] = key_of(v == 0 ? 0 : v); /* -0 is 0 */
    }
    return n;
}

static void find_limits(const struct design *x, int f, struct bin_feature *out, struct room *r) {
    int64_t n = sample_keys(x, f, r, &out->missing), distinct = n ? 1 : 0;
    radix_sort(r->keys, r->other, n);
    for (int64_t i = 0; i + 1 < n; i++) distinct += r->keys[i] != r->keys[i + 1];
    cut_evenly(out, r->keys, n, distinct);
}

/* ---- codes ---- */

/* Rows at … at + n of one feature. */
static void encode_rows(const struct bins *b, const struct design *x, int f, int64_t at, int64_t n,
                        float *values) {
    struct bin_feature *info = &b->features[f];
    uint8_t *out = bins_column(b, f) + at, *lane = bins_lane(b, f) + at * HIST_LANES;
    design_floats(x, f, at, n, values);
    if (!info->categorical) {
        tree_kernels()->encode(out, values, n, info->edges, info->n_codes - 1);
    } else {
        for (int64_t i = 0; i < n; i++)
            out[i] =
                values[i] >= 0 && values[i] < (float)info->n_codes ? (uint8_t)(values[i] + 1) : 0;
    }
    for (int64_t i = 0; i < n; i++) lane[i * HIST_LANES] = out[i];
    info->missing = info->missing || memchr(out, 0, (size_t)n);
}

struct job {
    struct bins *b;
    const struct design *x;
    const struct feature_set *s;
    bool learn;
    const _Atomic bool *stop;
    struct room rooms[2];
};

static bool wants_stop(const struct job *j) {
    return j->stop && atomic_load_explicit(j->stop, memory_order_relaxed);
}

/* Features of every second block: two threads never write to one line of memory. Then their codes,
 * chunk by chunk, so that the rows of a chunk stay near while feature after feature is read. */
static void bin_part(void *user, int part) {
    struct job *j = user;
    struct bins *b = j->b;
    for (int f = 0; f < b->d && !wants_stop(j); f++) {
        if ((f / b->lanes) % 2 != part) continue;
        if (j->learn && j->s && j->s->infos[f].n_levels > 0) {
            int levels = j->s->infos[f].n_levels;
            b->features[f].categorical = true;
            b->features[f].n_codes = levels < MOST_CODES ? levels : MOST_CODES;
        } else if (j->learn) {
            find_limits(j->x, f, &b->features[f], &j->rooms[part]);
        }
    }
    for (int64_t at = 0; at < b->n && !wants_stop(j); at += CHUNK) {
        int64_t n = b->n - at < CHUNK ? b->n - at : CHUNK;
        for (int f = 0; f < b->d; f++)
            if ((f / b->lanes) % 2 == part) encode_rows(b, j->x, f, at, n, j->rooms[part].values);
    }
}

static bool make_rooms(struct job *j, struct err *e) {
    int64_t n = j->x->n < SAMPLE ? j->x->n : SAMPLE;
    size_t keys = j->learn ? (size_t)n + 1 : 1;
    for (int i = 0; i < 2; i++) {
        j->rooms[i].keys = pool_need(keys * sizeof(uint32_t), e);
        j->rooms[i].other = pool_need(keys * sizeof(uint32_t), e);
        j->rooms[i].values = pool_need(CHUNK * sizeof(float), e);
        if (!j->rooms[i].keys || !j->rooms[i].other || !j->rooms[i].values) return false;
    }
    return true;
}

static bool fill(struct bins *b, const struct design *x, const struct feature_set *s, bool learn,
                 const _Atomic bool *stop, struct err *e) {
    struct job j = {.b = b, .x = x, .s = s, .learn = learn, .stop = stop};
    bool ok = make_rooms(&j, e);
    if (ok) threads_run(bin_part, &j, 2);
    for (int i = 0; i < 2; i++) {
        pool_free(j.rooms[i].keys);
        pool_free(j.rooms[i].other);
        pool_free(j.rooms[i].values);
    }
    for (int f = 0; ok && f < b->d; f++) {
        int32_t *most = &b->block_codes[f / b->lanes];
        if (b->features[f].n_codes > *most) *most = b->features[f].n_codes;
        b->missing = b->missing || b->features[f].missing;
        b->categorical = b->categorical || b->features[f].categorical;
    }
    if (ok && wants_stop(&j)) return err_set(e, ERR_INTERRUPT, "Stopped.");
    return ok;
}

static struct bins *room_for(const struct design *x, struct err *e) {
    struct bins *b = pool_need(sizeof *b, e);
    if (!b) return NULL;
    b->n = x->n;
    b->d = x->d;
    b->n_blocks = (x->d + HIST_LANES - 1) / HIST_LANES;
    if (b->n_blocks == 1 && x->d > 1) b->n_blocks = 2;
    if (b->n_blocks < 1) b->n_blocks = 1;
    b->lanes = x->d ? (x->d + b->n_blocks - 1) / b->n_blocks : 1;
    size_t bytes;
    if (__builtin_mul_overflow((size_t)b->n_blocks * HIST_LANES, (size_t)x->n, &bytes)) {
        err_memory(e, SIZE_MAX);
        return bins_free(b), NULL;
    }
    b->features = pool_need((size_t)(x->d + 1) * sizeof *b->features, e);
    b->block_codes = pool_need((size_t)b->n_blocks * sizeof *b->block_codes, e);
    b->codes = pool_need(bytes + 64, e);
    b->columns = pool_need((size_t)x->d * (size_t)x->n + 1, e); /* no more than `bytes` */
    if (!b->features || !b->block_codes || !b->codes || !b->columns) return bins_free(b), NULL;
    return b;
}

struct bins *bins_new(const struct design *x, const struct feature_set *s, const _Atomic bool *stop,
                      struct err *e) {
    struct bins *b = room_for(x, e);
    if (b && !fill(b, x, s, true, stop, e)) return bins_free(b), NULL;
    return b;
}

struct bins *bins_like(const struct bins *like, const struct design *x, const _Atomic bool *stop,
                       struct err *e) {
    struct bins *b = room_for(x, e);
    if (!b) return NULL;
    memcpy(b->features, like->features, (size_t)b->d * sizeof *b->features);
    if (!fill(b, x, NULL, false, stop, e)) return bins_free(b), NULL;
    return b;
}

void bins_free(struct bins *b) {
    if (!b) return;
    pool_free(b->features);
    pool_free(b->block_codes);
    pool_free(b->codes);
    pool_free(b->columns);
    pool_free(b);
}
