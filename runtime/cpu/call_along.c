/* Operations along one axis of (outer, n, inner): position of the largest, running sums, softmax.
 * Units are (outer, inner) pairs. */
#include "call.h"

/* Numbers [begin, end) of the units are split into stretches of one outer index. */
struct stretch {
    int64_t outer, from, to; /* inner positions [from, to) */
};

static struct stretch stretch_at(const struct call *c, int64_t at, int64_t end) {
    int64_t inner = c->along.inner, outer = at / inner, from = at % inner;
    int64_t to = end - outer * inner < inner ? end - outer * inner : inner;
    return (struct stretch){outer, from, to};
}

/* The first largest (or smallest) of n numbers side by side; a NaN beats all numbers. Each block is
 * looked through twice only if it holds something better than all before. */
enum { BEST_BLOCK = 512 };
#define RUN(name, T, type, FOLD, BETTER)                                                           \
    static int64_t name(const T *x, int64_t n) {                                                   \
        int64_t best = 0;                                                                          \
        for (int64_t i = 0; i < n; i += BEST_BLOCK) {                                              \
            int64_t m = n - i < BEST_BLOCK ? n - i : BEST_BLOCK;                                   \
            T top = x[best];                                                                       \
            kernels()->fold[FOLD][type].run(&top, x + i, m);                                       \
            if (!(top BETTER x[best]) && top == top) continue;                                     \
            for (best = i; top == top ? x[best] != top : x[best] == x[best];) best++;              \
            if (top != top) break;                                                                 \
        }                                                                                          \
        return best;                                                                               \
    }

#define BEST(t, T, type)                                                                           \
    RUN(largest_##t, T, type, FOLD_MAX, >)                                                         \
    RUN(smallest_##t, T, type, FOLD_MIN, <)                                                        \
    static void best_##t(const struct call *c, const T *x, int64_t *out) {                         \
        int64_t n = c->along.n, inner = c->along.inner, best = 0;                                  \
        bool largest = c->op == OP_argmax;                                                         \
        for (int64_t i = 1; inner > 1 && i < n; i++) {                                             \
            T a = x[best * inner], b = x[i * inner];                                               \
            if (a != a) break;                                                                     \
            if ((largest ? b > a : b < a) || b != b) best = i;                                     \
        }                                                                                          \
        if (inner == 1) best = largest ? largest_##t(x, n) : smallest_##t(x, n);                   \
        *out = best;                                                                               \
    }
BEST(f64, double, DT_FLOAT64)
BEST(f32, float, DT_FLOAT32)
BEST(i64, int64_t, DT_INT64)
BEST(i32, int32_t, DT_INT32)
BEST(u8, uint8_t, DT_UINT8)

static unsigned run_best(const struct call *c, void *const *out, const void *const *in,
                         int64_t begin, int64_t end, const struct call_env *env) {
    int64_t n = c->along.n, inner = c->along.inner;
    (void)env;
    for (int64_t u = begin; u < end; u++) {
        const char *x = (const char *)in[0] +
                        (size_t)(u / inner * n * inner + u % inner) * dtype_bytes(c->dtype);
        int64_t *to = (int64_t *)out[0] + u;
        if (c->dtype == DT_FLOAT64) best_f64(c, (const void *)x, to);
        if (c->dtype == DT_FLOAT32) best_f32(c, (const void *)x, to);
        if (c->dtype == DT_INT64) best_i64(c, (const void *)x, to);
        if (c->dtype == DT_INT32) best_i32(c, (const void *)x, to);
        if (c->dtype == DT_UINT8 || c->dtype == DT_BOOL) best_u8(c, (const void *)x, to);
    }
    return 0;
}

/* Running sums in the operand's type, attrs.a = 1 from the end. */
#define CUMSUM(t, T, ADD)                                                                          \
    static unsigned cumsum_##t(const struct call *c, T *out, const T *x, int64_t from,             \
                               int64_t to) {                                                       \
        int64_t n = c->along.n, inner = c->along.inner;                                            \
        bool back = c->a != 0, bad = false;                                                        \
        for (int64_t i = 0; i < n; i++) {                                                          \
            int64_t at = (back ? n - 1 - i : i) * inner, before = back ? at + inner : at - inner;  \
            for (int64_t j = from; j < to; j++) {                                                  \
                T s = i ? out[before + j] : 0;                                                     \
                ADD;                                                                               \
                out[at + j] = s;                                                                   \
            }                                                                                      \
        }                                                                                          \
        return bad ? FAULT_OVERFLOW : 0;                                                           \
    }
CUMSUM(f64, double, s += x[at + j])
CUMSUM(f32, float, s += x[at + j])
CUMSUM(i64, int64_t, bad |= __builtin_add_overflow(s, x[at + j], &s))

static unsigned run_cumsum(const struct call *c, void *const *out, const void *const *in,
                           int64_t begin, int64_t end, const struct call_env *env) {
    unsigned faults = 0;
    (void)env;
    for (int64_t u = begin; u < end;) {
        struct stretch s = stretch_at(c, u, end);
        int64_t skip = s.outer * c->along.n * c->along.inner;
        if (c->dtype == DT_FLOAT64)
            faults |=
                cumsum_f64(c, (double *)out[0] + skip, (const double *)in[0] + skip, s.from, s.to);
        if (c->dtype == DT_FLOAT32)
            faults |=
                cumsum_f32(c, (float *)out[0] + skip, (const float *)in[0] + skip, s.from, s.to);
        if (c->dtype == DT_INT64)
            faults |= cumsum_i64(c, (int64_t *)out[0] + skip, (const int64_t *)in[0] + skip, s.from,
                                 s.to);
        u += s.to - s.from;
    }
    return faults;
}

/* Softmax over rows where they lie, or over columns by way of scratch rows. */
typedef void (*rows_fn)(void *out, const void *x, int64_t n, int64_t rows);

/* Row i of a matrix sees its first i + 1 columns, counted so that the last row sees all. */
static void run_causal(const struct call *c, char *out, const char *in, int64_t begin,
                       int64_t end) {
    int64_t n = c->along.n;
    size_t row = (size_t)n * c->bytes;
    for (int64_t u = begin; u < end; u++) {
        int64_t sees = u % c->along.rows + 1 + n - c->along.rows;
        if (sees < 0) sees = 0;
        size_t seen = (size_t)sees * c->bytes;
        char *to = out + (size_t)u * row;
        if (sees > 0) kernels()->softmax[c->dtype].softmax(to, in + (size_t)u * row, sees, 1);
        memset(to + seen, 0, row - seen);
    }
}

static unsigned run_softmax(const struct call *c, void *const *out, const void *const *in,
                            int64_t begin, int64_t end, const struct call_env *env) {
    const struct softmax_kernels *k = &kernels()->softmax[c->dtype];
    rows_fn fn = c->op == OP_softmax ? k->softmax : k->log_softmax;
    int64_t n = c->along.n, inner = c->along.inner;
    size_t bytes = c->bytes, row = (size_t)n * bytes;
    if (n == 0) return 0;
    if (c->along.rows) {
        run_causal(c, out[0], in[0], begin, end);
        return 0;
    }
    if (inner == 1) {
        size_t skip = (size_t)begin * row;
        fn((char *)out[0] + skip, (const char *)in[0] + skip, n, end - begin);
        return 0;
    }
    for (int64_t u = begin; u < end; u++) {
        char *to = (char *)out[0] + (size_t)(u / inner * n * inner + u % inner) * bytes;
        const char *from = (const char *)in[0] + (to - (char *)out[0]);
        char *x = env->scratch, *y = x + row;
        for (int64_t i = 0; i < n; i++)
            memcpy(x + (size_t)i * bytes, from + (size_t)(i * inner) * bytes, bytes);
        fn(y, x, n, 1);
        for (int64_t i = 0; i < n; i++)
            memcpy(to + (size_t)(i * inner) * bytes, y + (size_t)i * bytes, bytes);
    }
    return 0;
}

/* y (u - sum(y u)) of each line. */
static unsigned run_softmax_slope(const struct call *c, void *const *out, const void *const *in,
                                  int64_t begin, int64_t end, const struct call_env *env) {
    const struct norm_kernels *k = &kernels()->norm[c->dtype];
    int64_t n = c->along.n, inner = c->along.inner;
    size_t bytes = c->bytes, row = (size_t)n * bytes;
    for (int64_t u = begin; u < end && n > 0; u++) {
        size_t at = (size_t)(u / inner * n * inner + u % inner) * bytes;
        const char *y = (const char *)in[0] + at, *up = (const char *)in[1] + at;
        char *to = (char *)out[0] + at, *copy = env->scratch;
        if (inner == 1) {
            k->softmax_slope(to, y, up, n);
            continue;
        }
        for (int64_t i = 0; i < n; i++) {
            size_t skip = (size_t)(i * inner) * bytes;
            memcpy(copy + (size_t)i * bytes, y + skip, bytes);
            memcpy(copy + row + (size_t)i * bytes, up + skip, bytes);
        }
        k->softmax_slope(copy + 2 * row, copy, copy + row, n);
        for (int64_t i = 0; i < n; i++)
            memcpy(to + (size_t)(i * inner) * bytes, copy + 2 * row + (size_t)i * bytes, bytes);
    }
    return 0;
}

static unsigned run_crossentropy(const struct call *c, void *const *out, const void *const *in,
                                 int64_t begin, int64_t end, const struct call_env *env) {
    size_t row = (size_t)c->along.n * c->bytes;
    (void)env;
    kernels()->softmax[c->dtype].crossentropy(
        (char *)out[0] + (size_t)begin * c->bytes, (const char *)in[0] + (size_t)begin * row,
        (const char *)in[1] + (size_t)begin * row, c->along.n, end - begin);
    return 0;
}

static call_fn function_of(enum op op, enum dtype t) {
    if (op == OP_argmax || op == OP_argmin) return run_best;
    if (op == OP_cumsum) return t <= DT_INT64 ? run_cumsum : NULL;
    if (!dtype_is_float(t)) return NULL;
    if (op == OP_softmax_slope) return run_softmax_slope;
    return op == OP_softmax_crossentropy ? run_crossentropy : run_softmax;
}

void call_along(struct call *c, const struct call_spec *s) {
    const struct shape *in = &s->in[0]->shape;
    int axis = s->op == OP_softmax_crossentropy ? in->n - 1 : s->attrs->axis;
    c->op = s->op;
    c->dtype = s->in[0]->dtype;
    c->bytes = dtype_bytes(s->out->dtype);
    c->a = s->attrs->a;
    c->along.outer = shape_product(in, 0, axis);
    c->along.n = in->n ? in->size[axis] : 1;
    c->along.inner = shape_product(in, axis + 1, in->n);
    c->n_units = c->along.outer * c->along.inner;
    c->unit_work = 8.0 * (double)c->along.n + 8;
    if (s->op == OP_softmax && s->attrs->axes == 1) c->along.rows = in->size[axis - 1];
    if (c->along.inner > 1) c->scratch_bytes = 3 * (size_t)c->along.n * c->bytes;
    c->run = function_of(s->op, c->dtype);
}
