/* A hint for a column that a table does not have, where the same cell makes it elsewhere. */
#pragma once
#include "lang/eval/eval.h"

/* True: the hint is written. `name` is interned. */
bool hint_column_made(struct eval *ev, const char *name, struct span at);
