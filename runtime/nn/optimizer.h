/* An optimizer's config as the numbers that a plan needs. Private to nn/. */
#pragma once
#include "../plan.h"
#include "config.h"

/* NULL stands for Adam(1e-3). */
void optimizer_update(const struct config *optimizer, struct update *out, double *learning_rate);
/* How many blocks of state the rule keeps: 0, 1 or 2 (plan_io.slots). */
int optimizer_n_slots(const struct update *u);
/* "Adam(0.001)" */
void optimizer_print(const struct config *optimizer, char *out, size_t cap);
