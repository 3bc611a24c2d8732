/* JSON that is a table: a list of records, or a record of columns of one length. Records inside
 * records become columns "a.b"; lists inside them stay JSON texts. */
#pragma once
#include "data/table.h"
#include <jansson.h>

/* A whole file or text (gzip is unpacked); one document, or one a line ("JSON lines"), which are
 * then the elements of an array. A new reference, or NULL. */
json_t *json_tree_read(const char *path, struct err *e);
json_t *json_tree_parse(struct str bytes, struct err *e);
bool json_is_rows(const json_t *j);
bool json_is_columns(const json_t *j);
struct table *json_table(const json_t *j, struct err *e);
/* JSON as a text. */
bool json_tree_write(const json_t *j, struct text *out);
/* A text in quotes, with what JSON escapes. */
void json_quote(struct str s, struct text *out);
