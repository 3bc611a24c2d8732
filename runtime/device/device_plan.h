/* Plans that run on a device: what plan.h promises, over a backend. Private to device/ and to the
 * processor's plans, which hand over to it. */
#pragma once
#include "plan.h"

struct device_memory;
struct device_plan;

struct device_plan *device_plan_new(const struct plan_spec *spec, struct device_memory *m,
                                    struct err *e);
void device_plan_free(struct device_plan *p);
bool device_plan_settle(struct device_plan *p, struct err *e);
bool device_plan_run(struct device_plan *p, const struct plan_io *io, struct err *e);
size_t device_plan_arena_bytes(const struct device_plan *p);
int device_plan_n_steps(const struct device_plan *p);
void device_plan_print(const struct device_plan *p, struct text *out);
