/* Shared by the files that choose ticks. */
#pragma once
#include "display/scale.h"

/* Ticks at times between two moments in seconds since 1970-01-01 UTC; leaves `t` empty when they
 * are thousands of years away. */
void ticks_time(struct ticks *t, double low, double high, int wanted);
