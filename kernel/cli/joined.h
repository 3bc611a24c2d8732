/* The code cells of a file as one program, so that later cells know the names of earlier ones. */
#pragma once
#include "lang/joined.h"
#include <jansson.h>

/* Cells that are meant to fail are left out; it ends behind a cell that cannot be read. `j` starts
 * zeroed and is given back with joined_clear. */
void join_cells(struct joined *j, json_t *notebook);
