/* `path = append(path, x)` without a copy of path. */
#pragma once
#include "eval.h"

/* The value of a name that may be written to: made by this run of the cell, and held by nobody but
 * the name: a list or a tensor. MISSING otherwise. */
struct value own_value(struct eval *ev, const struct ast *name);

/* Is the statement an assignment of that form, to a name whose old value nobody else can see? Then
 * it is done, or *ok is false. Otherwise nothing has happened yet. */
bool append_in_place(struct eval *ev, const struct ast *s, bool *ok);
