/* The product kernels of every instruction set against a plain sum in double: all small sizes,
 * edges around the tiles, all layouts, partial ranges of rows, accumulation. */
#include "base/pool.h"
#include "cpu/kernels.h"
#include "tests/harness.h"

static const char *const sets[] = {"plain", "avx2", "avx512"};

enum { ROOM = 700 * 300, NONE = -77 };

static float a32[ROOM], b32[ROOM], c32[ROOM];
static double a64[ROOM], b64[ROOM], c64[ROOM];
static char scratch[1 << 20] __attribute__((aligned(64)));

static double value(int64_t i) {
    return (double)((i * 2654435761u) % 1009) / 1009 - 0.5;
}

struct shape_case {
    int64_t m, n, k;
    bool trans_a, trans_b, accumulate;
    int64_t row, row_end;
};

static struct gemm gemm_of(const struct shape_case *s, const void *a, const void *b, void *c) {
    return (struct gemm){.m = s->m,
                         .n = s->n,
                         .k = s->k,
                         .a = a,
                         .b = b,
                         .c = c,
                         .a_row = s->trans_a ? 1 : s->k,
                         .a_col = s->trans_a ? s->m : 1,
                         .b_row = s->trans_b ? 1 : s->n,
                         .b_col = s->trans_b ? s->k : 1,
                         .c_row = s->n,
                         .accumulate = s->accumulate,
                         .scratch = scratch};
}

static double expected(const struct gemm *g, int64_t i, int64_t j) {
    double sum = g->accumulate ? 3 : 0;
    for (int64_t p = 0; p < g->k; p++)
        sum += a64[i * g->a_row + p * g->a_col] * b64[p * g->b_row + j * g->b_col];
    return sum;
}

static bool check(const struct shape_case *s, const struct kernels *k) {
    struct gemm narrow = gemm_of(s, a32, b32, c32), wide = gemm_of(s, a64, b64, c64);
    int64_t total = s->m * s->n;
    for (int64_t i = 0; i < total + 16; i++) c32[i] = i < total ? 3 : NONE, c64[i] = c32[i];
    k->gemm[DT_FLOAT32](&narrow, s->row, s->row_end);
    k->gemm[DT_FLOAT64](&wide, s->row, s->row_end);
    bool ok = true;
    for (int64_t i = 0; i < s->m; i++) {
        bool made = i >= s->row && i < s->row_end;
        for (int64_t j = 0; j < s->n; j++) {
            double y = made ? expected(&wide, i, j) : 3;
            ok = ok && fabs((double)c32[i * s->n + j] - y) < 2e-6 * ((double)s->k + 8);
            ok = ok && fabs(c64[i * s->n + j] - y) < 1e-14 * ((double)s->k + 8);
        }
    }
    for (int64_t i = total; i < total + 16; i++) ok = ok && c32[i] == NONE && c64[i] == NONE;
    CHECK(ok);
    if (!ok)
        fprintf(stderr, "  %s m %lld n %lld k %lld trans %d %d rows %lld … %lld\n", k->name,
                (long long)s->m, (long long)s->n, (long long)s->k, s->trans_a, s->trans_b,
                (long long)s->row, (long long)s->row_end);
    return ok;
}

static void fill(void) {
    for (int64_t i = 0; i < ROOM; i++) {
        a32[i] = (float)value(i);
        b32[i] = (float)value(i + 12345);
        a64[i] = (double)a32[i];
        b64[i] = (double)b32[i];
    }
}

static void check_layouts(int64_t m, int64_t n, int64_t k) {
    for (int layout = 0; layout < 8; layout++)
        for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
            const struct kernels *set = kernels_named(sets[i]);
            struct shape_case s = {m, n, k, layout & 1, layout & 2, layout & 4, 0, m};
            if (set) check(&s, set);
        }
}

static void small_sizes(void) {
    fill();
    for (int64_t m = 1; m <= 10; m++)
        for (int64_t n = 1; n <= 10; n++)
            for (int64_t k = 0; k <= 5; k++) check_layouts(m, n, k);
}

static void around_tiles(void) {
    static const int64_t ms[] = {1, 5, 6, 7, 8, 9, 12, 13, 16, 25},
                         ns[] = {1,  7,  8,  15, 16, 17, 31, 32, 33,
                                 47, 48, 49, 50, 64, 65, 95, 96, 97};
    for (size_t i = 0; i < sizeof ms / sizeof ms[0]; i++)
        for (size_t j = 0; j < sizeof ns / sizeof ns[0]; j++) check_layouts(ms[i], ns[j], 19);
}

/* Few columns, or few behind the last whole panel, go another way through the vectors. */
static void few_columns(void) {
    static const int64_t ms[] = {1, 4, 17, 64, 70}, ns[] = {1, 2, 3, 4, 5, 50, 51, 52, 98},
                         ks[] = {32, 41, 520};
    for (size_t i = 0; i < sizeof ms / sizeof ms[0]; i++)
        for (size_t j = 0; j < sizeof ns / sizeof ns[0]; j++)
            for (size_t l = 0; l < sizeof ks / sizeof ks[0]; l++)
                check_layouts(ms[i], ns[j], ks[l]);
}

static void long_sums(void) {
    check_layouts(9, 20, 511);
    check_layouts(9, 20, 513);
    check_layouts(3, 7, 1500);
}

static void ranges_of_rows(void) {
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        const struct kernels *set = kernels_named(sets[i]);
        for (int64_t row = 0; set && row < 20; row += 3)
            for (int64_t end = row; end <= 20; end += 4) {
                struct shape_case s = {20, 37, 11, row & 1, end & 4, false, row, end};
                check(&s, set);
            }
    }
}

/* A row's numbers do not depend on which range it is computed in. */
static void rows_are_independent(void) {
    static float whole[64 * 70];
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        const struct kernels *set = kernels_named(sets[i]);
        for (int64_t n = 50; set && n <= 70; n += 20) {
            struct shape_case s = {64, n, 600, n == 50, false, false, 0, 64};
            struct gemm g = gemm_of(&s, a32, b32, whole);
            set->gemm[DT_FLOAT32](&g, 0, 64);
            g.c = c32;
            for (int64_t row = 0; row < 64; row += 5)
                set->gemm[DT_FLOAT32](&g, row, row + 5 < 64 ? row + 5 : 64);
            CHECK(memcmp(whole, c32, (size_t)(64 * n) * sizeof *whole) == 0);
        }
    }
}

TEST_MAIN(small_sizes, around_tiles, few_columns, long_sums, ranges_of_rows, rows_are_independent)
