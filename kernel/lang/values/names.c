/* Names of a session and their versions. */
#include "names.h"
#include "same.h"
#include "base/hash.h"
#include "base/pool.h"
#include <string.h>
#include <unistd.h>

/* One value that one cell gave to a name. `from` are the cells whose values it was made from (for
 * this name only): running one of those again must not see it. */
struct version {
    const char *cell;   /* interned; NULL = a run without a cell id */
    struct value value; /* MISSING: it had to go, for want of memory */
    uint64_t time;      /* order of the runs */
    uint64_t mark;      /* equal marks are equal values */
    const char *column; /* of a table, which the value is; or NULL */
    const char **from;
    int n_from;
};

struct entry {
    const char *name; /* NULL = free place */
    struct version *versions;
    int n_versions;
    int visible;  /* index of the version that the running cell sees; -1 = none */
    bool pending; /* assigned by the running cell: `fresh` is what it sees */
    bool was_read;
    bool changed;     /* the last run gave it another value than it had */
    bool was_deleted; /* its last version went with its cell */
    struct value fresh;
    const char *fresh_column;
};

struct names {
    struct entry *entries;
    size_t n, cap;
    const char *cell;
    bool on_top, watching;
    uint64_t time, mark;
    size_t room; /* for old values, in bytes */
};

/* An eighth of the machine's memory. */
static size_t usual_room(void) {
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGE_SIZE);
    return pages > 0 && size > 0 ? (size_t)pages / 8 * (size_t)size : (size_t)256 << 20;
}

struct names *names_new(struct err *e) {
    struct names *s = pool_need(sizeof *s, e);
    if (!s) return NULL;
    s->cap = 256;
    s->entries = pool_need(s->cap * sizeof *s->entries, e);
    if (!s->entries) return pool_free(s), NULL;
    s->room = usual_room();
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

/* The version that a run of the cell begins with. */
static int begins_with(const struct entry *n, const char *cell, bool on_top) {
    return newest(n, cell && !on_top && has_version_of(n, cell) ? cell : NULL);
}

void names_begin(struct names *s, const char *cell_id, bool on_top) {
    s->cell = cell_id;
    s->on_top = on_top;
    for (size_t i = 0; i < s->cap; i++) {
        struct entry *n = &s->entries[i];
        if (!n->name) continue;
        n->visible = begins_with(n, cell_id, on_top);
    }
}

/* The cells that the running cell's new value of `n` was made from. */
static const char **ancestors(const struct names *s, const struct entry *n, int *count) {
    *count = 0;
    if (n->visible < 0 || !s->cell) return NULL;
    const struct version *base = &n->versions[n->visible];
    const char **from = pool_alloc(((size_t)base->n_from + 1) * sizeof *from);
    if (!from) return NULL;
    if (base->n_from) memcpy(from, base->from, (size_t)base->n_from * sizeof *from);
    *count = base->n_from;
    if (base->cell && base->cell != s->cell) from[(*count)++] = base->cell;
    return from;
}

/* A value equal to the cell's last one has its mark. */
static uint64_t mark_of(struct names *s, const struct entry *n, struct value v) {
    for (int i = 0; i < n->n_versions; i++) {
        const struct version *old = &n->versions[i];
        if (old->cell == s->cell && old->value.kind != V_MISSING && value_same(old->value, v))
            return old->mark;
    }
    return ++s->mark;
}

/* Move the fresh value into the versions: in place of the cell's last one, or of all others when
 * the front end sends no cell ids. */
static void keep(struct names *s, struct entry *n) {
    struct version made = {
        .cell = s->cell, .value = n->fresh, .column = n->fresh_column, .time = ++s->time};
    made.mark = mark_of(s, n, n->fresh);
    made.from = ancestors(s, n, &made.n_from);
    n->pending = n->was_deleted = false;
    int old = newest(n, NULL);
    n->changed = old >= 0 && n->versions[old].mark != made.mark;
    int at = n->n_versions;
    for (int i = 0; i < n->n_versions; i++) {
        if (n->versions[i].cell == s->cell) at = i;
    }
    if (at == n->n_versions) {
        struct version *more = pool_realloc(n->versions, ((size_t)at + 1) * sizeof *more);
        if (!more) { /* better to forget the past than to lose the result */
            for (int i = 1; i < n->n_versions; i++) version_clear(&n->versions[i]);
            n->n_versions = n->n_versions ? 1 : 0;
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

/* ---- memory ---- */

/* The largest old value that is not what the name stands for now. */
static struct version *largest_old(struct names *s, size_t *bytes, size_t *all) {
    struct version *best = NULL;
    *bytes = *all = 0;
    for (size_t i = 0; i < s->cap; i++) {
        struct entry *n = &s->entries[i];
        for (int k = 0; n->name && k < n->n_versions; k++) {
            size_t own = k == n->visible ? 0 : value_own_bytes(n->versions[k].value);
            *all += own;
            if (own <= *bytes) continue;
            *bytes = own;
            best = &n->versions[k];
        }
    }
    return best;
}

static void make_room(struct names *s) {
    size_t bytes, all;
    struct version *v = largest_old(s, &bytes, &all);
    for (; v && all > s->room; v = largest_old(s, &bytes, &all)) {
        value_unref(v->value);
        v->value = value_missing();
    }
}

void names_set_room(struct names *s, size_t bytes) {
    s->room = bytes;
}

bool names_was_dropped(const struct names *s, const char *name, const char **maker) {
    const struct entry *n = place_of(s->entries, s->cap, name);
    if (!n->name || n->pending || n->visible < 0) return false;
    const struct version *v = &n->versions[n->visible];
    *maker = v->cell;
    return v->value.kind == V_MISSING;
}

void names_end(struct names *s) {
    for (size_t i = 0; i < s->cap; i++) {
        struct entry *n = &s->entries[i];
        if (!n->name) continue;
        n->changed = false;
        if (n->pending) keep(s, n);
        n->visible = newest(n, NULL);
    }
    s->cell = NULL;
    s->watching = false;
    make_room(s);
}

static inline const struct value *seen_value(const struct entry *n) {
    if (!n->name) return NULL;
    if (n->pending) return &n->fresh;
    return n->visible < 0 ? NULL : &n->versions[n->visible].value;
}

const struct value *names_peek(const struct names *s, const char *name) {
    return seen_value(place_of(s->entries, s->cap, name));
}

const struct value *names_get(struct names *s, const char *name) {
    struct entry *n = place_of(s->entries, s->cap, name);
    if (s->watching && n->name && !n->pending && n->visible >= 0) n->was_read = true;
    return seen_value(n);
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
    n->fresh_column = NULL;
    return true;
}

void names_set_column(struct names *s, const char *name, const char *column) {
    struct entry *n = place_of(s->entries, s->cap, name);
    if (n->name && n->pending) n->fresh_column = column;
}

const char *names_column(const struct names *s, const char *name) {
    const struct entry *n = place_of(s->entries, s->cap, name);
    if (!n->name) return NULL;
    if (n->pending) return n->fresh_column;
    return n->visible < 0 ? NULL : n->versions[n->visible].column;
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
        n->was_deleted = n->was_deleted || (kept == 0 && n->n_versions > 0);
        n->n_versions = kept;
        n->visible = newest(n, NULL);
    }
}

bool names_was_deleted(const struct names *s, const char *name) {
    const struct entry *n = place_of(s->entries, s->cap, name);
    return n->name && n->was_deleted && n->n_versions == 0;
}

static void rename_in(struct entry *n, const char *from, const char *to) {
    if (has_version_of(n, to)) return; /* the moved cell has run already */
    for (int k = 0; k < n->n_versions; k++) {
        struct version *v = &n->versions[k];
        if (v->cell == from) v->cell = to;
        for (int i = 0; i < v->n_from; i++)
            if (v->from[i] == from) v->from[i] = to;
    }
}

void names_rename_cell(struct names *s, const char *from, const char *to) {
    for (size_t i = 0; i < s->cap; i++) {
        if (s->entries[i].name) rename_in(&s->entries[i], from, to);
    }
}

bool names_changed(const struct names *s, const char *name) {
    const struct entry *n = place_of(s->entries, s->cap, name);
    return n->name && n->changed;
}

/* ---- who read what ---- */

void names_watch(struct names *s, bool on) {
    s->watching = on;
    for (size_t i = 0; on && i < s->cap; i++) s->entries[i].was_read = false;
}

static struct name_read read_of(const struct entry *n, int version) {
    struct name_read r = {.name = n->name};
    if (version < 0) return r;
    r.mark = n->versions[version].mark;
    r.maker = n->versions[version].cell;
    return r;
}

struct name_read names_seen_by(const struct names *s, const char *name, const char *cell) {
    const struct entry *n = place_of(s->entries, s->cap, name);
    if (!n->name) return (struct name_read){.name = name};
    return read_of(n, begins_with(n, cell, false));
}

void names_each_read(const struct names *s, void (*see)(void *user, const struct name_read *r),
                     void *user) {
    for (size_t i = 0; i < s->cap; i++) {
        const struct entry *n = &s->entries[i];
        if (!n->name || !n->was_read) continue;
        struct name_read r = read_of(n, n->visible);
        if (r.mark) see(user, &r);
    }
}

void names_each_made(const struct names *s, const char *id,
                     void (*see)(void *user, const char *name), void *user) {
    for (size_t i = 0; i < s->cap; i++) {
        const struct entry *n = &s->entries[i];
        int k = n->name ? newest(n, NULL) : -1;
        if (k >= 0 && n->versions[k].cell == id) see(user, n->name);
    }
}

const char *names_maker(const struct names *s, const char *name) {
    const struct entry *n = place_of(s->entries, s->cap, name);
    return n->name && !n->pending && n->visible >= 0 ? n->versions[n->visible].cell : NULL;
}

void names_each(struct names *s, void (*see)(void *user, const char *name, const struct value *v),
                void *user) {
    for (size_t i = 0; i < s->cap; i++) {
        const struct value *v = s->entries[i].name ? names_peek(s, s->entries[i].name) : NULL;
        if (v) see(user, s->entries[i].name, v);
    }
}
