/* Our SVG documents as pixels and as PDF, drawn by librsvg and Cairo. Knows no plots. */
#pragma once
#include "base/err.h"
#include "base/str.h"
#include <stdint.h>

/* CSS pixels of our documents per inch: a plot of 6.4 x 4 inches is 640 x 400 of them. */
enum { RENDER_UNITS_PER_INCH = 100, RENDER_MOST_PX = 20000 };

/* The document of width x height units on white, `scale` pixels for each unit: *w x *h pixels of
 * red, green, blue. The caller frees *pixels with pool_free. False with a sentence when the
 * libraries are missing, the picture would be too large, or memory is out. */
bool render_pixels(struct str svg, int width, int height, double scale, uint8_t **pixels, int *w,
                   int *h, struct err *e);
/* Appends a PDF of one page with real text, width/100 x height/100 inches. */
bool render_pdf(struct str svg, int width, int height, struct text *out, struct err *e);
