/* Zip archives: the directory at the end, and members by their place. */
#include "zip.h"
#include "source.h"
#include "base/pool.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <zlib.h>

struct zip {
    _Atomic int32_t refs;
    struct str bytes;
    size_t mapped; /* bytes to unmap, or 0 */
    int64_t n;
    struct zip_member *members;
    int64_t *by_name; /* positions sorted by name */
};

enum { END_SIZE = 22, END64_SIZE = 56, LOCATOR_SIZE = 20, ENTRY_SIZE = 46, LOCAL_SIZE = 30 };
static const uint32_t END_MARK = 0x06054b50, END64_MARK = 0x06064b50, LOCATOR_MARK = 0x07064b50,
                      ENTRY_MARK = 0x02014b50, LOCAL_MARK = 0x04034b50;

/* Little-endian numbers of 2, 4 and 8 bytes. */
static uint64_t number(const char *p, int width) {
    uint64_t x = 0;
    for (int i = width; i-- > 0;) x = x << 8 | (uint8_t)p[i];
    return x;
}

static bool damaged(const char *what, struct err *e) {
    err_set(e, ERR_DATA, "The zip archive is damaged: %s.", what);
    return err_hint(e, "Copy or download the file again.");
}

/* Where the directory lies and how many members it has. */
struct directory {
    uint64_t offset, size, n;
};

/* The end record is the last 22 bytes, or there is a comment behind it. */
static const char *find_end(struct str b) {
    if (b.n < END_SIZE) return NULL;
    const char *last = b.p + b.n - END_SIZE;
    for (const char *p = last; p >= b.p && last - p <= UINT16_MAX; p--)
        if (number(p, 4) == END_MARK) return p;
    return NULL;
}

static bool read_end64(struct str b, const char *end, struct directory *d, struct err *e) {
    const char *locator = end - LOCATOR_SIZE;
    if (end - b.p < LOCATOR_SIZE || number(locator, 4) != LOCATOR_MARK) return true;
    uint64_t at = number(locator + 8, 8);
    if (at > b.n || b.n - at < END64_SIZE || number(b.p + at, 4) != END64_MARK)
        return damaged("its end record is missing", e);
    *d = (struct directory){.n = number(b.p + at + 32, 8),
                            .size = number(b.p + at + 40, 8),
                            .offset = number(b.p + at + 48, 8)};
    return true;
}

static bool read_end(struct str b, struct directory *d, struct err *e) {
    const char *end = find_end(b);
    if (!end) {
        err_set(e, ERR_DATA, "This is not a zip archive, or its end is missing.");
        return err_hint(e, "Copy or download the file again.");
    }
    *d = (struct directory){
        .n = number(end + 10, 2), .size = number(end + 12, 4), .offset = number(end + 16, 4)};
    TRY(read_end64(b, end, d, e));
    if (d->offset > b.n || d->size > b.n - d->offset || d->n > d->size / ENTRY_SIZE)
        return damaged("its directory does not lie inside the file", e);
    return true;
}

/* Sizes that do not fit into 32 bits stand in an extra field, those that need it and in order. */
static void read_extra(const char *p, size_t n, struct zip_member *m) {
    while (n >= 4) {
        size_t size = number(p + 2, 2);
        if (size > n - 4) return;
        const char *at = p + 4, *end = at + size;
        uint64_t *fields[] = {&m->size, &m->packed, &m->offset};
        for (int i = 0; number(p, 2) == 1 && i < 3; i++) {
            if (*fields[i] != UINT32_MAX || end - at < 8) continue;
            *fields[i] = number(at, 8);
            at += 8;
        }
        p += 4 + size;
        n -= 4 + size;
    }
}

static bool read_entry(struct str b, const char **at, const char *end, struct zip_member *m,
                       struct err *e) {
    const char *p = *at;
    if (end - p < ENTRY_SIZE || number(p, 4) != ENTRY_MARK)
        return damaged("its directory ends too early", e);
    size_t name = number(p + 28, 2), extra = number(p + 30, 2), comment = number(p + 32, 2);
    if ((size_t)(end - p) - ENTRY_SIZE < name + extra + comment)
        return damaged("its directory ends too early", e);
    *m = (struct zip_member){.name = {p + ENTRY_SIZE, name},
                             .method = (int)number(p + 10, 2),
                             .crc = (uint32_t)number(p + 16, 4),
                             .packed = number(p + 20, 4),
                             .size = number(p + 24, 4),
                             .offset = number(p + 42, 4)};
    if (number(p + 8, 2) & 1) m->method = -1; /* encrypted */
    read_extra(p + ENTRY_SIZE + name, extra, m);
    *at = p + ENTRY_SIZE + name + extra + comment;
    return m->offset <= b.n || damaged("a member lies outside of the file", e);
}

static int compare(struct str a, struct str b) {
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

static int by_name(const void *a, const void *b, void *members) {
    const struct zip_member *m = members;
    int order = compare(m[*(const int64_t *)a].name, m[*(const int64_t *)b].name);
    return order ? order : (*(const int64_t *)a > *(const int64_t *)b) ? 1 : -1;
}

static bool read_directory(struct zip *z, struct err *e) {
    struct directory d = {0};
    TRY(read_end(z->bytes, &d, e));
    TRY(z->members = pool_need(d.n * sizeof *z->members + 1, e));
    TRY(z->by_name = pool_need(d.n * sizeof *z->by_name + 1, e));
    const char *at = z->bytes.p + d.offset, *end = at + d.size;
    for (z->n = 0; z->n < (int64_t)d.n; z->n++) {
        TRY(read_entry(z->bytes, &at, end, &z->members[z->n], e));
        z->by_name[z->n] = z->n;
    }
    qsort_r(z->by_name, (size_t)z->n, sizeof *z->by_name, by_name, z->members);
    return true;
}

struct zip *zip_of(struct str bytes, struct err *e) {
    struct zip *z = pool_need(sizeof *z, e);
    if (!z) return NULL;
    z->refs = 1;
    z->bytes = bytes;
    if (read_directory(z, e)) return z;
    zip_unref(z);
    return NULL;
}

struct zip *zip_open(const char *path, struct err *e) {
    struct source s;
    if (!source_open(&s, path, e)) return source_close(&s), NULL;
    size_t n = s.packed ? 0 : (size_t)s.most;
    void *p = n ? mmap(NULL, n, PROT_READ, MAP_PRIVATE, s.fd, 0) : MAP_FAILED;
    source_close(&s);
    struct zip *z = zip_of(p == MAP_FAILED ? STR("") : (struct str){p, n}, e);
    if (z) z->mapped = n;
    else if (p != MAP_FAILED) munmap(p, n);
    if (!z && e->kind == ERR_DATA) err_fact(e, "file", "%.400s", path);
    return z;
}

struct zip *zip_ref(struct zip *z) {
    atomic_fetch_add(&z->refs, 1);
    return z;
}

void zip_unref(struct zip *z) {
    if (!z || atomic_fetch_sub(&z->refs, 1) != 1) return;
    if (z->mapped) munmap((void *)(uintptr_t)z->bytes.p, z->mapped);
    pool_free(z->members);
    pool_free(z->by_name);
    pool_free(z);
}

int64_t zip_count(const struct zip *z) {
    return z->n;
}

const struct zip_member *zip_at(const struct zip *z, int64_t i) {
    return &z->members[i];
}

int64_t zip_find(const struct zip *z, struct str name) {
    int64_t low = 0, high = z->n;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (compare(z->members[z->by_name[middle]].name, name) < 0) low = middle + 1;
        else high = middle;
    }
    bool found = low < z->n && str_same(z->members[z->by_name[low]].name, name);
    return found ? z->by_name[low] : -1;
}

/* ---- members ---- */

static bool blame(const struct zip_member *m, struct err *e) {
    err_fact(e, "member", "%.*s", (int)(m->name.n < 300 ? m->name.n : 300), m->name.p);
    return false;
}

/* The packed bytes, behind a header of their own whose length is written in it. */
static bool packed_bytes(const struct zip *z, const struct zip_member *m, struct str *out,
                         struct err *e) {
    struct str b = z->bytes;
    if (b.n - m->offset < LOCAL_SIZE || number(b.p + m->offset, 4) != LOCAL_MARK)
        return damaged("a member is not where the directory says", e);
    uint64_t skip = LOCAL_SIZE + number(b.p + m->offset + 26, 2) + number(b.p + m->offset + 28, 2);
    uint64_t left = b.n - m->offset;
    if (skip > left || m->packed > left - skip) return damaged("a member ends too early", e);
    *out = (struct str){b.p + m->offset + skip, (size_t)m->packed};
    return true;
}

static bool inflate_all(struct str from, char *to, uint64_t n) {
    z_stream s = {0};
    if (inflateInit2(&s, -MAX_WBITS) != Z_OK) return false;
    uint64_t in = from.n, out = n;
    int code = Z_OK;
    s.next_in = (Bytef *)(uintptr_t)from.p;
    s.next_out = (Bytef *)to;
    while (code == Z_OK && (in || out || s.avail_in)) {
        if (!s.avail_in) s.avail_in = in < UINT32_MAX ? (uInt)in : UINT32_MAX, in -= s.avail_in;
        if (!s.avail_out)
            s.avail_out = out < UINT32_MAX ? (uInt)out : UINT32_MAX, out -= s.avail_out;
        code = inflate(&s, in || s.avail_in ? Z_NO_FLUSH : Z_FINISH);
        if (code == Z_BUF_ERROR) break;
    }
    bool whole = (code == Z_STREAM_END || (n == 0 && code == Z_OK)) && out == 0 && s.avail_out == 0;
    inflateEnd(&s);
    return whole;
}

static bool checked(const struct zip_member *m, const char *p, struct err *e) {
    uLong crc = crc32_z(0, (const Bytef *)p, (z_size_t)m->size);
    return crc == m->crc || damaged("a member's bytes are not those that were packed", e);
}

/* Deflate makes at most 1032 bytes of one. */
static bool unpack(const struct zip_member *m, struct str packed, struct text *out, struct err *e) {
    bool stored = m->method == 0;
    if (!stored && m->method != 8)
        return err_set(e, ERR_DATA, "The archive's member is %s.",
                       m->method < 0 ? "encrypted" : "packed by a method that is not read here");
    if (stored ? m->size != m->packed : m->size / 1040 > m->packed)
        return damaged("a member's size cannot be", e);
    TRY(memory_holds(m->size, e));
    out->p = pool_alloc((size_t)m->size + 1);
    if (!out->p) return err_memory(e, (size_t)m->size);
    out->n = (size_t)m->size;
    out->cap = out->n + 1;
    out->p[out->n] = 0;
    if (stored) memcpy(out->p, packed.p, out->n);
    else if (!inflate_all(packed, out->p, m->size))
        return damaged("a member cannot be unpacked", e);
    return checked(m, out->p, e);
}

bool zip_read(const struct zip *z, int64_t i, struct text *out, struct err *e) {
    const struct zip_member *m = &z->members[i];
    struct str packed = {0};
    *out = (struct text){0};
    if (packed_bytes(z, m, &packed, e) && unpack(m, packed, out, e)) return true;
    text_clear(out);
    return blame(m, e);
}

bool zip_is_file(const struct zip_member *m) {
    struct str n = m->name;
    if (n.n == 0 || n.p[n.n - 1] == '/' || str_starts(n, "__MACOSX/")) return false;
    const char *slash = memrchr(n.p, '/', n.n);
    return (slash ? slash[1] : n.p[0]) != '.';
}

bool zip_is_safe(struct str name) {
    if (name.n == 0 || name.n > 4000 || name.p[0] == '/' || memchr(name.p, 0, name.n)) return false;
    if (memchr(name.p, '\\', name.n)) return false;
    for (size_t i = 0; i < name.n;) {
        const char *slash = memchr(name.p + i, '/', name.n - i);
        size_t part = (slash ? (size_t)(slash - name.p) : name.n) - i;
        if (part == 2 && name.p[i] == '.' && name.p[i + 1] == '.') return false;
        i += part + 1;
    }
    return true;
}
