/* Numbers that stand below each other. */
#include "display/views.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIGNIFICANT = 6 };

void number_style_note(struct number_style *s, double x) {
    if (!isfinite(x)) return;
    if (x != floor(x)) s->whole = false;
    char digits[40];
    snprintf(digits, sizeof digits, "%.*g", SIGNIFICANT, x);
    if (strchr(digits, 'e')) {
        if (x != floor(x) || fabs(x) >= 1e15) s->mixed = true;
        return;
    }
    const char *point = strchr(digits, '.');
    int decimals = point ? (int)strlen(point + 1) : 0;
    int whole_digits = (int)strcspn(digits, ".") - (x < 0);
    if (decimals > 5) decimals = 5; /* 0.135335 and 7.38906 line up as 0.13534 and 7.38906 */
    if (whole_digits > 3 && decimals > SIGNIFICANT - whole_digits)
        decimals = SIGNIFICANT - whole_digits;
    if (decimals > s->decimals) s->decimals = decimals;
}

void number_write(const struct number_style *s, double x, struct text *out) {
    if (isnan(x)) text_adds(out, "nan");
    else if (isinf(x)) text_adds(out, x > 0 ? "inf" : "-inf");
    else if (s->mixed) text_addf(out, "%.5g", x);
    else text_addf(out, "%.*f", s->whole ? 0 : s->decimals, x == 0 ? 0 : x);
}

void count_print(int64_t n, struct text *out) {
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%lld", llabs((long long)n));
    if (n < 0) text_addc(out, '-');
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) text_addc(out, ',');
        text_addc(out, digits[i]);
    }
}
