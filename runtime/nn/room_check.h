/* How much memory there is, so that a model that is too large is refused with numbers instead of
 * bringing the machine down. Private to nn/. */
#pragma once
#include "../base/err.h"

/* ERR_MEMORY if `blocks` blocks of `n` floats do not fit; `what` says what they are for. */
bool room_check(int64_t n, int blocks, const char *what, struct err *e);
