/* Products over axes, from multiplications alone: so they have slopes, and whole numbers stay
 * whole. */
#include "fn.h"

/* The part of x along one axis: `count` places from `first`. */
static bool part_of(struct eval *ev, struct value x, int axis, int64_t first, int64_t count,
                    struct value *out) {
    struct desc d;
    value_describe(x, &d);
    struct attrs a = {.shape = d.shape};
    for (int i = 0; i < d.shape.n; i++) a.step[i] = 1;
    a.begin[axis] = first;
    a.shape.size[axis] = count;
    return apply1(ev, OP_slice, x, &a, out);
}

/* x becomes the product of its two halves; what is over, when there is an odd number, goes into
 * *rest. */
static bool halve(struct eval *ev, struct value *x, int axis, int64_t n, struct value *rest) {
    struct value low = value_missing(), high = value_missing(), last = value_missing();
    int64_t half = n / 2;
    bool ok = part_of(ev, *x, axis, 0, half, &low) && part_of(ev, *x, axis, half, half, &high);
    if (ok && n % 2) ok = part_of(ev, *x, axis, n - 1, 1, &last);
    ok = ok && fn_step2(ev, OP_mul, &low, high);
    if (ok && n % 2 && rest->kind != V_MISSING) ok = fn_step2(ev, OP_mul, rest, last);
    else if (ok && n % 2) *rest = value_ref(last);
    value_unref(*x);
    value_unref(high);
    value_unref(last);
    *x = ok ? low : value_missing();
    if (!ok) value_unref(low);
    return ok;
}

/* *x: of size 1 along the axis afterwards. */
static bool multiply_along(struct eval *ev, struct value *x, int axis, int64_t n) {
    struct value rest = value_missing();
    bool ok = true;
    for (; ok && n > 1; n /= 2) ok = halve(ev, x, axis, n, &rest);
    if (ok && rest.kind != V_MISSING) ok = fn_step2(ev, OP_mul, x, rest);
    value_unref(rest);
    return ok;
}

/* The product of nothing is 1, where the sum is 0. */
static bool multiply(struct call *c, const struct shape *s, const struct attrs *a,
                     struct value *x) {
    struct value made;
    bool nothing = false, ok = true;
    for (int i = 0; i < s->n; i++) nothing = nothing || ((a->axes >> i & 1) && s->size[i] == 0);
    for (int i = 0; ok && !nothing && i < s->n; i++)
        if (a->axes >> i & 1) ok = multiply_along(c->ev, x, i, s->size[i]);
    ok = ok && apply1(c->ev, OP_sum, *x, a, &made); /* of one number each: drops the axes */
    value_unref(*x);
    *x = ok ? made : value_missing();
    return ok && (!nothing || fn_step2(c->ev, OP_add, x, value_int(1)));
}

bool fn_prod(struct call *c, struct value *out) {
    struct value x = c->first;
    struct desc d = c->desc;
    struct attrs a = {0}, whole = {.dtype = DT_INT64};
    TRY(call_axes(c, 1, &d.shape, &a.axes) && call_bool(c, 2, false, &a.keepdims));
    bool known = true;
    for (int i = 0; i < d.shape.n; i++)
        known = known && (!(a.axes >> i & 1) || d.shape.size[i] >= 0);
    if (c->ev->domain == DOMAIN_CHECK && d.shape.n) return apply1(c->ev, OP_sum, x, &a, out);
    if (!known)
        return call_fail(c, 0, ERR_SHAPE, "How many numbers are multiplied is not known here.");
    if (d.dtype == DT_BOOL) TRY(apply1(c->ev, OP_cast, x, &whole, out));
    else *out = value_ref(x);
    return d.shape.n == 0 || multiply(c, &d.shape, &a, out);
}
