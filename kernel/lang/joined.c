/* Code cells joined to one program. */
#include "joined.h"
#include "lang/syntax/parse.h"
#include <string.h>

/* The value of a cell's last line is shown; in the middle of the joined program that is a call of
 * show. */
static void add_code(const struct program *p, struct str code, struct text *out) {
    const struct ast *last = p->n_statements ? p->statements[p->n_statements - 1] : NULL;
    struct span at = {0, (uint32_t)code.n, (uint32_t)code.n};
    bool shows = last && last->kind == AST_EXPR && last->span.end <= code.n;
    if (shows) at = last->a->span;
    text_add(out, (struct str){code.p, at.start});
    if (shows) text_adds(out, "show(");
    text_add(out, (struct str){code.p + at.start, at.end - at.start});
    if (shows) text_addc(out, ')');
    text_add(out, (struct str){code.p + at.end, code.n - at.end});
    if (!out->n || out->p[out->n - 1] != '\n') text_addc(out, '\n');
}

bool join_code(struct joined *j, struct str code, struct err *e) {
    struct source *source = source_new(code, ++j->n_cells, NULL);
    struct program *program = source ? parse(source, e) : NULL;
    size_t from = j->code.n;
    text_addf(&j->places, "%d %d\n", j->n_cells, j->line);
    if (program) add_code(program, code, &j->code);
    else if (source) text_add(&j->code, code);
    for (size_t k = from; k < j->code.n; k++) j->line += j->code.p[k] == '\n';
    if (program) program_unref(program);
    if (source) source_unref(source);
    return program != NULL;
}

void joined_clear(struct joined *j) {
    text_clear(&j->code);
    text_clear(&j->places);
}
