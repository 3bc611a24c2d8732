/* Cells in rows and columns, written once as aligned text and once as an HTML table. Knows no
 * values. */
#pragma once
#include "base/err.h"
#include "base/str.h"
#include "display/palette.h"

enum { SHEET_MAX_COLUMNS = 40 };

/* Zero-initialise, set columns and what differs from zero, add cells row by row. */
struct sheet {
    int columns;
    bool left[SHEET_MAX_COLUMNS]; /* aligned to the left; usual is right */
    int n_header, n_sub_header;   /* rows at the top: names, and smaller ones under them */
    bool first_is_label;          /* the first column names the rows */
    struct text bytes;            /* all cells one after the other */
    size_t *ends;                 /* where each cell ends in bytes */
    uint32_t *fills;              /* ground of each cell: 1rrggbb, or 0 */
    int n, cap;
    bool failed;
};

void sheet_clear(struct sheet *s);
void sheet_cell(struct sheet *s, struct str text);
void sheet_cellf(struct sheet *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The ground of the last cell in HTML; its text becomes black or white, what is read best. */
void sheet_fill(struct sheet *s, struct rgb color);
/* Lines with `indent` spaces before and two between columns; no spaces at line ends. */
void sheet_text(const struct sheet *s, const char *indent, struct text *out);
void sheet_html(const struct sheet *s, struct text *out);

/* Characters of a text as terminals count them. */
int text_columns(struct str s);
/* A paragraph of HTML with the text escaped; `style` may be NULL. */
void html_line(struct text *out, const char *style, struct str s);
