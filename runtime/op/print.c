/* A graph as text, one operation a line: for tests, `explain` and debugging. */
#include "graph.h"

static void print_axes(const struct node *n, struct text *out) {
    if (n->attrs.axes == 0) return;
    text_adds(out, " axes");
    for (int i = 0; i < 32; i++) {
        if (n->attrs.axes >> i & 1) text_addf(out, " %d", i);
    }
}

/* "#1, #2", with ^T for a factor whose last two axes are swapped. */
static void print_inputs(const struct node *n, struct text *out) {
    for (int i = 0; i < n->n_in; i++) {
        bool turned = i == 0 ? n->attrs.trans_a : n->attrs.trans_b;
        text_addf(out, "%s#%d%s", i ? ", " : " ", n->in[i]->id, turned ? "^T" : "");
    }
}

static void print_node(const struct node *n, struct text *out) {
    char shape[256];
    text_addf(out, "%d %s", n->id, op_name(n->op));
    if (n->name) text_addf(out, " %s", n->name);
    print_inputs(n, out);
    if (n->op == OP_fill) text_addf(out, " %g", n->attrs.a);
    if (n->op == OP_constant && n->constant->count == 1) {
        text_addf(out, " %g", tensor_get(n->constant, 0));
    }
    print_axes(n, out);
    text_addf(out, ": %s %s\n", dtype_name(n->desc.dtype),
              shape_print(&n->desc.shape, shape, sizeof shape));
}

void graph_print(const struct graph *g, struct text *out) {
    for (int id = 0; id < graph_n_nodes(g); id++) print_node(graph_node(g, id), out);
}
