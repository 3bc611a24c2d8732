/* The end of the thread's stack, asked for once per thread. */
#include "stack.h"
#include <pthread.h>
#include <stdint.h>

enum { STACK_RESERVE = 1 << 20, STACK_SMALLEST = 4 << 20 };

static uintptr_t find_floor(uintptr_t here) {
    pthread_attr_t attributes;
    void *lowest = NULL;
    size_t size = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        if (pthread_attr_getstack(&attributes, &lowest, &size) != 0) lowest = NULL;
        pthread_attr_destroy(&attributes);
    }
    /* an unlimited stack, or an unknown one: as if a few megabytes were left */
    uintptr_t end = (uintptr_t)lowest;
    bool odd = !lowest || here - end > ((uintptr_t)1 << 30);
    if (odd) return here - STACK_SMALLEST;
    uintptr_t reserve = here - end > 2 * STACK_RESERVE ? STACK_RESERVE : (here - end) / 2;
    return end + reserve;
}

_Thread_local uintptr_t stack_floor = UINTPTR_MAX;

bool stack_is_low_first(void) {
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    if (stack_floor == UINTPTR_MAX) stack_floor = find_floor(here);
    return here < stack_floor;
}
