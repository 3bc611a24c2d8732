/* x[…] of tensors: a selection carried out with ops. */
#include "selection.h"
#include "scalar.h"
#include <string.h>

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

bool mask_positions(struct eval *ev, const struct tensor *mask, struct value *out) {
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

/* Most positions need no turning round and no error: then they are used as they are. */
static bool all_inside(const struct tensor *t, int64_t n) {
    bool outside = t->dtype != DT_INT64 || t->shape.n != 1;
    for (int64_t i = 0; !outside && i < t->count;) {
        int64_t end = t->count - i < 4096 ? t->count : i + 4096;
        for (; i < end; i++) outside |= (uint64_t)((const int64_t *)t->data)[i] >= (uint64_t)n;
    }
    return !outside;
}

bool normal_positions(struct eval *ev, const struct selection *sel, struct value pick,
                      struct span at, struct value *out) {
    int64_t n = sel->from.size[sel->pick_axis];
    if (all_inside(pick.tensor, n)) return *out = value_ref(pick), true;
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

static void copy_rows(char *to, const char *from, const uint8_t *mask, int64_t found,
                      size_t bytes) {
    int64_t k = 0;
    if (bytes == 8) { /* the commonest: without a branch for each element */
        for (int64_t i = 0; k < found; i++) {
            memcpy(to + 8 * k, from + 8 * i, 8);
            k += mask[i] != 0;
        }
        return;
    }
    for (int64_t i = 0; k < found; i++) {
        if (!mask[i]) continue;
        memcpy(to + (size_t)k++ * bytes, from + (size_t)i * bytes, bytes);
    }
}

/* Rows where a mask is True: what gathering by its positions gives, without the positions. */
static bool rows_by_mask(struct eval *ev, const struct tensor *x, const struct tensor *mask,
                         struct value *out) {
    const uint8_t *yes = mask->data;
    int64_t found = 0;
    for (int64_t i = 0; i < mask->count; i++) found += yes[i] != 0;
    struct shape line = shape_of(1, &found);
    line.axis[0] = mask->shape.axis[0];
    struct desc dx = tensor_desc(x), at = {.dtype = DT_INT64, .shape = line}, made;
    TRY(op_describe(OP_gather, (const struct desc *const[]){&dx, &at}, 2, NULL, &made, ev->e));
    struct tensor *t = tensor_new(made.dtype, &made.shape, ev->e);
    if (!t) return false;
    size_t row = x->shape.size[0] ? (size_t)(x->count / x->shape.size[0]) : 0;
    copy_rows(t->data, x->data, yes, row ? found : 0, row * dtype_bytes(x->dtype));
    return *out = value_tensor(t), true;
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
    bool by_mask = p.dtype == DT_BOOL && sel->pick_axis == 0 && v.kind == V_TENSOR;
    if (by_mask && v.tensor->data) return rows_by_mask(ev, v.tensor, sel->pick.tensor, out);
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
    for (int i = 0; table && i < sel->pick.tensor->shape.n; i++) {
        to->axis[to->n] = sel->pick.tensor->shape.axis[i];
        to->size[to->n++] = sel->pick.tensor->shape.size[i];
    }
    return table;
}

/* How many axes the result has. */
static int count_axes(const struct selection *sel) {
    int n = 0;
    for (int i = 0; i < sel->n_order; i++) {
        int axis = sel->order[i];
        bool table = axis == sel->pick_axis && sel->pick.kind == V_TENSOR &&
                     sel->pick.tensor->dtype != DT_BOOL && sel->pick.tensor->shape.n > 1;
        if (axis == NEW_AXIS) n++;
        else if (!sel->drop[axis]) n += table ? sel->pick.tensor->shape.n : 1;
    }
    return n;
}

/* Drop single positions and put in new axes: one reshape. */
static bool do_reshape(struct eval *ev, const struct selection *sel, struct value v,
                       struct value *out) {
    struct desc d;
    value_describe(v, &d);
    bool flat = sel->pick.kind != V_MISSING && d.shape.n != sel->from.n;
    struct attrs a = {0};
    bool same = true;
    TRY(axes_fit(count_axes(sel), ev->e));
    for (int i = 0; i < sel->n_order; i++) {
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

bool selection_apply(struct eval *ev, const struct selection *sel, struct value v,
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

/* x[i, j] with single numbers for all axes: the commonest in loops, read at once. False: something
 * else. */
static bool single_number(struct eval *ev, const struct ast *x, const struct tensor *t,
                          struct value *out) {
    if (ev->domain == DOMAIN_CHECK || x->n != t->shape.n || !t->data) return false;
    int64_t place = 0;
    for (int i = 0; i < x->n; i++) {
        if (x->list[i]->name) return false;
        struct value at = scalar_eval(ev, x->list[i]->a);
        int64_t n = t->shape.size[i];
        if (at.kind != V_INT || at.integer < -n || at.integer >= n) return false;
        place = place * n + (at.integer < 0 ? at.integer + n : at.integer);
    }
    if (t->dtype == DT_INT64) *out = value_int(((const int64_t *)t->data)[place]);
    else if (t->dtype == DT_BOOL) *out = value_bool(tensor_get(t, place) != 0);
    else if (dtype_is_float(t->dtype)) *out = value_float(tensor_get(t, place));
    else *out = value_int((int64_t)tensor_get(t, place));
    return true;
}

/* Inside a model, a loss or a step a batch of examples is computed in parts: which example stands
 * where is nobody's to know, so that axis is taken as a whole. */
static bool examples_whole(struct eval *ev, const struct ast *x, const struct selection *sel) {
    for (int i = 0; i < sel->from.n; i++) {
        bool listed = sel->pick.kind == V_TENSOR && sel->pick_axis == i;
        bool whole = !sel->drop[i] && sel->count[i] == SIZE_BATCH && !listed;
        if (sel->from.size[i] != SIZE_BATCH || whole) continue;
        char shape[160];
        fail(ev, x->span, ERR_INDEX,
             "Here axis %d counts the examples of a batch, and none of them can be picked out.", i);
        err_fact(ev->e, "the shape", "%s", shape_print(&sel->from, shape, sizeof shape));
        if (i == 0 && sel->from.n > 1)
            err_hint(ev->e, "What belongs to one example comes behind it: [:, 0] instead of [0].");
        return false;
    }
    return true;
}

bool index_tensor(struct eval *ev, const struct ast *x, struct value v, struct value *out) {
    struct desc d;
    if (v.kind == V_TENSOR && single_number(ev, x, v.tensor, out)) return true;
    value_describe(v, &d);
    struct selection sel;
    selection_start(&sel, &d.shape);
    bool ok = select_axes(ev, x, &sel);
    if (ok && v.kind == V_NODE) ok = examples_whole(ev, x, &sel);
    struct value described = value_missing();
    if (ok && sel.vague && v.kind == V_TENSOR) v = described = value_desc(&d, ev->e);
    if (ok && sel.unknown) *out = value_unknown();
    else ok = ok && selection_apply(ev, &sel, v, x, out);
    value_unref(described);
    value_unref(sel.pick);
    if (ok && out->kind == V_TENSOR && v.kind == V_TENSOR && v.tensor->is_image &&
        out->tensor->shape.n >= 2)
        out->tensor->is_image = true;
    return ok;
}
