/* Pictures from bytes: which kind of file, PNG by libpng's simplified interface. */
#include "image.h"
#include "jpeg.h"
#include "read.h"
#include "source.h"
#include "base/intern.h"
#include "base/pool.h"
#include <png.h>
#include <pthread.h>
#include <string.h>

static bool is_jpeg(struct str b) {
    return b.n >= 3 && memcmp(b.p, "\xff\xd8\xff", 3) == 0;
}

static bool is_png(struct str b) {
    return b.n >= 8 && memcmp(b.p, "\x89PNG\r\n\x1a\n", 8) == 0;
}

static const char *other_kind(struct str b) {
    static const struct {
        const char *start, *name;
    } kinds[] = {{"GIF8", "a GIF picture"},  {"BM", "a BMP picture"},
                 {"RIFF", "a WebP picture"}, {"II*", "a TIFF picture"},
                 {"MM", "a TIFF picture"},   {"%PDF", "a PDF document"},
                 {"PK", "a zip file"},       {"\x93NUMPY", "a NumPy array (read_npy)"},
                 {"<svg", "an SVG drawing"}, {"<!DOCTYPE", "a web page"},
                 {"<html", "a web page"},    {"PAR1", "a Parquet table (read_parquet)"}};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (str_starts(b, kinds[i].start)) return kinds[i].name;
    return b.n == 0 ? "an empty file" : "something else";
}

static bool no_picture(struct str bytes, struct err *e) {
    err_set(e, ERR_DATA, "This is not a PNG or JPEG picture: it is %s.", other_kind(bytes));
    return err_hint(e, "PNG and JPEG can be read. Another program has to convert other pictures.");
}

static bool png_bad(const png_image *image, struct err *e) {
    err_set(e, ERR_DATA, "The PNG picture is damaged: %.100s.", image->message);
    return err_hint(e, "Copy or download the file again.");
}

static bool png_begin(png_image *image, struct str bytes, struct err *e) {
    *image = (png_image){.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_memory(image, bytes.p, bytes.n)) return png_bad(image, e);
    image->flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
    return true;
}

static bool png_header(struct str bytes, struct image_info *out, struct err *e) {
    png_image image;
    TRY(png_begin(&image, bytes, e));
    bool color = image.format & PNG_FORMAT_FLAG_COLOR, alpha = image.format & PNG_FORMAT_FLAG_ALPHA;
    *out = (struct image_info){image.height, image.width, (color ? 3 : 1) + alpha, false};
    png_image_free(&image);
    return true;
}

bool image_info(struct str bytes, struct image_info *out, struct err *e) {
    if (is_jpeg(bytes)) return jpeg_info(bytes, out, e);
    return is_png(bytes) ? png_header(bytes, out, e) : no_picture(bytes, e);
}

/* On white. */
static void drop_alpha(const uint8_t *from, int64_t n, int channels, uint8_t *to) {
    for (int64_t i = 0; i < n; i++) {
        const uint8_t *p = from + i * (channels + 1);
        unsigned a = p[channels];
        for (int k = 0; k < channels; k++)
            to[i * channels + k] = (uint8_t)((p[k] * a + 255 * (255 - a) + 127) / 255);
    }
}

static uint32_t png_format_of(int channels, bool alpha) {
    if (channels == 1) return alpha ? PNG_FORMAT_GA : PNG_FORMAT_GRAY;
    return channels == 4 || alpha ? PNG_FORMAT_RGBA : PNG_FORMAT_RGB;
}

/* Pixels as libpng gives them: with alpha if the file has it. */
static struct tensor *png_pixels(png_image *image, struct err *e) {
    struct shape s = shape_of(
        3, (int64_t[]){image->height, image->width, PNG_IMAGE_SAMPLE_CHANNELS(image->format)});
    bool fits = image->height <= IMAGE_MOST_SIDE && image->width <= IMAGE_MOST_SIDE;
    if (!fits) {
        err_set(e, ERR_DATA, "The picture has %u x %u pixels; %d a side are the most.",
                image->height, image->width, IMAGE_MOST_SIDE);
        return NULL;
    }
    if (!memory_holds((uint64_t)image->height * image->width * 8, e)) return NULL;
    struct tensor *t = tensor_new(DT_UINT8, &s, e);
    if (t && png_image_finish_read(image, NULL, t->data, 0, NULL)) return t;
    if (t) png_bad(image, e);
    tensor_unref(t);
    return NULL;
}

static struct tensor *png_decode(struct str bytes, int channels, struct err *e) {
    png_image image;
    if (!png_begin(&image, bytes, e)) return NULL;
    bool alpha = (image.format & PNG_FORMAT_FLAG_ALPHA) && channels != 4;
    if (channels == 1 && (image.format & PNG_FORMAT_FLAG_COLOR)) channels = 3; /* greyed later */
    image.format = png_format_of(channels, alpha);
    struct tensor *t = png_pixels(&image, e);
    png_image_free(&image);
    if (!t || !alpha) return t;
    struct shape s = t->shape;
    s.size[2] = channels;
    struct tensor *flat = tensor_new(DT_UINT8, &s, e);
    if (flat) drop_alpha(t->data, s.size[0] * s.size[1], channels, flat->data);
    tensor_unref(t);
    return flat;
}

/* Grey from a colour picture (ITU-R 601, as Pillow's "L"). */
static struct tensor *fewer_channels(struct tensor *t, int channels, struct err *e) {
    if (!t || t->shape.size[2] == channels || channels != 1) return t;
    struct shape s = t->shape;
    s.size[2] = 1;
    struct tensor *grey = tensor_new(DT_UINT8, &s, e);
    const uint8_t *p = t->data;
    for (int64_t i = 0; grey && i < grey->count; i++, p += 3)
        ((uint8_t *)grey->data)[i] =
            (uint8_t)((p[0] * 19595u + p[1] * 38470u + p[2] * 7471u + 32768u) >> 16);
    tensor_unref(t);
    return grey;
}

static const char *axes[3];

static void name_axes(void) {
    axes[0] = intern_c("height");
    axes[1] = intern_c("width");
    axes[2] = intern_c("channel");
}

const char *image_axis(int i) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, name_axes);
    return axes[i];
}

struct tensor *image_decode(struct str bytes, const struct image_wish *wish, struct err *e) {
    struct tensor *t = NULL;
    if (is_jpeg(bytes)) t = fewer_channels(jpeg_decode(bytes, wish, e), wish->channels, e);
    else if (is_png(bytes))
        t = fewer_channels(png_decode(bytes, wish->channels, e), wish->channels, e);
    else no_picture(bytes, e);
    if (!t) return NULL;
    for (int i = 0; i < 3; i++) t->shape.axis[i] = image_axis(i);
    t->is_image = true;
    return t;
}

struct tensor *read_image(const char *path, const struct image_wish *wish, struct err *e) {
    struct text bytes = {0};
    struct tensor *t = NULL;
    if (read_file(path, &bytes, e)) {
        t = image_decode(text_str(&bytes), wish, e);
        if (!t && e->kind == ERR_DATA) err_fact(e, "file", "%.400s", path);
    }
    text_clear(&bytes);
    return t;
}

bool peek_image(const char *path, struct image_info *out) {
    struct err ignored = {0};
    struct source s;
    char head[1 << 16];
    size_t n = 0;
    bool ok = source_open(&s, path, &ignored) && source_read(&s, head, sizeof head, &n, &ignored);
    source_close(&s);
    return ok && image_info((struct str){head, n}, out, &ignored);
}
