/* check: the checks that come before a cell runs, for whole files; nothing is run. The code cells
 * of a file are checked as one program, so that later cells know the names of earlier ones. */
#include "cli/cli.h"
#include "cli/joined.h"
#include "display/error_view.h"
#include "lang/engine.h"
#include "lang/syntax/source.h"
#include "session/notebook.h"
#include "base/pool.h"
#include <stdio.h>
#include <unistd.h>

enum { MOST_FINDINGS = 10 };

/* A place in the joined program becomes one in its cell as it was written. */
static void move_span(const struct joined *j, struct source *const *sources, struct span *at) {
    const struct source *all = source_find(at->source);
    uint32_t start, end;
    if (!all || all->cell_number != 1 || all->text.n != j->code.n) return; /* an imported file */
    int i = joined_find(j, at->start, &start);
    if (i < 0 || !sources[i] || joined_find(j, at->end, &end) != i) return;
    *at = (struct span){sources[i]->id, start, end};
}

static void print_place(const char *file, const struct joined *j, struct source *const *sources,
                        struct span at) {
    const struct source *source = source_find(at.source);
    int line = 0, column = 0, i = j->n - 1;
    while (i >= 0 && sources[i] != source) i--;
    if (source) source_position(source, at.start, &line, &column);
    if (i < 0) printf("%s:\n", file);
    else if (str_ends(str_of(file), ".ipynb"))
        printf("%s: cell %d, line %d:\n", file, j->cells[i].number, line);
    else printf("%s:%d:%d:\n", file, j->cells[i].line + line - 1, column);
}

/* Each cell as it was written, for the lines that are shown; NULL without memory. */
static struct source **cell_sources(const struct joined *j) {
    struct source **sources = pool_zalloc((size_t)(j->n + 1) * sizeof(struct source *));
    for (int i = 0; sources && i < j->n; i++) {
        struct text code = {0};
        joined_text(j, i, &code);
        sources[i] = source_new(text_str(&code), j->cells[i].number, NULL);
        text_clear(&code);
    }
    return sources;
}

static void report(const char *file, struct err *e, const struct joined *j,
                   struct source *const *sources) {
    struct text view = {0};
    if (sources) {
        move_span(j, sources, &e->at);
        for (int i = 0; i < e->n_notes; i++) move_span(j, sources, &e->notes[i].at);
        print_place(file, j, sources, e->at);
    }
    error_view_text(e, isatty(STDOUT_FILENO), &view);
    fwrite(view.p, 1, view.n, stdout);
    if (!str_ends(text_str(&view), "\n")) putchar('\n');
    text_clear(&view);
}

static void report_all(const char *file, struct err *found, int n, const struct joined *j) {
    struct source **sources = cell_sources(j);
    for (int i = 0; i < n; i++) {
        if (i) putchar('\n');
        report(file, &found[i], j, sources);
    }
    if (n == 0) printf("%s: fine\n", file);
    for (int i = 0; sources && i < j->n; i++) source_unref(sources[i]);
    pool_free(sources);
}

static bool check_file(const char *file) {
    struct err e = {0};
    struct joined joined = {.n_cells = 0};
    json_t *notebook = notebook_load(file, &e);
    struct engine *en = notebook ? engine_new(&e) : NULL;
    struct err *found = en ? pool_need(MOST_FINDINGS * sizeof *found, &e) : NULL;
    int n = 1;
    if (found) {
        join_cells(&joined, notebook);
        struct engine_cell cell = {.code = text_str(&joined.code), .cell_id = file, .number = 1};
        n = engine_findings(en, &cell, found, MOST_FINDINGS);
        report_all(file, found, n, &joined);
    } else {
        cli_failed(&e);
    }
    pool_free(found);
    engine_free(en);
    json_decref(notebook);
    joined_clear(&joined);
    return n == 0;
}

int cli_check(int argc, char **argv) {
    bool ok = true;
    if (!argc) return cli_misused("check needs files");
    for (int i = 0; i < argc; i++) {
        if (!check_file(argv[i])) ok = false;
    }
    return ok ? STATUS_DONE : STATUS_FAILED;
}
