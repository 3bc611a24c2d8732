/* Reductions over any axes. By rows: a block of threads folds the numbers of one result. By
 * columns: neighbouring results lie side by side in memory, and a block folds 32 of them at once.
 * Sums of floats are made in double and in a fixed order. Bound: memory. */
#include "device.h"

union fold_value {
    double d;
    float f;
    int64_t i;
};

/* A NaN beats all numbers. */
DEVICE union fold_value fold_two(const struct fold_args *a, union fold_value x, union fold_value y,
                                 uint32_t *bad) {
    if (a->dtype == T_F32 && a->fold == FOLD_BY_SUM) {
        x.d += y.d;
    } else if (a->dtype == T_F32) {
        bool better = a->fold == FOLD_BY_MAX ? y.f > x.f : y.f < x.f;
        if (better || y.f != y.f) x.f = y.f;
    } else if (a->fold == FOLD_BY_SUM) {
        int64_t r = (int64_t)((uint64_t)x.i + (uint64_t)y.i);
        if (((x.i ^ r) & (y.i ^ r)) < 0) *bad |= MET_OVERFLOW;
        x.i = r;
    } else if (a->fold == FOLD_BY_MAX ? y.i > x.i : y.i < x.i) {
        x = y;
    }
    return x;
}

DEVICE union fold_value fold_load(const struct fold_args *a, int64_t at) {
    union fold_value x;
    x.i = 0;
    if (a->dtype != T_F32) x.i = whole_at(a->in, a->dtype, at);
    else if (a->fold == FOLD_BY_SUM) x.d = (double)((const float *)a->in)[at];
    else x.f = ((const float *)a->in)[at];
    return x;
}

/* Numbers first, first + step, … of those that are folded into the result whose place is `base`;
 * there is at least one. */
DEVICE union fold_value fold_some(const struct fold_args *a, int64_t base, uint32_t first,
                                  uint32_t step, uint32_t *bad) {
    union fold_value x = fold_load(a, base + walk_at(&a->folded, first));
    for (uint32_t i = first + step; i < a->count && i > first; i += step)
        x = fold_two(a, x, fold_load(a, base + walk_at(&a->folded, i)), bad);
    return x;
}

DEVICE void fold_store(const struct fold_args *a, uint32_t i, union fold_value x) {
    if (a->dtype != T_F32) put_whole(a->out, a->dtype, i, x.i);
    else if (a->fold == FOLD_BY_SUM) ((float *)a->out)[i] = (float)x.d / (float)a->divisor;
    else ((float *)a->out)[i] = x.f;
}

/* Nothing is folded: sums are 0, the mean of nothing is not a number; all() of nothing is True. */
KERNEL(fold_nothing, fold_args) {
    union fold_value x;
    x.d = 0;
    if (a.dtype != T_F32) x.i = a.fold == FOLD_BY_MIN;
    else if (a.fold != FOLD_BY_SUM) x.f = 0;
    EACH(i, a.n_out) fold_store(&a, i, x);
}

KERNEL(fold_rows, fold_args) {
    SHARED union fold_value part[THREADS];
    uint32_t bad = 0;
    for (uint32_t i = BLOCK; i < a.n_out; i += N_BLOCKS) {
        int64_t base = walk_at(&a.kept, i);
        if (THREAD < a.count) part[THREAD] = fold_some(&a, base, THREAD, THREADS, &bad);
        for (uint32_t half = THREADS / 2; half > 0; half /= 2) {
            SYNC();
            if (THREAD < half && THREAD + half < a.count)
                part[THREAD] = fold_two(&a, part[THREAD], part[THREAD + half], &bad);
        }
        if (THREAD == 0) fold_store(&a, i, part[0]);
        SYNC();
    }
    if (bad) ATOMIC_OR(a.faults, bad);
}

KERNEL(fold_columns, fold_args) {
    SHARED union fold_value part[THREADS];
    uint32_t bad = 0, column = THREAD % 32, lane = THREAD / 32, lanes = THREADS / 32;
    for (uint32_t first = BLOCK * 32; first < a.n_out; first += N_BLOCKS * 32) {
        uint32_t i = first + column;
        bool works = i < a.n_out && lane < a.count;
        if (works) part[THREAD] = fold_some(&a, walk_at(&a.kept, i), lane, lanes, &bad);
        for (uint32_t half = lanes / 2; half > 0; half /= 2) {
            SYNC();
            if (works && lane < half && lane + half < a.count)
                part[THREAD] = fold_two(&a, part[THREAD], part[THREAD + half * 32], &bad);
        }
        if (works && lane == 0) fold_store(&a, i, part[THREAD]);
        SYNC();
    }
    if (bad) ATOMIC_OR(a.faults, bad);
}
