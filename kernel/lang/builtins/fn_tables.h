/* Shared by the files of table verbs. A verb takes a table or, while checking, a description of
 * one; where the rows of its result depend on cells that are not looked at, it describes them. */
#pragma once
#include "fn.h"

/* Argument 0 as a table, borrowed: known or described. An error for anything else. */
bool verb_table(struct call *c, const struct table **t);
/* Are cells to be worked on? Not while checking a large or only described table. */
bool verb_computes(const struct call *c, const struct table *t);
/* A column by its name in quotes, at the place `at`. */
bool verb_column(struct call *c, const struct table *t, struct value name, struct span at,
                 int *column);
enum { VERB_COLUMNS = 4096 };
/* The columns named by the further arguments from `first` of c->rest on: texts and lists of them.
 * All columns if there are none and `all`. *columns: new, pool_free it. */
bool verb_columns(struct call *c, const struct table *t, bool all, int **columns, int *n);
/* The same from one value: a text or a list of texts. */
bool named_columns(struct call *c, const struct table *t, struct value names, struct span at,
                   int **columns, int *n);
/* Result: a table made from here on, or its description. Takes it; false if it is NULL. */
bool verb_result(struct table *take, struct value *out);
/* The rows of t as a table with another, unknown number of rows. */
bool verb_some_rows(struct call *c, const struct table *t, struct value *out);
/* Rows rows[0 … n) of t; takes the array. */
bool verb_pick(struct call *c, const struct table *t, int64_t *take_rows, int64_t n,
               struct value *out);
/* A column for each field of a record; a matrix is a column for each of its own. */
bool record_to_table(struct call *c, const struct record *r, struct value *out);
