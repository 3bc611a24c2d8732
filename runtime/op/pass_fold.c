/* Constant folding: numbers computed from numbers, and operations that change nothing. */
#include "passes.h"
#include "rewrite.h"
#include <math.h>
#include <string.h>

/* ---- numbers ---- */

static bool compute_1(enum op op, double x, double *y) {
    switch ((int)op) {
    case OP_neg: *y = -x; return true;
    case OP_abs: *y = fabs(x); return true;
    case OP_square: *y = x * x; return true;
    case OP_sqrt: *y = sqrt(x); return true;
    case OP_recip: *y = 1 / x; return true;
    case OP_cast:
    case OP_expand:
    case OP_reshape:
    case OP_stop_gradient: *y = x; return true;
    default: return false;
    }
}

static bool compute_2(enum op op, double a, double b, double *y) {
    switch ((int)op) {
    case OP_add: *y = a + b; return true;
    case OP_sub: *y = a - b; return true;
    case OP_mul: *y = a * b; return true;
    case OP_div: *y = a / b; return true;
    case OP_maximum: *y = a > b ? a : b; return true;
    case OP_minimum: *y = a < b ? a : b; return true;
    default: return false;
    }
}

/* Only floats: sums of whole numbers must be exact and may overflow, which is the kernel's job. */
static bool compute(const struct node *old, struct node *const *in, double *y) {
    double x[2];
    if (old->n_in < 1 || old->n_in > 2 || !dtype_is_float(old->desc.dtype)) return false;
    for (int i = 0; i < old->n_in; i++) {
        if (!node_number(in[i], &x[i]) || isnan(x[i])) return false;
    }
    return old->n_in == 1 ? compute_1(old->op, x[0], y) : compute_2(old->op, x[0], x[1], y);
}

/* A number in the shape of `old`. */
static struct node *number_like(struct rewrite *r, const struct node *old, double x) {
    if (old->desc.dtype == DT_FLOAT32) x = (double)(float)x;
    const struct attrs fill = {.shape = old->desc.shape, .dtype = old->desc.dtype, .a = x};
    return graph_push(r->g, OP_fill, NULL, 0, &fill, &old->desc, r->e);
}

/* ---- operations that change nothing ---- */

static bool same_desc(const struct desc *a, const struct desc *b) {
    return a->dtype == b->dtype && shape_same_sizes(&a->shape, &b->shape) &&
           memcmp(a->shape.axis, b->shape.axis, sizeof(char *) * (size_t)a->shape.n) == 0;
}

static bool is(const struct node *n, double value) {
    double x;
    return node_number(n, &x) && x == value;
}

/* The input that is the result, or NULL. x + 0 is not x for x = -0, but no program can tell that
 * apart but by dividing by it. */
static struct node *unchanged(const struct node *old, struct node *const *in) {
    switch ((int)old->op) {
    case OP_add: return is(in[1], 0) ? in[0] : is(in[0], 0) ? in[1] : NULL;
    case OP_sub: return is(in[1], 0) ? in[0] : NULL;
    case OP_mul: return is(in[1], 1) ? in[0] : is(in[0], 1) ? in[1] : NULL;
    case OP_div:
    case OP_pow: return is(in[1], 1) ? in[0] : NULL;
    case OP_neg: return in[0]->op == OP_neg ? in[0]->in[0] : NULL;
    case OP_cast:
    case OP_reshape:
    case OP_stop_gradient:
    case OP_expand: return in[0];
    case OP_sum:
    case OP_mean:
    case OP_max:
    case OP_min: return old->attrs.axes == 0 ? in[0] : NULL;
    case OP_relu: return in[0]->op == OP_relu ? in[0] : NULL;
    default: return NULL;
    }
}

/* Two transpositions in a row are one, or none. */
static struct node *join_transposes(struct rewrite *r, const struct node *old, struct node *in) {
    struct attrs both = old->attrs;
    bool nothing = true;
    struct node *from = in->op == OP_transpose ? in->in[0] : in;
    for (int i = 0; i < old->desc.shape.n; i++) {
        int middle = old->attrs.perm[i];
        both.perm[i] = in->op == OP_transpose ? in->attrs.perm[middle] : middle;
        nothing = nothing && both.perm[i] == i;
    }
    if (nothing && same_desc(&from->desc, &old->desc)) return from;
    return graph_push(r->g, OP_transpose, &from, 1, &both, &old->desc, r->e);
}

/* How many numbers a reduction folds, if the sizes are known. */
static bool known_count(const struct node *old, double *count) {
    const struct shape *s = &old->in[0]->desc.shape;
    *count = 1;
    for (int i = 0; i < s->n; i++) {
        if (!(old->attrs.axes >> i & 1)) continue;
        if (s->size[i] < 0) return false;
        *count *= (double)s->size[i];
    }
    return true;
}

static struct node *fold_node(struct rewrite *r, const struct node *old, struct node *const *in) {
    double x;
    if (compute(old, in, &x)) return number_like(r, old, x);
    if (old->op == OP_count && known_count(old, &x)) return number_like(r, old, x);
    struct node *same = unchanged(old, in);
    if (same && same_desc(&same->desc, &old->desc)) return same;
    if (old->op == OP_transpose) return join_transposes(r, old, in[0]);
    if (old->op == OP_reshape && in[0]->op == OP_reshape) return rewrite_copy(r, old, in[0]->in);
    return rewrite_copy(r, old, in);
}

struct graph *pass_fold(const struct graph *g, struct node **roots, int n_roots, struct err *e) {
    return graph_rewrite(g, roots, n_roots, fold_node, NULL, e);
}
