/* The texts that spans point into: one per executed cell or imported file, kept as long as a value
 * or an error may refer to it. Knows nothing of tokens. */
#pragma once
#include "base/err.h"

struct source {
    uint32_t id; /* the number in struct span; from 1 */
    int32_t refs;
    int32_t cell_number; /* N of "cell [N]"; 0 for files */
    const char *name;    /* file name or cell id, interned; or NULL */
    struct str text;     /* NUL-terminated copy; parse() refuses it if it is not UTF-8 */
};

/* A new source with its own copy of the text; one reference. NULL when memory is out. */
struct source *source_new(struct str text, int32_t cell_number, const char *name);
struct source *source_ref(struct source *s);
void source_unref(struct source *s);
/* By number, as long as somebody holds a reference; NULL otherwise. */
const struct source *source_find(uint32_t id);

/* Line and column (both from 1; columns count code points) of a byte offset. */
void source_position(const struct source *s, uint32_t offset, int *line, int *column);
/* Bytes of one line (from 1), without its newline. */
struct str source_line(const struct source *s, int line);
struct str source_piece(struct span at); /* the spanned text; empty if the source is gone */
