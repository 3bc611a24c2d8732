/* Places in one block of memory for values that are wanted for a while: two that are never wanted
 * at the same time may share bytes. What a plan's arena is laid out with, on every device. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct place {
    size_t bytes;        /* a multiple of the alignment that is wanted */
    int32_t first, last; /* moments from which, and to which, it is wanted */
    int32_t number;      /* whose: equal sizes are placed in its order, so that plans repeat */
    size_t offset;       /* found */
};

/* Best fit, largest first. The list is sorted on the way; sorted: room for n pointers. Returns the
 * bytes of the block. */
size_t places_find(struct place *list, int n, struct place **sorted);
