/* The heartbeat: echoes whatever arrives, on its own thread and context, so that it beats during
 * any computation. */
#pragma once
#include "wire/connection.h"

struct heartbeat;

struct heartbeat *heartbeat_start(struct connection *c, struct err *e);
void heartbeat_stop(struct heartbeat *h);
