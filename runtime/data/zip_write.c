/* Writing zip archives, one member after the other; the directory comes last. Archives of 4 GB and
 * more, and members of that size, are written as Zip64. */
#include "zip.h"
#include "sink.h"
#include "base/pool.h"
#include <string.h>
#include <zlib.h>

struct zip_writer {
    struct sink sink;
    uint64_t at, n;
    struct text directory;
};

static void put(struct text *t, uint64_t x, int width) {
    for (int i = 0; i < width; i++) text_addc(t, (char)(x >> (8 * i)));
}

struct zip_writer *zip_create(const char *path, struct err *e) {
    struct zip_writer *w = pool_need(sizeof *w, e);
    if (!w) return NULL;
    if (sink_open(&w->sink, path, e)) return w;
    sink_drop(&w->sink);
    pool_free(w);
    return NULL;
}

static bool put_out(struct zip_writer *w, struct str bytes, struct err *e) {
    w->at += bytes.n;
    return sink_put(&w->sink, bytes.p, bytes.n, e);
}

/* Raw deflate; false if the result would not be smaller. */
static bool deflated(struct str from, struct text *out) {
    z_stream s = {0};
    if (from.n < 64 || from.n > UINT32_MAX / 2) return false;
    if (deflateInit2(&s, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY))
        return false;
    out->p = pool_alloc(from.n);
    s.next_in = (Bytef *)(uintptr_t)from.p;
    s.avail_in = (uInt)from.n;
    s.next_out = (Bytef *)out->p;
    s.avail_out = out->p ? (uInt)from.n : 0;
    bool ok = out->p && deflate(&s, Z_FINISH) == Z_STREAM_END;
    out->n = out->cap = from.n - s.avail_out;
    deflateEnd(&s);
    return ok;
}

/* Fields that a member's own header and its entry in the directory share. 1980-01-01 is the
 * earliest time that the format has: the same bytes whenever they are written. */
struct head {
    const char *name;
    uint64_t packed, size, offset;
    uint32_t crc;
    int method;
};

static void put_shared(struct text *t, const struct head *h, bool big, bool entry) {
    enum { TIME = 0, DATE = 1 << 5 | 1 };
    put(t, big ? 45 : 20, 2);
    put(t, 1 << 11, 2); /* names are UTF-8 */
    put(t, (uint64_t)h->method, 2);
    put(t, TIME, 2);
    put(t, DATE, 2);
    put(t, h->crc, 4);
    put(t, big ? UINT32_MAX : h->packed, 4);
    put(t, big ? UINT32_MAX : h->size, 4);
    put(t, strlen(h->name), 2);
    put(t, big ? (entry ? 28 : 20) : 0, 2);
}

static void put_extra(struct text *t, const struct head *h, bool entry) {
    put(t, 1, 2);
    put(t, entry ? 24 : 16, 2);
    put(t, h->size, 8);
    put(t, h->packed, 8);
    if (entry) put(t, h->offset, 8);
}

static void put_entry(struct text *t, const struct head *h, bool big) {
    put(t, 0x02014b50, 4);
    put(t, big ? 45 : 20, 2);
    put_shared(t, h, big, true);
    put(t, 0, 2 + 2 + 2); /* comment, disk, text or not */
    put(t, 0, 4);
    put(t, big ? UINT32_MAX : h->offset, 4);
    text_adds(t, h->name);
    if (big) put_extra(t, h, true);
}

bool zip_add(struct zip_writer *w, const char *name, struct str bytes, bool pack, struct err *e) {
    struct text packed = {0}, head = {0};
    bool smaller = pack && deflated(bytes, &packed);
    struct str body = smaller ? text_str(&packed) : bytes;
    struct head h = {.name = name,
                     .packed = body.n,
                     .size = bytes.n,
                     .offset = w->at,
                     .method = smaller ? 8 : 0,
                     .crc = (uint32_t)crc32_z(0, (const Bytef *)bytes.p, bytes.n)};
    bool big = bytes.n >= UINT32_MAX || w->at >= UINT32_MAX;
    put(&head, 0x04034b50, 4);
    put_shared(&head, &h, big, false);
    text_adds(&head, name);
    if (big) put_extra(&head, &h, false);
    put_entry(&w->directory, &h, big);
    w->n++;
    bool ok = !head.failed && !w->directory.failed;
    if (!ok) err_memory(e, head.cap);
    ok = ok && put_out(w, text_str(&head), e) && put_out(w, body, e);
    text_clear(&packed);
    text_clear(&head);
    return ok;
}

static bool put_end(struct zip_writer *w, struct err *e) {
    struct text t = {0};
    uint64_t start = w->at, size = w->directory.n, end64 = start + size;
    bool big = w->n >= UINT16_MAX || end64 >= UINT32_MAX;
    if (big) {
        put(&t, 0x06064b50, 4);
        put(&t, 44, 8);
        put(&t, 45, 2);
        put(&t, 45, 2);
        put(&t, 0, 8); /* disks */
        put(&t, w->n, 8);
        put(&t, w->n, 8);
        put(&t, size, 8);
        put(&t, start, 8);
        put(&t, 0x07064b50, 4);
        put(&t, 0, 4);
        put(&t, end64, 8);
        put(&t, 1, 4);
    }
    put(&t, 0x06054b50, 4);
    put(&t, 0, 4); /* disks */
    put(&t, big ? UINT16_MAX : w->n, 2);
    put(&t, big ? UINT16_MAX : w->n, 2);
    put(&t, big ? UINT32_MAX : size, 4);
    put(&t, big ? UINT32_MAX : start, 4);
    put(&t, 0, 2);
    bool ok = t.failed ? err_memory(e, t.cap)
                       : put_out(w, text_str(&w->directory), e) && put_out(w, text_str(&t), e);
    text_clear(&t);
    return ok;
}

bool zip_finish(struct zip_writer *w, bool ok, struct err *e) {
    ok = ok && put_end(w, e) && sink_finish(&w->sink, e);
    sink_drop(&w->sink);
    text_clear(&w->directory);
    pool_free(w);
    return ok;
}
