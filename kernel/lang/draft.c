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

/* Mistakes that belong to the cell, in front; a stop or a lack of memory is none. */
static int keep_own(struct err *found, int n, uint32_t start) {
    int kept = 0;
    for (int i = 0; i < n; i++) {
        bool own = found[i].at.source && found[i].at.start >= start;
        bool mistake = found[i].kind != ERR_INTERRUPT && found[i].kind != ERR_MEMORY;
        if (own && mistake) found[kept++] = found[i];
    }
    return kept;
}

int engine_check_draft(struct engine *en, const struct engine_cell *cell,
                       const struct engine_cell *above, int n_above, uint32_t *start,
                       struct err *found, int most) {
    struct joined j = {.line = 1};
    struct err e = {0};
    int indent, n = 0;
    *start = 0;
    bool readable = can_be_read(cell->code, &e);
    if (!readable && parse_completeness(cell->code, &indent) == CELL_INCOMPLETE) return 0;
    if (join_above(en, above, n_above, &j)) {
        *start = (uint32_t)j.code.n;
        struct engine_cell all = *cell;
        text_add(&j.code, cell->code);
        all.code = text_str(&j.code);
        n = keep_own(found, engine_findings(en, &all, found, most), *start);
    } else if (!readable && most > 0) {
        n = !engine_check(en, cell, found);
    }
    joined_clear(&j);
    return n;
}
