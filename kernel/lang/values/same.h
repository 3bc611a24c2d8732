/* Is a value that a cell has made anew the same as the one it made before, and how much memory
 * would be free without it? Compares contents, not addresses; what cannot be compared cheaply
 * counts as changed. */
#pragma once
#include "value.h"

bool value_same(struct value a, struct value b);
/* Bytes that only this reference keeps alive; what others hold too counts as nothing. */
size_t value_own_bytes(struct value v);
