/* A file to be written: its bytes go to a neighbour first, which takes the place of an old file
 * only when it is complete. A path that ends in .gz is packed with gzip. */
#pragma once
#include "base/err.h"

struct sink {
    const char *path; /* as the student wrote it; not a copy */
    char *whole;      /* the path that is opened, and after its NUL the neighbour's */
    char *neighbour;
    int fd;
    void *gz; /* a packed file: zlib's, which owns fd then; else NULL */
    struct text waiting;
};

bool sink_open(struct sink *s, const char *path, struct err *e);
bool sink_put(struct sink *s, const void *bytes, size_t n, struct err *e);
/* Everything written, and the file in its place. Call sink_drop also after this. */
bool sink_finish(struct sink *s, struct err *e);
/* A whole file at once. */
bool sink_write(const char *path, const void *bytes, size_t n, struct err *e);
/* Frees all; if sink_finish did not succeed, the path is as it was before. */
void sink_drop(struct sink *s);
