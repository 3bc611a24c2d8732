/* One request from busy to idle. Whatever happens in between, both are sent, and a request that
 * wants a reply gets one. */
#pragma once
#include "session/request.h"

struct kernel;

/* Answer and free the request, on the calling thread. */
void dispatch(struct kernel *k, struct request *take);
/* The same with "aborted" as the answer (an execute_request after a failed one). */
void dispatch_aborted(struct kernel *k, struct request *take);
