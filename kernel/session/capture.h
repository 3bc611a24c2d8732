/* What C libraries and child processes write to file descriptors 1 and 2. Pipes take the place of
 * both; a thread reads them, and capture_drain makes sure nothing written before it is still under
 * way. Knows no cells. */
#pragma once
#include "base/err.h"

struct capture;

/* `deliver` gets whole UTF-8 characters (broken ones replaced), never two calls at once. */
struct capture *capture_start(void (*deliver)(void *user, bool is_error, struct str utf8),
                              void *user, struct err *e);
/* Everything written up to now by this thread has been delivered when this returns. */
void capture_drain(struct capture *c);
/* The stderr the process was started with. */
int capture_real_stderr(const struct capture *c);
/* The descriptors are put back. */
void capture_stop(struct capture *c);
