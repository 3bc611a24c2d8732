/* Making nodes without rules: for code whose operands are prepared already. Private to op/ and to
 * nn/'s copies. */
#pragma once
#include "prepare.h"

/* A node as it is described; attrs and desc are copied. */
struct node *graph_push(struct graph *g, enum op op, struct node *const *in, int n_in,
                        const struct attrs *attrs, const struct desc *desc, struct err *e);
/* The same leaf or operation in graph g, with other inputs. Inputs must be copied in order. */
struct node *graph_push_copy(struct graph *g, const struct node *old, struct node *const *in,
                             const struct attrs *attrs, const struct desc *desc, struct err *e);
/* The span given to new nodes, as graph_set_span left it. */
struct span graph_span(const struct graph *g);
