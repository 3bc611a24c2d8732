/* Shared by the files that implement built-in functions (fn_*.c). */
#pragma once
#include "lang/eval/builtin.h"
#include "lang/eval/eval_parts.h"
#include "lang/eval/tables/tables.h"
#include "base/intern.h"
#include "base/pool.h"

/* Argument i as a number, tensor, node, description or unknown: lists of numbers become tensors.
 * The call keeps the reference: *v is borrowed. False with an error for anything else. */
bool fn_operand(struct call *c, int i, struct value *v);
/* The same as a new reference, for chains of fn_step1 and fn_step2. */
bool fn_take_operand(struct call *c, int i, struct value *v);
/* Its description; unknown values have none and set *known = false. */
bool fn_described(struct call *c, struct value v, struct desc *d);
/* Chains of elementwise steps on values that are given up as they are used. */
bool fn_step1(struct eval *ev, enum op op, struct value *v);                  /* v = op(v) */
bool fn_step2(struct eval *ev, enum op op, struct value *v, struct value by); /* v = op(v, by) */
/* Rows of a tensor, table, list, pair or record of them. */
bool pick_rows(struct eval *ev, struct value v, struct tensor *rows, struct value *out);
/* The random stream of this call: the statement's, or a fixed one for argument seed=…. */
bool fn_stream(struct call *c, int seed_arg, uint64_t *stream);
/* Argument 0 as numbers of another type. */
bool fn_cast(struct call *c, enum dtype to, struct value *out);
/* sort, unique, concat and join of tables and columns. */
bool sort_table(struct call *c, struct value *out);
bool sort_column(struct call *c, bool descending, struct value *out);
bool unique_rows(struct call *c, struct value *out); /* of a known table or column */
bool concat_tables(struct call *c, struct value *out);
bool join_tables(struct call *c, struct value *out);
bool scaler_transform(struct call *c, struct value *out); /* of a V_SCALER */
/* Argument 0 as a network (borrowed). */
bool want_model(struct call *c, struct model_value **m);
/* fit and inverse_transform of a V_ESTIMATOR. */
bool fit_alone(struct call *c, struct value *out);
bool components_back(struct call *c, struct value *out);
/* A one-axis tensor of float64. */
struct tensor *fn_vector(int64_t n, struct err *e);

/* The pieces of a text between separators. */
bool split_text(struct call *c, struct str s, struct str by, struct value *out);

/* Every built-in's function: fn_<name>. */
#define FN(name, group, signature, flags, help, example)                                           \
    bool fn_##name(struct call *c, struct value *out);
#define ELEMENT(name, op, help, example)
#define REDUCE(name, op, help, example)
#include "builtins.list"
#undef FN
#undef ELEMENT
#undef REDUCE
bool fn_element(struct call *c, struct value *out);
bool fn_reduce(struct call *c, struct value *out);
