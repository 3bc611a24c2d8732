/* Which lines of the cell a mistake shows, and where its carets stand. Shared by the plain and the
 * HTML view. */
#pragma once
#include "lang/syntax/source.h"

/* A caret row under a shown line. */
struct error_mark {
    uint32_t start, end; /* bytes of the source, on this line */
    const char *words;   /* beside the caret */
    bool is_main;        /* the mistake itself, not a note */
};

struct error_line {
    int number;
    struct str bytes; /* of the source */
    uint32_t start;   /* offset of bytes in the source */
    struct error_mark marks[ERR_MAX_NOTES + 1];
    int n_marks;
};

struct error_lines {
    const struct source *source; /* NULL: nothing to show */
    struct error_line lines[2 * (ERR_MAX_NOTES + 1)];
    int n;
    int digits; /* of the largest number */
};

/* Sorted by number; each line once. */
void error_lines_find(const struct err *e, struct error_lines *found);
/* Is the note shown below, as a place ("called from cell [3], line 8"), not among the lines? */
bool error_note_is_below(const struct err *e, const struct err_note *note);
void error_note_below(const struct err *e, const struct err_note *note, struct text *out);
/* The line as it is shown: tabs as spaces, broken bytes as U+FFFD, cut around its first mark when
 * it is long. `columns` receives for each mark the column it starts at and its width, or width 0
 * when it has been cut away. */
void error_line_show(const struct error_line *line, struct text *shown,
                     int columns[ERR_MAX_NOTES + 1][2]);
/* The facts, aligned: one line each, without indentation. */
void error_facts(const struct err *e, struct text *out);
/* "ShapeError in cell [7], line 5" without the kind: " in cell [7], line 5" */
void error_place(const struct err *e, struct text *out);
