/* check: the checks that come before a cell runs, for whole files; nothing is run. The code cells
 * of a file are checked as one program, so that later cells know the names of earlier ones. */
#include "cli/cli.h"
#include "display/error_view.h"
#include "lang/engine.h"
#include "lang/syntax/parse.h"
#include "session/notebook.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

struct joined {
    struct text code;
    struct text places; /* lines "cell-number first-line" */
    int n_cells, line;
};

/* False: the cell cannot be read, and the mistake is that of the cell alone. */
static bool join_cell(struct joined *j, const json_t *cell, struct err *e) {
    struct text text = {0};
    notebook_source(cell, &text);
    struct str code = text_str(&text);
    struct source *source = source_new(code, ++j->n_cells, NULL);
    struct program *program = source ? parse(source, e) : NULL;
    size_t from = j->code.n;
    text_addf(&j->places, "%d %d\n", j->n_cells, j->line);
    if (program) add_code(program, code, &j->code);
    else if (source) text_add(&j->code, code);
    for (size_t k = from; k < j->code.n; k++) j->line += j->code.p[k] == '\n';
    if (program) program_unref(program);
    if (source) source_unref(source);
    text_clear(&text);
    return program != NULL;
}

/* Cells that are meant to fail are left out. */
static void join_cells(struct joined *j, json_t *notebook) {
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

/* Which cell a line of the joined program lies in, and its line there. */
static void find_cell(const char *places, int line, int *cell, int *line_in_cell) {
    int number, start;
    *cell = 1;
    *line_in_cell = line;
    while (sscanf(places, "%d %d", &number, &start) == 2 && start <= line) {
        *cell = number;
        *line_in_cell = line - start + 1;
        places = strchr(places, '\n') + 1;
        if (!*places) break;
    }
}

static void report(const char *file, const struct err *e, const char *places, bool has_cells) {
    struct text view = {0};
    const struct source *source = source_find(e->at.source);
    int line = 0, column = 0, cell, line_in_cell;
    if (source) source_position(source, e->at.start, &line, &column);
    find_cell(places, line, &cell, &line_in_cell);
    if (has_cells && line) printf("%s: cell %d, line %d:\n", file, cell, line_in_cell);
    else if (line) printf("%s:%d:%d:\n", file, line, column);
    else printf("%s:\n", file);
    error_view_text(e, isatty(STDOUT_FILENO), &view);
    fwrite(view.p, 1, view.n, stdout);
    if (!str_ends(text_str(&view), "\n")) putchar('\n');
    text_clear(&view);
}

static bool check_file(const char *file) {
    struct err e = {0};
    struct joined joined = {.n_cells = 0};
    json_t *notebook = notebook_load(file, &e);
    struct engine *en = notebook ? engine_new(&e) : NULL;
    if (!en) {
        json_decref(notebook);
        return cli_failed(&e), false;
    }
    join_cells(&joined, notebook);
    struct engine_cell cell = {.code = text_str(&joined.code), .cell_id = file, .number = 1};
    bool ok = engine_check(en, &cell, &e);
    if (ok) printf("%s: fine\n", file);
    else report(file, &e, joined.places.p ? joined.places.p : "", str_ends(str_of(file), ".ipynb"));
    engine_free(en);
    json_decref(notebook);
    text_clear(&joined.code);
    text_clear(&joined.places);
    return ok;
}

int cli_check(int argc, char **argv) {
    bool ok = true;
    if (!argc) return cli_misused("check needs files");
    for (int i = 0; i < argc; i++) {
        if (!check_file(argv[i])) ok = false;
    }
    return ok ? STATUS_DONE : STATUS_FAILED;
}
