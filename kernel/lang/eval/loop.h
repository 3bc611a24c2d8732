/* What a for loop or comprehension goes through. `range(…)` of whole numbers is counted, not made:
 * a billion rounds need no memory. */
#pragma once
#include "eval.h"

struct loop {
    int64_t n; /* rounds; -1 = unknown */
    bool counted;
    int64_t first, step;
    struct value over; /* not counted: what is gone through */
};

bool loop_start(struct eval *ev, const struct ast *x, struct loop *l);
bool loop_item(struct eval *ev, const struct loop *l, int64_t i, struct value *out);
void loop_end(struct loop *l);
