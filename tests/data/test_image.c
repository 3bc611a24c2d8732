/* PNG and JPEG against Pillow's decoding and resizing (make_images.py), and damaged files. */
#include "files.h"
#include "data/image.h"
#include "base/pool.h"
#include <math.h>
#include <string.h>

static const struct image_wish COLOR = {.channels = 3};

static struct tensor *picture(const char *name, const struct image_wish *wish) {
    struct err e = {0};
    char path[256];
    snprintf(path, sizeof path, FILES "%s", name);
    struct tensor *t = read_image(path, wish, &e);
    CHECK(shown(t != NULL, &e));
    return t;
}

static double worst(const struct tensor *a, const struct tensor *b) {
    double most = 0;
    if (!a || !b || a->count != b->count) return INFINITY;
    for (int64_t i = 0; i < a->count; i++)
        most = fmax(most, fabs(tensor_get(a, i) - tensor_get(b, i)));
    return most;
}

static void same_as(const char *name, const struct image_wish *wish, const char *npy, double at) {
    struct err e = {0};
    char path[256];
    snprintf(path, sizeof path, FILES "%s", npy);
    struct tensor *a = picture(name, wish), *b = read_npy(path, &e);
    CHECK(worst(a, b) <= at);
    CHECK(a && a->is_image && a->shape.n == 3 && a->dtype == DT_UINT8);
    tensor_unref(a);
    tensor_unref(b);
}

static void test_decoding(void) {
    const struct image_wish grey = {.channels = 1};
    same_as("picture.png", &COLOR, "picture.npy", 0);
    same_as("picture.jpg", &COLOR, "picture_jpg.npy", 0);
    same_as("picture.png", &grey, "grey.npy", 1);
    same_as("grey.png", &grey, "grey.npy", 0);
    same_as("cmyk.jpg", &COLOR, "cmyk.npy", 1);
}

static void test_opacity(void) {
    const struct image_wish all = {.channels = 4};
    struct tensor *kept = picture("faded.png", &all), *flat = picture("faded.png", &COLOR);
    if (!kept || !flat) return;
    CHECK_EQ(kept->shape.size[2], 4);
    for (int64_t i = 0; i < 24 * 32; i++) {
        double a = tensor_get(kept, i * 4 + 3) / 255;
        for (int k = 0; k < 3; k++)
            CHECK_NEAR(tensor_get(flat, i * 3 + k), tensor_get(kept, i * 4 + k) * a + 255 * (1 - a),
                       0.51);
    }
    tensor_unref(kept);
    tensor_unref(flat);
}

static void test_smaller_on_the_way(void) {
    const struct image_wish half = {3, 12, 16};
    struct tensor *t = picture("picture.jpg", &half);
    CHECK(t && t->shape.size[0] == 12 && t->shape.size[1] == 16);
    tensor_unref(t);
    const struct image_wish more = {3, 13, 16};
    t = picture("picture.jpg", &more);
    CHECK(t && t->shape.size[0] == 24);
    tensor_unref(t);
}

static void test_headers(void) {
    static const struct {
        const char *name;
        int channels;
    } rows[] = {{"picture.png", 3}, {"grey.png", 1}, {"faded.png", 4},
                {"palette.png", 3}, {"grey.jpg", 1}, {"progressive.jpg", 3}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct image_info info;
        char path[256];
        snprintf(path, sizeof path, FILES "%s", rows[i].name);
        CHECK(peek_image(path, &info));
        CHECK(info.height == 24 && info.width == 32 && info.channels == rows[i].channels);
    }
}

static void test_resize(void) {
    static const struct {
        const char *name;
        enum resize_method method;
    } all[] = {
        {"bilinear", RESIZE_BILINEAR}, {"bicubic", RESIZE_BICUBIC}, {"lanczos", RESIZE_LANCZOS}};
    struct tensor *from = picture("picture.png", &COLOR);
    for (size_t i = 0; from && i < ARRAY_LEN(all); i++) {
        struct err e = {0};
        char path[256];
        snprintf(path, sizeof path, FILES "%s.npy", all[i].name);
        struct tensor *want = read_npy(path, &e);
        struct resize_job job = {24, 32, 7, 11, 3, all[i].method};
        struct tensor *got = tensor_new(DT_UINT8, &want->shape, &e);
        CHECK(resize_bytes(&job, from->data, got->data, &e));
        CHECK(worst(got, want) <= 1);
        tensor_unref(got);
        tensor_unref(want);
    }
    tensor_unref(from);
}

/* A constant stays itself under every filter, larger and smaller. */
static void test_constant(void) {
    float from[6 * 5], to[13 * 4];
    for (int i = 0; i < 30; i++) from[i] = 0.25F;
    for (int m = RESIZE_NEAREST; m <= RESIZE_LANCZOS; m++) {
        struct err e = {0};
        struct resize_job job = {6, 5, 13, 4, 1, (enum resize_method)m};
        CHECK(resize_floats(&job, from, to, &e));
        for (int i = 0; i < 52; i++) CHECK_NEAR((double)to[i], 0.25, 1e-6);
    }
}

static void test_round_trip(void) {
    struct err e = {0};
    struct text file = {0};
    struct tensor *a = picture("picture.jpg", &COLOR);
    CHECK(a && jpeg_write(&file, a->data, 32, 24, 3, 95, &e));
    struct tensor *b = image_decode(text_str(&file), &COLOR, &e);
    CHECK(b && b->count == a->count);
    double sum = 0;
    for (int64_t i = 0; b && i < b->count; i++) sum += fabs(tensor_get(a, i) - tensor_get(b, i));
    CHECK(sum / (24 * 32 * 3) < 4);
    tensor_unref(a);
    tensor_unref(b);
    text_clear(&file);
}

/* Every beginning of a file, and every byte changed: an error or a picture. */
static void test_damage(void) {
    static const char *const names[] = {"picture.png", "picture.jpg", "palette.png", "cmyk.jpg"};
    size_t live = pool_live_blocks();
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct err e = {0};
        struct text file = {0};
        char path[256];
        snprintf(path, sizeof path, FILES "%s", names[i]);
        CHECK(read_file(path, &file, &e));
        for (size_t n = 0; n < file.n; n += 7) {
            struct err cut = {0};
            struct tensor *t = image_decode((struct str){file.p, n}, &COLOR, &cut);
            bool tail = n + 16 >= file.n; /* only the end mark is missing */
            CHECK(tail || (t == NULL && cut.kind == ERR_DATA));
            tensor_unref(t);
        }
        for (size_t n = 0; n < file.n; n += 3) {
            struct err bad = {0};
            file.p[n] = (char)(file.p[n] ^ 0x55);
            tensor_unref(image_decode(text_str(&file), &COLOR, &bad));
            file.p[n] = (char)(file.p[n] ^ 0x55);
        }
        text_clear(&file);
    }
    CHECK_EQ(pool_live_blocks(), live);
}

static void test_other_files(void) {
    struct err e = {0};
    CHECK(image_decode(STR("GIF89a…"), &COLOR, &e) == NULL && strstr(e.what, "GIF"));
    CHECK(image_decode(STR(""), &COLOR, &e) == NULL && strstr(e.what, "empty"));
    CHECK(read_image(FILES "no_such.png", &COLOR, &e) == NULL && e.kind == ERR_FILE);
}

TEST_MAIN(test_decoding, test_opacity, test_smaller_on_the_way, test_headers, test_resize,
          test_constant, test_round_trip, test_damage, test_other_files)
