/* check: the checks that come before a cell runs, for whole files; nothing is run. The code cells
 * of a file are checked as one program, so that later cells know the names of earlier ones. */
#include "cli/cli.h"
#include "cli/joined.h"
#include "display/error_view.h"
#include "lang/engine.h"
#include "lang/syntax/source.h"
#include "session/notebook.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
    joined_clear(&joined);
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
