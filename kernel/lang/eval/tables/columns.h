/* Columns with a leading dot: inside a table verb, `.price` is the column of the table at hand.
 * Where that table is in groups, an argument is worked out for each group: expressions of
 * aggregates, operators and elementwise functions for all groups at once, anything else group by
 * group. */
#pragma once
#include "lang/eval/eval_parts.h"
#include "lang/eval/builtin.h"

bool eval_column(struct eval *ev, const struct ast *x, struct value *out);
/* An argument of the table verb `verb` on `first`. */
bool eval_verb_argument(struct eval *ev, const struct builtin *verb, const struct value *first,
                        const struct ast *x, struct value *out);
/* Built-ins on columns and times, where columns change what they do (see column_call.c). *done =
 * false: nothing was changed, the function is to be called as it is. */
bool column_call(struct call *c, bool *done, struct value *out);
/* A fitted scaler applied to numbers, or taken back: fn_scalers.c. */
bool scaler_apply(struct eval *ev, const struct scaler_value *s, struct value v, bool inverse,
                  struct value *out);
/* The built-in's aggregate, if it is one: "mean" -> AGGREGATE_MEAN. */
bool aggregate_of(const struct builtin *b, int *how);
/* One value for each group: rows are a column or tensor of the groups' rows, or MISSING for
 * count(). */
bool aggregate_value(struct eval *ev, struct value rows, const struct row_groups *g, int how,
                     double q, struct value *out);
