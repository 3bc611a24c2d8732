/* Values as text: print, repr, and the format codes of f-strings. */
#pragma once
#include "value.h"

/* `v` by a Python format specification such as ".3f", ",", ">10", ".1%" (Format Specification
 * Mini-Language of the Python reference); empty = as print. False with an ERR_VALUE. */
bool format_value(struct value v, struct str spec, struct text *out, struct err *e);
