/* The rule of the matrix product; its forms are listed in ops.list. */
#include "rules.h"
#include "size.h"

/* Where the rows and the columns of an operand are: axis numbers, -1 for one that is not there. */
struct sides {
    int rows, columns;
};

static struct sides sides_of(const struct shape *s, bool trans, bool left) {
    int last = s->n - 1;
    if (s->n == 1) return left ? (struct sides){-1, 0} : (struct sides){0, -1};
    return trans ? (struct sides){last, last - 1} : (struct sides){last - 1, last};
}

static void put_axis(struct shape *out, const struct shape *from, int i) {
    if (i < 0) return;
    out->size[out->n] = from->size[i];
    out->axis[out->n] = from->axis[i];
    out->weak |= (uint8_t)((from->weak >> i & 1) << out->n);
    out->n++;
}

static bool shapes_as_facts(const struct rule_call *c, struct err *e) {
    char text[256];
    err_fact(e, "{0}", "%s", shape_print_axes(&c->in[0]->shape, 0, text, sizeof text));
    return err_fact(e, "{1}", "%s", shape_print_axes(&c->in[1]->shape, 0, text, sizeof text));
}

static bool inner_error(const struct rule_call *c, struct sides a, struct sides b, struct err *e) {
    const struct shape *x = &c->in[0]->shape, *y = &c->in[1]->shape;
    char p[96], q[96];
    struct shape inner_x = {0}, inner_y = {0};
    put_axis(&inner_x, x, a.columns);
    put_axis(&inner_y, y, b.rows);
    err_set(e, ERR_SHAPE,
            "A matrix product adds up over the last axis of {0} and the %s axis of "
            "{1}, and their sizes differ: %s and %s.",
            y->n == 1   ? "only"
            : y->n == 2 ? "first"
                        : "second to last",
            shape_print(&inner_x, p, sizeof p), shape_print(&inner_y, q, sizeof q));
    shapes_as_facts(c, e);
    if (b.columns >= 0 && x->size[a.columns] == y->size[b.columns]) {
        return err_hint(e, "Turned round, {1} would fit: {0} @ {1}.T.");
    }
    if (a.rows >= 0 && x->size[a.rows] == y->size[b.rows]) {
        return err_hint(e, "Turned round, {0} would fit: {0}.T @ {1}.");
    }
    return err_hint(e, "(rows, inner) @ (inner, columns) gives (rows, columns).");
}

static bool leading_error(const struct rule_call *c, struct err *e) {
    err_set(e, ERR_SHAPE, "All axes before the last two must be the same in a matrix product.");
    shapes_as_facts(c, e);
    return err_hint(e, "(…, rows, inner) @ (…, inner, columns), or one matrix for all: (…, rows, "
                       "inner) @ (inner, columns).");
}

/* (…, k) (…, n) -> (k, n) */
static bool rule_fold(const struct rule_call *c, struct prepared *p, struct err *e) {
    const struct shape *x = &c->in[0]->shape, *y = &c->in[1]->shape;
    bool fits = x->n == y->n && x->n >= 2 && !c->attrs->trans_a && !c->attrs->trans_b;
    for (int i = 0; fits && i + 1 < x->n; i++) fits = !size_conflict(x->size[i], y->size[i]);
    if (!fits) return leading_error(c, e);
    put_axis(&p->out.shape, x, x->n - 1);
    put_axis(&p->out.shape, y, y->n - 1);
    return true;
}

static bool check_axes(const struct rule_call *c, struct err *e) {
    for (int i = 0; i < 2; i++) {
        if (c->in[i]->shape.n > 0) continue;
        err_set(e, ERR_SHAPE, "A matrix product needs axes, and {%d} is a single number.", i);
        return err_hint(e, "Multiply by a number with *: {0} * {1}.");
    }
    return true;
}

bool rule_matmul(const struct rule_call *c, struct prepared *p, struct err *e) {
    const struct shape *x = &c->in[0]->shape, *y = &c->in[1]->shape;
    TRY(check_axes(c, e));
    p->cast[0] = p->cast[1] = p->out.dtype = type_float(type_common(c->in, 2, c->real), c->real);
    if (c->attrs->axes & 1) return rule_fold(c, p, e);
    struct sides a = sides_of(x, c->attrs->trans_a, true);
    struct sides b = sides_of(y, c->attrs->trans_b, false);
    if (size_conflict(x->size[a.columns], y->size[b.rows])) return inner_error(c, a, b, e);
    int leading = x->n - 2;
    if (y->n > 2 && y->n != x->n) return leading_error(c, e);
    for (int i = 0; i < leading; i++) {
        if (y->n > 2 && size_conflict(x->size[i], y->size[i])) return leading_error(c, e);
        put_axis(&p->out.shape, x, i);
    }
    put_axis(&p->out.shape, x, a.rows);
    put_axis(&p->out.shape, y, b.columns);
    return true;
}
