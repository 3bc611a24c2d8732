/* Laying out a block of memory: largest first, each into the lowest gap among those that are wanted
 * at the same time. */
#include "places.h"
#include <stdbool.h>

static bool before(const struct place *a, const struct place *b) {
    return a->bytes > b->bytes || (a->bytes == b->bytes && a->number < b->number);
}

/* Shell sort by size. */
static void sort_by_size(struct place *list, int n) {
    for (int gap = n / 2; gap > 0; gap /= 2)
        for (int i = gap; i < n; i++) {
            struct place p = list[i];
            int j = i;
            for (; j >= gap && before(&p, &list[j - gap]); j -= gap) list[j] = list[j - gap];
            list[j] = p;
        }
}

static bool meet(const struct place *a, const struct place *b) {
    return a->first <= b->last && b->first <= a->last;
}

/* placed[] is sorted by offset. */
static size_t find_gap(struct place *const *placed, int n, const struct place *p) {
    size_t at = 0;
    for (int i = 0; i < n; i++) {
        const struct place *o = placed[i];
        if (!meet(o, p)) continue;
        if (o->offset >= at + p->bytes) break;
        if (o->offset + o->bytes > at) at = o->offset + o->bytes;
    }
    return at;
}

size_t places_find(struct place *list, int n, struct place **sorted) {
    size_t all = 0;
    sort_by_size(list, n);
    for (int i = 0; i < n; i++) {
        struct place *p = &list[i];
        p->offset = find_gap(sorted, i, p);
        int at = i;
        for (; at > 0 && sorted[at - 1]->offset > p->offset; at--) sorted[at] = sorted[at - 1];
        sorted[at] = p;
        if (p->offset + p->bytes > all) all = p->offset + p->bytes;
    }
    return all;
}
