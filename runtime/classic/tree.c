/* One tree: growing its arrays, walking to a leaf. */
#include "tree.h"
#include "../base/pool.h"
#include <math.h>
#include <string.h>

bool tree_begin(struct tree_builder *b, int width, struct err *e) {
    *b = (struct tree_builder){.cap = 64, .width = width};
    b->tree.nodes = pool_need((size_t)b->cap * sizeof *b->tree.nodes, e);
    b->tree.gains = pool_need((size_t)b->cap * sizeof *b->tree.gains, e);
    if (!b->tree.nodes || !b->tree.gains) return tree_clear(&b->tree), false;
    b->tree.nodes[0].feature = -1;
    b->tree.n_nodes = 1;
    return true;
}

static bool make_room(struct tree_builder *b, struct err *e) {
    struct tree *t = &b->tree;
    if (t->n_nodes + 2 <= b->cap) return true;
    int32_t cap = b->cap * 2;
    struct tree_node *nodes = pool_realloc(t->nodes, (size_t)cap * sizeof *nodes);
    if (!nodes) return err_memory(e, (size_t)cap * sizeof *nodes);
    t->nodes = nodes;
    float *gains = pool_realloc(t->gains, (size_t)cap * sizeof *gains);
    if (!gains) return err_memory(e, (size_t)cap * sizeof *gains);
    t->gains = gains;
    b->cap = cap;
    return true;
}

static bool add_mask(struct tree_builder *b, const struct tree_mask *mask, struct err *e) {
    struct tree *t = &b->tree;
    if (t->n_masks == b->mask_cap) {
        int32_t cap = b->mask_cap ? 2 * b->mask_cap : 8;
        struct tree_mask *more = pool_realloc(t->masks, (size_t)cap * sizeof *more);
        if (!more) return err_memory(e, (size_t)cap * sizeof *more);
        t->masks = more;
        b->mask_cap = cap;
    }
    t->masks[t->n_masks++] = *mask;
    return true;
}

int32_t tree_split(struct tree_builder *b, int32_t at, const struct tree_node *question,
                   const struct tree_mask *mask, float gain, struct err *e) {
    struct tree *t = &b->tree;
    if (!make_room(b, e) || (mask && !add_mask(b, mask, e))) return -1;
    t->nodes[at] = *question;
    t->nodes[at].mask = mask ? (uint16_t)t->n_masks : 0;
    t->nodes[at].left = t->n_nodes;
    t->gains[at] = gain;
    for (int i = 0; i < 2; i++) {
        t->gains[t->n_nodes] = 0;
        t->nodes[t->n_nodes++] = (struct tree_node){.feature = -1};
    }
    return t->n_nodes - 2;
}

/* In order, left side first, without recursion: a chain of a million nodes is a tree too. */
bool tree_end(struct tree_builder *b, struct err *e) {
    struct tree *t = &b->tree;
    struct waiting {
        int32_t node, depth;
    } *stack = pool_need((size_t)t->n_nodes * sizeof *stack, e);
    if (!stack) return false;
    int32_t n = 0;
    stack[n++] = (struct waiting){0, 0};
    while (n) {
        struct waiting w = stack[--n];
        struct tree_node *node = &t->nodes[w.node];
        if (w.depth > t->depth) t->depth = w.depth;
        if (node->feature < 0) {
            node->left = t->n_leaves++;
            continue;
        }
        stack[n++] = (struct waiting){node->left + 1, w.depth + 1};
        stack[n++] = (struct waiting){node->left, w.depth + 1};
    }
    pool_free(stack);
    if (b->width <= 1) return true;
    t->shares = pool_need((size_t)t->n_leaves * (size_t)b->width * sizeof *t->shares, e);
    return t->shares != NULL;
}

void tree_clear(struct tree *t) {
    pool_free(t->nodes);
    pool_free(t->masks);
    pool_free(t->shares);
    pool_free(t->gains);
    *t = (struct tree){0};
}

static bool goes_left_code(const struct tree *t, const struct tree_node *q, uint8_t code) {
    if (code == 0) return !q->missing_right;
    if (!q->mask) return code <= q->cut;
    return t->masks[q->mask - 1].bits[code >> 6] >> (code & 63) & 1;
}

int32_t tree_leaf_binned(const struct tree *t, const struct bins *b, int64_t row) {
    int32_t at = 0;
    while (t->nodes[at].feature >= 0) {
        const struct tree_node *q = &t->nodes[at];
        at = q->left + !goes_left_code(t, q, bins_code(b, q->feature, row));
    }
    return at;
}

/* Categories are numbers from 0; what was not seen in training counts as missing. */
static bool goes_left(const struct tree *t, const struct tree_node *q, float x) {
    if (!q->mask) return isnan(x) ? !q->missing_right : x <= q->threshold;
    bool known = x >= 0 && x < 255;
    int code = known ? 1 + (int)x : 0;
    return known ? t->masks[q->mask - 1].bits[code >> 6] >> (code & 63) & 1 : !q->missing_right;
}

int32_t tree_leaf(const struct tree *t, const float *x) {
    int32_t at = 0;
    while (t->nodes[at].feature >= 0) {
        const struct tree_node *q = &t->nodes[at];
        at = q->left + !goes_left(t, q, x[q->feature]);
    }
    return at;
}
