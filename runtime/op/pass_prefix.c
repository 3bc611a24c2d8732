/* The part of a graph that is the same in every epoch, taken out of it. */
#include "base/hash.h"
#include "base/pool.h"
#include "build.h"
#include "passes.h"
#include "rows.h"

/* What is known of a node. */
struct mark {
    bool data;   /* depends on an input */
    bool fixed;  /* on nothing else that changes from epoch to epoch, example by example */
    bool frozen; /* and on a weight that stays */
    bool needed; /* by a root */
    bool end;    /* a feature, or an input that the rest reads as it is */
};

static bool is_batch(const struct node *n) {
    return n->desc.shape.n > 0 && n->desc.shape.size[0] == SIZE_BATCH;
}

static struct mark mark_of(const struct node *n, const struct mark *marks, const bool *moves) {
    struct mark m = {.fixed = !(op_flags(n->op) & OP_RANDOM)};
    if (n->op == OP_input) m.data = true;
    if (n->op == OP_weight) m.fixed = m.frozen = !moves[n->index];
    for (int i = 0; i < n->n_in; i++) {
        const struct mark *in = &marks[n->in[i]->id];
        m.data |= in->data;
        m.frozen |= in->frozen;
        m.fixed &= in->fixed && (!in->data || rows_match(n, i));
    }
    if (m.data) m.fixed &= is_batch(n) && rows_free(n);
    m.frozen &= m.fixed;
    return m;
}

/* An end is read by something that is no longer fixed, or is wanted itself. */
static void mark_ends(const struct graph *g, struct node *const *roots, int n_roots,
                      struct mark *marks) {
    for (int i = 0; i < n_roots; i++) {
        struct mark *m = &marks[roots[i]->id];
        m->needed = true;
        m->end = m->data && m->fixed;
    }
    for (int id = graph_n_nodes(g) - 1; id >= 0; id--) {
        const struct node *n = graph_node(g, id);
        for (int i = 0; i < n->n_in && marks[id].needed; i++) {
            struct mark *in = &marks[n->in[i]->id];
            in->needed = true;
            bool passes_on = marks[id].data && marks[id].fixed;
            if (in->data && in->fixed && !passes_on) in->end = true;
        }
    }
}

static uint64_t hash_shape(uint64_t h, const struct shape *s) {
    h = hash_add(h, (uint64_t)s->n);
    for (int i = 0; i < s->n; i++) h = hash_add(h, (uint64_t)s->size[i]);
    return h;
}

static uint64_t hash_doubles(uint64_t h, const struct attrs *a) {
    double numbers[] = {a->a, a->b};
    return hash_bytes(numbers, sizeof numbers, h);
}

static uint64_t key_of(const struct node *n, const uint64_t *keys) {
    const struct attrs *a = &n->attrs;
    uint64_t h = hash_shape((uint64_t)n->op << 8 | (uint64_t)n->desc.dtype, &n->desc.shape);
    h = hash_add(h, (uint64_t)a->axis << 32 | a->axes);
    h = hash_add(h, (uint64_t)a->keepdims | (uint64_t)a->trans_a << 1 | (uint64_t)a->trans_b << 2 |
                        (uint64_t)a->dtype << 8);
    h = hash_shape(hash_doubles(h, a), &a->shape);
    h = hash_bytes(a->perm, sizeof a->perm, h);
    h = hash_bytes(a->begin, sizeof a->begin, h);
    h = hash_bytes(a->step, sizeof a->step, h);
    h = hash_bytes(&a->window, sizeof a->window, h);
    h = hash_add(h, a->stream);
    h = hash_add(hash_add(h, (uint64_t)n->index), (uint64_t)n->offset);
    if (n->constant)
        h = hash_bytes(n->constant->data,
                       (size_t)n->constant->count * dtype_bytes(n->constant->dtype), h);
    for (int i = 0; i < n->n_in; i++) h = hash_add(h, keys[n->in[i]->id]);
    return h;
}

/* Inputs that the rest reads are no features: they are there already. */
static bool collect(const struct graph *g, const struct mark *marks, const uint64_t *keys,
                    struct prefix *out) {
    for (int id = 0; id < graph_n_nodes(g); id++) {
        struct node *n = graph_node(g, id);
        const struct mark *m = &marks[id];
        bool keep = m->needed && m->data && (m->end || (n->op == OP_input && !m->fixed));
        if (!keep) continue;
        if (n->op == OP_input) {
            if (out->n_inputs == PREFIX_MAX_INPUTS) return false;
            out->inputs[out->n_inputs++] = n->index;
        } else {
            if (out->n_features == PREFIX_MAX_FEATURES) return false;
            out->keys[out->n_features] = keys[id];
            out->features[out->n_features++] = n;
        }
    }
    return true;
}

bool prefix_find(const struct graph *g, struct node *const *roots, int n_roots, const bool *moves,
                 struct prefix *out, struct err *e) {
    size_t n = (size_t)graph_n_nodes(g);
    *out = (struct prefix){0};
    struct mark *marks = pool_need(n * sizeof *marks + 1, e);
    uint64_t *keys = pool_need(n * sizeof *keys + 1, e);
    bool ok = marks && keys, frozen = false;
    for (int id = 0; ok && id < (int)n; id++) {
        marks[id] = mark_of(graph_node(g, id), marks, moves);
        keys[id] = key_of(graph_node(g, id), keys);
    }
    if (ok) {
        mark_ends(g, roots, n_roots, marks);
        for (size_t id = 0; id < n; id++)
            frozen |= marks[id].end && marks[id].frozen && marks[id].data;
        if (!frozen || !collect(g, marks, keys, out)) *out = (struct prefix){0};
    }
    pool_free(marks);
    pool_free(keys);
    return ok;
}

/* ---- the rest ---- */

/* The rest's own inputs, in the places of what they stand for. */
static bool add_inputs(struct graph *rest, const struct graph *g, const struct prefix *p,
                       struct node **map, struct err *e) {
    for (int i = 0; i < p->n_inputs; i++)
        for (int id = 0; id < graph_n_nodes(g); id++) {
            const struct node *n = graph_node(g, id);
            if (n->op != OP_input || n->index != p->inputs[i]) continue;
            TRY(map[id] = graph_input(rest, n->name, &n->desc, e));
        }
    for (int i = 0; i < p->n_features; i++) {
        const struct node *n = p->features[i];
        TRY(map[n->id] = graph_input(rest, "features", &n->desc, e));
    }
    return true;
}

static bool copy_rest(struct graph *rest, const struct graph *g, const bool *needed,
                      struct node **map, struct err *e) {
    struct node *in[64];
    for (int id = 0; id < graph_n_nodes(g); id++) {
        const struct node *n = graph_node(g, id);
        if (!needed[id] || map[id]) continue;
        if (n->n_in > (int)ARRAY_LEN(in))
            return err_set(e, ERR_NOT_YET, "A model joins at most %d tensors at once.",
                           (int)ARRAY_LEN(in));
        for (int i = 0; i < n->n_in; i++) in[i] = map[n->in[i]->id];
        TRY(map[id] = graph_push_copy(rest, n, in, &n->attrs, &n->desc, e));
    }
    return true;
}

static void mark_rest(const struct graph *g, struct node *const *roots, int n_roots,
                      struct node *const *map, bool *needed) {
    for (int i = 0; i < n_roots; i++) needed[roots[i]->id] = true;
    for (int id = graph_n_nodes(g) - 1; id >= 0; id--) {
        const struct node *n = graph_node(g, id);
        for (int i = 0; i < n->n_in && needed[id] && !map[id]; i++) needed[n->in[i]->id] = true;
    }
}

struct graph *pass_prefix(const struct graph *g, struct node **roots, int n_roots,
                          const struct prefix *p, struct err *e) {
    size_t n = (size_t)graph_n_nodes(g) + 1;
    struct graph *rest = graph_new(graph_dtype(g), e);
    struct node **map = pool_need(n * sizeof *map + n, e);
    bool *needed = (bool *)(map + n);
    bool ok = rest && map && add_inputs(rest, g, p, map, e);
    if (ok) {
        mark_rest(g, roots, n_roots, map, needed);
        ok = copy_rest(rest, g, needed, map, e);
    }
    for (int i = 0; ok && i < n_roots; i++) roots[i] = map[roots[i]->id];
    pool_free(map);
    if (ok) return rest;
    graph_free(rest);
    return NULL;
}
