/* Digits of numbers against the C library's, which rounds the exact value. */
#include "../harness.h"
#include "lang/values/digits.h"
#include "base/hash.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static bool same_fixed(double x, int places) {
    char ours[DIGITS_ROOM], theirs[400];
    size_t n = digits_fixed(x, places, ours);
    snprintf(theirs, sizeof theirs, "%.*f", places, x);
    bool same = n == strlen(ours) && strcmp(ours, theirs) == 0;
    if (!same) printf("%.*f: %s, not %s\n", places, x, ours, theirs);
    return same;
}

static void halves_are_rounded_to_even(void) {
    static const double xs[] = {0,    0.5,      1.5,   2.5,   0.125, 0.375, 0.05,
                                0.15, 0.25,     1.005, 2.675, 9.5,   9.995, 99.95,
                                1e-9, 4.9e-324, 1e-30, 1e-10, 5e-10};
    for (size_t i = 0; i < sizeof xs / sizeof *xs; i++)
        for (int places = 0; places <= 9; places++) CHECK(same_fixed(xs[i], places));
    CHECK(same_fixed(8589934591.9999990, 9));
    CHECK(same_fixed(8589934591.5, 0));
}

static void any_number(void) {
    for (uint64_t i = 0; i < 200000; i++) {
        uint64_t h = hash_mix(i);
        double x = ldexp((double)(h >> 11), -20 - (int)(h % 90));
        if (x >= 8589934592.0) continue;
        CHECK(same_fixed(x, (int)((h >> 8) % 10)));
        CHECK(same_fixed((double)(h % 1000000) / 1000, (int)((h >> 40) % 5)));
    }
}

static void whole_numbers(void) {
    uint64_t some[] = {0, 9, 10, 99, 100, 9999999999u, UINT64_MAX, UINT64_MAX / 10, 1};
    for (int i = 0; i < 100000; i++) {
        uint64_t u = i < 9 ? some[i] : hash_mix((uint64_t)i) >> (i % 64);
        char ours[DIGITS_ROOM], theirs[DIGITS_ROOM];
        size_t n = digits_whole(u, ours);
        snprintf(theirs, sizeof theirs, "%" PRIu64, u);
        CHECK(n == strlen(theirs) && strcmp(ours, theirs) == 0);
    }
}

static void what_it_leaves_to_others(void) {
    char out[DIGITS_ROOM];
    CHECK(digits_fixed(8589934592.0, 2, out) == 0);
    CHECK(digits_fixed(1, 10, out) == 0);
    CHECK(digits_fixed((double)NAN, 2, out) == 0);
    CHECK(digits_fixed((double)INFINITY, 2, out) == 0);
    CHECK(digits_fixed(-1, 2, out) == 0);
}

TEST_MAIN(halves_are_rounded_to_even, any_number, whole_numbers, what_it_leaves_to_others)
