/* Graph operations as nested expressions: each function passes a failure (NULL) on, so that a
 * formula can be written in one piece and checked once at its end. Private to nn/. */
#pragma once
#include "../graph.h"

struct node *op1(struct graph *g, enum op op, struct node *a, struct err *e);
struct node *op2(struct graph *g, enum op op, struct node *a, struct node *b, struct err *e);
struct node *op3(struct graph *g, enum op op, struct node *a, struct node *b, struct node *c,
                 struct err *e);
/* The same with a number as second operand, in the graph's float type. */
struct node *op_number(struct graph *g, enum op op, struct node *a, double b, struct err *e);
/* Along one axis; negative counts from the end. */
struct node *op_along(struct graph *g, enum op op, struct node *a, int axis, struct err *e);
/* Fold a set of axes (bit i = axis i). */
struct node *op_fold(struct graph *g, enum op op, struct node *a, uint32_t axes, bool keep,
                     struct err *e);
struct node *op_reshape(struct graph *g, struct node *a, const struct shape *s, struct err *e);
/* As the graph's float type; nothing happens if it is one already. */
struct node *op_float(struct graph *g, struct node *a, struct err *e);
/* A maker of random numbers with a's shape. */
struct node *op_random(struct graph *g, enum op op, const struct node *like, double p,
                       uint64_t stream, struct err *e);
/* All axes but the first `skip` as a set. */
uint32_t axes_from(const struct node *a, int skip);
/* All axes but the last. */
uint32_t axes_but_last(const struct node *a);

/* Copy every node of `from` into `to`; map[id] becomes the copy of node id. A map entry that is set
 * beforehand is used instead of a copy; map has graph_n_nodes(from) entries. */
bool graph_copy(struct graph *to, const struct graph *from, struct node **map, struct err *e);
