/* Shapes written in the text: `[batch, time=24]` after a parameter, an input or an assigned name.
 */
#include "eval_parts.h"
#include "lang/eval/names/scope.h"
#include "base/intern.h"
#include <stdio.h>
#include <string.h>

/* The number that a bare name in a shape stands for: false if it is a size to be learned. */
static bool dim_number(struct eval *ev, const struct ast *d, int64_t *size) {
    struct value v = value_missing();
    if (d->slot != SLOT_GLOBAL) v = value_ref(*slot_of(ev, d->slot));
    else if (!global_get(ev, d->name, &v)) return false;
    bool number = v.kind == V_INT;
    *size = v.integer;
    value_unref(v);
    return number;
}

static bool dim_expr(struct eval *ev, const struct ast *x, int64_t *size) {
    struct value v;
    TRY(eval_expr(ev, x, &v));
    bool ok = v.kind == V_INT || v.kind == V_UNKNOWN || v.kind == V_DESC;
    *size = v.kind == V_INT ? v.integer : unknown_size();
    value_unref(v);
    if (!ok || (v.kind == V_INT && v.integer < 0))
        return fail(ev, x->span, ERR_VALUE, "A size is a whole number that is not negative.");
    return true;
}

static bool eval_dim(struct eval *ev, const struct ast *d, struct shape *s) {
    int i = s->n++;
    s->axis[i] = d->name;
    if (d->a) return dim_expr(ev, d->a, &s->size[i]);
    if (dim_number(ev, d, &s->size[i])) return true;
    s->size[i] = unknown_size();
    return true;
}

bool eval_shape(struct eval *ev, const struct ast *type, struct shape *out) {
    *out = (struct shape){0};
    if (type->kind != AST_SHAPE)
        return fail(ev, type->span, ERR_TYPE, "A shape is written in brackets, such as [28, 28].");
    for (int i = 0; i < type->n; i++) {
        if (type->list[i]->is_rest)
            return fail(ev, type->list[i]->span, ERR_SHAPE,
                        "`...` cannot stand here: the number of "
                        "axes must be known.");
        if (out->n == MAX_AXES)
            return fail(ev, type->span, ERR_SHAPE, "At most %d axes.", MAX_AXES);
        TRY(eval_dim(ev, type->list[i], out));
    }
    return true;
}

/* Learned sizes become numbers: the names in a model's inputs are values of its body. */
static bool learn_dim(struct eval *ev, const struct ast *d, int64_t size) {
    if (!d->name || d->a || d->slot == SLOT_GLOBAL || size < 0) return true;
    struct value *v = slot_of(ev, d->slot);
    if (v->kind == V_MISSING) *v = value_int(size);
    return true;
}

/* The one named axis that is there and not written, or NULL. */
static const char *axis_too_many(const struct shape *wanted, const struct shape *found) {
    const char *extra = NULL;
    int n = 0;
    for (int i = 0; i < found->n; i++) {
        if (!found->axis[i]) return NULL;
        if (shape_find_axis(wanted, found->axis[i]) >= 0) continue;
        extra = found->axis[i];
        n++;
    }
    return n == 1 && wanted->n + 1 == found->n ? extra : NULL;
}

/* What the bare names of a written shape stand for by now: "time=3". */
static void learned_sizes(struct eval *ev, const struct ast *type) {
    char text[200] = "";
    size_t n = 0;
    for (int i = 0; i < type->n; i++) {
        const struct ast *d = type->list[i];
        int64_t size;
        bool known = !d->is_rest && d->name && !d->a && dim_number(ev, d, &size);
        for (int k = 0; k < i; k++) known = known && type->list[k]->name != d->name;
        if (known && n < sizeof text)
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%s=%lld", n ? " " : "", d->name,
                                  (long long)size);
    }
    if (n) err_fact(ev->e, "where", "%s", text);
}

static bool shape_mismatch(struct eval *ev, const struct ast *type, const struct shape *wanted,
                           const struct shape *found, const char *what, struct span at) {
    char text[256];
    struct str written = source_piece(type->span);
    fail(ev, at, ERR_SHAPE, "`%s` does not have the shape that is written for it.", what);
    err_label(ev->e, "has the shape %s", shape_print(found, text, sizeof text));
    err_fact(ev->e, "written", "%.*s", (int)(written.n < 100 ? written.n : 100), written.p);
    learned_sizes(ev, type);
    err_fact(ev->e, what, "%s", shape_print(found, text, sizeof text));
    const char *extra = axis_too_many(wanted, found);
    if (extra)
        err_hint(ev->e,
                 "The axis `%s` is still there: .sum(axis=\"%s\") or .mean(axis=\"%s\") folds it.",
                 extra, extra, extra);
    else if (wanted->n == found->n + 1 || wanted->n + 1 == found->n)
        err_hint(ev->e, "One axis more or less: a single column is picked with x[:, 0], a new axis "
                        "is made with x[:, None].");
    err_note(ev->e, type->span, "the shape is written here");
    return false;
}

/* `batch`, written first, is the axis of examples whatever the data call it: inside, its name is
 * `batch`. */
static bool is_examples(const struct ast *d, int axis) {
    return axis == 0 && d->name && !d->a && strcmp(d->name, "batch") == 0;
}

static bool dims_fit(struct eval *ev, const struct ast *type, const struct shape *found) {
    for (int i = 0, k = 0; i < type->n; i++, k++) {
        const struct ast *d = type->list[i];
        if (d->is_rest) {
            k = found->n - (type->n - 1 - i) - 1;
            continue;
        }
        int64_t size = -1, have = found->size[k];
        bool known = d->a ? dim_expr(ev, d->a, &size) : d->name && dim_number(ev, d, &size);
        if (known && size >= 0 && have >= 0 && size != have) return false;
        bool strong = found->axis[k] && !(found->weak >> k & 1);
        if (d->name && strong && found->axis[k] != d->name && !is_examples(d, k)) return false;
        if (!d->a && d->name && !known) TRY(learn_dim(ev, d, have));
    }
    return true;
}

/* Axes without a name take the one that is written. */
static bool name_axes(struct eval *ev, const struct ast *type, struct value *v) {
    struct desc d;
    value_describe(*v, &d);
    struct attrs a = {.shape = d.shape};
    bool changed = false;
    for (int i = 0; i < type->n && i < d.shape.n; i++) {
        if (type->list[i]->is_rest) return true;
        bool nameless =
            !d.shape.axis[i] || (d.shape.weak >> i & 1) || is_examples(type->list[i], i);
        if (!type->list[i]->name || !nameless) continue;
        a.shape.axis[i] = type->list[i]->name;
        a.shape.weak &= (uint8_t) ~(1u << i);
        changed = true;
    }
    if (!changed || d.shape.n == 0) return true;
    struct value named;
    TRY(apply1(ev, OP_reshape, *v, &a, &named));
    value_unref(*v);
    *v = named;
    return true;
}

bool check_type(struct eval *ev, const struct ast *type, struct value *v, const char *what,
                struct span at) {
    if (type->kind != AST_SHAPE || v->kind == V_UNKNOWN) return true;
    if (v->kind == V_LIST) {
        struct value t;
        TRY(as_tensorlike(ev, *v, &t));
        value_unref(*v);
        *v = t;
    }
    struct desc d;
    if (!value_describe(*v, &d))
        return fail(ev, at, ERR_TYPE, "`%s` is %s, and a tensor is written for it.", what,
                    value_kind_words(v->kind));
    bool rest = false;
    for (int i = 0; i < type->n; i++) rest = rest || type->list[i]->is_rest;
    struct shape wanted = {.n = type->n};
    bool fits = rest ? d.shape.n >= type->n - 1 : d.shape.n == type->n;
    if (!fits || !dims_fit(ev, type, &d.shape))
        return ev->e->kind ? false : shape_mismatch(ev, type, &wanted, &d.shape, what, at);
    return name_axes(ev, type, v);
}
