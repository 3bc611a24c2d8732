/* Recurrent cells: a block of threads takes an example through all steps in one launch, its state
 * in shared memory (op/recur.h has the formulas, cpu/recur.h what a record keeps). Bound: the
 * latency of a step: two waits and a product of the state with the kernel, which stays in the
 * caches. */
#include "device.h"
#include "../op/recur.h"

DEVICE float recur_fn_of(float x, int fn) {
    if (fn == RECUR_TANH) return fm_tanh_f(x);
    if (fn == RECUR_SIGMOID) return fm_sigmoid_f(x);
    if (fn == RECUR_RELU) return x > 0 ? x : 0;
    if (fn != RECUR_HARD_SIGMOID) return x;
    float y = x * (float)(1.0 / 6) + 0.5f;
    return y < 0 ? 0 : y > 1 ? 1 : y;
}

/* The slope by the value. */
DEVICE float recur_slope_of(float y, int fn) {
    if (fn == RECUR_TANH) return 1 - y * y;
    if (fn == RECUR_SIGMOID) return y * (1 - y);
    if (fn == RECUR_RELU) return y > 0 ? 1.0f : 0.0f;
    if (fn != RECUR_HARD_SIGMOID) return 1;
    return y > 0 && y < 1 ? (float)(1.0 / 6) : 0;
}

DEVICE uint32_t recur_time(const struct recur_args *a, uint32_t step) {
    return a->backwards ? a->steps - 1 - step : step;
}

/* Unit j of one step: gates, record, new state. p: the product, x: the step's input. */
DEVICE void recur_unit(const struct recur_args *a, uint32_t j, float *k, const float *x,
                       const float *p, float *h, float *c) {
    uint32_t n = a->units;
    const float *b = a->bias;
    k[j] = h[j];
    if (a->cell == RECUR_SIMPLE) {
        k[n + j] = h[j] = recur_fn_of(x[j] + p[j] + b[j], a->fn);
    } else if (a->cell == RECUR_GRU) {
        float z = recur_fn_of(x[j] + p[j] + (b[j] + b[3 * n + j]), a->gate_fn);
        float r = recur_fn_of(x[n + j] + p[n + j] + (b[n + j] + b[4 * n + j]), a->gate_fn);
        float rest = p[2 * n + j] + b[5 * n + j];
        float v = recur_fn_of(x[2 * n + j] + b[2 * n + j] + r * rest, a->fn);
        k[n + j] = z;
        k[2 * n + j] = r;
        k[3 * n + j] = v;
        k[4 * n + j] = rest;
        h[j] = z * h[j] + (1 - z) * v;
    } else {
        float i = recur_fn_of(x[j] + p[j] + b[j], a->gate_fn);
        float f = recur_fn_of(x[n + j] + p[n + j] + b[n + j], a->gate_fn);
        float v = recur_fn_of(x[2 * n + j] + p[2 * n + j] + b[2 * n + j], a->fn);
        float o = recur_fn_of(x[3 * n + j] + p[3 * n + j] + b[3 * n + j], a->gate_fn);
        k[n + j] = c[j];
        k[2 * n + j] = i;
        k[3 * n + j] = f;
        k[4 * n + j] = v;
        k[5 * n + j] = o;
        c[j] = f * c[j] + i * v;
        k[6 * n + j] = recur_fn_of(c[j], a->fn);
        h[j] = o * k[6 * n + j];
    }
}

KERNEL(recur_run, recur_args) {
    SHARED float h[RECUR_UNITS], c[RECUR_UNITS], p[4 * RECUR_UNITS];
    uint32_t n = a.units, wide = a.gates * n;
    for (uint32_t i = BLOCK; i < a.n; i += N_BLOCKS) {
        for (uint32_t j = THREAD; j < n; j += THREADS) h[j] = c[j] = 0;
        for (uint32_t step = 0; step < a.steps; step++) {
            int64_t at = (int64_t)i * a.steps + recur_time(&a, step);
            SYNC();
            for (uint32_t j = THREAD; j < wide; j += THREADS) {
                float s = 0;
                for (uint32_t u = 0; u < n; u++) s = fmaf(h[u], a.kernel[u * wide + j], s);
                p[j] = s;
            }
            SYNC();
            for (uint32_t j = THREAD; j < n; j += THREADS)
                recur_unit(&a, j, a.out + at * a.kept * n, a.x + at * wide, p, h, c);
        }
        SYNC();
    }
}

/* Unit j of one step backwards: g the slope of x, d that of the product. */
DEVICE void recur_back(const struct recur_args *a, uint32_t j, const float *k, float *dh, float *dc,
                       float *g, float *d) {
    uint32_t n = a->units;
    if (a->cell == RECUR_SIMPLE) {
        d[j] = g[j] = dh[j] * recur_slope_of(k[n + j], a->fn);
        dh[j] = 0;
    } else if (a->cell == RECUR_GRU) {
        float z = k[n + j], r = k[2 * n + j], v = k[3 * n + j];
        float da = dh[j] * (1 - z) * recur_slope_of(v, a->fn);
        d[j] = g[j] = dh[j] * (k[j] - v) * recur_slope_of(z, a->gate_fn);
        d[n + j] = g[n + j] = da * k[4 * n + j] * recur_slope_of(r, a->gate_fn);
        g[2 * n + j] = da;
        d[2 * n + j] = da * r;
        dh[j] *= z;
    } else {
        float i = k[2 * n + j], f = k[3 * n + j], v = k[4 * n + j], o = k[5 * n + j];
        float out = k[6 * n + j];
        dc[j] += dh[j] * o * recur_slope_of(out, a->fn);
        d[j] = g[j] = dc[j] * v * recur_slope_of(i, a->gate_fn);
        d[n + j] = g[n + j] = dc[j] * k[n + j] * recur_slope_of(f, a->gate_fn);
        d[2 * n + j] = g[2 * n + j] = dc[j] * i * recur_slope_of(v, a->fn);
        d[3 * n + j] = g[3 * n + j] = dh[j] * out * recur_slope_of(o, a->gate_fn);
        dc[j] *= f;
        dh[j] = 0;
    }
}

/* x is the record here, kernel the transposed recurrent kernel (gates, units). */
KERNEL(recur_slopes_run, recur_args) {
    SHARED float dh[RECUR_UNITS], dc[RECUR_UNITS], d[4 * RECUR_UNITS];
    uint32_t n = a.units, wide = a.gates * n;
    for (uint32_t i = BLOCK; i < a.n; i += N_BLOCKS) {
        for (uint32_t j = THREAD; j < n; j += THREADS) {
            float last = a.form == RECUR_ALL ? 0 : a.up[(int64_t)i * n + j];
            dh[j] = a.form == RECUR_LAST ? last : 0;
            dc[j] = a.form == RECUR_LAST_CELL ? last : 0;
        }
        for (uint32_t step = a.steps; step-- > 0;) {
            int64_t at = (int64_t)i * a.steps + recur_time(&a, step);
            for (uint32_t j = THREAD; j < n; j += THREADS) {
                if (a.form == RECUR_ALL) dh[j] += a.up[at * n + j];
                recur_back(&a, j, a.x + at * a.kept * n, dh, dc, a.out + at * wide, d);
            }
            SYNC();
            for (uint32_t j = THREAD; j < n; j += THREADS) {
                float s = dh[j];
                for (uint32_t u = 0; u < wide; u++) s = fmaf(d[u], a.kernel[u * n + j], s);
                dh[j] = s;
            }
            SYNC();
        }
    }
}

/* The state after a step, from its record. */
DEVICE float recur_after(const struct recur_args *a, const float *k, uint32_t j) {
    uint32_t n = a->units;
    if (a->cell == RECUR_SIMPLE) return k[n + j];
    if (a->cell == RECUR_GRU) return k[n + j] * k[j] + (1 - k[n + j]) * k[3 * n + j];
    if (a->form == RECUR_LAST_CELL) return k[3 * n + j] * k[n + j] + k[2 * n + j] * k[4 * n + j];
    return k[5 * n + j] * k[6 * n + j];
}

KERNEL(recur_states_run, recur_args) {
    EACH(i, a.count) {
        uint32_t j = i % a.units, r = i / a.units;
        uint32_t example = a.form == RECUR_ALL ? r / a.steps : r;
        uint32_t t = a.form == RECUR_ALL ? r % a.steps : recur_time(&a, a.steps - 1);
        const float *k = a.x + ((int64_t)example * a.steps + t) * a.kept * a.units;
        a.out[i] = a.steps ? recur_after(&a, k, j) : 0;
    }
}

/* (n, biases): over the steps of each example. The second bias of a gru sees r times the slope of
 * the candidate. x is the record, up the slope of x. */
KERNEL(recur_bias_run, recur_args) {
    uint32_t n = a.units, wide = a.gates * n, all = a.biases * n;
    EACH(i, a.count) {
        uint32_t example = i / all, j = i - example * all;
        bool second = j >= wide, candidate = j >= 5 * n;
        float s = 0;
        for (uint32_t t = 0; t < a.steps; t++) {
            int64_t at = (int64_t)example * a.steps + t;
            float g = a.up[at * wide + (second ? j - 3 * n : j)];
            s += second && candidate ? g * a.x[at * a.kept * n + 2 * n + (j - 5 * n)] : g;
        }
        a.out[i] = s;
    }
}

/* (all steps of all examples, units): the candidate's slope times r. */
KERNEL(recur_candidate, recur_args) {
    uint32_t n = a.units;
    EACH(i, a.count) {
        uint32_t r = i / n, j = i - r * n;
        a.out[i] = a.up[(int64_t)r * 3 * n + 2 * n + j] * a.x[(int64_t)r * a.kept * n + 2 * n + j];
    }
}
