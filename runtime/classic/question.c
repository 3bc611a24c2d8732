/* Questions: which categories stand together, and rows sorted into yes and no. */
#include "question.h"
#include "../cpu/threads.h"
#include <stdlib.h>
#include <string.h>

static int by_ratio(const void *a, const void *b) {
    const struct code_sum *x = a, *y = b;
    double rx = x->h > 0 ? x->g / x->h : 0, ry = y->h > 0 ? y->g / y->h : 0;
    if (rx != ry) return rx < ry ? -1 : 1;
    return x->code - y->code;
}

bool split_categories(struct code_sum *items, int n, double l2, double least, struct split *out) {
    double g = 0, h = 0, gl = 0, hl = 0, best = -1;
    int kept = 0, at = -1;
    for (int i = 0; i < n; i++) {
        if (items[i].h <= 0) continue;
        g += items[i].g;
        h += items[i].h;
        items[kept++] = items[i];
    }
    qsort(items, (size_t)kept, sizeof *items, by_ratio);
    for (int i = 0; i + 1 < kept; i++) {
        gl += items[i].g;
        hl += items[i].h;
        double gr = g - gl, hr = h - hl;
        if (hl < least || hr < least) continue;
        double score = gl * gl / (hl + l2) + gr * gr / (hr + l2);
        if (score > best) best = score, at = i;
    }
    if (at < 0) return false;
    out->score = (float)best;
    out->categorical = true;
    out->mask = (struct tree_mask){{0}};
    for (int i = 0; i <= at; i++)
        out->mask.bits[items[i].code >> 6] |= UINT64_C(1) << (items[i].code & 63);
    out->missing_left = out->mask.bits[0] & 1;
    return true;
}

void split_table(const struct split *s, uint8_t left[256]) {
    for (int code = 0; code < 256; code++)
        left[code] =
            (uint8_t)(s->categorical ? s->mask.bits[code >> 6] >> (code & 63) & 1 : code <= s->cut);
    left[0] = s->missing_left;
}

/* Where the code of a row lies is known long before it is needed. */
enum { AHEAD = 24, LARGE = 16384 };

static int64_t divide(int32_t *rows, int32_t *other, int64_t n, const uint8_t *column,
                      const uint8_t left[256]) {
    int64_t n_left = 0, n_right = 0;
    for (int64_t i = 0; i < n; i++) {
        int32_t row = rows[i];
        if (i + AHEAD < n) __builtin_prefetch(column + rows[i + AHEAD]);
        int yes = left[column[row]];
        rows[n_left] = row;
        other[n_right] = row;
        n_left += yes;
        n_right += !yes;
    }
    return n_left;
}

struct halves {
    int32_t *rows, *other;
    int64_t begin[3], n_left[2];
    const uint8_t *column, *left;
};

static void divide_half(void *user, int part) {
    struct halves *h = user;
    int64_t begin = h->begin[part];
    h->n_left[part] =
        divide(h->rows + begin, h->other + begin, h->begin[part + 1] - begin, h->column, h->left);
}

int64_t split_divide(int32_t *rows, int32_t *other, int64_t n, const uint8_t *column,
                     const uint8_t left[256]) {
    int64_t middle = n < LARGE ? n : n / 2;
    struct halves h = {rows, other, {0, middle, n}, {0}, column, left};
    if (middle == n) divide_half(&h, 0);
    else threads_run(divide_half, &h, 2);
    int64_t n_left = h.n_left[0] + h.n_left[1], n_first = middle - h.n_left[0];
    memmove(rows + h.n_left[0], rows + middle, (size_t)h.n_left[1] * sizeof *rows);
    memcpy(rows + n_left, other, (size_t)n_first * sizeof *rows);
    memcpy(rows + n_left + n_first, other + middle, (size_t)(n - n_left - n_first) * sizeof *rows);
    return n_left;
}
