/* Cells in rows and columns, as text and as HTML. */
#include "display/sheet.h"
#include "base/pool.h"
#include "display/svg.h"

void sheet_clear(struct sheet *s) {
    text_clear(&s->bytes);
    pool_free(s->ends);
    pool_free(s->fills);
    *s = (struct sheet){0};
}

static void end_cell(struct sheet *s) {
    if (s->n == s->cap) {
        int cap = s->cap ? 2 * s->cap : 64;
        size_t *grown = pool_realloc(s->ends, (size_t)cap * sizeof *grown);
        if (!grown) {
            s->failed = true;
            return;
        }
        s->ends = grown;
        uint32_t *fills = pool_realloc(s->fills, (size_t)cap * sizeof *fills);
        if (!fills) {
            s->failed = true;
            return;
        }
        s->fills = fills;
        s->cap = cap;
    }
    s->fills[s->n] = 0;
    s->ends[s->n++] = s->bytes.n;
}

void sheet_fill(struct sheet *s, struct rgb c) {
    if (s->failed || s->n == 0) return;
    s->fills[s->n - 1] = 1u << 24 | (uint32_t)c.r << 16 | (uint32_t)c.g << 8 | c.b;
}

void sheet_cell(struct sheet *s, struct str text) {
    if (s->failed) return;
    text_add(&s->bytes, text);
    end_cell(s);
}

void sheet_cellf(struct sheet *s, const char *format, ...) {
    if (s->failed) return;
    va_list args;
    va_start(args, format);
    text_addv(&s->bytes, format, args);
    va_end(args);
    end_cell(s);
}

static struct str cell_at(const struct sheet *s, int i) {
    size_t begin = i > 0 ? s->ends[i - 1] : 0;
    if (s->bytes.n < s->ends[i]) return (struct str){"", 0}; /* memory ran out on the way */
    return (struct str){s->bytes.p ? s->bytes.p + begin : "", s->ends[i] - begin};
}

/* Columns of the character that begins at byte i: East Asian ones and emoji take two, accents that
 * are put on the letter before them none. */
static int columns_of(struct str s, size_t i) {
    double width = 0;
    size_t end = i + 1;
    while (end < s.n && ((unsigned char)s.p[end] & 0xc0) == 0x80) end++;
    if (end == i + 1) return 1;
    width = font_width((struct str){s.p + i, end - i}, 1000);
    return width >= 1000 ? 2 : width > 0 ? 1 : 0;
}

int text_columns(struct str s) {
    int n = 0;
    for (size_t i = 0; i < s.n; i++)
        if (((unsigned char)s.p[i] & 0xc0) != 0x80) n += columns_of(s, i);
    return n;
}

static void spaces(struct text *out, int n) {
    while (n-- > 0) text_addc(out, ' ');
}

/* Cells are one line each here, whatever they hold. */
static void add_flat(struct text *out, struct str s) {
    for (size_t i = 0; i < s.n; i++)
        text_addc(out, s.p[i] == '\n' || s.p[i] == '\t' || s.p[i] == '\r' ? ' ' : s.p[i]);
}

void sheet_text(const struct sheet *s, const char *indent, struct text *out) {
    int widths[SHEET_MAX_COLUMNS] = {0};
    for (int i = 0; i < s->n; i++) {
        int w = text_columns(cell_at(s, i));
        if (w > widths[i % s->columns]) widths[i % s->columns] = w;
    }
    for (int row = 0; row < s->n / s->columns; row++) {
        int owed = 0; /* spaces not yet written: none end up at the end of a line */
        text_adds(out, indent);
        for (int k = 0; k < s->columns; k++) {
            struct str cell = cell_at(s, row * s->columns + k);
            int room = widths[k] - text_columns(cell);
            if (!s->left[k]) owed += room;
            if (cell.n > 0) {
                spaces(out, owed);
                add_flat(out, cell);
                owed = 0;
            } else {
                owed += widths[k] - room;
            }
            if (s->left[k]) owed += room;
            owed += 2;
        }
        text_addc(out, '\n');
    }
}

static void fill_style(const struct sheet *s, int cell, struct text *out) {
    uint32_t fill = s->fills[cell];
    if (!fill) return;
    struct rgb c = {(uint8_t)(fill >> 16), (uint8_t)(fill >> 8), (uint8_t)fill};
    text_addf(out, ";background:#%02x%02x%02x;color:%s", c.r, c.g, c.b, palette_ink(c));
}

static void html_row(const struct sheet *s, int row, struct text *out) {
    bool header = row < s->n_header;
    bool small = header && row >= s->n_header - s->n_sub_header;
    text_adds(out, "<tr>");
    for (int k = 0; k < s->columns; k++) {
        const char *tag = header || (k == 0 && s->first_is_label) ? "th" : "td";
        text_addf(out, "<%s style=\"text-align:%s%s", tag, s->left[k] ? "left" : "right",
                  small ? ";font-weight:normal;font-size:85%;opacity:.7" : "");
        fill_style(s, row * s->columns + k, out);
        text_adds(out, "\">");
        svg_escape(out, cell_at(s, row * s->columns + k));
        text_addf(out, "</%s>", tag);
    }
    text_adds(out, "</tr>\n");
}

void sheet_html(const struct sheet *s, struct text *out) {
    int rows = s->columns ? s->n / s->columns : 0;
    text_adds(out, "<table>\n");
    if (s->n_header > 0) text_adds(out, "<thead>\n");
    for (int row = 0; row < rows; row++) {
        if (row == s->n_header)
            text_adds(out, s->n_header > 0 ? "</thead>\n<tbody>\n" : "<tbody>\n");
        html_row(s, row, out);
    }
    text_adds(out, rows > s->n_header ? "</tbody>\n</table>\n" : "</thead>\n</table>\n");
}

void html_line(struct text *out, const char *style, struct str s) {
    if (style) text_addf(out, "<div style=\"%s\">", style);
    else text_adds(out, "<div>");
    svg_escape(out, s);
    text_adds(out, "</div>\n");
}
