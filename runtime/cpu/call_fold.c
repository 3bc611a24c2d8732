/* Reductions over any set of axes: the axes that stay are walked in order, for each the axes that
 * go. If the innermost axis goes, a result is a sum of runs; if it stays, up to FOLD_COLS results
 * are made together, row by row. Bound: memory. */
#include "call.h"

enum { PIECE = 1 << 19 }; /* numbers folded between two looks at the stop flag */

union accumulator {
    double f64[FOLD_COLS];
    float f32[FOLD_COLS];
    int64_t i64[FOLD_COLS];
    int32_t i32[FOLD_COLS];
    uint8_t u8[FOLD_COLS];
};

struct folding {
    const struct call *c;
    const struct fold_kernels *k;
    const char *in;
    size_t bytes; /* of an element of the operand */
    const struct call_env *env;
    unsigned faults;
    union accumulator acc;
};

/* Sums start with 0; the others with the first number, which is met again. */
static void start(struct folding *f, int64_t from, int64_t cols) {
    const struct call *c = f->c;
    if (c->fold.fold == FOLD_SUM || c->fold.count == 0) {
        memset(&f->acc, 0, (size_t)cols * 8);
        if (c->fold.fold == FOLD_ALL) memset(&f->acc, 1, (size_t)cols);
    } else {
        memcpy(&f->acc, f->in + (size_t)from * f->bytes, (size_t)cols * f->bytes);
    }
}

static void fold_run(struct folding *f, int64_t from, int64_t n) {
    for (int64_t i = 0; i < n && !(f->faults & FAULT_STOP); i += PIECE) {
        f->faults |= f->k->run(&f->acc, f->in + (size_t)(from + i) * f->bytes,
                               n - i < PIECE ? n - i : PIECE);
        if (n > PIECE && call_stopped(f->env)) f->faults |= FAULT_STOP;
    }
}

static void fold_rows(struct folding *f, int64_t from, int64_t rows, int64_t stride, int64_t cols) {
    int64_t step = PIECE / cols / 8 * 8; /* rows are added up in eights: see sum_rows */
    for (int64_t i = 0; i < rows && !(f->faults & FAULT_STOP); i += step) {
        f->faults |= f->k->rows(&f->acc, f->in + (size_t)(from + i * stride) * f->bytes,
                                rows - i < step ? rows - i : step, stride, cols);
        if (rows > step && call_stopped(f->env)) f->faults |= FAULT_STOP;
    }
}

/* Everything that is folded into the results whose first operand element is `from`. */
static void fold_all(struct folding *f, int64_t from, int64_t cols, bool columns) {
    const struct walk *w = &f->c->fold.folded;
    int64_t digit[MAX_AXES] = {0};
    int last = w->n - 1;
    if (f->c->fold.count == 0) return;
    for (;;) {
        int64_t n = last >= 0 ? w->size[last] : 1, stride = last >= 0 ? w->stride[last] : 1;
        if (columns || stride != 1) {
            fold_rows(f, from, n, stride, cols);
        } else {
            fold_run(f, from, n);
        }
        int i = last - 1;
        for (; i >= 0; i--) {
            from += w->stride[i];
            if (++digit[i] < w->size[i]) break;
            from -= digit[i] * w->stride[i];
            digit[i] = 0;
        }
        if (i < 0 || f->faults & FAULT_STOP) return;
    }
}

static void store(struct folding *f, void *out, int64_t at, int64_t cols) {
    const struct call *c = f->c;
    bool sum = c->fold.fold == FOLD_SUM;
    if (sum && c->dtype == DT_FLOAT64) {
        for (int64_t j = 0; j < cols; j++)
            ((double *)out)[at + j] = f->acc.f64[j] / c->fold.divisor;
    } else if (sum && c->dtype == DT_FLOAT32) {
        for (int64_t j = 0; j < cols; j++)
            ((float *)out)[at + j] = (float)f->acc.f64[j] / (float)c->fold.divisor;
    } else {
        memcpy((char *)out + (size_t)at * c->bytes, &f->acc, (size_t)cols * c->bytes);
    }
}

static int64_t walk_place(const struct walk *w, int64_t at) {
    int64_t place = 0;
    for (int i = w->n - 1; i >= 0; i--) {
        place += at % w->size[i] * w->stride[i];
        at /= w->size[i];
    }
    return place;
}

static unsigned run_fold(const struct call *c, void *const *out, const void *const *in,
                         int64_t begin, int64_t end, const struct call_env *env) {
    const struct walk *kept = &c->fold.kept;
    struct folding f = {.c = c, .in = in[0], .env = env, .bytes = dtype_bytes(c->dtype)};
    f.k = &kernels()->fold[c->fold.fold][c->dtype];
    int last = kept->n - 1;
    bool columns = last >= 0 && kept->stride[last] == 1;
    for (int64_t at = begin; at < end && !(f.faults & FAULT_STOP);) {
        int64_t cols = 1;
        if (columns) {
            cols = kept->size[last] - at % kept->size[last];
            if (cols > end - at) cols = end - at;
            if (cols > FOLD_COLS) cols = FOLD_COLS;
        }
        int64_t from = walk_place(kept, at);
        start(&f, from, cols);
        fold_all(&f, from, cols, columns);
        store(&f, out[0], at, cols);
        at += cols;
    }
    return f.faults;
}

static enum fold fold_of(enum op op) {
    if (op == OP_max) return FOLD_MAX;
    if (op == OP_min) return FOLD_MIN;
    if (op == OP_any) return FOLD_ANY;
    if (op == OP_all) return FOLD_ALL;
    return FOLD_SUM;
}

static void split_axes(struct call *c, const struct shape *in, uint32_t axes) {
    int64_t stride = 1, strides[MAX_AXES];
    for (int i = in->n - 1; i >= 0; i--) {
        strides[i] = stride;
        stride *= in->size[i];
    }
    for (int i = 0; i < in->n; i++) {
        struct walk *w = axes >> i & 1 ? &c->fold.folded : &c->fold.kept;
        w->size[w->n] = in->size[i];
        w->stride[w->n++] = strides[i];
    }
    c->fold.count = 1;
    for (int i = 0; i < c->fold.folded.n; i++) c->fold.count *= c->fold.folded.size[i];
    walk_merge(&c->fold.kept);
    walk_merge(&c->fold.folded);
}

void call_fold(struct call *c, const struct call_spec *s) {
    c->dtype = s->in[0]->dtype;
    c->bytes = dtype_bytes(s->out->dtype);
    c->fold.fold = fold_of(s->op);
    if (!kernels()->fold[c->fold.fold][c->dtype].run) return;
    split_axes(c, &s->in[0]->shape, s->attrs->axes);
    c->fold.divisor = s->op == OP_mean ? (double)c->fold.count : 1;
    c->n_units = shape_product(&s->out->shape, 0, s->out->shape.n);
    c->unit_work = (double)c->fold.count + 4;
    c->run = run_fold;
}
