/* Between tables of the runtime and values of the language. */
#pragma once
#include "lang/eval/eval.h"

/* A column as a value: a tensor along the axis `row`, or a list of texts. */
bool table_column(struct eval *ev, const struct table *t, int column, struct value *out);
bool table_names(struct eval *ev, const struct table *t, struct value *out); /* list of texts */
bool table_row(struct eval *ev, const struct table *t, int64_t row, struct value *out); /* record */
/* A new table from names and columns (tensors of one axis, lists of texts, single values repeated).
 */
bool table_make(struct eval *ev, const char *const *names, const struct value *columns, int n,
                struct value *out);
/* t with one column replaced or added. */
bool table_with(struct eval *ev, const struct table *t, const char *name, struct value column,
                struct value *out);
/* A tensor along the axis `row` owned by nobody else. */
int64_t value_length(struct value v); /* as len(): -1 if it has none or it is unknown */
