/* Cells joined to one program, so that later ones know the names of earlier ones. */
#pragma once
#include "base/err.h"

struct joined {
    struct text code;
    struct text places; /* lines "cell-number first-line" */
    int n_cells, line;
};

/* One more cell; `j` starts zeroed with line = 1. False: it cannot be read, and the mistake is that
 * of the cell alone. */
bool join_code(struct joined *j, struct str code, struct err *e);
void joined_clear(struct joined *j);
