/* Which numbers of a tensor a selection means, as flat positions: for replacing them. The work is
 * that of the part, not of the tensor, so that a loop over x[i, :] = row stays linear. */
#include "selection.h"

struct walk {
    const struct selection *sel;
    const int64_t *picked; /* positions on the picked axis, or NULL */
    int64_t count[MAX_AXES], stride[MAX_AXES];
    int64_t *to;
};

static void write_places(struct walk *w, int axis, int64_t base) {
    const struct selection *s = w->sel;
    if (axis == s->from.n) {
        *w->to++ = base;
        return;
    }
    const int64_t *picked = axis == s->pick_axis ? w->picked : NULL;
    bool last = axis == s->from.n - 1;
    for (int64_t k = 0; k < w->count[axis]; k++) {
        int64_t i = picked ? picked[k] : s->begin[axis] + k * s->step[axis];
        if (last) *w->to++ = base + i;
        else write_places(w, axis + 1, base + i * w->stride[axis]);
    }
}

/* The shape of what the selection gives. */
static bool part_shape(struct eval *ev, const struct walk *w, struct shape *part) {
    const struct selection *s = w->sel;
    *part = (struct shape){0};
    for (int i = 0; i < s->n_order; i++) {
        int axis = s->order[i];
        if (axis != NEW_AXIS && s->drop[axis]) continue;
        TRY(axes_fit(part->n + 1, ev->e));
        part->size[part->n] = axis == NEW_AXIS ? 1 : w->count[axis];
        if (axis != NEW_AXIS) part->axis[part->n] = s->from.axis[axis];
        part->n++;
    }
    return true;
}

static bool places_by_steps(struct eval *ev, const struct selection *sel, const struct tensor *pick,
                            struct value *out) {
    struct walk w = {.sel = sel, .picked = pick ? pick->data : NULL};
    struct shape part;
    int64_t stride = 1;
    for (int i = sel->from.n - 1; i >= 0; i--) {
        w.count[i] = pick && i == sel->pick_axis ? pick->count : sel->count[i];
        w.stride[i] = stride;
        stride *= sel->from.size[i];
    }
    TRY(part_shape(ev, &w, &part));
    struct tensor *t = tensor_new(DT_INT64, &part, ev->e);
    if (!t) return false;
    w.to = t->data;
    write_places(&w, 0, 0);
    return *out = value_tensor(t), true;
}

/* 0, 1, 2 … in the shape of the tensor: selecting from it tells the same, of masks too. */
static bool places_by_selecting(struct eval *ev, const struct selection *sel, const struct ast *x,
                                struct value *out) {
    struct tensor *all = tensor_new(DT_INT64, &sel->from, ev->e);
    if (!all) return false;
    for (int64_t i = 0; i < all->count; i++) ((int64_t *)all->data)[i] = i;
    bool ok = selection_apply(ev, sel, value_tensor(all), x, out);
    tensor_unref(all);
    return ok;
}

bool selection_places(struct eval *ev, const struct ast *x, const struct shape *from,
                      struct value *out) {
    struct selection sel;
    struct value line = value_missing();
    selection_start(&sel, from);
    bool ok = select_axes(ev, x, &sel);
    const struct tensor *pick = sel.pick.kind == V_TENSOR ? sel.pick.tensor : NULL;
    bool by_steps =
        !pick ? sel.pick.kind == V_MISSING : pick->dtype != DT_BOOL && pick->shape.n == 1;
    if (ok && !by_steps) ok = places_by_selecting(ev, &sel, x, out);
    else if (ok && pick)
        ok = normal_positions(ev, &sel, sel.pick, x->span, &line) &&
             places_by_steps(ev, &sel, line.tensor, out);
    else ok = ok && places_by_steps(ev, &sel, NULL, out);
    value_unref(line);
    value_unref(sel.pick);
    return ok;
}
