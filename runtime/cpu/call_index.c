/* Rows by position: gather, its reverse scatter_add, and one_hot. Bound: memory. */
#include "call.h"

static int64_t position_at(const void *p, enum dtype t, int64_t i) {
    if (t == DT_INT64) return ((const int64_t *)p)[i];
    if (t == DT_INT32) return ((const int32_t *)p)[i];
    if (t == DT_FLOAT64) return (int64_t)((const double *)p)[i];
    if (t == DT_FLOAT32) return (int64_t)((const float *)p)[i];
    return ((const uint8_t *)p)[i];
}

/* Single numbers are copied without a call. */
FM void copy_row(char *to, const char *from, size_t bytes) {
    if (bytes == 8) memcpy(to, from, 8);
    else if (bytes == 4) memcpy(to, from, 4);
    else memcpy(to, from, bytes);
}

static unsigned run_gather(const struct call *c, void *const *out, const void *const *in,
                           int64_t begin, int64_t end, const struct call_env *env) {
    size_t row = (size_t)c->index.row_size * c->bytes;
    unsigned faults = 0;
    (void)env;
    for (int64_t i = begin; i < end; i++) {
        int64_t at = position_at(in[1], c->index.position_type, i);
        if (at < 0 || at >= c->index.rows) {
            faults |= FAULT_INDEX;
            at = 0;
            if (c->index.rows == 0) break;
        }
        if (row)
            copy_row((char *)out[0] + (size_t)i * row, (const char *)in[0] + (size_t)at * row, row);
    }
    return faults;
}

/* A unit is a column, so that rows may meet in one place and are still added in order. */
#define SCATTER(t, T)                                                                              \
    static void scatter_##t(T *to, const T *from, int64_t begin, int64_t end) {                    \
        for (int64_t j = begin; j < end; j++) to[j] += from[j];                                    \
    }
SCATTER(f64, double)
SCATTER(f32, float)

static void scatter_i64(uint64_t *to, const uint64_t *from, int64_t begin, int64_t end) {
    for (int64_t j = begin; j < end; j++) to[j] += from[j];
}

static unsigned run_scatter(const struct call *c, void *const *out, const void *const *in,
                            int64_t begin, int64_t end, const struct call_env *env) {
    size_t row = (size_t)c->index.row_size * c->bytes, skip = (size_t)begin * c->bytes;
    unsigned faults = 0;
    for (int64_t i = 0; i < c->index.rows; i++)
        memset((char *)out[0] + (size_t)i * row + skip, 0, (size_t)(end - begin) * c->bytes);
    for (int64_t i = 0; i < c->index.n_positions; i++) {
        int64_t at = position_at(in[1], c->index.position_type, i);
        if ((i & 0xffff) == 0xffff && call_stopped(env)) return faults | FAULT_STOP;
        if (at < 0 || at >= c->index.rows) {
            faults |= FAULT_INDEX;
            continue;
        }
        void *to = (char *)out[0] + (size_t)at * row;
        const void *from = (const char *)in[0] + (size_t)i * row;
        if (c->dtype == DT_FLOAT64) scatter_f64(to, from, begin, end);
        if (c->dtype == DT_FLOAT32) scatter_f32(to, from, begin, end);
        if (c->dtype == DT_INT64) scatter_i64(to, from, begin, end);
    }
    return faults;
}

static unsigned run_one_hot(const struct call *c, void *const *out, const void *const *in,
                            int64_t begin, int64_t end, const struct call_env *env) {
    int64_t n = c->index.row_size;
    unsigned faults = 0;
    (void)env;
    memset((char *)out[0] + (size_t)(begin * n) * c->bytes, 0,
           (size_t)((end - begin) * n) * c->bytes);
    for (int64_t i = begin; i < end; i++) {
        int64_t at = position_at(in[0], c->index.position_type, i);
        if (at < 0 || at >= n) {
            faults |= FAULT_INDEX;
        } else if (c->dtype == DT_FLOAT64) {
            ((double *)out[0])[i * n + at] = 1;
        } else {
            ((float *)out[0])[i * n + at] = 1;
        }
    }
    return faults;
}

static void index_one_hot(struct call *c, const struct call_spec *s) {
    const struct shape *out = &s->out->shape;
    c->run = run_one_hot;
    c->n_units = shape_product(&s->in[0]->shape, 0, s->in[0]->shape.n);
    c->index.row_size = out->size[out->n - 1];
    c->index.position_type = s->in[0]->dtype;
    c->unit_work = 2.0 * (double)c->index.row_size;
}

void call_index(struct call *c, const struct call_spec *s) {
    const struct shape *out = &s->out->shape;
    c->bytes = dtype_bytes(s->out->dtype);
    c->dtype = s->out->dtype;
    if (s->op == OP_one_hot) {
        index_one_hot(c, s);
        return;
    }
    const struct shape *a = &s->in[0]->shape, *b = &s->in[1]->shape;
    c->index.n_positions = shape_product(b, 0, b->n);
    c->index.position_type = s->in[1]->dtype;
    if (s->op == OP_gather) {
        c->run = run_gather;
        c->index.rows = a->size[0];
        c->index.row_size = shape_product(a, 1, a->n);
        c->n_units = c->index.n_positions;
        c->unit_work = 2.0 * (double)c->index.row_size + 4;
    } else if (s->out->dtype <= DT_INT64) {
        c->run = run_scatter;
        c->index.rows = out->size[0];
        c->index.row_size = shape_product(out, 1, out->n);
        c->n_units = c->index.row_size;
        c->unit_work = 2.0 * (double)(c->index.n_positions + c->index.rows);
    }
}
