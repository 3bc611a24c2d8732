/* Graph operations as nested expressions, and copies of graphs. */
#include "compose.h"

struct node *op1(struct graph *g, enum op op, struct node *a, struct err *e) {
    return a ? graph_add1(g, op, a, NULL, e) : NULL;
}

struct node *op2(struct graph *g, enum op op, struct node *a, struct node *b, struct err *e) {
    return a && b ? graph_add2(g, op, a, b, NULL, e) : NULL;
}

struct node *op3(struct graph *g, enum op op, struct node *a, struct node *b, struct node *c,
                 struct err *e) {
    struct node *in[] = {a, b, c};
    return a && b && c ? graph_add(g, op, in, 3, NULL, e) : NULL;
}

struct node *op_number(struct graph *g, enum op op, struct node *a, double b, struct err *e) {
    return a ? op2(g, op, a, graph_number(g, b, e), e) : NULL;
}

struct node *op_along(struct graph *g, enum op op, struct node *a, int axis, struct err *e) {
    if (!a) return NULL;
    struct attrs attrs = {.axis = axis < 0 ? a->desc.shape.n + axis : axis};
    return graph_add1(g, op, a, &attrs, e);
}

struct node *op_fold(struct graph *g, enum op op, struct node *a, uint32_t axes, bool keep,
                     struct err *e) {
    if (!a) return NULL;
    struct attrs attrs = {.axes = axes, .keepdims = keep};
    return graph_add1(g, op, a, &attrs, e);
}

struct node *op_reshape(struct graph *g, struct node *a, const struct shape *s, struct err *e) {
    if (!a) return NULL;
    struct attrs attrs = {.shape = *s};
    return graph_add1(g, OP_reshape, a, &attrs, e);
}

struct node *op_float(struct graph *g, struct node *a, struct err *e) {
    if (!a || a->desc.dtype == graph_dtype(g)) return a;
    struct attrs attrs = {.dtype = graph_dtype(g)};
    return graph_add1(g, OP_cast, a, &attrs, e);
}

struct node *op_random(struct graph *g, enum op op, const struct node *like, double p,
                       uint64_t stream, struct err *e) {
    if (!like) return NULL;
    struct attrs attrs = {.shape = like->desc.shape,
                          .dtype = op == OP_bernoulli ? DT_BOOL : graph_dtype(g),
                          .a = p,
                          .stream = stream};
    return graph_add(g, op, NULL, 0, &attrs, e);
}

uint32_t axes_from(const struct node *a, int skip) {
    uint32_t all = (1u << a->desc.shape.n) - 1;
    return all & ~((1u << skip) - 1);
}

uint32_t axes_but_last(const struct node *a) {
    return a->desc.shape.n ? (1u << (a->desc.shape.n - 1)) - 1 : 0;
}

static struct node *copy_node(struct graph *to, const struct node *n, struct node *const *map,
                              struct err *e) {
    graph_set_span(to, n->span);
    if (n->op == OP_input) return graph_input(to, n->name, &n->desc, e);
    if (n->op == OP_weight)
        return graph_weight(to, n->name, &n->desc.shape, n->index, n->offset, e);
    if (n->op == OP_constant) return graph_constant(to, n->constant, e);
    struct node *in[16];
    if (n->n_in > (int)ARRAY_LEN(in)) {
        err_set(e, ERR_NOT_YET, "A model cannot join more than %d tensors at once yet.",
                (int)ARRAY_LEN(in));
        return NULL;
    }
    for (int i = 0; i < n->n_in; i++) in[i] = map[n->in[i]->id];
    return graph_add(to, n->op, in, n->n_in, &n->attrs, e);
}

bool graph_copy(struct graph *to, const struct graph *from, struct node **map, struct err *e) {
    int n = graph_n_nodes(from);
    for (int i = 0; i < n; i++) {
        const struct node *node = graph_node(from, i);
        if (map[i]) continue;
        TRY(map[i] = copy_node(to, node, map, e));
        map[i]->name = node->name;
        map[i]->desc = node->desc; /* layers write axis names there */
    }
    return true;
}
