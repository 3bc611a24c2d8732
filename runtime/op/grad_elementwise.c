/* Derivatives of the elementwise operations. x, a, b: inputs; y: the result; u: what comes from
 * above. */
#include "grad.h"
#include "rewrite.h"
#include <math.h>

#define X(c) ((c)->n->in[0])
#define Y(c) ((c)->n)
#define U(c) ((c)->up)

static struct node *times(struct grad *c, struct node *a, struct node *b) {
    return grad_2(c, OP_mul, a, b);
}

static struct node *negative(struct grad *c, struct node *a) {
    return grad_1(c, OP_neg, a, NULL);
}

static struct node *squared(struct grad *c, struct node *a) {
    return grad_1(c, OP_square, a, NULL);
}

static struct node *one_minus(struct grad *c, struct node *a) {
    return a ? grad_2(c, OP_sub, grad_number(c, 1), a) : NULL;
}

static struct node *one_plus(struct grad *c, struct node *a) {
    return a ? grad_by(c, OP_add, a, 1) : NULL;
}

static bool is_number(const struct node *n, double value) {
    double x;
    return node_number(n, &x) && x == value;
}

/* exp(-x^2 / scale) */
static struct node *bell(struct grad *c, double scale) {
    return grad_1(c, OP_exp, grad_by(c, OP_mul, squared(c, X(c)), -1 / scale), NULL);
}

/* ---- one input ---- */

static void grad_neg(struct grad *c) {
    c->in[0] = negative(c, U(c));
}

static void grad_abs(struct grad *c) {
    c->in[0] = times(c, U(c), grad_1(c, OP_sign, X(c), NULL));
}

static void grad_square(struct grad *c) {
    c->in[0] = times(c, U(c), grad_by(c, OP_mul, X(c), 2));
}

static void grad_exp(struct grad *c) {
    c->in[0] = times(c, U(c), Y(c));
}

/* u / p, unless p may have become 0 where its logarithm has not: then the slope is taken with
 * respect to what p was made from, in a form without division. pass_stable does the same for the
 * values. */
static void grad_log(struct grad *c) {
    struct node *p = X(c), *inner = p;
    bool rest = p->op == OP_sub && is_number(p->in[0], 1) && !c->wanted[p->id];
    if (rest) inner = p->in[1]; /* log(1 - inner) */
    bool behind = !c->wanted[inner->id] && inner->n_in == 1;
    if (behind && !rest && inner->op == OP_softmax && inner->attrs.axes == 0) {
        c->beyond = inner->in[0];
        c->in[0] = grad_log_softmax_of(c, inner);
    } else if (behind && !rest && inner->op == OP_exp) {
        c->beyond = inner->in[0];
        c->in[0] = U(c);
    } else if (behind && inner->op == OP_sigmoid) {
        c->beyond = inner->in[0];
        c->in[0] = times(c, U(c), rest ? negative(c, inner) : one_minus(c, inner));
    } else {
        c->in[0] = grad_2(c, OP_div, U(c), p);
    }
}

static void grad_sqrt(struct grad *c) {
    c->in[0] = grad_2(c, OP_div, grad_by(c, OP_mul, U(c), 0.5), Y(c));
}

/* -1/2 u y^3 */
static void grad_rsqrt(struct grad *c) {
    struct node *cube = times(c, squared(c, Y(c)), Y(c));
    c->in[0] = times(c, grad_by(c, OP_mul, U(c), -0.5), cube);
}

static void grad_recip(struct grad *c) {
    c->in[0] = negative(c, times(c, U(c), squared(c, Y(c))));
}

static void grad_sin(struct grad *c) {
    c->in[0] = times(c, U(c), grad_1(c, OP_cos, X(c), NULL));
}

static void grad_cos(struct grad *c) {
    c->in[0] = negative(c, times(c, U(c), grad_1(c, OP_sin, X(c), NULL)));
}

static void grad_tan(struct grad *c) {
    c->in[0] = times(c, U(c), one_plus(c, squared(c, Y(c))));
}

static void grad_asin(struct grad *c) {
    struct node *height = grad_1(c, OP_sqrt, one_minus(c, squared(c, X(c))), NULL);
    c->in[0] = grad_2(c, OP_div, U(c), height);
}

static void grad_acos(struct grad *c) {
    grad_asin(c);
    c->in[0] = negative(c, c->in[0]);
}

static void grad_atan(struct grad *c) {
    c->in[0] = grad_2(c, OP_div, U(c), one_plus(c, squared(c, X(c))));
}

static void grad_sinh(struct grad *c) {
    c->in[0] = times(c, U(c), grad_1(c, OP_cosh, X(c), NULL));
}

static void grad_cosh(struct grad *c) {
    c->in[0] = times(c, U(c), grad_1(c, OP_sinh, X(c), NULL));
}

static void grad_log2(struct grad *c) {
    c->in[0] = grad_2(c, OP_div, grad_by(c, OP_mul, U(c), M_LOG2E), X(c));
}

static void grad_log10(struct grad *c) {
    c->in[0] = grad_2(c, OP_div, grad_by(c, OP_mul, U(c), M_LOG10E), X(c));
}

static void grad_log1p(struct grad *c) {
    c->in[0] = grad_2(c, OP_div, U(c), one_plus(c, X(c)));
}

static void grad_expm1(struct grad *c) {
    c->in[0] = times(c, U(c), one_plus(c, Y(c)));
}

static void grad_tanh(struct grad *c) {
    c->in[0] = times(c, U(c), one_minus(c, squared(c, Y(c))));
}

static void grad_sigmoid(struct grad *c) {
    c->in[0] = times(c, U(c), times(c, Y(c), one_minus(c, Y(c))));
}

static void grad_softplus(struct grad *c) {
    c->in[0] = times(c, U(c), grad_1(c, OP_sigmoid, X(c), NULL));
}

static void grad_erf(struct grad *c) {
    c->in[0] = times(c, U(c), grad_by(c, OP_mul, bell(c, 1), M_2_SQRTPI));
}

/* The sign is read from the result, so that the input need not be kept. */
static void grad_relu(struct grad *c) {
    c->in[0] = grad_where(c, grad_by(c, OP_gt, Y(c), 0), U(c), grad_number(c, 0));
}

static void grad_gelu(struct grad *c) {
    c->in[0] = times(c, U(c), grad_1(c, OP_gelu_slope, X(c), NULL));
}

/* (cdf + x pdf)' = pdf + pdf - x^2 pdf = pdf(x) (2 - x^2) */
static void grad_gelu_slope(struct grad *c) {
    struct node *pdf = grad_by(c, OP_mul, bell(c, 2), M_2_SQRTPI * M_SQRT1_2 / 2);
    struct node *factor = grad_2(c, OP_sub, grad_number(c, 2), squared(c, X(c)));
    c->in[0] = times(c, U(c), times(c, pdf, factor));
}

static void grad_cast(struct grad *c) {
    const struct attrs back = {.dtype = X(c)->desc.dtype};
    c->in[0] = grad_1(c, OP_cast, U(c), &back);
}

/* ---- two and three inputs: a, b already have one shape ---- */

#define A(c) ((c)->n->in[0])
#define B(c) ((c)->n->in[1])

static void grad_add(struct grad *c) {
    c->in[0] = c->in[1] = U(c);
}

static void grad_sub(struct grad *c) {
    c->in[0] = U(c);
    if (c->need[1]) c->in[1] = negative(c, U(c));
}

static void grad_mul(struct grad *c) {
    if (c->need[0]) c->in[0] = times(c, U(c), B(c));
    if (c->need[1]) c->in[1] = times(c, U(c), A(c));
}

/* u / b and -u y / b */
static void grad_div(struct grad *c) {
    struct node *q = grad_2(c, OP_div, U(c), B(c));
    c->in[0] = q;
    if (c->need[1]) c->in[1] = negative(c, times(c, q, Y(c)));
}

/* a - b floor(a / b): the floor counts as constant. */
static void grad_mod(struct grad *c) {
    c->in[0] = U(c);
    if (!c->need[1]) return;
    struct node *rounds = grad_2(c, OP_floordiv, A(c), B(c));
    c->in[1] = negative(c, times(c, U(c), rounds));
}

/* b a^(b-1) for a number b; where b is 0 the derivative is 0 even at a = 0. */
static struct node *power_slope(struct grad *c) {
    double b;
    if (!node_number(B(c), &b)) {
        struct node *zero = grad_by(c, OP_eq, B(c), 0);
        struct node *less = grad_by(c, OP_sub, B(c), 1);
        struct node *rest = grad_where(c, zero, grad_number(c, 1), less);
        return times(c, B(c), grad_2(c, OP_pow, A(c), rest));
    }
    if (b == 2) return grad_by(c, OP_mul, A(c), 2);
    return grad_by(c, OP_mul, grad_by(c, OP_pow, A(c), b == 0 ? 1 : b - 1), b);
}

/* d/db a^b = y log(a), where a > 0; elsewhere nothing flows. */
static void grad_pow(struct grad *c) {
    if (c->need[0]) c->in[0] = times(c, U(c), power_slope(c));
    if (!c->need[1]) return;
    struct node *positive = grad_by(c, OP_gt, A(c), 0);
    struct node *safe = grad_where(c, positive, A(c), grad_number(c, 1));
    c->in[1] = times(c, U(c), times(c, Y(c), grad_1(c, OP_log, safe, NULL)));
}

/* Where both are equal, all of it flows to the first. */
static void grad_choice(struct grad *c, enum op first_wins) {
    struct node *first = grad_2(c, first_wins, A(c), B(c));
    if (c->need[0]) c->in[0] = grad_where(c, first, U(c), grad_number(c, 0));
    if (c->need[1]) c->in[1] = grad_where(c, first, grad_number(c, 0), U(c));
}

static void grad_maximum(struct grad *c) {
    grad_choice(c, OP_ge);
}

static void grad_minimum(struct grad *c) {
    grad_choice(c, OP_le);
}

static void grad_of_where(struct grad *c) {
    if (c->need[1]) c->in[1] = grad_where(c, A(c), U(c), grad_number(c, 0));
    if (c->need[2]) c->in[2] = grad_where(c, A(c), grad_number(c, 0), U(c));
}

/* softplus(x) - x y */
static void grad_sigmoid_bce(struct grad *c) {
    if (c->need[0]) {
        struct node *p = grad_1(c, OP_sigmoid, A(c), NULL);
        c->in[0] = times(c, U(c), grad_2(c, OP_sub, p, B(c)));
    }
    if (c->need[1]) c->in[1] = negative(c, times(c, U(c), A(c)));
}

grad_fn *grad_of_elementwise(enum op op) {
    static grad_fn *const table[OP_COUNT] = {
        [OP_neg] = grad_neg,
        [OP_abs] = grad_abs,
        [OP_square] = grad_square,
        [OP_exp] = grad_exp,
        [OP_log] = grad_log,
        [OP_sqrt] = grad_sqrt,
        [OP_rsqrt] = grad_rsqrt,
        [OP_recip] = grad_recip,
        [OP_sin] = grad_sin,
        [OP_cos] = grad_cos,
        [OP_tan] = grad_tan,
        [OP_asin] = grad_asin,
        [OP_acos] = grad_acos,
        [OP_atan] = grad_atan,
        [OP_sinh] = grad_sinh,
        [OP_cosh] = grad_cosh,
        [OP_log2] = grad_log2,
        [OP_log10] = grad_log10,
        [OP_log1p] = grad_log1p,
        [OP_expm1] = grad_expm1,
        [OP_tanh] = grad_tanh,
        [OP_sigmoid] = grad_sigmoid,
        [OP_softplus] = grad_softplus,
        [OP_erf] = grad_erf,
        [OP_relu] = grad_relu,
        [OP_gelu] = grad_gelu,
        [OP_gelu_slope] = grad_gelu_slope,
        [OP_cast] = grad_cast,
        [OP_add] = grad_add,
        [OP_sub] = grad_sub,
        [OP_mul] = grad_mul,
        [OP_div] = grad_div,
        [OP_mod] = grad_mod,
        [OP_pow] = grad_pow,
        [OP_maximum] = grad_maximum,
        [OP_minimum] = grad_minimum,
        [OP_where] = grad_of_where,
        [OP_sigmoid_bce] = grad_sigmoid_bce,
    };
    return table[op];
}
