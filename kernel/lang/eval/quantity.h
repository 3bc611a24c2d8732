/* Numbers with a unit: 3 epochs, 20 minutes. They are multiplied and divided by numbers, and added
 * to their like; spans of time from seconds to weeks are alike. */
#pragma once
#include "eval.h"

/* One of the two is a quantity, and neither a column or a time. Errors are set without a place. */
bool quantity_binary(struct eval *ev, enum ast_op op, struct value a, struct value b,
                     struct value *out);
/* Two quantities: False or True; those that are not alike are unequal, and have no order. */
bool quantity_compare(struct eval *ev, enum ast_op op, struct value a, struct value b,
                      struct value *out);
/* amount of the unit (interned, singular). */
bool quantity_new(struct eval *ev, double amount, const char *unit, struct value *out);
