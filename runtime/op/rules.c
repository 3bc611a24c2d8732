/* The table of rules, and what every operation does to its operands first. */
#include "rules.h"
#include "size.h"
#include <stdio.h>
#include <string.h>

#define OP(name, arity, rule, flags, help) [OP_##name] = rule_##rule,
static rule_fn *const rules[OP_COUNT] = {
#include "ops.list"
};
#undef OP

bool rule_leaf(const struct rule_call *c, struct prepared *p, struct err *e) {
    (void)p;
    return err_set(e, ERR_BUG, "`%s` is a leaf of a graph, not an operation.", op_name(c->op));
}

bool rule_axis(const struct shape *s, int axis, struct err *e) {
    if (axis >= 0 && axis < s->n) return true;
    char text[256];
    err_set(e, ERR_INDEX, "There is no axis %d here.", axis);
    err_fact(e, "{0}", "%s", shape_print(s, text, sizeof text));
    if (s->n == 0) return err_hint(e, "{0} is a single number and has no axes.");
    return err_hint(e, "Axes are counted from 0, or from the end: 0 to %d, or -1 to -%d.", s->n - 1,
                    s->n);
}

const char *count_axes(int n, char *out, size_t cap) {
    if (n == 0) {
        snprintf(out, cap, "a single number");
    } else {
        snprintf(out, cap, "%d %s", n, n == 1 ? "axis" : "axes");
    }
    return out;
}

static bool check_arity(enum op op, int n_in, struct err *e) {
    int arity = op_arity(op);
    if (arity == n_in || (arity < 0 && n_in > 0)) return true;
    return err_set(e, ERR_ARGUMENT, "`%s` needs %s%d operand%s and got %d.", op_name(op),
                   arity < 0 ? "at least " : "", arity < 0 ? 1 : arity, arity > 1 ? "s" : "", n_in);
}

bool op_prepare(enum op op, const struct desc *const *in, int n_in, const struct attrs *attrs,
                enum dtype real, struct prepared *p, struct err *e) {
    static const struct attrs none;
    TRY(check_arity(op, n_in, e));
    const struct rule_call call = {op, in, n_in, attrs ? attrs : &none, real};
    *p = (struct prepared){0};
    for (int i = 0; i < 3 && i < n_in; i++) p->cast[i] = in[i]->dtype;
    TRY(rules[op](&call, p, e));
    p->out.content = content_of(&call, p);
    return true;
}

bool op_describe(enum op op, const struct desc *const *in, int n_in, const struct attrs *attrs,
                 struct desc *out, struct err *e) {
    struct prepared p;
    TRY(op_prepare(op, in, n_in, attrs, DT_FLOAT64, &p, e));
    *out = p.out;
    return true;
}

struct attrs op_final_attrs(enum op op, const struct attrs *attrs, const struct prepared *p) {
    struct attrs final = attrs ? *attrs : (struct attrs){0};
    bool has_shape = op_arity(op) == 0 || op == OP_reshape || op == OP_expand || op == OP_place ||
                     op == OP_scatter_add || op == OP_conv_input || op == OP_conv_kernel ||
                     op == OP_max_spread || op == OP_mean_spread || op == OP_warp ||
                     op == OP_warp_back;
    if (has_shape) final.shape = p->out.shape;
    if (op == OP_reshape) final.axis = 0;
    if (op_arity(op) == 0 || op == OP_cast || op == OP_one_hot) final.dtype = p->out.dtype;
    return final;
}

/* ---- bringing an operand to the common type and shape ---- */

static struct attrs *add_step(struct operand_steps *s, enum op op) {
    s->step[s->n].op = op;
    s->step[s->n].attrs = (struct attrs){0};
    return &s->step[s->n++].attrs;
}

/* Axis i of the result comes from axis source[i] of the operand; put them in the result's order. */
static void reorder(const int *source, int n, struct shape *now, struct operand_steps *s) {
    int order[MAX_AXES] = {0}, m = 0;
    bool sorted = true;
    for (int i = 0; i < n; i++) {
        if (source[i] < 0) continue;
        sorted = sorted && source[i] == m;
        order[m++] = source[i];
    }
    if (sorted) return;
    struct attrs *a = add_step(s, OP_transpose);
    struct shape from = *now;
    for (int i = 0; i < m; i++) {
        a->perm[i] = order[i];
        now->size[i] = from.size[order[i]];
        now->axis[i] = from.axis[order[i]];
    }
}

/* Repeat along axes that are new, then along axes of size 1. */
static void repeat(const int *source, const struct shape *out, struct shape *now,
                   struct operand_steps *s) {
    uint32_t new_axes = 0, ones = 0;
    struct shape middle = *out;
    int m = 0;
    for (int i = 0; i < out->n; i++) {
        if (source[i] < 0) {
            new_axes |= 1u << i;
            continue;
        }
        int64_t size = now->size[m++];
        if (size == 1 && out->size[i] != 1) {
            ones |= 1u << i;
            middle.size[i] = 1;
        }
    }
    if (new_axes) {
        struct attrs *a = add_step(s, OP_expand);
        a->axes = new_axes;
        a->shape = middle;
    }
    if (ones) {
        struct attrs *a = add_step(s, OP_expand);
        a->axes = ones;
        a->shape = *out;
    }
}

void op_operand_steps(const struct prepared *p, const struct desc *in, int i,
                      struct operand_steps *steps) {
    steps->n = 0;
    enum dtype want = p->cast[i < 2 ? i : 2];
    if (in->dtype != want) add_step(steps, OP_cast)->dtype = want;
    if (!p->broadcast) return;
    int source[MAX_AXES];
    struct shape now = in->shape;
    for (int k = 0; k < p->out.shape.n; k++) {
        source[k] = broadcast_source(&in->shape, &p->out.shape, k);
    }
    reorder(source, p->out.shape.n, &now, steps);
    repeat(source, &p->out.shape, &now, steps);
}

bool op_pow_is_float(const struct tensor *exponent) {
    if (dtype_is_float(exponent->dtype)) return false;
    for (int64_t i = 0; i < exponent->count; i++) {
        if (tensor_get(exponent, i) < 0) return true;
    }
    return false;
}
