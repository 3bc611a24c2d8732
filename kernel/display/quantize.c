/* At most 256 colours for a picture, by median cut over a histogram of 6 bits a channel. */
#include "display/quantize.h"
#include "base/pool.h"
#include <stdlib.h>
#include <string.h>

enum { BITS = 6, LEVELS = 1 << BITS, CELLS = LEVELS * LEVELS * LEVELS, COLORS = 256 };

/* Colours of the histogram that occur. */
struct cell {
    uint8_t level[3];
    uint32_t count;
    uint64_t sum[3]; /* of the exact bytes */
};

struct work {
    uint32_t *number; /* of a cell's place in `cells`, plus one; 0 = does not occur */
    struct cell *cells;
    int n;
    uint8_t *color_of; /* per cell */
};

static size_t cell_key(const uint8_t *p) {
    return (size_t)(p[0] >> (8 - BITS)) << (2 * BITS) | (size_t)(p[1] >> (8 - BITS)) << BITS |
           (size_t)(p[2] >> (8 - BITS));
}

static bool count_colors(struct work *w, const uint8_t *pixels, size_t n, struct err *e) {
    for (size_t i = 0; i < n; i++) {
        uint32_t *slot = &w->number[cell_key(pixels + 3 * i)];
        if (*slot == 0) *slot = (uint32_t)++w->n;
    }
    w->cells = pool_need((size_t)w->n * sizeof *w->cells, e);
    w->color_of = w->cells ? pool_need((size_t)w->n, e) : NULL;
    if (!w->color_of) return false;
    for (size_t i = 0; i < n; i++) {
        const uint8_t *p = pixels + 3 * i;
        struct cell *c = &w->cells[w->number[cell_key(p)] - 1];
        c->count++;
        for (int k = 0; k < 3; k++) {
            c->level[k] = p[k] >> (8 - BITS);
            c->sum[k] += p[k];
        }
    }
    return true;
}

/* ---- median cut over order[begin, end) ---- */

struct piece {
    int begin, end;
    int axis; /* the longest */
    int length;
    uint64_t weight;
};

struct order {
    const struct cell *cells;
    int axis;
};

static int by_axis(const void *a, const void *b, void *user) {
    const struct order *o = user;
    int x = *(const int *)a, y = *(const int *)b;
    int d = o->cells[x].level[o->axis] - o->cells[y].level[o->axis];
    return d ? d : x - y;
}

static void measure(struct piece *p, const struct work *w, const int *order) {
    p->weight = 0;
    p->length = -1;
    for (int k = 0; k < 3; k++) {
        int low = LEVELS, high = 0;
        for (int i = p->begin; i < p->end; i++) {
            int level = w->cells[order[i]].level[k];
            if (level < low) low = level;
            if (level > high) high = level;
        }
        if (high - low > p->length) {
            p->length = high - low;
            p->axis = k;
        }
    }
    for (int i = p->begin; i < p->end; i++) p->weight += w->cells[order[i]].count;
}

/* The piece whose cut helps most: long and often used. */
static int next_piece(const struct piece *pieces, int n) {
    int best = -1;
    double most = 0;
    for (int i = 0; i < n; i++) {
        double gain = (double)pieces[i].length * pieces[i].length * (double)pieces[i].weight;
        if (pieces[i].end - pieces[i].begin > 1 && gain > most) {
            most = gain;
            best = i;
        }
    }
    return best;
}

static void cut(struct piece *p, struct piece *rest, const struct work *w, int *order) {
    struct order by = {w->cells, p->axis};
    qsort_r(order + p->begin, (size_t)(p->end - p->begin), sizeof *order, by_axis, &by);
    uint64_t half = 0;
    int at = p->begin;
    while (at < p->end - 1 && 2 * (half + w->cells[order[at]].count) <= p->weight)
        half += w->cells[order[at++]].count;
    if (at == p->begin) at++;
    *rest = (struct piece){.begin = at, .end = p->end};
    p->end = at;
    measure(p, w, order);
    measure(rest, w, order);
}

static void mean_colors(struct quantized *q, const struct piece *pieces, const struct work *w,
                        const int *order) {
    for (int k = 0; k < q->n; k++) {
        uint64_t sum[3] = {0}, count = 0;
        for (int i = pieces[k].begin; i < pieces[k].end; i++) {
            const struct cell *c = &w->cells[order[i]];
            for (int j = 0; j < 3; j++) sum[j] += c->sum[j];
            count += c->count;
            w->color_of[order[i]] = (uint8_t)k;
        }
        for (int j = 0; count > 0 && j < 3; j++)
            q->colors[k][j] = (uint8_t)((sum[j] + count / 2) / count);
    }
}

static bool choose_colors(struct quantized *q, const struct work *w, struct err *e) {
    struct piece pieces[COLORS];
    int *order = pool_need((size_t)w->n * sizeof *order, e);
    if (!order) return false;
    for (int i = 0; i < w->n; i++) order[i] = i;
    pieces[0] = (struct piece){.begin = 0, .end = w->n};
    measure(&pieces[0], w, order);
    q->n = 1;
    while (q->n < COLORS) {
        int next = next_piece(pieces, q->n);
        if (next < 0) break;
        cut(&pieces[next], &pieces[q->n], w, order);
        q->n++;
    }
    mean_colors(q, pieces, w, order);
    pool_free(order);
    return true;
}

bool quantize(struct quantized *q, const uint8_t *pixels, size_t n, struct err *e) {
    struct work w = {0};
    *q = (struct quantized){0};
    q->at = pool_need(n > 0 ? n : 1, e);
    w.number = q->at ? pool_need(CELLS * sizeof *w.number, e) : NULL;
    bool ok = w.number && count_colors(&w, pixels, n, e) && choose_colors(q, &w, e);
    for (size_t i = 0; ok && i < n; i++)
        q->at[i] = w.color_of[w.number[cell_key(pixels + 3 * i)] - 1];
    pool_free(w.number);
    pool_free(w.cells);
    pool_free(w.color_of);
    if (ok) return true;
    pool_free(q->at);
    q->at = NULL;
    return false;
}
