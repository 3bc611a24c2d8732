/* Names of a session and their versions. */
#include "names.h"
#include "base/hash.h"
#include "base/pool.h"
#include <string.h>

/* One value that one cell gave to a name. `from` are the cells whose values it was made from (for
 * this name only): running one of those again must not see it. */
struct version {
    const char *cell; /* interned; NULL = a run without a cell id */
    struct value value;
    uint64_t time;
    const char **from;
    int n_from;
};

struct entry {
    const char *name; /* NULL = free place */
    struct version *versions;
    int n_versions;
    int visible;  /* index of the version that the running cell sees; -1 = none */
    bool pending; /* assigned by the running cell: `fresh` is what it sees */
    struct value fresh;
};

struct names {
    struct entry *entries;
    size_t n, cap;
    const char *cell;
    bool on_top;
    uint64_t time;
};

struct names *names_new(struct err *e) {
    struct names *s = pool_need(sizeof *s, e);
    if (!s) return NULL;
    s->cap = 256;
    s->entries = pool_need(s->cap * sizeof *s->entries, e);
    if (!s->entries) return pool_free(s), NULL;
    return s;
}

static void version_clear(struct version *v) {
    value_unref(v->value);
    pool_free(v->from);
}

static void entry_clear(struct entry *n) {
    for (int i = 0; i < n->n_versions; i++) version_clear(&n->versions[i]);
    pool_free(n->versions);
    if (n->pending) value_unref(n->fresh);
    *n = (struct entry){.name = n->name, .visible = -1};
}

void names_reset(struct names *s) {
    for (size_t i = 0; i < s->cap; i++) {
        if (s->entries[i].name) entry_clear(&s->entries[i]);
    }
}

void names_free(struct names *s) {
    if (!s) return;
    names_reset(s);
    pool_free(s->entries);
    pool_free(s);
}

static struct entry *place_of(struct entry *entries, size_t cap, const char *name) {
    size_t i = (size_t)hash_mix((uint64_t)(uintptr_t)name) & (cap - 1);
    while (entries[i].name && entries[i].name != name) i = (i + 1) & (cap - 1);
    return &entries[i];
}

static bool grow(struct names *s, struct err *e) {
    size_t cap = s->cap * 2;
    struct entry *entries = pool_need(cap * sizeof *entries, e);
    if (!entries) return false;
    for (size_t i = 0; i < s->cap; i++) {
        if (s->entries[i].name) *place_of(entries, cap, s->entries[i].name) = s->entries[i];
    }
    pool_free(s->entries);
    s->entries = entries;
    s->cap = cap;
    return true;
}

static bool made_from(const struct version *v, const char *cell) {
    if (v->cell == cell) return true;
    for (int i = 0; i < v->n_from; i++) {
        if (v->from[i] == cell) return true;
    }
    return false;
}

/* The newest version, leaving out those made by or from `without` (NULL = all count). */
static int newest(const struct entry *n, const char *without) {
    int best = -1;
    for (int i = 0; i < n->n_versions; i++) {
        if (without && made_from(&n->versions[i], without)) continue;
        if (best < 0 || n->versions[i].time > n->versions[best].time) best = i;
    }
    return best;
}

static bool has_version_of(const struct entry *n, const char *cell) {
    for (int i = 0; i < n->n_versions; i++) {
        if (n->versions[i].cell == cell) return true;
    }
    return false;
}

void names_begin(struct names *s, const char *cell_id, bool on_top) {
    s->cell = cell_id;
    s->on_top = on_top;
    for (size_t i = 0; i < s->cap; i++) {
        struct entry *n = &s->entries[i];
        if (!n->name) continue;
        bool again = cell_id && !on_top && has_version_of(n, cell_id);
        n->visible = newest(n, again ? cell_id : NULL);
    }
}

/* The cells that the running cell's new value of `n` was made from. */
static const char **ancestors(const struct names *s, const struct entry *n, int *count) {
    *count = 0;
    if (n->visible < 0 || !s->cell || s->on_top) return NULL;
    const struct version *base = &n->versions[n->visible];
    const char **from = pool_alloc(((size_t)base->n_from + 1) * sizeof *from);
    if (!from) return NULL;
    if (base->n_from) memcpy(from, base->from, (size_t)base->n_from * sizeof *from);
    *count = base->n_from;
    if (base->cell) from[(*count)++] = base->cell;
    return from;
}

/* Move the fresh value into the versions: in place of the cell's last one, or of all others when
 * the front end sends no cell ids. */
static void keep(struct names *s, struct entry *n) {
    struct version made = {.cell = s->cell, .value = n->fresh, .time = ++s->time};
    made.from = ancestors(s, n, &made.n_from);
    n->pending = false;
    int at = n->n_versions;
    for (int i = 0; i < n->n_versions; i++) {
        if (n->versions[i].cell == s->cell) at = i;
    }
    if (at == n->n_versions) {
        struct version *more = pool_realloc(n->versions, ((size_t)at + 1) * sizeof *more);
        if (!more) { /* better to forget the past than to lose the result */
            for (int i = 1; i < n->n_versions; i++) version_clear(&n->versions[i]);
            n->n_versions = at = n->n_versions ? 1 : 0;
            if (!n->versions) return version_clear(&made);
            at = 0;
        } else {
            n->versions = more;
            more[n->n_versions++] = (struct version){0};
        }
    }
    version_clear(&n->versions[at]);
    n->versions[at] = made;
}

void names_end(struct names *s) {
    for (size_t i = 0; i < s->cap; i++) {
        struct entry *n = &s->entries[i];
        if (!n->name) continue;
        if (n->pending) keep(s, n);
        n->visible = newest(n, NULL);
    }
    s->cell = NULL;
}

const struct value *names_get(struct names *s, const char *name) {
    struct entry *n = place_of(s->entries, s->cap, name);
    if (!n->name) return NULL;
    if (n->pending) return &n->fresh;
    return n->visible < 0 ? NULL : &n->versions[n->visible].value;
}

bool names_is_fresh(struct names *s, const char *name) {
    const struct entry *n = place_of(s->entries, s->cap, name);
    return n->name && n->pending;
}

bool names_set(struct names *s, const char *name, struct value take, struct err *e) {
    if (2 * (s->n + 1) > s->cap && !grow(s, e)) return value_unref(take), false;
    struct entry *n = place_of(s->entries, s->cap, name);
    if (!n->name) {
        *n = (struct entry){.name = name, .visible = -1};
        s->n++;
    }
    if (n->pending) value_unref(n->fresh);
    n->pending = true;
    n->fresh = take;
    return true;
}

static bool is_one_of(const char *cell, const char *const *ids, int n) {
    for (int i = 0; i < n; i++) {
        if (cell && ids[i] && strcmp(cell, ids[i]) == 0) return true;
    }
    return false;
}

void names_forget_cells(struct names *s, const char *const *cell_ids, int n_ids) {
    for (size_t i = 0; i < s->cap; i++) {
        struct entry *n = &s->entries[i];
        int kept = 0;
        for (int k = 0; k < n->n_versions; k++) {
            if (is_one_of(n->versions[k].cell, cell_ids, n_ids)) version_clear(&n->versions[k]);
            else n->versions[kept++] = n->versions[k];
        }
        n->n_versions = kept;
        n->visible = newest(n, NULL);
    }
}

void names_each(struct names *s, void (*see)(void *user, const char *name, const struct value *v),
                void *user) {
    for (size_t i = 0; i < s->cap; i++) {
        const struct value *v = s->entries[i].name ? names_get(s, s->entries[i].name) : NULL;
        if (v) see(user, s->entries[i].name, v);
    }
}
