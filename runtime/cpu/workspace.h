/* What plan.c and plan_run.c need of a workspace (plan.h). Private to cpu/. */
#pragma once
#include "plan.h"

/* At least so many bytes from now on; what was in it is lost. A failure leaves it as it is. */
bool workspace_reserve(struct workspace *w, size_t bytes, struct err *e);
/* Aligned to 64. It may move whenever a plan is made: asked for at each run. */
char *workspace_memory(const struct workspace *w);
/* Its memory on a device, or NULL: then it is on the processor. */
struct device_memory;
struct device_memory *workspace_device_memory(const struct workspace *w);
