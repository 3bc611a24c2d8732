/* Every operation again, as slowly and plainly as possible. */
#include "reference.h"
#include "base/pool.h"
#include <math.h>
#include <string.h>

int64_t reference_count(const struct shape *s) {
    int64_t n = 1;
    for (int i = 0; i < s->n; i++) n *= s->size[i];
    return n;
}

/* Positions along each axis <-> flat position. */
static void unflatten(const struct shape *s, int64_t flat, int64_t *at) {
    for (int i = s->n - 1; i >= 0; i--) {
        at[i] = flat % s->size[i];
        flat /= s->size[i];
    }
}

static int64_t flatten(const struct shape *s, const int64_t *at) {
    int64_t flat = 0;
    for (int i = 0; i < s->n; i++) flat = flat * s->size[i] + at[i];
    return flat;
}

static double cdf(double x) {
    return 0.5 * erfc(-x / sqrt(2));
}

static double one(enum op op, double x) {
    static double (*const library[OP_COUNT])(double) = {
        [OP_abs] = fabs,    [OP_round] = nearbyint, [OP_floor] = floor, [OP_ceil] = ceil,
        [OP_exp] = exp,     [OP_expm1] = expm1,     [OP_log] = log,     [OP_log2] = log2,
        [OP_log10] = log10, [OP_log1p] = log1p,     [OP_sqrt] = sqrt,   [OP_sin] = sin,
        [OP_cos] = cos,     [OP_tan] = tan,         [OP_asin] = asin,   [OP_acos] = acos,
        [OP_atan] = atan,   [OP_sinh] = sinh,       [OP_cosh] = cosh,   [OP_tanh] = tanh,
        [OP_erf] = erf};
    if (library[op]) return library[op](x);
    switch ((int)op) {
    case OP_neg: return -x;
    case OP_sign: return (x > 0) - (x < 0);
    case OP_square: return x * x;
    case OP_rsqrt: return 1 / sqrt(x);
    case OP_recip: return 1 / x;
    case OP_sigmoid: return 1 / (1 + exp(-x));
    case OP_softplus: return x > 30 ? x : log1p(exp(x));
    case OP_relu: return x > 0 ? x : 0;
    case OP_gelu: return x * cdf(x);
    case OP_gelu_slope: return cdf(x) + x * exp(-x * x / 2) / sqrt(2 * M_PI);
    case OP_not: return x == 0;
    case OP_is_nan: return isnan(x);
    default: return x; /* stop_gradient, expand, reshape … */
    }
}

static double two(enum op op, double a, double b) {
    switch ((int)op) {
    case OP_add: return a + b;
    case OP_sub: return a - b;
    case OP_mul: return a * b;
    case OP_div: return a / b;
    case OP_floordiv: return floor(a / b);
    case OP_mod: return a - b * floor(a / b);
    case OP_pow: return pow(a, b);
    case OP_maximum: return a > b ? a : b;
    case OP_minimum: return a < b ? a : b;
    case OP_lt: return a < b;
    case OP_le: return a <= b;
    case OP_gt: return a > b;
    case OP_ge: return a >= b;
    case OP_eq: return a == b;
    case OP_ne: return a != b;
    case OP_and: return a != 0 && b != 0;
    case OP_or: return a != 0 || b != 0;
    case OP_sigmoid_bce: return one(OP_softplus, a) - a * b;
    default: return NAN;
    }
}

static double cast(double x, enum dtype t) {
    if (t == DT_FLOAT64) return x;
    if (t == DT_FLOAT32) return (double)(float)x;
    if (t == DT_BOOL) return x != 0;
    if (isnan(x)) return 0;
    x = trunc(x);
    if (t == DT_UINT8) return x < 0 ? 0 : x > 255 ? 255 : x;
    return x;
}

/* Where in the input the number at `at` of the result comes from; moving operations. */
static int64_t source(const struct node *n, const int64_t *at) {
    const struct shape *in = &n->in[0]->desc.shape;
    const struct attrs *a = &n->attrs;
    int64_t from[MAX_AXES] = {0};
    int j = 0;
    for (int i = 0; i < n->desc.shape.n; i++) {
        if (n->op == OP_transpose) from[a->perm[i]] = at[i];
        if (n->op == OP_slice) from[i] = a->begin[i] + a->step[i] * at[i];
        if (n->op != OP_expand) continue;
        bool marked = a->axes >> i & 1;
        if (in->n == n->desc.shape.n) {
            from[i] = marked ? 0 : at[i];
        } else if (!marked) {
            from[j++] = at[i];
        }
    }
    return flatten(in, from);
}

static void move(const struct node *n, const double *x, double *y) {
    int64_t at[MAX_AXES];
    for (int64_t i = 0; i < reference_count(&n->desc.shape); i++) {
        unflatten(&n->desc.shape, i, at);
        y[i] = x[source(n, at)];
    }
}

static void place(const struct node *n, const double *x, double *y) {
    const struct shape *in = &n->in[0]->desc.shape;
    int64_t at[MAX_AXES];
    for (int64_t i = 0; i < reference_count(in); i++) {
        unflatten(in, i, at);
        for (int k = 0; k < in->n; k++) at[k] = n->attrs.begin[k] + n->attrs.step[k] * at[k];
        y[flatten(&n->desc.shape, at)] = x[i];
    }
}

static void concat(const struct node *n, double *const *x, double *y) {
    int64_t at[MAX_AXES];
    for (int64_t i = 0; i < reference_count(&n->desc.shape); i++) {
        unflatten(&n->desc.shape, i, at);
        int which = 0;
        while (at[n->attrs.axis] >= n->in[which]->desc.shape.size[n->attrs.axis]) {
            at[n->attrs.axis] -= n->in[which++]->desc.shape.size[n->attrs.axis];
        }
        y[i] = x[which][flatten(&n->in[which]->desc.shape, at)];
    }
}

/* Rows at positions; scatter adds them up. */
static void rows(const struct node *n, double *const *x, double *y) {
    bool gather = n->op == OP_gather;
    const struct shape *table = gather ? &n->in[0]->desc.shape : &n->desc.shape;
    int64_t width = 1, count = reference_count(&n->in[1]->desc.shape);
    for (int i = 1; i < table->n; i++) width *= table->size[i];
    for (int64_t i = 0; i < count; i++) {
        for (int64_t k = 0; k < width; k++) {
            int64_t row = (int64_t)x[1][i] * width + k;
            if (gather) y[i * width + k] = x[0][row];
            if (!gather) y[row] += x[0][i * width + k];
        }
    }
}

static void one_hot(const struct node *n, const double *x, double *y) {
    int64_t classes = n->desc.shape.size[n->desc.shape.n - 1];
    for (int64_t i = 0; i < reference_count(&n->in[0]->desc.shape); i++) {
        if (x[i] >= 0 && x[i] < (double)classes) y[i * classes + (int64_t)x[i]] = 1;
    }
}

/* ---- groups: numbers that end up in one result ---- */

static uint32_t folded_axes(const struct node *n) {
    bool single = n->op == OP_argmax || n->op == OP_argmin;
    return single ? 1u << n->attrs.axis : n->attrs.axes;
}

static double fold_start(enum op op) {
    if (op == OP_max) return -INFINITY;
    if (op == OP_min) return INFINITY;
    return op == OP_all;
}

static double fold_one(enum op op, double sum, double x) {
    switch ((int)op) {
    case OP_max: return x > sum ? x : sum;
    case OP_min: return x < sum ? x : sum;
    case OP_any: return sum != 0 || x != 0;
    case OP_all: return sum != 0 && x != 0;
    default: return sum + x;
    }
}

static void reduce(const struct node *n, const double *x, double *y) {
    const struct shape *in = &n->in[0]->desc.shape;
    uint32_t axes = folded_axes(n);
    bool arg = n->op == OP_argmax || n->op == OP_argmin;
    int64_t at[MAX_AXES], n_out = reference_count(&n->desc.shape), group = 1;
    double *best = pool_alloc((size_t)n_out * sizeof *best);
    for (int i = 0; i < in->n; i++) group *= axes >> i & 1 ? in->size[i] : 1;
    for (int64_t i = 0; i < n_out; i++) y[i] = arg ? 0 : fold_start(n->op);
    for (int64_t i = 0; i < n_out; i++) best[i] = NAN;
    for (int64_t i = 0; i < reference_count(in); i++) {
        unflatten(in, i, at);
        int64_t to = 0;
        for (int k = 0; k < in->n; k++) {
            if (!(axes >> k & 1)) to = to * in->size[k] + at[k];
        }
        bool better = n->op == OP_argmax ? x[i] > best[to] : x[i] < best[to];
        if (arg && (isnan(best[to]) || better)) {
            best[to] = x[i];
            y[to] = (double)at[n->attrs.axis];
        }
        if (!arg) y[to] = fold_one(n->op, y[to], x[i]);
    }
    for (int64_t i = 0; i < n_out && n->op == OP_mean; i++) y[i] /= (double)group;
    pool_free(best);
}

static double count_folded(const struct node *n) {
    double count = 1;
    for (int i = 0; i < n->in[0]->desc.shape.n; i++) {
        if (n->attrs.axes >> i & 1) count *= (double)n->in[0]->desc.shape.size[i];
    }
    return count;
}

/* One line of numbers along an axis, `step` apart. */
static void along_line(const struct node *n, const double *x, double *y, int64_t size,
                       int64_t step) {
    double largest = -INFINITY, total = 0;
    for (int64_t i = 0; i < size; i++) largest = fmax(largest, x[i * step]);
    for (int64_t i = 0; i < size; i++) total += exp(x[i * step] - largest);
    double running = 0;
    for (int64_t i = 0; i < size; i++) {
        int64_t at = (n->op == OP_cumsum && n->attrs.a != 0 ? size - 1 - i : i) * step;
        running += x[at];
        double logs = x[at] - largest - log(total);
        y[at] = n->op == OP_cumsum ? running : n->op == OP_softmax ? exp(logs) : logs;
    }
}

static void along(const struct node *n, const double *x, double *y) {
    const struct shape *s = &n->desc.shape;
    int64_t step = 1, size = s->size[n->attrs.axis];
    for (int i = n->attrs.axis + 1; i < s->n; i++) step *= s->size[i];
    for (int64_t i = 0; i < reference_count(s); i++) {
        if (i / step % size == 0) along_line(n, x + i, y + i, size, step);
    }
}

static void crossentropy(const struct node *n, double *const *x, double *y) {
    const struct shape *s = &n->in[0]->desc.shape;
    int64_t classes = s->size[s->n - 1];
    for (int64_t i = 0; i < reference_count(&n->desc.shape); i++) {
        const double *logits = x[0] + i * classes, *target = x[1] + i * classes;
        double largest = -INFINITY, total = 0;
        for (int64_t k = 0; k < classes; k++) largest = fmax(largest, logits[k]);
        for (int64_t k = 0; k < classes; k++) total += exp(logits[k] - largest);
        for (int64_t k = 0; k < classes; k++) {
            y[i] -= target[k] * (logits[k] - largest - log(total));
        }
    }
}

/* ---- matrix product ---- */

struct matrix {
    int64_t rows, columns, row_step, column_step, size;
};

static struct matrix matrix_of(const struct shape *s, bool trans, bool left) {
    int64_t last = s->size[s->n - 1];
    if (s->n == 1 && left) return (struct matrix){1, last, 0, 1, last};
    if (s->n == 1) return (struct matrix){last, 1, 1, 0, last};
    int64_t before = s->size[s->n - 2];
    if (trans) return (struct matrix){last, before, 1, last, last * before};
    return (struct matrix){before, last, last, 1, last * before};
}

static void matmul(const struct node *n, double *const *x, double *y) {
    const struct shape *sa = &n->in[0]->desc.shape, *sb = &n->in[1]->desc.shape;
    struct matrix a = matrix_of(sa, n->attrs.trans_a, true);
    struct matrix b = matrix_of(sb, n->attrs.trans_b, false);
    int64_t batches = 1;
    for (int i = 0; i < sa->n - 2; i++) batches *= sa->size[i];
    for (int64_t t = 0; t < batches; t++) {
        const double *p = x[0] + t * a.size, *q = x[1] + (sb->n > 2 ? t * b.size : 0);
        for (int64_t i = 0; i < a.rows; i++) {
            for (int64_t j = 0; j < b.columns; j++, y++) {
                for (int64_t k = 0; k < a.columns; k++) {
                    *y += p[i * a.row_step + k * a.column_step] *
                          q[k * b.row_step + j * b.column_step];
                }
            }
        }
    }
}

static void fold_matmul(const struct node *n, double *const *x, double *y) {
    int64_t k = n->desc.shape.size[0], m = n->desc.shape.size[1];
    int64_t n_rows = k ? reference_count(&n->in[0]->desc.shape) / k : 0;
    for (int64_t r = 0; r < n_rows; r++) {
        for (int64_t i = 0; i < k; i++) {
            for (int64_t j = 0; j < m; j++) y[i * m + j] += x[0][r * k + i] * x[1][r * m + j];
        }
    }
}

/* ---- windows ---- */

/* Every product of an element of x, one of the kernel and one of y that a convolution has. */
struct conv_term {
    int64_t x, k, turned, y;
};

typedef void term_fn(const struct conv_term *t, double *const *in, double *out);

static void forward_term(const struct conv_term *t, double *const *in, double *out) {
    out[t->y] += in[0][t->x] * in[1][t->k];
}

static void input_term(const struct conv_term *t, double *const *in, double *out) {
    out[t->x] += in[0][t->y] * in[1][t->turned];
}

static void kernel_term(const struct conv_term *t, double *const *in, double *out) {
    out[t->k] += in[0][t->x] * in[1][t->y];
}

/* One element of y and one place of the window: all channels of the group. */
static void conv_place(const struct sliding *w, const int64_t *x, const int64_t *y,
                       const int64_t *y_at, const int64_t *k, term_fn *fn, double *const *in,
                       double *out) {
    int64_t n = x[3] / w->groups, m = y[3] / w->groups, group = y_at[3] / m;
    int64_t row = y_at[1] * w->stride[0] + k[0] * w->dilation[0] - w->before[0];
    int64_t col = y_at[2] * w->stride[1] + k[1] * w->dilation[1] - w->before[1];
    if (row < 0 || row >= x[1] || col < 0 || col >= x[2]) return;
    int64_t tap = k[0] * k[2] + k[1];
    for (int64_t i = 0; i < n; i++) {
        struct conv_term t = {
            .x = ((y_at[0] * x[1] + row) * x[2] + col) * x[3] + group * n + i,
            .k = (tap * n + i) * y[3] + y_at[3],
            .turned = (tap * m + y_at[3] % m) * x[3] + group * n + i,
            .y = ((y_at[0] * y[1] + y_at[1]) * y[2] + y_at[2]) * y[3] + y_at[3],
        };
        fn(&t, in, out);
    }
}

static void convolve(const struct node *n, double *const *in, double *out) {
    const struct shape *a = &n->in[0]->desc.shape, *b = &n->in[1]->desc.shape, *o = &n->desc.shape;
    const struct shape *x = n->op == OP_conv_input ? o : a;
    const struct shape *y = n->op == OP_conv ? o : n->op == OP_conv_input ? a : b;
    const struct shape *k = n->op == OP_conv_kernel ? o : b;
    term_fn *fn = n->op == OP_conv         ? forward_term
                  : n->op == OP_conv_input ? input_term
                                           : kernel_term;
    int64_t at[4], place[3] = {0, 0, k->size[1]};
    for (int64_t i = 0; i < reference_count(y); i++) {
        unflatten(y, i, at);
        for (place[0] = 0; place[0] < k->size[0]; place[0]++)
            for (place[1] = 0; place[1] < k->size[1]; place[1]++)
                conv_place(&n->attrs.window, x->size, y->size, at, place, fn, in, out);
    }
}

/* Flat positions in x of what the window of one result covers; how many. */
static int covered(const struct sliding *w, const struct shape *x, const int64_t *at,
                   int64_t *places) {
    int n = 0;
    for (int64_t i = 0; i < w->size[0] * w->size[1]; i++) {
        int64_t p[4] = {at[0], at[1] * w->stride[0] + i / w->size[1] - w->before[0],
                        at[2] * w->stride[1] + i % w->size[1] - w->before[1], at[3]};
        bool inside = p[1] >= 0 && p[1] < x->size[1] && p[2] >= 0 && p[2] < x->size[2];
        if (inside) places[n++] = flatten(x, p);
    }
    return n;
}

static void pool(const struct node *n, double *const *in, double *out) {
    bool spreads = n->op == OP_max_spread || n->op == OP_mean_spread;
    const struct shape *x = spreads ? &n->desc.shape : &n->in[0]->desc.shape;
    const struct shape *y = spreads ? &n->in[n->n_in - 1]->desc.shape : &n->desc.shape;
    int64_t at[4], places[64];
    for (int64_t i = 0; i < reference_count(y); i++) {
        unflatten(y, i, at);
        int count = covered(&n->attrs.window, x, at, places);
        int64_t best = places[0];
        for (int k = 1; k < count && n->op != OP_mean_spread; k++)
            if (in[0][places[k]] > in[0][best]) best = places[k];
        if (n->op == OP_max_pool) out[i] = in[0][best];
        if (n->op == OP_max_take) out[i] = in[1][best];
        if (n->op == OP_max_spread) out[best] += in[1][i];
        for (int k = 0; k < count && n->op == OP_mean_pool; k++) out[i] += in[0][places[k]] / count;
        for (int k = 0; k < count && n->op == OP_mean_spread; k++)
            out[places[k]] += in[0][i] / count;
    }
}

/* ---- maps of places ---- */

static int64_t mirrored(int64_t i, int64_t n, int fill) {
    if (i >= 0 && i < n) return i;
    if (fill == 2) return -1;
    if (fill == 0) return i < 0 ? 0 : n - 1;
    while (i < 0 || i >= n) i = i < 0 ? -1 - i : 2 * n - 1 - i;
    return i;
}

/* Every pixel of the larger side and its four neighbours: weights by distance. */
static void warp(const struct node *n, double *const *in, double *out) {
    bool back = n->op == OP_warp_back, one = n->in[1]->desc.shape.n == 1;
    const struct shape *x = back ? &n->desc.shape : &n->in[0]->desc.shape;
    const struct shape *y = back ? &n->in[0]->desc.shape : &n->desc.shape;
    int64_t at[4];
    for (int64_t i = 0; i < reference_count(y); i++) {
        unflatten(y, i, at);
        const double *m = in[1] + (one ? 0 : 6 * at[0]);
        double p = m[0] * (double)at[1] + m[1] * (double)at[2] + m[2];
        double q = m[3] * (double)at[1] + m[4] * (double)at[2] + m[5];
        if (n->attrs.a != 0) p = floor(p + 0.5), q = floor(q + 0.5);
        for (int64_t u = (int64_t)floor(p); u <= (int64_t)floor(p) + 1; u++)
            for (int64_t v = (int64_t)floor(q); v <= (int64_t)floor(q) + 1; v++) {
                int64_t k[4] = {at[0], mirrored(u, x->size[1], n->attrs.axis),
                                mirrored(v, x->size[2], n->attrs.axis), at[3]};
                double share = (1 - fabs(p - (double)u)) * (1 - fabs(q - (double)v));
                if (k[1] < 0 || k[2] < 0) continue;
                if (back) out[flatten(x, k)] += share * in[0][i];
                else out[i] += share * in[0][flatten(x, k)];
            }
    }
}

/* ---- attention, normalisation ---- */

static void heads(const struct node *n, double *const *x, double *y) {
    const struct shape *a = &n->in[0]->desc.shape, *b = &n->in[1]->desc.shape;
    const struct shape *out = &n->desc.shape;
    int64_t count = n->attrs.axis, examples = out->size[0];
    bool scores = n->op == OP_heads_scores, trans = n->attrs.trans_a;
    int64_t rows = scores ? out->size[2] : out->size[1];
    int64_t wide = b->size[2], d = wide / count;
    int64_t columns = scores ? out->size[3] : d, inner = scores ? d : b->size[1];
    for (int64_t e = 0; e < examples; e++)
        for (int64_t h = 0; h < count; h++)
            for (int64_t i = 0; i < rows; i++)
                for (int64_t j = 0; j < columns; j++)
                    for (int64_t k = 0; k < inner; k++) {
                        int64_t p = (e * count + h) * a->size[2];
                        if (scores)
                            y[((e * count + h) * rows + i) * columns + j] +=
                                x[0][(e * rows + i) * wide + h * d + k] *
                                x[1][(e * columns + j) * wide + h * d + k];
                        else
                            y[(e * rows + i) * wide + h * d + j] +=
                                x[0][trans ? (p + k) * a->size[3] + i : (p + i) * a->size[3] + k] *
                                x[1][(e * inner + k) * wide + h * d + j];
                    }
}

/* Element k of the group that element i belongs to, and how many there are. */
static int64_t group_of(const struct node *n, int64_t i, int64_t k, int64_t *count) {
    const struct shape *s = &n->desc.shape;
    int64_t last = s->size[s->n - 1], groups = n->attrs.axis;
    if (!groups) return *count = last, i / last * last + k;
    int64_t example = reference_count(s) / s->size[0], wide = last / groups;
    *count = example / groups;
    return i / example * example + k / wide * last + i % last / wide * wide + k % wide;
}

static void norm(const struct node *n, double *const *x, double *y, int64_t all) {
    for (int64_t i = 0; i < all; i++) {
        int64_t count = 1;
        double mean = 0, variance = 0, up = 0, along = 0;
        for (int64_t k = 0; group_of(n, i, k, &count), k < count; k++)
            mean += x[0][group_of(n, i, k, &count)] / (double)count;
        for (int64_t k = 0; k < count; k++) {
            double away = x[0][group_of(n, i, k, &count)] - mean;
            variance += away * away / (double)count;
            if (n->op == OP_norm) continue;
            up += x[1][group_of(n, i, k, &count)] / (double)count;
            along += x[1][group_of(n, i, k, &count)] * away / (double)count;
        }
        double scale = 1 / sqrt(variance + n->attrs.a), away = x[0][i] - mean;
        y[i] = away * scale;
        if (n->op == OP_norm_slope) y[i] = scale * (x[1][i] - up - away * scale * scale * along);
    }
}

static void softmax_slope(const struct node *n, double *const *x, double *y, int64_t all) {
    const struct shape *s = &n->desc.shape;
    int64_t inner = 1, size = s->size[n->attrs.axis];
    for (int i = n->attrs.axis + 1; i < s->n; i++) inner *= s->size[i];
    for (int64_t i = 0; i < all; i++) {
        int64_t first = i / (inner * size) * inner * size + i % inner;
        double sum = 0;
        for (int64_t k = 0; k < size; k++) sum += x[0][first + k * inner] * x[1][first + k * inner];
        y[i] = x[0][i] * (x[1][i] - sum);
    }
}

static void causal(const struct node *n, const double *x, double *y, int64_t all) {
    const struct shape *s = &n->desc.shape;
    int64_t columns = s->size[s->n - 1], rows = s->size[s->n - 2];
    for (int64_t r = 0; r < all / columns; r++) {
        int64_t sees = r % rows + 1 + columns - rows;
        double sum = 0;
        for (int64_t k = 0; k < sees; k++) sum += exp(x[r * columns + k]);
        for (int64_t k = 0; k < columns; k++)
            y[r * columns + k] = k < sees ? exp(x[r * columns + k]) / sum : 0;
    }
}

/* ---- all of them ---- */

static void elementwise(const struct node *n, double *const *x, double *y, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        if (n->op == OP_fill) y[i] = n->attrs.a;
        if (n->op == OP_range) y[i] = n->attrs.a + n->attrs.b * (double)i;
        if (n->op == OP_cast) y[i] = cast(x[0][i], n->desc.dtype);
        if (n->op == OP_where) y[i] = x[0][i] != 0 ? x[1][i] : x[2][i];
        if (n->n_in == 1 && n->op != OP_cast) y[i] = one(n->op, x[0][i]);
        if (n->n_in == 2) y[i] = two(n->op, x[0][i], x[1][i]);
    }
}

static void compute(const struct node *n, double *const *x, double *y, int64_t count) {
    switch ((int)n->op) {
    case OP_expand:
    case OP_transpose:
    case OP_slice: move(n, x[0], y); break;
    case OP_place: place(n, x[0], y); break;
    case OP_concat: concat(n, x, y); break;
    case OP_gather:
    case OP_scatter_add: rows(n, x, y); break;
    case OP_one_hot: one_hot(n, x[0], y); break;
    case OP_count: y[0] = count_folded(n); break;
    case OP_sum:
    case OP_mean:
    case OP_max:
    case OP_min:
    case OP_any:
    case OP_all:
    case OP_argmax:
    case OP_argmin: reduce(n, x[0], y); break;
    case OP_conv:
    case OP_conv_input:
    case OP_conv_kernel: convolve(n, x, y); break;
    case OP_warp:
    case OP_warp_back: warp(n, x, y); break;
    case OP_max_pool:
    case OP_max_take:
    case OP_max_spread:
    case OP_mean_pool:
    case OP_mean_spread: pool(n, x, y); break;
    case OP_heads_scores:
    case OP_heads_mix: heads(n, x, y); break;
    case OP_norm:
    case OP_norm_slope: norm(n, x, y, count); break;
    case OP_softmax_slope: softmax_slope(n, x, y, count); break;
    case OP_softmax:
        if (n->attrs.axes == 1) causal(n, x[0], y, count);
        else along(n, x[0], y);
        break;
    case OP_cumsum:
    case OP_log_softmax: along(n, x[0], y); break;
    case OP_softmax_crossentropy: crossentropy(n, x, y); break;
    case OP_matmul: (n->attrs.axes & 1 ? fold_matmul : matmul)(n, x, y); break;
    default: elementwise(n, x, y, count); break;
    }
}

static double *leaf(const struct node *n, double *const *inputs, int64_t count) {
    double *y = pool_zalloc((size_t)count * sizeof *y);
    for (int64_t i = 0; i < count; i++) {
        y[i] = n->op == OP_input ? inputs[n->index][i] : tensor_get(n->constant, i);
    }
    return y;
}

double *reference_run(const struct graph *g, const struct node *n, double *const *inputs) {
    double **value = pool_zalloc((size_t)graph_n_nodes(g) * sizeof *value);
    double *x[16];
    for (int id = 0; id <= n->id; id++) {
        const struct node *node = graph_node(g, id);
        int64_t count = reference_count(&node->desc.shape);
        if (node->op == OP_input || node->op == OP_constant) {
            value[id] = leaf(node, inputs, count);
            continue;
        }
        value[id] = pool_zalloc((size_t)count * sizeof *value[id]);
        for (int i = 0; i < node->n_in; i++) x[i] = value[node->in[i]->id];
        if (count) compute(node, x, value[id], count);
    }
    double *result = value[n->id];
    value[n->id] = NULL;
    for (int id = 0; id < graph_n_nodes(g); id++) pool_free(value[id]);
    pool_free(value);
    return result;
}
