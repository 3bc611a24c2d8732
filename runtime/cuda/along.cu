/* Along one axis of (outer, n, inner): softmax and its kin, positions of the largest, running sums.
 * Short lines: a thread each; long ones: a block of threads each, with partial results added in a
 * fixed order. */
#include "block.h"

/* ---- a thread for each line ---- */

DEVICE float line_max(const float *x, uint32_t n, uint32_t step) {
    float m = -HUGE_VALF;
    for (uint32_t i = 0; i < n; i++) {
        float b = x[(uint64_t)i * step];
        m = b > m || b != b ? b : m;
    }
    return m;
}

DEVICE double line_exp(const float *x, float m, uint32_t n, uint32_t step) {
    double s = 0;
    for (uint32_t i = 0; i < n; i++) s += (double)fm_exp_f(x[(uint64_t)i * step] - m);
    return s;
}

DEVICE void line_softmax(float *out, const float *x, uint32_t n, uint32_t step) {
    float m = line_max(x, n, step);
    float r = (float)(1 / line_exp(x, m, n, step));
    for (uint32_t i = 0; i < n; i++)
        out[(uint64_t)i * step] = fm_exp_f(x[(uint64_t)i * step] - m) * r;
}

DEVICE void line_log_softmax(float *out, const float *x, uint32_t n, uint32_t step) {
    float m = line_max(x, n, step), d = (float)fm_log(line_exp(x, m, n, step));
    for (uint32_t i = 0; i < n; i++) out[(uint64_t)i * step] = (x[(uint64_t)i * step] - m) - d;
}

/* A target of 0 counts nothing, whatever the logit. */
DEVICE float line_crossentropy(const float *x, const float *y, uint32_t n) {
    float m = line_max(x, n, 1), d = (float)fm_log(line_exp(x, m, n, 1));
    double s = 0;
    for (uint32_t i = 0; i < n; i++) s += (double)(y[i] == 0 ? 0 : -y[i] * ((x[i] - m) - d));
    return (float)s;
}

DEVICE void line_slope(float *out, const float *y, const float *up, uint32_t n, uint32_t step) {
    double s = 0;
    for (uint32_t i = 0; i < n; i++) s += (double)(y[(uint64_t)i * step] * up[(uint64_t)i * step]);
    for (uint32_t i = 0; i < n; i++)
        out[(uint64_t)i * step] = y[(uint64_t)i * step] * (up[(uint64_t)i * step] - (float)s);
}

DEVICE void line_cumsum(const struct along_args *a, int64_t at, uint32_t *bad) {
    float f = 0;
    int64_t w = 0;
    for (uint32_t i = 0; i < a->n; i++) {
        int64_t k = at + (int64_t)(a->back ? a->n - 1 - i : i) * a->inner;
        if (a->dtype == T_F32) {
            ((float *)a->out)[k] = f = f + ((const float *)a->a)[k];
        } else {
            int64_t x = ((const int64_t *)a->a)[k], r = (int64_t)((uint64_t)w + (uint64_t)x);
            if (((w ^ r) & (x ^ r)) < 0) *bad |= MET_OVERFLOW;
            ((int64_t *)a->out)[k] = w = r;
        }
    }
}

/* The first largest (or smallest); a NaN beats all numbers. */
DEVICE uint32_t line_best(const struct along_args *a, int64_t at) {
    uint32_t best = 0;
    bool largest = a->what == ALONG_ARGMAX;
    for (uint32_t i = 1; i < a->n; i++) {
        int64_t k = at + (int64_t)i * a->inner, b = at + (int64_t)best * a->inner;
        if (a->dtype == T_F32) {
            float x = ((const float *)a->a)[b], y = ((const float *)a->a)[k];
            if (x != x) break;
            if ((largest ? y > x : y < x) || y != y) best = i;
        } else {
            int64_t x = whole_at(a->a, a->dtype, b), y = whole_at(a->a, a->dtype, k);
            if (largest ? y > x : y < x) best = i;
        }
    }
    return best;
}

/* Row u of a causal matrix sees its first columns only. */
DEVICE uint32_t seen_by(const struct along_args *a, uint32_t u) {
    if (!a->rows) return a->n;
    uint32_t row = u % a->rows + 1;
    return row + a->n > a->rows ? row + a->n - a->rows : 0;
}

DEVICE void line_causal(const struct along_args *a, uint32_t u, int64_t at) {
    uint32_t seen = seen_by(a, u);
    if (seen) line_softmax((float *)a->out + at, (const float *)a->a + at, seen, 1);
    for (uint32_t i = seen; i < a->n; i++) ((float *)a->out)[at + i] = 0;
}

KERNEL(along_lines, along_args) {
    uint32_t bad = 0;
    EACH(u, a.outer * a.inner) {
        int64_t at = (int64_t)(u / a.inner) * a.n * a.inner + u % a.inner;
        const float *x = (const float *)a.a + at;
        float *out = (float *)a.out + at;
        switch (a.what) {
        case ALONG_ARGMAX:
        case ALONG_ARGMIN: ((int64_t *)a.out)[u] = line_best(&a, at); break;
        case ALONG_CUMSUM: line_cumsum(&a, at, &bad); break;
        case ALONG_SOFTMAX:
            if (a.rows) line_causal(&a, u, at);
            else line_softmax(out, x, a.n, a.inner);
            break;
        case ALONG_LOG_SOFTMAX: line_log_softmax(out, x, a.n, a.inner); break;
        case ALONG_CROSSENTROPY:
            ((float *)a.out)[u] = line_crossentropy(x, (const float *)a.b + at, a.n);
            break;
        default: line_slope(out, x, (const float *)a.b + at, a.n, a.inner); break;
        }
    }
    if (bad) ATOMIC_OR(a.faults, bad);
}

/* ---- a block of threads for each line ---- */

DEVICE void block_softmax(const struct along_args *a, double *part, uint32_t u, int64_t at) {
    const float *x = (const float *)a->a + at;
    float *out = (float *)a->out + at, m = -HUGE_VALF;
    uint32_t seen = seen_by(a, u);
    double s = 0;
    for (uint32_t i = THREAD; i < seen; i += THREADS) {
        float b = x[(uint64_t)i * a->inner];
        m = b > m || b != b ? b : m;
    }
    m = block_max(part, m);
    for (uint32_t i = THREAD; i < seen; i += THREADS)
        s += (double)fm_exp_f(x[(uint64_t)i * a->inner] - m);
    s = block_sum(part, s);
    float r = (float)(1 / s), d = (float)fm_log(s);
    for (uint32_t i = THREAD; i < a->n; i += THREADS) {
        float v = x[(uint64_t)i * a->inner] - m;
        if (a->what == ALONG_LOG_SOFTMAX) out[(uint64_t)i * a->inner] = v - d;
        else out[(uint64_t)i * a->inner] = i < seen ? fm_exp_f(v) * r : 0;
    }
}

DEVICE void block_crossentropy(const struct along_args *a, double *part, uint32_t u, int64_t at) {
    const float *x = (const float *)a->a + at, *y = (const float *)a->b + at;
    float m = -HUGE_VALF;
    double s = 0, loss = 0;
    for (uint32_t i = THREAD; i < a->n; i += THREADS) m = x[i] > m || x[i] != x[i] ? x[i] : m;
    m = block_max(part, m);
    for (uint32_t i = THREAD; i < a->n; i += THREADS) s += (double)fm_exp_f(x[i] - m);
    float d = (float)fm_log(block_sum(part, s));
    for (uint32_t i = THREAD; i < a->n; i += THREADS)
        loss += (double)(y[i] == 0 ? 0 : -y[i] * ((x[i] - m) - d));
    loss = block_sum(part, loss);
    if (THREAD == 0) ((float *)a->out)[u] = (float)loss;
}

DEVICE void block_slope(const struct along_args *a, double *part, int64_t at) {
    const float *y = (const float *)a->a + at, *up = (const float *)a->b + at;
    double s = 0;
    for (uint32_t i = THREAD; i < a->n; i += THREADS)
        s += (double)(y[(uint64_t)i * a->inner] * up[(uint64_t)i * a->inner]);
    float sum = (float)block_sum(part, s);
    for (uint32_t i = THREAD; i < a->n; i += THREADS) {
        uint64_t k = (uint64_t)i * a->inner;
        ((float *)a->out)[(uint64_t)at + k] = y[k] * (up[k] - sum);
    }
}

KERNEL(along_blocks, along_args) {
    SHARED double part[THREADS];
    for (uint32_t u = BLOCK; u < a.outer * a.inner; u += N_BLOCKS) {
        int64_t at = (int64_t)(u / a.inner) * a.n * a.inner + u % a.inner;
        if (a.what == ALONG_CROSSENTROPY) block_crossentropy(&a, part, u, at);
        else if (a.what == ALONG_SOFTMAX_SLOPE) block_slope(&a, part, at);
        else block_softmax(&a, part, u, at);
    }
}
