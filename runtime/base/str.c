/* Text views and a growable text buffer. */
#include "str.h"
#include "pool.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct str str_of(const char *c_string) {
    return (struct str){c_string, c_string ? strlen(c_string) : 0};
}

bool str_same(struct str a, struct str b) {
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_is(struct str a, const char *c_string) {
    return str_same(a, str_of(c_string));
}

bool str_starts(struct str a, const char *prefix) {
    size_t n = strlen(prefix);
    return a.n >= n && memcmp(a.p, prefix, n) == 0;
}

bool str_ends(struct str a, const char *suffix) {
    size_t n = strlen(suffix);
    return a.n >= n && memcmp(a.p + a.n - n, suffix, n) == 0;
}

static int lower(char c) {
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static int min3(int a, int b, int c) {
    int m = a < b ? a : b;
    return m < c ? m : c;
}

enum { DISTANCE_MAX = 48 };

/* Optimal string alignment distance (Damerau-Levenshtein without crossing edits), three rolling
 * rows. Texts longer than DISTANCE_MAX are not worth a hint: the answer is then "very far". */
int str_distance(struct str a, struct str b) {
    if (a.n > DISTANCE_MAX || b.n > DISTANCE_MAX) return 1000;
    int rows[3][DISTANCE_MAX + 1];
    int *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b.n; j++) above[j] = (int)j;
    for (size_t i = 1; i <= a.n; i++) {
        row[0] = (int)i;
        for (size_t j = 1; j <= b.n; j++) {
            int ca = lower(a.p[i - 1]), cb = lower(b.p[j - 1]);
            row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + (ca != cb));
            bool swapped = i > 1 && j > 1 && ca == lower(b.p[j - 2]) && lower(a.p[i - 2]) == cb;
            if (swapped && before[j - 2] + 1 < row[j]) row[j] = before[j - 2] + 1;
        }
        int *spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[b.n];
}

const char *with_commas(long long x, char *out, size_t cap) {
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%lld", x);
    size_t k = 0;
    for (int i = 0; i < n && k + 2 < cap; i++) {
        if (i > (x < 0) && (n - i) % 3 == 0) out[k++] = ',';
        out[k++] = digits[i];
    }
    out[k] = 0;
    return out;
}

void text_clear(struct text *t) {
    pool_free(t->p);
    *t = (struct text){0};
}

static bool text_reserve(struct text *t, size_t more) {
    if (t->failed) return false;
    if (more > SIZE_MAX / 4 - t->n) return t->failed = true, false;
    if (t->n + more + 1 <= t->cap) return true;
    size_t cap = t->cap ? t->cap : 64;
    while (cap < t->n + more + 1) cap *= 2;
    char *p = pool_realloc(t->p, cap);
    if (!p) return t->failed = true, false;
    t->p = p;
    t->cap = cap;
    return true;
}

bool text_add(struct text *t, struct str s) {
    if (!text_reserve(t, s.n)) return false;
    if (s.n) memcpy(t->p + t->n, s.p, s.n);
    t->n += s.n;
    t->p[t->n] = 0;
    return true;
}

bool text_adds(struct text *t, const char *c_string) {
    return text_add(t, str_of(c_string));
}

bool text_addc(struct text *t, char c) {
    return text_add(t, (struct str){&c, 1});
}

bool text_addv(struct text *t, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    bool ok = n >= 0 && text_reserve(t, (size_t)n);
    if (ok) {
        vsnprintf(t->p + t->n, (size_t)n + 1, format, again);
        t->n += (size_t)n;
    }
    va_end(again);
    return ok;
}

bool text_addf(struct text *t, const char *format, ...) {
    va_list args;
    va_start(args, format);
    bool ok = text_addv(t, format, args);
    va_end(args);
    return ok;
}

struct str text_str(const struct text *t) {
    return (struct str){t->p ? t->p : "", t->n};
}
