/* A mistake as HTML: the same parts as the plain view, callers folded. Colours come from the front
 * end's own variables, with values that can be read on any ground. */
#include "error_view.h"
#include "error_lines.h"
#include <string.h>

static void escaped(struct str s, struct text *out) {
    for (size_t i = 0; i < s.n; i++) {
        switch (s.p[i]) {
        case '&': text_adds(out, "&amp;"); break;
        case '<': text_adds(out, "&lt;"); break;
        case '>': text_adds(out, "&gt;"); break;
        case '"': text_adds(out, "&quot;"); break;
        case '\'': text_adds(out, "&#39;"); break;
        default: text_addc(out, s.p[i]);
        }
    }
}

#define RED "color:var(--jp-error-color1,#d33a2c)"
#define QUIET "opacity:.65"
#define CODE                                                                                       \
    "font-family:var(--jp-code-font-family,monospace);white-space:pre;overflow-x:auto;"            \
    "margin:.5em 0;line-height:1.4"

static void add_title(const struct err *e, struct text *out) {
    struct text place = {0};
    error_place(e, &place);
    text_addf(out, "<div><b style=\"" RED "\">%s</b>", err_title(e->kind));
    escaped(text_str(&place), out);
    text_adds(out, "</div>\n");
    text_clear(&place);
}

static void caret_row(const struct error_mark *m, const int column[2], int digits,
                      struct text *out) {
    if (column[1] == 0) return;
    text_addf(out, "<span style=\"" QUIET "\">%*s|</span>%*s", digits + 3, "", column[0] + 1, "");
    text_adds(out, m->is_main ? "<b style=\"" RED "\">" : "<span style=\"" QUIET "\">");
    for (int i = 0; i < column[1]; i++) text_addc(out, m->is_main ? '^' : '-');
    text_addc(out, ' ');
    escaped(str_of(m->words), out);
    text_adds(out, m->is_main ? "</b>\n" : "</span>\n");
}

static void add_lines(const struct err *e, struct text *out) {
    struct error_lines f;
    error_lines_find(e, &f);
    if (f.n == 0) return;
    text_adds(out, "<pre style=\"" CODE "\">");
    for (int i = 0; i < f.n; i++) {
        const struct error_line *line = &f.lines[i];
        if (i > 0 && line->number > f.lines[i - 1].number + 1) {
            text_addf(out, "%*s⋮\n", f.digits + 3, "");
        }
        struct text shown = {0};
        int columns[ERR_MAX_NOTES + 1][2];
        error_line_show(line, &shown, columns);
        text_addf(out, "<span style=\"" QUIET "\">%*d |</span> ", f.digits + 2, line->number);
        escaped(text_str(&shown), out);
        text_addc(out, '\n');
        for (int m = 0; m < line->n_marks; m++) {
            caret_row(&line->marks[m], columns[m], f.digits, out);
        }
        text_clear(&shown);
    }
    text_adds(out, "</pre>\n");
}

/* Prose in paragraphs, indented lines as code. */
static void add_prose(const char *text, struct text *out) {
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, "\n");
        struct str line = {p, n};
        bool is_code = str_starts(line, "    ");
        if (n) {
            text_adds(out, is_code ? "<pre style=\"" CODE "\">" : "<div>");
            escaped(line, out);
            text_adds(out, is_code ? "</pre>\n" : "</div>\n");
        }
        p += n + (p[n] == '\n');
    }
}

static void add_facts(const struct err *e, struct text *out) {
    struct text facts = {0};
    error_facts(e, &facts);
    if (facts.n) {
        text_adds(out, "<pre style=\"" CODE ";padding-left:2em\">");
        escaped(text_str(&facts), out);
        text_adds(out, "</pre>\n");
    }
    text_clear(&facts);
}

static void add_callers(const struct err *e, struct text *out) {
    int n = 0;
    for (int i = 0; i < e->n_notes; i++) {
        if (!error_note_is_below(e, &e->notes[i])) continue;
        struct text line = {0};
        error_note_below(e, &e->notes[i], &line);
        if (line.n) {
            text_adds(out, n++ ? "" : "<details style=\"" QUIET "\"><summary>details</summary>\n");
            text_adds(out, "<div>");
            escaped(text_str(&line), out);
            text_adds(out, "</div>\n");
        }
        text_clear(&line);
    }
    if (n) text_adds(out, "</details>\n");
}

void error_view_html(const struct err *e, struct text *out) {
    text_adds(out, "<div class=\"awml-error\" style=\"border-left:3px solid "
                   "var(--jp-error-color1,#d33a2c);padding:.2em .8em\">\n");
    add_title(e, out);
    add_lines(e, out);
    add_prose(e->what, out);
    add_facts(e, out);
    add_prose(e->hint, out);
    add_callers(e, out);
    text_adds(out, "</div>\n");
}
