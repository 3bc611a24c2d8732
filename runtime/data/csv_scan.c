/* The CSV scanner: one buffer, moved along the file; a record that it cuts is scanned again after
 * more bytes have come. */
#include "csv_scan.h"
#include "base/pool.h"
#include <string.h>

enum { BUFFER_BYTES = 1 << 20 };

void csv_scan_init(struct csv_scan *c, struct source *s) {
    *c = (struct csv_scan){.source = s};
    csv_scan_use_delimiter(c, ',');
}

void csv_scan_clear(struct csv_scan *c) {
    pool_free(c->buffer);
    text_clear(&c->scratch);
}

void csv_scan_use_delimiter(struct csv_scan *c, char delimiter) {
    c->stops[(unsigned char)c->delimiter] = false;
    c->delimiter = delimiter;
    c->stops[(unsigned char)delimiter] = c->stops['\n'] = c->stops['\r'] = true;
}

static bool grow(struct csv_scan *c, struct err *e) {
    uint64_t known = c->source->packed ? BUFFER_BYTES : c->source->most + 1;
    size_t cap = c->cap ? c->cap * 2 : known < BUFFER_BYTES ? (size_t)known : BUFFER_BYTES;
    TRY(memory_holds(cap, e));
    char *p = pool_realloc(c->buffer, cap + CSV_BEHIND);
    if (!p) return err_memory(e, cap);
    c->buffer = p;
    c->cap = cap;
    return true;
}

bool csv_scan_refill(struct csv_scan *c, struct err *e) {
    if (c->at == 0 && c->n == c->cap) TRY(grow(c, e));
    memmove(c->buffer, c->buffer + c->at, c->n - c->at);
    c->n -= c->at;
    c->at = 0;
    size_t got, room = c->cap - c->n;
    TRY(source_read(c->source, c->buffer + c->n, room, &got, e));
    c->ended = got < room;
    c->n += got;
    c->plain = 2;
    memset(c->buffer + c->n, '\n', CSV_BEHIND); /* stops every scan */
    return true;
}

bool csv_scan_restart(struct csv_scan *c, struct err *e) {
    c->n = c->at = 0;
    c->line = 1;
    TRY(source_rewind(c->source, e));
    TRY(csv_scan_refill(c, e));
    return true;
}

void csv_scan_skip_mark(struct csv_scan *c) {
    if (str_starts((struct str){c->buffer, c->n}, "\xef\xbb\xbf")) c->at = 3;
}

static bool is_end(char c) {
    return c == '\n' || c == '\r';
}

/* Counts are kept in bytes for as long as those cannot overflow: so they become vectors. */
enum { BLOCK = 240 };

static int64_t count_lines(const char *p, size_t n, char before) {
    int64_t lines = n > 0 && is_end(p[0]) && !is_end(before);
    for (size_t i = 1; i < n; i += BLOCK) {
        uint8_t k = 0;
        size_t block = n - i < BLOCK ? n - i : BLOCK;
        for (size_t j = i; j < i + block; j++) {
            uint8_t here = (uint8_t)((p[j] == '\n') | (p[j] == '\r'));
            uint8_t there = (uint8_t)((p[j - 1] == '\n') | (p[j - 1] == '\r'));
            k = (uint8_t)(k + (here & (uint8_t)~there));
        }
        lines += k;
    }
    return lines;
}

/* Line ends of a record, those inside its quotes included, empty lines too; p[n] is readable. */
static uint64_t count_ends(const char *p, size_t n) {
    uint64_t ends = 0;
    for (size_t i = 0; i < n; i += BLOCK) {
        uint8_t k = 0;
        size_t block = n - i < BLOCK ? n - i : BLOCK;
        for (size_t j = i; j < i + block; j++)
            k = (uint8_t)(k + ((p[j] == '\n') | ((p[j] == '\r') & (p[j + 1] != '\n'))));
        ends += k;
    }
    return ends;
}

static int64_t count_quotes(const char *p, size_t n) {
    int64_t quotes = 0;
    for (size_t i = 0; i < n; i += BLOCK) {
        uint8_t k = 0;
        size_t block = n - i < BLOCK ? n - i : BLOCK;
        for (size_t j = i; j < i + block; j++) k = (uint8_t)(k + (p[j] == '"'));
        quotes += k;
    }
    return quotes;
}

bool csv_scan_look_plain(struct csv_scan *c) {
    const unsigned char *p = (const unsigned char *)c->buffer;
    uint8_t all = 0; /* the highest bit is set by bytes above 127, and by 0 less 1 */
    for (size_t i = 0; i < c->n; i++) all = (uint8_t)(all | p[i] | (uint8_t)(p[i] - 1));
    c->plain = all < 128;
    return c->plain;
}

int64_t csv_scan_lines(const struct csv_scan *c) {
    return count_lines(c->buffer + c->at, c->n - c->at, '\n');
}

bool csv_scan_count(struct csv_scan *c, int64_t *lines, int64_t *quotes, struct err *e) {
    char before = '\n';
    *lines = *quotes = 0;
    for (;;) {
        *lines += count_lines(c->buffer + c->at, c->n - c->at, before);
        *quotes += count_quotes(c->buffer + c->at, c->n - c->at);
        if (c->n) before = c->buffer[c->n - 1];
        if (c->ended) return true;
        c->at = c->n;
        TRY(csv_scan_refill(c, e));
    }
}

/* A line end at q, of one byte or two: where is the next line? NULL if the buffer ends too early
 * to say. */
static const char *after_end(const struct csv_scan *c, const char *q) {
    const char *end = c->buffer + c->n;
    if (q == end) return c->ended ? q : NULL;
    if (*q == '\n') return q + 1;
    if (q + 1 == end) return c->ended ? end : NULL;
    return q + (q[1] == '\n' ? 2 : 1);
}

bool csv_scan_skip_blank(struct csv_scan *c) {
    while (c->at < c->n && is_end(c->buffer[c->at])) {
        const char *next = after_end(c, c->buffer + c->at);
        if (!next) return false;
        c->at = (size_t)(next - c->buffer);
        c->line++;
    }
    return c->at < c->n;
}

void csv_scan_advance(struct csv_scan *c, const char *p) {
    const char *begin = c->buffer + c->at;
    c->line += c->quoted ? count_ends(begin, (size_t)(p - begin)) : 1;
    c->at = (size_t)(p - c->buffer);
    c->quoted = false;
}

enum csv_found csv_scan_line_end(const struct csv_scan *c, const char *q, const char **next) {
    *next = after_end(c, q);
    return *next ? CSV_LAST_FIELD : CSV_CUT;
}

static enum csv_found never_closed(const struct csv_scan *c, struct err *e) {
    err_set(e, ERR_DATA, "A quote is opened in the record of line %llu and never closed.",
            (unsigned long long)c->line);
    err_hint(e, "A quote inside a quoted value must be written twice: \"\".");
    return CSV_BAD;
}

/* The rest of a quoted field that is not simply between two quotes: doubled quotes become one;
 * text between the closing quote and the delimiter, which RFC 4180 forbids, is kept. */
static enum csv_found untangle(struct csv_scan *c, const char *p, struct str *field,
                               const char **next, struct err *e) {
    const char *end = c->buffer + c->n, *stop;
    c->scratch.n = 0;
    for (;;) {
        const char *close = p < end ? memchr(p, '"', (size_t)(end - p)) : NULL;
        bool open = !close || (close + 1 == end && !c->ended);
        if (open) return c->ended ? never_closed(c, e) : CSV_CUT;
        bool doubled = close + 1 < end && close[1] == '"';
        text_add(&c->scratch, (struct str){p, (size_t)(close - p) + doubled});
        p = close + 2;
        if (doubled) continue;
        for (stop = close + 1; !c->stops[(unsigned char)*stop];) stop++;
        text_add(&c->scratch, (struct str){close + 1, (size_t)(stop - close - 1)});
        break;
    }
    static const char behind[CSV_BEHIND];
    size_t n = c->scratch.n;
    text_add(&c->scratch, (struct str){behind, sizeof behind});
    if (c->scratch.failed) return err_memory(e, c->scratch.n), CSV_BAD;
    *field = (struct str){c->scratch.p, n};
    return csv_scan_end(c, stop, next);
}

enum csv_found csv_scan_quoted(struct csv_scan *c, const char *p, struct str *field,
                               const char **next, struct err *e) {
    const char *end = c->buffer + c->n;
    const char *close = p < end ? memchr(p, '"', (size_t)(end - p)) : NULL;
    c->quoted = true;
    if (!close) return c->ended ? never_closed(c, e) : CSV_CUT;
    if (!c->stops[(unsigned char)close[1]]) return untangle(c, p, field, next, e);
    *field = (struct str){p, (size_t)(close - p)};
    return csv_scan_end(c, close + 1, next);
}
