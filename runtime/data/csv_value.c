/* Cells of CSV files: which kind, which number. */
#include "csv_value.h"
#include "time.h"
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

/* The second letters of the words above that begin with c; "" if none does. */
static const char *second_letters(char c) {
    switch (c) {
    case 'N': return "AaUo/";
    case 'n': return "au/";
    case '-': return "Nn1";
    case '1': return ".";
    case '#':
    case '<': return "N";
    default: return "";
    }
}

static bool is_missing_word(struct str s) {
    if (s.n < 2 || s.n > 8) return s.n == 0;
    const char *second = second_letters(*s.p);
    while (*second && *second != s.p[1]) second++;
    for (size_t i = 0; *second && i < ARRAY_LEN(missing_words); i++) {
        if (*s.p == *missing_words[i] && str_is(s, missing_words[i])) return true;
    }
    return false;
}

bool cell_is_missing(struct str cell) {
    bool may_be = cell.n == 0 || *cell.p == ' ' || *cell.p == '\t' || *second_letters(*cell.p);
    return may_be && is_missing_word(trimmed(cell));
}

static bool same_word(struct str s, const char *lower) {
    size_t n = strlen(lower);
    for (size_t i = 0; i < n && s.n == n; i++) {
        if ((s.p[i] | 32) != lower[i]) return false;
    }
    return s.n == n;
}

static bool is_digit(char c) {
    return (unsigned char)(c - '0') < 10;
}

static bool is_one_of(struct str s, size_t n, const char *a, const char *b, const char *c) {
    return s.n == n && (!memcmp(s.p, a, n) || !memcmp(s.p, b, n) || !memcmp(s.p, c, n));
}

/* Words: bool, missing, infinity, a time, or just text. */
static enum cell read_word(struct str s, double *x) {
    if (is_one_of(s, 4, "True", "true", "TRUE")) return *x = 1, CELL_BOOL;
    if (is_one_of(s, 5, "False", "false", "FALSE")) return *x = 0, CELL_BOOL;
    if (is_missing_word(s)) return CELL_MISSING;
    if (is_digit(*s.p)) return time_read(s, x) ? CELL_TIME : CELL_TEXT;
    bool minus = s.n && *s.p == '-';
    if (s.n && (minus || *s.p == '+')) s.p++, s.n--;
    if (!same_word(s, "inf") && !same_word(s, "infinity")) return CELL_TEXT;
    *x = minus ? -INFINITY : INFINITY;
    return CELL_NUMBER;
}

/* A decimal number as written: (-1)^minus * digits * 10^exponent. */
struct decimal {
    uint64_t digits; /* not valid when `many` */
    int exponent;
    bool many; /* more digits than 64 bits hold */
    bool minus, whole;
};

static uint64_t eight_bytes(const char *p) {
    uint64_t word;
    memcpy(&word, p, 8);
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? word : __builtin_bswap64(word);
}

/* Up to eight digits at once (after Lemire, "Number parsing at a gigabyte per second", 2021,
 * section 6): how many of the eight bytes at p are digits before the first that is none; their
 * value. The digits move to the end of the word, behind zeros; then bytes are joined to pairs,
 * fours, eight. */
static unsigned leading_digits(const char *p, uint64_t *value) {
    uint64_t word = eight_bytes(p);
    uint64_t above = word + 0x4646464646464646u, below = word - 0x3030303030303030u;
    uint64_t others = (above | below) & 0x8080808080808080u;
    unsigned n = others ? (unsigned)__builtin_ctzll(others) / 8 : 8;
    if (n == 0) return 0;
    below <<= 64 - 8 * n;
    word = below * 10 + (below >> 8);
    *value = ((word & 0x000000ff000000ffu) * 0x000f424000000064u +
              (word >> 16 & 0x000000ff000000ffu) * 0x0000271000000001u) >>
             32;
    return n;
}

static const char *scan_digits(const char *p, const char *end, struct decimal *d) {
    static const uint32_t tens_to[] = {1,      10,      100,      1000,     10000,
                                       100000, 1000000, 10000000, 100000000};
    uint64_t m = d->digits, more = 0;
    unsigned n = 8;
    for (; n == 8 && end - p >= 8; p += n) {
        n = leading_digits(p, &more);
        if (n) m = m * tens_to[n] + more;
    }
    for (; n == 8 && p < end && is_digit(*p); p++) m = m * 10 + (uint64_t)(*p - '0');
    d->digits = m;
    return p;
}

static const char *scan_exponent(const char *p, const char *end, struct decimal *d) {
    const char *start = p++;
    bool minus = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    if (p == end || !is_digit(*p)) return start;
    int value = 0;
    for (; p < end && is_digit(*p); p++) {
        if (value < 100000) value = value * 10 + *p - '0';
    }
    d->exponent += minus ? -value : value;
    d->whole = false;
    return p;
}

/* The decimal number at p: where it stops, or NULL if there is none. */
static const char *scan(const char *p, const char *end, struct decimal *d) {
    d->minus = p < end && *p == '-';
    p += d->minus || (p < end && *p == '+');
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
    if (n == 0) return NULL;
    d->many = n > 19;
    return p < end && (*p == 'e' || *p == 'E') ? scan_exponent(p, end, d) : p;
}

/* Powers of ten that a long double of 64 bits holds exactly. */
static const long double tens[] = {1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,
                                   1e7L,  1e8L,  1e9L,  1e10L, 1e11L, 1e12L, 1e13L,
                                   1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L, 1e20L,
                                   1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L};

static const double small_tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* With digits and the power of ten exact as long doubles, one operation errs by at most 2^-64 of
 * the result; if twice that error on either side rounds to the same double, this is the correct
 * one. Otherwise (about one in 500) strtod decides. */
static double long_size_of(const struct decimal *d, int power, const char *text) {
    long double x = (long double)d->digits;
    x = d->exponent < 0 ? x / tens[power] : x * tens[power];
    double low = (double)(x - x * 0x1p-63L), high = (double)(x + x * 0x1p-63L);
    return low == high ? low : fabs(strtod(text, NULL));
}

/* digits * 10^exponent, rounded once. Up to 2^53 and 10^22 both are doubles, and one operation
 * rounds correctly (Clinger 1990). */
static double size_of(const struct decimal *d, const char *text) {
    int power = d->exponent < 0 ? -d->exponent : d->exponent;
    if (d->digits <= (uint64_t)1 << 53 && power <= 22 && !d->many) {
        double x = (double)d->digits;
        return d->exponent < 0 ? x / small_tens[power] : x * small_tens[power];
    }
    return d->many || power > 27 ? fabs(strtod(text, NULL)) : long_size_of(d, power, text);
}

const char *cell_number(const char *p, const char *end, enum cell *kind, double *x) {
    struct decimal d = {0};
    const char *stop = scan(p, end, &d);
    if (!stop) return NULL;
    double size = size_of(&d, p);
    *kind = d.whole && size <= 0x1p53 ? CELL_INT : CELL_NUMBER;
    *x = d.minus ? -size : size;
    return stop;
}

enum cell cell_read(struct str cell, double *x) {
    struct str s = trimmed(cell);
    enum cell kind;
    if (s.n == 0) return CELL_MISSING;
    if ((*s.p | 32) >= 'a') return read_word(s, x);
    if (s.n >= 8 && (s.p[4] == '-' || s.p[4] == '/') && time_read(s, x)) return CELL_TIME;
    return cell_number(s.p, s.p + s.n, &kind, x) == s.p + s.n ? kind : read_word(s, x);
}

/* Groups of digits such as 1.234.567 without their points; the first has up to three. NULL: points
 * that part nothing. */
static const char *copy_groups(const char *p, const char *end, char **out) {
    const char *first = p, *group = p;
    bool parted = false;
    for (;; p++) {
        if (p < end && is_digit(*p)) {
            *(*out)++ = *p;
            continue;
        }
        bool three = p - group == 3, point = p < end && *p == '.';
        if (parted && !three) return NULL;
        if (!point) return p;
        if (group == first && (p == first || p - first > 3)) return NULL;
        parted = true;
        group = p + 1;
    }
}

/* A number with a comma as it is written with a point, into out; 0: it is none. */
static size_t with_point(struct str s, char *out) {
    const char *p = s.p, *end = s.p + s.n;
    char *to = out;
    if (p < end && (*p == '-' || *p == '+')) *to++ = *p++;
    p = copy_groups(p, end, &to);
    if (p && p < end && *p == ',')
        for (*to++ = '.', p++; p < end && is_digit(*p); p++) *to++ = *p;
    if (p && p < end && (*p == 'e' || *p == 'E'))
        while (p < end && (is_digit(*p) || strchr("eE+-", *p))) *to++ = *p++;
    *to = 0;
    return p == end ? (size_t)(to - out) : 0;
}

enum cell cell_read_comma(struct str cell, double *x) {
    enum { LONGEST = 60 };
    struct str s = trimmed(cell);
    char number[LONGEST + 1];
    size_t n = s.n && s.n <= LONGEST ? with_point(s, number) : 0;
    if (n) return cell_read((struct str){number, n}, x);
    enum cell kind = cell_read(s, x);
    bool number_with_point = kind == CELL_NUMBER && memchr(s.p, '.', s.n);
    return number_with_point ? CELL_TEXT : kind;
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

/* Eight bytes of ASCII, none of them NUL. */
static bool plain_bytes(const void *p) {
    uint64_t word;
    memcpy(&word, p, 8);
    return !((word | (word - 0x0101010101010101u)) & 0x8080808080808080u);
}

bool cell_is_text(struct str cell) {
    const unsigned char *p = (const unsigned char *)cell.p, *end = p + cell.n;
    while (p < end) {
        if (end - p >= 8 && plain_bytes(p)) {
            p += 8;
            continue;
        }
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
