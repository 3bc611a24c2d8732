/* Losses as compositions of operations. */
#include "losses.h"
#include "op/written.h"

/* Probabilities are kept this far from 0 before their logarithm is taken. */
static const double tiny = 1e-7;

/* Target and output with the same sizes, as float; for crossentropy the target may have been class
 * numbers and is a distribution here. */
struct pair {
    struct graph *g;
    struct node *y, *yhat;
    const struct arg *args;
};

typedef struct node *(*loss_fn)(const struct pair *p, struct err *e);

static const enum content needs[] = {
#define LOSS(id, output, name, aliases, signature, help, example) CONTENT_##output,
#include "losses.list"
#undef LOSS
};

enum content loss_needs(const struct config_row *loss) {
    return loss->group == CONFIG_LOSS ? needs[loss->kind] : CONTENT_ANY;
}

/* ---- how targets fit ---- */

static bool sizes_agree(const struct shape *a, const struct shape *b, int n) {
    if (a->n < n || b->n < n) return false;
    for (int i = 0; i < n; i++)
        if (a->size[i] != b->size[i] && a->size[i] >= 0 && b->size[i] >= 0) return false;
    return true;
}

enum fit target_fit(const struct shape *target, const struct shape *output, bool classes) {
    int t = target->n, o = output->n;
    if (t == o && sizes_agree(target, output, t)) return FIT_SAME;
    if (t == o - 1 && output->size[o - 1] == 1 && sizes_agree(target, output, t))
        return FIT_DROP_OUTPUT;
    if (classes && t == o - 1 && sizes_agree(target, output, t)) return FIT_CLASSES;
    if (classes && t == o && t > 0 && target->size[t - 1] == 1 &&
        sizes_agree(target, output, t - 1))
        return FIT_CLASSES_COLUMN;
    if (t == o + 1 && target->size[t - 1] == 1 && sizes_agree(target, output, o))
        return FIT_DROP_TARGET;
    return FIT_NONE;
}

int loss_parameters(const struct config *c) {
    if (!c || c->row->group != CONFIG_LOSS) return 0;
    if (c->row->kind == LOSS_gaussian || c->row->kind == LOSS_negative_binomial) return 2;
    bool several = c->row->kind == LOSS_quantile && c->args[0].n_numbers > 1;
    return several ? c->args[0].n_numbers : 0;
}

enum fit measure_fit(const struct config *c, const struct shape *target,
                     const struct shape *output) {
    int n = loss_parameters(c);
    if (c && c->row->group == CONFIG_LOSS && c->row->kind == LOSS_triplet) {
        struct shape one = {.n = 1, .size = {output->size[0]}};
        bool fits = output->n == 2 && target_fit(target, &one, false) != FIT_NONE;
        return fits ? FIT_PARAMETERS : FIT_NONE;
    }
    if (n == 0) return target_fit(target, output, measure_reads_classes(c));
    struct shape one = *output;
    if (one.n == 0 || (one.size[--one.n] != n && one.size[one.n] >= 0)) return FIT_NONE;
    return target_fit(target, &one, false) == FIT_NONE ? FIT_NONE : FIT_PARAMETERS;
}

bool measure_reads_classes(const struct config *c) {
    if (!c) return false;
    if (c->row->group == CONFIG_LOSS) return c->row->kind == LOSS_crossentropy;
    switch ((enum metric_kind)c->row->kind) {
    case METRIC_accuracy:
    case METRIC_top_k_accuracy:
    case METRIC_precision:
    case METRIC_recall:
    case METRIC_f1:
    case METRIC_auc: return true;
    case METRIC_rmse:
    case METRIC_mape:
    case METRIC_bias:
    case METRIC_r2:
    case METRIC_N_KINDS: break;
    }
    return false;
}

static struct node *drop_last_axis(struct graph *g, struct node *x, struct err *e) {
    if (!x) return NULL;
    struct shape s = x->desc.shape;
    s.n--;
    return op_reshape(g, x, &s, e);
}

static struct node *one_hot(struct graph *g, struct node *classes, int64_t k, struct err *e) {
    if (!classes) return NULL;
    struct attrs attrs = {.shape = shape_of(1, &k), .dtype = graph_dtype(g)};
    if (dtype_is_float(classes->desc.dtype)) {
        struct attrs whole = {.dtype = DT_INT64};
        if (!(classes = graph_add1(g, OP_cast, classes, &whole, e))) return NULL;
    }
    return op_float(g, graph_add1(g, OP_one_hot, classes, &attrs, e), e);
}

/* Bring target and output to the same sizes. */
static bool fit_pair(const struct config *loss, struct pair *p, struct err *e) {
    const struct shape *o = &p->yhat->desc.shape;
    switch (measure_fit(loss, &p->y->desc.shape, o)) {
    case FIT_NONE: {
        char y[128], yhat[128];
        err_set(e, ERR_SHAPE, "%s compares two tensors of the same shape.", loss->row->name);
        err_fact(e, "target", "%s", shape_print(&p->y->desc.shape, y, sizeof y));
        return err_fact(e, "output", "%s", shape_print(o, yhat, sizeof yhat));
    }
    case FIT_SAME: break;
    case FIT_PARAMETERS: {
        struct shape s = *o;
        s.n--;
        p->y = op_reshape(p->g, p->y, &s, e);
        break;
    }
    case FIT_DROP_OUTPUT: p->yhat = drop_last_axis(p->g, p->yhat, e); break;
    case FIT_DROP_TARGET: p->y = drop_last_axis(p->g, p->y, e); break;
    case FIT_CLASSES_COLUMN: p->y = drop_last_axis(p->g, p->y, e); /* fallthrough */
    case FIT_CLASSES: p->y = one_hot(p->g, p->y, o->size[o->n - 1], e); break;
    }
    p->y = op_float(p->g, p->y, e);
    p->yhat = op_float(p->g, p->yhat, e);
    return p->y && p->yhat;
}

/* ---- regression ---- */

static struct node *loss_mse(const struct pair *p, struct err *e) {
    return op1(p->g, OP_square, op2(p->g, OP_sub, p->yhat, p->y, e), e);
}

static struct node *loss_mae(const struct pair *p, struct err *e) {
    return op1(p->g, OP_abs, op2(p->g, OP_sub, p->yhat, p->y, e), e);
}

static struct node *loss_huber(const struct pair *p, struct err *e) {
    double delta = p->args[0].number;
    struct node *error = op2(p->g, OP_sub, p->yhat, p->y, e);
    struct node *size = op1(p->g, OP_abs, error, e);
    struct node *small = op_number(p->g, OP_mul, op1(p->g, OP_square, error, e), 0.5, e);
    struct node *large =
        op_number(p->g, OP_mul, op_number(p->g, OP_sub, size, delta / 2, e), delta, e);
    return op3(p->g, OP_where, op_number(p->g, OP_le, size, delta, e), small, large, e);
}

static struct node *loss_poisson(const struct pair *p, struct err *e) {
    struct node *log = op1(p->g, OP_log, op_number(p->g, OP_add, p->yhat, tiny, e), e);
    return op2(p->g, OP_sub, p->yhat, op2(p->g, OP_mul, p->y, log, e), e);
}

static struct node *loss_hinge(const struct pair *p, struct err *e) {
    struct node *margin = op2(p->g, OP_mul, p->y, p->yhat, e);
    struct node *missing = op_number(p->g, OP_add, op1(p->g, OP_neg, margin, e), 1, e);
    return op_number(p->g, OP_maximum, missing, 0, e);
}

/* 1 / |x| along the last axis, finite for a vector of zeros. */
static struct node *inverse_length(struct graph *g, struct node *x, struct err *e) {
    uint32_t last = 1u << (x->desc.shape.n - 1);
    struct node *square = op_fold(g, OP_sum, op1(g, OP_square, x, e), last, false, e);
    return op1(g, OP_rsqrt, op_number(g, OP_maximum, square, 1e-12, e), e);
}

static struct node *loss_cosine(const struct pair *p, struct err *e) {
    uint32_t last = 1u << (p->y->desc.shape.n - 1);
    struct node *dot = op_fold(p->g, OP_sum, op2(p->g, OP_mul, p->y, p->yhat, e), last, false, e);
    struct node *scale =
        op2(p->g, OP_mul, inverse_length(p->g, p->y, e), inverse_length(p->g, p->yhat, e), e);
    struct node *cosine = op2(p->g, OP_mul, dot, scale, e);
    return op_number(p->g, OP_add, op1(p->g, OP_neg, cosine, e), 1, e);
}

/* A number for each example as a matrix: over its columns, or over its rows. */
static struct node *spread_over(struct graph *g, struct node *x, bool columns, struct err *e) {
    if (!x) return NULL;
    int64_t n = x->desc.shape.size[0];
    struct attrs a = {.shape = shape_of(2, (int64_t[]){n, n}), .axes = columns ? 2 : 1};
    return graph_add1(g, OP_expand, x, &a, e);
}

/* Distances of all pairs of rows; the square root has a slope at 0, too. */
static struct node *distances(struct graph *g, struct node *x, struct err *e) {
    struct attrs turned = {.trans_b = true};
    struct node *products = graph_add2(g, OP_matmul, x, x, &turned, e);
    struct node *squares = op_fold(g, OP_sum, op1(g, OP_square, x, e), 2, false, e);
    struct node *sums =
        op2(g, OP_add, spread_over(g, squares, true, e), spread_over(g, squares, false, e), e);
    struct node *apart = op2(g, OP_sub, sums, op_number(g, OP_mul, products, 2, e), e);
    return op1(g, OP_sqrt, op_number(g, OP_maximum, apart, 1e-12, e), e);
}

static struct node *loss_triplet(const struct pair *p, struct err *e) {
    struct graph *g = p->g;
    const double far = 1e30;
    struct node *same =
        op2(g, OP_eq, spread_over(g, p->y, true, e), spread_over(g, p->y, false, e), e);
    struct node *d = distances(g, p->yhat, e), *none = graph_number(g, 0, e);
    struct node *friend = op_fold(g, OP_max, op3(g, OP_where, same, d, none, e), 2, false, e);
    struct node *others = op3(g, OP_where, same, graph_number(g, far, e), d, e);
    struct node *stranger = op_fold(g, OP_min, others, 2, false, e);
    struct node *missing = op2(g, OP_sub, friend, stranger, e);
    return op1(g, OP_relu, op_number(g, OP_add, missing, p->args[0].number, e), e);
}

static struct node *loss_log_cosh(const struct pair *p, struct err *e) {
    /* |x| + log(1 + exp(-2 |x|)) - log 2 */
    struct node *size = op1(p->g, OP_abs, op2(p->g, OP_sub, p->yhat, p->y, e), e);
    struct node *rest = op1(p->g, OP_softplus, op_number(p->g, OP_mul, size, -2, e), e);
    return op_number(p->g, OP_sub, op2(p->g, OP_add, size, rest, e), 0.6931471805599453, e);
}

/* ---- an output that describes a distribution of each number of the target ---- */

/* Number i of the last axis, without the axis. */
static struct node *parameter(const struct pair *p, int64_t i, struct err *e) {
    const struct shape *s = &p->yhat->desc.shape;
    struct attrs a = {.shape = *s};
    for (int k = 0; k < s->n; k++) a.step[k] = 1;
    a.begin[s->n - 1] = i;
    a.shape.size[s->n - 1] = 1;
    return drop_last_axis(p->g, graph_add1(p->g, OP_slice, p->yhat, &a, e), e);
}

/* softplus plus a little: a spread is above 0. */
static struct node *spread(const struct pair *p, int64_t i, struct err *e) {
    return op_number(p->g, OP_add, op1(p->g, OP_softplus, parameter(p, i, e), e), 1e-3, e);
}

/* log s + ((y - m) / s)^2 / 2 + log(2 pi) / 2 */
static struct node *loss_gaussian(const struct pair *p, struct err *e) {
    struct node *s = spread(p, 1, e);
    struct node *away = op2(p->g, OP_div, op2(p->g, OP_sub, p->y, parameter(p, 0, e), e), s, e);
    struct node *half = op_number(p->g, OP_mul, op1(p->g, OP_square, away, e), 0.5, e);
    struct node *sum = op2(p->g, OP_add, op1(p->g, OP_log, s, e), half, e);
    return op_number(p->g, OP_add, sum, 0.9189385332046727, e);
}

/* log of the gamma function for x > 0: Stirling's series at x + 6, brought back by the product
 * x (x + 1) … (x + 5) (Abramowitz and Stegun 6.1.15, 6.1.41). */
static struct node *log_gamma(struct graph *g, struct node *x, struct err *e) {
    struct node *product = x, *z = op_number(g, OP_add, x, 6, e);
    for (int i = 1; i < 6; i++) product = op2(g, OP_mul, product, op_number(g, OP_add, x, i, e), e);
    struct node *power = op_number(g, OP_sub, z, 0.5, e);
    struct node *r = op1(g, OP_recip, z, e), *r2 = op1(g, OP_square, r, e);
    struct node *series =
        op_number(g, OP_add, op_number(g, OP_mul, r2, -1.0 / 360, e), 1.0 / 12, e);
    struct node *sum = op2(g, OP_sub, op2(g, OP_mul, power, op1(g, OP_log, z, e), e), z, e);
    sum = op2(g, OP_add, sum, op2(g, OP_mul, series, r, e), e);
    sum = op2(g, OP_sub, sum, op1(g, OP_log, product, e), e);
    return op_number(g, OP_add, sum, 0.9189385332046727, e);
}

/* Mean m, variance m + a m^2, k = 1 / a: log G(k) + log G(y + 1) - log G(y + k)
 * + (y + k) log(1 + a m) - y log(a m). */
static struct node *loss_negative_binomial(const struct pair *p, struct err *e) {
    struct graph *g = p->g;
    struct node *m = spread(p, 0, e), *a = spread(p, 1, e);
    struct node *k = op1(g, OP_recip, a, e), *am = op2(g, OP_mul, a, m, e);
    struct node *yk = op2(g, OP_add, p->y, k, e);
    struct node *gammas = op2(g, OP_sub, log_gamma(g, k, e), log_gamma(g, yk, e), e);
    gammas = op2(g, OP_add, gammas, log_gamma(g, op_number(g, OP_add, p->y, 1, e), e), e);
    struct node *one = op1(g, OP_log, op_number(g, OP_add, am, 1, e), e);
    struct node *terms = op2(g, OP_add, gammas, op2(g, OP_mul, yk, one, e), e);
    return op2(g, OP_sub, terms, op2(g, OP_mul, p->y, op1(g, OP_log, am, e), e), e);
}

/* max(q (y - yhat), (q - 1) (y - yhat)) */
static struct node *pinball(struct graph *g, struct node *error, double q, struct err *e) {
    return op2(g, OP_maximum, op_number(g, OP_mul, error, q, e),
               op_number(g, OP_mul, error, q - 1, e), e);
}

static struct node *loss_quantile(const struct pair *p, struct err *e) {
    const struct arg *q = &p->args[0];
    if (q->n_numbers < 2)
        return pinball(p->g, op2(p->g, OP_sub, p->y, p->yhat, e), q->numbers[0], e);
    struct node *sum = NULL;
    for (int i = 0; i < q->n_numbers; i++) {
        struct node *error = op2(p->g, OP_sub, p->y, parameter(p, i, e), e);
        struct node *one = pinball(p->g, error, q->numbers[i], e);
        sum = i ? op2(p->g, OP_add, sum, one, e) : one;
    }
    return op_number(p->g, OP_mul, sum, 1.0 / q->n_numbers, e);
}

/* ---- distributions ---- */

static struct node *safe_log(struct graph *g, struct node *p, struct err *e) {
    return op1(g, OP_log, op_number(g, OP_maximum, p, tiny, e), e);
}

/* What a sigmoid was applied to, looking through changes of shape; NULL if there is none. */
static struct node *sigmoid_input(struct graph *g, struct node *p, struct err *e) {
    if (p->op == OP_sigmoid) return p->in[0];
    if (p->op == OP_div) return written_sigmoid_input(g, p, e);
    if (p->op != OP_reshape) return NULL;
    struct node *x = sigmoid_input(g, p->in[0], e);
    return x ? op_reshape(g, x, &p->desc.shape, e) : NULL;
}

static struct node *loss_bce(const struct pair *p, struct err *e) {
    struct node *logits = sigmoid_input(p->g, p->yhat, e);
    if (logits) return op2(p->g, OP_sigmoid_bce, logits, p->y, e);
    struct node *other = op_number(p->g, OP_add, op1(p->g, OP_neg, p->yhat, e), 1, e);
    struct node *missing = op_number(p->g, OP_add, op1(p->g, OP_neg, p->y, e), 1, e);
    struct node *positive = op2(p->g, OP_mul, p->y, safe_log(p->g, p->yhat, e), e);
    struct node *negative = op2(p->g, OP_mul, missing, safe_log(p->g, other, e), e);
    return op1(p->g, OP_neg, op2(p->g, OP_add, positive, negative, e), e);
}

static struct node *loss_crossentropy(const struct pair *p, struct err *e) {
    int last = p->yhat->desc.shape.n - 1;
    bool softmax = p->yhat->op == OP_softmax && p->yhat->attrs.axis == last;
    struct node *logits = softmax ? p->yhat->in[0] : written_softmax_input(p->yhat);
    if (logits) return op2(p->g, OP_softmax_crossentropy, logits, p->y, e);
    struct node *terms = op2(p->g, OP_mul, p->y, safe_log(p->g, p->yhat, e), e);
    return op1(p->g, OP_neg, op_fold(p->g, OP_sum, terms, 1u << last, false, e), e);
}

static struct node *loss_kl_divergence(const struct pair *p, struct err *e) {
    uint32_t last = 1u << (p->yhat->desc.shape.n - 1);
    struct node *y = op_number(p->g, OP_maximum, p->y, tiny, e);
    struct node *logs = op2(p->g, OP_sub, op1(p->g, OP_log, y, e), safe_log(p->g, p->yhat, e), e);
    return op_fold(p->g, OP_sum, op2(p->g, OP_mul, y, logs, e), last, false, e);
}

static const loss_fn losses[] = {
#define LOSS(id, output, name, aliases, signature, help, example) loss_##id,
#include "losses.list"
#undef LOSS
};

/* Losses along the last axis need one. */
static bool check_axes(const struct config *loss, const struct pair *p, struct err *e) {
    bool along = loss->row->kind == LOSS_crossentropy || loss->row->kind == LOSS_kl_divergence ||
                 loss->row->kind == LOSS_cosine;
    if (!along || p->yhat->desc.shape.n > 0) return true;
    return err_set(e, ERR_SHAPE, "%s compares vectors, but these are single numbers.",
                   loss->row->name);
}

struct node *loss_mean(const struct config *loss, struct graph *g, struct node *target,
                       struct node *output, struct node *weights, struct err *e) {
    struct pair p = {g, target, output, loss->args};
    if (!fit_pair(loss, &p, e) || !check_axes(loss, &p, e)) return NULL;
    struct node *terms = losses[loss->row->kind](&p, e);
    if (terms && weights) {
        if (terms->desc.shape.n > 1)
            terms = op_fold(g, OP_mean, terms, axes_from(terms, 1), false, e);
        terms = op2(g, OP_mul, terms, weights, e);
    }
    if (!terms || terms->desc.shape.n == 0) return terms;
    return op_fold(g, OP_mean, terms, axes_from(terms, 0), false, e);
}
