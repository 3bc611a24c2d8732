/* Work that would be lost (language.md 2.15, pass 4). */
#pragma once
#include "lang/syntax/ast.h"

/* The last statement of the body that trains the copy `name`, if nothing reads the copy behind it;
 * else NULL. */
const struct ast *lost_training(struct ast *const *body, int n, const char *name);
