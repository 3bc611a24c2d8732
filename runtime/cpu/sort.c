/* Sorting on both threads: a large range is split into pieces, each level of splits at once, and
 * the pieces are sorted as threads become free. */
#include "sort.h"
#include "kernels.h"
#include "threads.h"
#include <math.h>

enum { PIECES = 32, WORTH_THREADS = 1 << 15 };

struct piece {
    char *keys;
    int64_t n;
};

struct pieces {
    const struct sort_kernels *kernels;
    size_t bytes; /* of a key */
    struct piece of[PIECES];
    int n, order[PIECES];
    _Atomic int next;
};

bool sort_available(void) {
    return kernels()->sort[SORT_I64].sort != NULL;
}

/* The upper half goes where it cannot meet another one: behind all pieces of this level. */
static void split_piece(void *user, int part) {
    struct pieces *p = user;
    struct piece *lower = &p->of[part], *upper = &p->of[p->n + part];
    int64_t n = lower->n;
    if (n >= WORTH_THREADS / 4) lower->n = p->kernels->split(lower->keys, n);
    *upper = (struct piece){lower->keys + (size_t)lower->n * p->bytes, n - lower->n};
}

static void sort_piece(void *user, int part) {
    struct pieces *p = user;
    (void)part;
    for (int i = p->next++; i < p->n; i = p->next++) {
        struct piece *one = &p->of[p->order[i]];
        p->kernels->sort(one->keys, one->n);
    }
}

/* The largest pieces first. */
static void put_in_order(struct pieces *p) {
    for (int i = 0; i < p->n; i++) {
        int at = i;
        for (; at > 0 && p->of[p->order[at - 1]].n < p->of[i].n; at--)
            p->order[at] = p->order[at - 1];
        p->order[at] = i;
    }
}

static void sort_keys(enum sort_type type, void *keys, int64_t n, size_t bytes) {
    const struct sort_kernels *k = &kernels()->sort[type];
    if (n < WORTH_THREADS || threads_for(PIECES) == 1) {
        k->sort(keys, n);
        return;
    }
    struct pieces p = {.kernels = k, .bytes = bytes, .of = {{keys, n}}, .n = 1};
    for (; p.n < PIECES; p.n *= 2) threads_run(split_piece, &p, p.n);
    put_in_order(&p);
    threads_run(sort_piece, &p, p.n);
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
