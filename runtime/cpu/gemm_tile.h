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

/* The same with the number of rows from 1 to `most`, one function per width. */
#define FULL(r) F(tile)(g, a, b, b_row, c, k, (r) <= most ? (r) : most, vectors, 0, add)
#define PART(r) F(tile)(g, a, b, b_row, c, k, (r) <= most ? (r) : most, vectors, part, add)
FM void F(tile_rows)(const struct gemm *g, const T *a, const T *b, int64_t b_row, T *c, int64_t k,
                     int rows, int most, int vectors, int64_t part, bool add) {
    if (part == 0) {
        TILE_SWITCH(FULL)
    } else {
        TILE_SWITCH(PART)
    }
}

#define WIDTH(w)                                                                                   \
    static void F(tile_##w)(const struct gemm *g, const T *a, const T *b, int64_t b_row, T *c,     \
                            int64_t k, int rows, int64_t part, bool add) {                         \
        int vectors = (w) <= NV + 1 ? (w) : NV + 1, most = vectors > NV ? WIDE_ROWS : MR;          \
        F(tile_rows)(g, a, b, b_row, c, k, rows, most, vectors, part, add);                        \
    }
WIDTH(1)
WIDTH(2)
WIDTH(3)
WIDTH(4)

/* Columns [j, j + cols), k terms, rows in tiles of nearly equal height; `a` is the first row's
 * first term, `b` the panel. */
static void F(panel)(const struct gemm *g, const T *a, const T *b, int64_t b_row, int64_t j,
                     int64_t cols, int64_t k, int64_t row, int64_t row_end, bool add) {
    int64_t vectors = (cols + F(VW) - 1) / F(VW), part = cols % F(VW);
    int64_t most = vectors > NV ? WIDE_ROWS : MR, tiles = (row_end - row + most - 1) / most;
    for (int64_t t = 0; t < tiles; t++) {
        int64_t from = (row_end - row) * t / tiles, to = (row_end - row) * (t + 1) / tiles;
        const T *rows = a + from * g->a_row;
        T *c = (T *)g->c + (row + from) * g->c_row + j;
        if (vectors == 1) F(tile_1)(g, rows, b, b_row, c, k, (int)(to - from), part, add);
        if (vectors == 2) F(tile_2)(g, rows, b, b_row, c, k, (int)(to - from), part, add);
        if (vectors == 3) F(tile_3)(g, rows, b, b_row, c, k, (int)(to - from), part, add);
        if (vectors == 4) F(tile_4)(g, rows, b, b_row, c, k, (int)(to - from), part, add);
    }
}

/* A panel of B copied, its rows side by side: (k, cols) with row length `to_row`. */
static void F(pack)(const struct gemm *g, int64_t j, int64_t cols, int64_t k0, int64_t k, T *to,
                    int64_t to_row) {
    const T *b = (const T *)g->b + k0 * g->b_row + j * g->b_col;
    if (g->b_row == 1) {
        ISA_NAME(transpose)(to, to_row, b, g->b_col, cols, k, sizeof(T));
        return;
    }
    int64_t whole = g->b_col == 1 ? cols - cols % F(VW) : 0;
    for (int64_t p = 0; p < k; p++, b += g->b_row, to += to_row) {
        for (int64_t c = 0; c < whole; c += F(VW)) STORE(to + c, LOAD(b + c));
        for (int64_t c = whole; c < cols; c++) to[c] = b[c * g->b_col];
    }
}

/* ---- A B^T with long rows: every number of C is the sum of a product of two rows, vector by
 * vector. DOT_ROWS x DOT_COLS sums at a time. ---- */

FM void F(dot_tile)(const struct gemm *g, int64_t i, int64_t j, int rows) {
    V sum[DOT_ROWS][DOT_COLS];
    const T *b[DOT_COLS], *a = (const T *)g->a + i * g->a_row;
    int64_t k = g->k, a_row = g->a_row, cols = g->n - j < DOT_COLS ? g->n - j : DOT_COLS;
    for (int c = 0; c < DOT_COLS; c++)
        b[c] = (const T *)g->b + (j + (c < cols ? c : cols - 1)) * g->b_col;
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
        for (int c = 0; c < DOT_COLS; c++) sum[r][c] = ZERO;
    }
    int64_t whole = k / F(VW) * F(VW);
    for (int64_t p = 0; p < whole; p += F(VW)) {
        V y[DOT_COLS];
#pragma GCC unroll 4
        for (int c = 0; c < DOT_COLS; c++) y[c] = LOAD(b[c] + p);
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++) {
            V x = LOAD(a + r * a_row + p);
#pragma GCC unroll 4
            for (int c = 0; c < DOT_COLS; c++) sum[r][c] = MULADD(x, y[c], sum[r][c]);
        }
    }
    F(mask) mask = F(mask_of)(k - whole);
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) {
        T *to = (T *)g->c + (i + r) * g->c_row + j;
        V x = LOAD_PART(a + r * a_row + whole, mask);
        T total[DOT_COLS];
#pragma GCC unroll 4
        for (int c = 0; c < DOT_COLS; c++)
            sum[r][c] = MULADD(x, LOAD_PART(b[c] + whole, mask), sum[r][c]);
        F(totals)(total, sum[r]);
        for (int c = 0; c < cols; c++) to[c] = g->accumulate ? to[c] + total[c] : total[c];
    }
}

/* A single column: the sums of four rows at a time, bound by reading A. */
static void F(dot_column)(const struct gemm *g, int64_t j, int64_t row, int64_t row_end) {
    const T *b = (const T *)g->b + j * g->b_col;
    int64_t whole = g->k / F(VW) * F(VW);
    F(mask) mask = F(mask_of)(g->k - whole);
    V b_rest = LOAD_PART(b + whole, mask);
    for (int64_t i = row; i < row_end; i += DOT_COLS) {
        V sum[DOT_COLS];
        T total[DOT_COLS];
        const T *a[DOT_COLS];
        int rows = row_end - i < DOT_COLS ? (int)(row_end - i) : DOT_COLS;
        for (int r = 0; r < DOT_COLS; r++) {
            a[r] = (const T *)g->a + (i + (r < rows ? r : rows - 1)) * g->a_row;
            sum[r] = ZERO;
        }
        for (int64_t p = 0; p < whole; p += F(VW)) {
            V y = LOAD(b + p);
#pragma GCC unroll 4
            for (int r = 0; r < DOT_COLS; r++) sum[r] = MULADD(LOAD(a[r] + p), y, sum[r]);
        }
#pragma GCC unroll 4
        for (int r = 0; r < DOT_COLS; r++)
            sum[r] = MULADD(LOAD_PART(a[r] + whole, mask), b_rest, sum[r]);
        F(totals)(total, sum);
        T *to = (T *)g->c + i * g->c_row + j;
        for (int r = 0; r < rows; r++)
            to[r * g->c_row] = g->accumulate ? to[r * g->c_row] + total[r] : total[r];
    }
}

/* A vector by a vector: four sums take turns, brought together in double every DOT_BLOCK terms. */
static T F(dot)(const T *a, const T *b, int64_t k) {
    enum { STEP = DOT_COLS * F(VW), DOT_BLOCK = 64 * STEP };
    double all = 0;
    for (int64_t from = 0; from < k; from += DOT_BLOCK) {
        int64_t n = k - from < DOT_BLOCK ? k - from : DOT_BLOCK, p = from, end = from + n;
        V sum[DOT_COLS];
        T total[DOT_COLS];
        for (int c = 0; c < DOT_COLS; c++) sum[c] = ZERO;
        for (; p + STEP <= end; p += STEP)
#pragma GCC unroll 4
            for (int c = 0; c < DOT_COLS; c++)
                sum[c] = MULADD(LOAD(a + p + c * F(VW)), LOAD(b + p + c * F(VW)), sum[c]);
        for (; p < end; p += F(VW)) {
            F(mask) mask = F(mask_of)(end - p < F(VW) ? end - p : F(VW));
            sum[0] = MULADD(LOAD_PART(a + p, mask), LOAD_PART(b + p, mask), sum[0]);
        }
        F(totals)(total, sum);
        all += ((double)total[0] + (double)total[1]) + ((double)total[2] + (double)total[3]);
    }
    return (T)all;
}

static void F(dots)(const struct gemm *g, int64_t row, int64_t row_end) {
    int64_t wide = g->n - (g->n % DOT_COLS == 1);
    if ((g->together > 0 ? g->together : g->m) == 1 && g->n == 1) {
        T x = F(dot)((const T *)g->a + row * g->a_row, g->b, g->k),
          *to = (T *)g->c + row * g->c_row;
        *to = g->accumulate ? *to + x : x;
        return;
    }
    if (wide < g->n) F(dot_column)(g, wide, row, row_end);
    int64_t tiles = (row_end - row + DOT_ROWS - 1) / DOT_ROWS;
    for (int64_t t = 0; t < tiles; t++) {
        int64_t from = row + (row_end - row) * t / tiles,
                to = row + (row_end - row) * (t + 1) / tiles;
        for (int64_t j = 0; j < wide; j += DOT_COLS) {
            switch (to - from) {
            case 1: F(dot_tile)(g, from, j, 1); break;
            case 2: F(dot_tile)(g, from, j, 2); break;
            case 3: F(dot_tile)(g, from, j, 3); break;
            case 4: F(dot_tile)(g, from, j, 4 < DOT_ROWS ? 4 : DOT_ROWS); break;
            case 5: F(dot_tile)(g, from, j, 5 < DOT_ROWS ? 5 : DOT_ROWS); break;
            default: F(dot_tile)(g, from, j, DOT_ROWS); break;
            }
        }
    }
}

/* ---- A few columns behind the last whole panel: a vector would be mostly empty, so the vectors
 * run along k or along the rows, whichever way A's numbers lie side by side. ---- */

/* Along k: the columns of B are copied to rows, then as A B^T. */
static void F(narrow_dots)(const struct gemm *g, int64_t j, int64_t k0, int64_t k, int64_t row,
                           int64_t row_end) {
    T *b = g->scratch;
    for (int64_t c = 0; c < g->n - j; c++)
        for (int64_t p = 0; p < k; p++)
            b[c * k + p] = ((const T *)g->b)[(k0 + p) * g->b_row + (j + c) * g->b_col];
    struct gemm part = *g;
    part.n = g->n - j;
    part.k = k;
    part.a = (const T *)g->a + k0 * g->a_col;
    part.b = b;
    part.b_row = 1;
    part.b_col = k;
    part.c = (T *)g->c + j;
    part.accumulate = g->accumulate || k0 > 0;
    F(dots)(&part, row, row_end);
}

/* Along the rows: `cols` columns of sums for VECTORS vectors of rows; `rows` of them count. */
FM void F(upright_tile)(const struct gemm *g, const T *a, const T *b, T *c, int64_t k, int cols,
                        int64_t rows, bool add) {
    V sum[NARROW][UPRIGHT];
    F(mask) mask[UPRIGHT];
#pragma GCC unroll 4
    for (int v = 0; v < UPRIGHT; v++) {
        int64_t n = rows - v * F(VW) < 0 ? 0 : rows - v * F(VW);
        mask[v] = F(mask_of)(n < F(VW) ? n : F(VW));
#pragma GCC unroll 4
        for (int i = 0; i < cols; i++) sum[i][v] = ZERO;
    }
    for (int64_t p = 0; p < k; p++, a += g->a_col, b += g->b_row) {
        V x[UPRIGHT];
#pragma GCC unroll 4
        for (int v = 0; v < UPRIGHT; v++)
            x[v] = rows < UPRIGHT * F(VW) ? LOAD_PART(a + v * F(VW), mask[v]) : LOAD(a + v * F(VW));
#pragma GCC unroll 4
        for (int i = 0; i < cols; i++) {
            V y = SET(b[i * g->b_col]);
#pragma GCC unroll 4
            for (int v = 0; v < UPRIGHT; v++) sum[i][v] = MULADD(x[v], y, sum[i][v]);
        }
    }
    for (int i = 0; i < cols; i++) {
        T column[UPRIGHT * F(VW)];
        for (int v = 0; v < UPRIGHT; v++) STORE(column + v * F(VW), sum[i][v]);
        for (int64_t r = 0; r < rows; r++) {
            T *to = c + r * g->c_row + i;
            *to = add ? *to + column[r] : column[r];
        }
    }
}

static void F(narrow_upright)(const struct gemm *g, int64_t j, int64_t k0, int64_t k, int64_t row,
                              int64_t row_end) {
    enum { ROWS = UPRIGHT * F(VW) };
    bool add = g->accumulate || k0 > 0;
    const T *b = (const T *)g->b + k0 * g->b_row + j * g->b_col;
    for (int64_t i = row; i < row_end; i += ROWS) {
        int64_t rows = row_end - i < ROWS ? row_end - i : ROWS;
        const T *a = (const T *)g->a + i + k0 * g->a_col;
        T *c = (T *)g->c + i * g->c_row + j;
        switch (g->n - j) {
        case 1: F(upright_tile)(g, a, b, c, k, 1, rows, add); break;
        case 2: F(upright_tile)(g, a, b, c, k, 2, rows, add); break;
        case 3: F(upright_tile)(g, a, b, c, k, 3, rows, add); break;
        default: F(upright_tile)(g, a, b, c, k, NARROW, rows, add); break;
        }
    }
}

/* Are the columns behind the last whole vector so few that this is the better way? */
static bool F(is_narrow)(const struct gemm *g) {
    int64_t rest = g->n % F(VW);
    if (rest == 0 || rest > NARROW || g->m < 4 || g->k < 2 * F(VW)) return false;
    return g->a_col == 1 || g->a_row == 1;
}

static void F(narrow)(const struct gemm *g, int64_t j, int64_t k0, int64_t k, int64_t row,
                      int64_t row_end) {
    if (g->a_col == 1) {
        F(narrow_dots)(g, j, k0, k, row, row_end);
    } else {
        F(narrow_upright)(g, j, k0, k, row, row_end);
    }
}

/* Rows of B a multiple of a kilobyte apart fall into few sets of the caches. */
static bool F(wants_copy)(const struct gemm *g) {
    if (g->b_col != 1) return true;
    int64_t rows = g->together > 0 ? g->together : g->m;
    return rows >= 160 && g->k >= 64 && (g->b_row * (int64_t)sizeof(T)) % 1024 == 0;
}

/* Columns of the next panel, of `left` columns: NV vectors, or one more where that leaves no thin
 * panel at the end. */
static int64_t F(panel_width)(int64_t left) {
    int64_t vectors = (left + F(VW) - 1) / F(VW), rest = vectors % NV;
    int64_t width = rest > 0 && vectors >= rest * (NV + 1) ? NV + 1 : NV;
    return left < width * F(VW) ? left : width * F(VW);
}

/* Terms [k0, k0 + k) of columns [0, wide); `a` is the first row's first term. */
static void F(panels)(const struct gemm *g, const T *a, int64_t wide, int64_t k0, int64_t k,
                      int64_t row, int64_t row_end) {
    bool copy = F(wants_copy)(g), add = g->accumulate || k0 > 0;
    for (int64_t j = 0, cols; j < wide; j += cols) {
        cols = F(panel_width)(wide - j);
        if (copy) {
            int64_t b_row = (cols + F(VW) - 1) / F(VW) * F(VW);
            F(pack)(g, j, cols, k0, k, g->scratch, b_row);
            F(panel)(g, a, g->scratch, b_row, j, cols, k, row, row_end, add);
        } else {
            const T *b = (const T *)g->b + k0 * g->b_row + j;
            F(panel)(g, a, b, g->b_row, j, cols, k, row, row_end, add);
        }
    }
}

/* Are A's columns so far apart that a tile would touch a page for each term? */
static bool F(is_scattered)(const struct gemm *g, int64_t rows) {
    return g->a_row == 1 && g->a_col * (int64_t)sizeof(T) >= 2048 && g->k >= 256 && rows >= 16;
}

/* Then some rows of A are brought together first. */
static void F(gathered)(const struct gemm *g, int64_t wide, int64_t k0, int64_t k, int64_t row,
                        int64_t row_end) {
    enum { ROWS = GEMM_SCRATCH_BYTES / 2 / KC / (int)sizeof(T) };
    T *room = (T *)((char *)g->scratch + GEMM_SCRATCH_BYTES / 2);
    struct gemm part = *g;
    part.a_col = ROWS;
    for (int64_t i = row; i < row_end; i += ROWS) {
        int64_t rows = row_end - i < ROWS ? row_end - i : ROWS;
        const T *a = (const T *)g->a + i + k0 * g->a_col;
        for (int64_t p = 0; p < k; p++, a += g->a_col)
            memcpy(room + p * ROWS, a, (size_t)rows * sizeof(T));
        F(panels)(&part, room, wide, k0, k, i, i + rows);
    }
}

static void F(gemm)(const struct gemm *g, int64_t row, int64_t row_end) {
    enum { DOT_MIN = 4 * F(VW), DOT_FEW = 48 };
    bool rows_of_b = g->b_col != 1 || (g->m == 1 && g->n == 1); /* or a vector by a vector */
    bool dots = g->a_col == 1 && g->b_row == 1 && rows_of_b && g->k >= DOT_MIN;
    int64_t rows = g->together > 0 ? g->together : g->m;
    if (dots && rows < DOT_FEW) {
        F(dots)(g, row, row_end);
        return;
    }
    bool gather = F(is_scattered)(g, row_end - row);
    int64_t wide = F(is_narrow)(g) ? g->n - g->n % F(VW) : g->n;
    for (int64_t k0 = 0; k0 < g->k || k0 == 0; k0 += KC) {
        int64_t k = g->k - k0 < KC ? g->k - k0 : KC;
        const T *a = (const T *)g->a + row * g->a_row + k0 * g->a_col;
        if (gather) {
            F(gathered)(g, wide, k0, k, row, row_end);
        } else {
            F(panels)(g, a, wide, k0, k, row, row_end);
        }
        if (wide < g->n) F(narrow)(g, wide, k0, k, row, row_end);
    }
}

#undef FULL
#undef PART
#undef WIDTH
