/* Walks: reading an operand's elements in the order of the result. */
#include "call.h"

int64_t shape_product(const struct shape *s, int from, int to) {
    int64_t n = 1;
    for (int i = from; i < to; i++) n *= s->size[i];
    return n;
}

static void row_strides(const struct shape *s, int64_t *stride) {
    int64_t step = 1;
    for (int i = s->n - 1; i >= 0; i--) {
        stride[i] = step;
        step *= s->size[i];
    }
}

/* New or repeated axes stand still. */
static void expand_strides(const struct call_spec *s, const int64_t *from, struct walk *w) {
    const struct shape *in = &s->in[0]->shape, *out = &s->out->shape;
    bool same_rank = in->n == out->n;
    for (int i = 0, j = 0; i < out->n; i++) {
        bool still = s->attrs->axes >> i & 1;
        w->stride[i] = still || j >= in->n ? 0 : from[j];
        if (same_rank || !still) j++;
    }
}

struct walk walk_of(const struct call_spec *s) {
    int64_t from[MAX_AXES];
    const struct shape *out = &s->out->shape;
    struct walk w = {.n = out->n};
    row_strides(&s->in[0]->shape, from);
    for (int i = 0; i < w.n; i++) w.size[i] = out->size[i];
    if (s->op == OP_expand) expand_strides(s, from, &w);
    for (int i = 0; s->op == OP_transpose && i < w.n; i++) w.stride[i] = from[s->attrs->perm[i]];
    for (int i = 0; s->op == OP_slice && i < w.n; i++) {
        w.stride[i] = from[i] * s->attrs->step[i];
        w.base += from[i] * s->attrs->begin[i];
    }
    return w;
}

void walk_merge(struct walk *w) {
    int n = 0;
    for (int i = 0; i < w->n; i++) {
        if (w->size[i] == 1) continue;
        bool joins = n > 0 && w->stride[n - 1] == w->stride[i] * w->size[i];
        if (joins) {
            w->size[n - 1] *= w->size[i];
            w->stride[n - 1] = w->stride[i];
        } else {
            w->size[n] = w->size[i];
            w->stride[n++] = w->stride[i];
        }
    }
    w->n = n;
}

#define READ_RUN(T)                                                                                \
    static void read_run_##T(T *out, const T *from, int64_t n, int64_t stride) {                   \
        if (stride == 1) {                                                                         \
            memcpy(out, from, (size_t)n * sizeof(T));                                              \
        } else if (stride == 0) {                                                                  \
            T x = *from;                                                                           \
            for (int64_t i = 0; i < n; i++) out[i] = x;                                            \
        } else {                                                                                   \
            for (int64_t i = 0; i < n; i++) out[i] = from[i * stride];                             \
        }                                                                                          \
    }
READ_RUN(uint8_t)
READ_RUN(uint32_t)
READ_RUN(uint64_t)

static void read_run(void *out, const char *from, int64_t n, int64_t stride, size_t bytes) {
    if (bytes == 1) read_run_uint8_t(out, (const void *)from, n, stride);
    if (bytes == 4) read_run_uint32_t(out, (const void *)from, n, stride);
    if (bytes == 8) read_run_uint64_t(out, (const void *)from, n, stride);
}

/* Odometer over all axes but the last; `at` is split into digits once. */
void walk_read(const struct walk *w, const void *from, int64_t at, int64_t n, size_t bytes,
               void *out) {
    int64_t digit[MAX_AXES], place = w->base;
    char *to = out;
    int last = w->n - 1;
    if (last < 0) {
        if (n > 0) memcpy(out, (const char *)from + place * (int64_t)bytes, bytes);
        return;
    }
    for (int i = last; i >= 0; i--) {
        digit[i] = at % w->size[i];
        at /= w->size[i];
        place += digit[i] * w->stride[i];
    }
    while (n > 0) {
        int64_t run = w->size[last] - digit[last];
        if (run > n) run = n;
        read_run(to, (const char *)from + place * (int64_t)bytes, run, w->stride[last], bytes);
        to += (size_t)run * bytes;
        n -= run;
        place -= digit[last] * w->stride[last];
        digit[last] = 0;
        for (int i = last - 1; i >= 0; i--) {
            place += w->stride[i];
            if (++digit[i] < w->size[i]) break;
            place -= digit[i] * w->stride[i];
            digit[i] = 0;
        }
    }
}
