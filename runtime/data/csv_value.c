/* Cells of CSV files: which kind, which number. */
#include "csv_value.h"
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const missing_words[] = {
    "NA",  "NaN",  "nan",      "null", "NULL", "None",   "N/A",     "n/a",     "#N/A",
    "#NA", "<NA>", "#N/A N/A", "-NaN", "-nan", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN",
};

static struct str trimmed(struct str s) {
    while (s.n && (*s.p == ' ' || *s.p == '\t')) s.p++, s.n--;
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t')) s.n--;
    return s;
}

static bool is_missing_word(struct str s) {
    if (s.n < 2 || s.n > 8) return s.n == 0;
    for (size_t i = 0; i < ARRAY_LEN(missing_words); i++) {
        if (*s.p == *missing_words[i] && str_is(s, missing_words[i])) return true;
    }
    return false;
}

bool cell_is_missing(struct str cell) {
    return is_missing_word(trimmed(cell));
}

static bool same_word(struct str s, const char *lower) {
    size_t n = strlen(lower);
    for (size_t i = 0; i < n && s.n == n; i++) {
        if ((s.p[i] | 32) != lower[i]) return false;
    }
    return s.n == n;
}

/* Words: bool, missing, infinity, or just text. */
static enum cell read_word(struct str s, double *x) {
    if (is_missing_word(s)) return CELL_MISSING;
    if (str_is(s, "True") || str_is(s, "true") || str_is(s, "TRUE")) return *x = 1, CELL_BOOL;
    if (str_is(s, "False") || str_is(s, "false") || str_is(s, "FALSE")) return *x = 0, CELL_BOOL;
    bool minus = s.n && *s.p == '-';
    if (s.n && (minus || *s.p == '+')) s.p++, s.n--;
    if (!same_word(s, "inf") && !same_word(s, "infinity")) return CELL_TEXT;
    *x = minus ? -INFINITY : INFINITY;
    return CELL_NUMBER;
}

/* A decimal number as written: (-1)^minus * digits * 10^exponent. */
struct decimal {
    uint64_t digits;
    int n_digits; /* significant ones; beyond 19 `digits` is not valid */
    int exponent;
    bool minus, whole;
};

static const char *scan_digits(const char *p, const char *end, struct decimal *d) {
    for (; p < end && *p >= '0' && *p <= '9'; p++) {
        d->digits = d->digits * 10 + (uint64_t)(*p - '0');
        d->n_digits += d->digits != 0;
        if (d->n_digits > 19) d->digits = 1;
    }
    return p;
}

static const char *scan_exponent(const char *p, const char *end, struct decimal *d) {
    const char *start = p++;
    bool minus = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    if (p == end || *p < '0' || *p > '9') return start;
    int value = 0;
    for (; p < end && *p >= '0' && *p <= '9'; p++) {
        if (value < 100000) value = value * 10 + *p - '0';
    }
    d->exponent += minus ? -value : value;
    d->whole = false;
    return p;
}

/* True if the whole of s is one decimal number. */
static bool scan(struct str s, struct decimal *d) {
    const char *p = s.p, *end = s.p + s.n;
    d->minus = *p == '-';
    p += *p == '-' || *p == '+';
    const char *first = p;
    p = scan_digits(p, end, d);
    ptrdiff_t n = p - first;
    d->whole = true;
    if (p < end && *p == '.') {
        const char *fraction = ++p;
        p = scan_digits(p, end, d);
        d->exponent = -(int)(p - fraction);
        d->whole = false;
        n += p - fraction;
    }
    if (n == 0) return false;
    if (p < end && (*p == 'e' || *p == 'E')) p = scan_exponent(p, end, d);
    return p == end;
}

/* Powers of ten that a long double of 64 bits holds exactly. */
static const long double tens[] = {1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,
                                   1e7L,  1e8L,  1e9L,  1e10L, 1e11L, 1e12L, 1e13L,
                                   1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L, 1e20L,
                                   1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L};

/* digits * 10^exponent, rounded once. With digits and the power of ten exact, one long double
 * operation errs by at most 2^-64 of the result; if twice that error on either side rounds to the
 * same double, this is the correct one. Otherwise (about one in 500) strtod decides. */
static double value_of(const struct decimal *d, const char *text) {
    int power = d->exponent < 0 ? -d->exponent : d->exponent;
    if (d->n_digits > 19 || power > 27) return strtod(text, NULL);
    if (d->exponent == 0 && d->digits <= (uint64_t)1 << 53)
        return d->minus ? -(double)d->digits : (double)d->digits;
    long double x = (long double)d->digits;
    x = d->exponent < 0 ? x / tens[power] : x * tens[power];
    double low = (double)(x - x * 0x1p-63L), high = (double)(x + x * 0x1p-63L);
    if (low != high) return strtod(text, NULL);
    return d->minus ? -low : low;
}

enum cell cell_read(struct str cell, double *x) {
    struct str s = trimmed(cell);
    if (s.n == 0) return CELL_MISSING;
    if ((*s.p < '0' || *s.p > '9') && !strchr("+-.", *s.p)) return read_word(s, x);
    struct decimal d = {0};
    if (!scan(s, &d)) return read_word(s, x);
    *x = value_of(&d, s.p);
    return d.whole && fabs(*x) <= 0x1p53 ? CELL_INT : CELL_NUMBER;
}

/* Length of the well-formed character at p, or 0 (RFC 3629: no overlong forms, no surrogates). */
static size_t utf8_length(const unsigned char *p, size_t n) {
    size_t length = *p < 0x80   ? 1
                    : *p < 0xc2 ? 0
                    : *p < 0xe0 ? 2
                    : *p < 0xf0 ? 3
                    : *p < 0xf5 ? 4
                                : 0;
    if (*p == 0 || length == 0 || length > n) return 0;
    for (size_t i = 1; i < length; i++) {
        if (p[i] >> 6 != 2) return 0;
    }
    bool overlong = (*p == 0xe0 && p[1] < 0xa0) || (*p == 0xf0 && p[1] < 0x90);
    bool outside = (*p == 0xed && p[1] > 0x9f) || (*p == 0xf4 && p[1] > 0x8f);
    return overlong || outside ? 0 : length;
}

bool cell_is_text(struct str cell) {
    const unsigned char *p = (const unsigned char *)cell.p, *end = p + cell.n;
    while (p < end) {
        size_t n = utf8_length(p, (size_t)(end - p));
        if (n == 0) return false;
        p += n;
    }
    return true;
}

const char *cell_write(double x, char out[32]) {
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, 32, "%.*g", digits, x);
        if (strtod(out, NULL) == x) break;
    }
    if (!strpbrk(out, ".en")) memcpy(out + strlen(out), ".0", 3);
    return out;
}
