/* A computation as data: nodes whose inputs are other nodes, each with its type and shape known
 * when it is added. Nothing is computed here. Meaning of the operations: ops.list and op/.
 *
 * Life: graph_new, leaves (graph_input, graph_weight, graph_constant), graph_add, graph_gradient;
 * then plan_new (plan.h). Nodes live in the graph's arena and are never freed alone. A graph is
 * used by one thread at a time. */
#pragma once
#include "tensor.h"

#define OP(name, arity, rule, flags, help) OP_##name,
enum op {
#include "ops.list"
    OP_COUNT
};
#undef OP

enum op_flag {
    OP_ELEMENTWISE = 1, /* out[i] depends on in[i] only (after broadcasting): may be fused, may run
                           in place */
    OP_RANDOM = 2,      /* draws numbers addressed by (seed, stream, step, element) */
    OP_REDUCE = 4,      /* folds the axes of attrs.axes */
    OP_VIEW = 8,        /* same bytes, another shape */
    OP_WHOLE_NUMBERS = 16, /* result is bool or int64 whatever the input */
};

/* How a window moves over the two middle axes of (batch, height, width, channel): pairs are (down,
 * across). Padding counts as zeros in convolutions and not at all in pooling. */
struct sliding {
    int32_t size[2]; /* pooling only: a convolution's is its kernel's */
    int32_t stride[2], dilation[2];
    int32_t before[2], after[2]; /* padding */
    int32_t groups;              /* convolutions: of channels, each with its own kernels */
};

/* What an operation needs besides its inputs; unused fields are zero. Which op reads which field
 * stands beside it in ops.list. */
/* What warp puts where its map leads out of the image: attrs.axis. */
enum warp_fill { FILL_EDGE, FILL_REFLECT, FILL_ZERO };

struct attrs {
    int32_t axis;            /* one axis, >= 0 */
    uint32_t axes;           /* set of axes, bit i = axis i */
    bool keepdims;           /* reductions: keep folded axes with size 1 */
    bool trans_a, trans_b;   /* matmul: swap the last two axes of an operand */
    enum dtype dtype;        /* cast, makers */
    double a, b;             /* numbers: probability, low and high, slope … */
    int32_t perm[MAX_AXES];  /* transpose: axis i of the result is axis perm[i] of the input */
    struct shape shape;      /* reshape, expand, makers: the result; slice: the counts */
    int64_t begin[MAX_AXES]; /* slice, place */
    int64_t step[MAX_AXES];  /* slice, place: may be negative, never 0 */
    uint64_t stream;         /* random ops */
    struct sliding window;   /* convolutions, pooling */
};

struct node {
    enum op op;
    int32_t id; /* position in the graph: inputs have smaller ids */
    int32_t n_in;
    struct node **in;
    struct attrs attrs;
    struct desc desc;
    struct tensor *constant; /* OP_constant: the value, a reference owned by the graph */
    int32_t index;           /* OP_input: which input; OP_weight: which weight */
    int64_t offset;          /* OP_weight: first element in the block of weights */
    const char *name;        /* interned; inputs, weights and what the student named; or NULL */
    struct span span;        /* the student's text this came from */
};

struct graph;

/* `dtype` is the float type in which the graph computes: DT_FLOAT32 for models, DT_FLOAT64 for
 * maths. In a float32 graph every float is a float32, inputs and constants too. A float64 graph
 * leaves float32 inputs what they are, and mixing gives float64 (language.md 2.4). */
struct graph *graph_new(enum dtype dtype, struct err *e);
void graph_free(struct graph *g);
enum dtype graph_dtype(const struct graph *g);
int graph_n_nodes(const struct graph *g);
struct node *graph_node(const struct graph *g, int id);
int graph_n_inputs(const struct graph *g);
/* One line for each node: "3 add #1, #2: float64 [batch, 3]". */
void graph_print(const struct graph *g, struct text *out);
/* Spans given to nodes added from now on. */
void graph_set_span(struct graph *g, struct span span);

/* Leaves. A weight has the graph's float type. Inputs are numbered 0, 1, … in the order of the
 * calls. Sizes may be unknown, the batch axis is SIZE_BATCH. The constant takes a reference. Each
 * returns NULL on failure. */
struct node *graph_input(struct graph *g, const char *name, const struct desc *d, struct err *e);
struct node *graph_weight(struct graph *g, const char *name, const struct shape *s, int index,
                          int64_t offset, struct err *e);
struct node *graph_constant(struct graph *g, struct tensor *value, struct err *e);
struct node *graph_number(struct graph *g, double x, struct err *e); /* no axes, graph's dtype */

/* Add an operation (a reduction with attrs.axes = 0 folds no axis); its result's description comes
 * from the op's rule, which may refuse with a student's error ({0}, {1}, … stand for the inputs).
 * Elementwise ops broadcast by the language's rule (op/broadcast.c) and insert OP_expand
 * themselves; mixed types are cast. NULL on failure. */
struct node *graph_add(struct graph *g, enum op op, struct node *const *in, int n_in,
                       const struct attrs *attrs, struct err *e);
/* Short forms; attrs NULL means all zero. */
struct node *graph_add1(struct graph *g, enum op op, struct node *a, const struct attrs *attrs,
                        struct err *e);
struct node *graph_add2(struct graph *g, enum op op, struct node *a, struct node *b,
                        const struct attrs *attrs, struct err *e);

/* Append to the graph the derivatives of `of` (a single number) with respect to each of `wrt`
 * (any nodes); out[i] has the shape of wrt[i]. The new nodes are ordinary nodes, so derivatives of
 * derivatives work. Where there is no path, out[i] is a zero constant and `connected[i]` (may be
 * NULL) is false. Reverse mode; Griewank & Walther, Evaluating Derivatives, ch. 3. */
bool graph_gradient(struct graph *g, struct node *of, struct node *const *wrt, int n,
                    struct node **out, bool *connected, struct err *e);

/* The shape rule alone, for checking before anything is built: fills *out. */
bool op_describe(enum op op, const struct desc *const *in, int n_in, const struct attrs *attrs,
                 struct desc *out, struct err *e);
/* One op at once on numbers: same rules and same kernels as a plan. Result is a new reference. */
struct tensor *op_eval(enum op op, struct tensor *const *in, int n_in, const struct attrs *attrs,
                       uint64_t seed, struct err *e);
/* An elementwise operation of one float64 number, without attributes: the same number as op_eval
 * gives. False: there is no kernel for that, or it found a fault. */
bool op_eval_number(enum op op, double x, double *y);

const char *op_name(enum op op);
const char *op_help(enum op op);
unsigned op_flags(enum op op);
int op_arity(enum op op); /* -1: any number of inputs */
