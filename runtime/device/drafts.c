/* First job of making a program: what each node is (leaf, view, virtual, computed) and its level.
 * Everything of one level can be computed once the levels below are; elementwise operations on
 * equally many numbers may follow each other within a level, and so be one group. */
#include "program.h"

static bool is_view(const struct node *n) {
    if (n->op == OP_reshape || n->op == OP_stop_gradient) return true;
    return n->op == OP_cast && n->in[0]->desc.dtype == n->desc.dtype;
}

bool is_leaf_node(const struct node *n) {
    return n->op == OP_input || n->op == OP_weight || n->op == OP_constant;
}

bool is_elementwise(const struct node *n) {
    return (op_flags(n->op) & OP_ELEMENTWISE) && n->op != OP_range && !is_view(n);
}

static int64_t count_of(const struct node *n) {
    int64_t count = 1;
    for (int i = 0; i < n->desc.shape.n; i++)
        if (__builtin_mul_overflow(count, n->desc.shape.size[i], &count)) return INT64_MAX;
    return count;
}

/* Expansions and fills that only groups read are never written out. */
static void find_virtual(struct builder *b) {
    for (int i = 0; i < b->n; i++) {
        struct draft *d = &b->drafts[i];
        d->is_virtual = (d->node->op == OP_expand || d->node->op == OP_fill) && !d->needed;
    }
    for (int i = 0; i < b->n; i++) {
        const struct node *n = b->drafts[i].node;
        if (is_view(n)) continue;
        for (int k = 0; k < n->n_in; k++)
            if (!is_elementwise(n)) b->drafts[b->drafts[n->in[k]->id].root].is_virtual = false;
    }
}

/* Level from which the numbers of a node can be read from memory. */
static int32_t level_after(const struct builder *b, int32_t root) {
    const struct draft *d = &b->drafts[root];
    if (is_leaf_node(d->node)) return 1;
    if (!d->is_virtual) return d->level + 1;
    return d->node->op == OP_fill ? 1 : level_after(b, b->drafts[d->node->in[0]->id].root);
}

static void find_level(const struct builder *b, struct draft *d) {
    d->level = 1;
    for (int k = 0; k < d->node->n_in; k++) {
        int32_t root = b->drafts[d->node->in[k]->id].root;
        const struct draft *x = &b->drafts[root];
        bool joins = is_elementwise(d->node) && is_elementwise(x->node) && !x->is_virtual &&
                     x->count == d->count;
        int32_t level = joins ? x->level : level_after(b, root);
        if (level > d->level) d->level = level;
    }
}

bool builder_drafts(struct builder *b, struct node *const *roots, int n_roots, struct err *e) {
    b->drafts = builder_alloc(b, (size_t)b->n, sizeof *b->drafts, e);
    if (!b->drafts) return false;
    for (int i = 0; i < b->n; i++) {
        const struct node *n = graph_node(b->graph, i);
        struct draft *d = &b->drafts[i];
        *d = (struct draft){.node = n, .root = i, .count = count_of(n), .unit = -1};
        if (is_view(n)) d->root = b->drafts[n->in[0]->id].root;
    }
    for (int i = 0; i < n_roots; i++) b->drafts[b->drafts[roots[i]->id].root].needed = true;
    find_virtual(b);
    for (int i = 0; i < b->n; i++) {
        struct draft *d = &b->drafts[i];
        if (d->root == i && !is_leaf_node(d->node)) find_level(b, d);
    }
    return true;
}
