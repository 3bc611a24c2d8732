/* Scalers: made, fitted to rows, applied and taken back; on tensors, tables, and inside models. */
#include "fn_tables.h"
#include "data/stats.h"
#include "lang/eval/advice/advice.h"
#include "lang/eval/tables/columns.h"
#include "lang/eval/eval_ops.h"
#include "lang/values/scaler_value.h"
#include <math.h>
#include <string.h>

/* ---- making ---- */

static bool make(struct call *c, enum scaler_kind kind, struct value *out) {
    struct scaler_value s = {.refs = 1, .name = intern_c(c->row->name), .kind = kind, .axis = -1};
    int64_t axis = -1;
    s.low = 0, s.high = 1;
    if (c->args[0].kind == V_UNKNOWN) return *out = value_unknown(), true;
    s.one = c->args[0].kind == V_NONE;
    if (c->args[0].kind == V_TEXT) s.axis_name = call_name(c, 0);
    else TRY(call_int(c, 0, -1, &axis));
    if (!s.axis_name && !s.one) s.axis = (int)axis;
    if (kind == SCALER_MIN_MAX) TRY(call_number(c, 1, 0, &s.low) && call_number(c, 2, 1, &s.high));
    if (s.high <= s.low) return call_fail(c, 2, ERR_VALUE, "`high` lies above `low`.");
    struct scaler_value *made = scaler_value_copy(&s, c->ev->e);
    *out = (struct value){.kind = V_SCALER, .scaler = made};
    return made != NULL;
}

bool fn_StandardScaler(struct call *c, struct value *out) {
    return make(c, SCALER_STANDARD, out);
}

bool fn_MinMaxScaler(struct call *c, struct value *out) {
    return make(c, SCALER_MIN_MAX, out);
}

bool fn_RobustScaler(struct call *c, struct value *out) {
    return make(c, SCALER_ROBUST, out);
}

/* ---- the axis ---- */

/* Which axis of `shape` the scaler has numbers along; -1 for none: one number for all. */
static bool find_axis(struct eval *ev, const struct scaler_value *s, const struct shape *shape,
                      int *axis) {
    char axes[256];
    *axis = -1;
    if (s->one || (s->fitted && s->n == 1) || (!s->fitted && shape->n < 2)) return true;
    if (s->axis_of) *axis = shape_find_axis(shape, s->axis_of);
    if (*axis >= 0) return true;
    if (s->axis_name) *axis = shape_find_axis(shape, s->axis_name);
    if (*axis >= 0) return true;
    if (s->axis_name && !s->fitted) {
        err_set(ev->e, ERR_SHAPE, "There is no axis `%s` to scale along.", s->axis_name);
        return err_fact(ev->e, "the axes", "%s", shape_print_axes(shape, 0, axes, sizeof axes));
    }
    int at = s->axis_name ? -1 : s->axis;
    *axis = at < 0 ? at + shape->n : at;
    if (*axis >= 0 && *axis < shape->n) return true;
    return err_set(ev->e, ERR_SHAPE, "There is no axis %d to scale along: there are only %d.", at,
                   shape->n);
}

static bool size_fits(struct eval *ev, const struct scaler_value *s, const struct shape *shape,
                      int axis) {
    char text[256];
    if (axis < 0 || s->n < 0 || shape->size[axis] < 0 || shape->size[axis] == s->n) return true;
    err_set(ev->e, ERR_SHAPE, "The scaler has seen rows of another shape than these.");
    err_fact(ev->e, "the scaler", "%lld numbers%s%s", (long long)s->n, s->axis_of ? " along " : "",
             s->axis_of ? s->axis_of : "");
    err_fact(ev->e, "here", "%s", shape_print(shape, text, sizeof text));
    return err_hint(ev->e, "A scaler made with axis=None has one number for all and fits every "
                           "shape.");
}

/* ---- fitting ---- */

/* The numbers at position i of the axis, without missing ones; *n of them. */
static void gather(const struct tensor *x, int64_t outer, int64_t size, int64_t inner, int64_t i,
                   double *to, int64_t *n) {
    *n = 0;
    for (int64_t o = 0; o < outer; o++) {
        const double *from = (const double *)x->data + (o * size + i) * inner;
        for (int64_t k = 0; k < inner; k++)
            if (!isnan(from[k])) to[(*n)++] = from[k];
    }
}

static bool fit_numbers(struct scaler_value *s, double *x, int64_t n, double *center, double *scale,
                        struct err *e) {
    double sum = 0, squares = 0, q[3] = {NAN, NAN, NAN};
    double low = n ? x[0] : NAN, high = low;
    for (int64_t i = 0; i < n; i++) {
        sum += x[i];
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
    }
    double mean = sum / (double)n;
    for (int64_t i = 0; i < n; i++) squares += (x[i] - mean) * (x[i] - mean);
    *center = mean;
    *scale = sqrt(squares / (double)n);
    if (s->kind == SCALER_ROBUST && n) {
        struct shape shape = shape_of(1, &n);
        struct tensor *t = tensor_new(DT_FLOAT64, &shape, e);
        if (!t) return false;
        memcpy(t->data, x, (size_t)n * sizeof *x);
        bool ok = stats_quantiles(t, (double[]){0.25, 0.5, 0.75}, 3, q, e);
        tensor_unref(t);
        TRY(ok);
        *center = q[1];
        *scale = q[2] - q[0];
    }
    if (s->kind == SCALER_MIN_MAX) {
        *scale = (high - low) / (s->high - s->low);
        *center = low - s->low * (*scale > 0 ? *scale : 1);
    }
    if (!(*scale > 0)) *scale = 1; /* a number that never changes: only moved */
    if (n == 0) *center = 0;
    return true;
}

static bool fit_tensor(struct call *c, struct scaler_value *s, const struct tensor *x, int axis) {
    int64_t size = axis < 0 ? 1 : x->shape.size[axis], inner = 1, outer = 1;
    for (int i = 0; i < x->shape.n; i++) {
        if (i < axis) outer *= x->shape.size[i];
        if (i > axis) inner *= x->shape.size[i];
    }
    struct shape shape = shape_of(1, &size);
    s->n = size;
    s->center = tensor_new(DT_FLOAT64, &shape, c->ev->e);
    s->scale = tensor_new(DT_FLOAT64, &shape, c->ev->e);
    double *cells = pool_need((size_t)(outer * inner) * sizeof *cells + 1, c->ev->e);
    bool ok = s->center && s->scale && cells;
    for (int64_t i = 0; ok && i < size; i++) {
        int64_t n;
        gather(x, outer, size, inner, i, cells, &n);
        ok = fit_numbers(s, cells, n, (double *)s->center->data + i, (double *)s->scale->data + i,
                         c->ev->e);
    }
    pool_free(cells);
    return ok;
}

/* A table's numbers as [row, column]; anything else as it is. */
static bool rows_of(struct call *c, int arg, struct value *out) {
    struct value v = c->args[arg];
    if (v.kind == V_TABLE) {
        *out = value_tensor(table_to_tensor(v.table, c->ev->e));
        return out->kind != V_MISSING;
    }
    if (v.kind == V_TABLE_DESC) return *out = value_unknown(), true;
    return as_tensorlike(c->ev, v, out);
}

static bool not_rows(struct call *c, int arg, struct value v) {
    return call_fail(c, arg, ERR_TYPE,
                     "A scaler works on tensors and tables of numbers, and this "
                     "is %s.",
                     value_kind_words(v.kind));
}

static bool fit_scaler(struct call *c, struct value *out) {
    struct value x;
    struct desc d;
    int axis = -1;
    TRY(rows_of(c, 1, &x));
    struct scaler_value *s = scaler_value_copy(c->args[0].scaler, c->ev->e);
    if (!s) return value_unref(x), false;
    tensor_unref(s->center);
    tensor_unref(s->scale);
    s->center = s->scale = NULL;
    s->fitted = s->inverse = false;
    s->axis_of = NULL;
    bool known = value_describe(x, &d);
    bool ok = known || x.kind == V_UNKNOWN || not_rows(c, 1, x);
    ok = ok && (!known || find_axis(c->ev, s, &d.shape, &axis));
    s->n = axis >= 0 ? d.shape.size[axis] : known ? 1 : unknown_size();
    if (axis >= 0) s->axis_of = d.shape.axis[axis];
    if (ok && x.kind == V_TENSOR) {
        struct tensor *t = tensor_cast(x.tensor, DT_FLOAT64, c->ev->e);
        ok = t && fit_tensor(c, s, t, axis);
        s->key = next_stream(c->ev);
        if (ok && c->ev->domain == DOMAIN_RUN) advice_fitted(c->ev, s->key, s->name, x.tensor);
        tensor_unref(t);
    }
    s->fitted = true;
    value_unref(x);
    *out = (struct value){.kind = V_SCALER, .scaler = s};
    if (!ok) value_unref(*out), *out = value_missing();
    return ok;
}

bool fn_fit(struct call *c, struct value *out) {
    struct value s = c->args[0];
    if (s.kind == V_UNKNOWN) return *out = value_unknown(), true;
    if (s.kind == V_SCALER) return fit_scaler(c, out);
    if (s.kind == V_ESTIMATOR) return fit_alone(c, out);
    call_fail(c, 0, ERR_TYPE, "fit is for scalers, and this is %s.", value_kind_words(s.kind));
    return err_hint(c->ev->e, "Models are trained by a statement: train net on x -> y");
}

/* ---- applying ---- */

/* [n] laid along `axis` of as many axes as x has, in x's type. */
static bool along(struct eval *ev, const struct tensor *t, const struct desc *d, int axis,
                  struct value *out) {
    struct shape s = {.n = axis < 0 ? 0 : d->shape.n};
    for (int i = 0; i < s.n; i++) s.size[i] = i == axis ? t->count : 1;
    enum dtype type = dtype_is_float(d->dtype) ? d->dtype : DT_FLOAT64;
    struct tensor *copy = tensor_new(type, &s, ev->e);
    for (int64_t i = 0; copy && i < t->count; i++) tensor_set(copy, i, tensor_get(t, i));
    *out = value_tensor(copy);
    return copy != NULL;
}

/* While checking, the numbers are not there: ones stand for them. */
static struct tensor *stand_in(struct eval *ev, int64_t n) {
    struct shape s = shape_of(1, &n);
    struct tensor *t = tensor_new(DT_FLOAT64, &s, ev->e);
    for (int64_t i = 0; t && i < n; i++) tensor_set(t, i, 1);
    return t;
}

static bool move(struct eval *ev, const struct scaler_value *s, struct value x,
                 const struct desc *d, int axis, bool inverse, struct value *out) {
    int64_t n = axis < 0 ? 1 : s->n >= 0 ? s->n : d->shape.size[axis];
    struct value center = value_missing(), scale = value_missing(), half = value_missing();
    if (!s->center && n < 0) return *out = value_unknown(), true;
    struct tensor *a = s->center ? tensor_ref(s->center) : stand_in(ev, n);
    struct tensor *b = s->scale ? tensor_ref(s->scale) : stand_in(ev, n);
    bool ok = a && b && along(ev, a, d, axis, &center) && along(ev, b, d, axis, &scale);
    if (ok && inverse)
        ok = apply2(ev, OP_mul, x, scale, &half) && apply2(ev, OP_add, half, center, out);
    else if (ok) ok = apply2(ev, OP_sub, x, center, &half) && apply2(ev, OP_div, half, scale, out);
    tensor_unref(a);
    tensor_unref(b);
    value_unref(center);
    value_unref(scale);
    value_unref(half);
    return ok;
}

bool scaler_apply(struct eval *ev, const struct scaler_value *s, struct value v, bool inverse,
                  struct value *out) {
    struct value x;
    struct desc d;
    int axis;
    if (!s->fitted) {
        err_set(ev->e, ERR_VALUE, "This scaler has seen no rows yet.");
        return err_hint(ev->e, "    s = %s().fit(train_x)", s->name);
    }
    TRY(as_tensorlike(ev, v, &x));
    bool ok = true;
    if (x.kind == V_UNKNOWN) *out = value_unknown();
    else if (!value_describe(x, &d))
        ok = err_set(ev->e, ERR_TYPE,
                     "A scaler works on tensors and tables of numbers, and this is "
                     "%s.",
                     value_kind_words(x.kind));
    else
        ok = find_axis(ev, s, &d.shape, &axis) && size_fits(ev, s, &d.shape, axis) &&
             move(ev, s, x, &d, axis, inverse, out);
    if (ok && x.kind == V_TENSOR && out->kind == V_TENSOR && ev->domain == DOMAIN_RUN && !inverse)
        advice_scaled(ev, s->key, x.tensor, out->tensor);
    value_unref(x);
    return ok;
}

/* The table with its columns scaled. */
static bool scale_table(struct call *c, const struct scaler_value *s, const struct table *t,
                        bool inverse, struct value *out) {
    struct value x = value_tensor(table_to_tensor(t, c->ev->e)), y = value_missing();
    bool ok = x.kind != V_MISSING && scaler_apply(c->ev, s, x, inverse, &y);
    if (ok && y.kind != V_TENSOR) { /* while checking: too large to be computed */
        value_unref(x);
        value_unref(y);
        return *out = value_unknown(), true;
    }
    const char **names = pool_need((size_t)t->n_columns * sizeof *names + 1, c->ev->e);
    for (int i = 0; names && i < t->n_columns; i++) names[i] = t->columns[i].name;
    struct tensor *rows = ok && names ? tensor_cast(y.tensor, DT_FLOAT64, c->ev->e) : NULL;
    if (rows) *out = value_table(table_from_tensor(rows, names, c->ev->e));
    tensor_unref(rows);
    pool_free(names);
    value_unref(x);
    value_unref(y);
    return rows && out->kind == V_TABLE;
}

static bool apply_call(struct call *c, struct value scaler, struct value x, bool inverse,
                       struct value *out) {
    if (x.kind == V_TABLE) return scale_table(c, scaler.scaler, x.table, inverse, out);
    if (x.kind == V_TABLE_DESC) return *out = value_ref(x), true;
    return scaler_apply(c->ev, scaler.scaler, x, inverse, out);
}

bool scaler_transform(struct call *c, struct value *out) {
    return apply_call(c, c->args[0], c->args[1], c->args[0].scaler->inverse, out);
}

bool fn_inverse_transform(struct call *c, struct value *out) {
    if (c->args[0].kind == V_UNKNOWN) return *out = value_unknown(), true;
    if (c->args[0].kind == V_ESTIMATOR) return components_back(c, out);
    if (c->args[0].kind != V_SCALER)
        return call_fail(c, 0, ERR_TYPE, "inverse_transform needs a fitted scaler, and this is %s.",
                         value_kind_words(c->args[0].kind));
    return apply_call(c, c->args[0], c->args[1], !c->args[0].scaler->inverse, out);
}

/* x.Scale(s) applies it; Scale(s) alone is something to be applied. */
static bool as_layer(struct call *c, bool inverse, struct value *out) {
    struct value x = c->args[0], s = c->args[1];
    if (x.kind == V_SCALER && !call_has(c, 1)) {
        struct scaler_value *copy = scaler_value_copy(x.scaler, c->ev->e);
        if (!copy) return false;
        copy->inverse = inverse;
        return *out = (struct value){.kind = V_SCALER, .scaler = copy}, true;
    }
    if (x.kind == V_UNKNOWN || s.kind == V_UNKNOWN) return *out = value_unknown(), true;
    if (s.kind != V_SCALER) {
        call_fail(c, 1, ERR_ARGUMENT, "%s needs a fitted scaler.", c->row->name);
        return err_hint(c->ev->e, "    s = StandardScaler().fit(train_x)\n    … x.%s(s) …",
                        c->row->name);
    }
    return apply_call(c, s, x, inverse, out);
}

bool fn_Scale(struct call *c, struct value *out) {
    return as_layer(c, false, out);
}

bool fn_Unscale(struct call *c, struct value *out) {
    return as_layer(c, true, out);
}
