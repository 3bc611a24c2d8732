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

FM void F(gru_row)(int64_t n, T *restrict k, const T *restrict x, const T *restrict p,
                   const T *restrict b, T *restrict h, enum recur_fn fn, enum recur_fn gate) {
    for (int64_t j = 0; j < n; j++) {
        T z = F(fn)(x[j] + p[j] + (b[j] + b[3 * n + j]), gate);
        T r = F(fn)(x[n + j] + p[n + j] + (b[n + j] + b[4 * n + j]), gate);
        T rest = p[2 * n + j] + b[5 * n + j];
        T a = F(fn)(x[2 * n + j] + b[2 * n + j] + r * rest, fn);
        k[j] = h[j];
        k[n + j] = z;
        k[2 * n + j] = r;
        k[3 * n + j] = a;
        k[4 * n + j] = rest;
        h[j] = z * h[j] + (1 - z) * a;
    }
}

FM void F(lstm_row)(int64_t n, T *restrict k, const T *restrict x, const T *restrict p,
                    const T *restrict b, T *restrict h, T *restrict c, enum recur_fn fn,
                    enum recur_fn gate) {
    for (int64_t j = 0; j < n; j++) {
        T i = F(fn)(x[j] + p[j] + b[j], gate);
        T f = F(fn)(x[n + j] + p[n + j] + b[n + j], gate);
        T a = F(fn)(x[2 * n + j] + p[2 * n + j] + b[2 * n + j], fn);
        T o = F(fn)(x[3 * n + j] + p[3 * n + j] + b[3 * n + j], gate);
        k[j] = h[j];
        k[n + j] = c[j];
        c[j] = f * c[j] + i * a;
        T out = F(fn)(c[j], fn);
        k[2 * n + j] = i;
        k[3 * n + j] = f;
        k[4 * n + j] = a;
        k[5 * n + j] = o;
        k[6 * n + j] = out;
        h[j] = o * out;
    }
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
    for (int64_t j = 0; j < n; j++) {
        T z = k[n + j], r = k[2 * n + j], a = k[3 * n + j], up = dh[j];
        T da = up * (1 - z) * F(slope)(a, fn);
        d[j] = g[j] = up * (k[j] - a) * F(slope)(z, gate);
        d[n + j] = g[n + j] = da * k[4 * n + j] * F(slope)(r, gate);
        g[2 * n + j] = da;
        d[2 * n + j] = da * r;
        dh[j] = up * z;
    }
}

FM void F(lstm_back)(int64_t n, const T *restrict k, T *restrict dh, T *restrict dc, T *restrict g,
                     T *restrict d, enum recur_fn fn, enum recur_fn gate) {
    for (int64_t j = 0; j < n; j++) {
        T i = k[2 * n + j], f = k[3 * n + j], a = k[4 * n + j], o = k[5 * n + j];
        T out = k[6 * n + j], s = dc[j] + dh[j] * o * F(slope)(out, fn);
        d[j] = g[j] = s * a * F(slope)(i, gate);
        d[n + j] = g[n + j] = s * k[n + j] * F(slope)(f, gate);
        d[2 * n + j] = g[2 * n + j] = s * i * F(slope)(a, fn);
        d[3 * n + j] = g[3 * n + j] = dh[j] * out * F(slope)(o, gate);
        dc[j] = s * f;
        dh[j] = 0;
    }
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
