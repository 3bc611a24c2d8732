/* Functions that change shapes: one or two ops each. */
#include "fn.h"
#include <string.h>

bool fn_reshape(struct call *c, struct value *out) {
    struct value v = c->first;
    struct attrs a = {0};
    bool known;
    int free_size = 0;
    bool ok = call_sizes(c, &a.shape, &known, &free_size);
    a.axis = free_size;
    if (ok && !known) *out = value_unknown();
    else if (ok) ok = apply1(c->ev, OP_reshape, v, &a, out);
    if (ok && out->kind == V_TENSOR && v.kind == V_TENSOR) out->tensor->is_image = false;
    return ok;
}

/* In a model, where Keras' and PyTorch's layers of this name leave each example by itself. */
static bool flattens_examples(struct call *c) {
    call_fail(c, -1, ERR_SHAPE, "flatten would lay all examples into one row.");
    return err_hint(c->ev->e, "The layer keeps each example by itself. Write it with a capital "
                              "letter: Flatten()");
}

bool fn_flatten(struct call *c, struct value *out) {
    const struct desc *d = &c->desc;
    bool examples = d->shape.n > 0 && d->shape.size[0] == SIZE_BATCH;
    if (c->ev->builder && examples && !call_has(c, 1)) return flattens_examples(c);
    struct value v = c->first;
    struct attrs a = {.shape = shape_of(1, &(int64_t){-1}), .axis = 1};
    bool ok = true;
    if (call_has(c, 1)) {
        int axis;
        ok = call_axis(c, 1, &d->shape, 0, &axis);
        if (ok && axis != 0)
            ok = fail_later(c->ev, c->at, "flatten that keeps an axis other than the first");
        a.shape = shape_of(2, (int64_t[]){d->shape.size[0], -1});
        a.shape.axis[0] = d->shape.axis[0];
        a.axis = 2;
    }
    ok = ok && apply1(c->ev, OP_reshape, v, &a, out);
    return ok;
}

bool fn_expand(struct call *c, struct value *out) {
    const struct desc *d = &c->desc;
    struct value v = c->first;
    struct shape more;
    bool known;
    TRY(call_sizes(c, &more, &known, NULL));
    struct attrs a = {.shape = d->shape};
    if (d->shape.n + more.n > MAX_AXES)
        return call_fail(c, -1, ERR_SHAPE, "At most %d axes.", MAX_AXES);
    /* a column of size-1 axes first, then repeated */
    for (int i = 0; i < more.n; i++) {
        a.shape.size[a.shape.n] = 1;
        a.shape.axis[a.shape.n++] = more.axis[i];
    }
    struct value tall = value_missing();
    bool ok = apply1(c->ev, OP_reshape, v, &a, &tall);
    for (int i = 0; i < more.n; i++) {
        a.shape.size[d->shape.n + i] = more.size[i];
        a.axes |= 1u << (d->shape.n + i);
    }
    ok = ok && apply1(c->ev, OP_expand, tall, &a, out);
    value_unref(tall);
    return ok;
}

bool fn_transpose(struct call *c, struct value *out) {
    const struct desc *d = &c->desc;
    struct value v = c->first;
    struct attrs a = {0};
    int n = d->shape.n, p = 0, q = 0;
    bool ok = true;
    for (int i = 0; i < n; i++) a.perm[i] = call_has(c, 1) ? i : n - 1 - i;
    if (call_has(c, 1)) {
        ok = call_axis(c, 1, &d->shape, 0, &p) && call_axis(c, 2, &d->shape, -1, &q);
        if (!ok) return false;
        a.perm[p] = q;
        a.perm[q] = p;
    }
    ok = ok && apply1(c->ev, OP_transpose, v, &a, out);
    return ok;
}

static bool no_list(struct call *c) {
    const char *f = c->row->name;
    call_fail(c, 0, ERR_TYPE, "%s joins a list of tensors, and this is %s.", f,
              value_kind_words(c->args[0].kind));
    return err_hint(c->ev->e, "Write brackets around what is joined: %s([a, b]).", f);
}

/* The parts of concat and stack: a list, or the rows of a tensor. */
static bool parts_of(struct call *c, struct value *list) {
    struct value xs = c->args[0];
    if (xs.kind == V_LIST) return *list = value_ref(xs), true;
    if (!value_is_tensorlike(xs) || value_length(xs) < 0) return no_list(c);
    *list = value_list_new((int32_t)value_length(xs), c->ev->e);
    for (int64_t i = 0; list->kind == V_LIST && i < value_length(xs); i++) {
        struct value item;
        if (!iterate_item(c->ev, xs, i, &item) || !list_add(list->list, item, c->ev->e))
            return value_unref(*list), false;
    }
    return list->kind == V_LIST;
}

static bool parts_ready(struct call *c, struct value *list, struct desc *first, bool *unknown) {
    struct value ready = value_list_new(list->list->n, c->ev->e);
    *unknown = false;
    for (int i = 0; ready.kind == V_LIST && i < list->list->n; i++) {
        struct value t;
        bool ok = as_tensorlike(c->ev, list->list->items[i], &t);
        if (ok && t.kind == V_UNKNOWN) *unknown = true;
        else if (ok && !value_is_tensorlike(t)) {
            ok = call_fail(c, 0, ERR_TYPE, "%s joins tensors, and element %d is %s.", c->row->name,
                           i, value_kind_words(t.kind));
            value_unref(t);
        }
        if (!ok || !list_add(ready.list, t, c->ev->e)) return value_unref(ready), false;
    }
    if (ready.kind != V_LIST) return false;
    if (ready.list->n == 0) {
        value_unref(ready);
        return call_fail(c, 0, ERR_VALUE, "There is nothing to join.");
    }
    value_unref(*list);
    *list = ready;
    value_describe(ready.list->items[0], first);
    return true;
}

/* The place of a mistake of shapes: the first part that does not fit the one before all. axis -1:
 * all axes count. */
static bool point_at_part(struct call *c, const struct list *parts, int axis) {
    struct desc first, d;
    if (c->ev->e->kind != ERR_SHAPE || !value_describe(parts->items[0], &first)) return false;
    for (int i = 1; i < parts->n; i++) {
        if (!value_describe(parts->items[i], &d)) return false;
        bool fits = d.shape.n == first.shape.n;
        for (int k = 0; fits && k < d.shape.n; k++)
            fits = k == axis || d.shape.size[k] == first.shape.size[k];
        if (!fits) return err_at(c->ev->e, call_element(c, 0, i));
    }
    return false;
}

/* In the body of a model the first axis counts the examples: what is joined there is neither one
 * example nor the other. */
static bool keeps_examples(struct call *c, const struct shape *s, int axis) {
    bool examples = c->ev->builder && axis == 0 && s->n > 1 && s->size[0] < 0;
    if (!examples) return true;
    const char *last = s->axis[s->n - 1];
    call_fail(
        c, -1, ERR_SHAPE,
        "In a model the first axis counts the examples, and joined there they would be more.");
    return err_hint(c->ev->e, "    concat([a, b], axis=%s%s%s) joins what belongs to one example.",
                    last ? "\"" : "", last ? last : "-1", last ? "\"" : "");
}

/* concat(a, b): the second one stands where the axis is expected. */
static bool is_one_list(struct call *c) {
    struct desc d;
    if (!call_has(c, 1) || !value_describe(c->args[1], &d) || d.shape.n == 0) return true;
    call_fail(c, 1, ERR_ARGUMENT, "%s takes what it joins as one list.", c->row->name);
    return err_hint(c->ev->e, "Write brackets around it: %s([a, b])", c->row->name);
}

bool fn_concat(struct call *c, struct value *out) {
    struct value list;
    struct desc d = {0};
    bool unknown;
    int axis;
    TRY(is_one_list(c));
    if (c->args[0].kind == V_UNKNOWN || c->args[0].kind == V_DESC)
        return *out = value_unknown(), true;
    if (c->args[0].kind == V_LIST && c->args[0].list->n &&
        (c->args[0].list->items[0].kind == V_TABLE ||
         c->args[0].list->items[0].kind == V_TABLE_DESC))
        return concat_tables(c, out);
    TRY(parts_of(c, &list));
    bool ok = parts_ready(c, &list, &d, &unknown);
    if (ok && unknown) *out = value_unknown();
    else
        ok = ok && call_axis(c, 1, &d.shape, 0, &axis) && keeps_examples(c, &d.shape, axis) &&
             (concat_values(c->ev, list.list->items, list.list->n, axis, out) ||
              point_at_part(c, list.list, axis));
    value_unref(list);
    return ok;
}

bool fn_stack(struct call *c, struct value *out) {
    struct value list;
    struct desc d = {0};
    bool unknown;
    int64_t axis;
    TRY(is_one_list(c));
    if (c->args[0].kind == V_UNKNOWN || c->args[0].kind == V_DESC)
        return *out = value_unknown(), true;
    TRY(call_int(c, 1, 0, &axis));
    TRY(parts_of(c, &list));
    bool ok = parts_ready(c, &list, &d, &unknown);
    struct value first = value_missing();
    if (ok && unknown) *out = value_unknown();
    else ok = ok && (list_to_tensor(c->ev, list.list, &first) || point_at_part(c, list.list, -1));
    if (ok && !unknown) {
        struct desc s;
        value_describe(first, &s);
        struct attrs a = {0};
        int to = (int)(axis < 0 ? axis + s.shape.n : axis);
        if (to < 0 || to >= s.shape.n)
            ok = call_fail(c, 1, ERR_SHAPE, "The new axis can stand at 0 to %d.", s.shape.n - 1);
        for (int i = 0, k = 1; i < s.shape.n; i++) a.perm[i] = i == to ? 0 : k++;
        ok = ok && apply1(c->ev, OP_transpose, first, &a, out);
        value_unref(first);
    }
    value_unref(list);
    return ok;
}

bool fn_repeat(struct call *c, struct value *out) {
    const struct desc *d = &c->desc;
    struct value v = c->first, tall = value_missing(), wide = value_missing();
    int64_t n;
    int axis;
    if (c->args[1].kind == V_DESC) return *out = value_unknown(), true;
    TRY(call_int(c, 1, 1, &n));
    TRY(call_axis(c, 2, &d->shape, 0, &axis));
    TRY(axes_fit(d->shape.n + 1, c->ev->e));
    if (n < 0)
        return call_fail(c, 1, ERR_VALUE, "Nothing can be repeated %lld times.", (long long)n);
    struct attrs a = {.shape = {.n = d->shape.n + 1}};
    for (int i = 0, k = 0; i < a.shape.n; i++)
        a.shape.size[i] = i == axis + 1 ? 1 : d->shape.size[k++];
    bool ok = apply1(c->ev, OP_reshape, v, &a, &tall);
    a.shape.size[axis + 1] = n;
    a.axes = 1u << (axis + 1);
    ok = ok && apply1(c->ev, OP_expand, tall, &a, &wide);
    value_unref(tall);
    struct attrs r = {.shape = d->shape};
    r.shape.size[axis] = d->shape.size[axis] < 0 ? -1 : d->shape.size[axis] * n;
    if (r.shape.size[axis] == -1) r.axis = axis + 1;
    ok = ok && apply1(c->ev, OP_reshape, wide, &r, out);
    value_unref(wide);
    return ok;
}

bool fn_axes(struct call *c, struct value *out) {
    const struct desc *d = &c->desc;
    struct value v = c->first;
    struct attrs a = {.shape = d->shape};
    if (c->n_rest != d->shape.n)
        return call_fail(c, -1, ERR_SHAPE, "The tensor has %d axes, and %d names are given.",
                         d->shape.n, c->n_rest);
    a.shape.weak = 0;
    for (int i = 0; i < c->n_rest; i++) {
        struct value name = c->actuals[c->rest[i]].value;
        if (name.kind != V_TEXT)
            return call_fail(c, -1, ERR_ARGUMENT, "The name of an axis is a text.");
        a.shape.axis[i] = intern(value_str(&name));
    }
    bool ok = apply1(c->ev, OP_reshape, v, &a, out);
    return ok;
}

bool fn_squeeze(struct call *c, struct value *out) {
    const struct desc *d = &c->desc;
    struct value v = c->first;
    uint32_t axes;
    TRY(call_axes(c, 1, &d->shape, &axes));
    struct attrs a = {0};
    for (int i = 0; i < d->shape.n; i++) {
        bool wanted = axes >> i & 1;
        if (wanted && d->shape.size[i] == 1) continue;
        if (wanted && call_has(c, 1))
            return call_fail(c, 1, ERR_SHAPE,
                             "Only an axis of size 1 can be dropped, and this one has %lld.",
                             (long long)d->shape.size[i]);
        a.shape.size[a.shape.n] = d->shape.size[i];
        a.shape.axis[a.shape.n++] = d->shape.axis[i];
    }
    bool ok = apply1(c->ev, OP_reshape, v, &a, out);
    return ok;
}

bool fn_flip(struct call *c, struct value *out) {
    const struct desc *d = &c->desc;
    struct value v = c->first;
    int axis;
    TRY(call_axis(c, 1, &d->shape, 0, &axis));
    if (d->shape.size[axis] < 0) return *out = value_ref(v), true;
    struct attrs a = {.shape = d->shape};
    for (int i = 0; i < d->shape.n; i++) a.step[i] = i == axis ? -1 : 1;
    a.begin[axis] = d->shape.size[axis] ? d->shape.size[axis] - 1 : 0;
    bool ok = apply1(c->ev, OP_slice, v, &a, out);
    return ok;
}

static bool pad_axis(struct call *c, const struct desc *d, const struct actual *a, int axis,
                     struct attrs *at) {
    struct value before, after;
    int64_t n;
    TRY(iterate_count(c->ev, a->value, a->at, &n));
    if (n != 2) return fail(c->ev, a->at, ERR_ARGUMENT, "Padding is a pair: (before, after).");
    TRY(iterate_item(c->ev, a->value, 0, &before));
    TRY(iterate_item(c->ev, a->value, 1, &after));
    if (before.kind != V_INT || after.kind != V_INT || before.integer < 0 || after.integer < 0)
        return fail(c->ev, a->at, ERR_ARGUMENT, "Padding is counted in whole numbers.");
    at->begin[axis] = before.integer;
    if (d->shape.size[axis] >= 0) at->shape.size[axis] += before.integer + after.integer;
    return true;
}

bool fn_pad(struct call *c, struct value *out) {
    const struct desc *d = &c->desc;
    struct value v = c->first;
    struct attrs a = {.shape = d->shape};
    for (int i = 0; i < d->shape.n; i++) a.step[i] = 1;
    int next = 0;
    for (int i = 0; i < c->n_rest; i++) {
        const struct actual *one = &c->actuals[c->rest[i]];
        int axis = one->name ? shape_find_axis(&d->shape, one->name) : next++;
        if (one->value.kind == V_INT && !one->name && i + 1 < c->n_rest) {
            axis = (int)one->value.integer; /* pad(x, 0, (1, 2)) */
            one = &c->actuals[c->rest[++i]];
        }
        if (axis < 0 || axis >= d->shape.n)
            return call_fail(c, -1, ERR_SHAPE, "There is no such axis to pad.");
        TRY(pad_axis(c, d, one, axis, &a));
    }
    bool ok = apply1(c->ev, OP_place, v, &a, out);
    return ok;
}

/* Both repeated to [len(a), len(b)], then f. */
bool fn_outer(struct call *c, struct value *out) {
    struct value a, b, tall = value_missing(), flat = value_missing();
    struct value wa = value_missing(), wb = value_missing();
    struct desc da, db;
    TRY(fn_operand(c, 0, &a));
    TRY(fn_operand(c, 1, &b));
    if (!value_describe(a, &da) || !value_describe(b, &db)) return *out = value_unknown(), true;
    if (da.shape.n != 1 || db.shape.n != 1)
        return call_fail(c, -1, ERR_SHAPE, "outer pairs the elements of two vectors.");
    struct attrs column = {.shape = shape_of(2, (int64_t[]){da.shape.size[0], 1})};
    struct attrs wide = {.shape = shape_of(2, (int64_t[]){da.shape.size[0], db.shape.size[0]})};
    wide.shape.axis[0] = column.shape.axis[0] = da.shape.axis[0];
    struct attrs row = {.shape = shape_of(2, (int64_t[]){1, db.shape.size[0]})};
    wide.shape.axis[1] = row.shape.axis[1] = db.shape.axis[0];
    bool ok =
        apply1(c->ev, OP_reshape, a, &column, &tall) && apply1(c->ev, OP_reshape, b, &row, &flat);
    bool product = !call_has(c, 2) && (dtype_is_float(da.dtype) || dtype_is_float(db.dtype));
    if (ok && product) {
        ok = apply2(c->ev, OP_matmul, tall, flat, out);
    } else if (ok) { /* a function sees all pairs at once */
        wide.axes = 2;
        ok = apply1(c->ev, OP_expand, tall, &wide, &wa);
        wide.axes = 1;
        ok = ok && apply1(c->ev, OP_expand, b, &wide, &wb);
        if (ok && call_has(c, 2))
            ok = call_simple(c->ev, c->args[2], (struct value[]){wa, wb}, 2, c->at, out);
        else ok = ok && apply2(c->ev, OP_mul, wa, wb, out);
    }
    value_unref(tall);
    value_unref(flat);
    value_unref(wa);
    value_unref(wb);
    return ok;
}

bool fn_windows(struct call *c, struct value *out) {
    const struct desc *d = &c->desc;
    struct value v = c->first, at;
    int64_t size, step;
    TRY(call_int(c, 1, 1, &size));
    TRY(call_int(c, 2, 1, &step));
    if (d->shape.n == 0) return call_fail(c, 0, ERR_TYPE, "A single number has no rows.");
    TRY(axes_fit(d->shape.n + 1, c->ev->e));
    int64_t n = d->shape.size[0];
    if (n < 0 || v.kind != V_TENSOR) return *out = value_unknown(), true;
    if (step < 1) {
        return call_fail(c, 2, ERR_VALUE, "Windows go on by at least 1, not by %lld.",
                         (long long)step);
    }
    if (size < 1 || size > n)
        return call_fail(c, 1, ERR_VALUE, "A window of %lld does not fit into %lld rows.",
                         (long long)size, (long long)n);
    int64_t count = (n - size) / step + 1;
    struct shape s = shape_of(1, &(int64_t){count * size});
    struct tensor *rows = tensor_new(DT_INT64, &s, c->ev->e);
    if (!rows) return false;
    for (int64_t i = 0; i < count * size; i++)
        ((int64_t *)rows->data)[i] = i / size * step + i % size;
    at = value_tensor(rows);
    struct value flat = value_missing();
    struct attrs a = {.shape = {.n = d->shape.n + 1}};
    a.shape.size[0] = count;
    a.shape.size[1] = size;
    for (int i = 1; i < d->shape.n; i++)
        a.shape.size[i + 1] = d->shape.size[i], a.shape.axis[i + 1] = d->shape.axis[i];
    bool ok = apply2(c->ev, OP_gather, v, at, &flat) && apply1(c->ev, OP_reshape, flat, &a, out);
    value_unref(flat);
    value_unref(at);
    return ok;
}
