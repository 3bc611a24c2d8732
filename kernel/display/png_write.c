/* Pixels as PNG (libpng's simplified interface: no jumps across our frames) and base64. */
#include "display/png_write.h"
#include "base/pool.h"
#include <png.h>
#include <string.h>

static uint32_t png_format(int channels) {
    return channels == 1 ? PNG_FORMAT_GRAY : channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_RGBA;
}

static uint8_t *zoomed(const uint8_t *pixels, int w, int h, int channels, int zoom, struct err *e) {
    size_t c = (size_t)channels, row = (size_t)w * (size_t)zoom * c;
    uint8_t *out = pool_need(row * (size_t)h * (size_t)zoom, e);
    if (!out) return NULL;
    for (int y = 0; y < h; y++) {
        uint8_t *first = out + (size_t)y * (size_t)zoom * row;
        for (size_t x = 0; x < (size_t)w * (size_t)zoom; x++)
            memcpy(first + x * c, pixels + ((size_t)y * (size_t)w + x / (size_t)zoom) * c, c);
        for (int k = 1; k < zoom; k++) memcpy(first + (size_t)k * row, first, row);
    }
    return out;
}

static bool add_png(struct text *out, png_image *image, const uint8_t *pixels, const void *colors,
                    struct err *e) {
    png_alloc_size_t n = PNG_IMAGE_PNG_SIZE_MAX(*image);
    char *file = pool_alloc(n);
    if (!file) return err_memory(e, n);
    bool ok = png_image_write_to_memory(image, file, &n, 0, pixels, 0, colors) != 0;
    if (!ok) err_set(e, ERR_BUG, "the picture could not be written as PNG: %s", image->message);
    if (ok && !text_add(out, (struct str){file, n})) ok = err_memory(e, n);
    pool_free(file);
    return ok;
}

/* ---- a byte for each pixel ---- */

static uint32_t slot_of(const uint8_t *p) {
    uint32_t rgb = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
    return rgb * 2654435761u >> 22;
}

/* The number of the colour at p, a new one if it is not there; -1: a colour too many. */
static int color_number(struct png_colors *c, const uint8_t *p) {
    uint32_t slot = slot_of(p);
    for (; c->slots[slot] > 0; slot = (slot + 1) % PNG_COLOR_SLOTS)
        if (memcmp(c->at[c->slots[slot] - 1], p, 3) == 0) return c->slots[slot] - 1;
    if (c->n == 256) return -1;
    memcpy(c->at[c->n], p, 3);
    c->slots[slot] = (int16_t)++c->n;
    return c->n - 1;
}

bool png_index(struct png_colors *c, const uint8_t *pixels, size_t n, uint8_t *indices) {
    for (size_t i = 0; i < n; i++) {
        int k = color_number(c, pixels + 3 * i);
        if (k < 0) return false;
        indices[i] = (uint8_t)k;
    }
    return true;
}

bool png_write_indexed(struct text *out, const uint8_t *indices, int w, int h,
                       const struct png_colors *c, int n_colors, struct err *e) {
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (uint32_t)w,
                       .height = (uint32_t)h,
                       .format = PNG_FORMAT_RGB_COLORMAP,
                       .colormap_entries = (uint32_t)n_colors};
    return add_png(out, &image, indices, c->at, e);
}

/* False where there are too many colours (or no memory): then it is written as it is. */
static bool write_few_colors(struct text *out, const uint8_t *pixels, int w, int h, struct err *e) {
    struct png_colors *c = pool_zalloc(sizeof *c);
    uint8_t *indices = c ? pool_alloc((size_t)w * (size_t)h) : NULL;
    bool ok = indices && png_index(c, pixels, (size_t)w * (size_t)h, indices) &&
              png_write_indexed(out, indices, w, h, c, c->n, e);
    pool_free(indices);
    pool_free(c);
    return ok;
}

static bool write_png(struct text *out, const uint8_t *pixels, int w, int h, int channels, int zoom,
                      bool packed, struct err *e) {
    uint8_t *big = zoom > 1 ? zoomed(pixels, w, h, channels, zoom, e) : NULL;
    if (zoom > 1 && !big) return false;
    if (zoom < 1) zoom = 1;
    const uint8_t *all = big ? big : pixels;
    bool ok = packed && channels == 3 && write_few_colors(out, all, w * zoom, h * zoom, e);
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (uint32_t)(w * zoom),
                       .height = (uint32_t)(h * zoom),
                       .format = png_format(channels)};
    if (!ok) ok = add_png(out, &image, all, NULL, e);
    pool_free(big);
    return ok;
}

bool png_write(struct text *out, const uint8_t *pixels, int w, int h, int channels, int zoom,
               struct err *e) {
    return write_png(out, pixels, w, h, channels, zoom, false, e);
}

bool png_write_packed(struct text *out, const uint8_t *pixels, int w, int h, int channels, int zoom,
                      struct err *e) {
    return write_png(out, pixels, w, h, channels, zoom, true, e);
}

static void put_u32(unsigned char *out, uint32_t v) {
    for (int i = 0; i < 4; i++) out[i] = (unsigned char)(v >> (24 - 8 * i));
}

/* The check sum of a chunk (PNG specification, annex D), bit by bit: there is one per file. */
static uint32_t check_sum(const unsigned char *p, size_t n) {
    uint32_t sum = 0xffffffff;
    for (size_t i = 0; i < n; i++) {
        sum ^= p[i];
        for (int k = 0; k < 8; k++) sum = sum & 1 ? 0xedb88320 ^ (sum >> 1) : sum >> 1;
    }
    return ~sum;
}

bool png_set_density(struct text *png, double per_inch, struct err *e) {
    enum { HEAD = 33 }; /* the signature and IHDR */
    if (png->failed || png->n < HEAD || !(per_inch > 0 && per_inch < 1e6)) return true;
    unsigned char chunk[21] = {0, 0, 0, 9, 'p', 'H', 'Y', 's'};
    uint32_t per_metre = (uint32_t)(per_inch / 0.0254 + 0.5);
    put_u32(chunk + 8, per_metre);
    put_u32(chunk + 12, per_metre);
    chunk[16] = 1; /* metres */
    put_u32(chunk + 17, check_sum(chunk + 4, 13));
    struct text out = {0};
    text_add(&out, (struct str){png->p, HEAD});
    text_add(&out, (struct str){(const char *)chunk, sizeof chunk});
    text_add(&out, (struct str){png->p + HEAD, png->n - HEAD});
    if (out.failed) return text_clear(&out), err_memory(e, png->n);
    text_clear(png);
    *png = out;
    return true;
}

bool base64_write(struct text *out, struct str bytes) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *p = (const unsigned char *)bytes.p;
    for (size_t i = 0; i < bytes.n; i += 3) {
        size_t n = bytes.n - i < 3 ? bytes.n - i : 3;
        uint32_t v = (uint32_t)p[i] << 16;
        if (n > 1) v |= (uint32_t)p[i + 1] << 8;
        if (n > 2) v |= p[i + 2];
        char four[4] = {digits[v >> 18], digits[v >> 12 & 63], n > 1 ? digits[v >> 6 & 63] : '=',
                        n > 2 ? digits[v & 63] : '='};
        if (!text_add(out, (struct str){four, 4})) return false;
    }
    return true;
}

bool png_write_base64(struct text *out, const uint8_t *pixels, int w, int h, int channels, int zoom,
                      struct err *e) {
    struct text file = {0};
    bool ok = png_write_packed(&file, pixels, w, h, channels, zoom, e);
    if (ok && !base64_write(out, text_str(&file))) ok = err_memory(e, file.n);
    text_clear(&file);
    return ok;
}
