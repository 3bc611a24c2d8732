/* The stop flag, as long loops look at it: once for some 10,000 elements. */
#pragma once
#include "err.h"
#include <stdatomic.h>

static inline bool stop_seen(const _Atomic bool *stop) {
    return stop && atomic_load_explicit(stop, memory_order_relaxed);
}

static inline bool stop_fails(const _Atomic bool *stop, struct err *e) {
    return stop_seen(stop) && !err_set(e, ERR_INTERRUPT, "Stopped.");
}
