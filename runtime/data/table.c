/* Tables: columns of numbers or texts, made, cut and turned into tensors. */
#include "table.h"
#include "base/intern.h"
#include "base/pool.h"
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Texts are packed into chunks that are never moved; the newest chunk is filled. */
struct chunk {
    struct chunk *older;
    size_t used, cap;
    char bytes[];
};

struct text_store {
    _Atomic int32_t refs;
    struct chunk *newest;
};

enum { CHUNK_MIN = 1 << 12, CHUNK_MAX = 1 << 20 };

static struct text_store *store_ref(struct text_store *store) {
    if (store) atomic_fetch_add(&store->refs, 1);
    return store;
}

static void store_unref(struct text_store *store) {
    if (!store || atomic_fetch_sub(&store->refs, 1) != 1) return;
    for (struct chunk *c = store->newest, *older; c; c = older) {
        older = c->older;
        pool_free(c);
    }
    pool_free(store);
}

/* Chunks double in size, so that small tables stay small and large ones need few blocks. */
static bool store_grow(struct text_store *store, size_t bytes, struct err *e) {
    size_t cap = store->newest ? store->newest->cap * 2 : CHUNK_MIN;
    if (cap > CHUNK_MAX) cap = CHUNK_MAX;
    if (cap < bytes) cap = bytes;
    struct chunk *c = pool_alloc(sizeof *c + cap);
    if (!c) return err_memory(e, cap);
    *c = (struct chunk){.older = store->newest, .cap = cap};
    store->newest = c;
    return true;
}

struct table *table_new(int64_t n_rows, int32_t n_columns, struct err *e) {
    struct table *t = pool_need(sizeof *t, e);
    if (!t) return NULL;
    t->refs = 1;
    t->n_rows = n_rows;
    t->columns = pool_need((size_t)n_columns * sizeof *t->columns, e);
    if (!t->columns) return pool_free(t), NULL;
    t->n_columns = n_columns;
    return t;
}

struct table *table_ref(struct table *t) {
    if (t) atomic_fetch_add(&t->refs, 1);
    return t;
}

void table_unref(struct table *t) {
    if (!t || atomic_fetch_sub(&t->refs, 1) != 1) return;
    for (int32_t i = 0; i < t->n_columns; i++) {
        pool_free(t->columns[i].numbers);
        pool_free(t->columns[i].texts);
    }
    pool_free(t->columns);
    store_unref(t->store);
    pool_free(t);
}

bool table_set_column(struct table *t, int32_t i, const char *name, enum column_kind kind,
                      struct err *e) {
    struct column *c = &t->columns[i];
    size_t bytes;
    if (__builtin_mul_overflow((size_t)t->n_rows, sizeof(double), &bytes))
        return err_memory(e, SIZE_MAX);
    void *cells = pool_alloc(bytes);
    if (!cells) return err_memory(e, bytes);
    pool_free(c->numbers);
    pool_free(c->texts);
    *c = (struct column){.name = name, .kind = kind};
    if (kind == COLUMN_TEXT) {
        c->texts = memset(cells, 0, bytes);
        return true;
    }
    c->numbers = cells;
    for (int64_t row = 0; row < t->n_rows; row++) c->numbers[row] = NAN;
    return true;
}

char *table_text_room(struct table *t, size_t bytes, struct err *e) {
    if (!t->store) {
        t->store = pool_need(sizeof *t->store, e);
        if (!t->store) return NULL;
        t->store->refs = 1;
    }
    struct chunk *c = t->store->newest;
    if (!c || bytes > c->cap - c->used) {
        if (!store_grow(t->store, bytes, e)) return NULL;
        c = t->store->newest;
    }
    char *room = c->bytes + c->used;
    c->used += bytes;
    return room;
}

bool table_set_text(struct table *t, int32_t column, int64_t row, struct str s, struct err *e) {
    char *copy = table_text_room(t, s.n + 1, e);
    if (!copy) return false;
    if (s.n) memcpy(copy, s.p, s.n);
    copy[s.n] = 0;
    t->columns[column].texts[row] = copy;
    return true;
}

int table_find(const struct table *t, struct str name) {
    for (int32_t i = 0; i < t->n_columns; i++) {
        if (str_is(name, t->columns[i].name)) return i;
    }
    return -1;
}

/* An empty copy of the columns `which` of t (NULL: all of them), sharing its texts' store. */
static struct table *table_like(const struct table *t, int64_t n_rows, const int *which,
                                int32_t n_columns, struct err *e) {
    struct table *out = table_new(n_rows, n_columns, e);
    if (!out) return NULL;
    out->store = store_ref(t->store);
    for (int32_t i = 0; i < n_columns; i++) {
        const struct column *c = &t->columns[which ? which[i] : i];
        if (!table_set_column(out, i, c->name, c->kind, e)) return table_unref(out), NULL;
    }
    return out;
}

static void copy_cells(struct column *to, const struct column *from, int64_t begin, int64_t n) {
    if (n == 0) return;
    if (from->texts) memcpy(to->texts, from->texts + begin, (size_t)n * sizeof *to->texts);
    if (from->numbers) memcpy(to->numbers, from->numbers + begin, (size_t)n * sizeof *to->numbers);
}

struct table *table_slice(const struct table *t, int64_t begin, int64_t end, struct err *e) {
    struct table *out = table_like(t, end - begin, NULL, t->n_columns, e);
    if (!out) return NULL;
    for (int32_t i = 0; i < t->n_columns; i++)
        copy_cells(&out->columns[i], &t->columns[i], begin, end - begin);
    return out;
}

struct table *table_pick_rows(const struct table *t, const int64_t *rows, int64_t n,
                              struct err *e) {
    struct table *out = table_like(t, n, NULL, t->n_columns, e);
    if (!out) return NULL;
    for (int32_t i = 0; i < t->n_columns; i++) {
        const struct column *from = &t->columns[i];
        struct column *to = &out->columns[i];
        for (int64_t k = 0; k < n; k++) {
            if (from->texts) to->texts[k] = from->texts[rows[k]];
            else to->numbers[k] = from->numbers[rows[k]];
        }
    }
    return out;
}

struct table *table_pick_columns(const struct table *t, const int *columns, int n, struct err *e) {
    struct table *out = table_like(t, t->n_rows, columns, n, e);
    if (!out) return NULL;
    for (int i = 0; i < n; i++) copy_cells(&out->columns[i], &t->columns[columns[i]], 0, t->n_rows);
    return out;
}

/* As NumPy's round: to the nearest multiple of 10^-digits, ties to the even one. */
static double round_to(double x, int digits) {
    double scale = pow(10, abs(digits));
    double scaled = digits >= 0 ? x * scale : x / scale;
    if (!isfinite(scaled)) return x;
    return digits >= 0 ? rint(scaled) / scale : rint(scaled) * scale;
}

struct table *table_round(const struct table *t, int digits, struct err *e) {
    struct table *out = table_slice(t, 0, t->n_rows, e);
    if (!out) return NULL;
    for (int32_t i = 0; i < out->n_columns; i++) {
        struct column *c = &out->columns[i];
        if (c->kind != COLUMN_NUMBER && c->kind != COLUMN_INT) continue;
        for (int64_t row = 0; row < out->n_rows; row++)
            c->numbers[row] = round_to(c->numbers[row], digits);
    }
    return out;
}

struct tensor *table_to_tensor(const struct table *t, struct err *e) {
    for (int32_t i = 0; i < t->n_columns; i++) {
        if (t->columns[i].kind != COLUMN_TEXT) continue;
        err_set(e, ERR_TYPE, "The column \"%.100s\" holds text, and a tensor holds numbers only.",
                t->columns[i].name);
        err_hint(e, "Pick the number columns by name, or drop \"%.100s\" first.",
                 t->columns[i].name);
        return NULL;
    }
    struct shape shape = shape_of(2, (int64_t[]){t->n_rows, t->n_columns});
    struct tensor *x = tensor_new(DT_FLOAT64, &shape, e);
    if (!x) return NULL;
    double *out = x->data;
    for (int64_t row = 0; row < t->n_rows; row++) {
        for (int32_t i = 0; i < t->n_columns; i++) *out++ = t->columns[i].numbers[row];
    }
    return x;
}

static enum column_kind kind_of(enum dtype t) {
    if (t == DT_BOOL) return COLUMN_BOOL;
    return dtype_is_float(t) ? COLUMN_NUMBER : COLUMN_INT;
}

/* The given name of column i, or its number. */
static const char *column_name(const char *const *names, int32_t i) {
    char number[16];
    if (names) return intern_c(names[i]);
    snprintf(number, sizeof number, "%d", i);
    return intern_c(number);
}

struct table *table_from_tensor(const struct tensor *x, const char *const *names, struct err *e) {
    if (x->shape.n < 1 || x->shape.n > 2) {
        err_set(e, ERR_SHAPE,
                "A table is made from a tensor with one or two axes, and this has %d.", x->shape.n);
        return NULL;
    }
    int64_t n_rows = x->shape.size[0], n_columns = x->shape.n == 2 ? x->shape.size[1] : 1;
    if (n_columns > INT32_MAX) return err_memory(e, SIZE_MAX), NULL;
    struct table *t = table_new(n_rows, (int32_t)n_columns, e);
    if (!t) return NULL;
    for (int32_t i = 0; i < t->n_columns; i++) {
        const char *name = column_name(names, i);
        if (!name || !table_set_column(t, i, name, kind_of(x->dtype), e)) {
            if (!name) err_memory(e, 16);
            return table_unref(t), NULL;
        }
        for (int64_t row = 0; row < n_rows; row++)
            t->columns[i].numbers[row] = tensor_get(x, row * n_columns + i);
    }
    return t;
}
