/* Tables built row by row from fields with names: what readers of JSON and XML meet. Columns appear
 * in the order in which their first field is met; a row without a field has it missing. */
#pragma once
#include "table.h"

struct records;

struct records *records_new(struct err *e);
void records_free(struct records *r);
void records_row(struct records *r); /* the next fields belong to a new row */
int64_t records_count(const struct records *r);
/* A field of the row. A name that the row has already: texts are joined by ", ". */
bool records_number(struct records *r, const char *name, double x, bool whole, struct err *e);
bool records_bool(struct records *r, const char *name, bool x, struct err *e);
bool records_text(struct records *r, const char *name, struct str s, struct err *e);
bool records_missing(struct records *r, const char *name, struct err *e);
/* The table. Columns that hold only texts become numbers or times if all of them read as such
 * (`guess`), and columns of several kinds become texts. */
struct table *records_table(const struct records *r, bool guess, struct err *e);
