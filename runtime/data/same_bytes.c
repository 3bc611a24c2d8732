/* Large arrays compared. Bound: memory. */
#include "same_bytes.h"
#include "cpu/threads.h"
#include <stdatomic.h>
#include <string.h>

/* A cell that is run anew makes the same arrays again, and its reply waits for the comparison: so
 * large ones are compared on all threads, piece by piece until one differs. */
enum { PARTS = 16, PIECE = 1 << 18, WORTH_THREADS = 1 << 21 };

struct bytes {
    const char *a, *b;
    size_t n;
    _Atomic bool differ;
};

static void compare_part(void *user, int part) {
    struct bytes *w = user;
    size_t each = w->n / PARTS + 1, begin = each * (size_t)part;
    size_t end = begin + each < w->n ? begin + each : w->n;
    for (size_t i = begin; i < end && !atomic_load(&w->differ); i += PIECE) {
        size_t n = end - i < PIECE ? end - i : PIECE;
        if (memcmp(w->a + i, w->b + i, n) != 0) atomic_store(&w->differ, true);
    }
}

bool same_bytes(const void *a, const void *b, size_t n) {
    if (n < WORTH_THREADS) return memcmp(a, b, n) == 0;
    struct bytes w = {.a = a, .b = b, .n = n};
    if (memcmp(a, b, PIECE) != 0) return false;
    threads_run(compare_part, &w, PARTS);
    return !atomic_load(&w.differ);
}
