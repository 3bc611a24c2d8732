/* What subscripts ask of each axis of a tensor. */
#include "selection.h"
#include "builtin.h"
#include <stdio.h>
#include <string.h>

bool index_out(struct eval *ev, const struct ast *s, const struct shape *from, int axis,
               int64_t i) {
    int64_t n = from->size[axis];
    fail(ev, s->span, ERR_INDEX, "Position %lld is outside: ", (long long)i);
    char name[48] = "";
    if (from->axis[axis]) snprintf(name, sizeof name, " `%s`", from->axis[axis]);
    if (n == 0)
        err_set(ev->e, ERR_INDEX, "The axis%s is empty, so there is no position %lld.", name,
                (long long)i);
    else
        err_set(ev->e, ERR_INDEX,
                "Position %lld is outside the axis%s, which has the positions 0 to %lld.",
                (long long)i, name, (long long)n - 1);
    if (i == n && n > 0)
        err_hint(ev->e, "Counting starts at 0, so the last one is %lld, or -1.", (long long)n - 1);
    return err_at(ev->e, s->span);
}

bool select_position(struct eval *ev, const struct ast *s, struct selection *sel, int axis,
                     int64_t i) {
    int64_t n = sel->from.size[axis];
    if (n >= 0 && (i >= n || i < -n)) return index_out(ev, s, &sel->from, axis, i);
    if (n < 0 && i < 0) i = 0; /* counted from an end that is not known yet */
    sel->begin[axis] = i < 0 ? i + n : i;
    sel->count[axis] = 1;
    sel->drop[axis] = true;
    sel->touched = true;
    return true;
}

static bool bound(struct eval *ev, const struct ast *x, int64_t fallback, int64_t *out,
                  bool *known) {
    *out = fallback;
    if (!x) return true;
    struct value v;
    TRY(eval_expr(ev, x, &v));
    bool ok = v.kind == V_INT || v.kind == V_NONE;
    if (v.kind == V_INT) *out = v.integer;
    if (v.kind == V_DESC || v.kind == V_UNKNOWN) *known = false, ok = true;
    if (!ok)
        fail(ev, x->span, ERR_TYPE, "A slice is cut at whole numbers, and this is %s.",
             value_kind_words(v.kind));
    value_unref(v);
    return ok;
}

static int64_t clamp(int64_t x, int64_t low, int64_t high) {
    return x < low ? low : x > high ? high : x;
}

/* Python's rules: negative from the end, clamped, any step but 0. */
bool select_slice(struct eval *ev, const struct ast *s, struct selection *sel, int axis) {
    int64_t n = sel->from.size[axis], step, begin, end;
    bool known = true;
    TRY(bound(ev, s->c, 1, &step, &known));
    if (step == 0) return fail(ev, s->span, ERR_VALUE, "A slice cannot go in steps of 0.");
    int64_t far = INT64_MAX, longest = INT64_MAX / 4; /* a longer step reaches nothing either */
    step = clamp(step, -longest, longest);
    TRY(bound(ev, s->a, step > 0 ? 0 : far, &begin, &known));
    TRY(bound(ev, s->b, step > 0 ? far : -far, &end, &known));
    if (!s->a && !s->b && step == 1) return true;
    sel->touched = true;
    if (!known || n < 0) {
        sel->count[axis] = unknown_size();
        sel->begin[axis] = 0;
        return true;
    }
    if (begin < 0) begin += n;
    if (end < 0 && end != -far) end += n;
    if (step > 0) {
        begin = clamp(begin, 0, n);
        end = clamp(end, begin, n);
        sel->count[axis] = (end - begin + step - 1) / step;
    } else {
        begin = clamp(begin, -1, n - 1);
        end = end == -far ? -1 : clamp(end, -1, begin);
        sel->count[axis] = (begin - end + (-step) - 1) / -step;
    }
    sel->begin[axis] = sel->count[axis] ? begin : 0;
    sel->step[axis] = sel->count[axis] ? step : 1;
    return true;
}

static bool select_many(struct eval *ev, const struct ast *s, struct selection *sel, int axis,
                        struct value take) {
    struct value t = value_missing();
    bool ok = sel->pick.kind == V_MISSING;
    if (!ok) fail_later(ev, s->span, "two lists of positions at once");
    ok = ok && as_tensorlike(ev, take, &t);
    value_unref(take);
    if (!ok) return false;
    struct desc d;
    if (!value_describe(t, &d) || d.shape.n == 0 || dtype_is_float(d.dtype)) {
        fail(ev, s->span, ERR_TYPE, "A position is a whole number, and this is %s.",
             d.shape.n == 0 && t.kind == V_FLOAT ? "a number with a decimal point"
                                                 : value_kind_words(t.kind));
        if (t.kind == V_FLOAT) err_hint(ev->e, "Use // for a division that gives whole numbers.");
        value_unref(t);
        return false;
    }
    sel->pick = t;
    sel->pick_axis = axis;
    sel->touched = true;
    return true;
}

static bool select_one(struct eval *ev, const struct ast *s, struct selection *sel, int axis,
                       struct value take) {
    if (take.kind == V_INT) return select_position(ev, s, sel, axis, take.integer);
    struct desc d;
    bool unknown_int = take.kind == V_DESC && value_describe(take, &d) && d.shape.n == 0 &&
                       !dtype_is_float(d.dtype);
    if (take.kind == V_UNKNOWN) return sel->unknown = true;
    if (unknown_int) {
        value_unref(take);
        sel->vague = true;
        if (sel->from.size[axis] == 0) return sel->unknown = true;
        return select_position(ev, s, sel, axis, 0);
    }
    if (take.kind == V_TEXT) {
        fail(ev, s->span, ERR_TYPE, "A text is not a position of a tensor.");
        err_hint(ev->e, "To pick along a named axis, write [%s=0].", take.text->bytes);
        value_unref(take);
        return false;
    }
    return select_many(ev, s, sel, axis, take);
}

static int named_axis(struct eval *ev, const struct ast *s, const struct shape *from) {
    int axis = shape_find_axis(from, s->name);
    if (axis >= 0) return axis;
    char axes[256];
    fail(ev, s->key_span.source ? s->key_span : s->span, ERR_SHAPE, "There is no axis `%s`.",
         s->name);
    err_fact(ev->e, "the axes", "%s", shape_print_axes(from, 0, axes, sizeof axes));
    axis_hint(ev->e, from, str_of(s->name));
    return -1;
}

static bool too_many(struct eval *ev, const struct ast *x, const struct shape *from) {
    char shape[160];
    return fail(ev, x->span, ERR_INDEX, "Too many positions: the tensor has %d ax%s, %s.", from->n,
                from->n == 1 ? "is" : "es", shape_print(from, shape, sizeof shape));
}

void selection_start(struct selection *sel, const struct shape *from) {
    *sel = (struct selection){.from = *from};
    for (int i = 0; i < from->n; i++) {
        sel->step[i] = 1;
        sel->count[i] = from->size[i];
    }
}

bool select_axes(struct eval *ev, const struct ast *x, struct selection *sel) {
    int next = 0;
    for (int i = 0; i < x->n; i++) {
        const struct ast *s = x->list[i];
        int axis = next;
        if (s->a->kind == AST_NONE && !s->name) {
            if (sel->n_order < MAX_PLACES) sel->order[sel->n_order++] = NEW_AXIS;
            continue;
        }
        if (s->name) {
            if ((axis = named_axis(ev, s, &sel->from)) < 0) return false;
        } else {
            if (axis >= sel->from.n) return too_many(ev, x, &sel->from);
            next++;
            if (sel->n_order < MAX_PLACES) sel->order[sel->n_order++] = axis;
        }
        if (s->a->kind == AST_SLICE) {
            TRY(select_slice(ev, s->a, sel, axis));
            continue;
        }
        struct value v;
        TRY(eval_expr(ev, s->a, &v));
        TRY(select_one(ev, s, sel, axis, v));
    }
    for (int i = next; i < sel->from.n && sel->n_order < MAX_PLACES; i++)
        sel->order[sel->n_order++] = i;
    return true;
}
