/* Tables and their columns: made, filled, shared, given back. */
#include "table.h"
#include "images.h"
#include "text_store.h"
#include "base/pool.h"
#include "base/stop.h"
#include "cpu/threads.h"
#include <math.h>
#include <stdatomic.h>
#include <string.h>

struct table *table_new(int64_t n_rows, int32_t n_columns, struct err *e) {
    struct table *t = pool_need(sizeof *t, e);
    if (!t) return NULL;
    t->refs = 1;
    t->n_rows = n_rows;
    t->columns = pool_need((size_t)n_columns * sizeof *t->columns + 1, e);
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
    for (int32_t i = 0; i < t->n_columns; i++) column_clear(&t->columns[i]);
    pool_free(t->columns);
    text_store_unref(t->store);
    pool_free(t);
}

/* ---- columns ---- */

void column_clear(struct column *c) {
    tensor_unref(c->memory);
    levels_unref(c->levels);
    images_unref(c->images);
    text_store_unref(c->store);
    *c = (struct column){0};
}

/* Eight bytes for each cell, a number or a pointer. */
bool column_make(struct column *c, const char *name, enum column_kind kind, int64_t n_rows,
                 struct err *e) {
    _Static_assert(sizeof(char *) == sizeof(double), "cells of one size");
    struct shape s = shape_of(1, &n_rows);
    struct tensor *memory = tensor_new(kind == COLUMN_TEXT ? DT_INT64 : DT_FLOAT64, &s, e);
    if (!memory) return false;
    column_clear(c);
    *c = (struct column){.name = name, .kind = kind, .memory = memory};
    if (kind == COLUMN_TEXT) c->texts = memory->data;
    else c->numbers = memory->data;
    return true;
}

bool table_set_column(struct table *t, int32_t i, const char *name, enum column_kind kind,
                      struct err *e) {
    struct column *c = &t->columns[i];
    TRY(column_make(c, name, kind, t->n_rows, e));
    for (int64_t row = 0; row < t->n_rows; row++) {
        if (c->texts) c->texts[row] = NULL;
        else c->numbers[row] = NAN;
    }
    return true;
}

void column_share(struct column *to, const struct column *from, const char *name) {
    struct column copy = *from;
    if (name) copy.name = name;
    if (copy.memory) tensor_ref(copy.memory);
    levels_ref(copy.levels);
    images_ref(copy.images);
    text_store_ref(copy.store);
    column_clear(to);
    *to = copy;
}

enum { PICK_PARTS = 8, WORTH_THREADS = 1 << 15 };

struct pick {
    struct column *to;
    const struct column *from;
    const int64_t *rows;
    int64_t n;
};

static void pick_part(void *user, int part) {
    const struct pick *p = user;
    int64_t begin = p->n / PICK_PARTS * part, end = p->n / PICK_PARTS * (part + 1);
    if (part == PICK_PARTS - 1) end = p->n;
    const int64_t *rows = p->rows + begin;
    if (p->from->texts) {
        EACH_ROW(k, end - begin)
        p->to->texts[begin + k] = rows[k] < 0 ? NULL : p->from->texts[rows[k]];
    } else if (p->from->numbers) {
        EACH_ROW(k, end - begin)
        p->to->numbers[begin + k] = rows[k] < 0 ? (double)NAN : p->from->numbers[rows[k]];
    }
}

bool column_pick(struct column *to, const struct column *from, const int64_t *rows, int64_t n,
                 struct err *e) {
    TRY(column_make(to, from->name, from->kind, n, e));
    to->levels = levels_ref(from->levels);
    to->images = images_ref(from->images);
    to->store = text_store_ref(from->store);
    struct pick p = {to, from, rows, n};
    if (n >= WORTH_THREADS) threads_run(pick_part, &p, PICK_PARTS);
    else
        for (int part = 0; part < PICK_PARTS; part++) pick_part(&p, part);
    return rows_whole(n, e) || (column_clear(to), false);
}

bool column_is_missing(const struct column *c, int64_t row) {
    return c->texts ? c->texts[row] == NULL : isnan(c->numbers[row]);
}

int64_t column_n_missing(const struct column *c, int64_t n_rows) {
    int64_t n = 0;
    for (int64_t i = 0; c->texts && i < n_rows; i++) n += c->texts[i] == NULL;
    for (int64_t i = 0; c->numbers && i < n_rows; i++) n += isnan(c->numbers[i]) != 0;
    return n;
}

bool column_has_clock(const struct column *c, int64_t n_rows) {
    for (int64_t i = 0; c->kind == COLUMN_TIME && i < n_rows; i++) {
        if (isfinite(c->numbers[i]) && fmod(c->numbers[i], 86400) != 0) return true;
    }
    return false;
}

const char *column_kind_words(enum column_kind kind) {
    static const char *const words[COLUMN_N_KINDS] = {
        [COLUMN_NUMBER] = "numbers",      [COLUMN_INT] = "whole numbers",
        [COLUMN_BOOL] = "True or False",  [COLUMN_TEXT] = "texts",
        [COLUMN_TIME] = "times",          [COLUMN_UNKNOWN] = "values",
        [COLUMN_CATEGORY] = "categories", [COLUMN_IMAGE] = "pictures"};
    return words[kind];
}

/* ---- texts ---- */

/* The store of a column that is being filled: the table's, unless it has one already. */
static struct text_store *store_of(struct table *t, struct column *c, struct err *e) {
    if (c->store) return c->store;
    if (!t->store) t->store = text_store_new(e);
    return c->store = text_store_ref(t->store);
}

bool table_set_text(struct table *t, int32_t column, int64_t row, struct str s, struct err *e) {
    struct text_store *store = store_of(t, &t->columns[column], e);
    const char *copy = store ? text_store_add(store, s, e) : NULL;
    if (copy) t->columns[column].texts[row] = copy;
    return copy != NULL;
}

/* ---- levels ---- */

struct levels *levels_new(const struct str *names, int32_t n, bool ordered, struct err *e) {
    size_t bytes = sizeof(struct levels) + (size_t)n * sizeof(char *);
    for (int32_t i = 0; i < n; i++) bytes += names[i].n + 1;
    struct levels *l = pool_need(bytes, e);
    if (!l) return NULL;
    *l = (struct levels){.refs = 1, .n = n, .ordered = ordered, .names = (const char **)(l + 1)};
    char *at = (char *)(l->names + n);
    for (int32_t i = 0; i < n; i++) {
        if (names[i].n) memcpy(at, names[i].p, names[i].n);
        at[names[i].n] = 0;
        l->names[i] = at;
        at += names[i].n + 1;
    }
    return l;
}

struct levels *levels_ref(struct levels *l) {
    if (l) atomic_fetch_add(&l->refs, 1);
    return l;
}

void levels_unref(struct levels *l) {
    if (l && atomic_fetch_sub(&l->refs, 1) == 1) pool_free(l);
}

int levels_find(const struct levels *l, struct str name) {
    for (int32_t i = 0; i < l->n; i++) {
        if (str_is(name, l->names[i])) return i;
    }
    return -1;
}

int table_find(const struct table *t, struct str name) {
    for (int32_t i = 0; i < t->n_columns; i++) {
        if (str_is(name, t->columns[i].name)) return i;
    }
    return -1;
}
