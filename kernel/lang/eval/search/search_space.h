/* What a search may try for a name: `choice(values)`, `uniform`, `loguniform`, `integers`. */
#pragma once
#include "lang/eval/eval.h"
#include "rng.h"

struct value value_space(enum space_kind kind, double low, double high, struct err *e);
/* Takes the list. */
struct value value_choice(struct value take_list, struct err *e);
/* A space from what stands behind `over name:`: a space, a list, or a tensor of one axis (its
 * elements). MISSING where it is none of these, without an error. New reference. */
struct value space_from(struct eval *ev, struct value v);
/* How many different values it has; -1 = endlessly many. */
int64_t space_count(const struct space *s);
/* Value number i of a space that can be counted; new reference. */
struct value space_nth(const struct space *s, int64_t i);
/* Draw number i of a random space. */
struct value space_draw(const struct space *s, struct rng_key key, uint64_t i);
