/* The loops of pool.c for one number type T. Included twice. Channels are taken CHUNK at a time. */

/* Columns of the window of result j that lie inside the image, as [from, to) within the window. */
FM void F(inside)(const struct pool_row *r, int64_t j, int64_t *from, int64_t *to) {
    int64_t begin = j * r->step - r->before;
    *from = begin < 0 ? -begin : 0;
    *to = begin + r->width > r->size ? r->size - begin : r->width;
}

static void F(max_row)(const struct pool_row *r) {
    int64_t n = r->channels, from, to;
    for (int64_t j = 0; j < r->cols; j++) {
        const T *x = (const T *)r->x + j * r->step * n;
        T *out = (T *)r->out + j * n;
        F(inside)(r, j, &from, &to);
        memcpy(out, x + r->top * r->row + from * n, (size_t)n * sizeof(T));
        for (int64_t u = r->top; u < r->bottom; u++)
            for (int64_t v = from; v < to; v++) {
                const T *p = x + u * r->row + v * n;
                for (int64_t k = 0; k < n; k++)
                    out[k] = p[k] > out[k] || p[k] != p[k] ? p[k] : out[k];
            }
    }
}

/* Number of the first largest element of each channel's window, counted row by row. */
static void F(find)(const struct pool_row *r, const T *x, int64_t n, int64_t from, int64_t to,
                    I *place) {
    T best[CHUNK];
    I number = 0;
    memcpy(best, x + r->top * r->row + from * r->channels, (size_t)n * sizeof(T));
    for (int64_t k = 0; k < n; k++) place[k] = 0;
    for (int64_t u = r->top; u < r->bottom; u++)
        for (int64_t v = from; v < to; v++, number++) {
            const T *p = x + u * r->row + v * r->channels;
            for (int64_t k = 0; k < n; k++) {
                bool better = (p[k] > best[k] || p[k] != p[k]) && best[k] == best[k];
                place[k] = better ? number : place[k];
                best[k] = better ? p[k] : best[k];
            }
        }
}

static void F(take_chunk)(const struct pool_row *r, const T *x, const T *y, T *out, int64_t n,
                          int64_t from, int64_t to) {
    I place[CHUNK], number = 0;
    F(find)(r, x, n, from, to, place);
    for (int64_t u = r->top; u < r->bottom; u++)
        for (int64_t v = from; v < to; v++, number++) {
            const T *p = y + u * r->row + v * r->channels;
            for (int64_t k = 0; k < n; k++) out[k] = place[k] == number ? p[k] : out[k];
        }
}

static void F(spread_chunk)(const struct pool_row *r, const T *x, const T *up, T *out, int64_t n,
                            int64_t from, int64_t to) {
    I place[CHUNK], number = 0;
    F(find)(r, x, n, from, to, place);
    for (int64_t u = r->top; u < r->bottom; u++)
        for (int64_t v = from; v < to; v++, number++) {
            T *p = out + u * r->row + v * r->channels;
            for (int64_t k = 0; k < n; k++) p[k] += place[k] == number ? up[k] : 0;
        }
}

#define EACH_CHUNK(call)                                                                           \
    for (int64_t j = 0; j < r->cols; j++) {                                                        \
        int64_t from, to, skip = j * r->step * r->channels;                                        \
        F(inside)(r, j, &from, &to);                                                               \
        for (int64_t k = 0; k < r->channels; k += CHUNK) {                                         \
            int64_t n = r->channels - k < CHUNK ? r->channels - k : CHUNK;                         \
            const T *x = (const T *)r->x + skip + k, *up = (const T *)r->up;                       \
            T *out = (T *)r->out;                                                                  \
            call;                                                                                  \
        }                                                                                          \
    }

static void F(take_row)(const struct pool_row *r) {
    EACH_CHUNK(F(take_chunk)(r, x, up + skip + k, out + j * r->channels + k, n, from, to))
}

static void F(max_spread_row)(const struct pool_row *r){
    EACH_CHUNK(F(spread_chunk)(r, x, up + j * r->channels + k, out + skip + k, n, from, to))}

/* The vector of channels from x on, of window rows [top, bottom) and columns [from, to), summed. */
FM V F(window_sum)(const struct pool_row *r, const T *x, int64_t from, int64_t to, int64_t part) {
    F(mask) mask = F(mask_of)(part);
    V sum = ZERO;
    for (int64_t u = r->top; u < r->bottom; u++)
        for (int64_t v = from; v < to; v++) {
            const T *p = x + u * r->row + v * r->channels;
            sum = ADD(sum, part ? LOAD_PART(p, mask) : LOAD(p));
        }
    return sum;
}

/* Windows of two rows and columns, all inside, of fewer channels than a vector has numbers: what
 * depends on the window is known to the compiler. The sums are those of window_sum. */
FM bool F(is_small)(const struct pool_row *r) {
    return r->channels < F(VW) && r->width == 2 && r->top == 0 && r->bottom == 2 &&
           r->before == 0 && (r->cols - 1) * r->step + 2 <= r->size;
}

static void F(mean_small)(const struct pool_row *r) {
    int64_t n = r->channels, step = r->step * n;
    F(mask) mask = F(mask_of)(n);
    const T *x = r->x, *below = x + r->row;
    T *out = r->out;
    V share = SET((T)0.25);
    for (int64_t j = 0; j < r->cols; j++, x += step, below += step, out += n) {
        V sum = ADD(LOAD_PART(x, mask), LOAD_PART(x + n, mask));
        sum = ADD(ADD(sum, LOAD_PART(below, mask)), LOAD_PART(below + n, mask));
        STORE_PART(out, mask, MULADD(sum, share, ZERO));
    }
}

static void F(mean_spread_small)(const struct pool_row *r) {
    int64_t n = r->channels, step = r->step * n;
    F(mask) mask = F(mask_of)(n);
    const T *up = r->up;
    T *out = r->out;
    V share = SET((T)0.25);
    for (int64_t j = 0; j < r->cols; j++, up += n, out += step) {
        V each = MULADD(LOAD_PART(up, mask), share, ZERO);
        STORE_PART(out, mask, each);
        STORE_PART(out + n, mask, each);
    }
    size_t wide = (size_t)((r->cols - 1) * step + 2 * n) * sizeof(T);
    memcpy((T *)r->out + r->row, r->out, wide); /* the second row is the first */
}

static void F(mean_row)(const struct pool_row *r) {
    if (F(is_small)(r)) {
        F(mean_small)(r);
        return;
    }
    int64_t n = r->channels, part = n % F(VW), whole = n - part, from, to;
    for (int64_t j = 0; j < r->cols; j++) {
        const T *x = (const T *)r->x + j * r->step * n;
        T *out = (T *)r->out + j * n;
        F(inside)(r, j, &from, &to);
        V share = SET(1 / (T)((to - from) * (r->bottom - r->top)));
        for (int64_t k = 0; k < whole; k += F(VW))
            STORE(out + k, MULADD(F(window_sum)(r, x + k, from, to, 0), share, ZERO));
        if (part)
            STORE_PART(out + whole, F(mask_of)(part),
                       MULADD(F(window_sum)(r, x + whole, from, to, part), share, ZERO));
    }
}

/* `up`, a vector of channels, is added to the window at `x`, or put there if nothing else is. */
FM void F(window_add)(const struct pool_row *r, T *x, V up, int64_t from, int64_t to,
                      int64_t part) {
    F(mask) mask = F(mask_of)(part);
    for (int64_t u = r->top; u < r->bottom; u++)
        for (int64_t v = from; v < to; v++) {
            T *p = x + u * r->row + v * r->channels;
            if (r->apart && part) {
                STORE_PART(p, mask, up);
            } else if (r->apart) {
                STORE(p, up);
            } else if (part) {
                STORE_PART(p, mask, ADD(LOAD_PART(p, mask), up));
            } else {
                STORE(p, ADD(LOAD(p), up));
            }
        }
}

static void F(mean_spread_row)(const struct pool_row *r) {
    if (r->apart && r->step == 2 && F(is_small)(r)) {
        F(mean_spread_small)(r);
        return;
    }
    int64_t n = r->channels, part = n % F(VW), whole = n - part, from, to;
    for (int64_t j = 0; j < r->cols; j++) {
        const T *up = (const T *)r->up + j * n;
        T *out = (T *)r->out + j * r->step * n;
        F(inside)(r, j, &from, &to);
        V share = SET(1 / (T)((to - from) * (r->bottom - r->top)));
        for (int64_t k = 0; k < whole; k += F(VW))
            F(window_add)(r, out + k, MULADD(LOAD(up + k), share, ZERO), from, to, 0);
        if (part) {
            V rest = MULADD(LOAD_PART(up + whole, F(mask_of)(part)), share, ZERO);
            F(window_add)(r, out + whole, rest, from, to, part);
        }
    }
}

#undef EACH_CHUNK
