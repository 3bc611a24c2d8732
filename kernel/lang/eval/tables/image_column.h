/* Columns of pictures (COLUMN_IMAGE) as values. */
#pragma once
#include "lang/builtins/fn.h"

/* All pictures of a column: uint8 [row, height, width, channel]. An error, with the numbers, when
 * they are too many to be in memory at once. */
bool image_column(struct eval *ev, const struct column *c, int64_t n_rows, struct value *out);
/* One, of whatever size; kind MISSING after an error. */
struct value image_cell(struct eval *ev, const struct column *c, int64_t row);
