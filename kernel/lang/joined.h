/* Cells joined to one program, so that later ones know the names of earlier ones. */
#pragma once
#include "base/err.h"

/* Where a cell lies in the joined program. */
struct joined_cell {
    int number;             /* from 1 */
    int line;               /* its first line in the program, from 1 */
    uint32_t start;         /* its first byte there */
    uint32_t show, unshown; /* where `show(` and `)` were put around its last line; 0 = nowhere */
};

struct joined {
    struct text code;
    struct joined_cell *cells; /* those that are in the program */
    int n, cap;
    int n_cells, line;
};

/* One more cell; `j` starts zeroed with line = 1. False: it cannot be read, and the mistake is that
 * of the cell alone. */
bool join_code(struct joined *j, struct str code, struct err *e);
void joined_clear(struct joined *j);

/* Which of the cells (index into `cells`) a byte of the program lies in, and the byte of the cell
 * as it was written. -1: none. */
int joined_find(const struct joined *j, uint32_t offset, uint32_t *in_cell);
/* A cell as it was written, with a newline at its end. */
bool joined_text(const struct joined *j, int i, struct text *out);
