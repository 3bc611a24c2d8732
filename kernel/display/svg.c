/* A small SVG writer. */
#include "display/svg.h"
#include "display/markup.h"
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void svg_number(struct text *out, char lead, double x) {
    if (lead) text_addc(out, lead);
    if (!(x > -1e5)) x = isnan(x) ? 0 : -1e5;
    if (x > 1e5) x = 1e5;
    long hundredths = lround(x * 100);
    char digits[24];
    int n = 0;
    unsigned long u = (unsigned long)labs(hundredths);
    unsigned long whole = u / 100, rest = u % 100;
    if (hundredths < 0) text_addc(out, '-');
    do digits[n++] = (char)('0' + whole % 10);
    while ((whole /= 10) > 0);
    while (n > 0) text_addc(out, digits[--n]);
    if (rest == 0) return;
    text_addc(out, '.');
    text_addc(out, (char)('0' + rest / 10));
    if (rest % 10) text_addc(out, (char)('0' + rest % 10));
}

/* Bytes of a well-formed UTF-8 sequence at s.p[i], 0 if it is damaged (RFC 3629). */
static size_t utf8_length(struct str s, size_t i) {
    const unsigned char *p = (const unsigned char *)s.p + i;
    size_t n = p[0] < 0x80                   ? 1
               : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
               : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
               : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
                                             : 0;
    if (n == 0 || i + n > s.n) return 0;
    for (size_t k = 1; k < n; k++)
        if ((p[k] & 0xc0) != 0x80) return 0;
    bool long_form = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    bool not_a_character = (p[0] == 0xed && p[1] >= 0xa0) || (p[0] == 0xf4 && p[1] >= 0x90);
    return long_form || not_a_character ? 0 : n;
}

void svg_escape(struct text *out, struct str s) {
    for (size_t i = 0; i < s.n;) {
        unsigned char c = (unsigned char)s.p[i];
        size_t n = utf8_length(s, i);
        if (n == 0) text_adds(out, "\xef\xbf\xbd"); /* U+FFFD */
        else if (c == '&') text_adds(out, "&amp;");
        else if (c == '<') text_adds(out, "&lt;");
        else if (c == '>') text_adds(out, "&gt;");
        else if (c == '"') text_adds(out, "&quot;");
        else if (c >= 0x20 || c == '\n' || c == '\t') text_add(out, (struct str){s.p + i, n});
        i += n ? n : 1;
    }
}

static void attribute(struct text *out, const char *name, double x) {
    text_addc(out, ' ');
    text_adds(out, name);
    text_adds(out, "=\"");
    svg_number(out, 0, x);
    text_addc(out, '"');
}

static void attribute_text(struct text *out, const char *name, const char *value) {
    text_addc(out, ' ');
    text_adds(out, name);
    text_adds(out, "=\"");
    svg_escape(out, str_of(value));
    text_addc(out, '"');
}

static void rect_attributes(struct text *out, struct rect r) {
    attribute(out, "x", r.x);
    attribute(out, "y", r.y);
    attribute(out, "width", r.w);
    attribute(out, "height", r.h);
}

void svg_open(struct text *out, double w, double h, struct str title, struct str description) {
    text_adds(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" "
                   "xmlns:xlink=\"http://www.w3.org/1999/xlink\"");
    attribute(out, "width", w);
    attribute(out, "height", h);
    text_adds(out, " viewBox=\"0 0");
    svg_number(out, ' ', w);
    svg_number(out, ' ', h);
    text_adds(out, "\" role=\"img\" "
                   "font-family=\"Helvetica,Arial,'Liberation Sans',sans-serif\" "
                   "font-size=\"12\" fill=\"" SVG_INK "\">\n<title>");
    svg_escape(out, title);
    text_adds(out, "</title>\n<desc>");
    svg_escape(out, description);
    text_adds(out, "</desc>\n");
    svg_rect(out, (struct rect){0, 0, w, h}, "#fff", NULL);
}

void svg_close(struct text *out) {
    text_adds(out, "</svg>\n");
}

static const double RAISED = 0.34, LOWERED = 0.2, SMALLER = 0.72; /* of the text's size */

/* Pieces of a formula; each shift of the baseline is taken back by the next piece. */
static void add_markup(struct text *out, double size, struct str s) {
    struct markup m;
    double shift = 0;
    markup_parse(&m, s);
    for (int i = 0; i < m.n; i++) {
        const struct markup_piece *p = &m.pieces[i];
        double wanted = p->level > 0 ? -RAISED * size : p->level < 0 ? LOWERED * size : 0;
        text_adds(out, "<tspan");
        if (wanted != shift) attribute(out, "dy", wanted - shift);
        if (p->level != 0) attribute(out, "font-size", SMALLER * size);
        if (p->slanted) attribute_text(out, "font-style", "italic");
        text_addc(out, '>');
        svg_escape(out, p->s);
        text_adds(out, "</tspan>");
        shift = wanted;
    }
}

/* Line breaks inside a line are spaces; renderers would leave them out. */
static void add_line(struct text *out, struct str s) {
    while (s.n > 0) {
        const char *end = memchr(s.p, '\n', s.n);
        size_t n = end ? (size_t)(end - s.p) : s.n;
        svg_escape(out, (struct str){s.p, n});
        if (end) text_addc(out, ' ');
        n += end != NULL;
        s = (struct str){s.p + n, s.n - n};
    }
}

void svg_text(struct text *out, const struct svg_text *style, struct str s) {
    static const char *const anchors[] = {NULL, "middle", "end"};
    text_adds(out, "<text");
    attribute(out, "x", style->x);
    attribute(out, "y", style->y);
    if (style->size > 0 && style->size != 12) attribute(out, "font-size", style->size);
    if (style->bold) attribute_text(out, "font-weight", "bold");
    if (anchors[style->anchor]) attribute_text(out, "text-anchor", anchors[style->anchor]);
    if (style->fill) attribute_text(out, "fill", style->fill);
    if (style->angle != 0) {
        text_adds(out, " transform=\"rotate(");
        svg_number(out, 0, style->angle);
        svg_number(out, ' ', style->x);
        svg_number(out, ' ', style->y);
        text_adds(out, ")\"");
    }
    if (markup_is_needed(s)) attribute_text(out, "xml:space", "preserve");
    text_addc(out, '>');
    if (markup_is_needed(s)) add_markup(out, style->size > 0 ? style->size : 12, s);
    else add_line(out, s);
    text_adds(out, "</text>\n");
}

void svg_line(struct text *out, double x0, double y0, double x1, double y1, const char *stroke,
              double width) {
    text_adds(out, "<path d=\"");
    svg_number(out, 'M', x0);
    svg_number(out, ' ', y0);
    svg_number(out, 'L', x1);
    svg_number(out, ' ', y1);
    text_addc(out, '"');
    attribute_text(out, "stroke", stroke);
    if (width != 1) attribute(out, "stroke-width", width);
    text_adds(out, "/>\n");
}

void svg_rect(struct text *out, struct rect r, const char *fill, const char *stroke) {
    text_adds(out, "<rect");
    rect_attributes(out, r);
    attribute_text(out, "fill", fill ? fill : "none");
    if (stroke) attribute_text(out, "stroke", stroke);
    text_adds(out, "/>\n");
}

void svg_clip(struct text *out, struct rect r) {
    text_adds(out, "<svg");
    rect_attributes(out, r);
    text_adds(out, " viewBox=\"");
    svg_number(out, 0, r.x);
    svg_number(out, ' ', r.y);
    svg_number(out, ' ', r.w);
    svg_number(out, ' ', r.h);
    text_adds(out, "\">\n");
}

void svg_unclip(struct text *out) {
    text_adds(out, "</svg>\n");
}

void svg_pixels(struct text *out, struct rect r, struct str png_base64) {
    text_adds(out, "<image");
    rect_attributes(out, r);
    text_adds(out, " preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" "
                   "xlink:href=\"data:image/png;base64,");
    text_add(out, png_base64);
    text_adds(out, "\"/>\n");
}

/* ---- widths ---- */

/* Advance widths of Helvetica in thousandths of the size, from ' ' (Adobe's font metrics, 1989);
 * Arial, Liberation Sans and Nimbus Sans share them. */
static const uint16_t ascii_widths[95] = {
    278,  278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, /*   to / */
    556,  556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, /* 0 to ? */
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, /* @ to O */
    667,  778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, /* P to _ */
    333,  556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, /* ` to o */
    556,  556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584};     /* p to ~ */

/* One code point of UTF-8 at *i, which moves on; damaged bytes count one each. */
static uint32_t next_code_point(struct str s, size_t *i) {
    unsigned char c = (unsigned char)s.p[(*i)++];
    if (c < 0xc0) return c;
    int n_more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
    uint32_t cp = c & (0x3fu >> n_more);
    while (n_more-- > 0 && *i < s.n && ((unsigned char)s.p[*i] & 0xc0) == 0x80)
        cp = cp << 6 | ((unsigned char)s.p[(*i)++] & 0x3f);
    return cp;
}

static unsigned code_point_width(uint32_t cp) {
    if (cp == '\n') return 278;
    if (cp < 32) return 0;
    if (cp < 127) return ascii_widths[cp - 32];
    if (cp >= 0x300 && cp < 0x370) return 0; /* combining marks */
    if (cp >= 0x20d0 && cp < 0x2100) return 0;
    if (cp == 0x2212 || cp == 0xd7) return 584;  /* minus, times */
    if (cp >= 0x2070 && cp < 0x209f) return 333; /* superscripts */
    if (cp >= 0x1100 && cp < 0x1160) return 1000;
    if (cp >= 0x2e80 && cp < 0xff61) return 1000; /* East Asian, mostly */
    if (cp >= 0x1f000) return 1000;
    return 580;
}

static double plain_width(struct str s, double size) {
    double thousandths = 0;
    for (size_t i = 0; i < s.n;) thousandths += code_point_width(next_code_point(s, &i));
    return thousandths * size / 1000;
}

double font_width(struct str s, double size) {
    if (!markup_is_needed(s)) return plain_width(s, size);
    struct markup m;
    double width = 0;
    markup_parse(&m, s);
    for (int i = 0; i < m.n; i++)
        width += plain_width(m.pieces[i].s, size * (m.pieces[i].level ? SMALLER : 1));
    return width;
}

struct str svg_fit(struct str s, double size, double most, char room[SVG_FIT_BYTES]) {
    most /= SVG_OTHER_FONT;
    if (markup_is_needed(s) || plain_width(s, size) <= most) return s;
    double wide = plain_width(STR("…"), size);
    size_t n = 0;
    for (size_t i = 0; i < s.n && n + 8 < SVG_FIT_BYTES;) {
        size_t from = i;
        wide += code_point_width(next_code_point(s, &i)) * size / 1000;
        if (wide > most) break;
        memcpy(room + from, s.p + from, i - from);
        n = i;
    }
    while (n > 0 && room[n - 1] == ' ') n--;
    memcpy(room + n, "…", strlen("…"));
    return (struct str){room, n + strlen("…")};
}
