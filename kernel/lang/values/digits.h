/* Digits of numbers, many times faster than the C library writes them and the same to the last
 * digit: texts are made in loops. Knows nothing of format codes. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DIGITS_ROOM = 32 }; /* bytes that any of these needs, the NUL included */

/* Decimal digits of u; returns their number. */
size_t digits_whole(uint64_t u, char *out);
/* x ≥ 0 with `places` digits behind the point, as "%.*f" writes it: the exact value, rounded half
 * to even. Returns the number of bytes; 0 where it is no job for 64 bits: x ≥ 2^33, places > 9,
 * infinities and NaN. */
size_t digits_fixed(double x, int places, char *out);
