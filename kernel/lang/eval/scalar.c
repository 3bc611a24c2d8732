/* Expressions of single numbers, computed in registers. */
#include "scalar.h"
#include "eval_parts.h"
#include "builtin.h"
#include "lang/builtins/fn.h"
#include "lang/eval/names/scope.h"
#include <stdint.h>

static __attribute__((noinline)) struct value of_name(struct eval *ev, const struct ast *x) {
    const struct value *v =
        x->slot == SLOT_GLOBAL ? global_value(ev, x->name) : slot_of(ev, x->slot);
    return v && value_is_number(*v) ? *v : value_missing();
}

/* Parts are mostly names and numbers: those need no further call. */
static inline struct value part(struct eval *ev, const struct ast *x) {
    if (x->kind == AST_NAME && x->slot >= 0) {
        struct value v = ev->frame->slots[x->slot];
        return value_is_number(v) ? v : value_missing();
    }
    if (x->kind == AST_NUMBER) return x->is_int ? value_int(x->integer) : value_float(x->number);
    return scalar_eval(ev, x);
}

static inline struct value of_ints(enum ast_op op, int64_t a, int64_t b) {
    int64_t r;
    bool wrong = true;
    switch (op) {
    case AST_OP_ADD: wrong = __builtin_add_overflow(a, b, &r); break;
    case AST_OP_SUB: wrong = __builtin_sub_overflow(a, b, &r); break;
    case AST_OP_MUL: wrong = __builtin_mul_overflow(a, b, &r); break;
    case AST_OP_DIV: return b ? value_float((double)a / (double)b) : value_missing();
    case AST_OP_FLOORDIV:
    case AST_OP_MOD:
        if (b == 0 || b == -1) break;
        r = op == AST_OP_MOD ? int_mod(a, b) : int_floor_div(a, b);
        wrong = false;
        break;
    default: break;
    }
    return wrong ? value_missing() : value_int(r);
}

static inline struct value of_floats(enum ast_op op, double a, double b) {
    switch (op) {
    case AST_OP_ADD: return value_float(a + b);
    case AST_OP_SUB: return value_float(a - b);
    case AST_OP_MUL: return value_float(a * b);
    case AST_OP_DIV: return b != 0 ? value_float(a / b) : value_missing();
    case AST_OP_POW: return b == 2 ? value_float(a * a) : value_missing();
    default: return value_missing();
    }
}

static inline struct value of_numbers(enum ast_op op, struct value a, struct value b) {
    if (a.kind == V_INT && b.kind == V_INT) return of_ints(op, a.integer, b.integer);
    if (a.kind == V_FLOAT || b.kind == V_FLOAT)
        return of_floats(op, value_number(a), value_number(b));
    return value_missing();
}

struct value scalar_pair(enum ast_op op, struct value a, struct value b) {
    bool numbers = value_is_number(a) && value_is_number(b);
    return numbers ? of_numbers(op, a, b) : value_missing();
}

struct value scalar_binary(struct eval *ev, enum ast_op op, const struct ast *left,
                           const struct ast *right) {
    struct value a = part(ev, left);
    if (a.kind == V_MISSING) return a;
    struct value b = part(ev, right);
    if (b.kind == V_MISSING) return b;
    return of_numbers(op, a, b);
}

struct value scalar_function(const struct builtin *b, struct value v) {
    double y;
    if (b->fn != fn_element) return value_missing();
    if (v.kind == V_INT && b->op == OP_abs && v.integer > INT64_MIN)
        return value_int(v.integer < 0 ? -v.integer : v.integer);
    bool exact = v.kind == V_INT && (b->op == OP_sqrt || b->op == OP_exp || b->op == OP_log);
    if (v.kind != V_FLOAT && !exact) return value_missing();
    if (!op_eval_number((enum op)b->op, value_number(v), &y)) return value_missing();
    return value_float(y);
}

/* Is the name still the built-in that the resolver took it for? */
static __attribute__((noinline)) struct value of_call(struct eval *ev, const struct ast *x) {
    struct value v = part(ev, x->list[0]->a);
    if (v.kind == V_MISSING) return v;
    const struct value *own = global_value(ev, x->a->name);
    const struct builtin *b = own ? NULL : builtin_find(x->a->name);
    if (own && own->kind == V_BUILTIN) b = own->builtin;
    return b ? scalar_function(b, v) : value_missing();
}

/* One comparison, the usual case. */
static __attribute__((noinline)) struct value of_pair(struct eval *ev, const struct ast *x) {
    struct value a = part(ev, x->list[0]);
    if (a.kind == V_MISSING) return a;
    struct value b = part(ev, x->list[1]);
    if (b.kind == V_MISSING) return b;
    return value_bool(compare_numbers(x->ops[0], a, b));
}

static __attribute__((noinline)) struct value of_compare(struct eval *ev, const struct ast *x) {
    if (x->n == 2) return of_pair(ev, x);
    struct value left = part(ev, x->list[0]);
    bool all = true;
    for (int i = 0; left.kind != V_MISSING && i + 1 < x->n; i++) {
        struct value right = part(ev, x->list[i + 1]);
        if (right.kind == V_MISSING) return right;
        all = compare_numbers(x->ops[i], left, right) && all;
        left = right;
    }
    return left.kind == V_MISSING ? left : value_bool(all);
}

static __attribute__((noinline)) struct value of_logic(struct eval *ev, const struct ast *x) {
    struct value a = scalar_eval(ev, x->a);
    if (a.kind != V_BOOL) return value_missing();
    if (a.boolean != (x->kind == AST_AND)) return a;
    struct value b = scalar_eval(ev, x->b);
    return b.kind == V_BOOL ? b : value_missing();
}

static __attribute__((noinline)) struct value of_unary(struct eval *ev, const struct ast *x) {
    struct value a = scalar_eval(ev, x->a);
    if (a.kind == V_FLOAT) return value_float(-a.number);
    return a.kind == V_INT ? of_ints(AST_OP_SUB, 0, a.integer) : value_missing();
}

static __attribute__((noinline)) struct value of_ternary(struct eval *ev, const struct ast *x) {
    struct value c = scalar_eval(ev, x->b);
    if (c.kind != V_BOOL) return value_missing();
    return scalar_eval(ev, c.boolean ? x->a : x->c);
}

static __attribute__((noinline)) struct value of_not(struct eval *ev, const struct ast *x) {
    struct value a = scalar_eval(ev, x->a);
    return a.kind == V_BOOL ? value_bool(!a.boolean) : value_missing();
}

struct value scalar_eval(struct eval *ev, const struct ast *x) {
    switch (x->kind) {
    case AST_NAME: return of_name(ev, x);
    case AST_NUMBER: return x->is_int ? value_int(x->integer) : value_float(x->number);
    case AST_TRUE: return value_bool(true);
    case AST_FALSE: return value_bool(false);
    case AST_BINARY: return scalar_binary(ev, x->op, x->a, x->b);
    case AST_COMPARE: return of_compare(ev, x);
    case AST_AND:
    case AST_OR: return of_logic(ev, x);
    case AST_NOT: return of_not(ev, x);
    case AST_UNARY: return of_unary(ev, x);
    case AST_TERNARY: return of_ternary(ev, x);
    case AST_CALL: return of_call(ev, x);
    default: return value_missing();
    }
}
