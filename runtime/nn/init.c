/* First values of weights. Every number is addressed by (seed, stream of the statement, stream of
 * the weight, element), so that it does not depend on what else is drawn. */
#include "model.h"
#include "../base/hash.h"
#include "../base/pool.h"
#include "../rng.h"
#include "room_check.h"
#include <math.h>

/* One weight to be filled; out has `n` floats. */
struct draw {
    const struct weight_info *weight;
    const struct arg *args;
    struct rng_key key;
    int64_t n;
    float *out;
};

typedef bool (*init_fn)(const struct draw *d, struct err *e);

static bool fill_uniform(const struct draw *d, double limit) {
    for (int64_t i = 0; i < d->n; i++)
        d->out[i] = (float)(limit * (2 * rng_uniform(d->key, (uint64_t)i) - 1));
    return true;
}

/* Normal numbers cut off at two standard deviations, widened so that `std` is theirs after the cut:
 * the standard deviation of a standard normal cut at 2 is 0.8796. Each redraw is one step on. */
static bool fill_truncated(const struct draw *d, double std) {
    for (int64_t i = 0; i < d->n; i++) {
        struct rng_key key = d->key;
        double z;
        do {
            z = rng_normal(key, (uint64_t)i);
            key.step++;
        } while (fabs(z) > 2);
        d->out[i] = (float)(std / 0.87962566103423978 * z);
    }
    return true;
}

static bool init_glorot_uniform(const struct draw *d, struct err *e) {
    (void)e;
    return fill_uniform(d, sqrt(6.0 / (d->weight->fan_in + d->weight->fan_out)));
}

static bool init_glorot_normal(const struct draw *d, struct err *e) {
    (void)e;
    return fill_truncated(d, sqrt(2.0 / (d->weight->fan_in + d->weight->fan_out)));
}

static bool init_he_uniform(const struct draw *d, struct err *e) {
    (void)e;
    return fill_uniform(d, sqrt(6.0 / d->weight->fan_in));
}

static bool init_he_normal(const struct draw *d, struct err *e) {
    (void)e;
    return fill_truncated(d, sqrt(2.0 / d->weight->fan_in));
}

static bool init_normal(const struct draw *d, struct err *e) {
    (void)e;
    for (int64_t i = 0; i < d->n; i++)
        d->out[i] = (float)(d->args[0].number * rng_normal(d->key, (uint64_t)i));
    return true;
}

static bool init_random_uniform(const struct draw *d, struct err *e) {
    (void)e;
    return fill_uniform(d, d->args[0].number);
}

static bool init_forget_bias(const struct draw *d, struct err *e) {
    (void)e;
    for (int64_t i = 0; i < d->n; i++) d->out[i] = i >= d->n / 4 && i < d->n / 2;
    return true;
}

static bool init_constant(const struct draw *d, struct err *e) {
    (void)e;
    for (int64_t i = 0; i < d->n; i++) d->out[i] = (float)d->args[0].number;
    return true;
}

/* In eight sums, so that no addition waits for the one before. */
static double product(const double *a, const double *b, int64_t n) {
    double sums[8] = {0};
    int64_t k = 0;
    for (; k + 8 <= n; k += 8)
        for (int i = 0; i < 8; i++) sums[i] += a[k + i] * b[k + i];
    for (; k < n; k++) sums[0] += a[k] * b[k];
    return ((sums[0] + sums[1]) + (sums[2] + sums[3])) +
           ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

/* What of v lies along w is taken out of it. */
static void take_out(double *v, const double *w, int64_t n) {
    double dot = product(v, w, n);
    for (int64_t k = 0; k < n; k++) v[k] -= dot * w[k];
}

static void make_unit(double *v, int64_t n) {
    double length = sqrt(product(v, v, n));
    for (int64_t k = 0; k < n; k++) v[k] /= length > 0 ? length : 1;
}

/* What of rows [begin, end) lies along the rows before them is taken out: two products. */
static bool take_out_earlier(struct tensor *q, int64_t begin, int64_t end, struct err *e) {
    const struct attrs turned = {.trans_b = true};
    int64_t n = q->shape.size[1];
    struct tensor *some = tensor_rows(q, begin, end, e), *old = tensor_rows(q, 0, begin, e);
    struct tensor *shares = NULL, *along = NULL;
    if (some && old) shares = op_eval(OP_matmul, (struct tensor *[]){some, old}, 2, &turned, 0, e);
    if (shares) along = op_eval(OP_matmul, (struct tensor *[]){shares, old}, 2, NULL, 0, e);
    double *to = (double *)q->data + begin * n;
    for (int64_t i = 0; along && i < (end - begin) * n; i++) to[i] -= ((double *)along->data)[i];
    tensor_unref(some);
    tensor_unref(old);
    tensor_unref(shares);
    tensor_unref(along);
    return along != NULL;
}

/* Gram-Schmidt on the rows of q, not more than columns, twice over for accuracy (Giraud et al.,
 * 2005); some rows at a time, so that most of the work is in products of matrices. */
static bool orthonormalise(struct tensor *q, struct err *e) {
    enum { SOME = 32 };
    int64_t m = q->shape.size[0], n = q->shape.size[1];
    double *row = q->data;
    for (int64_t begin = 0; begin < m; begin += SOME) {
        int64_t end = begin + SOME < m ? begin + SOME : m;
        for (int round = 0; round < 2 && begin > 0; round++)
            TRY(take_out_earlier(q, begin, end, e));
        for (int64_t i = begin; i < end; i++)
            for (int round = 0; round < 2; round++) {
                for (int64_t j = begin; j < i; j++) take_out(row + i * n, row + j * n, n);
                make_unit(row + i * n, n);
            }
    }
    return true;
}

static bool init_orthogonal(const struct draw *d, struct err *e) {
    const struct shape *s = &d->weight->shape;
    int64_t columns = s->n ? s->size[s->n - 1] : 1, rows = columns ? d->n / columns : 0;
    bool tall = rows > columns;
    int64_t m = tall ? columns : rows, n = tall ? rows : columns;
    struct shape both = shape_of(2, (int64_t[]){m, n});
    struct tensor *q = tensor_new(DT_FLOAT64, &both, e);
    if (!q) return false;
    double *x = q->data;
    for (int64_t i = 0; i < d->n; i++) x[i] = rng_normal(d->key, (uint64_t)i);
    bool ok = orthonormalise(q, e);
    for (int64_t r = 0; ok && r < rows; r++)
        for (int64_t c = 0; c < columns; c++)
            d->out[r * columns + c] =
                (float)(d->args[0].number * (tall ? x[c * n + r] : x[r * n + c]));
    tensor_unref(q);
    return ok;
}

static const init_fn inits[] = {
#define INITIALIZER(id, name, aliases, signature, help, example) init_##id,
#include "initializers.list"
#undef INITIALIZER
};

struct weights *model_init(const struct model *m, uint64_t seed, uint64_t stream, struct err *e) {
    if (!room_check(model_block_size(m), 2, "its weights, twice", e)) return NULL;
    struct weights *w = weights_new(model_block_size(m), e);
    if (!w) return NULL;
    for (int i = 0; i < model_n_weights(m); i++) {
        const struct weight_info *info = model_weight(m, i);
        struct draw d = {.weight = info,
                         .args = info->init->args,
                         .key = {.seed = seed, .stream = hash_add(stream, info->stream)},
                         .out = w->data + info->offset};
        if (info->start) {
            for (int64_t k = 0; k < info->start->count; k++)
                d.out[k] = (float)tensor_get(info->start, k);
            continue;
        }
        if (!shape_count(&info->shape, &d.n, e) || !inits[info->init->row->kind](&d, e)) {
            weights_unref(w);
            return NULL;
        }
    }
    return w;
}
