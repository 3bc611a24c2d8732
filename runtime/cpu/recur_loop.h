/* The loops over steps and examples of recur.c for one number type T. Included twice. */

enum { F(PANEL) = PANEL_BYTES / (int)sizeof(T) };

static int64_t F(panels)(int64_t columns) {
    return (columns + F(PANEL) - 1) / F(PANEL);
}

/* Kernel (rows, columns) as panels of columns. */
static void F(pack_kernel)(T *to, const T *from, int64_t rows, int64_t columns) {
    for (int64_t j = 0; j < columns; j += F(PANEL)) {
        int64_t wide = columns - j < F(PANEL) ? columns - j : F(PANEL);
        for (int64_t i = 0; i < rows; i++, to += F(PANEL))
            memcpy(to, from + i * columns + j, (size_t)wide * sizeof(T));
    }
}

/* The same of the transposed kernel: panels of its rows. */
static void F(pack_turned)(T *to, const T *from, int64_t rows, int64_t columns) {
    for (int64_t i = 0; i < rows; i += F(PANEL), to += columns * F(PANEL)) {
        int64_t wide = rows - i < F(PANEL) ? rows - i : F(PANEL);
        ISA_NAME(transpose)(to, F(PANEL), from + i * columns, columns, wide, columns, sizeof(T));
    }
}

/* out (m, columns) (+)= a (m, rows) times the packed kernel. */
static void F(product)(T *out, const T *a, const T *packed, int64_t m, int64_t rows,
                       int64_t columns, bool add, void *scratch) {
    struct gemm g = {.m = RECUR_ROWS, /* of any chunk: the way of adding up must not depend on it */
                     .k = rows,
                     .a = a,
                     .a_row = rows,
                     .a_col = 1,
                     .b_row = F(PANEL),
                     .b_col = 1,
                     .c_row = columns,
                     .accumulate = add,
                     .scratch = scratch};
    for (int64_t p = 0; p < F(panels)(columns); p++) {
        int64_t j = p * F(PANEL);
        g.n = columns - j < F(PANEL) ? columns - j : F(PANEL);
        g.b = packed + p * rows * F(PANEL);
        g.c = out + j;
        ISA_NAME(gemm_table)[DTYPE](&g, 0, m);
    }
}

/* What a chunk works in; laid out in the scratch memory. */
struct F(room) {
    T *packed, *h, *c, *p;
    void *gemm;
};

/* Numbers of the packed kernel: for the way forwards or backwards, whichever takes more. */
static int64_t F(packed_numbers)(const struct recur *r) {
    int64_t n = r->units, wide = n * recur_gates[r->cell];
    int64_t forwards = F(panels)(wide) * n, backwards = F(panels)(n) * wide;
    return (forwards > backwards ? forwards : backwards) * F(PANEL);
}

static struct F(room) F(room_in)(const struct recur *r, void *scratch) {
    int64_t n = r->units;
    struct F(room) w = {.gemm = scratch};
    w.packed = (T *)((char *)scratch + GEMM_SCRATCH_BYTES);
    w.h = w.packed + F(packed_numbers)(r);
    w.c = w.h + RECUR_ROWS * n;
    w.p = w.c + RECUR_ROWS * n;
    return w;
}

static size_t F(scratch_bytes)(const struct recur *r) {
    /* packed; h and c; p, of up to four gates */
    int64_t numbers = F(packed_numbers)(r) + RECUR_ROWS * r->units * (2 + 4);
    size_t run = GEMM_SCRATCH_BYTES + (size_t)numbers * sizeof(T);
    size_t fold = GEMM_SCRATCH_BYTES + FOLD_ROWS * (size_t)r->units * sizeof(T);
    return run > fold ? run : fold;
}

static int64_t F(time_at)(const struct recur *r, int64_t step) {
    return r->backwards ? r->steps - 1 - step : step;
}

static void F(run_chunk)(const struct recur *r, const struct F(room) * w, T *record, const T *x,
                         const T *bias, int64_t begin, int64_t rows) {
    int64_t n = r->units, wide = n * recur_gates[r->cell], kept = n * recur_kept[r->cell];
    memset(w->h, 0, (size_t)(2 * RECUR_ROWS * n) * sizeof(T));
    for (int64_t step = 0; step < r->steps; step++) {
        int64_t t = F(time_at)(r, step);
        F(product)(w->p, w->h, w->packed, rows, n, wide, false, w->gemm);
        for (int64_t i = 0; i < rows; i++) {
            int64_t at = (begin + i) * r->steps + t;
            F(step_row)
            (r, record + at * kept, x + at * wide, w->p + i * wide, bias, w->h + i * n,
             w->c + i * n);
        }
    }
}

static void F(run)(const struct recur *r, void *record, const void *x, const void *kernel,
                   const void *bias, int64_t begin, int64_t end, void *scratch) {
    struct F(room) w = F(room_in)(r, scratch);
    int64_t wide = r->units * recur_gates[r->cell];
    F(pack_kernel)(w.packed, kernel, r->units, wide);
    for (int64_t i = begin; i < end; i += RECUR_ROWS)
        F(run_chunk)(r, &w, record, x, bias, i, end - i < RECUR_ROWS ? end - i : RECUR_ROWS);
}

/* The state after the last step, or the cell's. */
static void F(last_state)(const struct recur *r, const T *k, T *out) {
    int64_t n = r->units;
    for (int64_t j = 0; j < n; j++) {
        if (r->cell == RECUR_SIMPLE) out[j] = k[n + j];
        else if (r->cell == RECUR_GRU) out[j] = k[n + j] * k[j] + (1 - k[n + j]) * k[3 * n + j];
        else if (r->form == RECUR_LAST_CELL)
            out[j] = k[3 * n + j] * k[n + j] + k[2 * n + j] * k[4 * n + j];
        else out[j] = k[5 * n + j] * k[6 * n + j];
    }
}

/* The record of a step holds the state before it. */
static void F(states)(const struct recur *r, void *states, const void *record, int64_t begin,
                      int64_t end) {
    int64_t n = r->units, kept = n * recur_kept[r->cell], last = F(time_at)(r, r->steps - 1);
    if (r->steps == 0) {
        if (r->form != RECUR_ALL)
            memset((T *)states + begin * n, 0, (size_t)((end - begin) * n) * sizeof(T));
        return;
    }
    for (int64_t i = begin; i < end; i++) {
        const T *k = (const T *)record + i * r->steps * kept;
        T *out = (T *)states + i * n * (r->form == RECUR_ALL ? r->steps : 1);
        if (r->form != RECUR_ALL) {
            F(last_state)(r, k + last * kept, out);
            continue;
        }
        for (int64_t step = 0; step + 1 < r->steps; step++)
            memcpy(out + F(time_at)(r, step) * n, k + F(time_at)(r, step + 1) * kept,
                   (size_t)n * sizeof(T));
        F(last_state)(r, k + last * kept, out + last * n);
    }
}

static void F(add_row)(T *restrict to, const T *restrict from, int64_t n) {
    for (int64_t j = 0; j < n; j++) to[j] += from[j];
}

/* The derivative of the last state, or of the last cell state, for a whole chunk. */
static void F(start_back)(const struct recur *r, const struct F(room) * w, const T *up,
                          int64_t begin, int64_t rows) {
    memset(w->h, 0, (size_t)(2 * RECUR_ROWS * r->units) * sizeof(T));
    T *to = r->form == RECUR_LAST_CELL ? w->c : w->h;
    if (r->form != RECUR_ALL)
        memcpy(to, up + begin * r->units, (size_t)(rows * r->units) * sizeof(T));
}

static void F(slopes_chunk)(const struct recur *r, const struct F(room) * w, T *g, const T *record,
                            const T *up, int64_t begin, int64_t rows) {
    int64_t n = r->units, wide = n * recur_gates[r->cell], kept = n * recur_kept[r->cell];
    F(start_back)(r, w, up, begin, rows);
    for (int64_t step = r->steps - 1; step >= 0; step--) {
        int64_t t = F(time_at)(r, step);
        for (int64_t i = 0; i < rows; i++) {
            int64_t at = (begin + i) * r->steps + t;
            if (r->form == RECUR_ALL) F(add_row)(w->h + i * n, up + at * n, n);
            F(back_row)
            (r, record + at * kept, w->h + i * n, w->c + i * n, g + at * wide, w->p + i * wide);
        }
        if (step > 0) F(product)(w->h, w->p, w->packed, rows, wide, n, true, w->gemm);
    }
}

static void F(slopes)(const struct recur *r, void *x_slope, const void *record, const void *kernel,
                      const void *states_slope, int64_t begin, int64_t end, void *scratch) {
    struct F(room) w = F(room_in)(r, scratch);
    int64_t wide = r->units * recur_gates[r->cell];
    F(pack_turned)(w.packed, kernel, r->units, wide);
    for (int64_t i = begin; i < end; i += RECUR_ROWS) F(slopes_chunk)
    (r, &w, x_slope, record, states_slope, i, end - i < RECUR_ROWS ? end - i : RECUR_ROWS);
}

static void F(add_product)(T *restrict to, const T *restrict a, const T *restrict b, int64_t n) {
    for (int64_t j = 0; j < n; j++) to[j] += a[j] * b[j];
}

/* Over the steps of each example: (n, biases). The second bias of a gru sees r times the slope of
 * the candidate. */
static void F(bias)(const struct recur *r, void *bias_slope, const void *record,
                    const void *x_slope, int64_t begin, int64_t end) {
    int64_t n = r->units, wide = n * recur_gates[r->cell], kept = n * recur_kept[r->cell];
    for (int64_t i = begin; i < end; i++) {
        T *out = (T *)bias_slope + i * n * recur_biases[r->cell];
        memset(out, 0, (size_t)(n * recur_biases[r->cell]) * sizeof(T));
        for (int64_t t = i * r->steps; t < (i + 1) * r->steps; t++) {
            const T *g = (const T *)x_slope + t * wide;
            F(add_row)(out, g, wide);
            if (r->cell == RECUR_GRU)
                F(add_product)(out + 5 * n, g + 2 * n, (const T *)record + t * kept + 2 * n, n);
        }
        if (r->cell == RECUR_GRU) memcpy(out + 3 * n, out, (size_t)(2 * n) * sizeof(T));
    }
}

/* The candidate's columns of a gru: its slope times r, a few rows at a time. */
static void F(fold_candidate)(const struct recur *r, struct gemm *g, const T *record, const T *x,
                              int64_t row, int64_t row_end, T *rows) {
    int64_t n = r->units, kept = n * recur_kept[r->cell], all = r->n * r->steps;
    for (int64_t i = 0; i < all; i += FOLD_ROWS) {
        int64_t some = all - i < FOLD_ROWS ? all - i : FOLD_ROWS;
        memset(rows, 0, (size_t)(some * n) * sizeof(T));
        for (int64_t k = 0; k < some; k++) F(add_product)
        (rows + k * n, x + (i + k) * 3 * n + 2 * n, record + (i + k) * kept + 2 * n, n);
        g->k = some;
        g->a = record + i * kept;
        g->b = rows;
        g->accumulate = r->accumulate || i > 0;
        ISA_NAME(gemm_table)[DTYPE](g, row, row_end);
    }
}

static void F(weight)(const struct recur *r, void *kernel_slope, const void *record,
                      const void *x_slope, int64_t row, int64_t row_end, void *scratch) {
    int64_t n = r->units, wide = n * recur_gates[r->cell], kept = n * recur_kept[r->cell];
    bool gru = r->cell == RECUR_GRU;
    struct gemm g = {.m = n,
                     .n = gru ? 2 * n : wide,
                     .k = r->n * r->steps,
                     .a = record,
                     .b = x_slope,
                     .c = kernel_slope,
                     .a_row = 1,
                     .a_col = kept,
                     .b_row = wide,
                     .b_col = 1,
                     .c_row = wide,
                     .accumulate = r->accumulate,
                     .scratch = scratch};
    ISA_NAME(gemm_table)[DTYPE](&g, row, row_end);
    if (!gru) return;
    if (g.k == 0 && !r->accumulate) {
        for (int64_t i = row; i < row_end; i++)
            memset((T *)kernel_slope + i * wide + 2 * n, 0, (size_t)n * sizeof(T));
        return;
    }
    g.n = n;
    g.b_row = n;
    g.c = (T *)kernel_slope + 2 * n;
    F(fold_candidate)
    (r, &g, record, x_slope, row, row_end, (T *)((char *)scratch + GEMM_SCRATCH_BYTES));
}
