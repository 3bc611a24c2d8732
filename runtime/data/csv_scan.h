/* Fields and records of a CSV file (RFC 4180), piece by piece through one buffer. This file knows
 * no kinds and no tables. */
#pragma once
#include "source.h"

struct csv_scan {
    struct source *source;
    char *buffer;      /* cap bytes, and one more for a line's end behind the last */
    size_t cap, n, at; /* bytes there; where the next record begins */
    bool ended;        /* no bytes will follow those in the buffer */
    bool quoted;       /* a field since the record's start was quoted */
    char delimiter;
    bool stops[256];     /* bytes that end a plain field */
    uint64_t line;       /* of the next record, from 1 */
    struct text scratch; /* a field whose quotes had to be taken out */
};

/* CUT: the buffer ends inside; csv_scan_refill, then start again at `at`. */
enum csv_found { CSV_FIELD, CSV_LAST_FIELD, CSV_CUT, CSV_BAD };

void csv_scan_init(struct csv_scan *c, struct source *s);
void csv_scan_clear(struct csv_scan *c);
/* To the first record: behind a byte order mark. Also the start of the first pass. */
bool csv_scan_restart(struct csv_scan *c, struct err *e);
/* More bytes behind those from `at` on, which move to the front. */
bool csv_scan_refill(struct csv_scan *c, struct err *e);
void csv_scan_use_delimiter(struct csv_scan *c, char delimiter);
/* The field at p and where the next one begins. The field is valid until the next call. */
enum csv_found csv_scan_field(struct csv_scan *c, const char *p, struct str *field,
                              const char **next, struct err *e);
/* A plain field is known to end at q: where does the next one begin? */
enum csv_found csv_scan_end(const struct csv_scan *c, const char *q, const char **next);
/* Skip empty lines. False if the buffer ends there. */
bool csv_scan_skip_blank(struct csv_scan *c);
/* The record that began at `at` ends at p. */
void csv_scan_advance(struct csv_scan *c, const char *p);
/* Reads on to the end. Not fewer than the records there are: lines that hold something. */
bool csv_scan_count(struct csv_scan *c, int64_t *most_records, struct err *e);
