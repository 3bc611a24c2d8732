/* PNG and base64: what is written can be read back. */
#include "display/png_write.h"
#include "display/svg.h"
#include "tests/harness.h"
#include <png.h>

static void round_trip(int w, int h, int channels, int zoom) {
    static const uint32_t formats[] = {0, PNG_FORMAT_GRAY, 0, PNG_FORMAT_RGB, PNG_FORMAT_RGBA};
    uint8_t pixels[4 * 64];
    for (int i = 0; i < w * h * channels; i++) pixels[i] = (uint8_t)(i * 37 + 11);
    struct text file = {0};
    struct err e = {0};
    CHECK(png_write(&file, pixels, w, h, channels, zoom, &e));
    png_image image = {.version = PNG_IMAGE_VERSION};
    CHECK(png_image_begin_read_from_memory(&image, file.p, file.n));
    CHECK_EQ(image.width, w * zoom);
    CHECK_EQ(image.height, h * zoom);
    CHECK((image.format & PNG_FORMAT_FLAG_COLORMAP) == 0); /* frames of animations are glued */
    image.format = formats[channels];
    static uint8_t back[64 * 64 * 4];
    CHECK(png_image_finish_read(&image, NULL, back, 0, NULL));
    for (int y = 0; y < h * zoom; y++)
        for (int x = 0; x < w * zoom; x++)
            for (int k = 0; k < channels; k++)
                CHECK_EQ(back[(y * w * zoom + x) * channels + k],
                         pixels[(y / zoom * w + x / zoom) * channels + k]);
    text_clear(&file);
}

static void pixels_survive(void) {
    round_trip(7, 5, 1, 1);
    round_trip(3, 4, 3, 3);
    round_trip(2, 2, 4, 5);
    round_trip(1, 1, 1, 1);
}

/* More colours than an indexed picture may have, and just as many. */
static void many_colors(void) {
    for (int n = 256; n <= 320; n += 64) {
        static uint8_t pixels[320 * 3], back[320 * 3];
        for (int i = 0; i < n; i++)
            pixels[3 * i] = (uint8_t)i, pixels[3 * i + 1] = (uint8_t)(i >> 8),
                       pixels[3 * i + 2] = 7;
        struct text file = {0};
        struct err e = {0};
        CHECK(png_write_packed(&file, pixels, n / 16, 16, 3, 1, &e));
        png_image image = {.version = PNG_IMAGE_VERSION};
        CHECK(png_image_begin_read_from_memory(&image, file.p, file.n));
        CHECK_EQ((image.format & PNG_FORMAT_FLAG_COLORMAP) != 0, n <= 256);
        image.format = PNG_FORMAT_RGB;
        CHECK(png_image_finish_read(&image, NULL, back, 0, NULL));
        CHECK(memcmp(back, pixels, (size_t)n * 3) == 0);
        text_clear(&file);
    }
}

static void base64(void) {
    static const char *const pairs[][2] = {
        {"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
        {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) { /* RFC 4648, section 10 */
        struct text out = {0};
        base64_write(&out, str_of(pairs[i][0]));
        CHECK_STR(out.p ? out.p : "", pairs[i][1]);
        text_clear(&out);
    }
}

static void escapes(void) {
    struct text out = {0};
    svg_escape(&out, STR("a<b & \"c\" > \x01 \xff é \xe2\x82 ok \xed\xa0\x80"));
    CHECK_STR(out.p, "a&lt;b &amp; &quot;c&quot; &gt;  \xef\xbf\xbd é \xef\xbf\xbd\xef\xbf\xbd ok "
                     "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    text_clear(&out);
}

static void numbers(void) {
    static const struct {
        double x;
        const char *text;
    } rows[] = {{0, " 0"},        {1.005, " 1"},        {-0.004, " 0"},
                {12.5, " 12.5"},  {-3.14159, " -3.14"}, {99.999, " 100"},
                {1e9, " 100000"}, {NAN, " 0"},          {0.05, " 0.05"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct text out = {0};
        svg_number(&out, ' ', rows[i].x);
        CHECK_STR(out.p, rows[i].text);
        text_clear(&out);
    }
}

static void widths(void) {
    CHECK_NEAR(font_width(STR("ii"), 10), 4.44, 1e-9);
    CHECK_NEAR(font_width(STR("0−0"), 10), 5.56 * 2 + 5.84, 1e-9);
    CHECK(font_width(STR("\xff\xfe"), 10) >= 0);
}

TEST_MAIN(pixels_survive, many_colors, base64, escapes, numbers, widths)
