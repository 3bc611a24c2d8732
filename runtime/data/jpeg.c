/* JPEG files by TurboJPEG. */
#include "jpeg.h"
#include "image.h"
#include "jpeg_api.h"
#include "source.h"
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

static struct jpeg_api api;
static bool loaded;

static void load(void) {
    void *library = dlopen("libturbojpeg.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!library) return;
    loaded = true;
#define F(name)                                                                                    \
    do {                                                                                           \
        void *symbol = dlsym(library, "tj" #name);                                                 \
        memcpy(&api.name, &symbol, sizeof symbol);                                                 \
        loaded = loaded && symbol;                                                                 \
    } while (0);
    JPEG_FUNCTIONS(F)
#undef F
}

const struct jpeg_api *jpeg_api(struct err *e) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    if (loaded) return &api;
    err_set(e, ERR_FILE, "JPEG pictures need the library libturbojpeg, which is not installed.");
    err_hint(e, "    sudo apt-get install libturbojpeg0");
    return NULL;
}

static bool damaged(const struct jpeg_api *tj, tjhandle h, struct err *e) {
    err_set(e, ERR_DATA, "The JPEG picture is damaged: %.200s.", tj->GetErrorStr2(h));
    return err_hint(e, "Copy or download the file again.");
}

static bool header(const struct jpeg_api *tj, tjhandle h, struct str bytes, struct image_info *out,
                   int *space, struct err *e) {
    int w = 0, hh = 0, sampling; /* a file of tables only succeeds and sets none */
    const unsigned char *p = (const unsigned char *)bytes.p;
    if (tj->DecompressHeader3(h, p, bytes.n, &w, &hh, &sampling, space) != 0)
        return damaged(tj, h, e);
    if (w < 1 || hh < 1) {
        err_set(e, ERR_DATA, "The JPEG picture is damaged: it ends before its pixels begin.");
        return err_hint(e, "Copy or download the file again.");
    }
    *out = (struct image_info){hh, w, *space == TJCS_GRAY ? 1 : 3, true};
    return true;
}

bool jpeg_info(struct str bytes, struct image_info *out, struct err *e) {
    const struct jpeg_api *tj = jpeg_api(e);
    tjhandle h = tj ? tj->InitDecompress() : NULL;
    int space;
    if (!h) return tj ? err_memory(e, 1 << 12) : false;
    bool ok = header(tj, h, bytes, out, &space, e);
    tj->Destroy(h);
    return ok;
}

/* The largest reduction (to 1/1, 1/2, 1/4, 1/8) that leaves at least `at_least` of n; 0: whole. */
static int reduction(int64_t n, int64_t at_least) {
    int by = 1;
    while (by < 8 && at_least > 0 && (n + 2 * by - 1) / (2 * by) >= at_least) by *= 2;
    return by;
}

/* CMYK as Adobe stores it: inverted. */
static void from_cmyk(const uint8_t *from, int64_t n, uint8_t *to) {
    for (int64_t i = 0; i < n; i++)
        for (int k = 0; k < 3; k++)
            to[3 * i + k] = (uint8_t)((unsigned)from[4 * i + k] * from[4 * i + 3] / 255);
}

/* A progressive file may ask for any number of passes over itself: not more than this. */
enum { FLAGS = TJFLAG_LIMITSCANS };

static bool decompress(const struct jpeg_api *tj, tjhandle h, struct str bytes, uint8_t *out,
                       const struct tensor *t, int format, struct err *e) {
    const unsigned char *p = (const unsigned char *)bytes.p;
    int w = (int)t->shape.size[1], hh = (int)t->shape.size[0];
    if (tj->Decompress2(h, p, bytes.n, out, w, 0, hh, format, FLAGS) == 0) return true;
    /* a warning such as bytes after the end is no reason to refuse; a missing part is */
    bool harmless = tj->GetErrorCode(h) == TJERR_WARNING &&
                    !strstr(tj->GetErrorStr2(h), "remature end") &&
                    !strstr(tj->GetErrorStr2(h), "orrupt");
    return harmless || damaged(tj, h, e);
}

static struct tensor *decode(const struct jpeg_api *tj, tjhandle h, struct str bytes,
                             const struct image_wish *wish, struct err *e) {
    struct image_info info = {0};
    int space = 0;
    if (!header(tj, h, bytes, &info, &space, e)) return NULL;
    int by = reduction(info.height, wish->at_least_height);
    int by_w = reduction(info.width, wish->at_least_width);
    if (by_w < by) by = by_w;
    bool cmyk = space == TJCS_CMYK || space == TJCS_YCCK;
    int channels = cmyk ? 4 : wish->channels;
    struct shape s =
        shape_of(3, (int64_t[]){(info.height + by - 1) / by, (info.width + by - 1) / by, channels});
    if (!memory_holds((uint64_t)(info.height * info.width) * 8, e)) return NULL;
    struct tensor *t = tensor_zeros(DT_UINT8, &s, e);
    int format = cmyk            ? TJPF_CMYK
                 : channels == 1 ? TJPF_GRAY
                 : channels == 3 ? TJPF_RGB
                                 : TJPF_RGBA;
    if (!t || decompress(tj, h, bytes, t->data, t, format, e)) {
        if (!t || !cmyk) return t;
        s.size[2] = 3;
        struct tensor *rgb = tensor_new(DT_UINT8, &s, e);
        if (rgb) from_cmyk(t->data, t->count / 4, rgb->data);
        return tensor_unref(t), rgb;
    }
    return tensor_unref(t), NULL;
}

struct tensor *jpeg_decode(struct str bytes, const struct image_wish *wish, struct err *e) {
    const struct jpeg_api *tj = jpeg_api(e);
    tjhandle h = tj ? tj->InitDecompress() : NULL;
    if (tj && !h) err_memory(e, 1 << 12);
    if (!h) return NULL;
    struct tensor *t = decode(tj, h, bytes, wish, e);
    tj->Destroy(h);
    return t;
}

bool jpeg_write(struct text *out, const uint8_t *pixels, int w, int h, int channels, int quality,
                struct err *e) {
    const struct jpeg_api *tj = jpeg_api(e);
    tjhandle c = tj ? tj->InitCompress() : NULL;
    if (!c) return tj ? err_memory(e, 1 << 12) : false;
    unsigned char *file = NULL;
    unsigned long n = 0;
    int format = channels == 1 ? TJPF_GRAY : channels == 3 ? TJPF_RGB : TJPF_RGBA;
    int sampling = channels == 1 ? TJSAMP_GRAY : TJSAMP_420;
    bool ok = tj->Compress2(c, pixels, w, 0, h, format, &file, &n, sampling, quality, 0) == 0 ||
              err_set(e, ERR_VALUE, "The picture cannot be written as JPEG: %.200s.",
                      tj->GetErrorStr2(c));
    if (ok && !text_add(out, (struct str){(const char *)file, n})) ok = err_memory(e, n);
    if (file) tj->Free(file);
    tj->Destroy(c);
    return ok;
}
