/* From numbers to pixels along one axis, and the good numbers to mark on it. Knows no pictures. */
#pragma once
#include "base/str.h"

/* Numbers beyond this have no place in a picture: their differences overflow. */
#define SCALE_MOST 1e300

struct scale {
    double low, high; /* numbers at the two ends; low < high */
    double from, to;  /* px at low and high */
    bool log;         /* low > 0 then */
    bool time;        /* numbers are seconds since 1970-01-01 UTC */
};

/* Pixel of x; NaN where x has no place (not positive on a log axis). */
double scale_at(const struct scale *s, double x);
/* Number at a pixel. */
double scale_inverse(const struct scale *s, double px);

enum { TICKS_MAX = 24, TICK_LABEL_BYTES = 40, TICKS_MAX_MINOR = 96 };

struct ticks {
    int n;
    double at[TICKS_MAX]; /* numbers, rising */
    char label[TICKS_MAX][TICK_LABEL_BYTES];
    int n_minor;
    double minor[TICKS_MAX_MINOR]; /* unlabelled, log axes only */
    char offset[TICK_LABEL_BYTES]; /* "×10⁶", "+1,000", "2024" for the end of the axis, or "" */
};

/* At most `wanted` (>= 2) labelled ticks inside [low, high]; `whole`: only whole numbers. */
void ticks_choose(struct ticks *t, const struct scale *s, bool whole, int wanted);
/* The step 1, 2 or 5 times a power of ten that cuts `range` into at most `wanted` pieces. */
double ticks_step(double range, int wanted);
/* x for people: "−0.5", "12,500", "3.2×10⁻⁵". `decimals` < 0: as many as six digits need. */
void tick_print(char out[TICK_LABEL_BYTES], double x, int decimals);
