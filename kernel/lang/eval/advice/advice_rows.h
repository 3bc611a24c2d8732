/* Fingerprints of sets of rows: the smallest hashes of their contents (a bottom-k sketch, Cohen and
 * Kaplan 2007), so that the share of one set's rows that are also in another can be told from a few
 * kilobytes, however the rows came there. */
#pragma once
#include "tensor.h"

enum { ROWS_KEPT = 1024 };

struct row_set {
    int64_t n_rows;
    int32_t n;                /* hashes kept, at most ROWS_KEPT */
    uint64_t upto;            /* all rows with a hash up to this are kept */
    bool often_equal;         /* many rows have the same contents: then equality says nothing */
    uint64_t hash[ROWS_KEPT]; /* ascending, each once */
};

/* Row i of all tensors together (NULL ones are left out) is one row. False: not in memory, nothing
 * to compare, or more rows than can be looked at in passing. */
bool row_set_of(const struct tensor *const *tensors, int n, struct row_set *out);
/* Share of b's rows that are in a: 0 … 1, from at least eight looked at; -1 = cannot be told. */
double row_set_share(const struct row_set *a, const struct row_set *b);
uint64_t row_set_id(const struct row_set *s); /* of the whole set */
