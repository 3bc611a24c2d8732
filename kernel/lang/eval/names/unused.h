/* What the tree of a cell alone says about its names: which are never used, and where one gets its
 * first value. */
#pragma once
#include "lang/syntax/ast.h"

/* Does anything read the name, by the letters alone? */
bool name_is_used(const struct program *p, const char *name);
/* The first statement that gives the name a value, in the text's order; NULL if none does. */
const struct ast *name_first_given(const struct program *p, const char *name);
