/* The tile and the loops of gemm.c for one number type T; V is its vector. Included twice. */

/* `rows` x `vectors` sums, rows and vectors known to the compiler. The last vector may be partial:
 * `part` numbers of it (0 = full). */
FM void F(tile)(const struct gemm *g, const T *a, const T *b, int64_t b_row, T *c, int64_t k,
                int rows, int vectors, int64_t part, bool add) {
    V sum[8][4];
    int64_t a_row = g->a_row, a_col = g->a_col, c_row = g->c_row;
    F(mask) mask = F(mask_of)(part);
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) sum[i][v] = ZERO;
    }
    for (int64_t p = 0; p < k; p++, a += a_col, b += b_row) {
        V y[4];
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) {
            bool partial = part && v == vectors - 1;
            y[v] = partial ? LOAD_PART(b + v * F(VW), mask) : LOAD(b + v * F(VW));
        }
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
            V x = SET(a[i * a_row]);
#pragma GCC unroll 4
            for (int v = 0; v < vectors; v++) sum[i][v] = MULADD(x, y[v], sum[i][v]);
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) {
            T *to = c + i * c_row + v * F(VW);
            if (part && v == vectors - 1) {
                if (add) sum[i][v] = ADD(LOAD_PART(to, mask), sum[i][v]);
                STORE_PART(to, mask, sum[i][v]);
            } else {
                if (add) sum[i][v] = ADD(LOAD(to), sum[i][v]);
                STORE(to, sum[i][v]);
            }
        }
    }
}

/* The same with the number of rows from 1 to MR, one function per width. */
#define FULL(r) F(tile)(g, a, b, b_row, c, k, (r) <= MR ? (r) : MR, vectors, 0, add)
#define PART(r) F(tile)(g, a, b, b_row, c, k, (r) <= MR ? (r) : MR, vectors, part, add)
FM void F(tile_rows)(const struct gemm *g, const T *a, const T *b, int64_t b_row, T *c, int64_t k,
                     int rows, int vectors, int64_t part, bool add) {
    if (part == 0) {
        TILE_SWITCH(FULL)
    } else {
        TILE_SWITCH(PART)
    }
}

#define WIDTH(w)                                                                                   \
    static void F(tile_##w)(const struct gemm *g, const T *a, const T *b, int64_t b_row, T *c,     \
                            int64_t k, int rows, int64_t part, bool add) {                         \
        F(tile_rows)(g, a, b, b_row, c, k, rows, (w) <= NV ? (w) : NV, part, add);                 \
    }
WIDTH(1)
WIDTH(2)
WIDTH(3)

/* Columns [j, j + w * VW), terms [k0, k0 + k), rows in tiles of nearly equal height. */
static void F(panel)(const struct gemm *g, const T *b, int64_t b_row, int64_t j, int64_t cols,
                     int64_t k0, int64_t k, int64_t row, int64_t row_end) {
    int64_t vectors = (cols + F(VW) - 1) / F(VW), part = cols % F(VW);
    int64_t tiles = (row_end - row + MR - 1) / MR;
    bool add = g->accumulate || k0 > 0;
    for (int64_t t = 0; t < tiles; t++) {
        int64_t from = row + (row_end - row) * t / tiles,
                to = row + (row_end - row) * (t + 1) / tiles;
        const T *a = (const T *)g->a + from * g->a_row + k0 * g->a_col;
        T *c = (T *)g->c + from * g->c_row + j;
        if (vectors == 1) F(tile_1)(g, a, b, b_row, c, k, (int)(to - from), part, add);
        if (vectors == 2) F(tile_2)(g, a, b, b_row, c, k, (int)(to - from), part, add);
        if (vectors == 3) F(tile_3)(g, a, b, b_row, c, k, (int)(to - from), part, add);
    }
}

/* A panel of B whose rows are not contiguous, copied: (k, cols) with row length NV * VW. */
static void F(pack)(const struct gemm *g, int64_t j, int64_t cols, int64_t k0, int64_t k, T *to) {
    const T *b = (const T *)g->b + k0 * g->b_row + j * g->b_col;
    if (g->b_row == 1) {
        ISA_NAME(transpose)(to, NV * F(VW), b, g->b_col, cols, k, sizeof(T));
        return;
    }
    for (int64_t p = 0; p < k; p++)
        for (int64_t c = 0; c < cols; c++) to[p * NV * F(VW) + c] = b[p * g->b_row + c * g->b_col];
}

static void F(gemm)(const struct gemm *g, int64_t row, int64_t row_end) {
    enum { NR = NV * F(VW) };
    for (int64_t k0 = 0; k0 < g->k || k0 == 0; k0 += KC) {
        int64_t k = g->k - k0 < KC ? g->k - k0 : KC;
        for (int64_t j = 0; j < g->n; j += NR) {
            int64_t cols = g->n - j < NR ? g->n - j : NR;
            const T *b = (const T *)g->b + k0 * g->b_row + j;
            if (g->b_col == 1) {
                F(panel)(g, b, g->b_row, j, cols, k0, k, row, row_end);
            } else {
                F(pack)(g, j, cols, k0, k, g->scratch);
                F(panel)(g, g->scratch, NR, j, cols, k0, k, row, row_end);
            }
        }
    }
}

#undef FULL
#undef PART
#undef WIDTH
