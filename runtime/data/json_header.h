/* The little JSON that file headers need, strictly: texts, whole numbers, punctuation. */
#pragma once
#include "base/str.h"
#include <stdint.h>

struct json {
    const char *p, *end;
};

/* The next byte that is no white space, or 0 at the end; it is not taken. */
char json_next(struct json *j);
bool json_take(struct json *j, char c);
/* A string, its escapes resolved, as UTF-8 without NUL, into `out` (emptied first). */
bool json_text(struct json *j, struct text *out);
/* A whole number from 0 to 2^63 - 1, without sign, leading zeros, point or exponent. */
bool json_whole(struct json *j, int64_t *out);
/* The string in quotes, with the escapes that it needs. */
void json_write_text(struct text *out, const char *s);
