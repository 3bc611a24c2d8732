/* A mean becomes a sum divided by a count, so that a plan has only sums to add up over lanes, and
 * the count, known when sizes are, is a number. */
#include "passes.h"
#include "rewrite.h"

static struct node *lower_mean(struct rewrite *r, const struct node *old, struct node *const *in) {
    if (old->op != OP_mean) return rewrite_copy(r, old, in);
    const struct desc number = {.dtype = old->desc.dtype, .content = CONTENT_POSITIVE};
    struct node *sum = graph_push(r->g, OP_sum, in, 1, &old->attrs, &old->desc, r->e);
    struct node *count = graph_push(r->g, OP_count, in, 1, &old->attrs, &number, r->e);
    if (!sum || !count) return NULL;
    int n = old->desc.shape.n;
    if (n) {
        const struct attrs everywhere = {.shape = old->desc.shape, .axes = (1u << n) - 1};
        count = graph_push(r->g, OP_expand, &count, 1, &everywhere, &old->desc, r->e);
        if (!count) return NULL;
    }
    struct node *pair[2] = {sum, count};
    return graph_push(r->g, OP_div, pair, 2, NULL, &old->desc, r->e);
}

struct graph *pass_means(const struct graph *g, struct node **roots, int n_roots, struct err *e) {
    return graph_rewrite(g, roots, n_roots, lower_mean, NULL, e);
}
