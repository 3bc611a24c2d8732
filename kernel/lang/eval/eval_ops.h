/* Operators of the language on values of any domain. Errors have no place yet; {0} and {1} stand
 * for the operands. All results are new references, arguments are borrowed. */
#pragma once
#include "eval.h"

bool apply_binary(struct eval *ev, enum ast_op op, struct value a, struct value b,
                  struct value *out);
bool apply_unary(struct eval *ev, enum ast_op op, struct value a, struct value *out);
bool apply_compare(struct eval *ev, enum ast_op op, struct value a, struct value b,
                   struct value *out);
/* The same for operands that are numbers and tensors already. */
bool tensor_binary(struct eval *ev, enum ast_op op, struct value a, struct value b,
                   struct value *out);
const char *operator_sign(enum ast_op op); /* "+" */
/* Are they the same as a whole? */
bool values_equal(struct eval *ev, struct value a, struct value b, bool *same);
/* A number or tensor as a tensor (new reference); a value as a node of the graph being traced. */
struct tensor *value_to_tensor(struct value v, struct err *e);
struct node *value_to_node(struct eval *ev, struct value v);
/* Lists of numbers and shapes become tensors; everything else stays. */
bool as_tensorlike(struct eval *ev, struct value v, struct value *out);
bool concat_values(struct eval *ev, const struct value *items, int n, int axis, struct value *out);
