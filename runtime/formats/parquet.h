/* Parquet files (https://parquet.apache.org/docs/file-format) by the library carquet: flat columns
 * of numbers, bools, texts, times and categories, with missing values. Columns of lists are left
 * out and named in the table's note; the fields of records become columns "record.field". */
#pragma once
#include "data/table.h"

struct table *read_parquet(const char *path, struct err *e);
struct table *parse_parquet(struct str bytes, struct err *e);
/* Compressed with Snappy, as pandas does. */
bool write_parquet(const struct table *t, const char *path, struct err *e);
/* Names and kinds without cells, from the file's footer; NULL if it is not there or damaged. */
struct table *peek_parquet(const char *path);
