/* Lists of numbers and of equal tensors as one tensor. */
#include "eval_ops.h"
#include <stdio.h>
#include <string.h>

enum { MAX_PARTS = 64 };

static bool numbers_to_tensor(struct eval *ev, const struct list *l, enum dtype t,
                              struct value *out) {
    struct shape s = shape_of(1, &(int64_t){l->n});
    struct tensor *made = tensor_new(t, &s, ev->e);
    if (!made) return false;
    for (int32_t i = 0; i < l->n; i++) {
        if (t == DT_INT64) ((int64_t *)made->data)[i] = l->items[i].integer;
        else tensor_set(made, i, value_number(l->items[i]));
    }
    return *out = value_tensor(made), true;
}

bool axes_fit(int n, struct err *e) {
    if (n <= MAX_AXES) return true;
    return err_set(e, ERR_SHAPE, "A tensor has at most %d axes, and this one would have %d.",
                   MAX_AXES, n);
}

/* Put each element under a new first axis and join them. */
static bool stack_items(struct eval *ev, const struct list *l, struct value *out) {
    struct value list = value_list_new(l->n, ev->e);
    bool ok = list.kind == V_LIST;
    for (int32_t i = 0; ok && i < l->n; i++) {
        struct desc d;
        struct attrs a = {0};
        struct value row;
        value_describe(l->items[i], &d);
        ok = axes_fit(d.shape.n + 1, ev->e);
        if (!ok) break;
        a.shape.n = d.shape.n + 1;
        a.shape.size[0] = 1;
        for (int k = 0; k < d.shape.n; k++) {
            a.shape.size[k + 1] = d.shape.size[k];
            a.shape.axis[k + 1] = d.shape.axis[k];
        }
        ok = apply1(ev, OP_reshape, l->items[i], &a, &row) && list_add(list.list, row, ev->e);
    }
    ok = ok && concat_values(ev, list.list->items, list.list->n, 0, out);
    if (list.kind == V_LIST) value_unref(list);
    return ok;
}

/* More parts than one op takes are joined in rounds. */
bool concat_values(struct eval *ev, const struct value *items, int n, int axis, struct value *out) {
    struct attrs a = {.axis = axis};
    if (n <= MAX_PARTS) return apply_op(ev, OP_concat, items, n, &a, out);
    struct value parts = value_list_new(n / MAX_PARTS + 1, ev->e);
    bool ok = parts.kind == V_LIST;
    for (int i = 0; ok && i < n; i += MAX_PARTS) {
        struct value part;
        int take = n - i < MAX_PARTS ? n - i : MAX_PARTS;
        ok = apply_op(ev, OP_concat, items + i, take, &a, &part) &&
             list_add(parts.list, part, ev->e);
    }
    ok = ok && concat_values(ev, parts.list->items, parts.list->n, axis, out);
    if (parts.kind == V_LIST) value_unref(parts);
    return ok;
}

static bool row_lengths_differ(struct eval *ev, const struct list *l) {
    struct desc first, d;
    value_describe(l->items[0], &first);
    for (int32_t i = 1; i < l->n; i++) {
        value_describe(l->items[i], &d);
        if (d.shape.n == first.shape.n && shape_same_sizes(&d.shape, &first.shape)) continue;
        char a[96], b[96];
        bool unknown = !shape_known(&d.shape) || !shape_known(&first.shape);
        if (unknown && d.shape.n == first.shape.n) continue;
        err_set(ev->e, ERR_SHAPE, "The rows of a tensor must all have the same shape.");
        err_fact(ev->e, "row 0", "%s", shape_print(&first.shape, a, sizeof a));
        char which[32];
        snprintf(which, sizeof which, "row %d", i);
        err_fact(ev->e, which, "%s", shape_print(&d.shape, b, sizeof b));
        return true;
    }
    return false;
}

bool list_to_tensor(struct eval *ev, const struct list *l, struct value *out) {
    bool numbers = l->n > 0, ints = true, bools = true, tensors = l->n > 0, described = false;
    for (int32_t i = 0; i < l->n; i++) {
        struct value v = l->items[i];
        numbers = numbers && value_is_number(v);
        ints = ints && v.kind == V_INT;
        bools = bools && v.kind == V_BOOL;
        described = described || v.kind == V_DESC || v.kind == V_NODE;
        tensors = tensors && value_is_tensorlike(v);
        if (v.kind == V_UNKNOWN) return *out = value_unknown(), true;
    }
    if (numbers)
        return numbers_to_tensor(ev, l, ints ? DT_INT64 : bools ? DT_BOOL : DT_FLOAT64, out);
    struct value keep = {.kind = V_LIST, .list = (struct list *)(uintptr_t)l};
    if (!tensors) return *out = value_ref(keep), true;
    if (row_lengths_differ(ev, l)) return false;
    return stack_items(ev, l, out);
}
