/* One copy of each name, so that names compare as pointers. The table lives as long as the process
 * and only grows; it is not for data. Not for use from several threads at once. */
#pragma once
#include "str.h"

/* The one NUL-terminated copy of `s`. Never NULL: when memory is out and a reserve is used up, an
 * empty name. */
const char *intern(struct str s);
const char *intern_c(const char *c_string);
