/* The errors of the broadcasting rule, and what they share with it. Private to op/. */
#pragma once
#include "rules.h"

bool axis_is_strong(const struct shape *s, int i); /* a name given by the student */

/* Each returns false. */
bool broadcast_error_names(const struct operand_pair *pair, struct err *e);
bool broadcast_error_named_sizes(const struct operand_pair *pair, struct err *e);
bool broadcast_error_alignment(const struct operand_pair *pair, struct err *e);
bool broadcast_error_ambiguous(const struct operand_pair *pair, struct err *e);
bool broadcast_error_sizes(const struct operand_pair *pair, struct err *e);
