/* Tensors as pixels, for the image mark and for image/png. */
#pragma once
#include "lang/values/plot.h"

/* What black and white mean: whole bytes 0 … 255, bools and fractions 0 … 1, −1 … 1 if something is
 * negative; anything else, or any range under a colour map of the student's choice, smallest to
 * largest. */
void image_range(const struct mark *m, double *low, double *high);
/* Is a picture in this colour map (NULL: none named) made of greys? */
bool image_is_gray(const char *colormap);
/* Pixels of m->z, 1 channel (grey) or 3 or 4; at most `most` a side, each the mean of the pixels
 * there; MISSING_GRAY where a number is missing. The caller frees the pixels with pool_free. False
 * without numbers or memory. */
struct image_pixels {
    int w, h, channels;
    bool by_class; /* numbers of classes, in pale colours */
    uint8_t *at;
};
bool image_pixels(const struct mark *m, int most, struct image_pixels *out, struct err *e);
