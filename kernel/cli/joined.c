/* The code cells of a file joined to one program. */
#include "cli/joined.h"
#include "session/notebook.h"

static bool join_cell(struct joined *j, const json_t *cell, struct err *e) {
    struct text text = {0};
    notebook_source(cell, &text);
    bool ok = join_code(j, text_str(&text), e);
    text_clear(&text);
    return ok;
}

void join_cells(struct joined *j, json_t *notebook) {
    json_t *cell;
    size_t i;
    j->line = 1;
    json_array_foreach(notebook_cells(notebook), i, cell) {
        struct err e = {0};
        if (!notebook_is_code(cell)) continue;
        if (notebook_may_fail(cell)) j->n_cells++;
        else if (!join_cell(j, cell, &e)) break; /* checking finds the same mistake */
    }
}
