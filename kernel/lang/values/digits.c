/* Decimal digits. */
#include "digits.h"
#include <string.h>

enum { MOST_PLACES = 9, FRACTION_BITS = 52, EXPONENT_BIAS = 1075 };

/* The last `n` digits of u, with zeros in front. */
static void put(uint64_t u, size_t n, char *out) {
    for (; n > 0; u /= 10) out[--n] = (char)('0' + u % 10);
}

static size_t count(uint64_t u) {
    size_t n = 1;
    for (uint64_t limit = 10; n < 20 && u >= limit; n++) limit = n < 19 ? limit * 10 : UINT64_MAX;
    return n;
}

size_t digits_whole(uint64_t u, char *out) {
    size_t n = count(u);
    put(u, n, out);
    out[n] = 0;
    return n;
}

/* m · 10^places / 2^shift, rounded half to even. m < 2^53 and 10^9 < 2^30: 83 bits hold all of it.
 */
static uint64_t scaled(uint64_t m, uint64_t scale, int shift) {
    unsigned __int128 all = (unsigned __int128)m * scale;
    if (shift > 100) return 0; /* below a half of the last place */
    uint64_t whole = (uint64_t)(all >> shift);
    unsigned __int128 half = (unsigned __int128)1 << (shift - 1);
    unsigned __int128 rest = all - ((unsigned __int128)whole << shift);
    return whole + (rest > half || (rest == half && whole % 2 == 1));
}

size_t digits_fixed(double x, int places, char *out) {
    static const uint64_t powers[MOST_PLACES + 1] = {
        1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};
    if (!(x >= 0 && x < 8589934592.0) || places < 0 || places > MOST_PLACES) return 0;
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits &= UINT64_MAX >> 1; /* -0 has no sign here */
    int exponent = (int)(bits >> FRACTION_BITS);
    uint64_t m = bits & (((uint64_t)1 << FRACTION_BITS) - 1);
    if (exponent) m |= (uint64_t)1 << FRACTION_BITS;
    else exponent = 1;
    uint64_t all = scaled(m, powers[places], EXPONENT_BIAS - exponent);
    size_t n = digits_whole(all / powers[places], out);
    if (places > 0) {
        out[n] = '.';
        put(all % powers[places], (size_t)places, out + n + 1);
        n += (size_t)places + 1;
    }
    out[n] = 0;
    return n;
}
