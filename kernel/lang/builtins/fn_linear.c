/* Linear algebra beyond the matrix product: equations, inverses, singular values. */
#include "fn.h"
#include "lang/eval/eval_ops.h"
#include "data/linear.h"
#include <math.h>
#include <string.h>

/* Argument i as a matrix of float64; square if asked for. */
static bool take_matrix(struct call *c, int i, bool square, struct tensor **out) {
    char text[128];
    TRY(call_floats(c, i, out));
    const struct shape *s = &(*out)->shape;
    if (s->n == 2 && (!square || s->size[0] == s->size[1])) return true;
    call_fail(c, i, ERR_SHAPE, "%s needs a %smatrix.", c->row->name, square ? "square " : "");
    err_label(c->ev->e, "is %s", shape_print(s, text, sizeof text));
    tensor_unref(*out);
    return false;
}

static bool singular(struct call *c) {
    if (c->ev->e->kind) return false;
    call_fail(c, 0, ERR_VALUE, "This matrix has no inverse: its rows depend on each other.");
    return err_hint(c->ev->e,
                    "One of them is a sum of multiples of the others. Fewer columns, or a "
                    "small number on the diagonal (a + 1e-6 * eye(n)), help.");
}

/* x in a x = b, in the shape of b. */
static bool solve(struct call *c, const struct tensor *a, const struct tensor *b,
                  struct value *out) {
    struct tensor *x = linear_solve(a, b, c->ev->e);
    if (!x) return singular(c);
    *out = value_tensor(x);
    return true;
}

bool fn_solve(struct call *c, struct value *out) {
    struct tensor *a, *b;
    char text[128];
    TRY(take_matrix(c, 0, true, &a));
    if (!call_floats(c, 1, &b)) return tensor_unref(a), false;
    bool fits = (b->shape.n == 1 || b->shape.n == 2) && b->shape.size[0] == a->shape.size[0];
    bool ok = fits;
    if (!fits) {
        call_fail(c, 1, ERR_SHAPE,
                  "The right side needs a number, or a row, for each of the %lld "
                  "rows of the matrix.",
                  (long long)a->shape.size[0]);
        err_label(c->ev->e, "is %s", shape_print(&b->shape, text, sizeof text));
    }
    ok = ok && solve(c, a, b, out);
    tensor_unref(a);
    tensor_unref(b);
    return ok;
}

bool fn_inv(struct call *c, struct value *out) {
    struct tensor *a;
    TRY(take_matrix(c, 0, true, &a));
    struct tensor *one = tensor_zeros(DT_FLOAT64, &a->shape, c->ev->e);
    int64_t n = a->shape.size[0];
    for (int64_t i = 0; one && i < n; i++) ((double *)one->data)[i * n + i] = 1;
    bool ok = one && solve(c, a, one, out);
    tensor_unref(one);
    tensor_unref(a);
    return ok;
}

bool fn_svd(struct call *c, struct value *out) {
    struct tensor *a, *parts[3];
    TRY(take_matrix(c, 0, false, &a));
    bool ok = linear_svd(a, parts, c->ev->stop, c->ev->e);
    tensor_unref(a);
    if (!ok) return false;
    *out = value_list_new(3, c->ev->e);
    ok = out->kind == V_LIST;
    for (int i = 0; i < 3; i++) {
        if (ok) ok = list_add(out->list, value_tensor(parts[i]), c->ev->e);
        else tensor_unref(parts[i]);
    }
    return ok;
}

/* ---- diagonals ---- */

bool fn_diag(struct call *c, struct value *out) {
    struct tensor *x, *made;
    char text[128];
    TRY(call_tensor(c, 0, &x));
    const struct shape *from = &x->shape;
    if (from->n != 1 && from->n != 2) {
        call_fail(c, 0, ERR_SHAPE, "diag takes a matrix or a vector.");
        err_label(c->ev->e, "is %s", shape_print(from, text, sizeof text));
        return tensor_unref(x), false;
    }
    int64_t n = from->size[0], cols = from->n == 2 ? from->size[1] : n;
    struct shape to =
        shape_of(from->n == 1 ? 2 : 1, (int64_t[]){from->n == 2 && cols < n ? cols : n, n});
    made = tensor_zeros(x->dtype, &to, c->ev->e);
    size_t bytes = dtype_bytes(x->dtype);
    for (int64_t i = 0; made && i < to.size[0]; i++) {
        int64_t line = from->n == 1 ? i : i * (cols + 1), diagonal = from->n == 1 ? i * (n + 1) : i;
        memcpy((char *)made->data + (size_t)diagonal * bytes,
               (const char *)x->data + (size_t)line * bytes, bytes);
    }
    tensor_unref(x);
    *out = value_tensor(made);
    return made != NULL;
}

bool fn_trace(struct call *c, struct value *out) {
    struct tensor *x;
    double sum = 0;
    TRY(take_matrix(c, 0, true, &x));
    for (int64_t i = 0, n = x->shape.size[0]; i < n; i++) sum += ((double *)x->data)[i * (n + 1)];
    tensor_unref(x);
    return *out = value_float(sum), true;
}

/* ---- polynomials ---- */

/* Row i holds x[i] to the powers degree … 0, each column divided by its length, which goes to
 * `length`: then powers of different sizes count alike. */
static struct tensor *powers(const struct tensor *x, int64_t degree, double *length,
                             struct err *e) {
    struct shape s = shape_of(2, (int64_t[]){x->count, degree + 1});
    struct tensor *v = tensor_new(DT_FLOAT64, &s, e);
    for (int64_t k = degree; v && k >= 0; k--) {
        double *column = (double *)v->data + k, sum = 0;
        for (int64_t i = 0; i < x->count; i++) {
            double *to = &column[i * (degree + 1)];
            *to = k == degree ? 1 : to[1] * ((double *)x->data)[i];
            sum += *to * *to;
        }
        length[k] = sum > 0 ? sqrt(sum) : 1;
    }
    for (int64_t i = 0; v && i < v->count; i++) ((double *)v->data)[i] /= length[i % (degree + 1)];
    return v;
}

enum { DEGREE_MOST = 50 };

static bool polynomial(struct call *c, const struct tensor *x, const struct tensor *y,
                       int64_t degree, struct value *out) {
    double length[DEGREE_MOST + 1];
    if (x->shape.n != 1 || y->shape.n != 1 || x->count != y->count)
        return call_fail(c, 1, ERR_SHAPE,
                         "polyfit needs a y for every x, and there are %lld and %lld.",
                         (long long)y->count, (long long)x->count);
    if (degree < 0 || degree > DEGREE_MOST || x->count <= degree)
        return call_fail(
            c, 2, ERR_VALUE,
            "The degree is from 0 to %d, and below the number of points, which is %lld.",
            DEGREE_MOST, (long long)x->count);
    struct tensor *v = powers(x, degree, length, c->ev->e);
    struct tensor *p = v ? linear_least_squares(v, y, c->ev->stop, c->ev->e) : NULL;
    for (int64_t k = 0; p && k <= degree; k++) ((double *)p->data)[k] /= length[k];
    tensor_unref(v);
    *out = value_tensor(p);
    return p != NULL;
}

bool fn_polyfit(struct call *c, struct value *out) {
    struct tensor *x, *y;
    int64_t degree;
    TRY(call_int(c, 2, 1, &degree) && call_floats(c, 0, &x));
    if (!call_floats(c, 1, &y)) return tensor_unref(x), false;
    bool ok = polynomial(c, x, y, degree, out);
    tensor_unref(x);
    tensor_unref(y);
    return ok;
}

/* Horner's scheme, on numbers, columns and symbols alike. */
bool fn_polyval(struct call *c, struct value *out) {
    struct tensor *p;
    if (c->args[0].kind == V_UNKNOWN || c->args[0].kind == V_DESC || c->args[1].kind == V_UNKNOWN)
        return *out = value_unknown(), true;
    TRY(call_floats(c, 0, &p));
    bool ok = p->shape.n == 1 && p->count > 0;
    if (!ok) call_fail(c, 0, ERR_SHAPE, "polyval needs a list of coefficients.");
    struct value y = value_float(0);
    for (int64_t i = 0; ok && i < p->count; i++) {
        struct value product = value_missing(), next = value_missing();
        ok = apply_binary(c->ev, AST_OP_MUL, c->args[1], y, &product) &&
             apply_binary(c->ev, AST_OP_ADD, product, value_float(tensor_get(p, i)), &next);
        value_unref(product);
        value_unref(y);
        y = next;
    }
    tensor_unref(p);
    if (ok) *out = y;
    return ok;
}
