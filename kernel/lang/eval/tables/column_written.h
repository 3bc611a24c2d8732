/* Which column an expression is, by its text: a column's numbers are a tensor without a name. */
#pragma once
#include "lang/eval/eval.h"

struct ast;
/* "price" for t.price, t["price"], t.price[mask], t.price.drop_missing(), .price, and for a name of
 * the notebook that was given one of these; NULL for every other expression, also one that computes
 * something from a column. */
const char *column_written(struct eval *ev, const struct ast *x);
/* After `x = t.price` and `x, y = t.price, t.size`: the names remember their columns. */
void column_names_remember(struct eval *ev, const struct ast *assignment);
