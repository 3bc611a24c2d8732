/* Rules of the recurrent operations. Layers check what a student wrote; here only what the graph
 * itself needs is looked at. */
#include "recur.h"
#include "rules.h"
#include "size.h"

static bool misfit(const struct rule_call *c, struct err *e) {
    char text[256];
    err_set(e, ERR_SHAPE, "The operands of `%s` do not fit together.", op_name(c->op));
    for (int i = 0; i < c->n_in && i < 4; i++) {
        const char *names[] = {"{0}", "{1}", "{2}", "{3}"};
        err_fact(e, names[i], "%s", shape_print(&c->in[i]->shape, text, sizeof text));
    }
    return false;
}

/* Number of units by the recurrent kernel [units, gates * units]; 0 if it is none. */
static int64_t units_of(const struct rule_call *c, const struct shape *kernel) {
    int64_t units = kernel->n == 2 ? kernel->size[0] : 0;
    bool fits = units > 0 && kernel->size[1] == units * recur_gates[c->attrs->axis];
    return fits ? units : 0;
}

static void all_real(const struct rule_call *c, struct prepared *p) {
    enum dtype t = type_float(type_common(c->in, c->n_in, c->real), c->real);
    p->cast[0] = p->cast[1] = p->cast[2] = p->out.dtype = t;
}

static void last_axis(struct shape *s, int64_t size) {
    s->size[s->n - 1] = size;
    s->axis[s->n - 1] = NULL;
}

bool rule_recur(const struct rule_call *c, struct prepared *p, struct err *e) {
    const struct shape *x = &c->in[0]->shape;
    int64_t units = units_of(c, &c->in[1]->shape);
    int cell = c->attrs->axis;
    bool fits = units && x->n == 3 && !size_conflict(x->size[2], units * recur_gates[cell]) &&
                c->in[2]->shape.n == 1 && c->in[2]->shape.size[0] == units * recur_biases[cell];
    if (!fits) return misfit(c, e);
    all_real(c, p);
    p->out.shape = *x;
    last_axis(&p->out.shape, units * recur_kept[cell]);
    return true;
}

/* Units by the record, whose last axis holds what a step keeps; 0 if it is none. */
static int64_t record_units(const struct rule_call *c) {
    const struct shape *s = &c->in[0]->shape;
    int32_t kept = recur_kept[c->attrs->axis];
    return s->n == 3 && s->size[2] > 0 && s->size[2] % kept == 0 ? s->size[2] / kept : 0;
}

bool rule_recur_states(const struct rule_call *c, struct prepared *p, struct err *e) {
    int64_t units = record_units(c);
    if (!units || units_of(c, &c->in[2]->shape) != units) return misfit(c, e);
    all_real(c, p);
    p->out.shape = c->in[0]->shape;
    last_axis(&p->out.shape, units);
    if (c->attrs->axes == RECUR_ALL) return true;
    p->out.shape.n = 2;
    p->out.shape.size[1] = units;
    p->out.shape.axis[1] = NULL;
    return true;
}

bool rule_recur_slopes(const struct rule_call *c, struct prepared *p, struct err *e) {
    int64_t units = record_units(c);
    if (!units || units_of(c, &c->in[1]->shape) != units) return misfit(c, e);
    all_real(c, p);
    p->out.shape = c->in[0]->shape;
    last_axis(&p->out.shape, units * recur_gates[c->attrs->axis]);
    return true;
}

bool rule_recur_weight(const struct rule_call *c, struct prepared *p, struct err *e) {
    int64_t units = record_units(c);
    if (!units) return misfit(c, e);
    all_real(c, p);
    p->out.shape = shape_of(2, (int64_t[]){units, units * recur_gates[c->attrs->axis]});
    return true;
}

bool rule_recur_bias(const struct rule_call *c, struct prepared *p, struct err *e) {
    int64_t units = record_units(c);
    if (!units) return misfit(c, e);
    all_real(c, p);
    p->out.shape =
        shape_of(2, (int64_t[]){c->in[0]->shape.size[0], units * recur_biases[c->attrs->axis]});
    p->out.shape.axis[0] = c->in[0]->shape.axis[0];
    return true;
}
