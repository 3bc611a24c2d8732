/* The pattern of einsum: "ij,jk->ik", a letter for each axis, or "batch time feature, feature unit
 * -> batch time unit", a word for each. A pattern is of words when a part of it has a space between
 * names. Knows no values. */
#pragma once
#include "base/err.h"
#include "tensor.h"

enum { EINSUM_PARTS = 8, EINSUM_NAMES = 24 };

/* The axes of one operand, or of the result: positions in the pattern's names. */
struct einsum_part {
    int n;
    int names[MAX_AXES];
    struct str text; /* as it is written */
};

struct einsum_pattern {
    bool words;
    int n_parts; /* operands */
    struct einsum_part parts[EINSUM_PARTS], result;
    int n_names;
    const char *names[EINSUM_NAMES]; /* interned */
};

/* Reads a pattern. Without "->" the result has the letters that stand once, in the order of the
 * alphabet, as in NumPy. False: a sentence of what is wrong, without a place. */
bool einsum_parse(struct str text, struct einsum_pattern *p, struct err *e);
/* The names of a part as a set of bits. */
uint32_t einsum_set(const struct einsum_part *p);
