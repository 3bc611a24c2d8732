/* A clock that presses stop: for %timeout. One per engine; its thread is started when it is first
 * needed and ends with it. */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>

struct timeout;
/* `stop` is set when the time is over. NULL when there is no memory. */
struct timeout *timeout_new(atomic_bool *stop);
void timeout_free(struct timeout *t);
/* From now on so many seconds; false when no thread can be started. */
bool timeout_start(struct timeout *t, double seconds);
/* Not any more; true if the time was over before. */
bool timeout_cancel(struct timeout *t);
