/* The flag of the running cell. */
#include "stop.h"
#include <stddef.h>

static const _Atomic bool *current;

void stop_on(const _Atomic bool *flag) {
    current = flag;
}

const _Atomic bool *stop_flag(void) {
    return current;
}

bool stop_asked(void) {
    return current && *current;
}

bool rows_whole(int64_t n, struct err *e) {
    return n <= STOP_ROWS || !stop_asked() || err_set(e, ERR_INTERRUPT, "Stopped.");
}
