/* Elementwise functions and reductions: mostly one op, or a few. */
#include "fn.h"
#include <math.h>
#include <string.h>

/* A table where numbers are needed: its first column of numbers. */
static void hint_column(struct call *c, const struct table *t) {
    for (int i = 0; i < t->n_columns; i++) {
        enum column_kind kind = t->columns[i].kind;
        if (kind != COLUMN_NUMBER && kind != COLUMN_INT) continue;
        err_hint(c->ev->e, "Take a column: t.%s.%s(). For all of them: t.describe().",
                 t->columns[i].name, c->row->name);
        return;
    }
}

bool fn_take_operand(struct call *c, int i, struct value *v) {
    TRY(as_tensorlike(c->ev, c->args[i], v));
    if (value_is_tensorlike(*v) || v->kind == V_UNKNOWN) return true;
    bool empty = v->kind == V_LIST && v->list->n == 0;
    call_fail(c, i, ERR_TYPE, "%s works on numbers, and this is %s.", c->row->name,
              empty ? "an empty list" : value_kind_words(v->kind));
    if (v->kind == V_GROUPS)
        err_hint(c->ev->e, "Say of which column: .summarize(result=.price.%s())", c->row->name);
    if (v->kind == V_TABLE) hint_column(c, v->table);
    value_unref(*v);
    *v = value_missing();
    return false;
}

bool fn_operand(struct call *c, int i, struct value *v) {
    if (c->n_held == (int)ARRAY_LEN(c->held))
        return call_fail(c, i, ERR_BUG, "%s has too many operands.", c->row->name);
    TRY(fn_take_operand(c, i, v));
    c->held[c->n_held++] = *v;
    return true;
}

bool fn_step1(struct eval *ev, enum op op, struct value *v) {
    struct value made;
    bool ok = apply1(ev, op, *v, NULL, &made);
    value_unref(*v);
    *v = ok ? made : value_missing();
    return ok;
}

bool fn_step2(struct eval *ev, enum op op, struct value *v, struct value by) {
    struct value made;
    bool ok = apply2(ev, op, *v, by, &made);
    value_unref(*v);
    *v = ok ? made : value_missing();
    return ok;
}

bool fn_element(struct call *c, struct value *out) {
    struct value v;
    TRY(fn_operand(c, 0, &v));
    bool ok = apply1(c->ev, (enum op)c->row->op, v, NULL, out);
    return ok;
}

/* Could these be the numbers of axes? */
static bool are_axes(struct value v, int n_axes) {
    for (int64_t i = 0; v.kind == V_TENSOR && i < v.tensor->count; i++) {
        double x = tensor_get(v.tensor, i);
        if (dtype_is_float(v.tensor->dtype) || x < -n_axes || x >= n_axes) return false;
    }
    return v.kind != V_FLOAT && (v.kind != V_INT || n_axes > 0);
}

/* max(a, b), as Python has it: here the second argument is an axis. */
static bool several_values(struct call *c, enum op op, const struct desc *d) {
    bool two = op == OP_max || op == OP_min,
         named = c->index[1] >= 0 && c->actuals[c->index[1]].name;
    if (!call_has(c, 1) || named || are_axes(c->args[1], d->shape.n)) return true;
    call_fail(c, 1, ERR_ARGUMENT, "The second argument of %s is an axis.", c->row->name);
    struct text words = {0};
    text_addf(&words, "Of several numbers: %s([a, b]).", c->row->name);
    if (two) text_addf(&words, " Of two tensors, element by element: %simum(a, b).", c->row->name);
    err_hint(c->ev->e, "%s", words.p ? words.p : "");
    text_clear(&words);
    return false;
}

/* Reductions over a table's or list's numbers work on their tensor. */
static bool reduce(struct call *c, enum op op, struct value *out) {
    struct value v = c->first;
    const struct desc *d = &c->desc;
    struct attrs a = {0};
    TRY(several_values(c, op, d));
    bool ok = call_axes(c, 1, &d->shape, &a.axes) && call_bool(c, 2, false, &a.keepdims);
    if (ok && d->shape.n == 0) *out = value_ref(v);
    else if (ok) ok = apply1(c->ev, op, v, &a, out);
    return ok;
}

bool fn_reduce(struct call *c, struct value *out) {
    return reduce(c, (enum op)c->row->op, out);
}

/* mean((x - mean(x))²), the mean repeated along the folded axes. */
bool fn_var(struct call *c, struct value *out) {
    struct value v = c->first, mean = value_missing(), wide = value_missing();
    const struct desc *d = &c->desc;
    struct attrs a = {0};
    bool keep = false;
    bool ok = call_axes(c, 1, &d->shape, &a.axes) && call_bool(c, 2, false, &keep);
    a.keepdims = true;
    ok = ok && apply1(c->ev, OP_mean, v, &a, &mean);
    if (ok) {
        struct attrs e = {.shape = d->shape, .axes = a.axes};
        ok = apply1(c->ev, OP_expand, mean, &e, &wide);
    }
    struct value diff = value_ref(v);
    ok = ok && fn_step2(c->ev, OP_sub, &diff, wide) && fn_step1(c->ev, OP_square, &diff);
    a.keepdims = keep;
    ok = ok && apply1(c->ev, OP_mean, diff, &a, out);
    value_unref(diff);
    value_unref(mean);
    value_unref(wide);
    return ok;
}

bool fn_std(struct call *c, struct value *out) {
    struct value v;
    TRY(fn_var(c, &v));
    if (v.kind == V_UNKNOWN) return *out = v, true;
    bool ok = apply1(c->ev, OP_sqrt, v, NULL, out);
    value_unref(v);
    return ok;
}

/* count() inside summarize: the rows. */
static bool count_rows(struct call *c, struct value *out) {
    const struct value *t = c->ev->at_hand;
    if (!t) {
        call_fail(c, -1, ERR_ARGUMENT, "count() without an argument counts rows inside summarize.");
        return err_hint(c->ev->e, "Elsewhere: len(t) rows, count(x > 3) true values.");
    }
    int64_t n = value_length(*t);
    if (n >= 0) return *out = value_int(n), true;
    struct desc d = {.dtype = DT_INT64};
    *out = t->kind == V_UNKNOWN ? value_unknown() : value_desc(&d, c->ev->e);
    return out->kind != V_MISSING;
}

bool fn_count(struct call *c, struct value *out) {
    struct value v;
    struct desc d;
    if (c->args[0].kind == V_MISSING) return count_rows(c, out);
    TRY(fn_operand(c, 0, &v));
    struct attrs a = {0};
    bool ok = true;
    if (!value_describe(v, &d)) *out = value_unknown();
    else if (d.dtype != DT_BOOL)
        ok = call_fail(
            c, 0, ERR_TYPE,
            "count counts what is True: count(x > 3). For the number of elements write len(x).");
    else a.axes = d.shape.n ? (1u << d.shape.n) - 1 : 0, ok = apply1(c->ev, OP_sum, v, &a, out);
    return ok;
}

static bool arg_extreme(struct call *c, enum op op, struct value *out) {
    struct value v = c->first, flat = value_missing();
    const struct desc *d = &c->desc;
    struct attrs a = {0};
    bool ok;
    if (call_has(c, 1)) {
        int axis;
        ok = call_axis(c, 1, &d->shape, 0, &axis);
        a.axis = axis;
        ok = ok && apply1(c->ev, op, v, &a, out);
    } else if (d->shape.n == 0) {
        ok = call_fail(c, 0, ERR_TYPE, "%s looks through several numbers, and this is one.",
                       c->row->name);
    } else {
        struct attrs r = {.shape = shape_of(1, &(int64_t){-1}), .axis = 1};
        ok = apply1(c->ev, OP_reshape, v, &r, &flat);
        ok = ok && apply1(c->ev, op, flat, &a, out);
        value_unref(flat);
    }
    return ok;
}

bool fn_argmax(struct call *c, struct value *out) {
    return arg_extreme(c, OP_argmax, out);
}

bool fn_argmin(struct call *c, struct value *out) {
    return arg_extreme(c, OP_argmin, out);
}

static bool along(struct call *c, enum op op, int arg, int fallback, struct value *out) {
    struct value v = c->first;
    const struct desc *d = &c->desc;
    struct attrs a = {0};
    int axis;
    bool ok = call_axis(c, arg, &d->shape, fallback, &axis);
    a.axis = axis;
    ok = ok && apply1(c->ev, op, v, &a, out);
    return ok;
}

bool fn_cumsum(struct call *c, struct value *out) {
    return along(c, OP_cumsum, 1, 0, out);
}

bool fn_softmax(struct call *c, struct value *out) {
    return along(c, OP_softmax, 1, -1, out);
}

bool fn_round(struct call *c, struct value *out) {
    int64_t digits;
    struct value v;
    TRY(call_int(c, 1, 0, &digits));
    digits = digits > 300 ? 300 : digits < -300 ? -300 : digits;
    if (c->args[0].kind == V_TABLE || c->args[0].kind == V_HISTORY) {
        *out = value_table(table_round(c->args[0].table, (int)digits, c->ev->e));
        return out->kind == V_TABLE;
    }
    if (c->args[0].kind == V_TABLE_DESC) return *out = value_ref(c->args[0]), true;
    if (!call_has(c, 1) && c->args[0].kind == V_FLOAT && fabs(c->args[0].number) < 9e18)
        return *out = value_int((int64_t)nearbyint(c->args[0].number)), true; /* as Python does */
    if (c->args[0].kind == V_INT && digits >= 0) return *out = c->args[0], true;
    TRY(fn_take_operand(c, 0, &v));
    if (digits == 0) {
        bool ok = apply1(c->ev, OP_round, v, NULL, out);
        value_unref(v);
        return ok;
    }
    if (digits > 100) return *out = v, true; /* more digits than there are */
    struct value scale = value_float(pow(10, (double)digits));
    bool ok = fn_step2(c->ev, OP_mul, &v, scale) && fn_step1(c->ev, OP_round, &v) &&
              fn_step2(c->ev, OP_div, &v, scale);
    *out = v;
    return ok;
}

static bool two(struct call *c, enum op op, struct value *out) {
    struct value a, b;
    TRY(fn_operand(c, 0, &a));
    if (!fn_operand(c, 1, &b)) return false;
    bool ok = apply2(c->ev, op, a, b, out);
    return ok;
}

bool fn_maximum(struct call *c, struct value *out) {
    return two(c, OP_maximum, out);
}

bool fn_minimum(struct call *c, struct value *out) {
    return two(c, OP_minimum, out);
}

bool fn_clip(struct call *c, struct value *out) {
    struct value v, low, high;
    TRY(fn_operand(c, 1, &low));
    TRY(fn_operand(c, 2, &high));
    TRY(fn_take_operand(c, 0, &v));
    bool ok = fn_step2(c->ev, OP_maximum, &v, low) && fn_step2(c->ev, OP_minimum, &v, high);
    *out = v;
    return ok;
}

/* The positions where a vector is True. */
static bool positions(struct call *c, struct value *out) {
    struct tensor *x;
    struct value v = c->args[0], t;
    struct desc d;
    if (v.kind == V_UNKNOWN || v.kind == V_COLUMN_DESC) return *out = value_unknown(), true;
    TRY(fn_operand(c, 0, &t));
    if (!value_describe(t, &d)) return *out = value_unknown(), true;
    if (d.dtype != DT_BOOL || d.shape.n != 1) {
        call_fail(c, 0, ERR_TYPE, "where(condition) gives the places where one vector is True.");
        return err_hint(c->ev->e, "Write where(x > 0), or where(x > 0, a, b) to choose numbers.");
    }
    if (t.kind == V_DESC) return *out = value_unknown(), true;
    if (t.kind != V_TENSOR)
        return call_fail(c, -1, ERR_TYPE, "Inside a model or slope, where needs both choices.");
    int64_t n = 0;
    for (int64_t i = 0; i < t.tensor->count; i++) n += tensor_get(t.tensor, i) != 0;
    struct shape s = shape_of(1, &n);
    x = tensor_new(DT_INT64, &s, c->ev->e);
    n = 0;
    for (int64_t i = 0; x && i < t.tensor->count; i++)
        if (tensor_get(t.tensor, i) != 0) ((int64_t *)x->data)[n++] = i;
    *out = value_tensor(x);
    return x != NULL;
}

bool fn_where(struct call *c, struct value *out) {
    struct value v[3];
    if (!call_has(c, 1) && !call_has(c, 2)) return positions(c, out);
    if (!call_has(c, 1) || !call_has(c, 2))
        return call_fail(c, -1, ERR_ARGUMENT, "where takes both choices: where(x > 0, a, b).");
    for (int i = 0; i < 3; i++) TRY(fn_operand(c, i, &v[i]));
    return apply_op(c->ev, OP_where, v, 3, NULL, out);
}

/* |a - b| <= tolerance * max(1, |b|), everywhere. */
bool fn_close(struct call *c, struct value *out) {
    double tolerance;
    struct value a, b, size;
    TRY(call_number(c, 2, 1e-9, &tolerance));
    TRY(fn_operand(c, 1, &b));
    TRY(fn_take_operand(c, 0, &a));
    bool ok = fn_step2(c->ev, OP_sub, &a, b) && fn_step1(c->ev, OP_abs, &a);
    size = value_ref(b);
    ok = ok && fn_step1(c->ev, OP_abs, &size) &&
         fn_step2(c->ev, OP_maximum, &size, value_float(1)) &&
         fn_step2(c->ev, OP_mul, &size, value_float(tolerance)) && fn_step2(c->ev, OP_le, &a, size);
    struct desc d;
    struct attrs all = {0};
    if (ok && value_describe(a, &d) && d.shape.n > 0) {
        all.axes = (1u << d.shape.n) - 1;
        ok = apply1(c->ev, OP_all, a, &all, out);
    } else if (ok) {
        *out = value_ref(a);
    }
    value_unref(a);
    value_unref(size);
    return ok;
}

/* where(x > 0, x, negative) */
static bool positive_or(struct eval *ev, struct value x, struct value take, struct value *out) {
    struct value above;
    bool ok = apply2(ev, OP_gt, x, value_float(0), &above);
    if (ok) {
        ok = apply_op(ev, OP_where, (struct value[]){above, x, take}, 3, NULL, out);
        value_unref(above);
    }
    value_unref(take);
    return ok;
}

bool fn_leaky_relu(struct call *c, struct value *out) {
    double slope;
    struct value x;
    TRY(call_number(c, 1, 0.01, &slope));
    TRY(fn_operand(c, 0, &x));
    struct value low = value_ref(x);
    bool ok = fn_step2(c->ev, OP_mul, &low, value_float(slope)) && positive_or(c->ev, x, low, out);
    return ok;
}

/* exp of the negative part alone, so that large positive x do not overflow. */
bool fn_elu(struct call *c, struct value *out) {
    double alpha;
    struct value x;
    TRY(call_number(c, 1, 1, &alpha));
    TRY(fn_operand(c, 0, &x));
    struct value low = value_ref(x);
    bool ok = fn_step2(c->ev, OP_minimum, &low, value_float(0)) && fn_step1(c->ev, OP_exp, &low) &&
              fn_step2(c->ev, OP_sub, &low, value_float(1)) &&
              fn_step2(c->ev, OP_mul, &low, value_float(alpha)) && positive_or(c->ev, x, low, out);
    return ok;
}

bool fn_silu(struct call *c, struct value *out) {
    struct value x;
    TRY(fn_operand(c, 0, &x));
    struct value s = value_ref(x);
    bool ok = fn_step1(c->ev, OP_sigmoid, &s) && fn_step2(c->ev, OP_mul, &s, x);
    *out = s;
    return ok;
}

/* (1 + erf(x / sqrt 2)) / 2 */
bool fn_normal_cdf(struct call *c, struct value *out) {
    struct value x;
    TRY(fn_take_operand(c, 0, &x));
    bool ok = fn_step2(c->ev, OP_mul, &x, value_float(0.70710678118654752440)) &&
              fn_step1(c->ev, OP_erf, &x) && fn_step2(c->ev, OP_add, &x, value_float(1)) &&
              fn_step2(c->ev, OP_mul, &x, value_float(0.5));
    *out = x;
    return ok;
}

/* exp(-x² / 2) / sqrt(2 pi) */
bool fn_normal_pdf(struct call *c, struct value *out) {
    struct value x;
    TRY(fn_take_operand(c, 0, &x));
    bool ok = fn_step1(c->ev, OP_square, &x) && fn_step2(c->ev, OP_mul, &x, value_float(-0.5)) &&
              fn_step1(c->ev, OP_exp, &x) &&
              fn_step2(c->ev, OP_mul, &x, value_float(0.39894228040143267794));
    *out = x;
    return ok;
}

bool fn_cast(struct call *c, enum dtype t, struct value *out) {
    struct value v;
    struct attrs a = {.dtype = t};
    TRY(fn_operand(c, 0, &v));
    bool ok = apply1(c->ev, OP_cast, v, &a, out);
    return ok;
}

bool fn_to_int(struct call *c, struct value *out) {
    return fn_cast(c, DT_INT64, out);
}

/* (sum |x|^p)^(1/p) */
bool fn_norm(struct call *c, struct value *out) {
    double p;
    struct value x;
    struct desc d;
    TRY(call_number(c, 1, 2, &p));
    TRY(fn_take_operand(c, 0, &x));
    if (!value_describe(x, &d)) return *out = value_unknown(), true;
    struct attrs a = {.axes = d.shape.n ? (1u << d.shape.n) - 1 : 0};
    bool ok = fn_step1(c->ev, OP_abs, &x) && fn_step2(c->ev, OP_pow, &x, value_float(p));
    struct value sum = value_missing();
    ok = ok && (d.shape.n ? apply1(c->ev, OP_sum, x, &a, &sum) : (sum = value_ref(x), true));
    value_unref(x);
    ok = ok && fn_step2(c->ev, OP_pow, &sum, value_float(1 / p));
    *out = sum;
    return ok;
}

/* ---- derivatives ---- */

enum { GRAD_ARGUMENTS = 8 };

/* Which argument `wrt` means: its number, or the name of a parameter of f. */
static bool which_argument(struct call *c, struct value f, struct value wrt, int n, int *out) {
    bool named = wrt.kind == V_TEXT && f.kind == V_FUNCTION, whole = wrt.kind == V_INT;
    *out = whole && wrt.integer >= 0 && wrt.integer < n ? (int)wrt.integer : -1;
    for (int i = 0; named && i < f.function->ast->n && i < n; i++)
        if (str_is(value_str(&wrt), f.function->ast->list[i]->name)) *out = i;
    if (*out >= 0) return true;
    if (named)
        return call_fail(c, 1, ERR_ARGUMENT,
                         "`wrt` names one of the arguments that are given, and none is `%.*s`.",
                         (int)value_str(&wrt).n, value_str(&wrt).p);
    if (!whole && wrt.kind != V_TEXT)
        return call_fail(c, 1, ERR_ARGUMENT,
                         "`wrt` is the name or number of an argument, or a list of them.");
    return call_fail(c, 1, ERR_ARGUMENT,
                     "`wrt` names one of the %d arguments that are given, counted from 0.", n);
}

static bool add_slope(struct call *c, struct value f, const struct value *args, int n,
                      struct value wrt, struct value *value, struct list *slopes) {
    int which;
    struct value slope;
    TRY(which_argument(c, f, wrt, n, &which));
    value_unref(*value);
    *value = value_missing();
    TRY(eval_grad(c->ev, f, args, n, which, c->at, value, &slope));
    return list_add(slopes, slope, c->ev->e);
}

/* wrt=["a", "b"]: a slope for each. */
static bool several_slopes(struct call *c, struct value f, const struct value *args, int n,
                           struct value *value, struct value *slopes) {
    struct value wrt = c->args[1];
    int64_t count = value_length(wrt);
    *slopes = value_list_new((int32_t)count, c->ev->e);
    bool ok = slopes->kind == V_LIST;
    if (ok) slopes->list->is_tuple = true;
    for (int64_t i = 0; ok && i < count; i++) {
        struct value one;
        ok = iterate_item(c->ev, wrt, i, &one) &&
             (add_slope(c, f, args, n, one, value, slopes->list) || (value_unref(one), false));
        if (ok) value_unref(one);
    }
    if (!ok) value_unref(*slopes);
    return ok;
}

static bool gradient_of(struct call *c, struct value *value, struct value *slope) {
    struct value f, args[GRAD_ARGUMENTS], wrt = c->args[1];
    int which, n = 0;
    *value = value_missing();
    TRY(call_function(c, 0, &f));
    for (; n < c->n_rest && n < GRAD_ARGUMENTS; n++) args[n] = c->actuals[c->rest[n]].value;
    if (n == 0)
        return call_fail(c, -1, ERR_ARGUMENT,
                         "%s needs the place at which the slope is wanted: %s(f, x).", c->row->name,
                         c->row->name);
    if (wrt.kind == V_LIST || wrt.kind == V_TENSOR)
        return several_slopes(c, f, args, n, value, slope) || (value_unref(*value), false);
    if (!call_has(c, 1)) wrt = value_int(0);
    TRY(which_argument(c, f, wrt, n, &which));
    return eval_grad(c->ev, f, args, n, which, c->at, value, slope);
}

bool fn_grad(struct call *c, struct value *out) {
    struct value value;
    TRY(gradient_of(c, &value, out));
    value_unref(value);
    return true;
}

bool fn_value_and_grad(struct call *c, struct value *out) {
    struct value value, slope;
    TRY(gradient_of(c, &value, &slope));
    *out = value_list_new(2, c->ev->e);
    if (out->kind != V_LIST) return false;
    out->list->is_tuple = true;
    return list_add(out->list, value, c->ev->e) && list_add(out->list, slope, c->ev->e);
}

bool fn_jacobian(struct call *c, struct value *out) {
    struct value f;
    TRY(call_function(c, 0, &f));
    return eval_jacobian(c->ev, f, c->args[1], c->at, out);
}
