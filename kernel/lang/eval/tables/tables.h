/* Between tables of the runtime and values of the language. While checking, large columns and
 * those of tables that are only described become descriptions. */
#pragma once
#include "lang/eval/eval.h"

/* A column as a value: numbers, whole numbers and bools without missing cells are a tensor along
 * the axis `row`; everything else is a V_COLUMN. */
bool table_column(struct eval *ev, const struct table *t, int column, struct value *out);
struct value table_cell(struct eval *ev, const struct column *c, int64_t row); /* one cell */
bool table_names(struct eval *ev, const struct table *t, struct value *out);   /* list of texts */
bool table_row(struct eval *ev, const struct table *t, int64_t row, struct value *out); /* record */
/* A new table from names and columns (tensors of one axis, columns, lists, single values
 * repeated); while checking, a description if a column is only described. */
bool table_make(struct eval *ev, const char *const *names, const struct value *columns, int n,
                struct value *out);
/* The first column whose length differs from those before it, or -1. */
int table_odd_column(const struct value *columns, int n);
/* t (maybe a description) with one column replaced or added. */
bool table_with(struct eval *ev, const struct table *t, const char *name, struct value column,
                struct value *out);
/* Column i of t, which is not made yet, from such a value; t's rows count. */
bool table_put(struct eval *ev, struct table *t, int i, const char *name, struct value v);
/* V_TABLE, or V_TABLE_DESC if the table has columns without cells or unknown rows. */
struct value table_value(struct table *take);
bool table_is_described(const struct table *t);
/* One column as a value: a table of it, or a tensor where nothing is missing. Takes the table. */
bool column_as_value(struct eval *ev, struct table *take, struct value *out);
/* Numbers of a column as float64 (missing: NaN), of a category as int64, along `row`. */
struct tensor *column_tensor(struct eval *ev, const struct column *c, int64_t n_rows);
/* An ERR_COLUMN for a name that t does not have, with the nearest one that it has. */
bool no_such_column(struct eval *ev, const struct table *t, struct str name, struct span at);
/* All columns side by side, [row, column] (table_to_tensor), or what is known of that. */
bool table_as_tensor(struct eval *ev, const struct table *t, struct value *out);
int64_t value_length(struct value v); /* as len(): -1 if it has none or it is unknown */
