/* x[…]: positions, slices, names of axes, masks, lists of positions; and their replacement. */
#include "eval_parts.h"
#include "tables.h"
#include "base/intern.h"
#include "base/pool.h"
#include <stdio.h>
#include <string.h>

enum { NEW_AXIS = -1, MAX_PLACES = 2 * MAX_AXES };

/* What the subscripts ask of each axis of a tensor, and which axes the result has. */
struct selection {
    struct shape from;
    int64_t begin[MAX_AXES], step[MAX_AXES], count[MAX_AXES];
    bool drop[MAX_AXES]; /* a single position: the axis goes */
    bool touched;        /* something other than whole axes */
    bool unknown;        /* checking: a subscript of which not even the kind is known */
    bool vague;          /* checking: one position that is not known */
    struct value pick;   /* positions or mask for axis pick_axis; MISSING = none */
    int pick_axis;
    int order[MAX_PLACES]; /* axes of the result: number of an old one, or NEW_AXIS */
    int n_order;
};

static bool index_out(struct eval *ev, const struct ast *s, const struct shape *from, int axis,
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

static bool select_position(struct eval *ev, const struct ast *s, struct selection *sel, int axis,
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
static bool select_slice(struct eval *ev, const struct ast *s, struct selection *sel, int axis) {
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
    return -1;
}

static bool too_many(struct eval *ev, const struct ast *x, const struct shape *from) {
    char shape[160];
    return fail(ev, x->span, ERR_INDEX, "Too many positions: the tensor has %d ax%s, %s.", from->n,
                from->n == 1 ? "is" : "es", shape_print(from, shape, sizeof shape));
}

static void selection_start(struct selection *sel, const struct shape *from) {
    *sel = (struct selection){.from = *from};
    for (int i = 0; i < from->n; i++) {
        sel->step[i] = 1;
        sel->count[i] = from->size[i];
    }
}

static bool select_axes(struct eval *ev, const struct ast *x, struct selection *sel) {
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

/* ---- carrying it out with ops ---- */

static bool do_slice(struct eval *ev, const struct selection *sel, struct value v,
                     struct value *out) {
    struct attrs a = {.shape = sel->from};
    bool whole = true;
    for (int i = 0; i < sel->from.n; i++) {
        a.begin[i] = sel->begin[i];
        a.step[i] = sel->step[i];
        a.shape.size[i] = sel->count[i];
        whole =
            whole && sel->count[i] == sel->from.size[i] && sel->begin[i] == 0 && sel->step[i] == 1;
    }
    if (whole) return *out = value_ref(v), true;
    return apply1(ev, OP_slice, v, &a, out);
}

static bool mask_positions(struct eval *ev, const struct tensor *mask, struct value *out) {
    int64_t n = 0;
    for (int64_t i = 0; i < mask->count; i++) n += tensor_get(mask, i) != 0;
    struct shape s = shape_of(1, &n);
    s.axis[0] = mask->shape.axis[0];
    struct tensor *t = tensor_new(DT_INT64, &s, ev->e);
    if (!t) return false;
    int64_t k = 0;
    for (int64_t i = 0; i < mask->count; i++) {
        if (tensor_get(mask, i) != 0) ((int64_t *)t->data)[k++] = i;
    }
    return *out = value_tensor(t), true;
}

static bool normal_positions(struct eval *ev, const struct selection *sel, struct value pick,
                             struct span at, struct value *out) {
    int64_t n = sel->from.size[sel->pick_axis];
    struct tensor *t = tensor_cast(pick.tensor, DT_INT64, ev->e);
    if (!t) return false;
    struct shape line = shape_of(1, &t->count); /* do_reshape gives it its own axes */
    if (t->shape.n == 1) line = t->shape;
    struct tensor *made = tensor_new(DT_INT64, &line, ev->e);
    for (int64_t i = 0; made && i < t->count; i++) {
        int64_t p = ((const int64_t *)t->data)[i];
        if (p < -n || p >= n) {
            fail(ev, at, ERR_INDEX, "Position %lld is outside the axis, which has %lld positions.",
                 (long long)p, (long long)n);
            tensor_unref(made);
            made = NULL;
            break;
        }
        ((int64_t *)made->data)[i] = p < 0 ? p + n : p;
    }
    tensor_unref(t);
    *out = value_tensor(made);
    return made != NULL;
}

/* A mask for the whole tensor: both laid flat. */
static bool pick_flat(struct eval *ev, const struct selection *sel, struct value v,
                      struct value *out) {
    struct attrs a = {.shape = shape_of(1, &sel->pick.tensor->count)};
    struct value flat = value_missing(), at = value_missing();
    bool ok = apply1(ev, OP_reshape, v, &a, &flat) && mask_positions(ev, sel->pick.tensor, &at) &&
              apply2(ev, OP_gather, flat, at, out);
    value_unref(flat);
    value_unref(at);
    return ok;
}

static bool swap_to_front(struct eval *ev, struct value v, int n, int axis, struct value *out) {
    struct attrs a = {0};
    for (int i = 0; i < n; i++) a.perm[i] = i;
    a.perm[0] = axis;
    a.perm[axis] = 0;
    return apply1(ev, OP_transpose, v, &a, out);
}

static bool pick_unknown(struct eval *ev, const struct selection *sel, struct value v,
                         struct value *out) {
    struct desc d, p;
    value_describe(v, &d);
    value_describe(sel->pick, &p);
    if (p.dtype == DT_BOOL && p.shape.n > 1) {
        d.shape = shape_of(1, &(int64_t){unknown_size()});
    } else if (p.shape.n == 1) {
        int64_t own = unknown_size();
        d.shape.size[sel->pick_axis] = p.dtype == DT_BOOL ? own : p.shape.size[0];
    } else {
        return *out = value_unknown(), true;
    }
    *out = value_desc(&d, ev->e);
    return out->kind == V_DESC;
}

static bool mask_fits(struct eval *ev, const struct selection *sel, const struct desc *p,
                      struct span at) {
    char a[128], b[128];
    bool whole = p->shape.n == sel->from.n && shape_same_sizes(&p->shape, &sel->from);
    int64_t n = sel->from.size[sel->pick_axis];
    bool one = p->shape.n == 1 && (p->shape.size[0] == n || n < 0 || p->shape.size[0] < 0);
    if (whole || one || !shape_known(&p->shape) || !shape_known(&sel->from)) return true;
    fail(ev, at, ERR_SHAPE,
         "A mask says yes or no for each element, so it must have the tensor's "
         "shape or the length of the axis.");
    err_fact(ev->e, "the tensor", "%s", shape_print(&sel->from, a, sizeof a));
    return err_fact(ev->e, "the mask", "%s", shape_print(&p->shape, b, sizeof b));
}

static bool do_pick(struct eval *ev, const struct selection *sel, struct value v,
                    const struct ast *x, struct value *out) {
    struct desc p;
    value_describe(sel->pick, &p);
    if (p.dtype == DT_BOOL) TRY(mask_fits(ev, sel, &p, x->span));
    bool described = v.kind == V_DESC || sel->pick.kind == V_DESC;
    if (described && ev->domain == DOMAIN_CHECK) return pick_unknown(ev, sel, v, out);
    if (sel->pick.kind != V_TENSOR)
        return fail_later(ev, x->span, "positions that are computed inside a graph");
    if (p.dtype == DT_BOOL && p.shape.n > 1) return pick_flat(ev, sel, v, out);
    struct value at = value_missing(), front = value_missing(), rows = value_missing();
    bool ok = p.dtype == DT_BOOL ? mask_positions(ev, sel->pick.tensor, &at)
                                 : normal_positions(ev, sel, sel->pick, x->span, &at);
    int axis = sel->pick_axis;
    if (ok && axis == 0) {
        ok = apply2(ev, OP_gather, v, at, out);
    } else if (ok) {
        ok = swap_to_front(ev, v, sel->from.n, axis, &front) &&
             apply2(ev, OP_gather, front, at, &rows) &&
             swap_to_front(ev, rows, sel->from.n, axis, out);
    }
    value_unref(at);
    value_unref(front);
    value_unref(rows);
    return ok;
}

/* The axes of positions that were given as a table of numbers. False: they had one axis. */
static bool add_pick_axes(const struct selection *sel, int axis, struct shape *to) {
    bool table = axis == sel->pick_axis && sel->pick.kind == V_TENSOR &&
                 sel->pick.tensor->dtype != DT_BOOL && sel->pick.tensor->shape.n > 1;
    for (int i = 0; table && i < sel->pick.tensor->shape.n && to->n < MAX_AXES; i++) {
        to->axis[to->n] = sel->pick.tensor->shape.axis[i];
        to->size[to->n++] = sel->pick.tensor->shape.size[i];
    }
    return table;
}

/* Drop single positions and put in new axes: one reshape. */
static bool do_reshape(struct eval *ev, const struct selection *sel, struct value v,
                       struct value *out) {
    struct desc d;
    value_describe(v, &d);
    bool flat = sel->pick.kind != V_MISSING && d.shape.n != sel->from.n;
    struct attrs a = {0};
    bool same = true;
    for (int i = 0; i < sel->n_order && a.shape.n < MAX_AXES; i++) {
        int axis = sel->order[i];
        if (axis == NEW_AXIS) {
            a.shape.size[a.shape.n++] = 1;
            same = false;
        } else if (sel->drop[axis] || add_pick_axes(sel, axis, &a.shape)) {
            same = false;
        } else {
            a.shape.size[a.shape.n] = d.shape.size[axis];
            a.shape.axis[a.shape.n] = d.shape.axis[axis];
            if (d.shape.weak >> axis & 1) a.shape.weak |= (uint8_t)(1u << a.shape.n);
            a.shape.n++;
        }
    }
    if (same || flat) return *out = value_ref(v), true;
    return apply1(ev, OP_reshape, v, &a, out);
}

static bool carry_out(struct eval *ev, const struct selection *sel, struct value v,
                      const struct ast *x, struct value *out) {
    struct value cut = value_missing(), picked = value_missing();
    bool ok = do_slice(ev, sel, v, &cut);
    if (ok && sel->pick.kind != V_MISSING) ok = do_pick(ev, sel, cut, x, &picked);
    else if (ok) picked = value_ref(cut);
    if (ok && value_is_tensorlike(picked)) ok = do_reshape(ev, sel, picked, out);
    else if (ok) *out = value_ref(picked);
    value_unref(cut);
    value_unref(picked);
    return ok;
}

static bool index_tensor(struct eval *ev, const struct ast *x, struct value v, struct value *out) {
    struct desc d;
    value_describe(v, &d);
    struct selection sel;
    selection_start(&sel, &d.shape);
    bool ok = select_axes(ev, x, &sel);
    struct value described = value_missing();
    if (ok && sel.vague && v.kind == V_TENSOR) v = described = value_desc(&d, ev->e);
    if (ok && sel.unknown) *out = value_unknown();
    else ok = ok && carry_out(ev, &sel, v, x, out);
    value_unref(described);
    value_unref(sel.pick);
    if (ok && out->kind == V_TENSOR && v.kind == V_TENSOR && v.tensor->is_image &&
        out->tensor->shape.n >= 2)
        out->tensor->is_image = true;
    return ok;
}

/* ---- other kinds ---- */

/* Part of a shape is a shape: it compares as a whole. */
static bool slice_shape(struct eval *ev, const struct ast *x, struct value v, struct value *out) {
    struct selection sel;
    struct shape s = shape_of(1, &(int64_t){v.shape->shape.n}), part = {0};
    const struct shape *from = &v.shape->shape;
    selection_start(&sel, &s);
    TRY(select_slice(ev, x->list[0]->a, &sel, 0));
    if (sel.count[0] < 0) return *out = value_unknown(), true;
    for (int64_t i = 0; i < sel.count[0] && part.n < MAX_AXES; i++) {
        int64_t at = sel.begin[0] + i * sel.step[0];
        part.size[part.n] = from->size[at];
        part.axis[part.n] = from->axis[at];
        if (from->weak >> at & 1) part.weak |= (uint8_t)(1u << part.n);
        part.n++;
    }
    *out = value_shape(&part, ev->e);
    return out->kind == V_SHAPE;
}

static bool index_shape(struct eval *ev, const struct ast *x, struct value v, struct value *out) {
    struct value t;
    if (x->n == 1 && x->list[0]->a->kind == AST_SLICE && !x->list[0]->name)
        return slice_shape(ev, x, v, out);
    TRY(as_tensorlike(ev, v, &t));
    bool ok = t.kind == V_TENSOR ? index_tensor(ev, x, t, out) : (*out = value_unknown(), true);
    value_unref(t);
    return ok;
}

static bool list_slice(struct eval *ev, const struct ast *x, struct value v, struct value *out) {
    struct selection sel;
    struct shape s = shape_of(1, &(int64_t){v.list->n});
    selection_start(&sel, &s);
    TRY(select_slice(ev, x->list[0]->a, &sel, 0));
    if (sel.count[0] < 0) return *out = value_unknown(), true;
    *out = value_list_new((int32_t)sel.count[0], ev->e);
    for (int64_t i = 0; out->kind == V_LIST && i < sel.count[0]; i++) {
        struct value item = value_ref(v.list->items[sel.begin[0] + i * sel.step[0]]);
        if (!list_add(out->list, item, ev->e)) return value_unref(*out), false;
    }
    return out->kind == V_LIST;
}

static bool index_list(struct eval *ev, const struct ast *x, struct value v, struct value *out) {
    if (x->n == 1 && x->list[0]->a->kind == AST_SLICE) return list_slice(ev, x, v, out);
    struct value i = value_missing();
    if (x->n == 1) TRY(eval_expr(ev, x->list[0]->a, &i));
    if (i.kind == V_UNKNOWN || i.kind == V_DESC)
        return value_unref(i), *out = value_unknown(), true;
    if (x->n == 1 && i.kind == V_INT) {
        int64_t n = v.list->n, at = i.integer < 0 ? i.integer + n : i.integer;
        if (at >= 0 && at < n) return *out = value_ref(v.list->items[at]), true;
        struct shape s = shape_of(1, &n);
        return index_out(ev, x->list[0], &s, 0, i.integer);
    }
    value_unref(i);
    struct value t; /* a list of equal tensors, used as one tensor */
    TRY(list_to_tensor(ev, v.list, &t));
    bool ok =
        value_is_tensorlike(t)
            ? index_tensor(ev, x, t, out)
            : fail(ev, x->span, ERR_TYPE, "A list is picked from by one whole number or a slice.");
    value_unref(t);
    return ok;
}

static bool index_record(struct eval *ev, const struct ast *x, struct value v, struct value *out) {
    struct value key;
    TRY(eval_expr(ev, x->list[0]->a, &key));
    if (key.kind == V_UNKNOWN) return *out = key, true;
    const struct value *found =
        key.kind == V_TEXT ? record_get(v.record, intern(value_str(&key))) : NULL;
    if (found) *out = value_ref(*found);
    else if (key.kind == V_TEXT)
        fail(ev, x->span, ERR_NAME, "The record has no field \"%s\".", key.text->bytes);
    else fail(ev, x->span, ERR_TYPE, "A record is picked from by a text, such as r[\"name\"].");
    value_unref(key);
    return found != NULL;
}

static bool table_columns(struct eval *ev, const struct ast *x, const struct table *t,
                          const struct list *names, struct value *out) {
    int columns[256];
    for (int i = 0; i < names->n; i++) {
        int c = names->items[i].kind == V_TEXT && i < 256
                    ? table_find(t, value_str(&names->items[i]))
                    : -1;
        if (c < 0)
            return fail(ev, x->span, ERR_COLUMN,
                        "The table has no such column (number %d of the list).", i + 1);
        columns[i] = c;
    }
    *out = value_table(table_pick_columns(t, columns, names->n, ev->e));
    return out->kind == V_TABLE;
}

static bool table_rows(struct eval *ev, const struct ast *x, const struct table *t,
                       struct value pick, struct value *out) {
    struct selection sel;
    struct value at = value_missing();
    struct shape s = shape_of(1, &t->n_rows);
    selection_start(&sel, &s);
    bool ok = pick.tensor->dtype == DT_BOOL
                  ? pick.tensor->count == t->n_rows
                        ? mask_positions(ev, pick.tensor, &at)
                        : fail(ev, x->span, ERR_SHAPE,
                               "The mask has %lld elements and the table %lld rows.",
                               (long long)pick.tensor->count, (long long)t->n_rows)
                  : normal_positions(ev, &sel, pick, x->span, &at);
    if (ok) *out = value_table(table_pick_rows(t, at.tensor->data, at.tensor->count, ev->e));
    value_unref(at);
    return ok && out->kind == V_TABLE;
}

static bool table_steps(struct eval *ev, const struct table *t, const struct selection *sel,
                        struct value *out) {
    struct shape s = shape_of(1, &sel->count[0]);
    struct tensor *at = tensor_new(DT_INT64, &s, ev->e);
    if (!at) return false;
    for (int64_t i = 0; i < at->count; i++)
        ((int64_t *)at->data)[i] = sel->begin[0] + i * sel->step[0];
    *out = value_table(table_pick_rows(t, at->data, at->count, ev->e));
    tensor_unref(at);
    return out->kind == V_TABLE;
}

static bool index_table(struct eval *ev, const struct ast *x, struct value v, struct value *out) {
    const struct table *t = v.table;
    struct selection sel;
    struct shape s = shape_of(1, &t->n_rows);
    selection_start(&sel, &s);
    if (x->list[0]->a->kind == AST_SLICE) {
        TRY(select_slice(ev, x->list[0]->a, &sel, 0));
        if (sel.count[0] < 0) return *out = value_unknown(), true;
        if (sel.step[0] != 1) return table_steps(ev, t, &sel, out);
        *out = value_table(table_slice(t, sel.begin[0], sel.begin[0] + sel.count[0], ev->e));
        return out->kind == V_TABLE;
    }
    struct value key;
    TRY(eval_expr(ev, x->list[0]->a, &key));
    bool ok = true;
    int column = key.kind == V_TEXT ? table_find(t, value_str(&key)) : -1;
    if (key.kind == V_UNKNOWN || key.kind == V_DESC) *out = value_unknown();
    else if (column >= 0) ok = table_column(ev, t, column, out);
    else if (key.kind == V_TEXT)
        ok = fail(ev, x->span, ERR_COLUMN, "The table has no column \"%s\".", key.text->bytes);
    else if (key.kind == V_LIST) ok = table_columns(ev, x, t, key.list, out);
    else if (key.kind == V_TENSOR) ok = table_rows(ev, x, t, key, out);
    else if (key.kind == V_INT && select_position(ev, x->list[0], &sel, 0, key.integer))
        ok = table_row(ev, t, sel.begin[0], out);
    else
        ok =
            key.kind != V_INT
                ? fail(
                      ev, x->span, ERR_TYPE,
                      "A table is picked from by a column's name, a row number, a mask or a slice.")
                : false;
    value_unref(key);
    return ok;
}

static bool index_text(struct eval *ev, const struct ast *x, struct value v, struct value *out) {
    struct selection sel;
    struct shape s = shape_of(1, &(int64_t){value_length(v)});
    selection_start(&sel, &s);
    bool ok = select_axes(ev, x, &sel);
    if (ok && sel.pick.kind != V_MISSING)
        ok = fail(ev, x->span, ERR_TYPE, "A text is picked from by one whole number or a slice.");
    value_unref(sel.pick);
    if (ok && (sel.unknown || sel.vague || sel.count[0] < 0)) return *out = value_unknown(), true;
    struct text t = {0};
    for (int64_t i = 0; ok && i < sel.count[0]; i++) {
        struct value c;
        ok = iterate_item(ev, v, sel.begin[0] + i * sel.step[0], &c);
        if (ok) text_add(&t, value_str(&c)), value_unref(c);
    }
    if (ok) *out = value_text(text_str(&t), ev->e);
    text_clear(&t);
    return ok && out->kind == V_TEXT;
}

/* Both sides of a pair: rows of inputs and targets together. */
static bool index_pair(struct eval *ev, const struct ast *x, struct value v, struct value *out) {
    struct value a = value_missing(), b = value_missing();
    if (!index_value(ev, x, v.pair->inputs, &a) || !index_value(ev, x, v.pair->targets, &b)) {
        value_unref(a);
        value_unref(b);
        return false;
    }
    *out = value_pair(a, b, ev->e);
    return out->kind == V_PAIR;
}

bool index_value(struct eval *ev, const struct ast *x, struct value v, struct value *out) {
    switch (v.kind) {
    case V_UNKNOWN: return *out = value_unknown(), true;
    case V_TENSOR:
    case V_NODE:
    case V_DESC: return index_tensor(ev, x, v, out);
    case V_SHAPE: return index_shape(ev, x, v, out);
    case V_LIST: return index_list(ev, x, v, out);
    case V_RECORD: return index_record(ev, x, v, out);
    case V_TABLE:
    case V_HISTORY: return index_table(ev, x, v, out);
    case V_TEXT: return index_text(ev, x, v, out);
    case V_PAIR: return index_pair(ev, x, v, out);
    default:
        return fail(ev, x->span, ERR_TYPE, "This is %s: nothing can be picked from it with [ ].",
                    value_kind_words(v.kind));
    }
}

bool eval_index(struct eval *ev, const struct ast *x, struct value *out) {
    struct value v;
    TRY(eval_expr(ev, x->a, &v));
    bool ok = index_value(ev, x, v, out);
    value_unref(v);
    return ok || fail_from(ev, x->span, &x->a->span, 1);
}
