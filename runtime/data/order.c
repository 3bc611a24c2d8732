/* Keys, numbers in order, and ranks. Where the processor has the instructions, numbers are sorted
 * as they are, on vectors; elsewhere their keys are, by radix. */
#include "order.h"
#include "key_sort.h"
#include "base/pool.h"
#include "base/stop.h"
#include "cpu/sort.h"
#include "cpu/threads.h"
#include <math.h>
#include <string.h>

enum { BLOCK = 512 };

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

void order_keys(const struct tensor *x, int64_t begin, int64_t n, bool descending, uint64_t *keys) {
    const double *numbers = x->dtype == DT_FLOAT64 ? (const double *)x->data + begin : NULL;
    const int64_t *whole = x->dtype == DT_INT64 ? (const int64_t *)x->data + begin : NULL;
    for (int64_t i = 0; whole && i < n; i++)
        keys[i] = (uint64_t)whole[i] ^ (descending ? ~top : top);
    for (int64_t i = 0; numbers && i < n; i++) keys[i] = order_key(numbers[i], descending);
    for (int64_t i = 0; !whole && !numbers && i < n; i++)
        keys[i] = order_key(tensor_get(x, begin + i), descending);
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

static bool by_radix(struct values *v, struct err *e) {
    int64_t n = v->x->count;
    bool same_size = dtype_bytes(v->x->dtype) == sizeof(uint64_t); /* `out` is the second room */
    v->keys = keys_new(same_size ? n : 2 * n, e);
    if (v->keys) {
        threads_run(make_keys, v, PARTS);
        v->sorted = key_sort(v->keys, same_size ? v->out->data : v->keys + n, n, e);
    }
    if (v->sorted) threads_run(make_numbers, v, PARTS);
    pool_free(v->keys);
    return v->sorted != NULL;
}

/* ---- numbers as they are ---- */

static void copy_part(void *user, int part) {
    const struct values *v = user;
    int64_t begin = part_begin(v, part), n = part_begin(v, part + 1) - begin;
    memcpy((int64_t *)v->out->data + begin, (const int64_t *)v->x->data + begin,
           (size_t)n * sizeof(int64_t));
}

/* NaN goes to the end: how many numbers are left. */
static int64_t numbers_first(double *x, int64_t n) {
    int64_t numbers = 0;
    for (int64_t i = 0; i < n; i++) numbers += x[i] == x[i];
    if (numbers == n) return n;
    numbers = 0;
    for (int64_t i = 0; i < n; i++) {
        if (x[i] == x[i]) x[numbers++] = x[i];
    }
    for (int64_t i = numbers; i < n; i++) x[i] = (double)NAN;
    return numbers;
}

static int32_t key_32(float x) {
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return x != x ? INT32_MAX : bits < 0 ? bits ^ INT32_MAX : bits;
}

static float number_32(int32_t key) {
    float x;
    int32_t bits = key < 0 ? key ^ INT32_MAX : key;
    memcpy(&x, &bits, sizeof x);
    return key == INT32_MAX ? (float)NAN : x;
}

static void make_keys_32(void *user, int part) {
    const struct values *v = user;
    const float *x = v->x->data;
    int32_t *keys = v->out->data;
    for (int64_t i = part_begin(v, part); i < part_begin(v, part + 1); i++) keys[i] = key_32(x[i]);
}

static void make_numbers_32(void *user, int part) {
    const struct values *v = user;
    const int32_t *keys = v->out->data;
    float *out = v->out->data;
    for (int64_t i = part_begin(v, part); i < part_begin(v, part + 1); i++) {
        float x = number_32(keys[i]);
        memcpy(&out[i], &x, sizeof x); /* the same bytes are a key and a number */
    }
}

/* NaN, which are the last, stay there. */
static void turn_round(struct tensor *x) {
    size_t width = dtype_bytes(x->dtype);
    int64_t n = x->count;
    while (n > 0 && dtype_is_float(x->dtype) && isnan(tensor_get(x, n - 1))) n--;
    for (int64_t i = 0, k = n - 1; i < k; i++, k--) {
        char *a = (char *)x->data + (size_t)i * width, *b = (char *)x->data + (size_t)k * width;
        uint64_t swap = 0;
        memcpy(&swap, a, width);
        memcpy(a, b, width);
        memcpy(b, &swap, width);
    }
}

/* False: not for this type, or this processor. */
static bool on_vectors(struct values *v) {
    int64_t n = v->x->count;
    if (!sort_available()) return false;
    if (v->x->dtype == DT_FLOAT64) {
        threads_run(copy_part, v, PARTS);
        sort_f64(v->out->data, numbers_first(v->out->data, n));
    } else if (v->x->dtype == DT_INT64) {
        threads_run(copy_part, v, PARTS);
        sort_i64(v->out->data, n);
    } else if (v->x->dtype == DT_FLOAT32) {
        threads_run(make_keys_32, v, PARTS);
        sort_i32(v->out->data, n);
        threads_run(make_numbers_32, v, PARTS);
    } else {
        return false;
    }
    if (v->descending) turn_round(v->out);
    return true;
}

struct tensor *order_values(const struct tensor *x, bool descending, struct err *e) {
    struct values v = {.x = x, .descending = descending};
    v.out = tensor_new(x->dtype, &x->shape, e);
    if (!v.out) return NULL;
    if ((on_vectors(&v) || by_radix(&v, e)) && rows_whole(x->count, e)) return v.out;
    tensor_unref(v.out);
    return NULL;
}

static int64_t once_f64(double *x, int64_t n) {
    int64_t kept = n > 0;
    for (int64_t i = 1; i < n; i++) {
        bool same = x[i] == x[i - 1] || x[i - 1] != x[i - 1];
        x[kept] = x[i];
        kept += !same;
    }
    return kept;
}

static int64_t once_i64(int64_t *x, int64_t n) {
    int64_t kept = n > 0;
    for (int64_t i = 1; i < n; i++) {
        bool same = x[i] == x[i - 1];
        x[kept] = x[i];
        kept += !same;
    }
    return kept;
}

static int64_t once_any(struct tensor *x) {
    int64_t kept = x->count > 0;
    double last = kept ? tensor_get(x, 0) : 0;
    for (int64_t i = 1; i < x->count; i++) {
        double one = tensor_get(x, i);
        if (one == last || last != last) continue;
        last = one;
        tensor_set(x, kept++, one);
    }
    return kept;
}

struct tensor *order_once(const struct tensor *x, struct err *e) {
    struct tensor *all = order_values(x, false, e), *out = NULL;
    if (!all) return NULL;
    int64_t n = all->dtype == DT_FLOAT64 ? once_f64(all->data, all->count)
                : all->dtype == DT_INT64 ? once_i64(all->data, all->count)
                                         : once_any(all);
    struct shape shape = shape_of(1, &n);
    if ((out = tensor_new(x->dtype, &shape, e)) && n)
        memcpy(out->data, all->data, (size_t)n * dtype_bytes(x->dtype));
    tensor_unref(all);
    return out;
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
    if (!rows_whole(n_keys, e)) sorted = NULL;
    for (int r = 0; sorted && r < n; r++) {
        bool whole = x->dtype == DT_INT64;
        double v = whole ? (double)(int64_t)(sorted[at[r]] ^ top) : key_float(sorted[at[r]]);
        out[r] = has_nan ? (double)NAN : v;
    }
    pool_free(keys);
    pool_free(at);
    return sorted != NULL;
}
