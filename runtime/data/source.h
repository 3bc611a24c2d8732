/* Bytes to be read once or again: a file, plain or gzip (unpacked on the way), or memory. */
#pragma once
#include "base/err.h"
#include <stdint.h>

struct source {
    const char *path; /* NULL for memory; not a copy */
    void *gz;         /* zlib's gzFile, or NULL */
    int fd;           /* of a file, for mapping it; closed with it */
    struct str memory;
    uint64_t at;   /* bytes given so far */
    uint64_t most; /* no more bytes than these can come: exact unless the file is gzip */
    bool packed;
    bool piece; /* of another source that is open: bytes begin … begin + most of its file */
    uint64_t begin;
    uint64_t bytes;      /* of the file as it lies there */
    int round, n_rounds; /* times it was begun anew; times it is to be read, 0 = once */
    bool watched;
};

/* False with an ERR_FILE that says what is there instead. source_close in any case. */
bool source_open(struct source *s, const char *path, struct err *e);
void source_of(struct source *s, struct str bytes);
/* The bytes from `begin` to before `end` of a source that is not packed, to be read beside it and
 * beside other pieces, in any thread; valid while the whole one is open. */
void source_cut(struct source *piece, const struct source *whole, uint64_t begin, uint64_t end);
void source_close(struct source *s);
/* About how many bytes will come: exact unless the file is gzip. */
uint64_t source_promises(const struct source *s);
/* Up to n bytes into out; *got < n only at the end. False when the file is damaged. */
bool source_read(struct source *s, void *out, size_t n, size_t *got, struct err *e);
/* Exactly n bytes of what `part` names ("the header"), else an ERR_DATA with the numbers. */
bool source_need(struct source *s, void *out, size_t n, const char *part, struct err *e);
/* After the last byte of interest: a packed file must still be whole, checksum and all. */
bool source_check(struct source *s, struct err *e);
bool source_rewind(struct source *s, struct err *e);
/* At least `n` more bytes are to come, as far as one can know; else an ERR_DATA as above. */
bool source_holds(const struct source *s, uint64_t n, const char *part, struct err *e);
/* Add the file's name to an error found in its bytes. Returns false. */
bool source_blame(const struct source *s, struct err *e);

/* This much memory is in the machine at all (an allocation may succeed and still kill us). */
bool memory_holds(uint64_t bytes, struct err *e);
