/* Rules: what type and shape an operation's result has, or why it cannot be. Private to op/. One
 * function per word in the third column of ops.list. */
#pragma once
#include "prepare.h"

struct rule_call {
    enum op op;
    const struct desc *const *in;
    int n_in;
    const struct attrs *attrs;
    enum dtype real; /* float type of the graph, see prepare.h */
};

/* Fills *p, which starts as zero with cast[] = the operands' own types and out = {0}. */
typedef bool rule_fn(const struct rule_call *c, struct prepared *p, struct err *e);

rule_fn rule_leaf, rule_maker, rule_same, rule_identity, rule_float, rule_bool, rule_cast;
rule_fn rule_arithmetic, rule_divide, rule_power, rule_compare, rule_logic, rule_where;
rule_fn rule_reshape, rule_expand, rule_transpose, rule_slice, rule_place, rule_concat;
rule_fn rule_gather, rule_scatter_add, rule_one_hot;
rule_fn rule_reduce, rule_reduce_float, rule_reduce_bool, rule_reduce_index, rule_count;
rule_fn rule_cumsum, rule_matmul, rule_softmax, rule_softmax_crossentropy;
rule_fn rule_heads_scores, rule_heads_mix, rule_softmax_slope, rule_norm, rule_norm_slope;
rule_fn rule_recur, rule_recur_states, rule_recur_slopes, rule_recur_weight, rule_recur_bias;
rule_fn rule_conv, rule_conv_input, rule_conv_kernel, rule_pool, rule_spread, rule_warp;

/* ---- types (op/types.c) ---- */

/* `t` as the graph has it: float64 becomes float32 in a float32 graph. */
enum dtype type_in(enum dtype t, enum dtype real);
/* The type in which values of one type are computed with: bool counts as int64, uint8 becomes
 * float32, int32 becomes int64. */
enum dtype type_arithmetic(enum dtype t, enum dtype real);
/* The same, but always a float. */
enum dtype type_float(enum dtype t, enum dtype real);
/* One type for several operands; a single number never changes the float type of a tensor. */
enum dtype type_common(const struct desc *const *in, int n_in, enum dtype real);
/* One type in which they can be compared or chosen from: whole numbers stay what they are. */
enum dtype type_comparable(const struct desc *const *in, int n_in, enum dtype real);

/* ---- shapes (op/broadcast.c) ---- */

/* Two operands of an elementwise operation, and their numbers in error texts ({0}, {1} …). */
struct operand_pair {
    const struct shape *shape[2];
    int name[2];
    enum op op;
};

/* Rules 1 to 5 of the language (language.md 2.5). */
bool broadcast_shapes(const struct operand_pair *pair, struct shape *out, struct err *e);
/* Axis of `in` that axis i of `out` comes from, or -1 if it is new; out from broadcast_shapes. */
int broadcast_source(const struct shape *in, const struct shape *out, int i);

/* ---- what is known of the values (op/content.c) ---- */

enum content content_of(const struct rule_call *c, const struct prepared *p);
enum content content_of_number(double x);

/* ---- small helpers (op/rules.c) ---- */

bool rule_axis(const struct shape *s, int axis, struct err *e); /* is there such an axis? */
const char *count_axes(int n, char *out, size_t cap); /* "1 axis", "a single number" … */
