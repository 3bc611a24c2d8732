/* A mistake as plain text: title, lines with carets, sentence, facts, hint, callers. */
#include "error_view.h"
#include "error_lines.h"
#include <string.h>

enum { TEXT_COLUMNS = 90, SHORT_PIECE = 40, SHORT_HINT = 120 };

/* Bold alone: no ANSI colour is readable on the grounds that JupyterLab's themes put behind errors
 * (red has 2.1 to 1 on the dark one, cyan 1.6 to 1 on the light one). */
static const char strong[] = "\033[1m", plain[] = "\033[0m";

static void add_strong(struct text *out, bool color, const char *s) {
    if (color) text_adds(out, strong);
    text_adds(out, s);
    if (color) text_adds(out, plain);
}

static void spaces(struct text *out, int n) {
    for (int i = 0; i < n; i++) text_addc(out, ' ');
}

/* "  4 | " or, for number 0, "    | "; the bar stands in one column in all lines. */
static void gutter(int number, int digits, struct text *out) {
    if (number) {
        text_addf(out, "%*d |", digits + 2, number);
    } else {
        spaces(out, digits + 3);
        text_addc(out, '|');
    }
}

static void caret_row(const struct error_mark *m, const int column[2], int digits, bool color,
                      struct text *out) {
    if (column[1] == 0) return;
    gutter(0, digits, out);
    spaces(out, column[0] + 1);
    if (color && m->is_main) text_adds(out, strong);
    for (int i = 0; i < column[1]; i++) text_addc(out, m->is_main ? '^' : '-');
    if (m->words[0]) text_addf(out, " %s", m->words);
    if (color && m->is_main) text_adds(out, plain);
    text_addc(out, '\n');
}

static void add_lines(const struct error_lines *f, bool color, struct text *out) {
    for (int i = 0; i < f->n; i++) {
        const struct error_line *line = &f->lines[i];
        if (i > 0 && line->number > f->lines[i - 1].number + 1) {
            spaces(out, f->digits + 3);
            text_adds(out, "⋮\n");
        }
        struct text shown = {0};
        int columns[ERR_MAX_NOTES + 1][2];
        error_line_show(line, &shown, columns);
        gutter(line->number, f->digits, out);
        if (shown.n) text_addf(out, " %s", shown.p);
        text_addc(out, '\n');
        for (int m = 0; m < line->n_marks; m++) {
            caret_row(&line->marks[m], columns[m], f->digits, color, out);
        }
        text_clear(&shown);
    }
}

static size_t characters(struct str s) {
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

/* One line of prose, broken between words; code, which is indented, stays as it is. */
static void wrap(struct str s, struct text *out) {
    bool is_code = str_starts(s, "    ");
    size_t column = 0;
    while (s.n) {
        size_t n = 0;
        while (n < s.n && s.p[n] != ' ') n++;
        while (n < s.n && s.p[n] == ' ') n++;
        struct str word = {s.p, n}, bare = word;
        while (bare.n && bare.p[bare.n - 1] == ' ') bare.n--;
        if (!is_code && column > 0 && column + characters(bare) > TEXT_COLUMNS) {
            while (out->n && out->p[out->n - 1] == ' ') out->n--;
            text_addc(out, '\n');
            column = 0;
        }
        text_add(out, n == s.n ? bare : word);
        column += characters(word);
        s = (struct str){s.p + n, s.n - n};
    }
    text_addc(out, '\n');
}

/* A paragraph of several lines after an empty line. */
static void paragraph(const char *text, struct text *out) {
    if (!text[0]) return;
    text_addc(out, '\n');
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, "\n");
        wrap((struct str){p, n}, out);
        p += n + (p[n] == '\n');
    }
}

static void add_facts(const struct err *e, struct text *out) {
    struct text facts = {0};
    error_facts(e, &facts);
    if (facts.n) text_addc(out, '\n');
    for (size_t i = 0; i < facts.n;) {
        size_t n = strcspn(facts.p + i, "\n");
        text_addf(out, "    %.*s\n", (int)n, facts.p + i);
        i += n + 1;
    }
    text_clear(&facts);
}

static void add_callers(const struct err *e, struct text *out) {
    bool first = true;
    for (int i = 0; i < e->n_notes; i++) {
        if (!error_note_is_below(e, &e->notes[i])) continue;
        struct text line = {0};
        error_note_below(e, &e->notes[i], &line);
        if (line.n && first) text_addc(out, '\n');
        if (line.n) {
            text_adds(out, line.p);
            text_addc(out, '\n');
            first = false;
        }
        text_clear(&line);
    }
}

void error_view_text(const struct err *e, bool color, struct text *out) {
    struct error_lines lines;
    error_lines_find(e, &lines);
    add_strong(out, color, err_title(e->kind));
    error_place(e, out);
    text_addc(out, '\n');
    if (lines.n) text_addc(out, '\n');
    add_lines(&lines, color, out);
    paragraph(e->what, out);
    add_facts(e, out);
    paragraph(e->hint, out);
    add_callers(e, out);
}

/* Does the label go on after the marked piece, as in "`hiden` is not defined"? */
static bool label_is_predicate(const struct err *e) {
    static const char *const verbs[] = {"is ", "has ", "holds ", "needs ", "was ", "comes "};
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        if (str_starts(str_of(e->label), verbs[i])) return true;
    }
    return false;
}

/* Line ends become spaces. */
static void one_line(struct str s, struct text *out) {
    for (size_t i = 0; i < s.n; i++) {
        bool space = s.p[i] == '\n' || s.p[i] == '\t';
        if (!space || (i + 1 < s.n && s.p[i + 1] != '\n')) text_addc(out, space ? ' ' : s.p[i]);
    }
}

static void add_sentence(const struct err *e, struct text *out) {
    struct str piece = source_piece(e->at);
    bool is_short = piece.n > 0 && piece.n <= SHORT_PIECE && !memchr(piece.p, '\n', piece.n);
    size_t before = out->n;
    if (is_short && label_is_predicate(e) && e->kind != ERR_SYNTAX) {
        text_addf(out, "`%.*s` %s", (int)piece.n, piece.p, e->label);
        text_adds(out, str_ends(str_of(e->label), ".") || !e->what[0] ? "" : ".");
    }
    if (e->what[0]) {
        if (out->n > before) text_addc(out, ' ');
        one_line(str_of(e->what), out);
    } else if (out->n == before) {
        text_adds(out, e->label[0] ? e->label : err_title(e->kind));
    }
}

void error_view_brief(const struct err *e, struct text *out) {
    struct text sentence = {0};
    add_sentence(e, &sentence);
    text_addf(out, "%s\n", err_title(e->kind));
    if (sentence.n) wrap(text_str(&sentence), out);
    text_clear(&sentence);
    add_facts(e, out);
    paragraph(e->hint, out);
}

void error_view_line(const struct err *e, struct text *out) {
    const struct source *s = source_find(e->at.source);
    int line, column;
    if (s) {
        source_position(s, e->at.start, &line, &column);
        text_addf(out, "line %d: ", line);
    }
    add_sentence(e, out);
    struct str hint = str_of(e->hint);
    if (hint.n && hint.n <= SHORT_HINT && !memchr(hint.p, '\n', hint.n)) {
        text_addc(out, ' ');
        text_add(out, hint);
    }
}
