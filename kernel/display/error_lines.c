/* Chooses and cuts the lines of the cell that a mistake shows. */
#include "error_lines.h"
#include <string.h>
#include <utf8proc.h>

enum { LINE_COLUMNS = 100, COLUMNS_BEFORE = 45, TAB_COLUMNS = 4 };

static size_t indentation(struct str s) {
    size_t n = 0;
    while (n < s.n && (s.p[n] == ' ' || s.p[n] == '\t')) n++;
    return n;
}

/* The line, added at its place if it is new; NULL when there is no room. */
static struct error_line *line_at(struct error_lines *f, int number) {
    int i = 0;
    while (i < f->n && f->lines[i].number < number) i++;
    if (i < f->n && f->lines[i].number == number) return &f->lines[i];
    if (f->n == (int)ARRAY_LEN(f->lines)) return NULL;
    memmove(&f->lines[i + 1], &f->lines[i], (size_t)(f->n - i) * sizeof f->lines[0]);
    f->n++;
    struct str bytes = source_line(f->source, number);
    f->lines[i] = (struct error_line){
        .number = number, .bytes = bytes, .start = (uint32_t)(bytes.p - f->source->text.p)};
    return &f->lines[i];
}

static void add_mark(struct error_lines *f, struct span at, const char *words, bool is_main) {
    int number, column;
    source_position(f->source, at.start, &number, &column);
    struct error_line *line = line_at(f, number);
    if (!line || line->n_marks == (int)ARRAY_LEN(line->marks)) return;
    if (!is_main && !words[0]) return; /* the line is shown, nothing is marked */
    uint32_t stop = line->start + (uint32_t)line->bytes.n;
    uint32_t start = at.start < stop ? at.start : stop, end = at.end < stop ? at.end : stop;
    line->marks[line->n_marks++] =
        (struct error_mark){start, end < start ? start : end, words, is_main};
}

/* The line that opens the block a line stands in; 0 if it stands in none. Walks backwards, so that
 * a cell of a megabyte is no trouble. */
static int header_of(const struct source *s, const struct error_line *line) {
    size_t depth = indentation(line->bytes);
    const char *p = line->bytes.p;
    for (int number = line->number - 1; number > 0 && depth > 0; number--) {
        const char *end = p - 1; /* the newline before */
        for (p = end; p > s->text.p && p[-1] != '\n'; p--) {}
        struct str above = {p, (size_t)(end - p)};
        size_t width = indentation(above);
        bool empty = width == above.n || p[width] == '#' || p[width] == '\r';
        if (!empty && width < depth) return number;
    }
    return 0;
}

/* When several places are shown, each with the line that opens its block. A line that is such a
 * header itself needs none. */
static void add_headers(struct error_lines *f) {
    int headers[ARRAY_LEN(f->lines)], n = f->n;
    for (int i = 0; i < n; i++) headers[i] = header_of(f->source, &f->lines[i]);
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            if (headers[j] == f->lines[i].number) headers[i] = 0;
        }
    }
    for (int i = 0; i < n; i++) {
        if (headers[i]) line_at(f, headers[i]);
    }
}

void error_lines_find(const struct err *e, struct error_lines *found) {
    *found = (struct error_lines){.source = source_find(e->at.source)};
    if (!found->source) return;
    add_mark(found, e->at, e->label, true);
    for (int i = 0; i < e->n_notes; i++) {
        const struct err_note *note = &e->notes[i];
        if (!error_note_is_below(e, note)) add_mark(found, note->at, note->text, false);
    }
    if (found->n > 1) add_headers(found);
    for (int n = found->lines[found->n - 1].number; n > 0; n /= 10) found->digits++;
}

bool error_note_is_below(const struct err *e, const struct err_note *note) {
    return note->at.source != e->at.source || str_ends(str_of(note->text), "from");
}

static void add_source(const struct source *s, struct text *out) {
    if (s->cell_number > 0) {
        text_addf(out, "cell [%d], ", s->cell_number);
    } else if (s->name) {
        text_addf(out, "%s, ", s->name);
    }
}

void error_note_below(const struct err *e, const struct err_note *note, struct text *out) {
    const struct source *s = source_find(note->at.source);
    if (!s) return;
    struct str words = str_of(note->text);
    bool is_here = str_ends(words, " here");
    if (is_here) words.n -= strlen(" here");
    text_add(out, words);
    text_adds(out, str_ends(words, "from") ? " " : " in ");
    int line, column;
    source_position(s, note->at.start, &line, &column);
    if (note->at.source != e->at.source) add_source(s, out);
    text_addf(out, "line %d", line);
}

/* One character of the source: its shown form and width. */
static uint32_t show_character(struct str rest, struct text *out, int *width) {
    utf8proc_int32_t c;
    utf8proc_ssize_t limit = rest.n < 4 ? (utf8proc_ssize_t)rest.n : 4;
    utf8proc_ssize_t k = utf8proc_iterate((const utf8proc_uint8_t *)rest.p, limit, &c);
    *width = 1;
    if (k == 1 && c == '\t') {
        *width = TAB_COLUMNS;
        return text_adds(out, "    "), 1;
    }
    if (k <= 0 || c < 32 || c == 127 || (c >= 0x80 && c < 0xa0)) {
        return text_adds(out, "\xef\xbf\xbd"), k > 0 ? (uint32_t)k : 1;
    }
    *width = utf8proc_charwidth(c);
    text_add(out, (struct str){rest.p, (size_t)k});
    return (uint32_t)k;
}

/* Columns from the start of the line to a byte of it. */
static int column_of(const struct error_line *line, uint32_t byte) {
    struct text unused = {0};
    int column = 0, width;
    size_t at = 0, to = byte - line->start;
    while (at < to && at < line->bytes.n) {
        struct str rest = {line->bytes.p + at, line->bytes.n - at};
        unused.n = 0;
        at += show_character(rest, &unused, &width);
        column += width;
    }
    text_clear(&unused);
    return column;
}

static void show_window(const struct error_line *line, int from, int to, struct text *shown) {
    struct text piece = {0};
    int column = 0, width;
    for (size_t at = 0; at < line->bytes.n;) {
        struct str rest = {line->bytes.p + at, line->bytes.n - at};
        piece.n = 0;
        at += show_character(rest, &piece, &width);
        if (column >= from && column + width <= to) text_add(shown, text_str(&piece));
        column += width;
        if (column > to) break;
    }
    text_clear(&piece);
}

/* The columns [*from, *to) that are shown of a long line. */
static void choose_window(const struct error_line *line, int total, int *from, int *to) {
    *from = 0;
    *to = total;
    if (total <= LINE_COLUMNS) return;
    int first = line->n_marks ? column_of(line, line->marks[0].start) : 0;
    if (first > LINE_COLUMNS - 30) *from = first - COLUMNS_BEFORE;
    if (*from > total - LINE_COLUMNS) *from = total - LINE_COLUMNS;
    *to = *from + LINE_COLUMNS;
}

void error_line_show(const struct error_line *line, struct text *shown,
                     int columns[ERR_MAX_NOTES + 1][2]) {
    int total = column_of(line, line->start + (uint32_t)line->bytes.n), from, to;
    choose_window(line, total, &from, &to);
    int before = from > 0;
    if (before) text_adds(shown, "…");
    show_window(line, from, to, shown);
    if (to < total) text_adds(shown, "…");
    for (int i = 0; i < line->n_marks; i++) {
        const struct error_mark *m = &line->marks[i];
        int start = column_of(line, m->start), end = column_of(line, m->end);
        if (end <= start) end = start + 1;
        if (end > to + 1) end = to + 1;
        bool visible = start >= from && start <= to;
        columns[i][0] = start - from + before;
        columns[i][1] = visible ? end - start : 0;
    }
}

void error_place(const struct err *e, struct text *out) {
    const struct source *s = source_find(e->at.source);
    if (!s) return;
    int line, column;
    source_position(s, e->at.start, &line, &column);
    text_adds(out, " in ");
    add_source(s, out);
    text_addf(out, "line %d", line);
}
