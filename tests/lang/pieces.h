/* Pieces of the programs in tests/lang/programs: what stands between two comments at the beginning
 * of a line, named by the first of them. */
#pragma once
#include "base/str.h"

struct pieces {
    char *text; /* of the whole file */
    size_t n;
    char path[512];
    bool used[64]; /* by number */
};

/* Reads the file (once; another path replaces the old one). False: it is not there. */
bool pieces_open(struct pieces *p, const char *path);
/* The piece whose comment begins with `title`: appended to `code` without that comment. */
bool pieces_take(struct pieces *p, const char *title, struct text *code);
/* The first piece that nobody took, or an empty text. */
struct str pieces_left(const struct pieces *p);
void pieces_close(struct pieces *p);
