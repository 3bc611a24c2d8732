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
    char *p = pool_realloc(c->buffer, cap + 1);
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
    c->buffer[c->n] = '\n'; /* stops every scan */
    return true;
}

bool csv_scan_restart(struct csv_scan *c, struct err *e) {
    c->n = c->at = 0;
    c->line = 1;
    TRY(source_rewind(c->source, e));
    TRY(csv_scan_refill(c, e));
    if (str_starts((struct str){c->buffer, c->n}, "\xef\xbb\xbf")) c->at = 3;
    return true;
}

static bool is_end(char c) {
    return c == '\n' || c == '\r';
}

static int64_t count_lines(const char *p, size_t n, char before) {
    int64_t lines = n > 0 && is_end(p[0]) && !is_end(before);
    for (size_t i = 1; i < n; i++) lines += (int)is_end(p[i]) & (int)!is_end(p[i - 1]);
    return lines;
}

/* Line ends of a record, those inside its quotes included; p[n] is readable. */
static uint64_t count_ends(const char *p, size_t n) {
    uint64_t ends = 0;
    for (size_t i = 0; i < n; i++) ends += p[i] == '\n' || (p[i] == '\r' && p[i + 1] != '\n');
    return ends;
}

/* Line ends inside quotes are counted too: the result is a bound. */
bool csv_scan_count(struct csv_scan *c, int64_t *most_records, struct err *e) {
    char before = '\n';
    *most_records = 1; /* the last line may have no end */
    for (;;) {
        *most_records += count_lines(c->buffer + c->at, c->n - c->at, before);
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

enum csv_found csv_scan_end(const struct csv_scan *c, const char *q, const char **next) {
    bool last = q == c->buffer + c->n || *q != c->delimiter;
    *next = last ? after_end(c, q) : q + 1;
    return !*next ? CSV_CUT : last ? CSV_LAST_FIELD : CSV_FIELD;
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
    if (c->scratch.failed) return err_memory(e, c->scratch.n), CSV_BAD;
    *field = text_str(&c->scratch);
    return csv_scan_end(c, stop, next);
}

static enum csv_found quoted_field(struct csv_scan *c, const char *p, struct str *field,
                                   const char **next, struct err *e) {
    const char *end = c->buffer + c->n;
    const char *close = p < end ? memchr(p, '"', (size_t)(end - p)) : NULL;
    c->quoted = true;
    if (!close) return c->ended ? never_closed(c, e) : CSV_CUT;
    if (!c->stops[(unsigned char)close[1]]) return untangle(c, p, field, next, e);
    *field = (struct str){p, (size_t)(close - p)};
    return csv_scan_end(c, close + 1, next);
}

enum csv_found csv_scan_field(struct csv_scan *c, const char *p, struct str *field,
                              const char **next, struct err *e) {
    if (*p == '"') return quoted_field(c, p + 1, field, next, e);
    const char *q = p;
    while (!c->stops[(unsigned char)*q]) q++;
    *field = (struct str){p, (size_t)(q - p)};
    return csv_scan_end(c, q, next);
}
