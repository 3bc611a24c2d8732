/* Expressions of single numbers, computed in registers. */
#include "scalar.h"
#include "eval_parts.h"
#include "builtin.h"
#include "lang/builtins/fn.h"
#include "lang/eval/names/scope.h"
#include "lang/values/stack.h"
#include <math.h>
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
    case AST_OP_POW: return value_float(b == 2 ? a * a : pow(a, b));
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

/* ---- functions of the student ---- */

enum { MISSES = 2 };

/* NONE: the end was reached without a return. */
static struct value of_lines(struct eval *ev, struct ast *const *body, int n) {
    for (int i = 0; i < n; i++) {
        const struct ast *s = body[i];
        struct value v = value_none();
        if (s->kind == AST_PASS) continue;
        if (s->kind == AST_AUGMENT) v = scalar_binary(ev, s->op, s->list[0], s->a);
        else v = scalar_eval(ev, s->a);
        if (v.kind == V_MISSING || s->kind == AST_RETURN) return v;
        if (s->kind == AST_IF) {
            if (v.kind != V_BOOL) return value_missing();
            v = v.boolean ? of_lines(ev, s->body, s->n_body) : of_lines(ev, s->orelse, s->n_orelse);
            if (v.kind != V_NONE) return v;
        } else {
            ev->frame->slots[s->list[0]->slot] = v;
        }
    }
    return value_none();
}

/* Stopping, and going too deep, are left to the general way, which says so. */
static struct value of_function(struct eval *ev, const struct ast *x, const struct function *f) {
    const struct scope *s = f->ast->scope;
    struct value slots[SCALAR_SLOTS], v;
    if (!s->is_scalar || x->n != f->ast->n || ev->depth >= MAX_DEPTH || stack_is_low() ||
        atomic_load_explicit(ev->stop, memory_order_relaxed))
        return value_missing();
    for (int i = 0; i < x->n; i++) {
        slots[i] = part(ev, x->list[i]->a);
        if (slots[i].kind == V_MISSING) return slots[i];
    }
    for (int i = x->n; i < s->n_slots; i++) slots[i].kind = V_MISSING;
    struct frame frame, *outer = ev->frame;
    struct program *program = ev->program;
    uint64_t draws = ev->draws;
    frame.slots = slots;
    frame.captured = f->captured;
    ev->frame = &frame;
    ev->program = f->program;
    ev->depth++;
    v = f->ast->kind == AST_LAMBDA ? scalar_eval(ev, f->ast->a)
                                   : of_lines(ev, f->ast->body, f->ast->n_body);
    ev->depth--;
    ev->program = program;
    ev->frame = outer;
    ev->draws = draws + 1; /* every call counts (place.h) */
    return v.kind == V_NONE ? value_missing() : v;
}

/* Is the name of a built-in still what the resolver took it for? */
static __attribute__((noinline)) struct value of_call(struct eval *ev, const struct ast *x) {
    const struct value *own =
        x->a->slot == SLOT_GLOBAL ? global_value(ev, x->a->name) : slot_of(ev, x->a->slot);
    if (own && own->kind == V_FUNCTION && x->has_call) return of_function(ev, x, own->function);
    if (x->n != 1) return value_missing();
    const struct builtin *b = own ? NULL : builtin_find(x->a->name);
    if (own && own->kind == V_BUILTIN) b = own->builtin;
    struct value v = b ? part(ev, x->list[0]->a) : value_missing();
    return v.kind == V_MISSING ? v : scalar_function(b, v);
}

struct value scalar_try_call(struct eval *ev, const struct ast *x) {
    bool traced = ev->graph || ev->builder || ev->shapes;
    if (*x->misses >= MISSES || traced) return value_missing();
    uint64_t draws = ev->draws;
    struct value v = scalar_eval(ev, x);
    if (v.kind != V_MISSING) return v;
    ++*x->misses;
    ev->draws = draws;
    return v;
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
    case AST_COMPARE: return x->n == 2 ? of_pair(ev, x) : of_compare(ev, x);
    case AST_AND:
    case AST_OR: return of_logic(ev, x);
    case AST_NOT: return of_not(ev, x);
    case AST_UNARY: return of_unary(ev, x);
    case AST_TERNARY: return of_ternary(ev, x);
    case AST_CALL: return of_call(ev, x);
    default: return value_missing();
    }
}
