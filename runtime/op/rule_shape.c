/* Rules of the operations that make tensors or change their shape. */
#include "rules.h"
#include "size.h"
#include <stdio.h>
#include <string.h>

bool rule_maker(const struct rule_call *c, struct prepared *p, struct err *e) {
    const struct attrs *a = c->attrs;
    p->out.shape = a->shape;
    p->out.dtype = type_in(a->dtype, c->real);
    if (c->op == OP_uniform || c->op == OP_normal) {
        if (!dtype_is_float(p->out.dtype)) p->out.dtype = c->real;
    }
    if (c->op == OP_bernoulli) {
        p->out.dtype = DT_BOOL;
        if (!(a->a >= 0 && a->a <= 1)) {
            return err_set(e, ERR_VALUE, "A probability lies between 0 and 1, and this is %g.",
                           a->a);
        }
    }
    if (c->op == OP_range && a->shape.n != 1) {
        return err_set(e, ERR_SHAPE, "A range has one axis, and %d were given.", a->shape.n);
    }
    return true;
}

/* ---- reshape ---- */

static int64_t product(const struct shape *s, int except) {
    int64_t n = 1;
    for (int i = 0; i < s->n; i++) {
        if (i != except) n = size_times(n, s->size[i]);
    }
    return n;
}

/* "24 × 4 = 96", "batch × 24 numbers" … */
static const char *print_product(const struct shape *s, int except, char *out, size_t cap) {
    size_t used = 0;
    out[0] = 0;
    int64_t n = product(s, except);
    for (int i = 0; i < s->n; i++) {
        if (i == except) continue;
        struct shape one = {
            .n = 1, .size = {s->size[i]}, .axis = {s->size[i] < 0 ? s->axis[i] : NULL}};
        char text[96];
        shape_print(&one, text, sizeof text);
        text[strlen(text) - 1] = 0;
        snprintf(out + used, cap - used, "%s%s", used ? " × " : "", text + 1);
        used = strlen(out);
    }
    if (n >= 0) snprintf(out + used, cap - used, "%s%lld", used ? " = " : "", (long long)n);
    return out;
}

static bool reshape_error(const struct shape *from, const struct shape *to, int open,
                          struct err *e) {
    char a[256], b[256];
    err_set(e, ERR_SHAPE, "These numbers cannot be laid out in this shape.");
    err_fact(e, "{0}", "%s: %s numbers", shape_print(from, a, sizeof a),
             print_product(from, -1, b, sizeof b));
    struct shape wanted = *to;
    char text[256];
    if (open >= 0) wanted.axis[open] = wanted.axis[open] ? wanted.axis[open] : "-1";
    if (open >= 0) wanted.size[open] = -2;
    err_fact(e, "wanted", "%s: %s%s numbers", shape_print(&wanted, text, sizeof text),
             open >= 0 ? "a multiple of " : "", print_product(to, open, b, sizeof b));
    return err_hint(e,
                    "A reshape keeps all numbers and their order: the products of the sizes must "
                    "be equal. One size may be -1, to be worked out from the others.");
}

bool rule_reshape(const struct rule_call *c, struct prepared *p, struct err *e) {
    const struct shape *from = &c->in[0]->shape, *to = &c->attrs->shape;
    int open = c->attrs->axis - 1;
    int64_t have = product(from, -1), given = product(to, open);
    p->out.dtype = c->in[0]->dtype;
    p->out.shape = *to;
    if (open < 0 || open >= to->n) {
        return !size_conflict(have, given) || reshape_error(from, to, -1, e);
    }
    if (given == 0) return reshape_error(from, to, open, e);
    int64_t rest = size_divide(have, given);
    if (rest == 0 && have != 0) return reshape_error(from, to, open, e);
    p->out.shape.size[open] = rest;
    return true;
}

/* ---- expand, transpose ---- */

static bool expand_error(const struct rule_call *c, struct err *e) {
    char a[256], b[256];
    err_set(e, ERR_SHAPE, "This cannot be repeated to that shape.");
    err_fact(e, "{0}", "%s", shape_print(&c->in[0]->shape, a, sizeof a));
    err_fact(e, "wanted", "%s", shape_print(&c->attrs->shape, b, sizeof b));
    return err_hint(e, "New axes and axes of size 1 can be repeated; all others must stay as they "
                       "are.");
}

bool rule_expand(const struct rule_call *c, struct prepared *p, struct err *e) {
    const struct shape *in = &c->in[0]->shape, *out = &c->attrs->shape;
    uint32_t axes = c->attrs->axes;
    int n_marked = 0, j = 0;
    for (int i = 0; i < out->n; i++) n_marked += (axes >> i & 1) ? 1 : 0;
    bool ones = in->n == out->n;
    if (!ones && in->n + n_marked != out->n) return expand_error(c, e);
    p->out.dtype = c->in[0]->dtype;
    p->out.shape = *out;
    for (int i = 0; i < out->n; i++) {
        bool marked = axes >> i & 1;
        if (marked && !ones) continue;
        if (size_conflict(in->size[j], marked ? 1 : out->size[i])) return expand_error(c, e);
        if (!out->axis[i] && in->axis[j]) {
            p->out.shape.axis[i] = in->axis[j];
            p->out.shape.weak |= (uint8_t)((in->weak >> j & 1) << i);
        }
        j++;
    }
    return true;
}

bool rule_transpose(const struct rule_call *c, struct prepared *p, struct err *e) {
    const struct shape *in = &c->in[0]->shape;
    struct shape *out = &p->out.shape;
    p->out.dtype = c->in[0]->dtype;
    out->n = in->n;
    uint32_t seen = 0;
    for (int i = 0; i < in->n; i++) {
        int from = c->attrs->perm[i];
        TRY(rule_axis(in, from, e));
        if (seen >> from & 1) {
            return err_set(e, ERR_ARGUMENT, "Axis %d stands twice in this transposition.", from);
        }
        seen |= 1u << from;
        out->size[i] = in->size[from];
        out->axis[i] = in->axis[from];
        out->weak |= (uint8_t)((in->weak >> from & 1) << i);
    }
    return true;
}

/* ---- slice, place ---- */

/* Do `count` positions begin, begin + step … lie inside an axis? */
static bool inside(int64_t begin, int64_t step, int64_t count, int64_t size) {
    if (count < 0 || size < 0) return count != size || (begin == 0 && step == 1);
    if (count == 0) return true;
    __int128 last = (__int128)begin + (__int128)step * (count - 1);
    return begin >= 0 && begin < size && last >= 0 && last < size;
}

static bool positions_fit(const struct attrs *a, const struct shape *few, const struct shape *many,
                          struct err *e) {
    char text[256];
    for (int i = 0; i < many->n; i++) {
        if (a->step[i] != 0 && inside(a->begin[i], a->step[i], few->size[i], many->size[i]))
            continue;
        err_set(e, ERR_INDEX, "This reaches outside axis %d%s%s%s.", i, many->axis[i] ? ", `" : "",
                many->axis[i] ? many->axis[i] : "", many->axis[i] ? "`" : "");
        return err_fact(e, "{0}", "%s", shape_print(many, text, sizeof text));
    }
    return true;
}

static void take_names(struct shape *to, const struct shape *from) {
    memcpy(to->axis, from->axis, sizeof to->axis);
    to->weak = from->weak;
}

static bool same_axes(const struct rule_call *c, struct err *e) {
    if (c->attrs->shape.n == c->in[0]->shape.n) return true;
    return err_set(e, ERR_INDEX, "{0} has %d axes, and positions were given for %d.",
                   c->in[0]->shape.n, c->attrs->shape.n);
}

bool rule_slice(const struct rule_call *c, struct prepared *p, struct err *e) {
    TRY(same_axes(c, e));
    TRY(positions_fit(c->attrs, &c->attrs->shape, &c->in[0]->shape, e));
    p->out.dtype = c->in[0]->dtype;
    p->out.shape = c->attrs->shape;
    take_names(&p->out.shape, &c->in[0]->shape);
    return true;
}

bool rule_place(const struct rule_call *c, struct prepared *p, struct err *e) {
    TRY(same_axes(c, e));
    TRY(positions_fit(c->attrs, &c->in[0]->shape, &c->attrs->shape, e));
    p->out.dtype = c->in[0]->dtype;
    p->out.shape = c->attrs->shape;
    take_names(&p->out.shape, &c->in[0]->shape);
    return true;
}

/* ---- concat ---- */

static bool concat_error(const struct rule_call *c, int i, struct err *e) {
    char text[256];
    err_set(e, ERR_SHAPE, "These do not fit one after the other along axis %d.", c->attrs->axis);
    err_fact(e, "the first", "%s", shape_print(&c->in[0]->shape, text, sizeof text));
    char left[32];
    snprintf(left, sizeof left, "number %d", i + 1);
    err_fact(e, left, "%s", shape_print(&c->in[i]->shape, text, sizeof text));
    return err_hint(e, "Only the axis along which they are joined may differ in size. To put equal "
                       "shapes side by side along a new axis, use stack.");
}

bool rule_concat(const struct rule_call *c, struct prepared *p, struct err *e) {
    int axis = c->attrs->axis;
    struct shape *out = &p->out.shape;
    *out = c->in[0]->shape;
    TRY(rule_axis(out, axis, e));
    for (int i = 1; i < c->n_in; i++) {
        const struct shape *s = &c->in[i]->shape;
        if (s->n != out->n) return concat_error(c, i, e);
        for (int k = 0; k < s->n; k++) {
            if (k != axis && size_conflict(out->size[k], s->size[k])) return concat_error(c, i, e);
            if (k != axis && out->size[k] < 0) out->size[k] = s->size[k];
            if (!out->axis[k]) out->axis[k] = s->axis[k];
        }
        out->size[axis] = size_plus(out->size[axis], s->size[axis]);
    }
    p->out.dtype = type_comparable(c->in, c->n_in, c->real);
    for (int i = 0; i < 3; i++) p->cast[i] = p->out.dtype;
    return true;
}
