/* A computation as data: nodes in an arena, and the table of operations. */
#include "graph.h"
#include "base/arena.h"
#include "base/intern.h"
#include "base/pool.h"
#include "op/build.h"
#include "op/rules.h"
#include "op/written.h"

/* ---- the table of operations ---- */

#define OP(op_title, op_arity_, rule, op_flags_, op_help_)                                         \
    [OP_##op_title] = {.name = #op_title, .arity = op_arity_, .flags = op_flags_, .help = op_help_},
static const struct {
    const char *name;
    int arity;
    unsigned flags;
    const char *help;
} ops[OP_COUNT] = {
#include "ops.list"
};
#undef OP

const char *op_name(enum op op) {
    return ops[op].name;
}

const char *op_help(enum op op) {
    return ops[op].help;
}

unsigned op_flags(enum op op) {
    return ops[op].flags;
}

int op_arity(enum op op) {
    return ops[op].arity;
}

/* ---- the graph ---- */

/* Address space for the nodes of one graph (about 600 bytes each); only what is used is paid. */
static const size_t reserve_bytes = (size_t)64 << 20;

struct graph {
    struct arena *arena;
    enum dtype dtype;
    struct node **node;
    int n, cap, n_inputs;
    struct span span;
};

struct graph *graph_new(enum dtype dtype, struct err *e) {
    struct graph *g = pool_need(sizeof *g, e);
    if (!g) return NULL;
    g->dtype = dtype;
    g->arena = arena_new(reserve_bytes);
    if (!g->arena) {
        pool_free(g);
        return err_memory(e, reserve_bytes), NULL;
    }
    return g;
}

void graph_free(struct graph *g) {
    if (!g) return;
    for (int i = 0; i < g->n; i++) tensor_unref(g->node[i]->constant);
    pool_free(g->node);
    arena_free(g->arena);
    pool_free(g);
}

enum dtype graph_dtype(const struct graph *g) {
    return g->dtype;
}

int graph_n_nodes(const struct graph *g) {
    return g->n;
}

struct node *graph_node(const struct graph *g, int id) {
    return g->node[id];
}

int graph_n_inputs(const struct graph *g) {
    return g->n_inputs;
}

void graph_set_span(struct graph *g, struct span span) {
    g->span = span;
}

struct span graph_span(const struct graph *g) {
    return g->span;
}

static bool room_for_one(struct graph *g, struct err *e) {
    if (g->n < g->cap) return true;
    int cap = g->cap ? g->cap * 2 : 64;
    struct node **node = pool_realloc(g->node, (size_t)cap * sizeof *node);
    if (!node) return err_memory(e, (size_t)cap * sizeof *node);
    g->node = node;
    g->cap = cap;
    return true;
}

struct node *graph_push(struct graph *g, enum op op, struct node *const *in, int n_in,
                        const struct attrs *attrs, const struct desc *desc, struct err *e) {
    if (!room_for_one(g, e)) return NULL;
    struct node *n = arena_alloc(g->arena, sizeof *n);
    struct node **inputs = arena_alloc(g->arena, (size_t)n_in * sizeof *inputs);
    if (!n || !inputs) {
        err_set(e, ERR_MEMORY, "This computation has more than %d operations, which is too many.",
                g->n);
        err_hint(e, "Is a loop laid out step by step inside a model? Use fewer rounds.");
        return NULL;
    }
    for (int i = 0; i < n_in; i++) inputs[i] = in[i];
    n->op = op;
    n->id = g->n;
    n->n_in = n_in;
    n->in = inputs;
    if (attrs) n->attrs = *attrs;
    n->desc = *desc;
    n->span = g->span;
    return g->node[g->n++] = n;
}

struct node *graph_push_copy(struct graph *g, const struct node *old, struct node *const *in,
                             const struct attrs *attrs, const struct desc *desc, struct err *e) {
    struct node *n = graph_push(g, old->op, in, old->n_in, attrs, desc, e);
    if (!n) return NULL;
    n->constant = old->constant ? tensor_ref(old->constant) : NULL;
    n->index = old->index;
    n->offset = old->offset;
    n->name = old->name;
    n->span = old->span;
    if (n->op == OP_input) g->n_inputs++;
    return n;
}

/* ---- leaves ---- */

struct node *graph_input(struct graph *g, const char *name, const struct desc *d, struct err *e) {
    struct desc desc = *d;
    desc.dtype = type_in(d->dtype, g->dtype);
    struct node *n = graph_push(g, OP_input, NULL, 0, NULL, &desc, e);
    if (!n) return NULL;
    n->index = g->n_inputs++;
    n->name = name ? intern_c(name) : NULL;
    return n;
}

struct node *graph_weight(struct graph *g, const char *name, const struct shape *s, int index,
                          int64_t offset, struct err *e) {
    const struct desc desc = {.dtype = g->dtype, .shape = *s};
    struct node *n = graph_push(g, OP_weight, NULL, 0, NULL, &desc, e);
    if (!n) return NULL;
    n->index = index;
    n->offset = offset;
    n->name = name ? intern_c(name) : NULL;
    return n;
}

/* What holds for all of a few numbers; larger tensors are not looked through. */
static enum content content_of_tensor(const struct tensor *t) {
    enum { LOOK = 256 };
    enum content all = CONTENT_PROBABILITY;
    if (t->count > LOOK || t->count == 0) return CONTENT_ANY;
    for (int64_t i = 0; i < t->count; i++) {
        enum content one = content_of_number(tensor_get(t, i));
        if (one < all) all = one;
    }
    return all;
}

struct node *graph_constant(struct graph *g, struct tensor *value, struct err *e) {
    struct tensor *t = tensor_cast(value, type_in(value->dtype, g->dtype), e);
    if (!t) return NULL;
    struct desc desc = tensor_desc(t);
    desc.content = content_of_tensor(t);
    struct node *n = graph_push(g, OP_constant, NULL, 0, NULL, &desc, e);
    if (!n) return tensor_unref(t), NULL;
    n->constant = t;
    return n;
}

struct node *graph_number(struct graph *g, double x, struct err *e) {
    struct tensor *t = tensor_scalar(x, e);
    if (!t) return NULL;
    struct node *n = graph_constant(g, t, e);
    tensor_unref(t);
    return n;
}

/* ---- operations ---- */

/* An operand as the op takes it: cast and repeated by nodes of its own where needed. */
static struct node *prepare_operand(struct graph *g, const struct prepared *p, struct node *x,
                                    int i, struct err *e) {
    struct operand_steps steps;
    op_operand_steps(p, &x->desc, i, &steps);
    for (int k = 0; k < steps.n && x; k++) {
        x = graph_add1(g, steps.step[k].op, x, &steps.step[k].attrs, e);
    }
    return x;
}

static struct node *add_prepared(struct graph *g, enum op op, struct node *const *in, int n_in,
                                 const struct attrs *attrs, const struct desc **descs,
                                 struct node **ready, struct err *e) {
    struct prepared p;
    for (int i = 0; i < n_in; i++) descs[i] = &in[i]->desc;
    if (!op_prepare(op, descs, n_in, attrs, g->dtype, &p, e)) return NULL;
    for (int i = 0; i < n_in; i++) {
        ready[i] = prepare_operand(g, &p, in[i], i, e);
        if (!ready[i]) return NULL;
    }
    if (op == OP_div) {
        enum content known = written_content(ready[0], ready[1]);
        if (known > p.out.content) p.out.content = known;
    }
    struct attrs final = op_final_attrs(op, attrs, &p);
    return graph_push(g, op, ready, n_in, &final, &p.out, e);
}

struct node *graph_add(struct graph *g, enum op op, struct node *const *in, int n_in,
                       const struct attrs *attrs, struct err *e) {
    enum { FEW = 16 };
    const struct desc *few_descs[FEW];
    struct node *few_nodes[FEW];
    struct attrs power = attrs ? *attrs : (struct attrs){0};
    if (op == OP_pow && n_in == 2 && in[1]->op == OP_constant && op_pow_is_float(in[1]->constant)) {
        power.a = 1;
        attrs = &power;
    }
    if (n_in <= FEW) return add_prepared(g, op, in, n_in, attrs, few_descs, few_nodes, e);
    const struct desc **descs = pool_need((size_t)n_in * sizeof *descs, e);
    struct node **nodes = descs ? pool_need((size_t)n_in * sizeof *nodes, e) : NULL;
    struct node *n = nodes ? add_prepared(g, op, in, n_in, attrs, descs, nodes, e) : NULL;
    pool_free(descs);
    pool_free(nodes);
    return n;
}

struct node *graph_add1(struct graph *g, enum op op, struct node *a, const struct attrs *attrs,
                        struct err *e) {
    return graph_add(g, op, &a, 1, attrs, e);
}

struct node *graph_add2(struct graph *g, enum op op, struct node *a, struct node *b,
                        const struct attrs *attrs, struct err *e) {
    struct node *in[2] = {a, b};
    return graph_add(g, op, in, 2, attrs, e);
}
