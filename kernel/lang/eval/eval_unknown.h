/* Branches and loops whose course is not known while checking: both arms are walked, loops until
 * nothing new can be learned, and what differs afterwards becomes its common description. */
#pragma once
#include "eval.h"

/* Loops up to this length are unrolled while checking; in a graph all loops are, for a loop is
 * part of what is built. */
enum { CHECK_ROUNDS = 40 };
static inline bool too_long_to_check(const struct eval *ev, int64_t rounds) {
    return ev->domain == DOMAIN_CHECK && !ev->graph && rounds > CHECK_ROUNDS;
}

enum flow exec_unknown_if(struct eval *ev, const struct ast *s);
enum flow exec_unknown_for(struct eval *ev, const struct ast *s, struct value over);
enum flow exec_unknown_while(struct eval *ev, const struct ast *s);
/* One round of a for loop; takes the item. */
enum flow exec_round(struct eval *ev, const struct ast *s, struct value item, int64_t i);
/* input, weight and output lines of a model. */
enum flow exec_model_line(struct eval *ev, const struct ast *s);
/* Take the marks of a plot made by a mark function into the plot block being built. */
bool plot_take_marks(struct eval *ev, const struct plot *from);
