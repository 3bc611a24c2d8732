/* The nearest name, and names of other tools. */
#include "spelling.h"
#include <string.h>

enum { VERY_FAR = 1000 };

void spelling_start(struct spelling *s, struct str wanted) {
    *s = (struct spelling){.wanted = wanted, .distance = VERY_FAR, .second = VERY_FAR};
}

static char small(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Names that differ in a digit alone (l1_loss, l2_loss) are two things, not a slip. */
static bool other_digit(struct str a, struct str b) {
    int digits = 0;
    if (a.n != b.n) return false;
    for (size_t i = 0; i < a.n; i++) {
        if (small(a.p[i]) == small(b.p[i])) continue;
        if (!is_digit(a.p[i]) || !is_digit(b.p[i])) return false;
        digits++;
    }
    return digits > 0;
}

/* Names that differ in one word of a single letter (train_x, train_y) are two things likewise. */
static bool other_letter(struct str a, struct str b) {
    size_t at = 0, differ = 0;
    if (a.n != b.n) return false;
    for (size_t i = 0; i < a.n; i++) {
        if (small(a.p[i]) == small(b.p[i])) continue;
        at = i;
        differ++;
    }
    if (differ != 1 || a.n == 1) return false;
    return (at == 0 || a.p[at - 1] == '_') && (at + 1 == a.n || a.p[at + 1] == '_');
}

/* Slips leave the first letter alone, or swap it with the second; in short words another first
 * letter makes another word (last, east). */
static bool same_start(struct str a, struct str b) {
    if (a.n > 5 || a.n == 0 || b.n == 0) return true;
    if (small(a.p[0]) == small(b.p[0])) return true;
    return a.n > 1 && b.n > 1 && small(a.p[0]) == small(b.p[1]) && small(a.p[1]) == small(b.p[0]);
}

/* One slip in three letters, two in six, three in twelve; of single letters only the same one in
 * the other case would be near, and x and X are two things in mathematics. */
static bool is_near(struct str wanted, int distance) {
    static const size_t letters[] = {2, 3, 6, 12};
    return distance < (int)ARRAY_LEN(letters) && wanted.n >= letters[distance];
}

void spelling_add(struct spelling *s, struct str candidate) {
    /* The lengths alone say how far it is at least; most candidates end here. */
    size_t apart =
        candidate.n > s->wanted.n ? candidate.n - s->wanted.n : s->wanted.n - candidate.n;
    if (3 * apart > s->wanted.n || str_same(candidate, s->best)) return;
    if (!same_start(s->wanted, candidate) || other_digit(s->wanted, candidate)) return;
    if (other_letter(s->wanted, candidate)) return;
    int d = str_distance(s->wanted, candidate);
    if (s->best.n && d == s->distance && str_distance(s->best, candidate) == 0) {
        /* relu and ReLU: the one that begins as what was written does */
        if (candidate.n && s->wanted.p[0] == candidate.p[0]) s->best = candidate;
        return;
    }
    if (d < s->distance) {
        s->second = s->distance;
        s->distance = d;
        s->best = candidate;
    } else if (d < s->second) {
        s->second = d;
    }
}

struct str spelling_best(const struct spelling *s) {
    return is_near(s->wanted, s->distance) && s->second > s->distance ? s->best
                                                                      : (struct str){"", 0};
}

enum foreign_kind { ANYWHERE, CALLED, MODULE };

static const struct foreign {
    const char *name, *sentence;
    enum foreign_kind kind;
} foreign[] = {
#define FOREIGN(name, sentence) {name, sentence, ANYWHERE},
#define FOREIGN_CALL(name, sentence) {name, sentence, CALLED},
#define FOREIGN_MODULE(name, sentence) {name, sentence, MODULE},
#include "foreign_classes.list"
#include "foreign.list"
#undef FOREIGN
#undef FOREIGN_CALL
#undef FOREIGN_MODULE
};

const char *spelling_argument(struct str name, bool (*has)(const void *user, const char *name),
                              const void *user) {
    static const struct {
        const char *name, *here;
    } arguments[] = {
#define FOREIGN_ARGUMENT(name, here) {name, here},
#include "foreign_arguments.list"
#undef FOREIGN_ARGUMENT
    };
    for (size_t k = 0; k < ARRAY_LEN(arguments); k++)
        if (str_is(name, arguments[k].name) && has(user, arguments[k].here))
            return arguments[k].here;
    return NULL;
}

static const struct foreign *foreign_find(struct str name) {
    size_t low = 0, high = ARRAY_LEN(foreign);
    while (low < high) {
        size_t middle = (low + high) / 2, n = strlen(foreign[middle].name);
        size_t shared = n < name.n ? n : name.n;
        int order = shared ? memcmp(name.p, foreign[middle].name, shared) : 0;
        if (order == 0) order = (name.n > n) - (name.n < n);
        if (order == 0) return &foreign[middle];
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

const char *spelling_foreign(struct str name, bool called) {
    const struct foreign *f = foreign_find(name);
    return f && (called || f->kind != CALLED) ? f->sentence : NULL;
}

bool spelling_is_module(struct str name) {
    const struct foreign *f = foreign_find(name);
    return f && f->kind == MODULE;
}
