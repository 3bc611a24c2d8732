/* Code cells joined to one program. */
#include "joined.h"
#include "lang/syntax/parse.h"
#include "base/pool.h"
#include <string.h>

static const struct str show = {"show(", 5};

/* The value of a cell's last line is shown; in the middle of the joined program that is a call of
 * show. */
static void add_code(struct joined *j, const struct program *p, struct str code) {
    struct text *out = &j->code;
    struct joined_cell *cell = &j->cells[j->n - 1];
    const struct ast *last = p->n_statements ? p->statements[p->n_statements - 1] : NULL;
    struct span at = {0, (uint32_t)code.n, (uint32_t)code.n};
    bool shows = last && last->kind == AST_EXPR && last->span.end <= code.n;
    if (shows) at = last->a->span;
    text_add(out, (struct str){code.p, at.start});
    if (shows) cell->show = (uint32_t)out->n, text_add(out, show);
    text_add(out, (struct str){code.p + at.start, at.end - at.start});
    if (shows) cell->unshown = (uint32_t)out->n, text_addc(out, ')');
    text_add(out, (struct str){code.p + at.end, code.n - at.end});
}

static bool add_cell(struct joined *j, struct err *e) {
    if (j->n == j->cap) {
        int cap = j->cap ? 2 * j->cap : 16;
        struct joined_cell *grown = pool_realloc(j->cells, (size_t)cap * sizeof *grown);
        if (!grown) return err_memory(e, (size_t)cap * sizeof *grown);
        j->cells = grown;
        j->cap = cap;
    }
    j->cells[j->n++] =
        (struct joined_cell){.number = j->n_cells, .line = j->line, .start = (uint32_t)j->code.n};
    return true;
}

bool join_code(struct joined *j, struct str code, struct err *e) {
    struct source *source = source_new(code, ++j->n_cells, NULL);
    struct program *program = source ? parse(source, e) : NULL;
    size_t from = j->code.n;
    bool ok = source && add_cell(j, e);
    if (ok && program) add_code(j, program, code);
    else if (ok) text_add(&j->code, code);
    if (j->code.n > from && j->code.p[j->code.n - 1] != '\n') text_addc(&j->code, '\n');
    for (size_t k = from; k < j->code.n; k++) j->line += j->code.p[k] == '\n';
    if (program) program_unref(program);
    if (source) source_unref(source);
    return ok && program != NULL;
}

void joined_clear(struct joined *j) {
    text_clear(&j->code);
    pool_free(j->cells);
    j->cells = NULL;
    j->n = j->cap = 0;
}

int joined_find(const struct joined *j, uint32_t offset, uint32_t *in_cell) {
    int i = j->n - 1;
    while (i >= 0 && j->cells[i].start > offset) i--;
    if (i < 0) return -1;
    const struct joined_cell *cell = &j->cells[i];
    uint32_t extra = 0, show_n = (uint32_t)show.n;
    bool shows = cell->unshown > 0;
    if (shows && offset > cell->show) {
        extra += offset - cell->show < show_n ? offset - cell->show : show_n;
    }
    if (shows && offset > cell->unshown) extra++;
    *in_cell = offset - cell->start - extra;
    return i;
}

bool joined_text(const struct joined *j, int i, struct text *out) {
    const struct joined_cell *cell = &j->cells[i];
    size_t end = i + 1 < j->n ? j->cells[i + 1].start : j->code.n, from = cell->start;
    if (cell->unshown) {
        text_add(out, (struct str){j->code.p + from, cell->show - from});
        from = cell->show + show.n;
        text_add(out, (struct str){j->code.p + from, cell->unshown - from});
        from = cell->unshown + 1;
    }
    return text_add(out, (struct str){j->code.p + from, end - from});
}
