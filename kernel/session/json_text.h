/* JSON in the forms that messages need: always valid UTF-8 going out, forgiving coming in. Knows no
 * message. */
#pragma once
#include "base/str.h"
#include <jansson.h>

/* A JSON text; bytes that are not UTF-8 become U+FFFD. */
json_t *json_of(struct str bytes);
json_t *json_of_text(const struct text *t);
/* Compact, appended to `out`. False when memory is out. */
bool json_write(const json_t *value, struct text *out);
/* Parse; on failure once more with broken UTF-8 and lone surrogates replaced and with whole numbers
 * beyond 64 bits as reals (Python clients can send all of these). `*repaired` says which. */
json_t *json_read(struct str bytes, bool *repaired);

/* Fields of an object with a default for missing or null. False: there, but of another type. */
bool json_field_text(const json_t *object, const char *key, struct str *out);
bool json_field_bool(const json_t *object, const char *key, bool *out);
bool json_field_int(const json_t *object, const char *key, int64_t *out);

/* Append `bytes` with everything that is not UTF-8 replaced by U+FFFD. */
void utf8_repair(struct str bytes, struct text *out);
/* How many bytes at the front are UTF-8; all of them when the text is. */
size_t utf8_valid(struct str bytes);
/* How many of the bytes can go out now, without cutting a character in two. */
size_t utf8_whole(struct str bytes);
/* From code points to bytes (clamped to the end) and back. */
size_t utf8_offset(struct str text, int64_t code_points);
int64_t utf8_length(struct str text);
