/* Codes of columns. Whole numbers of a narrow range are counted; everything else goes through a
 * hash table (open addressing, linear) whose distinct values are then sorted. Bound: memory, one
 * random access for each row. */
#include "keys.h"
#include "base/hash.h"
#include "base/pool.h"
#include "base/stop.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

void keys_clear(struct keys *k) {
    pool_free(k->codes);
    *k = (struct keys){0};
}

static bool keys_start(struct keys *k, int64_t n, struct err *e) {
    *k = (struct keys){.n_rows = n};
    if (n > INT32_MAX - 2) return err_set(e, ERR_MEMORY, "More than two thousand million rows.");
    size_t bytes = (size_t)n * sizeof *k->codes;
    k->codes = pool_alloc(bytes + 1);
    return k->codes || err_memory(e, bytes);
}

/* ---- a hash table of distinct values ---- */

struct distinct {
    uint64_t *values; /* by number of first appearance: bits of a number, or a text's address */
    int32_t *slots;   /* number + 1, 0 = free */
    uint32_t *hashes; /* of each number: growing needs no second look at the texts */
    size_t cap, n, room;
};

static void distinct_clear(struct distinct *d) {
    pool_free(d->values);
    pool_free(d->slots);
    pool_free(d->hashes);
}

static bool distinct_start(struct distinct *d, struct err *e) {
    *d = (struct distinct){.cap = 1 << 12, .room = 1 << 11};
    d->slots = pool_need(d->cap * sizeof *d->slots, e);
    d->values = pool_need(d->room * sizeof *d->values, e);
    d->hashes = pool_need(d->room * sizeof *d->hashes, e);
    return d->slots && d->values && d->hashes;
}

static bool distinct_grow(struct distinct *d, struct err *e) {
    size_t cap = d->cap * 4, room = cap / 2;
    int32_t *slots = pool_need(cap * sizeof *slots, e);
    uint64_t *values = slots ? pool_realloc(d->values, room * sizeof *values) : NULL;
    if (values) d->values = values;
    uint32_t *hashes = values ? pool_realloc(d->hashes, room * sizeof *hashes) : NULL;
    if (!hashes) {
        pool_free(slots);
        return err_memory(e, room * 8);
    }
    d->hashes = hashes;
    for (size_t i = 0; i < d->n; i++) {
        size_t at = d->hashes[i] & (cap - 1);
        while (slots[at]) at = (at + 1) & (cap - 1);
        slots[at] = (int32_t)i + 1;
    }
    pool_free(d->slots);
    d->slots = slots;
    d->cap = cap;
    d->room = room;
    return true;
}

static int32_t distinct_add(struct distinct *d, size_t at, uint64_t value, uint32_t hash) {
    d->values[d->n] = value;
    d->hashes[d->n] = hash;
    d->slots[at] = (int32_t)d->n + 1;
    return (int32_t)d->n++;
}

static bool distinct_number(struct distinct *d, uint64_t bits, int32_t *code, struct err *e) {
    if (d->n == d->room) TRY(distinct_grow(d, e));
    uint32_t hash = (uint32_t)((bits * 0x9e3779b97f4a7c15u) >> 32);
    size_t at = hash & (d->cap - 1);
    for (; d->slots[at]; at = (at + 1) & (d->cap - 1)) {
        if (d->values[d->slots[at] - 1] == bits) return *code = d->slots[at] - 1, true;
    }
    *code = distinct_add(d, at, bits, hash);
    return true;
}

static const char *text_at(uint64_t value) {
    return (const char *)(uintptr_t)value;
}

/* Eight bytes at a time. */
static uint32_t text_hash(const char *s, size_t n) {
    uint64_t h = n * 0x9e3779b97f4a7c15u, word;
    for (; n >= 8; n -= 8, s += 8) {
        memcpy(&word, s, 8);
        h = (h ^ word) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
    }
    word = 0;
    memcpy(&word, s, n);
    h = (h ^ word) * 0xff51afd7ed558ccdu;
    return (uint32_t)(h >> 32 ^ h);
}

static bool distinct_text(struct distinct *d, const char *s, int32_t *code, struct err *e) {
    if (d->n == d->room) TRY(distinct_grow(d, e));
    size_t n = strlen(s);
    uint32_t hash = text_hash(s, n);
    size_t at = hash & (d->cap - 1);
    for (; d->slots[at]; at = (at + 1) & (d->cap - 1)) {
        int32_t i = d->slots[at] - 1;
        if (d->hashes[i] == hash && strcmp(text_at(d->values[i]), s) == 0) return *code = i, true;
    }
    *code = distinct_add(d, at, (uint64_t)(uintptr_t)s, hash);
    return true;
}

/* ---- order of the distinct values ---- */

struct ranked {
    uint64_t value;
    int32_t code;
};

static int by_text(const void *a, const void *b) {
    const struct ranked *x = a, *y = b;
    return strcmp(text_at(x->value), text_at(y->value));
}

static double number_at(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static int by_number(const void *a, const void *b) {
    const struct ranked *p = a, *q = b;
    double x = number_at(p->value), y = number_at(q->value);
    return (x > y) - (x < y);
}

static int by_code(const void *a, const void *b) {
    const struct ranked *p = a, *q = b;
    return (p->value > q->value) - (p->value < q->value);
}

/* Codes by first appearance become codes by order; -1 becomes the code behind the last. */
static bool put_in_order(struct keys *k, const struct distinct *d,
                         int (*order)(const void *, const void *), struct err *e) {
    struct ranked *r = pool_need(d->n * sizeof *r + 1, e);
    int32_t *to = pool_need((d->n + 1) * sizeof *to, e);
    bool ok = r && to;
    for (size_t i = 0; ok && i < d->n; i++) r[i] = (struct ranked){d->values[i], (int32_t)i};
    if (ok && d->n) qsort(r, d->n, sizeof *r, order);
    for (size_t i = 0; ok && i < d->n; i++) to[r[i].code + 1] = (int32_t)i;
    if (ok) to[0] = (int32_t)d->n;
    if (ok) EACH_ROW(i, k->n_rows) k->codes[i] = to[k->codes[i] + 1];
    k->n_codes = (int32_t)d->n + k->missing;
    pool_free(r);
    pool_free(to);
    return ok;
}

/* ---- kinds of columns ---- */

static bool code_texts(const char *const *texts, int64_t from, int64_t n, struct keys *k,
                       struct distinct *d, struct err *e) {
    enum { RECENT = 1 << 10 };
    struct {
        const char *text;
        int32_t code;
    } recent[RECENT] = {0}; /* readers keep equal texts once: most are known by their address */
    EACH_ROW(i, n) {
        const char *s = texts[i];
        size_t at = ((uintptr_t)s >> 2 ^ (uintptr_t)s >> 12) & (RECENT - 1);
        int32_t *code = &k->codes[from + i];
        if (!s) {
            *code = -1;
            k->missing = true;
        } else if (recent[at].text == s) {
            *code = recent[at].code;
        } else {
            TRY(distinct_text(d, s, code, e));
            recent[at].text = s;
            recent[at].code = *code;
        }
    }
    return true;
}

static bool code_numbers(const double *x, int64_t from, int64_t n, struct keys *k,
                         struct distinct *d, struct err *e) {
    EACH_ROW(i, n) {
        uint64_t bits;
        double v = x[i] + 0.0; /* -0 is 0 */
        memcpy(&bits, &v, sizeof bits);
        if (!isnan(v)) TRY(distinct_number(d, bits, &k->codes[from + i], e));
        else k->codes[from + i] = -1, k->missing = true;
    }
    return true;
}

/* Whole numbers from *low on, fewer than a few times the rows? */
static bool narrow(const double *x, int64_t n, double *low, double *high) {
    EACH_ROW(i, n) {
        if (isnan(x[i])) continue;
        if (x[i] < *low) *low = x[i];
        if (x[i] > *high) *high = x[i];
        bool small = x[i] > -9e18 && x[i] < 9e18;
        if (!small || (double)(int64_t)x[i] != x[i]) return false;
    }
    return *high < *low || *high - *low < 2.0 * (double)n + 65536;
}

/* Counting: the values that occur get their codes in order. Takes values minus `low`. */
static bool code_narrow(const double *const *parts, const int64_t *sizes, int n_parts, double low,
                        double high, struct keys *k, struct err *e) {
    int64_t range = high < low ? 0 : (int64_t)(high - low) + 1, at = 0;
    int32_t *code_of = pool_need((size_t)range * sizeof *code_of + 1, e);
    if (!code_of) return false;
    for (int p = 0; p < n_parts; p++) {
        EACH_ROW(i, sizes[p]) {
            if (isnan(parts[p][i])) k->missing = true;
            else code_of[(int64_t)(parts[p][i] - low)] = 1;
        }
    }
    for (int64_t v = 0; v < range; v++) code_of[v] = code_of[v] ? k->n_codes++ : 0;
    for (int p = 0; p < n_parts; p++) {
        EACH_ROW(i, sizes[p]) {
            double x = parts[p][i];
            k->codes[at + i] = isnan(x) ? k->n_codes : code_of[(int64_t)(x - low)];
        }
        at += sizes[p];
    }
    k->n_codes += k->missing;
    pool_free(code_of);
    return true;
}

static bool keys_of_numbers(const double *const *parts, const int64_t *sizes, int n_parts,
                            struct keys *k, struct err *e) {
    double low = INFINITY, high = -INFINITY;
    bool is_narrow = true;
    for (int p = 0; is_narrow && p < n_parts; p++)
        is_narrow = narrow(parts[p], sizes[p], &low, &high);
    if (is_narrow) return code_narrow(parts, sizes, n_parts, low, high, k, e);
    struct distinct d;
    int64_t from = 0;
    bool ok = distinct_start(&d, e);
    for (int p = 0; ok && p < n_parts; p++) {
        ok = code_numbers(parts[p], from, sizes[p], k, &d, e) && rows_whole(sizes[p], e);
        from += sizes[p];
    }
    ok = ok && put_in_order(k, &d, by_number, e);
    distinct_clear(&d);
    return ok;
}

static bool keys_of_texts(const char *const *const *parts, const int64_t *sizes, int n_parts,
                          struct keys *k, struct err *e) {
    struct distinct d;
    int64_t from = 0;
    bool ok = distinct_start(&d, e);
    for (int p = 0; ok && p < n_parts; p++) {
        ok = code_texts(parts[p], from, sizes[p], k, &d, e) && rows_whole(sizes[p], e);
        from += sizes[p];
    }
    ok = ok && put_in_order(k, &d, by_text, e);
    distinct_clear(&d);
    return ok;
}

bool keys_of_column(const struct column *c, int64_t n_rows, struct keys *out, struct err *e) {
    TRY(keys_start(out, n_rows, e));
    bool ok;
    if (c->texts) {
        const char *const *texts = (const char *const *)c->texts;
        ok = keys_of_texts(&texts, &n_rows, 1, out, e);
    } else if (c->numbers) {
        const double *numbers = c->numbers;
        ok = keys_of_numbers(&numbers, &n_rows, 1, out, e);
    } else {
        ok = err_set(e, ERR_TYPE, "The column \"%.100s\" cannot be compared.", c->name);
    }
    ok = ok && rows_whole(n_rows, e);
    if (!ok) keys_clear(out);
    return ok;
}

bool keys_of_two(const struct column *a, int64_t na, const struct column *b, int64_t nb,
                 struct keys *out, struct err *e) {
    int64_t sizes[] = {na, nb};
    TRY(keys_start(out, na + nb, e));
    bool ok;
    if (a->texts && b->texts) {
        const char *const *texts[] = {(const char *const *)a->texts, (const char *const *)b->texts};
        ok = keys_of_texts(texts, sizes, 2, out, e);
    } else if (a->numbers && b->numbers) {
        const double *numbers[] = {a->numbers, b->numbers};
        ok = keys_of_numbers(numbers, sizes, 2, out, e);
    } else {
        ok = err_set(e, ERR_TYPE, "Columns of two kinds cannot be compared.");
    }
    ok = ok && rows_whole(na + nb, e);
    if (!ok) keys_clear(out);
    return ok;
}

/* ---- several columns ---- */

bool keys_combine(struct keys *a, const struct keys *b, struct err *e) {
    int64_t n = a->n_rows;
    uint64_t most = (uint64_t)a->n_codes * (uint64_t)b->n_codes;
    a->missing = false;
    if (most <= (uint64_t)(2 * n + 65536)) { /* count the pairs that occur */
        int32_t *code_of = pool_need((size_t)most * sizeof *code_of + 1, e);
        if (!code_of) return false;
        EACH_ROW(i, n)
        code_of[(int64_t)a->codes[i] * b->n_codes + b->codes[i]] = 1;
        int32_t codes = 0;
        for (uint64_t v = 0; v < most; v++) code_of[v] = code_of[v] ? codes++ : 0;
        EACH_ROW(i, n)
        a->codes[i] = code_of[(int64_t)a->codes[i] * b->n_codes + b->codes[i]];
        a->n_codes = codes;
        pool_free(code_of);
        return rows_whole(n, e);
    }
    struct distinct d;
    bool ok = distinct_start(&d, e);
    EACH_ROW(i, n) {
        uint64_t pair = (uint64_t)a->codes[i] * (uint64_t)b->n_codes + (uint64_t)b->codes[i];
        ok = ok && distinct_number(&d, pair, &a->codes[i], e);
    }
    ok = ok && rows_whole(n, e) && put_in_order(a, &d, by_code, e);
    distinct_clear(&d);
    return ok;
}

bool keys_of_columns(const struct table *t, const int *columns, int n, struct keys *out,
                     struct err *e) {
    TRY(keys_of_column(&t->columns[columns[0]], t->n_rows, out, e));
    bool ok = true;
    for (int i = 1; ok && i < n; i++) {
        struct keys next;
        ok = keys_of_column(&t->columns[columns[i]], t->n_rows, &next, e);
        if (ok) {
            ok = keys_combine(out, &next, e);
            keys_clear(&next);
        }
    }
    if (!ok) keys_clear(out);
    return ok;
}

/* ---- rows by code ---- */

bool row_groups_of(const struct keys *k, struct row_groups *out, struct err *e) {
    *out = (struct row_groups){.of_row = k->codes, .n_rows = k->n_rows, .n_groups = k->n_codes};
    out->starts = pool_need(((size_t)k->n_codes + 2) * sizeof *out->starts, e);
    out->rows = pool_alloc((size_t)k->n_rows * sizeof *out->rows + 1);
    if (!out->starts || !out->rows) {
        row_groups_clear(out);
        return err_memory(e, (size_t)k->n_rows * sizeof *out->rows);
    }
    int64_t *next = out->starts + 1; /* one place further on, until all rows are placed */
    EACH_ROW(i, k->n_rows) next[k->codes[i] + 1]++;
    for (int64_t g = 1; g <= k->n_codes; g++) next[g] += next[g - 1];
    EACH_ROW(i, k->n_rows) out->rows[next[k->codes[i]]++] = i;
    return rows_whole(k->n_rows, e) || (row_groups_clear(out), false);
}

void row_groups_clear(struct row_groups *g) {
    pool_free(g->rows);
    pool_free(g->starts);
    *g = (struct row_groups){0};
}
