/* Pixels as PNG and bytes as base64. Knows no tensors. */
#pragma once
#include "base/err.h"
#include "base/str.h"
#include <stdint.h>

/* w x h pixels with 1, 3 or 4 channels of a byte, row by row from the top, each pixel repeated
 * `zoom` times both ways. Appends the file's bytes. Equal pixels give equal bytes. */
bool png_write(struct text *out, const uint8_t *pixels, int w, int h, int channels, int zoom,
               struct err *e);
/* The same picture with a byte for each pixel where it has at most 256 colours. */
bool png_write_packed(struct text *out, const uint8_t *pixels, int w, int h, int channels, int zoom,
                      struct err *e);
/* Up to 256 colours, numbered as they are met; begins as zeros. */
enum { PNG_COLOR_SLOTS = 1024 };
struct png_colors {
    uint8_t at[256][3];
    int n;
    int16_t slots[PNG_COLOR_SLOTS]; /* a table by hash: number + 1, or 0 */
};
/* The numbers of n pixels of red, green, blue; false when there are more than 256 colours. */
bool png_index(struct png_colors *c, const uint8_t *pixels, size_t n, uint8_t *indices);
/* w x h such numbers as a PNG; `n_colors` of its table are written: 256 makes it a byte a pixel. */
bool png_write_indexed(struct text *out, const uint8_t *indices, int w, int h,
                       const struct png_colors *c, int n_colors, struct err *e);
/* Says in a finished PNG how large it wants to be shown (its chunk pHYs). */
bool png_set_density(struct text *png, double per_inch, struct err *e);
/* Appends base64 (RFC 4648) without line breaks. */
bool base64_write(struct text *out, struct str bytes);
/* A packed picture as base64. */
bool png_write_base64(struct text *out, const uint8_t *pixels, int w, int h, int channels, int zoom,
                      struct err *e);
