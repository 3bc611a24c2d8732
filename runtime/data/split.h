/* Which rows go where: random parts, parts with equal shares of each class, groups kept together,
 * folds. Row numbers only; this file touches no data. Same key, same parts. */
#pragma once
#include "rng.h"
#include "table.h"

struct split {
    int64_t *rows;   /* all row numbers, part after part, each part in random order */
    int64_t *starts; /* part i is rows[starts[i]] … rows[starts[i + 1] - 1] */
    int n_parts;
};

void split_clear(struct split *s);

/* The fractions must be positive and add up to 1; every part then differs by less than one row
 * from its share. */
bool split_rows(struct rng_key key, int64_t n_rows, const double *fractions, int n_parts,
                struct split *out, struct err *e);
/* Rows by group: numbered from 0 in order of first appearance. */
struct groups {
    int64_t *of_row; /* n_rows */
    int64_t n_rows, n_groups;
};
bool groups_of_tensor(const struct tensor *labels, struct groups *out, struct err *e);
bool groups_of_column(const struct column *c, int64_t n_rows, struct groups *out, struct err *e);
void groups_clear(struct groups *g);
/* Every part gets its share of each group. */
bool split_stratified(struct rng_key key, const struct groups *g, const double *fractions,
                      int n_parts, struct split *out, struct err *e);
/* No group is in two parts; parts are as near to their share as whole groups allow. */
bool split_together(struct rng_key key, const struct groups *g, const double *fractions,
                    int n_parts, struct split *out, struct err *e);
/* k equal parts; stratified if g is not NULL. Fold i leaves out part i. */
bool split_folds(struct rng_key key, const struct groups *g, int64_t n_rows, int k,
                 struct split *out, struct err *e);
