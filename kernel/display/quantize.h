/* At most 256 colours for a picture. Knows no files. */
#pragma once
#include "base/err.h"
#include <stdint.h>

struct quantized {
    int n; /* colours */
    uint8_t colors[256][3];
    uint8_t *at; /* index of each pixel; freed by the caller with pool_free */
};

/* n pixels of red, green, blue: exactly if they have few colours, else by median cut (Heckbert
 * 1982, "Color image quantization for frame buffer display"). Equal pixels give equal results. */
bool quantize(struct quantized *q, const uint8_t *pixels, size_t n, struct err *e);
