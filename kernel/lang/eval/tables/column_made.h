/* Columns that a cell makes by name, for hints about those that a table does not have. */
#pragma once
#include "lang/eval/eval.h"

/* Does a statement of the program give the table of that name such a column? Names are interned. */
struct program;
bool column_made_for(const struct program *p, const char *table, const char *name);
/* A hint where the same cell makes the column elsewhere. True: it is written. */
bool hint_column_made(struct eval *ev, const char *name, struct span at);
