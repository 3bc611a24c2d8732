/* What the checker finds in a cell that is being written. */
#include "engine_parts.h"
#include "joined.h"
#include "lang/syntax/parse.h"
#include "base/intern.h"

static bool has_run(const struct engine *en, const char *cell_id) {
    return cell_id && cells_find(en->cells, intern_c(cell_id)) != NULL;
}

/* A mistake in reading the cell needs nothing from elsewhere. */
static bool can_be_read(struct str code, struct err *e) {
    struct source *source = source_new(code, 0, NULL);
    struct program *program = source ? parse(source, e) : NULL;
    if (program) program_unref(program);
    if (source) source_unref(source);
    return program != NULL;
}

/* Those cells above that are still to run; false if one of them cannot be read. */
static bool join_above(const struct engine *en, const struct engine_cell *above, int n,
                       struct joined *j) {
    for (int i = 0; i < n; i++) {
        struct err e = {0};
        if (!above[i].code.n || has_run(en, above[i].cell_id)) continue;
        if (!join_code(j, above[i].code, &e)) return false;
    }
    return true;
}

bool engine_check_draft(struct engine *en, const struct engine_cell *cell,
                        const struct engine_cell *above, int n_above, uint32_t *start,
                        struct err *e) {
    struct joined j = {.line = 1};
    int indent;
    *e = (struct err){0};
    *start = 0;
    if (!can_be_read(cell->code, e)) {
        bool unfinished = parse_completeness(cell->code, &indent) == CELL_INCOMPLETE;
        return unfinished || engine_check(en, cell, e);
    }
    bool ok = true;
    if (join_above(en, above, n_above, &j)) {
        *start = (uint32_t)j.code.n;
        struct engine_cell all = *cell;
        text_add(&j.code, cell->code);
        all.code = text_str(&j.code);
        ok = engine_check(en, &all, e) || e->at.start < *start || !e->at.source;
        if (e->kind == ERR_INTERRUPT || e->kind == ERR_MEMORY) ok = true;
    }
    joined_clear(&j);
    return ok;
}
