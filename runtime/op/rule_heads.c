/* Rules of attention over heads, and of normalisation within an example. */
#include "rules.h"
#include "size.h"

static bool misfit(const struct rule_call *c, struct err *e) {
    char text[256];
    err_set(e, ERR_SHAPE, "The operands of `%s` do not fit together.", op_name(c->op));
    for (int i = 0; i < c->n_in; i++)
        err_fact(e, i ? "{1}" : "{0}", "%s", shape_print(&c->in[i]->shape, text, sizeof text));
    return false;
}

static void both_real(const struct rule_call *c, struct prepared *p) {
    p->cast[0] = p->cast[1] = p->out.dtype =
        type_float(type_common(c->in, c->n_in, c->real), c->real);
}

static void put(struct shape *out, const struct shape *from, int i) {
    out->weak |= (uint8_t)((from->weak >> i & 1) << out->n);
    out->axis[out->n] = from->axis[i];
    out->size[out->n++] = from->size[i];
}

static bool same(const struct shape *a, int i, const struct shape *b, int k) {
    return !size_conflict(a->size[i], b->size[k]);
}

/* Heads share the last axis evenly. */
static bool divides(const struct shape *s, int32_t heads) {
    return heads > 0 && s->size[2] % heads == 0;
}

bool rule_heads_scores(const struct rule_call *c, struct prepared *p, struct err *e) {
    const struct shape *q = &c->in[0]->shape, *k = &c->in[1]->shape;
    bool fits = q->n == 3 && k->n == 3 && same(q, 0, k, 0) && same(q, 2, k, 2) &&
                divides(q, c->attrs->axis);
    if (!fits) return misfit(c, e);
    both_real(c, p);
    put(&p->out.shape, q, 0);
    p->out.shape.size[p->out.shape.n++] = c->attrs->axis;
    put(&p->out.shape, q, 1);
    put(&p->out.shape, k, 1);
    return true;
}

bool rule_heads_mix(const struct rule_call *c, struct prepared *p, struct err *e) {
    const struct shape *w = &c->in[0]->shape, *v = &c->in[1]->shape;
    int from = c->attrs->trans_a ? 2 : 3;
    bool fits = w->n == 4 && v->n == 3 && same(w, 0, v, 0) && same(w, from, v, 1) &&
                w->size[1] == c->attrs->axis && divides(v, c->attrs->axis);
    if (!fits) return misfit(c, e);
    both_real(c, p);
    put(&p->out.shape, w, 0);
    put(&p->out.shape, w, 5 - from);
    put(&p->out.shape, v, 2);
    return true;
}

static bool alike(const struct rule_call *c) {
    const struct shape *a = &c->in[0]->shape, *b = &c->in[1]->shape;
    bool fits = a->n == b->n;
    for (int i = 0; fits && i < a->n; i++) fits = same(a, i, b, i);
    return fits;
}

bool rule_softmax_slope(const struct rule_call *c, struct prepared *p, struct err *e) {
    TRY(rule_axis(&c->in[0]->shape, c->attrs->axis, e));
    if (!alike(c)) return misfit(c, e);
    both_real(c, p);
    p->out.shape = c->in[0]->shape;
    return true;
}

bool rule_norm(const struct rule_call *c, struct prepared *p, struct err *e) {
    const struct shape *s = &c->in[0]->shape;
    int64_t last = s->n ? s->size[s->n - 1] : 0;
    int32_t groups = c->attrs->axis;
    bool fits = s->n > 0 && (groups == 0 || (s->n > 1 && last > 0 && last % groups == 0));
    if (!fits) return misfit(c, e);
    both_real(c, p);
    p->out.shape = *s;
    return true;
}

bool rule_norm_slope(const struct rule_call *c, struct prepared *p, struct err *e) {
    TRY(rule_norm(c, p, e));
    return alike(c) || misfit(c, e);
}
