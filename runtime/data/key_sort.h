/* Keys of 64 bits in order. Equal keys are the same, so nothing depends on the number of threads.
 */
#pragma once
#include "base/err.h"
#include <stdint.h>

/* Both arrays have room for n; the answer is the one that holds them in order. NULL when memory is
 * out. */
uint64_t *key_sort(uint64_t *keys, uint64_t *other, int64_t n, struct err *e);
