/* Pictures in files: PNG (libpng) and JPEG (libjpeg-turbo's TurboJPEG, opened on first use), and
 * changing their size. Pixels are rows of 8-bit samples, (height, width, channel). Damaged or
 * hostile bytes give an error, never a crash; a picture larger than memory is refused by the
 * numbers in its header. */
#pragma once
#include "../tensor.h"

/* What a file's header says. */
struct image_info {
    int64_t height, width;
    int channels; /* as stored: 1 grey, 2 grey with alpha, 3 colour, 4 colour with alpha */
    bool jpeg;
};

enum { IMAGE_MOST_SIDE = 65535 };

/* Is it a picture at all? False with an ERR_DATA that says what the bytes look like. */
bool image_info(struct str bytes, struct image_info *out, struct err *e);
/* uint8 [height, width, channel] with `channels` of 1 (grey), 3 (colour) or 4 (colour, alpha).
 * Transparent parts stand on white unless alpha is kept. A JPEG that is at least twice as large as
 * `at_least` in both directions is decoded to a half, quarter or eighth on the way (0, 0: whole).
 */
struct image_wish {
    int channels;
    int64_t at_least_height, at_least_width;
};
/* "height", "width", "channel", interned; asked for once before threads decode. */
const char *image_axis(int i);
struct tensor *image_decode(struct str bytes, const struct image_wish *wish, struct err *e);
struct tensor *read_image(const char *path, const struct image_wish *wish, struct err *e);
/* From the file's first bytes, for the checker. */
bool peek_image(const char *path, struct image_info *out);

/* Append a JPEG of w * h pixels with 1 or 3 channels; quality 1 … 100. */
bool jpeg_write(struct text *out, const uint8_t *pixels, int w, int h, int channels, int quality,
                struct err *e);

/* ---- sizes ---- */

/* ORDER: the words of `resize` in the language. */
enum resize_method { RESIZE_NEAREST, RESIZE_BILINEAR, RESIZE_BICUBIC, RESIZE_LANCZOS };

/* Resampling by a filter whose support grows with the reduction, so that nothing aliases: the
 * method of Pillow's Image.resize (triangle; Keys' cubic with a = -1/2; Lanczos with 3 lobes).
 * from (h, w, channels) to (to_h, to_w, channels). uint8 pixels are rounded and clamped once, at
 * the end. */
struct resize_job {
    int64_t h, w, to_h, to_w;
    int channels;
    enum resize_method method;
};
bool resize_bytes(const struct resize_job *job, const uint8_t *from, uint8_t *to, struct err *e);
bool resize_floats(const struct resize_job *job, const float *from, float *to, struct err *e);
