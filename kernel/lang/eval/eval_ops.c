/* Operators and ops on values of any domain: numbers at once, tensors by op_eval, nodes by adding
 * to the graph, descriptions by the op's rule. */
#include "eval_ops.h"
#include "fused.h"
#include "quantity.h"
#include "lang/eval/tables/column_ops.h"
#include "lang/eval/tables/tables.h"
#include "base/pool.h"
#include "lang/values/format.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* While checking, tensors up to this size are computed, so that constants stay known. */
enum { CHECK_COMPUTES = 4096, MAX_OPERANDS = 64 };

bool value_is_tensorlike(struct value v) {
    return value_is_number(v) || v.kind == V_TENSOR || v.kind == V_NODE || v.kind == V_DESC;
}

bool value_describe(struct value v, struct desc *d) {
    *d = (struct desc){0};
    switch (v.kind) {
    case V_BOOL: d->dtype = DT_BOOL; return true;
    case V_INT: d->dtype = DT_INT64; return true;
    case V_FLOAT: d->dtype = DT_FLOAT64; return true;
    case V_TENSOR: *d = tensor_desc(v.tensor); return true;
    case V_NODE: *d = v.node->desc; return true;
    case V_DESC: *d = v.desc->desc; return true;
    default: return false;
    }
}

static struct tensor *number_tensor(struct value v, struct err *e) {
    struct shape none = {0};
    if (v.kind == V_FLOAT) return tensor_scalar(v.number, e);
    struct tensor *t = tensor_new(v.kind == V_BOOL ? DT_BOOL : DT_INT64, &none, e);
    if (t && v.kind == V_INT) *(int64_t *)t->data = v.integer;
    else if (t) tensor_set(t, 0, v.boolean);
    return t;
}

struct tensor *value_to_tensor(struct value v, struct err *e) {
    return v.kind == V_TENSOR ? tensor_ref(v.tensor) : number_tensor(v, e);
}

struct node *value_to_node(struct eval *ev, struct value v) {
    if (v.kind == V_NODE) return v.node;
    if (v.kind == V_FLOAT || (v.kind == V_INT && !fused_keeps_whole(ev->fused)))
        return graph_number(ev->graph, value_number(v), ev->e);
    if (v.kind == V_DESC) return graph_input(ev->graph, NULL, &v.desc->desc, ev->e);
    struct tensor *t = value_to_tensor(v, ev->e);
    struct node *n = t ? graph_constant(ev->graph, t, ev->e) : NULL;
    tensor_unref(t);
    return n;
}

static bool apply_nodes(struct eval *ev, enum op op, const struct value *in, int n,
                        const struct attrs *attrs, struct value *out) {
    struct node *nodes[MAX_OPERANDS];
    for (int i = 0; i < n; i++) {
        nodes[i] = value_to_node(ev, in[i]);
        if (!nodes[i]) return false;
    }
    struct node *made = graph_add(ev->graph, op, nodes, n, attrs, ev->e);
    if (!made) return false;
    *out = value_node(made);
    return true;
}

static bool apply_tensors(struct eval *ev, enum op op, const struct value *in, int n,
                          const struct attrs *attrs, struct value *out) {
    struct tensor *tensors[MAX_OPERANDS];
    int made = 0;
    while (made < n && (tensors[made] = value_to_tensor(in[made], ev->e))) made++;
    struct tensor *result = NULL;
    if (made == n) result = op_eval(op, tensors, n, attrs, engine_seed(ev->engine), ev->e);
    for (int i = 0; i < made; i++) tensor_unref(tensors[i]);
    if (!result) return false;
    *out = value_tensor(result);
    return true;
}

/* Sizes of a small result are worth knowing exactly; anything unknown or large is described. */
static bool worth_computing(const struct desc *const *in, int n, const struct desc *result) {
    for (int i = 0; i <= n; i++) {
        const struct desc *d = i < n ? in[i] : result;
        int64_t count = 1;
        for (int a = 0; a < d->shape.n; a++) {
            if (d->shape.size[a] < 0) return false;
            count *= d->shape.size[a] <= CHECK_COMPUTES ? d->shape.size[a] : CHECK_COMPUTES + 1;
            if (count > CHECK_COMPUTES) return false;
        }
    }
    return true;
}

static bool apply_checked(struct eval *ev, enum op op, const struct value *in, int n,
                          const struct attrs *attrs, struct value *out) {
    struct desc descs[MAX_OPERANDS], result = {0};
    const struct desc *pointers[MAX_OPERANDS];
    bool known = (op_flags(op) & OP_RANDOM) == 0;
    for (int i = 0; i < n; i++) {
        value_describe(in[i], &descs[i]);
        pointers[i] = &descs[i];
        if (in[i].kind == V_DESC) known = false;
    }
    TRY(op_describe(op, pointers, n, attrs, &result, ev->e));
    if (known && worth_computing(pointers, n, &result))
        return apply_tensors(ev, op, in, n, attrs, out);
    *out = value_desc(&result, ev->e);
    return out->kind != V_MISSING;
}

bool apply_op(struct eval *ev, enum op op, const struct value *in, int n, const struct attrs *attrs,
              struct value *out) {
    static const struct attrs none;
    if (!attrs) attrs = &none;
    if (n > MAX_OPERANDS) return err_set(ev->e, ERR_VALUE, "More than %d parts.", MAX_OPERANDS);
    bool nodes = false;
    for (int i = 0; i < n; i++) {
        if (in[i].kind == V_UNKNOWN) return *out = value_unknown(), true;
        nodes = nodes || in[i].kind == V_NODE;
        if (!value_is_tensorlike(in[i]))
            return err_set(ev->e, ERR_TYPE, "{%d} is %s, and numbers are needed here.", i,
                           value_kind_words(in[i].kind));
    }
    bool draws_in_graph = ev->graph && (op_flags(op) & OP_RANDOM);
    if (nodes || draws_in_graph) return apply_nodes(ev, op, in, n, attrs, out);
    if (ev->domain == DOMAIN_CHECK) return apply_checked(ev, op, in, n, attrs, out);
    return apply_tensors(ev, op, in, n, attrs, out);
}

bool apply1(struct eval *ev, enum op op, struct value a, const struct attrs *attrs,
            struct value *out) {
    return apply_op(ev, op, &a, 1, attrs, out);
}

bool apply2(struct eval *ev, enum op op, struct value a, struct value b, struct value *out) {
    return apply_op(ev, op, (struct value[]){a, b}, 2, NULL, out);
}

/* ---- single numbers ---- */

static bool overflow(struct eval *ev, const char *word) {
    err_set(ev->e, ERR_NUMBER, "The %s of these whole numbers is larger than 64 bits can hold.",
            word);
    return err_hint(ev->e, "Use numbers with a decimal point, such as 10.0 ** 30, where rounding "
                           "is fine.");
}

static bool by_zero(struct eval *ev) {
    err_set(ev->e, ERR_NUMBER, "Division by zero.");
    return err_label(ev->e, "is 0");
}

static bool int_pow(struct eval *ev, int64_t a, int64_t b, struct value *out) {
    int64_t result = 1;
    for (; b > 0; b >>= 1) {
        if ((b & 1) && __builtin_mul_overflow(result, a, &result)) return overflow(ev, "power");
        if (b > 1 && __builtin_mul_overflow(a, a, &a)) return overflow(ev, "power");
    }
    return *out = value_int(result), true;
}

static bool int_op(struct eval *ev, enum ast_op op, int64_t a, int64_t b, struct value *out) {
    int64_t r = 0;
    switch (op) {
    case AST_OP_ADD:
        if (__builtin_add_overflow(a, b, &r)) return overflow(ev, "sum");
        break;
    case AST_OP_SUB:
        if (__builtin_sub_overflow(a, b, &r)) return overflow(ev, "difference");
        break;
    case AST_OP_MUL:
        if (__builtin_mul_overflow(a, b, &r)) return overflow(ev, "product");
        break;
    case AST_OP_DIV:
        if (b == 0) return by_zero(ev);
        return *out = value_float((double)a / (double)b), true;
    case AST_OP_FLOORDIV:
        if (b == 0) return by_zero(ev);
        if (b == -1 && a == INT64_MIN) return overflow(ev, "quotient");
        r = int_floor_div(a, b);
        break;
    case AST_OP_MOD:
        if (b == 0) return by_zero(ev);
        r = b == -1 ? 0 : int_mod(a, b);
        break;
    case AST_OP_POW:
        if (b < 0) return *out = value_float(pow((double)a, (double)b)), true;
        return int_pow(ev, a, b, out);
    default: return false;
    }
    return *out = value_int(r), true;
}

/* Python's remainder: the sign is the divisor's. */
static double float_mod(double a, double b) {
    double r = fmod(a, b);
    if (r == 0) return copysign(0, b);
    return (r < 0) != (b < 0) ? r + b : r;
}

static double float_floor_div(double a, double b) {
    double r = fmod(a, b), q = (a - r) / b;
    if (r != 0 && (r < 0) != (b < 0)) q -= 1;
    double f = floor(q);
    return q - f > 0.5 ? f + 1 : f;
}

static bool float_op(struct eval *ev, enum ast_op op, double a, double b, struct value *out) {
    double r = 0;
    switch (op) {
    case AST_OP_ADD: r = a + b; break;
    case AST_OP_SUB: r = a - b; break;
    case AST_OP_MUL: r = a * b; break;
    case AST_OP_DIV:
        if (b == 0) return by_zero(ev);
        r = a / b;
        break;
    case AST_OP_FLOORDIV:
        if (b == 0) return by_zero(ev);
        r = float_floor_div(a, b);
        break;
    case AST_OP_MOD:
        if (b == 0) return by_zero(ev);
        r = float_mod(a, b);
        break;
    case AST_OP_POW: r = pow(a, b); break;
    default: return false;
    }
    return *out = value_float(r), true;
}

/* ---- operators ---- */

static const struct {
    int op;
    const char *sign;
} binary_ops[] = {
    [AST_OP_ADD] = {OP_add, "+"},
    [AST_OP_SUB] = {OP_sub, "-"},
    [AST_OP_MUL] = {OP_mul, "*"},
    [AST_OP_DIV] = {OP_div, "/"},
    [AST_OP_FLOORDIV] = {OP_floordiv, "//"},
    [AST_OP_MOD] = {OP_mod, "%"},
    [AST_OP_MATMUL] = {OP_matmul, "@"},
    [AST_OP_POW] = {OP_pow, "**"},
    [AST_OP_BITAND] = {OP_and, "&"},
    [AST_OP_BITOR] = {OP_or, "|"},
    [AST_OP_INVERT] = {OP_not, "~"},
    [AST_OP_LT] = {OP_lt, "<"},
    [AST_OP_LE] = {OP_le, "<="},
    [AST_OP_GT] = {OP_gt, ">"},
    [AST_OP_GE] = {OP_ge, ">="},
    [AST_OP_EQ] = {OP_eq, "=="},
    [AST_OP_NE] = {OP_ne, "!="},
    [AST_OP_IN] = {-1, "in"},
    [AST_OP_NOT_IN] = {-1, "not in"},
};

const char *operator_sign(enum ast_op op) {
    return binary_ops[op].sign;
}

static bool wrong_operands(struct eval *ev, enum ast_op op, struct value a, struct value b) {
    err_set(ev->e, ERR_TYPE, "`%s` does not work between %s and %s.", operator_sign(op),
            value_kind_words(a.kind), value_kind_words(b.kind));
    if (op == AST_OP_ADD && (a.kind == V_TEXT || b.kind == V_TEXT))
        err_hint(ev->e, "To put a value into a text, write f\"… {value} …\".");
    else if (op == AST_OP_MOD && a.kind == V_TEXT)
        err_hint(ev->e, "Values are put into texts by f\"{x:.2f}\".");
    else if (a.kind == V_LIST && b.kind == V_LIST)
        err_hint(ev->e,
                 "append(xs, x) gives a list with one more element. All of two lists: [x for "
                 "xs in [a, b] for x in xs]");
    else if (op == AST_OP_MUL && (a.kind == V_TEXT || b.kind == V_TEXT))
        err_hint(ev->e, "To repeat a text: [\"ab\" for i in range(5)].join(\"\")");
    else if (op == AST_OP_MUL && (a.kind == V_LIST || b.kind == V_LIST))
        err_hint(ev->e, "To repeat a list: [x for i in range(5) for x in xs]");
    return false;
}

static bool join_texts(struct eval *ev, struct value a, struct value b, struct value *out) {
    struct text t = {0};
    text_add(&t, value_str(&a));
    text_add(&t, value_str(&b));
    *out = value_text(text_str(&t), ev->e);
    text_clear(&t);
    return out->kind != V_MISSING;
}

/* "-" * 20 */
static bool repeat_text(struct eval *ev, struct str s, int64_t n, struct value *out) {
    enum { LONGEST = 1000000 };
    struct text t = {0};
    if (n > 0 && (int64_t)s.n > LONGEST / n)
        return err_set(ev->e, ERR_VALUE, "This text would have more than %d letters.", LONGEST);
    for (int64_t i = 0; i < n && s.n; i++) text_add(&t, s);
    *out = value_text(text_str(&t), ev->e);
    text_clear(&t);
    return out->kind != V_MISSING;
}

/* A list or a shape of numbers counts as a tensor in arithmetic. */
bool as_tensorlike(struct eval *ev, struct value v, struct value *out) {
    if (v.kind == V_LIST && v.list->n > 0) return list_to_tensor(ev, v.list, out);
    if (v.kind == V_COLUMN) {
        *out = value_tensor(column_tensor(ev, column_of(v), v.table->n_rows));
        return out->kind != V_MISSING;
    }
    if (v.kind == V_COLUMN_DESC && column_of(v)->kind == COLUMN_CATEGORY)
        return describe_rows(ev, v.table->n_rows, DT_INT64, out);
    if (v.kind == V_COLUMN_DESC) return *out = value_unknown(), true;
    if (v.kind == V_SHAPE && shape_known(&v.shape->shape)) {
        struct shape s = shape_of(1, &(int64_t){v.shape->shape.n});
        struct tensor *t = tensor_new(DT_INT64, &s, ev->e);
        if (!t) return false;
        if (s.size[0]) memcpy(t->data, v.shape->shape.size, (size_t)s.size[0] * sizeof(int64_t));
        return *out = value_tensor(t), true;
    }
    return *out = value_ref(v), true;
}

bool tensor_binary(struct eval *ev, enum ast_op op, struct value a, struct value b,
                   struct value *out) {
    if (!value_is_tensorlike(a) || !value_is_tensorlike(b)) return wrong_operands(ev, op, a, b);
    bool logic = op == AST_OP_BITAND || op == AST_OP_BITOR;
    struct desc da, db;
    if (logic && value_describe(a, &da) && value_describe(b, &db) &&
        (da.dtype != DT_BOOL || db.dtype != DT_BOOL)) {
        err_set(ev->e, ERR_TYPE, "`%s` joins true-or-false values, and these are numbers.",
                operator_sign(op));
        return err_hint(ev->e, "Put brackets around comparisons: (a > 1) %s (b < 2).",
                        operator_sign(op));
    }
    bool square = op == AST_OP_POW && value_is_number(b) && value_number(b) == 2;
    if (square && value_describe(a, &da) && dtype_is_float(da.dtype))
        return apply1(ev, OP_square, a, NULL, out);
    return apply2(ev, (enum op)binary_ops[op].op, a, b, out);
}

bool tensors_binary(struct eval *ev, enum ast_op op, struct value a, struct value b,
                    struct value *out) {
    struct value x = value_missing(), y = value_missing();
    bool ok =
        as_tensorlike(ev, a, &x) && as_tensorlike(ev, b, &y) && tensor_binary(ev, op, x, y, out);
    value_unref(x);
    value_unref(y);
    return ok;
}

bool apply_binary(struct eval *ev, enum ast_op op, struct value a, struct value b,
                  struct value *out) {
    bool arithmetic = op <= AST_OP_POW && op != AST_OP_MATMUL;
    if (arithmetic && value_is_number(a) && value_is_number(b)) {
        if (a.kind != V_FLOAT && b.kind != V_FLOAT) {
            int64_t x = a.kind == V_BOOL ? a.boolean : a.integer;
            int64_t y = b.kind == V_BOOL ? b.boolean : b.integer;
            return int_op(ev, op, x, y, out);
        }
        return float_op(ev, op, value_number(a), value_number(b), out);
    }
    if (a.kind == V_UNKNOWN || b.kind == V_UNKNOWN) return *out = value_unknown(), true;
    if (is_columnar(a) || is_columnar(b)) return column_binary(ev, op, a, b, out);
    if (a.kind == V_QUANTITY || b.kind == V_QUANTITY) return quantity_binary(ev, op, a, b, out);
    if (a.kind == V_TEXT && b.kind == V_TEXT && op == AST_OP_ADD) return join_texts(ev, a, b, out);
    if (op == AST_OP_MUL && a.kind == V_TEXT && b.kind == V_INT)
        return repeat_text(ev, value_str(&a), b.integer, out);
    if (op == AST_OP_MUL && a.kind == V_INT && b.kind == V_TEXT)
        return repeat_text(ev, value_str(&b), a.integer, out);
    return tensors_binary(ev, op, a, b, out);
}

bool apply_unary(struct eval *ev, enum ast_op op, struct value a, struct value *out) {
    if (is_columnar(a)) return column_unary(ev, op, a, out);
    if (op == AST_OP_ADD && value_is_tensorlike(a)) return *out = value_ref(a), true;
    if (op == AST_OP_SUB && a.kind == V_QUANTITY)
        return quantity_new(ev, -a.quantity->amount, a.quantity->unit, out);
    if (op == AST_OP_SUB && a.kind == V_FLOAT) return *out = value_float(-a.number), true;
    if (op == AST_OP_SUB && a.kind == V_INT) return int_op(ev, AST_OP_SUB, 0, a.integer, out);
    return apply1(ev, op == AST_OP_SUB ? OP_neg : OP_not, a, NULL, out);
}
