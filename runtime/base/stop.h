/* Has the user asked to stop? One flag for the process, since one cell runs at a time: work that
 * gets no flag of its own looks here, and ends with ERR_INTERRUPT. */
#pragma once
#include "err.h"
#include <stdatomic.h>
#include <stdint.h>

enum { STOP_ROWS = 1 << 14 }; /* rows between two looks: well below a millisecond */

void stop_on(const _Atomic bool *flag); /* NULL: never */
const _Atomic bool *stop_flag(void);
bool stop_asked(void);

/* Goes through n rows, or to where somebody asks to stop; who is through asks rows_whole(n). Fewer
 * than STOP_ROWS are never left early, so that what is shown after a stop is whole. */
#define EACH_ROW(i, n)                                                                             \
    for (int64_t i = 0; i < (n) && ((i & (STOP_ROWS - 1)) || (n) <= STOP_ROWS || !stop_asked());   \
         i++)
bool rows_whole(int64_t n, struct err *e);
