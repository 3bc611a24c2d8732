/* Copies in another order: expand, transpose, slice; place and concat. Bound: memory. */
#include "call.h"

/* A walk that ends in (…, cols) with neighbours `rows` apart and contiguous the other way is a
 * matrix transposed. */
static bool is_transposed(const struct walk *w) {
    return w->n >= 2 && w->stride[w->n - 2] == 1 && w->stride[w->n - 1] > 1;
}

static unsigned run_copy(const struct call *c, void *const *out, const void *const *in,
                         int64_t begin, int64_t end, const struct call_env *env) {
    (void)env;
    walk_read(&c->copy, in[0], begin, end - begin, c->bytes,
              (char *)out[0] + begin * (int64_t)c->bytes);
    return 0;
}

/* Whole rows of the result go through the blocked kernel, a matrix at a time; what is left at both
 * ends through the walk. */
static unsigned run_transposed(const struct call *c, void *const *out, const void *const *in,
                               int64_t begin, int64_t end, const struct call_env *env) {
    const struct walk *w = &c->copy;
    int64_t cols = w->size[w->n - 1], rows = w->size[w->n - 2], bytes = (int64_t)c->bytes;
    int64_t first = (begin + cols - 1) / cols, last = end / cols;
    if (first >= last) return run_copy(c, out, in, begin, end, env);
    if (begin < first * cols) run_copy(c, out, in, begin, first * cols, env);
    if (last * cols < end) run_copy(c, out, in, last * cols, end, env);
    while (first < last) {
        int64_t matrix = first / rows, row = first % rows, n = rows - row;
        if (n > last - first) n = last - first;
        int64_t from = w->base + row;
        for (int i = w->n - 3; i >= 0; i--) {
            from += matrix % w->size[i] * w->stride[i];
            matrix /= w->size[i];
        }
        kernels()->transpose((char *)out[0] + first * cols * bytes, cols,
                             (const char *)in[0] + from * bytes, w->stride[w->n - 1], cols, n,
                             c->bytes);
        first += n;
    }
    return 0;
}

void call_copy(struct call *c, const struct call_spec *s) {
    c->copy = walk_of(s);
    walk_merge(&c->copy);
    c->bytes = dtype_bytes(s->out->dtype);
    c->n_units = shape_product(&s->out->shape, 0, s->out->shape.n);
    const struct walk *w = &c->copy;
    bool far = w->n > 0 && w->stride[w->n - 1] * (int64_t)c->bytes >= 64; /* a line for each */
    c->unit_work = far ? 8 : 2;
    c->run = run_copy;
    if (!is_transposed(w)) return;
    enum {
        ROWS = 8,
        LONG_ROW = 1 << 20
    }; /* whole rows of the result, as many as a line of the operand has */
    int64_t cols = w->size[w->n - 1];
    c->grain = cols < LONG_ROW ? ROWS * cols : cols;
    c->run = run_transposed;
}

/* ---- place: zeros with x at begin + i * step ---- */

struct place_at {
    const struct call *c;
    const char *from; /* next element of x */
    char *to;
};

/* Rows [low, high) of axis `axis` of the result; p->from and p->to are at row low's beginnings. */
static void place_axis(const struct place_at *p, int axis, int64_t low, int64_t high) {
    const struct call *c = p->c;
    const struct shape *out = &c->place.out, *in = &c->place.in;
    int64_t out_row = shape_product(out, axis + 1, out->n) * (int64_t)c->bytes;
    int64_t in_row = shape_product(in, axis + 1, in->n) * (int64_t)c->bytes;
    memset(p->to + low * out_row, 0, (size_t)((high - low) * out_row));
    for (int64_t i = 0; i < in->size[axis]; i++) {
        int64_t at = c->place.begin[axis] + i * c->place.step[axis];
        if (at < low || at >= high) continue;
        struct place_at inner = {c, p->from + i * in_row, p->to + at * out_row};
        bool rest_same = true;
        for (int k = axis + 1; k < out->n; k++)
            if (in->size[k] != out->size[k] || c->place.step[k] != 1) rest_same = false;
        if (rest_same) {
            memcpy(inner.to, inner.from, (size_t)in_row);
        } else {
            place_axis(&inner, axis + 1, 0, out->size[axis + 1]);
        }
    }
}

static unsigned run_place(const struct call *c, void *const *out, const void *const *in,
                          int64_t begin, int64_t end, const struct call_env *env) {
    struct place_at p = {c, in[0], out[0]};
    (void)env;
    if (c->place.out.n == 0) {
        memcpy(out[0], in[0], c->bytes);
    } else {
        place_axis(&p, 0, begin, end);
    }
    return 0;
}

void call_place(struct call *c, const struct call_spec *s) {
    const struct shape *out = &s->out->shape;
    c->run = run_place;
    c->place.out = *out;
    c->place.in = s->in[0]->shape;
    for (int i = 0; i < out->n; i++) {
        c->place.begin[i] = s->attrs->begin[i];
        c->place.step[i] = s->attrs->step[i];
    }
    c->bytes = dtype_bytes(s->out->dtype);
    c->n_units = out->n ? out->size[0] : 1;
    c->unit_work = 2.0 * (double)shape_product(out, 1, out->n);
}

/* ---- concat ---- */

static unsigned run_concat(const struct call *c, void *const *out, const void *const *in,
                           int64_t begin, int64_t end, const struct call_env *env) {
    char *to = (char *)out[0] + begin * c->concat.inner * (int64_t)c->bytes;
    (void)env;
    for (int64_t row = begin; row < end; row++)
        for (int i = 0; i < c->concat.n_in; i++) {
            size_t n = (size_t)c->concat.widths[i] * c->bytes;
            if (n) memcpy(to, (const char *)in[i] + (size_t)row * n, n);
            to += n;
        }
    return 0;
}

void call_concat(struct call *c, const struct call_spec *s) {
    const struct shape *out = &s->out->shape;
    int64_t *widths = s->memory;
    for (int i = 0; i < s->n_in; i++)
        widths[i] = shape_product(&s->in[i]->shape, s->attrs->axis, out->n);
    c->run = run_concat;
    c->bytes = dtype_bytes(s->out->dtype);
    c->concat.n_in = s->n_in;
    c->concat.widths = widths;
    c->concat.inner = shape_product(out, s->attrs->axis, out->n);
    c->n_units = shape_product(out, 0, s->attrs->axis);
    c->unit_work = 2.0 * (double)c->concat.inner;
}
