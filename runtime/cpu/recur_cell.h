/* One step of the cells of recur.c for one number type T: the gates of one example forwards and
 * backwards, n units. `h` is the state before, and becomes the one after; `p` is the product of the
 * state with the recurrent kernel; `b` the bias; `k` the step's record. Included twice. */

FM T F(fn)(T x, enum recur_fn fn) {
    switch (fn) {
    case RECUR_TANH: return M(tanh)(x);
    case RECUR_SIGMOID: return M(sigmoid)(x);
    case RECUR_RELU: return x > 0 ? x : 0;
    case RECUR_HARD_SIGMOID: {
        T y = x * (T)(1.0 / 6) + (T)0.5;
        return y < 0 ? 0 : y > 1 ? 1 : y;
    }
    default: return x;
    }
}

/* The slope by the value. */
FM T F(slope)(T y, enum recur_fn fn) {
    switch (fn) {
    case RECUR_TANH: return 1 - y * y;
    case RECUR_SIGMOID: return y * (1 - y);
    case RECUR_RELU: return y > 0;
    case RECUR_HARD_SIGMOID: return y > 0 && y < 1 ? (T)(1.0 / 6) : 0;
    default: return 1;
    }
}

FM void F(simple_row)(int64_t n, T *restrict k, const T *restrict x, const T *restrict p,
                      const T *restrict b, T *restrict h, enum recur_fn fn) {
    for (int64_t j = 0; j < n; j++) {
        k[j] = h[j];
        k[n + j] = h[j] = F(fn)(x[j] + p[j] + b[j], fn);
    }
}

/* Short loops with one function each: what compilers make vector code of. */
FM void F(gates)(int64_t n, T *restrict out, const T *restrict x, const T *restrict p,
                 const T *restrict b, enum recur_fn fn) {
    for (int64_t j = 0; j < n; j++) out[j] = F(fn)(x[j] + p[j] + b[j], fn);
}

FM void F(gru_row)(int64_t n, T *restrict k, const T *restrict x, const T *restrict p,
                   const T *restrict b, T *restrict h, enum recur_fn fn, enum recur_fn gate) {
    T *restrict z = k + n, *restrict a = k + 3 * n, *restrict rest = k + 4 * n;
    const T *restrict r = k + 2 * n;
    for (int64_t j = 0; j < 2 * n; j++) z[j] = F(fn)(x[j] + p[j] + (b[j] + b[3 * n + j]), gate);
    for (int64_t j = 0; j < n; j++) rest[j] = p[2 * n + j] + b[5 * n + j];
    for (int64_t j = 0; j < n; j++) a[j] = F(fn)(x[2 * n + j] + b[2 * n + j] + r[j] * rest[j], fn);
    for (int64_t j = 0; j < n; j++) {
        k[j] = h[j];
        h[j] = z[j] * h[j] + (1 - z[j]) * a[j];
    }
}

FM void F(lstm_row)(int64_t n, T *restrict k, const T *restrict x, const T *restrict p,
                    const T *restrict b, T *restrict h, T *restrict c, enum recur_fn fn,
                    enum recur_fn gate) {
    const T *restrict i = k + 2 * n, *restrict f = k + 3 * n, *restrict a = k + 4 * n;
    const T *restrict o = k + 5 * n;
    T *restrict out = k + 6 * n;
    F(gates)(2 * n, k + 2 * n, x, p, b, gate);
    F(gates)(n, k + 4 * n, x + 2 * n, p + 2 * n, b + 2 * n, fn);
    F(gates)(n, k + 5 * n, x + 3 * n, p + 3 * n, b + 3 * n, gate);
    for (int64_t j = 0; j < n; j++) {
        k[j] = h[j];
        k[n + j] = c[j];
        c[j] = f[j] * c[j] + i[j] * a[j];
    }
    for (int64_t j = 0; j < n; j++) out[j] = F(fn)(c[j], fn);
    for (int64_t j = 0; j < n; j++) h[j] = o[j] * out[j];
}

/* The usual activations get loops of their own, which the compiler makes into vector code. */
static void F(step_row)(const struct recur *r, T *k, const T *x, const T *p, const T *b, T *h,
                        T *c) {
    int64_t n = r->units;
    bool usual = r->fn == RECUR_TANH && r->gate_fn == RECUR_SIGMOID;
    if (r->cell == RECUR_SIMPLE) {
        if (r->fn == RECUR_TANH) F(simple_row)(n, k, x, p, b, h, RECUR_TANH);
        else F(simple_row)(n, k, x, p, b, h, r->fn);
    } else if (r->cell == RECUR_GRU) {
        if (usual) F(gru_row)(n, k, x, p, b, h, RECUR_TANH, RECUR_SIGMOID);
        else F(gru_row)(n, k, x, p, b, h, r->fn, r->gate_fn);
    } else {
        if (usual) F(lstm_row)(n, k, x, p, b, h, c, RECUR_TANH, RECUR_SIGMOID);
        else F(lstm_row)(n, k, x, p, b, h, c, r->fn, r->gate_fn);
    }
}

/* ---- backwards ----
 * dh: the slope of the state after the step, in; the part of the slope of the state before that
 * does not go through the product, out. g: the slope of x; d: that of the product. */

FM void F(simple_back)(int64_t n, const T *restrict k, T *restrict dh, T *restrict g, T *restrict d,
                       enum recur_fn fn) {
    for (int64_t j = 0; j < n; j++) {
        d[j] = g[j] = dh[j] * F(slope)(k[n + j], fn);
        dh[j] = 0;
    }
}

FM void F(gru_back)(int64_t n, const T *restrict k, T *restrict dh, T *restrict g, T *restrict d,
                    enum recur_fn fn, enum recur_fn gate) {
    const T *restrict z = k + n, *restrict r = k + 2 * n, *restrict a = k + 3 * n;
    const T *restrict rest = k + 4 * n;
    T *restrict da = g + 2 * n, *restrict dr = g + n, *restrict last = d + 2 * n;
    for (int64_t j = 0; j < n; j++) da[j] = dh[j] * (1 - z[j]) * F(slope)(a[j], fn);
    for (int64_t j = 0; j < n; j++) g[j] = dh[j] * (k[j] - a[j]) * F(slope)(z[j], gate);
    for (int64_t j = 0; j < n; j++) dr[j] = da[j] * rest[j] * F(slope)(r[j], gate);
    for (int64_t j = 0; j < n; j++) last[j] = da[j] * r[j];
    for (int64_t j = 0; j < n; j++) dh[j] *= z[j];
    memcpy(d, g, (size_t)(2 * n) * sizeof(T));
}

FM void F(lstm_back)(int64_t n, const T *restrict k, T *restrict dh, T *restrict dc, T *restrict g,
                     T *restrict d, enum recur_fn fn, enum recur_fn gate) {
    const T *restrict before = k + n, *restrict i = k + 2 * n, *restrict f = k + 3 * n;
    const T *restrict a = k + 4 * n, *restrict o = k + 5 * n, *restrict out = k + 6 * n;
    T *restrict df = d + n, *restrict da = d + 2 * n, *restrict down = d + 3 * n;
    for (int64_t j = 0; j < n; j++) dc[j] += dh[j] * o[j] * F(slope)(out[j], fn);
    for (int64_t j = 0; j < n; j++) d[j] = dc[j] * a[j] * F(slope)(i[j], gate);
    for (int64_t j = 0; j < n; j++) df[j] = dc[j] * before[j] * F(slope)(f[j], gate);
    for (int64_t j = 0; j < n; j++) da[j] = dc[j] * i[j] * F(slope)(a[j], fn);
    for (int64_t j = 0; j < n; j++) down[j] = dh[j] * out[j] * F(slope)(o[j], gate);
    for (int64_t j = 0; j < n; j++) dc[j] *= f[j];
    memset(dh, 0, (size_t)n * sizeof(T));
    memcpy(g, d, (size_t)(4 * n) * sizeof(T));
}

static void F(back_row)(const struct recur *r, const T *k, T *dh, T *dc, T *g, T *d) {
    int64_t n = r->units;
    bool usual = r->fn == RECUR_TANH && r->gate_fn == RECUR_SIGMOID;
    if (r->cell == RECUR_SIMPLE) {
        F(simple_back)(n, k, dh, g, d, r->fn);
    } else if (r->cell == RECUR_GRU) {
        if (usual) F(gru_back)(n, k, dh, g, d, RECUR_TANH, RECUR_SIGMOID);
        else F(gru_back)(n, k, dh, g, d, r->fn, r->gate_fn);
    } else {
        if (usual) F(lstm_back)(n, k, dh, dc, g, d, RECUR_TANH, RECUR_SIGMOID);
        else F(lstm_back)(n, k, dh, dc, g, d, r->fn, r->gate_fn);
    }
}
