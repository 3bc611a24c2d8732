/* Common sub-expressions: one node for equal computations. */
#include "base/hash.h"
#include "base/pool.h"
#include "passes.h"
#include "rewrite.h"
#include <string.h>

static uint64_t hash_shape(uint64_t h, const struct shape *s) {
    h = hash_add(h, (uint64_t)s->n);
    for (int i = 0; i < s->n; i++) {
        h = hash_add(h, (uint64_t)s->size[i]);
        h = hash_add(h, (uint64_t)(uintptr_t)s->axis[i]);
    }
    return h;
}

static uint64_t hash_bits(uint64_t h, double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return hash_add(h, bits);
}

static bool same_bits(double x, double y) {
    return memcmp(&x, &y, sizeof x) == 0;
}

static uint64_t hash_node(const struct node *n, struct node *const *in) {
    const struct attrs *a = &n->attrs;
    uint64_t h = hash_add((uint64_t)n->op, (uint64_t)n->desc.dtype);
    h = hash_shape(h, &n->desc.shape);
    h = hash_add(h, (uint64_t)a->axis << 32 | a->axes);
    h = hash_bits(hash_bits(h, a->a), a->b);
    h = hash_add(h, a->stream);
    h = hash_add(h, (uint64_t)a->window.stride[0] << 32 | (uint32_t)a->window.before[0]);
    for (int i = 0; i < n->n_in; i++) h = hash_add(h, (uint64_t)in[i]->id);
    return hash_add(h, (uint64_t)(n->index + n->offset));
}

static bool same_shape(const struct shape *a, const struct shape *b) {
    size_t names = sizeof(char *) * (size_t)a->n;
    return shape_same_sizes(a, b) && a->weak == b->weak && memcmp(a->axis, b->axis, names) == 0;
}

static bool same_attrs(const struct attrs *a, const struct attrs *b) {
    return a->axis == b->axis && a->axes == b->axes && a->keepdims == b->keepdims &&
           a->trans_a == b->trans_a && a->trans_b == b->trans_b && a->dtype == b->dtype &&
           same_bits(a->a, b->a) && same_bits(a->b, b->b) && a->stream == b->stream &&
           memcmp(a->perm, b->perm, sizeof a->perm) == 0 && same_shape(&a->shape, &b->shape) &&
           memcmp(a->begin, b->begin, sizeof a->begin) == 0 &&
           memcmp(a->step, b->step, sizeof a->step) == 0 &&
           memcmp(&a->window, &b->window, sizeof a->window) == 0;
}

/* Single numbers are compared by value, larger constants by identity. */
static bool same_constant(const struct tensor *a, const struct tensor *b) {
    if (a == b) return true;
    return a && b && a->count == 1 && b->count == 1 && a->dtype == b->dtype &&
           memcmp(a->data, b->data, dtype_bytes(a->dtype)) == 0;
}

static bool same_node(const struct node *old, struct node *const *in, const struct node *n) {
    if (old->op != n->op || old->n_in != n->n_in || old->desc.dtype != n->desc.dtype ||
        old->index != n->index || old->offset != n->offset || old->op == OP_input) {
        return false;
    }
    for (int i = 0; i < n->n_in; i++) {
        if (in[i] != n->in[i]) return false;
    }
    return same_shape(&old->desc.shape, &n->desc.shape) && same_attrs(&old->attrs, &n->attrs) &&
           same_constant(old->constant, n->constant);
}

struct seen {
    struct node **slot;
    size_t mask;
};

static struct node *common_node(struct rewrite *r, const struct node *old, struct node *const *in) {
    struct seen *seen = r->user;
    size_t i = (size_t)hash_node(old, in) & seen->mask;
    for (; seen->slot[i]; i = (i + 1) & seen->mask) {
        if (same_node(old, in, seen->slot[i])) return seen->slot[i];
    }
    return seen->slot[i] = rewrite_copy(r, old, in);
}

struct graph *pass_common(const struct graph *g, struct node **roots, int n_roots, struct err *e) {
    size_t cap = 64;
    while (cap < 2 * (size_t)graph_n_nodes(g)) cap *= 2;
    struct seen seen = {.slot = pool_need(cap * sizeof *seen.slot, e), .mask = cap - 1};
    if (!seen.slot) return NULL;
    struct graph *out = graph_rewrite(g, roots, n_roots, common_node, &seen, e);
    pool_free(seen.slot);
    return out;
}
