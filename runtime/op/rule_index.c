/* Rules of the operations that work with positions: gather, its reverse, and one_hot. */
#include "rules.h"
#include "size.h"

static bool whole_numbers(const struct desc *d, int i, const char *purpose, struct err *e) {
    if (!dtype_is_float(d->dtype) && d->dtype != DT_BOOL) return true;
    err_set(e, ERR_TYPE, "{%d} must hold whole numbers to be used as %s, and it holds %s.", i,
            purpose, dtype_name(d->dtype));
    return err_hint(e, "Convert it first if its values are whole: int64({%d}).", i);
}

/* All axes of a, then those of b from `from` on. */
static bool join_shapes(const struct shape *a, const struct shape *b, int from, struct shape *out,
                        struct err *e) {
    *out = *a;
    if (a->n + b->n - from > MAX_AXES) {
        return err_set(e, ERR_SHAPE, "The result would have %d axes; at most %d are possible.",
                       a->n + b->n - from, MAX_AXES);
    }
    for (int i = from; i < b->n; i++) {
        out->weak |= (uint8_t)((b->weak >> i & 1) << out->n);
        out->axis[out->n] = b->axis[i];
        out->size[out->n++] = b->size[i];
    }
    return true;
}

bool rule_gather(const struct rule_call *c, struct prepared *p, struct err *e) {
    const struct shape *rows = &c->in[0]->shape;
    if (rows->n == 0) return err_set(e, ERR_INDEX, "{0} is a single number and has no positions.");
    TRY(whole_numbers(c->in[1], 1, "positions", e));
    p->cast[1] = DT_INT64;
    p->out.dtype = c->in[0]->dtype;
    return join_shapes(&c->in[1]->shape, rows, 1, &p->out.shape, e);
}

bool rule_scatter_add(const struct rule_call *c, struct prepared *p, struct err *e) {
    const struct shape *to = &c->attrs->shape, *rows = &c->in[0]->shape;
    struct shape expected;
    TRY(whole_numbers(c->in[1], 1, "positions", e));
    TRY(join_shapes(&c->in[1]->shape, to, 1, &expected, e));
    bool fits = to->n > 0 && expected.n == rows->n;
    for (int i = 0; fits && i < rows->n; i++) {
        fits = !size_conflict(expected.size[i], rows->size[i]);
    }
    if (!fits) {
        char a[256], b[256];
        err_set(e, ERR_SHAPE, "There must be one row of {0} for each position in {1}.");
        err_fact(e, "{0}", "%s", shape_print(rows, a, sizeof a));
        return err_fact(e, "needed", "%s", shape_print(&expected, b, sizeof b));
    }
    p->cast[0] = p->out.dtype = type_arithmetic(c->in[0]->dtype, c->real);
    p->cast[1] = DT_INT64;
    p->out.shape = *to;
    return true;
}

bool rule_one_hot(const struct rule_call *c, struct prepared *p, struct err *e) {
    struct shape classes = c->attrs->shape;
    TRY(whole_numbers(c->in[0], 0, "class numbers", e));
    classes.n = 1;
    p->cast[0] = DT_INT64;
    enum dtype t = c->attrs->dtype;
    p->out.dtype = dtype_is_float(t) ? type_in(t, c->real) : c->real;
    return join_shapes(&c->in[0]->shape, &classes, 0, &p->out.shape, e);
}
