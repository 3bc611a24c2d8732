/* The nearest name, and names of other tools. */
#include "spelling.h"
#include <string.h>

enum { VERY_FAR = 1000 };

void spelling_start(struct spelling *s, struct str wanted) {
    *s = (struct spelling){.wanted = wanted, .distance = VERY_FAR, .second = VERY_FAR};
}

void spelling_add(struct spelling *s, struct str candidate) {
    /* The lengths alone say how far it is at least; most candidates end here. */
    size_t apart =
        candidate.n > s->wanted.n ? candidate.n - s->wanted.n : s->wanted.n - candidate.n;
    if (3 * apart > s->wanted.n || str_same(candidate, s->best)) return;
    int d = str_distance(s->wanted, candidate);
    if (d < s->distance) {
        s->second = s->distance;
        s->distance = d;
        s->best = candidate;
    } else if (d < s->second) {
        s->second = d;
    }
}

struct str spelling_best(const struct spelling *s) {
    bool near = s->distance < VERY_FAR && 3 * (size_t)s->distance <= s->wanted.n;
    return near && s->second > s->distance ? s->best : (struct str){"", 0};
}

#define FOREIGN(name_, sentence_) {name_, sentence_},
static const struct {
    const char *name, *sentence;
} foreign[] = {
#include "foreign.list"
};
#undef FOREIGN

const char *spelling_foreign(struct str name) {
    size_t low = 0, high = ARRAY_LEN(foreign);
    while (low < high) {
        size_t middle = (low + high) / 2, n = strlen(foreign[middle].name);
        size_t shared = n < name.n ? n : name.n;
        int order = shared ? memcmp(name.p, foreign[middle].name, shared) : 0;
        if (order == 0) order = (name.n > n) - (name.n < n);
        if (order == 0) return foreign[middle].sentence;
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}
