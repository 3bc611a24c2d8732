/* Animations as GIF89a by giflib; every frame has colours of its own. */
#include "display/frames.h"
#include "display/gif_api.h"
#include "display/quantize.h"
#include "base/pool.h"
#include <math.h>
#include <string.h>

static bool no_library(struct err *e) {
    err_set(e, ERR_FILE, "GIF files need giflib, which is not installed here.");
    return err_hint(e, "A .png file of an animation plays in every browser. On Debian and Ubuntu, "
                       "`apt install libgif7` adds the library.");
}

static int append(GifFileType *file, const GifByteType *bytes, int n) {
    return text_add(file->UserData, (struct str){(const char *)bytes, (size_t)n}) ? n : 0;
}

/* A power of two of colours, as the format wants it. */
static ColorMapObject *map_of(const struct gif_api *api, const struct quantized *q) {
    int n = 2;
    while (n < q->n) n *= 2;
    GifColorType colors[256] = {0};
    for (int i = 0; i < q->n; i++)
        colors[i] = (GifColorType){q->colors[i][0], q->colors[i][1], q->colors[i][2]};
    return api->GifMakeMapObject(n, colors);
}

static bool put_patch(const struct gif_api *api, GifFileType *file, const struct frames *f,
                      struct patch p, const uint8_t *pixels, struct err *e) {
    struct quantized q;
    TRY(quantize(&q, pixels, (size_t)p.w * (size_t)p.h, e));
    int hundredths = (int)fmax(2, f->figure->seconds * 100 + 0.5); /* browsers slow down less */
    unsigned char control[4] = {1 << 2, (unsigned char)(hundredths & 255),
                                (unsigned char)(hundredths >> 8), 0};
    ColorMapObject *map = map_of(api, &q);
    bool ok = map && api->EGifPutExtension(file, GRAPHICS_EXT_FUNC_CODE, 4, control) == GIF_OK &&
              api->EGifPutImageDesc(file, p.x, p.y, p.w, p.h, false, map) == GIF_OK;
    for (int y = 0; ok && y < p.h; y++)
        ok = api->EGifPutLine(file, q.at + (size_t)y * (size_t)p.w, p.w) == GIF_OK;
    if (map) api->GifFreeMapObject(map);
    pool_free(q.at);
    return ok || err_memory(e, (size_t)p.w * (size_t)p.h);
}

/* "Again and again", as Netscape wrote it in 1995. */
static bool put_loop(const struct gif_api *api, GifFileType *file) {
    static const unsigned char forever[] = {1, 0, 0};
    return api->EGifPutExtensionLeader(file, APPLICATION_EXT_FUNC_CODE) == GIF_OK &&
           api->EGifPutExtensionBlock(file, 11, "NETSCAPE2.0") == GIF_OK &&
           api->EGifPutExtensionBlock(file, 3, forever) == GIF_OK &&
           api->EGifPutExtensionTrailer(file) == GIF_OK;
}

static bool put_frame(const struct gif_api *api, GifFileType *file, const struct frames *f,
                      const uint8_t *before, const uint8_t *now, struct err *e) {
    struct patch p = {0, 0, f->w, f->h};
    if (before) p = frames_change(f, before, now);
    uint8_t *pixels = frames_cut(f, now, p, e);
    bool ok = pixels && put_patch(api, file, f, p, pixels, e);
    pool_free(pixels);
    return ok;
}

bool gif_write(const struct frames *f, struct text *out, struct err *e) {
    const struct gif_api *api = gif_api_load();
    if (!api) return no_library(e);
    int problem = 0;
    GifFileType *file = api->EGifOpen(out, append, &problem);
    if (!file) return err_memory(e, sizeof *file);
    api->EGifSetGifVersion(file, true);
    uint8_t *before = NULL;
    bool ok = api->EGifPutScreenDesc(file, f->w, f->h, 8, 0, NULL) == GIF_OK && put_loop(api, file);
    if (!ok) err_memory(e, out->n);
    for (int i = 0; ok && i < f->n; i++) {
        uint8_t *now = frames_read(f, i, e);
        ok = now && put_frame(api, file, f, before, now, e);
        pool_free(before);
        before = now;
    }
    pool_free(before);
    ok = api->EGifCloseFile(file, &problem) == GIF_OK && ok;
    return ok && (!out->failed || err_memory(e, out->n));
}
