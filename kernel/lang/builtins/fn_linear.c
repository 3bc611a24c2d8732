/* Linear algebra beyond the matrix product: equations, inverses, singular values. */
#include "fn.h"
#include "data/linear.h"

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
