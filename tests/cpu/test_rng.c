/* Philox4x32-10 against the known answers of its authors' distribution (Random123, kat_vectors);
 * draws by address; the vector kernels draw what rng.c draws singly. */
#include "rng.h"
#include "cpu/kernels.h"
#include "tests/harness.h"

static const struct {
    uint32_t counter[4], key[2], out[4];
} known[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

static void known_answers(void) {
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint32_t out[4];
        rng_philox(known[i].counter, known[i].key, out);
        CHECK(memcmp(out, known[i].out, sizeof out) == 0);
    }
}

static const struct rng_key key = {12, 34, 56};

static void by_address(void) {
    uint32_t block[4];
    rng_block(key, 5, block);
    for (int i = 0; i < 4; i++) CHECK(rng_word(key, (uint64_t)(20 + i)) == block[i]);
    struct rng_key others[] = {{13, 34, 56}, {12, 35, 56}, {12, 34, 57}};
    for (int i = 0; i < 3; i++) CHECK(rng_word(others[i], 0) != rng_word(key, 0));
}

static void moments(void) {
    enum { N = 100000 };
    double sum = 0, squares = 0, uniform = 0, low = 1, high = 0;
    for (uint64_t i = 0; i < N; i++) {
        double x = rng_normal(key, i), u = rng_uniform(key, i);
        sum += x;
        squares += x * x;
        uniform += u;
        low = fmin(low, u);
        high = fmax(high, u);
    }
    CHECK_NEAR(sum / N, 0, 0.01);
    CHECK_NEAR(squares / N, 1, 0.015);
    CHECK_NEAR(uniform / N, 0.5, 0.005);
    CHECK(low >= 0 && high < 1);
}

static void bounded(void) {
    int64_t count[7] = {0};
    for (uint64_t i = 0; i < 70000; i++) {
        uint64_t x = rng_below(key, i, 7);
        CHECK(x < 7);
        count[x % 7]++;
    }
    for (int i = 0; i < 7; i++) CHECK_NEAR((double)count[i], 10000, 0.05);
    CHECK(rng_below(key, 3, 1) == 0);
    uint64_t big = (UINT64_C(1) << 63) + 1; /* half of the draws are drawn again */
    for (uint64_t i = 0; i < 1000; i++) CHECK(rng_below(key, i, big) < big);
}

static void permutations(void) {
    enum { N = 1000 };
    int64_t order[N], seen[N] = {0}, fixed = 0;
    rng_permutation(key, order, N);
    for (int i = 0; i < N; i++) {
        CHECK(order[i] >= 0 && order[i] < N);
        seen[order[i]]++;
        fixed += order[i] == i;
    }
    for (int i = 0; i < N; i++) CHECK(seen[i] == 1);
    CHECK(fixed < 10);
}

/* Swap after swap, as Fisher and Yates have it. */
static void permutations_as_singly(void) {
    static const int64_t sizes[] = {0, 1, 2, 3, 63, 64, 65, 128, 1000};
    for (size_t s = 0; s < ARRAY_LEN(sizes); s++) {
        int64_t n = sizes[s], order[1000], want[1000];
        for (int64_t i = 0; i < n; i++) want[i] = i;
        for (int64_t i = n - 1; i > 0; i--) {
            uint64_t j = rng_below(key, (uint64_t)i, (uint64_t)i + 1);
            int64_t t = want[i];
            want[i] = want[j];
            want[j] = t;
        }
        rng_permutation(key, order, n);
        CHECK(memcmp(order, want, (size_t)n * sizeof *want) == 0);
    }
}

/* Any stretch, in any set of kernels. */
static void many_at_once(void) {
    static const char *const sets[] = {"plain", "avx2", "avx512"};
    static const int64_t stretches[][2] = {{0, 1}, {0, 700}, {3, 64}, {127, 3}, {1021, 515}};
    static double wide[1024];
    static float narrow[1024];
    static uint8_t bits[1024];
    for (int s = 0; s < 3; s++) {
        const struct kernels *k = kernels_named(sets[s]);
        for (int i = 0; k && i < 5; i++) {
            int64_t first = stretches[i][0], n = stretches[i][1];
            k->draw[DRAW_UNIFORM][DT_FLOAT64](wide, key, first, n, 0);
            k->draw[DRAW_UNIFORM][DT_FLOAT32](narrow, key, first, n, 0);
            k->draw[DRAW_BERNOULLI][DT_BOOL](bits, key, first, n, 0.3);
            for (int64_t j = 0; j < n; j++) {
                uint64_t at = (uint64_t)(first + j);
                CHECK(wide[j] == rng_uniform(key, at));
                CHECK(fabs((double)narrow[j] - wide[j]) < 1e-7 && narrow[j] < 1);
                CHECK(bits[j] == (rng_word(key, at) < 0.3 * 4294967296.0));
            }
            k->draw[DRAW_BITS][DT_INT64](wide, key, first, n, 0);
            for (int64_t j = 0; j < n; j++) {
                uint32_t block[4];
                uint64_t found;
                rng_block(key, (uint64_t)(first + j), block);
                memcpy(&found, &wide[j], sizeof found);
                CHECK(found == ((uint64_t)block[0] << 32 | block[1]));
            }
            k->draw[DRAW_NORMAL][DT_FLOAT64](wide, key, first, n, 0);
            k->draw[DRAW_NORMAL][DT_FLOAT32](narrow, key, first, n, 0);
            for (int64_t j = 0; j < n; j++) {
                CHECK(wide[j] == rng_normal(key, (uint64_t)(first + j)));
                CHECK(narrow[j] == (float)wide[j]);
            }
        }
    }
}

static void bounded_at_once(void) {
    const uint64_t bounds[] = {1, 6, 1000, (uint64_t)1 << 63, UINT64_MAX - 4};
    int64_t numbers[100];
    for (size_t b = 0; b < ARRAY_LEN(bounds); b++) {
        for (int64_t n = 0; n <= 100; n += 25) {
            rng_fill_below(key, 4294967290u, n, bounds[b], -7, numbers);
            for (int64_t i = 0; i < n; i++) {
                uint64_t one = rng_below(key, 4294967290u + (uint64_t)i, bounds[b]);
                CHECK_EQ((uint64_t)numbers[i], one - 7);
            }
        }
    }
}

TEST_MAIN(known_answers, by_address, moments, bounded, permutations, permutations_as_singly,
          many_at_once, bounded_at_once)
