/* A small SVG writer: shapes, real text, clipping by nested viewports, embedded pixels. No ids (two
 * pictures in one page would share them), no randomness: equal calls give equal bytes. Knows
 * nothing of plots. */
#pragma once
#include "base/str.h"

enum anchor { ANCHOR_START, ANCHOR_MIDDLE, ANCHOR_END };

struct rect {
    double x, y, w, h; /* px, y down */
};

struct svg_text {
    double x, y; /* px: baseline */
    double size; /* px */
    enum anchor anchor;
    double angle; /* degrees clockwise about (x, y) */
    bool bold;
    const char *fill; /* NULL = the usual dark */
};

/* Dark text and frames on white: legible on light and dark pages alike. */
#define SVG_INK "#262626"
#define SVG_FRAME "#555"
#define SVG_GRID "#dfdfdf"

/* The document with its alternative text (both escaped here). */
void svg_open(struct text *out, double w, double h, struct str title, struct str description);
void svg_close(struct text *out);
/* A number in px with at most two decimals, preceded by `lead` (" " or a path letter, or ""). */
void svg_number(struct text *out, char lead, double x);
/* Text for element contents and attribute values of XML and HTML. Control characters are left out,
 * damaged UTF-8 becomes U+FFFD. */
void svg_escape(struct text *out, struct str s);
/* One line of text; formulas between dollar signs are set (markup.h). */
void svg_text(struct text *out, const struct svg_text *style, struct str s);
void svg_line(struct text *out, double x0, double y0, double x1, double y1, const char *stroke,
              double width);
/* A rectangle; fill or stroke may be NULL (none). */
void svg_rect(struct text *out, struct rect r, const char *fill, const char *stroke);
/* Everything until svg_unclip is drawn in the same coordinates, but only inside r. */
void svg_clip(struct text *out, struct rect r);
void svg_unclip(struct text *out);
/* A PNG (base64) stretched over r. */
void svg_pixels(struct text *out, struct rect r, struct str png_base64);

/* Width in px of one line of text in the fonts that the document asks for. */
double font_width(struct str s, double size);
/* Where none of these fonts is there, another one is about so much wider. */
#define SVG_OTHER_FONT 1.15
enum { SVG_FIT_BYTES = 512 };
/* The text, or its beginning and "…", so that it is at most `most` px wide in any font. The result
 * is `s` or lies in `room`. Formulas are not cut. */
struct str svg_fit(struct str s, double size, double most, char room[SVG_FIT_BYTES]);
