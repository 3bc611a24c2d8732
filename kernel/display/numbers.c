/* Numbers that stand below each other. */
#include "display/views.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIGNIFICANT = 6, DECIMALS_USUAL = 4 };

void number_style_note(struct number_style *s, double x) {
    if (!isfinite(x) || x == 0) return;
    double size = fabs(x);
    if (size > s->largest) s->largest = size;
    if (s->smallest == 0 || size < s->smallest) s->smallest = size;
    if (x == floor(x)) return;
    s->fractions = true;
    char digits[40]; /* as many decimals as six significant digits need */
    int lead = (int)floor(log10(size)), places = SIGNIFICANT - 1 - lead;
    snprintf(digits, sizeof digits, "%.*f", places < 0 ? 0 : places > 20 ? 20 : places, size);
    const char *point = strchr(digits, '.');
    size_t n = strlen(digits);
    while (point && digits[n - 1] == '0') n--;
    int needed = point ? (int)(digits + n - point) - 1 : 0;
    if (needed > s->needed) s->needed = needed;
}

/* At most four decimals, fewer beside long numbers, more when all are small. */
static int decimals_of(const struct number_style *s) {
    int lead = s->largest > 0 ? (int)floor(log10(s->largest)) : 0;
    int most = lead < 0 ? DECIMALS_USUAL - 1 - lead : SIGNIFICANT - 1 - lead;
    if (lead >= 0 && most > DECIMALS_USUAL) most = DECIMALS_USUAL;
    if (most < 1) most = 1;
    return s->needed < most ? s->needed : most;
}

/* No common number of decimals does justice to all. */
static bool is_mixed(const struct number_style *s) {
    if (!s->fractions) return s->largest >= 1e15;
    if (s->largest >= 1e8 || s->largest < 1e-4) return true;
    return s->keep_small && s->smallest < 10 * pow(10, -decimals_of(s));
}

void number_write(const struct number_style *s, double x, struct text *out) {
    if (x == 0) x = 0; /* a rounded -0.001 has no sign */
    if (isnan(x)) text_adds(out, "nan");
    else if (isinf(x)) text_adds(out, x > 0 ? "inf" : "-inf");
    else if (is_mixed(s) && s->largest < 1e8 && fabs(x) >= 1e4) /* neighbours stay apart */
        text_addf(out, "%.1f", x);
    else if (is_mixed(s)) text_addf(out, "%.4g", x);
    else text_addf(out, "%.*f", s->fractions ? decimals_of(s) : 0, x);
}

void count_print(int64_t n, struct text *out) {
    char digits[32];
    text_adds(out, with_commas(n, digits, sizeof digits));
}
