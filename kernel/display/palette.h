/* Colours: the usual cycle, names, and colour maps. Knows no pictures. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct rgb {
    uint8_t r, g, b;
};

/* The i-th colour of the cycle: blue and vermilion of Okabe and Ito (2008), "Color universal
 * design", and six more that differ in lightness too, so that readers without red or green cones
 * tell all eight apart (tests/display/test_labels.c measures it). Each stands out from white by 3 :
 * 1 (WCAG 2.1, success criterion 1.4.11), and from a dark page by 2.5 : 1. */
enum { PALETTE_CYCLE = 8 };
const char *palette_cycle(int i);
/* What a student wrote, as "#rrggbb" or "#rgb"; NULL when it is no colour. */
const char *palette_color(const char *name);

struct rgb palette_rgb(const char *hex);
/* How much two colours stand out from each other, 1 … 21 (WCAG 2.1, "contrast ratio"). */
double palette_contrast(struct rgb a, struct rgb b);
/* The colour, or black or white, that is read best on this ground. */
const char *palette_ink(struct rgb ground);
const char *palette_ink_on(const char *hex);
/* `c` mixed with white: share 0 = c, 1 = white. */
struct rgb palette_tint(struct rgb c, double share);

enum { COLORMAP_STEPS = 256 };

struct colormap {
    struct rgb at[COLORMAP_STEPS]; /* low to high */
};

/* The map of this name ("viridis", "gray_r"); viridis when there is none. Calculated anew. */
void colormap_make(struct colormap *map, const char *name);
/* Position of x between low and high, 0 … 255; values outside are clamped. */
int colormap_index(double x, double low, double high);
