/* Text views and a growable text buffer. This file knows nothing but bytes. */
#pragma once
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* A view of bytes owned by somebody else; not NUL-terminated. */
struct str {
    const char *p;
    size_t n;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})

struct str str_of(const char *c_string);
bool str_same(struct str a, struct str b);
bool str_is(struct str a, const char *c_string);
bool str_starts(struct str a, const char *prefix);
bool str_ends(struct str a, const char *suffix);
/* Edit distance (insert, delete, replace, swap neighbours) ignoring ASCII case; used by hints. */
int str_distance(struct str a, struct str b);
/* A count as people write it, 49000 -> "49,000"; returns `out`, which 32 bytes are enough for. */
const char *with_commas(long long x, char *out, size_t cap);

/* A text that grows; the bytes are always NUL-terminated after the first append. Zero-initialise.
 * When memory runs out, `failed` is set and further appends do nothing. */
struct text {
    char *p;
    size_t n, cap;
    bool failed;
};

void text_clear(struct text *t); /* frees the bytes, back to empty */
bool text_add(struct text *t, struct str s);
bool text_adds(struct text *t, const char *c_string);
bool text_addc(struct text *t, char c);
bool text_addf(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool text_addv(struct text *t, const char *format, va_list args);
struct str text_str(const struct text *t); /* valid until the text changes */
