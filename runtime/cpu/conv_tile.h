/* The tiles and loops of conv.c for one number type T; V is its vector. Included twice. */

struct F(tile) {
    const T *a[MR];
    T *c[MR];
    const T *b, *bias;
    int64_t from, to;     /* segments … */
    int64_t skip, length; /* … and of each these terms */
    int64_t b_step;
    bool packed; /* the segments' rows of b lie one after the other */
    bool add, last;
};

/* ---- products ---- */

/* `rows` positions x `vectors` vectors of sums, both known to the compiler. The last vector may be
 * partial: `part` numbers of it (0 = full). */
FM void F(conv_tile)(const struct conv_product *p, const struct F(tile) * t, int rows, int vectors,
                     int64_t part) {
    V sum[MR][NV + 1];
    F(mask) mask = F(mask_of)(part);
    int64_t a_step = p->a_step, b_step = t->b_step, skip = t->skip * a_step;
    int64_t length = t->length * a_step;
    const T *b = t->b;
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) sum[i][v] = ZERO;
    }
    for (int64_t s = t->from; s < t->to; s++) {
        if (!t->packed) b = t->b + p->segments[s].b;
        int64_t at = p->segments[s].a + skip, end = at + length;
        for (; at != end; at += a_step, b += b_step) {
            V y[NV + 1];
#pragma GCC unroll 4
            for (int v = 0; v < vectors; v++) {
                bool partial = part && v == vectors - 1;
                y[v] = partial ? LOAD_PART(b + v * F(VW), mask) : LOAD(b + v * F(VW));
            }
#pragma GCC unroll 8
            for (int i = 0; i < rows; i++) {
                V x = SET(t->a[i][at]);
#pragma GCC unroll 4
                for (int v = 0; v < vectors; v++) sum[i][v] = MULADD(x, y[v], sum[i][v]);
            }
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) {
            T *to = t->c[i] + v * F(VW);
            bool partial = part && v == vectors - 1;
            V z = sum[i][v];
            if (t->add) z = ADD(partial ? LOAD_PART(to, mask) : LOAD(to), z);
            if (t->last && t->bias) {
                const T *bias = t->bias + v * F(VW);
                z = ADD(z, partial ? LOAD_PART(bias, mask) : LOAD(bias));
            }
            if (t->last && p->relu) z = RELU(z);
            if (partial) {
                STORE_PART(to, mask, z);
            } else {
                STORE(to, z);
            }
        }
    }
}

#define FULL(r) F(conv_tile)(p, t, (r) <= most ? (r) : most, vectors, 0)
#define PART(r) F(conv_tile)(p, t, (r) <= most ? (r) : most, vectors, part)
FM void F(conv_rows)(const struct conv_product *p, const struct F(tile) * t, int rows, int most,
                     int vectors, int64_t part) {
    if (part == 0) {
        TILE_SWITCH(FULL)
    } else {
        TILE_SWITCH(PART)
    }
}

#define WIDTH(w)                                                                                   \
    static void F(conv_##w)(const struct conv_product *p, const struct F(tile) * t, int rows,      \
                            int64_t part) {                                                        \
        int vectors = (w) <= NV + 1 ? (w) : NV + 1, most = vectors > NV ? WIDE_ROWS : MR;          \
        F(conv_rows)(p, t, rows, most, vectors, part);                                             \
    }
WIDTH(1)
WIDTH(2)
WIDTH(3)
WIDTH(4)

/* Where the positions [at, at + n) of the grid read and write. */
FM void F(set_positions)(const struct conv_product *p, struct F(tile) * t, int64_t at, int n,
                         int64_t j) {
    int64_t row = at / p->cols, col = at % p->cols, image = row / p->rows;
    row %= p->rows;
    const T *a = (const T *)p->a + image * p->a_image + row * p->a_row + col * p->a_col;
    T *c = (T *)p->c + image * p->c_image + row * p->c_row + col * p->c_col + j;
    for (int i = 0; i < n; i++) {
        t->a[i] = a;
        t->c[i] = c;
        a += p->a_col;
        c += p->c_col;
        if (++col < p->cols) continue;
        a += p->a_row - p->cols * p->a_col;
        c += p->c_row - p->cols * p->c_col;
        col = 0;
        if (++row < p->rows) continue;
        a += p->a_image - p->rows * p->a_row;
        c += p->c_image - p->rows * p->c_row;
        row = 0;
    }
}

/* Columns [j, j + cols) of the result for all positions, which come in tiles of nearly equal
 * height. */
static void F(conv_panel)(const struct conv_product *p, struct F(tile) * t, int64_t j,
                          int64_t cols) {
    int64_t vectors = (cols + F(VW) - 1) / F(VW), part = cols % F(VW), n = p->last - p->first;
    int64_t most = vectors > NV ? WIDE_ROWS : MR, tiles = (n + most - 1) / most;
    t->bias = p->bias ? (const T *)p->bias + j : NULL;
    for (int64_t i = 0; i < tiles; i++) {
        int64_t from = p->first + n * i / tiles, to = p->first + n * (i + 1) / tiles;
        int rows = (int)(to - from);
        F(set_positions)(p, t, from, rows, j);
        if (vectors == 1) F(conv_1)(p, t, rows, part);
        if (vectors == 2) F(conv_2)(p, t, rows, part);
        if (vectors == 3) F(conv_3)(p, t, rows, part);
        if (vectors == 4) F(conv_4)(p, t, rows, part);
    }
}

/* Numbers of the next panel, of `left`: NV vectors, or one more where that leaves no thin panel. */
static int64_t F(conv_width)(int64_t left) {
    int64_t vectors = (left + F(VW) - 1) / F(VW), rest = vectors % NV;
    int64_t width = rest > 0 && vectors >= rest * (NV + 1) ? NV + 1 : NV;
    return left < width * F(VW) ? left : width * F(VW);
}

/* Terms of a block: as many rows of b as fit into the room for copies, and never more than KC. */
static int64_t F(block_terms)(const struct conv_product *p) {
    enum { LEAST = 16 };
    int64_t row = (p->n + F(VW) - 1) / F(VW) * F(VW) * (int64_t)sizeof(T);
    int64_t terms = row > 0 ? CONV_ROOM / row : KC;
    return terms < LEAST ? LEAST : terms < KC ? terms : KC;
}

/* Does it pay to copy the block's rows of b? They are read once, in the order in which they lie,
 * and then from the caches, panel by panel. */
static bool F(wants_room)(const struct conv_product *p, const struct F(tile) * t) {
    enum { POSITIONS = 16, TERMS = 8 };
    int64_t row = (p->n + F(VW) - 1) / F(VW) * F(VW) * (int64_t)sizeof(T);
    int64_t terms = (t->to - t->from) * t->length;
    return p->room && terms >= TERMS && p->last - p->first >= POSITIONS && terms * row <= CONV_ROOM;
}

/* The block's rows of b, each panel's side by side. */
static void F(pack_rows)(const struct conv_product *p, const struct F(tile) * t) {
    int64_t terms = (t->to - t->from) * t->length, k = 0;
    for (int64_t s = t->from; s < t->to; s++) {
        const T *b = (const T *)p->b + p->segments[s].b + t->skip * p->b_step;
        for (int64_t i = 0; i < t->length; i++, k++, b += p->b_step) {
            T *panel = p->room;
            for (int64_t j = 0, cols; j < p->n; j += cols) {
                cols = F(conv_width)(p->n - j);
                int64_t row = (cols + F(VW) - 1) / F(VW) * F(VW), c = 0;
                T *to = panel + k * row;
                for (; c + F(VW) <= cols; c += F(VW)) STORE(to + c, LOAD(b + j + c));
                if (c < cols) STORE(to + c, LOAD_PART(b + j + c, F(mask_of)(cols - c)));
                panel += terms * row;
            }
        }
    }
}

/* A block of terms for all positions. */
static void F(conv_block)(const struct conv_product *p, struct F(tile) * t) {
    int64_t terms = (t->to - t->from) * t->length;
    const T *panel = p->room;
    t->packed = F(wants_room)(p, t);
    if (t->packed) F(pack_rows)(p, t);
    for (int64_t j = 0, cols; j < p->n; j += cols) {
        cols = F(conv_width)(p->n - j);
        t->b_step = t->packed ? (cols + F(VW) - 1) / F(VW) * F(VW) : p->b_step;
        t->b = t->packed ? panel : (const T *)p->b + j + t->skip * p->b_step;
        F(conv_panel)(p, t, j, cols);
        panel += terms * t->b_step;
    }
    t->add = true;
}

/* Blocks of some whole segments, or of a part of one. */
static void F(conv_product)(const struct conv_product *p) {
    int64_t terms = F(block_terms)(p), together = p->length > 0 ? terms / p->length : 1;
    int64_t pieces = (p->length + terms - 1) / terms;
    struct F(tile) t = {.add = p->accumulate};
    do {
        t.to = t.from + (together > 1 ? together : 1);
        if (t.to > p->n_segments) t.to = p->n_segments;
        for (int64_t i = 0; i < pieces || i == 0; i++) {
            t.skip = together > 0 ? 0 : p->length * i / pieces;
            t.length = (together > 0 ? p->length : p->length * (i + 1) / pieces) - t.skip;
            t.last = t.to == p->n_segments && i + 1 >= pieces;
            F(conv_block)(p, &t);
        }
        t.from = t.to;
    } while (t.from < p->n_segments);
}

/* ---- depthwise ---- */

/* The vector of channels from j on at `rows` positions. */
FM void F(depth_tile)(const struct conv_product *p, const struct F(tile) * t, int first, int rows,
                      int64_t j, int64_t part) {
    V sum[DEPTH];
    F(mask) mask = F(mask_of)(part);
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) sum[i] = ZERO;
    for (int64_t s = 0; s < p->n_segments; s++) {
        const T *b = (const T *)p->b + p->segments[s].b + j;
        int64_t at = p->segments[s].a + j;
        V y = part ? LOAD_PART(b, mask) : LOAD(b);
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
            const T *a = t->a[first + i] + at;
            sum[i] = MULADD(part ? LOAD_PART(a, mask) : LOAD(a), y, sum[i]);
        }
    }
    V bias = ZERO;
    if (t->bias) bias = part ? LOAD_PART(t->bias + j, mask) : LOAD(t->bias + j);
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
        V z = ADD(sum[i], bias);
        if (p->relu) z = RELU(z);
        if (part) {
            STORE_PART(t->c[first + i] + j, mask, z);
        } else {
            STORE(t->c[first + i] + j, z);
        }
    }
}

static void F(depth_positions)(const struct conv_product *p, const struct F(tile) * t, int rows) {
    int64_t part = p->n % F(VW), whole = p->n - part;
    for (int64_t j = 0; j < whole && rows == DEPTH; j += F(VW)) F(depth_tile)(p, t, 0, DEPTH, j, 0);
    if (part && rows == DEPTH) F(depth_tile)(p, t, 0, DEPTH, whole, part);
    for (int i = 0; i < rows && rows < DEPTH; i++) {
        for (int64_t j = 0; j < whole; j += F(VW)) F(depth_tile)(p, t, i, 1, j, 0);
        if (part) F(depth_tile)(p, t, i, 1, whole, part);
    }
}

/* A few neighbouring positions at a time, all their channels: the rows of the image are read from
 * the first cache. */
static void F(depth)(const struct conv_product *p) {
    struct F(tile) t = {.bias = p->bias};
    for (int64_t at = p->first; at < p->last; at += DEPTH) {
        int rows = p->last - at < DEPTH ? (int)(p->last - at) : DEPTH;
        F(set_positions)(p, &t, at, rows, 0);
        F(depth_positions)(p, &t, rows);
    }
}

/* A few segments at a time, so that their sums stay in registers over all positions. */
FM void F(depth_kernel_tile)(const struct conv_product *p, int64_t j, int64_t s, int n,
                             int64_t part) {
    V sum[TAPS];
    F(mask) mask = F(mask_of)(part);
    T *b = (T *)(uintptr_t)p->b + j;
#pragma GCC unroll 9
    for (int i = 0; i < n; i++) sum[i] = ZERO;
    for (int64_t row = 0; row < p->rows; row++) {
        const T *a = (const T *)p->a + row * p->a_row + j;
        const T *c = (const T *)p->c + row * p->c_row + j;
        for (int64_t col = 0; col < p->cols; col++, a += p->a_col, c += p->c_col) {
            V y = part ? LOAD_PART(c, mask) : LOAD(c);
#pragma GCC unroll 9
            for (int i = 0; i < n; i++) {
                const T *x = a + p->segments[s + i].a;
                sum[i] = MULADD(part ? LOAD_PART(x, mask) : LOAD(x), y, sum[i]);
            }
        }
    }
#pragma GCC unroll 9
    for (int i = 0; i < n; i++) {
        T *to = b + p->segments[s + i].b;
        if (part) {
            STORE_PART(to, mask, ADD(LOAD_PART(to, mask), sum[i]));
        } else {
            STORE(to, ADD(LOAD(to), sum[i]));
        }
    }
}

static void F(depth_kernel)(const struct conv_product *p) {
    for (int64_t j = 0; j < p->n; j += F(VW)) {
        int64_t part = p->n - j < F(VW) ? p->n - j : 0, s = 0;
        for (; s + TAPS <= p->n_segments && !part; s += TAPS)
            F(depth_kernel_tile)(p, j, s, TAPS, 0);
        for (; s < p->n_segments && !part; s++) F(depth_kernel_tile)(p, j, s, 1, 0);
        for (; s < p->n_segments; s++) F(depth_kernel_tile)(p, j, s, 1, part);
    }
}

/* ---- windows that are added up ---- */

FM void F(add_run)(T *to, const T *from, int64_t n) {
    int64_t i = 0;
    for (; i + F(VW) <= n; i += F(VW)) STORE(to + i, ADD(LOAD(to + i), LOAD(from + i)));
    if (i == n) return;
    F(mask) mask = F(mask_of)(n - i);
    STORE_PART(to + i, mask, ADD(LOAD_PART(to + i, mask), LOAD_PART(from + i, mask)));
}

static void F(add_windows)(const struct conv_windows *w) {
    const T *from = w->from;
    int64_t at = w->left;
    for (int64_t j = 0; j < w->cols; j++, at += w->to_col, from += w->from_col) {
        int64_t skip = at < 0 ? -at : 0;
        int64_t n = (at + w->length > w->size ? w->size - at : w->length) - skip;
        for (int64_t i = 0; n > 0 && i < w->rows; i++)
            F(add_run)((T *)w->to + i * w->to_row + at + skip, from + i * w->length + skip, n);
    }
}

#undef FULL
#undef PART
#undef WIDTH
