/* Good numbers to mark on an axis, and how they are written. */
#include "display/ticks.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

double ticks_step(double range, int wanted) {
    double rough = range / (wanted > 1 ? wanted : 1);
    if (!(rough > 0) || !isfinite(rough)) return 1;
    double power = pow(10, floor(log10(rough)));
    double lead = rough / power;
    return power * (lead <= 1.0000001 ? 1 : lead <= 2.0000001 ? 2 : lead <= 5.0000001 ? 5 : 10);
}

/* Append what fits. */
static size_t put(char *out, size_t n, const char *piece) {
    size_t len = strlen(piece);
    if (n + len >= TICK_LABEL_BYTES) return n;
    memcpy(out + n, piece, len + 1);
    return n + len;
}

static size_t put_superscript(char *out, size_t n, int exponent) {
    static const char *const digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    char plain[16];
    snprintf(plain, sizeof plain, "%d", exponent);
    for (const char *p = plain; *p; p++) n = put(out, n, *p == '-' ? "⁻" : digits[*p - '0']);
    return n;
}

/* Digits of |x|, in groups of three if asked for or from 10,000 on (years stay whole); the sign is
 * U+2212. */
static size_t put_fixed(char *out, size_t n, double x, int decimals, bool groups) {
    char plain[64];
    snprintf(plain, sizeof plain, "%.*f", decimals, fabs(x));
    if (x < 0 && strspn(plain, "0.") != strlen(plain)) n = put(out, n, "−");
    size_t whole = strcspn(plain, ".");
    for (size_t i = 0; plain[i]; i++) {
        if ((groups || whole > 4) && i > 0 && i < whole && (whole - i) % 3 == 0)
            n = put(out, n, ",");
        n = put(out, n, (char[]){plain[i], 0});
    }
    return n;
}

static void trim_zeros(char *out) {
    if (!strchr(out, '.')) return;
    size_t n = strlen(out);
    while (n > 0 && out[n - 1] == '0') out[--n] = 0;
    if (n > 0 && out[n - 1] == '.') out[n - 1] = 0;
}

void tick_print(char out[TICK_LABEL_BYTES], double x, int decimals) {
    out[0] = 0;
    if (!isfinite(x)) {
        put(out, 0, isnan(x) ? "missing" : x < 0 ? "−∞" : "∞");
        return;
    }
    double size = fabs(x);
    if (decimals >= 0) {
        put_fixed(out, 0, x, decimals > 12 ? 12 : decimals, false);
    } else if (size == 0 || (size >= 1e-4 && size < 1e6)) {
        int lead = size == 0 ? 0 : (int)floor(log10(size));
        put_fixed(out, 0, x, lead < 5 ? 5 - lead : 0, false);
        trim_zeros(out);
    } else {
        int exponent = (int)floor(log10(size));
        put_fixed(out, 0, x / pow(10, exponent), 4, false);
        trim_zeros(out);
        put_superscript(out, put(out, strlen(out), "×10"), exponent);
    }
}

static int step_decimals(double step) {
    int lead = (int)floor(log10(step) + 1e-9);
    return lead < 0 ? -lead : 0;
}

/* Numbers too large, too small or too alike for their labels get a common factor or a common part,
 * written once at the axis' end. */
static void choose_offset(struct ticks *t, double low, double high, double step, double *base,
                          int *exponent) {
    double largest = fmax(fabs(low), fabs(high));
    *base = 0;
    *exponent = 0;
    if (largest / step > 1e5) {
        double power = pow(10, ceil(log10(high - low)) + 1);
        *base = round((low + high) / 2 / power) * power;
        size_t n = *base >= 0 ? put(t->offset, 0, "+") : 0;
        tick_print(t->offset + n, *base, *base == floor(*base) && fabs(*base) < 1e15 ? 0 : -1);
        largest = fmax(fabs(low - *base), fabs(high - *base));
    }
    if (largest >= (*base != 0 ? 1e6 : 1e7) || largest < 1e-3) {
        *exponent = (int)floor(log10(largest));
        size_t n = strlen(t->offset);
        char factor[TICK_LABEL_BYTES] = "×10";
        put_superscript(factor, strlen(factor), *exponent);
        if (n > 0) n = put(t->offset, n, " ");
        put(t->offset, n, factor);
    }
}

static void ticks_linear(struct ticks *t, double low, double high, bool whole, int wanted) {
    double step = ticks_step(high - low, wanted), base;
    if (whole && step < 1) step = 1;
    int exponent;
    choose_offset(t, low, high, step, &base, &exponent);
    double first = ceil(low / step - 1e-6), unit = pow(10, exponent);
    int decimals = step_decimals(step / unit);
    bool groups = base == 0 && fmax(fabs(low), fabs(high)) / unit >= 1e4;
    for (int i = 0; t->n < TICKS_MAX; i++) {
        double x = (first + i) * step;
        if (x > high + step * 1e-6) break;
        t->at[t->n] = x;
        put_fixed(t->label[t->n++], 0, (x - base) / unit, decimals > 12 ? 12 : decimals, groups);
    }
}

/* 0.01, 1, 100, with commas from 10,000 on; or, when one of the axis is longer, all as 10⁶. */
static void print_power(char out[TICK_LABEL_BYTES], int exponent, int first, int last) {
    out[0] = 0;
    if (first < -4 || last > 5) put_superscript(out, put(out, 0, "10"), exponent);
    else put_fixed(out, 0, pow(10, exponent), exponent < 0 ? -exponent : 0, last > 3);
}

/* Whole powers of ten, every `stride`-th labelled. */
static void ticks_decades(struct ticks *t, double low, double high, int wanted) {
    int first = (int)ceil(log10(low) - 1e-9), last = (int)floor(log10(high) + 1e-9);
    int stride = (last - first) / wanted + 1;
    for (int k = first; k <= last && t->n < TICKS_MAX; k += stride) {
        t->at[t->n] = pow(10, k);
        print_power(t->label[t->n++], k, first, last);
    }
    if (stride > 1) return;
    for (int k = first - 1; k <= last; k++) {
        for (int m = 2; m < 10 && t->n_minor < TICKS_MAX_MINOR; m++) {
            double x = m * pow(10, k);
            if (x >= low && x <= high) t->minor[t->n_minor++] = x;
        }
    }
}

/* Between one and two decades: 1, 2 and 5 of each. */
static void ticks_log_125(struct ticks *t, double low, double high) {
    static const int leads[] = {1, 2, 5};
    int first = (int)floor(log10(low)), last = (int)ceil(log10(high));
    for (int k = first; k <= last; k++) {
        for (size_t i = 0; i < ARRAY_LEN(leads) && t->n < TICKS_MAX; i++) {
            double x = leads[i] * pow(10, k);
            if (x < low * (1 - 1e-9) || x > high * (1 + 1e-9)) continue;
            t->at[t->n] = x;
            tick_print(t->label[t->n++], x, -1);
        }
    }
}

void ticks_choose(struct ticks *t, const struct scale *s, bool whole, int wanted) {
    double low = s->low, high = s->high;
    *t = (struct ticks){0};
    if (wanted < 2) wanted = 2;
    if (wanted > TICKS_MAX - 2) wanted = TICKS_MAX - 2;
    if (s->time) {
        ticks_time(t, low, high, wanted);
        if (t->n > 0) return;
    }
    if (!s->log) {
        ticks_linear(t, low, high, whole, wanted);
        return;
    }
    double decades = log10(high / low);
    if (decades >= 2) ticks_decades(t, low, high, wanted);
    else if (decades >= 0.7) ticks_log_125(t, low, high);
    else ticks_linear(t, low, high, false, wanted);
}
