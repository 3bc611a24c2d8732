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
/* The same for what as_tensorlike takes: columns of numbers, lists, single numbers. */
bool tensors_binary(struct eval *ev, enum ast_op op, struct value a, struct value b,
                    struct value *out);
/* One comparison of two single numbers; NaN is only unequal. Whole numbers are compared exactly:
 * beyond 2^53 a float64 has no room for the last digits. */
static inline bool compare_numbers(enum ast_op op, struct value a, struct value b) {
    bool whole = a.kind == V_INT && b.kind == V_INT;
    int64_t i = whole ? a.integer : 0, k = whole ? b.integer : 0;
    double x = whole ? 0 : value_number(a), y = whole ? 0 : value_number(b);
    switch (op) {
    case AST_OP_LT: return whole ? i < k : x < y;
    case AST_OP_LE: return whole ? i <= k : x <= y;
    case AST_OP_GT: return whole ? i > k : x > y;
    case AST_OP_GE: return whole ? i >= k : x >= y;
    case AST_OP_EQ: return whole ? i == k : x == y;
    default: return whole ? i != k : x != y;
    }
}
/* Python's // and % for whole numbers: rounded down, the remainder has the sign of b. b is neither
 * 0 nor -1. */
static inline int64_t int_floor_div(int64_t a, int64_t b) {
    int64_t q = a / b;
    return q - ((a % b != 0) && ((a < 0) != (b < 0)));
}
static inline int64_t int_mod(int64_t a, int64_t b) {
    int64_t r = a % b;
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}
const char *operator_sign(enum ast_op op); /* "+" */
/* Are they the same as a whole? */
bool values_equal(struct eval *ev, struct value a, struct value b, bool *same);
/* A number or tensor as a tensor (new reference); a value as a node of the graph being traced. */
struct tensor *value_to_tensor(struct value v, struct err *e);
struct node *value_to_node(struct eval *ev, struct value v);
/* Lists of numbers and shapes become tensors; everything else stays. */
bool as_tensorlike(struct eval *ev, struct value v, struct value *out);
/* Is there room for so many axes? Else the mistake says so. */
bool axes_fit(int n, struct err *e);
bool concat_values(struct eval *ev, const struct value *items, int n, int axis, struct value *out);
