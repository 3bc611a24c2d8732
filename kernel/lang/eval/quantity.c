/* Arithmetic of numbers with a unit. */
#include "quantity.h"
#include "eval_ops.h"
#include "base/pool.h"
#include "data/time.h"
#include <stdio.h>

bool quantity_new(struct eval *ev, double amount, const char *unit, struct value *out) {
    struct quantity *q = pool_need(sizeof *q, ev->e);
    if (!q) return false;
    *q = (struct quantity){.refs = 1, .amount = amount, .unit = unit};
    return *out = (struct value){.kind = V_QUANTITY, .quantity = q}, true;
}

/* Seconds in one of the unit; 0 for months, which differ, and for what is no time. */
static double seconds_in(const char *unit) {
    enum time_unit u;
    bool fixed = time_unit_of(str_of(unit), &u) && u <= TIME_WEEK;
    return fixed ? time_add(0, 1, u) : 0;
}

/* How many of `unit` q is; false if they are not alike. */
static bool amount_in(const struct quantity *q, const char *unit, double *amount) {
    double from = seconds_in(q->unit), to = seconds_in(unit);
    *amount = q->amount;
    if (q->unit == unit) return true;
    *amount *= from / (to > 0 ? to : 1);
    return from > 0 && to > 0;
}

static bool wrong_quantity(struct eval *ev, enum ast_op op, struct value a, struct value b) {
    char words[2][64];
    struct value both[] = {a, b};
    for (int i = 0; i < 2; i++) {
        bool counted = both[i].kind == V_QUANTITY;
        snprintf(words[i], sizeof words[i], counted ? "a number of %ss" : "%s",
                 counted ? both[i].quantity->unit : value_kind_words(both[i].kind));
    }
    err_set(ev->e, ERR_TYPE, "`%s` does not work between %s and %s.", operator_sign(op), words[0],
            words[1]);
    return err_hint(ev->e,
                    "A span is multiplied by one number, and added to its like or to a time: "
                    "3 * 1 day, 1 day + 2 hours, .date + 3 days. A row of times: "
                    "[start + i * 1 day for i in range(n)]");
}

/* Both amounts in the smaller of the two units; NULL if they are not alike. */
static const char *common_unit(struct value a, struct value b, double *x, double *y) {
    double size_a = seconds_in(a.quantity->unit), size_b = seconds_in(b.quantity->unit);
    const char *unit = size_a < size_b ? a.quantity->unit : b.quantity->unit;
    bool alike = amount_in(a.quantity, unit, x) && amount_in(b.quantity, unit, y);
    return alike ? unit : NULL;
}

bool quantity_compare(struct eval *ev, enum ast_op op, struct value a, struct value b,
                      struct value *out) {
    double x = 0, y = 0;
    bool alike = common_unit(a, b, &x, &y) != NULL;
    if (op == AST_OP_EQ || op == AST_OP_NE)
        return *out = value_bool((alike && x == y) == (op == AST_OP_EQ)), true;
    if (!alike) return wrong_quantity(ev, op, a, b);
    bool less = op == AST_OP_LT || op == AST_OP_LE, equal = op == AST_OP_LE || op == AST_OP_GE;
    return *out = value_bool((equal && x == y) || (less ? x < y : x > y)), true;
}

static bool two_quantities(struct eval *ev, enum ast_op op, struct value a, struct value b,
                           struct value *out) {
    double x, y;
    const char *unit = common_unit(a, b, &x, &y);
    if (!unit) return wrong_quantity(ev, op, a, b);
    if (op == AST_OP_ADD) return quantity_new(ev, x + y, unit, out);
    if (op == AST_OP_SUB) return quantity_new(ev, x - y, unit, out);
    if (op != AST_OP_DIV) return wrong_quantity(ev, op, a, b);
    if (y == 0) return err_set(ev->e, ERR_NUMBER, "Division by zero.");
    return *out = value_float(x / y), true;
}

bool quantity_binary(struct eval *ev, enum ast_op op, struct value a, struct value b,
                     struct value *out) {
    if (a.kind == V_QUANTITY && b.kind == V_QUANTITY) return two_quantities(ev, op, a, b, out);
    struct value number = a.kind == V_QUANTITY ? b : a, q = a.kind == V_QUANTITY ? a : b;
    bool product = op == AST_OP_MUL || (op == AST_OP_DIV && a.kind == V_QUANTITY);
    if (!product) return wrong_quantity(ev, op, a, b);
    if (number.kind == V_DESC && number.desc->desc.shape.n == 0)
        return *out = value_unknown(), true;
    if (!value_is_number(number)) return wrong_quantity(ev, op, a, b);
    double x = value_number(number);
    if (op == AST_OP_MUL) return quantity_new(ev, q.quantity->amount * x, q.quantity->unit, out);
    if (x == 0) return err_set(ev->e, ERR_NUMBER, "Division by zero.");
    return quantity_new(ev, q.quantity->amount / x, q.quantity->unit, out);
}
