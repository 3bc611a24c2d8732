/* Rules of the elementwise operations: the result has the operands' common shape. */
#include "rules.h"
#include <stdio.h>

static bool number_expected(const struct rule_call *c, int i, struct err *e) {
    err_set(e, ERR_TYPE, "`%s` works on True and False only, and {%d} holds numbers.",
            op_name(c->op), i);
    char left[16], text[256];
    for (int k = 0; k < c->n_in; k++) {
        snprintf(left, sizeof left, "{%d}", k);
        err_fact(e, left, "%s of shape %s", dtype_name(c->in[k]->dtype),
                 shape_print(&c->in[k]->shape, text, sizeof text));
    }
    return err_hint(e, "Compare first, with brackets around each comparison: ({%d} > 0).", i);
}

static void same_shape(const struct rule_call *c, struct prepared *p, enum dtype cast,
                       enum dtype out) {
    p->cast[0] = cast;
    p->out.dtype = out;
    p->out.shape = c->in[0]->shape;
}

bool rule_same(const struct rule_call *c, struct prepared *p, struct err *e) {
    (void)e;
    enum dtype t = type_arithmetic(c->in[0]->dtype, c->real);
    same_shape(c, p, t, t);
    return true;
}

bool rule_identity(const struct rule_call *c, struct prepared *p, struct err *e) {
    (void)e;
    enum dtype t = type_in(c->in[0]->dtype, c->real);
    same_shape(c, p, t, t);
    return true;
}

bool rule_float(const struct rule_call *c, struct prepared *p, struct err *e) {
    (void)e;
    enum dtype t = type_float(c->in[0]->dtype, c->real);
    same_shape(c, p, t, t);
    return true;
}

bool rule_bool(const struct rule_call *c, struct prepared *p, struct err *e) {
    enum dtype t = c->in[0]->dtype;
    if (c->op == OP_not && t != DT_BOOL) return number_expected(c, 0, e);
    if (c->op == OP_is_nan) t = type_float(t, c->real);
    same_shape(c, p, t, DT_BOOL);
    return true;
}

bool rule_cast(const struct rule_call *c, struct prepared *p, struct err *e) {
    (void)e;
    same_shape(c, p, c->in[0]->dtype, type_in(c->attrs->dtype, c->real));
    return true;
}

static bool common_shape(const struct rule_call *c, struct prepared *p, struct err *e) {
    const struct operand_pair pair = {
        .shape = {&c->in[0]->shape, &c->in[1]->shape}, .name = {0, 1}, .op = c->op};
    p->broadcast = true;
    return broadcast_shapes(&pair, &p->out.shape, e);
}

static bool two_operands(const struct rule_call *c, struct prepared *p, enum dtype cast,
                         enum dtype out, struct err *e) {
    p->cast[0] = p->cast[1] = cast;
    p->out.dtype = out;
    return common_shape(c, p, e);
}

bool rule_arithmetic(const struct rule_call *c, struct prepared *p, struct err *e) {
    enum dtype t = type_common(c->in, 2, c->real);
    return two_operands(c, p, t, t, e);
}

bool rule_divide(const struct rule_call *c, struct prepared *p, struct err *e) {
    enum dtype t = type_float(type_common(c->in, 2, c->real), c->real);
    return two_operands(c, p, t, t, e);
}

bool rule_power(const struct rule_call *c, struct prepared *p, struct err *e) {
    enum dtype t = type_common(c->in, 2, c->real);
    if (c->attrs->a != 0) t = type_float(t, c->real);
    return two_operands(c, p, t, t, e);
}

bool rule_compare(const struct rule_call *c, struct prepared *p, struct err *e) {
    return two_operands(c, p, type_comparable(c->in, 2, c->real), DT_BOOL, e);
}

bool rule_logic(const struct rule_call *c, struct prepared *p, struct err *e) {
    for (int i = 0; i < 2; i++) {
        if (c->in[i]->dtype != DT_BOOL) return number_expected(c, i, e);
    }
    return two_operands(c, p, DT_BOOL, DT_BOOL, e);
}

/* Three shapes: the choices first, then the condition with their common shape. Each operand must
 * also fit the result by itself, which pairwise agreement does not promise. */
bool rule_where(const struct rule_call *c, struct prepared *p, struct err *e) {
    const struct shape *s[3] = {&c->in[0]->shape, &c->in[1]->shape, &c->in[2]->shape};
    if (c->in[0]->dtype != DT_BOOL) return number_expected(c, 0, e);
    enum dtype t = type_comparable(c->in + 1, 2, c->real);
    struct shape choices, again;
    const struct operand_pair both = {.shape = {s[1], s[2]}, .name = {1, 2}, .op = c->op};
    TRY(broadcast_shapes(&both, &choices, e));
    int longer = s[1]->n >= s[2]->n ? 1 : 2;
    const struct operand_pair all = {.shape = {&choices, s[0]}, .name = {longer, 0}, .op = c->op};
    TRY(broadcast_shapes(&all, &p->out.shape, e));
    for (int i = 0; i < 3; i++) {
        const struct operand_pair one = {
            .shape = {s[i], &p->out.shape}, .name = {i, longer}, .op = c->op};
        TRY(broadcast_shapes(&one, &again, e));
    }
    p->cast[1] = p->cast[2] = t;
    p->out.dtype = t;
    p->broadcast = true;
    return true;
}
