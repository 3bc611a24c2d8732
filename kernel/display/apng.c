/* Animated PNG: every frame is the data of an ordinary PNG of what has changed. */
#include "display/frames.h"
#include "display/png_write.h"
#include "base/pool.h"
#include <string.h>
#include <zlib.h>

static uint32_t read_u32(const unsigned char *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_u32(char out[4], uint32_t v) {
    for (int i = 0; i < 4; i++) out[i] = (char)(v >> (24 - 8 * i));
}

/* A chunk: length, name, `head` and then `body`, check sum. */
static void add_chunk(struct text *out, const char *name, struct str head, struct str body) {
    char bytes[4];
    put_u32(bytes, (uint32_t)(head.n + body.n));
    text_add(out, (struct str){bytes, 4});
    text_add(out, (struct str){name, 4});
    text_add(out, head);
    text_add(out, body);
    uLong sum = crc32(0, (const Bytef *)name, 4);
    if (head.n > 0) sum = crc32(sum, (const Bytef *)head.p, (uInt)head.n);
    if (body.n > 0) sum = crc32(sum, (const Bytef *)body.p, (uInt)body.n);
    put_u32(bytes, (uint32_t)sum);
    text_add(out, (struct str){bytes, 4});
}

struct writer {
    const struct frames *f;
    struct text *out; /* the frames */
    uint32_t sequence;
    struct png_colors *colors; /* of all frames; NULL: three bytes a pixel */
    bool coarse;               /* shades at edges as multiples of 1/31: drawings have few then */
    bool too_many;
};

/* fcTL: where and how long; nothing is mixed or taken back. */
static void add_control(struct writer *w, struct patch p) {
    char head[26];
    uint32_t numbers[] = {w->sequence++, (uint32_t)p.w, (uint32_t)p.h, (uint32_t)p.x,
                          (uint32_t)p.y};
    for (int i = 0; i < 5; i++) put_u32(head + 4 * i, numbers[i]);
    uint32_t ms = (uint32_t)(w->f->figure->seconds * 1000 + 0.5);
    put_u32(head + 20, ms << 16 | 1000);
    head[24] = head[25] = 0;
    add_chunk(w->out, "fcTL", (struct str){head, sizeof head}, (struct str){"", 0});
}

/* The image data of a finished PNG: as IDAT in the first frame, as fdAT in the others. */
static void add_data(struct writer *w, struct str png, bool first) {
    const unsigned char *p = (const unsigned char *)png.p;
    char sequence[4];
    for (size_t i = 8; i + 12 <= png.n;) {
        size_t n = read_u32(p + i);
        if (n > png.n - i - 12) return;
        struct str body = {png.p + i + 8, n};
        bool data = memcmp(p + i + 4, "IDAT", 4) == 0;
        if (data && first) add_chunk(w->out, "IDAT", (struct str){"", 0}, body);
        if (data && !first) put_u32(sequence, w->sequence++);
        if (data && !first) add_chunk(w->out, "fdAT", (struct str){sequence, 4}, body);
        i += n + 12;
    }
}

/* The patch as a PNG; its colours numbered where all frames together have at most 256. */
static bool write_patch(struct writer *w, struct text *png, uint8_t *cut, struct patch p,
                        struct err *e) {
    if (!w->colors) return png_write(png, cut, p.w, p.h, 3, 1, e);
    size_t n = (size_t)p.w * (size_t)p.h;
    for (size_t i = 0; w->coarse && i < 3 * n; i++)
        cut[i] = (uint8_t)((cut[i] * 31 + 127) / 255 * 255 / 31);
    uint8_t *indices = pool_need(n, e);
    if (!indices) return false;
    w->too_many = !png_index(w->colors, cut, n, indices);
    bool ok = !w->too_many && png_write_indexed(png, indices, p.w, p.h, w->colors, 256, e);
    pool_free(indices);
    return ok;
}

static bool add_frame(struct writer *w, const uint8_t *before, const uint8_t *now, struct err *e) {
    struct patch p = {0, 0, w->f->w, w->f->h};
    if (before) p = frames_change(w->f, before, now);
    uint8_t *cut = frames_cut(w->f, now, p, e);
    struct text png = {0};
    bool ok = cut && write_patch(w, &png, cut, p, e);
    pool_free(cut);
    if (ok) add_control(w, p);
    if (ok) add_data(w, text_str(&png), before == NULL);
    text_clear(&png);
    return ok;
}

static void add_head(const struct writer *w, struct text *out) {
    char head[13], control[8];
    put_u32(head, (uint32_t)w->f->w);
    put_u32(head + 4, (uint32_t)w->f->h);
    memcpy(head + 8, "\x08\x02\0\0\0", 5); /* eight bits each of red, green, blue */
    if (w->colors) head[9] = 3;            /* or the number of a colour */
    put_u32(control, (uint32_t)w->f->n);
    put_u32(control + 4, 0); /* for ever */
    text_add(out, (struct str){"\x89PNG\r\n\x1a\n", 8});
    add_chunk(out, "IHDR", (struct str){head, sizeof head}, (struct str){"", 0});
    add_chunk(out, "acTL", (struct str){control, sizeof control}, (struct str){"", 0});
    if (w->colors)
        add_chunk(out, "PLTE", (struct str){(const char *)w->colors->at, sizeof w->colors->at},
                  (struct str){"", 0});
}

static bool add_frames(struct writer *w, struct err *e) {
    uint8_t *before = NULL;
    bool ok = true;
    for (int i = 0; ok && i < w->f->n; i++) {
        uint8_t *now = frames_read(w->f, i, e);
        ok = now && add_frame(w, before, now, e);
        pool_free(before);
        before = now;
    }
    pool_free(before);
    return ok;
}

/* Areas of pixels would show the coarser shades. */
static bool has_areas(const struct figure *f) {
    for (int i = 0; i < f->n; i++)
        for (int k = 0; k < f->plots[i]->n_marks; k++) {
            const struct mark *m = &f->plots[i]->marks[k];
            if (m->kind == MARK_IMAGE || m->kind == MARK_HEATMAP || m->filled) return true;
        }
    return false;
}

bool apng_write(const struct frames *f, struct text *out, struct err *e) {
    struct text body = {0};
    struct writer w = {.f = f, .out = &body, .coarse = f->zoom == 0 && !has_areas(f->figure)};
    w.colors = pool_zalloc(sizeof *w.colors);
    bool ok = add_frames(&w, e);
    if (!ok && w.too_many) { /* again, with all its colours */
        text_clear(&body);
        pool_free(w.colors);
        w = (struct writer){.f = f, .out = &body};
        ok = add_frames(&w, e);
    }
    if (ok) {
        add_head(&w, out);
        text_add(out, text_str(&body));
        add_chunk(out, "IEND", (struct str){"", 0}, (struct str){"", 0});
    }
    pool_free(w.colors);
    if (ok && body.failed) ok = err_memory(e, body.n);
    text_clear(&body);
    return ok && (!out->failed || err_memory(e, out->n));
}
