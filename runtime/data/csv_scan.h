/* Fields and records of a CSV file (RFC 4180), piece by piece through one buffer. This file knows
 * no kinds and no tables. */
#pragma once
#include "source.h"
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

struct csv_scan {
    struct source *source;
    char *buffer;      /* cap bytes, and behind the last CSV_BEHIND line ends */
    size_t cap, n, at; /* bytes there; where the next record begins */
    bool ended;        /* no bytes will follow those in the buffer */
    bool quoted;       /* a field since the record's start was quoted */
    uint8_t plain;     /* the bytes there are ASCII without NUL; 2: nobody has looked */
    char delimiter;
    bool stops[256];     /* bytes that end a plain field */
    uint64_t line;       /* of the next record, from 1 */
    struct text scratch; /* a field whose quotes had to be taken out */
};

enum { CSV_BEHIND = 16 };

/* CUT: the buffer ends inside; csv_scan_refill, then start again at `at`. */
enum csv_found { CSV_FIELD, CSV_LAST_FIELD, CSV_CUT, CSV_BAD };

void csv_scan_init(struct csv_scan *c, struct source *s);
void csv_scan_clear(struct csv_scan *c);
/* To the source's first byte, and a first buffer full. */
bool csv_scan_restart(struct csv_scan *c, struct err *e);
/* There: behind a byte order mark, if there is one. */
void csv_scan_skip_mark(struct csv_scan *c);
/* More bytes behind those from `at` on, which move to the front. */
bool csv_scan_refill(struct csv_scan *c, struct err *e);
void csv_scan_use_delimiter(struct csv_scan *c, char delimiter);
/* Skip empty lines. False if the buffer ends there. */
bool csv_scan_skip_blank(struct csv_scan *c);
/* Parts of the two functions below: a line's end at q, the field behind a quote. */
enum csv_found csv_scan_line_end(const struct csv_scan *c, const char *q, const char **next);
enum csv_found csv_scan_quoted(struct csv_scan *c, const char *p, struct str *field,
                               const char **next, struct err *e);

/* Every field of this buffer is ASCII without NUL. */
bool csv_scan_look_plain(struct csv_scan *c);
static inline bool csv_scan_is_plain(struct csv_scan *c) {
    return c->plain < 2 ? c->plain : csv_scan_look_plain(c);
}

/* The first byte from p on that ends a plain field. Without a vector of bytes eight at a time: x
 * has a zero byte if one of (x - 1) & ~x has its highest bit set there; the lowest such bit is
 * exact. */
#ifdef __SSE2__
static inline const char *csv_scan_stop(const struct csv_scan *c, const char *p) {
    __m128i delimiter = _mm_set1_epi8(c->delimiter), n = _mm_set1_epi8('\n'),
            r = _mm_set1_epi8('\r');
    for (;; p += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i_u *)p);
        __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(bytes, n), _mm_cmpeq_epi8(bytes, r));
        int stops = _mm_movemask_epi8(_mm_or_si128(ends, _mm_cmpeq_epi8(bytes, delimiter)));
        if (stops) return p + __builtin_ctz((unsigned)stops);
    }
}
#else
static inline const char *csv_scan_stop(const struct csv_scan *c, const char *p) {
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    uint64_t delimiter = ones * (unsigned char)c->delimiter;
    for (;; p += 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__) word = __builtin_bswap64(word);
        uint64_t a = word ^ delimiter, b = word ^ (ones * '\n'), d = word ^ (ones * '\r');
        uint64_t stops = (((a - ones) & ~a) | ((b - ones) & ~b) | ((d - ones) & ~d)) & tops;
        if (stops) return p + __builtin_ctzll(stops) / 8;
    }
}
#endif

/* A plain field is known to end at q: where does the next one begin? */
static inline enum csv_found csv_scan_end(const struct csv_scan *c, const char *q,
                                          const char **next) {
    if (*q != c->delimiter || q == c->buffer + c->n) return csv_scan_line_end(c, q, next);
    *next = q + 1;
    return CSV_FIELD;
}

/* The field at p and where the next one begins. The field is valid until the next call, and
 * CSV_BEHIND bytes are readable where it begins. */
static inline enum csv_found csv_scan_field(struct csv_scan *c, const char *p, struct str *field,
                                            const char **next, struct err *e) {
    if (*p == '"') return csv_scan_quoted(c, p + 1, field, next, e);
    const char *q = csv_scan_stop(c, p);
    *field = (struct str){p, (size_t)(q - p)};
    return csv_scan_end(c, q, next);
}

/* The record that began at `at` ends at p. */
void csv_scan_advance(struct csv_scan *c, const char *p);
/* Of the buffer, from `at` on: line ends, of which the two bytes of "\r\n" are one. */
int64_t csv_scan_lines(const struct csv_scan *c);
/* Reads on to the end and counts line ends, not fewer than there are records but for a last one
 * without an end, and quotes. */
bool csv_scan_count(struct csv_scan *c, int64_t *lines, int64_t *quotes, struct err *e);
