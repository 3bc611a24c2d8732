/* A convolution takes its bias and its ReLU with it: relu(conv(x, kernel) + bias) becomes one node
 * whose kernel adds and cuts off while the sums are in registers. Only where nobody else reads what
 * lies between. For plans that have such kernels: run last, after all derivatives are made. */
#include "base/pool.h"
#include "passes.h"
#include "rewrite.h"

struct readers {
    const struct graph *g;
    int *count; /* of each old node; roots count too */
};

static bool is_conv(const struct node *n) {
    return n->op == OP_conv || n->op == OP_conv_input;
}

/* (channels) repeated over batch, height and width */
static bool is_channel_row(const struct node *n) {
    return n->op == OP_expand && n->attrs.axes == 7 && n->desc.shape.n == 4 &&
           n->in[0]->desc.shape.n == 1;
}

static struct node *with_bias(struct rewrite *r, const struct node *old, struct node *conv,
                              struct node *row) {
    struct node *in[3] = {conv->in[0], conv->in[1], row->in[0]};
    return graph_push(r->g, conv->op, in, 3, &conv->attrs, &old->desc, r->e);
}

static struct node *with_relu(struct rewrite *r, const struct node *old, struct node *conv) {
    struct attrs attrs = conv->attrs;
    attrs.a = 1;
    return graph_push(r->g, conv->op, conv->in, conv->n_in, &attrs, &old->desc, r->e);
}

static struct node *join_node(struct rewrite *r, const struct node *old, struct node *const *in) {
    const struct readers *readers = r->user;
    for (int i = 0; i < 2 && old->op == OP_add; i++) {
        bool alone = readers->count[old->in[i]->id] == 1;
        if (alone && is_conv(in[i]) && in[i]->n_in == 2 && in[i]->attrs.a == 0 &&
            is_channel_row(in[1 - i]))
            return with_bias(r, old, in[i], in[1 - i]);
    }
    bool cuts = old->op == OP_relu && is_conv(in[0]) && in[0]->attrs.a == 0;
    if (cuts && readers->count[old->in[0]->id] == 1) return with_relu(r, old, in[0]);
    return rewrite_copy(r, old, in);
}

struct graph *pass_conv(const struct graph *g, struct node **roots, int n_roots, struct err *e) {
    int n = graph_n_nodes(g);
    struct readers readers = {g, pool_need((size_t)n * sizeof(int) + 1, e)};
    if (!readers.count) return NULL;
    for (int i = 0; i < n; i++) {
        const struct node *node = graph_node(g, i);
        for (int k = 0; k < node->n_in; k++) readers.count[node->in[k]->id]++;
    }
    for (int i = 0; i < n_roots; i++) readers.count[roots[i]->id]++;
    struct graph *joined = graph_rewrite(g, roots, n_roots, join_node, &readers, e);
    pool_free(readers.count);
    if (!joined) return NULL;
    struct graph *out = pass_dead(joined, roots, n_roots, e);
    graph_free(joined);
    return out;
}
