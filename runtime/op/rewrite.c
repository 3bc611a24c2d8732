/* How passes copy a graph into another one. */
#include "rewrite.h"
#include "base/pool.h"
#include "passes.h"

bool node_number(const struct node *n, double *x) {
    while (n->op == OP_expand || n->op == OP_reshape || n->op == OP_cast) {
        bool to_whole = n->op == OP_cast && !dtype_is_float(n->desc.dtype);
        if (to_whole) return false;
        n = n->in[0];
    }
    if (n->op == OP_fill) *x = n->attrs.a;
    if (n->op == OP_constant && n->constant->count == 1) *x = tensor_get(n->constant, 0);
    return n->op == OP_fill || (n->op == OP_constant && n->constant->count == 1);
}

struct node *rewrite_copy(struct rewrite *r, const struct node *old, struct node *const *in) {
    return graph_push_copy(r->g, old, in, &old->attrs, &old->desc, r->e);
}

static void mark_needed(const struct graph *g, struct node *const *roots, int n_roots,
                        bool *needed) {
    for (int i = 0; i < n_roots; i++) needed[roots[i]->id] = true;
    for (int id = graph_n_nodes(g) - 1; id >= 0; id--) {
        const struct node *n = graph_node(g, id);
        needed[id] = needed[id] || n->op == OP_input;
        for (int i = 0; i < n->n_in && needed[id]; i++) needed[n->in[i]->id] = true;
    }
}

static int most_inputs(const struct graph *g) {
    int most = 1;
    for (int id = 0; id < graph_n_nodes(g); id++) {
        if (graph_node(g, id)->n_in > most) most = graph_node(g, id)->n_in;
    }
    return most;
}

static bool rewrite_all(const struct graph *g, struct rewrite *r, rewrite_fn *fn,
                        const bool *needed, struct node **map, struct node **in) {
    for (int id = 0; id < graph_n_nodes(g); id++) {
        const struct node *old = graph_node(g, id);
        if (!needed[id]) continue;
        for (int i = 0; i < old->n_in; i++) in[i] = map[old->in[i]->id];
        graph_set_span(r->g, old->span);
        TRY(map[id] = fn(r, old, in));
        if (!map[id]->name) map[id]->name = old->name;
    }
    return true;
}

struct graph *graph_rewrite(const struct graph *g, struct node **roots, int n_roots, rewrite_fn *fn,
                            void *user, struct err *e) {
    size_t n = (size_t)graph_n_nodes(g) + 1;
    struct rewrite r = {.g = graph_new(graph_dtype(g), e), .user = user, .e = e};
    bool *needed = pool_need(n, e);
    struct node **map = pool_need(n * sizeof *map, e);
    struct node **in = pool_need((size_t)most_inputs(g) * sizeof *in, e);
    bool ok = r.g && needed && map && in;
    if (ok) {
        mark_needed(g, roots, n_roots, needed);
        ok = rewrite_all(g, &r, fn, needed, map, in);
    }
    for (int i = 0; i < n_roots && ok; i++) roots[i] = map[roots[i]->id];
    pool_free(needed);
    pool_free(map);
    pool_free(in);
    if (ok) return r.g;
    graph_free(r.g);
    return NULL;
}

struct graph *pass_dead(const struct graph *g, struct node **roots, int n_roots, struct err *e) {
    return graph_rewrite(g, roots, n_roots, rewrite_copy, NULL, e);
}

/* ---- all passes in order ---- */

struct graph *pass_all(const struct graph *g, struct node **roots, int n_roots, struct err *e) {
    static const pass_fn order[] = {pass_stable, pass_means, pass_fold, pass_common, pass_dead};
    struct graph *now = NULL;
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        struct graph *next = order[i](now ? now : g, roots, n_roots, e);
        graph_free(now);
        if (!next) return NULL;
        now = next;
    }
    return now;
}
