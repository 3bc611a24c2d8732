/* What one cell of a CSV file holds. This file knows no files and no tables. */
#pragma once
#include "base/str.h"

enum cell { CELL_MISSING, CELL_BOOL, CELL_INT, CELL_NUMBER, CELL_TIME, CELL_TEXT };

/* Reads a bool (0 or 1), a whole number of at most 2^53, a number (correctly rounded) or a time
 * (time.h) into *x.
 * The byte after the cell must be readable and belong to no number (a comma, a line's end, NUL).
 * Blanks around the value do not count. */
enum cell cell_read(struct str cell, double *x);
/* The same where decimals stand behind a comma, and points may part thousands: 1.234,56. */
enum cell cell_read_comma(struct str cell, double *x);
/* The decimal number that begins at p, alone: CELL_INT or CELL_NUMBER, and where it stops; NULL if
 * there is none. *end must be readable and belong to no number. */
const char *cell_number(const char *p, const char *end, enum cell *kind, double *x);
/* "", NA, NaN, null, None, … : the words pandas takes for a missing value. */
bool cell_is_missing(struct str cell);
/* Well-formed UTF-8 without NUL. */
bool cell_is_text(struct str cell);
/* The shortest decimal that reads back as x, into out (32 bytes); always with a point or an
 * exponent, so that it is a number and not a whole number when it is read again. */
const char *cell_write(double x, char out[32]);
