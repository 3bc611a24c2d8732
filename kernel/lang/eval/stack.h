/* How much of the thread's stack is left: programs decide how deep the evaluator recurses, so it
 * asks before it goes deeper. */
#pragma once
#include <stdbool.h>

/* Fewer than STACK_RESERVE bytes are left on this thread's stack. The reserve is for what the
 * runtime does without asking: building plans, kernels, drawing. */
bool stack_is_low(void);
