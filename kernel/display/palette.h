/* Colours: the usual cycle, names, and colour maps. Knows no pictures. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct rgb {
    uint8_t r, g, b;
};

/* The i-th colour of the cycle: those of Okabe and Ito (2008), "Color universal design", without
 * yellow, which white swallows, and with grey at the end. */
const char *palette_cycle(int i);
/* What a student wrote, as "#rrggbb" or "#rgb"; NULL when it is no colour. */
const char *palette_color(const char *name);

enum { COLORMAP_STEPS = 256 };

struct colormap {
    struct rgb at[COLORMAP_STEPS]; /* low to high */
};

/* The map of this name ("viridis", "gray_r"); viridis when there is none. Calculated anew. */
void colormap_make(struct colormap *map, const char *name);
/* Position of x between low and high, 0 … 255; values outside are clamped. */
int colormap_index(double x, double low, double high);
