/* Rules of reductions, running sums, softmax and the losses made from it. */
#include "rules.h"
#include "size.h"

/* The operand's shape without the axes in `axes`, or with size 1 there. */
static bool fold(const struct shape *in, uint32_t axes, bool keepdims, struct shape *out,
                 struct err *e) {
    *out = (struct shape){0};
    for (int i = in->n; i < 32; i++) {
        if (axes >> i & 1) return rule_axis(in, i, e);
    }
    for (int i = 0; i < in->n; i++) {
        bool folded = axes >> i & 1;
        if (folded && !keepdims) continue;
        out->size[out->n] = folded ? 1 : in->size[i];
        out->axis[out->n] = in->axis[i];
        out->weak |= (uint8_t)((in->weak >> i & 1) << out->n);
        out->n++;
    }
    return true;
}

static bool something_to_fold(const struct rule_call *c, uint32_t axes, struct err *e) {
    const struct shape *s = &c->in[0]->shape;
    for (int i = 0; i < s->n; i++) {
        if (!(axes >> i & 1) || s->size[i] != 0) continue;
        char text[256];
        bool largest = c->op == OP_max || c->op == OP_argmax;
        err_set(e, ERR_VALUE, "Of no numbers at all, none is the %s.",
                largest ? "largest" : "smallest");
        return err_fact(e, "{0}", "%s", shape_print(s, text, sizeof text));
    }
    return true;
}

bool rule_reduce(const struct rule_call *c, struct prepared *p, struct err *e) {
    enum dtype t = c->in[0]->dtype;
    if (c->op == OP_sum) {
        t = dtype_is_float(t) ? type_in(t, c->real) : DT_INT64;
    } else {
        t = t == DT_BOOL ? DT_INT64 : type_in(t, c->real);
        TRY(something_to_fold(c, c->attrs->axes, e));
    }
    p->cast[0] = p->out.dtype = t;
    return fold(&c->in[0]->shape, c->attrs->axes, c->attrs->keepdims, &p->out.shape, e);
}

bool rule_reduce_float(const struct rule_call *c, struct prepared *p, struct err *e) {
    p->cast[0] = p->out.dtype = type_float(c->in[0]->dtype, c->real);
    return fold(&c->in[0]->shape, c->attrs->axes, c->attrs->keepdims, &p->out.shape, e);
}

bool rule_reduce_bool(const struct rule_call *c, struct prepared *p, struct err *e) {
    if (c->in[0]->dtype != DT_BOOL) {
        err_set(e, ERR_TYPE, "`%s` asks whether values are True, and {0} holds numbers.",
                op_name(c->op));
        return err_hint(e, "Compare first: %s({0} > 0).", op_name(c->op));
    }
    p->out.dtype = DT_BOOL;
    return fold(&c->in[0]->shape, c->attrs->axes, c->attrs->keepdims, &p->out.shape, e);
}

bool rule_reduce_index(const struct rule_call *c, struct prepared *p, struct err *e) {
    TRY(rule_axis(&c->in[0]->shape, c->attrs->axis, e));
    uint32_t axes = 1u << c->attrs->axis;
    TRY(something_to_fold(c, axes, e));
    enum dtype t = c->in[0]->dtype;
    p->cast[0] = t == DT_BOOL ? DT_INT64 : type_in(t, c->real);
    p->out.dtype = DT_INT64;
    return fold(&c->in[0]->shape, axes, c->attrs->keepdims, &p->out.shape, e);
}

bool rule_count(const struct rule_call *c, struct prepared *p, struct err *e) {
    struct shape ignored;
    p->out.dtype = c->real;
    return fold(&c->in[0]->shape, c->attrs->axes, false, &ignored, e);
}

bool rule_cumsum(const struct rule_call *c, struct prepared *p, struct err *e) {
    enum dtype t = c->in[0]->dtype;
    TRY(rule_axis(&c->in[0]->shape, c->attrs->axis, e));
    p->cast[0] = p->out.dtype = dtype_is_float(t) ? type_in(t, c->real) : DT_INT64;
    p->out.shape = c->in[0]->shape;
    return true;
}

bool rule_softmax(const struct rule_call *c, struct prepared *p, struct err *e) {
    const struct shape *s = &c->in[0]->shape;
    TRY(rule_axis(s, c->attrs->axis, e));
    if (c->attrs->axes == 1 && (s->n < 2 || c->attrs->axis != s->n - 1))
        return err_set(e, ERR_SHAPE, "A causal softmax goes along the last of two axes or more.");
    return rule_float(c, p, e);
}

bool rule_softmax_crossentropy(const struct rule_call *c, struct prepared *p, struct err *e) {
    const struct shape *x = &c->in[0]->shape, *y = &c->in[1]->shape;
    bool fits = x->n == y->n && x->n > 0;
    for (int i = 0; fits && i < x->n; i++) fits = !size_conflict(x->size[i], y->size[i]);
    if (!fits) {
        char a[256], b[256];
        err_set(e, ERR_SHAPE,
                "Cross entropy compares two shapes that are the same, and these are "
                "not.");
        err_fact(e, "{0}", "%s", shape_print(x, a, sizeof a));
        err_fact(e, "{1}", "%s", shape_print(y, b, sizeof b));
        return err_hint(e, "The last axis is the classes: one probability for each of them on both "
                           "sides.");
    }
    p->cast[0] = p->cast[1] = p->out.dtype = type_float(type_common(c->in, 2, c->real), c->real);
    return fold(x, 1u << (x->n - 1), false, &p->out.shape, e);
}
