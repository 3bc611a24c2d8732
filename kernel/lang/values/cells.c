/* Records of cells and which of them are out of date. */
#include "cells.h"
#include "base/hash.h"
#include "base/pool.h"
#include <string.h>

struct cells {
    struct cell_record *items; /* in the order of their last runs */
    int32_t n, cap;
    uint64_t order;
};

struct cells *cells_new(struct err *e) {
    return pool_need(sizeof(struct cells), e);
}

void cells_reset(struct cells *c) {
    for (int i = 0; i < c->n; i++) pool_free(c->items[i].reads);
    c->n = 0;
}

void cells_free(struct cells *c) {
    if (!c) return;
    cells_reset(c);
    pool_free(c->items);
    pool_free(c);
}

static struct cell_record *find(const struct cells *c, const char *id) {
    for (int i = 0; id && i < c->n; i++) {
        if (c->items[i].id == id) return &c->items[i];
    }
    return NULL;
}

const struct cell_record *cells_find(const struct cells *c, const char *id) {
    return find(c, id);
}

int cells_count(const struct cells *c) {
    return c->n;
}

const struct cell_record *cells_at(const struct cells *c, int i) {
    return &c->items[i];
}

/* NULL when memory is out: then the cell is simply not remembered. */
static struct cell_record *find_or_add(struct cells *c, const char *id) {
    struct cell_record *r = find(c, id);
    if (r) return r;
    if (c->n == c->cap) {
        int cap = c->cap ? 2 * c->cap : 32;
        struct cell_record *more = pool_realloc(c->items, (size_t)cap * sizeof *more);
        if (!more) return NULL;
        c->items = more;
        c->cap = cap;
    }
    c->items[c->n] = (struct cell_record){.id = id};
    return &c->items[c->n++];
}

static void add_read(void *user, const struct name_read *read) {
    struct cell_record *r = user;
    if (read->maker && read->maker == r->id) return; /* %again: its own last result */
    if (r->n_reads == r->cap_reads) {
        int cap = r->cap_reads ? 2 * r->cap_reads : 8;
        struct name_read *more = pool_realloc(r->reads, (size_t)cap * sizeof *more);
        if (!more) return;
        r->reads = more;
        r->cap_reads = cap;
    }
    r->reads[r->n_reads++] = *read;
}

static uint64_t text_hash(struct str text) {
    while (text.n && strchr(" \n\t", text.p[text.n - 1])) text.n--;
    return hash_bytes(text.p, text.n, 3);
}

static struct cell_record *to_the_end(struct cells *c, struct cell_record *r) {
    struct cell_record moved = *r, *last = &c->items[c->n - 1];
    memmove(r, r + 1, (size_t)(last - r) * sizeof *r);
    *last = moved;
    return last;
}

void cells_record(struct cells *c, const struct names *names, const char *id, int32_t number,
                  struct str text) {
    struct cell_record *r = id ? find_or_add(c, id) : NULL;
    if (!r) return;
    r = to_the_end(c, r);
    r->number = number;
    r->text = text_hash(text);
    r->order = ++c->order;
    if (r->runs == 0) r->first = r->order;
    r->runs++;
    r->n_reads = 0;
    names_each_read(names, add_read, r);
}

int32_t cells_again(struct cells *c, const char *id) {
    struct cell_record *r = id ? find_or_add(c, id) : NULL;
    return r ? ++r->again : (int32_t)++c->order;
}

const struct cell_record *cells_twin(const struct cells *c, const char *id) {
    const struct cell_record *r = find(c, id);
    for (int i = 0; r && i < c->n; i++) {
        if (c->items[i].id != id && c->items[i].text == r->text) return &c->items[i];
    }
    return NULL;
}

bool cells_had_text(const struct cells *c, const char *id, struct str text) {
    const struct cell_record *r = find(c, id);
    return r && r->text == text_hash(text);
}

void cells_forget(struct cells *c, const char *id) {
    struct cell_record *r = find(c, id);
    if (!r) return;
    pool_free(r->reads);
    memmove(r, r + 1, (size_t)(&c->items[--c->n] - r) * sizeof *r);
}

void cells_rename(struct cells *c, const char *from, const char *to) {
    struct cell_record *r = find(c, from);
    if (find(c, to)) cells_forget(c, from);
    else if (r) r->id = to;
    for (int i = 0; i < c->n; i++)
        for (int k = 0; k < c->items[i].n_reads; k++)
            if (c->items[i].reads[k].maker == from) c->items[i].reads[k].maker = to;
}

/* ---- out of date ---- */

static bool is_listed(const struct stale_cell *list, int n, const char *id) {
    for (int i = 0; i < n; i++) {
        if (list[i].cell->id == id) return true;
    }
    return false;
}

bool cells_read_is_old(const struct cells *c, const struct names *names,
                       const struct cell_record *r, const struct name_read *read,
                       struct name_read *now) {
    *now = names_seen_by(names, read->name, r->id);
    if (!now->mark || now->mark == read->mark) return false;
    const struct cell_record *maker = find(c, now->maker), *from = find(c, read->maker);
    if (from && maker && maker->order < r->order) return false;
    return now->maker == read->maker || (maker && maker->first < r->order);
}

/* A value that was read has been replaced; or its maker is out of date itself. */
static bool is_stale(const struct cells *c, const struct names *names, const struct cell_record *r,
                     const struct stale_cell *before, int n, struct stale_cell *out) {
    for (int i = 0; i < r->n_reads; i++) {
        struct name_read now;
        bool direct = cells_read_is_old(c, names, r, &r->reads[i], &now);
        bool by_maker = now.mark && now.maker && is_listed(before, n, now.maker);
        if (!direct && !by_maker) continue;
        *out = (struct stale_cell){r, now.name, find(c, now.maker), direct};
        return true;
    }
    return false;
}

/* In the order of their last runs: what a cell reads was made before it ran. */
int cells_stale(const struct cells *c, const struct names *names, struct stale_cell *out, int max) {
    int n = 0;
    for (int i = 0; i < c->n && n < max; i++) {
        if (is_stale(c, names, &c->items[i], out, n, &out[n])) n++;
    }
    return n;
}
