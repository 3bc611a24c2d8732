/* Shared by the files that choose ticks. */
#pragma once
#include "display/scale.h"

/* Ticks at times between two moments in seconds since 1970-01-01 UTC; leaves `t` empty when they
 * are thousands of years away. */
void ticks_time(struct ticks *t, double low, double high, int wanted);
/* "2024-03-05", or "2024-03-05 14:30". */
void time_print(char out[TICK_LABEL_BYTES], double seconds, bool with_clock);
