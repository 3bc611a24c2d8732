/* Rows of two tables that belong together: equal cells in the key columns. A missing key belongs
 * to nothing. */
#pragma once
#include "table.h"

/* ORDER: the words of `join` in the language. */
enum join_how {
    JOIN_INNER, /* pairs only */
    JOIN_LEFT,  /* and the left table's other rows */
    JOIN_RIGHT,
    JOIN_OUTER, /* both tables' other rows; the right one's come last */
};

/* Pairs of row numbers, -1 where a side has no partner. In the order of the left table (RIGHT: of
 * the right one), then of the other. */
struct row_pairs {
    int64_t *left, *right;
    int64_t n;
    bool left_repeats, right_repeats; /* a key of a pair occurs more than once on that side */
};
/* Key columns side by side have cells of one sort: both texts, or both numbers. */
bool join_rows(const struct table *a, const int *keys_a, const struct table *b, const int *keys_b,
               int n_keys, enum join_how how, struct row_pairs *out, struct err *e);
void row_pairs_clear(struct row_pairs *p);
