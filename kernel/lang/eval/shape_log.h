/* %shapes: the shape of every name that a cell gives a value, line by line, and where one of two
 * operands was repeated. Filled while the cell is walked, in whatever domain. */
#pragma once
#include "eval.h"

enum { SHAPE_LOG_MAX = 300 };

struct shape_line {
    const char *name; /* interned; NULL = only a note */
    struct span at;   /* of the name */
    char kind[24], shape[112], note[112];
};

struct shape_log {
    struct shape_line lines[SHAPE_LOG_MAX];
    int n;
    const struct ast *only; /* the one operation to look at; NULL = all */
    char repeated[112];     /* by the last operations, not yet put to a name */
};

/* A name was given a value: its last one counts. */
void shape_log_name(struct shape_log *log, const struct ast *name, struct value v);
/* An operation on two values. */
void shape_log_pair(struct shape_log *log, const struct ast *binary, struct value a,
                    struct value b);
void shape_log_print(const struct shape_log *log, struct text *out);
/* "3 times along quantile": how `small` is repeated to be as large as `large`; false if it is not.
 */
bool repeated_words(const struct shape *small, const struct shape *large, char *out, size_t cap);
/* What there is to say about a value's size: "float64 [200, 3]", "1000 rows x 4 columns", … */
void value_size_words(struct value v, char *out, size_t cap);
