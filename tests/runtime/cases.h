/* Test shapes for every row of ops.list; used to compare kernels with the reference and gradients
 * with differences. */
#pragma once
#include "graph.h"

struct op_case {
    enum op op;
    int n_in;
    struct shape in[3];
    enum dtype dtype[3]; /* DT_FLOAT64 also stands for the graph's float type */
    struct attrs attrs;
    double low[3], high[3]; /* values of the inputs; whole numbers and bools: 0 … high */
};

typedef void case_fn(const struct op_case *c, void *user);

void each_case(case_fn *visit, void *user);
/* Is a derivative expected with respect to the inputs that are floats? */
bool op_is_smooth(enum op op);
/* The same for one input: where the largest is does not move with small changes. */
bool op_has_slope(enum op op, int input);
/* Number i of input k of a case: spread over the range, no two alike, away from round numbers. */
double case_value(const struct op_case *c, int k, int64_t i);
/* "sum [3, 4] axes 1": for messages. */
const char *case_print(const struct op_case *c, char *out, size_t cap);
