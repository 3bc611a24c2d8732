/* Operators on columns that are no tensors (texts, times, categories, numbers with missing cells)
 * and on single times. Missing cells stay missing in arithmetic; a comparison with one is False,
 * `!=` True. `column == None` asks which cells are missing. */
#pragma once
#include "lang/eval/eval.h"

/* A column or a time, known or described: these functions are for it. */
bool is_columnar(struct value v);
bool column_binary(struct eval *ev, enum ast_op op, struct value a, struct value b,
                   struct value *out);
bool column_unary(struct eval *ev, enum ast_op op, struct value a, struct value *out);
bool column_compare(struct eval *ev, enum ast_op op, struct value a, struct value b,
                    struct value *out);
/* A tensor's elements that are in the set (a list or tensor): True or False for each. */
bool each_in(struct eval *ev, struct value xs, struct value set, bool in, struct value *out);
/* For `and`, `or`, `not`, filter: a column of bools as a tensor, missing = False. Others stay. */
bool column_truth(struct eval *ev, struct value v, struct value *out);
/* A tensor along `row` stays one unless it holds NaN: then it is a column with missing cells. Takes
 * the tensor. */
bool numbers_as_column(struct eval *ev, struct value take, const char *name, struct value *out);
/* The only column of a columnar value, or NULL for a time. */
const struct column *column_of(struct value v);
/* A text as a time, if one stands beside times: "2019-03-01". */
bool as_time(struct eval *ev, struct value v, double *t);
/* A description of as many bools, numbers … along `row`. */
bool describe_rows(struct eval *ev, int64_t n_rows, enum dtype type, struct value *out);
