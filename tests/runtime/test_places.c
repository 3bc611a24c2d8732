/* Places in a block of memory: those that are wanted at the same time never share a byte, those
 * that are not do, and the same list gives the same places. */
#include "places.h"
#include <stdbool.h>
#include "tests/harness.h"

enum { MANY = 300 };

static uint64_t below(uint64_t *state, uint64_t n) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (*state >> 33) % n;
}

static void fill(struct place *list, int n, uint64_t seed) {
    for (int i = 0; i < n; i++) {
        int32_t first = (int32_t)below(&seed, 100);
        list[i] = (struct place){.bytes = 64 * (size_t)below(&seed, 40),
                                 .first = first,
                                 .last = first + (int32_t)below(&seed, 12),
                                 .number = i};
    }
}

static bool meet(const struct place *a, const struct place *b) {
    bool time = a->first <= b->last && b->first <= a->last;
    return time && a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
}

static void test_nobody_shares_what_is_wanted(void) {
    static struct place list[MANY], again[MANY];
    static struct place *sorted[MANY];
    for (uint64_t seed = 1; seed < 20; seed++) {
        size_t sum = 0, most = 0;
        fill(list, MANY, seed);
        fill(again, MANY, seed);
        size_t all = places_find(list, MANY, sorted);
        CHECK(places_find(again, MANY, sorted) == all && memcmp(list, again, sizeof list) == 0);
        int shared = 0;
        for (int i = 0; i < MANY; i++) {
            sum += list[i].bytes;
            if (list[i].offset + list[i].bytes > most) most = list[i].offset + list[i].bytes;
            for (int k = 0; k < i; k++)
                shared += list[i].bytes && list[k].bytes && meet(&list[i], &list[k]);
        }
        CHECK_EQ(shared, 0);
        CHECK(all == most && all < sum / 3);
    }
}

static void test_one_after_the_other(void) {
    struct place list[] = {{64, 0, 1, 0, 9}, {128, 2, 3, 1, 9}, {64, 1, 2, 2, 9}}, *sorted[3];
    CHECK_EQ(places_find(list, 3, sorted), 192);
    CHECK(list[0].number == 1 && list[0].offset == 0);   /* the largest */
    CHECK(list[1].number == 0 && list[1].offset == 0);   /* is over before it begins */
    CHECK(list[2].number == 2 && list[2].offset == 128); /* meets both */
    CHECK_EQ(places_find(list, 0, sorted), 0);
}

TEST_MAIN(test_nobody_shares_what_is_wanted, test_one_after_the_other)
