/* What a half-written cell would be: the value of an expression in it, described without running
 * anything. For completion and help. */
#pragma once
#include "engine_parts.h"

/* The value of `object` behind the statements of `before`: a description for anything large, kind
 * UNKNOWN when it cannot be told. New value. */
struct value describe_at(struct engine *en, struct str before, struct str object);
/* Where the top-level statement that holds the offset begins. */
uint32_t statement_start(struct str code, uint32_t offset);
