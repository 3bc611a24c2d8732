/* How much of the thread's stack is left: programs decide how deep the evaluator recurses, so it
 * asks before it goes deeper. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* Fewer than STACK_RESERVE bytes are left on this thread's stack. The reserve is for what the
 * runtime does without asking: building plans, kernels, drawing. */
/* The lowest address that may be used; UINTPTR_MAX until this thread has asked for it once. */
extern _Thread_local uintptr_t stack_floor;
bool stack_is_low_first(void);
static inline bool stack_is_low(void) {
    return (uintptr_t)__builtin_frame_address(0) < stack_floor && stack_is_low_first();
}
