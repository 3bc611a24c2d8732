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
    struct text *out;
    uint32_t sequence;
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

static bool add_frame(struct writer *w, const uint8_t *before, const uint8_t *now, struct err *e) {
    struct patch p = {0, 0, w->f->w, w->f->h};
    if (before) p = frames_change(w->f, before, now);
    uint8_t *cut = frames_cut(w->f, now, p, e);
    struct text png = {0};
    bool ok = cut && png_write(&png, cut, p.w, p.h, 3, 1, e);
    pool_free(cut);
    if (ok) add_control(w, p);
    if (ok) add_data(w, text_str(&png), before == NULL);
    text_clear(&png);
    return ok;
}

static void add_head(struct writer *w) {
    char head[13], control[8];
    put_u32(head, (uint32_t)w->f->w);
    put_u32(head + 4, (uint32_t)w->f->h);
    memcpy(head + 8, "\x08\x02\0\0\0", 5); /* eight bits each of red, green, blue */
    put_u32(control, (uint32_t)w->f->n);
    put_u32(control + 4, 0); /* for ever */
    text_add(w->out, (struct str){"\x89PNG\r\n\x1a\n", 8});
    add_chunk(w->out, "IHDR", (struct str){head, sizeof head}, (struct str){"", 0});
    add_chunk(w->out, "acTL", (struct str){control, sizeof control}, (struct str){"", 0});
}

bool apng_write(const struct frames *f, struct text *out, struct err *e) {
    struct writer w = {.f = f, .out = out};
    uint8_t *before = NULL;
    add_head(&w);
    for (int i = 0; i < f->n; i++) {
        uint8_t *now = frames_read(f, i, e);
        bool ok = now && add_frame(&w, before, now, e);
        pool_free(before);
        before = now;
        if (!ok) return pool_free(before), false;
    }
    pool_free(before);
    add_chunk(out, "IEND", (struct str){"", 0}, (struct str){"", 0});
    return !out->failed || err_memory(e, out->n);
}
